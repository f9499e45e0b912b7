"""Golden pages: each kind of boilerplate goes, each kind of structure stays."""

import pytest

from tests.support.pages import Case, cases, documents


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_page_has_what_it_must_and_nothing_else(case: Case) -> None:
    """A person has said what belongs to the article and what does not."""
    article = case.article()
    assert [segment for segment in case.must if segment not in article.text] == []
    assert [
        segment for segment in case.must_not if segment in article.text or segment in article.html
    ] == []


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_page_becomes_the_expected_article(case: Case) -> None:
    """Every other change shows as a diff.

    `python -m tests.pages.refresh` rewrites what is expected.
    """
    for file, content in documents(case.article()).items():
        assert content == (case.folder / file).read_text("utf-8"), file


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_whatever_goes_has_a_reason(case: Case) -> None:
    """Nothing disappears silently."""
    assert all(removed.text and removed.reason for removed in case.article().removed)

"""Golden pages: every kind of boilerplate is removed, every kind of structure stays."""

import pytest

from tests.support.pages import GoldenPage, expected_files, golden_pages


@pytest.mark.parametrize("case", golden_pages(), ids=lambda case: case.name)
def test_golden_page_has_its_required_and_no_forbidden_segments(case: GoldenPage) -> None:
    article = case.article()
    assert [segment for segment in case.must if segment not in article.text] == []
    assert [
        segment for segment in case.must_not if segment in article.text or segment in article.html
    ] == []


@pytest.mark.parametrize("case", golden_pages(), ids=lambda case: case.name)
def test_golden_page_has_the_expected_article(case: GoldenPage) -> None:
    for file, content in expected_files(case.article()).items():
        assert content == (case.folder / file).read_text("utf-8"), file


@pytest.mark.parametrize("case", golden_pages(), ids=lambda case: case.name)
def test_removed_text_of_a_golden_page_has_a_reason(case: GoldenPage) -> None:
    assert all(removed.text and removed.reason for removed in case.article().removed)

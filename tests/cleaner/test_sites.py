"""Generated sites in many languages, cleaned with a memory."""

import pytest

from feedpub import extract
from tests.benchmarks.site_memory import after, learn_pages
from tests.support.sites import MARKUP, count_errors, site

SITES = ("de", "ar", "zh", "ja", "hi")


def test_generated_sites_are_deterministic_and_distinct() -> None:
    first, second = site("el"), site("el")
    assert first == second
    assert all(page.wanted and page.unwanted for page in first)
    assert len({page.headline for page in first}) == len(first) == 30


@pytest.mark.parametrize("language", SITES)
def test_boilerplate_is_removed_after_ten_pages(language: str) -> None:
    pages = site(language)
    leaks, losses = after(pages, 10)
    without = [count_errors(extract(page.html, page.url).text, page) for page in pages[10:20]]
    assert leaks <= 0.1 * sum(leaked for leaked, _ in without)
    assert losses <= sum(lost for _, lost in without)


@pytest.mark.slow
@pytest.mark.parametrize("language", MARKUP)
def test_no_boilerplate_is_left_after_thirty_pages(language: str) -> None:
    pages = site(language)
    without = [count_errors(extract(page.html, page.url).text, page) for page in pages[20:]]
    leaks, losses = after(pages, 30)
    assert leaks <= 0.02 * sum(leaked for leaked, _ in without)
    assert losses <= sum(lost for _, lost in without)


def test_memory_of_thirty_pages_is_small() -> None:
    assert len(learn_pages(site("tr")).to_bytes()) < 10_000

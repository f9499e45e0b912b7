"""Generated sites in many languages.

What a memory takes out of their articles, and what it leaves in.
"""

import pytest

from feedpub import extract
from tests.benchmarks.site_memory import after, memory_of
from tests.support.sites import MARKUP, judge, site

SITES = ("de", "ar", "zh", "ja", "hi")


def test_the_sites_come_out_the_same_every_time() -> None:
    """Thirty pages with something to find on each.

    No two have a paragraph of their own in common.
    """
    first, second = site("el"), site("el")
    assert first == second
    assert all(page.wanted and page.unwanted for page in first)
    assert len({page.headline for page in first}) == len(first) == 30


@pytest.mark.parametrize("language", SITES)
def test_boilerplate_goes_after_ten_pages(language: str) -> None:
    """In words that no list of phrases has; what the articles repeat themselves stays."""
    pages = site(language)
    leaks, losses = after(pages, 10)
    without = [judge(extract(page.html, page.url).text, page) for page in pages[10:20]]
    assert leaks <= 0.1 * sum(leaked for leaked, _ in without)
    assert losses <= sum(lost for _, lost in without)


@pytest.mark.slow
@pytest.mark.parametrize("language", MARKUP)
def test_nothing_leaks_after_thirty_pages(language: str) -> None:
    """On any of the sites, one of which looks different from its twentieth page on."""
    pages = site(language)
    without = [judge(extract(page.html, page.url).text, page) for page in pages[20:]]
    leaks, losses = after(pages, 30)
    assert leaks <= 0.02 * sum(leaked for leaked, _ in without)
    assert losses <= sum(lost for _, lost in without)


def test_a_memory_of_thirty_pages_is_small() -> None:
    """Of pages with a dozen blocks each."""
    assert len(memory_of(site("tr")).to_bytes()) < 10_000

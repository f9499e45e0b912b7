"""The list of a source is found again in a changed page, and no other list is mistaken for it."""

from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlsplit

import pytest

from feedpub.core.models import Item, Page
from feedpub.pipeline.repair.candidates import compare_selectors, lists_of_feed, nearby_pages
from feedpub.pipeline.repair.similarity import KnownArticles, list_similarity, normalize_title
from feedpub.sources.listing_page import items_in
from tests.benchmarks.listings import PAGES
from tests.benchmarks.repairs import cases, rename_classes
from tests.pipeline.repair import layouts
from tests.pipeline.repair.layouts import (
    ADDRESS,
    LEFT,
    NEWER,
    OLD_LINKS,
    REPAIRED,
    STORIES,
    Layout,
    path,
    title,
)
from tests.support.shared import shared_data

KNOWN = KnownArticles(
    keys=frozenset(f"harbour.example{path(n)}" for n in STORIES),
    titles=frozenset(normalize_title(title(n)) for n in STORIES),
    usual_items=12,
    limit=50,
    newest=datetime(2026, 11, 12, 8, tzinfo=UTC),
)
ARCHIVE = {f"/news/council-decides-on-affair-{n}" for n in range(1, 21)}
LISTED = {
    "other_addresses": {path(n).replace("/news/", "/2026/reports/") for n in STORIES},
    "a_week_later": {path(n) for n in [*NEWER, *STORIES][:12]},
    "a_longer_list": {path(n) for n in STORIES} | ARCHIVE,
}


def page_with(html: str) -> Page:
    return Page(ADDRESS, html.encode(), "text/html", "utf-8")


def paths(page: Page, selector: str | None) -> list[str]:
    return [urlsplit(item.url or "").path for item in items_in(page, selector)]


def test_unchanged_page_needs_no_repair() -> None:
    page = page_with(layouts.old())
    for links in (OLD_LINKS, None):
        seen = compare_selectors(page, links, KNOWN)
        assert (seen.best, seen.current.is_same_list, str(seen.current)) == (
            None,
            True,
            "lists 12 of the 12 known articles",
        )


def test_an_xpath_selector_that_still_works_is_left_alone() -> None:
    seen = compare_selectors(page_with(layouts.old()), "xpath://h2/a/@href", KNOWN)
    assert seen.best is None
    assert seen.current.is_same_list


@pytest.mark.parametrize("links", ["xpath://h6/a", "xpath://a[count(string(.)) = 1]"])
def test_an_xpath_selector_that_finds_nothing_is_replaced(links: str) -> None:
    """An expression that fails on the page counts as one that finds nothing."""
    seen = compare_selectors(page_with(layouts.old()), links, KNOWN)
    assert seen.best is not None
    assert str(seen.current).startswith("lists 0 of the 12 known articles")


@pytest.mark.parametrize("layout", REPAIRED, ids=lambda layout: layout.__name__)
def test_redesigned_list_is_found(layout: Layout) -> None:
    """Exactly the list is found, without a selector if page structure is enough."""
    page = page_with(layout())
    seen = compare_selectors(page, OLD_LINKS, KNOWN)
    assert seen.best is not None or seen.current.is_same_list
    selector = seen.best.selector if seen.best else OLD_LINKS
    found = paths(page, selector)
    assert sorted(found) == sorted(LISTED.get(layout.__name__, {path(n) for n in STORIES})), (
        selector
    )


@pytest.mark.parametrize("layout", LEFT, ids=lambda layout: layout.__name__)
def test_menus_boxes_and_other_lists_are_rejected(layout: Layout) -> None:
    seen = compare_selectors(page_with(layout()), OLD_LINKS, KNOWN)
    assert (seen.best, seen.current.is_same_list) == (None, False)


def test_list_next_to_another_is_selected_by_its_container() -> None:
    page = page_with(layouts.a_second_list())
    seen = compare_selectors(page, None, KNOWN)
    assert seen.best is not None
    assert seen.best.selector == "#reports h2 a"
    assert [article.title for article in seen.best.articles][:2] == [title(12), title(11)]
    assert all(article.known for article in seen.best.articles)


def test_evidence_counts_articles_by_address_title_and_age() -> None:
    results = {
        layout.__name__: compare_selectors(page_with(layout()), OLD_LINKS, KNOWN).best
        for layout in REPAIRED
    }
    scores = {name: str(found.likeness) for name, found in results.items() if found}
    assert scores["other_names"] == "lists 12 of the 12 known articles"
    assert scores["other_addresses"] == (
        "lists 12 of the 12 known articles by their titles: their addresses are new"
    )
    assert scores["a_week_later"] == "lists 8 of the 12 known articles, and 4 newer"
    assert scores["a_longer_list"] == "lists 12 of the 12 known articles, and 20 others"


def test_front_page_links_are_ranked_by_words_of_the_old_address() -> None:
    html = layouts.page(
        "<a href='/shop/boats'>Boats</a><a href='/latest/'>Latest</a><a "
        "href='/harbour/news/'>All news</a>"
        "<a href='https://elsewhere.example/news'>News of others</a>",
        '<link rel="alternate" type="application/rss+xml" href="/feed.xml">',
    )
    seen = nearby_pages(page_with(html), ADDRESS, KNOWN)
    assert seen.lists is None
    assert seen.links == (
        "https://harbour.example/harbour/news/",
        "https://harbour.example/latest/",
    )
    assert seen.feeds == ("https://harbour.example/feed.xml",)


@pytest.mark.parametrize(("numbers", "found"), [(STORIES, True), (range(40, 30, -1), False)])
def test_feed_is_identified_by_its_articles(numbers: range, found: bool) -> None:  # noqa: FBT001 -- a table's column
    items = "".join(
        f"<item><title>{title(n)}</title><link>https://harbour.example{path(n)}</link></item>"
        for n in numbers
    )
    feed = f'<rss version="2.0"><channel><title>H</title>{items}</channel></rss>'
    assert (
        lists_of_feed(Page("https://harbour.example/feed.xml", feed.encode()), KNOWN) is not None
    ) is found


@pytest.mark.parametrize(
    ("same", "others", "usual", "is_it"),
    [
        (10, 0, 20, True),
        (9, 0, 20, False),  # less than half of the usual
        (10, 20, 20, True),
        (10, 25, 20, False),  # mostly something else
        (2, 8, 20, False),
        (2, 0, 2, True),  # all that there ever were
        (1, 1, 2, False),
    ],
)
def test_thresholds_of_the_same_list(
    same: int,
    others: int,
    usual: int,
    is_it: bool,  # noqa: FBT001
) -> None:
    known = KnownArticles(
        frozenset(f"h.example/a/{n}" for n in range(usual)), frozenset(), usual, 50
    )
    items = [Item(f"https://h.example/a/{n}") for n in (*range(same), *range(100, 100 + others))]
    assert list_similarity(items, known).is_same_list is is_it


@pytest.mark.slow
def test_lists_of_real_pages_are_found_with_new_class_names() -> None:
    """A fourth of the shared pages; `python -m tests.benchmarks.repairs` tests all."""
    some = list(islice(cases(shared_data(PAGES)), 0, None, 4))
    assert [case.url for case in some if case.repair(rename_classes) is None] == []
    assert len(some) >= 9

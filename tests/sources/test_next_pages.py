"""The pages of a listing, which are followed when a feed is first built."""

import pytest

from feedpub.config import ItemsSource, JsonSource, PageSource
from feedpub.core.models import Page
from feedpub.sources import read_source
from feedpub.sources.document import parse_document
from feedpub.sources.next_pages import find_next_url
from tests.sources.library import Library

URL = "https://gazette.example/news/"


def next_of(body: str, url: str = URL, number: int = 1) -> str | None:
    page = Page(url, f"<html><body>{body}</body></html>".encode(), "text/html", "utf-8")
    return find_next_url(parse_document(page), number)


@pytest.mark.parametrize(
    "body",
    [
        '<link rel="next" href="/news/page/2">',
        '<a rel="next" href="page/2">more</a>',
        '<a href="/news/page/2">Older posts</a>',
        '<a href="/news/page/2">Next »</a>',
        '<a href="/news/page/2">‹ Ältere Beiträge</a>',
        '<a href="/news/page/2">次へ</a>',
        '<a href="/news/page/2" aria-label="Next page"><svg></svg></a>',
        '<nav class="pagination"><a class="pagination__next" href="/news/page/2">&gt;</a></nav>',
        '<nav class="pager">1 <a href="/news/page/2">2</a> <a href="/news/page/3">3</a></nav>',
        '<p><b>1</b> <a href="/news/page/2">2</a></p>',
        '<a class="link link--next" href="/news/page/2"><div>Older entries</div></a>',
    ],
)
def test_next_page_is_marked_named_or_numbered(body: str) -> None:
    assert next_of(body) == "https://gazette.example/news/page/2"


@pytest.mark.parametrize(
    "body",
    [
        '<a href="/news/">Next</a>',  # itself
        '<a href="https://other.example/page/2">Next</a>',
        '<a href="#top">Next</a>',
        '<a class="prev" href="/news/page/0">Newer posts</a>',
        '<a href="/news/2">The 2 of them</a>',
        '<a href="/league/table">2</a>',
        '<a href="/news/next-week-the-fair-comes-to-town">Next week the fair comes to town</a>',
        '<a href="javascript:more()">Load more</a>',
    ],
)
def test_other_links_are_no_next_page(body: str) -> None:
    assert next_of(body) is None


def test_page_after_the_second_is_the_third() -> None:
    body = '<a href="/news/">1</a> <a href="/news/page/2">2</a> <a href="/news/page/3">3</a>'
    assert next_of(body, f"{URL}page/2", 2) == f"{URL}page/3"


# --- listings ---


def listing(numbers: range, following: str = "") -> str:
    cards = "".join(
        f'<div class="c"><h2><a href="/story/{n}-council-votes">Council votes again on {n}</a></h2>'
        f"<p>Part {n} of a long series of reports on the same matter.</p></div>"
        for n in numbers
    )
    link = f'<a rel="next" href="{following}">Next</a>' if following else ""
    return f"<html><body><main>{cards}{link}</main></body></html>"


def library() -> Library:
    pages = Library()
    pages.add(URL, listing(range(9, 6, -1), "?page=2"), "text/html")
    pages.add(f"{URL}?page=2", listing(range(7, 4, -1), "?page=3"), "text/html")
    pages.add(f"{URL}?page=3", listing(range(4, 1, -1), "?page=4"), "text/html")
    return pages


@pytest.mark.parametrize(("pages", "expected"), [(1, 3), (2, 5), (3, 8)])
def test_as_many_pages_are_read_as_asked_for(pages: int, expected: int) -> None:
    documents = library()
    source = PageSource(type="page", url=URL)
    items = read_source(source, documents, limit=50, pages=pages)
    assert len(items) == expected
    assert len({item.url for item in items}) == expected
    assert len(documents.requested) == pages


def test_page_that_cannot_be_read_is_the_end() -> None:
    documents = library()
    items = read_source(PageSource(type="page", url=URL), documents, limit=50, pages=9)
    assert len(items) == 8
    assert documents.requested[-1] == f"{URL}?page=4"


def test_limit_holds_for_each_page() -> None:
    source = PageSource(type="page", url=URL)
    assert len(read_source(source, library(), limit=2, pages=2)) == 4


def test_page_without_anything_new_is_the_end() -> None:
    """Some servers answer each page after the last one with the first."""
    documents = library()
    documents.add(f"{URL}?page=2", listing(range(9, 6, -1), "?page=3"), "text/html")
    items = read_source(PageSource(type="page", url=URL), documents, limit=50, pages=9)
    assert len(items) == 3
    assert len(documents.requested) == 2


def test_items_of_several_pages_are_followed() -> None:
    documents = Library()
    for number in (1, 2, 3):
        url = URL if number == 1 else f"{URL}page/{number}"
        body = "".join(
            f'<h2 id="v{9 - 2 * number - n}">v{9 - 2 * number - n}.0</h2><p>Words.</p>'
            for n in (0, 1)
        )
        body += f'<a href="/news/page/{number + 1}">Older entries</a>'
        documents.add(url, f"<html><body><main>{body}</main></body></html>", "text/html")
    source = ItemsSource(type="items", url=URL, item="h2")
    items = read_source(source, documents, limit=50, pages=2)
    assert [item.title for item in items] == ["v7.0", "v6.0", "v5.0", "v4.0"]


def test_json_is_followed_by_its_expression() -> None:
    documents = Library()
    documents.add(URL, '{"data": [{"id": 3, "title": "C"}], "next": "?page=2"}')
    documents.add(f"{URL}?page=2", '{"data": [{"id": 2, "title": "B"}], "next": "/news/?page=3"}')
    documents.add(f"{URL}?page=3", '{"data": [{"id": 1, "title": "A"}], "next": null}')
    source = JsonSource(type="json", url=URL, next="next")
    for pages, expected in ((1, "C"), (2, "CB"), (9, "CBA")):
        items = read_source(source, documents, limit=50, pages=pages)
        assert "".join(item.title for item in items) == expected


# --- headlines only ---


def test_listing_alone_gives_the_content_of_its_cards() -> None:
    documents = Library().add(
        URL,
        """<html><body><main><ul>
        <li class="r"><h2><a href="/p/611">Loft conversion with two dormers</a></h2>
        <p class="address">4 Quarry <b>Lane</b></p><p>Received: <time>2025-10-10</time></p>
        <a href="/p/611">Read more</a></li>
        <li class="r"><h2><a href="/p/609">Removal of a diseased beech</a></h2>
        <p class="address">Rectory Field</p><p>Received: <time>2025-10-09</time></p></li>
        <li class="r"><h2><a href="/p/602">Change of use from bank to bakery</a></h2>
        <p class="address">11 High Street</p><p>Received: <time>2025-10-06</time></p></li>
        </ul></main></body></html>""",
        "text/html",
    )
    source = PageSource(type="page", url=URL, fetch=False)
    first, *_ = read_source(source, documents, limit=50)
    assert first.title == "Loft conversion with two dormers"
    assert first.html == '<p class="address">4 Quarry <b>Lane</b></p>'
    assert first.version
    (first, *_) = read_source(PageSource(type="page", url=URL), documents, limit=50)
    assert (first.html, first.version) == ("", "")

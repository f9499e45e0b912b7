"""Read listing pages: selectors, other documents, and error messages."""

import pytest

from feedpub.config import PageSource
from feedpub.core.errors import ExtractError, FetchError, NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources import read_source
from feedpub.sources.listing_page import items_in
from tests.sources.library import Library

URL = "https://gazette.example/news"
LISTING = """<html><head><title>Gazette</title></head><body>
<ul class="menu"><li><a href="/about">About</a></li></ul>
<div class="box"><a href="/pictures/1"><img src="/quay.jpg"></a>
 <h3><a href="/news/council-votes-on-the-quay">Council votes on the quay</a></h3>
 <time datetime="2024-05-02">2 May</time>
 <p>Three parties want it, two want it smaller than planned.</p>
 <a href="/news/council-votes-on-the-quay">More</a></div>
<div class="box"><h3><a href="/news/school-roof-is-safe-again">School roof is safe again</a></h3>
 <time datetime="2024-05-01">1 May</time></div>
<div class="box"><h3><a href="/news/two-hurt-in-market-fire">Two hurt in market fire</a></h3>
 <time datetime="2024-04-30">30 April</time></div>
</body></html>"""
ARTICLES = [
    "https://gazette.example/news/council-votes-on-the-quay",
    "https://gazette.example/news/school-roof-is-safe-again",
    "https://gazette.example/news/two-hurt-in-market-fire",
]


def html(body: str | bytes, url: str = URL) -> Page:
    return Page(url, body.encode() if isinstance(body, str) else body, "text/html", "utf-8")


@pytest.mark.parametrize(
    "selector",
    [
        *(".box h3 a", ".box h3", ".box", "h3 > a, .nothing", ".box a"),
        *("xpath://h3/a", "xpath://div[time]", "xpath://h3/a/@href", "xpath://h3/a/text()"),
        *("xpath:descendant::h3", "xpath://h3/a[1] | //h5/a"),
    ],
)
def test_selector_matches_links_their_parents_or_children(selector: str) -> None:
    """Each article's link is used once."""
    urls = [item.url for item in items_in(html(LISTING), selector)]
    assert [url for url in urls if url != "https://gazette.example/pictures/1"] == ARTICLES


@pytest.mark.parametrize("selector", [".box h3 a", ".box", "xpath://div[h3]", "xpath://h3/a/@href"])
def test_selected_articles_have_the_fields_of_their_cards(selector: str) -> None:
    """Title, date, teaser and image are read around the link."""
    first = items_in(html(LISTING), selector)[0]
    assert (first.title, first.summary) == (
        "Council votes on the quay",
        "Three parties want it, two want it smaller than planned.",
    )
    assert first.published is not None
    assert first.published.isoformat() == "2024-05-02T00:00:00+00:00"
    assert first.image == "https://gazette.example/quay.jpg"


ROW = """<tr><td>{day}/08/2025</td><td>[2025] NHC {day}</td><td>{parties}</td><td>Oduya J.</td>
<td><a href="/files/{day}.pdf">PDF (opens in a new tab)</a></td></tr>"""
CASES = (("11", "Dunn v The Harbour"), ("07", "In re Mulkerrin"), ("05", "Smith v Jones"))


def rows_in(lang: str) -> tuple[Item, ...]:
    rows = "".join(ROW.format(day=day, parties=parties) for day, parties in CASES)
    header = "<tr><th>Date</th><th>Citation</th><th>Title</th><th>Judge</th><th>File</th></tr>"
    return items_in(html(f'<html lang="{lang}"><body><table>{header}{rows}</table></body></html>'))


def test_row_names_the_document_that_its_link_does_not() -> None:
    """The cell with most words is the title, neither a citation nor a date."""
    assert [item.title for item in rows_in("en")] == [parties for _, parties in CASES]


@pytest.mark.parametrize(
    ("lang", "dates"),
    [
        ("en-GB", ["2025-08-11", "2025-08-07", "2025-08-05"]),
        ("en-US", ["2025-11-08", "2025-07-08", "2025-05-08"]),
    ],
)
def test_language_decides_the_order_of_day_and_month(lang: str, dates: list[str]) -> None:
    """A listing shows 7/8/2025, as the rows of a table and items do."""
    published = [item.published for item in rows_in(lang)]
    assert [moment.date().isoformat() for moment in published if moment] == dates


def test_selector_overrides_detection() -> None:
    """Addresses that do not look like articles are used."""
    assert [item.url for item in items_in(html(LISTING), ".menu a")] == [
        "https://gazette.example/about"
    ]


def test_a_heading_inside_a_link_selects_the_link() -> None:
    """The page has `<a><h2>…</h2></a>`, the selector is h2."""
    page = html('<a href="/one"><h2>One thing</h2></a><a href="/two"><h2>Another thing</h2></a>')
    assert [item.url for item in items_in(page, "h2")] == [
        "https://gazette.example/one",
        "https://gazette.example/two",
    ]


@pytest.mark.parametrize(
    ("selector", "body", "reason"),
    [
        (
            ".gone a",
            LISTING,
            "matches nothing in the page; left out, 3 articles are found by the page's structure",
        ),
        ("xpath://h5/a", LISTING, "matches nothing in the page; left out, 3 articles are found"),
        ("time", LISTING, "matches 3 elements without a link; left out, 3 articles are found"),
        (
            ".gone",
            '<p>See <a href="/about">us</a></p>',
            "of the 1 link that the page has, none looks like an article's",
        ),
    ],
)
def test_selector_without_a_match_is_an_error_with_advice(
    selector: str, body: str, reason: str
) -> None:
    """A redesign must not empty a feed."""
    with pytest.raises(NoContentError, match=reason):
        items_in(html(body), selector)


def test_xpath_that_fails_on_the_page_is_reported_with_its_setting() -> None:
    """An empty page has no link, so the check of the config does not evaluate the predicate."""
    with pytest.raises(ExtractError, match=r'links = "xpath:.*" cannot be evaluated on this page'):
        items_in(html(LISTING), "xpath://a[count(string(.)) = 1]")


@pytest.mark.parametrize(
    ("body", "content_type", "what"),
    [
        (b"%PDF-1.7 ...", "application/pdf", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "text/html", "an image"),
        (b'{"items": []}', "application/json", "JSON"),
        (b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "text/html", "a feed"),
        (b'<urlset xmlns="x"><url/></urlset>', "text/xml", "a sitemap"),
        (b"PK\x03\x04zip", "application/zip", "an archive"),
        (b"\x1f\x8b\x08\x00", "application/gzip", "a gzip file"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4", "a media file"),
        (b"Only some words.", "text/plain", "plain text"),
    ],
)
def test_error_names_the_kind_of_other_document(body: bytes, content_type: str, what: str) -> None:
    """The bytes decide, not the header."""
    with pytest.raises(ExtractError, match=f"expected an HTML page, found {what}"):
        items_in(Page(URL, body, content_type))


@pytest.mark.parametrize("body", [b"", b" \n\t", b"\xef\xbb\xbf\n", b"<!-- nobody -->"])
def test_empty_page_is_an_error(body: bytes) -> None:
    """It has status 200 and no content."""
    with pytest.raises(NoContentError, match="the page is empty"):
        items_in(Page(URL, body, "text/html"))


@pytest.mark.parametrize(("levels", "links"), [(5000, 1), (500, 1001)])
def test_page_that_is_nested_too_deeply_is_refused(levels: int, links: int) -> None:
    """A parser drops what is too deep silently, and many deep links take minutes to analyse."""
    link = '<a href="/news/one-long-title-here">One long title here</a>'
    with pytest.raises(ExtractError, match="nested too deeply"):
        items_in(html("<div>" * levels + link * links + "</div>" * levels))


def test_a_page_that_is_too_large_is_refused() -> None:
    with pytest.raises(ExtractError, match="feedpub reads at most 10,000,000"):
        items_in(html(b"<html><body>" + b"<p>words</p>" * 900_000))


def test_page_with_too_many_elements_is_refused() -> None:
    """Its analysis would take minutes."""
    with pytest.raises(ExtractError, match="more than 150,000 elements"):
        items_in(html("<p>" * 200_000))


def test_long_teaser_is_truncated() -> None:
    """A card may contain a complete article."""
    page = html(
        LISTING.replace("Three parties want it", "Three parties want it " + "and say so " * 100_000)
    )
    assert len(items_in(page)[0].summary) < 2100


def test_page_is_read_in_its_declared_encoding() -> None:
    """Browsers decide it in the same way."""
    body = '<meta charset="windows-1251"><title>Вести</title>' + "".join(
        f'<div><h3><a href="/novosti/{n}-most-otkryli">Мост открыли после ремонта</a></h3></div>'
        for n in range(3)
    )
    items = items_in(Page("https://reka.example/", body.encode("windows-1251"), "text/html"))
    assert {item.title for item in items} == {"Мост открыли после ремонта"}


def test_listing_is_truncated_at_the_limit() -> None:
    """The most prominent articles come first."""
    library = Library().add(URL, LISTING, "text/html")
    items = read_source(PageSource(type="page", url=URL), library, limit=2)
    assert [item.url for item in items] == ARTICLES[:2]
    assert library.requested == [URL]


def test_relative_links_use_the_final_url() -> None:
    """Redirects are followed."""
    library = Library()
    library.pages[URL] = Page(
        "https://www.gazette.example/en/news/",
        LISTING.replace('href="/news/', 'href="').encode(),
        "text/html",
    )
    items = read_source(PageSource(type="page", url=URL), library, limit=9)
    assert items[0].url == "https://www.gazette.example/en/news/council-votes-on-the-quay"


def test_unavailable_page_is_a_fetch_error() -> None:
    with pytest.raises(FetchError, match="404"):
        read_source(PageSource(type="page", url=URL), Library(), limit=9)


HOSTILE = {
    "javascript-url": '<a href="javascript:alert(1)">A title of several words</a>',
    "data-url": '<a href="data:text/html,hello">A title of several words</a>',
    "broken-ipv6": '<a href="http://[half/">A title of several words</a>',
    "port": '<a href="http://example.org:99999/">A title of several words</a>',
    "long-10k": f'<a href="/{"x" * 10_000}">A title of several words</a>',
    "relative-base": '<base href="javascript:1"><a href="story-of-several-words.html">A title of '
    "several words</a>",
    "svg": '<svg><a href="/one-two-three-four">A title of several words</a></svg>',
    "hidden-template": '<template><a href="/one-two-three-four">A title of several words</a></'
    "template>",
}


@pytest.mark.parametrize("link", HOSTILE.values(), ids=HOSTILE)
def test_invalid_links_are_skipped(link: str) -> None:
    """The valid articles are found."""
    assert [
        item.url for item in items_in(html(LISTING.replace('<ul class="menu">', f"{link}<ul>")))
    ] == ARTICLES


def test_page_does_not_list_itself() -> None:
    """A link to the page or to a fragment of it is not an article."""
    links = "".join(
        f'<div><h3><a href="{url}#top">To the top of this page</a></h3></div>'
        for url in (URL, URL + "/", "")
    )
    with pytest.raises(NoContentError):
        items_in(html(links))


def test_deep_page_is_read_within_the_limits_of_articles() -> None:
    """Unclosed tags nest that deep, and Python's recursion limit is 1,000."""
    assert [item.url for item in items_in(html("<div>" * 1500 + LISTING))] == ARTICLES

"""Where an article goes on, and what only looks like it."""

import pytest

from feedpub.cleaner import next_page
from feedpub.cleaner.rules import Ruleset, ftr

FIRST = "https://mag.example/reads/the-loom"


def found(
    body: str, url: str = FIRST, *, first: str = "", number: int = 1, rules: str = ""
) -> next_page.NextPage:
    html = f"<html><head><title>The loom | Mag</title></head><body><h1>The loom</h1>{body}</body></html>"
    return next_page.find_next_page(
        html, url, ftr.parse_ftr(rules, "x.txt") if rules else Ruleset(), first, number
    )


@pytest.mark.parametrize(
    "href",
    [
        "?page=2",
        "?p=2",
        "?seite=2",
        "?page=1",
        "/reads/the-loom/2",
        "/reads/the-loom/2/",
        "/reads/the-loom/page/2/",
        "/reads/the-loom/seite-2",
        "/reads/the-loom,2",
        "/reads/the-loom-page-2",
        "https://www.mag.example/reads/the-loom?page=2#text",
    ],
)
def test_a_next_page_is_the_same_address_with_its_number(href: str) -> None:
    """However it is written, where the page calls it the next one."""
    assert found(f'<link rel="next" href="{href}">').next_url.endswith(href.removesuffix("#text"))


@pytest.mark.parametrize(
    "href",
    [
        "/reads/the-anvil",
        "/reads/the-loom-mended",
        "/reads/the-loom-2026",
        "/reads/the-loom/3",
        "/reads/the-loom/comments?page=2",
        "?cpage=2",
        "?page=2&sort=new",
        "/page/2",
        "https://other.example/reads/the-loom/2",
        "#2",
        "javascript:next(2)",
        "http://[::1/reads/the-loom/2",
        "",
    ],
)
def test_what_a_blog_calls_next_is_another_article(href: str) -> None:
    """Or another site, the comments, the page after the next, nothing at all."""
    assert found(f'<a rel="next" href="{href}">Next</a>').next_url == ""


def test_pages_that_are_counted() -> None:
    """In a row in which this page's number stands too, as a list or in a line."""
    items = "".join(f'<li><a href="/reads/the-loom/{n}">{n}</a></li>' for n in (2, 3))
    assert found(f"<ul><li>1</li>{items}</ul>").next_url == f"{FIRST}/2"
    assert found(f'<p>Page 1 <a href="{FIRST}?page=2">2</a></p>').next_url == f"{FIRST}?page=2"


def test_a_lone_number_counts_nothing() -> None:
    """A footnote's, a rating's."""
    assert found(f'<p>As was said <a href="{FIRST}/2">2</a></p>').next_url == ""


def test_the_way_goes_on_from_page_to_page() -> None:
    """By the address of the first, and by each page's number."""
    row = "".join(f'<a href="{FIRST}/{n}">{n}</a> ' for n in (1, 2, 3))
    assert found(row, f"{FIRST}/2", first=FIRST, number=2).next_url == f"{FIRST}/3"
    assert found(row, f"{FIRST}/3", first=FIRST, number=3).next_url == ""


def test_an_address_with_an_ending_or_a_query() -> None:
    """What it had before stays in it."""
    page = '<link rel="next" href="/a/story_2.html">'
    assert (
        found(page, "https://mag.example/a/story.html").next_url
        == "https://mag.example/a/story_2.html"
    )
    query = '<link rel="next" href="?id=7&amp;page=2">'
    assert (
        found(query, "https://mag.example/read?id=7").next_url
        == "https://mag.example/read?id=7&page=2"
    )
    other = '<link rel="next" href="?id=8&amp;page=2">'
    assert found(other, "https://mag.example/read?id=7").next_url == ""


def test_rules_have_the_word() -> None:
    """With their conditions; what the page says itself is not asked then."""
    body = '<a class="on" href="/other">on</a><a rel="next" href="?page=2">2</a>'
    assert (
        found(body, rules="next_page_link: //a[@class='on']").next_url
        == "https://mag.example/other"
    )
    assert found(body, rules="next_page_link: //a[@class='none']").next_url == ""
    conditional = "next_page_link: //a[@class='on']/@href\nif_page_contains: //b"
    assert found(body, rules=conditional).next_url == ""
    assert found(body + "<b>!</b>", rules=conditional).next_url == "https://mag.example/other"


def test_a_page_with_the_whole_article() -> None:
    """By an element, an attribute, or a text that an expression makes; only from the first page."""
    body = '<a class="print" href="?print=1">Print</a>'
    for path in ("//a[@class='print']", "//a[@class='print']/@href", "concat('?print', '=1')"):
        assert found(body, rules=f"single_page_link: {path}").complete_url == f"{FIRST}?print=1"
    assert found(body, rules="single_page_link: //a", first=FIRST, number=2).complete_url == ""


def test_what_pages_are_called() -> None:
    """Without their numbers."""
    one = next_page.find_next_page(
        "<title>The loom | Mag</title><h1>The loom</h1>", FIRST, Ruleset()
    )
    two = next_page.find_next_page(
        "<title>The loom, page 2 of 3 | Mag</title><h1>The loom (2/3)</h1>", FIRST, Ruleset()
    )
    assert one.titles & two.titles == {"theloom", "theloommag"}

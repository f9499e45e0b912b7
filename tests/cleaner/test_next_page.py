"""The next page of an article, and links that are not."""

import pytest

from feedpub.cleaner import next_page
from feedpub.cleaner.pagination import NextPage
from feedpub.cleaner.rules import Ruleset, ftr

FIRST = "https://mag.example/reads/the-loom"


def find_next(
    body: str, url: str = FIRST, *, first: str = "", number: int = 1, rules: str = ""
) -> NextPage:
    html = (
        f"<html><head><title>The loom | Mag</title></head><body><h1>The "
        f"loom</h1>{body}</body></html>"
    )
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
def test_marked_link_with_the_page_number_is_the_next_page(href: str) -> None:
    assert find_next(f'<link rel="next" href="{href}">').next_url.endswith(
        href.removesuffix("#text")
    )


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
def test_marked_link_to_another_article_is_ignored(href: str) -> None:
    assert find_next(f'<a rel="next" href="{href}">Next</a>').next_url == ""


def test_link_in_a_row_of_page_numbers_is_the_next_page() -> None:
    items = "".join(f'<li><a href="/reads/the-loom/{n}">{n}</a></li>' for n in (2, 3))
    assert find_next(f"<ul><li>1</li>{items}</ul>").next_url == f"{FIRST}/2"
    assert find_next(f'<p>Page 1 <a href="{FIRST}?page=2">2</a></p>').next_url == f"{FIRST}?page=2"


def test_number_outside_a_row_is_ignored() -> None:
    assert find_next(f'<p>As was said <a href="{FIRST}/2">2</a></p>').next_url == ""


def test_next_page_of_a_later_page_is_found() -> None:
    row = "".join(f'<a href="{FIRST}/{n}">{n}</a> ' for n in (1, 2, 3))
    assert find_next(row, f"{FIRST}/2", first=FIRST, number=2).next_url == f"{FIRST}/3"
    assert find_next(row, f"{FIRST}/3", first=FIRST, number=3).next_url == ""


def test_next_page_keeps_suffix_and_query() -> None:
    page = '<link rel="next" href="/a/story_2.html">'
    assert (
        find_next(page, "https://mag.example/a/story.html").next_url
        == "https://mag.example/a/story_2.html"
    )
    query = '<link rel="next" href="?id=7&amp;page=2">'
    assert (
        find_next(query, "https://mag.example/read?id=7").next_url
        == "https://mag.example/read?id=7&page=2"
    )
    other = '<link rel="next" href="?id=8&amp;page=2">'
    assert find_next(other, "https://mag.example/read?id=7").next_url == ""


def test_rules_take_precedence_over_links_of_the_page() -> None:
    body = '<a class="on" href="/other">on</a><a rel="next" href="?page=2">2</a>'
    assert (
        find_next(body, rules="next_page_link: //a[@class='on']").next_url
        == "https://mag.example/other"
    )
    assert find_next(body, rules="next_page_link: //a[@class='none']").next_url == ""
    conditional = "next_page_link: //a[@class='on']/@href\nif_page_contains: //b"
    assert find_next(body, rules=conditional).next_url == ""
    assert find_next(body + "<b>!</b>", rules=conditional).next_url == "https://mag.example/other"


def test_rule_finds_the_complete_page_from_the_first_page() -> None:
    body = '<a class="print" href="?print=1">Print</a>'
    for path in ("//a[@class='print']", "//a[@class='print']/@href", "concat('?print', '=1')"):
        assert find_next(body, rules=f"single_page_link: {path}").complete_url == f"{FIRST}?print=1"
    assert find_next(body, rules="single_page_link: //a", first=FIRST, number=2).complete_url == ""


def test_titles_have_no_page_numbers() -> None:
    one = next_page.find_next_page(
        "<title>The loom | Mag</title><h1>The loom</h1>", FIRST, Ruleset()
    )
    two = next_page.find_next_page(
        "<title>The loom, page 2 of 3 | Mag</title><h1>The loom (2/3)</h1>", FIRST, Ruleset()
    )
    assert one.titles & two.titles == {"theloom", "theloommag"}

"""Articles on several pages: requests, joining and gaps."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.cleaner import articles
from feedpub.cleaner.pagination import PageSequence, collect_pages, join_pages
from feedpub.cleaner.rules import MAX_PAGES, Ruleset, ftr
from feedpub.config import Config
from feedpub.core.errors import SourceError
from feedpub.core.models import Article, Page, Removed, RunResult
from feedpub.core.process_pool import InlineExecutor
from feedpub.pipeline import run
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    output_folder,
    path,
    title,
)
from tests.support.site import Route, Site

WORDS = (
    "The loom had stood in the attic for {n} years before anybody asked how it had come "
    "there, and when they asked, the answer took {n} people a week, two ladders and a letter from "
    "the archive of the county to "
    "find."
)
LONG = (
    "A sentence that is long enough that it stands on two pages of an article by no chance at "
    "all, ever."
)


def part(n: int, *, of: int, at: str, name: str = "The loom in the attic", more: str = "") -> str:
    """Return a page of an article with a row of page numbers below the text."""
    row = " ".join(
        str(k) if k == n else f'<a href="{at if k == 1 else f"{at}/{k}"}">{k}</a>'
        for k in range(1, of + 1)
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{name} | Long '
        f"Reads</title></head><body><article><h1>{name}</h1>"
        f"<p>{WORDS.format(n=n * 10)}</p><p>{WORDS.format(n=n * 10 + 1)}</p></article>"
        f'<p class="pages">{row}</p>{more}</body></html>'
    )


def collect_from_site(site: Site, address: str, rules: Ruleset | None = None) -> PageSequence:
    """Collect the pages of an article; the site's routes are the pages."""

    def get(url: str) -> Page:
        route = site.routes.get(url.removeprefix(site.url("")).partition("#")[0] or "/")
        if not isinstance(route, Route) or route.status != 200:
            raise SourceError("HTTP 404: there is no such page", url)
        requested.append(url)
        return Page(url, route.body, route.content_type.partition(";")[0])

    requested: list[str] = []
    return collect_pages(get(site.url(address)), rules or Ruleset(), get, InlineExecutor())


def put(site: Site, count: int, at: str = "/loom", **more: str) -> None:
    for n in range(1, count + 1):
        site[at if n == 1 else f"{at}/{n}"] = part(n, of=count, at=at, **more)


def test_pages_are_collected_by_their_row_of_numbers(site: Site) -> None:
    put(site, 3)
    pages = collect_from_site(site, "/loom")
    assert [page.url for page in pages] == [site.url(f"/loom{end}") for end in ("", "/2", "/3")]
    assert (pages.requests, pages.missing) == (2, "")
    article = articles.article_from_pages(pages).article
    assert [f"for {n} years" in article.text for n in (10, 21, 31)] == [True, True, True]
    assert article.text.count("The loom had stood") == 6
    assert article.url == site.url("/loom")


def test_link_to_another_article_is_not_followed(site: Site) -> None:
    site["/loom"] = part(
        1, of=1, at="/loom", more='<a rel="next" href="/anvil">Next: the anvil</a>'
    )
    site["/anvil"] = part(1, of=1, at="/anvil", name="The anvil")
    assert len(collect_from_site(site, "/loom").pages) == 1
    site["/loom"] = part(1, of=2, at="/loom")
    site["/loom/2"] = part(2, of=2, at="/loom", name="The second loom").replace("| Long Reads", "")
    assert len(collect_from_site(site, "/loom").pages) == 1


def test_repeated_page_ends_the_sequence(site: Site) -> None:
    site["/loom"] = part(1, of=1, at="/loom", more='<a class="on" href="/b">on</a>')
    site["/b"] = part(2, of=1, at="/loom", more='<a class="on" href="/loom#text">on</a>')
    rules = ftr.parse_ftr("next_page_link: //a[@class='on']", "x.txt")
    assert [page.url for page in collect_from_site(site, "/loom", rules)] == [
        site.url("/loom"),
        site.url("/b"),
    ]


def test_next_page_on_another_host_is_not_fetched(site: Site) -> None:
    site["/loom"] = part(
        1, of=1, at="/loom", more='<a class="on" href="http://other.example/2">on</a>'
    )
    pages = collect_from_site(
        site,
        "/loom",
        ftr.parse_ftr("next_page_link: //a[@class='on']\nsingle_page_link: //a[@class='on']", "x"),
    )
    assert (len(pages.pages), pages.requests, pages.missing) == (1, 0, "")


def test_number_of_pages_is_limited(site: Site) -> None:
    put(site, MAX_PAGES + 2)
    pages = collect_from_site(site, "/loom")
    assert len(pages.pages) == MAX_PAGES
    assert pages.missing == "more than 20 pages: what follows is left out"
    assert not pages.is_temporary


def test_complete_page_replaces_the_sequence(site: Site) -> None:
    put(site, 2, more='<a class="print" href="/loom?print=1">Print</a>')
    rules = ftr.parse_ftr("single_page_link: //a[@class='print']", "x.txt")
    pages = collect_from_site(site, "/loom", rules)
    assert (len(pages.pages), pages.missing) == (2, "")
    del site.routes["/loom/2"]
    site["/loom"] = part(
        1, of=1, at="/loom", more='<a class="print" href="/loom?print=1">Print</a>'
    )
    assert (
        "/loom?print=1, could not be read: HTTP 404"
        in collect_from_site(site, "/loom", rules).missing
    )
    site["/loom?print=1"] = part(7, of=1, at="/loom")
    pages = collect_from_site(site, "/loom", rules)
    assert [page.url for page in pages] == [site.url("/loom?print=1")]
    article = articles.article_from_pages(pages).article
    assert (article.url, "for 70 years" in article.text) == (site.url("/loom"), True)


def test_non_html_page_is_a_gap(site: Site) -> None:
    put(site, 2)
    site["/loom/2"] = Route(b"GIF89a", "image/gif")
    assert "not a web page but image/gif" in collect_from_site(site, "/loom").missing


def test_page_without_an_article_is_replaced_by_a_note(site: Site) -> None:
    put(site, 3)
    row = part(2, of=3, at="/loom").split('<p class="pages">')[1]
    site["/loom/2"] = f'<html><body><p class="pages">{row}'
    found = articles.article_from_pages(collect_from_site(site, "/loom"))
    assert [line[:20] for line in found.article.text.split("\n")][2:4] == [
        "Part of the article ",
        "The loom had stood i",
    ]
    assert "its page 2" in found.gap
    assert not found.article.complete


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def config(site: Site, tmp_path: Path) -> Config:
    """Return a feed with one article on three pages."""
    site["/news"] = listing([1, 2])
    for n in (1, 2):
        put(site, 3 if n == 1 else 1, path(n), name=title(n))
    return configure(tmp_path, feed("reads", f"page {site.url('/news')}"))


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as context:
        return run.run_feed(config.feed[0], context)


def text(config: Config) -> str:
    document = json.loads((output_folder(config) / "reads.json").read_bytes())
    (html,) = (item["content_html"] for item in document["items"] if item["title"] == title(1))
    return str(html)


def test_entry_has_all_pages_and_each_is_fetched_once(
    site: Site, config: Config, clock: FakeClock
) -> None:
    outcome = build(config, clock)
    assert (outcome.new, outcome.problems) == (2, ())
    assert [f"for {n} years" in text(config) for n in (10, 20, 30)] == [True, True, True]
    assert len([each for each in site.requests if each.path.startswith(path(1))]) == 3
    site.clear_requests()
    build(config, clock)
    assert [each.path for each in site.requests] == ["/news"]


def test_article_of_several_pages_has_no_page_snapshot(config: Config, clock: FakeClock) -> None:
    build(config, clock)
    with open_context(config, clock) as context:
        kept = [page.final_url for page in context.store.snapshots.for_feed("reads").values()]
    assert [url.endswith(path(2)) for url in kept] == [True]


def test_missing_page_is_reported_and_fetched_by_the_next_run(
    site: Site, config: Config, clock: FakeClock
) -> None:
    page = site.routes[f"{path(1)}/3"]
    site[f"{path(1)}/3"] = Route(b"<h1>Down</h1>", status=503)
    outcome = build(config, clock)
    assert outcome.new == 2
    (problem,) = outcome.problems
    assert problem.where == site.url(path(1))
    assert problem.reason.startswith(
        f"its page 3, {site.url(path(1))}/3, could not be read: HTTP 503"
    )
    assert "; the rest of the article is kept; next try at " in problem.reason
    assert "for 20 years" in text(config)
    assert "<em>Part of the article is missing here: page 3 could not be read.</em>" in text(config)
    site.routes[f"{path(1)}/3"] = page
    clock.pass_time(3600)
    outcome = build(config, clock)
    assert (outcome.updated, outcome.problems) == (1, ())
    assert "for 30 years" in text(config)
    assert "missing" not in text(config)


def test_missing_page_is_retried_five_times(site: Site, config: Config, clock: FakeClock) -> None:
    del site.routes[f"{path(1)}/3"]
    requests = []
    for _ in range(8):
        site.clear_requests()
        assert len(build(config, clock).unread) == 1
        requests.append(site.paths().count(f"{path(1)}/3"))
        clock.pass_time(7 * 86400)
    assert requests == [1, 1, 1, 1, 1, 0, 0, 0]
    assert "for 20 years" in text(config)


@pytest.mark.usefixtures("config")
def test_rule_headers_are_sent_for_all_pages_and_not_for_the_listing(
    site: Site, clock: FakeClock, tmp_path: Path
) -> None:
    folder = tmp_path / "ftr"
    folder.mkdir()
    (folder / "127.0.0.1.txt").write_text(
        "http_header(cookie): consent=1\nhttp_header(user-agent): Reader/1", "utf-8"
    )
    ruled = configure(
        tmp_path, feed("reads", f"page {site.url('/news')}"), '[rules]\nftr_site_config = "../ftr"'
    )
    assert ruled.rules.ftr_site_config == folder
    build(ruled, clock)
    sent = {
        each.path: (each.headers.get("cookie"), each.headers["user-agent"])
        for each in site.requests
    }
    assert {sent[path(1)], sent[f"{path(1)}/3"]} == {("consent=1", "Reader/1")}
    assert sent["/news"][0] is None
    assert sent["/news"][1].startswith("feedpub/")


def page(*paragraphs: str, removed: tuple[Removed, ...] = ()) -> Article:
    html = "".join(f"<p>{text}</p>\n" for text in paragraphs)
    return Article(
        title="The loom",
        html=html,
        text="\n".join(paragraphs),
        summary=paragraphs[0],
        removed=removed,
    )


def test_joined_article_has_all_texts_in_order() -> None:
    article = join_pages([page("One.", removed=(Removed("x", "y"),)), page("Two."), page("Three.")])
    assert article.text == "One.\nTwo.\nThree."
    assert article.html == "<p>One.</p>\n<p>Two.</p>\n<p>Three.</p>\n"
    assert (article.summary, article.removed, article.complete) == (
        "One.",
        (Removed("x", "y"),),
        True,
    )


def test_text_that_pages_repeat_is_kept_once() -> None:
    first = page("The lead.", "One.", LONG, "A note.")
    article = join_pages(
        [
            first,
            page("The lead.", "Two.", LONG, "Two and a half.", "A note."),
            page("The lead.", "One."),
        ]
    )
    assert article.text.split("\n") == [
        "The lead.",
        "One.",
        LONG,
        "A note.",
        "Two.",
        "Two and a half.",
    ]
    assert article.html.count("<p>") == 6


def test_short_text_inside_a_page_may_repeat() -> None:
    article = join_pages([page("One.", "* * *", "Two."), page("Three.", "* * *", "Four.")])
    assert article.text == "One.\n* * *\nTwo.\nThree.\n* * *\nFour."


def test_note_takes_the_place_of_a_missing_page() -> None:
    article = join_pages([page("One."), "Page <2> is missing.", page("Three.")])
    assert article.text == "One.\nPage <2> is missing.\nThree."
    assert "<p>One.</p>\n<p><em>Page &lt;2&gt; is missing.</em></p>\n<p>Three.</p>" in article.html
    assert not article.complete


def test_right_to_left_pages_are_joined_into_one_box() -> None:
    first, second = (
        Article(title="x", html=f'<div dir="rtl">\n<p>{text}</p>\n</div>\n', text=text)
        for text in ("אחת.", "שתיים.")
    )
    assert (
        join_pages([first, second]).html == '<div dir="rtl">\n<p>אחת.</p>\n<p>שתיים.</p>\n</div>\n'
    )


def test_single_page_is_unchanged() -> None:
    article = page("One.")
    assert join_pages([article]) is article

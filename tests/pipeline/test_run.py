"""Run feeds of a real site from listing to published files."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest

from feedpub import SiteMemory
from feedpub.cleaner.articles import article_from_page, fetch_page
from feedpub.config import Config
from feedpub.core.budget import RunBudget
from feedpub.core.errors import StoreError
from feedpub.core.models import PollingHints, RunResult, RunStatus
from feedpub.pipeline import run, site_memory
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.run import run_feed
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    output_folder,
    path,
    rss,
    sitemap,
    story,
    title,
)
from tests.support.site import Route, Site, running_site

STORIES = [6, 5, 4, 3, 2, 1]
MEMORY = Path("/dev/shm")  # noqa: S108 -- a file system in memory, which takes any date


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, STORIES)
    return site


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def build(config: Config, clock: FakeClock) -> list[RunResult]:
    """Build all feeds once, as the command does."""
    with open_context(config, clock) as context:
        outcomes = [run.run_feed(feed, context) for feed in config.feed]
        run.finish_build(config, context)
    return outcomes


def one(config: Config, clock: FakeClock) -> RunResult:
    (outcome,) = build(config, clock)
    return outcome


def items(config: Config, name: str) -> list[dict[str, Any]]:
    document = json.loads((output_folder(config) / f"{name}.json").read_bytes())
    return list(document["items"])


def read_published(config: Config) -> dict[str, bytes]:
    root = output_folder(config)
    return {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }


def test_page_feed_and_sitemap_give_the_same_entries(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    ways = [("a", "page", "/news"), ("b", "feed", "/rss"), ("c", "sitemap", "/sitemap.xml")]
    config = configure(
        tmp_path, *(feed(name, f"{kind} {newsroom.url(where)}") for name, kind, where in ways)
    )
    assert [outcome.new for outcome in build(config, clock)] == [6, 6, 6]
    first, second, third = (items(config, name) for name, _, _ in ways)
    for field in ("url", "title", "content_html", "summary", "date_published", "authors"):
        values = [[item[field] for item in entries] for entries in (first, second, third)]
        assert values[0] == values[1] == values[2], field
    assert [item["title"] for item in first] == [title(n) for n in STORIES]
    assert "You may also like" not in first[0]["content_html"]


def test_second_build_sends_conditional_requests_and_changes_no_byte(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    places = (
        f"page {newsroom.url('/news')}",
        f"feed {newsroom.url('/rss')}",
        f"sitemap {newsroom.url('/sitemap.xml')}",
    )
    config = configure(tmp_path, *(feed(f"f{n}", place) for n, place in enumerate(places)))
    build(config, clock)
    before = read_published(config)
    newsroom.clear_requests()
    clock.pass_time(60)
    outcomes = build(config, clock)
    assert sorted(request.path for request in newsroom.requests) == [
        "/news",
        "/rss",
        "/sitemap.xml",
    ]
    assert all(request.is_conditional and request.status == 304 for request in newsroom.requests)
    assert read_published(config) == before
    assert [(o.status, o.kept, o.written) for o in outcomes] == [(RunStatus.UNCHANGED, 6, ())] * 3


def test_only_a_new_article_is_fetched_and_is_first(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    build(config, clock)
    before = items(config, "f")
    open_newsroom(newsroom, [7, *STORIES])
    newsroom.clear_requests()
    outcome = one(config, clock)
    after = items(config, "f")
    assert newsroom.paths() == ["/news", path(7)]
    assert (outcome.new, outcome.kept, outcome.status) == (1, 6, RunStatus.UPDATED)
    assert (after[0]["title"], after[1:]) == (title(7), before)


def test_article_listed_by_three_sources_is_one_entry(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/news"] = listing(STORIES).replace('">Council', '?utm_source=front">Council')
    places = (
        f"page {newsroom.url('/news')}",
        f"feed {newsroom.url('/rss')}",
        f"sitemap {newsroom.url('/sitemap.xml')}",
    )
    config = configure(tmp_path, feed("f", *places))
    assert one(config, clock).new == 6
    entries = items(config, "f")
    assert len({item["id"] for item in entries}) == len(entries) == 6
    assert not any("utm_" in item["url"] for item in entries)


def test_canonical_link_identifies_a_copy(newsroom: Site, tmp_path: Path, clock: FakeClock) -> None:
    canonical = f'<link rel="canonical" href="{newsroom.url(path(6))}"></head>'
    newsroom["/mobile/6"] = story(6).replace("</head>", canonical)
    newsroom["/rss2"] = Route(
        rss(newsroom, [6]).body.replace(path(6).encode(), b"/mobile/6"), "application/rss+xml"
    )
    config = configure(
        tmp_path, feed("f", f"page {newsroom.url('/news')}", f"feed {newsroom.url('/rss2')}")
    )
    build(config, clock)
    assert sum(item["title"] == title(6) for item in items(config, "f")) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Route(b"gone", status=404), "HTTP 404"),
        (Route(b"oops", status=500), "HTTP 500"),
        (Route(b""), "empty"),
        (Route(b"%PDF-1.7", "application/pdf"), "PDF"),
        (
            Route(b"<html><body><h1>Page not found</h1><p>Sorry.</p></body></html>"),
            "no article links",
        ),
        (
            Route(b"<html><body><nav><a href='/a'>A</a><a href='/b'>B</a></nav></body></html>"),
            "no article links",
        ),
    ],
)
def test_failed_source_changes_no_file_and_recovers(
    newsroom: Site, tmp_path: Path, clock: FakeClock, answer: Route, reason: str
) -> None:
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    build(config, clock)
    before = read_published(config)
    newsroom["/news"] = answer
    outcome = one(config, clock)
    assert (outcome.status, outcome.ok) == (RunStatus.FAILED, False)
    assert reason.lower() in outcome.problems[0].reason.lower()
    assert outcome.problems[0].where == newsroom.url("/news")
    assert read_published(config) == before
    newsroom["/news"] = listing(STORIES)
    assert one(config, clock).status == RunStatus.UNCHANGED


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_emptied_feed_or_sitemap_is_a_failure(
    newsroom: Site, tmp_path: Path, clock: FakeClock, kind: str
) -> None:
    where, empty = {
        "feed": ("/rss", rss(newsroom, [])),
        "sitemap": ("/sitemap.xml", sitemap(newsroom, [])),
    }[kind]
    config = configure(tmp_path, feed("f", f"{kind} {newsroom.url(where)}"))
    build(config, clock)
    before = read_published(config)
    newsroom[where] = empty
    assert one(config, clock).status == RunStatus.FAILED
    assert read_published(config) == before


def test_other_sources_of_a_feed_with_a_failed_source_are_published(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(
        tmp_path, feed("f", f"page {newsroom.url('/nowhere')}", f"feed {newsroom.url('/rss')}")
    )
    outcome = one(config, clock)
    assert (outcome.status, outcome.new, outcome.ok) == (RunStatus.PARTIAL, 6, False)
    assert len(items(config, "f")) == 6


def test_failed_feed_does_not_affect_other_feeds(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(
        tmp_path,
        feed("bad", f"page {newsroom.url('/nowhere')}"),
        feed("good", f"page {newsroom.url('/news')}"),
    )
    assert [outcome.status for outcome in build(config, clock)] == [
        RunStatus.FAILED,
        RunStatus.UPDATED,
    ]
    assert not (output_folder(config) / "bad.rss").exists()


def test_broken_article_is_reported_and_read_again(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom[path(4)] = Route(b"oops", status=500)
    config = configure(tmp_path, feed("f", f"sitemap {newsroom.url('/sitemap.xml')}"))
    outcome = one(config, clock)
    assert (outcome.new, outcome.failed, outcome.status) == (5, 1, RunStatus.PARTIAL)
    assert outcome.problems[0].where == newsroom.url(path(4))
    newsroom[path(4)] = story(4)
    clock.pass_time(3600)
    assert one(config, clock).new == 1
    assert [item["title"] for item in items(config, "f")] == [title(n) for n in STORIES]


WALL = """<!doctype html><html><head><title>{name}</title></head>
<body><main><h1>Welcome to the harbour</h1>
<p>Whoever has a ticket for the ferry may read on after showing it at the window.
The office opens at nine and closes at five, and the lady there knows every captain by name.</p>
<p>Children ride free on Sundays. Bring a lantern after dark,
and mind the ropes on the way down to the water.</p>
</main></body></html>"""


@pytest.mark.parametrize("name", ["Harbour Times", "Council decides"])
def test_identical_pages_are_not_articles(
    newsroom: Site, tmp_path: Path, clock: FakeClock, name: str
) -> None:
    for n in (6, 5, 4):
        newsroom[path(n)] = WALL.format(name=name)
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    outcome = one(config, clock)
    assert (outcome.new, len(outcome.unread), outcome.status) == (3, 3, RunStatus.PARTIAL)
    assert "the pages of 3 articles have the same text" in outcome.problems[0].reason
    assert not any("ticket for the ferry" in item["content_html"] for item in items(config, "f"))
    open_newsroom(newsroom, STORIES)
    clock.pass_time(3600)
    assert one(config, clock).new == 3
    assert [item["title"] for item in items(config, "f")] == [title(n) for n in STORIES]


def test_one_article_at_three_addresses_is_an_article(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/news"] = listing([3]).replace("</main>", "") + "".join(
        f'<div class="card"><h2><a href="/{place}{path(3)}">{title(3)}</a></h2></div>'
        for place in "ab"
    )
    for place in "ab":
        newsroom[f"/{place}{path(3)}"] = story(3)
    outcome = one(configure(tmp_path, feed("f", f"page {newsroom.url('/news')}")), clock)
    assert (outcome.failed, outcome.problems) == (0, ())


def test_feed_text_replaces_a_broken_article_until_its_page_is_readable(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/rss"] = rss(
        newsroom, STORIES, "What the feed itself says of the matter, in one sentence."
    )
    newsroom[path(4)] = Route(b"oops", status=500)
    config = configure(tmp_path, feed("f", f"feed {newsroom.url('/rss')}"))
    outcome = one(config, clock)
    assert (outcome.new, outcome.failed) == (6, 0)
    assert "is used instead" in outcome.problems[0].reason
    stood_in = items(config, "f")[2]
    assert "What the feed itself says" in stood_in["content_html"]
    newsroom[path(4)] = story(4)
    clock.pass_time(3600)
    assert one(config, clock).updated == 1
    whole = items(config, "f")[2]
    assert (whole["id"], "two hours of debate" in whole["content_html"]) == (stood_in["id"], True)


def test_feed_text_that_is_longer_than_the_page_is_used(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    whole = "".join(
        f"&lt;p&gt;Paragraph {n} of the whole text, which goes on for a while.&lt;/p&gt;"
        for n in range(30)
    )
    newsroom["/rss"] = rss(newsroom, [1], whole)
    config = configure(tmp_path, feed("f", f"feed {newsroom.url('/rss')}"))
    build(config, clock)
    assert "Paragraph 29 of the whole text" in items(config, "f")[0]["content_html"]


def test_fetch_false_requests_no_article_page(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/rss"] = rss(
        newsroom, STORIES, "What the feed itself says of the matter, in one sentence."
    )
    source = feed("f", f"feed {newsroom.url('/rss')}") + "fetch = false\n"
    config = configure(tmp_path, source)
    assert one(config, clock).new == 6
    assert newsroom.paths() == ["/rss"]


def test_new_lastmod_rereads_the_article(newsroom: Site, tmp_path: Path, clock: FakeClock) -> None:
    """Only a change of its words moves `updated`; the id stays."""
    config = configure(tmp_path, feed("f", f"sitemap {newsroom.url('/sitemap.xml')}"))
    build(config, clock)
    before = items(config, "f")
    newsroom["/sitemap.xml"] = Route(
        sitemap(newsroom, STORIES).body.replace(b"2026-11-06", b"2026-11-20"), "application/xml"
    )
    newsroom.clear_requests()
    assert one(config, clock).updated == 0
    assert [(r.path, r.is_conditional) for r in newsroom.requests] == [
        ("/sitemap.xml", True),
        (path(6), True),
    ]
    newsroom[path(6)] = story(
        6, extra="<p>Correction: the debate lasted three hours, not two as we wrote.</p>"
    )
    newsroom["/sitemap.xml"] = Route(
        sitemap(newsroom, STORIES).body.replace(b"2026-11-06", b"2026-11-21"), "application/xml"
    )
    assert one(config, clock).updated == 1
    after = items(config, "f")
    assert "Correction: the debate" in after[0]["content_html"]
    assert after[0]["id"] == before[0]["id"]
    assert after[0]["date_published"] == before[0]["date_published"]
    assert after[0]["date_modified"] > before[0]["date_published"]


def test_filters_apply_before_and_after_fetching(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    rules = '[feed.exclude]\ntitle = ["matter 6"]\ntext = ["5 hundred"]\n'
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}") + rules)
    outcome = one(config, clock)
    assert (outcome.new, outcome.skipped) == (4, 2)
    assert path(6) not in newsroom.paths()
    newsroom.clear_requests()
    assert one(config, clock).skipped == 2
    assert newsroom.paths() == ["/news"]


def test_slow_filter_fails_only_the_articles_it_is_applied_to(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom[path(4)] = story(4).replace("Nobody had", f"{'a' * 60} Nobody had")
    config = configure(
        tmp_path,
        feed(
            "f",
            f"sitemap {newsroom.url('/sitemap.xml')}",
            more='exclude = { text = ["re:(?:a|a){2,}c"] }',
        ),
    )
    outcome = one(config, clock)
    assert (outcome.new, outcome.failed) == (5, 1)
    assert "the pattern 're:(?:a|a){2,}c' takes more than 1 s" in outcome.problems[0].reason


def test_changed_filters_apply_to_stored_entries(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    source = feed("f", f"page {newsroom.url('/news')}")
    build(configure(tmp_path, source + '[feed.exclude]\ntitle = ["matter 6"]\n'), clock)
    config = configure(tmp_path, source + '[feed.exclude]\ntitle = ["matter 1"]\n')
    build(config, clock)
    assert [item["title"] for item in items(config, "f")] == [title(n) for n in (6, 5, 4, 3, 2)]


def test_feed_can_publish_summaries_only(newsroom: Site, tmp_path: Path, clock: FakeClock) -> None:
    config = configure(
        tmp_path, feed("f", f"page {newsroom.url('/news')}", more='content = "summary"')
    )
    build(config, clock)
    text = (output_folder(config) / "f.rss").read_text("utf-8")
    assert "two hours of debate" in text
    assert "holds 6 hundred" not in text


@pytest.mark.parametrize(
    ("mode", "has_summary"), [("auto", True), ("lead", True), ("extract", True), ("none", False)]
)
def test_summary_setting_selects_the_summary(
    newsroom: Site, tmp_path: Path, clock: FakeClock, mode: str, *, has_summary: bool
) -> None:
    config = configure(
        tmp_path, feed("f", f"page {newsroom.url('/news')}", more=f'summary = "{mode}"')
    )
    build(config, clock)
    assert all(bool(item.get("summary")) is has_summary for item in items(config, "f"))


def test_live_document_has_the_newest_entries_up_to_the_limit(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}", more="limit = 2"))
    build(config, clock)
    assert [item["title"] for item in items(config, "f")] == [title(6), title(5)]


def test_feed_without_a_readable_article_is_not_written(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    for n in STORIES:
        newsroom[path(n)] = Route(b"oops", status=500)
    config = configure(tmp_path, feed("f", f"sitemap {newsroom.url('/sitemap.xml')}"))
    outcome = one(config, clock)
    assert (outcome.status, outcome.failed) == (RunStatus.FAILED, 6)
    assert "none of the 6 articles" in outcome.problems[-1].reason
    assert "f.rss" not in read_published(config)


def test_saved_article_has_a_page_and_its_image(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "articles" / "sub"
    folder.mkdir(parents=True)
    (folder / "pier.png").write_bytes(b"\x89PNG not really")
    (tmp_path / "secret.png").write_bytes(b"no")
    prose = (
        "The council voted on Monday to keep the old pier, after a debate that lasted until "
        "midnight in the hall."
    )
    pictures = "![The pier](pier.png)\n\n![x](../../secret.png)"
    (folder / "pier.md").write_text(
        f"# The pier stays\n\nBy Jane Doe\n\n{prose}\n\n{pictures}\n\n{prose} Really.\n"
    )
    config = configure(tmp_path, feed("f", f"folder {tmp_path / 'articles'}"))
    assert one(config, clock).new == 1
    (item,) = items(config, "f")
    assert item["url"] == "https://feeds.example.org/f/the-pier-stays.html"
    assert 'src="https://feeds.example.org/f/sub/pier.png"' in item["content_html"]
    assert set(read_published(config)) == {
        "f.rss",
        "f.atom",
        "f.json",
        "f.html",
        "f/the-pier-stays.html",
        "f/sub/pier.png",
        "index.html",
        "feeds.opml",
        "health.rss",
        "health.atom",
        "health.json",
        "health.html",
    }
    before = read_published(config)
    assert (one(config, clock).status, read_published(config)) == (RunStatus.UNCHANGED, before)


def test_changed_saved_article_keeps_its_id_and_page(tmp_path: Path, clock: FakeClock) -> None:
    prose = (
        "The council voted on Monday to keep the old pier, after a debate that lasted until "
        "midnight in the hall."
    )
    file = tmp_path / "articles" / "pier.txt"
    file.parent.mkdir()
    file.write_text(f"The pier stays\n\n{prose}\n\n{prose} Twice.\n")
    config = configure(tmp_path, feed("f", f"folder {file.parent}"))
    build(config, clock)
    (before,) = items(config, "f")
    file.write_text(f"The pier goes\n\n{prose}\n\n{prose} Thrice.\n")
    assert one(config, clock).updated == 1
    (after,) = items(config, "f")
    assert (after["title"], after["id"], after["url"]) == (
        "The pier goes",
        before["id"],
        before["url"],
    )


def test_unusable_saved_files_are_reported(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    prose = (
        "The council voted on Monday to keep the old pier, after a debate that lasted until "
        "midnight in the hall."
    )
    (folder / "good.txt").write_text(f"The pier stays\n\n{prose}\n\n{prose} Twice.\n")
    (folder / "empty.txt").write_text("")
    with (folder / "large.txt").open("wb") as large:
        large.truncate(21_000_000)
    outcome = one(configure(tmp_path, feed("f", f"folder {folder}")), clock)
    assert (outcome.new, outcome.failed) == (1, 2)
    reasons = {Path(problem.where).name: problem.reason for problem in outcome.problems}
    assert reasons["large.txt"] == "larger than 20 MB"
    assert "no article" in reasons["empty.txt"]


_PIER = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight in the hall."
)
_SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
_DRAWN = b'<svg xmlns="http://www.w3.org/2000/svg"><metadata/><rect width="9" height="9"/></svg>'

REFUSED_PICTURES = {
    "300-characters": (f"{'a' * 300}.png", "longer than 255 bytes"),
    "nul": ("a%00b.png", "contain a NUL"),
    "hidden-folder": (".assets/pier.png", "start with a dot"),
    "dots-that-are-escaped": ("sub/%2e%2e/pier.png", "start with a dot"),
    "svg-with-a-script": ("active.svg", "it contains a <script>"),
    "svg-in-capitals": ("ACTIVE.SVG", "it contains a <script>"),
    "svg-that-is-none": ("broken.svg", "not well-formed SVG"),
}


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Return a folder with a valid saved article and images."""
    folder = tmp_path / "articles"
    for name in ("pier.png", ".assets/pier.png", "sub/pier.png", "broken.svg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\x89PNG not really")
    (folder / "active.svg").write_bytes(_SCRIPT)
    (folder / "ACTIVE.SVG").write_bytes(_SCRIPT)
    (folder / "good.txt").write_text(f"The pier stays\n\n{_PIER}\n\n{_PIER} Twice.\n")
    return folder


@pytest.mark.parametrize(("picture", "reason"), REFUSED_PICTURES.values(), ids=REFUSED_PICTURES)
def test_unpublishable_image_is_reported_until_it_is_removed(
    articles: Path, tmp_path: Path, clock: FakeClock, picture: str, reason: str
) -> None:
    text = f"# The quay goes\n\n{_PIER}\n\n![x]({picture})\n\n![y](pier.png)\n\n{_PIER} Thrice.\n"
    (articles / "bad.md").write_text(text)
    config = configure(tmp_path, feed("f", f"folder {articles}"))
    for _ in range(2):
        outcome = one(config, clock)
        assert outcome.ok
        ((where, why),) = ((problem.where, problem.reason) for problem in outcome.problems)
        assert where == str(articles / "bad.md")
        assert reason in why
    assert {item["title"] for item in items(config, "f")} == {"The pier stays", "The quay goes"}
    assert {name for name in read_published(config) if name.startswith("f/")} == {
        "f/pier.png",
        "f/the-pier-stays.html",
        "f/the-quay-goes.html",
    }
    (articles / "bad.md").unlink()
    (articles / "news.txt").write_text(f"The harbour opens\n\n{_PIER}\n\n{_PIER} Again.\n")
    outcome = one(config, clock)
    assert (outcome.new, outcome.problems) == (1, ())
    assert "The harbour opens" in {item["title"] for item in items(config, "f")}


def test_repaired_image_is_published(articles: Path, tmp_path: Path, clock: FakeClock) -> None:
    (articles / "bad.md").write_text(
        f"# The quay\n\n{_PIER}\n\n![x](active.svg)\n\n{_PIER} Thrice.\n"
    )
    config = configure(tmp_path, feed("f", f"folder {articles}"))
    assert len(one(config, clock).problems) == 1
    (articles / "active.svg").write_bytes(_DRAWN)
    assert one(config, clock).problems == ()
    assert b"<rect" in read_published(config)["f/active.svg"]
    assert b"<metadata" not in read_published(config)["f/active.svg"]


def test_unpublishable_lead_image_is_reported(
    articles: Path, tmp_path: Path, clock: FakeClock
) -> None:
    (articles / "bad.md").write_text(
        f"---\ntitle: The quay\nimage: {'b' * 300}.png\n---\n{_PIER}\n\n{_PIER} Thrice.\n"
    )
    (problem,) = one(configure(tmp_path, feed("f", f"folder {articles}")), clock).problems
    assert "is not published" in problem.reason


def test_invalid_front_matter_is_reported_until_it_is_repaired(
    articles: Path, tmp_path: Path, clock: FakeClock
) -> None:
    """The article is published with its other data, and with the day of its file."""
    file = articles / "quay.md"
    file.write_text(f"---\ntitle: The quay\ndate: 0001-01-01\n---\n{_PIER}\n\n{_PIER} Thrice.\n")
    os.utime(file, (1_790_000_000, 1_790_000_000))
    config = configure(tmp_path, feed("f", f"folder {articles}"))
    for changes in (2, 0):
        outcome = one(config, clock)
        (problem,) = outcome.problems
        assert (outcome.new, outcome.updated, problem.where) == (changes, 0, str(file))
        assert problem.reason.endswith("cannot be read and is ignored: date: 0001-01-01")
    (item,) = (item for item in items(config, "f") if item["title"] == "The quay")
    assert item["date_published"].startswith("2026-09-21")
    file.write_text(file.read_text().replace("0001", "2026"))
    assert one(config, clock).problems == ()


@pytest.mark.skipif(
    not MEMORY.is_dir(), reason="no file system here has dates beyond the year 9999"
)
def test_file_dated_in_the_year_36812_is_published(tmp_path: Path, clock: FakeClock) -> None:
    with TemporaryDirectory(dir=MEMORY) as folder:
        file = Path(folder, "quay.txt")
        file.write_text(f"The quay\n\n{_PIER}\n\n{_PIER} Thrice.\n")
        os.utime(file, (2**40, 2**40))
        assert one(configure(tmp_path, feed("f", f"folder {folder}")), clock).new == 1


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"d\xe9/quay.md"])
def test_file_name_that_is_not_utf8_is_reported(
    articles: Path, tmp_path: Path, clock: FakeClock, name: bytes
) -> None:
    file = articles / os.fsdecode(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"The quay\n\n{_PIER}\n\n{_PIER} Thrice.\n")
    config = configure(tmp_path, feed("f", f"folder {articles}"))
    outcome = one(config, clock)
    (problem,) = outcome.problems
    assert (outcome.new, outcome.failed) == (1, 1)
    assert "\\udce9" in problem.where
    assert "is not UTF-8: rename it" in problem.reason
    file.rename(articles / "quay.txt")
    assert (one(config, clock).new, one(config, clock).problems) == (1, ())


def test_run_that_dies_while_publishing_loses_no_id(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """Entries are stored before files are written, so the next run publishes the same ids."""
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    output_folder(config).parent.mkdir(exist_ok=True)
    output_folder(config).write_text("a file in place of the folder")
    with open_context(config, clock) as context:
        assert run.run_feed(config.feed[0], context).status == RunStatus.FAILED
        ids = {entry.id for entry in context.store.entries("f")}
        assert len(ids) == 6
    output_folder(config).unlink()
    newsroom.clear_requests()
    build(config, clock)
    assert {item["id"] for item in items(config, "f")} == ids
    assert newsroom.paths() == ["/news"]


def test_unlisted_unpublished_entries_are_pruned_after_keep(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    source = feed("f", f"page {newsroom.url('/news')}", more="limit = 3")
    config = configure(tmp_path, source, settings='keep = "30d"')
    build(config, clock)

    def count(context: RunContext) -> int:
        return context.store.count("f")

    for n in (7, 8, 9):
        newsroom[path(n)] = story(n)
    newsroom["/news"] = listing([9, 8, 7])
    build(config, clock)
    with open_context(config, clock) as context:
        before = count(context)
    clock.pass_time(31 * 86400)
    build(config, clock)
    with open_context(config, clock) as context:
        assert (before, count(context)) == (6, 3)


def test_hundred_runs_of_a_restless_site_duplicate_and_lose_nothing(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """Tracking parameters, http and https, reordering, redating and title edits."""
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    build(config, clock)
    ids = {item["id"] for item in items(config, "f")}
    for cycle in range(100):
        clock.pass_time(1800)
        order = STORIES[cycle % 6 :] + STORIES[: cycle % 6]
        page = listing(order).replace('">Council', f'?utm_source=x{cycle}">Council')
        if cycle % 3:
            page = page.replace(
                'href="/news', f'href="{newsroom.url("/news").replace("http:", "https:")}'
            )
        newsroom["/news"] = page.replace("2026-11-0", f"2026-1{cycle % 2}-0").replace(
            "decides on", f"decides ({cycle}) on"
        )
        build(config, clock)
        found = [item["id"] for item in items(config, "f")]
        assert (len(found), set(found)) == (6, ids)


# in none of the phrase lists
BOX = (
    "Mur tavelo flugas vendrede: kvar rakontoj kaj unu desegno, ĝis via propra skatolo sub la "
    "pordo."
)


def story_with_box(n: int) -> str:
    """Return a story with a box that every story has, in a language without phrase lists."""
    return story(n).replace("<p>Work begins", f"<p>{BOX}</p><p>Work begins")


def test_repeated_boxes_of_a_site_are_removed_in_the_first_build(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """The pages of a run are learned before the first article is cleaned."""
    for n in (*STORIES, 7):
        newsroom[path(n)] = story_with_box(n)
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    assert one(config, clock).new == 6
    newsroom["/news"] = listing([7, *STORIES])
    assert one(config, clock).new == 1
    entries = items(config, "f")
    assert len(entries) == 7
    assert all(
        "Work begins" in item["content_html"] and BOX not in item["content_html"]
        for item in entries
    )


def test_site_memory_is_saved_and_counts_each_page_once(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/news"] = listing([6, 5])
    for n in (6, 5):
        newsroom[path(n)] = "<title>Down</title><p>Back soon.</p>"
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    for _ in range(2):
        assert len(one(config, clock).problems) == 2
        with open_context(config, clock) as context:
            known = SiteMemory.from_bytes(
                context.store.site_memory(f"127.0.0.1:{newsroom.port}") or b""
            )
            assert len(known.pages) == 2


def test_clean_command_uses_the_site_memory(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    for n in STORIES:
        newsroom[path(n)] = story_with_box(n)
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    build(config, clock)
    newsroom[path(9)] = story_with_box(9)
    url = newsroom.url(path(9))
    with open_context(config, clock) as context:
        page = fetch_page(url, context.fetcher)
        assert BOX in article_from_page(page).text
        memory = context.store.site_memory(site_memory.memory_key(url)) or b""
        article = article_from_page(page, memory=memory)
    assert BOX not in article.text
    assert (BOX, "on 6 of 6 other pages of this site") in {
        (each.text, each.reason) for each in article.removed
    }


def test_sources_checked_alternately_fetch_nothing_twice(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """Versions of one source are not compared with those of another."""
    page, rss_ = newsroom.url("/news"), newsroom.url("/rss")
    config = configure(tmp_path, feed("a", f"page {page}", f"feed {rss_}"))
    one(config, clock)
    newsroom.clear_requests()
    with open_context(config, clock) as context:
        for only in ({rss_}, {page}, {rss_}):
            assert run.run_feed(config.feed[0], context, only=only).status == RunStatus.UNCHANGED
    assert newsroom.paths() == ["/rss", "/news", "/rss"]


def test_run_without_sources_writes_the_stored_entries(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("a", f"page {newsroom.url('/news')}"))
    one(config, clock)
    newsroom.clear_requests()
    renamed = config.feed[0].model_copy(update={"title": "Another"})
    with open_context(config, clock) as context:
        assert run.run_feed(renamed, context, only=()).status == RunStatus.UPDATED
    assert newsroom.requests == []


def test_longest_polling_hint_of_a_source_is_stored(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/robots.txt"] = "User-agent: *\nCrawl-delay: 7"
    for place, age in (("/slow", 900), ("/static", 31_536_000)):
        newsroom[place] = Route(
            listing(STORIES).encode(), headers={"Cache-Control": f"max-age={age}"}
        )
    with running_site() as other:  # one that closes is closed for all of its pages
        other["/busy"] = Route(b"", status=503, headers={"Retry-After": "120"})
        places = (
            *(newsroom.url(place) for place in ("/news", "/slow", "/static")),
            other.url("/busy"),
        )
        config = configure(tmp_path, feed("a", *(f"page {place}" for place in places)))
        build(config, clock)
    with open_context(config, clock) as context:
        paces = {urlsplit(state.key).path: state.pace for state in context.store.sources("a")}
    assert paces == {
        "/news": PollingHints(7, "Crawl-delay"),
        "/slow": PollingHints(900, "Cache-Control"),
        "/static": PollingHints(86_400, "Cache-Control", asked=31_536_000),
        "/busy": PollingHints(120, "Retry-After"),
    }


def test_consecutive_failures_are_counted_until_a_success(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("a", f"page {newsroom.url('/news')}"))
    counts = []
    for fine in (True, False, False, True):
        newsroom["/news"] = listing(STORIES) if fine else Route(b"", status=500)
        build(config, clock)
        clock.pass_time(3600)
        with open_context(config, clock) as context:
            (state,) = context.store.sources("a")
        counts.append((state.failures, state.failing_since is not None))
    assert counts == [(0, False), (1, True), (2, True), (0, False)]


@pytest.mark.parametrize("place", ["/news", "/robots.txt"])
def test_source_paused_by_retry_after_has_not_failed(
    newsroom: Site, tmp_path: Path, clock: FakeClock, place: str
) -> None:
    """Its state stays as it was, and it waits as long as its server requested."""
    newsroom[place] = Route(b"", status=503, headers={"Retry-After": "600"})
    config = configure(tmp_path, feed("a", f"page {newsroom.url('/news')}"))
    with open_context(config, clock) as context:
        run.run_feed(config.feed[0], context)
        (failed,) = context.store.sources("a")
        newsroom.clear_requests()
        clock.pass_time(400)
        assert run.run_feed(config.feed[0], context).status == RunStatus.FAILED
        (state,) = context.store.sources("a")
        assert newsroom.paths() == []
        assert (state.failures, "HTTP 503" in (state.failure or "")) == (1, True)
        assert state == replace(
            failed, next_look=clock.now() + timedelta(seconds=200), why=state.why
        )
        clock.pass_time(100)
        run.run_feed(config.feed[0], context)
        assert context.store.sources("a") == (state,)


def test_source_paused_before_its_first_request_has_no_state(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/news"] = Route(b"", status=503, headers={"Retry-After": "600"})
    config = configure(
        tmp_path,
        feed("a", f"page {newsroom.url('/news')}"),
        feed("b", f"page {newsroom.url('/other')}"),
    )
    with open_context(config, clock) as context:
        _, second = (run.run_feed(feed, context) for feed in config.feed)
        assert "asked to wait" in second.problems[0].reason
        assert context.store.sources("b") == ()


@pytest.mark.parametrize("place", ["/news", "/"])
def test_redirect_to_the_listing_or_front_page_is_not_an_article(
    newsroom: Site, tmp_path: Path, clock: FakeClock, place: str
) -> None:
    newsroom["/"] = story(9)
    newsroom[path(2)] = Route(status=302, headers={"Location": place})
    config = configure(tmp_path, feed("a", f"page {newsroom.url('/news')}"))
    with open_context(config, clock) as context:
        outcome = run.run_feed(config.feed[0], context)
        assert [problem.where for problem in outcome.problems] == [newsroom.url(path(2))]
        assert f"it redirects to {newsroom.url(place)}" in outcome.problems[0].reason
        assert len(context.store.entries("a")) == outcome.new


def test_cancelled_run_stores_nothing(newsroom: Site, tmp_path: Path, clock: FakeClock) -> None:
    config = configure(tmp_path, feed("a", f"page {newsroom.url('/news')}"))
    with open_context(config, clock) as context:
        lease = RunBudget()
        lease.cancel()
        outcome = run.run_feed(config.feed[0], replace(context, budget=lease))
        assert outcome.status == RunStatus.FAILED
        assert context.store.entries("a") == ()
    assert read_published(config) == {}


def test_run_that_exceeds_its_time_keeps_the_articles_it_has(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("a", f"page {newsroom.url('/news')}"))

    def stop_soon(feed: str, done: int, total: int) -> None:  # noqa: ARG001 -- the protocol has their names
        if done == 2:
            lease._end = 0.0

    with open_context(config, clock) as context:
        lease = RunBudget(3600)
        outcome = run.run_feed(config.feed[0], replace(context, budget=lease, progress=stop_soon))
        assert (outcome.new, outcome.failed) == (2, 4)
        assert "the run's time is up" in outcome.problems[0].reason
        assert run.run_feed(config.feed[0], context).new == 4


def test_run_that_cannot_write_is_stored_with_its_reason(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("a", f"page {newsroom.url('/news')}"))
    with open_context(config, clock) as context:
        output_folder(config).write_text("a file where the folder should be")
        assert run_feed(config.feed[0], context).status == RunStatus.FAILED
        run = context.store.last_run("a")
        assert run is not None
        assert str(output_folder(config)) in run.outcome.problems[0].reason
        output_folder(config).unlink()
        assert run_feed(config.feed[0], context).status == RunStatus.UPDATED


@pytest.mark.parametrize("query", ["", "?page=1", "?api_key=T0KEN"])
def test_home_page_of_a_feed_is_its_listing(
    newsroom: Site, tmp_path: Path, clock: FakeClock, query: str
) -> None:
    """Unless the listing's address contains a token: published files must not reveal it."""
    config = configure(tmp_path, feed("world", f"page {newsroom.url('/news')}{query}"))
    build(config, clock)
    files = read_published(config)
    home = json.loads(files["world.json"])["home_page_url"]
    own = "https://feeds.example.org/world.html"
    assert home == (own if "api_key" in query else newsroom.url(f"/news{query}"))
    assert not [name for name, content in files.items() if b"T0KEN" in content]


def test_run_that_lost_its_lock_writes_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_newsroom(site, [1, 2, 3])
    config = configure(tmp_path, feed("world", f"page {site.url('/news')}"))

    def lost() -> None:
        raise StoreError("the lock was lost")

    with open_context(config, FakeClock()) as context:
        monkeypatch.setattr(context.store, "check_lock", lost)
        outcome = run.run_feed(config.feed[0], context)
    assert outcome.status == RunStatus.FAILED
    assert "the lock was lost" in str(outcome.problems)
    assert not (output_folder(config) / "world.rss").exists()

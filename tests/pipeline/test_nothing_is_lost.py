"""Every item that a source lists becomes an entry, with the best content that is known."""

import json
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.core.models import Entry, RunResult
from feedpub.pipeline import run
from tests.support.clock import FakeClock
from tests.support.newsroom import PARAGRAPHS, configure, feed, open_context, output_folder
from tests.support.site import Route, Site

LONG = "".join(f"<p>{paragraph.format(n=7)}</p>" for paragraph in PARAGRAPHS)
NAVIGATION = (
    '<header><a href="/">Town of Bay</a><nav><a href="/">Home</a> <a href="/notices">Notices</a> '
    '<a href="/contact">Contact</a></nav></header>'
)
FOOTER = (
    "<footer><p>© 2026 Town of Bay. All rights reserved. Town hall, 1 Quay Street, open Monday to "
    'Friday from 9 to 12.</p><p><a href="/imprint">Imprint</a> <a href="/privacy">Privacy</a></p>'
    "</footer>"
)
SCRIPT = '<script src="/app.js"></script>'


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def page(title: str, body: str, *, main: str = "main", head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>{title} | Town of Bay</title>{head}</head>'
        f'<body>{NAVIGATION}<{main} class="content"><h1>{title}</h1>{body}</{main}>{FOOTER}{SCRIPT}'
        "</body></html>"
    )


def listing(*items: tuple[str, str]) -> str:
    cards = "".join(
        f'<li><h2><a href="{path}">{title}</a></h2><time datetime="2026-11-{20 - n:02d}T08:00:00Z">'
        f"{20 - n} November 2026</time></li>"
        for n, (path, title) in enumerate(items)
    )
    head = "<!doctype html><html lang='en'><head><title>Notices | Town of Bay</title></head>"
    return f"{head}<body>{NAVIGATION}<main><h1>Notices</h1><ul>{cards}</ul></main>{FOOTER}</body>"


def rss(*items: str) -> Route:
    joined = "".join(f"<item>{item}</item>" for item in items)
    head = "<title>Town of Bay</title><link>http://127.0.0.1/</link><description/>"
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:media="http://search.yahoo.com/mrss/"'
    )
    body = f'<rss version="2.0" {namespaces}><channel>{head}{joined}</channel></rss>'
    return Route(body.encode(), "application/rss+xml")


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as context:
        (outcome,) = [run.run_feed(each, context) for each in config.feed]
    return outcome


def stored(config: Config) -> dict[str, Entry]:
    """Return the stored entries by title."""
    document = json.loads((output_folder(config) / "f.json").read_bytes())
    with open_context(config) as context:
        found = [context.store.entry("f", item["id"]) for item in document["items"]]
    return {entry.title: entry for entry in found if entry}


def items(config: Config) -> list[dict[str, Any]]:
    return list(json.loads((output_folder(config) / "f.json").read_bytes())["items"])


SHORT_PAGES = {
    "The pool is closed on Monday": "<p>The pool is closed on day 1.</p>",
    "How is the ferry to the island today": "<div>Late.</div>",
    "Picture of the week by the sea": '<img src="/pier.jpg" alt="Pier" width="800" height="600">',
    "Film of the summer fair": '<iframe src="https://youtube.com/embed/abcdefghijk"></iframe>',
    "The choir sings its newest song": '<audio controls src="/choir.mp3"></audio>',
    "Nothing but a title for this notice": "",
    "The council meets to talk about the pier": LONG,
}


@pytest.mark.parametrize("main", ["main", "div"])
def test_every_listed_page_becomes_an_entry(
    site: Site, tmp_path: Path, clock: FakeClock, main: str
) -> None:
    """The cleaner decides what to cut, never that an item does not exist."""
    paths = {title: f"/notices/{title.lower().replace(' ', '-')}" for title in SHORT_PAGES}
    for title, body in SHORT_PAGES.items():
        site[paths[title]] = page(title, body, main=main)
    site["/notices"] = listing(*[(path, title) for title, path in paths.items()])
    config = configure(tmp_path, feed("f", f"page {site.url('/notices')}"))
    outcome = build(config, clock)
    assert outcome.new == len(SHORT_PAGES), outcome.problems
    entries = stored(config)
    assert set(entries) == set(SHORT_PAGES)
    assert entries["The pool is closed on Monday"].text == "The pool is closed on day 1."
    assert entries["The pool is closed on Monday"].complete
    assert entries["How is the ferry to the island today"].text == "Late."
    assert "pier.jpg" in entries["Picture of the week by the sea"].html
    assert "youtube.com" in entries["Film of the summer fair"].html
    assert "choir.mp3" in entries["The choir sings its newest song"].html
    assert entries["The council meets to talk about the pier"].text.startswith(
        "The council of the harbour town"
    )
    alone = entries["Nothing but a title for this notice"]
    assert (alone.html, alone.complete) == ("", False)
    assert alone.content_reason.startswith("title and link alone: there is no article in the page")
    for entry in entries.values():
        assert "Quay Street" not in entry.text
        assert "Contact" not in entry.text
    reasons = {problem.where.rpartition("/")[2]: problem.reason for problem in outcome.problems}
    reason = reasons["nothing-but-a-title-for-this-notice"]
    assert "; its title and link are published instead; next try at " in reason
    clock.pass_time(3600)
    assert build(config, clock).new == 0


def test_error_and_login_pages_stay_out(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    site["/a"] = page("Page not found", "<p>The page does not exist.</p>")
    site["/b"] = page("Log in", "<p>Enter your name.</p>")
    site["/c"] = page("Pool closed", "<p>The pool is closed on day 1.</p>")
    site["/notices"] = listing(
        ("/a", "The mayor resigns"), ("/b", "The budget in detail"), ("/c", "Pool closed")
    )
    config = configure(tmp_path, feed("f", f"page {site.url('/notices')}"))
    outcome = build(config, clock)
    assert (outcome.new, outcome.failed) == (1, 2)
    reasons = [problem.reason for problem in outcome.problems]
    assert "this is an error page" in reasons[0]
    assert "login page: set cookies or auth (its title is" in reasons[1]


def test_page_is_read_again_until_it_has_content(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/a"] = page("Pool closed", "")
    site["/b"] = page("Council meets", LONG)
    site["/notices"] = listing(("/a", "Pool closed"), ("/b", "Council meets"))
    config = configure(tmp_path, feed("f", f"page {site.url('/notices')}"))
    assert build(config, clock).new == 2
    before = stored(config)["Pool closed"]
    site["/a"] = page("Pool closed", "<p>The pool is closed on day 1.</p>")
    clock.pass_time(86400 * 8)
    outcome = build(config, clock)
    assert (outcome.new, outcome.updated) == (0, 1)
    entry = stored(config)["Pool closed"]
    assert (entry.id, entry.text, entry.complete) == (
        before.id,
        "The pool is closed on day 1.",
        True,
    )


def test_article_is_not_replaced_by_its_title(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    site["/b"] = page("Council meets", LONG)
    item = f"<title>Council meets</title><link>{site.url('/b')}</link><pubDate>{{}}</pubDate>"
    site["/rss"] = rss(item.format("Sun, 22 Nov 2026 08:00:00 GMT"))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    build(config, clock)
    before = items(config)
    site["/b"] = page("Council meets", "")
    site["/rss"] = rss(f"{item.format('Sun, 22 Nov 2026 08:00:00 GMT')}<guid>1</guid>")
    clock.pass_time(86400)
    build(config, clock)
    assert items(config) == before


def test_feed_item_whose_page_fails_is_an_entry_at_once(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """It is replaced as soon as the page can be read."""
    site["/b"] = Route(b"down", status=503)
    site["/rss"] = rss(f"<title>Council meets</title><link>{site.url('/b')}</link>")
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    outcome = build(config, clock)
    assert (outcome.new, len(outcome.problems)) == (1, 1)
    (before,) = stored(config).values()
    assert (before.title, before.html, before.complete) == ("Council meets", "", False)
    assert "its title and link are published instead" in outcome.problems[0].reason
    site["/b"] = page("Council meets", LONG)
    clock.pass_time(86400 * 8)
    assert (build(config, clock).new, len(items(config))) == (0, 1)
    (entry,) = stored(config).values()
    assert (entry.id, entry.complete) == (before.id, True)
    assert entry.text.startswith("The council of the harbour town")


def test_listed_page_that_fails_is_no_entry(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    site["/a"] = Route(b"down", status=503)
    site["/b"] = page("Council meets", LONG)
    site["/notices"] = listing(("/a", "Pool closed"), ("/b", "Council meets"))
    outcome = build(configure(tmp_path, feed("f", f"page {site.url('/notices')}")), clock)
    assert (outcome.new, outcome.failed) == (1, 1)


# --- the feed's own content ---


def _item(site: Site, name: str, title: str, content: str, *more: str) -> str:
    description = f"<description>{escape(content)}</description>" if content else ""
    heading = f"<title>{title}</title>" if title else ""
    return f"{heading}<link>{site.url(f'/{name}')}</link>{description}{''.join(more)}"


def test_web_comic_keeps_its_picture_and_the_text_in_it(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/12"] = page("Gulls", '<div id="comic"></div><p>New comics each Monday and Friday.</p>')
    comic = '<img src="/comics/12.png" title="They do not know it is Monday." alt="Two gulls talk">'
    site["/rss"] = rss(_item(site, "12", "Gulls", comic))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    build(config, clock)
    entry = stored(config)["Gulls"]
    assert "/comics/12.png" in entry.html
    assert "They do not know it is Monday." in entry.html


def test_post_is_not_replaced_by_the_alternative_text_of_its_picture(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    post = "The lighthouse is open on Sunday, and there is cake. Bring a friend!"
    alt = "A white tower on a cliff under a dark sky, with two gulls above it and a small red boat."
    site["/@anna/1"] = page(
        "Anna (@anna@bay.example)", f'<figure><img src="/1.jpg"><p>{alt}</p></figure>', main="div"
    )
    site["/rss"] = rss(
        _item(site, "@anna/1", "", f"<p>{post}</p>", "<guid>https://bay.example/@anna/1</guid>")
    )
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    build(config, clock)
    (entry,) = stored(config).values()
    assert entry.text == post
    assert entry.title == ""
    assert entry.content_reason == "the source's own content: it is a post without a title"


def test_post_whose_page_needs_scripts_has_the_text_of_the_feed(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/1"] = (
        '<html><head><title>Bay</title></head><body><div id="root"></div><noscript>To use the '
        f"web application, please enable JavaScript.</noscript>{SCRIPT}</body></html>"
    )
    site["/rss"] = rss(_item(site, "1", "", "<p>The pool is closed on day 1.</p>"))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    outcome = build(config, clock)
    (entry,) = stored(config).values()
    assert (entry.text, entry.complete) == ("The pool is closed on day 1.", True)
    assert (outcome.failed, outcome.problems) == (0, ())


ALONE = {
    "a title": "<title>Pool closed</title>",
    "a text": "<description>The pool is closed on day 1.</description>",
    "a picture": f"<description>{escape('<img src=https://x.example/pier.jpg>')}</description>",
    "a file": '<enclosure url="https://x.example/choir.mp3" type="audio/mpeg" length="5"/>',
    "a picture of its own": '<media:content url="https://x.example/p.jpg" medium="image"/>',
}


def test_items_without_a_link_have_a_stable_id_and_a_page(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    site["/rss"] = rss(*ALONE.values())
    outcome = build(config, clock)
    assert (outcome.new, outcome.failed) == (len(ALONE), 0), outcome.problems
    before = items(config)
    assert len({item["id"] for item in before}) == len(ALONE)
    for item in before:
        name = item["url"].rpartition("/")[2]
        assert (output_folder(config) / "f" / name).exists()
    clock.pass_time(3600)
    site["/rss"] = rss("<title>Library open</title>", *ALONE.values())
    assert build(config, clock).new == 1
    assert [
        item for item in items(config) if item["id"] in {each["id"] for each in before}
    ] == before


def test_posts_of_one_day_without_link_and_title_are_all_kept(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    date = "<pubDate>Sun, 22 Nov 2026 00:00:00 GMT</pubDate>"
    texts = ("The pool is closed.", "The library is open.", "The ferry is late.")
    site["/rss"] = rss(*[f"<description>{text}</description>{date}" for text in texts])
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    assert build(config, clock).new == 3
    clock.pass_time(3600)
    site["/rss"] = rss(*[f"<description>{text}</description>{date}" for text in reversed(texts)])
    assert build(config, clock).new == 0


def test_posts_without_a_title_that_share_a_link_are_all_kept(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/"] = page("Notices", LONG)
    texts = ("The pool is closed.", "The library is open.", "The ferry is late.")
    site["/rss"] = rss(*[_item(site, "", "", text) for text in texts])
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    build(config, clock)
    assert sorted(entry["content_html"] for entry in items(config)) == sorted(
        f"<p>{text}</p>" for text in texts
    )


def test_post_without_a_title_has_none_in_json_and_its_first_words_elsewhere(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    text = (
        "The lighthouse is open on Sunday, and there is cake for everyone who climbs all of its "
        "stairs."
    )
    site["/1"] = page("Town of Bay", f"<p>{text}</p>")
    site["/rss"] = rss(_item(site, "1", "", f"<p>{text}</p>"))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    build(config, clock)
    (item,) = items(config)
    assert "title" not in item
    made = "The lighthouse is open on Sunday, and there is cake for everyone who…"
    for name in ("f.rss", "f.atom", "f.html"):
        document = (output_folder(config) / name).read_text("utf-8")
        assert made.removesuffix("…")[:60] in document, name
        assert document.count("Town of Bay") <= 1, name

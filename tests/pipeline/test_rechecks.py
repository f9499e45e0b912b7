"""Recent articles are rechecked: when, at what cost, and which changes reach the feed."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.core.budget import RunBudget
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import rechecks, run
from feedpub.pipeline.rechecks import MAX_AGE, MAX_RECHECKS, RECHECK_AFTER
from feedpub.store import Store
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
from tests.support.site import Route, Site
from tests.support.states import state_folder

START = datetime(
    2026, 11, 6, 9, tzinfo=UTC
)  # the sixth story is two hours old, the fourth and older ones are not young
HOUR = timedelta(hours=1)
NONE: frozenset[str] = frozenset()  # no source is due


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, [6])
    return site


class Workspace:
    """A feed that is built again and again, each time as by a new process."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = FakeClock(START)

    def build(
        self, only: Collection[str] | None = None, lease: RunBudget | None = None
    ) -> RunResult:
        with open_context(self.config, self.clock) as context:
            return run.run_feed(
                self.config.feed[0], replace(context, budget=lease or RunBudget()), only=only
            )

    def after(self, wait: timedelta, only: Collection[str] | None = None) -> RunResult:
        """Build at the given time after the first build."""
        self.clock.pass_time((START + wait - self.clock.now()).total_seconds())
        return self.build(only)

    def next(self) -> timedelta | None:
        """Return when an article is rechecked, after the first build."""
        with Store.open(state_folder(self.config.feedpub)) as store:
            moment = store.next_recheck("f", self.clock.now())
        return moment - START if moment else None

    def items(self) -> list[dict[str, Any]]:
        return list(json.loads((output_folder(self.config) / "f.json").read_bytes())["items"])

    def files(self) -> dict[str, bytes]:
        return {
            file.name: file.read_bytes()
            for file in output_folder(self.config).rglob("*")
            if file.is_file()
        }


def create_workspace(tmp_path: Path, *sources: str, more: str = "") -> Workspace:
    return Workspace(configure(tmp_path, feed("f", *sources, more=more)))


@pytest.fixture
def workspace(newsroom: Site, tmp_path: Path) -> Workspace:
    """Return a feed with one recent article, just built."""
    workspace = create_workspace(tmp_path, f"page {newsroom.url('/news')}")
    assert workspace.build().new == 1
    newsroom.clear_requests()
    return workspace


def take_requests(site: Site) -> list[tuple[str, bool, int]]:
    """Return path, condition and status of each request."""
    found = [(r.path, r.is_conditional, r.status) for r in site.requests if r.path != "/robots.txt"]
    site.clear_requests()
    return found


# --- when
# ------------------------------------------------------------------------------------------------


def test_recent_article_is_rechecked_after_1_6_and_24_hours(
    workspace: Workspace, newsroom: Site
) -> None:
    """Each recheck costs one 304."""
    assert [wait / HOUR for wait in RECHECK_AFTER] == [1, 6, 24]
    for wait, then in zip(RECHECK_AFTER, (*RECHECK_AFTER[1:], None), strict=True):
        assert workspace.next() == wait
        workspace.after(wait - timedelta(seconds=1))
        assert take_requests(newsroom) == [("/news", True, 304)]
        workspace.after(wait)
        assert take_requests(newsroom) == [("/news", True, 304), (path(6), True, 304)]
        assert workspace.next() == then
    workspace.after(timedelta(days=9))
    assert take_requests(newsroom) == [("/news", True, 304)]


def test_missed_rechecks_are_not_made_up_for(workspace: Workspace, newsroom: Site) -> None:
    workspace.after(timedelta(hours=9), NONE)
    assert take_requests(newsroom) == [(path(6), True, 304)]
    assert workspace.next() == timedelta(hours=24)
    workspace.after(timedelta(days=9), NONE)
    assert take_requests(newsroom) == [(path(6), True, 304)]
    assert workspace.next() is None


def test_new_version_does_not_move_the_rechecks(newsroom: Site, tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path, f"sitemap {newsroom.url('/sitemap.xml')}")
    workspace.build()
    newsroom["/sitemap.xml"] = Route(
        sitemap(newsroom, [6]).body.replace(b"11-06", b"11-07"), "application/xml"
    )
    newsroom.clear_requests()
    workspace.after(HOUR / 2)
    assert take_requests(newsroom) == [("/sitemap.xml", True, 200), (path(6), True, 304)]
    assert workspace.next() == RECHECK_AFTER[0]


def test_recheck_false_ends_all_rechecks(newsroom: Site, tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path, f"page {newsroom.url('/news')}", more="recheck = false")
    workspace.build()
    assert workspace.next() is None
    on = create_workspace(tmp_path / "on", f"page {newsroom.url('/news')}")
    on.build()
    off = create_workspace(tmp_path / "on", f"page {newsroom.url('/news')}", more="recheck = false")
    newsroom.clear_requests()
    for each in (workspace, off):
        each.after(HOUR)
        assert take_requests(newsroom) == [("/news", True, 304)]


@pytest.mark.parametrize(
    ("age", "young"),
    [(timedelta(0), True), (MAX_AGE - HOUR, True), (MAX_AGE, False), (-HOUR, True), (None, True)],
)
def test_only_recent_and_undated_articles_are_rechecked(
    age: timedelta | None, *, young: bool
) -> None:
    assert rechecks.is_recent(None if age is None else START - age, START) is young


def test_old_articles_of_the_first_build_are_not_rechecked(site: Site, tmp_path: Path) -> None:
    open_newsroom(site, [6, 5, 4, 3, 2, 1])
    workspace = create_workspace(tmp_path, f"page {site.url('/news')}")
    assert workspace.build().new == 6
    site.clear_requests()
    workspace.after(HOUR, NONE)
    assert sorted(take_requests(site)) == [(path(n), True, 304) for n in (5, 6)]


def test_text_from_the_feed_is_not_rechecked(newsroom: Site, tmp_path: Path) -> None:
    whole = "".join(
        f"&lt;p&gt;Paragraph {n} of the whole text, which goes on for long.&lt;/p&gt;"
        for n in range(40)
    )
    newsroom["/rss"] = rss(newsroom, [6], whole)
    for more in ("", "fetch = false\n"):
        folder = tmp_path / (more[:5] or "fuller")
        workspace = Workspace(configure(folder, feed("f", f"feed {newsroom.url('/rss')}") + more))
        assert workspace.build().new == 1
        assert workspace.next() is None


def test_saved_articles_are_not_rechecked(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "articles"
    folder.mkdir(parents=True)
    (folder / "note.txt").write_text(
        "A note\n\n" + "Words that make an article of it. " * 20, "utf-8"
    )
    workspace = create_workspace(tmp_path, "folder articles")
    assert workspace.build().new == 1
    assert workspace.next() is None


# --- who is asked
# ------------------------------------------------------------------------------------------------


def test_article_is_rechecked_if_no_source_is_due(workspace: Workspace, newsroom: Site) -> None:
    newsroom[path(6)] = story(6, extra="<p>Correction: the debate lasted three hours, not two.</p>")
    outcome = workspace.after(HOUR, NONE)
    assert take_requests(newsroom) == [(path(6), True, 200)]
    assert (outcome.status, outcome.updated, outcome.requests) == (RunStatus.UPDATED, 1, 1)
    assert "Correction: the debate" in workspace.items()[0]["content_html"]


def test_article_is_rechecked_if_it_is_no_longer_listed(
    workspace: Workspace, newsroom: Site
) -> None:
    open_newsroom(newsroom, [7])
    newsroom[path(6)] = story(6).replace("two hours", "three hours")
    outcome = workspace.after(HOUR)
    assert {("/news", True, 200), (path(6), True, 200)} <= set(take_requests(newsroom))
    assert (outcome.new, outcome.updated) == (1, 1)


def test_moved_article_is_rechecked_at_its_new_address(tmp_path: Path, newsroom: Site) -> None:
    items = rss(newsroom, [6]).body.replace(
        b"<item>", b'<item><guid isPermaLink="false">six</guid>'
    )
    newsroom["/rss"] = Route(items, "application/rss+xml")
    workspace = create_workspace(tmp_path, f"feed {newsroom.url('/rss')}")
    workspace.build()
    newsroom["/renamed"] = story(6)
    newsroom["/rss"] = Route(items.replace(path(6).encode(), b"/renamed"), "application/rss+xml")
    del newsroom[path(6)]
    workspace.after(HOUR / 2)
    newsroom["/rss"] = rss(newsroom, [5])
    newsroom["/renamed"] = story(6).replace("two hours", "three hours")
    newsroom.clear_requests()
    workspace.after(HOUR)
    assert path(6) not in newsroom.paths()
    assert "three hours" in next(
        item["content_html"] for item in workspace.items() if item["title"] == title(6)
    )


def test_article_is_rechecked_if_its_source_fails(workspace: Workspace, newsroom: Site) -> None:
    newsroom["/news"] = Route(b"oops", status=500)
    newsroom[path(6)] = story(6).replace("two hours", "three hours")
    outcome = workspace.after(HOUR)
    assert (outcome.status, outcome.updated) == (RunStatus.PARTIAL, 1)
    assert "three hours" in workspace.items()[0]["content_html"]


def test_rechecked_article_is_not_read_again_by_its_source(
    workspace: Workspace, newsroom: Site
) -> None:
    newsroom[path(6)] = story(6).replace("two hours", "three hours")
    workspace.after(HOUR, NONE)
    before = workspace.files()
    newsroom.clear_requests()
    workspace.after(HOUR * 2)
    assert take_requests(newsroom) == [("/news", True, 304)]
    assert workspace.files() == before


def test_rechecked_article_of_a_source_with_versions_is_not_read_again(
    newsroom: Site, tmp_path: Path
) -> None:
    workspace = create_workspace(
        tmp_path, f"feed {newsroom.url('/rss')}", f"sitemap {newsroom.url('/sitemap.xml')}"
    )
    workspace.build()
    newsroom[path(6)] = story(6).replace("two hours", "three hours")
    workspace.after(HOUR, NONE)
    newsroom.clear_requests()
    workspace.after(HOUR * 2)
    assert sorted(take_requests(newsroom)) == [("/rss", True, 304), ("/sitemap.xml", True, 304)]


def test_recheck_sends_the_headers_of_the_source(newsroom: Site, tmp_path: Path) -> None:
    workspace = Workspace(
        configure(
            tmp_path,
            feed("f", f"page {newsroom.url('/news')}") + '[feed.source.headers]\nX-Pass = "word"\n',
        )
    )
    workspace.build()
    newsroom.clear_requests()
    workspace.after(HOUR, NONE)
    assert [(r.path, r.headers["x-pass"]) for r in newsroom.requests] == [(path(6), "word")]


def test_recheck_requests_the_listed_address(newsroom: Site, tmp_path: Path) -> None:
    """Not the canonical one: the page at the listed address may have changed."""
    newsroom["/mobile/6"] = story(6).replace(
        "</head>", f'<link rel="canonical" href="{newsroom.url(path(6))}"></head>'
    )
    newsroom["/rss"] = Route(
        rss(newsroom, [6]).body.replace(path(6).encode(), b"/mobile/6?id=1"), "application/rss+xml"
    )
    workspace = create_workspace(tmp_path, f"feed {newsroom.url('/rss')}")
    workspace.build()
    assert workspace.items()[0]["url"] == newsroom.url(path(6))
    newsroom.clear_requests()
    workspace.after(HOUR, NONE)
    assert take_requests(newsroom) == [("/mobile/6?id=1", True, 304)]


def test_article_with_two_addresses_is_rechecked_once(newsroom: Site, tmp_path: Path) -> None:
    newsroom["/mobile/6"] = story(6).replace(
        "</head>", f'<link rel="canonical" href="{newsroom.url(path(6))}"></head>'
    )
    newsroom["/rss"] = Route(
        rss(newsroom, [6]).body.replace(path(6).encode(), b"/mobile/6"), "application/rss+xml"
    )
    workspace = create_workspace(
        tmp_path, f"page {newsroom.url('/news')}", f"feed {newsroom.url('/rss')}"
    )
    assert workspace.build().new == 1
    newsroom.clear_requests()
    workspace.after(HOUR, NONE)
    assert len(take_requests(newsroom)) == 1


def test_rechecks_of_one_run_are_limited(site: Site, tmp_path: Path) -> None:
    numbers = list(range(1, MAX_RECHECKS + 6))
    for n in numbers:
        site[path(n)] = story(n).replace(f"2026-11-{n:02d}T", "2026-11-06T")
    site["/news"] = listing(numbers).replace("<time datetime", "<time data-was")
    workspace = create_workspace(tmp_path, f"page {site.url('/news')}")
    assert workspace.build().new == len(numbers)
    site.clear_requests()
    first = workspace.after(HOUR, NONE)
    assert first.requests == len(site.paths()) == MAX_RECHECKS
    assert workspace.next() == HOUR
    second = workspace.after(HOUR * 1.1, NONE)
    assert second.requests == 5
    assert sorted(site.paths()) == sorted(map(path, numbers))
    assert workspace.next() == RECHECK_AFTER[1]


def test_articles_of_a_removed_source_are_not_rechecked(
    workspace: Workspace, newsroom: Site
) -> None:
    open_newsroom(newsroom, [5])
    newsroom["/other"] = listing([5])
    workspace.config = configure(
        state_folder(workspace.config.feedpub).parent, feed("f", f"page {newsroom.url('/other')}")
    )
    assert workspace.after(HOUR).new == 1
    assert path(6) not in newsroom.paths()
    assert workspace.next() == HOUR + RECHECK_AFTER[0]


def test_recheck_without_time_left_stays_due(workspace: Workspace, newsroom: Site) -> None:
    workspace.clock.pass_time(3600)
    workspace.build(NONE, RunBudget(seconds=-1))
    assert (take_requests(newsroom), workspace.next()) == ([], HOUR)
    workspace.build(NONE)
    assert (take_requests(newsroom), workspace.next()) == ([(path(6), True, 304)], RECHECK_AFTER[1])


# --- results
# ------------------------------------------------------------------------------------------------


def test_correction_changes_only_updated_and_content(newsroom: Site, tmp_path: Path) -> None:
    open_newsroom(newsroom, [6, 5])
    workspace = create_workspace(tmp_path, f"page {newsroom.url('/news')}")
    workspace.build()
    before = workspace.items()
    newsroom[path(5)] = story(5).replace("two hours", "three hours")
    workspace.after(HOUR, NONE)
    after = workspace.items()
    assert [item["id"] for item in after] == [item["id"] for item in before]
    assert [item["date_published"] for item in after] == [item["date_published"] for item in before]
    assert after[0] == before[0]
    assert datetime.fromisoformat(after[1]["date_modified"]) == START + HOUR


def test_generated_summary_follows_the_correction(newsroom: Site, tmp_path: Path) -> None:
    own = (
        "How the harbour town came to its new pier for the fishing boats, and who paid for it "
        "in the end."
    )
    for description, expected in (("A teaser, cut sh…", "three hours of debate"), (own, own)):
        newsroom["/rss"] = rss(newsroom, [6], description)
        newsroom[path(6)] = story(6)
        workspace = create_workspace(tmp_path / description[:5], f"feed {newsroom.url('/rss')}")
        workspace.build()
        newsroom[path(6)] = story(6).replace("two hours", "three hours")
        assert workspace.after(HOUR, NONE).updated == 1
        assert expected in workspace.items()[0]["summary"]


Change = Callable[[str], str]


def replacing(old: str, new: str) -> Change:
    def change(page: str) -> str:
        assert old in page
        return page.replace(old, new)

    return change


def inserting(markup: str, before: str = "<h2>You may") -> Change:
    return replacing(before, markup + before)


# The page as it is at first: with all that a news site changes without a word to its readers. The
# counters amid the
# text are taken for text.
PAGE = (
    story(6)
    .replace("</p><p>Nobody", "</p><p>Shared 1,204 times</p><h3>12 votes, 3 views</h3><p>Nobody")
    .replace('<p class="byline">', '<p class="views">3,456 views</p><p class="byline">')
    .replace("By Jane Doe", "By Jane Doe · <span>5 minutes ago</span> · 4 min read")
    .replace(
        "</h1>",
        (
            '</h1><p><time datetime="2026-11-06T10:00:00+01:00">Updated 10:00, 6 November '
            "2026</time></p>"
        ),
        1,
    )
    .replace(
        "<h2>You may",
        '<figure><img src="https://img.example.org/pier.jpg?w=800&amp;sig=abc" alt="The '
        'pier"></figure>'
        '<p>More in <a href="https://example.org/more?utm_source=home">our dossier</a> on '
        "the matter of the pier.</p>"
        '<div class="comments-count">12 comments</div><h2>You may',
    )
)
NO_NEWS = {
    "comment count": replacing("12 comments", "87 comments"),
    "view counter": replacing("3,456 views", "9,021 views"),
    "counter amid the text": replacing("Shared 1,204 times", "Shared 1,377 times"),
    "counter as a heading": replacing("12 votes, 3 views", "14 votes, 5 views"),
    "counter gone": replacing("<p>Shared 1,204 times</p>", ""),
    "relative time": replacing("5 minutes ago", "an hour ago"),
    "clock of the page": replacing(
        "Updated 10:00, 6 November 2026", "Updated 11:30, 6 November 2026"
    ),
    "reading time": replacing("4 min read", "5 min read"),
    "machine-readable date": replacing("2026-11-06T10:00:00+01:00", "2026-11-06T11:30:00+01:00"),
    "signature of a picture": replacing("sig=abc", "sig=def&amp;exp=1794000000"),
    "size of a picture": replacing("w=800", "w=1200"),
    "another picture's host": replacing("img.example.org", "cdn7.example.org"),
    "tracking of a link": replacing("utm_source=home", "utm_source=article&amp;utm_medium=web"),
    "related articles": replacing("Slow clock", "Quick clock"),
    "another related article": inserting('<li><a href="/z">Cold minute</a></li>', before="</ul>"),
    "advertisement": inserting('<div class="ad" id="slot-3"><p>Advertisement</p></div>'),
    "script": inserting("<script>var session = 'x9';</script>", before="</body>"),
    "class names": replacing("<main>", '<main class="css-1x2y3z">'),
    "white space": replacing("</p><p>", " </p>\n\n  <p> "),
    "quotation marks and dashes": replacing("in time and the weather", "in time — and the weather"),
    "footer": replacing("Copyright 2026", "Copyright 2027"),
    "navigation": inserting('<a href="/new">New section</a> ', before='<a href="/about">'),
    "emphasis": replacing("new pier", "<b>new</b> pier"),
}
NEWS = {
    "word": replacing("two hours", "three hours"),
    "number": replacing("6 weeks", "16 weeks"),
    "name": replacing("the mayor opened", "the deputy opened"),
    "headline": replacing(title(6), f"{title(6)}, after all"),
    "paragraph added": inserting(
        "<p>On Tuesday the council confirmed that the timber has already been bought.</p>"
    ),
    "note of correction": inserting("<p>Correction: an earlier version named the wrong day.</p>"),
    "paragraph gone": replacing(
        "Nobody had expected so many people. The hall holds 6 hundred, the caretaker said, and "
        "every chair was taken by the time the mayor opened the "
        "meeting and read out the "
        "letters.",
        "",
    ),
    "negation": replacing("it decided to build", "it decided not to build"),
    "sentence added": replacing(
        "the weather holds.", "the weather holds. The town pays half of it."
    ),
    "word gone": replacing("harbour master hopes", "master hopes"),
    "day": replacing("Monday evening", "Tuesday evening"),
    "caption's fact": replacing("before the summer", "before the winter"),
}


@pytest.mark.parametrize("what", NO_NEWS)
def test_page_change_without_a_text_change_changes_no_byte(
    newsroom: Site, tmp_path: Path, what: str
) -> None:
    newsroom[path(6)] = PAGE
    workspace = create_workspace(tmp_path, f"page {newsroom.url('/news')}")
    workspace.build()
    before = workspace.files()
    newsroom[path(6)] = NO_NEWS[what](PAGE)
    newsroom.clear_requests()
    outcome = workspace.after(HOUR)
    assert take_requests(newsroom) == [("/news", True, 304), (path(6), True, 200)]
    assert (outcome.status, outcome.updated, outcome.problems) == (RunStatus.UNCHANGED, 0, ())
    assert workspace.files() == before


@pytest.mark.parametrize("what", NEWS)
def test_text_change_moves_updated(newsroom: Site, tmp_path: Path, what: str) -> None:
    newsroom[path(6)] = PAGE
    workspace = create_workspace(tmp_path, f"page {newsroom.url('/news')}")
    workspace.build()
    (before,) = workspace.items()
    newsroom[path(6)] = NEWS[what](PAGE)
    assert workspace.after(HOUR).updated == 1
    (after,) = workspace.items()
    assert after["date_modified"] > before["date_modified"]
    assert (after["id"], after["date_published"]) == (before["id"], before["date_published"])
    assert after["content_html"] != before["content_html"] or after["title"] != before["title"]


def test_new_site_memory_is_not_a_correction(newsroom: Site, tmp_path: Path) -> None:
    """A box looks like a paragraph until more pages of the site are known."""
    box = (
        "<p>The Harbour Times has told the town what the sea brings and what it takes since "
        "1887.</p>"
    )
    newsroom[path(6)] = story(6).replace("<h2>You may", f"{box}<h2>You may")
    workspace = create_workspace(tmp_path, f"page {newsroom.url('/news')}")
    workspace.build()
    assert "since 1887" in workspace.items()[0]["content_html"]
    for n in (5, 4, 3, 2):
        newsroom[path(n)] = story(n).replace("<h2>You may", f"{box}<h2>You may")
    newsroom["/news"] = listing([6, 5, 4, 3, 2])
    workspace.after(HOUR / 2)
    assert "since 1887" not in workspace.items()[1]["content_html"]
    (before, *_) = workspace.items()
    newsroom[path(6)] = newsroom.routes[path(6)].body.replace(  # type: ignore[union-attr]
        b"</body>", b"<!-- rendered again --></body>"
    )
    assert workspace.after(HOUR, NONE).updated == 0
    assert workspace.items()[0] == before


# --- when it goes wrong
# ------------------------------------------------------------------------------------------------


LOGIN = (
    "<html><head><title>Log in</title></head><body><main><h1>Log in</h1><p>To go on, log "
    "in.</p></main></body></html>"
)
CONSENT = (
    "<html><head><title>Before you continue</title></head><body><main><h1>Before you continue</h1>"
    "<p>We and our 842 partners store and access information on a device, such as cookies. "
    "You can accept or refuse "
    "that at any time in the settings, and your choices will be kept for six months.</p>"
    "</main></body></html>"
)
BEGINNING = (
    story(6)
    .replace("</p><p>Nobody", "</p><!--")
    .replace("weather holds.</p>", "--><p>Subscribe to go on.</p>")
)
ELSEWHERE = (
    (
        "<html><head><title>Gardens | Harbour Times</title></head><body><main><article>"
        "<h1>Gardens in the spring</h1>"
    )
    + "".join(
        f"<p>Bed {n} of the garden is dug over in March and sown with beans, peas or salad.</p>"
        for n in range(20)
    )
    + "</article></main></body></html>"
)
FAILURES = {
    "404": (Route(b"gone", status=404), "HTTP 404"),
    "410": (Route(b"gone", status=410), "HTTP 410"),
    "500": (Route(b"oops", status=500), "HTTP 500"),
    "too often": (Route(b"", status=429, headers={"Retry-After": "30"}), "429"),
    "challenge": (
        Route(
            b"<title>Just a moment...</title>", status=403, headers={"cf-mitigated": "challenge"}
        ),
        "human",
    ),
    "no page": (Route(b"PK", "application/zip"), "not a web page"),
    "empty": (Route(b""), ""),
    "login": (Route(LOGIN.encode()), "login page"),
    "consent": (Route(CONSENT.encode()), "consent"),
    "only the beginning": (Route(BEGINNING.encode()), "far shorter"),
    "another page": (Route(ELSEWHERE.encode()), "something else now"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_failed_recheck_changes_no_byte_and_counts(
    workspace: Workspace, newsroom: Site, what: str
) -> None:
    before = workspace.files()
    route, reason = FAILURES[what]
    newsroom[path(6)] = route
    outcome = workspace.after(HOUR, NONE)
    assert (outcome.status, outcome.updated, outcome.failed) == (RunStatus.UNCHANGED, 0, 0)
    (problem,) = outcome.problems
    assert problem.where == newsroom.url(path(6))
    assert not problem.fatal
    assert reason in problem.reason
    assert problem.reason.endswith("the entry stays as it was")
    assert workspace.files() == before
    assert workspace.next() == RECHECK_AFTER[1]
    newsroom[path(6)] = story(6).replace("two hours", "three hours")
    assert workspace.after(RECHECK_AFTER[1], NONE).updated == 1


def test_no_recheck_follows_the_last_failed_one(workspace: Workspace, newsroom: Site) -> None:
    newsroom[path(6)] = Route(b"gone", status=404)
    for wait in RECHECK_AFTER:
        assert len(workspace.after(wait).problems) == 1
    assert workspace.next() is None
    newsroom.clear_requests()
    assert workspace.after(timedelta(days=3)).problems == ()
    assert take_requests(newsroom) == [("/news", True, 304)]
    assert len(workspace.items()) == 1


def test_failed_recheck_keeps_the_validators(workspace: Workspace, newsroom: Site) -> None:
    """Those of an error page would hide a correction."""
    page = newsroom.routes[path(6)]
    newsroom[path(6)] = BEGINNING
    workspace.after(HOUR, NONE)
    newsroom[path(6)] = page
    newsroom.clear_requests()
    workspace.after(RECHECK_AFTER[1], NONE)
    assert take_requests(newsroom) == [(path(6), True, 304)]

"""Items that could not be read stay visible, and their pages are requested ever more rarely."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.config.sources import source_key
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline.run import run_feed
from feedpub.web.status import Health, collect_status
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

HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, [3, 2, 1])
    return site


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def build(
    config: Config, clock: FakeClock, *, retry: bool = False, only: set[str] | None = None
) -> RunResult:
    with open_context(config, clock) as context:
        return run_feed(config.feed[0], replace(context, retry=retry), only=only)


def published(config: Config) -> dict[str, Any]:
    document = json.loads((output_folder(config) / "f.json").read_bytes())
    return {item["title"]: item for item in document["items"]}


def bare_listing(numbers: list[int]) -> str:
    """Return a listing that has nothing of its articles but their links."""
    cards = "".join(f'<li><h2><a href="{path(n)}">{title(n)}</a></h2></li>' for n in numbers)
    return f"<title>Harbour Times</title><body><main><ul>{cards}</ul></main>"


@pytest.fixture
def requested(newsroom: Site) -> Callable[[int], int]:
    """Return how often a story was requested since the last call."""

    def count(n: int) -> int:
        number = newsroom.paths().count(path(n))
        newsroom.clear_requests()
        return number

    return count


@pytest.mark.parametrize("kind", ["page /news", "feed /rss", "sitemap /sitemap.xml"])
def test_failed_page_is_requested_ever_more_rarely(
    newsroom: Site,
    tmp_path: Path,
    clock: FakeClock,
    requested: Callable[[int], int],
    kind: str,
) -> None:
    """Also if the text of the listing is published until then."""
    newsroom[path(2)] = Route(b"Forbidden", status=403)
    kind, _, where = kind.partition(" ")
    config = configure(tmp_path, feed("f", f"{kind} {newsroom.url(where)}"))
    build(config, clock)
    assert requested(2) == 1
    for wait in (HOUR, 6 * HOUR, DAY, 7 * DAY):
        clock.pass_time(wait - 60)
        assert build(config, clock).status == RunStatus.PARTIAL
        assert requested(2) == 0
        clock.pass_time(60)
        build(config, clock)
        assert requested(2) == 1, wait
    for _ in range(3):
        clock.pass_time(60 * DAY)
        (failure,) = build(config, clock).problems
        assert requested(2) == 0
    assert failure.where == newsroom.url(path(2))
    assert "HTTP 403" in failure.reason
    assert failure.reason.endswith(
        "no further try unless the item changes; `feedpub build --retry` asks now"
    )


def test_failure_states_the_next_try(newsroom: Site, tmp_path: Path, clock: FakeClock) -> None:
    newsroom[path(2)] = Route(b"Forbidden", status=403)
    config = configure(tmp_path, feed("f", f"sitemap {newsroom.url('/sitemap.xml')}"))
    for _ in range(2):  # the second build requests nothing
        (failure,) = build(config, clock).problems
        assert failure.unread
        with open_context(config, clock) as context:
            (seen,) = collect_status(config, context.store, clock.now()).feeds
        assert seen.health == Health.PARTIAL
        assert seen.outcome is not None
        assert seen.outcome.unread == (failure,)
        assert failure.reason.startswith("HTTP 403")
        assert failure.reason.endswith(
            "; next try at 2026-11-23 13:00 UTC; `feedpub build --retry` asks now"
        )


@pytest.mark.parametrize("weeks", [0, 30])
def test_retry_requests_failed_pages_now(
    newsroom: Site, tmp_path: Path, clock: FakeClock, requested: Callable[[int], int], weeks: int
) -> None:
    newsroom[path(2)] = Route(b"oops", status=500)
    newsroom["/news"] = bare_listing([3, 2, 1])
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    build(config, clock)
    for _ in range(weeks):
        clock.pass_time(7 * DAY)
        build(config, clock)
    requested(2)
    assert build(config, clock).failed == 1
    assert requested(2) == 0
    newsroom[path(2)] = story(2)
    result = build(config, clock, retry=True)
    assert (result.new, result.failed, result.status) == (1, 0, RunStatus.UPDATED)
    assert title(2) in published(config)


def test_changed_item_is_read_again(
    newsroom: Site, tmp_path: Path, clock: FakeClock, requested: Callable[[int], int]
) -> None:
    newsroom[path(2)] = Route(b"gone", status=410)
    config = configure(tmp_path, feed("f", f"sitemap {newsroom.url('/sitemap.xml')}"))
    for _ in range(6):
        build(config, clock)
        clock.pass_time(8 * DAY)
    requested(2)
    changed = sitemap(newsroom, [3, 2, 1]).body.replace(b"2026-11-02", b"2026-11-22")
    newsroom["/sitemap.xml"] = Route(changed, "application/xml")
    (failure,) = build(config, clock).problems
    assert requested(2) == 1
    assert "next try at" in failure.reason  # it starts with an hour again
    clock.pass_time(HOUR)
    build(config, clock)
    assert requested(2) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_of_an_article_is_honoured(
    newsroom: Site, tmp_path: Path, clock: FakeClock, requested: Callable[[int], int], status: int
) -> None:
    newsroom["/news"] = bare_listing([3, 1, 2])
    newsroom[path(2)] = Route(b"", status=status, headers={"Retry-After": "600"})
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    for _ in range(8):  # the server asks to come again, however often
        (failure,) = build(config, clock).problems
        assert requested(2) == 1
        due = clock.now() + timedelta(seconds=600)
        assert f"next try at {due:%Y-%m-%d %H:%M} UTC" in failure.reason
        clock.pass_time(500)
        build(config, clock)
        assert requested(2) == 0
        clock.pass_time(100)
    newsroom[path(2)] = story(2)
    assert build(config, clock).new == 1


def test_new_settings_of_a_source_request_its_failed_pages_at_once(
    newsroom: Site, tmp_path: Path, clock: FakeClock, requested: Callable[[int], int]
) -> None:
    """A login that the user sets is tried by the next run."""
    newsroom[path(2)] = Route(b"", status=401)
    place = f"sitemap {newsroom.url('/sitemap.xml')}"
    build(configure(tmp_path, feed("f", place)), clock)
    config = configure(tmp_path, feed("f", place) + 'cookies = { session = "1" }\n')
    requested(2)
    for requests in (1, 0):
        build(config, clock)
        assert requested(2) == requests


def test_filtered_item_is_not_unread(newsroom: Site, tmp_path: Path, clock: FakeClock) -> None:
    newsroom[path(2)] = Route(b"Forbidden", status=403)
    place = f"sitemap {newsroom.url('/sitemap.xml')}"
    assert build(configure(tmp_path, feed("f", place)), clock).failed == 1
    config = configure(tmp_path, feed("f", place, more='exclude.url = ["matter-2"]'))
    result = build(config, clock)
    assert (result.failed, result.skipped, result.problems) == (0, 1, ())


def test_entry_from_the_listing_is_replaced_by_its_page(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom[path(2)] = Route(b"Forbidden", status=403)
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    result = build(config, clock)
    assert (result.new, result.failed, result.status) == (3, 0, RunStatus.PARTIAL)
    entry = published(config)[title(2)]
    assert entry["content_html"] == "<p>Matter 2 was decided after a debate.</p>"
    assert entry["date_published"] == "2026-11-02T07:00:00+00:00"
    newsroom[path(2)] = story(2)
    clock.pass_time(HOUR)
    result = build(config, clock)
    assert (result.updated, result.status) == (1, RunStatus.UPDATED)
    replaced = published(config)[title(2)]
    assert (replaced["id"], "two hours of debate" in replaced["content_html"]) == (
        entry["id"],
        True,
    )


def test_unread_items_are_named_until_they_are_not_listed(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/other"] = listing([6, 5, 4])
    for n in (6, 5, 4):
        newsroom[path(n)] = story(n)
    newsroom[path(2)] = Route(b"Forbidden", status=403)
    places = f"sitemap {newsroom.url('/sitemap.xml')}", f"page {newsroom.url('/other')}"
    config = configure(tmp_path, feed("f", *places))
    other = {source_key(config.feed[0].source[1])}
    first = build(config, clock)
    assert (first.status, first.ok, first.failed) == (RunStatus.PARTIAL, True, 1)
    clock.pass_time(60)
    second = build(config, clock, only=other)  # the source of the unread item is not checked
    assert [failure.where for failure in second.unread] == [newsroom.url(path(2))]
    assert second.status == RunStatus.PARTIAL
    newsroom["/sitemap.xml"] = Route(b"oops", status=500)
    clock.pass_time(60)
    third = build(config, clock)  # or fails
    assert [failure.where for failure in third.unread] == [newsroom.url(path(2))]
    newsroom["/sitemap.xml"] = sitemap(newsroom, [3, 1])
    clock.pass_time(60)
    for only in (None, other):
        result = build(config, clock, only=only)
        assert (result.unread, result.status) == ((), RunStatus.UNCHANGED)


def test_item_of_a_clock_that_was_wrong_is_read(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom[path(2)] = Route(b"oops", status=500)
    config = configure(tmp_path, feed("f", f"feed {newsroom.url('/rss')}"))
    newsroom["/rss"] = rss(newsroom, [3, 2, 1])
    build(config, clock)
    newsroom[path(2)] = story(2)
    clock.jump(-400 * DAY)
    assert build(config, clock).updated == 1


# --- closed pages ---

LOGIN_FORM = (
    '<html lang="en"><head><title>Harbour Times</title></head><body><main><h1>Welcome</h1>'
    '<p>Members read here.</p><form><label>E-mail <input type="email"></label><label>Password '
    '<input type="password"></label><button>Continue</button></form></main></body></html>'
)
CLOSED = Route(LOGIN_FORM.encode())
REDIRECT = Route(status=302, headers={"Location": "/sso/start?next=story"}, validators=False)


@pytest.mark.parametrize(
    "closed",
    [
        (CLOSED, "login page: set cookies or auth (it has a password field and no article)"),
        (REDIRECT, "login page: set cookies or auth (it redirects to {site}/sso/start?next=story)"),
        (Route(b"", status=401), "HTTP 401: a login is required: set cookies or auth"),
        (Route(b"", status=402), "HTTP 402: payment is required: if you have a subscription, set"),
        (Route(b"", status=403), "HTTP 403: access is forbidden: if you may read it, set cookies"),
        (Route(b"", status=451), "HTTP 451: it is blocked for legal reasons, often in some"),
    ],
)
@pytest.mark.parametrize("has_text", [False, True])
def test_closed_page_is_named_and_replaced_by_the_text_of_the_listing(
    newsroom: Site, tmp_path: Path, clock: FakeClock, closed: tuple[Route, str], *, has_text: bool
) -> None:
    wall, message = closed
    newsroom["/sso/start"] = f"<title>Harbour Times</title><main>{story(9)}</main>"
    newsroom[path(2)] = wall
    newsroom["/news"] = (listing if has_text else bare_listing)([3, 2, 1])
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    result = build(config, clock)
    (failure,) = result.unread
    assert failure.where == newsroom.url(path(2))
    assert failure.reason.startswith(message.format(site=newsroom.url("").rstrip("/")))
    is_replaced = has_text and message.startswith("HTTP")  # a login page keeps the item out
    assert (result.new, result.failed) == ((3, 0) if is_replaced else (2, 1))
    if is_replaced:
        assert "was decided after a debate" in published(config)[title(2)]["content_html"]


def test_teaser_of_a_paywalled_page_is_published_as_incomplete(
    newsroom: Site, tmp_path: Path, clock: FakeClock, requested: Callable[[int], int]
) -> None:
    part = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".closed"}
    data = {"@type": "NewsArticle", "headline": title(2), "hasPart": part}
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    whole = story(2).replace("</head>", f"{script}</head>")
    teaser = whole.partition("<p>Nobody had expected")[0]
    newsroom[path(2)] = f'{teaser}<div class="closed"></div></article></main></body></html>'
    config = configure(tmp_path, feed("f", f"page {newsroom.url('/news')}"))
    result = build(config, clock)
    (failure,) = result.unread
    assert failure.reason.startswith("paywall: only a part can be read without a subscription; ")
    assert "; its free part is published; next try at " in failure.reason
    entry = published(config)[title(2)]
    assert "two hours of debate" in entry["content_html"]
    newsroom[path(2)] = whole.replace("<article>", '<article class="closed">')
    clock.pass_time(HOUR)
    result = build(config, clock)
    assert (result.updated, result.unread) == (1, ())
    newsroom[path(2)] = f'{teaser}<div class="closed"></div></article></main></body></html>'
    clock.pass_time(30 * DAY)
    build(config, clock)
    after = published(config)[title(2)]
    assert (after["id"], "Nobody had expected" in after["content_html"]) == (entry["id"], True)
    assert requested(2) == 2

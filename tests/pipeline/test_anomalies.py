"""Sources that differ from their baseline are kept out of the feed; healthy ones are not."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import anomalies, run
from feedpub.pipeline.run import run_feed
from feedpub.store import SourceObservation
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
    story,
    title,
)
from tests.support.site import Route, Site

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STORIES = list(range(20, 0, -1))


# --- what is decided ---


def observation(
    items: int = 20, known: int | None = None, hour: float = 0, **others: Any
) -> SourceObservation:
    """Return an observation at the given hour; all articles are known by default."""
    return SourceObservation(
        "world", "s", "", NOW + hour * HOUR, items, items if known is None else known, **others
    )


def articles(
    *lengths: int, dated: int | None = None, pictured: int | None = None
) -> dict[str, Any]:
    """Return the fields for articles of these lengths; all have a date and an image by default."""
    n = len(lengths)
    return {
        "read": n,
        "lengths": lengths,
        "dated": n if dated is None else dated,
        "pictured": n if pictured is None else pictured,
    }


FIRST = observation(20, 0, **articles(*range(300, 900, 30)))
QUIET = [FIRST, *(observation(20, hour=hour) for hour in range(1, 30))]
LIVELY = [FIRST, *(observation(20, 18, hour, **articles(500 + hour, 700)) for hour in range(1, 30))]
NEXT: dict[str, Any] = {"hour": 30.0}
PLAIN = articles(500)


def of_counts(*counts: int) -> list[SourceObservation]:
    return [observation(count, 0 if hour == 0 else None, hour) for hour, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("history", "newest", "reason"),
    [
        (of_counts(20, 25, 22, 24, 21), observation(0, **NEXT), "lists 0 articles, usually 20–25"),
        (of_counts(20, 25, 22, 24, 21), observation(1, **NEXT), "lists 1 article, usually 20–25"),
        (of_counts(20, 20, 20, 20, 20), observation(9, **NEXT), "lists 9 articles, usually 20"),
        (
            of_counts(20),
            observation(20, 0, hour=1),
            "none of 20 addresses was seen before; 60 minutes earlier it listed 20 others",
        ),
        (QUIET, observation(20, 0, **NEXT), "none of 20 addresses were seen before, usually 20"),
        (LIVELY, observation(20, 1, 29.5), "only 1 of 20 addresses was seen before, usually 18"),
        (
            LIVELY,
            observation(20, 17, failed=3, obstacle="HTTP 403: access is forbidden", **NEXT),
            "none of the 3 new articles could be read: HTTP 403: access is forbidden",
        ),
        (
            LIVELY,
            observation(20, 17, **NEXT, **articles(40, 45, 30)),
            "the articles are far shorter: 40 words, usually 585",
        ),
        (
            QUIET,
            observation(20, 19, **NEXT, **articles(40)),
            "the article is far shorter: 40 words, usually 585",
        ),
        (
            LIVELY,
            observation(20, 17, **NEXT, **articles(500, 500, 500, dated=0)),
            "none of the 3 newest articles has a date, usually 100% have",
        ),
        (
            LIVELY,
            observation(20, 14, **NEXT, **articles(*[500] * 6, pictured=0)),
            "none of the 6 newest articles has a picture, usually 100% have",
        ),
    ],
)
def test_anomaly_is_reported_with_its_evidence(
    history: list[SourceObservation], newest: SourceObservation, reason: str
) -> None:
    assert anomalies.find_anomaly(history, newest) == reason


@pytest.mark.parametrize(
    ("history", "newest"),
    [
        pytest.param([], FIRST, id="first check"),
        pytest.param(of_counts(20, 20, 20, 20), observation(1, **NEXT), id="hardly any history"),
        pytest.param(
            of_counts(20), observation(20, 0, hour=4), id="a young list that is all new after hours"
        ),
        pytest.param(
            of_counts(20),
            observation(20, 0, hour=1, fresh=10),
            id="a young list that is all new, and dated since",
        ),
        pytest.param(of_counts(5), observation(20, 0, hour=1), id="a short list that got another"),
        pytest.param(
            of_counts(3, 4, 5, 3, 4, 5), observation(1, **NEXT), id="a small list that got smaller"
        ),
        pytest.param(
            of_counts(3, 3, 3, 3, 3, 3),
            observation(4, 0, **NEXT),
            id="a small list that is all new",
        ),
        pytest.param(
            of_counts(20, 20, 20, 20, 20), observation(10, **NEXT), id="half as many articles"
        ),
        pytest.param(of_counts(20, 20, 20, 20, 20), observation(90, **NEXT), id="more articles"),
        pytest.param(
            of_counts(*[40, 35, 12, 30] * 8), observation(7, **NEXT), id="a list that varies"
        ),
        pytest.param(
            of_counts(*([*[40] * 24, *[8] * 4] * 5), *[40] * 30),
            observation(5, hour=170),
            id="a weekly rhythm",
        ),
        pytest.param(
            of_counts(*[40] * 30, 30, 18, 11),
            observation(7, hour=33),
            id="gradually shorter list",
        ),
        pytest.param(QUIET, observation(20, 0, fresh=20, **NEXT), id="all new, and dated since"),
        pytest.param(LIVELY, observation(20, 0, hour=40), id="all new after a long pause"),
        pytest.param(
            [FIRST, *(observation(20, 0, hour=24 * day) for day in range(1, 9))],
            observation(20, 0, hour=216),
            id="new every day",
        ),
        pytest.param(LIVELY, observation(20, 19, **NEXT, **articles(160)), id="one short article"),
        pytest.param(
            LIVELY,
            observation(20, 17, **NEXT, **articles(40, 500, 600)),
            id="a very short one among others",
        ),
        pytest.param(
            LIVELY,
            observation(20, 19, **NEXT, **articles(500, dated=0, pictured=0)),
            id="one without a date",
        ),
        pytest.param(
            [FIRST, *(observation(20, 18, h, **articles(500, 600, dated=1)) for h in range(1, 9))],
            observation(20, 17, hour=9, **articles(500, 500, 500, dated=0)),
            id="dates that were missing before",
        ),
        pytest.param(
            LIVELY, observation(20, 18, failed=2, **NEXT), id="two articles that cannot be read"
        ),
        pytest.param(
            LIVELY, observation(20, 16, failed=3, **NEXT, **PLAIN), id="some that cannot be read"
        ),
        pytest.param(
            [
                FIRST,
                *(observation(20, 19, h, **articles(30 + 40 * (h % 20))) for h in range(1, 30)),
            ],
            observation(20, 17, **NEXT, **articles(70, 40, 200)),
            id="lengths that vary",
        ),
    ],
)
def test_healthy_sources_have_no_anomaly(
    history: list[SourceObservation], newest: SourceObservation
) -> None:
    assert anomalies.find_anomaly(history, newest) is None


def test_single_articles_of_several_checks_are_judged_together() -> None:
    undated = articles(500, dated=0)
    history = [
        *LIVELY,
        observation(20, 19, 30, **undated),
        observation(20, hour=31),
        observation(20, 19, 32, **undated),
    ]
    assert anomalies.find_anomaly(history, observation(20, hour=33)) is None
    assert anomalies.find_anomaly(history, observation(20, 19, 33, **undated)) == (
        "none of the 3 newest articles has a date, usually 100% have"
    )


def test_anomaly_of_a_day_and_five_checks_is_the_new_baseline() -> None:
    history: list[SourceObservation] = list(QUIET)
    for hour in (30, 36, 42, 48, 53):
        newest = anomalies.detect(history, observation(5, hour=hour))
        assert newest.verdict == "lists 5 articles, usually 20"
        assert not newest.accepted
        history.append(newest)
    newest = anomalies.detect(history, observation(5, hour=54))
    assert (newest.verdict, newest.accepted) == ("", True)
    few = [
        *QUIET,
        *(anomalies.detect(QUIET, observation(5, hour=hour)) for hour in (30, 60, 90)),
    ]
    assert not anomalies.detect(few, observation(5, hour=120)).accepted


def test_normal_check_ends_a_series_of_anomalies() -> None:
    broken = [replace(observation(5, hour=hour), verdict="x") for hour in range(30, 60)]
    assert anomalies.detect(
        [*QUIET, *broken, observation(20, hour=60)], observation(5, hour=61)
    ).verdict


# --- results ---


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 30, 12, tzinfo=UTC))


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, STORIES)
    return site


Build = Callable[[], RunResult]


@pytest.fixture
def config(newsroom: Site, tmp_path: Path) -> Config:
    return configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))


@pytest.fixture
def build(config: Config, clock: FakeClock) -> Build:
    """Run once, an hour later."""

    def run() -> RunResult:
        clock.pass_time(3600)
        with open_context(config, clock) as context:
            return run_feed(config.feed[0], context)

    return run


@pytest.fixture
def usual(build: Build) -> None:
    """Run six times with a healthy source."""
    assert [build().status for _ in range(6)] == [RunStatus.UPDATED] + [RunStatus.UNCHANGED] * 5


def read_published(config: Config) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in output_folder(config).iterdir()}


def titles(config: Config) -> list[str]:
    return [item["title"] for item in json.loads(read_published(config)["world.json"])["items"]]


def move_stories(site: Site, numbers: list[int], dated: str = "") -> None:
    """Move the stories to other addresses, without dates that explain it, or all with old dates."""
    for n in numbers:
        site[f"/2027/{n}-a-story-that-moved"] = story(n)
    page = listing(numbers)
    for n in numbers:
        page = page.replace(f'"{path(n)}"', f'"/2027/{n}-a-story-that-moved"')
    site["/news"] = re.sub(r'datetime="[^"]*"', f'datetime="{dated}"', page) if dated else page


def truncate_stories(site: Site, numbers: list[int]) -> None:
    """Truncate the stories after a few words."""
    for n in numbers:
        body = (
            f"<p>The council of the harbour town met on Monday evening to talk about matter "
            f"{n} again.</p>"
        )
        site[path(n)] = (
            f"<html><head><title>{title(n)}</title></head><article><h1>{title(n)}</h1>{body}</article></html>"
        )
    site["/news"] = listing([*numbers, *STORIES])


def serve_consent_pages(site: Site, numbers: list[int]) -> None:
    """Replace every story by a consent page."""
    ask = (
        "<p>We and our 1542 partners store and read information on your device. Accept all, or "
        "choose.</p>"
    )
    for n in numbers:
        site[path(n)] = (
            f"<html><head><title>We value your privacy</title></head><body>{ask}</body></html>"
        )
    site["/news"] = listing([*numbers, *STORIES])


def remove_dates(site: Site, numbers: list[int]) -> None:
    """Remove the dates from the listing and the stories."""
    for n in numbers:
        site[path(n)] = story(n).replace("article:published_time", "x")
    page = listing([*numbers, *STORIES])
    site["/news"] = (
        page.replace("<time", "<i")
        .replace("</time", "</i")
        .replace("datetime=", "data-x=")
        .replace(" November", " things")
    )


CONSENT = (
    "<html><head><title>Before you continue</title></head><body><main><h1>Before you continue</h1>"
    + "".join(
        (
            f'<div><h2><a href="/partners/{n}-and-what-they-do">Partner {n} and what it '
            f"does</a></h2></div>"
        )
        for n in range(9)
    )
    + "</main></body></html>"
)
CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body><p>Checking your browser.</p>"
    "</body></html>"
)


def answer(page: str | Route) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        site["/news"] = page

    return change


BREAKS: dict[str, tuple[Callable[[Site], None], str]] = {
    "structure-gone": (
        answer("<html><body><p>News of the harbour.</p></body></html>"),
        "no article links found",
    ),
    "far-fewer": (answer(listing([20, 19, 18])), "lists 3 articles, usually 20"),
    "challenge-200": (answer(CHALLENGE), 'an error page, "Just a moment..."'),
    "challenge-header": (
        answer(
            Route(
                listing(STORIES).encode(), headers={"cf-mitigated": "challenge"}, validators=False
            )
        ),
        "Cloudflare requires proof of being human",
    ),
    "consent-wall": (answer(CONSENT), 'a page that asks for consent, "Before you continue"'),
    "blank-200": (answer(""), "empty"),
    "all-urls-changed": (
        lambda site: move_stories(site, STORIES),
        "none of 20 addresses were seen before, usually 20",
    ),
    "truncated": (
        lambda site: truncate_stories(site, [23, 22, 21]),
        "the articles are far shorter: 16 words, usually 10",
    ),
    "truncated-one": (lambda site: truncate_stories(site, [21]), "the article is far shorter"),
    "consent-articles": (
        lambda site: serve_consent_pages(site, [23, 22, 21]),
        "none of the 3 new articles could be read: this is a page that asks for consent",
    ),
    "dates-gone": (
        lambda site: remove_dates(site, [23, 22, 21]),
        "none of the 3 newest articles has a date",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BREAKS)
@pytest.mark.usefixtures("usual")
def test_source_with_an_anomaly_changes_no_file(
    newsroom: Site, config: Config, build: Build, kind: str
) -> None:
    """The result names the reason, and the source recovers."""
    change, reason = BREAKS[kind]
    before = read_published(config)
    change(newsroom)
    for _ in range(3):
        outcome = build()
        assert (outcome.status, outcome.new, outcome.updated) == (RunStatus.FAILED, 0, 0)
        (problem,) = (problem for problem in outcome.problems if problem.fatal)
        assert reason in problem.reason
        assert problem.firm
        assert read_published(config) == before
    open_newsroom(newsroom, [24, *STORIES])
    outcome = build()
    assert (outcome.status, outcome.new) == (RunStatus.UPDATED, 1)
    assert titles(config) == [title(n) for n in (24, *STORIES)]


@pytest.mark.parametrize("dated", ["2026-11-30T18:30:00Z", "2026-11-30", "2026-12-01"])
@pytest.mark.usefixtures("usual")
def test_recent_dates_explain_a_list_of_new_urls(newsroom: Site, build: Build, dated: str) -> None:
    """The check is at 19:00, when it is the next day in the east; dates without a time count."""
    move_stories(newsroom, STORIES, dated)
    assert build().status != RunStatus.FAILED


@pytest.mark.parametrize(
    "dated", ["2026-11-30T23:30:00Z", "2026-12-02", "2031-01-01T10:00:00Z", "2026-11-20T10:00:00Z"]
)
@pytest.mark.usefixtures("usual")
def test_future_and_old_dates_do_not_explain_a_list_of_new_urls(
    newsroom: Site, build: Build, dated: str
) -> None:
    move_stories(newsroom, STORIES, dated)
    assert build().status == RunStatus.FAILED


@pytest.mark.usefixtures("usual")
def test_other_sources_of_the_feed_are_published(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/rss"] = rss(newsroom, [21])
    newsroom[path(21)] = story(21)
    move_stories(newsroom, STORIES)
    both = configure(
        tmp_path, feed("world", f"page {newsroom.url('/news')}", f"feed {newsroom.url('/rss')}")
    )
    with open_context(both, clock) as context:
        outcome = run.run_feed(both.feed[0], context)
        states = {state.key: state for state in context.store.sources("world")}
    assert (outcome.status, outcome.new) == (RunStatus.PARTIAL, 1)
    assert titles(both) == [title(n) for n in (21, *STORIES)]
    assert states[newsroom.url("/news")].failures == 1
    assert states[newsroom.url("/news")].firm
    assert states[newsroom.url("/rss")].failure is None


@pytest.mark.usefixtures("usual")
def test_articles_of_a_list_with_an_anomaly_are_not_requested(newsroom: Site, build: Build) -> None:
    move_stories(newsroom, STORIES)
    newsroom.clear_requests()
    build()
    assert newsroom.paths() == ["/news"]


@pytest.mark.usefixtures("usual")
def test_lasting_change_becomes_the_baseline(
    newsroom: Site, config: Config, build: Build, clock: FakeClock
) -> None:
    newsroom["/news"] = listing([24, 20, 19, 18])
    newsroom[path(24)] = story(24)
    statuses = []
    for _ in range(5):
        statuses.append(build().status)
        clock.pass_time(6 * 3600)
    assert statuses == [RunStatus.FAILED] * 4 + [RunStatus.UPDATED]
    assert titles(config) == [title(n) for n in (24, *STORIES)]
    assert build().status == RunStatus.UNCHANGED


@pytest.mark.usefixtures("usual")
def test_moved_site_duplicates_nothing_once_it_is_accepted(
    newsroom: Site, config: Config, build: Build, clock: FakeClock
) -> None:
    before = json.loads(read_published(config)["world.json"])["items"]
    move_stories(newsroom, [21, *STORIES])
    for _ in range(4):
        assert build().status == RunStatus.FAILED
        clock.pass_time(6 * 3600)
    outcome = build()
    assert (outcome.new, outcome.updated, outcome.kept) == (1, 0, 20)
    newest, *others = json.loads(read_published(config)["world.json"])["items"]
    assert newest["title"] == title(21)
    assert [(item["id"], item["date_modified"]) for item in others] == [
        (item["id"], item["date_modified"]) for item in before
    ]
    assert all("/2027/" in item["url"] for item in others)
    assert build().status == RunStatus.UNCHANGED


@pytest.mark.usefixtures("usual")
def test_changed_settings_start_a_new_baseline(
    newsroom: Site, tmp_path: Path, clock: FakeClock
) -> None:
    newsroom["/news"] = listing(STORIES).replace('class="card"', 'class="card top"', 3)
    source = feed("world", f"page {newsroom.url('/news')}") + 'links = ".top a"\n'
    config = configure(tmp_path, source)
    with open_context(config, clock) as context:
        assert run.run_feed(config.feed[0], context).ok


def test_emptied_folder_is_not_an_anomaly(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "config" / "articles"
    folder.mkdir(parents=True)
    for n in STORIES:
        (folder / f"{n}.html").write_text(story(n), "utf-8")
    config = configure(tmp_path, feed("saved", "folder articles"))
    for _ in range(7):
        with open_context(config, clock) as context:
            assert run.run_feed(config.feed[0], context).ok
    for n in STORIES[2:]:
        (folder / f"{n}.html").unlink()
    with open_context(config, clock) as context:
        assert run.run_feed(config.feed[0], context).ok

"""Text that commands print for results, articles and the status."""

from datetime import timedelta

import pytest
from rich.console import Console

from feedpub.cli import output
from feedpub.core.models import Article, Failure, Removed, RunResult, RunStatus
from feedpub.web.status import Health, ServiceStatus, SourceStatus
from tests.support.overviews import (
    NOW,
    failing_source,
    feed_status,
    service_in_every_state,
    service_status,
    source_status,
)


def table(seen: ServiceStatus) -> list[str]:
    """Return the rows of the status table, with blanks collapsed."""
    console = Console(width=120)
    with console.capture() as printed:
        console.print(output.status_table(seen))
    return [" ".join(row.split()) for row in printed.get().splitlines()]


def test_status_table_has_a_row_for_each_feed() -> None:
    new = feed_status(
        "new", health=Health.LATE, last_run=None, next_run=None, newest=None, entries=0
    )
    assert table(
        service_status(
            feed_status(),
            feed_status("bad", health=Health.BROKEN),
            feed_status("slow", health=Health.LATE),
            new,
        )
    ) == [
        "feed state entries newest last run next run",
        "world healthy 50 2 hours ago 6 minutes ago in 24 minutes",
        "bad broken 50 2 hours ago 6 minutes ago in 24 minutes",
        "slow late 50 2 hours ago 6 minutes ago in 24 minutes",
        "new never built 0",
    ]


def test_problems_of_feeds_come_before_those_of_sources() -> None:
    late = feed_status("late", health=Health.LATE, reasons=("its run was due 3 hours ago",))
    broken = feed_status(health=Health.BROKEN, sources=(failing_source(), source_status()))
    assert list(output.status_lines(service_status(broken, late))) == [
        "late: its run was due 3 hours ago",
        (
            "world: https://broken.example.org/feed: started failing 3 hours ago: HTTP 404: "
            "the page is gone; "
            "last read 2 days ago, 20 articles; failed 4 times in a row; next check in 24 minutes"
        ),
        (
            "world: https://news.example.org/feed: publishes about 9 a day, mostly 7–18 h UTC; "
            "next check in 24 minutes"
        ),
        (
            "late: https://news.example.org/feed: publishes about 9 a day, mostly 7–18 h UTC; "
            "next check in 24 minutes"
        ),
    ]


def test_first_failures_of_articles_are_listed_and_others_counted() -> None:
    problems = tuple(Failure(f"/articles/{n}.txt", "not a text") for n in range(7))
    outcome = RunResult(
        "world",
        RunStatus.UPDATED,
        problems=(Failure("/gone", "cannot be read", fatal=True), *problems),
    )
    *named, rest, _ = output.status_lines(service_status(feed_status(outcome=outcome)))
    assert named == [f"world: article: /articles/{n}.txt: not a text" for n in range(5)]
    assert rest == "world: 2 more problems, which `feedpub status --json` lists"


def test_unread_items_of_a_partial_feed_are_listed_first() -> None:
    unread = Failure("https://x.org/a", "HTTP 403", unread=True)
    problems = (*[Failure("/b", "the recheck failed")] * 6, unread)
    feed = feed_status(
        health=Health.PARTIAL,
        outcome=RunResult("world", RunStatus.PARTIAL, problems=problems),
        reasons=("1 listed item is unread or incomplete",),
    )
    assert table(service_status(feed))[1].startswith("world partial 50")
    assert list(output.status_lines(service_status(feed)))[:2] == [
        "world: 1 listed item is unread or incomplete",
        "world: article: https://x.org/a: HTTP 403",
    ]


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        (Failure("https://x.org/a", "HTTP 403", unread=True), "partial"),
        (Failure("https://x.org/", "HTTP 403", fatal=True), "a source failed"),
    ],
)
def test_partial_result_is_described_by_its_cause(problem: Failure, word: str) -> None:
    result = RunResult("world", RunStatus.PARTIAL, new=2, failed=1, problems=(problem,))
    assert output.format_result(result) == f"world: {word}, 2 new, 1 failed (0.0 s)"


def test_overdue_check_was_due() -> None:
    past = NOW - timedelta(minutes=3)
    late = service_status(feed_status(next_run=past, sources=(source_status(next_look=past),)))
    assert table(late)[1].endswith("6 minutes ago was due 3 minutes ago")
    assert next(iter(output.status_lines(late))).endswith("; next check was due 3 minutes ago")


def test_feed_that_was_never_built_has_no_lines() -> None:
    never = SourceStatus("https://new.example.org/", "page", Health.LATE, "not checked yet")
    new = feed_status(
        "new", health=Health.LATE, reasons=("not checked yet",), last_run=None, sources=(never,)
    )
    assert list(output.status_lines(service_status(new))) == []


def test_failure_without_a_start_time_shows_only_the_reason() -> None:
    odd = source_status(health=Health.BROKEN, reason="no entries", next_look=None)
    (line,) = output.status_lines(service_status(feed_status(sources=(odd,))))
    assert line.endswith("failing: no entries; last read 6 minutes ago, 20 articles")


def test_status_json_has_times_in_iso_8601() -> None:
    document = output.results_as_json(service_in_every_state())
    assert f'"now": "{NOW.isoformat()}"' in document


ARTICLE = Article(
    title="The pier",
    html="",
    text="One.\nTwo.\nThree.",
    removed=(
        Removed("Home\nSport", "links 90 %", 0),
        Removed("An ad", "in an aside", 2),
        Removed("End", "a rule", 3),
    ),
)


def render(**terminal: object) -> str:
    console = Console(width=80, **terminal)  # type: ignore[arg-type]
    with console.capture() as printed:
        for line in output.render_removals(ARTICLE):
            console.print(line, soft_wrap=True)
    return printed.get()


def test_removed_blocks_are_rendered_in_place_with_reasons() -> None:
    assert render(color_system=None).split("\n") == [
        *("The pier", "", "  - Home / Sport — links 90 %", "", "One.", "", "Two.", ""),
        *("  - An ad — in an aside", "", "Three.", "", "  - End — a rule", ""),
    ]
    assert [str(line) for line in output.render_removals(Article(title="T", html="", text="One."))][
        -1
    ] == ("  nothing was removed")


def test_removed_blocks_are_struck_through_in_red_on_a_terminal() -> None:
    shown = render(force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[2;9;31mAn ad\x1b[0m" in shown
    assert "\nThree.\n" in shown
    assert "31m" not in render(force_terminal=True, color_system="standard", no_color=True)

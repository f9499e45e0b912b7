"""Clocks that are wrong or that jump, and daylight saving time.

The monotonic clock is never affected.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.catalogue.case import Case
from tests.catalogue.cases.process import NOW_AND_THEN, Service, play_script
from tests.catalogue.cases.rights import has_news
from tests.catalogue.command import Ended
from tests.catalogue.stage import Stage, Start
from tests.support.newsroom import feed

_DAY = 86400.0


def _with_clock(seconds: float, stage: Stage) -> Ended:
    return stage.build({"clock": stage.offset(seconds)})


def _jumps(seconds: float, stage: Stage) -> Ended:
    """Run the service with a correct clock, then make the clock jump and run the feeds again."""
    stage.no_news()
    file = stage.offset(0)

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world"), service.output
        stage.offset(seconds)
        assert service.wait_for_event("clock_jump"), service.output
        stage.news()
        service.run_feed("world")
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        service.run_feed("beside")
        assert service.wait_for_event("run_finished", feed="beside", new=1), service.output

    return play_script(stage, script, {"clock": file})


def _was_ahead(seconds: float, stage: Stage) -> Ended:
    """Run and schedule feeds with a clock that is ahead.

    The next service has a correct clock and must not wait.
    """
    stage.no_news(stage.site, stage.beside)

    def ahead(service: Service) -> None:
        for name in ("world", "beside"):
            service.run_feed(name)
            assert service.wait_for_event("run_finished", feed=name), service.output

    def right(service: Service) -> None:
        for name in ("world", "beside"):
            assert service.wait_for_event("run_finished", feed=name, new=1), service.output

    play_script(stage, ahead, {"clock": stage.offset(seconds)})
    stage.offset(0)
    stage.news()
    return play_script(stage, right)


def _planned_next(at: datetime, due: datetime, stage: Stage) -> Ended:
    """Run the service at a given time and check the next time that it schedules."""

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        assert service.wait_for_event("run_finished", feed="beside"), service.output
        assert (
            datetime.fromisoformat(service.events_named("run_finished", feed="world")[0]["next"])
            == due
        )

    return play_script(
        stage, script, {"clock": stage.offset((at - datetime.now(UTC)).total_seconds())}
    )


CRON = Start(
    "cron",
    lambda stage: [
        feed(
            "world",
            f"page {stage.site.url('/news')}",
            more='cron = "30 2 * * *"\ntimezone = "Europe/Berlin"\nrecheck = false',
        )
    ],
)
_FOLD = (
    datetime(2026, 10, 25, 0, 31, tzinfo=UTC),
    datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
)  # 02:31 local time; the next run is at 02:30
_GAP = (
    datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
)  # 00:00 local time; 02:30 is skipped, so the next run is at 03:00
_SLOW: dict[str, Any] = {"slow": True, "seconds": 60.0}

CASES = (
    Case(
        "jump-back",
        lambda _: None,
        right=has_news,
        start=NOW_AND_THEN,
        run=partial(_jumps, -2 * _DAY),
        **_SLOW,
    ),
    Case(
        "jump-forward",
        lambda _: None,
        right=has_news,
        start=NOW_AND_THEN,
        run=partial(_jumps, 2 * _DAY),
        **_SLOW,
    ),
    Case(
        "dst-fold",
        lambda _: None,
        start=CRON,
        right=has_news,
        run=partial(_planned_next, *_FOLD),
        **_SLOW,
    ),
    Case(
        "dst-gap",
        lambda _: None,
        start=CRON,
        right=has_news,
        run=partial(_planned_next, *_GAP),
        **_SLOW,
    ),
    # --- further cases ---
    *(
        Case(
            name,
            lambda _: None,
            right=has_news,
            start=NOW_AND_THEN,
            run=partial(_was_ahead, seconds),
            **_SLOW,
        )
        for name, seconds in {"was-hours-ahead": _DAY / 8, "was-years-ahead": 729 * _DAY}.items()
    ),
    Case(
        "clock-of-last-year", lambda _: None, right=has_news, run=partial(_with_clock, -365 * _DAY)
    ),
    Case(
        "clock-of-1970",
        lambda _: None,
        right=has_news,
        run=partial(_with_clock, -(datetime.now(UTC).timestamp() - 1000)),
    ),
    Case(
        "clock-of-next-year", lambda _: None, right=has_news, run=partial(_with_clock, 400 * _DAY)
    ),
    Case(
        "clock-of-2099", lambda _: None, right=has_news, run=partial(_with_clock, 73 * 365 * _DAY)
    ),
)

"""The next check of a source, and its reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedpub.config import FeedConfig
from feedpub.core.models import PollingHints
from feedpub.scheduler.next_check import JITTER, NextCheck, plan_next_check
from feedpub.scheduler.rhythm import learn_rhythm, to_minutes
from feedpub.store import PublicationDates, SourceState

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)  # a Thursday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CHECKED = SourceState("world", "https://example.org/", checked=NOW, succeeded=NOW, items=10)
DATES = [int((NOW - n * DAY).timestamp()) for n in range(60, 0, -1)]
DAILY = learn_rhythm(
    PublicationDates(tuple((date, date + 3600) for date in DATES)), to_minutes(NOW)
)


def feed(**settings: Any) -> FeedConfig:
    source = {"type": "page", "url": "https://example.org/"}
    return FeedConfig.model_validate(
        {"name": "world", "title": "World", "source": [source], **settings}
    )


def plan(state: SourceState = CHECKED, *, local: bool = False, **settings: Any) -> NextCheck:
    return plan_next_check(feed(**settings), state, DAILY, NOW, local=local)


def test_fixed_interval_counts_from_the_last_check() -> None:
    assert plan(every="30m") == NextCheck(NOW + 30 * MINUTE, "every 30m")


def test_passed_interval_is_due_now() -> None:
    late = replace(CHECKED, checked=NOW - 5 * HOUR)
    assert plan(late, every="30m").time == NOW


def test_cron_time_is_the_next_check() -> None:
    assert plan(cron="0 6 * * *", timezone="Europe/Berlin") == NextCheck(
        datetime(2026, 1, 2, 5, tzinfo=UTC), "cron 0 6 * * * (Europe/Berlin)"
    )


def test_learned_interval_is_within_its_bounds() -> None:
    assert plan(interval_factor=0.01).time == NOW + 5 * MINUTE
    assert plan(interval_factor=100).time == NOW + DAY
    assert plan(interval_factor=100, max_every="6h").time == NOW + 6 * HOUR
    assert plan(interval_factor=0.01, min_every="20m").time == NOW + 20 * MINUTE


def test_learned_interval_states_the_publishing_pattern() -> None:
    assert "publishes about 1 a day" in plan().why


def test_folder_is_checked_at_min_every() -> None:
    assert plan(local=True) == NextCheck(NOW + 5 * MINUTE, "a folder: every 5m")


@pytest.mark.parametrize("failures", [1, 2, 3, 4, 5])
def test_wait_doubles_with_each_failure(failures: int) -> None:
    failed = replace(CHECKED, failures=failures, failure="HTTP 500", failing_since=NOW)
    wait = plan(failed, interval_factor=0.01).time - NOW
    usual = 5 * MINUTE * 2 ** (failures - 1)
    assert usual * (1 - JITTER) <= wait <= usual * (1 + JITTER)
    other = replace(failed, key="https://example.net/")
    assert plan(other).time != plan(failed).time
    assert plan(failed) == plan(failed)


@pytest.mark.parametrize("interval_factor", [0.01, 0.1, 1, 100])
def test_first_failure_does_not_shorten_the_wait(interval_factor: float) -> None:
    """The wait is at most an hour."""
    failed = replace(CHECKED, failures=1, failure="HTTP 500", failing_since=NOW)
    usual = min(plan(interval_factor=interval_factor).time - NOW, HOUR)
    wait = plan(failed, interval_factor=interval_factor).time - NOW
    assert usual * (1 - JITTER) <= wait <= usual * (1 + JITTER)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (5, 16), (7, 60), (10_000, 60)])
def test_wait_of_a_fixed_interval_doubles_with_each_failure(failures: int, minutes: int) -> None:
    failed = replace(CHECKED, failures=failures, failure="HTTP 404", failing_since=NOW)
    wait = plan(failed, every="1m").time - NOW
    assert minutes * MINUTE * (1 - JITTER) <= wait <= minutes * MINUTE * (1 + JITTER)
    assert "failed" in plan(failed, every="1m").why
    rare = plan(failed, every="6h").time - NOW
    assert 6 * HOUR * (1 - JITTER) <= rare <= 6 * HOUR * (1 + JITTER)


def test_failures_do_not_change_cron() -> None:
    failed = replace(CHECKED, failures=9, failure="HTTP 404", failing_since=NOW)
    assert plan(failed, cron="*/5 * * * *").time == NOW + 5 * MINUTE


def test_wait_after_failures_is_at_most_max_every() -> None:
    failed = replace(CHECKED, failures=10_000, failure="HTTP 500", failing_since=NOW)
    assert plan(failed).time - NOW <= DAY * (1 + JITTER)
    assert plan(failed).why == "failed 10000 times in a row"


def test_success_restores_the_learned_interval() -> None:
    assert plan(CHECKED).time - NOW < 6 * HOUR


@pytest.mark.parametrize(
    "by", ["Cache-Control", "ttl", "sy:updatePeriod", "Crawl-delay", "Retry-After"]
)
def test_learned_interval_honours_polling_hints(by: str) -> None:
    slow = replace(CHECKED, pace=PollingHints(wait=2 * 86400, by=by))
    assert plan(slow).time == NOW + 2 * DAY
    assert f"{by} requests 2d" in plan(slow).why


def test_reason_names_the_polling_hint_and_the_honoured_part() -> None:
    forever = replace(
        CHECKED, pace=PollingHints().with_min_wait(31_536_000, "Cache-Control", 86400)
    )
    assert plan(forever).time == NOW + DAY
    assert plan(forever).why.endswith(
        "; Cache-Control requests 52w1d between checks, of which 1d is honoured"
    )


def test_fixed_interval_honours_only_retry_after() -> None:
    assert (
        plan(replace(CHECKED, pace=PollingHints(7200, "ttl")), every="30m").time
        == NOW + 30 * MINUTE
    )
    assert (
        plan(replace(CHECKED, pace=PollingHints(7200, "Retry-After")), every="30m").time
        == NOW + 2 * HOUR
    )


def test_skipped_hours_delay_the_check() -> None:
    asleep = replace(CHECKED, pace=PollingHints(skip_hours=(12, 13, 14)))
    assert plan(asleep, interval_factor=0.01).time == datetime(2026, 1, 1, 15, tzinfo=UTC)


def test_skipped_days_delay_the_check() -> None:
    asleep = replace(CHECKED, pace=PollingHints(skip_days=(3, 4)))
    assert plan(asleep, interval_factor=0.01).time == datetime(2026, 1, 3, tzinfo=UTC)


def test_hints_that_skip_every_hour_are_ignored() -> None:
    asleep = replace(CHECKED, pace=PollingHints(skip_hours=tuple(range(24))))
    assert plan(asleep, interval_factor=0.01).time == NOW + 5 * MINUTE

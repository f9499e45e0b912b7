"""When a source is looked at next, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedpub.config import FeedConfig
from feedpub.core.models import PollingHints
from feedpub.scheduler.next_check import JITTER, NextCheck, plan_next_check
from feedpub.store import SourceState

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)  # a Thursday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LOOKED = SourceState("world", "https://example.org/", checked=NOW, succeeded=NOW, items=10)
DAILY = [NOW - n * DAY for n in range(60, 0, -1)]


def feed(**settings: Any) -> FeedConfig:
    source = {"type": "page", "url": "https://example.org/"}
    return FeedConfig.model_validate(
        {"name": "world", "title": "World", "source": [source], **settings}
    )


def planned(state: SourceState = LOOKED, *, local: bool = False, **settings: Any) -> NextCheck:
    return plan_next_check(feed(**settings), state, DAILY, NOW, local=local)


def test_an_interval() -> None:
    """Counts from the last look."""
    assert planned(every="30m") == NextCheck(NOW + 30 * MINUTE, "every 30m")


def test_an_interval_that_has_passed() -> None:
    """A look that is overdue is due now."""
    late = replace(LOOKED, checked=NOW - 5 * HOUR)
    assert planned(late, every="30m").time == NOW


def test_cron() -> None:
    """In the zone that the config names."""
    assert planned(cron="0 6 * * *", timezone="Europe/Berlin") == NextCheck(
        datetime(2026, 1, 2, 5, tzinfo=UTC), "cron 0 6 * * * (Europe/Berlin)"
    )


def test_auto_stays_between_its_bounds() -> None:
    """However eager."""
    assert planned(interval_factor=0.01).time == NOW + 5 * MINUTE
    assert planned(interval_factor=100).time == NOW + DAY
    assert planned(interval_factor=100, max_every="6h").time == NOW + 6 * HOUR
    assert planned(interval_factor=0.01, min_every="20m").time == NOW + 20 * MINUTE


def test_auto_says_why() -> None:
    """In the words of the source's rhythm."""
    assert "publishes about 1 a day" in planned().why


def test_a_folder_is_looked_at_often() -> None:
    """It costs nobody anything."""
    assert planned(local=True) == NextCheck(NOW + 5 * MINUTE, "a folder: every 5m")


@pytest.mark.parametrize("failures", [1, 2, 3, 4, 5])
def test_failures_put_it_off(failures: int) -> None:
    """Twice as long each time, and not for all that failed together at the same moment."""
    failed = replace(LOOKED, failures=failures, failure="HTTP 500", failing_since=NOW)
    wait = planned(failed, interval_factor=0.01).time - NOW
    usual = 5 * MINUTE * 2 ** (failures - 1)
    assert usual * (1 - JITTER) <= wait <= usual * (1 + JITTER)
    other = replace(failed, key="https://example.net/")
    assert planned(other).time != planned(failed).time
    assert planned(failed) == planned(failed)


@pytest.mark.parametrize("interval_factor", [0.01, 0.1, 1, 100])
def test_a_source_that_failed_once_is_asked_no_sooner_than_before(interval_factor: float) -> None:
    """Its usual wait begins the doubling.

    But after an hour it is tried again: one look lost is no day lost.
    """
    failed = replace(LOOKED, failures=1, failure="HTTP 500", failing_since=NOW)
    usual = min(planned(interval_factor=interval_factor).time - NOW, HOUR)
    wait = planned(failed, interval_factor=interval_factor).time - NOW
    assert usual * (1 - JITTER) <= wait <= usual * (1 + JITTER)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (5, 16), (7, 60), (10_000, 60)])
def test_failures_put_off_an_interval_too(failures: int, minutes: int) -> None:
    """Nobody is asked every minute for a page that is gone.

    An hour is the longest wait that this makes.
    """
    failed = replace(LOOKED, failures=failures, failure="HTTP 404", failing_since=NOW)
    wait = planned(failed, every="1m").time - NOW
    assert minutes * MINUTE * (1 - JITTER) <= wait <= minutes * MINUTE * (1 + JITTER)
    assert "failed" in planned(failed, every="1m").why
    rare = planned(failed, every="6h").time - NOW
    assert 6 * HOUR * (1 - JITTER) <= rare <= 6 * HOUR * (1 + JITTER)


def test_cron_stays_cron() -> None:
    """Who names the minutes means them, after failures too."""
    failed = replace(LOOKED, failures=9, failure="HTTP 404", failing_since=NOW)
    assert planned(failed, cron="*/5 * * * *").time == NOW + 5 * MINUTE


def test_failures_put_it_off_no_longer_than_the_longest_wait() -> None:
    """A source that failed for a year is looked at every day or so."""
    failed = replace(LOOKED, failures=10_000, failure="HTTP 500", failing_since=NOW)
    assert planned(failed).time - NOW <= DAY * (1 + JITTER)
    assert planned(failed).why == "failed 10000 times in a row"


def test_once_it_answers_its_rhythm_counts_again() -> None:
    """All at once."""
    assert planned(LOOKED).time - NOW < 6 * HOUR


@pytest.mark.parametrize(
    "by", ["Cache-Control", "ttl", "sy:updatePeriod", "Crawl-delay", "Retry-After"]
)
def test_auto_looks_no_sooner_than_the_source_allows(by: str) -> None:
    """Whatever asks for it, and beyond the longest wait, too."""
    slow = replace(LOOKED, pace=PollingHints(wait=2 * 86400, by=by))
    assert planned(slow).time == NOW + 2 * DAY
    assert f"{by} requests 2d" in planned(slow).why


def test_what_a_source_asks_for_is_told_in_its_own_words() -> None:
    """Where only a part of it is heard, that is told too."""
    forever = replace(LOOKED, pace=PollingHints().with_min_wait(31_536_000, "Cache-Control", 86400))
    assert planned(forever).time == NOW + DAY
    assert planned(forever).why.endswith(
        "; Cache-Control requests 52w1d between checks, of which 1d is honoured"
    )


def test_an_interval_obeys_retry_after_alone() -> None:
    """Who names an interval has decided; but a server that asks to be left alone is left alone."""
    assert (
        planned(replace(LOOKED, pace=PollingHints(7200, "ttl")), every="30m").time
        == NOW + 30 * MINUTE
    )
    assert (
        planned(replace(LOOKED, pace=PollingHints(7200, "Retry-After")), every="30m").time
        == NOW + 2 * HOUR
    )


def test_hours_that_it_skips() -> None:
    """The look is put off to the first hour in which there may be something."""
    asleep = replace(LOOKED, pace=PollingHints(skip_hours=(12, 13, 14)))
    assert planned(asleep, interval_factor=0.01).time == datetime(2026, 1, 1, 15, tzinfo=UTC)


def test_days_that_it_skips() -> None:
    """Thursday is 3."""
    asleep = replace(LOOKED, pace=PollingHints(skip_days=(3, 4)))
    assert planned(asleep, interval_factor=0.01).time == datetime(2026, 1, 3, tzinfo=UTC)


def test_a_source_that_skips_everything() -> None:
    """Nobody means that."""
    asleep = replace(LOOKED, pace=PollingHints(skip_hours=tuple(range(24))))
    assert planned(asleep, interval_factor=0.01).time == NOW + 5 * MINUTE

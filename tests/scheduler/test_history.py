"""When a source published, out of what its entries say."""

from datetime import UTC, datetime, timedelta

from feedpub.scheduler.history import moments

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_moment_is_a_moment() -> None:
    """Whatever the time at which it was seen."""
    published = MIDNIGHT + 9.5 * HOUR
    assert moments([(published, published + 5 * HOUR)]) == [published]


def test_a_day_seen_soon_is_when_it_was_seen() -> None:
    """A date without a time of day says nothing of the hour."""
    assert moments([(MIDNIGHT, MIDNIGHT + 9 * HOUR)]) == [MIDNIGHT + 9 * HOUR]


def test_a_day_seen_late_is_its_noon() -> None:
    """What a first look brings was not published when that look happened."""
    assert moments([(MIDNIGHT, MIDNIGHT + 90 * HOUR)]) == [MIDNIGHT + 12 * HOUR]


def test_they_ascend() -> None:
    """Also where the days' guesses change their order."""
    found = moments([(MIDNIGHT, MIDNIGHT + 100 * HOUR), (MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)])
    assert found == [MIDNIGHT + HOUR, MIDNIGHT + 12 * HOUR]

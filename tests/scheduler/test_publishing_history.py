"""When a source published, out of what its entries say."""

from datetime import UTC, datetime, timedelta

from feedpub.scheduler.publishing_rate import publication_times

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def test_a_moment_is_a_moment() -> None:
    """Whatever the time at which it was seen."""
    published = MIDNIGHT + 9.5 * HOUR
    assert publication_times([(published, published + 5 * HOUR)]) == [published]


def test_a_day_seen_soon_is_when_it_was_seen() -> None:
    """A date without a time of day says nothing of the hour."""
    assert publication_times([(MIDNIGHT, MIDNIGHT + 9 * HOUR)]) == [MIDNIGHT + 9 * HOUR]


def test_a_day_seen_late_is_its_noon() -> None:
    """What a first look brings was not published when that look happened."""
    assert publication_times([(MIDNIGHT, MIDNIGHT + 90 * HOUR)]) == [MIDNIGHT + 12 * HOUR]


def test_they_ascend() -> None:
    """Also where the days' guesses change their order."""
    found = publication_times(
        [(MIDNIGHT, MIDNIGHT + 100 * HOUR), (MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)]
    )
    assert found == [MIDNIGHT + HOUR, MIDNIGHT + 12 * HOUR]


def test_a_first_listing_without_dates_says_nothing() -> None:
    """That all of it was there at the first look is no burst.

    Each entry has a second of its own.
    """
    first = MIDNIGHT + 9 * HOUR
    assert publication_times([(first - n * SECOND, first) for n in range(30)]) == []


def test_what_comes_later_without_a_date_came_when_it_was_seen() -> None:
    """From the second look on that is known to a few minutes, or hours."""
    first, later = MIDNIGHT + 9 * HOUR, MIDNIGHT + 14 * HOUR
    listed = [(first - n * SECOND, first) for n in range(30)]
    assert publication_times([*listed, (later, later), (later - SECOND, later)]) == [
        later - SECOND,
        later,
    ]


def test_dates_of_a_first_listing_count() -> None:
    """A source that has them had published before it was looked at."""
    dated = [MIDNIGHT + n * HOUR + SECOND for n in range(8)]
    assert publication_times([(published, MIDNIGHT + 9 * HOUR) for published in dated]) == dated

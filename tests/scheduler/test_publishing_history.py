"""Publication times from entries."""

from datetime import UTC, datetime, timedelta

from feedpub.scheduler.publishing_rate import publication_times

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def test_date_with_time_is_kept() -> None:
    published = MIDNIGHT + 9.5 * HOUR
    assert publication_times([(published, published + 5 * HOUR)]) == [published]


def test_date_without_time_becomes_first_seen_if_soon_after() -> None:
    assert publication_times([(MIDNIGHT, MIDNIGHT + 9 * HOUR)]) == [MIDNIGHT + 9 * HOUR]


def test_date_without_time_becomes_noon_if_seen_late() -> None:
    assert publication_times([(MIDNIGHT, MIDNIGHT + 90 * HOUR)]) == [MIDNIGHT + 12 * HOUR]


def test_publication_times_are_ascending() -> None:
    found = publication_times(
        [(MIDNIGHT, MIDNIGHT + 100 * HOUR), (MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)]
    )
    assert found == [MIDNIGHT + HOUR, MIDNIGHT + 12 * HOUR]


def test_undated_entries_of_the_first_check_are_left_out() -> None:
    first = MIDNIGHT + 9 * HOUR
    assert publication_times([(first - n * SECOND, first) for n in range(30)]) == []


def test_later_undated_entry_counts_when_first_seen() -> None:
    first, later = MIDNIGHT + 9 * HOUR, MIDNIGHT + 14 * HOUR
    listed = [(first - n * SECOND, first) for n in range(30)]
    assert publication_times([*listed, (later, later), (later - SECOND, later)]) == [
        later - SECOND,
        later,
    ]


def test_dated_entries_of_the_first_check_count() -> None:
    dated = [MIDNIGHT + n * HOUR + SECOND for n in range(8)]
    assert publication_times([(published, MIDNIGHT + 9 * HOUR) for published in dated]) == dated

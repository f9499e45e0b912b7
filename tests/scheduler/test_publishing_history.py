"""Publication times from entries."""

from feedpub.scheduler.publishing_rate import publication_times

MINUTE, HOUR = 60, 3600  # seconds
MIDNIGHT = 20_454 * 24 * HOUR  # of a day in 2026


def test_date_with_time_is_kept() -> None:
    published = MIDNIGHT + 9 * HOUR
    assert publication_times([(published, published + 5 * HOUR)]) == [published / MINUTE]


def test_date_without_time_becomes_first_seen_if_soon_after() -> None:
    seen = MIDNIGHT + 9 * HOUR
    assert publication_times([(MIDNIGHT, seen)]) == [seen / MINUTE]


def test_date_without_time_becomes_noon_if_seen_late() -> None:
    noon = MIDNIGHT + 12 * HOUR
    assert publication_times([(MIDNIGHT, MIDNIGHT + 90 * HOUR)]) == [noon / MINUTE]


def test_publication_times_are_ascending() -> None:
    found = publication_times(
        [(MIDNIGHT, MIDNIGHT + 100 * HOUR), (MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)]
    )
    assert found == [(MIDNIGHT + HOUR) / MINUTE, (MIDNIGHT + 12 * HOUR) / MINUTE]


def test_undated_entries_of_the_first_check_are_left_out() -> None:
    first = MIDNIGHT + 9 * HOUR
    listed = [(first - n, first) for n in range(30)]
    assert publication_times(listed) == []
    assert len(publication_times(listed, first - HOUR)) == len(listed)


def test_undated_entries_of_the_first_check_are_left_out_if_older_ones_are_unknown() -> None:
    first, later = MIDNIGHT + 9 * HOUR, MIDNIGHT + 14 * HOUR
    entries = [(first, first), (later, later)]
    assert publication_times(entries, first) == [later / MINUTE]


def test_later_undated_entry_counts_when_first_seen() -> None:
    first, later = MIDNIGHT + 9 * HOUR, MIDNIGHT + 14 * HOUR
    listed = [(first - n, first) for n in range(30)]
    found = publication_times([*listed, (later, later), (later - 1, later)])
    assert found == [(later - 1) / MINUTE, later / MINUTE]


def test_dated_entries_of_the_first_check_count() -> None:
    dated = [MIDNIGHT + n * HOUR + 1 for n in range(8)]
    found = publication_times([(published, MIDNIGHT + 9 * HOUR) for published in dated])
    assert found == [published / MINUTE for published in dated]

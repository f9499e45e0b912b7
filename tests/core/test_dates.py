# ruff: noqa: RUF001 -- dates in other scripts are the point
"""Dates as sources write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from feedpub.core.dates import as_item_date, date_in_path, find_date, parse_date

MAY = datetime(2024, 5, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-17T12:30:15+02:00", datetime(2024, 5, 17, 10, 30, 15, tzinfo=UTC)),
        ("2024-05-17T12:30:15.987Z", datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)),
        ("2024-05-17 12:30", datetime(2024, 5, 17, 12, 30, tzinfo=UTC)),
        ("Fri, 17 May 2024 12:30:00 GMT", datetime(2024, 5, 17, 12, 30, tzinfo=UTC)),
        ("Fri, 17 May 2024 12:30:00 EST", datetime(2024, 5, 17, 17, 30, tzinfo=UTC)),
        ("Fri, 17 May 24 12:30:00 +0200", datetime(2024, 5, 17, 10, 30, tzinfo=UTC)),
        ("17 May 2024 12:30 XYZT", datetime(2024, 5, 17, 12, 30, tzinfo=UTC)),
        ("17 May 2024 12:30 WEST", datetime(2024, 5, 17, 11, 30, tzinfo=UTC)),
        ("May 17, 2024 10:00 PT", datetime(2024, 5, 17, 18, tzinfo=UTC)),
        ("May 17, 2024 3 AM PT", datetime(2024, 5, 17, 11, tzinfo=UTC)),
        ("May 17, 2024 at 5:30 PM GMT+03:00", datetime(2024, 5, 17, 14, 30, tzinfo=UTC)),
        ("Fri May 17 12:30:15 +0200 2024", datetime(2024, 5, 17, 10, 30, 15, tzinfo=UTC)),
        ("Fri May 17 12:30:15 2024", datetime(2024, 5, 17, 12, 30, 15, tzinfo=UTC)),
        ("17. Mai 2024", MAY),
        ("Veröffentlicht am 17. Mai 2024, 10 Uhr", datetime(2024, 5, 17, 10, tzinfo=UTC)),
        ("17 мая 2024, 10:00 МСК", datetime(2024, 5, 17, 7, tzinfo=UTC)),
        ("17 de mayo de 2024", MAY),
        ("12 พ.ค. 2567", datetime(2024, 5, 12, tzinfo=UTC)),
        ("17-May-1998", datetime(1998, 5, 17, tzinfo=UTC)),
        ("17-May-98", datetime(1998, 5, 17, tzinfo=UTC)),
        ("05.06.24", datetime(2024, 6, 5, tzinfo=UTC)),
        ("May 17, 2024 at 5:30 pm CEST", datetime(2024, 5, 17, 15, 30, tzinfo=UTC)),
        ("May 17th, 2024", MAY),
        (" 17 May 2024\n", MAY),
        ("20240517", MAY),
        ("17.05.2024", MAY),
        ("5.6.2024", datetime(2024, 6, 5, tzinfo=UTC)),
        ("05. 06. 2024 08:00", datetime(2024, 6, 5, 8, tzinfo=UTC)),
        ("05/17/2024", MAY),
        ("17/05/2024", MAY),
        ("07/07/2024", datetime(2024, 7, 7, tzinfo=UTC)),
        ("2024年5月17日", MAY),
        ("2024년 5월 17일", MAY),
    ],
)
def test_a_date_is_a_moment_in_utc(text: str, moment: datetime) -> None:
    """ISO 8601, RFC 822, and what people write; without a zone it is taken for UTC."""
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Monday",
        "May 2024",
        "2024",
        "12:30",
        "05/06/2024",
        "05-06-2024",
        "05/06/24",
        "12. listopad 2024",
        "June 1-2, 2026",
        "WordPress 4.9.18",
        "2024-02-31",
        "Fri, 31 Feb 2023 00:00:00 GMT",
        "2024-05-17T25:00:00Z",
        "2024-05-17T12:00:00+99:99",
        "9999-12-31",
        "0000-01-01",
        "01 Jan 0000 08:00:00 +0000",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1" * 5000,
        "1716000000",
        "\0" * 20,
        "17 May 2024 " * 20,
    ],
)
def test_text_without_a_complete_day_is_not_a_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Published on 17th May, 2024 by Ines",
        "am 17.5.2024 um halb neun",
        "2024/5/17 東京",
        "更新:2024年5月17日",
        "Sep. 17 (not 2024); May 17, 2024",
        "From 05/06/2024, so 2024-05-17",
        "Erschienen am 17. Mai 2024 um halb neun",
        "17 mai 2024",
        "Freitag, 17. Mai 2024, 10:30",
        "2024/5/17 10:30",
    ],
)
def test_a_date_is_found_in_a_text(text: str) -> None:
    """The first that is one."""
    assert find_date(text) == MAY


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Posted May 17, 2024 10:00 AM PT by Ines", datetime(2024, 5, 17, 18, tzinfo=UTC)),
        ("May 17, 2024 at 5:30 PM GMT+03:00", datetime(2024, 5, 17, 14, 30, tzinfo=UTC)),
        ("Log of 2024-05-17 12:30", datetime(2024, 5, 17, 12, 30, tzinfo=UTC)),
        ("Log of 2024-05-17T12:30:15+02:00", datetime(2024, 5, 17, 10, 30, 15, tzinfo=UTC)),
    ],
)
def test_the_time_of_a_found_date_counts_with_its_zone(text: str, moment: datetime) -> None:
    assert find_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("version 1.2.2024.3", "call 030-17-05-2024", "17 Mayor 2024", "nothing"),
        *("On 3 March the 2024 season", "page 12 (May), 2024", "12 listopad 2024"),
    ],
)
def test_numbers_are_not_dates(text: str) -> None:
    """A text that resembles a date is left alone."""
    assert find_date(text) is None


@pytest.mark.parametrize(
    ("path", "date"),
    [
        ("/2024/05/17/the-quay", MAY),
        ("/news/2024-05-17-the-quay", MAY),
        ("/20240517/quay", MAY),
        ("/2024/05/the-quay", None),
        ("/2024/02/31/", None),
        ("/item/120240517", None),
    ],
)
def test_an_address_may_name_a_day(path: str, date: datetime | None) -> None:
    """Year, month and day at the beginning of a segment."""
    assert date_in_path(path) == date


def test_plausible_date_has_full_seconds_in_utc() -> None:
    """As entries have them."""
    date = datetime(2024, 5, 17, 2, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert as_item_date(date) == MAY

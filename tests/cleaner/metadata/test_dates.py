# ruff: noqa: RUF001 -- dates in other scripts are the point
from datetime import UTC, datetime, timedelta, timezone

import pytest

from feedpub.core import dates


def at(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


DAY = datetime(2024, 1, 12)  # noqa: DTZ001 -- times without a zone keep none


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01T10:00:00.123Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01T10:00:00.1234567Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01T10:00:00+02:00", datetime(2024, 5, 1, 10, tzinfo=at(2))),
        ("2024-05-01T10:00:00+0200", datetime(2024, 5, 1, 10, tzinfo=at(2))),
        ("2024-05-01T10:00:00-05:00", datetime(2024, 5, 1, 10, tzinfo=at(-5))),
        ("2024-05-01T10:00+05:30", datetime(2024, 5, 1, 10, tzinfo=at(5.5))),
        ("2024-05-01T10:00+02:00[Europe/Berlin]", datetime(2024, 5, 1, 10, tzinfo=at(2))),
        ("2024-05-01 10:00:00 +02:00", datetime(2024, 5, 1, 10, tzinfo=at(2))),
        ("2024-05-01 10:00:00 UTC", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("20240501T100000Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024/05/01 10:00 CEST", datetime(2024, 5, 1, 10, tzinfo=at(2))),
        ("Wed, 01 May 2024 10:00:00 GMT", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("Wed, 01 May 2024 10:00:00 +0100", datetime(2024, 5, 1, 10, tzinfo=at(1))),
        ("May 1, 2024 10:00 AM EDT", datetime(2024, 5, 1, 10, tzinfo=at(-4))),
        ("May 1, 2024, 10:00 p.m. PT", datetime(2024, 5, 1, 22, tzinfo=at(-8))),
        ("Published 10:00 AM EST, Wed May 1, 2024", datetime(2024, 5, 1, 10, tzinfo=at(-5))),
        ("1. Mai 2024, 10:00 MESZ", datetime(2024, 5, 1, 10, tzinfo=at(2))),
        ("1 мая 2024, 10:00 МСК", datetime(2024, 5, 1, 10, tzinfo=at(3))),
        ("Wed May  1 10:00:00 CEST 2024", datetime(2024, 5, 1, 10, tzinfo=at(2))),
        ("Wed May 1 10:00:00 +0000 2024", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("1714557600", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("1714557600000", datetime(2024, 5, 1, 10, tzinfo=UTC)),
    ],
)
def test_date_with_zone_is_parsed(text: str, moment: datetime) -> None:
    found = dates.parse_page_date(text)
    assert found == moment
    assert found is not None
    assert found.utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("2024-01-12T10:30:00", 10, 30),
        ("2024-01-12 22:30", 22, 30),
        ("January 12, 2024 at 8:48 p.m.", 20, 48),
        ("January 12, 2024 12:05 am", 0, 5),
        ("12.01.2024 um 10:30 Uhr", 10, 30),
        ("12.1.2024 klo 10.30", 10, 30),
        ("12 janv. 2024 à 10h30", 10, 30),
        ("10:30, 12 Jan 2024", 10, 30),
        ("2024年1月12日 10時30分", 10, 30),
        ("12 January 2024 — 5.30am", 5, 30),
    ],
)
def test_time_without_zone_stays_without(text: str, hour: int, minute: int) -> None:
    assert dates.parse_page_date(text, "en-GB") == DAY.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "January 12, 2024"),
        ("en", "Jan. 12, 2024"),
        ("en", "12th of January 2024"),
        ("en", "Friday, 12 January 2024"),
        ("en", "12-Jan-2024"),
        ("de", "12. Januar 2024"),
        ("de", "Freitag, 12. Jänner 2024"),
        ("fr", "12 janvier 2024"),
        ("fr", "Publié le vendredi 12 janv. 2024"),
        ("es", "12 de enero de 2024"),
        ("es", "12 ene 2024"),
        ("ca", "12 de gener de 2024"),
        ("it", "12 gennaio 2024"),
        ("pt", "12 de janeiro de 2024"),
        ("ro", "12 ianuarie 2024"),
        ("nl", "12 januari 2024"),
        ("sv", "12 januari 2024"),
        ("da", "12. januar 2024"),
        ("nb", "12. jan. 2024"),
        ("fi", "12. tammikuuta 2024"),
        ("is", "12. janúar 2024"),
        ("et", "12. jaanuar 2024"),
        ("lt", "2024 m. sausio 12 d."),
        ("pl", "12 stycznia 2024"),
        ("cs", "12. ledna 2024"),
        ("sk", "12. januára 2024"),
        ("sl", "12. januar 2024"),
        ("hr", "12. siječnja 2024."),
        ("hu", "2024. január 12."),
        ("ru", "12 января 2024"),
        ("uk", "12 січня 2024"),
        ("bg", "12 януари 2024 г."),
        ("el", "12 Ιανουαρίου 2024"),
        ("tr", "12 Ocak 2024"),
        ("ar", "12 يناير 2024"),
        ("ar", "١٢ يناير ٢٠٢٤"),
        ("he", "12 בינואר 2024"),
        ("hi", "12 जनवरी 2024"),
        ("hi", "१२ जनवरी २०२४"),
        ("bn", "১২ জানুয়ারি ২০২৪"),
        ("id", "12 Januari 2024"),
        ("th", "12 ม.ค. 2567"),
        ("th", "12 มกราคม 2567"),
        ("zh", "2024年1月12日"),
        ("ja", "2024年01月12日（金）"),
        ("ko", "2024년 1월 12일"),
        ("ko", "2024. 1. 12."),
        ("de", "12.01.2024"),
        ("nl", "12-01-2024"),
        ("fr", "12/01/2024"),
        ("en-GB", "12/01/2024"),
        ("en-US", "1/12/2024"),
        ("en", "01-12-2024"),
        ("sv", "2024-01-12"),
        ("ja", "2024/01/12"),
        ("en", "20240112"),
    ],
)
def test_date_is_parsed_in_many_languages(language: str, text: str) -> None:
    assert dates.parse_page_date(text, language) == DAY


@pytest.mark.parametrize(
    ("language", "text", "month"),
    [
        ("pl", "12 listopada 2024", 11),
        ("hr", "12 listopada 2024", 10),
        ("cs", "12. listopad 2024", 11),
        ("hr", "12. listopad 2024", 10),
    ],
)
def test_ambiguous_month_depends_on_language(language: str, text: str, month: int) -> None:
    found = dates.parse_page_date(text, language)
    assert found is not None
    assert found.month == month


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "yesterday",
        "0001-01-01T00:00:00",
        "1970-01-01T00:00:00Z",
        "0",
        "2024-02-31",
        "2024-13-01",
        "31/31/2024",
        "1403/05/01",
        "Version 2024.1.1.5",
        "May the force be with you",
        "In March the council met",
        "12 monkeys in 2024",
        "3000-01-01",
        "tel. 555-01-2024-9",
        "2024",
        "The council voted on 12 January 2024 to keep the old pier. " * 3,
    ],
)
def test_text_that_is_not_a_date_gives_none(text: str) -> None:
    assert dates.parse_page_date(text) is None


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://example.org/2024/01/12/pier", DAY),
        ("https://example.org/2024/1/12/pier", DAY),
        ("https://example.org/news/2024/jan/12/pier", DAY),
        ("https://example.org/2024-01-12-pier", DAY),
        ("https://example.org/pier-20240112", DAY),
        ("https://example.org/pier_2024_01_12.html", DAY),
        ("https://example.org/2024/01/pier", None),
        ("https://example.org/article/12345678", None),
        ("https://example.org/2024/13/12/pier", None),
        ("https://example.org/2024/01/123", None),
        ("https://example.org/2024/xyz/12", None),
        ("https://example.org/", None),
    ],
)
def test_date_in_url_is_found(url: str, day: datetime | None) -> None:
    assert dates.date_in_address(url) == day


@pytest.mark.parametrize(
    ("language", "text", "label"),
    [
        ("en", "Last updated: 4 May", "updated"),
        ("en", "Published 4 May", "published"),
        ("en", "Posted on", "published"),
        ("en", "4 May", None),
        ("de", "Aktualisiert am", "updated"),
        ("de", "Veröffentlicht am", "published"),
        ("fr", "Mis à jour le", "updated"),
        ("fr", "Publié le", "published"),
        ("es", "Actualizado a las", "updated"),
        ("it", "Ultimo aggiornamento", "updated"),
        ("pt", "Atualizado em", "updated"),
        ("nl", "Bijgewerkt op", "updated"),
        ("pl", "Aktualizacja:", "updated"),
        ("ru", "Обновлено", "updated"),
        ("tr", "Güncelleme:", "updated"),
        ("ja", "更新日", "updated"),
        ("ja", "公開日", "published"),
        ("ko", "수정", "updated"),
        ("zh", "更新时间", "updated"),
        (None, "Updated", "updated"),
        ("en", "Joined: Mon Mar 04, 2019", "other"),
        ("de", "Mitglied seit", "other"),
        ("en", "On Tue, 7 Oct 2025 at 11:14, Jon Ek wrote:", "other"),
    ],
)
def test_label_distinguishes_publication_and_update(
    language: str | None, text: str, label: str | None
) -> None:
    assert dates.find_date_label(text, language) == label


def test_cache_of_labels_is_bounded() -> None:
    for number in range(200):
        dates.parse_page_date("17 May 2024", f"x-{number}")
        dates.find_date_label("Published 17 May 2024", f"x-{number}")
    assert dates.months.cache_info().currsize <= 64
    assert dates._label_patterns.cache_info().currsize <= 64

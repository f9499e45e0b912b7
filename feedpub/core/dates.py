"""Dates as pages write them → datetime: ISO 8601, Unix time, numbers, month names in many languages, addresses.

Owns the reading of one date from one text; which of a page's dates counts is for the package to
decide. A text without a zone gives a naive datetime, one without a time of day gives midnight. What
cannot be an article's date (year zero, the Unix epoch) gives None.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

from dateutil import parser

from feedpub.core.data_files import load_toml

MAX_DATE_CHARS = 150  # characters; a longer text is prose, not a date
PLAUSIBLE_YEARS = range(1900, 2100)
BUDDHIST = 543  # years that the Thai calendar is ahead
MONTHS = 12
FURTHEST = 15 * 60  # minutes between a zone and UTC

_YEAR_FIRST = re.compile(
    r"(?<!\d)(\d{4})\s?(?:([-/.])|[年년])\s?(\d{1,2})\s?(?:\2|[月월])\s?(\d{1,2})(?!\.?\d)"
    r"|(?<![\d/_.-])(\d{4})(0[1-9]|1[0-2])([0-2]\d|3[01])(?=T|Z|\s|$)"
)
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_TOKEN = re.compile(r"\d+|[^\W\d_](?:[\w\u0300-\u036f\u0900-\u0eff]|[.'](?=[^\W\d_]))*+")
_TIME = re.compile(
    r"(?<![\d.])([01]?\d|2[0-4])\s?(?::|\.|h|時|시)\s?([0-5]\d)(?!\d|\.\d)(?::([0-5]\d)(?:[.,]\d+)?)?(?:\s*([ap])\.?m\b)?"
    r"|T([01]\d|2[0-3])([0-5]\d)([0-5]\d)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+\u2212-])(\d{1,2}):?([0-5]\d)?\b")
_UNIX = re.compile(r"(\d{10})(\d{3})?(?:\.\d+)?")
_IN_ADDRESS = re.compile(
    r"[/_-](?P<y>(?:19|20)\d\d)(?P<s>[/_-]?)(?P<m>0?[1-9]|1[0-2]|[a-z]{3,9})(?P=s)(?P<d>[0-2]\d|3[01]|[1-9])(?!\d)"
)
_FILLERS = frozenset(("de", "di", "of", "d", "st", "nd", "rd", "th", "er", "del", "den"))
_MONTH_FIRST = ("en-us", "en-ph", "en")  # languages that write 12/31/2024
_ZONES_DATES = {  # minutes ahead of UTC; abbreviations that nearly always mean one zone
    "z": 0, "utc": 0, "gmt": 0, "bst": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120, "eet": 120, "sast": 120,
    "eest": 180, "msk": 180, "мск": 180, "pkt": 300, "ist": 330, "wib": 420, "sgt": 480, "hkt": 480, "awst": 480,
    "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "brt": -180, "edt": -240, "et": -300,
    "est": -300, "cdt": -300, "ct": -360, "cst": -360, "mdt": -360, "mst": -420, "pdt": -420, "pt": -480, "pst": -480,
}  # fmt: skip
_ZONE = re.compile(
    r"(?<![^\W\d])(" + "|".join(sorted(_ZONES_DATES, key=len, reverse=True)) + r")\b", re.IGNORECASE
)


@lru_cache(maxsize=1000)  # a page says its dates many times over
def parse_page_date(text: str, language: str | None = None) -> datetime | None:
    """The date that a short text holds, or None.

    Args:
        text: a machine's date or a person's ("Published 12. Januar 2024, 10:30 Uhr").
        language: BCP 47, of the page: settles month names that mean different months, and 3/4/2024.
    """
    text = " ".join(text.split())
    if not text or len(text) > MAX_DATE_CHARS:
        return None
    if unix := _UNIX.fullmatch(text):
        return _plausible(datetime.fromtimestamp(int(unix[1]), UTC))
    text = _western_digits(text)
    found = _numeric(text, language) or _named(text, language)
    if found is None:
        return None
    (year, month, day), rest = found
    return _moment(year - BUDDHIST if year > 2400 else year, month, day, rest)  # noqa: PLR2004


def date_in_address(url: str) -> datetime | None:
    """The day that an article's address names (`/2024/01/12/`, `/20240112-…`), or None."""
    for found in _IN_ADDRESS.finditer(url.lower()):
        month = found["m"] if found["m"].isdigit() else months("en").get(found["m"])
        if month and (moment := _moment(int(found["y"]), int(month), int(found["d"]), "")):
            return moment
    return None


@lru_cache(maxsize=64)  # pages may call their language anything
def months(language: str | None) -> Mapping[str, int]:
    """Month names → 1 … 12, of all languages; the given language has the last word."""
    listed = load_toml("feedpub.core", "data/months.toml")
    own = (language or "en").partition("-")[0].lower()
    order = [names for name, names in listed.items() if name != own] + [listed.get(own, [])]
    return {
        form.replace("_", " "): number
        for names in order
        for number, forms in enumerate(names, 1)
        for form in forms.casefold().split()
    }


def strip_date_label(
    text: str, language: str | None = None
) -> Literal["published", "updated"] | None:
    """Which of an article's dates a visible line says that it holds, where it says so."""
    for which, words in _labels(language):
        if words.search(text):
            return which
    return None


@lru_cache(maxsize=64)  # pages may call their language anything
def _labels(
    language: str | None,
) -> tuple[tuple[Literal["published", "updated"], re.Pattern[str]], ...]:
    listed = load_toml("feedpub.core", "data/datelines.toml")
    spoken = {"en", (language or "en").partition("-")[0].lower()}
    kinds: tuple[Literal["updated", "published"], ...] = ("updated", "published")
    return tuple(
        (
            kind,
            re.compile(
                "|".join(
                    rf"(?<!\w){re.escape(word)}"
                    for code in spoken
                    for word in listed[kind].get(code, ())
                ),
                re.IGNORECASE,
            ),
        )
        for kind in kinds
    )


def _western_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(c)) if not c.isascii() and c.isdecimal() else c for c in text
    )


Day = tuple[int, int, int]


def _numeric(text: str, language: str | None) -> tuple[Day, str] | None:
    """A date in numbers and the text around it."""
    if found := _YEAR_FIRST.search(text):
        year, month, day = (
            (int(part) for part in found.group(1, 3, 4))
            if found[1]
            else map(int, found.group(5, 6, 7))
        )
    elif found := _YEAR_LAST.search(text):
        day, month, year = (int(part) for part in found.group(1, 3, 4))
        american = found[2] in "/-" and (language or "").lower().replace("_", "-") in _MONTH_FIRST
        if month > MONTHS or (american and day <= MONTHS):
            day, month = month, day
    else:
        return None
    return (year, month, day), f"{text[: found.start()]} {text[found.end() :]}"


def _named(text: str, language: str | None) -> tuple[Day, str] | None:
    """A date with the month's name and the text around it."""
    names = months(language)
    tokens = list(_TOKEN.finditer(text))
    words = [token[0].casefold() for token in tokens]
    for at, word in enumerate(words):
        month = names.get(word) or names.get(word.rstrip("."))
        if month and (near := _around(words, at)):
            day, year, used = near
            first, last = tokens[min(used)], tokens[max(used)]
            return (year, month, day), f"{text[: first.start()]} {text[last.end() :]}"
    return None


def _around(words: Sequence[str], at: int) -> tuple[int, int, list[int]] | None:
    """Day and year beside the month's name at `at`, and the places of all three."""
    before = [i for i in range(at - 1, max(at - 4, -1), -1) if words[i] not in _FILLERS][:2]
    after = [i for i in range(at + 1, min(at + 5, len(words))) if words[i] not in _FILLERS][:3]
    years = [i for i in (*after[:2], *before) if len(words[i]) == 4 and words[i].isdecimal()]  # noqa: PLR2004
    days = [i for i in (*before[:1], *after[:1]) if len(words[i]) < 3 and words[i].isdecimal()]  # noqa: PLR2004
    if not years or not days:
        return None
    day = days[-1] if years[0] == days[-1] + 1 else days[0]
    return int(words[day]), int(words[years[0]]), [day, years[0], at]


def _moment(year: int, month: int, day: int, rest: str) -> datetime | None:
    """The day at the time of day and in the zone that the rest of the text names."""
    time = _TIME.search(rest)
    hour, minute, second = _clock(time) if time else (0, 0, 0)
    try:
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 -- the zone comes next
    except ValueError:  # the 31st of February, 25 o'clock
        return None
    return _plausible(moment.replace(tzinfo=_dates_zone(rest[time.end() :])) if time else moment)


def _clock(time: re.Match[str]) -> tuple[int, int, int]:
    hour, minute, second = (
        int(part or 0) for part in (time.group(1, 2, 3) if time[1] else time.group(5, 6, 7))
    )
    if half := time[4]:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    return hour, minute, second


def _dates_zone(text: str) -> timezone | None:
    """The zone that the text after a time of day begins with or names."""
    if offset := _OFFSET.search(text):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        ahead = minutes if offset[1] == "+" else -minutes
        return timezone(timedelta(minutes=ahead)) if abs(ahead) <= FURTHEST else None
    named = _ZONE.search(text)
    return timezone(timedelta(minutes=_ZONES_DATES[named[1].lower()])) if named else None


def _plausible(moment: datetime) -> datetime | None:
    epoch = moment.year == 1970 and moment.timetuple().tm_yday == 1  # noqa: PLR2004 -- an empty field's Unix time
    return moment if moment.year in PLAUSIBLE_YEARS and not epoch else None


# SECTION: Dates as sources write them: text → an aware moment in UTC, or None.
#
# Knows no clock: what lies in the future is for others to judge.

FIRST_YEAR, LAST_YEAR = 1990, 2100  # outside of it a date is a slip: an epoch's zero, a year 9999
LONGEST = 80  # characters
_MILLISECONDS = 10_000_000_000  # a larger number of seconds lies beyond 2286

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_IN_TEXT = re.compile(
    r"(?<![\d./-])(?:"
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{4}[./]\d{1,2}[./]\d{1,2}"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{4}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\.? {_MONTH}\.?,? \d{{4}}"
    r"|\d{4}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]"
    r")(?![\d/-]|\.\d)",
    re.IGNORECASE,
)
_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?([0-3]\d)(?=\D|$)")
_EAST = re.compile(r"\s?[年월月년]\s?")
_DAY_OR_MONTH = re.compile(r"(\d{1,2})([./-])\s?(\d{1,2})\2\s?\d{4}")
_YEAR_ZERO = re.compile(r"^0000-|[a-z][.,]? 0000\b", re.IGNORECASE)  # dateutil takes it for 2000
_ZONES = {"EST": -18000, "EDT": -14400, "CST": -21600, "CDT": -18000, "MST": -25200, "MDT": -21600, "PST": -28800,
          "PDT": -25200, "CET": 3600, "CEST": 7200, "BST": 3600, "WET": 0, "WEST": 3600, "EET": 7200, "EEST": 10800,
          "MSK": 10800, "JST": 32400, "KST": 32400, "AEST": 36000, "AEDT": 39600}  # fmt: skip


def parse_date(text: str) -> datetime | None:
    """The moment that a text names: ISO 8601, RFC 822 and what people write.

    A date without a zone is taken for UTC. None for anything that is not one whole date (a month, a
    weekday, 31 February), can be read in two ways (05/06/2024), or lies outside 1990 to 2100.
    """
    text = _EAST.sub("-", text.strip()).rstrip("日일 ")
    if not 8 <= len(text) <= LONGEST or not re.search(r"\d", text) or _YEAR_ZERO.search(text):  # noqa: PLR2004 -- 1 May 24
        return None
    if (date := _iso(text)) is not None:
        return is_plausible(date)
    readings = {_read(text, day_first=day_first) for day_first in _orders(text)}
    return readings.pop() if len(readings) == 1 else None


def find_date(text: str) -> datetime | None:
    """The first date that stands in a text."""
    return next(
        (date for match in _IN_TEXT.finditer(text) if (date := parse_date(match.group()))), None
    )


def date_in_path(path: str) -> datetime | None:
    """The day that an address's path names: /2024/05/17/, /2024-05-17-, /20240517."""
    match = _IN_PATH.search(path)
    return parse_date("-".join(match.groups())) if match else None


def is_plausible(date: datetime) -> datetime | None:
    """An aware date in UTC and whole seconds, naive ones taken for UTC.

    None outside 1990 to 2100.
    """
    if not FIRST_YEAR <= date.year <= LAST_YEAR:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def parse_epoch(number: float) -> datetime | None:
    """The moment that a number of seconds or milliseconds since 1970 names.

    None outside 1990 to 2100.
    """
    try:
        return is_plausible(
            datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
        )
    except (ValueError, OverflowError, OSError):
        return None


def _iso(text: str) -> datetime | None:
    """The short way for what nearly all machines write: dateutil takes a hundred times as long."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _orders(text: str) -> tuple[bool, ...]:
    """Whether the day comes first: with dots it does, with slashes and hyphens nobody knows."""
    match = _DAY_OR_MONTH.search(text)
    if match is None:
        return (False,)
    return (True,) if match[2] == "." else (True, False)


def _read(text: str, *, day_first: bool) -> datetime | None:
    """One reading.

    What the text leaves open takes a different value each time, so two different dates are none.
    """
    try:
        first, second = (
            parser.parse(text, default=default, dayfirst=day_first, tzinfos=_zone)
            for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 -- only fills gaps
        )
        return is_plausible(first) if first == second else None
    except (ValueError, ArithmeticError):  # dateutil does sums with whatever digits it finds
        return None


def _zone(name: str | None, offset: int | None) -> int:
    """Seconds east of UTC; an unknown name is taken for UTC."""
    return _ZONES.get(name or "", 0) if offset is None else offset

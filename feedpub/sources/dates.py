"""Dates as sources write them: text → an aware moment in UTC, or None.

Knows no clock: what lies in the future is for others to judge.
"""

import re
from datetime import UTC, datetime

from dateutil import parser

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

    A date without a zone is taken for UTC. None for anything that is not one whole date (a month, a weekday, 31
    February), can be read in two ways (05/06/2024), or lies outside 1990 to 2100.
    """
    text = _EAST.sub("-", text.strip()).rstrip("日일 ")
    if not 8 <= len(text) <= LONGEST or not re.search(r"\d", text) or _YEAR_ZERO.search(text):  # noqa: PLR2004 -- 1 May 24
        return None
    if (date := _iso(text)) is not None:
        return plausible(date)
    readings = {_read(text, day_first=day_first) for day_first in _orders(text)}
    return readings.pop() if len(readings) == 1 else None


def find_date(text: str) -> datetime | None:
    """The first date that stands in a text."""
    return next((date for match in _IN_TEXT.finditer(text) if (date := parse_date(match.group()))), None)


def date_in_path(path: str) -> datetime | None:
    """The day that an address's path names: /2024/05/17/, /2024-05-17-, /20240517."""
    match = _IN_PATH.search(path)
    return parse_date("-".join(match.groups())) if match else None


def plausible(date: datetime) -> datetime | None:
    """An aware date in UTC and whole seconds, naive ones taken for UTC; None outside 1990 to 2100."""
    if not FIRST_YEAR <= date.year <= LAST_YEAR:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def plausible_epoch(number: float) -> datetime | None:
    """The moment that a number of seconds or milliseconds since 1970 names; None outside 1990 to 2100."""
    try:
        return plausible(datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC))
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
    """One reading. What the text leaves open takes a different value each time, so two different dates are none."""
    try:
        first, second = (
            parser.parse(text, default=default, dayfirst=day_first, tzinfos=_zone)
            for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 -- only fills gaps
        )
        return plausible(first) if first == second else None
    except (ValueError, ArithmeticError):  # dateutil does sums with whatever digits it finds
        return None


def _zone(name: str | None, offset: int | None) -> int:
    """Seconds east of UTC; an unknown name is taken for UTC."""
    return _ZONES.get(name or "", 0) if offset is None else offset

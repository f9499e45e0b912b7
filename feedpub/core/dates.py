"""Parse dates as pages and feeds write them: ISO 8601, RFC 822, Unix time, and human-readable ones.

`parse_page_date` reads a line of a page and keeps what it leaves open: without a zone the result is
naive, without a time of day it is midnight. `parse_date` reads a text that is one date, and
`find_date` the first date of a longer text; both give a moment in UTC for items of a source. The
package that asks decides which of a page's dates counts, and what to do about the future.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import Literal, TypeAlias

from feedpub.core.loading import load_toml

DateLabel: TypeAlias = Literal["other", "updated", "published"]

MAX_DATE_CHARS = 150  # a longer text is prose, not a date
MAX_SEARCHED_CHARS = 50_000  # of a text in which a date is searched
PLAUSIBLE_YEARS = range(1900, 2100)
PLAUSIBLE_ITEM_YEARS = range(1990, 2101)  # others are mistakes: an epoch's zero, a year 9999

_MIN_DATE_CHARS = 8  # "1 May 24"
_BUDDHIST_YEARS = 543  # years that the Thai calendar is ahead
_MAX_GREGORIAN_YEAR = 2400  # a later year is the Thai calendar's
_MONTHS = 12
_PARTS_OF_A_DATE = 3
_YEAR_DIGITS = 4
_MAX_DAY_DIGITS = 2
_MAX_OFFSET_MINUTES = 15 * 60  # between a zone and UTC
_MAX_EPOCH_SECONDS = 10_000_000_000  # in 2286; a larger number is of milliseconds
_CENTURY_PIVOT = 70  # two-digit years from here on belong to the 20th century

_MIDNIGHT = datetime.min.time()

_YEAR_FIRST = re.compile(
    r"(?<!\d)(\d{4})\s?(?:([-/.])|[年년])\s?(\d{1,2})\s?(?:\2|[月월])\s?(\d{1,2})(?!\.?\d)"
    r"|(?<![\d/_.-])(\d{4})(0[1-9]|1[0-2])([0-2]\d|3[01])(?=T|Z|\s|$)"
)
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_TOKEN = re.compile(r"\d+|[^\W\d_](?:[\w\u0300-\u036f\u0900-\u0eff]|[.'](?=[^\W\d_]))*+")
_TIME = re.compile(
    r"(?<![\d.])([01]?\d|2[0-4])\s?(?::|\.|h|時|시)\s?([0-5]\d)(?!\d|\.\d)"
    r"(?::([0-5]\d)(?:[.,]\d+)?)?(?:\s*([ap])\.?m\b)?"
    r"|T([01]\d|2[0-3])([0-5]\d)([0-5]\d)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+\u2212-])(\d{1,2}):?([0-5]\d)?\b")
_UNIX = re.compile(r"(\d{10})(\d{3})?(?:\.\d+)?")
_YEAR_AFTER_TIME = re.compile(  # Fri May 17 12:30:15 +0000 2024
    r"(\b\d{1,2}) (\d{1,2}:\d\d(?::\d\d)?(?: [^\W\d_]+| [+-]\d{4})?) (\d{4})$"
)
_IN_ADDRESS = re.compile(
    r"[/_-](?P<y>(?:19|20)\d\d)(?P<s>[/_-]?)(?P<m>0?[1-9]|1[0-2]|[a-z]{3,9})(?P=s)"
    r"(?P<d>[0-2]\d|3[01]|[1-9])(?!\d)"
)
_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?([0-3]\d)(?=\D|$)")
_FILLERS = frozenset(("de", "di", "of", "d", "st", "nd", "rd", "th", "er", "del", "den"))
_MONTH_FIRST_LANGUAGES = ("en-us", "en-ph", "en")  # they write 12/31/2024
_ZONES = {  # minutes ahead of UTC; abbreviations that nearly always mean one zone
    "z": 0, "utc": 0, "gmt": 0,
    "bst": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120, "WEST": 60,
    "eet": 120, "eest": 180, "sast": 120, "msk": 180, "мск": 180,
    "pkt": 300, "ist": 330, "wib": 420, "sgt": 480, "hkt": 480, "jst": 540, "kst": 540,
    "awst": 480, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "brt": -180, "et": -300, "est": -300, "edt": -240, "ct": -360, "cst": -360, "cdt": -300,
    "mst": -420, "mdt": -360, "pt": -480, "pst": -480, "pdt": -420,
}  # fmt: skip
_WORDS_TOO = frozenset(("WEST",))  # zones that are words of a language unless in capitals


def _zone_pattern() -> re.Pattern[str]:
    names = sorted(_ZONES, key=len, reverse=True)
    patterns = (f"(?-i:{name})" if name in _WORDS_TOO else name for name in names)
    return re.compile(rf"(?<![^\W\d])({'|'.join(patterns)})\b", re.IGNORECASE)


_ZONE = _zone_pattern()

# --- only in texts of sources ---

_HOUR_ALONE = re.compile(
    r"(?<![\d:.])(1\d|2[0-3]|0?\d)\s?(?:([ap])\.?m\b\.?|(?:h|uhr)\b)", re.IGNORECASE
)
_SHORT_YEAR = re.compile(  # 17 May 24, and 17.05.24 at the start: elsewhere it may be a version
    r"((?:^\W*\d{1,2}([./-])\s?\d{1,2}\2\s?"
    r"|(?<![\d.:/-])\d{1,2}([ -])[^\W\d_]{3,9}\.?\3))(\d\d)(?![\d:.])"
)
_TIME_NEXT = re.compile(r"(?:T|[\s,·|–—]{1,3}(?:at |um |à |kl\.? |klo )?)(?=\d)")
_ZONE_NEXT = re.compile(rf"\s?(?:(?:gmt|utc)?{_OFFSET.pattern}|{_ZONE.pattern})", re.IGNORECASE)
_SPAN_OF_DATE = re.compile(r"[\w\s.,/'’-]*")


@dataclass(frozen=True, slots=True)
class _Day:
    """A date in a text.

    Attributes:
        start, end: the characters of the text that it takes up.
        is_ambiguous: another order of day and month is as likely.
        has_gap: there are other words between its parts.
    """

    year: int
    month: int
    day: int
    start: int
    end: int
    is_ambiguous: bool = False
    has_gap: bool = False


# --- dates of pages ---


@lru_cache(maxsize=1000)  # a page repeats its dates
def parse_page_date(text: str, language: str | None = None) -> datetime | None:
    """Return the date in a short text, or None.

    Args:
        text: machine-readable or not ("Published 12. Januar 2024, 10:30 Uhr").
        language: the page's, BCP 47. It decides month names that mean different months, and
            3/4/2024.
    """
    text = " ".join(text.split())
    if not text or len(text) > MAX_DATE_CHARS:
        return None
    if unix := _UNIX.fullmatch(text):
        return _plausible(datetime.fromtimestamp(int(unix[1]), UTC))
    text = _YEAR_AFTER_TIME.sub(r"\1 \3 \2", _western_digits(text))
    day = _find_numeric(text, language) or next(_find_named(text, months(language)), None)
    if day is None:
        return None
    rest = f"{text[: day.start]} {text[day.end :]}"
    return _plausible(_moment(day, rest)[0])


def date_in_address(url: str) -> datetime | None:
    """Return the day in an article's address (`/2024/01/12/`, `/20240112-…`), or None."""
    for found in _IN_ADDRESS.finditer(url.lower()):
        month = found["m"] if found["m"].isdigit() else months("en").get(found["m"])
        if not month:
            continue
        day = _Day(int(found["y"]), int(month), int(found["d"]), found.start(), found.end())
        if moment := _plausible(_moment(day, "")[0]):
            return moment
    return None


def find_date_label(text: str, language: str | None = None) -> DateLabel | None:
    """Return which date a visible line announces ("Last updated: …"), or None.

    An "other" date is not one of the article: when its author joined a forum, or when a quoted mail
    was written.
    """
    for label, words in _label_patterns(language):
        if words.search(text):
            return label
    return None


@lru_cache(maxsize=64)  # a site may invent languages
def _label_patterns(
    language: str | None,
) -> list[tuple[DateLabel, re.Pattern[str]]]:
    listed = load_toml("feedpub.core", "data/datelines.toml")
    languages = {"en", (language or "en").partition("-")[0].lower()}
    labels: tuple[DateLabel, ...] = ("other", "updated", "published")
    patterns: list[tuple[DateLabel, re.Pattern[str]]] = []
    for label in labels:
        words: list[str] = []
        for code in languages:
            words += listed[label].get(code, ())
        starts = "|".join(rf"(?<!\w){re.escape(word)}" for word in words)
        patterns.append((label, re.compile(starts, re.IGNORECASE)))
    return patterns


def _plausible(moment: datetime | None) -> datetime | None:
    if moment is None or moment.year not in PLAUSIBLE_YEARS:
        return None
    is_epoch = moment.year == 1970 and moment.timetuple().tm_yday == 1  # noqa: PLR2004 -- an empty field
    return None if is_epoch else moment


# --- dates of sources ---


def parse_date(text: str) -> datetime | None:
    """Return the moment that a text names, in UTC: ISO 8601, RFC 822 or human-readable.

    A date without a zone, or in an unknown one, counts as UTC. Return None if the text is not one
    complete date (a month, a weekday, 31 February), if it can be read in two ways (05/06/2024), or
    if the date is outside `PLAUSIBLE_ITEM_YEARS`.
    """
    text = " ".join(text.split())
    if not _MIN_DATE_CHARS <= len(text) <= MAX_DATE_CHARS:
        return None
    try:
        return as_item_date(datetime.fromisoformat(text))  # nearly all machines write it
    except ValueError:
        pass
    text = _HOUR_ALONE.sub(_with_minutes, _western_digits(text))
    day = _find_day(text)
    if day is None:
        text = _YEAR_AFTER_TIME.sub(r"\1 \3 \2", text)
        text = _SHORT_YEAR.sub(_with_century, text)
        day = _find_day(text)
    if day is None or day.is_ambiguous:
        return None
    moment, rest = _moment(day, f"{text[: day.start]} {text[day.end :]}")
    if moment is None or any(char.isdigit() for char in rest):
        return None
    return as_item_date(moment)


def find_date(text: str) -> datetime | None:
    """Return the first date in the first `MAX_SEARCHED_CHARS` of a text, in UTC.

    Its time of day counts only with a zone, or if the date is machine-readable: the time of a
    visible date is the site's, and taken for UTC it may be in the future.
    """
    text = _western_digits(text[:MAX_SEARCHED_CHARS])
    days = [*_numeric_days(text), *_find_named(text, _unambiguous_months())]
    for day in sorted(days, key=lambda day: day.start):
        if day.is_ambiguous or not _stands_alone(day, text):
            continue
        if (moment := as_item_date(_moment(day, "")[0])) is None:
            continue
        return as_item_date(_moment(day, _time_after(day, text))[0]) or moment
    return None


def read_date(text: str, language: str | None = None) -> datetime | None:
    """Return the date of a short text, in UTC; the language decides about 3/4/2024."""
    if not any(map(str.isdigit, text)):
        return None
    if moment := parse_date(text) or find_date(text):
        return moment
    return as_item_date(parse_page_date(text, language)) if language else None


def date_in_path(path: str) -> datetime | None:
    """Return the day in an address's path: /2024/05/17/, /2024-05-17-, /20240517."""
    match = _IN_PATH.search(path)
    return parse_date("-".join(match.groups())) if match else None


def as_item_date(moment: datetime | None) -> datetime | None:
    """Return a moment in UTC and whole seconds, or None outside `PLAUSIBLE_ITEM_YEARS`.

    A naive one counts as UTC.
    """
    if moment is None or moment.year not in PLAUSIBLE_ITEM_YEARS:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def with_time_of_day(date: datetime | None, others: Iterable[datetime | None]) -> datetime | None:
    """Return a date, or if it is midnight, the first other one of that day with a time of day.

    Midnight stands for an unknown time of day. Each date counts as the day of its own zone.
    """
    if date is None or date.time() != _MIDNIGHT:
        return date
    for other in others:
        if other and other.time() != _MIDNIGHT and other.date() == date.date():
            return other
    return date


def parse_epoch(number: float) -> datetime | None:
    """Return the moment of a number of seconds or milliseconds since 1970.

    Return None outside `PLAUSIBLE_ITEM_YEARS`.
    """
    try:
        seconds = number / 1000 if number > _MAX_EPOCH_SECONDS else number
        return as_item_date(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _find_day(text: str) -> _Day | None:
    return _find_numeric(text, None) or next(_find_named(text, _unambiguous_months()), None)


def _numeric_days(text: str) -> Iterator[_Day]:
    for match in _YEAR_FIRST.finditer(text):
        yield _year_first(match)
    for match in _YEAR_LAST.finditer(text):
        yield _year_last(match, None)


def _stands_alone(day: _Day, text: str) -> bool:
    """Return False for a part of a longer number, such as 1.2.2024.3, and for a date with a gap."""
    if day.has_gap or text[max(day.start - 1, 0) : day.start] in {*"./-"}:
        return False
    if re.match(r"[/-]|\.?\d", text[day.end :]):
        return False
    return _SPAN_OF_DATE.fullmatch(text, day.start, day.end) is not None


def _time_after(day: _Day, text: str) -> str:
    """Return the time of day that directly follows a date, with its zone; "" if there is none."""
    joint = _TIME_NEXT.match(text, day.end)
    time = _TIME.match(text, joint.end()) if joint else None
    if time is None:
        return ""
    found = _ZONE_NEXT.match(text, time.end())
    machine_readable = _YEAR_FIRST.match(text, day.start)
    if found is None and not (machine_readable and machine_readable[2] in ("-", None)):
        return ""
    return text[time.start() : found.end() if found else time.end()]


def _with_minutes(found: re.Match[str]) -> str:
    half = f" {found[2]}m" if found[2] else ""
    return f"{found[1]}:00{half}"


def _with_century(found: re.Match[str]) -> str:
    century = 20 if int(found[4]) < _CENTURY_PIVOT else 19
    return f"{found[1]}{century}{found[4]}"


# --- months ---


@lru_cache(maxsize=64)  # a site may invent languages
def months(language: str | None) -> Mapping[str, int]:
    """Return the month names of all languages, each with its number from 1 to 12.

    If languages disagree about a name, the given one decides.
    """
    own = (language or "en").partition("-")[0].lower()
    return dict(_month_names(except_for=own)) | dict(_month_names(own))


@cache
def _unambiguous_months() -> Mapping[str, int]:
    """Return the month names that mean one month in all languages, and all English ones."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for name, number in _month_names(except_for=""):
        numbers[name].add(number)
    certain = {name: min(found) for name, found in numbers.items() if len(found) == 1}
    return certain | dict(_month_names("en"))


def _month_names(language: str | None = None, except_for: str = "") -> Iterator[tuple[str, int]]:
    """Yield the month names of one language, or of all but one."""
    for code, names in load_toml("feedpub.core", "data/months.toml").items():
        if code == except_for or language not in (None, code):
            continue
        for number, forms in enumerate(names, 1):
            for form in forms.casefold().split():
                yield form.replace("_", " "), number


# --- days ---


def _western_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(char)) if not char.isascii() and char.isdecimal() else char
        for char in text
    )


def _find_numeric(text: str, language: str | None) -> _Day | None:
    if found := _YEAR_FIRST.search(text):
        return _year_first(found)
    found = _YEAR_LAST.search(text)
    return _year_last(found, language) if found else None


def _year_first(found: re.Match[str]) -> _Day:
    year, month, day = found.group(1, 3, 4) if found[1] else found.group(5, 6, 7)
    return _Day(_gregorian(int(year)), int(month), int(day), found.start(), found.end())


def _year_last(found: re.Match[str], language: str | None) -> _Day:
    day, month, year = (int(number) for number in found.group(1, 3, 4))
    may_be_american = found[2] in "/-"
    is_ambiguous = may_be_american and day <= _MONTHS and month <= _MONTHS and day != month
    tag = (language or "").lower().replace("_", "-")
    is_american = may_be_american and tag in _MONTH_FIRST_LANGUAGES
    if month > _MONTHS or (is_american and day <= _MONTHS):
        day, month = month, day
    return _Day(_gregorian(year), month, day, found.start(), found.end(), is_ambiguous)


def _gregorian(year: int) -> int:
    return year - _BUDDHIST_YEARS if year > _MAX_GREGORIAN_YEAR else year


def _find_named(text: str, names: Mapping[str, int]) -> Iterator[_Day]:
    """Yield the dates whose month is written by name, in the text's order."""
    tokens = list(_TOKEN.finditer(text))
    words = [token[0].casefold() for token in tokens]
    for index, word in enumerate(words):
        month = names.get(word) or names.get(word.rstrip("."))
        near = _day_and_year(words, index) if month else None
        if month and near:
            day, year = near
            first, last = min(index, day, year), max(index, day, year)
            others = [word for word in words[first : last + 1] if word not in _FILLERS]
            yield _Day(
                _gregorian(int(words[year])),
                month,
                int(words[day]),
                tokens[first].start(),
                tokens[last].end(),
                has_gap=len(others) > _PARTS_OF_A_DATE,
            )


def _day_and_year(words: Sequence[str], month: int) -> tuple[int, int] | None:
    """Return the places of the day and the year next to the month's name."""
    before = [i for i in range(month - 1, max(month - 4, -1), -1) if words[i] not in _FILLERS][:2]
    after = [i for i in range(month + 1, min(month + 5, len(words))) if words[i] not in _FILLERS]
    years = [i for i in (*after[:2], *before) if len(words[i]) == _YEAR_DIGITS]
    years = [i for i in years if words[i].isdecimal()]
    days = [i for i in (*before[:1], *after[:1]) if len(words[i]) <= _MAX_DAY_DIGITS]
    days = [i for i in days if words[i].isdecimal()]
    if not years or not days:
        return None
    year = years[0]
    return (days[-1] if year == days[-1] + 1 else days[0]), year


# --- time of day and zone ---


def _moment(day: _Day, rest: str) -> tuple[datetime | None, str]:
    """Return a day at the time of day and in the zone that the rest of the text names.

    Returns:
        The moment, None if there is no such day or time; and what is left of the rest.
    """
    time = _TIME.search(rest)
    hour, minute, second = _read_clock(time) if time else (0, 0, 0)
    try:
        moment = datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 -- the zone follows
    except ValueError:  # 31 February, 25 o'clock
        return None, rest
    if time is None:
        return moment, rest
    zone, left = _read_zone(rest[time.end() :])
    return moment.replace(tzinfo=zone), f"{rest[: time.start()]} {left}"


def _read_clock(time: re.Match[str]) -> tuple[int, int, int]:
    parts = time.group(1, 2, 3) if time[1] else time.group(5, 6, 7)
    hour, minute, second = (int(part or 0) for part in parts)
    if half := time[4]:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    return hour, minute, second


def _read_zone(text: str) -> tuple[timezone | None, str]:
    """Return the zone in the text after a time of day, and the text without it."""
    found = _OFFSET.search(text)
    if found:
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes > _MAX_OFFSET_MINUTES:
            return None, text
        minutes = minutes if found[1] == "+" else -minutes
    else:
        found = _ZONE.search(text)
        if found is None:
            return None, text
        name = found[1]
        minutes = _ZONES[name if name in _WORDS_TOO else name.lower()]
    left = f"{text[: found.start()]} {text[found.end() :]}"
    return timezone(timedelta(minutes=minutes)), left

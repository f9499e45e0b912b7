"""Cron expressions, read only to tell a mistake and its place; when a feed runs is the scheduler's matter.

The scheduler's library is not asked: it does not know Sunday as 0 or 7, nor that some days never
come, and its messages are not for people.
"""

import re
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # days of each month at most
_ITEM = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]{1,2}))?")


class _Part(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()  # from `low` upwards


_PARTS = (
    _Part("minute", 0, 59),
    _Part("hour", 0, 23),
    _Part("day", 1, 31),
    _Part("month", 1, 12, _MONTHS),
    _Part("weekday", 0, 7, _WEEKDAYS),
)


def check_cron(expression: str) -> str:
    """The expression with single spaces.

    ValueError says which part is wrong and what may stand there.
    """
    fields = expression.split()
    if expression.startswith("@"):
        raise ValueError(
            f'no names such as "{expression}"; write every = "1h", or five parts such as "0 * * * *"'
        )
    if len(fields) != len(_PARTS):
        raise ValueError(
            f'has {len(fields)} of the five parts minute, hour, day, month, weekday; write for example "*/30 * * * *"'
        )
    _minutes, _hours, days, months, _weekdays = map(_values, _PARTS, fields)
    if fields[-1] == "*" and all(min(days) > _LONGEST[month - 1] for month in months):
        raise ValueError(f"day {min(days)} never comes in the months given")
    return " ".join(fields)


def cron_fields(expression: str) -> tuple[frozenset[int], ...]:
    """Minutes, hours, days, months and weekdays (0 and 7 are Sunday) of an expression that has been checked."""
    return tuple(map(_values, _PARTS, expression.split()))


def _values(part: _Part, field: str) -> frozenset[int]:
    return frozenset().union(*(_range(part, item) for item in field.split(",")))


def _range(part: _Part, item: str) -> range:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise ValueError(
            f'"{item}" is no {part.name}; write a number, a range 1-5, a list 1,3 or a step */2'
        )
    step = int(found["step"] or 1)
    if step == 0:
        raise ValueError(f'"{item}" goes nowhere; the step after the slash is at least 1')
    first = part.low if found["all"] else _number(part, found["first"])
    last = _number(part, found["last"]) if found["last"] else first
    if found["all"] or (found["step"] and not found["last"]):
        last = part.high
    if last < first:
        raise ValueError(f'"{item}" runs backwards; write the smaller {part.name} first')
    return range(first, last + 1, step)


def _number(part: _Part, text: str) -> int:
    if text.lower() in part.names:
        return part.names.index(text.lower()) + part.low
    if re.fullmatch("[0-9]{1,2}", text) and part.low <= int(text) <= part.high:
        return int(text)
    names = f" or {part.names[0]} to {part.names[-1]}" if part.names else ""
    raise ValueError(f'"{text}" is no {part.name}; write {part.low} to {part.high}{names}')

"""Validate and expand cron expressions; the scheduler computes the times.

The scheduler's library is not used for validation. It does not accept 0 and 7 for Sunday, does not
detect dates that never occur, and its messages are not written for users.
"""

import re
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MAX_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of each month
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
    """Return a valid expression with single spaces between its parts.

    Raises:
        ValueError: it is invalid; the message names the part and the allowed values.
    """
    parts = expression.split()
    if expression.startswith("@"):
        raise ValueError(
            f'"{expression}" is not supported; write every = "1h", or five parts such as '
            '"0 * * * *"'
        )
    if len(parts) != len(_PARTS):
        raise ValueError(
            f"has {len(parts)} parts instead of five (minute, hour, day, month, weekday); "
            'write for example "*/30 * * * *"'
        )
    _, _, days, months, _ = map(_expand, _PARTS, parts)
    any_weekday = parts[-1] == "*"
    if any_weekday and all(min(days) > _MAX_DAYS[month - 1] for month in months):
        raise ValueError(f"day {min(days)} does not exist in any of these months")
    return " ".join(parts)


def cron_fields(expression: str) -> tuple[frozenset[int], ...]:
    """Return the minutes, hours, days, months and weekdays of a valid expression.

    Both 0 and 7 mean Sunday.
    """
    return tuple(map(_expand, _PARTS, expression.split()))


def _expand(part: _Part, text: str) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        values.update(_expand_item(part, item))
    return frozenset(values)


def _expand_item(part: _Part, item: str) -> range:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise ValueError(
            f'"{item}" is not a valid {part.name}; write a number, a range 1-5, a list 1,3 or a '
            "step */2"
        )
    step = int(found["step"] or 1)
    if step == 0:
        raise ValueError(f'"{item}" has no step; the number after the slash must be at least 1')
    first = part.low if found["all"] else _parse_number(part, found["first"])
    last = _parse_number(part, found["last"]) if found["last"] else first
    if found["all"] or (found["step"] and not found["last"]):
        last = part.high
    if last < first:
        raise ValueError(f'"{item}" runs backwards; write the smaller {part.name} first')
    return range(first, last + 1, step)


def _parse_number(part: _Part, text: str) -> int:
    if text.lower() in part.names:
        return part.names.index(text.lower()) + part.low
    if re.fullmatch("[0-9]{1,2}", text) and part.low <= int(text) <= part.high:
        return int(text)
    names = f" or {part.names[0]} to {part.names[-1]}" if part.names else ""
    raise ValueError(f'"{text}" is not a valid {part.name}; write {part.low} to {part.high}{names}')

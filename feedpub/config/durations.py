"""Durations as people write them in the config: "90s", "30m", "6h", "7d", "2w", "1h30m"."""

import re
from datetime import timedelta

from feedpub.config.text import quote

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
PATTERN = "^(?=.)" + "".join(f"(?:([0-9]{{1,6}}){unit})?" for unit in _UNITS) + "$"


def parse(value: object) -> timedelta:
    """The length of time that a text names, units from the largest to the smallest; a timedelta is one already.

    Raises ValueError, with what to write, for anything else.
    """
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(PATTERN, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(_complaint(value))
    counts = zip(found.groups(default="0"), _UNITS.values(), strict=True)
    return sum((int(count) * unit for count, unit in counts), timedelta())


def _complaint(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'{value} has no unit; write "{value}s" for seconds, or "30m", "6h", "7d", "1h30m"'
    wrong = f"{quote(value)} is" if isinstance(value, str) else "this is"
    return f'{wrong} not a duration; write numbers with units: "90s", "30m", "6h", "7d", "2w", "1h30m"'


def written(duration: timedelta) -> str:
    """The duration as it stands in a config: the shortest text that `parse` reads as the same whole seconds."""
    text = ""
    for name, unit in _UNITS.items():
        count, duration = divmod(duration, unit)
        text += f"{count}{name}" if count else ""
    return text or "0s"

"""Durations as people write them in the config: "90s", "30m", "6h", "7d", "2w", "1h30m"."""

import re
from datetime import timedelta

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
    if isinstance(value, int | float) and not isinstance(value, bool):
        hint = f'write "{value}s" for seconds, or "30m", "6h", "7d", "1h30m"'
        raise ValueError(f"{value} has no unit; {hint}")  # noqa: TRY004 -- pydantic collects only ValueErrors
    found = re.fullmatch(PATTERN, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('not a duration; write numbers with units: "90s", "30m", "6h", "7d", "2w", "1h30m"')
    counts = zip(found.groups(default="0"), _UNITS.values(), strict=True)
    return sum((int(count) * unit for count, unit in counts), timedelta())


def written(duration: timedelta) -> str:
    """The duration as it stands in a config: the shortest text that `parse` reads as the same whole seconds."""
    text = ""
    for name, unit in _UNITS.items():
        count, duration = divmod(duration, unit)
        text += f"{count}{name}" if count else ""
    return text or "0s"

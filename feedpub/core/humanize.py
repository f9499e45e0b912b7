"""Lengths of time as people say them."""

from datetime import datetime, timedelta

from feedpub.core.text import pluralize

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def format_age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says something: "3 hours ago"."""
    length = _length(now - moment)
    return f"{length} ago" if length else "just now"


def format_relative(moment: datetime, now: datetime) -> str:
    """A moment past or to come: "3 hours ago", "in 24 minutes"."""
    if moment <= now:
        return format_age(moment, now)
    return f"in {_length(moment - now) or 'less than a minute'}"


def _length(time: timedelta) -> str:
    """Whole units, rounded down; "" for less than a minute."""
    seconds = time.total_seconds()
    return next(
        (pluralize(int(seconds // size), name) for name, size in _UNITS if seconds >= size), ""
    )

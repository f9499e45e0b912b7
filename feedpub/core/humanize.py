"""Format times relative to now."""

from datetime import datetime, timedelta

from feedpub.core.text import pluralize

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))  # name, seconds


def format_age(moment: datetime, now: datetime) -> str:
    """Format how long ago a moment was, in the largest unit that fits: "3 hours ago"."""
    length = _format_length(now - moment)
    return f"{length} ago" if length else "just now"


def format_relative(moment: datetime, now: datetime) -> str:
    """Format a past or future moment: "3 hours ago", "in 24 minutes"."""
    if moment <= now:
        return format_age(moment, now)
    return f"in {_format_length(moment - now) or 'less than a minute'}"


def _format_length(length: timedelta) -> str:
    """Format a length in complete units, rounded down; "" for less than a minute."""
    seconds = length.total_seconds()
    for name, size in _UNITS:
        if seconds >= size:
            return pluralize(int(seconds // size), name)
    return ""

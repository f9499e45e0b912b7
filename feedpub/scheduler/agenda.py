"""What to run when a process starts, or when the clock was put forward: what is due, and not all of it at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta

GAP = timedelta(seconds=5)  # between two runs that are overdue
LONGEST = timedelta(minutes=10)  # over which all of them are spread


def spread(planned: Mapping[str, datetime | None], now: datetime) -> dict[str, datetime]:
    """Feed → when it runs: what lies ahead as planned; of what is overdue the first at once, the rest spread out.

    Args:
        planned: feed → when it was to run; None for one that never ran, which is due now.
        now: aware.
    """
    overdue = sorted((moment or now, feed) for feed, moment in planned.items() if moment is None or moment <= now)
    gap = min(GAP, LONGEST / max(1, len(overdue)))
    late = {feed: now + number * gap for number, (_, feed) in enumerate(overdue)}
    return {feed: moment for feed, moment in planned.items() if moment is not None} | late

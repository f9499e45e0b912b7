"""Report the results of a soak test: the lateness of healthy feeds, and lost articles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measurements:
    """The measurements.

    Attributes:
        lateness: healthy feed → seconds by which each of its runs was late.
        lost: "feed: title" of articles that were published long enough ago and are not in
            their feed.
        stall: the longest stall of the main process, in seconds.
        megabytes: the most that all its processes held at once.
        restarts: how often the process crashed or the watchdog ended it.
        runs: hostile feed → how many runs it had.
    """

    lateness: Mapping[str, Sequence[float]]
    lost: Sequence[str]
    stall: float
    megabytes: float
    restarts: int
    runs: Mapping[str, int]

    def faults(self, bound: float) -> Iterator[str]:
        """Return the reasons why the soak test fails; nothing if it passes."""
        for name, late in self.lateness.items():
            if not late:
                yield f"{name} was not run when it was due"
            elif max(late) > bound:
                yield f"{name} was {max(late):.0f} s late, and may be {bound:.0f}"
        if self.lost:
            yield f"{len(self.lost)} articles never came, the first of them {self.lost[0]}"
        if self.restarts:
            yield f"{self.restarts} restarts"


def lateness(
    events: Iterable[Event], names: Sequence[str], end: datetime
) -> dict[str, list[float]]:
    """Return by how many seconds each run of a healthy feed was late.

    The previous run planned the moment from which the delay counts.

    Args:
        events: the log, in its order.
        names: of the healthy feeds.
        end: of the soak test; a run that was due by then and has not begun is late, too.
    """
    found: dict[str, list[float]] = {name: [] for name in names}
    planned: dict[str, datetime] = {}
    for event in events:
        name = event.get("feed", "")
        if event.get("event") != "run_finished" or name not in found:
            continue
        began = datetime.fromisoformat(event["time"]) - timedelta(milliseconds=event["ms"])
        if name in planned:
            found[name].append(max(0.0, (began - planned[name]).total_seconds()))
        planned[name] = datetime.fromisoformat(event["next"])
    for name, moment in planned.items():
        if moment < end:
            found[name].append((end - moment).total_seconds())
    return found


def format_table(found: Measurements) -> Iterator[str]:
    """Return the lines to print."""
    yield f"{'feed':14}{'runs':>6}{'p50':>8}{'p95':>8}{'max':>8}   seconds late"
    for name, late in found.lateness.items():
        yield f"{name:14}{len(late):6}{_format_row(late)}"
    every = [each for late in found.lateness.values() for each in late]
    yield f"{'all':14}{len(every):6}{_format_row(every)}"
    yield f"hostile feeds: {len(found.runs)}, with {sum(found.runs.values())} runs"
    idle = [name for name, runs in found.runs.items() if not runs]
    if idle:
        yield f"hostile feeds that were never run to an end: {', '.join(idle)}"
    yield (
        f"longest stall {found.stall:.1f} s; at most {found.megabytes:.0f} MB in all processes; "
        f"{found.restarts} restarts; {len(found.lost)} articles lost"
    )


def _format_row(late: Sequence[float]) -> str:
    if not late:
        return f"{'-':>8}{'-':>8}{'-':>8}"
    ordered = sorted(late)
    shares = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 1.0))
    return "".join(f"{each:8.1f}" for each in shares)

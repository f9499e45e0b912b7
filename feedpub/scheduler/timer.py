"""Fire the names of all feeds that are due, together.

The timer uses one APScheduler job, set to the earliest time of all feeds. The job only passes names
on, so it can neither hang nor fail. The state is the authority on when a feed runs. A heartbeat job
shows that the scheduler's thread is alive, and a dead thread is replaced.

The times are in a heap. One APScheduler job per feed would take ten times the memory, and there may
be ten thousand feeds.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

_log = logging.getLogger(__name__)

MIN_GAP = timedelta(seconds=1)  # between two overdue runs
MAX_SPREAD = timedelta(minutes=5)  # over which all overdue runs are spread
HEARTBEAT_SECONDS = 5.0
_DEAD_AFTER_SECONDS = 12 * HEARTBEAT_SECONDS
_TIMER_JOB, _HEARTBEAT_JOB = "timer", "heartbeat"
# The job may be rescheduled while its last run is ending. With two threads, at most one of three
# instances has not begun yet.
_MAX_INSTANCES = 3
_MAX_STALE_ENTRIES = 100  # in the heap, before it is rebuilt


def spread_overdue(planned: Mapping[str, datetime | None], now: datetime) -> dict[str, datetime]:
    """Return when each feed runs, by name.

    Times ahead are kept. The first overdue feed runs at once, the others follow at short intervals.

    Args:
        planned: Planned time of each feed; None for a feed that never ran, which is due now.
        now: Aware.
    """
    overdue = []
    times = {}
    for feed, moment in planned.items():
        if moment is None or moment <= now:
            overdue.append((moment or now, feed))
        else:
            times[feed] = moment
    gap = min(MIN_GAP, MAX_SPREAD / max(1, len(overdue)))
    for number, (_, feed) in enumerate(sorted(overdue)):
        times[feed] = now + number * gap
    return times


class Timer:
    """Call `on_due` with the names of feeds when they are due. Thread-safe.

    Args:
        on_due: Returns at once.
        clock: The wall clock, aware.

    Attributes:
        heartbeat: Time of the scheduler's last heartbeat.
    """

    def __init__(
        self, on_due: Callable[[Sequence[str]], object], clock: Callable[[], datetime]
    ) -> None:
        self._on_due = on_due
        self._clock = clock
        self._lock = threading.Lock()
        self._planned: dict[str, datetime] = {}
        # A heap of all times ahead. It also contains entries that a later call has replaced.
        self._heap: list[tuple[datetime, str]] = []
        self._armed: datetime | None = None  # the time of the timer job
        self._scheduler = self._make_scheduler()
        self._beat()

    def start(self) -> None:
        """Start the scheduler's thread."""
        self._beat()
        self._scheduler.start()

    def set(self, feed: str, moment: datetime) -> None:
        """Set a feed's time, in place of an earlier one. A time in the past means now."""
        with self._lock:
            self._planned[feed] = moment
            heappush(self._heap, (moment, feed))
            if len(self._heap) > 2 * len(self._planned) + _MAX_STALE_ENTRIES:
                self._rebuild_heap()
            else:
                self._arm()

    def set_all(self, moments: Mapping[str, datetime]) -> None:
        """Set the times of many feeds at once, as `set` does."""
        with self._lock:
            self._planned |= moments
            self._rebuild_heap()

    def drop(self, feed: str) -> None:
        """Remove a feed's time."""
        with self._lock:
            self._planned.pop(feed, None)

    @property
    def next_times(self) -> Mapping[str, datetime]:
        """Return each feed's time, by name. A time in the past is that of a current run."""
        with self._lock:
            return dict(self._planned)

    @property
    def is_alive(self) -> bool:
        """Return True while the scheduler's thread runs and sends heartbeats."""
        thread = self._scheduler._thread  # noqa: SLF001 -- `running` stays True if the thread dies
        if thread is None or not thread.is_alive():
            return False
        return time.monotonic() - self._last_beat < _DEAD_AFTER_SECONDS

    def restart(self) -> None:
        """Replace the scheduler, because it died or the wall clock jumped."""
        with self._lock:
            old, self._scheduler = self._scheduler, self._make_scheduler()
            self._rebuild_heap()
        _shut_down(old)
        self.start()

    def stop(self) -> None:
        """Stop the scheduler. Its jobs only pass names on, so there is nothing to wait for."""
        if self._scheduler.running:
            _shut_down(self._scheduler)

    def _make_scheduler(self) -> BackgroundScheduler:
        # By default APScheduler drops a job that is a second late, and runs a job twice that is
        # late twice.
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        scheduler.add_listener(
            _log_job_error, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED
        )
        scheduler.add_job(self._beat, "interval", seconds=HEARTBEAT_SECONDS, id=_HEARTBEAT_JOB)
        return scheduler

    def _rebuild_heap(self) -> None:
        """Rebuild the heap without replaced entries. The caller holds the lock."""
        self._heap = [(moment, feed) for feed, moment in self._planned.items()]
        heapify(self._heap)
        self._armed = None
        self._arm()

    def _arm(self) -> None:
        """Set the timer job to the earliest time. The caller holds the lock."""
        if not self._heap or (self._armed is not None and self._armed <= self._heap[0][0]):
            return
        self._armed = self._heap[0][0]
        run_at = max(self._armed, self._clock())  # APScheduler rejects a date in the past
        self._scheduler.add_job(
            self._fire,
            "date",
            run_date=run_at,
            args=(run_at,),
            id=_TIMER_JOB,
            replace_existing=True,
            max_instances=_MAX_INSTANCES,
        )

    def _fire(self, moment: datetime) -> None:
        """Pass on all feeds that are due at a moment, and set the job to the next time."""
        try:
            if feeds := self._pop_due(moment):
                self._on_due(feeds)
        finally:
            with self._lock:
                self._armed = None
                self._arm()

    def _pop_due(self, moment: datetime) -> list[str]:
        feeds = []
        with self._lock:
            while self._heap and self._heap[0][0] <= moment:
                planned, feed = heappop(self._heap)
                if self._planned.get(feed) == planned:
                    feeds.append(feed)
        return list(dict.fromkeys(feeds))

    def _beat(self) -> None:
        self.heartbeat = self._clock()
        self._last_beat = time.monotonic()  # a jump of the wall clock must not look like death


def _shut_down(scheduler: BackgroundScheduler) -> None:
    # The scheduler's thread fails if it looks for a job while the job stores are being shut down.
    # Without jobs it looks for none.
    scheduler.remove_all_jobs()
    scheduler.shutdown(wait=False)


def _log_job_error(event: JobExecutionEvent) -> None:
    """Log events that APScheduler only records. None of them should ever happen."""
    error = getattr(event, "exception", None)
    _log.error("scheduler job %s failed or was skipped", event.job_id, exc_info=error)

"""What to run when a process starts, or when the clock was put forward.

What is due, and not all of it at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
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

MIN_GAP = timedelta(seconds=1)  # between two runs that are overdue
MAX_SPREAD = timedelta(minutes=5)  # over which all of them are spread


def spread_overdue(planned: Mapping[str, datetime | None], now: datetime) -> dict[str, datetime]:
    """Feed → when it runs: what lies ahead as planned; of what is overdue the first at once, the rest spread out.

    Args:
        planned: feed → when it was to run; None for one that never ran, which is due now.
        now: aware.
    """
    overdue = sorted(
        (moment or now, feed) for feed, moment in planned.items() if moment is None or moment <= now
    )
    gap = min(MIN_GAP, MAX_SPREAD / max(1, len(overdue)))
    late = {feed: now + number * gap for number, (_, feed) in enumerate(overdue)}
    return {feed: moment for feed, moment in planned.items() if moment is not None} | late


# SECTION: APScheduler, wound up so that it cannot run down: one job, which rings when the first
# of all feeds is due.
#
# What rings only hands names on, so it can neither hang nor fail; the truth about when a feed
# runs is in our own store. A
# heartbeat job shows that the scheduler's thread lives; a thread that died is replaced. Moments
# lie in a heap of our own:
# a job of APScheduler's takes ten times the memory, and there may be ten thousand feeds.

HEARTBEAT = 5.0  # seconds; also how soon a jump of the wall clock is noticed
_DEAD_AFTER = 12 * HEARTBEAT
_RING, _HEART = "ring", "heart"
# A ring that is set while another one ends must not be left out: with two threads, one of three has
# not begun yet.
_RINGS = 3
_SPARE = 100  # plans that were changed and lie in the heap all the same
_log = logging.getLogger(__name__)


class Timer:
    """Calls `due` with a feed's name when its time has come. Thread-safe.

    Args:
        due: returns at once.
        clock: the wall clock, aware.

    Attributes:
        heartbeat: when the scheduler last showed that it lives.
    """

    def __init__(self, due: Callable[[str], object], clock: Callable[[], datetime]) -> None:
        self._due = due
        self._clock = clock
        self._lock = threading.Lock()
        self._planned: dict[str, datetime] = {}
        self._ahead: list[
            tuple[datetime, str]
        ] = []  # a heap; holds each plan that has not rung, and older ones
        self._armed: datetime | None = None  # when the job rings
        self._scheduler = self._wound_up()
        self._beat()

    def start(self) -> None:
        """Start the scheduler's thread."""
        self._beat()
        self._scheduler.start()

    def set(self, feed: str, moment: datetime) -> None:
        """Run a feed at a moment, instead of any other that was set; one that has passed is now."""
        with self._lock:
            self._planned[feed] = moment
            heappush(self._ahead, (moment, feed))
            if len(self._ahead) > 2 * len(self._planned) + _SPARE:
                self._begin_anew()
            else:
                self._arm()

    def set_all(self, moments: Mapping[str, datetime]) -> None:
        """Run feeds at their moments, as `set` does: many at once."""
        with self._lock:
            self._planned |= moments
            self._begin_anew()

    def drop(self, feed: str) -> None:
        """Run a feed no more."""
        with self._lock:
            self._planned.pop(feed, None)

    @property
    def next_times(self) -> Mapping[str, datetime]:
        """Feed → when it runs next; a moment that has passed is that of a run under way."""
        with self._lock:
            return dict(self._planned)

    @property
    def is_alive(self) -> bool:
        """True while the scheduler's thread runs and its heart beats."""
        thread = self._scheduler._thread  # noqa: SLF001 -- `running` stays True when the thread has died
        return (
            thread is not None
            and thread.is_alive()
            and time.monotonic() - self._beaten < _DEAD_AFTER
        )

    def restart(self) -> None:
        """Put a new scheduler in the place of one that died, or that waits for a moment long gone or far away."""
        with self._lock:
            dead, self._scheduler = self._scheduler, self._wound_up()
            self._begin_anew()
        dead.shutdown(wait=False)
        self.start()

    def stop(self) -> None:
        """Stop; jobs only hand on, so there is nothing to wait for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _wound_up(self) -> BackgroundScheduler:
        # By default APScheduler drops jobs that are a second late, and a job that is late twice
        # runs twice.
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        scheduler.add_listener(
            _complain, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED
        )
        scheduler.add_job(self._beat, "interval", seconds=HEARTBEAT, id=_HEART)
        return scheduler

    def _begin_anew(self) -> None:
        """Make the heap of the plans as they are, without those that were changed.

        With the lock held.
        """
        self._ahead = [(moment, feed) for feed, moment in self._planned.items()]
        heapify(self._ahead)
        self._armed = None
        self._arm()

    def _arm(self) -> None:
        """See that the job rings at the first moment there is; with the lock held."""
        if not self._ahead or (self._armed is not None and self._armed <= self._ahead[0][0]):
            return
        self._armed = self._ahead[0][0]
        run_at = max(self._armed, self._clock())  # a moment that has passed would be no trigger
        self._scheduler.add_job(
            self._ring,
            "date",
            run_date=run_at,
            args=(run_at,),
            id=_RING,
            replace_existing=True,
            max_instances=_RINGS,
        )

    def _ring(self, moment: datetime) -> None:
        """Hand on what is due at a moment, and set the job for what comes next."""
        try:
            while feed := self._next_due(moment):
                self._due(feed)
        finally:
            with self._lock:
                self._armed = None
                self._arm()

    def _next_due(self, moment: datetime) -> str | None:
        """The first feed that is due, which is then no longer ahead."""
        with self._lock:
            while self._ahead and self._ahead[0][0] <= moment:
                planned, feed = heappop(self._ahead)
                if self._planned.get(feed) == planned:
                    return feed
        return None

    def _beat(self) -> None:
        self.heartbeat = self._clock()
        self._beaten = time.monotonic()  # the wall clock may jump, which kills nobody


def _complain(event: JobExecutionEvent) -> None:
    """What APScheduler only notes, said aloud: none of it should ever happen here."""
    error = getattr(event, "exception", None)
    _log.error("the scheduler's job %s did not run as it should", event.job_id, exc_info=error)

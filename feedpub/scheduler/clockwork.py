"""APScheduler, wound up so that it cannot run down: one job a feed, in memory, each at the moment that was planned.

Jobs only hand a feed's name on, so none can hang or fail; the truth about when a feed runs is in our own store. A
heartbeat job shows that the scheduler's thread lives; a thread that died is replaced.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

HEARTBEAT = 5.0  # seconds; also how soon a jump of the wall clock is noticed
_DEAD_AFTER = 12 * HEARTBEAT
_log = logging.getLogger(__name__)


class Clockwork:
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
        self._planned: dict[str, datetime] = {}
        self._scheduler = self._wound_up()
        self._beat()

    def start(self) -> None:
        """Start the scheduler's thread."""
        self._beat()
        self._scheduler.start()

    def set(self, feed: str, moment: datetime) -> None:
        """Run a feed at a moment, instead of any other that was set; one that has passed is now."""
        self._planned[feed] = moment
        self._add(self._scheduler, feed, moment)

    def drop(self, feed: str) -> None:
        """Run a feed no more."""
        if self._planned.pop(feed, None) and self._scheduler.get_job(feed):
            self._scheduler.remove_job(feed)

    @property
    def planned(self) -> Mapping[str, datetime]:
        """Feed → when it runs next."""
        return dict(self._planned)

    @property
    def alive(self) -> bool:
        """True while the scheduler's thread runs and its heart beats."""
        thread = self._scheduler._thread  # noqa: SLF001 -- `running` stays True when the thread has died
        return thread is not None and thread.is_alive() and time.monotonic() - self._beaten < _DEAD_AFTER

    def revive(self) -> None:
        """Put a new scheduler in the place of one that died, or that waits for a moment long gone or far away."""
        dead, self._scheduler = self._scheduler, self._wound_up()
        dead.shutdown(wait=False)
        for feed, moment in self._planned.items():
            self._add(self._scheduler, feed, moment)
        self.start()

    def stop(self) -> None:
        """Stop; jobs only hand on, so there is nothing to wait for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _wound_up(self) -> BackgroundScheduler:
        # By default APScheduler drops jobs that are a second late, and a job that is late twice runs twice.
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        scheduler.add_listener(_complain, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        scheduler.add_job(self._beat, "interval", seconds=HEARTBEAT, id=" heartbeat")
        return scheduler

    def _add(self, scheduler: BackgroundScheduler, feed: str, moment: datetime) -> None:
        run_at = max(moment, self._clock())  # a moment that has passed would be no trigger
        scheduler.add_job(self._due, "date", run_date=run_at, args=(feed,), id=feed, replace_existing=True)

    def _beat(self) -> None:
        self.heartbeat = self._clock()
        self._beaten = time.monotonic()  # the wall clock may jump, which kills nobody


def _complain(event: JobExecutionEvent) -> None:
    """What APScheduler only notes, said aloud: none of it should ever happen here."""
    error = getattr(event, "exception", None)
    _log.error("the scheduler's job %s did not run as it should", event.job_id, exc_info=error)

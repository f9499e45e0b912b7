"""Consume the queue in a worker: run queued feeds in threads, and requeue lost jobs.

Live workers requeue the jobs of dead ones. A worker that loses the database continues when it is
reachable again. Jobs that ran meanwhile are requeued, because their completion could not be
recorded. A worker that sent no heartbeat for so long that others consider it dead cancels its runs
before it continues.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import procrastinate
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from psycopg import Error as PsycopgError
from psycopg_pool import PoolTimeout

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FeedpubError
from feedpub.core.log import fields
from feedpub.scheduler.queue.queue import QUEUE_NAME, TASK_NAME, OwnedJobManager, connection_info

_log = logging.getLogger(__name__)

T = TypeVar("T")
RunQueuedFeed = Callable[[str, bool, RunBudget], object]
"""Runs a feed, with all its sources or the due ones. If it raises an exception, it is retried."""

POLL_SECONDS = 0.25  # between checks for the end of the worker
CONNECT_TIMEOUT_SECONDS = 8.0  # also delays the end of the worker
MAX_RECONNECT_SECONDS = 15.0
MAX_DOUBLINGS = 8  # of the wait between two attempts


@dataclass(frozen=True, slots=True)
class WorkerTimings:
    """Times of a worker, in seconds.

    Attributes:
        grace: Time between the end of a run's budget and its cancellation.
        drain: Time that current runs get when the worker ends.
        first_retry: Wait before a failed job is retried.
        last_retry: Longest wait between two attempts.
        heartbeat: Interval between heartbeats, and between searches for lost jobs.
        lost_after: Time without a heartbeat after which a worker is considered dead.
        poll: Interval between checks for a job, if no notification arrives.
    """

    grace: float = 60.0
    drain: float = 15.0
    first_retry: int = 5
    last_retry: int = 300
    heartbeat: float = 5.0
    lost_after: float = 30.0
    poll: float = 2.0


class RetryStrategy(procrastinate.BaseRetryStrategy):
    """Retry without limit, after increasing waits.

    A feed's run only raises an exception if the state is unavailable, which is temporary.
    """

    def __init__(self, timings: WorkerTimings) -> None:
        self._timings = timings

    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> procrastinate.RetryDecision:
        """Return when the next attempt starts."""
        del exception
        wait = self._timings.first_retry * 2 ** min(job.attempts, MAX_DOUBLINGS)
        seconds = min(wait, self._timings.last_retry)
        return procrastinate.RetryDecision(retry_in={"seconds": seconds})


class QueueConsumer:
    """Run queued feeds until stopped.

    Args:
        address: Address of the database.
        run: Runs a feed. Called in threads.
        on_timeout: Called with a feed whose run was cancelled.
        concurrency: Number of feeds that run at once.
        timeout_seconds: Returns the time limit of a run.
        is_rescuer: Returns True if this worker requeues the jobs of dead workers. Called every few
            seconds.
        timings: Intervals and timeouts.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and limits, all named
        self,
        address: str,
        run: RunQueuedFeed,
        *,
        on_timeout: Callable[[str], object],
        concurrency: int,
        timeout_seconds: Callable[[], float],
        is_rescuer: Callable[[], bool],
        timings: WorkerTimings = WorkerTimings(),
    ) -> None:
        self._address = address
        self._run = run
        self._on_timeout = on_timeout
        self._concurrency = concurrency
        self._timeout_seconds = timeout_seconds
        self._is_rescuer = is_rescuer
        self._timings = timings
        self._last_heartbeat = 0.0
        self._running: dict[str, RunBudget] = {}
        # Jobs that the queue assigns to this worker but that did not run at the last search
        self._missing_jobs: set[int | None] = set()
        self.stuck_threads: list[threading.Thread] = []

    @property
    def running_feeds(self) -> tuple[str, ...]:
        """Return the feeds that run in this worker."""
        return tuple(self._running)

    def run_until(self, stopped: threading.Event) -> None:
        """Work until the event is set.

        Then wait some seconds for current runs, and requeue those that do not end.
        """
        asyncio.run(self._reconnect_until(stopped))

    async def _reconnect_until(self, stopped: threading.Event) -> None:
        pause = 1.0
        while not stopped.is_set():
            try:
                await self._work_connected(stopped)
                pause = 1.0
            except (ProcrastinateException, PsycopgError, PoolTimeout, OSError) as error:
                reason = f"database unreachable: {error.__cause__ or error}"
                _log.error("queue_error", extra=fields(reason=reason))
                await asyncio.to_thread(stopped.wait, pause)
                pause = min(pause * 2, MAX_RECONNECT_SECONDS)

    async def _work_connected(self, stopped: threading.Event) -> None:
        """Work as long as the database is reachable."""
        connector = procrastinate.PsycopgConnector(
            conninfo=connection_info(self._address),
            min_size=1,
            max_size=4,
            timeout=CONNECT_TIMEOUT_SECONDS,
        )
        app = procrastinate.App(connector=connector)
        app.job_manager = OwnedJobManager(app.connector)
        app.task(name=TASK_NAME, queue=QUEUE_NAME, retry=RetryStrategy(self._timings))(self._job)
        async with app.open_async():
            worker = Worker(
                app,
                queues=[QUEUE_NAME],
                concurrency=self._concurrency,
                shutdown_graceful_timeout=self._timings.drain,
                delete_jobs="always",
                install_signal_handlers=False,
                fetch_job_polling_interval=self._timings.poll,
                stalled_worker_timeout=self._timings.lost_after,
            )
            last_search = self._last_heartbeat = time.monotonic()
            working = asyncio.ensure_future(worker.run())  # type: ignore[no-untyped-call]
            try:
                while not (working.done() or stopped.is_set()):
                    await asyncio.wait([working], timeout=POLL_SECONDS)
                    is_time = time.monotonic() - last_search > self._timings.heartbeat
                    if worker.worker_id and is_time:
                        await self._send_heartbeat(app, worker.worker_id)
                        await self._requeue_lost(app, worker)
                        last_search = time.monotonic()
            finally:
                worker.stop()  # type: ignore[no-untyped-call]
                await working

    async def _job(self, feed: str, all: bool = False) -> None:  # noqa: A002, FBT001, FBT002 -- the queue has these names
        """Run a feed in its own thread, which is abandoned if it is stuck."""
        budget = RunBudget(self._timeout_seconds())
        budget.extend(self._last_heartbeat + self._timings.lost_after)
        thread, done = _start_thread(lambda: self._run(feed, all, budget), f"feed {feed}")
        self._running[feed] = budget
        try:
            timeout = self._timeout_seconds() + self._timings.grace
            await asyncio.wait_for(asyncio.shield(done), timeout)
            budget.check_not_cancelled()  # a cancelled run has to be repeated
        except TimeoutError:
            budget.cancel()
            self.stuck_threads.append(thread)
            await asyncio.to_thread(self._on_timeout, feed)
        except asyncio.CancelledError:
            budget.cancel()  # another worker will run it, so this run must not write results
            raise
        finally:
            if self._running.get(feed) is budget:
                del self._running[feed]

    async def _send_heartbeat(self, app: procrastinate.App, worker: int) -> None:
        """Send a heartbeat, and extend the budgets of runs that no other worker can own yet."""
        now = time.monotonic()
        await app.job_manager.update_heartbeat(worker)
        for budget in self._running.values():
            budget.extend(now + self._timings.lost_after)
        self._last_heartbeat = now

    async def _requeue_lost(self, app: procrastinate.App, worker: Worker) -> None:
        """Requeue jobs that are marked as running but that no worker runs."""
        doing = list(await app.job_manager.list_jobs_async(queue=QUEUE_NAME, status="doing"))
        missing = {}
        for job in doing:
            if job.worker_id == worker.worker_id and job.lock not in self._running:
                missing[job.id] = job
        lost = {id_: job for id_, job in missing.items() if id_ in self._missing_jobs}
        self._missing_jobs = set(missing)
        try:
            is_rescuer = await asyncio.to_thread(self._is_rescuer)
        except FeedpubError as error:
            _log.error("queue_error", extra=fields(reason=str(error)))
            is_rescuer = False
        if is_rescuer:
            stalled = await app.job_manager.get_stalled_jobs(
                queue=QUEUE_NAME, seconds_since_heartbeat=self._timings.lost_after
            )
            lost |= {job.id: job for job in stalled}
        for job in lost.values():
            _log.warning(
                "worker_lost", extra=fields(feed=job.lock, outcome="the run is queued again")
            )
            await app.job_manager.retry_job(job, retry_at=_retry_time(job, self._timings))


def _retry_time(job: Job, timings: WorkerTimings) -> datetime | None:
    """Return when a lost job is retried: at once the first time, and later with each loss.

    A job that crashes workers must not crash them all: meanwhile they run the other feeds.
    """
    if not job.attempts:
        return None
    wait = timings.first_retry * 2 ** min(job.attempts, MAX_DOUBLINGS)
    return datetime.now(UTC) + timedelta(seconds=min(wait, timings.last_retry))


def _start_thread(
    action: Callable[[], T], name: str
) -> "tuple[threading.Thread, asyncio.Future[T]]":
    """Start a thread, and return it with a future of its result.

    The thread is a daemon, because a stuck one must not keep the process alive.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def set_result(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = action()
        except BaseException as raised:  # noqa: BLE001 -- raised again by the future
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(set_result, result, error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread, done

"""Consume the queue in a worker: run the feeds of jobs in threads, and requeue lost jobs.

The feeds of a job run one after the other in one thread. If that takes long, most of them have
something new: the job keeps the feed that runs, and the others become smaller jobs, which any
worker can run. A feed that fails or is stuck therefore does not affect the others of its job.

Live workers requeue the jobs of dead ones. A worker that loses the database continues when it is
reachable again. Jobs that ran meanwhile are requeued, because their completion could not be
recorded. A worker that sent no heartbeat for so long that others consider it dead cancels its runs
before it continues.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import procrastinate
from procrastinate import JobContext
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from psycopg import Error as PsycopgError
from psycopg_pool import PoolTimeout

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FeedpubError
from feedpub.core.log import fields
from feedpub.scheduler.queue.queue import (
    QUEUE_NAME,
    TASK_NAME,
    OwnedJobManager,
    connection_info,
    job_feeds,
    share_job,
)
from feedpub.scheduler.queue.running_job import RunningJob

_log = logging.getLogger(__name__)

T = TypeVar("T")
POLL_SECONDS = 0.25  # between checks for the end of the worker
CONNECT_TIMEOUT_SECONDS = 8.0  # also delays the end of the worker
MAX_RECONNECT_SECONDS = 15.0
MAX_DOUBLINGS = 8  # of the wait between two attempts
SHARES = 10  # smaller jobs that the feeds of one that takes long become


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
        share: Time after which a job shares its waiting feeds with other workers.
    """

    grace: float = 60.0
    drain: float = 15.0
    first_retry: int = 5
    last_retry: int = 300
    heartbeat: float = 5.0
    lost_after: float = 30.0
    poll: float = 2.0
    share: float = 5.0


class QueuedRuns(Protocol):
    """The functions that a worker's jobs call, in threads.

    A job is retried if one of these calls raises an exception, except for `time_out`.
    """

    def begin(self, feeds: Sequence[str], /) -> Sequence[str]:
        """Return which feeds of a job still have to run: another worker may have run some."""

    def run_feed(self, feed: str, everything: bool, budget: RunBudget, /) -> object:  # noqa: FBT001 -- the queue's signature
        """Run a feed, with all its sources or the due ones. The job's other feeds still run."""

    def end(self) -> object:
        """Save what runs have left to be saved."""

    def time_out(self, feed: str, /) -> object:
        """Record a run that was cancelled."""


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
        return procrastinate.RetryDecision(retry_in={"seconds": _retry_wait(job, self._timings)})


class QueueConsumer:
    """Run queued feeds until stopped.

    Args:
        address: Address of the database.
        runs: Runs the feeds.
        concurrency: Number of jobs that run at once.
        timeout_seconds: Returns the time limit of a run.
        is_rescuer: Returns True if this worker requeues the jobs of dead workers. Called every few
            seconds.
        timings: Intervals and timeouts.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and limits, all named
        self,
        address: str,
        runs: QueuedRuns,
        *,
        concurrency: int,
        timeout_seconds: Callable[[], float],
        is_rescuer: Callable[[], bool],
        timings: WorkerTimings = WorkerTimings(),
    ) -> None:
        self._address = address
        self._runs = runs
        self._concurrency = concurrency
        self._timeout_seconds = timeout_seconds
        self._is_rescuer = is_rescuer
        self._timings = timings
        self._last_heartbeat = 0.0
        self._running: dict[int | None, RunningJob] = {}
        # Jobs that the queue assigns to this worker but that did not run at the last search
        self._missing_jobs: set[int | None] = set()
        self.stuck_threads: list[threading.Thread] = []

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
        retry = RetryStrategy(self._timings)
        app.task(name=TASK_NAME, queue=QUEUE_NAME, retry=retry, pass_context=True)(self._run_job)
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

    async def _run_job(self, context: JobContext, feeds: list[str], all: bool) -> None:  # noqa: A002, FBT001 -- the queue has these names
        """Run the feeds of a job in a thread, which is abandoned if it is stuck."""
        running = RunningJob(
            feeds, lambda feed, budget: self._runs.run_feed(feed, all, budget), self._new_budget
        )
        self._running[context.job.id] = running
        try:
            if not all:
                running.keep_only(await asyncio.to_thread(self._runs.begin, feeds))
            while running.has_waiting:
                await self._run_thread(context, running)
            await asyncio.to_thread(self._runs.end)
            if running.error:
                raise running.error
        finally:
            # If this worker stops, another one will run the feed. This run must not write results.
            running.stop()
            del self._running[context.job.id]

    async def _run_thread(self, context: JobContext, running: RunningJob) -> None:
        """Run feeds in a thread until they have ended or one is stuck."""
        thread, done = _start_thread(running.run_all, f"job {context.job.id}")
        max_seconds = self._timeout_seconds() + self._timings.grace
        while not done.done():
            until_share, until_timeout = running.seconds_until(self._timings.share, max_seconds)
            if until_share <= 0:
                await self._share(context, running)
            elif until_timeout <= 0:
                if feed := running.cancel_run():
                    self.stuck_threads.append(thread)
                    await asyncio.to_thread(self._runs.time_out, feed)
                return
            else:
                await asyncio.wait([done], timeout=min(until_share, until_timeout))
        done.result()

    async def _share(self, context: JobContext, running: RunningJob) -> None:
        """Move the waiting feeds of a job into smaller ones."""
        kept, waiting = running.take_waiting()
        if waiting:
            await asyncio.to_thread(self._runs.end)  # before the other feeds leave the job
            size = math.ceil(len(waiting) / SHARES)
            batches = [waiting[n : n + size] for n in range(0, len(waiting), size)]
            await share_job(context.app.connector, context.job, kept, batches, lost=False)

    def _new_budget(self) -> RunBudget:
        """Return the budget of a run, which ends when others consider this worker dead."""
        budget = RunBudget(self._timeout_seconds())
        budget.extend(self._last_heartbeat + self._timings.lost_after)
        return budget

    async def _send_heartbeat(self, app: procrastinate.App, worker: int) -> None:
        """Send a heartbeat, and extend the budgets of runs that no other worker can own yet."""
        now = time.monotonic()
        await app.job_manager.update_heartbeat(worker)
        for running in self._running.values():
            running.extend(now + self._timings.lost_after)
        self._last_heartbeat = now

    async def _requeue_lost(self, app: procrastinate.App, worker: Worker) -> None:
        """Requeue jobs that are marked as running but that no worker runs."""
        doing = list(await app.job_manager.list_jobs_async(queue=QUEUE_NAME, status="doing"))
        missing = {}
        for job in doing:
            if job.worker_id == worker.worker_id and job.id not in self._running:
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
            await _requeue(app, job, self._timings)


async def _requeue(app: procrastinate.App, job: Job, timings: WorkerTimings) -> None:
    """Requeue each feed of a lost job on its own, because one may have crashed the worker."""
    feeds = job_feeds(job)
    first, others = feeds[:1], feeds[1:]
    outcome = "the run is queued again"
    _log.warning(
        "worker_lost",
        extra=fields(feed="".join(first), others=len(others) or None, outcome=outcome),
    )
    if others:
        await share_job(app.connector, job, first, [[feed] for feed in others], lost=True)
    await app.job_manager.retry_job(job, retry_at=_retry_time(job, timings))


def _retry_time(job: Job, timings: WorkerTimings) -> datetime | None:
    """Return when a lost job is retried: at once the first time, and later with each loss.

    A job that crashes workers must not crash them all: meanwhile they run the other feeds.
    """
    if not job.attempts:
        return None
    return datetime.now(UTC) + timedelta(seconds=_retry_wait(job, timings))


def _retry_wait(job: Job, timings: WorkerTimings) -> int:
    """Return the seconds until the next attempt."""
    doubled: int = timings.first_retry * 2 ** min(job.attempts, MAX_DOUBLINGS)
    return min(doubled, timings.last_retry)


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

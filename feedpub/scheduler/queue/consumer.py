"""What a worker does with the queue: takes feeds out of it, has each run in a thread, and looks after what was lost.

Jobs of workers that died are put back by those that live. A worker that loses the database goes on
when that is there again; what it was running then is put back, too, since nobody knows any more
that it is done. A worker that others must take for dead, since it gave no sign of life for so long,
gives up what it was running before it goes on.
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
Run = Callable[[str, bool, RunBudget], object]
"""Runs a feed, with all its sources or those that are due; what it raises is tried again."""

TICK = 0.25  # seconds between two looks at whether the worker is to end
PATIENCE = 8.0  # seconds that a connection is waited for, also when the worker is to end
MOST_DOUBLINGS = 8  # of the time between two tries


@dataclass(frozen=True, slots=True)
class WorkerTimings:
    """How long is waited for what; in seconds.

    Attributes:
        grace: between the end of a run's time and its being given up.
        drain: for runs under way when the worker is to end.
        first_retry: after which a job that failed is tried again.
        last_retry: the longest between two tries.
        look: between two signs of life, and between two looks at whether something was lost.
        silent: without a sign of life after which a worker is taken to be dead.
        poll: between two looks for a job, where nobody told of one.
    """

    grace: float = 60.0
    drain: float = 15.0
    first_retry: int = 5
    last_retry: int = 300
    check_config: float = 5.0
    lost_after: float = 30.0
    poll: float = 2.0


class Retry(procrastinate.BaseRetryStrategy):
    """Again and again, later and later.

    What a feed's run raises is about the state, which comes back some time.
    """

    def __init__(self, pace: WorkerTimings) -> None:
        self._pace = pace

    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> procrastinate.RetryDecision:
        """When the next try is."""
        del exception
        wait = self._pace.first_retry * 2 ** min(job.attempts, MOST_DOUBLINGS)
        return procrastinate.RetryDecision(retry_in={"seconds": min(wait, self._pace.last_retry)})


class QueueConsumer:
    """Takes feeds out of the queue until it is stopped.

    Args:
        address: of the database.
        run: runs a feed; called in threads.
        lost: told of a feed whose run was given up.
        at_once: feeds.
        deadline: seconds that a run may take.
        looks_after: whether it is for this worker to look after what others lost; asked every few
            seconds.
        pace: how long is waited for what.
    """

    def __init__(  # noqa: PLR0913 -- its collaborators and limits, all named
        self,
        address: str,
        run: Run,
        *,
        lost: Callable[[str], object],
        at_once: int,
        deadline: Callable[[], float],
        looks_after: Callable[[], bool],
        pace: WorkerTimings = WorkerTimings(),
    ) -> None:
        self._address = address
        self._run = run
        self._lost = lost
        self._at_once = at_once
        self._deadline = deadline
        self._looks_after = looks_after
        self._pace = pace
        self._heard = 0.0  # when the database last had a sign of life
        self._running: dict[str, RunBudget] = {}  # feed → of its run
        self._missed: set[int] = (
            set()
        )  # jobs that are said to run here, and did not at the last look
        self.given_up: list[threading.Thread] = []  # threads that hang

    @property
    def running_feeds(self) -> tuple[str, ...]:
        """The feeds that are being run here."""
        return tuple(self._running)

    def run_until(self, ended: threading.Event) -> None:
        """Work until the event is set.

        Wait some seconds for what is running then, and put back what does not end.
        """
        asyncio.run(self._until(ended))

    async def _until(self, ended: threading.Event) -> None:
        pause = 1.0
        while not ended.is_set():
            try:
                await self._connected(ended)
                pause = 1.0
            except (ProcrastinateException, PsycopgError, PoolTimeout, OSError) as error:
                _log.error(
                    "queue_error",
                    extra=fields(reason=f"database unreachable: {error.__cause__ or error}"),
                )
                await asyncio.to_thread(ended.wait, pause)
                pause = min(pause * 2, 15.0)

    async def _connected(self, ended: threading.Event) -> None:
        """Work as long as the database can be asked."""
        info = connection_info(self._address)
        connector = procrastinate.PsycopgConnector(
            conninfo=info, min_size=1, max_size=4, timeout=PATIENCE
        )
        app = procrastinate.App(connector=connector)
        app.job_manager = OwnedJobManager(app.connector)
        app.task(name=TASK_NAME, queue=QUEUE_NAME, retry=Retry(self._pace))(self._job)
        async with app.open_async():
            worker = Worker(
                app,
                queues=[QUEUE_NAME],
                concurrency=self._at_once,
                shutdown_graceful_timeout=self._pace.drain,
                delete_jobs="always",
                install_signal_handlers=False,
                fetch_job_polling_interval=self._pace.poll,
                stalled_worker_timeout=self._pace.lost_after,
            )
            looked = self._heard = time.monotonic()
            working = asyncio.ensure_future(worker.run())  # type: ignore[no-untyped-call]
            try:
                while not (working.done() or ended.is_set()):
                    await asyncio.wait([working], timeout=TICK)
                    if worker.worker_id and time.monotonic() - looked > self._pace.check_config:
                        await self._say_that_it_lives(app, worker.worker_id)
                        await self._look_after(app, worker)
                        looked = time.monotonic()
            finally:
                worker.stop()  # type: ignore[no-untyped-call]
                await working

    # --- one job ---

    async def _job(self, feed: str, all: bool = False) -> None:  # noqa: A002, FBT001, FBT002 -- as it stands in the queue
        """Run a feed in a thread of its own, which is left behind when it hangs."""
        lease = RunBudget(self._deadline())
        lease.extend(self._heard + self._pace.lost_after)
        thread, done = _started(lambda: self._run(feed, all, lease), f"feed {feed}")
        self._running[feed] = lease
        try:
            await asyncio.wait_for(asyncio.shield(done), self._deadline() + self._pace.grace)
            lease.check_not_cancelled()  # what does not count has to be done again
        except TimeoutError:
            lease.cancel()
            self.given_up.append(thread)
            await asyncio.to_thread(self._lost, feed)
        except asyncio.CancelledError:
            lease.cancel()  # another worker runs it: nothing that this one still brings counts
            raise
        finally:
            if self._running.get(feed) is lease:
                del self._running[feed]

    # --- what was lost ---

    async def _say_that_it_lives(self, app: procrastinate.App, worker: int) -> None:
        """Tell the database, and let runs go on that nobody can have taken over until now."""
        now = time.monotonic()
        await app.job_manager.update_heartbeat(worker)
        for lease in self._running.values():
            lease.extend(now + self._pace.lost_after)
        self._heard = now

    async def _look_after(self, app: procrastinate.App, worker: Worker) -> None:
        """Put back what nobody is running, though the queue says so."""
        doing = list(await app.job_manager.list_jobs_async(queue=QUEUE_NAME, status="doing"))
        mine = {
            job.id
            for job in doing
            if job.worker_id == worker.worker_id and job.lock not in self._running
        }
        gone = [job for job in doing if job.id in mine & self._missed]
        self._missed = {id_ for id_ in mine if id_ is not None}
        try:
            after_others = await asyncio.to_thread(self._looks_after)
        except FeedpubError as error:
            _log.error("queue_error", extra=fields(reason=str(error)))
            after_others = False
        if after_others:
            gone += await app.job_manager.get_stalled_jobs(
                queue=QUEUE_NAME, seconds_since_heartbeat=self._pace.lost_after
            )
        for job in {job.id: job for job in gone}.values():
            _log.warning(
                "worker_lost", extra=fields(feed=job.lock, outcome="the run is queued again")
            )
            await app.job_manager.retry_job(job, retry_at=_after_losses(job, self._pace))


def _after_losses(job: Job, pace: WorkerTimings) -> datetime | None:
    """Return when a job is taken over that a worker was lost with: at once, but later and later if others were before.

    A run that workers die of must not take one after the other: meanwhile they run the other feeds.
    """
    if not job.attempts:
        return None
    wait = pace.first_retry * 2 ** min(job.attempts, MOST_DOUBLINGS)
    return datetime.now(UTC) + timedelta(seconds=min(wait, pace.last_retry))


def _started(do: Callable[[], T], name: str) -> "tuple[threading.Thread, asyncio.Future[T]]":
    """A thread at work, and what it will bring.

    A daemon: one that hangs must not keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, error = None, None
        try:
            result = do()
        except BaseException as raised:  # noqa: BLE001 -- raised again where it is waited for
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result, error)

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread, done

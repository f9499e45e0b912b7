"""What a worker does with the queue: takes feeds out of it, has each run in a thread, and looks after what was lost.

Jobs of workers that died are put back by those that live. A worker that loses the database goes on when that is there
again; what it was running then is put back, too, since nobody knows any more that it is done.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import procrastinate
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from psycopg import Error as PsycopgError
from psycopg_pool import PoolTimeout

from feedpub.errors import FeedpubError
from feedpub.lease import Lease
from feedpub.logs import event
from feedpub.queue.line import QUEUE, TASK
from feedpub.queue.tables import conninfo

T = TypeVar("T")
Run = Callable[[str, bool, Lease], object]
"""Runs a feed, with all its sources or those that are due; what it raises is tried again."""

GRACE = 60.0  # seconds between the end of a run's time and its being given up
DRAIN = 15.0  # seconds for runs under way when the worker is to end
FIRST_RETRY, LAST_RETRY = 5, 300  # seconds after which a job that failed is tried again
TICK = 0.25  # seconds between two looks at whether the worker is to end
LOOK_EVERY = 5.0  # seconds between two looks at whether something was lost
SILENT = 30.0  # seconds without a sign of life after which a worker is taken to be dead
_log = logging.getLogger(__name__)


class Retry(procrastinate.BaseRetryStrategy):
    """Again and again, later and later: what a feed's run raises is about the state, which comes back some time."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision:
        """When the next try is."""
        del exception
        return procrastinate.RetryDecision(
            retry_in={"seconds": min(FIRST_RETRY * 2 ** min(job.attempts, 8), LAST_RETRY)}
        )


class Taking:
    """Takes feeds out of the queue until it is stopped.

    Args:
        address: of the database.
        run: runs a feed; called in threads.
        lost: told of a feed whose run was given up.
        at_once: feeds.
        deadline: seconds that a run may take.
        looks_after: whether it is for this worker to look after what others lost; asked every few seconds.
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
    ) -> None:
        self._address = address
        self._run = run
        self._lost = lost
        self._at_once = at_once
        self._deadline = deadline
        self._looks_after = looks_after
        self._running: dict[str, threading.Thread] = {}  # feeds
        self._missed: set[int] = set()  # jobs that are said to run here, and did not at the last look
        self.given_up: list[threading.Thread] = []  # threads that hang

    @property
    def busy(self) -> tuple[str, ...]:
        """The feeds that are being run here."""
        return tuple(self._running)

    def until(self, ended: threading.Event) -> None:
        """Work until the event is set; wait some seconds for what is running then, and put back what does not end."""
        asyncio.run(self._until(ended))

    async def _until(self, ended: threading.Event) -> None:
        pause = 1.0
        while not ended.is_set():
            try:
                await self._connected(ended)
                pause = 1.0
            except (ProcrastinateException, PsycopgError, PoolTimeout, OSError) as error:
                event("queue", level=logging.ERROR, reason=f"cannot be asked: {error.__cause__ or error}")
                await asyncio.to_thread(ended.wait, pause)
                pause = min(pause * 2, 15.0)

    async def _connected(self, ended: threading.Event) -> None:
        """Work as long as the database can be asked."""
        connector = procrastinate.PsycopgConnector(conninfo=conninfo(self._address), min_size=1, max_size=4, timeout=15)
        app = procrastinate.App(connector=connector)
        app.task(name=TASK, queue=QUEUE, retry=Retry())(self._job)
        async with app.open_async():
            worker = Worker(
                app,
                queues=[QUEUE],
                concurrency=self._at_once,
                shutdown_graceful_timeout=DRAIN,
                delete_jobs="always",
                install_signal_handlers=False,
                fetch_job_polling_interval=2.0,
                stalled_worker_timeout=SILENT,
            )
            working = asyncio.ensure_future(worker.run())  # type: ignore[no-untyped-call]
            looked = time.monotonic()
            try:
                while not (working.done() or ended.is_set()):
                    await asyncio.wait([working], timeout=TICK)
                    if time.monotonic() - looked > LOOK_EVERY:
                        await self._look_after(app, worker)
                        looked = time.monotonic()
            finally:
                worker.stop()  # type: ignore[no-untyped-call]
                await working

    # --- one job ---

    async def _job(self, feed: str, all: bool = False) -> None:  # noqa: A002, FBT001, FBT002 -- as it stands in the queue
        """Run a feed in a thread of its own, which is left behind when it hangs."""
        lease = Lease(self._deadline())
        thread, done = _started(lambda: self._run(feed, all, lease), f"feed {feed}")
        self._running[feed] = thread
        try:
            await asyncio.wait_for(asyncio.shield(done), self._deadline() + GRACE)
        except TimeoutError:
            lease.revoke()
            self.given_up.append(thread)
            await asyncio.to_thread(self._lost, feed)
        except asyncio.CancelledError:
            lease.revoke()  # another worker runs it: nothing that this one still brings counts
            raise
        finally:
            self._running.pop(feed, None)

    # --- what was lost ---

    async def _look_after(self, app: procrastinate.App, worker: Worker) -> None:
        """Put back what nobody is running, though the queue says so."""
        doing = list(await app.job_manager.list_jobs_async(queue=QUEUE, status="doing"))
        mine = {job.id for job in doing if job.worker_id == worker.worker_id and job.lock not in self._running}
        gone = [job for job in doing if job.id in mine & self._missed]
        self._missed = {id_ for id_ in mine if id_ is not None}
        try:
            after_others = await asyncio.to_thread(self._looks_after)
        except FeedpubError as error:
            event("queue", level=logging.ERROR, reason=str(error))
            after_others = False
        if after_others:
            gone += await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=SILENT)
        for job in gone:
            event("queue", level=logging.WARNING, feed=job.lock, outcome="its worker was lost; another one takes over")
            await app.job_manager.retry_job(job)


def _started(do: Callable[[], T], name: str) -> "tuple[threading.Thread, asyncio.Future[T]]":
    """A thread at work, and what it will bring; a daemon: one that hangs must not keep the process from ending."""
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

"""The line that feeds wait in, for those who put them there and look at it. Thread-safe."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

from procrastinate import SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from psycopg_pool import PoolTimeout

from feedpub.errors import StoreError
from feedpub.queue.tables import SCHEMA, conninfo, prepare

QUEUE = "feeds"
TASK = "feedpub.run"
AT_ONCE = 10  # the priority of what somebody waits for
_PATIENCE = 15.0  # seconds that a connection is waited for


class Line:
    """Where feeds wait for a worker.

    Every method raises StoreError where the database cannot be asked.

    Args:
        address: of the database that has the state, too.
    """

    def __init__(self, address: str) -> None:
        self._connector = SyncPsycopgConnector(conninfo=conninfo(address), min_size=0, max_size=2, timeout=_PATIENCE)
        self._jobs = JobManager(self._connector)
        self._is_open = False

    def open(self) -> None:
        """Connect, and make the tables where they are missing."""
        with _explained():
            self._connector.open()
            prepare(self._connector)

    def close(self) -> None:
        """Close every connection."""
        self._connector.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def put(self, connection: Any, feeds: Collection[str]) -> None:
        """Put feeds at the end of the line, in a transaction of the caller's; who stands in it already stays there.

        Args:
            connection: the driver's, of the same database.
            feeds: their names.
        """
        names = list(feeds)
        connection.execute(f"SET LOCAL search_path = {SCHEMA}")
        standing = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s)"
        there = {row[0] for row in connection.execute(standing, (names,))}
        if jobs := [_job(name) for name in names if name not in there]:
            self._jobs.batch_defer_jobs(jobs, connection=connection)

    def put_first(self, feed: str) -> bool:
        """Put a feed in front of all others, with all its sources; False where it stands there already."""
        job = _job(feed).evolve(priority=AT_ONCE, queueing_lock=f"now {feed}", task_kwargs={"feed": feed, "all": True})
        with _explained():
            try:
                self._jobs.defer_job(job)
            except AlreadyEnqueued:
                return False
        return True

    def busy(self) -> dict[str, datetime]:
        """Feed → since when a worker has been running it."""
        query = (
            "SELECT job.lock AS feed, max(event.at) AS since FROM procrastinate_jobs job "
            "JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'started' "
            "WHERE job.status = 'doing' GROUP BY job.lock"
        )
        with _explained():
            return {row["feed"]: row["since"] for row in self._connector.execute_query_all(query)}

    def waiting(self) -> int:
        """How many feeds wait."""
        query = "SELECT count(*) AS n FROM procrastinate_jobs WHERE status = 'todo'"
        with _explained():
            return int(self._connector.execute_query_all(query)[0]["n"])


def _job(feed: str) -> Job:
    return Job(queue=QUEUE, task_name=TASK, lock=feed, queueing_lock=feed, task_kwargs={"feed": feed, "all": False})


@contextmanager
def _explained() -> Iterator[None]:
    """The boundary where what goes wrong with the queue becomes ours."""
    try:
        yield
    except (ProcrastinateException, PoolTimeout) as error:
        raise StoreError(f"the queue cannot be asked: {error.__cause__ or error}") from error

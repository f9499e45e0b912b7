"""What becomes of jobs that a worker took: nothing, where they are not its own any more."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from procrastinate import SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from psycopg import Error as PsycopgError
from psycopg_pool import PoolTimeout

from feedpub.core.errors import StoreError

# One taking of a job: who takes it after that has another number, or counts one try more.
_MINE = "id = %(id)s AND worker_id IS NOT DISTINCT FROM %(worker)s AND attempts = %(attempts)s AND status = 'doing'"
_FINISH = f"DELETE FROM procrastinate_jobs WHERE {_MINE}"  # noqa: S608 -- our own words
_GIVE_WAY = (  # only one job of a kind may wait
    f"DELETE FROM procrastinate_jobs WHERE {_MINE} AND queueing_lock IN "  # noqa: S608
    "(SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo')"
)
_AGAIN = "status = 'todo', attempts = attempts + 1, scheduled_at = %(at)s, worker_id = NULL"
_PUT_BACK = f"UPDATE procrastinate_jobs SET {_AGAIN} WHERE {_MINE}"  # noqa: S608


class OwnedJobManager(JobManager):
    """Procrastinate's, but for a worker that was away for so long that its jobs were given to others.

    When it comes back, it ends or puts back none of them: another one may be at work on them.
    """

    async def fetch_job(self, queues: object, worker_id: int) -> Job | None:
        """The next job.

        None where there is none, or where another worker was a moment faster with the same feed.
        """
        try:
            return await super().fetch_job(queues, worker_id)  # type: ignore[arg-type]
        except UniqueViolation:
            return None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002, FBT001 -- its own
        """A job is done."""
        await self.connector.execute_query_async(_FINISH, **_taking(job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,  # noqa: ARG002
        queue: str | None = None,  # noqa: ARG002
        lock: str | None = None,  # noqa: ARG002
    ) -> None:
        """Put a job back; it is dropped where the same waits already."""
        taking = _taking(job)
        await self.connector.execute_query_async(_GIVE_WAY, **taking)
        await self.connector.execute_query_async(_PUT_BACK, at=retry_at, **taking)


def _taking(job: Job) -> dict[str, object]:
    return {"id": job.id, "worker": job.worker_id, "attempts": job.attempts}


# SECTION: The queue's place in the database: a schema with the tables that the installed
# Procrastinate wants.

SCHEMA_NAME = "feedpub_queue"
# Whose turn it is among jobs of one lock is asked for each job that is taken; Procrastinate has no
# index for it.
_INDEX = "CREATE INDEX ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing')"
_OPTIONS = {
    "options": f"-c search_path={SCHEMA_NAME} -c idle_in_transaction_session_timeout=60s",
    "application_name": "feedpub queue",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    # milliseconds: where the network is cut in the middle of a question
    "tcp_user_timeout": "30000",
}


def connection_info(address: str) -> str:
    """The address of a state, for connections that see the queue's tables."""
    parts = urlsplit(address)
    query = urlencode({**dict(parse_qsl(parts.query)), **_OPTIONS}, quote_via=quote)
    return parts._replace(scheme="postgresql", query=query).geturl()


def create_queue_tables(connector: SyncPsycopgConnector) -> None:
    """Make the tables, where they are missing or another version's.

    Of several processes that want to, one does.
    """
    wanted = f"{SchemaManager.get_schema()}\n{_INDEX}"
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:16]
    if _digest(connector) == digest:
        return
    with connector.pool.connection() as connection:  # one transaction
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (SCHEMA_NAME,))
        if _digest(connector) == digest:
            return
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA_NAME} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA_NAME}")
        connection.execute(wanted)
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA_NAME} IS '{digest}'")


def _digest(connector: SyncPsycopgConnector) -> str | None:
    """What the tables were made from; None where there are none."""
    found = connector.execute_query_all(
        "SELECT obj_description(oid, 'pg_namespace') AS digest FROM pg_namespace WHERE nspname = %(name)s",
        name=SCHEMA_NAME,
    )
    return found[0]["digest"] if found else None


# SECTION: The line that feeds wait in, for those who put them there and look at it. Thread-safe.

QUEUE_NAME = "feeds"
TASK_NAME = "feedpub.run"
AT_ONCE = 10  # the priority of what somebody waits for
_PATIENCE = 15.0  # seconds that a connection is waited for


class FeedQueue:
    """Where feeds wait for a worker.

    Every method raises StoreError where the database cannot be asked.

    Args:
        address: of the database that has the state, too.
    """

    def __init__(self, address: str) -> None:
        self._connector = SyncPsycopgConnector(
            conninfo=connection_info(address), min_size=0, max_size=2, timeout=_PATIENCE
        )
        self._jobs = JobManager(self._connector)
        self._is_open = False

    def open(self) -> None:
        """Connect, and make the tables where they are missing."""
        with _wrap_queue_errors():
            self._connector.open()
        self.create_tables()

    def create_tables(self) -> None:
        """Make the tables where they are missing: somebody may have dropped them."""
        with _wrap_queue_errors():
            create_queue_tables(self._connector)

    def close(self) -> None:
        """Close every connection."""
        self._connector.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def enqueue(self, connection: Any, feeds: Collection[str]) -> None:
        """Put feeds at the end of the line, in a transaction of the caller's; who stands in it already stays there.

        Args:
            connection: the driver's, of the same database.
            feeds: their names.
        """
        names = list(feeds)
        waiting = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s)"
        with _wrap_queue_errors():
            connection.execute(f"SET LOCAL search_path = {SCHEMA_NAME}")
            there = {row[0] for row in connection.execute(waiting, (names,))}
            if jobs := [_job(name) for name in names if name not in there]:
                self._jobs.batch_defer_jobs(jobs, connection=connection)

    def enqueue_urgent(self, feed: str) -> bool:
        """Put a feed in front of all others, with all its sources.

        False where it stands there already.
        """
        job = _job(feed).evolve(
            priority=AT_ONCE, queueing_lock=f"now {feed}", task_kwargs={"feed": feed, "all": True}
        )
        with _wrap_queue_errors():
            try:
                self._jobs.defer_job(job)
            except AlreadyEnqueued:
                return False
        return True

    def running_feeds(self) -> dict[str, datetime]:
        """Feed → since when a worker has been running it."""
        query = (
            "SELECT job.lock AS feed, max(event.at) AS since FROM procrastinate_jobs job "
            "JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'started' "
            "WHERE job.status = 'doing' GROUP BY job.lock"
        )
        with _wrap_queue_errors():
            return {row["feed"]: row["since"] for row in self._connector.execute_query_all(query)}

    def queued_feeds(self) -> set[str]:
        """The feeds that wait, or are being run."""
        query = "SELECT DISTINCT lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        with _wrap_queue_errors():
            return {row["lock"] for row in self._connector.execute_query_all(query)}

    def count_waiting(self) -> int:
        """How many feeds wait."""
        query = "SELECT count(*) AS n FROM procrastinate_jobs WHERE status = 'todo'"
        with _wrap_queue_errors():
            return int(self._connector.execute_query_all(query)[0]["n"])


def _job(feed: str) -> Job:
    return Job(
        queue=QUEUE_NAME,
        task_name=TASK_NAME,
        lock=feed,
        queueing_lock=feed,
        task_kwargs={"feed": feed, "all": False},
    )


@contextmanager
def _wrap_queue_errors() -> Iterator[None]:
    """The boundary where what goes wrong with the queue becomes ours."""
    try:
        yield
    except (ProcrastinateException, PsycopgError, PoolTimeout) as error:
        raise StoreError(f"the queue cannot be asked: {error.__cause__ or error}") from error

"""Queue feeds for workers in batches, and create the queue's tables.

A job is a batch of feeds. No feed is in two jobs that run at once. The tables are in their own
schema and match the installed version of Procrastinate.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from procrastinate import BaseConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from psycopg import Error as PsycopgError
from psycopg_pool import PoolTimeout

from feedpub.core.errors import StoreError

QUEUE_NAME = "feeds"
TASK_NAME = "feedpub.run"
URGENT_PRIORITY = 10  # of feeds that a user is waiting for
_CONNECT_TIMEOUT_SECONDS = 15.0

SCHEMA_NAME = "feedpub_queue"
# A lock of Procrastinate's excludes jobs, but a feed can be in several.
# Fetches take turns, so that each sees the jobs that others have fetched.
_FETCH_FUNCTION = """
CREATE INDEX ON procrastinate_jobs (id) WHERE status = 'doing';
CREATE FUNCTION feedpub_fetch_job(worker bigint) RETURNS SETOF procrastinate_jobs
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('feedpub fetch', 0));
    RETURN QUERY UPDATE procrastinate_jobs SET status = 'doing', worker_id = worker WHERE id = (
        SELECT id FROM procrastinate_jobs job
        WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
        AND NOT EXISTS (
            SELECT FROM procrastinate_jobs other WHERE other.status = 'doing'
            AND other.args->'feeds' ?| ARRAY(SELECT jsonb_array_elements_text(job.args->'feeds')))
        ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING *;
END $$;
"""
_FETCH = "SELECT * FROM feedpub_fetch_job(%(worker)s)"
_OPTIONS = {
    "options": f"-c search_path={SCHEMA_NAME} -c idle_in_transaction_session_timeout=60s",
    "application_name": "feedpub queue",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    # milliseconds; detects a network failure during a query
    "tcp_user_timeout": "30000",
}

# A job as one worker fetched it. If another worker fetched it later, the worker or the number of
# attempts differs.
_OWNED = (
    "id = %(id)s AND worker_id IS NOT DISTINCT FROM %(worker)s "
    "AND attempts = %(attempts)s AND status = 'doing'"
)
_FINISH = f"DELETE FROM procrastinate_jobs WHERE {_OWNED}"  # noqa: S608 -- constants only
_DROP_DUPLICATE = (  # at most one job per queueing lock may wait
    f"DELETE FROM procrastinate_jobs WHERE {_OWNED} AND queueing_lock IN "  # noqa: S608
    "(SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo')"
)
_RETRY = (
    "UPDATE procrastinate_jobs SET status = 'todo', attempts = attempts + 1, "  # noqa: S608
    f"scheduled_at = %(at)s, worker_id = NULL WHERE {_OWNED}"
)
_WAITING = (  # an urgent job has a queueing lock, and does not replace another one
    "SELECT jsonb_array_elements_text(args->'feeds') FROM procrastinate_jobs "
    "WHERE status = 'todo' AND queueing_lock IS NULL"
)
_SHARE = (
    f"WITH job AS (UPDATE procrastinate_jobs SET args = %(kept)s WHERE {_OWNED} RETURNING *) "  # noqa: S608
    "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, attempts, args) "
    "SELECT queue_name, task_name, priority, attempts + %(lost)s, shared "
    "FROM job, unnest(%(shared)s::jsonb[]) AS shared"
)


class OwnedJobManager(JobManager):
    """Override Procrastinate's job manager for workers that lost their jobs.

    A worker that was unreachable for too long can neither finish nor retry a job that another
    worker now owns.
    """

    async def fetch_job(self, queues: object, worker_id: int) -> Job | None:  # noqa: ARG002 -- overrides
        """Return the next job none of whose feeds runs; None if there is none."""
        rows = await self.connector.execute_query_all_async(_FETCH, worker=worker_id)
        return Job.from_row(rows[0]) if rows else None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002, FBT001 -- overrides
        """Delete a finished job if the worker still owns it."""
        await self.connector.execute_query_async(_FINISH, **_ownership(job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,  # noqa: ARG002
        queue: str | None = None,  # noqa: ARG002
        lock: str | None = None,  # noqa: ARG002
    ) -> None:
        """Queue a job again if the worker still owns it. Drop it if the same job waits already."""
        ownership = _ownership(job)
        await self.connector.execute_query_async(_DROP_DUPLICATE, **ownership)
        await self.connector.execute_query_async(_RETRY, at=retry_at, **ownership)


async def share_job(
    connector: BaseConnector,
    job: Job,
    kept: Sequence[str],
    batches: Iterable[Sequence[str]],
    *,
    lost: bool,
) -> None:
    """Move feeds of a running job into jobs of their own, if the worker still owns it.

    Args:
        connector: The worker's.
        job: The job.
        kept: The feeds that stay.
        batches: The feeds of each new job.
        lost: Count the new jobs as attempted, because the worker was lost.
    """
    shared = [_arguments(batch) for batch in batches]
    await connector.execute_query_async(
        _SHARE, kept=_arguments(kept), shared=shared, lost=int(lost), **_ownership(job)
    )


def _ownership(job: Job) -> dict[str, object]:
    return {"id": job.id, "worker": job.worker_id, "attempts": job.attempts}


def connection_info(address: str) -> str:
    """Return a state's address with the options for connections to the queue's tables."""
    parts = urlsplit(address)
    query = urlencode({**dict(parse_qsl(parts.query)), **_OPTIONS}, quote_via=quote)
    return parts._replace(scheme="postgresql", query=query).geturl()


def create_queue_tables(connector: SyncPsycopgConnector) -> None:
    """Create the tables, or rebuild those of another Procrastinate version.

    If several processes call this at once, only one creates the tables.
    """
    definition = f"{SchemaManager.get_schema()}\n{_FETCH_FUNCTION}"
    digest = hashlib.sha256(definition.encode()).hexdigest()[:16]
    if _read_digest(connector) == digest:
        return
    with connector.pool.connection() as connection:  # one transaction
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (SCHEMA_NAME,))
        if _read_digest(connector) == digest:
            return
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA_NAME} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA_NAME}")
        connection.execute(definition)
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA_NAME} IS '{digest}'")


def _read_digest(connector: SyncPsycopgConnector) -> str | None:
    """Return the digest of the tables' definition; None if there are no tables."""
    found = connector.execute_query_all(
        "SELECT obj_description(oid, 'pg_namespace') AS digest "
        "FROM pg_namespace WHERE nspname = %(name)s",
        name=SCHEMA_NAME,
    )
    return found[0]["digest"] if found else None


class FeedQueue:
    """The queue of batches of feeds that wait for a worker. Thread-safe.

    Every method raises StoreError if the database cannot be queried.

    Args:
        address: The database that also holds the state.
    """

    def __init__(self, address: str) -> None:
        self._connector = SyncPsycopgConnector(
            conninfo=connection_info(address),
            min_size=0,
            max_size=2,
            timeout=_CONNECT_TIMEOUT_SECONDS,
        )
        self._jobs = JobManager(self._connector)

    def open(self) -> None:
        """Connect, and create missing tables."""
        with _wrap_queue_errors():
            self._connector.open()
        self.create_tables()

    def create_tables(self) -> None:
        """Create missing tables: another program may have dropped them."""
        with _wrap_queue_errors():
            create_queue_tables(self._connector)

    def close(self) -> None:
        """Close all connections."""
        self._connector.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def enqueue(self, connection: Any, batches: Iterable[Sequence[str]]) -> None:
        """Queue batches of feeds, except for those that wait already, in the caller's transaction.

        Args:
            connection: Driver connection to the same database.
            batches: The feeds of each job.
        """
        with _wrap_queue_errors():
            connection.execute(f"SET LOCAL search_path = {SCHEMA_NAME}")
            waiting = {row[0] for row in connection.execute(_WAITING)}
            new = [[feed for feed in batch if feed not in waiting] for batch in batches]
            jobs = [_make_job(feeds) for feeds in new if feeds]
            if jobs:
                self._jobs.batch_defer_jobs(jobs, connection=connection)

    def enqueue_urgent(self, feed: str) -> bool:
        """Queue a feed before all others, with all its sources.

        Returns:
            False if it is queued like that already.
        """
        job = _make_job([feed], everything=True).evolve(
            priority=URGENT_PRIORITY, queueing_lock=f"now {feed}"
        )
        with _wrap_queue_errors():
            try:
                self._jobs.defer_job(job)
            except AlreadyEnqueued:
                return False
        return True

    def running_feeds(self) -> dict[str, datetime]:
        """Return since when each feed has been running, or its job."""
        query = (
            "SELECT jsonb_array_elements_text(job.args->'feeds') AS feed, max(event.at) AS since "
            "FROM procrastinate_jobs job "
            "JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'started' "
            "WHERE job.status = 'doing' GROUP BY feed"
        )
        with _wrap_queue_errors():
            return {row["feed"]: row["since"] for row in self._connector.execute_query_all(query)}

    def queued_feeds(self) -> set[str]:
        """Return the feeds that wait or run."""
        query = (
            "SELECT DISTINCT jsonb_array_elements_text(args->'feeds') AS feed "
            "FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        )
        with _wrap_queue_errors():
            return {row["feed"] for row in self._connector.execute_query_all(query)}

    def count_waiting(self) -> int:
        """Return how many feeds wait. One that waits in two jobs counts twice."""
        query = (
            "SELECT coalesce(sum(jsonb_array_length(args->'feeds')), 0) AS n "
            "FROM procrastinate_jobs WHERE status = 'todo'"
        )
        with _wrap_queue_errors():
            return int(self._connector.execute_query_all(query)[0]["n"])


def _make_job(feeds: Sequence[str], *, everything: bool = False) -> Job:
    return Job(
        queue=QUEUE_NAME,
        task_name=TASK_NAME,
        lock=None,
        queueing_lock=None,
        task_kwargs=_arguments(feeds, everything=everything),
    )


def _arguments(feeds: Sequence[str], *, everything: bool = False) -> dict[str, Any]:
    """Return the arguments of a job's task."""
    return {"feeds": list(feeds), "all": everything}


def job_feeds(job: Job) -> list[str]:
    """Return the feeds of a job."""
    return cast("list[str]", job.task_kwargs["feeds"])


@contextmanager
def _wrap_queue_errors() -> Iterator[None]:
    """Raise StoreError for errors of the queue and its database."""
    try:
        yield
    except (ProcrastinateException, PsycopgError, PoolTimeout) as error:
        raise StoreError(f"cannot query the job queue: {error.__cause__ or error}") from error

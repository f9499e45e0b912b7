"""What becomes of jobs that a worker took: nothing, where they are not its own any more."""

from datetime import datetime

from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

# One taking of a job: who takes it after that has another number, or counts one try more.
_MINE = "id = %(id)s AND worker_id IS NOT DISTINCT FROM %(worker)s AND attempts = %(attempts)s AND status = 'doing'"
_FINISH = f"DELETE FROM procrastinate_jobs WHERE {_MINE}"  # noqa: S608 -- our own words
_GIVE_WAY = (  # only one job of a kind may wait
    f"DELETE FROM procrastinate_jobs WHERE {_MINE} AND queueing_lock IN "  # noqa: S608
    "(SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo')"
)
_AGAIN = "status = 'todo', attempts = attempts + 1, scheduled_at = %(at)s, worker_id = NULL"
_PUT_BACK = f"UPDATE procrastinate_jobs SET {_AGAIN} WHERE {_MINE}"  # noqa: S608


class TakenJobs(JobManager):
    """Procrastinate's, but for a worker that was away for so long that its jobs were given to others.

    When it comes back, it ends or puts back none of them: another one may be at work on them.
    """

    async def fetch_job(self, queues: object, worker_id: int) -> Job | None:
        """The next job; None where there is none, or where another worker was a moment faster with the same feed."""
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

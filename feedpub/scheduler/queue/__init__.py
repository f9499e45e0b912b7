"""The queue between several machines: Procrastinate's, in the PostgreSQL database that has the state, too.

It holds nothing that the state does not know: a feed is put into it when its time has come, and a
queue that is lost
is filled again from the schedule. So its tables have a schema of their own, which is made anew for
another version.

    tables     its place in the database
    line       what is put in, taken over from workers that died, and looked at
    jobs       what becomes of what a worker took
    taking     what a worker does with it
"""

from feedpub.scheduler.queue.consumer import QueueConsumer, WorkerTimings
from feedpub.scheduler.queue.queue import FeedQueue

__all__ = ["FeedQueue", "QueueConsumer", "WorkerTimings"]

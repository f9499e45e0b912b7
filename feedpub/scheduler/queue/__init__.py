"""Distribute feeds to workers through a Procrastinate queue in the PostgreSQL state database.

The queue holds nothing that the state does not know: a feed is queued when it is due, and a lost
queue is filled again from the schedule. The queue's tables therefore have their own schema, which
is rebuilt for another version of Procrastinate.
"""

from feedpub.scheduler.queue.consumer import QueueConsumer, WorkerTimings
from feedpub.scheduler.queue.queue import FeedQueue

__all__ = ["FeedQueue", "QueueConsumer", "WorkerTimings"]

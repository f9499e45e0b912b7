"""Decide when each feed runs, and run it: in this process or through the queue's workers.

The next check of a source follows its settings, its publication history and its polling hints.
Overdue feeds are spread over time.
"""

from feedpub.scheduler.publishing_rate import minutes_until_check

__all__ = ["minutes_until_check"]

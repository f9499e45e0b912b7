"""When each feed runs next.

From its settings, from when its sources published before, and never all at once.
"""

from feedpub.scheduler.publishing_rate import next_check

__all__ = ["next_check"]

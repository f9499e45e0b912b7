"""Work on what was fetched, in processes of its own: a page that hangs or eats memory costs that page and no other.

It is a wall against time and memory, not against code: what comes back from the other side is
believed.
"""

from feedpub.core.process_pool.pool import MAX_WORKERS, Executor, InlineExecutor, ProcessPool

__all__ = ["MAX_WORKERS", "Executor", "InlineExecutor", "ProcessPool"]

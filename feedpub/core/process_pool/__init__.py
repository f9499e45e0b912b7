"""Parse fetched pages in separate processes.

A page that hangs or exhausts memory affects only itself. The processes protect against excessive
time and memory, not against malicious code: their results are trusted.
"""

from feedpub.core.process_pool.pool import MAX_WORKERS, Executor, InlineExecutor, ProcessPool

__all__ = ["MAX_WORKERS", "Executor", "InlineExecutor", "ProcessPool"]

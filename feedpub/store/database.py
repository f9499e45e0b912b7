"""The interface of a database engine: transactions, and locks that outlast them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection


class Database(Protocol):
    """A database that is opened by its first transaction, if not before.

    Threads share it, but not a transaction. Every method raises StoreError if the engine fails.
    """

    def open(self) -> None:
        """Open the database and migrate its tables to this code's version.

        Raises:
            CorruptStateError: it has to be rebuilt (see `rebuild`).
        """

    def close(self) -> None:
        """Close all connections. Everything that was committed is on the disk already."""

    def read_transaction(self) -> AbstractContextManager[Connection]:
        """Open a transaction for queries, each of which sees a consistent state of its own."""

    def snapshot(self) -> AbstractContextManager[Connection]:
        """Open a transaction whose queries all see the same state, without blocking writers."""

    def autocommit(self) -> AbstractContextManager[Connection]:
        """Open a connection for a single statement, which is committed when the block ends."""

    def write_transaction(self, lock: str = "") -> AbstractContextManager[Connection]:
        """Open a transaction that is committed when the block ends, or rolled back if it raises.

        Args:
            lock: transactions with the same name run one after the other. It is required if they
                change what they have read, and do not hold their feed's lock. SQLite has a single
                writer anyway.
        """

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:
        """Replace a corrupt database by a new one that `fill` fills.

        Returns:
            The path of the quarantined database; None if another process has replaced it already.
        """

    def feed_lock(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock that excludes all threads and processes which request the same name."""

    def check_lock(self) -> None:
        """Check that this thread still holds the lock that it got from `feed_lock`.

        Raises:
            StoreError: it lost the lock.
        """

    def exists(self) -> bool:
        """Return True if there is a state of any version."""

    def other_connections(self) -> int:
        """Return the number of connections of other processes; 0 if the engine cannot know."""

"""What the store asks of a database, whichever engine it is.

Transactions, and locks that outlast them.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias

from sqlalchemy import Connection

StatePlace: TypeAlias = Path | str
"""Where a state is.

A folder, or the address of a PostgreSQL database ("postgresql://…"), which may hold a password.
"""


class Database(Protocol):
    """A database, opened at its first transaction if not before. Threads share it; each transaction is one thread's.

    Every method raises StoreError where the engine does not do what is asked.
    """

    def open(self) -> None:
        """Open it now, with the tables of this code's version.

        Where that raises CorruptStateError, `renew` helps.
        """

    def close(self) -> None:
        """Close every connection; what was committed is on the disk already."""

    def read_transaction(self) -> AbstractContextManager[Connection]:
        """For queries, each of which sees one state of things; they hold up no writer."""

    def snapshot(self) -> AbstractContextManager[Connection]:
        """A transaction of several queries that see one state of things, and hold up no writer."""

    def autocommit(self) -> AbstractContextManager[Connection]:
        """For one statement that is a transaction of its own, on the disk when the block ends."""

    def write_transaction(self, turn: str = "") -> AbstractContextManager[Connection]:
        """A transaction that is on the disk when the block ends, or not at all when it raises.

        Args:
            turn: transactions of one such name go one after the other, where the engine has several
                writers: those that change what they have read, and are not alone with their feed.
        """

    def rebuild(self, fill: Callable[[Path], None]) -> Path | None:
        """Go on with a new one in place of one that is damaged.

        Tells where that lies, if it was not done already.
        """

    def feed_lock(self, name: str) -> AbstractContextManager[None]:
        """One at a time, of all threads and processes that work on this state under this name."""

    def check_lock(self) -> None:
        """Ask whether this thread is still alone, as it was when `alone` let it in.

        StoreError where it is not.
        """

    def quarantined_files(self) -> tuple[Path, ...]:
        """The damaged ones that were set aside, oldest first."""

    def exists(self) -> bool:
        """Whether a state lies there, of whichever version."""

    def other_connections(self) -> int:
        """How many connections there are to it beside the one that asks.

        0 where the engine does not know.
        """

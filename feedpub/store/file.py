"""The state in a file: SQLite, and a file that may become another meanwhile."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from sqlalchemy import Connection

from feedpub.errors import DamagedError
from feedpub.store.aside import lying_aside, set_aside
from feedpub.store.faults import damaged, explained
from feedpub.store.gate import Gate
from feedpub.store.opened import Identity, Opened, backup, identity, one_at_a_time
from feedpub.store.private import exposures, make_private

FILE_NAME = "feedpub.sqlite"


class FileDatabase:
    """A database in a file: `Database`.

    Where another process has set the file aside, or somebody has put another one in its place, the next transaction
    is that one's.

    Args:
        path: the file, which only its owner may read; made where it is missing, in a folder that only its owner may
            enter.
        patience: seconds that a transaction waits for another process's.
        scratch: a folder that goes when the database is closed.
    """

    def __init__(self, path: Path, *, patience: float = 30.0, scratch: TemporaryDirectory[str] | None = None) -> None:
        self.path = path
        self._patience = patience
        self._scratch = scratch
        self._gate = Gate()
        self._file: Opened | None = None
        self._identity: Identity = None  # of the file that is open, or could not be opened
        self._damaged: Identity = None  # of the file that was last found to be damaged

    @classmethod
    def on_scratch(cls) -> Self:
        """An empty one to try things on; it is gone when it is closed."""
        scratch = TemporaryDirectory(prefix="feedpub-")
        return cls(Path(scratch.name, FILE_NAME), scratch=scratch)

    @classmethod
    def copy_of(cls, path: Path) -> Self:
        """A copy to try things on; it is gone when it is closed, and the original is only read."""
        copy = cls.on_scratch()
        try:
            with explained(path):
                if path.exists():
                    backup(path, copy.path)
            copy.open()
        except DamagedError as error:
            copy.close()
            raise damaged(path, error.reason) from error
        except BaseException:
            copy.close()
            raise
        return copy

    def open(self) -> None:
        """Open the file now. Raises StoreError; where that is DamagedError, `renew` helps."""
        with explained(self.path), self._gate.alone():
            self._open()

    def close(self) -> None:
        """Close every connection; what was committed is on the disk already."""
        if self._file:
            self._file.close()
        if self._scratch:
            self._scratch.cleanup()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction that sees one state of things, and holds up no writer."""
        with self._transaction(writing=False) as connection:
            yield connection

    reading = snapshot  # a transaction costs next to nothing here

    @contextmanager
    def writing(self, turn: str = "") -> Iterator[Connection]:  # noqa: ARG002 -- SQLite has one writer at a time
        """A transaction that is on the disk when the block ends, or not at all when it raises."""
        with self._transaction(writing=True) as connection:
            yield connection

    def changing(self) -> AbstractContextManager[Connection]:
        """A transaction."""
        return self.writing()

    def renew(self, fill: Callable[[Path], None]) -> Path | None:
        """Set the damaged file aside and go on with a new one; no transaction of this process is under way meanwhile.

        Args:
            fill: is told where the damaged file lies, and puts into the new one, by transactions of this database, what
                is known from elsewhere; others, in other processes too, see the file only afterwards.

        Returns:
            Where the damaged file lies now; None where it has been replaced already, by whomever.
        """
        with explained(self.path), self._gate.alone(), one_at_a_time(self.path.parent):
            found = identity(self.path)
            aside = set_aside(self.path, datetime.now(UTC)) if found and found == self._damaged else None
            self._reopen()
            if aside:
                fill(aside)
        return aside

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """One at a time, of all threads and processes that work on this state under this name."""
        with ExitStack() as stack:
            with explained(self.path):
                path = self.path.parent / f".{name}.lock"
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def hold(self) -> None:
        """Nothing can take a lock from a process that lives."""

    def lying_aside(self) -> tuple[Path, ...]:
        """The damaged files that were set aside, oldest first. Raises StoreError."""
        with explained(self.path.parent):
            return lying_aside(self.path)

    def exposures(self) -> tuple[str, ...]:
        """Say which rights others have on the file and its folder, and how to take them away. Raises StoreError."""
        with explained(self.path.parent):
            return exposures(self.path)

    def exists(self) -> bool:
        """Whether there is a file. Raises StoreError."""
        with explained(self.path):
            return self.path.exists()

    def others(self) -> int:
        """Unknown: a service has a lock of its own beside the file."""
        return 0

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        with explained(self.path):
            self._follow()
        with self._gate.together(), self._noticing_damage():
            assert self._file is not None  # noqa: S101 -- it has just been opened
            with self._file.transaction(writing=writing) as connection:
                yield connection

    @contextmanager
    def _noticing_damage(self) -> Iterator[None]:
        """Remember which file it was that is damaged: by the time of a renewal it may be another's turn."""
        try:
            with explained(self.path):
                yield
        except DamagedError:
            self._damaged = self._identity
            raise

    def _follow(self) -> None:
        """Go on with the file that has the name now; not in the middle of a transaction, or of a renewal."""
        if self._is_current() or self._gate.is_inside:
            return
        with self._gate.alone():
            if not self._is_current():
                self._open()

    def _is_current(self) -> bool:
        return self._file is not None and identity(self.path) == self._identity

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with one_at_a_time(self.path.parent):
            make_private(self.path)
            self._reopen()

    def _reopen(self) -> None:
        if self._file:
            self._file.close()
        self._file, self._identity = None, identity(self.path)
        with self._noticing_damage():
            self._file = Opened.at(self.path, self._patience)
        self._identity = self._file.identity

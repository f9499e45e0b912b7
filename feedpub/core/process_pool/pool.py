"""What a run asks of whoever works on fetched pages for it.

And the simplest answer, which isolates nothing.
"""

import logging
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, Protocol, Self, TypeVar

from feedpub.core.errors import ExtractError, ResourceLimitError, WorkerError
from feedpub.core.process_pool.limits import CallLimits
from feedpub.core.process_pool.process import PoolProcess
from feedpub.core.process_pool.wire import CallResult

P = ParamSpec("P")
T = TypeVar("T")


class Executor(Protocol):
    """Who calls functions on what was fetched. Called from several threads."""

    def call(
        self, address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a function returns; it and all that goes in and out can be pickled.

        Args:
            address: what it is called on, for the errors.
            function: of a module, known by its name there.
            args: for the function.
            kwargs: for the function.

        Raises:
            SourceError: the function has raised it.
            ResourceLimitError: it took too much time or memory, or ended the process that it ran in.
            WorkerError: there is no process for it.
        """
        ...

    def for_run(self) -> "Executor":
        """The same for one run of a feed.

        Of runs that wait, the one goes first that has had the least time.
        """
        ...


class InlineExecutor:
    """Calls functions where it is called itself: for tests, and for whoever trusts the pages."""

    def call(
        self, _address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return function(*args, **kwargs)

    def for_run(self) -> "InlineExecutor":
        return self


# SECTION: The workers of a process: a few, started when they are needed, each call by one of
# them.
#
# Of runs that wait, the one goes first that has had the least: a feed whose pages take long
# delays itself, and another
# one by no more than the pages that are being read.

# of a call; such calls are done one at a time: each may take all memory that a process may
LARGE_BYTES = 2_000_000
FEWEST, MAX_WORKERS = (
    2,
    4,
)  # processes; one alone would let a page that takes long hold up all others
_log = logging.getLogger(__name__)


class ProcessPool:
    """Processes that call functions on what was fetched. Thread-safe; to be closed in the end.

    Args:
        modules: that hold the functions: a new process imports them before its first call.
        limits: of each call.
        most: processes at once; None for one a core, within reason.
    """

    def __init__(
        self, modules: Sequence[str] = (), limits: CallLimits | None = None, most: int | None = None
    ) -> None:
        self._modules = modules
        self._limits = limits or CallLimits()
        self._free = most or min(max(FEWEST, len(os.sched_getaffinity(0))), MAX_WORKERS)
        self._changed = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._idle: list[PoolProcess] = []
        self._working: set[PoolProcess] = set()
        self._reading_large = False
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def prestart(self) -> None:
        """Start a first process, so that the first call need not wait for it.

        Raises WorkerError.
        """
        self._give_back(PoolProcess(self._limits, self._modules), usable=True)

    def close(self) -> None:
        """End all processes: calls under way fail, and no other begins."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._working:
                worker.kill()  # the thread that waits for it does the rest
            self._changed.notify_all()
        for worker in idle:
            worker.stop()

    def for_run(self) -> "PoolClient":
        """The same for one run, whose turn comes the later the more it has had."""
        return PoolClient(self)

    def call(
        self, address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return self.for_run().call(address, function, *args, **kwargs)

    def submit(
        self, run: "PoolClient", request: Callable[[], bytes], *, large: bool = False
    ) -> CallResult:
        """What a worker makes of a request, once it is its run's turn. Raises ResourceLimitError, WorkerError.

        Args:
            run: whose turn it must be.
            request: made when it is, so that no copy of a page waits beside the page.
            large: no other large one is done at the same time.
        """
        with self._turn(run, large=large):
            worker = self._take(large=large)
            usable = False
            try:
                answer = worker.call(request())
                usable = not answer.last
            finally:
                self._give_back(worker, usable=usable)
        return answer

    @contextmanager
    def _turn(self, run: "PoolClient", *, large: bool) -> Iterator[None]:
        """One of the places to work at, and the time there on the run's account."""
        with self._changed:
            ticket = _Ticket(run, large)
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(
                    lambda: self._closed or (self._free and self._first() is ticket)
                )
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            self._free -= 1
            self._reading_large |= large
        began = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                run.spent += time.monotonic() - began
                self._free += 1
                self._reading_large &= not large
                self._changed.notify_all()

    def _first(self) -> "_Ticket | None":
        able = [ticket for ticket in self._waiting if not (ticket.large and self._reading_large)]
        return min(able, key=lambda ticket: ticket.run.spent, default=None)

    def _take(self, *, large: bool) -> PoolProcess:
        """A worker that waits for work, or a new one.

        For a large call one that has grown with others, if there is.
        """
        with self._changed:
            if self._closed:
                raise WorkerError("nothing more is read: the process ends")
            worker = max(self._idle, key=lambda idle: idle.grown == large, default=None)
            if worker:
                self._idle.remove(worker)
                worker.grown |= large
                if worker.is_alive:
                    self._working.add(worker)
                    return worker
        if worker:  # ended from outside while it waited
            worker.stop()
        worker = PoolProcess(self._limits, self._modules)
        worker.grown = large
        with self._changed:
            self._working.add(worker)
        return worker

    def _give_back(self, worker: PoolProcess, *, usable: bool) -> None:
        with self._changed:
            self._working.discard(worker)
            if usable and not self._closed:
                self._idle.append(worker)
                return
        worker.stop()


class PoolClient:
    """The workers as one run of a feed sees them.

    Attributes:
        spent: seconds of workers' time that it has had.
    """

    def __init__(self, workers: ProcessPool) -> None:
        self._workers = workers
        self.spent = 0.0

    def call(
        self, address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def pickled() -> bytes:
            return pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)

        request = pickled()
        large = len(request) > LARGE_BYTES
        make = pickled if large else partial(bytes, request)
        del request
        try:
            answer = self._workers.submit(self, make, large=large)
        except ResourceLimitError as error:
            raise ResourceLimitError(error.reason, address) from error
        result: T = _value(answer, address)
        return result

    def for_run(self) -> "PoolClient":
        return PoolClient(self._workers)


@dataclass(eq=False, frozen=True, slots=True)
class _Ticket:
    """A call that waits for its turn."""

    run: PoolClient
    large: bool


def _value(answer: CallResult, address: str | None) -> Any:
    """What a call returned. Raises what it raised; a bug costs one page, and is logged."""
    if answer.error:
        raise answer.error
    if answer.overrun:
        raise ResourceLimitError(answer.overrun, address)
    if answer.bug:
        _log.error("a bug of feedpub's met %s\n%s", address, answer.bug)
        raise ExtractError(
            f"a bug of feedpub's kept it from being read: {answer.bug.splitlines()[-1]}", address
        )
    return answer.value

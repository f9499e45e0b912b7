"""Run functions on fetched pages in a pool of processes, or inline.

A process is started as a new program, not forked: a fork of a process with threads can inherit
locks that no thread releases. Each process has a socket pair of its own, without shared queues or
semaphores, so a process that is killed while it sends leaves no lock behind.
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

# Larger calls run one at a time, because each can use all the memory that a process may use.
LARGE_CALL_BYTES = 2_000_000
MIN_WORKERS = 2  # with one, a slow page would delay all others
MAX_WORKERS = 4
_log = logging.getLogger(__name__)


class Executor(Protocol):
    """Runs functions on fetched pages. Thread-safe."""

    def call(
        self, address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function and return its result; it, its arguments and result must be picklable.

        Args:
            address: the URL or path of the page, for error messages.
            function: a function at the top level of a module.
            args: positional arguments of the function.
            kwargs: keyword arguments of the function.

        Raises:
            SourceError: raised by the function.
            ResourceLimitError: the call took too much time or memory, or crashed its process.
            WorkerError: no process is available.
        """
        ...

    def for_run(self) -> "Executor":
        """Return an executor for one run of a feed.

        Of all runs that wait, the one that has used the least time goes first.
        """
        ...


class InlineExecutor:
    """Calls functions in the calling process, for tests and for trusted pages."""

    def call(
        self, _address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return function(*args, **kwargs)

    def for_run(self) -> "InlineExecutor":
        return self


class ProcessPool:
    """Processes that run functions on fetched pages, started on demand. Thread-safe.

    Of all runs that wait, the one that has used the least time goes first. A feed with slow pages
    therefore delays itself, and another feed only by the pages that are being read.

    Args:
        modules: the modules that contain the functions; each process imports them at its start.
        limits: the limits of each call.
        max_processes: None for one per core, between MIN_WORKERS and MAX_WORKERS.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        limits: CallLimits | None = None,
        max_processes: int | None = None,
    ) -> None:
        self._modules = modules
        self._limits = limits or CallLimits()
        cores = len(os.sched_getaffinity(0))
        self._free_slots = max_processes or min(max(MIN_WORKERS, cores), MAX_WORKERS)
        self._changed = threading.Condition()
        self._waiting: list[_QueuedCall] = []
        self._idle: list[PoolProcess] = []
        self._working: set[PoolProcess] = set()
        self._is_reading_large = False
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def prestart(self) -> None:
        """Start a process, so that the first call need not wait for it.

        Raises:
            WorkerError: it cannot be started.
        """
        self._release(PoolProcess(self._limits, self._modules), reusable=True)

    def close(self) -> None:
        """End all processes; calls in progress fail, and no other call starts."""
        with self._changed:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for worker in self._working:
                worker.kill()  # the thread that waits for its result releases it
            self._changed.notify_all()
        for worker in idle:
            worker.stop()

    def for_run(self) -> "PoolClient":
        """Return an executor for one run; the run's priority falls with the time that it uses."""
        return PoolClient(self)

    def call(
        self, address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return self.for_run().call(address, function, *args, **kwargs)

    def submit(
        self, run: "PoolClient", make_request: Callable[[], bytes], *, large: bool = False
    ) -> CallResult:
        """Wait for a free process, send it a request and return its result.

        Args:
            run: the run that the request belongs to.
            make_request: makes the request when a process is free, so that no copy of a page waits
                in addition to the page.
            large: do not run at the same time as another large request.

        Raises:
            ResourceLimitError: the call took too much time or memory, or crashed its process.
            WorkerError: no process is available.
        """
        with self._slot(run, large=large):
            worker = self._take_process(large=large)
            reusable = False
            try:
                result = worker.call(make_request())
                reusable = not result.is_last
            finally:
                self._release(worker, reusable=reusable)
        return result

    @contextmanager
    def _slot(self, run: "PoolClient", *, large: bool) -> Iterator[None]:
        """Wait for a slot, and add the time for which it is held to the run's total."""
        queued = _QueuedCall(run, large)
        with self._changed:
            self._waiting.append(queued)
            try:
                self._changed.wait_for(lambda: self._may_start(queued))
            finally:
                self._waiting.remove(queued)
                self._changed.notify_all()
            self._free_slots -= 1
            self._is_reading_large |= large
        started = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                run.used_seconds += time.monotonic() - started
                self._free_slots += 1
                self._is_reading_large &= not large
                self._changed.notify_all()

    def _may_start(self, queued: "_QueuedCall") -> bool:
        if self._is_closed:
            return True
        if not self._free_slots:
            return False
        ready = [call for call in self._waiting if not (call.large and self._is_reading_large)]
        return min(ready, key=lambda call: call.run.used_seconds, default=None) is queued

    def _take_process(self, *, large: bool) -> PoolProcess:
        """Return an idle process or a new one.

        Large calls prefer a process that has run large calls, because its memory has grown.
        """
        with self._changed:
            if self._is_closed:
                raise WorkerError("nothing more is read: feedpub is shutting down")
            worker = max(self._idle, key=lambda it: it.has_run_large_calls == large, default=None)
            if worker:
                self._idle.remove(worker)
                worker.has_run_large_calls |= large
                if worker.is_alive:
                    self._working.add(worker)
                    return worker
        if worker:  # it was killed from outside while it was idle
            worker.stop()
        worker = PoolProcess(self._limits, self._modules)
        worker.has_run_large_calls = large
        with self._changed:
            self._working.add(worker)
        return worker

    def _release(self, worker: PoolProcess, *, reusable: bool) -> None:
        with self._changed:
            self._working.discard(worker)
            if reusable and not self._is_closed:
                self._idle.append(worker)
                return
        worker.stop()


class PoolClient:
    """The executor that a process pool gives one run of a feed.

    Attributes:
        used_seconds: the time for which the run has held slots.
    """

    def __init__(self, pool: ProcessPool) -> None:
        self._pool = pool
        self.used_seconds = 0.0

    def call(
        self, address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def pickle_call() -> bytes:
            return pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)

        request = pickle_call()
        large = len(request) > LARGE_CALL_BYTES
        make_request = pickle_call if large else partial(bytes, request)
        del request  # a large call is pickled again when it starts
        try:
            result = self._pool.submit(self, make_request, large=large)
        except ResourceLimitError as error:
            raise ResourceLimitError(error.reason, address) from error
        value: T = _value_or_raise(result, address)
        return value

    def for_run(self) -> "PoolClient":
        return PoolClient(self._pool)


@dataclass(eq=False, frozen=True, slots=True)
class _QueuedCall:
    """A call that waits for a slot."""

    run: PoolClient
    large: bool


def _value_or_raise(result: CallResult, address: str | None) -> Any:
    """Return a call's value or raise its error; a bug is logged and reported as ExtractError."""
    if result.error:
        raise result.error
    if result.exceeded:
        raise ResourceLimitError(result.exceeded, address)
    if result.bug:
        _log.error("a bug in feedpub prevented reading %s\n%s", address, result.bug)
        reason = f"a bug in feedpub prevented reading it: {result.bug.splitlines()[-1]}"
        raise ExtractError(reason, address)
    return result.value

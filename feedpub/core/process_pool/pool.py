"""Run functions on fetched pages in a pool of processes, or inline.

This process has threads, so it is never forked: a fork can inherit locks that no thread releases.
It starts a fork server instead, a new program with a single thread, which forks the workers (see
`fork_server`). Workers that have been idle for a while end, and the fork server after them.

Each worker has a socket pair of its own, without shared queues or semaphores, so a process that is
killed while it sends leaves no lock behind.
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
from feedpub.core.process_pool.process import ForkServer, PoolProcess
from feedpub.core.process_pool.wire import CallResult

P = ParamSpec("P")
T = TypeVar("T")

# Larger calls run one at a time, because each can use all the memory that a process may use.
LARGE_CALL_BYTES = 2_000_000
MIN_WORKERS = 2  # with one, a slow page would delay all others
MAX_WORKERS = 4
IDLE_SECONDS = 60.0  # after which a process ends
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
        modules: the modules that contain the functions; the fork server imports them.
        limits: the limits of each call.
        max_processes: None for one per core, between MIN_WORKERS and MAX_WORKERS.
        idle_seconds: the time after which an idle process ends.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        limits: CallLimits | None = None,
        max_processes: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._modules = modules
        self._limits = limits or CallLimits()
        cores = len(os.sched_getaffinity(0))
        self._max_processes = max_processes or min(max(MIN_WORKERS, cores), MAX_WORKERS)
        self._free_slots = self._max_processes
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._waiting: list[_QueuedCall] = []
        self._idle: list[PoolProcess] = []
        self._working: set[PoolProcess] = set()
        self._is_reading_large = False
        self._starting = threading.Lock()
        self._server: ForkServer | None = None
        self._server_used = 0.0  # the time of the monotonic clock
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def prestart(self) -> None:
        """Start the fork server, so that the first call need not wait for its imports.

        Raises:
            WorkerError: it cannot be started.
        """
        self._ensure_server()

    def close(self) -> None:
        """End all processes; calls in progress fail, and no other call starts."""
        with self._changed:
            self._closed.set()
            for worker in self._working:
                worker.interrupt()  # the thread that waits for its result releases it
            self._changed.notify_all()
        with self._starting:
            self._stop_server()

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
        if self._closed.is_set():
            return True
        if not self._free_slots:
            return False
        ready = [call for call in self._waiting if not (call.large and self._is_reading_large)]
        return min(ready, key=lambda call: call.run.used_seconds, default=None) is queued

    def _take_process(self, *, large: bool) -> PoolProcess:
        """Return an idle process or a new one.

        Large calls prefer a process that has run large calls, because its memory has grown. Of
        several, the one that was used last is returned, so that others can end.
        """
        with self._changed:
            idle = reversed(self._idle)
            worker = max(idle, key=lambda it: it.has_run_large_calls == large, default=None)
            if worker:
                self._idle.remove(worker)
        if worker and not worker.is_alive:  # it was killed from outside
            worker.stop()
            worker = None
        worker = worker or PoolProcess(self._ensure_server(), self._limits)
        worker.has_run_large_calls |= large
        with self._changed:
            if not self._closed.is_set():
                self._working.add(worker)
                return worker
        worker.stop()
        raise _closed_error()

    def _release(self, worker: PoolProcess, *, reusable: bool) -> None:
        with self._changed:
            self._working.discard(worker)
            if reusable and not self._closed.is_set():
                worker.idle_since = time.monotonic()
                self._idle.append(worker)
                return
        worker.stop()

    def _ensure_server(self) -> ForkServer:
        """Return the fork server; start it if it does not run."""
        with self._starting:
            if self._closed.is_set():
                raise _closed_error()
            self._server_used = time.monotonic()
            if self._server and not self._server.is_alive:  # it was killed from outside
                self._stop_server()
            if self._server is None:
                self._server = ForkServer(self._limits, self._modules)
                args = (self._server,)
                threading.Thread(
                    target=self._end_idle_processes, args=args, name="feedpub-pool", daemon=True
                ).start()
            return self._server

    def _end_idle_processes(self, server: ForkServer) -> None:
        """End processes that have been idle for too long, and at last their fork server."""
        while not self._closed.wait(self._idle_seconds / 2):
            with self._starting:
                if self._server is not server:  # it was killed from outside
                    return
                if not self._end_idle_workers():
                    self._stop_server()
                    return

    def _end_idle_workers(self) -> bool:
        """End workers that have been idle for too long; return False if no process is needed."""
        last_use = time.monotonic() - self._idle_seconds
        with self._changed:
            expired = [worker for worker in self._idle if worker.idle_since <= last_use]
            self._idle = [worker for worker in self._idle if worker not in expired]
            is_used = self._idle or self._free_slots < self._max_processes
        for worker in expired:
            worker.stop()
        return bool(is_used) or self._server_used > last_use

    def _stop_server(self) -> None:
        """End the fork server and idle workers. The caller holds the lock `_starting`."""
        with self._changed:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()
        if self._server:
            self._server.stop()
        self._server = None


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


def _closed_error() -> WorkerError:
    return WorkerError("nothing more is read: feedpub is shutting down")


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

"""Pages are read in separate processes; a page that harms its process affects no other page."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from feedpub.core.errors import (
    ExtractError,
    FetchError,
    NoContentError,
    ResourceLimitError,
    WorkerError,
)
from feedpub.core.process_pool import Executor, InlineExecutor, ProcessPool
from feedpub.core.process_pool.limits import CallLimits
from feedpub.pipeline.context import open_pool
from tests.support import hostile

URL = "https://example.org/story"
MEMORY = 200_000_000
LIMITS = CallLimits(
    cpu_seconds=1,
    wall_seconds=2,
    memory_bytes=MEMORY,
    result_bytes=1_000_000,
    start_seconds=60,
)
GENEROUS = CallLimits(cpu_seconds=30, wall_seconds=60)


@pytest.fixture
def workers() -> Iterator[ProcessPool]:
    with ProcessPool(limits=LIMITS) as workers:
        yield workers


@pytest.fixture(params=["inline", "pool"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "inline":
        yield InlineExecutor()
    else:
        with ProcessPool(limits=GENEROUS) as workers:
            yield workers


def is_gone(pid: int) -> bool:
    """Return True if a process has ended, even if its parent has not read its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Return True as soon as a condition is true; False after a timeout."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_call_returns_the_result_of_the_function(executor: Executor) -> None:
    assert executor.call(URL, hostile.double, 4) == 8
    assert executor.for_run().call(URL, hostile.double, number=5) == 10


def test_expected_error_is_raised_with_all_attributes(executor: Executor) -> None:
    with pytest.raises(NoContentError) as nothing:
        executor.call(URL, hostile.find_nothing, URL)
    assert (nothing.value.url, nothing.value.reason) == (URL, "there is nothing in it")
    with pytest.raises(FetchError) as caught:
        executor.call(URL, hostile.fail_to_fetch, URL)
    assert (caught.value.status, caught.value.retry_after) == (429, 60)


HARMS: list[tuple[str, Callable[..., Any], tuple[Any, ...], str]] = [
    # On a busy machine, the wall-clock limit of 2 s is reached first.
    ("cpu", hostile.spin, (), "reading it took more than [12] s"),
    ("sleep", hostile.sleep, (), "reading it took more than 2 s$"),
    ("memory", hostile.allocate, (2 * MEMORY,), "reading it needed more than 200 MB of memory"),
    ("answer", hostile.return_bytes, (1_000_001,), "its content is more than 1 MB"),
    (
        "segfault",
        hostile.end_with,
        (signal.SIGSEGV,),
        r"the process that read it crashed \(SIGSEGV\)",
    ),
    ("abort", hostile.end_with, (signal.SIGABRT,), r"the process that read it crashed \(SIGABRT\)"),
    ("kill", hostile.end_with, (signal.SIGKILL,), "the process that read it was killed"),
    (
        "exit",
        hostile.exit_silently,
        (),
        r"the process that read it exited unexpectedly \(status 3\)",
    ),
    ("recursion", hostile.descend, (), "nested too deeply"),
]


@pytest.mark.parametrize(
    ("harm", "arguments", "reason"), [harm[1:] for harm in HARMS], ids=[harm[0] for harm in HARMS]
)
def test_harmful_page_fails_and_the_next_page_is_read(
    workers: ProcessPool, harm: Callable[..., Any], arguments: tuple[Any, ...], reason: str
) -> None:
    began = time.monotonic()
    with pytest.raises(ResourceLimitError, match=reason) as caught:
        workers.call(URL, harm, *arguments)
    assert caught.value.url == URL
    assert time.monotonic() - began < LIMITS.start_seconds + LIMITS.wall_seconds
    assert workers.call(URL, hostile.double, 4) == 8


@pytest.mark.slow
def test_suspended_worker_is_killed(workers: ProcessPool) -> None:
    """Its own timers cannot end it, so the parent process must."""
    workers.call(URL, hostile.pid)
    began = time.monotonic()
    with pytest.raises(ResourceLimitError, match="more than 2 s"):
        workers.call(URL, hostile.stop_process)
    assert time.monotonic() - began < 30


def test_bug_fails_one_page_and_is_logged_with_its_traceback(
    workers: ProcessPool, caplog: pytest.LogCaptureFixture
) -> None:
    before = workers.call(URL, hostile.pid)
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(ExtractError, match=r"bug.*KeyError.*unexpected") as caught,
    ):
        workers.call(URL, hostile.raise_unexpected)
    assert caught.value.url == URL
    assert "in raise_unexpected" in caplog.text
    with pytest.raises(ExtractError, match="bug"):
        workers.call(URL, hostile.return_unserialisable)
    assert workers.call(URL, hostile.pid) == before


def test_worker_that_was_killed_while_idle_is_replaced(workers: ProcessPool) -> None:
    pid = workers.call(URL, hostile.pid)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: is_gone(pid))
    assert workers.call(URL, hostile.pid) != pid


def test_worker_is_replaced_after_the_maximum_number_of_calls() -> None:
    """This bounds memory leaks in libraries."""
    with ProcessPool(limits=CallLimits(max_calls=3)) as workers:
        pids = [workers.call(URL, hostile.pid) for _ in range(7)]
    assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3, 6]


def test_worker_whose_memory_has_grown_is_replaced() -> None:
    """Memory that a call frees again does not count."""
    with ProcessPool(limits=CallLimits(memory_bytes=400_000_000)) as workers:
        before = workers.call(URL, hostile.pid)
        assert workers.call(URL, hostile.allocate, 250_000_000) == 250_000_000
        assert workers.call(URL, hostile.pid) == before
        assert workers.call(URL, hostile.leak, 250_000_000) == 250_000_000
        assert workers.call(URL, hostile.pid) != before


def test_threads_share_workers_and_get_their_own_results() -> None:
    with ProcessPool(limits=GENEROUS, max_processes=2) as workers, ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda n: workers.call(URL, hostile.double, n), range(200)))
        pids = set(threads.map(lambda _: workers.call(URL, hostile.pid), range(50)))
    assert numbers == [2 * n for n in range(200)]
    assert len(pids) <= 2


def test_run_that_has_used_less_time_goes_first(tmp_path: Path) -> None:
    """Otherwise a feed with many slow pages would delay all others."""
    order: list[str] = []
    signal_file = tmp_path / "continue"
    with ProcessPool(limits=GENEROUS, max_processes=1) as workers, ThreadPoolExecutor(8) as threads:
        slow, quick = workers.for_run(), workers.for_run()
        slow.call(URL, hostile.double, 1)  # its time includes the start of the process

        def call(run: Executor, name: str) -> None:
            run.call(URL, hostile.pid)
            order.append(name)

        holding = threads.submit(workers.call, URL, hostile.wait_for, signal_file)
        assert wait_until(lambda: len(workers._working) == 1)
        calls: list[Future[None]] = [threads.submit(call, slow, "slow") for _ in range(3)]
        assert wait_until(lambda: len(workers._waiting) == 3)
        calls.append(threads.submit(call, quick, "quick"))
        assert wait_until(lambda: len(workers._waiting) == 4)
        signal_file.write_text("")
        holding.result()
        for each in calls:
            each.result()
    assert order == ["quick", "slow", "slow", "slow"]


def test_closing_ends_idle_and_working_processes(tmp_path: Path) -> None:
    with ProcessPool(limits=GENEROUS, max_processes=2) as workers, ThreadPoolExecutor(2) as threads:
        idle = workers.call(URL, hostile.pid)
        waiting = [
            threads.submit(workers.call, URL, hostile.wait_for, tmp_path / "never")
            for _ in range(2)
        ]
        assert wait_until(lambda: len(workers._working) == 2)
        busy = {worker.pid for worker in workers._working}
        workers.close()
        for each in waiting:
            with pytest.raises((ResourceLimitError, WorkerError)):
                each.result(timeout=30)
    assert all(wait_until(lambda pid=pid: is_gone(pid)) for pid in {idle, *busy})  # type: ignore[misc]
    with pytest.raises(WorkerError, match="shutting down"):
        workers.call(URL, hostile.double, 1)


def test_workers_are_forks_of_one_server(tmp_path: Path) -> None:
    with ProcessPool(limits=GENEROUS, max_processes=2) as workers, ThreadPoolExecutor(2) as threads:
        holding = threads.submit(workers.call, URL, hostile.wait_for, tmp_path / "continue")
        assert wait_until(lambda: len(workers._working) == 1)
        first = workers.call(URL, os.getppid)
        (tmp_path / "continue").touch()
        holding.result()
        parents = set(threads.map(lambda _: workers.call(URL, os.getppid), range(20)))
        assert first != os.getpid()
    assert parents == {first}
    assert wait_until(lambda: is_gone(first))


def test_fork_server_with_the_modules_of_a_run_has_one_thread() -> None:
    """A worker would inherit locks that another thread holds."""
    with open_pool() as workers:
        server = workers.call(URL, os.getppid)
        assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1


def test_idle_processes_end_and_the_next_call_starts_new_ones() -> None:
    with ProcessPool(limits=GENEROUS, idle_seconds=0.2) as workers:
        worker, server = workers.call(URL, hostile.pid), workers.call(URL, os.getppid)
        assert wait_until(lambda: is_gone(worker))
        assert wait_until(lambda: is_gone(server))
        assert workers.call(URL, hostile.pid) != worker


def test_call_may_take_longer_than_idle_processes_stay(tmp_path: Path) -> None:
    signal_file = tmp_path / "continue"
    with ProcessPool(limits=GENEROUS, idle_seconds=0.1) as workers, ThreadPoolExecutor(1) as thread:
        holding = thread.submit(workers.call, URL, hostile.wait_for, signal_file)
        time.sleep(0.5)
        signal_file.write_text("done")
        assert holding.result() == "done"


def test_fork_server_that_was_killed_is_replaced(workers: ProcessPool) -> None:
    worker, server = workers.call(URL, hostile.pid), workers.call(URL, os.getppid)
    os.kill(server, signal.SIGKILL)
    assert wait_until(lambda: is_gone(server))
    assert workers.call(URL, hostile.pid) == worker  # it can still work
    os.kill(worker, signal.SIGKILL)
    assert wait_until(lambda: is_gone(worker))
    assert workers.call(URL, os.getppid) not in (server, os.getpid())


def test_crash_after_the_end_of_the_fork_server_fails_one_page(workers: ProcessPool) -> None:
    server = workers.call(URL, os.getppid)
    os.kill(server, signal.SIGKILL)
    assert wait_until(lambda: is_gone(server))
    with pytest.raises(ResourceLimitError, match="the process that read it ended unexpectedly"):
        workers.call(URL, hostile.exit_silently)
    assert workers.call(URL, hostile.double, 4) == 8


def test_process_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedpub.core.process_pool.process._COMMAND", ("/nowhere/python",))
    with (
        ProcessPool() as workers,
        pytest.raises(WorkerError, match=r"no process can be started .*No such file"),
    ):
        workers.prestart()


def test_process_that_fails_to_import_a_module_is_an_error() -> None:
    with (
        ProcessPool(["no_such_module"]) as workers,
        pytest.raises(WorkerError, match=r"exited unexpectedly \(status 1\)"),
    ):
        workers.call(URL, hostile.double, 1)


PARENT = """
import sys, time
from pathlib import Path
from feedpub.core.process_pool import ProcessPool
from feedpub.core.process_pool.limits import CallLimits
from tests.support import hostile
workers = ProcessPool(limits=CallLimits(cpu_seconds=3, wall_seconds=5))
print(workers.call("", hostile.pid), flush=True)
if sys.argv[1] != "idle":
    workers.call("", hostile.touch_and_call, Path(sys.argv[2]), sys.argv[1])
time.sleep(1000)
"""


@pytest.mark.parametrize(
    "work",
    [
        "idle",
        pytest.param("sleep", marks=pytest.mark.slow),
        pytest.param("spin", marks=pytest.mark.slow),
    ],
)
def test_no_worker_outlives_its_parent(work: str, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    command = [sys.executable, "-c", PARENT, work, str(begun)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 -- our own command
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert work == "idle" or wait_until(begun.exists)
        parent.send_signal(signal.SIGKILL)
    assert wait_until(lambda: is_gone(pid))

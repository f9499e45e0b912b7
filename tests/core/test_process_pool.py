"""What was fetched is worked on in processes of their own.

What happens there costs one page, and no other.
"""

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
from tests.support import hostile

URL = "https://example.org/story"
MEMORY = 200_000_000
LIMITS = CallLimits(cpu=1, wall=2, memory=MEMORY, answer=1_000_000, start=60)
PATIENT = CallLimits(cpu=30, wall=60)


@pytest.fixture
def workers() -> Iterator[ProcessPool]:
    """Workers with little patience."""
    with ProcessPool(limits=LIMITS) as workers:
        yield workers


@pytest.fixture(params=["in process", "workers"])
def isolation(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Either kind."""
    if request.param == "in process":
        yield InlineExecutor()
    else:
        with ProcessPool(limits=PATIENT) as workers:
            yield workers


def is_gone(pid: int) -> bool:
    """Whether a process has ended: nobody has that number, or nobody has asked yet how it went."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


# --- both kinds ---


def test_a_call_returns_what_the_function_returns(isolation: Executor) -> None:
    """With its arguments, by position and by name, and for a run as well."""
    assert isolation.call(URL, hostile.double, 4) == 8
    assert isolation.for_run().call(URL, hostile.double, number=5) == 10


def test_an_error_of_ours_is_raised_here(isolation: Executor) -> None:
    """With all that it says."""
    with pytest.raises(NoContentError) as nothing:
        isolation.call(URL, hostile.find_nothing, URL)
    assert (nothing.value.url, nothing.value.reason) == (URL, "there is nothing in it")
    with pytest.raises(FetchError) as caught:
        isolation.call(URL, hostile.fail_to_fetch, URL)
    assert (caught.value.status, caught.value.retry_after) == (429, 60)


# --- what a page can do to its worker ---

HARMS: list[tuple[str, Callable[..., Any], tuple[Any, ...], str]] = [
    (
        "cpu",
        hostile.spin,
        (),
        "reading it took more than [12] s",
    ),  # on a machine with much to do, 2 s are over first
    ("sleep", hostile.sleep, (), "reading it took more than 2 s$"),
    ("memory", hostile.hold, (2 * MEMORY,), "reading it needed more than 200 MB of memory"),
    ("answer", hostile.say, (1_000_001,), "what is in it is more than 1 MB"),
    ("segfault", hostile.end, (signal.SIGSEGV,), r"the process that read it crashed \(SIGSEGV\)"),
    ("abort", hostile.end, (signal.SIGABRT,), r"the process that read it crashed \(SIGABRT\)"),
    ("kill", hostile.end, (signal.SIGKILL,), "the process that read it was killed from outside"),
    ("exit", hostile.leave, (), r"the process that read it ended by itself \(status 3\)"),
    ("recursion", hostile.descend, (), "nested too deeply"),
]


@pytest.mark.parametrize(
    ("harm", "arguments", "reason"), [harm[1:] for harm in HARMS], ids=[harm[0] for harm in HARMS]
)
def test_a_page_that_harms_its_worker_costs_that_page(
    workers: ProcessPool, harm: Callable[..., Any], arguments: tuple[Any, ...], reason: str
) -> None:
    """The error says what happened and on which page.

    The next page is read as if nothing had been.
    """
    began = time.monotonic()
    with pytest.raises(ResourceLimitError, match=reason) as caught:
        workers.call(URL, harm, *arguments)
    assert caught.value.url == URL
    assert time.monotonic() - began < LIMITS.start + LIMITS.wall
    assert workers.call(URL, hostile.double, 4) == 8


@pytest.mark.slow
def test_a_worker_that_stands_still_is_killed(workers: ProcessPool) -> None:
    """Its own timers cannot end it, so whoever waits for it does."""
    workers.call(URL, hostile.pid)
    began = time.monotonic()
    with pytest.raises(ResourceLimitError, match="more than 2 s"):
        workers.call(URL, hostile.stop)
    assert time.monotonic() - began < 30


def test_a_bug_costs_one_page_and_is_logged(
    workers: ProcessPool, caplog: pytest.LogCaptureFixture
) -> None:
    """With the traceback from the other side; the worker goes on."""
    before = workers.call(URL, hostile.pid)
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(ExtractError, match=r"bug.*KeyError.*nobody thought") as caught,
    ):
        workers.call(URL, hostile.stumble)
    assert caught.value.url == URL
    assert "in stumble" in caplog.text
    with pytest.raises(ExtractError, match="bug"):
        workers.call(URL, hostile.cannot_be_sent)
    assert workers.call(URL, hostile.pid) == before


def test_a_worker_that_dies_while_it_waits_is_replaced(workers: ProcessPool) -> None:
    """The page that comes next does not even notice."""
    pid = workers.call(URL, hostile.pid)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: is_gone(pid))
    assert workers.call(URL, hostile.pid) != pid


# --- how workers come and go ---


def test_a_worker_is_used_again_but_not_for_ever() -> None:
    """What leaks in a library leaks for a while."""
    with ProcessPool(limits=CallLimits(calls=3)) as workers:
        pids = [workers.call(URL, hostile.pid) for _ in range(7)]
    assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3, 6]


def test_a_worker_that_has_grown_is_replaced() -> None:
    """What is left of one large page takes no memory from the next one.

    What was freed again is not left.
    """
    with ProcessPool(limits=CallLimits(memory=400_000_000)) as workers:
        before = workers.call(URL, hostile.pid)
        assert workers.call(URL, hostile.hold, 250_000_000) == 250_000_000
        assert workers.call(URL, hostile.pid) == before
        assert workers.call(URL, hostile.keep, 250_000_000) == 250_000_000
        assert workers.call(URL, hostile.pid) != before


def test_many_threads_share_few_workers() -> None:
    """Each gets its own answer."""
    with ProcessPool(limits=PATIENT, most=2) as workers, ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda n: workers.call(URL, hostile.double, n), range(200)))
        pids = set(threads.map(lambda _: workers.call(URL, hostile.pid), range(50)))
    assert numbers == [2 * n for n in range(200)]
    assert len(pids) <= 2


def test_a_run_that_has_had_much_waits_for_one_that_has_had_little(tmp_path: Path) -> None:
    """Or a feed with many slow pages would hold up all others."""
    order: list[str] = []
    gate = tmp_path / "gate"
    with ProcessPool(limits=PATIENT, most=1) as workers, ThreadPoolExecutor(8) as threads:
        slow, quick = workers.for_run(), workers.for_run()
        slow.call(
            URL, hostile.double, 1
        )  # its time, the start of a process included, is on its account

        def call(run: Executor, name: str) -> None:
            run.call(URL, hostile.pid)
            order.append(name)

        holding = threads.submit(workers.call, URL, hostile.wait_for, gate)
        assert wait_until(lambda: len(workers._working) == 1)
        calls: list[Future[None]] = [threads.submit(call, slow, "slow") for _ in range(3)]
        assert wait_until(lambda: len(workers._waiting) == 3)
        calls.append(threads.submit(call, quick, "quick"))
        assert wait_until(lambda: len(workers._waiting) == 4)
        gate.write_text("open")
        holding.result()
        for each in calls:
            each.result()
    assert order == ["quick", "slow", "slow", "slow"]


def test_closing_ends_workers_idle_and_at_work(tmp_path: Path) -> None:
    """Calls under way fail, and none begins any more."""
    with ProcessPool(limits=PATIENT, most=2) as workers, ThreadPoolExecutor(2) as threads:
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
    with pytest.raises(WorkerError, match="the process ends"):
        workers.call(URL, hostile.double, 1)


def test_no_process_at_all_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of the system, or an interpreter that is not there any more."""
    monkeypatch.setattr("feedpub.core.process_pool.process._COMMAND", ("/nowhere/python",))
    with (
        ProcessPool() as workers,
        pytest.raises(WorkerError, match=r"no process can be started .*No such file"),
    ):
        workers.prestart()


def test_a_process_that_does_not_get_ready_is_said_clearly() -> None:
    """Too little memory to import what it needs, for instance."""
    with (
        ProcessPool(["no_such_module"]) as workers,
        pytest.raises(WorkerError, match=r"ended by itself \(status 1\)"),
    ):
        workers.call(URL, hostile.double, 1)


PARENT = """
import sys, time
from pathlib import Path
from feedpub.core.process_pool import Workers
from feedpub.core.process_pool.limits import Limits
from tests.support import hostile
workers = Workers(limits=Limits(cpu=3, wall=5))
print(workers.call("", hostile.pid), flush=True)
if sys.argv[1] != "idle":
    workers.call("", hostile.begin, Path(sys.argv[2]), sys.argv[1])
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
    """Not even one that works, where the parent was killed and had no time for anything."""
    begun = tmp_path / "begun"
    command = [sys.executable, "-c", PARENT, work, str(begun)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 -- our own command
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert work == "idle" or wait_until(begun.exists)
        parent.send_signal(signal.SIGKILL)
    assert wait_until(lambda: is_gone(pid))

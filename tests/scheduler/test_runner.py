"""Runs at once, hosts one at a time, deadlines, and what becomes of a run that hangs or crashes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FetchError, RunCancelledError
from feedpub.scheduler import runner as module
from feedpub.scheduler.runner import RunExecutor

SOON = 5.0  # seconds; no test waits so long unless it fails


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something comes true soon."""
    end = time.monotonic() + SOON
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


class Work:
    """Runs that end when they are told to; what happened is noted."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.lost: list[str] = []
        self.failed: list[tuple[str, str]] = []
        self.leases: dict[str, RunBudget] = {}
        self._go_on: dict[str, threading.Event] = {}
        self.hosts: dict[str, frozenset[str]] = {}
        self.deadline = 60.0

    def run(self, feed: str, lease: RunBudget) -> None:
        self.begun.append(feed)
        self.leases[feed] = lease
        assert self._flag(feed).wait(SOON)
        self.ended.append(feed)

    def finish(self, feed: str) -> None:
        self._flag(feed).set()

    def _flag(self, feed: str) -> threading.Event:
        return self._go_on.setdefault(feed, threading.Event())


@contextmanager
def running(
    work: Work, run: module.ActiveRun | None = None, grace: float = 0.0
) -> Iterator[RunExecutor]:
    runner = RunExecutor(
        run or work.run,
        hosts=lambda feed: work.hosts.get(feed, frozenset({feed})),
        timeout_seconds=lambda: work.deadline,
        on_timeout=work.lost.append,
        on_crash=lambda feed, error: work.failed.append((feed, str(error))),
        grace=grace,
    )
    try:
        yield runner
    finally:
        for feed in list(work._go_on):
            work.finish(feed)
        runner.drain(SOON)


def ticked(runner: RunExecutor) -> bool:
    """Let the runner look after its runs, as the service does all the time."""
    runner.tick()
    return True


def test_a_feed_runs_once_at_a_time() -> None:
    """Whoever asks again meanwhile is told no."""
    work = Work()
    with running(work) as runner:
        assert runner.submit("a")
        assert not runner.submit("a")
        assert eventually(lambda: work.begun == ["a"])
        work.finish("a")
        assert eventually(lambda: not runner.running_feeds)
        assert runner.submit("a")


def test_feeds_of_one_host_take_turns() -> None:
    """Others do not wait for them."""
    work = Work()
    work.hosts = {"a": frozenset({"x"}), "b": frozenset({"x", "y"}), "c": frozenset({"z"})}
    with running(work) as runner:
        for feed in "abc":
            runner.submit(feed)
        assert eventually(lambda: set(work.begun) == {"a", "c"})
        work.finish("a")
        assert eventually(lambda: "b" in work.begun)


def test_no_more_than_so_many_at_once() -> None:
    """The rest waits, and starts as others end."""
    work = Work()
    with running(work) as runner:
        feeds = [f"feed-{n}" for n in range(module.MAX_ACTIVE_RUNS + 1)]
        for feed in feeds:
            runner.submit(feed)
        assert eventually(lambda: len(work.begun) == module.MAX_ACTIVE_RUNS)
        assert feeds[-1] not in work.begun
        work.finish(feeds[0])
        assert eventually(lambda: feeds[-1] in work.begun)


def test_slow_runs_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been waiting for its server for long counts no more among those at once."""
    monkeypatch.setattr(module, "SLOW_AFTER_SECONDS", 0.05)
    work = Work()
    with running(work) as runner:
        for n in range(module.MAX_ACTIVE_RUNS):
            runner.submit(f"slow-{n}")
        runner.submit("quick")
        assert eventually(lambda: ticked(runner) and "quick" in work.begun)
        assert work.ended == []


def test_one_to_be_alone_is_alone() -> None:
    """It begins when all others have had their turn, and the next ones when it has ended."""
    work = Work()
    with running(work) as runner:
        runner.submit("a")
        assert runner.submit("alone", exclusive=True)
        assert not runner.submit("alone", exclusive=True)
        runner.submit("b")
        assert eventually(lambda: work.begun == ["a", "b"])
        work.finish("a")
        work.finish("b")
        assert eventually(lambda: work.begun == ["a", "b", "alone"])
        runner.submit("c")
        assert ticked(runner)
        assert set(runner.running_feeds) == {"alone"}
        work.finish("alone")
        assert eventually(lambda: work.begun[3:] == ["c"])


def test_one_to_be_alone_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it takes as long as what waits for a slow server does, others run beside it."""
    work = Work()
    with running(work) as runner:
        runner.submit("alone", exclusive=True)
        runner.submit("a")
        assert eventually(lambda: work.begun == ["alone"])
        monkeypatch.setattr(module, "SLOW_AFTER_SECONDS", 0.0)
        assert eventually(lambda: ticked(runner) and work.begun == ["alone", "a"])


def test_one_to_be_alone_gets_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though others wait all the time."""
    work = Work()
    work.hosts = dict.fromkeys("abc", frozenset({"x"}))
    with running(work) as runner:
        for feed in "abc":
            runner.submit(feed)
        runner.submit("alone", exclusive=True)
        work.finish("a")
        assert eventually(lambda: work.begun == ["a", "b"])
        monkeypatch.setattr(module, "MAX_EXCLUSIVE_WAIT_SECONDS", 0.0)
        work.finish("b")
        assert eventually(lambda: work.begun == ["a", "b", "alone"])


def test_a_run_past_its_deadline_is_given_up() -> None:
    """It is told of once, counts no more, and its feed may run again.

    Its lease keeps what it still brings out.
    """
    work = Work()
    work.deadline = 0.05
    with running(work) as runner:
        runner.submit("a")
        assert eventually(lambda: ticked(runner) and work.lost == ["a"])
        assert runner.stuck_runs == ("a",)
        assert not runner.running_feeds
        with pytest.raises(RunCancelledError):
            work.leases["a"].check_not_cancelled()
        with pytest.raises(FetchError, match="run's time is up"):
            work.leases["a"].check_time_left("https://example.org/")
        work.finish("a")
        assert eventually(lambda: not runner.stuck_runs)
        assert work.lost == ["a"]


@pytest.mark.parametrize("error", [KeyError("bug"), SystemExit(3), AssertionError("no")])
def test_a_run_that_crashes_is_told_of(error: BaseException) -> None:
    """Whatever it raises; the next runs go on."""

    def run(feed: str, _lease: RunBudget) -> None:
        if feed == "bad":
            raise error
        work.begun.append(feed)

    work = Work()
    with running(work, run) as runner:
        runner.submit("bad")
        assert eventually(lambda: work.failed == [("bad", str(error))])
        runner.submit("good")
        assert eventually(lambda: work.begun == ["good"])


def test_draining_waits_for_what_runs() -> None:
    """And starts nothing more."""
    work = Work()
    with running(work) as runner:
        runner.submit("a")
        assert eventually(lambda: work.begun == ["a"])
        threading.Timer(0.05, work.finish, ["a"]).start()
        assert runner.drain(SOON) == ()
        assert work.ended == ["a"]
        assert not runner.submit("b")


def test_draining_gives_up_what_does_not_end() -> None:
    """After the time that there is."""
    work = Work()
    with running(work) as runner:
        runner.submit("a")
        assert eventually(lambda: work.begun == ["a"])
        assert runner.drain(0.05) == ("a",)
        assert work.leases["a"].cancelled

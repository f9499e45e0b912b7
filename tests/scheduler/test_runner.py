"""The run executor: limits, hosts, timeouts, crashes and shutdown."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from feedpub.core.budget import RunBudget
from feedpub.core.errors import FetchError, RunCancelledError
from feedpub.scheduler import runner as module
from feedpub.scheduler.runner import RunExecutor

SOON = 5.0  # seconds; only a failing test waits that long


def eventually(holds: Callable[[], bool]) -> bool:
    """Return True if a condition becomes true soon."""
    end = time.monotonic() + SOON
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


class Work:
    """Runs that end on request, and a record of what happened."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.lost: list[str] = []
        self.failed: list[tuple[str, str]] = []
        self.budgets: dict[str, RunBudget] = {}
        self._go_on: dict[str, threading.Event] = {}
        self.hosts: dict[str, frozenset[str]] = {}
        self.deadline = 60.0

    def run(self, feed: str, budget: RunBudget) -> None:
        self.begun.append(feed)
        self.budgets[feed] = budget
        assert self._flag(feed).wait(SOON)
        self.ended.append(feed)

    def finish(self, feed: str) -> None:
        self._flag(feed).set()

    def _flag(self, feed: str) -> threading.Event:
        return self._go_on.setdefault(feed, threading.Event())


@contextmanager
def running_executor(
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


def tick(runner: RunExecutor) -> bool:
    """Call `tick`, as the service does all the time."""
    runner.tick()
    return True


def test_feed_runs_once_at_a_time() -> None:
    work = Work()
    with running_executor(work) as runner:
        assert runner.submit("a")
        assert not runner.submit("a")
        assert eventually(lambda: work.begun == ["a"])
        work.finish("a")
        assert eventually(lambda: not runner.running_feeds)
        assert runner.submit("a")


def test_feeds_of_one_host_run_one_after_the_other() -> None:
    work = Work()
    work.hosts = {"a": frozenset({"x"}), "b": frozenset({"x", "y"}), "c": frozenset({"z"})}
    with running_executor(work) as runner:
        for feed in "abc":
            runner.submit(feed)
        assert eventually(lambda: set(work.begun) == {"a", "c"})
        work.finish("a")
        assert eventually(lambda: "b" in work.begun)


def test_number_of_active_runs_is_limited() -> None:
    work = Work()
    with running_executor(work) as runner:
        feeds = [f"feed-{n}" for n in range(module.MAX_ACTIVE_RUNS + 1)]
        for feed in feeds:
            runner.submit(feed)
        assert eventually(lambda: len(work.begun) == module.MAX_ACTIVE_RUNS)
        assert feeds[-1] not in work.begun
        work.finish(feeds[0])
        assert eventually(lambda: feeds[-1] in work.begun)


def test_slow_runs_do_not_count_against_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_AFTER_SECONDS", 0.05)
    work = Work()
    with running_executor(work) as runner:
        for n in range(module.MAX_ACTIVE_RUNS):
            runner.submit(f"slow-{n}")
        runner.submit("quick")
        assert eventually(lambda: tick(runner) and "quick" in work.begun)
        assert work.ended == []


def test_exclusive_run_starts_when_no_other_feed_waits() -> None:
    work = Work()
    with running_executor(work) as runner:
        runner.submit("a")
        assert runner.submit("alone", exclusive=True)
        assert not runner.submit("alone", exclusive=True)
        runner.submit("b")
        assert eventually(lambda: work.begun == ["a", "b"])
        work.finish("a")
        work.finish("b")
        assert eventually(lambda: work.begun == ["a", "b", "alone"])
        runner.submit("c")
        assert tick(runner)
        assert set(runner.running_feeds) == {"alone"}
        work.finish("alone")
        assert eventually(lambda: work.begun[3:] == ["c"])


def test_slow_exclusive_run_no_longer_blocks_others(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work()
    with running_executor(work) as runner:
        runner.submit("alone", exclusive=True)
        runner.submit("a")
        assert eventually(lambda: work.begun == ["alone"])
        monkeypatch.setattr(module, "SLOW_AFTER_SECONDS", 0.0)
        assert eventually(lambda: tick(runner) and work.begun == ["alone", "a"])


def test_exclusive_run_takes_precedence_after_its_maximum_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = Work()
    work.hosts = dict.fromkeys("abc", frozenset({"x"}))
    with running_executor(work) as runner:
        for feed in "abc":
            runner.submit(feed)
        runner.submit("alone", exclusive=True)
        work.finish("a")
        assert eventually(lambda: work.begun == ["a", "b"])
        monkeypatch.setattr(module, "MAX_EXCLUSIVE_WAIT_SECONDS", 0.0)
        work.finish("b")
        assert eventually(lambda: work.begun == ["a", "b", "alone"])


def test_run_past_its_timeout_is_cancelled() -> None:
    work = Work()
    work.deadline = 0.05
    with running_executor(work) as runner:
        runner.submit("a")
        assert eventually(lambda: tick(runner) and work.lost == ["a"])
        assert runner.stuck_runs == ("a",)
        assert not runner.running_feeds
        with pytest.raises(RunCancelledError):
            work.budgets["a"].check_not_cancelled()
        with pytest.raises(FetchError, match="run's time is up"):
            work.budgets["a"].check_time_left("https://example.org/")
        work.finish("a")
        assert eventually(lambda: not runner.stuck_runs)
        assert work.lost == ["a"]


@pytest.mark.parametrize("error", [KeyError("bug"), SystemExit(3), AssertionError("no")])
def test_crashed_run_is_logged_and_reported(error: BaseException) -> None:
    def run(feed: str, _lease: RunBudget) -> None:
        if feed == "bad":
            raise error
        work.begun.append(feed)

    work = Work()
    with running_executor(work, run) as runner:
        runner.submit("bad")
        assert eventually(lambda: work.failed == [("bad", str(error))])
        runner.submit("good")
        assert eventually(lambda: work.begun == ["good"])


def test_drain_waits_for_current_runs() -> None:
    work = Work()
    with running_executor(work) as runner:
        runner.submit("a")
        assert eventually(lambda: work.begun == ["a"])
        threading.Timer(0.05, work.finish, ["a"]).start()
        assert runner.drain(SOON) == ()
        assert work.ended == ["a"]
        assert not runner.submit("b")


def test_drain_cancels_runs_that_do_not_end() -> None:
    work = Work()
    with running_executor(work) as runner:
        runner.submit("a")
        assert eventually(lambda: work.begun == ["a"])
        assert runner.drain(0.05) == ("a",)
        assert work.budgets["a"].cancelled

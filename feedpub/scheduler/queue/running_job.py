"""The feeds of a job that a worker runs: which one runs, which ones wait, and which have failed."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from feedpub.core.budget import RunBudget


class RunningJob:
    """A job that this worker runs. Thread-safe.

    Args:
        feeds: Its feeds.
        run: Runs one feed.
        new_budget: Returns the budget of a run that starts.

    Attributes:
        error: The last error of a run. The job has to be retried.
    """

    def __init__(
        self,
        feeds: Sequence[str],
        run: Callable[[str, RunBudget], object],
        new_budget: Callable[[], RunBudget],
    ) -> None:
        self._run = run
        self._new_budget = new_budget
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._run_began = self._began
        self._waiting = deque(feeds)
        self._current: tuple[str, RunBudget] | None = None
        self._failed: list[str] = []
        self.error: Exception | None = None

    def keep_only(self, feeds: Sequence[str]) -> None:
        """Drop all other feeds before the first one runs."""
        with self._lock:
            self._waiting = deque(feeds)
            self._began = self._run_began = time.monotonic()

    @property
    def has_waiting(self) -> bool:
        """Return True if there are feeds that have not started."""
        return bool(self._waiting)

    def run_all(self) -> None:
        """Run one feed after the other, until none waits or the current run is cancelled."""
        last: tuple[str, RunBudget] | None = None
        while (last := self._start_next(last)) is not None:
            feed, budget = last
            try:
                self._run(feed, budget)
                budget.check_not_cancelled()  # a cancelled run has to be repeated
            except Exception as error:  # noqa: BLE001 -- the others run before the job is retried
                self._record_error(last, error)

    def _start_next(self, last: tuple[str, RunBudget] | None) -> tuple[str, RunBudget] | None:
        with self._lock:
            if self._current is not last:
                return None
            self._current = None
            if last and last[1].cancelled:  # this worker may no longer own the job
                self._waiting.clear()
            if self._waiting:
                self._current = self._waiting.popleft(), self._new_budget()
                self._run_began = time.monotonic()
            return self._current

    def _record_error(self, run: tuple[str, RunBudget], error: Exception) -> None:
        with self._lock:
            if self._current is run:
                self._failed.append(run[0])
                self.error = error

    def seconds_until(self, share: float, timeout: float) -> tuple[float, float]:
        """Return the seconds until waiting feeds are shared, and until the run times out."""
        with self._lock:
            now = time.monotonic()
            until_share = self._began + share - now if self._waiting else math.inf
            return until_share, self._run_began + timeout - now

    def take_waiting(self) -> tuple[list[str], list[str]]:
        """Remove the feeds that wait.

        Returns:
            The feeds that stay in the job, because they run or have failed, and those removed.
        """
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
            return self._failed + ([self._current[0]] if self._current else []), waiting

    def extend(self, until: float) -> None:
        """Extend the budget of the current run."""
        with self._lock:
            if self._current:
                self._current[1].extend(until)

    def cancel_run(self) -> str | None:
        """Cancel and return the feed that runs. Its thread starts no other feed."""
        with self._lock:
            current, self._current = self._current, None
        if current is None:
            return None
        current[1].cancel()
        return current[0]

    def stop(self) -> None:
        """Start no other feed, and cancel the one that runs."""
        with self._lock:
            self._waiting.clear()
        self.cancel_run()

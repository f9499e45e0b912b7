"""Load the states that checks need, and save checks without news, for many feeds at once.

Checks without news are saved about once a second, in one transaction. If the process is killed
before that, only the fact is lost that their sources were just checked.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice

from feedpub.core.errors import FeedpubError
from feedpub.core.log import fields, to_milliseconds
from feedpub.store import CheckState, UnchangedCheck

_log = logging.getLogger(__name__)

MAX_LOADED = 500  # feeds at once
MAX_AGE_SECONDS = 60.0  # of a loaded state: other processes may check the feed as well
SAVE_SECONDS = 1.0  # between a check and its transaction


class CheckStates:
    """The states of feeds that are due, and checks that are not saved yet. Thread-safe.

    Args:
        load: Returns the states of some feeds, by feed.
        save: Saves checks in one transaction.

    Attributes:
        is_failing: The last transaction failed. Its checks are kept and saved with the next one.
    """

    def __init__(
        self,
        load: Callable[[Collection[str]], Mapping[str, CheckState]],
        save: Callable[[Collection[UnchangedCheck]], object],
    ) -> None:
        self._load = load
        self._save = save
        self._changed = threading.Condition()
        self._loading, self._saving = threading.Lock(), threading.Lock()
        self._expected: dict[str, None] = {}  # feeds in the order in which they were due
        self._loaded: dict[str, tuple[float, CheckState]] = {}
        self._checks: dict[str, UnchangedCheck] = {}
        self._thread: threading.Thread | None = None
        self._stopped = False
        self.is_failing = False

    def expect(self, feeds: Iterable[str]) -> None:
        """Load the states of these feeds together, as soon as the first one is needed."""
        with self._changed:
            for feed in feeds:
                self._loaded.pop(feed, None)
                self._expected[feed] = None

    def forget(self) -> None:
        """Drop all loaded states, because the config or the state has changed."""
        with self._changed:
            self._loaded.clear()

    def take(self, feed: str) -> CheckState:
        """Return the state of a feed, which is loaded with those of other feeds that are due.

        Raises:
            StoreError: The state cannot be read.
        """
        with self._loading:
            with self._changed:
                loaded_at, state = self._loaded.pop(feed, (0.0, CheckState()))
                if loaded_at and time.monotonic() - loaded_at < MAX_AGE_SECONDS:
                    return state
                self._expected.pop(feed, None)
                feeds = [feed, *islice(self._expected, MAX_LOADED - 1)]
                for each in feeds[1:]:
                    del self._expected[each]
            self.save_checks_of(feeds)
            states, now = self._load(feeds), time.monotonic()
            with self._changed:
                # The due feeds of a worker may run in another one.
                oldest = now - MAX_AGE_SECONDS
                for each in [name for name, (at, _) in self._loaded.items() if at < oldest]:
                    del self._loaded[each]
                for each in feeds[1:]:
                    self._loaded[each] = (now, states.get(each, CheckState()))
        return states.get(feed, CheckState())

    def add(self, check: UnchangedCheck) -> None:
        """Save a check about a second later, with others."""
        with self._changed:
            self._checks[check.feed] = check
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._save_periodically, name="feedpub-checks", daemon=True
                )
                self._thread.start()
            if len(self._checks) == 1:
                self._changed.notify_all()

    def save_checks_of(self, feeds: Iterable[str]) -> None:
        """Save all checks now if some feeds have one.

        An error is logged. A later check or run of the same feeds takes precedence then.
        """
        with self._changed:
            has_check = not self._checks.keys().isdisjoint(feeds)
        if has_check or self._saving.locked():
            self.try_to_save()

    def save(self) -> None:
        """Save all checks now. If that fails, they are kept for the next time.

        Raises:
            StoreError: The state cannot be written.
        """
        with self._saving:
            with self._changed:
                checks, self._checks = self._checks, {}
            if not checks:
                return
            began = time.monotonic()
            try:
                self._save(checks.values())
            except BaseException:
                self.is_failing = True
                with self._changed:
                    self._checks = checks | self._checks
                raise
            self.is_failing = False
        _log.info(
            "checks_unchanged",
            extra=fields(
                feeds=len(checks),
                sources=sum(len(check.sources) for check in checks.values()),
                ms=to_milliseconds(time.monotonic() - began),
            ),
        )

    def try_to_save(self) -> None:
        """Save all checks now, before the state is read. An error is logged once."""
        was_failing = self.is_failing
        try:
            self.save()
        except FeedpubError as error:
            if not was_failing:
                _log.error("state_error", extra=fields(reason=str(error)))
        except Exception:  # noqa: BLE001 -- the thread must not end
            _log.exception("checks could not be saved")

    def stop(self) -> None:
        """Save all checks and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self.try_to_save()

    def _save_periodically(self) -> None:
        while not self._stopped:
            with self._changed:
                self._changed.wait_for(lambda: self._checks or self._stopped)
                self._changed.wait_for(lambda: self._stopped, timeout=SAVE_SECONDS)
            self.try_to_save()

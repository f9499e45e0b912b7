"""Run the feeds that a service puts into the queue, until the worker is stopped."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from feedpub import config as configuration
from feedpub.cleaner.rules import SiteRuleSet
from feedpub.config import Config, FeedConfig
from feedpub.core.budget import RunBudget, new_owner_name
from feedpub.core.errors import FeedpubError, StoreError
from feedpub.core.log import fields
from feedpub.core.models import RunResult
from feedpub.core.text import pluralize
from feedpub.notify import alerts
from feedpub.pipeline.context import RunContext, open_fetcher
from feedpub.scheduler.feed_runner import FeedRunner
from feedpub.scheduler.local import MAX_STUCK_RUNS
from feedpub.scheduler.queue import QueueConsumer
from feedpub.service.process import Signals, SystemdNotifier, limit_malloc_arenas
from feedpub.service.reload import FileWatcher, apply_reloadable, reload_config, watched_files
from feedpub.service.service import EXIT_STUCK, POLL_SECONDS

_log = logging.getLogger(__name__)

RESCUE_LEASE = "rescue"  # its holder requeues the feeds of workers that died
RESCUE_LEASE_SECONDS = 20.0
FIXED_SETTINGS = ("state", "output", "queue", "browser_path")  # only a restart can change them
FIXED_WARNING = (
    "state, output, [s3], queue and browser_path take effect after a restart of the worker"
)


class Worker:
    """Runs feeds from the queue with `run`.

    Args:
        config: the config as it was loaded.
        path: the config file, which is polled for changes.
        context: what runs need.
        parallel_runs: the number of feeds that run at the same time.
    """

    def __init__(self, config: Config, path: Path, context: RunContext, parallel_runs: int) -> None:
        self._path = path
        self._name = new_owner_name()
        self._runner = FeedRunner(config, context, self._after_run, queued=True)
        self._watcher = FileWatcher(watched_files(config, path))
        self._systemd = SystemdNotifier()
        self._signals = Signals()
        self._consumer = QueueConsumer(
            str(configuration.state_location(config.feedpub.state)),
            self,
            concurrency=parallel_runs,
            timeout_seconds=lambda: self._runner.run_timeout_seconds,
            is_rescuer=self._is_rescuer,
        )

    def run(self) -> int:
        """Work until SIGTERM or SIGINT.

        Threads that hang are left running; the caller has to end the process without waiting for
        them (see `has_stuck_threads`).

        Returns:
            The exit status.
        """
        limit_malloc_arenas()
        with self._signals.install():
            monitor = threading.Thread(target=self._monitor, name="feedpub-watch", daemon=True)
            monitor.start()
            _log.info("started", extra=fields(worker=self._name, config=str(self._path)))
            self._systemd.ready(self._status_line())
            self._consumer.run_until(self._signals.ended)
            self._runner.states.stop()
            self._systemd.stopping()
        _log.info("stopped", extra=fields(worker=self._name))
        return EXIT_STUCK if self._has_too_many_stuck_threads() else 0

    @property
    def has_stuck_threads(self) -> bool:
        """True if threads hang that would keep the interpreter from exiting."""
        return bool(self._stuck_threads())

    def _stuck_threads(self) -> Sequence[threading.Thread]:
        return [thread for thread in self._consumer.stuck_threads if thread.is_alive()]

    def _has_too_many_stuck_threads(self) -> bool:
        return len(self._stuck_threads()) >= MAX_STUCK_RUNS

    # --- jobs, in threads ---

    def begin(self, feeds: Sequence[str]) -> Sequence[str]:
        """Return which feeds of a job have not run since they were queued."""
        dispatched = self._runner.context.store.schedule.dispatched(feeds)
        remaining = [feed for feed in feeds if feed in dispatched]
        self._runner.states.expect(remaining)
        return remaining

    def end(self) -> None:
        """Save the checks without news."""
        self._runner.states.save()

    def time_out(self, feed: str) -> None:
        """Record a run that was cancelled because it was stuck."""
        self._runner.run_timed_out(feed)

    def run_feed(self, feed: str, everything: bool, budget: RunBudget) -> None:  # noqa: FBT001 -- the queue's signature
        """Run a feed. Raises StoreError if another worker, or this one later, has to do it."""
        schedule = self._runner.context.store.schedule
        if self._runner.feed(feed) is None and schedule.get(feed):
            raise StoreError(f"{feed} is not in this node's config yet")
        try:
            self._runner.run(feed, budget, everything=everything)
        except StoreError:
            raise  # a worker that can reach the state retries it
        except Exception as error:  # noqa: BLE001 -- one feed must not end the worker
            if not isinstance(error, FeedpubError):
                _log.exception("feed=%s crashed", feed)
            self._runner.run_crashed(feed, error)

    def _after_run(self, feed: FeedConfig, outcome: RunResult, context: RunContext) -> None:
        settings = self._runner.config.alerts
        alerts.record_incidents(feed, outcome, settings, context.store, context.clock())

    def _is_rescuer(self) -> bool:
        """Return True for one worker at a time, which requeues the feeds of workers that died."""
        leases = self._runner.context.store.leases
        return not leases.acquire(RESCUE_LEASE, self._name, RESCUE_LEASE_SECONDS)

    # --- the process ---

    def _monitor(self) -> None:
        last_ping = time.monotonic()
        while not self._signals.ended.wait(POLL_SECONDS):
            if self._signals.reload.is_set() or self._watcher.poll():
                self._signals.reload.clear()
                self._reload()
            now = time.monotonic()
            if self._systemd.watchdog and now - last_ping > self._systemd.watchdog:
                self._systemd.ping_watchdog()
                last_ping = now
            if self._has_too_many_stuck_threads():
                _log.critical("too_many_stuck_threads", extra=fields(outcome="the process exits"))
                self._signals.ended.set()

    def _reload(self) -> None:
        """Apply the config as the file has it now. If it has errors, keep the old one."""
        self._systemd.reloading()
        loaded = reload_config(self._path)
        if not isinstance(loaded, str):
            config, rules = loaded
            self._watcher.files = watched_files(config, self._path)
            self._apply(config, rules)
            _log.info("reload", extra=fields(outcome="applied"))
        self._systemd.ready(self._status_line())

    def _apply(self, config: Config, rules: SiteRuleSet) -> None:
        before, context = self._runner.config, self._runner.context
        config = apply_reloadable(before, config, FIXED_SETTINGS, FIXED_WARNING)
        fetcher = context.fetcher
        if config.feedpub != before.feedpub:
            fetcher = open_fetcher(config.feedpub, context.store)
        context = replace(context, settings=config.feedpub, fetcher=fetcher, site_rules=rules)
        self._runner.apply(config, context)

    def _status_line(self) -> str:
        return f"works on {pluralize(len(self._runner.config.feed), 'feed')}"

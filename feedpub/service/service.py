"""Run feeds when they are due, publish them over HTTP, and keep the process healthy.

The main thread only waits and monitors. All work is done in other threads, which may fail or hang
without stopping it.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from feedpub import config as configuration
from feedpub import notify
from feedpub.cleaner.rules import SiteRuleSet
from feedpub.config import Config, FeedConfig
from feedpub.core.errors import CorruptStateError, FeedpubError, StoreError
from feedpub.core.log import fields
from feedpub.core.models import RunResult
from feedpub.core.text import pluralize
from feedpub.fetch.browser import Browser
from feedpub.notify import alerts
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext, open_fetcher
from feedpub.pipeline.recovery import with_recovery
from feedpub.scheduler.cluster import ClusterScheduler
from feedpub.scheduler.local import LocalScheduler
from feedpub.scheduler.periodic import ClockJumpDetector, PeriodicTask
from feedpub.service.process import (
    Signals,
    SystemdNotifier,
    limit_malloc_arenas,
    release_free_memory,
)
from feedpub.service.reload import FileWatcher, apply_reloadable, reload_config, watched_files
from feedpub.web import FeedApp, Server, open_backend
from feedpub.web.status import (
    Overview,
    ProcessStatus,
    ServiceStatus,
    StatusBoard,
    collect_live_entries,
    collect_status,
)

if TYPE_CHECKING:  # an extra, for several machines
    from feedpub.scheduler.queue import FeedQueue

_log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 1.0  # of the main loop
DRAIN_SECONDS = 15.0  # for active runs at shutdown
SHUTDOWN_SECONDS = 3.0  # for the HTTP server and the periodic tasks
PRUNE_SECONDS = 3600.0  # between two deletions of old state
INDEX_SECONDS = 3.0  # between two checks if the index pages are outdated
OUTBOX_SECONDS = 5.0  # between two checks of the outbox
FIXED_SETTINGS = ("state", "output", "queue")  # only a restart can change them
FIXED_WARNING = "state, output, [s3], queue and listen take effect after a restart of the service"
EXIT_STUCK = 1  # exit status if only a new process can continue


class Service:
    """Runs the service with `run`, and answers the web app's questions about the process.

    Args:
        config: the config as it was loaded.
        path: the config file, which is polled for changes.
        context: what runs need. Its HTTP client is replaced when the settings change.
        sockets: listening sockets of the HTTP server.
        queue: where feeds wait for workers; None if this process runs them itself.
    """

    runs_feeds = True

    def __init__(
        self,
        config: Config,
        path: Path,
        context: RunContext,
        sockets: Sequence[socket.socket],
        queue: "FeedQueue | None" = None,
    ) -> None:
        self._config = config
        self._path = path
        self._context = context
        self._started = context.clock()
        self._config_problem: str | None = None
        self._index_is_stale = threading.Event()
        self._index_is_stale.set()
        self._state_works = threading.Event()
        self._state_works.set()
        self._signals = Signals()
        self._systemd = SystemdNotifier()
        self._watcher = FileWatcher(watched_files(config, path))
        self._clock_jumps = ClockJumpDetector(context.clock, time.monotonic)
        self._board = StatusBoard(config, context.store)
        self._runs_locally = queue is None
        self._scheduler: LocalScheduler | ClusterScheduler
        if queue is None:
            self._scheduler = LocalScheduler(config, context, self._after_run)
        else:
            self._scheduler = ClusterScheduler(config, context, queue, self._index_is_stale.set)
        self._backend = open_backend(config.feedpub.output, config.s3)
        self._app = self._make_app()
        self._server = Server(self._app, sockets)
        self._tasks = [
            PeriodicTask("index", INDEX_SECONDS, self._update_index),
            PeriodicTask("pruning", PRUNE_SECONDS, self._prune),
            PeriodicTask("outbox", OUTBOX_SECONDS, self._deliver),
        ]

    # --- ServiceControl ---

    @property
    def feed_names(self) -> Collection[str]:
        """Return the names of the config's feeds."""
        return self._config.feed.names

    def overview(self, *, max_age_seconds: float = 0.0) -> Overview:
        """Return the health of all feeds.

        Args:
            max_age_seconds: the age of changes by other processes that may be missing. Workers
                are such processes.

        Raises:
            StoreError: the state cannot be read.
        """
        max_age_seconds = max_age_seconds if self._runs_locally else 0.0
        now, process = self._context.clock(), self._process_status()
        return self._recovering(
            lambda: self._board.overview(now, process, max_age_seconds=max_age_seconds)
        )

    def details(self, feeds: Collection[str], *, brief: bool = False) -> ServiceStatus:
        """Return the status of some feeds and of the process.

        Args:
            feeds: their names.
            brief: only collect what the health depends on.

        Raises:
            StoreError: the state cannot be read.
        """
        config, store = self._config, self._context.store
        now, process = self._context.clock(), self._process_status()
        return self._recovering(
            lambda: collect_status(config, store, now, process, feeds=feeds, brief=brief)
        )

    def live_entries(self) -> Mapping[str, tuple[int, int | None]]:
        """Return feed → the number of entries in its live document, and the newest one's date.

        The date is in seconds since 1970.

        Raises:
            StoreError: the state cannot be read.
        """
        config, store = self._config, self._context.store
        return self._recovering(lambda: collect_live_entries(config, store, config.feed.names))

    def run_now(self, feed: str) -> bool:
        """Check all sources of a feed now. Return False if it is unknown, queued or running."""
        return self._scheduler.run_now(feed)

    def admin_token(self) -> str | None:
        """Return the token that authorises "Run now" and requests from other machines."""
        token = self._config.http.admin_token
        return configuration.resolve_secret(token) if token else None

    def _process_status(self) -> ProcessStatus:
        """Return the status of the process, before the state is read."""
        self._scheduler.save_checks()
        return ProcessStatus(
            started=self._started,
            heartbeat=self._scheduler.heartbeat,
            busy=dict(self._scheduler.running_feeds),
            config_problem=self._config_problem,
            hung=dict(self._scheduler.stuck_runs),
            requests=self._context.fetcher.statistics,
        )

    def _recovering(self, read: Callable[[], T]) -> T:
        """Read the state; rebuild it first if it is corrupt."""
        return with_recovery(read, self._config, self._context)

    # --- the process ---

    def run(self) -> int:
        """Work until SIGTERM or SIGINT.

        Threads that hang are left running; the caller has to end the process without waiting for
        them (see `has_stuck_threads`).

        Returns:
            The exit status.
        """
        limit_malloc_arenas()
        with self._signals.install():
            self._server.start()
            self._scheduler.start()
            for task in self._tasks:
                task.start()
            self._warn_of_exposed_secrets()
            _log.info("started", extra=fields(feeds=len(self._config.feed), config=str(self._path)))
            self._systemd.ready(self._status_line())
            exit_status = self._main_loop()
            self._systemd.stopping()
            self._shut_down()
        _log.info("stopped", extra=fields(status=exit_status))
        return exit_status

    @property
    def has_stuck_threads(self) -> bool:
        """True if threads hang that would keep the interpreter from exiting."""
        return self._scheduler.has_stuck_threads or self._server.alive

    def _main_loop(self) -> int:
        last_ping = time.monotonic()
        while not self._signals.ended.wait(POLL_SECONDS):
            self._scheduler.tick()
            if jump := self._clock_jumps.detect_jump():
                self._scheduler.on_clock_jump(jump)
            if self._signals.reload.is_set() or self._watcher.poll():
                self._signals.reload.clear()
                self._reload()
            now = time.monotonic()
            is_alive = self._scheduler.is_alive and self._server.alive
            if self._systemd.watchdog and now - last_ping > self._systemd.watchdog and is_alive:
                self._systemd.ping_watchdog()
                last_ping = now
            if self._scheduler.too_many_stuck_threads:
                _log.critical("too_many_stuck_threads", extra=fields(outcome="the process exits"))
                return EXIT_STUCK
        return 0

    def _shut_down(self) -> None:
        self._signals.ended.set()
        if cancelled := self._scheduler.stop(DRAIN_SECONDS):
            _log.warning("stopping", extra=fields(cancelled=",".join(cancelled)))
        for task in self._tasks:
            task.stop(SHUTDOWN_SECONDS / 2)
        self._server.stop(SHUTDOWN_SECONDS)

    def _status_line(self) -> str:
        line = pluralize(len(self._config.feed), "feed")
        if self._config_problem:
            line += f"; the changed config is not used: {self._config_problem}"
        return line

    # --- reload ---

    def _reload(self) -> None:
        """Apply the config as the file has it now. If it has errors, keep the old one."""
        self._systemd.reloading()
        loaded = reload_config(self._path)
        if isinstance(loaded, str):
            self._config_problem = loaded
        else:
            self._config_problem = None
            config, rules = loaded
            self._watcher.files = watched_files(config, self._path)
            listen_changed = config.http.listen != self._config.http.listen
            config = apply_reloadable(
                self._config, config, FIXED_SETTINGS, FIXED_WARNING, changed=listen_changed
            )
            changes: dict[str, str | None] = {}
            for kind, names in self._apply(config, rules).items():
                changes[kind] = ",".join(names) or None
            _log.info("reload", extra=fields(outcome="applied", **changes))
            self._warn_of_exposed_secrets()
        self._systemd.ready(self._status_line())

    def _warn_of_exposed_secrets(self) -> None:
        for warning in configuration.readable_secrets(self._config, self._path):
            _log.warning("config_warning", extra=fields(reason=warning))

    def _apply(self, config: Config, rules: SiteRuleSet) -> Mapping[str, Sequence[str]]:
        """Apply a config; return the names of feeds by the kind of change."""
        before, self._config = self._config, config
        fetcher, browser = self._context.fetcher, self._context.browser
        if config.feedpub != before.feedpub:
            fetcher = open_fetcher(config.feedpub, self._context.store)
        if config.feedpub.browser_path != before.feedpub.browser_path:
            browser = Browser(config.feedpub.browser_path)  # active runs keep and close the old one
        self._context = replace(
            self._context,
            settings=config.feedpub,
            fetcher=fetcher,
            browser=browser,
            site_rules=rules,
        )
        changes = self._scheduler.apply(config, self._context)
        self._board.apply(config)
        self._app = self._server.app = self._make_app()
        self._index_is_stale.set()
        return changes

    def _make_app(self) -> FeedApp:
        settings = self._config.feedpub
        return FeedApp(
            self._backend,
            self,
            settings.websub_hubs,
            settings.base_url,
            self._context.store.schedule.next_times,
            hosts=self._config.http.hosts,
        )

    # --- after runs, and periodically ---

    def _after_run(self, feed: FeedConfig, outcome: RunResult, context: RunContext) -> None:
        """Update what depends on a feed, in the thread of its run."""
        if outcome.written:
            self._app.refresh(outcome.written)
            self._index_is_stale.set()
        if self._record_incidents(feed, outcome, context):
            self._index_is_stale.set()
        self._board.mark_changed(feed.name)

    def _record_incidents(self, feed: FeedConfig, outcome: RunResult, context: RunContext) -> bool:
        """Record what broke or recovered; return True if something did.

        If the state cannot be written, send one alert about that immediately.
        """
        now = context.clock()
        try:
            changed = alerts.record_incidents(
                feed, outcome, self._config.alerts, context.store, now
            )
        except CorruptStateError:
            raise
        except StoreError as error:
            _log.error("state_error", extra=fields(feed=feed.name, reason=str(error)))
            if self._state_works.is_set():
                self._state_works.clear()
                alerts.alert_state_unavailable(feed.name, error, self._config, now)
            return False
        self._state_works.set()
        return changed

    def _as_leader(self, task: Callable[[], object]) -> None:
        """Do something if this process is the leader; rebuild the state first if it is corrupt."""
        if self._scheduler.is_leader:
            with_recovery(task, self._config, self._context)

    def _deliver(self) -> None:
        self._as_leader(self._deliver_due)

    def _deliver_due(self) -> None:
        notify.deliver_due(self._config, self._context.store, self._context.clock)

    def _prune(self) -> None:
        self._as_leader(lambda: run.prune(self._config, self._context))

    def _update_index(self) -> None:
        """Write the index pages if something has changed."""
        if self._index_is_stale.is_set():
            self._as_leader(self._write_index)

    def _write_index(self) -> None:
        self._index_is_stale.clear()
        try:
            alerts.close_removed_feeds(self._config, self._context.store, self._context.clock())
            self._app.refresh(run.write_index(self._config, self._context))
            release_free_memory()  # after all feeds were loaded
        except FeedpubError:  # retry: a disk, bucket or database may be available again soon
            self._index_is_stale.set()
            raise

"""The process from its start to its end: signals, watchdog, reload, and whatever must go on beside the feeds.

The main thread only waits and looks after the others; all work is done in threads that may fail, or
hang, without it.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
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
from feedpub.service.config_watcher import FileWatcher, read_file_stamps
from feedpub.service.malloc import limit_malloc_arenas
from feedpub.service.reload import apply_reloadable, reload_config
from feedpub.service.signals import Signals
from feedpub.service.systemd import SystemdNotifier
from feedpub.web import FeedApp, Server, open_backend, status
from feedpub.web.status import ProcessStatus, ServiceStatus

_log = logging.getLogger(__name__)

if TYPE_CHECKING:  # an extra, for several machines
    from feedpub.scheduler.queue import FeedQueue

T = TypeVar("T")
POLL_SECONDS = 0.5  # seconds between two looks at everything
DRAIN = 15.0  # seconds for runs under way when the process is to end
FAREWELL = 3.0  # seconds for the HTTP server
FORGET_EVERY = 3600.0  # seconds between two times that old state is dropped
INDEX_EVERY = 3.0  # seconds between two looks at whether the pages about all feeds are out of date
MESSAGES_EVERY = 5.0  # seconds between two looks at what has to be told to others
FIXED = ("state", "output", "queue")  # settings that only a new process can change
FIXED_TOLD = "state, output, [s3], queue and listen take effect when the service is started again"
EXIT_LOCK_LOST = 1  # exit status when only a new process helps


class Service:
    """The service; `run` is all there is to do with it. It is also what the site asks about the process.

    Args:
        config: as it was loaded.
        path: where from; it is looked at for changes.
        tools: for the runs; its fetcher may be replaced when the settings change.
        sockets: where to serve; listening.
        line: where feeds wait for workers; without one this process runs them itself.
    """

    runs_feeds = True

    def __init__(
        self,
        config: Config,
        path: Path,
        tools: RunContext,
        sockets: Sequence[socket.socket],
        line: "FeedQueue | None" = None,
    ) -> None:
        self._config = config
        self._path = path
        self._tools = tools
        self._started = tools.clock()
        self._problem: str | None = None
        self._stale = threading.Event()  # the pages about all feeds
        self._stale.set()
        self._state_works = threading.Event()
        self._state_works.set()
        self._signals = Signals()
        self._systemd = SystemdNotifier()
        self._watch = FileWatcher(read_file_stamps(config, path))
        self._jump = ClockJumpDetector(tools.clock, time.monotonic)
        self._jobs = self._make_jobs(line)
        self._shelf = open_backend(config.feedpub.output, config.s3)
        self._site = self._make_site()
        self._server = Server(self._site, sockets)
        self._chores = [
            PeriodicTask("index", INDEX_EVERY, self._mended(self._finish)),
            PeriodicTask("forgetting", FORGET_EVERY, self._mended(self._forget)),
            PeriodicTask("messages", MESSAGES_EVERY, self._mended(self._deliver)),
        ]

    # --- the console of the site ---

    def status(self, *, brief: bool = False) -> ServiceStatus:
        """How everything is now.

        Or only as much as shows whether all is well. Raises StoreError.
        """
        now = self._tools.clock()
        running = ProcessStatus(
            started=self._started,
            heartbeat=self._jobs.heartbeat,
            busy=dict(self._jobs.running_feeds),
            config_problem=self._problem,
            hung=dict(self._jobs.stuck_runs),
            requests=self._tools.fetcher.statistics,
        )
        return self._mended(
            lambda: status.collect_status(
                self._config, self._tools.store, now, running, brief=brief
            )
        )()

    def run_now(self, feed: str) -> bool:
        """Look at all sources of a feed now; False where it is unknown, waits or runs."""
        return self._jobs.run_now(feed)

    def admin_token(self) -> str | None:
        """What must be known to press "Run now"."""
        token = self._config.http.admin_token
        return configuration.resolve_secret(token) if token else None

    # --- the process ---

    def run(self) -> int:
        """Work until SIGTERM or SIGINT.

        The exit status. Threads that hang are left behind: end the process hard.
        """
        limit_malloc_arenas()
        with self._signals.install():
            self._server.start()
            self._jobs.start()
            for chore in self._chores:
                chore.start()
            self._warn()
            _log.info("started", extra=fields(feeds=len(self._config.feed), config=str(self._path)))
            self._systemd.ready(self._line())
            status = self._watch_over()
            self._systemd.stopping()
            self._end()
        _log.info("stopped", extra=fields(status=status))
        return status

    @property
    def has_stuck_threads(self) -> bool:
        """True where threads hang, which would keep the interpreter from ending."""
        return self._jobs.has_stuck_threads or self._server.alive

    def _make_jobs(self, line: "FeedQueue | None") -> LocalScheduler | ClusterScheduler:
        if line is None:
            return LocalScheduler(self._config, self._tools, self._after)
        return ClusterScheduler(self._config, self._tools, line, self._stale.set)

    def _watch_over(self) -> int:
        told = time.monotonic()
        while not self._signals.ended.wait(POLL_SECONDS):
            self._jobs.tick()
            now = time.monotonic()
            if jump := self._jump.detect_jump():
                self._jobs.on_clock_jump(jump)
            if self._signals.reload.is_set() or self._watch.poll():
                self._signals.reload.clear()
                self._reload()
            if self._systemd.watchdog and now - told > self._systemd.watchdog and self._alive():
                self._systemd.ping_watchdog()
                told = now
            if self._jobs.too_many_stuck_threads:
                _log.critical("too_many_stuck_threads", extra=fields(outcome="the process exits"))
                return EXIT_LOCK_LOST
        return 0

    def _alive(self) -> bool:
        return self._jobs.is_alive and self._server.alive

    def _end(self) -> None:
        self._signals.ended.set()
        if given_up := self._jobs.stop(DRAIN):
            _log.warning("stopping", extra=fields(cancelled=",".join(given_up)))
        for chore in self._chores:
            chore.stop(FAREWELL / 2)
        self._server.stop(FAREWELL)

    def _line(self) -> str:
        refused = f"; config not in force: {self._problem}" if self._problem else ""
        return pluralize(len(self._config.feed), "feed") + refused

    # --- what changes ---

    def _reload(self) -> None:
        """Take the config as it stands in its file now, if it can be used.

        Else everything stays.
        """
        self._systemd.reloading()
        found = reload_config(self._path)
        if isinstance(found, str):
            self._problem = found
        else:
            self._problem, (config, rules) = None, found
            self._watch.files = read_file_stamps(config, self._path)
            changes = self._apply(self._as_far_as_possible(config), rules)
            told: dict[str, str | None] = {
                kind: ",".join(names) or None for kind, names in changes.items()
            }
            _log.info("reload", extra=fields(outcome="applied", **told))
            self._warn()
        self._systemd.ready(self._line())

    def _warn(self) -> None:
        for warning in configuration.readable_secrets(self._config, self._path):
            _log.warning("config_warning", extra=fields(reason=warning))

    def _as_far_as_possible(self, config: Config) -> Config:
        """The config, but for what only a new process can change."""
        moved = config.http.listen != self._config.http.listen
        return apply_reloadable(self._config, config, FIXED, FIXED_TOLD, changed=moved)

    def _apply(self, config: Config, rules: SiteRuleSet) -> Mapping[str, Sequence[str]]:
        before, self._config = self._config, config
        fetcher, browser = self._tools.fetcher, self._tools.browser
        if config.feedpub != before.feedpub:
            fetcher = open_fetcher(config.feedpub, self._tools.store)
        if config.feedpub.browser_path != before.feedpub.browser_path:
            browser = Browser(config.feedpub.browser_path)  # runs under way end the other one
        self._tools = replace(
            self._tools, settings=config.feedpub, fetcher=fetcher, browser=browser, site_rules=rules
        )
        changes = self._jobs.apply(config, self._tools)
        self._site = self._server.app = self._make_site()
        self._stale.set()
        return changes

    def _make_site(self) -> FeedApp:
        settings = self._config.feedpub
        plans, hosts = self._tools.store.schedule.load, self._config.http.hosts
        return FeedApp(
            self._shelf, self, settings.websub_hubs, settings.base_url, plans, hosts=hosts
        )

    def _after(self, feed: FeedConfig, outcome: RunResult, tools: RunContext) -> None:
        """After each run, in its thread.

        What was written is compressed before the first reader asks for it.
        """
        if outcome.written:
            self._site.refresh(outcome.written)
            self._stale.set()
        if self._noted(feed, outcome, tools):
            self._stale.set()

    def _noted(self, feed: FeedConfig, outcome: RunResult, tools: RunContext) -> bool:
        """Whether there is anything new to tell.

        Where that cannot be kept, it is told at once, but only once.
        """
        try:
            noted = alerts.record_incidents(
                feed, outcome, self._config.alerts, tools.store, tools.clock()
            )
        except CorruptStateError:
            raise
        except StoreError as error:
            _log.error("state_error", extra=fields(feed=feed.name, reason=str(error)))
            if self._state_works.is_set():
                self._state_works.clear()
                alerts.alert_state_unavailable(feed.name, error, self._config, tools.clock())
            return False
        self._state_works.set()
        return noted

    def _mended(self, do: Callable[[], T]) -> Callable[[], T]:
        """What does something, and does it once more where the state had to be built anew for it."""

        def done() -> T:
            return with_recovery(do, self._config, self._tools)

        return done

    def _deliver(self) -> None:
        """Tell others what they have to be told; one of several services does."""
        if self._jobs.is_leader:
            notify.deliver_due(self._config, self._tools.store, self._tools.clock)

    def _forget(self) -> None:
        """Drop old state; one of several services does."""
        if self._jobs.is_leader:
            run.prune(self._config, self._tools)

    def _finish(self) -> None:
        """The page and the list of all feeds, where something has changed.

        One of several services writes them.
        """
        if self._stale.is_set() and self._jobs.is_leader:
            self._stale.clear()
            try:
                alerts.close_removed_feeds(self._config, self._tools.store, self._tools.clock())
                self._site.refresh(run.write_index(self._config, self._tools))
            except FeedpubError:  # which may be over soon, with a disk, a bucket or a database
                self._stale.set()
                raise

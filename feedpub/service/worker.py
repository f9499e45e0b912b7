"""A worker: runs the feeds that a service puts into the queue, until it is told to end."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from feedpub import config as configuration
from feedpub.cleaner.rules import SiteRuleSet
from feedpub.config import Config, FeedConfig
from feedpub.core.budget import RunBudget, new_holder
from feedpub.core.errors import FeedpubError, StoreError
from feedpub.core.log import fields
from feedpub.core.models import RunResult
from feedpub.core.text import pluralize
from feedpub.notify import alerts
from feedpub.pipeline.context import RunContext, open_fetcher
from feedpub.scheduler.feed_runner import FeedRunner
from feedpub.scheduler.local import MAX_STUCK_RUNS
from feedpub.scheduler.queue import QueueConsumer
from feedpub.service.config_watcher import FileWatcher, read_file_stamps
from feedpub.service.malloc import limit_malloc_arenas
from feedpub.service.reload import apply_reloadable, reload_config
from feedpub.service.service import EXIT_LOCK_LOST, POLL_SECONDS
from feedpub.service.signals import Signals
from feedpub.service.systemd import SystemdNotifier

_log = logging.getLogger(__name__)

RESCUE = "rescue"  # the name of the claim on looking after what dead workers left
TERM = 20.0  # seconds that it lasts
FIXED = ("state", "output", "queue", "browser_path")  # settings that only a new process can change
FIXED_TOLD = (
    "state, output, [s3], queue and browser_path take effect when the worker is started again"
)


class Worker:
    """A worker; `work` is all there is to do with it.

    Args:
        config: as it was loaded.
        path: where from; it is looked at for changes.
        tools: for the runs.
        at_once: feeds that are run at once.
    """

    def __init__(self, config: Config, path: Path, tools: RunContext, at_once: int) -> None:
        self._path = path
        self._me = new_holder()
        self._work = FeedRunner(config, tools, self._after, queued=True)
        self._watch = FileWatcher(read_file_stamps(config, path))
        self._systemd = SystemdNotifier()
        self._signals = Signals()
        self._taking = QueueConsumer(
            str(configuration.state_location(config.feedpub.state)),
            self._run,
            on_timeout=self._work.run_timed_out,
            concurrency=at_once,
            timeout_seconds=lambda: self._work.run_timeout_seconds,
            is_rescuer=self._looks_after,
        )

    def run(self) -> int:
        """Work until SIGTERM or SIGINT.

        The exit status. Threads that hang are left behind: end the process hard.
        """
        limit_malloc_arenas()
        with self._signals.install():
            watching = threading.Thread(target=self._watch_over, name="feedpub-watch", daemon=True)
            watching.start()
            _log.info("started", extra=fields(worker=self._me, config=str(self._path)))
            self._systemd.ready(self._line())
            self._taking.run_until(self._signals.ended)
            self._systemd.stopping()
        _log.info("stopped", extra=fields(worker=self._me))
        return EXIT_LOCK_LOST if self._exhausted else 0

    @property
    def has_stuck_threads(self) -> bool:
        """True where threads hang, which would keep the interpreter from ending."""
        return bool(self._hanging())

    def _hanging(self) -> Sequence[threading.Thread]:
        return [thread for thread in self._taking.stuck_threads if thread.is_alive()]

    @property
    def _exhausted(self) -> bool:
        return len(self._hanging()) >= MAX_STUCK_RUNS

    # --- one run, in a thread of its own ---

    def _run(self, feed: str, everything: bool, lease: RunBudget) -> None:  # noqa: FBT001 -- as the queue has it
        if self._work.feed(feed) is None and self._work.context.store.schedule.get(feed):
            raise StoreError(f"{feed} is not in this node's config yet")
        try:
            self._work.run(feed, lease, everything=everything)
        except StoreError:
            raise  # it is tried again, by whichever worker has the state
        except Exception as error:
            if not isinstance(error, FeedpubError):
                logging.getLogger(__name__).exception("feed=%s crashed", feed)
            self._work.run_crashed(feed, error)

    def _after(self, feed: FeedConfig, outcome: RunResult, tools: RunContext) -> None:
        alerts.record_incidents(feed, outcome, self._work.config.alerts, tools.store, tools.clock())

    def _looks_after(self) -> bool:
        """One of all workers looks after what others left."""
        return not self._work.context.store.leases.acquire(RESCUE, self._me, TERM)

    # --- the process ---

    def _watch_over(self) -> None:
        told = time.monotonic()
        while not self._signals.ended.wait(POLL_SECONDS):
            now = time.monotonic()
            if self._signals.reload.is_set() or self._watch.poll():
                self._signals.reload.clear()
                self._reload()
            if self._systemd.watchdog and now - told > self._systemd.watchdog:
                self._systemd.ping_watchdog()
                told = now
            if self._exhausted:
                _log.critical("too_many_stuck_threads", extra=fields(outcome="the process exits"))
                self._signals.ended.set()

    def _reload(self) -> None:
        """Take the config as it stands in its file now, if it can be used.

        Else everything stays.
        """
        self._systemd.reloading()
        found = reload_config(self._path)
        if not isinstance(found, str):
            self._watch.files = read_file_stamps(found[0], self._path)
            self._apply(*found)
            _log.info("reload", extra=fields(outcome="applied"))
        self._systemd.ready(self._line())

    def _apply(self, config: Config, rules: SiteRuleSet) -> None:
        before, tools = self._work.config, self._work.context
        config = apply_reloadable(before, config, FIXED, FIXED_TOLD)
        settings = config.feedpub
        fetcher = (
            tools.fetcher if settings == before.feedpub else open_fetcher(settings, tools.store)
        )
        self._work.apply(
            config, replace(tools, settings=settings, fetcher=fetcher, site_rules=rules)
        )

    def _line(self) -> str:
        return f"works on {pluralize(len(self._work.config.feed), 'feed')}"

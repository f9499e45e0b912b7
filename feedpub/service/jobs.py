"""Which feed runs when, and what comes of it: between the clockwork, the runner and the state.

The state has the last word on when a feed runs: it is written after each run, and read when the process starts.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from feedpub import pipeline
from feedpub.config import Config, FeedConfig, RemoteSource, Source
from feedpub.errors import DamagedError, FeedpubError
from feedpub.gathering import source_key
from feedpub.lease import Lease
from feedpub.logs import event
from feedpub.mending import mended
from feedpub.model import Outcome, Problem, Status
from feedpub.scheduler.agenda import spread
from feedpub.scheduler.clockwork import Clockwork
from feedpub.scheduler.plan import Plan
from feedpub.scheduler.planning import plans
from feedpub.scheduler.runner import Runner
from feedpub.store import Planned, Run
from feedpub.tools import Tools

SLACK = timedelta(seconds=30)  # a source that is due so soon is looked at in the same run
SOONEST = timedelta(minutes=1)  # between two runs, whatever the plans of a feed's sources say
FIRST_RETRY, LAST_RETRY = timedelta(minutes=5), timedelta(hours=1)  # after runs that came to nothing by our own fault
MOST_DOUBLINGS = 8
MOST_GIVEN_UP = 16  # threads that hang; beyond this only a new process helps

After = Callable[[FeedConfig, Outcome, Tools], None]
"""Told of every run that has ended, in the run's thread."""


class Publish(Protocol):
    """Regenerates one feed from its sources, or from some of them."""

    def __call__(self, feed: FeedConfig, tools: Tools, *, only: Collection[str] | None = None) -> Outcome: ...


class Jobs:
    """The feeds of a config, each run when it is due. Thread-safe.

    Args:
        config: whose feeds.
        tools: what runs work with; each gets a lease of its own.
        after: told of each run.
        publish: regenerates one feed.

    Attributes:
        hung: feed → since when a run of it is lost.
    """

    def __init__(self, config: Config, tools: Tools, after: After, publish: Publish = pipeline.publish) -> None:
        self._config = config
        self._feeds = {feed.name: feed for feed in config.feed}
        self._tools = tools
        self._after = after
        self._publish = publish
        self._lock = threading.Lock()
        self._in_vain: dict[str, int] = {}  # feed → runs in a row that came to nothing
        self._all_sources: set[str] = set()  # feeds somebody wants to be looked at now, due or not
        self.hung: dict[str, datetime] = {}
        self.clockwork = Clockwork(self._due, tools.clock)
        self.runner = Runner(
            self._run,
            hosts=lambda name: _hosts(self._feed(name)),
            deadline=self._deadline,
            lost=self._lost,
            failed=self._crashed,
        )

    @property
    def names(self) -> Collection[str]:
        """The feeds that there are."""
        return self._feeds.keys()

    @property
    def exhausted(self) -> bool:
        """True when so many threads hang that only a new process helps."""
        return len(self.runner.given_up) >= MOST_GIVEN_UP

    def start(self) -> None:
        """Plan all feeds as they were planned before; of what is overdue the first runs at once."""
        known = mended(self._tools.store.schedule.load, self._config, self._tools)
        self._spread({name: known[name].next_run if name in known else None for name in self.names})
        self.clockwork.start()

    def apply(self, config: Config, tools: Tools) -> Mapping[str, Sequence[str]]:
        """Take another config: only feeds that are new or changed run anew. Tells which are new, changed, gone."""
        before, now = self._feeds, {feed.name: feed for feed in config.feed}
        added = [name for name in now if name not in before]
        changed = [name for name in now if name in before and now[name] != before[name]]
        gone = [name for name in before if name not in now]
        with self._lock:
            self._config, self._feeds, self._tools = config, now, tools
        for name in gone:
            self.clockwork.drop(name)
        tools.store.schedule.look_again(changed)
        tools.store.schedule.keep_only(set(now) - set(changed))
        self._spread(dict.fromkeys((*added, *changed)))
        return {"added": added, "changed": changed, "removed": gone}

    def run_now(self, name: str) -> bool:
        """Look at all sources of a feed now; False where it is unknown, waits or runs."""
        if name not in self.names:
            return False
        with self._lock:
            self._all_sources.add(name)
        return self.runner.submit(name)

    def tick(self) -> None:
        """Give up runs that hang, and see that the scheduler lives; to be called every second or so."""
        self.runner.tick()
        for name in set(self.hung) - set(self.runner.given_up):
            del self.hung[name]
        if not self.clockwork.alive:
            event("scheduler", level=logging.ERROR, outcome="its thread has died; another one is started")
            self.clockwork.revive()

    def clock_jumped(self, by: timedelta) -> None:
        """Keep to the same waits after the wall clock was put back; after it was put forward, catch up by and by."""
        event("clock", level=logging.WARNING, jumped=f"{by.total_seconds():+.0f} s")
        planned = self.clockwork.planned
        if by < timedelta(0):
            self._spread({name: moment + by for name, moment in planned.items()})
        else:
            self._spread(planned)
        self.clockwork.revive()

    def stop(self, seconds: float) -> Sequence[str]:
        """Start nothing more; wait so long for what runs. Tells the feeds whose runs were given up."""
        self.clockwork.stop()
        return self.runner.drain(seconds)

    def _spread(self, planned: Mapping[str, datetime | None]) -> None:
        self.clockwork.set_all(spread(planned, self._tools.clock()))

    def _feed(self, name: str) -> FeedConfig | None:
        return self._feeds.get(name)

    def _deadline(self) -> float:
        return self._tools.settings.deadline.total_seconds()

    def _due(self, name: str) -> None:
        self.runner.submit(name)

    # --- one run, in a thread of its own ---

    def _run(self, name: str, lease: Lease) -> None:
        mended(lambda: self._look(name, lease), self._config, self._tools)

    def _look(self, name: str, lease: Lease) -> None:
        with self._lock:
            feed, tools = self._feed(name), replace(self._tools, lease=lease)
            everything = name in self._all_sources
            self._all_sources.discard(name)
        if feed is None:  # it left the config while it waited
            return
        outcome = self._publish(feed, tools, only=None if everything else self._due_sources(feed, tools))
        if not lease.revoked:
            self._ended(feed, outcome, tools)

    def _due_sources(self, feed: FeedConfig, tools: Tools) -> set[str]:
        """The keys of the sources whose time has come; those of others are not asked."""
        limit = tools.clock() + SLACK
        states = {state.key: state for state in tools.store.sources(feed.name)}
        keys = {source_key(source) for source in feed.source}
        return {key for key in keys if key not in states or (states[key].next_look or limit) <= limit}

    def _ended(self, feed: FeedConfig, outcome: Outcome, tools: Tools) -> None:
        with self._lock:
            # Where no source is to blame, the disk or the state is: then it is too early to ask any source again.
            own_fault = outcome.status == Status.FAILED and not outcome.requests
            self._in_vain[feed.name] = self._in_vain.get(feed.name, 0) + 1 if own_fault else 0
        planned = self._plan(feed, tools)
        self.clockwork.set(feed.name, planned.next)
        _tell(outcome, planned)
        self._after(feed, outcome, tools)

    def _plan(self, feed: FeedConfig, tools: Tools) -> Plan:
        """Plan each source that was looked at, and the feed's next run; keep both."""
        now = tools.clock()
        looks_ahead = plans(feed, tools, now)
        recheck = tools.store.next_recheck(feed.name) if feed.recheck else None
        choices = [*looks_ahead.values(), *([Plan(recheck, "articles to be looked at again")] if recheck else [])]
        first = min(choices, key=lambda choice: choice.next)
        if retries := self._in_vain.get(feed.name, 0):
            wait = min(FIRST_RETRY * 2 ** min(retries - 1, MOST_DOUBLINGS), LAST_RETRY)
            first = Plan(max(first.next, now + wait), "the last run came to nothing")
        first = replace(first, next=max(first.next, now + SOONEST))
        looks = {key: (each.next, each.why) for key, each in looks_ahead.items()}
        try:
            tools.store.schedule.save(Planned(feed.name, first.next, first.why), looks)
        except DamagedError:
            raise
        except FeedpubError as error:  # the clockwork knows it; a restart would run the feed too early, no worse
            event("state", level=logging.ERROR, feed=feed.name, reason=str(error))
        return first

    # --- what must not happen ---

    def _lost(self, name: str) -> None:
        minutes = (self._tools.settings.deadline + timedelta(seconds=60)) / timedelta(minutes=1)
        self.hung[name] = self._tools.clock()
        self._failed(name, f"the run was given up after {minutes:.0f} minutes: something in it hangs")

    def _crashed(self, name: str, error: BaseException) -> None:
        if isinstance(error, FeedpubError):
            self._failed(name, str(error))
        else:
            self._failed(name, f"a fault in feedpub, which the log shows in full: {type(error).__name__}: {error}")

    def _failed(self, name: str, reason: str) -> None:
        """Keep that a run failed by our own fault, and try again later and later."""
        feed = self._feed(name)
        if feed is None:
            return
        now = self._tools.clock()
        outcome = Outcome(name, Status.FAILED, problems=(Problem(name, reason, fatal=True),))
        try:
            mended(lambda: self._tools.store.commit_run(Run(outcome, now)), self._config, self._tools)
            self._ended(feed, outcome, self._tools)
        except FeedpubError as error:
            event("state", level=logging.ERROR, feed=name, reason=str(error))
            self.clockwork.set(name, now + FIRST_RETRY)


def _hosts(feed: FeedConfig | None) -> frozenset[str]:
    return frozenset(_host(source) for source in (feed.source if feed else ()) if isinstance(source, RemoteSource))


def _host(source: Source) -> str:
    return urlsplit(source.url).netloc.lower() if isinstance(source, RemoteSource) else ""


def _tell(outcome: Outcome, planned: Plan) -> None:
    """One line a run, and one for each thing that went wrong."""
    event(
        "run",
        level=logging.INFO if outcome.ok else logging.WARNING,
        feed=outcome.feed,
        outcome=outcome.status.value,
        new=outcome.new,
        updated=outcome.updated,
        failed=outcome.failed or None,
        ms=round(outcome.seconds * 1000),
        requests=outcome.requests,
        next=planned.next,
        why=planned.why,
    )
    for problem in outcome.problems:
        kind = "source" if problem.fatal else "article"
        event(
            "problem", level=logging.WARNING, feed=outcome.feed, kind=kind, where=problem.where, reason=problem.reason
        )

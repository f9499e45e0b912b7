"""When each source of a feed is looked at next, out of what the state knows of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from feedpub import detail
from feedpub.config import FeedConfig, FolderSource
from feedpub.gathering import source_key
from feedpub.model import ANY_PACE
from feedpub.scheduler.history import moments
from feedpub.scheduler.plan import Plan, is_impossible, longest_wait, plan
from feedpub.store import SourceState
from feedpub.tools import Tools


def plans(feed: FeedConfig, tools: Tools, now: datetime) -> Mapping[str, Plan]:
    """Source key → its next look: decided anew for those that were looked at, or should have been, since the last plan.

    Raises StoreError.
    """
    states = {state.key: state for state in tools.store.sources(feed.name)}
    by_rhythm = feed.every == "auto" and not feed.cron
    published = tools.store.published(feed.name) if by_rhythm else {}
    found = {}
    for source in feed.source:
        key = source_key(source)
        state = states.get(key)
        if state is None:  # the run came to nothing before it was looked at
            found[key] = Plan(now + feed.min_every, "not looked at yet")
        elif state.next_look is None or state.next_look <= now or is_impossible(feed, state, now):
            state = replace(state, checked=min(state.checked, now))  # the clock was put back since
            history = moments(published.get(key, ()))
            found[key] = planned = plan(feed, state, history, now, local=isinstance(source, FolderSource))
            detail.tell("plan", feed=feed.name, source=key, next=planned.next, why=planned.why)
        else:
            found[key] = Plan(state.next_look, state.why)
    return found


def credible(feeds: Iterable[FeedConfig], planned: Mapping[str, datetime], tools: Tools) -> dict[str, datetime | None]:
    """Return when feeds run next; None for those that were never planned, or by a clock that was wrong.

    Args:
        feeds: of the config.
        planned: feed → its next run.
        tools: for the state, and the time.

    Raises:
        StoreError: the state cannot be read.
    """
    now = tools.clock()
    states = tools.store.figures.sources()
    return {
        feed.name: _credible(
            feed,
            planned.get(feed.name),
            [state for source in feed.source if (state := states.get((feed.name, source_key(source))))],
            now,
        )
        for feed in feeds
    }


def _credible(
    feed: FeedConfig, moment: datetime | None, states: Iterable[SourceState], now: datetime
) -> datetime | None:
    states = list(states)
    if moment is None or any(is_impossible(feed, state, now) for state in states):
        return None
    paces = [state.pace for state in states] or [ANY_PACE]
    return moment if any(moment <= now + longest_wait(feed, pace, now) for pace in paces) else None


def plan_beside_service(feed: FeedConfig, tools: Tools) -> None:
    """Plan the sources that somebody else than the service looked at; where no service ever ran the feed, none is.

    A running service keeps to its own plan of the feed, so no source is planned for a moment before that.

    Raises StoreError.
    """
    planned = tools.store.schedule.of(feed.name)
    if planned is None:
        return
    looks = {
        key: (max(each.next, planned.next_run), each.why) for key, each in plans(feed, tools, tools.clock()).items()
    }
    tools.store.schedule.look_at(feed.name, looks)

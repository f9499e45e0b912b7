"""A damaged state is set aside and built anew from the published feeds, and somebody is told.

What readers know survives: ids, dates, entries, archives. What only the state knew does not: validators (everything is
asked for once more), what was learned of sites, the record of runs, which sources were broken.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from feedpub import alerts, recalling
from feedpub.config import Config, place_of
from feedpub.errors import DamagedError
from feedpub.logs import event
from feedpub.publisher import Publisher
from feedpub.store import Notice, Store
from feedpub.tools import Tools, utc_now

T = TypeVar("T")


def open_state(
    config: Config,
    publisher: Publisher,
    *,
    copy: bool = False,
    pages_of: Collection[str] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Store:
    """The state of a config, built anew where it is damaged.

    Args:
        config: whose state.
        publisher: for what is published.
        copy: work on a copy, and leave everything as it is.
        pages_of: the feeds whose kept pages a copy needs; left out, all.
        clock: for the notice.

    Raises:
        StoreError: it cannot be used, and damage is not the reason.
    """
    if copy:
        return _open_copy(config, publisher, clock, pages_of)
    place = place_of(config.feedpub.state)
    store = Store.at(place)
    try:
        store.connect()
    except DamagedError as error:
        _renew(config, store, publisher, clock, error)
    for exposure in Store.exposures(place):
        event("state_exposed", level=logging.WARNING, reason=exposure)
    return store


def mended(do: Callable[[], T], config: Config, tools: Tools) -> T:
    """Do something; where the state turns out to be damaged, build that anew and do it once more. Raises StoreError."""
    try:
        return do()
    except DamagedError as error:
        _renew(config, tools.store, tools.publisher, tools.clock, error)
    return do()


def _open_copy(
    config: Config, publisher: Publisher, clock: Callable[[], datetime], pages_of: Collection[str] | None
) -> Store:
    try:
        return Store.open(place_of(config.feedpub.state), copy=True, pages_of=pages_of)
    except DamagedError as error:
        event("state_damaged", level=logging.WARNING, reason=error.reason, outcome="would be rebuilt")
    store = Store.empty()
    _recall(config, store, publisher, clock())
    return store


def _renew(
    config: Config, store: Store, publisher: Publisher, clock: Callable[[], datetime], error: DamagedError
) -> None:
    """Build the state anew, unless somebody has done so since it was found to be damaged. Raises StoreError."""
    store.renew(partial(_fill, config, store, publisher, clock(), error))


def _fill(  # noqa: PLR0913, PLR0917 -- all that there is to know
    config: Config, store: Store, publisher: Publisher, now: datetime, error: DamagedError, aside: Path
) -> None:
    """Put what is published into the new state, and tell what happened."""
    entries = _recall(config, store, publisher, now)
    reason = f"{error.reason}; the damaged file lies aside as {aside.name}"
    notice = Notice("", "", "renewed", now, now, reason)
    store.notices.add(notice, partial(alerts.told, alerts=config.alerts))
    event(
        "state_rebuilt",
        level=logging.WARNING,
        outcome="rebuilt from the published feeds",
        reason=error.reason,
        quarantined=str(aside),
        entries=entries,
    )


def _recall(config: Config, store: Store, publisher: Publisher, now: datetime) -> int:
    return sum(recalling.recall(feed, store, publisher, now) for feed in config.feed)

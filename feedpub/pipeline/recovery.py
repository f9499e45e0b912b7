"""A damaged state is set aside and built anew from the published feeds, and somebody is told.

What readers know survives: ids, dates, entries, archives. What only the state knew does not:
validators (everything is
asked for once more), what was learned of sites, the record of runs, which sources were broken.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from feedpub.config import Config, state_location
from feedpub.core.errors import CorruptStateError
from feedpub.core.log import fields
from feedpub.notify import alerts
from feedpub.pipeline import restore
from feedpub.pipeline.context import RunContext, utc_now
from feedpub.publisher import Output
from feedpub.store import Incident, Store

_log = logging.getLogger(__name__)

T = TypeVar("T")


def open_store(
    config: Config,
    publisher: Output,
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
    place = state_location(config.feedpub.state)
    store = Store.lazy(place)
    try:
        store.connect()
    except CorruptStateError as error:
        _renew(config, store, publisher, clock, error)
    for exposure in Store.exposures(place):
        _log.warning("state_exposed", extra=fields(reason=exposure))
    return store


def with_recovery(do: Callable[[], T], config: Config, tools: RunContext) -> T:
    """Do something.

    Where the state turns out to be damaged, build that anew and do it once more. Raises StoreError.
    """
    try:
        return do()
    except CorruptStateError as error:
        _renew(config, tools.store, tools.output, tools.clock, error)
    return do()


def _open_copy(
    config: Config,
    publisher: Output,
    clock: Callable[[], datetime],
    pages_of: Collection[str] | None,
) -> Store:
    try:
        return Store.open(state_location(config.feedpub.state), copy=True, snapshots_of=pages_of)
    except CorruptStateError as error:
        _log.warning("state_damaged", extra=fields(reason=error.reason, outcome="would be rebuilt"))
    store = Store.empty()
    _recall(config, store, publisher, clock())
    return store


def _renew(
    config: Config,
    store: Store,
    publisher: Output,
    clock: Callable[[], datetime],
    error: CorruptStateError,
) -> None:
    """Build the state anew, unless somebody has done so since it was found to be damaged.

    Raises StoreError.
    """
    store.rebuild(partial(_fill, config, store, publisher, clock(), error))


def _fill(  # noqa: PLR0913, PLR0917 -- all that there is to know
    config: Config,
    store: Store,
    publisher: Output,
    now: datetime,
    error: CorruptStateError,
    aside: Path,
) -> None:
    """Put what is published into the new state, and tell what happened."""
    entries = _recall(config, store, publisher, now)
    reason = f"{error.reason}; the damaged file lies aside as {aside.name}"
    notice = Incident("", "", "renewed", now, now, reason)
    store.incidents.add(notice, partial(alerts.alert_messages, alerts=config.alerts))
    _log.warning(
        "state_rebuilt",
        extra=fields(
            outcome="rebuilt from the published feeds",
            reason=error.reason,
            quarantined=str(aside),
            entries=entries,
        ),
    )


def _recall(config: Config, store: Store, publisher: Output, now: datetime) -> int:
    return sum(restore.restore(feed, store, publisher, now) for feed in config.feed)

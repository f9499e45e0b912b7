"""Quarantine a corrupt state and rebuild it from the published feeds.

Everything that readers know survives: ids, dates, entries and archives. Data that only the state
had is lost: validators (every document is fetched once more), site memories, the history of runs,
and which sources were failing. An alert reports the rebuild.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from feedpub.config import Config, state_location
from feedpub.core.clock import utc_now
from feedpub.core.errors import CorruptStateError
from feedpub.core.log import fields
from feedpub.notify import alerts
from feedpub.pipeline import restore
from feedpub.pipeline.context import RunContext
from feedpub.publisher import Output
from feedpub.store import Incident, Store, find_exposures

_log = logging.getLogger(__name__)

T = TypeVar("T")


def open_store(
    config: Config,
    output: Output,
    *,
    copy: bool = False,
    pages_of: Collection[str] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Store:
    """Open the state of a config; rebuild it if it is corrupt.

    Args:
        config: the config.
        output: the published files.
        copy: open a copy and leave the state itself unchanged.
        pages_of: the feeds whose page snapshots the copy needs; None copies all.
        clock: returns the time of the incident.

    Raises:
        StoreError: the state cannot be used for another reason.
    """
    location = state_location(config.feedpub.state)
    if copy:
        try:
            return Store.open(location, copy=True, snapshots_of=pages_of)
        except CorruptStateError as error:
            outcome = "would be rebuilt"
            _log.warning("state_damaged", extra=fields(reason=error.reason, outcome=outcome))
        store = Store.empty()
        _restore_all(config, store, output, clock())
        return store
    store = Store.lazy(location)
    try:
        store.connect()
    except CorruptStateError as error:
        _rebuild(config, store, output, clock, error)
    for exposure in find_exposures(location):
        _log.warning("state_exposed", extra=fields(reason=exposure))
    return store


def with_recovery(do: Callable[[], T], config: Config, context: RunContext) -> T:
    """Call `do`. If the state is corrupt, rebuild it and call `do` once more.

    Raises:
        StoreError: the state cannot be rebuilt, or is corrupt again.
    """
    try:
        return do()
    except CorruptStateError as error:
        _rebuild(config, context.store, context.output, context.clock, error)
    return do()


def _rebuild(
    config: Config,
    store: Store,
    output: Output,
    clock: Callable[[], datetime],
    error: CorruptStateError,
) -> None:
    """Rebuild the state, unless another process has done so since the error was found."""

    def fill(quarantined: Path) -> None:
        now = clock()
        entries = _restore_all(config, store, output, now)
        reason = f"{error.reason}; the damaged file was kept as {quarantined.name}"
        incident = Incident("", "", "renewed", now, now, reason)
        store.incidents.add(incident, partial(alerts.alert_messages, alerts=config.alerts))
        extra = fields(
            outcome="rebuilt from the published feeds",
            reason=error.reason,
            quarantined=str(quarantined),
            entries=entries,
        )
        _log.warning("state_rebuilt", extra=extra)

    store.rebuild(fill)


def _restore_all(config: Config, store: Store, output: Output, now: datetime) -> int:
    return sum(restore.restore(feed, store, output, now) for feed in config.feed)

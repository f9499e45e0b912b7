"""The results of the checks of each source, which are the baseline of later checks."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    delete,
    func,
    select,
    type_coerce,
    update,
)

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import SourceObservation
from feedpub.store.rows import as_row, select_records

# Of each source, these normal checks are kept: the newest ones, and of the older ones those that
# fetched articles and one every 6 hours.
MIN_NEWEST = 30
MAX_NORMAL = 300
_THINNED_SECONDS = 6 * 3600
_MAX_ANOMALIES = 5  # the first ones in a row, and the newest


class ObservationTable:
    """The observations of each source. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def for_source(
        self, feed: str, key: str, settings: str | None = None
    ) -> tuple[SourceObservation, ...]:
        """Return a source's observations, oldest first.

        Args:
            feed: the feed's name.
            key: the source's key.
            settings: only return observations under settings with this digest.
        """
        t = schema.source_observations
        query = select(t).where(t.c.feed == feed, t.c.key == key).order_by(t.c.id)
        if settings is not None:
            query = query.where(t.c.settings == settings)
        return select_records(self._database, SourceObservation, query)


def add_observations(connection: Connection, observations: Iterable[SourceObservation]) -> None:
    """Add observations, as a part of a larger transaction."""
    for observation in observations:
        _delete_outdated(connection, observation)
        connection.execute(schema.source_observations.insert(), as_row(observation))
        _thin_out(connection, observation)


def prolong_observations(
    connection: Connection, feed: str, keys: Collection[str], now: datetime
) -> None:
    """Date the latest observations of some sources now: they have not changed since."""
    t = schema.source_observations
    for key in keys:
        last = select(func.max(t.c.id)).where(t.c.feed == feed, t.c.key == key).scalar_subquery()
        connection.execute(update(t).where(t.c.id == last).values(at=now))


def _delete_outdated(connection: Connection, observation: SourceObservation) -> None:
    """Delete the observations that a new one makes irrelevant.

    These are observations under other settings; anomalies, if the check was normal; and all but the
    first anomalies in a row, if it was not. If an anomaly is accepted, the anomalies so far become
    the baseline.
    """
    t = schema.source_observations
    own = _of_same_source(observation)
    is_anomaly = t.c.verdict != ""
    connection.execute(delete(t).where(own, t.c.settings != observation.settings))
    if observation.verdict:
        first = select(t.c.id).where(own, is_anomaly).order_by(t.c.id).limit(_MAX_ANOMALIES - 1)
        connection.execute(delete(t).where(own, is_anomaly, t.c.id.not_in(first)))
    elif observation.accepted:
        connection.execute(delete(t).where(own, ~is_anomaly))
        connection.execute(update(t).where(own).values(verdict=""))
    else:
        connection.execute(delete(t).where(own, is_anomaly))


def _thin_out(connection: Connection, observation: SourceObservation) -> None:
    """Delete old normal observations that add little to the baseline."""
    t = schema.source_observations
    is_normal = and_(_of_same_source(observation), t.c.verdict == "")
    newest = select(t.c.id).where(is_normal).order_by(t.c.id.desc())
    period = type_coerce(t.c.at, Integer) // _THINNED_SECONDS
    one_per_period = select(func.max(t.c.id)).where(is_normal).group_by(period)
    idle = delete(t).where(is_normal, t.c.read == 0)
    connection.execute(
        idle.where(t.c.id.not_in(newest.limit(MIN_NEWEST)), t.c.id.not_in(one_per_period))
    )
    connection.execute(delete(t).where(is_normal, t.c.id.not_in(newest.limit(MAX_NORMAL))))


def _of_same_source(observation: SourceObservation) -> ColumnElement[bool]:
    t = schema.source_observations
    return and_(t.c.feed == observation.feed, t.c.key == observation.key)

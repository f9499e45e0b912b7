"""The results of the checks of each source, which are the baseline of later checks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    delete,
    false,
    func,
    literal,
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


def add_unchanged(connection: Connection, checks: Sequence[Mapping[str, object]]) -> None:
    """Add an observation for each check whose source has not changed since its latest one.

    The number of rows stays bounded: of the observations that are no longer among the newest,
    `add_observations` would delete the same ones.

    Args:
        connection: a larger transaction.
        checks: the `b_feed` and `b_key` of each source, and the time `b_at` of the check.
    """
    if checks:
        connection.execute(_ADD_UNCHANGED, checks)
        connection.execute(_THIN_OUT_LAST, checks)
        connection.execute(_DELETE_EXCESS, checks)


def prolong_observations(connection: Connection, checks: Sequence[Mapping[str, object]]) -> None:
    """Date the latest observations of some sources now: they have not changed since.

    The arguments are those of `add_unchanged`.
    """
    if checks:
        connection.execute(_PROLONG, checks)


def _id_of_own(place: int) -> ScalarSelect[int]:
    """Return a query for the id of a source's observation by its place; 0 is the newest."""
    t = schema.source_observations.alias()
    own = select(t.c.id).where(t.c.feed == bindparam("b_feed"), t.c.key == bindparam("b_key"))
    return own.order_by(t.c.id.desc()).offset(place).limit(1).scalar_subquery()


def _select_unchanged() -> Select[Any]:
    """Return a query for the observation that follows a source's latest one without any news."""
    t = schema.source_observations
    values = {
        "at": bindparam("b_at", type_=t.c.at.type),
        "known": t.c["items"],
        "lengths": literal((), t.c.lengths.type),
        **{name: literal(0) for name in ("fresh", "read", "failed", "dated", "pictured")},
        **{name: literal("") for name in ("obstacle", "verdict")},
        "accepted": false(),
    }
    columns = [values.get(column.name, column) for column in _COLUMNS]
    return select(*columns).where(t.c.id == _id_of_own(0))


def _period(place: int) -> ScalarSelect[int]:
    """Return a query for the period of a source's observation by its place."""
    t = schema.source_observations.alias()
    period = type_coerce(t.c.at, Integer) // _THINNED_SECONDS
    return select(period).where(t.c.id == _id_of_own(place)).scalar_subquery()


_COLUMNS = [column for column in schema.source_observations.columns if column.name != "id"]
_ADD_UNCHANGED = schema.source_observations.insert().from_select(
    [column.name for column in _COLUMNS], _select_unchanged()
)
_PROLONG = (
    update(schema.source_observations)
    .where(schema.source_observations.c.id == _id_of_own(0))
    .values(at=bindparam("b_at"))
)
# One per period is kept: the newest. Only the one that has just left the newest may be another.
_THIN_OUT_LAST = delete(schema.source_observations).where(
    schema.source_observations.c.id == _id_of_own(MIN_NEWEST),
    schema.source_observations.c.read == 0,
    _period(MIN_NEWEST) == _period(MIN_NEWEST - 1),
)
_DELETE_EXCESS = delete(schema.source_observations).where(
    schema.source_observations.c.id == _id_of_own(MAX_NORMAL)
)


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

"""The results of the checks of each source, which are the baseline of later checks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    UpdateBase,
    and_,
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
from feedpub.store.rows import as_row, execute_for_rows, select_records

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
    for statement in (_add_unchanged, _thin_out_last, _delete_excess):
        execute_for_rows(connection, statement, checks, _OWN_TYPES)


def prolong_observations(connection: Connection, checks: Sequence[Mapping[str, object]]) -> None:
    """Date the latest observations of some sources now: they have not changed since.

    The arguments are those of `add_unchanged`.
    """
    execute_for_rows(connection, _prolong, checks, _OWN_TYPES)


_Values = Mapping[str, ColumnElement[Any]]
_OWN_TYPES = {
    "b_feed": schema.source_observations.c.feed.type,
    "b_key": schema.source_observations.c.key.type,
    "b_at": schema.source_observations.c.at.type,
}
_COLUMNS = [column for column in schema.source_observations.columns if column.name != "id"]


def _add_unchanged(own: _Values) -> UpdateBase:
    """Return a statement that adds the observation after a source's latest one, without news."""
    t = schema.source_observations
    values = {
        "at": own["b_at"],
        "known": t.c["items"],
        "lengths": literal((), t.c.lengths.type),
        **{name: literal(0) for name in ("fresh", "read", "failed", "dated", "pictured")},
        **{name: literal("") for name in ("obstacle", "verdict")},
        "accepted": false(),
    }
    columns = [values.get(column.name, column) for column in _COLUMNS]
    latest = select(*columns).where(*_is_own(own, 0))
    return t.insert().from_select([column.name for column in _COLUMNS], latest)


def _prolong(own: _Values) -> UpdateBase:
    return update(schema.source_observations).where(*_is_own(own, 0)).values(at=own["b_at"])


def _thin_out_last(own: _Values) -> UpdateBase:
    """Return a statement that deletes the observation that has just left the newest ones.

    One per period is kept: the newest.
    """
    t = schema.source_observations
    same_period = _period(own, MIN_NEWEST) == _period(own, MIN_NEWEST - 1)
    return delete(t).where(*_is_own(own, MIN_NEWEST), t.c.read == 0, same_period)


def _delete_excess(own: _Values) -> UpdateBase:
    return delete(schema.source_observations).where(*_is_own(own, MAX_NORMAL))


def _is_own(own: _Values, place: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for a source's observation by its place; 0 is the newest."""
    t = schema.source_observations
    return t.c.feed == own["b_feed"], t.c.key == own["b_key"], t.c.id == _id_of_own(own, place)


def _id_of_own(own: _Values, place: int) -> ScalarSelect[int]:
    t = schema.source_observations.alias()
    query = select(t.c.id).where(t.c.feed == own["b_feed"], t.c.key == own["b_key"])
    return query.order_by(t.c.id.desc()).offset(place).limit(1).scalar_subquery()


def _period(own: _Values, place: int) -> ScalarSelect[int]:
    """Return a query for the period of a source's observation by its place."""
    t = schema.source_observations.alias()
    period = type_coerce(t.c.at, Integer) // _THINNED_SECONDS
    return select(period).where(t.c.id == _id_of_own(own, place)).scalar_subquery()


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

"""The results of the checks of each source, which are the baseline of later checks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Integer,
    ScalarSelect,
    Table,
    UpdateBase,
    and_,
    bindparam,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from feedpub.store import schema
from feedpub.store.column_types import Text
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
        if observation.accepted and not observation.verdict:
            _accept_anomalies(connection, observation)
        connection.execute(schema.source_observations.insert(), as_row(observation))
        statement = _DELETE_AFTER_ANOMALY if observation.verdict else _DELETE_AFTER_NORMAL
        own = {"of": observation.feed, "by": observation.key, "under": observation.settings}
        connection.execute(statement, own)


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


def _accept_anomalies(connection: Connection, observation: SourceObservation) -> None:
    """Make the anomalies so far the baseline, in place of the earlier one."""
    t = schema.source_observations
    own = (t.c.feed == observation.feed, t.c.key == observation.key)
    connection.execute(delete(t).where(*own, t.c.verdict == ""))
    connection.execute(update(t).where(*own).values(verdict=""))


def _is_kept(t: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions of an observation's source and of its settings."""
    own = and_(t.c.feed == bindparam("of", type_=Text()), t.c.key == bindparam("by", type_=Text()))
    return own, t.c.settings == bindparam("under", type_=Text())


def _delete_after_anomaly() -> Delete:
    """Delete those under other settings, and all but the first and the newest anomalies."""
    t = schema.source_observations
    own, same = _is_kept(t)
    anomalies = select(t.c.id).where(own, same, t.c.verdict != "")
    first = anomalies.order_by(t.c.id).limit(_MAX_ANOMALIES - 1)
    newest = anomalies.order_by(t.c.id.desc()).limit(1)
    middle = and_(t.c.verdict != "", t.c.id.not_in(first), t.c.id.not_in(newest))
    return delete(t).where(own, or_(~same, middle))


def _delete_after_normal() -> Delete:
    """Delete those under other settings, anomalies, and old ones that add little."""
    t = schema.source_observations
    own, same = _is_kept(t)
    normal = and_(own, same, t.c.verdict == "")
    newest = select(t.c.id).where(normal).order_by(t.c.id.desc())
    period = type_coerce(t.c.at, Integer) // _THINNED_SECONDS
    one_per_period = select(func.max(t.c.id)).where(normal).group_by(period)
    is_idle = and_(
        t.c.read == 0, t.c.id.not_in(newest.limit(MIN_NEWEST)), t.c.id.not_in(one_per_period)
    )
    is_excess = t.c.id.not_in(newest.limit(MAX_NORMAL))
    return delete(t).where(own, or_(~same, t.c.verdict != "", is_idle, is_excess))


_DELETE_AFTER_ANOMALY = _delete_after_anomaly()
_DELETE_AFTER_NORMAL = _delete_after_normal()

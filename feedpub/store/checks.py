"""Checks without news: load the states of many feeds at once, and save many checks at once.

Such checks are counted by day and source. A run that finds something is stored in `runs`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    RowMapping,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    type_coerce,
    update,
)

from feedpub.core.models import RunResult, RunStatus
from feedpub.store import schema
from feedpub.store.column_types import UtcSeconds
from feedpub.store.database import Database
from feedpub.store.observations import add_unchanged, prolong_observations
from feedpub.store.records import (
    MAX_RECHECK_DELAY,
    CheckState,
    ProbeState,
    RunRecord,
    SourceState,
    StoredRhythm,
    UnchangedCheck,
)
from feedpub.store.rhythms import save_rhythms
from feedpub.store.rows import (
    as_row,
    chunks,
    execute_for_rows,
    from_row,
    insert_rows,
    insert_statement,
    of_feeds,
    select_rows,
    sorted_by_key,
    upsert,
)

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

MIN_OBSERVATIONS = 12  # of a source, before checks without news prolong the latest one
MAX_DAYS = 90  # for which checks are counted
_DAY = timedelta(days=1)
_DAY_SECONDS = 86400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CheckTable:
    """The checks without news by day and source. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, feeds: Collection[str], now: datetime) -> dict[str, CheckState]:
        """Return feed → what its check needs; feeds that were never checked are left out."""
        found: dict[str, CheckState] = {}
        with self._database.read_transaction() as connection:
            for some in chunks(feeds):
                rhythms: dict[str, dict[str, StoredRhythm]] = {}
                for row in connection.execute(_RHYTHMS, {"b_feeds": some}).mappings():
                    rhythms.setdefault(row["feed"], {})[row["key"]] = from_row(StoredRhythm, row)
                rows = connection.execute(_STATES, {"b_feeds": some}).mappings()
                for name, own in groupby(rows, key=lambda row: str(row["feed"])):
                    found[name] = _check_state(list(own), rhythms.get(name, {}), now)
        return found

    def save(self, checks: Iterable[UnchangedCheck]) -> None:
        """Store checks in one transaction.

        A check is dropped if another process has checked one of its sources since, or deleted it.
        """
        with self._database.write_transaction() as connection:
            valid = list(_without_outdated(connection, checks))
            if not valid:
                return
            _update_sources(connection, valid)
            runs = [as_row(check.next_run) | {"handed": None} for check in valid if check.next_run]
            upsert(connection, schema.schedule, runs)
            save_rhythms(connection, [rhythm for check in valid for rhythm in check.learned])
            _save_observations(connection, valid)
            _count_checks(connection, valid)
            marked = [check.feed for check in valid if check.is_marked]
            for some in chunks(marked):
                mark = schema.run_marks
                connection.execute(delete(mark).where(mark.c.feed.in_(some)))

    def last_runs(self, feeds: Collection[str] | None = None) -> dict[str, RunRecord]:
        """Return feed → its latest check without news, as a run with nothing new."""
        s, p, t = schema.sources, schema.source_probes, schema.unchanged_checks
        day = type_coerce(s.c.checked, Integer) // _DAY_SECONDS
        same = and_(t.c.feed == s.c.feed, t.c.key == s.c.key, t.c.day == day)
        query = (
            select(t, s.c["items"], func.coalesce(p.c.skipped, 0).label("skipped"))
            .select_from(s)
            .join(t, and_(same, t.c.last == s.c.checked))
            .outerjoin(p, and_(p.c.feed == s.c.feed, p.c.key == s.c.key))
            .order_by(s.c.feed)
        )
        runs: dict[str, RunRecord] = {}
        for feed, rows in groupby(
            self._rows(of_feeds(query, s, feeds)), key=lambda row: str(row["feed"])
        ):
            runs[feed] = _as_run(feed, list(rows))
        return runs

    def last_time(self, feed: str) -> datetime | None:
        """Return the time of a feed's latest check without news; None if there is none."""
        t = schema.unchanged_checks
        last = func.max(t.c.last, type_=UtcSeconds).label("last")
        time: datetime | None = self._rows(select(last).where(t.c.feed == feed))[0]["last"]
        return time

    def counts(self, feed: str) -> dict[str, dict[int, int]]:
        """Return source key → day (since 1970, in UTC) → the number of its checks without news."""
        t = schema.unchanged_checks
        counts: dict[str, dict[int, int]] = {}
        for row in self._rows(select(t).where(t.c.feed == feed)):
            counts.setdefault(row["key"], {})[row["day"]] = row["checks"]
        return counts

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        return select_rows(self._database, query)


def prune_checks(connection: Connection, before: datetime) -> None:
    """Delete counts of checks before a time, and all but those of the last days."""
    t = schema.unchanged_checks
    newest = select(func.max(t.c.day)).scalar_subquery()
    connection.execute(delete(t).where(t.c.last < before))
    connection.execute(delete(t).where(t.c.day <= newest - MAX_DAYS))


# --- loading ---


def _select_states() -> Select[Any]:
    """Return the query for the states of the sources of some feeds."""
    s, p, t = schema.sources, schema.source_probes, schema.source_observations
    items, incidents, marks = schema.item_states, schema.open_incidents, schema.run_marks
    # The elements of a podcast's channel may be long, and a check has no use for them.
    sources = [column for column in s.columns if column.name != "podcast"]
    probes = [column for column in p.columns if column.name not in s.columns]
    observed = select(t.c.id).where(t.c.feed == s.c.feed, t.c.key == s.c.key)
    last_needed = observed.order_by(t.c.id).offset(MIN_OBSERVATIONS - 1).limit(1)
    first, last = (
        select(bound(items.c.recheck_at, type_=UtcSeconds)).where(items.c.feed == s.c.feed)
        for bound in (func.min, func.max)
    )
    query = select(
        *sources,
        *probes,
        last_needed.scalar_subquery().is_not(None).label("has_baseline"),
        first.scalar_subquery().label("first_recheck"),
        last.scalar_subquery().label("last_recheck"),
        exists().where(incidents.c.feed == s.c.feed).label("has_incident"),
        exists().where(marks.c.feed == s.c.feed).label("is_marked"),
    )
    same = and_(p.c.feed == s.c.feed, p.c.key == s.c.key)
    query = query.select_from(s.outerjoin(p, same)).where(s.c.feed.in_(_FEEDS))
    return query.order_by(s.c.feed, s.c.key)


# Statements are made once: to make one costs as much as to execute it.
_FEEDS: BindParameter[list[str]] = bindparam("b_feeds", expanding=True)
_STATES = _select_states()
_RHYTHMS = select(schema.publishing_rhythms).where(schema.publishing_rhythms.c.feed.in_(_FEEDS))
_SOURCE_FIELDS = [each.name for each in fields(SourceState) if each.name != "podcast"]


def _check_state(
    rows: Sequence[RowMapping], rhythms: Mapping[str, StoredRhythm], now: datetime
) -> CheckState:
    """Return what a check of a feed needs, from the rows of its sources."""
    sources: dict[str, SourceState] = {}
    probes: dict[str, ProbeState] = {}
    for row in rows:
        key = row["key"]
        sources[key] = SourceState(**{name: row[name] for name in _SOURCE_FIELDS})
        if row["basis"] is not None:
            probes[key] = from_row(ProbeState, row)
    first = rows[0]
    return CheckState(
        sources,
        probes,
        frozenset(row["key"] for row in rows if row["has_baseline"]),
        rhythms,
        earliest_recheck(first["first_recheck"], first["last_recheck"], now),
        has_incident=first["has_incident"],
        is_marked=first["is_marked"],
    )


def earliest_recheck(
    first: datetime | None, last: datetime | None, now: datetime
) -> datetime | None:
    """Return the time of a feed's next recheck, from the times of the first and the last one."""
    if first and last and last > now + MAX_RECHECK_DELAY:
        return min(first, now)
    return first


def _as_run(feed: str, rows: Sequence[RowMapping]) -> RunRecord:
    """Return the latest check of a feed as a run, from the latest checks of its sources."""
    last = max(row["last"] for row in rows)
    checked = [row for row in rows if row["last"] == last]
    skipped = sum(row["skipped"] for row in checked)
    result = RunResult(
        feed,
        RunStatus.UNCHANGED,
        kept=sum(row["items"] for row in checked) - skipped,
        skipped=skipped,
        requests=len(checked),
        seconds=max(row["seconds"] for row in checked),
    )
    return RunRecord(result, last)


# --- saving ---


def _without_outdated(
    connection: Connection, checks: Iterable[UnchangedCheck]
) -> Iterator[UnchangedCheck]:
    """Yield the checks whose sources no other process has checked since they were loaded."""
    by_feed = {check.feed: check for check in checks}
    current: dict[tuple[str, str], datetime] = {}
    for some in chunks(by_feed):
        rows = connection.execute(_LAST_CHECKS, {"b_feeds": some})
        current.update({(feed, key): checked for feed, key, checked in rows})
    for feed in sorted(by_feed):
        check = by_feed[feed]
        states = [source.before for source in check.sources]
        if all(current.get((feed, state.key)) == state.checked for state in states):
            yield check


_LAST_CHECKS = (
    select(schema.sources.c.feed, schema.sources.c.key, schema.sources.c.checked)
    .where(schema.sources.c.feed.in_(_FEEDS))
    # In this order, so that concurrent transactions cannot deadlock.
    .order_by(schema.sources.c.feed, schema.sources.c.key)
    .with_for_update()
)


def _update_sources(connection: Connection, checks: Iterable[UnchangedCheck]) -> None:
    """Store that sources were checked, and when each source of their feeds is checked next."""
    checked, planned = [], []
    for check in checks:
        plans = dict(check.next_checks)
        for source in check.sources:
            key = source.before.key
            next_look, why = plans.pop(key, (None, source.before.why))
            own = {"b_feed": check.feed, "b_key": key, "b_next_look": next_look, "b_why": why}
            checked.append(own | {"b_checked": check.at})
        for key, (next_look, why) in plans.items():
            own = {"b_feed": check.feed, "b_key": key, "b_next_look": next_look, "b_why": why}
            planned.append(own)
    types = {name: schema.sources.c[name.removeprefix("b_")].type for name in checked[0]}
    execute_for_rows(connection, _check_source, checked, types)
    del types["b_checked"]
    execute_for_rows(connection, _plan_source, planned, types)


def _plan_source(own: Mapping[str, ColumnElement[Any]]) -> Update:
    t = schema.sources
    change = update(t).where(t.c.feed == own["b_feed"], t.c.key == own["b_key"])
    return change.values(next_look=own["b_next_look"], why=own["b_why"])


def _check_source(own: Mapping[str, ColumnElement[Any]]) -> Update:
    return _plan_source(own).values(checked=own["b_checked"], succeeded=own["b_checked"])


def _observe_later(own: Mapping[str, ColumnElement[Any]]) -> Update:
    t = schema.source_probes
    change = update(t).where(t.c.feed == own["b_feed"], t.c.key == own["b_key"])
    return change.values(observe_at=own["b_observe_at"])


def _save_observations(connection: Connection, checks: Iterable[UnchangedCheck]) -> None:
    """Add observations, or prolong the latest ones."""
    added, prolonged, probes = [], [], []
    for check in checks:
        for source in check.sources:
            own = {"b_feed": check.feed, "b_key": source.before.key}
            if source.observes:
                added.append(own | {"b_at": check.at})
                probes.append(own | {"b_observe_at": source.probe.observe_at})
            else:
                prolonged.append(own | {"b_at": check.at})
    prolong_observations(connection, prolonged)
    add_unchanged(connection, added)
    columns = schema.source_probes.c
    types = {f"b_{name}": columns[name].type for name in ("feed", "key", "observe_at")}
    execute_for_rows(connection, _observe_later, probes, types)


def _count_checks(connection: Connection, checks: Iterable[UnchangedCheck]) -> None:
    rows = []
    for check in checks:
        day = (check.at - _EPOCH) // _DAY
        for source in check.sources:
            row = {"feed": check.feed, "key": source.before.key, "day": day}
            rows.append(row | {"checks": 1, "last": check.at, "seconds": check.seconds})
    statement = _count_statement(connection.dialect.name)
    insert_rows(connection, statement, sorted_by_key(rows, ["feed", "key", "day"]))


@cache
def _count_statement(engine: str) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT that adds a check to those of its day."""
    statement = insert_statement(engine, schema.unchanged_checks)
    t, new = schema.unchanged_checks, statement.excluded
    values = {"checks": t.c.checks + new.checks, "last": new.last, "seconds": new.seconds}
    return statement.on_conflict_do_update(index_elements=["feed", "key", "day"], set_=values)

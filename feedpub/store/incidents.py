"""Incidents, which record that sources failed or recovered, and proposals to repair them."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.outbox import LOCK, insert_messages
from feedpub.store.records import Incident, OutboxMessage, Proposal
from feedpub.store.rows import as_row, select_records, select_rows, upsert

ComposeAlerts = Callable[[Incident], Iterable[OutboxMessage]]
"""Returns the messages about an incident."""


class IncidentTable:
    """Incidents by time, and those that are open. Raises StoreError.

    An incident and the messages about it are one transaction, so that an alert is neither lost nor
    sent twice. Of several processes that find the same failure, one opens the incident.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_of(self, feed: str) -> dict[str, tuple[datetime, str]]:
        """Return source key → since when it has been failing, and why; "" is the feed itself."""
        t = schema.open_incidents
        rows = select_rows(self._database, select(t).where(t.c.feed == feed))
        return {row["key"]: (row["since"], row["reason"]) for row in rows}

    def feeds(self) -> set[str]:
        """Return the feeds that have open incidents."""
        with self._database.read_transaction() as connection:
            return set(connection.scalars(select(schema.open_incidents.c.feed)))

    def newest(self, limit: int | None = None) -> tuple[Incident, ...]:
        """Return the incidents, newest first."""
        query = select(schema.incidents).order_by(schema.incidents.c.at.desc()).limit(limit)
        return select_records(self._database, Incident, query)

    def limit_to_now(self, now: datetime) -> None:
        """Change times in the future to now: they were recorded while the clock was ahead."""
        columns = (
            schema.open_incidents.c.since,
            schema.incidents.c.since,
            schema.incidents.c.at,
            schema.sources.c.failing_since,
        )
        with self._database.write_transaction(LOCK) as connection:
            for column in columns:
                later = update(column.table).where(column > now)
                connection.execute(later.values({column.name: now}))

    def start(self, incident: Incident) -> None:
        """Add the first incident of a state; do nothing if there are incidents already."""
        with self._database.write_transaction(LOCK) as connection:
            if connection.execute(select(schema.incidents.c.id).limit(1)).first() is None:
                _insert(connection, incident)

    def add(self, incident: Incident, compose: ComposeAlerts) -> None:
        """Add an incident that is over already, and the messages about it."""
        with self._database.write_transaction(LOCK) as connection:
            _insert_with_alerts(connection, incident, compose)

    def open(self, incident: Incident, compose: ComposeAlerts) -> bool:
        """Add an incident that remains open; return False if one is open already."""
        t = schema.open_incidents
        own = (t.c.feed == incident.feed, t.c.key == incident.key)
        row = {column.name: getattr(incident, column.name) for column in t.columns}
        with self._database.write_transaction(LOCK) as connection:
            if connection.execute(select(t).where(*own)).first():
                return False
            connection.execute(t.insert(), row)
            _insert_with_alerts(connection, incident, compose)
            return True

    def close(self, incident: Incident, compose: ComposeAlerts) -> bool:
        """Add an incident that ends an open one; return False if none is open."""
        t = schema.open_incidents
        own = delete(t).where(t.c.feed == incident.feed, t.c.key == incident.key)
        with self._database.write_transaction(LOCK) as connection:
            if not connection.execute(own).rowcount:
                return False
            _insert_with_alerts(connection, incident, compose)
            return True


def _insert_with_alerts(connection: Connection, incident: Incident, compose: ComposeAlerts) -> None:
    insert_messages(connection, compose(_insert(connection, incident)))


def _insert(connection: Connection, incident: Incident) -> Incident:
    """Insert an incident at the latest second that no other one has, and return it.

    Feed readers show only one of two entries with the same date.
    """
    t = schema.incidents
    taken = set(connection.scalars(select(t.c.at)))
    at = incident.at.replace(microsecond=0)
    while at in taken:
        at -= timedelta(seconds=1)
    row = {**as_row(incident), "at": at}
    connection.execute(t.insert(), row)
    return Incident(**row)


class ProposalTable:
    """Proposals, at most one for each source. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def for_feed(self, feed: str) -> dict[str, Proposal]:
        """Return source key → its proposal, for a feed's sources that have one."""
        t = schema.proposals
        proposals = select_records(self._database, Proposal, select(t).where(t.c.feed == feed))
        return {proposal.key: proposal for proposal in proposals}

    def load(self) -> dict[tuple[str, str], Proposal]:
        """Return (feed, source key) → its proposal, for all feeds."""
        proposals = select_records(self._database, Proposal, select(schema.proposals))
        return {(proposal.feed, proposal.key): proposal for proposal in proposals}

    def save(self, feed: str, proposals: Iterable[Proposal], repaired: Collection[str]) -> None:
        """Store a feed's proposals, and delete those of sources that need none any more.

        Args:
            feed: the feed's name.
            proposals: new ones, which replace earlier ones of their sources.
            repaired: the keys of sources whose proposals are deleted.
        """
        with self._database.write_transaction() as connection:
            save_proposals(connection, feed, proposals, repaired)


def save_proposals(
    connection: Connection, feed: str, proposals: Iterable[Proposal], repaired: Collection[str]
) -> None:
    """Store proposals and delete those of repaired sources, as a part of a larger transaction."""
    t = schema.proposals
    if repaired:
        connection.execute(delete(t).where(t.c.feed == feed, t.c.key.in_(sorted(repaired))))
    upsert(connection, t, [as_row(proposal) for proposal in proposals])

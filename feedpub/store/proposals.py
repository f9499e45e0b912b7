"""How the config could be changed so that broken sources are read again: at most one proposal a source."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import Proposal
from feedpub.store.rows import put, to_record, to_row


class ProposalsTable:
    """The proposals, by feed and source. Raises StoreError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, feed: str) -> dict[str, Proposal]:
        """Source key → what is proposed for it."""
        t = schema.proposals
        with self._database.reading() as connection:
            rows = connection.execute(select(t).where(t.c.feed == feed)).mappings().all()
        return {row["key"]: to_record(Proposal, row) for row in rows}

    def load(self) -> dict[tuple[str, str], Proposal]:
        """(feed, source key) → what is proposed for it, of all feeds."""
        with self._database.reading() as connection:
            rows = connection.execute(select(schema.proposals)).mappings().all()
        return {(row["feed"], row["key"]): to_record(Proposal, row) for row in rows}

    def keep(self, feed: str, proposals: Iterable[Proposal], done: Collection[str]) -> None:
        """Keep proposals of a feed, each in place of the one before; those of sources that need none are dropped."""
        t = schema.proposals
        rows = [to_row(proposal) for proposal in proposals]
        with self._database.writing() as connection:
            connection.execute(delete(t).where(t.c.feed == feed, t.c.key.in_(sorted(done))))
            put(connection, t, rows)

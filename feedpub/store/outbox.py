"""Messages that are not sent yet: alerts and WebSub pings.

A message is stored in the transaction of its event, so that a crash cannot lose it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import OutboxMessage
from feedpub.store.rows import as_row, select_records

LOCK = "messages"  # of transactions that read the outbox before they add to it
# A message that is due later was stored while the clock was wrong.
_MAX_DELAY = timedelta(days=2)


class OutboxTable:
    """The stored messages, oldest first. Raises StoreError.

    A message is claimed before it is sent. Its `due` identifies the claim: if it changes in the
    meantime, because another process took over or the message was added again, the claim is void
    and the message is kept. A message with a `failure` waits for its next try at `due`, and no
    process is sending it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, messages: Iterable[OutboxMessage]) -> None:
        """Add messages."""
        with self._database.write_transaction(LOCK) as connection:
            insert_messages(connection, messages)

    def add_once(self, messages: Iterable[OutboxMessage], now: datetime) -> None:
        """Add messages. One that is stored already, or is being sent, becomes due again instead.

        A message that waits for a retry is not added again, unless its next try is too early for
        the new message.
        """
        added = list(messages)
        if added:
            with self._database.write_transaction(LOCK) as connection:
                for message in added:
                    _add_once(connection, message, now)

    def load_all(self) -> tuple[OutboxMessage, ...]:
        """Return all messages."""
        return self._select()

    def due(self, now: datetime) -> tuple[OutboxMessage, ...]:
        """Return the messages that are due."""
        t = schema.outbox
        return self._select(or_(t.c.due <= now, t.c.due > now + _MAX_DELAY))

    def claim(self, message: OutboxMessage, until: datetime) -> OutboxMessage | None:
        """Claim a message for one try; other processes leave it alone until the given time.

        Returns:
            The claimed message; None if another process has claimed it.
        """
        t = schema.outbox
        claimed = replace(message, due=until, tries=message.tries + 1, failure="")
        is_claimed = self._set(claimed, t.c.id == message.id, t.c.due == message.due)
        return claimed if is_claimed else None

    def postpone(self, message: OutboxMessage, due: datetime, failure: str) -> None:
        """Schedule the next try of a claimed message that could not be sent.

        Nothing changes if another process has claimed it since.
        """
        self._set(replace(message, due=due, failure=failure), *_is_claim_of(message))

    def delete(self, message: OutboxMessage) -> None:
        """Delete a claimed message. One that was added again in the meantime is kept as new."""
        t = schema.outbox
        claim = _is_claim_of(message)
        with self._database.write_transaction(LOCK) as connection:
            deleted = connection.execute(delete(t).where(*claim, t.c.due == message.due))
            if not deleted.rowcount:
                connection.execute(update(t).where(*claim).values(tries=0))

    def bring_forward(self, message: OutboxMessage, now: datetime) -> tuple[OutboxMessage, ...]:
        """Make messages due that wait for a retry to a target which has just received a message.

        Returns:
            Those messages.
        """
        t = schema.outbox
        waiting = update(t).where(
            t.c.kind == message.kind,
            t.c.target == message.target,
            t.c.failure != "",
            t.c.due > now,
        )
        with self._database.write_transaction(LOCK) as connection:
            ids = connection.scalars(waiting.values(due=now).returning(t.c.id)).all()
        return self._select(t.c.id.in_(ids), t.c.due == now) if ids else ()

    def _select(self, *conditions: ColumnElement[bool]) -> tuple[OutboxMessage, ...]:
        t = schema.outbox
        query = select(t).where(*conditions).order_by(t.c.id)
        return select_records(self._database, OutboxMessage, query)

    def _set(self, message: OutboxMessage, *conditions: ColumnElement[bool]) -> bool:
        """Store a message's due, tries and failure; return True if the row still exists."""
        values = {"due": message.due, "tries": message.tries, "failure": message.failure}
        statement = update(schema.outbox).where(*conditions).values(values)
        with self._database.write_transaction(LOCK) as connection:
            return bool(connection.execute(statement).rowcount)


def _is_claim_of(message: OutboxMessage) -> tuple[ColumnElement[bool], ...]:
    """Match a claimed message unless it was claimed again, since each claim counts as a try."""
    t = schema.outbox
    return t.c.id == message.id, t.c.tries == message.tries


def _add_once(connection: Connection, message: OutboxMessage, now: datetime) -> None:
    t = schema.outbox
    same = (t.c.kind == message.kind, t.c.target == message.target, t.c.body == message.body)
    waiting = select(t.c.id).where(*same, t.c.failure != "")
    if message.due > now:
        waiting = waiting.where(t.c.due >= message.due)
    if connection.execute(waiting).first():
        connection.execute(delete(t).where(*same, t.c.tries == 0))
        return
    again = update(t).where(*same, t.c.failure == "").values(due=message.due)
    if not connection.execute(again).rowcount:
        insert_messages(connection, [message])


def insert_messages(connection: Connection, messages: Iterable[OutboxMessage]) -> None:
    """Add messages, as a part of a larger transaction."""
    rows = [as_row(message) for message in messages]
    for row in rows:
        del row["id"]  # the engine numbers them
    if rows:
        connection.execute(schema.outbox.insert(), rows)

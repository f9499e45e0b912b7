"""What has to be told to others.

Kept until it is told, so that no crash between an event and its telling loses it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import OutboxMessage
from feedpub.store.rows import as_row, from_row

MAX_DUE = "messages"  # of all transactions that look what waits before they add to it
_FARTHEST = timedelta(
    days=2
)  # no message waits longer: one that is due later was kept while the clock was wrong


class OutboxTable:
    """The messages that wait, oldest first. Raises StoreError as the store does.

    A message is claimed before it is sent. Its `due` is the claim's mark: whoever moves it
    meanwhile (a process that took it over, a change that wants the same message once more) makes
    the claim void, and the message stays. One that has a `failure` is backing off: nobody is
    sending it, and its `due` is when the other side may be asked again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, messages: Iterable[OutboxMessage]) -> None:
        """Keep messages."""
        with self._database.write_transaction(MAX_DUE) as connection:
            insert_messages(connection, messages)

    def add_once(self, messages: Iterable[OutboxMessage], now: datetime) -> None:
        """Keep messages; one that waits already, or is being sent right now, is due anew and not doubled.

        One that is backing off goes on doing so, and says the new thing when its time comes, unless
        that could be sooner than the new thing may be said.
        """
        wanted = list(messages)
        if not wanted:
            return
        with self._database.write_transaction(MAX_DUE) as connection:
            for message in wanted:
                _want(connection, message, now)

    def load_all(self) -> tuple[OutboxMessage, ...]:
        """All messages."""
        return self._those()

    def due(self, now: datetime) -> tuple[OutboxMessage, ...]:
        """The messages that are to be sent now."""
        t = schema.outbox
        return self._those(or_(t.c.due <= now, t.c.due > now + _FARTHEST))

    def claim(self, message: OutboxMessage, until: datetime) -> OutboxMessage | None:
        """Take a message for one try, which others leave alone until then.

        None where somebody else has it.
        """
        t = schema.outbox
        claimed = replace(message, due=until, tries=message.tries + 1, failure="")
        taken = self._set(claimed, t.c.id == message.id, t.c.due == message.due)
        return claimed if taken else None

    def postpone(self, message: OutboxMessage, due: datetime, failure: str) -> None:
        """Keep a claimed message that could not be sent, for another try; one that is wanted anew waits all the same.

        It is left alone where somebody else has claimed it since.
        """
        self._set(replace(message, due=due, failure=failure), *_claim(message))

    def delete(self, message: OutboxMessage) -> None:
        """Forget a claimed message.

        It was sent, or never will be. One that is wanted anew is as good as new.
        """
        t = schema.outbox
        with self._database.write_transaction(MAX_DUE) as connection:
            if not connection.execute(
                delete(t).where(*_claim(message), t.c.due == message.due)
            ).rowcount:
                connection.execute(update(t).where(*_claim(message)).values(tries=0))

    def bring_forward(self, message: OutboxMessage, now: datetime) -> tuple[OutboxMessage, ...]:
        """Make due what backs off from the place that a message has just reached; returns that."""
        t = schema.outbox
        backing_off = (
            t.c.kind == message.kind,
            t.c.target == message.target,
            t.c.failure != "",
            t.c.due > now,
        )
        with self._database.write_transaction(MAX_DUE) as connection:
            query = update(t).where(*backing_off).values(due=now).returning(t.c.id)
            numbers = connection.execute(query).scalars().all()
        return self._those(t.c.id.in_(numbers), t.c.due == now) if numbers else ()

    def _those(self, *conditions: object) -> tuple[OutboxMessage, ...]:
        t = schema.outbox
        query = select(t).where(*conditions).order_by(t.c.id)  # type: ignore[arg-type]
        with self._database.read_transaction() as connection:
            return tuple(
                from_row(OutboxMessage, row) for row in connection.execute(query).mappings()
            )

    def _set(self, to: OutboxMessage, *conditions: ColumnElement[bool]) -> bool:
        values = {"due": to.due, "tries": to.tries, "failure": to.failure}
        with self._database.write_transaction(MAX_DUE) as connection:
            changed = connection.execute(
                update(schema.outbox).where(*conditions).values(values)
            ).rowcount
        return bool(changed)


def _claim(message: OutboxMessage) -> tuple[ColumnElement[bool], ...]:
    """The row of a claimed message, if nobody has claimed it since: each claim counts as a try."""
    t = schema.outbox
    return t.c.id == message.id, t.c.tries == message.tries


def _want(connection: Connection, message: OutboxMessage, now: datetime) -> None:
    t = schema.outbox
    same = (t.c.kind == message.kind, t.c.target == message.target, t.c.body == message.body)
    not_too_soon = () if message.due <= now else (t.c.due >= message.due,)
    if connection.execute(select(t.c.id).where(*same, t.c.failure != "", *not_too_soon)).first():
        connection.execute(delete(t).where(*same, t.c.tries == 0))
    elif not connection.execute(
        update(t).where(*same, t.c.failure == "").values(due=message.due)
    ).rowcount:
        insert_messages(connection, [message])


def insert_messages(connection: Connection, messages: Iterable[OutboxMessage]) -> None:
    """Put messages in, as a part of a transaction that does more."""
    rows = [
        {name: value for name, value in as_row(message).items() if name != "id"}
        for message in messages
    ]
    if rows:
        connection.execute(schema.outbox.insert(), rows)

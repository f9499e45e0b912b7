"""What has to be told to others: kept until it is told, so that no crash between an event and its telling loses it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from feedpub.store import schema
from feedpub.store.database import Database
from feedpub.store.records import Message
from feedpub.store.rows import to_record, to_row

_FARTHEST = timedelta(days=2)  # no message waits longer: one that is due later was kept while the clock was wrong


class MessagesTable:
    """The messages that wait, oldest first. Raises StoreError as the store does.

    A message is claimed before it is sent. Its `due` is the claim's mark: whoever moves it meanwhile (a process that
    took it over, a change that wants the same message once more) makes the claim void, and the message stays.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, messages: Iterable[Message]) -> None:
        """Keep messages."""
        with self._database.writing() as connection:
            insert_messages(connection, messages)

    def add_once(self, messages: Iterable[Message]) -> None:
        """Keep messages; one that waits already, or is being sent right now, is due anew and not doubled."""
        t = schema.messages
        wanted = list(messages)
        if not wanted:
            return
        with self._database.writing() as connection:
            for message in wanted:
                same = (t.c.kind == message.kind, t.c.target == message.target, t.c.body == message.body)
                if not connection.execute(update(t).where(*same).values(due=message.due)).rowcount:
                    insert_messages(connection, [message])

    def waiting(self) -> tuple[Message, ...]:
        """All messages."""
        return self._those()

    def due(self, now: datetime) -> tuple[Message, ...]:
        """The messages that are to be sent now."""
        t = schema.messages
        return self._those(or_(t.c.due <= now, t.c.due > now + _FARTHEST))

    def claim(self, message: Message, until: datetime) -> Message | None:
        """Take a message for one try, which others leave alone until then; None where somebody else has it."""
        claimed = replace(message, due=until, tries=message.tries + 1)
        return claimed if self._set(message, claimed) else None

    def postpone(self, message: Message, due: datetime, failure: str) -> None:
        """Keep a claimed message that could not be sent, for another try."""
        self._set(message, replace(message, due=due, failure=failure))

    def drop(self, message: Message) -> None:
        """Forget a claimed message: it was sent, or never will be."""
        t = schema.messages
        with self._database.writing() as connection:
            connection.execute(delete(t).where(t.c.id == message.id, t.c.due == message.due))

    def _those(self, *conditions: object) -> tuple[Message, ...]:
        t = schema.messages
        query = select(t).where(*conditions).order_by(t.c.id)  # type: ignore[arg-type]
        with self._database.reading() as connection:
            return tuple(to_record(Message, row) for row in connection.execute(query).mappings())

    def _set(self, message: Message, to: Message) -> bool:
        t = schema.messages
        values = {"due": to.due, "tries": to.tries, "failure": to.failure}
        with self._database.writing() as connection:
            changed = connection.execute(
                update(t).where(t.c.id == message.id, t.c.due == message.due).values(values)
            ).rowcount
        return bool(changed)


def insert_messages(connection: Connection, messages: Iterable[Message]) -> None:
    """Put messages in, as a part of a transaction that does more."""
    rows = [to_row(message) | {"id": None} for message in messages]
    if rows:
        connection.execute(schema.messages.insert(), rows)

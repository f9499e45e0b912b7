"""Read the messages of mail sources, and mark them once they are stored.

Unlike pages, a message has no address. Its entry has a page of its own, and `pictures` publishes
the pictures in it next to that page. The stored message is the only copy of them, so it is kept as
long as its entry is in the live document.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from feedpub.config import MailSource
from feedpub.core.errors import FetchError, forget_frames
from feedpub.core.mail import MAIL_TYPE
from feedpub.core.models import Failure, Page
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.store import ItemState

if TYPE_CHECKING:
    from feedpub.fetch import Mailbox

# --- reading ---


class MessageReader:
    """Reads messages of one source. A mailbox is opened for the first message, and once only."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._mailbox: Mailbox | None = None
        self._failure: FetchError | None = None

    def read(self, item: ListedItem) -> Page:
        """Return the message of an item.

        Raises:
            FetchError: the mailbox cannot be opened or read.
            ExtractError: the file cannot be read.
        """
        source, message = item.mail, item.item.message
        assert source is not None and message is not None  # noqa: PT018, S101 -- it is a mail
        if source.path is not None:
            from feedpub.sources import read_local_message  # noqa: PLC0415 -- only for mails

            body = read_local_message(source.path, message.place)
        else:
            self._context.budget.check_time_left(source.address)
            body = self._open(source, item).read_message(message.place)
        return Page("", body, MAIL_TYPE)

    def close(self) -> None:
        """Close the mailbox."""
        if self._mailbox:
            self._mailbox.close()
            self._mailbox = None

    def _open(self, source: MailSource, item: ListedItem) -> "Mailbox":
        """Return the mailbox. A login that was refused is not tried again."""
        if self._failure:
            raise self._failure
        if self._mailbox is None:
            try:
                fetcher = self._context.fetcher
                self._mailbox = fetcher.open_mailbox(source.address, item.options)
            except FetchError as error:
                self._failure = forget_frames(error)
                raise
        return self._mailbox


@contextmanager
def open_messages(context: RunContext) -> Iterator[MessageReader]:
    """Return a reader that is closed at the end of the block."""
    reader = MessageReader(context)
    try:
        yield reader
    finally:
        reader.close()


# --- marking ---


def mark_stored_messages(
    items: Sequence[ListedItem], states: Iterable[ItemState], context: RunContext
) -> tuple[Failure, ...]:
    """Mark messages as read or delete them, as configured, if their entries are stored.

    Args:
        items: the listed items.
        states: the state of each item after the run.
        context: the services that the run uses.

    Returns:
        A failure for each mailbox that could not be changed; the next run tries again.
    """
    due: dict[str, list[ListedItem]] = defaultdict(list)
    for item, state in zip(items, states, strict=True):
        message, source = item.item.message, item.mail
        if source is None or message is None or state.state != "stored":
            continue
        if source.delete or (source.mark_read and not message.is_read):
            due[item.source].append(item)
    failures: list[Failure] = []
    for key, listed in due.items():
        try:
            context.budget.check_time_left(key)
            _mark(listed, context)
        except FetchError as error:
            reason = f"mails that are stored could not be marked or deleted: {error.reason}"
            failures.append(Failure(key, reason))
    return tuple(failures)


def _mark(listed: Sequence[ListedItem], context: RunContext) -> None:
    """Mark or delete messages of one source. Raises FetchError."""
    source = listed[0].mail
    assert source is not None  # noqa: S101 -- the caller has checked it
    places = [item.item.message.place for item in listed if item.item.message]
    fetcher, options = context.fetcher, listed[0].options
    with fetcher.open_mailbox(source.address, options, is_writable=True) as mailbox:
        if source.mark_read:
            mailbox.mark_read(places)
        if source.delete:
            mailbox.delete(places)

"""Read the messages of mail sources, publish their pictures, and mark them once they are stored.

Unlike pages, a message has no address. Its entry has a page of its own, and the pictures in it are
published next to that page. The stored message is the only copy of them, so it is kept as long as
its entry is in the live document.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from feedpub.builder import assemble
from feedpub.cleaner import mail
from feedpub.config import FeedConfig, MailSource
from feedpub.config.sources import source_key
from feedpub.core.errors import FetchError, forget_frames
from feedpub.core.models import Entry, Failure, Feed, Page
from feedpub.fetch import Mailbox
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.sources import read_local_message
from feedpub.store import ItemState, unpack_body

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
            body = read_local_message(source.path, message.place)
        else:
            self._context.budget.check_time_left(source.address)
            body = self._open(source, item).read_message(message.place)
        return Page("", body, mail.MAIL_TYPE)

    def close(self) -> None:
        """Close the mailbox."""
        if self._mailbox:
            self._mailbox.close()
            self._mailbox = None

    def _open(self, source: MailSource, item: ListedItem) -> Mailbox:
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


# --- publishing ---


def render_pictures(
    feed: FeedConfig, live: Feed, entries: Iterable[Entry], context: RunContext
) -> dict[str, bytes]:
    """Return the pictures of mails that are not published yet: name in the output → content.

    A picture is named by its content. It never changes, and is published once.

    Args:
        feed: the feed's settings.
        live: the live document.
        entries: the entries to publish, with their current addresses.
        context: the services that the run uses.

    Raises:
        StoreError: the state cannot be read.
    """
    keys = {source_key(source) for source in feed.source if isinstance(source, MailSource)}
    names = {
        entry.id: assemble.image_names(live, entry) for entry in entries if entry.source in keys
    }
    files = [f"{feed.name}/{name}" for shown in names.values() for name in shown]
    missing = set(context.output.find_missing(files)) if files else set()
    published: dict[str, bytes] = {}
    for id_, shown in names.items():
        wanted = {f"{feed.name}/{name}": name for name in shown}
        if missing.isdisjoint(wanted):
            continue
        snapshot = context.store.snapshots.for_entry(feed.name, id_)
        if snapshot is None or snapshot.form != "mail":
            continue
        body = unpack_body(snapshot).body
        pictures = context.executor.call(snapshot.key, mail.pictures_of_mail, body)
        for file, name in wanted.items():
            if file in missing and name in pictures:
                published[file] = pictures[name]
    return published


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

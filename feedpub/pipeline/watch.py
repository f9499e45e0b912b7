"""Compare a watched page with its text at the last change.

The first check stores the text and lists nothing. The new text is stored with the run, after its
entry: a run that is interrupted finds the same change again, under the same key.
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from feedpub import sources
from feedpub.config import WatchSource
from feedpub.config.sources import source_key
from feedpub.core.models import Item
from feedpub.pipeline.context import RunContext
from feedpub.sources.documents import CachedDocuments
from feedpub.store import WatchedText

if TYPE_CHECKING:
    from feedpub.sources import WatchedPage


def check_page(
    source: WatchSource, feed: str, documents: CachedDocuments, context: RunContext
) -> tuple[tuple[Item, ...], WatchedText]:
    """Return the change of a page as an item, if there is one, and the text to store.

    Args:
        source: the source's settings.
        feed: the feed's name.
        documents: fetches the page.
        context: the services that the run uses.

    Raises:
        SourceError: the page cannot be read.
        StoreError: the state cannot be read.
    """
    key, now = source_key(source), context.clock()
    page = sources.read_watched_page(source, documents)
    before = context.store.watched_text(feed, key)
    if before is None or before.settings != documents.digest:
        digest = sources.digest_lines(page.lines)
        return (), WatchedText(feed, key, documents.digest, "\n".join(page.lines), digest, now)
    item = context.executor.call(
        page.url,
        sources.describe_change,
        page,
        before.text.split("\n"),
        before.digest,
        source.min_words,
    )
    if item is None:
        return (), replace(before, checked=now)
    item = replace(item, published=_date_of_change(page, before, now))
    text = "\n".join(page.lines)
    return (item,), replace(before, text=text, digest=item.guid, checked=now)


def _date_of_change(page: "WatchedPage", before: WatchedText, now: datetime) -> datetime:
    """Return the time of the check, or of the modification if it is known and new."""
    if page.modified and before.checked < page.modified <= now:
        return page.modified
    return now

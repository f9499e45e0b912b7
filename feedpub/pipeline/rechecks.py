"""Young articles are looked at again for corrections: which, when, and what of it may change a published entry.

An hour, six hours and a day after an article was first listed its page is asked for again,
conditionally, also when its source is not due or does not list it any more. Each look counts, also
one that fails: the next is the retry, and after a day nobody asks for a page that cannot be had. A
look that was missed is not made up for. What comes of a look replaces the entry only if it is still
the same article and says something else; otherwise the entry stays as it is, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from feedpub.builder.matching import ExtractedItem
from feedpub.builder.merge import differs
from feedpub.builder.text_compare import overlap, significant_words
from feedpub.cleaner.summary import lead
from feedpub.config import FeedConfig, FeedSource, FolderSource
from feedpub.config.sources import source_key
from feedpub.core.article_keys import url_key
from feedpub.core.errors import ConfigError, ExtractError
from feedpub.core.models import Entry, Item
from feedpub.core.text import pluralize
from feedpub.pipeline.collect import ListedItem, is_rendered, request_options
from feedpub.pipeline.context import RunContext
from feedpub.store import ItemState

LADDER = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)  # after an article was first listed
YOUNG = timedelta(
    days=2
)  # an article that was older when it was first listed has had its corrections
MOST_AT_ONCE = 20  # in one run of a feed; the rest waits for the next run
MAX_SHRINK_RATIO = 0.5  # of the length that the text had: a wall, an error, a beginning
# of the text's words in a row; with less and another title, the page is about something else
_SAME = 0.3


def next_look(first_seen: datetime, now: datetime) -> datetime | None:
    """When an article is looked at again, after a look now.

    None where it is left alone from here on.
    """
    return next((first_seen + wait for wait in LADDER if first_seen + wait > now), None)


def is_recent(published: datetime | None, first_seen: datetime) -> bool:
    """Whether an article may still be corrected when it is first listed.

    It has no date, or a recent one.
    """
    return published is None or first_seen - published < YOUNG


def schedule_recheck(
    seen: ItemState, before: ItemState | None, url: str, now: datetime, *, begins: bool
) -> ItemState:
    """What is remembered of an article that has just been asked for, with the next look at it.

    Args:
        seen: what became of it now.
        before: what was remembered of it; None where it is listed for the first time.
        url: where its page is.
        now: aware.
        begins: its text is its page's, and corrections are still to be expected: worth other looks
            if it is new.
    """
    first_seen = before.first_seen if before else now
    if first_seen and first_seen > now:  # the clock was put back since
        first_seen = now
    was_stored = before is not None and before.state == "stored"
    goes_on = before is not None and before.recheck_at is not None if was_stored else begins
    moment = (
        next_look(first_seen, now) if first_seen and goes_on and seen.state == "stored" else None
    )
    return replace(seen, first_seen=first_seen, recheck_at=moment, url=url if moment else "")


@dataclass(frozen=True, slots=True)
class DueRechecks:
    """The articles that are looked at again in a run.

    Attributes:
        entries: key → the entry as it is published.
        unlisted: those that no source of the run lists, as their source once did.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    unlisted: Sequence[ListedItem] = ()


def due_rechecks(feed: FeedConfig, items: Sequence[ListedItem], tools: RunContext) -> DueRechecks:
    """The articles whose moment has come; those that can be had no more, or not in this way, are left alone for good.

    Args:
        feed: whose articles.
        items: what its sources list in this run.
        tools: the collaborators.
    """
    waiting = tools.store.rechecks(feed.name, tools.clock(), MOST_AT_ONCE) if feed.recheck else ()
    ids = tools.store.aliases(feed.name, [seen.key for seen in waiting])
    here = {listed.key: listed for listed in items}
    found = {seen.key: tools.store.entry(feed.name, ids.get(seen.key, "")) for seen in waiting}
    addresses = {url_key(entry.url) for entry in found.values() if entry} - found.keys()
    elsewhere = tools.store.item_states(feed.name, addresses)
    entries: dict[str, Entry] = {}
    unlisted: list[ListedItem] = []
    for waits in waiting:
        entry = found[waits.key]
        seen = (entry and _at_new_address(entry, elsewhere)) or waits
        listed = here.get(seen.key) or (
            entry and _as_listed(feed, seen, entry, len(items) + len(unlisted))
        )
        if (
            entry
            and listed
            and listed.fetches_page
            and listed.item.path is None
            and entry not in entries.values()
        ):
            entries[seen.key] = entry
            unlisted += [] if seen.key in here else [listed]
    tools.store.end_rechecks(feed.name, [seen.key for seen in waiting if seen.key not in entries])
    return DueRechecks(entries, unlisted)


def _at_new_address(entry: Entry, elsewhere: Mapping[str, ItemState]) -> ItemState | None:
    """Return what is known of an entry's article under its new address, if it was listed there since."""
    seen = elsewhere.get(url_key(entry.url))
    return replace(seen, url=seen.url or entry.url) if seen and seen.state == "stored" else None


def correction_of(entry: Entry, arrival: ExtractedItem) -> ExtractedItem | None:
    """What of a look again replaces an entry: what arrived, or None where it says nothing else.

    Raises:
        ExtractError: it is not the article any more, or not all of it.
    """
    article = arrival.article
    if len(article.text) < MAX_SHRINK_RATIO * len(entry.text):
        raise ExtractError(
            f"far shorter than it was, {pluralize(len(article.text), 'character')} of {len(entry.text)}",
            article.url,
        )
    if (
        significant_words(article.title) != significant_words(entry.title)
        and overlap(significant_words(entry.text), significant_words(article.text)) < _SAME
    ):
        raise ExtractError(f'about something else now, "{article.title}"', article.url)
    return arrival if differs(entry, arrival) else None


def _as_listed(feed: FeedConfig, seen: ItemState, entry: Entry, rank: int) -> ListedItem | None:
    """An article as its source would list it.

    None where that source has left the config, or its secrets are gone.
    """
    source = next((source for source in feed.source if source_key(source) == entry.source), None)
    if source is None or isinstance(source, FolderSource):
        return None
    try:
        options = request_options(source)
    except ConfigError:  # which the source itself reports at its next look
        return None
    return ListedItem(
        item=_item(seen, entry),
        key=seen.key,
        rank=rank,
        source=entry.source,
        options=options,
        listed_first=isinstance(source, FeedSource),
        fetches_page=not isinstance(source, FeedSource) or source.fetch,
        render=is_rendered(source),
    )


def _item(seen: ItemState, entry: Entry) -> Item:
    """What the source said, as far as the entry kept it.

    A summary made of its text is made again.
    """
    made = lead(entry.text, title=entry.title, language=entry.language)
    return Item(
        url=seen.url,
        title=entry.title,
        authors=entry.authors,
        published=entry.published,
        summary="" if entry.summary == made else entry.summary,
        categories=entry.categories,
        enclosures=entry.enclosures,
        image=entry.image,
        language=entry.language,
        version=seen.version.partition(" ")[2],
    )

"""Recheck recent articles for corrections.

The page of an article is requested again, conditionally, one hour, six hours and one day after the
article was first listed, even if its source is not due or no longer lists it. A failed recheck
counts: the next one is the retry, and after a day there is none. A missed recheck is not made up
for. The page replaces the entry only if it is still the same article and has changed; otherwise
the entry stays as it is, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from feedpub.builder.matching import ExtractedItem
from feedpub.builder.merge import differs
from feedpub.builder.text_compare import overlap, significant_words
from feedpub.cleaner.summary import lead
from feedpub.config import FeedConfig, RemoteSource, describes_articles, fetches_articles
from feedpub.config.sources import is_rendered, source_key
from feedpub.core.article_keys import url_key
from feedpub.core.errors import ConfigError, ExtractError
from feedpub.core.models import AliasKind, Entry, Item
from feedpub.core.text import pluralize
from feedpub.pipeline.collect import ListedItem, request_options
from feedpub.pipeline.retries import UNREAD
from feedpub.store import ItemState, Store

RECHECK_AFTER = (  # an article was first listed
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
MAX_AGE = timedelta(days=2)  # of an article when it is first listed; older ones are corrected
MAX_RECHECKS = 20  # in one run of a feed; the rest waits for the next run
# A text that loses more than this share is an error page, a login page or a fragment.
MAX_SHRINK_RATIO = 0.5
# The share of words in a row that a text keeps. Below it, and with a new title, it is another text.
_MIN_OVERLAP = 0.3
# A page that only claims an address, and other versions of a story, do not correct the entry.
_UNCORRECTED = frozenset({AliasKind.CLAIMED, AliasKind.SIMILAR})


def next_recheck(first_seen: datetime, now: datetime) -> datetime | None:
    """Return the time of an article's next recheck; None if there are no more."""
    for wait in RECHECK_AFTER:
        if first_seen + wait > now:
            return first_seen + wait
    return None


def is_recent(published: datetime | None, first_seen: datetime) -> bool:
    """Return True if corrections are likely: the article has no date, or a recent one."""
    return published is None or first_seen - published < MAX_AGE


def schedule_recheck(
    state: ItemState, before: ItemState | None, url: str, now: datetime, *, begins: bool
) -> ItemState:
    """Return the state of an article that was just requested, with its next recheck.

    Args:
        state: the new state.
        before: the earlier state; None if the article is listed for the first time.
        url: the address of its page.
        now: the current time.
        begins: a new article is to be rechecked: it is recent, and its text is its page's.
    """
    first_seen = before.first_seen if before else now
    if first_seen and first_seen > now:  # the clock has been set back
        first_seen = now
    is_scheduled = begins
    if before and before.state == "stored":
        is_scheduled = before.recheck_at is not None
    recheck_at = None
    if first_seen and is_scheduled and state.state == "stored":
        recheck_at = next_recheck(first_seen, now)
    is_requested = recheck_at or state.state in UNREAD
    return replace(
        state, first_seen=first_seen, recheck_at=recheck_at, url=url if is_requested else ""
    )


@dataclass(frozen=True, slots=True)
class DueRechecks:
    """The articles that a run rechecks.

    Attributes:
        entries: key → the published entry.
        unlisted: the articles that no source of the run lists, as their source once listed them.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    unlisted: Sequence[ListedItem] = ()


def due_rechecks(
    feed: FeedConfig, items: Sequence[ListedItem], waiting: Sequence[ItemState], store: Store
) -> DueRechecks:
    """Return the articles that are due for a recheck; end the rechecks of those without a page.

    Args:
        feed: the feed's settings.
        items: the items that the sources list in this run.
        waiting: the items whose rechecks are due.
        store: the state.
    """
    if not waiting:
        return DueRechecks()
    listed = {item.key: item for item in items}
    entries: dict[str, Entry] = {}
    unlisted: list[ListedItem] = []
    for state, entry in _load_entries(feed.name, waiting, store):
        rank = len(items) + len(unlisted)
        item = listed.get(state.key) or _make_listed_item(feed, state, entry, rank)
        has_page = item is not None and item.fetches_page and item.item.path is None
        if item is None or not has_page or entry in entries.values():
            continue
        entries[state.key] = entry
        if state.key not in listed:
            unlisted.append(item)
    if ended := [state.key for state in waiting if state.key not in entries]:
        store.end_rechecks(feed.name, ended)
    return DueRechecks(entries, unlisted)


def _load_entries(
    feed: str, waiting: Sequence[ItemState], store: Store
) -> list[tuple[ItemState, Entry]]:
    """Return each waiting item with its entry, and with its new address if it has moved."""
    aliases = store.all_aliases(feed, [state.key for state in waiting])
    entries = {
        entry.id: entry
        for entry in store.entries_by_id(feed, [alias.entry for alias in aliases.values()])
    }
    found: list[tuple[ItemState, Entry]] = []
    for state in waiting:
        alias = aliases.get(state.key)
        if alias is None or alias.kind in _UNCORRECTED:
            continue
        entry = entries.get(alias.entry)
        if entry and state.key not in {url_key(link.url) for link in entry.also_at}:
            found.append((state, entry))
    addresses = {url_key(entry.url) for _, entry in found} - {state.key for state in waiting}
    moved = store.item_states(feed, addresses)
    return [(_find_new_state(entry, moved) or state, entry) for state, entry in found]


def _find_new_state(entry: Entry, moved: Mapping[str, ItemState]) -> ItemState | None:
    """Return the state of an article under its new address, if it was listed there since."""
    state = moved.get(url_key(entry.url))
    if state is None or state.state != "stored":
        return None
    return replace(state, url=state.url or entry.url)


def correction_of(entry: Entry, extracted: ExtractedItem) -> ExtractedItem | None:
    """Return the article if it corrects the entry; None if nothing has changed.

    Raises:
        ExtractError: it is another article, or only a part of it.
    """
    article = extracted.article
    if len(article.text) < MAX_SHRINK_RATIO * len(entry.text):
        length = pluralize(len(article.text), "character")
        reason = f"far shorter than it was, {length} of {len(entry.text)}"
        raise ExtractError(reason, article.url)
    if significant_words(article.title) != significant_words(entry.title):
        shared = overlap(significant_words(entry.text), significant_words(article.text))
        if shared < _MIN_OVERLAP:
            raise ExtractError(f'about something else now, "{article.title}"', article.url)
    return extracted if differs(entry, extracted) else None


def _make_listed_item(
    feed: FeedConfig, state: ItemState, entry: Entry, rank: int
) -> ListedItem | None:
    """Return an article as its source would list it.

    None if its source was removed from the config, or has no pages or no secrets.
    """
    source = next((source for source in feed.source if source_key(source) == entry.source), None)
    if source is None or not isinstance(source, RemoteSource):
        return None
    try:
        options = request_options(source)
    except ConfigError:  # the next check of the source reports it
        return None
    return ListedItem(
        item=_make_item(state, entry),
        key=state.key,
        rank=rank,
        source=entry.source,
        options=options,
        listed_first=describes_articles(source),
        fetches_page=fetches_articles(source),
        render=is_rendered(source),
    )


def _make_item(state: ItemState, entry: Entry) -> Item:
    """Return the source's data as far as the entry has it.

    A summary that was made from the text is left out, so that it is made again.
    """
    made = lead(entry.text, title=entry.title, language=entry.language)
    return Item(
        url=state.url,
        title=entry.title,
        authors=entry.authors,
        published=entry.published,
        summary="" if entry.summary == made else entry.summary,
        categories=entry.categories,
        enclosures=entry.enclosures,
        image=entry.image,
        language=entry.language,
        version=state.version.partition(" ")[2],
    )

"""What arrived, beside what is known → the entries that are new or changed. Decides; reads and writes nothing.

An entry is told what its article says now, except for what is frozen: id, first_seen, published and, for a saved
article, the stem of its page. `updated` moves only when words changed: markup, images and summaries may be better
next time without every reader showing the entry again. What the cleaner has learned to leave out is no change either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, count, takewhile
from typing import TypeVar

from feedpub.builder import identity
from feedpub.builder.substance import substance, words
from feedpub.model import Article, Entry, Item, Removed

T = TypeVar("T")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article that has just been read.

    Attributes:
        keys: every key it is known to have (its address as listed, after redirects, its canonical one), own first.
        rank: its position among all that is listed.
        listed_first: the source's title, date and authors go before the page's (a feed knows its own entries).
        own_page: True for a saved article without an address of its own.
        stem: the stem of a saved article's file.
    """

    item: Item
    article: Article
    keys: tuple[str, ...]
    rank: int
    source: str
    listed_first: bool = False
    own_page: bool = False
    stem: str = ""

    @property
    def title(self) -> str:
        """What its entry is called."""
        return _first(self, self.item.title, self.article.title)


@dataclass(slots=True)
class Known:
    """What a feed holds so far, as far as arrivals touch it.

    Attributes:
        aliases: key → id, for the keys that arrived.
        entries: id → entry, for those ids.
        moments: every `updated` that an entry of the feed has; no two share one.
        slugs: every stem of an own page in use.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    moments: set[datetime] = field(default_factory=set)
    slugs: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Merge:
    """What to store.

    Attributes:
        entries: new and changed entries, whole.
        aliases: key → id, for every key that arrived.
        new, updated: how many are new, and how many changed in substance.
    """

    entries: tuple[Entry, ...]
    aliases: Mapping[str, str]
    new: int
    updated: int


def merge(feed: str, base_url: str, known: Known, arrivals: Iterable[Arrival], now: datetime) -> Merge:
    """Bring arrivals into a feed. `known` is used up: it follows what is minted on the way."""
    now = now.replace(microsecond=0)
    changed: dict[str, Entry] = {}
    new: set[str] = set()
    updated: set[str] = set()
    aliases: dict[str, str] = {}
    for arrival in arrivals:
        old = known.entries.get(_known_id(arrival, known))
        entry = _revise(old, arrival, known, now) if old else _mint(feed, base_url, arrival, known, now)
        aliases |= dict.fromkeys(arrival.keys, entry.id)
        known.aliases |= aliases
        known.entries[entry.id] = entry
        if old is None:
            new.add(entry.id)
        elif entry.updated != old.updated and entry.id not in new:
            updated.add(entry.id)
        if entry != old:
            changed[entry.id] = entry
    return Merge(tuple(changed.values()), aliases, len(new), len(updated))


def _known_id(arrival: Arrival, known: Known) -> str:
    return next((known.aliases[key] for key in arrival.keys if key in known.aliases), "")


def _mint(feed: str, base_url: str, arrival: Arrival, known: Known, now: datetime) -> Entry:
    article, item = arrival.article, arrival.item
    published = _past(_first(arrival, item.published, article.published), now) or now
    said = _past(article.updated or item.updated, now)
    updated = _free_moment(max(said or published, published), known.moments, now)
    stem = identity.slug(arrival.title, arrival.stem, known.slugs) if arrival.own_page else ""
    known.slugs.add(stem)
    entry = Entry(
        id=identity.mint(feed, arrival.keys[0], base_url, now),
        url="",
        title="",
        first_seen=now,
        published=min(published, updated),  # earlier than it is only where no moment from it until now is free
        updated=updated,
        rank=arrival.rank,
        slug=stem,
    )
    return told(entry, arrival)


def _revise(old: Entry, arrival: Arrival, known: Known, now: datetime) -> Entry:
    if not arrival.article.complete and old.complete:
        return old  # a teaser never replaces the article
    entry = told(old, arrival)
    if not _differ(old, entry, arrival.article.removed):
        return entry
    said = _past(arrival.article.updated or arrival.item.updated, now)
    moment = said if said and said > old.updated else now
    return replace(entry, updated=_free_moment(moment, known.moments, now, after=old.updated))


def changes(old: Entry, arrival: Arrival) -> bool:
    """Whether an arrival says something that an entry does not say: a change of substance."""
    return _differ(old, told(old, arrival), arrival.article.removed)


def told(entry: Entry, arrival: Arrival) -> Entry:
    """The entry with everything that its article says, but for what is frozen."""
    article, item = arrival.article, arrival.item
    return replace(
        entry,
        url="" if arrival.own_page else identity.without_tracking(article.url or item.url or entry.url),
        title=arrival.title,
        authors=_first(arrival, item.authors, article.authors),
        summary=article.summary,
        html=article.html,
        text=article.text,
        language=article.language or item.language,
        image=article.image or item.image,
        categories=_first(arrival, item.categories, article.categories),
        enclosures=item.enclosures,
        complete=article.complete,
        source=arrival.source,
    )


def _first(arrival: Arrival, listed: T, read: T) -> T:
    return (listed or read) if arrival.listed_first else (read or listed)


def _differ(old: Entry, new: Entry, removed: Iterable[Removed]) -> bool:
    """Whether two states of an entry differ in substance; `removed` is what the cleaner left out of the new one."""
    left_out = [line for block in removed for line in block.text.split("\n")]
    return (
        words(old.title) != words(new.title)
        or substance(old.text, left_out) != substance(new.text, left_out)
        or _files(old) != _files(new)
    )


def _files(entry: Entry) -> list[str]:
    return [identity.without_tracking(enclosure.url) for enclosure in entry.enclosures]


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    """A moment that is not in the future, in whole seconds; readers hide entries from the future or pin them on top."""
    return moment.replace(microsecond=0) if moment and moment <= now else None


def _free_moment(wanted: datetime, taken: set[datetime], now: datetime, after: datetime = _LONG_AGO) -> datetime:
    """The first moment from the wanted one on that no other entry has; the last before it if none is free until now.

    It is never before `after`, even where the clock was put back: then it is the next second that is free.
    """
    second = timedelta(seconds=1)
    later = takewhile(lambda moment: moment <= now, (wanted + n * second for n in range(len(taken) + 1)))
    earlier = (wanted - n * second for n in range(1, len(taken) + 1))
    following = (after + n * second for n in count(1))
    candidates = chain((m for m in chain(later, earlier) if after < m <= now), following)
    moment = next(m for m in candidates if m not in taken)
    taken.add(moment)
    return moment

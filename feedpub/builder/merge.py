"""What arrived, beside what is known → the entries that are new or changed. Decides; reads and writes nothing.

An entry is told what its article says now, except for what is frozen: id, first_seen, published
and, for a saved
article, the stem of its page. `updated` moves only when words changed: markup, images and summaries
may be better next time without every reader showing the entry again. What the cleaner has learned
to leave out is no change either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, count, takewhile

from feedpub.builder import ids
from feedpub.builder.matching import (
    ExistingEntries,
    ExtractedItem,
    Match,
    find_match,
    keep_true_claims,
    publication_url,
)
from feedpub.builder.text_compare import lasting_words, significant_words
from feedpub.core import article_keys
from feedpub.core.models import Alias, AliasKind, Entry, Removed

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What to store.

    Attributes:
        entries: new and changed entries, whole.
        aliases: key → its entry, for keys that are new or lead elsewhere now.
        new, updated: how many are new, and how many changed in substance.
        ids: for each arrival in turn, the id of the entry that says what arrived; "" if it changes
            none.
    """

    entries: tuple[Entry, ...]
    aliases: Mapping[str, Alias]
    new: int
    updated: int
    ids: tuple[str, ...] = ()


def merge_items(
    feed: str,
    base_url: str,
    known: ExistingEntries,
    arrivals: Iterable[ExtractedItem],
    now: datetime,
) -> MergeResult:
    """Bring arrivals into a feed. `known` is used up: it follows what is minted on the way."""
    now = now.replace(microsecond=0)
    changed: dict[str, Entry] = {}
    new: set[str] = set()
    updated: set[str] = set()
    aliases: dict[str, Alias] = {}
    ids: list[str] = []
    for arrived in arrivals:
        match = find_match(arrived, known)
        arrival = _with_address(keep_true_claims(arrived, match, known.aliases))
        if match is None:
            entry = _mint(feed, base_url, arrival, known, now)
        else:
            entry = _revise(match.entry, arrival, known, now) if match.may_change else match.entry
        learned = _aliases(arrival, match, entry, known)
        aliases |= learned
        known.aliases |= learned
        known.entries[entry.id] = entry
        _note_guids(arrival, entry, known)
        ids.append(entry.id if match is None or match.may_change else "")
        if match is None:
            new.add(entry.id)
        elif entry.updated != match.entry.updated and entry.id not in new:
            updated.add(entry.id)
        if match is None or entry != match.entry:
            changed[entry.id] = entry
    return MergeResult(tuple(changed.values()), aliases, len(new), len(updated), tuple(ids))


def _with_address(arrival: ExtractedItem) -> ExtractedItem:
    address = publication_url(arrival)
    article = replace(arrival.article, url=address or None)
    return replace(arrival, article=article, own_page=arrival.own_page or not address)


def _aliases(
    arrival: ExtractedItem, match: Match | None, entry: Entry, known: ExistingEntries
) -> dict[str, Alias]:
    """Return what leads to the entry from now on.

    Keys that a source listed for another entry stay with that.
    """
    kind = match.kind if match else AliasKind.OWN
    found = {key: Alias(entry.id, kind) for key in arrival.keys if not _is_taken(key, known)}
    if match is None and not found:
        found = {arrival.keys[0]: Alias(entry.id)}
    if kind is AliasKind.OWN:
        claimed = {claim.key for claim in arrival.claims} - known.aliases.keys()
        found = dict.fromkeys(claimed, Alias(entry.id, AliasKind.CLAIMED)) | found
    return found


def _is_taken(key: str, known: ExistingEntries) -> bool:
    return key in known.aliases and known.aliases[key].kind is AliasKind.OWN


def _note_guids(arrival: ExtractedItem, entry: Entry, known: ExistingEntries) -> None:
    guids = {
        key
        for key in arrival.keys
        if article_keys.is_guid_key(key) and known.aliases[key].entry == entry.id
    }
    known.guids.setdefault(entry.id, set()).update(guids)


def _key_of_new_entry(arrival: ExtractedItem, known: ExistingEntries) -> str:
    """Return the key to make an id of: one that no other entry has."""
    free = (key for key in arrival.keys if not _is_taken(key, known))
    return next(
        free, article_keys.content_key(arrival.keys[0], arrival.title, str(arrival.published))
    )


def _mint(
    feed: str, base_url: str, arrival: ExtractedItem, known: ExistingEntries, now: datetime
) -> Entry:
    article, item = arrival.article, arrival.item
    published = _past(arrival.published, now) or now
    said = _past(article.updated or item.updated, now)
    updated = _free_moment(max(said or published, published), known.update_times, now)
    stem = ids.page_slug(arrival.title, arrival.stem, known.slugs) if arrival.own_page else ""
    known.slugs.add(stem)
    entry = Entry(
        id=ids.new_entry_id(feed, _key_of_new_entry(arrival, known), base_url, now),
        url="",
        title="",
        first_seen=now,
        published=min(
            published, updated
        ),  # earlier than it is only where no moment from it until now is free
        updated=updated,
        rank=arrival.rank,
        slug=stem,
    )
    return apply_article(entry, arrival)


def _revise(old: Entry, arrival: ExtractedItem, known: ExistingEntries, now: datetime) -> Entry:
    if not arrival.article.complete and old.complete:
        return old  # a teaser never replaces the article
    entry = apply_article(old, arrival)
    if not _differ(old, entry, arrival.article.removed):
        return entry
    said = _past(arrival.article.updated or arrival.item.updated, now)
    moment = said if said and said > old.updated else now
    return replace(entry, updated=_free_moment(moment, known.update_times, now, after=old.updated))


def differs(old: Entry, arrival: ExtractedItem) -> bool:
    """Whether an arrival says something that an entry does not say: a change of substance."""
    return _differ(old, apply_article(old, arrival), arrival.article.removed)


def apply_article(entry: Entry, arrival: ExtractedItem) -> Entry:
    """The entry with everything that its article says, but for what is frozen."""
    article, item = arrival.article, arrival.item
    return replace(
        entry,
        url="" if arrival.own_page and entry.slug else article.url or entry.url,
        title=arrival.title,
        authors=arrival.prefer(item.authors, article.authors),
        summary=article.summary,
        html=article.html,
        text=article.text,
        language=article.language or item.language,
        image=article.image or item.image,
        categories=arrival.prefer(item.categories, article.categories),
        enclosures=item.enclosures,
        complete=article.complete,
        source=arrival.source,
    )


def _differ(old: Entry, new: Entry, removed: Iterable[Removed]) -> bool:
    """Whether two states of an entry differ in substance.

    `removed` is what the cleaner left out of the new one.
    """
    left_out = [line for block in removed for line in block.text.split("\n")]
    return (
        significant_words(old.title) != significant_words(new.title)
        or lasting_words(old.text, left_out) != lasting_words(new.text, left_out)
        or _files(old) != _files(new)
    )


def _files(entry: Entry) -> list[str]:
    return [article_keys.strip_tracking(enclosure.url) for enclosure in entry.enclosures]


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    """A moment that is not in the future, in whole seconds.

    Readers hide entries from the future or pin them on top.
    """
    return moment.replace(microsecond=0) if moment and moment <= now else None


def _free_moment(
    wanted: datetime, taken: set[datetime], now: datetime, after: datetime = _LONG_AGO
) -> datetime:
    """The first moment from the wanted one on that no other entry has; the last before it if none is free until now.

    It is never before `after`, even where the clock was put back: then it is the next second that
    is free.
    """
    second = timedelta(seconds=1)
    later = takewhile(
        lambda moment: moment <= now, (wanted + n * second for n in range(len(taken) + 1))
    )
    earlier = (wanted - n * second for n in range(1, len(taken) + 1))
    following = (after + n * second for n in count(1))
    candidates = chain((m for m in chain(later, earlier) if after < m <= now), following)
    moment = next(m for m in candidates if m not in taken)
    taken.add(moment)
    return moment

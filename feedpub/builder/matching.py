"""What makes two items one entry: the rules, in their order, and which claims are ignored.

An item of a source is the entry that it was, by the first of these that leads to one:

1. Its **guid**, within its own feed. Ignored if several items of the feed share it, or if the item
   has another link than the entry and nothing in common with it. 2. Its **listed address**,
   compared as `identity.url_key` does. If a feed gives one address to several items, each is told
   apart by what the addresses differ in, else by its guid, else by its media file. An entry known
   by another guid of the same feed is the same only if title or text agree. 3. A **move**: an
   article of the same source that is not listed any more and whose address redirects to the listed
   one, or is gone while title and text agree (`moved_articles`). 4. What its page **claims**: the
   address after redirects, then the canonical link. A claim identifies only if the texts agree. It
   is ignored if it names the listing, a home page, another site (the cleaner sees to that), or an
   address that several listed articles claim with different texts.

An entry belongs to the source that brought it. Its content changes only by what that source lists:
by guid, listed address or move. Another source takes it over if the owner has left the config, or
if it lists the very address that the owner's item only claimed. A claim never changes an entry
whose address was listed itself.

Everything here decides on data that is passed in; nothing is read or written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar
from urllib.parse import urldefrag, urlsplit

from feedpub.builder.text_compare import overlap, significant_words
from feedpub.core.article_keys import (
    content_key,
    enclosure_key,
    guid_key,
    is_guid_key,
    strip_tracking,
    url_key,
)
from feedpub.core.models import Alias, AliasKind, Article, Entry, Item

SAME_TEXT = 0.9  # share of words in a row that two states of one article have in common
EQUAL_TEXT = 0.98  # the same under different titles: results and forecasts differ in few words
RELATED_TEXT = 0.3  # below this, two texts under different titles are about different things
MIN_WORDS = 20  # in a text that says by itself which article it is
_SAME_DAY = timedelta(days=1)
T = TypeVar("T")
_MAX_COMPARED = 8  # of the articles that claim one address


@dataclass(frozen=True, slots=True)
class Claim:
    """An address that an item's page says is its own.

    Attributes:
        key: of the address.
        url: as it would be published.
    """

    key: str
    url: str


@dataclass(frozen=True, slots=True)
class ItemKeys:
    """The keys of an item within the list that it stands in.

    Attributes:
        key: what the store knows it by: its address, or what tells it apart from others of that
            address.
        guid: the key of its guid; "" if it has none, or none of its own.
        exact: sessions and fragments in its address belong to it.
        shares_page: other items lead to the same page, so that the page cannot be its text.
    """

    key: str
    guid: str = ""
    exact: bool = False
    shares_page: bool = False


@dataclass(frozen=True, slots=True)
class ExtractedItem:
    """An article that has just been read.

    Attributes:
        keys: every key that it is listed under, the one to make an id of first.
        rank: its position among all that is listed.
        source: the key of the source that lists it.
        listed_first: the source's title, date and authors go before the page's (a feed knows its
            own entries).
        own_page: True for an article without an address of its own.
        stem: the stem of a saved article's file.
        claims: what its page claims, the address after redirects before the canonical one.
        moved_from: the id of the entry that it was under another address; "" if that is not known.
        exact: sessions and fragments in its address belong to it.
    """

    item: Item
    article: Article
    keys: tuple[str, ...]
    rank: int
    source: str
    listed_first: bool = False
    own_page: bool = False
    stem: str = ""
    claims: tuple[Claim, ...] = ()
    moved_from: str = ""
    exact: bool = False

    @property
    def title(self) -> str:
        """What its entry is called."""
        return self.prefer(self.item.title, self.article.title)

    @property
    def published(self) -> datetime | None:
        """When it was published, as far as anybody says."""
        return self.prefer(self.item.published, self.article.published)

    def prefer(self, listed: T, read: T) -> T:
        """Return what the source says or what the page says, whichever goes first and says anything."""
        return (listed or read) if self.listed_first else (read or listed)


@dataclass(slots=True)
class ExistingEntries:
    """What a feed holds so far, as far as arrivals touch it.

    Attributes:
        aliases: key → its entry, for the keys that arrived and were claimed.
        entries: id → entry, for those ids.
        moments: every `updated` that an entry of the feed has; no two share one.
        slugs: every stem of an own page in use.
        guids: id → the keys of the guids that lead to the entry.
        sources: the keys of the sources that the feed has now; entries of others belong to nobody.
    """

    aliases: dict[str, Alias] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    update_times: set[datetime] = field(default_factory=set)
    slugs: set[str] = field(default_factory=set)
    guids: dict[str, set[str]] = field(default_factory=dict)
    sources: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """The entry that an arrival is.

    Attributes:
        entry: as it is stored.
        may_change: what arrived replaces what the entry says.
        kind: of the aliases that the arrival's own keys get.
    """

    entry: Entry
    may_change: bool = True
    kind: AliasKind = AliasKind.OWN


# --- the items of one list ---


def assign_keys(items: Sequence[Item], source: str) -> list[ItemKeys]:
    """Return the keys of the items that one source lists, in their order; those of saved articles are not made here.

    Args:
        items: as the source lists them.
        source: its key.
    """
    guids = _own_guids(items)
    groups: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        if item.url:
            groups[url_key(item.url)].append(place)
    found = [
        ItemKeys(
            _key_without_address(item, source),
            guid_key(item.guid, source) if item.guid in guids else "",
        )
        for item in items
    ]
    for key, places in groups.items():
        for place, (own, exact) in _tell_apart(key, places, items, found).items():
            found[place] = replace(found[place], key=own, exact=exact)
    pages: dict[str, set[str]] = defaultdict(set)
    for item, keys in zip(items, found, strict=True):
        if item.url:
            pages[urldefrag(item.url)[0]].add(keys.key)
    return [
        replace(keys, shares_page=len(pages[urldefrag(item.url)[0]]) > 1) if item.url else keys
        for item, keys in zip(items, found, strict=True)
    ]


def _own_guids(items: Iterable[Item]) -> set[str]:
    """Return the guids that belong to one article: some feeds give all their items the same."""
    articles: dict[str, set[object]] = defaultdict(set)
    for item in items:
        articles[item.guid].add(url_key(item.url) if item.url else _signature(item))
    return {guid for guid, addresses in articles.items() if guid and len(addresses) == 1}


def _key_without_address(item: Item, source: str) -> str:
    if item.guid:
        return guid_key(item.guid, source)
    if item.enclosures:
        return enclosure_key(item.enclosures[0].url)
    date = item.published or item.updated
    return content_key(source, item.title, date.isoformat() if date else item.summary or item.html)


def _signature(item: Item) -> tuple[object, ...]:
    """Return what differs between two articles that share an address."""
    return (tuple(significant_words(item.title)), item.enclosures[:1])


def _tell_apart(
    key: str, places: Sequence[int], items: Sequence[Item], found: Sequence[ItemKeys]
) -> dict[int, tuple[str, bool]]:
    """Return the key of each item of one address, and whether it is exact."""
    if len({_signature(items[place]) for place in places}) == 1:
        return dict.fromkeys(places, (key, False))
    by_address: dict[str, list[int]] = defaultdict(list)
    for place in places:
        by_address[url_key(items[place].url or "", exact=True)].append(place)
    exact = len(by_address) > 1 and _are_distinct(
        [{_signature(items[p]) for p in own} for own in by_address.values()]
    )
    keys: dict[int, tuple[str, bool]] = {}
    for address, own in by_address.items():
        base = (address, True) if exact else (key, False)
        signatures = {_signature(items[place]) for place in own}
        tokens = {place: found[place].guid or _enclosure_of(items[place]) for place in own}
        apart = len(signatures) > 1 and all(tokens.values()) and len(set(tokens.values())) > 1
        keys |= {place: (tokens[place], exact) if apart else base for place in own}
    return keys


def _enclosure_of(item: Item) -> str:
    return enclosure_key(item.enclosures[0].url) if item.enclosures else ""


def _are_distinct(groups: Sequence[set[tuple[object, ...]]]) -> bool:
    """Return True if no two groups have a signature in common."""
    return sum(map(len, groups)) == len(set().union(*groups))


# --- what arrived, and what is known ---


def find_match(arrival: ExtractedItem, known: ExistingEntries) -> Match | None:
    """Return the entry that an arrival is, by the first rule that leads to one.

    None for a new article.
    """
    return (
        _by_own_keys(arrival, known)
        or _by_move(arrival, known)
        or next(filter(None, (_by_claim(claim, arrival, known) for claim in arrival.claims)), None)
    )


def _by_own_keys(arrival: ExtractedItem, known: ExistingEntries) -> Match | None:
    for key in arrival.keys:
        alias, entry = _lookup(key, known)
        if alias is None or entry is None:
            continue
        if alias.kind is AliasKind.OWN:
            if _is_still(entry, key, arrival, known):
                return Match(entry, may_change=_belongs_to(entry, arrival, known))
        elif is_same_article(entry, arrival):
            if (
                alias.kind is AliasKind.CLAIMED
            ):  # who lists an address goes before who only claims it
                return Match(entry)
            return Match(entry, may_change=False, kind=AliasKind.FOLLOWS)
    return None


def _by_move(arrival: ExtractedItem, known: ExistingEntries) -> Match | None:
    entry = known.entries.get(arrival.moved_from)
    return Match(entry, may_change=_belongs_to(entry, arrival, known)) if entry else None


def _by_claim(claim: Claim, arrival: ExtractedItem, known: ExistingEntries) -> Match | None:
    alias, entry = _lookup(claim.key, known)
    if alias is None or entry is None or claim.key in arrival.keys:
        return None
    if not is_same_article(entry, arrival):
        return None
    if alias.kind is not AliasKind.OWN and _differ_in_query_alone(
        entry.url, arrival.item.url or ""
    ):
        return Match(entry, may_change=_belongs_to(entry, arrival, known))
    return Match(entry, may_change=False, kind=AliasKind.FOLLOWS)


def _lookup(key: str, known: ExistingEntries) -> tuple[Alias | None, Entry | None]:
    alias = known.aliases.get(key)
    return alias, known.entries.get(alias.entry) if alias else None


def _belongs_to(entry: Entry, arrival: ExtractedItem, known: ExistingEntries) -> bool:
    return entry.source in ("", arrival.source) or entry.source not in known.sources


def _is_still(entry: Entry, key: str, arrival: ExtractedItem, known: ExistingEntries) -> bool:
    """Return False if a key that once led to an entry is used for another article now.

    A guid leads to its entry unless link, title, date and text are all another article's. A link
    leads to its entry unless the feed calls the entry by another guid and nothing else agrees.
    """
    guids = known.guids.get(entry.id, set())
    same_title = significant_words(entry.title) == significant_words(arrival.title)
    if key in guids:
        return (
            same_title
            or _is_at_same_address(entry, arrival)
            or _is_dated(entry, arrival)
            or is_related(entry, arrival)
        )
    own = next(filter(is_guid_key, arrival.keys), "")
    if not own or own in guids or not any(_are_of_one_feed(own, other) for other in guids):
        return True
    if arrival.published and not _is_dated(entry, arrival):
        return same_title and is_related(entry, arrival)
    return same_title or is_related(entry, arrival)


def _is_at_same_address(entry: Entry, arrival: ExtractedItem) -> bool:
    listed = arrival.item.url
    return bool(listed and entry.url) and url_key(listed or "") == url_key(entry.url)


def _are_of_one_feed(guid: str, other: str) -> bool:
    return guid.split(":", 2)[:2] == other.split(":", 2)[:2]


def _is_dated(entry: Entry, arrival: ExtractedItem) -> bool:
    return arrival.published is not None and entry.published == arrival.published.replace(
        microsecond=0
    )


def is_related(entry: Entry, arrival: ExtractedItem) -> bool:
    """Return True if an arrival has so much of an entry's text that it may be a later state of it."""
    return (
        overlap(significant_words(entry.text), significant_words(arrival.article.text))
        >= RELATED_TEXT
    )


def is_same_article(entry: Entry, arrival: ExtractedItem) -> bool:
    """Return True if title and text of an arrival are those of an entry, whatever their addresses."""
    return _says_the_same(
        (entry.title, entry.text, entry.image),
        (arrival.title, arrival.article.text, arrival.article.image),
    )


def is_dated_alike(entry: Entry, arrival: ExtractedItem) -> bool:
    """Return True unless both are dated, a day or more apart.

    A daily column has one title and many dates.
    """
    if arrival.published is None or entry.published == entry.first_seen:
        return True
    return abs(entry.published - arrival.published) < _SAME_DAY


def _says_the_same(one: tuple[str, str, str | None], other: tuple[str, str, str | None]) -> bool:
    (title, text, image), (other_title, other_text, other_image) = one, other
    old, new = significant_words(text), significant_words(other_text)
    same_title = significant_words(title) == significant_words(other_title)
    if min(len(old), len(new)) >= MIN_WORDS:
        forth, back = overlap(old, new), overlap(new, old)
        return min(forth, back) >= EQUAL_TEXT or (same_title and max(forth, back) >= SAME_TEXT)
    if not same_title:
        return False
    if old == new:
        return image == other_image
    shorter, longer = sorted((old, new), key=len)
    return bool(shorter) and overlap(shorter, longer) >= SAME_TEXT


def _differ_in_query_alone(one: str, other: str) -> bool:
    ours, theirs = urlsplit(one), urlsplit(other)
    return (ours.hostname, ours.path.rstrip("/")) == (theirs.hostname, theirs.path.rstrip("/"))


# --- claims ---


def drop_false_claims(
    arrivals: Sequence[ExtractedItem], listings: Collection[str]
) -> list[ExtractedItem]:
    """Return the arrivals without the claims that cannot be true.

    Args:
        arrivals: of one run.
        listings: the keys of the addresses of the feed's sources.
    """
    claimants: dict[str, list[ExtractedItem]] = defaultdict(list)
    for arrival in arrivals:
        for key in {claim.key for claim in arrival.claims} | set(arrival.keys):
            claimants[key].append(arrival)

    def is_plausible(claim: Claim, arrival: ExtractedItem) -> bool:
        if claim.key in arrival.keys:
            return True
        address = urlsplit(claim.url)
        if claim.key in listings or (address.path in ("", "/") and not address.query):
            return False
        others = islice(
            (other for other in claimants[claim.key] if other is not arrival), _MAX_COMPARED
        )
        return all(_agree(arrival, other) for other in others)

    return [
        replace(
            arrival, claims=tuple(claim for claim in arrival.claims if is_plausible(claim, arrival))
        )
        for arrival in arrivals
    ]


def _agree(one: ExtractedItem, other: ExtractedItem) -> bool:
    return _says_the_same(
        (one.title, one.article.text, one.article.image),
        (other.title, other.article.text, other.article.image),
    )


def keep_true_claims(
    arrival: ExtractedItem, match: Match | None, aliases: Mapping[str, Alias]
) -> ExtractedItem:
    """Return the arrival without the claims of addresses that belong to another entry than the one that it is."""

    def is_true(claim: Claim) -> bool:
        alias = aliases.get(claim.key)
        return alias is None or (match is not None and alias.entry == match.entry.id)

    return replace(arrival, claims=tuple(filter(is_true, arrival.claims)))


def publication_url(arrival: ExtractedItem) -> str:
    """Return the address that an arrival's entry is published with: "" for one that has a page of its own.

    It is the last of its claims, else the listed address.
    """
    if arrival.own_page:
        return ""
    address = arrival.claims[-1].url if arrival.claims else arrival.item.url or ""
    return strip_tracking(address, exact=arrival.exact)

"""Decide which entry an item is, and which claims of pages to ignore.

An item of a source is an existing entry by the first of these rules that finds one:

1. Its **guid**, within its own feed. It is ignored if several items of the feed share it, or if the
   item has another link than the entry and nothing else in common with it.
2. Its **listed address**, compared by `article_keys.url_key`. If a feed gives several items one
   address, they are distinguished by the differences in their addresses, else by guid, else by
   media file. An entry with another guid of the same feed is the same only if title or text agree.
3. A **move**: an article of the same source is not listed any more, and its address redirects to
   the listed one, or is gone while title and text agree (`moved_articles`).
4. A **claim** of its page: the address after redirects, then the canonical link. A claim identifies
   an entry only if the texts agree. It is ignored if it names the listing, a home page, another
   site (checked by the cleaner), or an address that several listed articles with different texts
   claim.

5. Its **story**: the text is nearly that of a recent entry (`similar`), for instance because both
   are copies of one agency's text. The entry shows the fullest version and links to the others.

An entry belongs to the source that listed it first. Only an item of that source, identified by
guid, listed address or move, changes its content. Another source takes the entry over if the owner
has been removed from the config, or if it lists the address that the owner's item only claimed. A
claim never changes an entry whose address was listed. A copy of a story changes the entry if it is
fuller than the version that the entry shows, which then belongs to the copy's source.

The functions work on the data passed to them; nothing is read or written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import islice
from typing import NamedTuple, TypeVar
from urllib.parse import urldefrag, urlsplit

from feedpub.builder.similar import Story, StoryIndex, is_fuller, media_addresses
from feedpub.builder.text_compare import overlap, significant_words
from feedpub.core.article_keys import (
    WATCH_PREFIX,
    content_key,
    enclosure_key,
    guid_key,
    is_guid_key,
    strip_tracking,
    url_key,
)
from feedpub.core.dates import with_time_of_day
from feedpub.core.models import Alias, AliasKind, Article, Entry, Item

MIN_SAME_OVERLAP = 0.9  # of two versions of one article
MIN_EQUAL_OVERLAP = 0.98  # if titles differ: results and forecasts differ in few words
MIN_RELATED_OVERLAP = 0.3  # if titles differ, texts with less are about different subjects
MIN_WORDS = 20  # of a text that identifies an article without its title
_MAX_COMPARED = 8  # articles that claim one address
_SAME_DAY = timedelta(days=1)
T = TypeVar("T")


# --- data ---


@dataclass(frozen=True, slots=True)
class Claim:
    """An address that an item's page states as its own.

    Attributes:
        key: its key.
        url: the address as it would be published.
    """

    key: str
    url: str


@dataclass(frozen=True, slots=True)
class ItemKeys:
    """The keys of an item within its listing.

    Attributes:
        key: identifies it in the store: its address, or the detail that distinguishes it from
            others with that address.
        guid: the key of its guid; "" if it has none, or shares it.
        exact: session ids and fragments in its address are significant.
        shares_page: other items link to the same page, so the page cannot be its text.
    """

    key: str
    guid: str = ""
    exact: bool = False
    shares_page: bool = False


@dataclass(frozen=True, slots=True)
class ExtractedItem:
    """An item whose article has just been extracted.

    Attributes:
        item: as listed.
        article: as extracted.
        keys: every key that it is listed under; its id is made from the first.
        rank: its position in the listing.
        source: the key of the source that lists it.
        listed_first: title, date and authors of the listing take precedence over the page's.
        own_page: the article has no address of its own.
        stem: the stem of a saved article's file.
        claims: of its page, the address after redirects before the canonical one.
        moved_from: the id of its entry under a former address; "" if unknown.
        exact: session ids and fragments in its address are significant.
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
        """The title of its entry; "" for a post without one.

        A feed that gives a text but no title has posts without titles. The titles of their pages
        name the author or the site. The name of the site is not a title.
        """
        if self.listed_first and not self.item.title and (self.item.html or self.item.summary):
            return ""
        title = self.article.title
        is_site_name = bool(self.article.site) and title == self.article.site
        return self.prefer(self.item.title, "" if is_site_name else title)

    @property
    def published(self) -> datetime | None:
        """The time of publication, if known: to the second if the listing or the page states it.

        The listing's date of an update comes before the page's date, but not for sitemaps. Any date
        of publication comes before the page's date of an update.
        """
        item, article = self.item, self.article
        listed = item.published or (item.updated if self.listed_first else None)
        stated = article.published
        if stated == article.updated and item.published:
            stated = item.published
        date = self.prefer(listed, stated) or item.updated
        return with_time_of_day(date, (item.published, article.published))

    def prefer(self, listed: T, extracted: T) -> T:
        """Return the value of the listing or the page: the preferred one, unless it is empty."""
        return (listed or extracted) if self.listed_first else (extracted or listed)


@dataclass(slots=True)
class ExistingEntries:
    """The entries of a feed that the items of a run may be.

    Attributes:
        aliases: key → its entry, for the listed and claimed keys.
        entries: id → entry, for those ids.
        update_times: every `updated` of the feed's entries; no two share one.
        slugs: every slug of an article's page in use.
        guids: id → the keys of the guids that identify the entry.
        sources: the keys of the configured sources; entries of others have no owner.
        stories: the recent entries by their texts; None if similar ones are not merged.
    """

    aliases: dict[str, Alias] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    update_times: set[datetime] = field(default_factory=set)
    slugs: set[str] = field(default_factory=set)
    guids: dict[str, set[str]] = field(default_factory=dict)
    sources: Collection[str] = ()
    stories: StoryIndex | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The existing entry that an item is.

    Attributes:
        entry: as stored.
        may_change: the item's content replaces the entry's.
        kind: of the aliases for the item's own keys.
        is_copy: the item is another version of the story than the one that the entry shows.
    """

    entry: Entry
    may_change: bool = True
    kind: AliasKind = AliasKind.OWN
    is_copy: bool = False


# --- the keys of a listing's items ---

_Signature = tuple[object, ...]


class _AddressKey(NamedTuple):
    key: str
    exact: bool


def assign_keys(items: Sequence[Item], source: str, *, exact: bool = False) -> list[ItemKeys]:
    """Return the keys of the items in a listing, in its order.

    Args:
        items: as listed. Saved articles have other keys, which are not made here.
        source: the key of the source.
        exact: the items are places on one page: the fragment is part of each address.
    """
    unique_guids = _unique_guids(items)
    places_by_url: dict[str, list[int]] = defaultdict(list)
    keys = []
    for place, item in enumerate(items):
        guid = guid_key(item.guid, source) if item.guid in unique_guids else ""
        keys.append(ItemKeys(_key_without_address(item, source), guid))
        if item.url:
            places_by_url[url_key(item.url, exact=exact)].append(place)
    for url, places in places_by_url.items():
        for place, (key, is_exact) in _distinguish(url, places, items, keys).items():
            keys[place] = replace(keys[place], key=key, exact=exact or is_exact)
    keys_by_page: dict[str, set[str]] = defaultdict(set)
    for item, item_keys in zip(items, keys, strict=True):
        if item.url:
            keys_by_page[urldefrag(item.url)[0]].add(item_keys.key)
    for place, item in enumerate(items):
        if item.url and len(keys_by_page[urldefrag(item.url)[0]]) > 1:
            keys[place] = replace(keys[place], shares_page=True)
    return keys


def _unique_guids(items: Iterable[Item]) -> set[str]:
    """Return the guids that identify one article: some feeds use one for all their items."""
    articles: dict[str, set[object]] = defaultdict(set)
    for item in items:
        articles[item.guid].add(url_key(item.url) if item.url else _signature(item))
    return {guid for guid, identities in articles.items() if guid and len(identities) == 1}


def _key_without_address(item: Item, source: str) -> str:
    if item.guid:
        return guid_key(item.guid, source)
    if item.enclosures:
        return enclosure_key(item.enclosures[0].url)
    date = item.published or item.updated
    text = item.summary or item.html or item.image or ""
    if date and (item.title or date.time() != time()):
        return content_key(source, item.title, date.isoformat())
    return content_key(source, item.title, text)


def _signature(item: Item) -> _Signature:
    """Return the data that differ between two articles with one address."""
    words = significant_words(item.title)
    if not words:  # a post
        words = [item.guid] if item.guid else significant_words(item.summary or item.html)
    return (tuple(words), item.enclosures[:1])


def _distinguish(
    url: str, places: Sequence[int], items: Sequence[Item], keys: Sequence[ItemKeys]
) -> dict[int, _AddressKey]:
    """Return a key for each item of one address, by its place in the listing.

    Args:
        url: the key of the address.
        places: of the items with that address.
        items: all items of the listing.
        keys: of all items, with their guids.
    """
    if len({_signature(items[place]) for place in places}) == 1:
        return dict.fromkeys(places, _AddressKey(url, exact=False))
    places_by_exact_url: dict[str, list[int]] = defaultdict(list)
    for place in places:
        places_by_exact_url[url_key(items[place].url or "", exact=True)].append(place)
    signatures = {}
    for exact_url, group in places_by_exact_url.items():
        signatures[exact_url] = {_signature(items[place]) for place in group}
    exact = len(signatures) > 1 and _are_disjoint(signatures.values())
    distinct: dict[int, _AddressKey] = {}
    for exact_url, group in places_by_exact_url.items():
        shared = _AddressKey(exact_url, exact=True) if exact else _AddressKey(url, exact=False)
        details = {place: keys[place].guid or _detail_key(items[place], url) for place in group}
        distinguishes = all(details.values()) and len(set(details.values())) > 1
        if len(signatures[exact_url]) > 1 and distinguishes:
            for place, detail in details.items():
                distinct[place] = _AddressKey(detail, exact)
        else:
            distinct |= dict.fromkeys(group, shared)
    return distinct


def _detail_key(item: Item, url: str) -> str:
    """Return a key that distinguishes an item of a shared address; "" if there is none."""
    if item.enclosures:
        return enclosure_key(item.enclosures[0].url)
    text = item.summary or item.html
    return content_key(url, text) if text and not item.title else ""


def _are_disjoint(groups: Collection[set[_Signature]]) -> bool:
    return sum(map(len, groups)) == len(set().union(*groups))


# --- the entry of an item ---


def find_match(extracted: ExtractedItem, existing: ExistingEntries) -> Match | None:
    """Return the existing entry that an item is, or None for a new article."""
    match = _match_own_keys(extracted, existing) or _match_move(extracted, existing)
    if match:
        return match
    for claim in extracted.claims:
        if match := _match_claim(claim, extracted, existing):
            return match
    return _match_story(extracted, existing)


def _match_own_keys(extracted: ExtractedItem, existing: ExistingEntries) -> Match | None:
    for key in extracted.keys:
        alias, entry = _lookup(key, existing)
        if alias is None or entry is None:
            continue
        if alias.kind is AliasKind.OWN:
            if _is_still_identified(entry, key, extracted, existing):
                if _is_shown_elsewhere(entry, extracted):
                    return _match_copy(entry, extracted, existing)
                return Match(entry, may_change=_may_change(entry, extracted, existing))
        elif alias.kind is AliasKind.SIMILAR:
            if _is_still_similar(entry, extracted):
                return _match_copy(entry, extracted, existing)
        elif is_same_article(entry, extracted):
            # Listing an address takes precedence over claiming it.
            if alias.kind is AliasKind.CLAIMED:
                return Match(entry)
            return Match(entry, may_change=False, kind=AliasKind.FOLLOWS)
    return None


def _match_move(extracted: ExtractedItem, existing: ExistingEntries) -> Match | None:
    entry = existing.entries.get(extracted.moved_from)
    if entry is None:
        return None
    return Match(entry, may_change=_may_change(entry, extracted, existing))


def _match_claim(claim: Claim, extracted: ExtractedItem, existing: ExistingEntries) -> Match | None:
    alias, entry = _lookup(claim.key, existing)
    if alias is None or entry is None or claim.key in extracted.keys:
        return None
    if not is_same_article(entry, extracted):
        return None
    listed = extracted.item.url or ""
    if alias.kind is not AliasKind.OWN and _differ_in_query_only(entry.url, listed):
        return Match(entry, may_change=_may_change(entry, extracted, existing))
    return Match(entry, may_change=False, kind=AliasKind.FOLLOWS)


def _match_story(extracted: ExtractedItem, existing: ExistingEntries) -> Match | None:
    """Return the recent entry with the same story as an item that has an address."""
    if existing.stories is None or not has_address(extracted):
        return None
    story = story_of_item(extracted, existing.stories.now)
    entry = existing.entries.get(existing.stories.find(story))
    return _match_copy(entry, extracted, existing) if entry else None


def _match_copy(entry: Entry, extracted: ExtractedItem, existing: ExistingEntries) -> Match:
    """Return the match of a version that the entry does not show; a fuller one takes it over."""
    old, new = entry, extracted.article
    fuller = is_fuller(new.text, old.text) if new.complete == old.complete else new.complete
    if fuller or (entry.source not in existing.sources and new.complete):
        return Match(entry, is_copy=True)
    kind = AliasKind.OWN if _is_shown_elsewhere(entry, extracted) else AliasKind.SIMILAR
    return Match(entry, may_change=False, kind=kind, is_copy=True)


def _is_shown_elsewhere(entry: Entry, extracted: ExtractedItem) -> bool:
    """Return True if the entry links to the item's version of the story, and shows another one."""
    key = url_key(publication_url(extracted)) if has_address(extracted) else ""
    return any(url_key(link.url) == key for link in entry.also_at)


def _is_still_similar(entry: Entry, extracted: ExtractedItem) -> bool:
    """Return True if a version of a story did not become a different article since."""
    same_title = significant_words(entry.title) == significant_words(extracted.title)
    if same_title or not extracted.article.complete or is_related(entry, extracted):
        return True
    old, new = significant_words(entry.text), significant_words(extracted.article.text)
    return overlap(new, old) >= MIN_RELATED_OVERLAP


def _lookup(key: str, existing: ExistingEntries) -> tuple[Alias | None, Entry | None]:
    alias = existing.aliases.get(key)
    return alias, existing.entries.get(alias.entry) if alias else None


def _may_change(entry: Entry, extracted: ExtractedItem, existing: ExistingEntries) -> bool:
    """Return True if the entry belongs to the item's source, or to none."""
    return entry.source in ("", extracted.source) or entry.source not in existing.sources


def _is_still_identified(
    entry: Entry, key: str, extracted: ExtractedItem, existing: ExistingEntries
) -> bool:
    """Return False if the key of an entry is used for another article now.

    A guid identifies its entry unless link, title, date and text all differ. A link identifies its
    entry unless the feed gives the item another guid and nothing else agrees.
    """
    guids = existing.guids.get(entry.id, set())
    same_title = significant_words(entry.title) == significant_words(extracted.title)
    if key in guids:
        return (
            same_title
            or _has_same_address(entry, extracted)
            or _has_same_date(entry, extracted)
            or is_related(entry, extracted)
        )
    guid = next(filter(is_guid_key, extracted.keys), "")
    if not guid or guid in guids or not any(_are_of_one_feed(guid, other) for other in guids):
        return True
    if extracted.published and not _has_same_date(entry, extracted):
        return same_title and is_related(entry, extracted)
    return same_title or is_related(entry, extracted)


def _has_same_address(entry: Entry, extracted: ExtractedItem) -> bool:
    listed = extracted.item.url
    if not listed or not entry.url:
        return False
    return url_key(listed) == url_key(entry.url)


def _are_of_one_feed(guid: str, other: str) -> bool:
    return guid.split(":", 2)[:2] == other.split(":", 2)[:2]


def _has_same_date(entry: Entry, extracted: ExtractedItem) -> bool:
    published = extracted.published
    return published is not None and entry.published == published.replace(microsecond=0)


# --- texts ---


def is_related(entry: Entry, extracted: ExtractedItem) -> bool:
    """Return True if an item shares enough of an entry's text to be a later version of it."""
    old, new = significant_words(entry.text), significant_words(extracted.article.text)
    return overlap(old, new) >= MIN_RELATED_OVERLAP


def is_same_article(entry: Entry, extracted: ExtractedItem) -> bool:
    """Return True if title and text of an item are those of an entry, whatever their addresses."""
    return _are_same(_Content(entry.title, entry.text, entry.image), _content_of(extracted))


def is_dated_alike(entry: Entry, extracted: ExtractedItem) -> bool:
    """Return False if both are dated, and a day or more apart.

    The articles of a daily column have one title and different dates.
    """
    if extracted.published is None or entry.published == entry.first_seen:
        return True
    return abs(entry.published - extracted.published) < _SAME_DAY


class _Content(NamedTuple):
    title: str
    text: str
    image: str | None


def _content_of(extracted: ExtractedItem) -> _Content:
    return _Content(extracted.title, extracted.article.text, extracted.article.image)


def _are_same(one: _Content, other: _Content) -> bool:
    old, new = significant_words(one.text), significant_words(other.text)
    same_title = significant_words(one.title) == significant_words(other.title)
    if min(len(old), len(new)) >= MIN_WORDS:
        forth, back = overlap(old, new), overlap(new, old)
        if min(forth, back) >= MIN_EQUAL_OVERLAP:
            return True
        return same_title and max(forth, back) >= MIN_SAME_OVERLAP
    if not same_title:
        return False
    if old == new:
        return one.image == other.image
    shorter, longer = sorted((old, new), key=len)
    return bool(shorter) and overlap(shorter, longer) >= MIN_SAME_OVERLAP


def _differ_in_query_only(one: str, other: str) -> bool:
    ours, theirs = urlsplit(one), urlsplit(other)
    return (ours.hostname, ours.path.rstrip("/")) == (theirs.hostname, theirs.path.rstrip("/"))


# --- stories ---


def has_address(extracted: ExtractedItem) -> bool:
    """Return True if the item has an address of its own; changes of a page share the page's."""
    is_change = extracted.keys[0].startswith(WATCH_PREFIX)
    return not extracted.own_page and extracted.item.path is None and not is_change


def story_of_item(extracted: ExtractedItem, now: datetime) -> Story:
    """Return what an item is compared by."""
    return Story(
        id="",
        url=publication_url(extracted),
        title=extracted.title,
        text=extracted.article.text,
        published=extracted.published or now,
        media=media_addresses(extracted.item.enclosures),
    )


def story_of_entry(entry: Entry) -> Story:
    """Return what an entry is compared by."""
    media = media_addresses(entry.enclosures)
    return Story(entry.id, entry.url, entry.title, entry.text, entry.published, media)


# --- claims ---


def drop_false_claims(
    items: Sequence[ExtractedItem], listings: Collection[str]
) -> list[ExtractedItem]:
    """Return the items without claims that cannot be true.

    Args:
        items: of one run.
        listings: the keys of the addresses of the feed's sources.
    """
    claimants: dict[str, list[ExtractedItem]] = defaultdict(list)
    for extracted in items:
        for key in {claim.key for claim in extracted.claims} | set(extracted.keys):
            claimants[key].append(extracted)
    checked = []
    for extracted in items:
        plausible = [
            claim
            for claim in extracted.claims
            if claim.key in extracted.keys
            or _is_plausible(claim, extracted, claimants[claim.key], listings)
        ]
        checked.append(replace(extracted, claims=tuple(plausible)))
    return checked


def _is_plausible(
    claim: Claim,
    extracted: ExtractedItem,
    claimants: Iterable[ExtractedItem],
    listings: Collection[str],
) -> bool:
    """Return False if the claim is a listing, a home page, or claimed by a different article."""
    address = urlsplit(claim.url)
    if claim.key in listings or (address.path in ("", "/") and not address.query):
        return False
    content = _content_of(extracted)
    others = (other for other in claimants if other is not extracted)
    return all(_are_same(content, _content_of(other)) for other in islice(others, _MAX_COMPARED))


def keep_true_claims(
    extracted: ExtractedItem, match: Match | None, aliases: Mapping[str, Alias]
) -> ExtractedItem:
    """Return the item without claims of addresses that belong to another entry than its own."""
    entry_id = match.entry.id if match else None
    true_claims = []
    for claim in extracted.claims:
        alias = aliases.get(claim.key)
        if alias is None or alias.entry == entry_id:
            true_claims.append(claim)
    return replace(extracted, claims=tuple(true_claims))


def publication_url(extracted: ExtractedItem) -> str:
    """Return the address that an item's entry is published with; "" if it has a page of its own.

    It is the last claim, else the listed address.
    """
    if extracted.own_page:
        return ""
    address = extracted.claims[-1].url if extracted.claims else extracted.item.url or ""
    return strip_tracking(address, exact=extracted.exact)

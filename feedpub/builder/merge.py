"""Merge extracted items into a feed's entries: decide which entries are new or changed.

An entry takes over everything that its article states now, except the fields that are frozen: id,
first_seen, published and, for a saved article, the slug of its page. `updated` changes only if
words have changed: readers show an entry again when it does, which better markup, images or
summaries do not justify. Nor does text that the cleaner now removes, or a link to another version
of the story.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from feedpub.builder.ids import new_entry_id, page_slug
from feedpub.builder.matching import (
    ExistingEntries,
    ExtractedItem,
    Match,
    find_match,
    keep_true_claims,
    publication_url,
    story_of_entry,
)
from feedpub.builder.text_compare import lasting_words, significant_words
from feedpub.core import article_keys
from feedpub.core.field_limits import MAX_NAME_CHARS
from feedpub.core.models import Alias, AliasKind, Entry, Removed, StoryLink
from feedpub.core.text import shorten
from feedpub.core.urls import bare_host_from_url

_ANY_TIME = datetime.min.replace(tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MAX_STORY_LINKS = 20


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The changes to store.

    Attributes:
        entries: new and changed entries.
        aliases: key → its entry, for keys that are new or have another entry now.
        new: the number of new entries.
        updated: the number of entries whose words changed.
        ids: for each item in turn, the id of its entry; "" if the item does not change it.
    """

    entries: tuple[Entry, ...]
    aliases: Mapping[str, Alias]
    new: int
    updated: int
    ids: tuple[str, ...] = ()


def merge_items(
    feed: str,
    base_url: str,
    existing: ExistingEntries,
    items: Iterable[ExtractedItem],
    now: datetime,
) -> MergeResult:
    """Merge items into a feed.

    Args:
        feed: the feed's name.
        base_url: for the ids of new entries.
        existing: the entries of the feed. It is updated with each item, so do not use it again.
        items: in the order of their listing.
        now: the current time.
    """
    now = now.replace(microsecond=0)
    changed: dict[str, Entry] = {}
    new: set[str] = set()
    updated: set[str] = set()
    aliases: dict[str, Alias] = {}
    ids: list[str] = []
    for candidate in items:
        match = find_match(candidate, existing)
        extracted = _with_publication_url(keep_true_claims(candidate, match, existing.aliases))
        if match is None:
            entry = _new_entry(feed, base_url, extracted, existing, now)
            new.add(entry.id)
            for other in _unlink_story(extracted, existing):
                changed[other.id] = existing.entries[other.id] = other
        else:
            entry = match.entry
            if match.may_change and entry.id in new:
                entry = apply_article(entry, extracted)  # its dates are as of this run already
            elif match.may_change:
                entry = _update_entry(match.entry, extracted, existing, now)
            if match.is_copy:
                entry = replace(entry, also_at=_link_story(match.entry, entry, extracted))
            if entry.updated != match.entry.updated and entry.id not in new:
                updated.add(entry.id)
        if match is None or entry != match.entry:
            changed[entry.id] = entry
        item_aliases = _aliases(extracted, match, entry, existing)
        aliases |= item_aliases
        existing.aliases |= item_aliases
        existing.entries[entry.id] = entry
        if existing.stories is not None and (match is None or entry.text != match.entry.text):
            existing.stories.add(story_of_entry(entry))
        _add_guids(extracted, entry, existing)
        ids.append(entry.id if match is None or match.may_change else "")
    return MergeResult(tuple(changed.values()), aliases, len(new), len(updated), tuple(ids))


def _with_publication_url(extracted: ExtractedItem) -> ExtractedItem:
    url = publication_url(extracted)
    article = replace(extracted.article, url=url or None)
    return replace(extracted, article=article, own_page=extracted.own_page or not url)


# --- aliases ---


def _aliases(
    extracted: ExtractedItem, match: Match | None, entry: Entry, existing: ExistingEntries
) -> dict[str, Alias]:
    """Return the keys that identify the entry from now on.

    A key that a source lists for another entry keeps that entry.
    """
    kind = match.kind if match else AliasKind.OWN
    aliases = {key: Alias(entry.id, kind) for key in extracted.keys if not _is_taken(key, existing)}
    if match is None and not aliases:
        aliases = {extracted.keys[0]: Alias(entry.id)}
    if kind is AliasKind.OWN:
        claimed = {claim.key for claim in extracted.claims} - existing.aliases.keys()
        aliases = dict.fromkeys(claimed, Alias(entry.id, AliasKind.CLAIMED)) | aliases
    return aliases


def _is_taken(key: str, existing: ExistingEntries) -> bool:
    return key in existing.aliases and existing.aliases[key].kind is AliasKind.OWN


def _add_guids(extracted: ExtractedItem, entry: Entry, existing: ExistingEntries) -> None:
    guids = existing.guids.setdefault(entry.id, set())
    for key in extracted.keys:
        if article_keys.is_guid_key(key) and existing.aliases[key].entry == entry.id:
            guids.add(key)


# --- versions of a story ---


def _link_story(before: Entry, entry: Entry, extracted: ExtractedItem) -> tuple[StoryLink, ...]:
    """Return the links to all versions of a story except the one that its entry shows."""
    article, item = extracted.article, extracted.item
    versions = [
        *before.also_at,
        _make_link(before.url, before.source_name),
        _make_link(article.url or "", item.source_name or article.site or ""),
    ]
    links = {article_keys.url_key(link.url): link for link in versions if link.url}
    links.pop(article_keys.url_key(entry.url), None)
    return tuple(links.values())[:_MAX_STORY_LINKS]


def _make_link(url: str, site: str) -> StoryLink:
    return StoryLink(url, shorten(site, MAX_NAME_CHARS) or bare_host_from_url(url))


def _unlink_story(extracted: ExtractedItem, existing: ExistingEntries) -> list[Entry]:
    """Return the entries that linked to an item, without the links: it is another story now."""
    ids = set()
    for key in extracted.keys:
        alias = existing.aliases.get(key)
        if alias and alias.kind is AliasKind.SIMILAR:
            ids.add(alias.entry)
    unlinked = []
    for id_ in sorted(ids & existing.entries.keys()):
        entry = existing.entries[id_]
        links = [link for link in entry.also_at if link.url != extracted.article.url]
        unlinked.append(replace(entry, also_at=tuple(links)))
    return unlinked


# --- entries ---


def _new_entry(
    feed: str, base_url: str, extracted: ExtractedItem, existing: ExistingEntries, now: datetime
) -> Entry:
    published = _not_in_future(extracted.published, now) or now
    stated = _not_in_future(extracted.article.updated or extracted.item.updated, now) or published
    updated = unique_update_time(max(stated, published), existing.update_times, now)
    slug = page_slug(extracted.title, extracted.stem, existing.slugs) if extracted.own_page else ""
    existing.slugs.add(slug)
    entry = Entry(
        id=new_entry_id(feed, _key_of_new_entry(extracted, existing), base_url, now),
        url="",
        title="",
        first_seen=now,
        # Earlier than published only if all update times from then until now are taken.
        published=min(published, updated),
        updated=updated,
        rank=extracted.rank,
        slug=slug,
    )
    return apply_article(entry, extracted)


def _key_of_new_entry(extracted: ExtractedItem, existing: ExistingEntries) -> str:
    """Return the key that the id is made from: one that no other entry has."""
    for key in extracted.keys:
        if not _is_taken(key, existing):
            return key
    return article_keys.content_key(extracted.keys[0], extracted.title, str(extracted.published))


def _update_entry(
    old: Entry, extracted: ExtractedItem, existing: ExistingEntries, now: datetime
) -> Entry:
    if not extracted.article.complete and old.complete:
        return old  # a teaser never replaces the article
    entry = apply_article(old, extracted)
    if not _words_differ(old, entry, extracted.article.removed):
        return entry
    stated = _not_in_future(extracted.article.updated or extracted.item.updated, now)
    preferred = stated if stated and stated > old.updated else now
    updated = unique_update_time(preferred, existing.update_times, now, after=old.updated)
    return replace(entry, updated=updated)


def apply_article(entry: Entry, extracted: ExtractedItem) -> Entry:
    """Return the entry with everything that its article states, except the frozen fields."""
    article, item = extracted.article, extracted.item
    return replace(
        entry,
        url="" if extracted.own_page and entry.slug else article.url or entry.url,
        title=extracted.title,
        authors=extracted.prefer(item.authors, article.authors),
        summary=article.summary,
        html=article.html,
        text=article.text,
        language=article.language or item.language,
        image=article.image or item.image,
        categories=extracted.prefer(item.categories, article.categories),
        enclosures=item.enclosures,
        complete=article.complete,
        source=extracted.source,
        source_name=item.source_name or article.site or "",
        source_url=item.source_url or _front_page(extracted),
        rights=article.rights or item.rights,
        podcast=item.podcast,
        content_reason=article.content_reason,
    )


def _front_page(extracted: ExtractedItem) -> str:
    """Return the front page of the site whose listing has an item; "" for an item of a feed."""
    url = "" if extracted.listed_first else extracted.item.url
    return urljoin(url, "/") if url else ""


def differs(old: Entry, extracted: ExtractedItem) -> bool:
    """Return True if an item changes the words of an entry."""
    return _words_differ(old, apply_article(old, extracted), extracted.article.removed)


def _words_differ(old: Entry, new: Entry, removed: Iterable[Removed]) -> bool:
    """Return True if the words or files of two versions of an entry differ.

    Args:
        old: the stored version.
        new: the current version.
        removed: the text that the cleaner removed from the current version; it is ignored.
    """
    if significant_words(old.title) != significant_words(new.title):
        return True
    ignored = [line for block in removed for line in block.text.split("\n")]
    if lasting_words(old.text, ignored) != lasting_words(new.text, ignored):
        return True
    return _file_addresses(old) != _file_addresses(new)


def _file_addresses(entry: Entry) -> list[str]:
    return [article_keys.strip_tracking(enclosure.url) for enclosure in entry.enclosures]


# --- times ---


def _not_in_future(time: datetime | None, now: datetime) -> datetime | None:
    """Return a time in full seconds, or None if it is in the future.

    Readers hide entries from the future, or pin them to the top.
    """
    return time.replace(microsecond=0) if time and time <= now else None


def unique_update_time(
    preferred: datetime, taken: set[datetime], now: datetime, after: datetime = _ANY_TIME
) -> datetime:
    """Return a time that no other entry of the feed has, and add it to the taken ones.

    It is the first free second from the preferred time until now, else the last free one before.
    If there is none after `after`, for instance because the clock was set back, it is the first
    free second after that.
    """
    time = _free_second(preferred, taken, now, after)
    taken.add(time)
    return time


def _free_second(
    preferred: datetime, taken: set[datetime], now: datetime, after: datetime
) -> datetime:
    time = preferred
    while time <= now:
        if time > after and time not in taken:
            return time
        time += _SECOND
    time = min(preferred - _SECOND, now)
    while time > after:
        if time not in taken:
            return time
        time -= _SECOND
    time = after + _SECOND
    while time in taken:
        time += _SECOND
    return time

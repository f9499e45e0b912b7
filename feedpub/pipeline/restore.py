"""Restore entries that are published but missing in the store, before a feed runs.

A state that was corrupt, lost or taken from an old backup lacks entries that readers have. The
published documents have their ids and dates, and nearly everything else. For an entry that its
source no longer lists they are the only copy. Usually nothing is missing, and reading one document
shows that.
"""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from feedpub.builder import assemble, entry_html, parse_published
from feedpub.builder.entry_html import PLACEHOLDER, move_addresses
from feedpub.builder.ids import day_from_id, key_digest_from_id
from feedpub.builder.parse_published import UnknownDocumentError
from feedpub.builder.text_compare import significant_words
from feedpub.config import FeedConfig, FolderSource, MailSource, RemoteSource
from feedpub.config.sources import source_key
from feedpub.core import article_keys
from feedpub.core.article_keys import former_url_key, is_guid_key
from feedpub.core.errors import ExtractError, PublishError
from feedpub.core.log import fields
from feedpub.core.models import Alias, AliasKind, Entry
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.publisher import Output
from feedpub.store import Store

_log = logging.getLogger(__name__)

# A text up to this length may be its own summary, which documents do not repeat.
_MAX_SUMMARY_CHARS = 300


@dataclass(frozen=True, slots=True)
class _Document:
    """A published document.

    Attributes:
        entries: its entries, newest first.
        archive: its archive number; None for the live document.
        previous: the address of the archive before it; "" if there is none.
    """

    entries: tuple[Entry, ...]
    archive: int | None = None
    previous: str = ""


def restore(feed: FeedConfig, store: Store, output: Output, now: datetime) -> int:
    """Restore the entries that a feed's documents have and the store lacks.

    The caller holds the feed's lock. A document that cannot be read is logged and skipped.

    Returns:
        The number of restored entries.

    Raises:
        StoreError: the state cannot be read or written.
    """
    live = _read_document(feed, None, output)
    live_ids = [entry.id for entry in live.entries]
    known = store.updated_by_id(feed.name, live_ids or None)
    is_complete = known and not _select_missing(live.entries, known)
    if is_complete and not _is_unknown_archive(live.previous, feed.name, store):
        store.archives.mark_published(feed.name, live_ids)
        return 0
    known = store.updated_by_id(feed.name)
    numbers = _find_archive_numbers(feed.name, output)
    documents = [live, *(_read_document(feed, number, output) for number in numbers)]
    missing = _select_missing(_rank_entries(documents), known)
    entries = [_complete_entry(entry, feed, store) for entry in missing.values()]
    aliases: dict[str, str] = {}
    for entry in reversed(entries):
        if entry.url:
            aliases[article_keys.url_key(entry.url)] = entry.id
    if entries:
        store.commit_entries(
            feed.name,
            entries=entries,
            aliases=aliases,
            claimed=_find_story_aliases(entries, aliases),
            item_states=(),
            now=now,
        )
    _restore_archives(feed.name, documents, {*known, *missing}, store)
    store.archives.mark_published(feed.name, live_ids)
    return len(entries)


def _find_story_aliases(entries: Iterable[Entry], taken: Collection[str]) -> dict[str, Alias]:
    """Return key → the entry that links to it as another version of its story."""
    aliases: dict[str, Alias] = {}
    for entry in entries:
        keys = {article_keys.url_key(link.url) for link in entry.also_at}
        aliases |= dict.fromkeys(keys - set(taken), Alias(entry.id, AliasKind.SIMILAR))
    return aliases


def read_archive(
    feed: FeedConfig, number: int, ids: Collection[str], context: RunContext
) -> list[Entry]:
    """Return the entries of an archive with the given ids, as far as its files have them."""
    found: dict[str, Entry] = {}
    for document in _read_formats(feed, number, context.output):
        for entry in document.entries:
            if entry.id in ids and entry.id not in found:
                found[entry.id] = _complete_entry(entry, feed, context.store)
        if len(found) == len(ids):
            break
    return list(found.values())


# --- keys ---


def restore_keys(
    feed: str, items: Sequence[ListedItem], known: Mapping[str, str], store: Store, now: datetime
) -> dict[str, str]:
    """Store the keys of listed items whose entries the state has, but not under these keys.

    Args:
        feed: the feed's name.
        items: the listed items.
        known: key → entry id, for the known keys of the items.
        store: the state.
        now: the current time.

    Returns:
        Key → entry id, for these keys.
    """
    restored: dict[str, str] = {}
    for find in (_find_by_digest, _find_by_former_key, _find_by_guid):
        restored |= find(feed, items, {**known, **restored}, store)
    if restored:
        store.commit_entries(feed, aliases=restored, item_states=(), now=now)
    return restored


def _find_by_digest(
    feed: str, items: Sequence[ListedItem], known: Mapping[str, str], store: Store
) -> dict[str, str]:
    """Return unknown key → the entry whose id was made from it: an id contains the key's digest.

    That identifies articles whose address is not the published one, and saved ones without an
    address.
    """
    unknown = {key for item in items for key in item.keys} - known.keys()
    if not unknown:
        return {}
    digests = {article_keys.key_digest(key): key for key in unknown}
    found: dict[str, str] = {}
    for id_ in store.ids_ending_in(feed, digests):
        digest = key_digest_from_id(id_)
        if digest in digests:
            found[digests[digest]] = id_
    return found


def _find_by_former_key(
    feed: str, items: Sequence[ListedItem], known: Mapping[str, str], store: Store
) -> dict[str, str]:
    """Return key → the entry that an earlier version stored under a less specific key.

    If several items had one key then, its entry belongs to the item with the same address, or else
    with the same title.
    """
    former = [(item, former_url_key(item.item.url)) for item in items if item.item.url]
    changed = [(item, key) for item, key in former if key != item.key and item.key not in known]
    stored = store.aliases(feed, [key for _, key in changed]) if changed else {}
    uses = Counter(key for _, key in former)
    found: dict[str, str] = {}
    for item, key in changed:
        id_ = stored.get(key, "")
        if not id_ or id_ in found.values() or known.get(item.guid, id_) != id_:
            continue
        entry = store.entry(feed, id_)
        is_unique = uses[key] == 1 and not item.item.title
        if entry and (is_unique or _is_entry_of(item, entry)):
            found |= dict.fromkeys(item.keys, id_)
    return found


def _find_by_guid(
    feed: str, items: Sequence[ListedItem], known: Mapping[str, str], store: Store
) -> dict[str, str]:
    """Return unknown guid key → the entry of its item, if that has no other guid.

    Older states may lack guids.
    """
    candidates: dict[str, str] = {}
    for item in items:
        if item.guid and item.guid not in known and item.key in known:
            candidates[item.guid] = known[item.key]
    if not candidates:
        return {}
    with_guid = set(store.guid_keys(feed, list(candidates.values())))
    with_guid.update(id_ for key, id_ in known.items() if is_guid_key(key))
    return {guid: id_ for guid, id_ in candidates.items() if id_ not in with_guid}


def _is_entry_of(item: ListedItem, entry: Entry) -> bool:
    if article_keys.url_key(entry.url, exact=item.exact) == item.key:
        return True
    title = significant_words(item.item.title)
    return bool(title) and title == significant_words(entry.title)


# --- documents ---


def _read_document(feed: FeedConfig, number: int | None, output: Output) -> _Document:
    """Return the live document or an archive from its first file that can be read."""
    return next(_read_formats(feed, number, output), _Document((), number))


def _read_formats(feed: FeedConfig, number: int | None, output: Output) -> Iterator[_Document]:
    """Yield the live document or an archive from each file that can be read.

    The formats of the feed come first, those with the most data before others.
    """
    stem = f"{feed.name}-archive-{number}" if number else feed.name
    for kind in sorted(parse_published.FORMATS, key=lambda kind: kind not in feed.formats):
        name = f"{stem}.{kind}"
        try:
            if (body := output.read(name)) is not None:
                links = parse_published.read_links(body, kind)
                entries = parse_published.parse_published(body, kind, feed.name)
                stored = tuple(_with_placeholders(entry, feed, links.base) for entry in entries)
                yield _Document(stored, number, links.previous)
        except (PublishError, UnknownDocumentError) as error:
            extra = fields(feed=feed.name, file=name, reason=str(error))
            _log.warning("restore_skipped", extra=extra)


def _with_placeholders(entry: Entry, feed: FeedConfig, base: str) -> Entry:
    """Replace the published `base_url` in a saved article's addresses by the placeholder."""
    folders = assemble.saved_folders(feed)
    with_source = replace(entry, source=_guess_source(entry, feed) if folders else "")
    if not assemble.is_saved_article(with_source, folders):
        return entry
    return move_addresses(entry, f"{base}{feed.name}/", f"{PLACEHOLDER}{feed.name}/")


def _is_unknown_archive(address: str, feed: str, store: Store) -> bool:
    """Return True if the address is that of an archive which is not in the store."""
    number = re.search(rf"/{re.escape(feed)}-archive-(\d{{1,9}})\.\w+\Z", address)
    return number is not None and not store.archives.members(feed, int(number[1]))


def _find_archive_numbers(feed: str, output: Output) -> list[int]:
    """Return the numbers of the archives that have files, newest first."""
    formats = "|".join(parse_published.FORMATS)
    pattern = re.compile(rf"{re.escape(feed)}-archive-([1-9]\d{{0,8}})\.(?:{formats})")
    try:
        names = output.list_names(f"{feed}-archive-")
    except PublishError as error:
        _log.warning("restore_skipped", extra=fields(feed=feed, reason=f"archives: {error}"))
        return []
    numbers: set[int] = set()
    for name in names:
        if found := pattern.fullmatch(name):
            numbers.add(int(found[1]))
    return sorted(numbers, reverse=True)


def _restore_archives(
    feed: str, documents: Iterable[_Document], stored: Collection[str], store: Store
) -> None:
    """Store the members of each archive that is not in the store."""
    known = set(store.archives.numbers(feed))
    members: dict[int, list[str]] = {}
    for document in documents:
        if document.archive and document.archive not in known:
            ids = [entry.id for entry in document.entries if entry.id in stored]
            if ids:
                members[document.archive] = ids
    if members:
        store.archives.add(feed, members)


# --- entries ---


def _select_missing(entries: Iterable[Entry], known: Mapping[str, datetime]) -> dict[str, Entry]:
    """Return id → the first entry that is unknown, or newer than the known one."""
    missing: dict[str, Entry] = {}
    for entry in entries:
        if entry.id not in known or known[entry.id] < entry.updated:
            missing.setdefault(entry.id, entry)
    return missing


def _rank_entries(documents: Sequence[_Document]) -> Iterator[Entry]:
    """Yield all entries in the feed's order, which ranks those of equal date."""
    entries = (entry for document in documents for entry in document.entries)
    for rank, entry in enumerate(entries):
        yield replace(entry, rank=rank)


def _complete_entry(entry: Entry, feed: FeedConfig, store: Store) -> Entry:
    """Return an entry with the data that its document lacks, as far as it is known."""
    if before := store.entry(feed.name, entry.id):
        first_seen, source, rank = before.first_seen, before.source, before.rank
    else:
        first_seen = max(entry.published, day_from_id(entry.id))
        source, rank = _guess_source(entry, feed), entry.rank
    entry = _without_decoration(entry, feed)
    line = " ".join(entry.text.split())
    summary = entry.summary or (line if len(line) <= _MAX_SUMMARY_CHARS else "")
    return replace(entry, first_seen=first_seen, source=source, rank=rank, summary=summary)


def _without_decoration(entry: Entry, feed: FeedConfig) -> Entry:
    """Return an entry with its text and without what publishing adds to it."""
    bare = entry
    for candidate in entry_html.undecorated_versions(entry):  # the last one is the entry itself
        bare = replace(candidate, text=_extract_text(candidate.html))
        if entry.html in (bare.html, assemble.decorate(feed, bare).html):
            break
    return bare


def _extract_text(html: str) -> str:
    try:
        from feedpub.cleaner.body import raw_text  # noqa: PLC0415 -- rarely needed

        return raw_text(html)
    except ExtractError:  # the HTML exceeds a limit or has no text
        return ""


def _guess_source(entry: Entry, feed: FeedConfig) -> str:
    """Return the key of the source that an entry most likely came from; "" if that is unclear."""
    if len(feed.source) == 1:
        return source_key(feed.source[0])
    host = urlsplit(entry.url).netloc
    likely: list[str] = []
    for source in feed.source:
        has_own_pages = isinstance(source, FolderSource | MailSource) and entry.slug
        is_host = isinstance(source, RemoteSource) and host == urlsplit(source.url).netloc
        if has_own_pages or (host and is_host):
            likely.append(source_key(source))
    return likely[0] if len(likely) == 1 else ""

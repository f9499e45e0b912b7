"""What was published and is no longer known: read back from the documents before a feed is regenerated.

A state that was damaged, lost or taken from an old backup does not know entries that readers have.
Their ids and dates stand in the published documents, and so does nearly everything else; an entry
that its source no longer lists stands nowhere else. Whether anything is missing costs a look into
one document.
"""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from feedpub.builder import assemble, decorate, parse_published
from feedpub.builder.ids import day_from_id, key_digest_from_id
from feedpub.builder.links import PLACEHOLDER, move_addresses
from feedpub.builder.parse_published import UnknownDocumentError
from feedpub.builder.text_compare import significant_words
from feedpub.cleaner import raw_text
from feedpub.config import FeedConfig, FolderSource, RemoteSource
from feedpub.config.sources import source_key
from feedpub.core import article_keys
from feedpub.core.article_keys import former_url_key, is_guid_key
from feedpub.core.errors import ExtractError, PublishError
from feedpub.core.log import fields
from feedpub.core.models import Entry
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.publisher import Output
from feedpub.store import Store

_log = logging.getLogger(__name__)

# characters; a text that is no longer may be its own summary, which documents do not say twice
_SUMMARY = 300


@dataclass(frozen=True, slots=True)
class _Read:
    """The entries of a document.

    Attributes:
        archive: its number; None for the live document.
        previous: the address of the archive before it; "" if there is none.
    """

    entries: tuple[Entry, ...]
    archive: int | None = None
    previous: str = ""


def restore(feed: FeedConfig, store: Store, publisher: Output, now: datetime) -> int:
    """Learn the entries of a feed that its documents have and the store has not; says how many there were.

    To be called by one process at a time for a feed. A document that cannot be read is told in the
    log and passed over.

    Raises:
        StoreError: the state cannot be read or written.
    """
    known = store.updated_by_id(feed.name)
    live = _document(feed, None, publisher)
    if (
        known
        and not _lost(live.entries, known)
        and not _is_unknown(live.previous, feed.name, store)
    ):
        store.archives.mark_published(feed.name, [entry.id for entry in live.entries])
        return 0
    documents = [
        live,
        *(_document(feed, number, publisher) for number in _archives(feed.name, publisher)),
    ]
    lost = _lost(_ranked(documents), known)
    entries = [_completed(entry, feed, store) for entry in lost.values()]
    aliases = {
        article_keys.url_key(entry.url): entry.id for entry in reversed(entries) if entry.url
    }
    if entries:
        store.commit_entries(feed.name, entries=entries, aliases=aliases, seen=(), now=now)
    _number(feed.name, documents, {*known, *lost}, store)
    store.archives.mark_published(feed.name, [entry.id for entry in live.entries])
    return len(entries)


def read_archive(
    feed: FeedConfig, number: int, ids: Collection[str], tools: RunContext
) -> list[Entry]:
    """Return the entries of an archive with the given ids, as far as its files have them."""
    found: dict[str, Entry] = {}
    for document in _documents(feed, number, tools.output):
        for entry in document.entries:
            if entry.id in ids and entry.id not in found:
                found[entry.id] = _completed(entry, feed, tools.store)
        if len(found) == len(ids):
            break
    return list(found.values())


def restore_keys(feed: str, items: Sequence[ListedItem], store: Store, now: datetime) -> None:
    """Let the keys of listed items lead to the entries that they are, if the state has forgotten or never knew it."""
    known = store.aliases(feed, [key for item in items for key in item.keys])
    learned: dict[str, str] = {}
    for learn in (_by_digests, _by_former_keys, _by_guids):
        learned |= learn(feed, items, known | learned, store)
    if learned:
        store.commit_entries(feed, aliases=learned, seen=(), now=now)


def _by_digests(
    feed: str, items: Sequence[ListedItem], known: Mapping[str, str], store: Store
) -> dict[str, str]:
    """Return the entries that were minted for unknown keys: an id tells its key's digest.

    So articles are known again whose address is not the one that is published, and saved ones that
    have none.
    """
    unknown = {key for item in items for key in item.keys} - known.keys()
    if not unknown:
        return {}
    by_digest = {key_digest_from_id(id_): id_ for id_ in store.updated_by_id(feed)}
    return {
        key: by_digest[digest]
        for key in unknown
        if (digest := article_keys.key_digest(key)) in by_digest
    }


def _by_former_keys(
    feed: str, items: Sequence[ListedItem], known: Mapping[str, str], store: Store
) -> dict[str, str]:
    """Return the entries that an earlier version stored under keys which told fewer addresses apart.

    If several items had one key then, its entry is the one of the same address, else of the same
    title.
    """
    rows = [(item, former_url_key(item.item.url)) for item in items if item.item.url]
    changed = [(item, key) for item, key in rows if key != item.key and item.key not in known]
    stored = store.aliases(feed, [key for _, key in changed])
    sharing = Counter(key for _, key in rows)
    adopted: dict[str, str] = {}
    for item, key in changed:
        id_ = stored.get(key, "")
        if not id_ or id_ in adopted.values() or known.get(item.guid, id_) != id_:
            continue
        entry = store.entry(feed, id_)
        if entry and (_is_entry_of(item, entry) or (sharing[key] == 1 and not item.item.title)):
            adopted |= dict.fromkeys(item.keys, id_)
    return adopted


def _by_guids(
    feed: str, items: Sequence[ListedItem], known: Mapping[str, str], store: Store
) -> dict[str, str]:
    """Return the entries of unknown guids, if no other guid leads to them.

    Older states may lack them.
    """
    lacking = {
        item.guid: known[item.key]
        for item in items
        if item.guid and item.guid not in known and item.key in known
    }
    named = {*store.guid_keys(feed, [*lacking.values()])} | {
        id_ for key, id_ in known.items() if is_guid_key(key)
    }
    return {guid: id_ for guid, id_ in lacking.items() if id_ not in named}


def _is_entry_of(item: ListedItem, entry: Entry) -> bool:
    if article_keys.url_key(entry.url, exact=item.exact) == item.key:
        return True
    title = significant_words(item.item.title)
    return bool(title) and title == significant_words(entry.title)


def _document(feed: FeedConfig, number: int | None, publisher: Output) -> _Read:
    """Return the live document or an archive, from its first file that can be read."""
    return next(_documents(feed, number, publisher), _Read((), number))


def _documents(feed: FeedConfig, number: int | None, publisher: Output) -> Iterator[_Read]:
    """Read the files of the live document or of an archive.

    Formats that the feed has come first, and of these the one that holds most.
    """
    stem = f"{feed.name}-archive-{number}" if number else feed.name
    for kind in sorted(parse_published.FORMATS, key=lambda kind: kind not in feed.formats):
        name = f"{stem}.{kind}"
        try:
            if (body := publisher.read(name)) is not None:
                links = parse_published.read_links(body, kind)
                entries = parse_published.parse_published(body, kind, feed.name)
                entries = tuple(_as_stored(entry, feed, links.base) for entry in entries)
                yield _Read(entries, number, links.previous)
        except (PublishError, UnknownDocumentError) as error:
            _log.warning(
                "restore_skipped", extra=fields(feed=feed.name, file=name, reason=str(error))
            )


def _as_stored(entry: Entry, feed: FeedConfig, base: str) -> Entry:
    """Return the entry of a document with its own addresses as the store holds them."""
    roots = assemble.saved_folders(feed)
    if not assemble.is_saved_article(
        replace(entry, source=_source(entry, feed) if roots else ""), roots
    ):
        return entry
    return move_addresses(entry, f"{base}{feed.name}/", f"{PLACEHOLDER}{feed.name}/")


def _is_unknown(archive: str, feed: str, store: Store) -> bool:
    """Return True if the address is that of an archive which the store does not know."""
    number = re.search(rf"/{re.escape(feed)}-archive-(\d{{1,9}})\.\w+\Z", archive)
    return number is not None and int(number[1]) not in store.archives.numbers(feed)


def _archives(feed: str, publisher: Output) -> list[int]:
    """The numbers of the archives that there are files of, newest first."""
    pattern = re.compile(
        rf"{re.escape(feed)}-archive-([1-9]\d{{0,8}})\.(?:{'|'.join(parse_published.FORMATS)})"
    )
    try:
        names = publisher.list_names(f"{feed}-archive-")
    except PublishError as error:
        _log.warning("restore_skipped", extra=fields(feed=feed, reason=f"archives: {error}"))
        return []
    found = (pattern.fullmatch(name) for name in names)
    return sorted({int(each[1]) for each in found if each}, reverse=True)


def _lost(entries: Iterable[Entry], known: Mapping[str, datetime]) -> dict[str, Entry]:
    """Those of the entries that are unknown, or newer than what is known; the first of each id."""
    lost: dict[str, Entry] = {}
    for entry in entries:
        if entry.id not in known or known[entry.id] < entry.updated:
            lost.setdefault(entry.id, entry)
    return lost


def _ranked(documents: Sequence[_Read]) -> Iterator[Entry]:
    """All entries in the order of the feed, from the newest.

    It settles their order among equal dates.
    """
    entries = (entry for document in documents for entry in document.entries)
    return (replace(entry, rank=rank) for rank, entry in enumerate(entries))


def _completed(entry: Entry, feed: FeedConfig, store: Store) -> Entry:
    """An entry with what its document does not say, as far as it can be known."""
    if before := store.entry(feed.name, entry.id):
        seen, source, rank = before.first_seen, before.source, before.rank
    else:
        seen, source, rank = (
            max(entry.published, day_from_id(entry.id)),
            _source(entry, feed),
            entry.rank,
        )
    entry = _bare(entry, feed)
    line = " ".join(entry.text.split())
    summary = entry.summary or (line if len(line) <= _SUMMARY else "")
    return replace(entry, first_seen=seen, source=source, rank=rank, summary=summary)


def _bare(entry: Entry, feed: FeedConfig) -> Entry:
    """An entry with its text, and without what was put into it when it was published.

    What would be put in again.
    """
    candidates = (
        replace(candidate, text=_text(candidate.html))
        for candidate in decorate.undecorated_versions(entry)
    )
    return next(
        bare for bare in candidates if entry.html in (bare.html, assemble.decorate(feed, bare).html)
    )


def _text(html: str) -> str:
    try:
        return raw_text(html)
    except ExtractError:  # beyond all bounds, or without a text: then it has none
        return ""


def _source(entry: Entry, feed: FeedConfig) -> str:
    """The key of the source that most likely brought an entry; "" where that cannot be told."""
    host = urlsplit(entry.url).netloc
    likely = [
        source_key(source)
        for source in feed.source
        if len(feed.source) == 1
        or (isinstance(source, FolderSource) and entry.slug)
        or (isinstance(source, RemoteSource) and host and urlsplit(source.url).netloc == host)
    ]
    return likely[0] if len(likely) == 1 else ""


def _number(feed: str, documents: Iterable[_Read], stored: Collection[str], store: Store) -> None:
    """Keep which archive each entry stands in, where that is not known."""
    known = set(store.archives.numbers(feed))
    members = {
        document.archive: ids
        for document in documents
        if document.archive and document.archive not in known
        if (ids := [entry.id for entry in document.entries if entry.id in stored])
    }
    if members:
        store.archives.add(feed, members)

"""Entries that leave a feed's live document go into archives (RFC 5005): what was published once stays reachable.

The store keeps which entries an archive holds, before the archive's files are written. Every format
of an archive has exactly these entries, whenever its file is written. A missing file is written at
the next publication, from the store or, for entries that `keep` has made the store forget, from
another file of the archive. A file that is there is written again only if `base_url` has changed:
else readers that have it need not fetch it twice.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count, pairwise

from feedpub.builder import assemble, parse_published
from feedpub.builder.parse_published import UnknownDocumentError
from feedpub.config import FeedConfig
from feedpub.core.log import fields
from feedpub.core.models import Entry, Feed
from feedpub.pipeline import restore
from feedpub.pipeline.context import RunContext

_log = logging.getLogger(__name__)


def plan(
    waiting: Sequence[str], live: Collection[str], limit: int, incomplete: Collection[str] = ()
) -> list[Sequence[str]]:
    """Plan new archives, oldest first, so that every entry is live or archived.

    All entries that are not live are archived. Live ones go along, the oldest first, until the
    archive is half as large as the live document: else every new entry would make an archive of
    its own. Incomplete entries do not go along, because their text may still come.

    Args:
        waiting: ids of the entries that no archive holds, oldest first.
        live: ids of the entries in the live document.
        limit: how many the live document may hold.
        incomplete: ids of entries whose text is only a part.

    Returns:
        The ids in each archive, oldest first.
    """
    size = max(1, limit // 2)
    fallen = [id_ for id_ in waiting if id_ not in live]
    spare = [id_ for id_ in waiting if id_ in live and id_ not in incomplete]
    taken = {*fallen, *spare[: -len(fallen) % size]}
    members = [id_ for id_ in waiting if id_ in taken]
    return [members[start : start + size] for start in range(0, len(members), size)]


def plan_archives(feed: FeedConfig, live: Feed, tools: RunContext) -> Feed:
    """Put what fell out of the live document into new archives, for good; their files are written later.

    Returns:
        The live document with its link to the newest archive.
    """
    archives = tools.store.archives
    shown = archives.published(feed.name)
    unarchived = reversed(archives.unpublished(feed.name))
    waiting = [entry for entry in unarchived if entry.id in shown or assemble.admits(feed, entry)]
    planned = plan(
        [entry.id for entry in waiting],
        {entry.id for entry in live.entries},
        feed.limit,
        {entry.id for entry in waiting if not entry.complete},
    )
    if planned:
        archives.add(feed.name, dict(zip(_unused(live, tools), planned, strict=False)))
    return replace(live, previous=archives.newest_number(feed.name))


def _unused(live: Feed, tools: RunContext) -> Iterator[int]:
    """Return the numbers that no archive has yet, neither in the store nor among the files."""
    after = (tools.store.archives.newest_number(live.name) or 0) + 1
    return (
        number for number in count(after) if not _is_taken(replace(live, archive=number), tools)
    )


def _is_taken(archive: Feed, tools: RunContext) -> bool:
    names = [archive.file(suffix) for suffix in assemble.FORMATS]
    return len(tools.output.find_missing(names)) < len(names)


def write_archives(
    feed: FeedConfig, live: Feed, tools: RunContext, certain: Callable[[], None]
) -> tuple[str, ...]:
    """Publish the archive files that are missing or moved, one archive after another.

    The oldest archive comes first, so that no link leads to a file that is not there.

    Args:
        feed: as the config has it.
        live: its live document.
        tools: with the store and the publisher.
        certain: called before each archive is written; it raises if it must not be.

    Returns:
        The names of the files that were written.

    Raises:
        PublishError: a file cannot be written; nor is any after it.
        StoreError: the state cannot be read.
    """
    numbers = tools.store.archives.numbers(feed.name)
    documents: dict[str, list[str]] = {
        s: [replace(live, archive=n).file(s) for n in numbers] for s in feed.formats
    }
    missing = set(
        tools.output.find_missing([name for names in documents.values() for name in names])
    )
    due = missing | _moved(documents, missing, live, tools)
    written: list[str] = []
    for previous, number in pairwise((None, *numbers)):
        archive = replace(live, archive=number)
        suffixes = [suffix for suffix in feed.formats if archive.file(suffix) in due]
        if number and suffixes:
            archive = assemble.build_archive(
                feed, tools.settings, _entries(feed, number, tools), number, previous
            )
            # An entry that was read back from a document of summaries has no text; its page stays.
            whole = [entry for entry in archive.entries if entry.html]
            files = assemble.render_pages(live, whole, assemble.saved_folders(feed))
            files |= {
                archive.file(suffix): assemble.render_document(archive, suffix)
                for suffix in suffixes
            }
            written += tools.output.publish(files, before_commit=certain)
    return tuple(written)


def _moved(
    documents: Mapping[str, Sequence[str]], missing: Collection[str], live: Feed, tools: RunContext
) -> set[str]:
    """Return the files that were written under another `base_url`.

    The newest file of a format is written last, so it stands for all of that format.

    Args:
        documents: format → the names of its archives, oldest first.
        missing: the names that no file has.
        live: the live document.
        tools: with the publisher.
    """
    moved: set[str] = set()
    for suffix, names in documents.items():
        there = [name for name in names if name not in missing]
        bases = (_base(name, suffix, tools) for name in reversed(there))
        if next((base for base in bases if base), live.base_url) != live.base_url:
            moved.update(there)
    return moved


def _base(name: str, suffix: str, tools: RunContext) -> str:
    """Return the `base_url` that an archive file was written under; "" if it cannot be read."""
    with suppress(UnknownDocumentError):
        return parse_published.links_in(tools.output.read(name) or b"", suffix).base
    return ""


def _entries(feed: FeedConfig, number: int, tools: RunContext) -> Sequence[Entry]:
    """Return the entries of an archive, newest first; forgotten ones come from its files."""
    stored = tools.store.archives.entries(feed.name, number)
    forgotten = tools.store.archives.members(feed.name, number) - {entry.id for entry in stored}
    if not forgotten:
        return stored
    found = restore.read_archive(feed, number, forgotten, tools)
    if lost := forgotten - {entry.id for entry in found}:
        reason = f"{len(lost)} of its entries are older than `keep`, and in none of its files"
        _log.warning(
            "archive_incomplete", extra=fields(feed=feed.name, number=number, reason=reason)
        )
    entries = [*stored, *found]
    return sorted(entries, key=lambda e: (-e.published.timestamp(), e.rank, e.id))

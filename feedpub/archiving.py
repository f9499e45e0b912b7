"""What falls out of a feed's live document goes into archives (RFC 5005), so that its whole history stays readable.

An archive holds what it was given and is never written again: readers that have it need not ask for it twice. Which
entries it holds is stored before its files are written; a file that is missing, for whatever reason, is written from
the store at the next publication. What `keep` has made the store forget is only in the files then.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import count

from feedpub import assembly
from feedpub.config import FeedConfig
from feedpub.model import Feed
from feedpub.tools import Tools


def plan(waiting: Sequence[str], live: Collection[str], limit: int) -> list[Sequence[str]]:
    """What new archives hold, oldest archive first, so that every entry is live or archived.

    An archive takes entries that are still live along, until it is half as large as the live document: else every new
    entry would make an archive of its own. The newer half is left alone, where corrections are to be expected.

    Args:
        waiting: ids of the entries that stand in no archive, oldest first.
        live: ids of the entries in the live document.
        limit: how many the live document may hold.
    """
    size = max(1, limit // 2)
    fallen = sum(id_ not in live for id_ in waiting)
    return [waiting[start : start + size] for start in range(0, fallen, size)]


def extend(feed: FeedConfig, live: Feed, tools: Tools) -> Feed:
    """Put what fell out of the live document into new archives, for good; their files are written later.

    Returns:
        The live document with its link to the newest archive.
    """
    waiting = [entry.id for entry in reversed(assembly.admitted(feed, tools.store.archives.waiting(feed.name)))]
    planned = plan(waiting, {entry.id for entry in live.entries}, feed.limit)
    if planned:
        tools.store.archives.add(feed.name, dict(enumerate(planned, _unused(live, tools))))
    return replace(live, previous=tools.store.archives.newest(feed.name))


def _unused(live: Feed, tools: Tools) -> int:
    """The first number that no archive has: not in the store, nor, where that began anew, among the files."""
    after = (tools.store.archives.newest(live.name) or 0) + 1
    return next(number for number in count(after) if not _is_taken(replace(live, archive=number), tools))


def _is_taken(archive: Feed, tools: Tools) -> bool:
    names = [archive.file(suffix) for suffix in assembly.FORMATS]
    return len(tools.publisher.missing(names)) < len(names)


def files(feed: FeedConfig, live: Feed, tools: Tools) -> dict[str, bytes]:
    """The files of archives that are not there: name → content, oldest first, what they link to before them."""
    numbers = tools.store.archives.numbers(feed.name)
    documents = {replace(live, archive=n).file(suffix): n for n in numbers for suffix in feed.formats}
    missing = set(tools.publisher.missing(documents))
    written: dict[str, bytes] = {}
    for number in sorted({documents[name] for name in missing}):
        entries = tools.store.archives.entries(feed.name, number)
        archive = assembly.archive(feed, tools.settings, entries, number)
        written |= assembly.pages(live, archive.entries, assembly.folders(feed))
        written |= {archive.file(s): assembly.render(archive, s) for s in feed.formats if archive.file(s) in missing}
    return written

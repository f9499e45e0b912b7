"""The steps of a run, told to those who ask for detail: what each look at a source and each reading brought."""

from collections.abc import Iterable, Mapping

from feedpub import detail
from feedpub.builder.merge import Merge
from feedpub.gathering import Reading
from feedpub.model import Entry
from feedpub.reading import Read


def tell_sources(feed: str, readings: Iterable[Reading]) -> None:
    """One line a source that was looked at."""
    for reading in readings:
        look, problem = reading.look, reading.problem
        detail.tell(
            "source",
            feed=feed,
            source=reading.key,
            items=look.items if look else len(reading.items),
            known=look.known if look else None,
            read=look.read if look else None,
            verdict=problem.reason if problem else "normal",
        )


def tell_articles(
    feed: str, reads: Iterable[Read], before: Mapping[str, Entry], merged: Merge, ids: Mapping[str, str]
) -> None:
    """One line an article that was read, or could not be; of those that nothing was to be done for, none.

    Args:
        feed: its name.
        reads: what came of each article.
        before: id → entry, as they were before these were merged.
        merged: what the merge made of them.
        ids: the article's key → the id of the entry that says what arrived; "" if it changes none.
    """
    if not detail.is_wanted():
        return
    changed = {entry.id: entry for entry in merged.entries}
    for read in reads:
        if read.seconds:
            outcome = _outcome(read, before, changed, ids)
            detail.tell("article", feed=feed, url=_address(read), outcome=outcome, ms=detail.ms(read.seconds))


def _address(read: Read) -> str:
    if read.arrival and read.arrival.item.url:
        return read.arrival.item.url
    return read.problem.where if read.problem else read.seen.url or read.seen.key


def _outcome(read: Read, before: Mapping[str, Entry], changed: Mapping[str, Entry], ids: Mapping[str, str]) -> str:
    if read.arrival is None:
        return f"failed: {read.problem.reason}" if read.problem else read.seen.reason or "unchanged"
    id_ = ids[read.seen.key]
    if id_ and id_ not in before:
        return "new"
    return "updated" if id_ in changed and changed[id_].updated != before[id_].updated else "unchanged"

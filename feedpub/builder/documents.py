"""Split documents into a head, one fragment for each entry, and a tail.

A renderer is a function from `PreparedFeed` to `Document`. It writes the head and the tail for all
entries of the feed, but fragments for the selected entries only. A fragment depends on its entry
and the channel, and on no other entry, so that the fragments of unchanged entries can be taken from
the published document.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from feedpub.builder.rss_atom_text import (
    prepare_authors,
    prepare_entry,
    prepare_feed,
    to_plain_text,
)
from feedpub.core.models import Entry, Feed
from feedpub.core.podcast import used_namespaces


@dataclass(frozen=True, slots=True)
class PreparedFeed:
    """A feed in a form that every document can contain, and the entries to render.

    Attributes:
        feed: its channel. It has no entries.
        entries: the selected entries by their position in the document, in ascending order.
        untitled: the positions of those that have no title of their own.
        is_empty: True if the document has no entries.
        is_signed: True if every entry of the document has an author.
        namespaces: prefix → namespace of the podcast elements in the document.
    """

    feed: Feed
    entries: Mapping[int, Entry]
    untitled: Collection[int]
    is_empty: bool
    is_signed: bool
    namespaces: Mapping[str, str]

    def select(self, positions: Collection[int]) -> "PreparedFeed":
        """Return the feed with only some of the selected entries."""
        entries = {position: self.entries[position] for position in sorted(positions)}
        return replace(self, entries=entries)


def prepare(feed: Feed, positions: Collection[int] | None = None) -> PreparedFeed:
    """Prepare a feed for all of its documents.

    Args:
        feed: the feed with all entries of its documents.
        positions: of the entries to render; None renders all.
    """
    selected = range(len(feed.entries)) if positions is None else sorted(positions)
    tags = [*feed.podcast, *(tag for entry in feed.entries for tag in entry.podcast)]
    return PreparedFeed(
        feed=prepare_feed(replace(feed, entries=())),
        entries={position: prepare_entry(feed.entries[position]) for position in selected},
        untitled={each for each in selected if not to_plain_text(feed.entries[each].title)},
        is_empty=not feed.entries,
        is_signed=all(prepare_authors(entry.authors) for entry in feed.entries),
        namespaces=used_namespaces(tags),
    )


@dataclass(frozen=True, slots=True)
class Document:
    """A document in parts.

    Attributes:
        head: everything before the first fragment.
        fragments: of the selected entries.
        tail: everything after the last fragment.
        separator: between two fragments.
    """

    head: bytes
    fragments: Sequence[bytes | memoryview]
    tail: bytes
    separator: bytes = b""

    def join(self) -> bytes:
        """Return the document as it is published."""
        if not self.separator:
            return b"".join([self.head, *self.fragments, self.tail])
        return b"".join([self.head, self.separator.join(self.fragments), self.tail])


def split_document(body: bytes, start: bytes, end: bytes) -> Document:
    """Split a document without separators into its parts.

    Both texts begin with markup, and documents escape the markup in their texts.

    Args:
        body: the document.
        start: the beginning of each fragment, which occurs nowhere else.
        end: the beginning of the tail, which occurs once after the fragments.
    """
    first_of_tail = body.rindex(end)
    starts = []
    position = body.find(start)
    while position >= 0:
        starts.append(position)
        position = body.find(start, position + len(start))
    bounds = [*starts, first_of_tail]
    fragments = [body[begin:stop] for begin, stop in pairwise(bounds)]
    return Document(body[: bounds[0]], fragments, body[first_of_tail:])

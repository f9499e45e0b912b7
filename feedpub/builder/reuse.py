"""Render a feed's files, and take unchanged parts from the files that were published last.

A `RenderRecord` states what the published files were rendered from, and where the fragment of each
entry is in them. A file whose inputs have not changed is not rendered. In another file, only the
fragments of new and changed entries are. The bytes are those of a complete rendering.

A published file is only used if it still has the digest in the record. A damaged, edited or older
file is rendered completely, and so is every file after an update of feedpub.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from operator import attrgetter

from feedpub.builder import html
from feedpub.builder.documents import Document, PreparedFeed, prepare
from feedpub.core.errors import PublishError
from feedpub.core.models import Entry, Feed
from feedpub.publisher.base import Output

_PAGE = "html"
FORMATS = ("rss", "atom", "json")
_LIBRARIES = ("feedgen", "jinja2", "lxml")
_DIGEST_CHARS = 32
_LONG_FIELDS = {"html", "text"}
_get_short_fields = attrgetter(*(f.name for f in fields(Entry) if f.name not in _LONG_FIELDS))
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was rendered: a head, the fragments, and the rest.

    Attributes:
        digest: of the digests of these parts, so that the digests of reused fragments are too.
        mark: as `Output.make_mark` returns it.
        head: the length of the head in bytes.
        separator: between two fragments.
        fragments: the length of each entry's fragment in bytes, in the order of the entries.
    """

    digest: str
    mark: str = ""
    head: int = 0
    separator: str = ""
    fragments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderRecord:
    """The inputs from which a feed's files were rendered, as digests.

    Attributes:
        inputs: a digest of everything that the documents depend on.
        settings: a digest of everything but the entry that a fragment depends on.
        entries: a digest of each entry, in the order of the documents.
        files: by name.
    """

    inputs: str = ""
    settings: str = ""
    entries: tuple[str, ...] = ()
    files: Mapping[str, FileRecord] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the record in a form that can be stored."""
        rows = {
            name: [file.digest, file.mark, file.head, file.separator, file.fragments]
            for name, file in self.files.items()
        }
        values = [self.inputs, self.settings, self.entries, rows]
        return json.dumps(values, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, stored: bytes | None) -> "RenderRecord":
        """Return a stored record; an empty one if there is none, or none of this version."""
        if stored is None:
            return cls()
        try:
            inputs, settings, entries, rows = json.loads(stored)
            known = {
                name: FileRecord(digest, mark, head, separator, tuple(fragments))
                for name, (digest, mark, head, separator, fragments) in rows.items()
            }
        except (ValueError, TypeError, AttributeError):
            return cls()
        return cls(inputs, settings, tuple(entries), known)


@dataclass(frozen=True, slots=True)
class RenderedFiles:
    """The result of a rendering.

    Attributes:
        files: name → content of the files that are not published in this form, in the order to
            write them.
        record: of all files.
    """

    files: dict[str, bytes]
    record: RenderRecord


# --- the files of a feed ---


def render_feed(feed: Feed, record: RenderRecord, output: Output) -> RenderedFiles:
    """Render the documents of a feed and the pages of its saved articles.

    Args:
        feed: the live document.
        record: of the last rendering.
        output: the place of the published files.
    """
    current = _digest_feed(feed)
    pages = _changed_pages(feed, current, record)
    suffixes = {feed.file(suffix): suffix for suffix in feed.formats}
    suffixes[f"{feed.name}.html"] = _PAGE
    same = [*(suffixes if current.inputs == record.inputs else ()), *pages.unchanged]
    intact = find_intact(same, record, output)
    known = {name: record.files[name] for name in intact}
    rendered: dict[str, bytes] = {}
    for name, entry in pages.entries.items():
        if name not in intact:
            rendered[name] = html.render_article(feed, entry)
            known[name] = _record_file(name, rendered[name], output)
    pending = {name: suffix for name, suffix in suffixes.items() if name not in intact}
    rest, files = _render_pending(feed, pending, current, record, output)
    return RenderedFiles(rendered | rest, replace(current, files=known | files))


def render_documents(feed: Feed, suffixes: Collection[str]) -> dict[str, bytes]:
    """Render some of a feed's documents completely: file name → content."""
    prepared = prepare(feed)
    return {feed.file(suffix): _render_parts(suffix, prepared).join() for suffix in suffixes}


def make_record(inputs: str, rendered: Mapping[str, bytes], output: Output) -> RenderRecord:
    """Return the record of files without fragments.

    Args:
        inputs: a digest of everything that they depend on.
        rendered: name → content.
        output: the place of the published files.
    """
    known = {name: _record_file(name, body, output) for name, body in rendered.items()}
    return RenderRecord(inputs, files=known)


def _record_file(name: str, body: bytes, output: Output) -> FileRecord:
    digest = combine([hash_part(b""), hash_part(body)])  # of the head, and the rest
    return FileRecord(digest, output.make_mark(name, body))


def find_intact(names: Iterable[str], record: RenderRecord, output: Output) -> Collection[str]:
    """Return those of the names under which the recorded bytes are still published."""
    known = {name: record.files[name] for name in names if name in record.files}
    if not output.has_marks:
        return [name for name, file in known.items() if _read_parts(name, file, output)]
    marks: Mapping[str, str] = {}
    with suppress(PublishError):  # writing the file reports the same error
        marks = output.find_marks(known)
    return [name for name, file in known.items() if file.mark and marks.get(name) == file.mark]


@dataclass(frozen=True, slots=True)
class _Pages:
    """The pages of a feed's saved articles.

    Attributes:
        entries: by the name of the page.
        unchanged: the names of those that would be rendered as before.
    """

    entries: Mapping[str, Entry]
    unchanged: Collection[str]


def _changed_pages(feed: Feed, current: RenderRecord, record: RenderRecord) -> _Pages:
    entries: dict[str, Entry] = {}
    unchanged = []
    known = set(record.entries) if current.settings == record.settings else set()
    for entry, digest in zip(feed.entries, current.entries, strict=True):
        if entry.slug:
            name = f"{feed.name}/{entry.slug}.html"
            entries[name] = entry
            if digest in known:
                unchanged.append(name)
    return _Pages(entries, unchanged)


# --- fragments ---


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a file, and its digest."""

    content: bytes | memoryview
    digest: bytes


def _render_pending(
    feed: Feed,
    pending: Mapping[str, str],
    current: RenderRecord,
    record: RenderRecord,
    output: Output,
) -> tuple[dict[str, bytes], dict[str, FileRecord]]:
    """Render documents, whose unchanged fragments are taken from the published ones.

    Args:
        feed: the live document.
        pending: file name → format.
        current: the digests of the feed.
        record: of the last rendering.
        output: the place of the published files.

    Returns:
        Name → content, and name → record.
    """
    published: dict[str, Mapping[str, _Part]] = {}
    missing: dict[str, list[int]] = {}
    for name in pending:
        found = published[name] = _read_fragments(name, current, record, output)
        positions = enumerate(current.entries)
        missing[name] = [position for position, digest in positions if digest not in found]
    prepared = prepare(feed, {each for positions in missing.values() for each in positions})
    rendered: dict[str, bytes] = {}
    records: dict[str, FileRecord] = {}
    for name, suffix in pending.items():
        document = _render_parts(suffix, prepared.select(missing[name]))
        new = (_Part(fragment, hash_part(fragment)) for fragment in document.fragments)
        parts = [published[name].get(digest) or next(new) for digest in current.entries]
        document = replace(document, fragments=[part.content for part in parts])
        rendered[name] = body = document.join()
        ends = (hash_part(document.head), hash_part(document.tail))
        records[name] = FileRecord(
            combine([ends[0], *(part.digest for part in parts), ends[1]]),
            output.make_mark(name, body),
            len(document.head),
            document.separator.decode(),
            tuple(map(len, document.fragments)),
        )
    return rendered, records


def _read_fragments(
    name: str, current: RenderRecord, record: RenderRecord, output: Output
) -> Mapping[str, _Part]:
    """Return the published fragments by the digest of their entry, if they can be used.

    Files in a bucket are not read: to fetch one costs more than to render it.
    """
    known = record.files.get(name)
    if known is None or output.has_marks or current.settings != record.settings:
        return {}
    if len(known.fragments) != len(record.entries):
        return {}
    parts = _read_parts(name, known, output)
    return dict(zip(record.entries, parts[1:-1], strict=True)) if parts else {}


def _read_parts(name: str, file: FileRecord, output: Output) -> Sequence[_Part]:
    """Return the parts of a published file; () if it is not the recorded one."""
    body = None
    with suppress(PublishError):  # writing the file reports the same error
        body = output.read(name)
    if body is None:
        return ()
    parts = split_file(body, file)
    digests = list(map(hash_part, parts))
    if combine(digests) != file.digest:
        return ()
    return list(map(_Part, parts, digests))


def split_file(body: bytes, file: FileRecord) -> Sequence[memoryview]:
    """Split a file into its head, its fragments and the rest; () if its separators differ."""
    content, position = memoryview(body), file.head
    separator = file.separator.encode()
    parts = [content[:position]]
    for number, length in enumerate(file.fragments):
        if number and separator:
            if content[position : position + len(separator)] != separator:
                return ()
            position += len(separator)
        parts.append(content[position : position + length])
        position += length
    return [*parts, content[position:]]


# --- digests ---


def _digest_feed(feed: Feed) -> RenderRecord:
    """Return the digests of a feed, without files."""
    namespaces = {tag.name.partition(":")[0] for entry in feed.entries for tag in entry.podcast}
    # These values are in the head of documents only, and change with nearly every entry.
    channel = replace(feed, entries=(), updated=_ANY_TIME, previous=None)
    settings = digest_values(channel, sorted(namespaces))
    entries = tuple(map(_digest_entry, feed.entries))
    inputs = digest_values(settings, feed.updated, feed.previous, entries)
    return RenderRecord(inputs, settings, entries)


def _digest_entry(entry: Entry) -> str:
    """Return a digest of an entry.

    Long texts are hashed as they are, because their `repr` takes ten times as long.
    """
    others = repr((len(entry.html), len(entry.text), _get_short_fields(entry)))
    everything = f"{others}{entry.html}{entry.text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(everything).hexdigest()[:_DIGEST_CHARS]


def digest_values(*values: object) -> str:
    """Return a digest of values with a complete `repr`, and of the code that renders them."""
    text = repr((_digest_code(), values)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_DIGEST_CHARS]


def hash_part(part: bytes | memoryview) -> bytes:
    """Return the digest of a part of a file."""
    return hashlib.sha256(part).digest()


def combine(digests: Iterable[bytes]) -> str:
    """Return the digest of a file, given those of its parts."""
    return hashlib.sha256(b"".join(digests)).hexdigest()[:_DIGEST_CHARS]


@cache
def _digest_code() -> str:
    """Return a digest of this package and of the libraries that it renders with."""
    versions = [version(name) for name in ("feedpub", *_LIBRARIES)]
    digest = hashlib.sha256(" ".join(versions).encode())
    package = resources.files("feedpub.builder")
    for folder in (package, package / "templates"):
        for file in sorted(folder.iterdir(), key=_name):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _name(file: Traversable) -> str:
    return file.name


def _render_parts(suffix: str, feed: PreparedFeed) -> Document:
    from feedpub.builder import json_feed, rss_atom  # noqa: PLC0415 -- slow to import

    renderers = {
        "rss": rss_atom.render_rss_parts,
        "atom": rss_atom.render_atom_parts,
        "json": json_feed.render_json_parts,
        _PAGE: html.render_page_parts,
    }
    return renderers[suffix](feed)

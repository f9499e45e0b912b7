"""What no page for people exceeds: looked at cheaply, before anything reads it that slows down with what is in it."""

import re
from collections.abc import Iterator

MAX_TAGS = 400_000  # opening and closing ones, and every other "<"
MAX_ATTRIBUTES = 10_000  # in one tag: a parser's time grows with their square
MOST_PAIRS = 4 * MAX_ATTRIBUTES**2  # of attributes of one tag, in all tags together: about a second

_LONG_TAG = re.compile(rb"<[^<>]{3000,}")  # a shorter one adds little; text in a script may look like one
_VALUE = re.compile(rb"""(?<=[\s"'])([^\s=>"']+)\s*=\s*(?:"[^"]*"|'[^']*')""")  # of a named attribute; \1 is its name
_WINDOW = 1_500  # bytes; a tag that long holds one from end to end

_SEARCHED_BYTES = 65_536  # at once: while a pattern is at work, no other thread runs
_OVERLAP_BYTES = 1024  # longer than what is searched for


def occurs(pattern: re.Pattern[bytes], body: bytes) -> bool:
    """Search a body of any size piece by piece, so that other threads run between the pieces."""
    starts = range(0, len(body), _SEARCHED_BYTES)
    return any(pattern.search(body, start, start + _SEARCHED_BYTES + _OVERLAP_BYTES) for start in starts)


def excess(source: bytes) -> str:
    """What there is too much of in a document with tags, for people; "" where all is within bounds."""
    if len(source) > MAX_TAGS and source.count(b"<") > MAX_TAGS:
        return f"more than {MAX_TAGS:,} tags"
    pairs = 0
    for count in _attributes(source):
        if count > MAX_ATTRIBUTES:
            return f"a tag with more than {MAX_ATTRIBUTES:,} attributes"
        pairs += count**2
    return "too many tags with thousands of attributes" if pairs > MOST_PAIRS else ""


def _attributes(source: bytes) -> Iterator[int]:
    """How many attributes each long tag has; looking at one window after the other is quick where there is none."""
    windows = range(0, len(source), _WINDOW)
    if all(any(source.find(mark, at, at + _WINDOW) >= 0 for mark in (b"<", b">")) for at in windows):
        return
    for tag in _LONG_TAG.finditer(source):
        yield len(_VALUE.sub(rb"\1 ", tag[0]).split(maxsplit=MAX_ATTRIBUTES + 1)) - 1

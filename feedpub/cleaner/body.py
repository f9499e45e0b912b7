"""Kept blocks → the article's HTML and text. Owns the article's structure; decides nothing about what belongs to it.

The structure is that of the page: between one block and the next, the boxes that end are closed and those that begin
are opened, as far as they mean something to a reader.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from lxml.html import HtmlElement

from feedpub.cleaner.blocks import BREAK, EMBEDS, PICTURES
from feedpub.cleaner.figures import is_caption
from feedpub.cleaner.layout import HEADINGS, Block, Layout, Piece, Place
from feedpub.cleaner.pictures import absolute, picture, player
from feedpub.cleaner.sanitise import sanitise

TABULAR = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"})
BARE = frozenset({"pre", "dt", "caption", "summary", "figcaption"})  # hold text, never paragraphs
SINGLE = frozenset({"li", "dd", "td", "th", "figure"})  # hold text alone, or several paragraphs
LISTS = frozenset({"ul", "ol"})
CONTAINERS = TABULAR | BARE | SINGLE | LISTS | {"dl", "blockquote", "details"}
INLINE = {
    **{tag: tag for tag in ("abbr", "cite", "code", "del", "dfn", "em", "ins", "kbd", "mark", "q", "rp", "rt", "ruby")},
    **{tag: tag for tag in ("s", "samp", "small", "strong", "sub", "sup", "u", "var")},
    "b": "strong",
    "i": "em",
    "strike": "s",
    "tt": "code",
}
PROSE = 40  # words; a table with longer cells than this was made for the layout

_SPACE = re.compile(r"[ \t\n\r\f]+")
_OUTER_BREAKS = re.compile(r"^(?:\s*<br>)+|(?:<br>\s*)+$")
_SOURCE = re.compile(r'src="([^"]*)"')
_NOTHING_SHOWN = re.compile(r"<(?!img|a )[^>]*>|\s")


def text(layout: Layout, kept: Sequence[int]) -> str:
    """The kept blocks' text, a paragraph a line; captions stay with their pictures in the HTML."""
    blocks = (layout.blocks[index] for index in kept)
    return "\n".join(block.text for block in blocks if block.text and not is_caption(layout, block))


def html(layout: Layout, kept: Sequence[int], base: str | None) -> str:
    """The kept blocks as sanitised HTML in the page's structure, addresses absolute."""
    return sanitise("".join(_Composer(layout, kept, base).compose()))


class _Composer:
    """The state of the writing: which boxes are open."""

    def __init__(self, layout: Layout, kept: Sequence[int], base: str | None) -> None:
        self.boxes = layout.boxes
        self.blocks = [layout.blocks[index] for index in kept]
        self.base = base
        self.open: list[int] = []
        paths = [layout.path(block) for block in self.blocks]
        self.tables = _data_tables(layout, self.blocks, paths)
        self.paths = [list(self._containers(path)) for path in paths]
        self.held = Counter(path[-1] for path in self.paths if path)

    def compose(self) -> Iterator[str]:
        for block, path in zip(self.blocks, self.paths, strict=True):
            inline = _inline(block.pieces, self.base, pre=bool(self.boxes[block.box].place & Place.PRE))
            if _NOTHING_SHOWN.sub("", inline):
                yield from self._move(path)
                yield self._wrapped(block, inline)
        yield from self._move([])

    def _containers(self, path: Sequence[int]) -> Iterator[int]:
        """The boxes of a path that the article's structure consists of."""
        table = -1
        for index in path:
            tag = self.boxes[index].tag
            if tag == "table":
                table = index
            if tag in CONTAINERS and (tag not in TABULAR or table in self.tables):
                yield index

    def _move(self, path: list[int]) -> Iterator[str]:
        """Close and open boxes until those of a path are open."""
        pairs = zip(self.open, path, strict=False)
        shared = next((n for n, (old, new) in enumerate(pairs) if old != new), min(len(self.open), len(path)))
        for index in reversed(self.open[shared:]):
            yield f"</{self.boxes[index].tag}>\n"
        for index in path[shared:]:
            yield f"<{self.boxes[index].tag}>"
        self.open = path

    def _wrapped(self, block: Block, inline: str) -> str:
        if heading := self._heading(block):
            return f"<{heading}>{inline}</{heading}>\n"
        around = self.boxes[self.open[-1]].tag if self.open else ""
        if around in BARE or (around in SINGLE and self.held[self.open[-1]] == 1):
            return f"{inline}\n" if around == "pre" else inline
        if around in LISTS:
            return f"<li>{inline}</li>\n"
        return f"<p>{inline}</p>\n"

    def _heading(self, block: Block) -> str:
        """The tag of the heading that a block is; the first level is the article's own title."""
        index = block.box
        if not self.boxes[index].place & Place.HEADING:
            return ""
        while self.boxes[index].tag not in HEADINGS:
            index = self.boxes[index].parent
        return max(self.boxes[index].tag, "h2")


def _data_tables(layout: Layout, blocks: Sequence[Block], paths: Sequence[Sequence[int]]) -> set[int]:
    """The tables that hold data: several rows of short cells, no table inside. The others only place things."""
    rows: dict[int, set[int]] = {}
    words: Counter[int] = Counter()
    cells: Counter[int] = Counter()
    outer: set[int] = set()
    for block, path in zip(blocks, paths, strict=True):
        tables = [index for index in path if layout.boxes[index].tag == "table"]
        outer.update(tables[:-1])
        if tables:
            rows.setdefault(tables[-1], set()).update(i for i in path if layout.boxes[i].tag == "tr")
            words[tables[-1]] += block.text.count(" ") + 1
            cells[tables[-1]] += 1
    return {index for index, own in rows.items() if len(own) > 1 and words[index] < PROSE * cells[index]} - outer


def _inline(pieces: Sequence[Piece], base: str | None, *, pre: bool) -> str:
    """The inline HTML of a run."""
    written: list[str] = []
    ends: list[str] = []
    for piece in pieces:
        if piece is None:
            written.append(ends.pop())
        elif isinstance(piece, str):
            written.append(_written(piece, pre=pre))
        elif piece.tag in PICTURES:
            written.append(picture(piece, base))
        elif piece.tag in EMBEDS:
            written.append(player(piece, base))
        else:
            start, end = _tags(piece, base)
            written.append(start)
            ends.append(end)
    return _OUTER_BREAKS.sub("", "".join(_once(written))).strip("\n" if pre else None)


def _once(written: Sequence[str]) -> Iterator[str]:
    """Without the second of two equal pictures: one is for browsers that do not load lazily."""
    last = ""
    for part in written:
        if source := part.startswith("<img") and _SOURCE.search(part):
            if source[1] == last:
                continue
            last = source[1]
        yield part


def _written(piece: str, *, pre: bool) -> str:
    if piece == BREAK:
        return "\n" if pre else "<br>"
    return escape(piece if pre else _SPACE.sub(" ", piece), quote=False)


def _tags(element: HtmlElement, base: str | None) -> tuple[str, str]:
    """How an inline element begins and ends in the article; "" where it means nothing to a reader."""
    if element.tag == "a":
        address = absolute(element.get("href") or "", base) if element.get("href") else None
        return (f'<a href="{escape(address)}">', "</a>") if address else ("", "")
    tag = INLINE.get(element.tag)
    return (f"<{tag}>", f"</{tag}>") if tag else ("", "")

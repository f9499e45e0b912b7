"""Kept blocks → the article's HTML and text. Owns the article's structure; decides nothing about what belongs to it.

The structure is that of the page: between one block and the next, the boxes that end are closed and those that begin
are opened, as far as they mean something to a reader.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from lxml.html import HtmlElement

from feedpub.cleaner import tables
from feedpub.cleaner.blocks import BREAK
from feedpub.cleaner.figures import is_caption
from feedpub.cleaner.inline import Writing, fragment, inline
from feedpub.cleaner.layout import HEADINGS, PLACES, Block, Layout
from feedpub.cleaner.sanitise import sanitise

BARE = frozenset({"pre", "dt", "caption", "summary", "figcaption"})  # hold text, never paragraphs
SINGLE = frozenset({"li", "dd", "td", "th", "figure"})  # hold text alone, or several paragraphs
LISTS = frozenset({"ul", "ol"})
CONTAINERS = tables.PARTS | BARE | SINGLE | LISTS | {"dl", "blockquote", "details"}
ATTRIBUTES = {
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan", "scope"),
    "ol": ("start", "reversed", "type"),
    "li": ("value",),
}
HEADING, PRE = PLACES["h2"], PLACES["pre"]

_NOTHING_SHOWN = re.compile(r"<(?!img|a )[^<>]*+>|\s")
_BACK = re.compile(r"(?:(?<!\s)\s++)?[\u21a9\u2b11\u23ce]\ufe0e?$")  # the arrow from a footnote back to the text


def line(layout: Layout, block: Block) -> str:
    """A block's text; lines of code with their indent; "" for captions, which stay with their pictures in the HTML."""
    if not block.text or is_caption(layout, block):
        return ""
    if layout.boxes[block.box].place & PRE:
        raw = "".join(piece for piece in block.pieces if isinstance(piece, str)).replace(BREAK, "\n")
        return "\n".join(each.rstrip() for each in raw.split("\n") if each.strip())
    return _BACK.sub("", block.text) if block.links else block.text


def html(layout: Layout, kept: Sequence[int], base: str | None, url: str | None = None) -> str:
    """The kept blocks as sanitised HTML in the page's structure, addresses absolute. Raises ExtractError."""
    writing = _writing(layout, kept, base)
    composed = "".join(_Composer(layout, kept, writing).compose())
    return sanitise(f'<div dir="rtl">\n{composed}</div>\n' if writing.direction == "rtl" else composed, url)


def _writing(layout: Layout, kept: Sequence[int], base: str | None) -> Writing:
    """What the page says of all of its text, and what of the article is linked to from inside."""
    body = layout.boxes[0].element
    roots = [body, *body.iterancestors()]
    language = next((said for each in roots if (said := each.get("lang"))), "")
    direction = next((said for each in roots if (said := each.get("dir"))), "")
    linked = {name for index in kept for href in layout.blocks[index].links if (name := fragment(href, base))}
    return Writing(base, language.lower(), direction.lower(), frozenset(linked & _ids(layout, kept) if linked else ()))


def _ids(layout: Layout, kept: Sequence[int]) -> set[str]:
    """The ids of kept blocks and of the boxes around them."""
    found: set[str] = set()
    for index in kept:
        block = layout.blocks[index]
        pieces = [piece for piece in block.pieces if isinstance(piece, HtmlElement)]
        boxes = [layout.boxes[number].element for number in layout.path(block)]
        found.update(name for each in (*pieces, *boxes) for key in ("id", "name") if (name := each.get(key)))
    return found


class _Composer:
    """The state of the writing: which boxes are open."""

    def __init__(self, layout: Layout, kept: Sequence[int], writing: Writing) -> None:
        self.layout = layout
        self.boxes = layout.boxes
        self.writing = writing
        self.open: tuple[int, ...] = ()
        self.known: dict[int, tuple[int, ...]] = {0: ()}
        self.said: dict[int, dict[str, str]] = {0: {}}  # attributes of a box and of those around that are not written
        self.ids: set[str] = set()  # written so far
        self.tables = tables.data_parts(layout, kept)
        self.cells: dict[int, list[int]] = {}  # of an open row, those still to come
        self.blocks = [(block := layout.blocks[index], self._containers(block.box)) for index in kept]
        self.held = Counter(path[-1] for _, path in self.blocks if path)

    def compose(self) -> Iterator[str]:
        for block, path in self.blocks:
            written = inline(block, self.writing, pre=bool(self.boxes[block.box].place & PRE))
            if block.text or _NOTHING_SHOWN.sub("", written):
                yield from self._move(path)
                yield self._wrapped(block, written)
        yield from self._move(())

    def _containers(self, index: int) -> tuple[int, ...]:
        """A box and those around it, as far as the article's structure consists of them."""
        trail: list[int] = []
        while index not in self.known:
            trail.append(index)
            index = self.boxes[index].parent
        path = self.known[index]
        for each in reversed(trail):
            own = self.writing.attributes(self.boxes[each].element)
            around = {} if path and path[-1] == index else self.said[index]
            self.said[each] = around | own if own else around
            tag = self.boxes[each].tag
            if tag in CONTAINERS and (tag not in tables.PARTS or each in self.tables):
                path = (*path, each)
            self.known[each] = path
            index = each
        return path

    def _move(self, path: tuple[int, ...]) -> Iterator[str]:
        """Close and open boxes until those of a path are open."""
        if path == self.open:
            return
        pairs = zip(self.open, path, strict=False)
        shared = next((n for n, (old, new) in enumerate(pairs) if old != new), min(len(self.open), len(path)))
        for index in reversed(self.open[shared:]):
            yield from self._empty_cells(index, len(self.boxes))
            yield f"</{self.boxes[index].tag}>\n"
        for n, index in enumerate(path[shared:], shared):
            if n:
                yield from self._empty_cells(path[n - 1], index)
            yield f"<{self.boxes[index].tag}{self._attributes(index)}>"
            if self.boxes[index].tag == "tr":
                self.cells[index] = tables.cells(self.layout, index)
        self.open = path

    def _empty_cells(self, row: int, end: int) -> Iterator[str]:
        """The cells of an open row up to another that have nothing in them: columns stay where they are."""
        waiting = self.cells.get(row)
        while waiting and waiting[0] <= end:
            cell = waiting.pop(0)
            if cell != end:
                tag = self.boxes[cell].tag
                yield f"<{tag}{self._attributes(cell)}></{tag}>"

    def _wrapped(self, block: Block, written: str) -> str:
        around = self.open[-1] if self.open else 0
        tag = self.boxes[around].tag if around else ""
        attributes = self._attributes(block.box) if block.box != around else ""
        if heading := self._heading(block):
            return f"<{heading}{attributes}>{written}</{heading}>\n"
        if tag in BARE or (tag in SINGLE and self.held[around] == 1):
            return f"{written}\n" if tag == "pre" else written
        kind = "li" if tag in LISTS else "p"
        return f"<{kind}{attributes}>{written}</{kind}>\n"

    def _attributes(self, index: int) -> str:
        """The attributes that stay of a box and of those around it, up to one that is written itself."""
        element, tag = self.boxes[index].element, self.boxes[index].tag
        kept = {name: value for name in ATTRIBUTES.get(tag, ()) if (value := element.get(name))}
        kept |= self.said.get(index, {})
        if not kept:
            return ""
        if kept.get("id") in self.ids:
            del kept["id"]
        self.ids.update([kept["id"]] if "id" in kept else ())
        return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())

    def _heading(self, block: Block) -> str:
        """The tag of the heading that a block is; the first level is the article's own title."""
        index = block.box
        if not self.boxes[index].place & HEADING:
            return ""
        while self.boxes[index].tag not in HEADINGS:
            index = self.boxes[index].parent
        return max(self.boxes[index].tag, "h2")

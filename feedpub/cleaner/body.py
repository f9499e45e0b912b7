"""A run's pieces → inline HTML. Owns which inline elements mean something to a reader."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

from lxml.html import HtmlElement

from feedpub.cleaner import tables
from feedpub.cleaner.embeds import convert_embed
from feedpub.cleaner.images import best_image, is_caption, resolve_image_address
from feedpub.cleaner.layout import HEADINGS, PLACES, Block, Layout
from feedpub.cleaner.sanitize import sanitise
from feedpub.cleaner.segment import INLINE, LINE_BREAK, PICTURES, segment
from feedpub.core.html import parse_html

KEPT = frozenset(
    "a abbr bdi bdo cite code del dfn em ins kbd mark q rp rt ruby s samp small "  # noqa: SIM905 -- words
    "strong sub sup u var".split(),
)
RENAMED = {"b": "strong", "i": "em", "strike": "s", "tt": "code"}
TITLED = frozenset({"abbr", "dfn"})

_SPACE = re.compile(r"[ \t\n\r\f]+")
_SOURCE = re.compile(r'src="([^"]*)"')


@dataclass(frozen=True, slots=True)
class InlineContext:
    """What the writing of an article's HTML depends on, beside its blocks.

    Attributes:
        base: what relative addresses are completed with.
        language: of the page; what is in the same one need not say so.
        direction: of the page: "rtl", "ltr" or "" where it does not say.
        anchors: the ids in the article that it links to itself.
    """

    base: str | None = None
    language: str = ""
    direction: str = ""
    anchors: frozenset[str] = frozenset()

    def resolve(self, href: str) -> str | None:
        """A link's address in the article; one to the article's own footnote stays inside."""
        if self.anchors and (name := render_fragment(href, self.base)) in self.anchors:
            return f"#{name}"
        return resolve_image_address(href, self.base)

    def attributes(self, element: HtmlElement) -> dict[str, str]:
        """What of an element's attributes stays on any tag.

        The id that is linked to, language and direction.
        """
        kept: dict[str, str] = {}
        if self.anchors and (name := element.get("id") or element.get("name")) in self.anchors:
            kept["id"] = name
        if (language := element.get("lang")) and language.lower() != self.language:
            kept["lang"] = language
        if (direction := (element.get("dir") or "").lower()) and direction != (
            self.direction or "ltr"
        ):
            kept["dir"] = direction
        return kept


def render_fragment(href: str, base: str | None) -> str:
    """The id on the page itself that a link leads to, "" where it leads elsewhere."""
    page, _, name = href.partition("#")
    return unquote(name) if name and (not page or page == (base or "").partition("#")[0]) else ""


def render_children(block: Block, writing: InlineContext, *, pre: bool) -> str:
    """The inline HTML of a run; in a `<pre>` the white space is as it was."""
    written: list[str] = []
    ends: list[str] = []
    for piece in block.pieces:
        if piece is None:
            written.append(ends.pop())
        elif isinstance(piece, str):
            written.append(_written(piece, pre=pre))
        elif piece.tag in INLINE:
            start, end = _tags(piece, writing)
            written.append(start)
            ends.append(end)
        elif piece.tag in PICTURES:
            written.append(best_image(piece, writing.base))
        elif link := convert_embed(piece, writing.base):
            written.append(f"<br>{link}")
    html = "".join(written if block.pictures < 2 else _once(written))  # noqa: PLR2004 -- two may be the same
    if pre:
        return html.strip("\n")
    return _without_outer_breaks(html)


def _without_outer_breaks(html: str) -> str:
    """Drop blank lines at both ends, and the white space before each line break."""
    *lines, last = html.split("<br>")
    lines = [*map(str.rstrip, lines), last]
    full = [number for number, line in enumerate(lines) if line.strip()]
    return "<br>".join(lines[full[0] : full[-1] + 1]).strip() if full else ""


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
    if piece == LINE_BREAK:
        return "\n" if pre else "<br>"
    if not pre and ("\n" in piece or "  " in piece or "\t" in piece):
        piece = _SPACE.sub(" ", piece)
    return escape(piece, quote=False)


def _tags(element: HtmlElement, writing: InlineContext) -> tuple[str, str]:
    """How an inline element begins and ends in the article.

    "" where it means nothing to a reader.
    """
    tag = RENAMED.get(element.tag, element.tag)
    attributes = writing.attributes(element)
    if tag == "a":
        href = element.get("href")
        if href and (address := writing.resolve(href)):
            attributes["href"] = address
        else:
            tag = "span"
    elif tag in TITLED and (title := element.get("title")):
        attributes["title"] = title
    if not attributes:
        return (f"<{tag}>", f"</{tag}>") if tag in KEPT else ("", "")
    tag = tag if tag in KEPT else "span"
    written = "".join([f' {name}="{escape(value)}"' for name, value in attributes.items()])
    return f"<{tag}{written}>", f"</{tag}>"


# SECTION: Kept blocks → the article's HTML and text. Owns the article's structure; decides
# nothing about what belongs to it.
#
# The structure is that of the page: between one block and the next, the boxes that end are closed
# and those that begin
# are opened, as far as they mean something to a reader.

BARE = frozenset({"pre", "dt", "caption", "summary", "figcaption"})  # hold text, never paragraphs
SINGLE = frozenset({"li", "dd", "td", "th", "figure"})  # hold text alone, or several paragraphs
LISTS = frozenset({"ul", "ol"})
CONTAINERS = tables.TABLE_PARTS | BARE | SINGLE | LISTS | {"dl", "blockquote", "details"}
ATTRIBUTES = {
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan", "scope"),
    "ol": ("start", "reversed", "type"),
    "li": ("value",),
}
HEADING, PRE = PLACES["h2"], PLACES["pre"]

_NOTHING_SHOWN = re.compile(r"<(?!img|a )[^<>]*+>|\s")
_BACK = re.compile(
    r"(?:(?<!\s)\s++)?[\u21a9\u2b11\u23ce]\ufe0e?$"
)  # the arrow from a footnote back to the text


def render_inline(layout: Layout, block: Block) -> str:
    """A block's text.

    Lines of code with their indent; "" for captions, which stay with their pictures in the HTML.
    """
    if not block.text or is_caption(layout, block):
        return ""
    if layout.boxes[block.box].place & PRE:
        raw = "".join(piece for piece in block.pieces if isinstance(piece, str)).replace(
            LINE_BREAK, "\n"
        )
        return "\n".join(each.rstrip() for each in raw.split("\n") if each.strip())
    return _BACK.sub("", block.text) if block.links else block.text


def render_body(
    layout: Layout, kept: Sequence[int], base: str | None, url: str | None = None
) -> str:
    """The kept blocks as sanitised HTML in the page's structure, addresses absolute.

    Raises ExtractError.
    """
    writing = _writing(layout, kept, base)
    composed = "".join(_Composer(layout, kept, writing).compose())
    return sanitise(
        f'<div dir="rtl">\n{composed}</div>\n' if writing.direction == "rtl" else composed, url
    )


def _writing(layout: Layout, kept: Sequence[int], base: str | None) -> InlineContext:
    """What the page says of all of its text, and what of the article is linked to from inside."""
    body = layout.boxes[0].element
    roots = [body, *body.iterancestors()]
    language = next((said for each in roots if (said := each.get("lang"))), "")
    direction = next((said for each in roots if (said := each.get("dir"))), "")
    linked = {
        name
        for index in kept
        for href in layout.blocks[index].links
        if (name := render_fragment(href, base))
    }
    return InlineContext(
        base,
        language.lower(),
        direction.lower(),
        frozenset(linked & _ids(layout, kept) if linked else ()),
    )


def _ids(layout: Layout, kept: Sequence[int]) -> set[str]:
    """The ids of kept blocks and of the boxes around them."""
    found: set[str] = set()
    for index in kept:
        block = layout.blocks[index]
        pieces = [piece for piece in block.pieces if isinstance(piece, HtmlElement)]
        boxes = [layout.boxes[number].element for number in layout.path(block)]
        found.update(
            name for each in (*pieces, *boxes) for key in ("id", "name") if (name := each.get(key))
        )
    return found


class _Composer:
    """The state of the writing: which boxes are open."""

    def __init__(self, layout: Layout, kept: Sequence[int], writing: InlineContext) -> None:
        self.layout = layout
        self.boxes = layout.boxes
        self.writing = writing
        self.open: tuple[int, ...] = ()
        self.known: dict[int, tuple[int, ...]] = {0: ()}
        self.said: dict[int, dict[str, str]] = {
            0: {}
        }  # attributes of a box and of those around that are not written
        self.ids: set[str] = set()  # written so far
        self.tables = tables.data_table_parts(layout, kept)
        self.cells: dict[int, list[int]] = {}  # of an open row, those still to come
        self.blocks = [
            (block := layout.blocks[index], self._containers(block.box)) for index in kept
        ]
        self.held = Counter(path[-1] for _, path in self.blocks if path)

    def compose(self) -> Iterator[str]:
        for block, path in self.blocks:
            written = render_children(
                block, self.writing, pre=bool(self.boxes[block.box].place & PRE)
            )
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
            if tag in CONTAINERS and (tag not in tables.TABLE_PARTS or each in self.tables):
                path = (*path, each)
            self.known[each] = path
            index = each
        return path

    def _move(self, path: tuple[int, ...]) -> Iterator[str]:
        """Close and open boxes until those of a path are open."""
        if path == self.open:
            return
        pairs = zip(self.open, path, strict=False)
        shared = next(
            (n for n, (old, new) in enumerate(pairs) if old != new), min(len(self.open), len(path))
        )
        for index in reversed(self.open[shared:]):
            yield from self._empty_cells(index, len(self.boxes))
            yield f"</{self.boxes[index].tag}>\n"
        for n, index in enumerate(path[shared:], shared):
            if n:
                yield from self._empty_cells(path[n - 1], index)
            yield f"<{self.boxes[index].tag}{self._attributes(index)}>"
            if self.boxes[index].tag == "tr":
                self.cells[index] = tables.table_cells(self.layout, index)
        self.open = path

    def _empty_cells(self, row: int, end: int) -> Iterator[str]:
        """The cells of an open row up to another that have nothing in them.

        Columns stay where they are.
        """
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


# SECTION: The text of an article that the cleaner has written: read from its HTML again, with
# nothing left out.


def raw_text(html: str) -> str:
    """The paragraphs of an article's HTML, separated by newlines, as `extract` gives them beside it."""
    if not html.strip():
        return ""
    layout = segment(parse_html(html))
    return "\n".join(said for block in layout.blocks if (said := render_inline(layout, block)))

"""Render the kept blocks of a page as the HTML and the text of the article.

The article has the structure of the page: between two blocks, the boxes that end are closed and
those that begin are opened, as far as they mean something to a reader.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

from lxml.html import HtmlElement

from feedpub.cleaner import tables
from feedpub.cleaner.embeds import convert_embed
from feedpub.cleaner.formulas import formula_text, render_formula
from feedpub.cleaner.images import is_caption, render_image, resolve_link
from feedpub.cleaner.layout import HEADINGS, PLACES, Block, Layout, Piece, shared_depth
from feedpub.cleaner.sanitize import sanitise
from feedpub.cleaner.segment import INLINE, LINE_BREAK, PICTURES, segment
from feedpub.core.html import parse_html

KEPT_TAGS = frozenset(
    "a abbr bdi bdo cite code del dfn em ins kbd mark q rp rt ruby s "  # noqa: SIM905 -- words
    "samp small strong sub sup u var".split(),
)
RENAMED_TAGS = {"b": "strong", "i": "em", "strike": "s", "tt": "code"}
TITLED_TAGS = frozenset({"abbr", "dfn"})
TEXT_BOXES = frozenset({"pre", "dt", "caption", "summary", "figcaption"})  # never have paragraphs
# have paragraphs if they hold several blocks
SINGLE_BOXES = frozenset({"li", "dd", "td", "th", "figure"})
LISTS = frozenset({"ul", "ol"})
CONTAINERS = (
    tables.TABLE_PARTS | TEXT_BOXES | SINGLE_BOXES | LISTS | {"dl", "blockquote", "details"}
)
ATTRIBUTES = {
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan", "scope"),
    "ol": ("start", "reversed", "type"),
    "li": ("value",),
}
HEADING, PRE, LINK = PLACES["h2"], PLACES["pre"], PLACES["a"]

_SPACE = re.compile(r"[ \t\n\r\f]+")
_SOURCE = re.compile(r'src="([^"]*)"')
_INVISIBLE = re.compile(r"<(?!img|a )[^<>]*+>|\s")
# the arrow from a footnote back to the text
_BACK_LINK = re.compile(r"(?:(?<!\s)\s++)?[\u21a9\u2b11\u23ce]\ufe0e?$")


@dataclass(frozen=True, slots=True)
class InlineContext:
    """The properties of a page that the rendering of a block depends on.

    Attributes:
        base: base URL of relative addresses.
        language: language of the page; elements in the same language need no attribute.
        direction: "rtl", "ltr" or "".
        anchors: the ids in the article that the article links to.
    """

    base: str | None = None
    language: str = ""
    direction: str = ""
    anchors: frozenset[str] = frozenset()

    def resolve(self, href: str) -> str | None:
        """Return a link's address in the article. Links to the article's own anchors stay local."""
        if self.anchors and (name := local_anchor(href, self.base)) in self.anchors:
            return f"#{name}"
        return resolve_link(href, self.base)

    def attributes(self, element: HtmlElement) -> dict[str, str]:
        """Return the attributes that any tag keeps: a linked id, language and direction."""
        kept: dict[str, str] = {}
        if self.anchors:
            name = element.get("id") or element.get("name", "")
            if name in self.anchors:
                kept["id"] = name
        language = element.get("lang", "")
        if language.lower() not in ("", self.language):
            kept["lang"] = language
        direction = element.get("dir", "").lower()
        if direction not in ("", self.direction or "ltr"):
            kept["dir"] = direction
        return kept


def local_anchor(href: str, base: str | None) -> str:
    """Return the id on the same page that a link leads to, or ""."""
    page, _, name = href.partition("#")
    if not name or (page and page != (base or "").partition("#")[0]):
        return ""
    return unquote(name)


def render_block(block: Block, context: InlineContext, *, pre: bool) -> str:
    """Return the inline HTML of a block.

    Args:
        block: the block.
        context: the properties of its page.
        pre: white space is significant.
    """
    parts: list[str] = []
    end_tags: list[str] = []
    for piece in block.pieces:
        if piece is None:
            parts.append(end_tags.pop())
        elif isinstance(piece, str):
            parts.append(_render_text(piece, pre=pre))
        elif piece.tag in INLINE:
            start_tag, end_tag = _inline_tags(piece, context)
            if start_tag.startswith("<a ") and parts and parts[-1] == "</a>":
                parts.append(" ")  # such as two buttons
            parts.append(start_tag)
            end_tags.append(end_tag)
        elif piece.tag == "math":
            parts.append(render_formula(piece))
        elif piece.tag in PICTURES:
            parts.append(render_image(piece, context.base))
        elif link := convert_embed(piece, context.base):
            parts.append(f"<br>{link}")
    if block.pictures > 1:
        parts = _drop_repeated_images(parts)
    html = "".join(parts)
    return html.strip("\n") if pre else _strip_breaks(html)


def _strip_breaks(html: str) -> str:
    """Drop empty lines at both ends, and the white space before each line break."""
    *lines, last = html.split("<br>")
    lines = [*map(str.rstrip, lines), last]
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    return "<br>".join(lines).strip()


def _drop_repeated_images(parts: Iterable[str]) -> list[str]:
    """Drop the second of two equal images, which is for browsers without lazy loading."""
    kept: list[str] = []
    last = ""
    for part in parts:
        source = _SOURCE.search(part) if part.startswith("<img") else None
        if source:
            if source[1] == last:
                continue
            last = source[1]
        kept.append(part)
    return kept


def _render_text(piece: str, *, pre: bool) -> str:
    if piece == LINE_BREAK:
        return "\n" if pre else "<br>"
    if not pre and ("\n" in piece or "  " in piece or "\t" in piece):
        piece = _SPACE.sub(" ", piece)
    return escape(piece, quote=False)


def _inline_tags(element: HtmlElement, context: InlineContext) -> tuple[str, str]:
    """Return the tags of an inline element; both are "" if it means nothing to a reader."""
    tag = RENAMED_TAGS.get(element.tag, element.tag)
    attributes = context.attributes(element)
    if tag == "a":
        href = element.get("href")
        address = context.resolve(href) if href else None
        if address:
            attributes["href"] = address
        else:
            tag = "span"
    elif tag in TITLED_TAGS and (title := element.get("title")):
        attributes["title"] = title
    if tag not in KEPT_TAGS:
        if not attributes:
            return "", ""
        tag = "span"
    return f"<{tag}{_render_attributes(attributes)}>", f"</{tag}>"


def _render_attributes(attributes: Mapping[str, str]) -> str:
    return "".join([f' {name}="{escape(value)}"' for name, value in attributes.items()])


def block_text(layout: Layout, block: Block) -> str:
    """Return the text of a block in the article.

    Lines of code keep their indent. A caption has no text, because it stays with its image in the
    HTML.
    """
    if not block.text or is_caption(layout, block):
        return ""
    if layout.boxes[block.box].place & PRE:
        raw = "".join(map(_code_text, block.pieces))
        lines = raw.replace(LINE_BREAK, "\n").split("\n")
        return "\n".join([line.rstrip() for line in lines if line.strip()])
    return _BACK_LINK.sub("", block.text) if block.links else block.text


def _code_text(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    return formula_text(piece) if piece is not None and piece.tag == "math" else ""


def render_body(
    layout: Layout, kept: Sequence[int], base: str | None, url: str | None = None
) -> str:
    """Render the kept blocks as sanitised HTML with absolute addresses.

    Args:
        layout: the page.
        kept: the blocks of the article, in order.
        base: base URL of relative addresses.
        url: the page's URL, for errors.

    Raises:
        ExtractError: the HTML exceeds the limits of the sanitiser.
    """
    context = _inline_context(layout, kept, base)
    html = "".join(_HtmlWriter(layout, kept, context).write())
    if context.direction == "rtl":
        html = f'<div dir="rtl">\n{html}</div>\n'
    return sanitise(html, url)


def _inline_context(layout: Layout, kept: Sequence[int], base: str | None) -> InlineContext:
    language = direction = ""
    body = layout.boxes[0].element
    for element in (body, *body.iterancestors()):
        language = language or element.get("lang") or ""
        direction = direction or element.get("dir") or ""
    linked: set[str] = set()
    for index in kept:
        for href in layout.blocks[index].links:
            if name := local_anchor(href, base):
                linked.add(name)
    anchors = frozenset(linked & _collect_ids(layout, kept)) if linked else frozenset()
    return InlineContext(base, language.lower(), direction.lower(), anchors)


def _collect_ids(layout: Layout, kept: Sequence[int]) -> set[str]:
    """Return the ids and names of the elements in and around kept blocks."""
    elements: set[HtmlElement] = set()
    for index in kept:
        block = layout.blocks[index]
        elements.update(block.elements)
        elements.update([layout.boxes[number].element for number in layout.path(block)])
    ids: set[str] = set()
    for element in elements:
        ids.update((element.get("id", ""), element.get("name", "")))
    return ids - {""}


class _HtmlWriter:
    """Writes blocks, and the boxes around them that belong to the article's structure."""

    def __init__(self, layout: Layout, kept: Sequence[int], context: InlineContext) -> None:
        self.layout = layout
        self.boxes = layout.boxes
        self.context = context
        self.open: tuple[int, ...] = ()
        self.paths: dict[int, tuple[int, ...]] = {0: ()}  # containers of each box
        # attributes of each box, and of those around it that are not written
        self.inherited: dict[int, dict[str, str]] = {0: {}}
        self.written_ids: set[str] = set()
        self.written_links: set[int] = set()  # boxes
        self.table_parts = tables.data_table_parts(layout, kept)
        self.remaining_cells: dict[int, list[int]] = {}  # of each open row
        self.blocks: list[tuple[Block, tuple[int, ...]]] = []
        self.block_counts: Counter[int] = Counter()  # directly inside each container
        for index in kept:
            block = layout.blocks[index]
            path = self._containers(block.box)
            self.blocks.append((block, path))
            self.block_counts.update(path[-1:])

    def write(self) -> Iterator[str]:
        for block, path in self.blocks:
            pre = bool(self.boxes[block.box].place & PRE)
            html = render_block(block, self.context, pre=pre)
            if block.text and self.boxes[block.box].place & LINK:
                html = self._link(block, html)
            if block.text or _INVISIBLE.sub("", html):
                yield from self._move_to(path)
                yield self._wrap(block, html)
        yield from self._move_to(())

    def _link(self, block: Block, html: str) -> str:
        """Return a block's HTML in the link around several blocks, if it is the first of them."""
        index = block.box
        while self.boxes[index].tag != "a":
            index = self.boxes[index].parent
        href = self.boxes[index].element.get("href")
        address = self.context.resolve(href) if href else None
        if not address or index in self.written_links or "<a " in html:
            return html
        self.written_links.add(index)
        return f'<a href="{escape(address)}">{html}</a>'

    def _containers(self, index: int) -> tuple[int, ...]:
        """Return the containers around a box, outermost first, the box itself included."""
        trail: list[int] = []
        while index not in self.paths:
            trail.append(index)
            index = self.boxes[index].parent
        path = self.paths[index]
        for each in reversed(trail):
            own = self.context.attributes(self.boxes[each].element)
            around = {} if path and path[-1] == index else self.inherited[index]
            self.inherited[each] = around | own if own else around
            tag = self.boxes[each].tag
            if tag in CONTAINERS and (tag not in tables.TABLE_PARTS or each in self.table_parts):
                path = (*path, each)
            self.paths[each] = path
            index = each
        return path

    def _move_to(self, path: tuple[int, ...]) -> Iterator[str]:
        """Close and open containers until those of a path are open."""
        if path == self.open:
            return
        shared = shared_depth(path, self.open)
        for index in reversed(self.open[shared:]):
            yield from self._write_empty_cells(index, len(self.boxes))
            yield f"</{self.boxes[index].tag}>\n"
        for depth, index in enumerate(path[shared:], shared):
            if depth:
                yield from self._write_empty_cells(path[depth - 1], index)
            yield f"<{self.boxes[index].tag}{self._attributes(index)}>"
            if self.boxes[index].tag == "tr":
                self.remaining_cells[index] = tables.table_cells(self.layout, index)
        self.open = path

    def _write_empty_cells(self, row: int, end: int) -> Iterator[str]:
        """Write the cells of a row before a box, so that columns keep their position."""
        cells = self.remaining_cells.get(row)
        while cells and cells[0] <= end:
            cell = cells.pop(0)
            if cell != end:
                tag = self.boxes[cell].tag
                yield f"<{tag}{self._attributes(cell)}></{tag}>"

    def _wrap(self, block: Block, html: str) -> str:
        """Wrap a block's HTML into a heading, a paragraph or an item, if it needs one."""
        container = self.open[-1] if self.open else 0
        tag = self.boxes[container].tag if container else ""
        attributes = self._attributes(block.box) if block.box != container else ""
        if heading := self._heading_tag(block):
            return f"<{heading}{attributes}>{html}</{heading}>\n"
        if tag == "pre":
            return f"{html}\n"
        if tag in TEXT_BOXES or (tag in SINGLE_BOXES and self.block_counts[container] == 1):
            return html
        wrapper = "li" if tag in LISTS else "p"
        return f"<{wrapper}{attributes}>{html}</{wrapper}>\n"

    def _attributes(self, index: int) -> str:
        """Return the attributes of a box, including those of the unwritten boxes around it."""
        box = self.boxes[index]
        kept: dict[str, str] = {}
        for name in ATTRIBUTES.get(box.tag, ()):
            if value := box.element.get(name):
                kept[name] = value
        kept |= self.inherited.get(index, {})
        if "id" in kept:
            if kept["id"] in self.written_ids:
                del kept["id"]
            else:
                self.written_ids.add(kept["id"])
        return _render_attributes(kept)

    def _heading_tag(self, block: Block) -> str:
        """Return the tag of a heading, or "". The first level is that of the article's title."""
        index = block.box
        if not self.boxes[index].place & HEADING:
            return ""
        while self.boxes[index].tag not in HEADINGS:
            index = self.boxes[index].parent
        return max(self.boxes[index].tag, "h2")


def raw_text(html: str) -> str:
    """Return the text of an article's HTML, as `extract` returns it next to the HTML."""
    if not html.strip():
        return ""
    layout = segment(parse_html(html))
    texts = [block_text(layout, block) for block in layout.blocks]
    return "\n".join(filter(None, texts))

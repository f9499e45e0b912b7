"""A page's tree → its blocks of text and the boxes around them, in one walk.

A block is a run of inline content between two block-level tags, or two line breaks; a box is a block-level element,
or an inline one that has blocks inside. Boxes and blocks stand in the page's order, so that the blocks inside a box
are a range. Owns what counts as a block; judges nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, IntFlag, auto

from lxml import etree
from lxml.html import HtmlElement

SKIPPED = frozenset(
    "script style noscript template svg canvas math select textarea button input datalist dialog map head "
    "object applet audio video iframe param amp-ad amp-analytics amp-iframe".split(),
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr picture q rb rp rt ruby s "
    "samp small span strike strong sub sup time tt u var "
    "embed keygen source track wbr".split(),  # the parser takes what follows these empty ones for their content
)
PICTURES = frozenset({"img", "amp-img", "noscript"})
EMBEDS = frozenset({"iframe", "video", "audio", "object", "amp-iframe"})
EMPHATIC = frozenset({"a", "b", "strong"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
UNSEEN = frozenset({"sr-only", "visually-hidden", "screen-reader-text", "screen-reader-only", "visuallyhidden"})
NAMING = ("class", "id", "role", "itemprop", "aria-label", "data-component", "data-testid", "data-type", "rel")
BREAK = "\x0b"  # stands for <br> in a run; white space, so that it vanishes where lines do not matter


class Place(IntFlag):
    """What a box stands inside of."""

    ARTICLE = auto()
    MAIN = auto()
    ASIDE = auto()
    NAV = auto()
    HEADER = auto()
    FOOTER = auto()
    FIGURE = auto()
    CAPTION = auto()
    LIST = auto()
    TABLE = auto()
    FORM = auto()
    QUOTE = auto()
    HEADING = auto()
    PRE = auto()
    HIDDEN = auto()
    LINK = auto()


PLACES = {
    "article": Place.ARTICLE,
    "main": Place.MAIN,
    "aside": Place.ASIDE,
    "nav": Place.NAV,
    "header": Place.HEADER,
    "footer": Place.FOOTER,
    "figure": Place.FIGURE,
    "figcaption": Place.CAPTION,
    "ul": Place.LIST,
    "ol": Place.LIST,
    "dl": Place.LIST,
    "table": Place.TABLE,
    "form": Place.FORM,
    "blockquote": Place.QUOTE,
    "pre": Place.PRE,
    "a": Place.LINK,
    **dict.fromkeys(HEADINGS, Place.HEADING),
}
ROLES = {"main": Place.MAIN, "navigation": Place.NAV, "banner": Place.HEADER, "contentinfo": Place.FOOTER}

Piece = str | HtmlElement | None
"""A part of a run: text, the start of an inline element, or None for the end of the one opened last.

Pictures and embeds have no end."""


@dataclass(slots=True, eq=False)
class Box:
    """A block-level element.

    Attributes:
        parent: index of the box around it; the root's is 0, its own.
        name: tag and naming attributes, each after a bar: "div|entry-content|main".
        first, last: the blocks inside are those from `first` up to, not including, `last`.
    """

    element: HtmlElement
    tag: str
    parent: int
    name: str
    place: Place
    depth: int
    first: int
    last: int = 0


@dataclass(slots=True, eq=False)
class Block:
    """A run of inline content.

    Attributes:
        box: index of the box that it stands in.
        text: white space collapsed, `\\n` for a line break; "" where there are only pictures.
        link_chars: how many characters of the text stand in links.
        wrapper: the name of an inline element around all of it, "" where there is none.
    """

    box: int
    text: str
    pieces: list[Piece]
    link_chars: int = 0
    links: list[str] = field(default_factory=list)
    pictures: int = 0
    bold_chars: int = 0
    wrapper: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A page as boxes and blocks; box 0 is the body."""

    boxes: Sequence[Box]
    blocks: Sequence[Block]

    def path(self, block: Block) -> list[int]:
        """The boxes around a block, the body first."""
        index, path = block.box, []
        while index:
            path.append(index)
            index = self.boxes[index].parent
        return [0, *reversed(path)]


def cut(tree: HtmlElement) -> Layout:
    """Cut a document into blocks."""
    body = tree.find("body")
    return _Cutter(tree if body is None else body).layout()


class _Opened(Enum):
    """What an element was taken for when it was entered."""

    BOX = auto()
    INLINE = auto()
    NOTHING = auto()  # neither it nor what is inside counts as text


class _Cutter:
    """The state of the walk: the box and the inline elements that are open, and the run so far."""

    def __init__(self, body: HtmlElement) -> None:
        self.body = body
        self.boxes: list[Box] = []
        self.blocks: list[Block] = []
        self.box = 0
        self.inline: list[HtmlElement] = []  # open, and without a block inside so far
        self.opened: list[_Opened] = []  # what every open element was taken for
        self.links = 0  # open <a href>
        self.bold = 0
        self._clear()

    def layout(self) -> Layout:
        walk = etree.iterwalk(self.body, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                taken = self._start(element)
                self.opened.append(taken)
                if taken is _Opened.NOTHING:
                    walk.skip_subtree()
            else:
                self._end(element)
        return Layout(self.boxes, self.blocks)

    def _start(self, element: HtmlElement) -> _Opened:
        tag = element.tag
        if tag in INLINE:
            return self._start_inline(element, tag)
        if tag == "br":
            self._break()
        elif tag in PICTURES or tag in EMBEDS:
            self._picture(element, tag)
        elif tag not in SKIPPED:
            self._start_box(element, tag)
            return _Opened.BOX
        return _Opened.NOTHING

    def _start_inline(self, element: HtmlElement, tag: str) -> _Opened:
        if not UNSEEN.isdisjoint((element.get("class") or "").split()):
            return _Opened.NOTHING
        self.inline.append(element)
        self.pieces.append(element)
        if self.lead is None and not self.size:
            self.lead = element
        if tag == "a" and element.get("href"):
            self.links += 1
            self.hrefs.append(element.get("href", ""))
        elif tag in EMPHATIC and tag != "a":
            self.bold += 1
        if element.text:
            self._text(element.text)
        return _Opened.INLINE

    def _start_box(self, element: HtmlElement, tag: str) -> None:
        self._flush()
        for wrapper in self.inline:
            self._open(wrapper, wrapper.tag)
        if self.inline:
            self.opened[-len(self.inline) :] = [_Opened.BOX] * len(self.inline)
            self.inline.clear()
            self._clear()
        self._open(element, tag)
        if element.text:
            self._text(element.text)

    def _open(self, element: HtmlElement, tag: str) -> None:
        place = self.boxes[self.box].place if self.boxes else Place(0)
        depth = self.boxes[self.box].depth + 1 if self.boxes else 0
        name, place = _describe(element, tag, place)
        self.boxes.append(Box(element, tag, self.box, name, place, depth, len(self.blocks)))
        self.box = len(self.boxes) - 1

    def _end(self, element: HtmlElement) -> None:
        taken = self.opened.pop()
        if taken is _Opened.BOX:
            self._flush()
            box = self.boxes[self.box]
            box.last = len(self.blocks)
            self.box = box.parent
        elif taken is _Opened.INLINE:
            self.inline.pop()
            self.pieces.append(None)
            if self.lead is element:
                self.lead_size = self.size
        if taken is not _Opened.NOTHING and element.tag in EMPHATIC:
            self._leave(element)
        if element.tail and element is not self.body:
            self._text(element.tail)

    def _leave(self, element: HtmlElement) -> None:
        if element.tag != "a":
            self.bold -= 1
        elif element.get("href"):
            self.links -= 1

    def _text(self, text: str) -> None:
        self.pieces.append(text)
        if text.isspace():
            return
        self.broken = False
        length = len(text)
        self.size += length
        if self.links:
            self.linked += length
        if self.bold:
            self.bolded += length

    def _break(self) -> None:
        if self.broken:
            self._flush()
        self.pieces.append(BREAK)
        self.broken = True

    def _picture(self, element: HtmlElement, tag: str) -> None:
        if tag == "noscript" and element.find(".//img") is None:
            return
        self.pieces.append(element)
        self.pictures += 1
        self.broken = False

    def _flush(self) -> None:
        """End the run; what is open inline goes on in the next one."""
        if self.size or self.pictures:
            self.blocks.append(self._block())
        self._clear()

    def _block(self) -> Block:
        raw = "".join([piece for piece in self.pieces if isinstance(piece, str)])
        text = _collapse(raw.replace("\n", BREAK) if self.boxes[self.box].place & Place.PRE else raw)
        share = len(text) / len(raw) if raw else 0.0
        wrapper = ""
        if self.lead is not None and (self.lead_size or self.size) >= 0.6 * self.size:
            wrapper = _describe(self.lead, self.lead.tag, Place(0))[0]
        pieces = self.pieces + [None] * len(self.inline)
        return Block(
            self.box,
            text,
            pieces,
            int(self.linked * share),
            self.hrefs,
            self.pictures,
            int(self.bolded * share),
            wrapper,
        )

    def _clear(self) -> None:
        self.pieces: list[Piece] = list(self.inline)
        self.hrefs = [element.get("href", "") for element in self.inline if element.tag == "a"]
        self.size = self.linked = self.bolded = self.pictures = 0
        self.broken = False
        self.lead: HtmlElement | None = self.inline[0] if self.inline else None
        self.lead_size = 0


def _collapse(raw: str) -> str:
    if BREAK not in raw:
        return " ".join(raw.split())
    lines = (" ".join(line.split()) for line in raw.split(BREAK))
    return "\n".join(line for line in lines if line)


def _describe(element: HtmlElement, tag: str, place: Place) -> tuple[str, Place]:
    """An element's name, and what is inside it inside of."""
    place |= PLACES.get(tag, 0)
    values = dict(element.items())
    if not values:
        return tag, place
    role = values.get("role")
    if role in ROLES:
        place |= ROLES[role]
    if (
        "hidden" in values
        or values.get("aria-hidden") == "true"
        or "display:none" in values.get("style", "").replace(" ", "")
    ):
        place |= Place.HIDDEN
    return "|".join([tag, *(values[key] for key in NAMING if key in values)]), place

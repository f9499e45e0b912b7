"""A page's tree → its blocks of text and the boxes around them, in one walk.

A block ends at a block-level tag or at two line breaks. Owns what counts as a block; judges nothing.
"""

from lxml import etree
from lxml.html import HtmlElement

from feedpub.cleaner.layout import HIDDEN, PLACES, ROLES, Block, Box, Layout, Piece

SKIPPED = frozenset(
    "script style noscript template svg canvas math select textarea input datalist map head "  # noqa: SIM905 -- words
    "object applet audio video iframe param amp-ad amp-analytics amp-iframe".split(),
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr "  # noqa: SIM905 -- words
    "picture q rb rp rt ruby s samp small span "
    "strike strong sub sup time tt u var embed keygen source track wbr".split(),
)  # the last five are empty; the parser takes what follows them for their content
PICTURES = frozenset({"img", "amp-img", "noscript"})
EMBEDS = frozenset({"iframe", "video", "audio", "object", "amp-iframe"})
EMPHATIC = frozenset({"a", "b", "strong"})
UNSEEN = frozenset({"sr-only", "visually-hidden", "screen-reader-text", "screen-reader-only", "visuallyhidden"})
NAMING = frozenset(
    {"class", "id", "role", "itemprop", "aria-label", "data-component", "data-testid", "data-type", "rel"},
)
HIDING = frozenset({"hidden", "aria-hidden", "style"})
LEAST = 400  # characters; a page with less is written by scripts
AROUND = 0.6  # of a run's text, for an element that counts as being around it
BREAK = "\x0b"  # stands for <br> in a run; white space, so that it vanishes where lines do not matter


def cut(tree: HtmlElement) -> Layout:
    """Cut a document into blocks; where scripts would write the page, what it says without them is the page."""
    found = tree.find("body")
    body = tree if found is None else found
    layout = _Cutter(body).layout()
    size = sum(len(block.text) for block in layout.blocks)
    if size < LEAST and (unscripted := [each for each in body.iter("noscript") if len(each.text_content()) > size]):
        for element in unscripted:
            element.tag = "div"
        layout = _Cutter(body).layout()
    return layout


_BOX, _INLINE, _NOTHING = range(3)
"""What an element was taken for when it was entered; what is inside of nothing does not count as text."""


class _Cutter:
    """The state of the walk: the box and the inline elements that are open, and the run so far."""

    def __init__(self, body: HtmlElement) -> None:
        self.body = body
        self.boxes: list[Box] = []
        self.blocks: list[Block] = []
        self.box = 0
        self.inline: list[HtmlElement] = []  # open, and without a block inside so far
        self.opened: list[int] = []  # what every open element was taken for
        self.links = 0  # open <a href>
        self.bold = 0
        self.lead: HtmlElement | None = None  # the first element of the run, until it turns out not to hold it all
        self._clear()

    def layout(self) -> Layout:
        walk = etree.iterwalk(self.body, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                taken = self._start(element)
                self.opened.append(taken)
                if taken == _NOTHING:
                    walk.skip_subtree()
            else:
                self._end(element)
        return Layout(self.boxes, self.blocks)

    def _start(self, element: HtmlElement) -> int:
        tag = element.tag
        if tag in INLINE:
            return self._start_inline(element, tag)
        if tag == "br":
            self._break()
        elif tag in PICTURES or tag in EMBEDS:
            self._picture(element, tag)
        elif tag not in SKIPPED:
            self._start_box(element, tag)
            return _BOX
        return _NOTHING

    def _start_inline(self, element: HtmlElement, tag: str) -> int:
        names = element.get("class")
        if names and not UNSEEN.isdisjoint(names.split()):
            return _NOTHING
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
        return _INLINE

    def _start_box(self, element: HtmlElement, tag: str) -> None:
        self._flush()
        for wrapper in self.inline:
            self._open(wrapper, wrapper.tag)
        if self.inline:
            self.opened[-len(self.inline) :] = [_BOX] * len(self.inline)
            self.inline.clear()
            self._clear()  # what is inside the new box is not inside them alone
        self._open(element, tag)
        if element.text:
            self._text(element.text)

    def _open(self, element: HtmlElement, tag: str) -> None:
        place = self.boxes[self.box].place if self.boxes else 0
        depth = self.boxes[self.box].depth + 1 if self.boxes else 0
        name, place = _describe(element, tag, place)
        self.boxes.append(Box(element, tag, self.box, name, place, depth, len(self.blocks)))
        self.box = len(self.boxes) - 1

    def _end(self, element: HtmlElement) -> None:
        taken = self.opened.pop()
        if taken == _BOX:
            self._flush()
            box = self.boxes[self.box]
            box.last = len(self.blocks)
            self.box = box.parent
        elif taken == _INLINE:
            self.inline.pop()
            self.pieces.append(None)
            if self.lead is element:
                self.lead_size = self.size
        if taken != _NOTHING and element.tag in EMPHATIC:
            self._leave(element)
        if element.tail and element is not self.body:
            self._text(element.tail)

    def _leave(self, element: HtmlElement) -> None:
        if element.tag != "a":
            self.bold -= 1
        elif element.get("href"):
            self.links -= 1

    def _text(self, text: str) -> None:
        if text.isspace():
            if self.pieces:
                self.pieces.append(text)
            return
        self.pieces.append(text)
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
        if self.pieces:
            self._clear()

    def _block(self) -> Block:
        raw = "".join([piece for piece in self.pieces if isinstance(piece, str)])
        text = _collapse(raw.replace("\n", BREAK) if self.boxes[self.box].place & PLACES["pre"] else raw)
        share = len(text) / len(raw) if raw else 0.0
        wrapper = ""
        if self.lead is not None and (self.lead_size or self.size) >= AROUND * self.size:
            wrapper = _describe(self.lead, self.lead.tag, 0)[0]
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
        self.lead = self.inline[0] if self.inline else None
        self.lead_size = 0


def _collapse(raw: str) -> str:
    if BREAK not in raw:
        return " ".join(raw.split())
    lines = (" ".join(line.split()) for line in raw.split(BREAK))
    return "\n".join(line for line in lines if line)


def _describe(element: HtmlElement, tag: str, place: int) -> tuple[str, int]:
    """An element's name, and what is inside it inside of."""
    name, place = tag, place | PLACES.get(tag, 0)
    for key, value in element.items():
        if key in NAMING:
            name = f"{name}|{value}"
            if key == "role":
                place |= ROLES.get(value, 0)
        elif key in HIDING and _hides(key, value):
            place |= HIDDEN
    return name, place


def _hides(key: str, value: str) -> bool:
    """Whether an attribute keeps its element from being shown."""
    if key == "style":
        return "display:none" in value.replace(" ", "")
    return key == "hidden" or value == "true"

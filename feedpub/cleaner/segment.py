"""Formulas in MathML → text, as feed readers show no MathML. Owns nothing else."""

import re
from collections.abc import Sequence

from lxml.html import HtmlElement

from feedpub.cleaner.embeds import is_post
from feedpub.cleaner.layout import HIDDEN, PLACES, ROLES, Block, Box, Layout, Piece
from feedpub.cleaner.share_links import is_share_link

_STYLE = re.compile(r"^\{\\(?:displaystyle|textstyle)\s*+(.*)\}$", re.DOTALL)


def formula_text(element: HtmlElement) -> str:
    """What a formula's author wrote, mostly TeX; else its signs in order."""
    stated = element.get("alttext") or next(
        (note.text or "" for note in element.iter("annotation")), ""
    )
    written = stated if stated.strip() else " ".join("".join(element.itertext()).split())
    return _STYLE.sub(r"\1", written.strip()).strip()


# SECTION: A page's tree → its blocks of text and the boxes around them, in one walk.
#
# A block ends at a block-level tag or at two line breaks. Owns what counts as a block; judges
# nothing.

SKIPPED = frozenset(
    "script style noscript template svg canvas select textarea input datalist map head "  # noqa: SIM905 -- words
    "object applet audio video iframe param amp-ad amp-analytics amp-iframe".split(),
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr "  # noqa: SIM905 -- words
    "picture q rb rp rt ruby s samp small span "
    "strike strong sub sup time tt u var embed keygen source track wbr".split(),
)  # the last five are empty; the parser takes what follows them for their content
PICTURES = frozenset({"img", "amp-img", "noscript"})
EMBEDS = frozenset({"iframe", "video", "audio", "object", "amp-iframe"})
EMPHATIC = frozenset({"b", "strong"})
KINDS = {
    **dict.fromkeys(SKIPPED, "skipped"),
    **dict.fromkeys(INLINE, "inline"),
    **dict.fromkeys(PICTURES | EMBEDS, "picture"),
    "br": "break",
    "math": "formula",
}
"""What tags are for the walk; all others are boxes."""
UNSEEN = frozenset(
    "sr-only visually-hidden screen-reader-text screen-reader-only visuallyhidden "  # noqa: SIM905 -- words
    "katex-html MathJax_Preview".split(),  # a formula for the eye, beside the same in MathML
)
PERMALINKS = frozenset({"¶", "#", "§", "🔗"})
"""What a heading's link to itself says."""
NAMING = frozenset(
    {
        "class",
        "id",
        "role",
        "itemprop",
        "aria-label",
        "data-component",
        "data-testid",
        "data-type",
        "rel",
    },
)
HIDING = frozenset({"hidden", "aria-hidden", "style"})
LEAST = 400  # characters; a page with less is written by scripts
AROUND = 0.6  # of a run's text, for an element that counts as being around it
PRE = PLACES["pre"]
NO_LINKS: Sequence[str] = ()
LINE_BREAK = (
    "\x0b"  # stands for <br> in a run; white space, so that it vanishes where lines do not matter
)


def segment(tree: HtmlElement) -> Layout:
    """Cut a document into blocks.

    Where scripts would write the page, what it says without them is the page.
    """
    found = tree.find("body")
    body = tree if found is None else found
    cutter = _Cutter(body)
    layout = cutter.layout()
    size = sum([len(block.text) for block in layout.blocks])
    if unscripted := [element for element in cutter.unscripted if _is_the_page(element, size)]:
        for element in unscripted:
            element.tag = "div"
        layout = _Cutter(body).layout()
    return layout


def _is_the_page(noscript: HtmlElement, size: int) -> bool:
    """Whether a page of that many characters otherwise is empty, or has an article that a script takes elsewhere."""
    if size < LEAST and len(noscript.text_content()) > size:
        return True
    return sum([len(paragraph.text_content()) for paragraph in noscript.iter("p")]) >= LEAST


def is_permalink(element: HtmlElement) -> bool:
    """Whether an element is a heading's link to itself, which manuals show beside it."""
    return (element.text or "").strip() in PERMALINKS and "#" in (element.get("href") or "")


class _Cutter:
    """The state of the walk: the box and the inline elements that are open, and the run so far."""

    def __init__(self, body: HtmlElement) -> None:
        self.body = body
        self.boxes: list[Box] = []
        self.blocks: list[Block] = []
        self.box = 0
        self.unscripted: list[HtmlElement] = []  # what stands there for browsers without scripts
        self.inline: list[HtmlElement] = []  # open, and without a block inside so far
        self.links = 0  # open <a href>
        self.bold = 0
        self.size = self.linked = self.bolded = self.pictures = 0  # of the run so far
        self.lead: HtmlElement | None = (
            None  # the first element of the run, until it turns out not to hold it all
        )
        self._clear()

    def layout(self) -> Layout:
        """Walk over the body.

        The stack holds what is open, each element with its children still to come.
        """
        self._open(self.body, self.body.tag)
        if text := self.body.text:
            self._text(text)
        stack = [(self.body, iter(self.body))]
        while stack:
            outer, children = stack[-1]
            for element in children:
                if self._enter(element):
                    if len(element):
                        stack.append((element, iter(element)))
                        break
                    self._leave(element)
                if text := element.tail:
                    self._text(text)
            else:
                stack.pop()
                self._leave(outer)
                if stack and (text := outer.tail):
                    self._text(text)
        return Layout(self.boxes, self.blocks)

    def _enter(self, element: HtmlElement) -> bool:
        """Take an element in.

        Whether its children are to be looked at, and the element to be left after them.
        """
        tag = element.tag
        kind = KINDS.get(tag)
        if kind is None and not (tag == "blockquote" and is_post(element)):
            self._start_box(element, tag)
            return True
        if kind == "inline":
            return self._start_inline(element, tag)
        if kind == "break":
            self._break()
        elif kind == "formula":
            self._formula(element)
        elif kind != "skipped":
            self._picture(element, tag)
        return False

    def _start_inline(self, element: HtmlElement, tag: str) -> bool:
        names = element.get("class")
        if (names and not UNSEEN.isdisjoint(names.split())) or (
            tag == "a" and (is_permalink(element) or is_share_link(element))
        ):
            return False
        self.inline.append(element)
        self.pieces.append(element)
        if self.lead is None and not self.size:
            self.lead = element
        if tag == "a":
            if href := element.get("href"):
                self.links += 1
                self.hrefs.append(href)
        elif tag in EMPHATIC:
            self.bold += 1
        if text := element.text:
            self._text(text)
        return True

    def _start_box(self, element: HtmlElement, tag: str) -> None:
        if self.pieces:
            self._flush()
        if self.inline:  # they have a block inside: boxes after all
            for wrapper in self.inline:
                self._open(wrapper, wrapper.tag)
            self.inline.clear()
            self._clear()  # what is inside the new box is not inside them alone
        self._open(element, tag)
        if text := element.text:
            self._text(text)

    def _open(self, element: HtmlElement, tag: str) -> None:
        boxes = self.boxes
        if boxes:
            around = boxes[self.box]
            name, place = _describe(element, tag, around.place)
            boxes.append(
                Box(element, tag, self.box, name, place, around.depth + 1, len(self.blocks))
            )
        else:
            name, place = _describe(element, tag, 0)
            boxes.append(Box(element, tag, 0, name, place, 0, 0))
        self.box = len(boxes) - 1

    def _leave(self, element: HtmlElement) -> None:
        if self.inline and self.inline[-1] is element:
            self.inline.pop()
            self.pieces.append(None)
            if self.lead is element:
                self.lead_size = self.size
            tag = element.tag
        else:
            if self.pieces:
                self._flush()
            box = self.boxes[self.box]
            box.last = len(self.blocks)
            self.box = box.parent
            tag = box.tag
        if tag == "a":
            self.links -= element.get("href", "") != ""
        elif tag in EMPHATIC:
            self.bold -= 1

    def _text(self, text: str) -> None:
        if text.isspace():
            if self.pieces or self.boxes[self.box].place & PRE:
                self.pieces.append(text)
                self.texts.append(text)
            return
        self.pieces.append(text)
        self.texts.append(text)
        self.broken = False
        length = len(text)
        self.size += length
        if self.links:
            self.linked += length
        if self.bold:
            self.bolded += length

    def _break(self) -> None:
        if self.broken and not self.boxes[self.box].place & PRE:
            self._flush()
        self.pieces.append(LINE_BREAK)
        self.texts.append(LINE_BREAK)
        self.broken = True

    def _picture(self, element: HtmlElement, tag: str) -> None:
        if tag == "noscript":
            self.unscripted.append(element)
            if element.find(".//img") is None:
                return
        self.pieces.append(element)
        self.pictures += 1
        self.broken = False

    def _formula(self, element: HtmlElement) -> None:
        """Add a formula's text; where it is hidden, a picture shows the same."""
        around = element.getparent()
        if around is None or not any(
            _hides(key, value) for key, value in around.items() if key in HIDING
        ):
            self._text(formula_text(element))

    def _flush(self) -> None:
        """End the run; what is open inline goes on in the next one."""
        if self.size or self.pictures:
            self.blocks.append(self._block())
        self._clear()

    def _block(self) -> Block:
        pieces = self.pieces
        raw = "".join(self.texts)
        if self.boxes[self.box].place & PRE:
            raw = raw.replace("\n", LINE_BREAK)
        text = _collapse(raw)
        share = len(text) / len(raw) if raw else 0.0
        wrapper = ""
        if self.lead is not None and (self.lead_size or self.size) >= AROUND * self.size:
            wrapper = _describe(self.lead, self.lead.tag, 0)[0]
        if self.inline:
            pieces = pieces + [None] * len(self.inline)
        return Block(
            self.box,
            text,
            pieces,
            int(self.linked * share),
            self.hrefs or NO_LINKS,
            self.pictures,
            int(self.bolded * share),
            wrapper,
        )

    def _clear(self) -> None:
        self.pieces: list[Piece] = []
        self.texts: list[str] = []
        self.hrefs: list[str] = []
        self.lead = None
        self.lead_size = self.size = self.linked = self.bolded = self.pictures = 0
        self.broken = False
        if self.inline:
            self.pieces += self.inline
            self.hrefs += [element.get("href", "") for element in self.inline if element.tag == "a"]
            self.lead = self.inline[0]


def _collapse(raw: str) -> str:
    if LINE_BREAK not in raw:
        return " ".join(raw.split())
    lines = (" ".join(line.split()) for line in raw.split(LINE_BREAK))
    return "\n".join(line for line in lines if line)


def _describe(element: HtmlElement, tag: str, place: int) -> tuple[str, int]:
    """An element's name, and what is inside it inside of."""
    name = tag
    if tag in PLACES:
        place |= PLACES[tag]
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

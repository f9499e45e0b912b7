"""Segment a page into blocks of text and the boxes around them, in one walk over its tree.

A block ends at a block-level tag or at two line breaks. This module defines what a block is; it
does not judge what belongs to the article.
"""

import re
from collections.abc import Sequence
from itertools import islice
from urllib.parse import parse_qs

from lxml.html import HtmlElement

from feedpub.cleaner.embeds import is_post
from feedpub.cleaner.formulas import TEX_TYPE, formula_text, is_drawn
from feedpub.cleaner.images import has_addressee
from feedpub.cleaner.layout import HIDDEN, PLACES, ROLES, Block, Box, Layout, Piece

SKIPPED = frozenset(
    "script style noscript template svg canvas select textarea input "  # noqa: SIM905 -- words
    "datalist map head "
    "object applet audio video iframe param amp-ad amp-analytics amp-iframe".split(),
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins "  # noqa: SIM905 -- words
    "kbd label mark nobr "
    "picture q rb rp rt ruby s samp small span "
    "strike strong sub sup time tt u var embed keygen source track wbr".split(),
)  # the last five are void elements, but the parser puts the text that follows inside them
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
"""How the walk treats a tag. All other tags are boxes."""
INVISIBLE_CLASSES = frozenset(
    "sr-only visually-hidden screen-reader-text screen-reader-only "  # noqa: SIM905 -- words
    "visuallyhidden "
    "katex-html MathJax_Preview".split(),  # renderings of a formula that is also there in MathML
)
PERMALINK_TEXTS = frozenset({"¶", "#", "§", "🔗"})
NAMING_ATTRIBUTES = frozenset(
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
HIDING_ATTRIBUTES = frozenset({"hidden", "aria-hidden", "style"})
MIN_PAGE_CHARS = 400  # a page with less text is written by scripts
MIN_WRAPPER_SHARE = 0.6  # of a run's text, for an element to count as its wrapper
PRE = PLACES["pre"]
NO_LINKS: Sequence[str] = ()
# <br> in a run; a white-space character, so that it disappears if lines do not matter
LINE_BREAK = "\x0b"

MAX_WORDS_AROUND = 3  # as in "Share this:"; with more, the link is part of a sentence
MAX_SIBLINGS = 50  # that are read
_APPS = re.compile(
    r"\A\s*(?:whatsapp:(?://)?send|sms:(?://)?[?&;]|fb-messenger:(?://)?share"
    r"|tg:(?://)?(?:msg|share)|viber:(?://)?forward|line:(?://)?(?:msg|share)"
    r"|threema:(?://)?compose|weixin:|twitter:(?://)?post)",
    re.IGNORECASE,
)
_ADDRESSEE_PARAMETERS = frozenset({"phone", "to", "id", "recipient"})
_SCRIPT = re.compile(r"\A\s*javascript:", re.IGNORECASE)
_SHARING_SCRIPT = re.compile(r"print|share|mail", re.IGNORECASE)


def segment(tree: HtmlElement) -> Layout:
    """Segment a document into blocks.

    If scripts would write the page, its `<noscript>` elements are segmented as well.
    """
    found = tree.find("body")
    body = tree if found is None else found
    walk = _TreeWalk(body)
    layout = walk.run()
    size = sum([len(block.text) for block in layout.blocks])
    fallbacks = [element for element in walk.noscripts if _holds_the_page(element, size)]
    if not fallbacks:
        return layout
    for element in fallbacks:
        element.tag = "div"
    return _TreeWalk(body).run()


def _holds_the_page(noscript: HtmlElement, page_chars: int) -> bool:
    """Return whether a noscript element holds the page's text.

    It does if the page has hardly any text otherwise, or if the element holds an article that a
    script would move elsewhere.
    """
    if page_chars < MIN_PAGE_CHARS and len(noscript.text_content()) > page_chars:
        return True
    prose_chars = sum([len(paragraph.text_content()) for paragraph in noscript.iter("p")])
    return prose_chars >= MIN_PAGE_CHARS


def is_permalink(element: HtmlElement) -> bool:
    """Return whether an element is a heading's link to itself, as manuals have it."""
    return (element.text or "").strip() in PERMALINK_TEXTS and "#" in element.get("href", "")


class _TreeWalk:
    """A walk over a body: the open box, the open inline elements and the current run."""

    pieces: list[Piece]
    texts: list[str]
    hrefs: list[str]
    lead: HtmlElement | None  # the first element of the run, as long as it may hold all of it
    lead_size: int
    size: int
    link_size: int
    bold_size: int
    pictures: int

    def __init__(self, body: HtmlElement) -> None:
        self.body = body
        self.boxes: list[Box] = []
        self.blocks: list[Block] = []
        self.noscripts: list[HtmlElement] = []
        self.box = 0
        self.inline: list[HtmlElement] = []  # open, and without a block inside so far
        self.open_links = 0
        self.open_bold = 0
        self._start_run()

    def run(self) -> Layout:
        """Walk over the body and return its layout."""
        self._open_box(self.body, self.body.tag)
        if text := self.body.text:
            self._add_text(text)
        stack = [(self.body, iter(self.body))]  # open elements, each with its remaining children
        while stack:
            outer, children = stack[-1]
            for element in children:
                if self._enter(element):
                    if len(element):
                        stack.append((element, iter(element)))
                        break
                    self._leave(element)
                if text := element.tail:
                    self._add_text(text)
            else:
                stack.pop()
                self._leave(outer)
                if stack and (text := outer.tail):
                    self._add_text(text)
        return Layout(self.boxes, self.blocks)

    def _enter(self, element: HtmlElement) -> bool:
        """Start an element. Return whether its children are walked, and the element left later."""
        tag = element.tag
        kind = KINDS.get(tag)
        if kind is None and not (tag == "blockquote" and is_post(element)):
            self._start_box(element, tag)
            return True
        if kind == "inline":
            return self._start_inline(element, tag)
        if tag == "script" and element.get("type", "").startswith(TEX_TYPE):
            self._add_text(element.text or "")
        elif kind == "break":
            self._add_break()
        elif kind == "formula":
            self._add_formula(element)
        elif kind != "skipped":
            self._add_picture(element, tag)
        return False

    def _start_inline(self, element: HtmlElement, tag: str) -> bool:
        names = element.get("class")
        if names and not INVISIBLE_CLASSES.isdisjoint(names.split()):
            return False
        if names and "MathJax" in names and _has_source(element):
            return False
        if tag == "a" and (is_permalink(element) or is_share_link(element)):
            return False
        self.inline.append(element)
        self.pieces.append(element)
        if self.lead is None and not self.size:
            self.lead = element
        if tag == "a":
            if href := element.get("href"):
                self.open_links += 1
                self.hrefs.append(href)
        elif tag in EMPHATIC:
            self.open_bold += 1
        if text := element.text:
            self._add_text(text)
        return True

    def _start_box(self, element: HtmlElement, tag: str) -> None:
        if self.pieces:
            self._end_run()
        if self.inline:  # these have a block inside, so they are boxes
            for wrapper in self.inline:
                self._open_box(wrapper, wrapper.tag)
            self.inline.clear()
            self._start_run()
        self._open_box(element, tag)
        if text := element.text:
            self._add_text(text)

    def _open_box(self, element: HtmlElement, tag: str) -> None:
        boxes = self.boxes
        if boxes:
            around = boxes[self.box]
            name, place = _describe(element, tag, around.place)
            depth = around.depth + 1
            boxes.append(Box(element, tag, self.box, name, place, depth, len(self.blocks)))
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
                self._end_run()
            box = self.boxes[self.box]
            box.last = len(self.blocks)
            self.box = box.parent
            tag = box.tag
        if tag == "a":
            self.open_links -= element.get("href", "") != ""
        elif tag in EMPHATIC:
            self.open_bold -= 1

    def _add_text(self, text: str) -> None:
        if text.isspace():
            if self.pieces or self.boxes[self.box].place & PRE:
                self.pieces.append(text)
                self.texts.append(text)
            return
        self.pieces.append(text)
        self.texts.append(text)
        self.after_break = False
        length = len(text)
        self.size += length
        if self.open_links:
            self.link_size += length
        if self.open_bold:
            self.bold_size += length

    def _add_break(self) -> None:
        if self.after_break and not self.boxes[self.box].place & PRE:
            self._end_run()
        self.pieces.append(LINE_BREAK)
        self.texts.append(LINE_BREAK)
        self.after_break = True

    def _add_picture(self, element: HtmlElement, tag: str) -> None:
        if tag == "noscript":
            self.noscripts.append(element)
            if element.find(".//img") is None:
                return
        self.pieces.append(element)
        self.pictures += 1
        self.after_break = False

    def _add_formula(self, element: HtmlElement) -> None:
        """Add a formula and its text. A hidden formula is skipped: an image shows the same."""
        around = element.getparent()
        for key, value in () if around is None else around.items():
            if key in HIDING_ATTRIBUTES and _is_hiding(key, value):
                return
        if text := formula_text(element):
            self._add_text(text)
            if is_drawn(element):
                self.pieces[-1] = element

    def _start_run(self) -> None:
        """Start a run. Inline elements that are open continue in it."""
        self.pieces, self.texts, self.hrefs = [], [], []
        self.lead = None
        self.lead_size = self.size = self.link_size = self.bold_size = self.pictures = 0
        self.after_break = False
        if self.inline:
            self.pieces += self.inline
            self.hrefs += [element.get("href", "") for element in self.inline if element.tag == "a"]
            self.lead = self.inline[0]

    def _end_run(self) -> None:
        """Make a block of the run and start the next one."""
        if self.size or self.pictures:
            self.blocks.append(self._make_block())
        self._start_run()

    def _make_block(self) -> Block:
        pieces = self.pieces
        raw = "".join(self.texts)
        if self.boxes[self.box].place & PRE:
            raw = raw.replace("\n", LINE_BREAK)
        text = _collapse(raw)
        share = len(text) / len(raw) if raw else 0.0
        wrapper = ""
        lead = self.lead
        if lead is not None and (self.lead_size or self.size) >= MIN_WRAPPER_SHARE * self.size:
            wrapper = _describe(lead, lead.tag, 0)[0]
        if self.inline:
            pieces = pieces + [None] * len(self.inline)
        return Block(
            self.box,
            text,
            pieces,
            int(self.link_size * share),
            self.hrefs or NO_LINKS,
            self.pictures,
            int(self.bold_size * share),
            wrapper,
        )


def _collapse(raw: str) -> str:
    """Collapse white space; a line break becomes a newline, and empty lines are dropped."""
    if LINE_BREAK not in raw:
        return " ".join(raw.split())
    lines = [" ".join(line.split()) for line in raw.split(LINE_BREAK)]
    return "\n".join(filter(None, lines))


def _describe(element: HtmlElement, tag: str, place: int) -> tuple[str, int]:
    """Return an element's name and the set of places that its content is inside of."""
    name = tag
    if tag in PLACES:
        place |= PLACES[tag]
    for key, value in element.items():
        if key in NAMING_ATTRIBUTES:
            name = f"{name}|{value}"
            if key == "role":
                place |= ROLES.get(value, 0)
        elif key in HIDING_ATTRIBUTES and _is_hiding(key, value):
            place |= HIDDEN
    return name, place


def _is_hiding(key: str, value: str) -> bool:
    """Return whether an attribute hides its element."""
    if key == "style":
        return "display:none" in value.replace(" ", "")
    return key == "hidden" or value == "true"


def _has_source(element: HtmlElement) -> bool:
    """Return whether the source of a rendered formula follows it."""
    following = element.getnext()
    is_script = following is not None and following.tag == "script"
    return is_script and following.get("type", "").startswith(TEX_TYPE)


def is_share_link(element: HtmlElement) -> bool:
    """Return whether a link only shares the page and is not part of a sentence."""
    href = element.get("href", "")
    return _only_shares(href) and _count_words_around(element) <= MAX_WORDS_AROUND


def _only_shares(href: str) -> bool:
    if _SCRIPT.match(href):
        return _SHARING_SCRIPT.search(href) is not None
    if _APPS.match(href):
        return not _ADDRESSEE_PARAMETERS.intersection(parse_qs(href.partition("?")[2]))
    return href.strip().lower().startswith("mailto:") and not has_addressee(href.strip())


def _count_words_around(element: HtmlElement) -> int:
    """Return the number of words between a link and its siblings."""
    parent = element.getparent()
    if parent is None:
        return 0
    words = len((parent.text or "").split())
    for child in islice(parent, MAX_SIBLINGS):
        words += len((child.tail or "").split())
    return words

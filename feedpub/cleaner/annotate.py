"""Render a page with the text that the cleaner removed struck through in place.

The output shows the cleaner's decisions, so that a user can check them. It is inert: text and a few
tags, no scripts, no links, nothing that is loaded, and none of the page's markup except tag names.

    boxes           data-tag, and data-selector if a selector names them; data-named if the selector
                    is a name of their own
    blocks          the same, data-n (the number on the page), data-start (the first words), and the
                    class kept or gone; if gone, data-reason and data-rule, and a note on the first
                    of several with the same reason
    inline          elements with names of their own: data-selector and data-named
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib.resources import files

from lxml.html import HtmlElement

from feedpub.cleaner.boilerplate import PHRASE_FILE, RemovalDecision
from feedpub.cleaner.extract import ExtractionTrace, pause_garbage_collection, trace_extraction
from feedpub.cleaner.formulas import formula_text
from feedpub.cleaner.layout import HEADINGS, Block, Layout, Piece, shared_depth
from feedpub.cleaner.rules import Rule, Ruleset, coerce_ruleset
from feedpub.cleaner.segment import INLINE, LINE_BREAK, segment
from feedpub.cleaner.selectors import SelectorIndex
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.config import SiteRules
from feedpub.core.models import Article

# boxes with a style of their own, which are shown even without a name
SHOWN_TAGS = HEADINGS | frozenset(
    "li ul ol dl dt dd table caption thead tbody tfoot tr td th "  # noqa: SIM905 -- words
    "blockquote figure figcaption pre".split()
)
EMPHASIS_TAGS = {
    "b": "b",
    "strong": "b",
    "i": "i",
    "em": "i",
    "code": "code",
    "sup": "sup",
    "sub": "sub",
    "q": "q",
}
MAX_START_CHARS = 60
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class AnnotatedPage:
    """A page and its article.

    Attributes:
        html: the page as inert HTML, with the removed text in its place.
        article: the article that was extracted.
    """

    html: str
    article: Article


@pause_garbage_collection()
def annotate(
    html: bytes | str,
    url: str | None = None,
    *,
    memory: SiteMemory | None = None,
    rules: SiteRules | Ruleset | None = None,
) -> AnnotatedPage:
    """Render a page with the text that `extract` removes. Arguments and errors are the same."""
    original = _OriginalTree()
    trace = trace_extraction(html, url, memory, coerce_ruleset(rules), original.copy)
    return AnnotatedPage("".join(_Writer(original, trace).write()), trace.article)


class _OriginalTree:
    """A copy of a page's tree, made before anything is removed from it.

    Attributes:
        copies: for each element of the page's tree, its copy.
    """

    def __init__(self) -> None:
        self.copies: dict[HtmlElement, HtmlElement] = {}

    def copy(self, tree: HtmlElement) -> None:
        self.tree = deepcopy(tree)
        self.copies = dict(zip(tree.iter(), self.tree.iter(), strict=True))


@dataclass(frozen=True, slots=True)
class _Removal:
    """Why a text was removed, and the evidence for it."""

    reason: str
    rule: str


def _removal_by_decision(decision: RemovalDecision) -> _Removal:
    if decision.evidence == PHRASE_FILE:
        return _Removal(decision.reason, _locate_phrase(decision.reason))
    return _Removal(decision.reason, decision.evidence)


def _locate_phrase(reason: str) -> str:
    """Return the file of the phrase that a reason names, with its line if it is there verbatim."""
    language = reason.rpartition("(")[2].removesuffix(")")
    phrase = reason.partition("'")[2].rpartition("'")[0]
    line = _phrase_lines(language).get(phrase.casefold())
    return f"data/phrases/{language}.toml" + (f":{line}" if line else "")


@lru_cache(maxsize=8)
def _phrase_lines(language: str) -> Mapping[str, int]:
    file = files("feedpub.cleaner") / "data" / "phrases" / f"{language}.toml"
    lines: dict[str, int] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        for phrase in _QUOTED.findall(line):
            lines[phrase.casefold()] = number
    return lines


def _removal_by_rule(rule: Rule) -> _Removal:
    place = f"{rule.file}:{rule.line}" if rule.file else "the feed's rules"
    return _Removal(f"rule {rule.command} '{rule.source}'", place)


class _Decisions:
    """The decision about each block of the original page.

    The page that the cleaner judged lacks the elements that rules removed before, so its blocks may
    have other numbers.

    Attributes:
        by_rule: the elements that rules removed.
    """

    def __init__(self, original: _OriginalTree, trace: ExtractionTrace, layout: Layout) -> None:
        self._judged = trace.page.layout
        self._decisions = trace.selection.decisions
        self._layout = layout
        self.by_rule: dict[HtmlElement, _Removal] = {}
        for element, rule in trace.rule_matches.items():
            self.by_rule[original.copies[element]] = _removal_by_rule(rule)
        same_size = len(layout.blocks) == len(self._judged.blocks)
        self._is_same = same_size and not trace.rule_matches
        self._judged_by_element: dict[HtmlElement, list[int]] = {}
        for index, block in enumerate(self._judged.blocks):
            boxes = {self._judged.boxes[number].element for number in self._judged.path(block)}
            for element in boxes.union(block.elements):
                self._judged_by_element.setdefault(original.copies[element], []).append(index)

    def find(self, index: int) -> _Removal | None:
        """Return why a block was removed, or None if it was kept."""
        if self._is_same:
            return self._find_judged(index)
        block = self._layout.blocks[index]
        boxes = [self._layout.boxes[number].element for number in self._layout.path(block)]
        text = " ".join(_text_outside(block, self.by_rule).split())
        has_only_removed_text = bool(block.text) and not text
        inner = block.elements if has_only_removed_text else []
        for element in (*boxes, *inner):
            if element in self.by_rule:
                return self.by_rule[element]
        judged = self._match(text, boxes)
        return None if judged is None else self._find_judged(judged)

    def _find_judged(self, index: int) -> _Removal | None:
        decision = self._decisions.get(index)
        return None if decision is None else _removal_by_decision(decision)

    def _match(self, text: str, boxes: Sequence[HtmlElement]) -> int | None:
        """Return the judged block with the same text, in the innermost box that has one."""
        for element in reversed(boxes):
            for index in self._judged_by_element.get(element, ()):
                judged = " ".join(self._judged.blocks[index].text.split())
                if text in judged or (judged and judged in text):
                    return index
        return None


def _text_outside(block: Block, elements: Mapping[HtmlElement, _Removal]) -> str:
    """Return a block's text without that of some elements."""
    texts: list[str] = []
    is_excluded: list[bool] = []  # for each open element
    for piece in block.pieces:
        if piece is None:
            is_excluded.pop()
        elif isinstance(piece, str):
            if not any(is_excluded):
                texts.append(piece)
        elif piece.tag == "math":
            texts.append(formula_text(piece))
        elif piece.tag in INLINE:
            is_excluded.append(piece in elements)
    return "".join(texts)


@dataclass
class _Writer:
    """Writes the blocks of a page and the boxes around them."""

    original: _OriginalTree
    trace: ExtractionTrace
    open_boxes: list[int] = field(default_factory=list)
    last_removal: _Removal | None = None

    def write(self) -> Iterator[str]:
        self.selectors = SelectorIndex(self.original.tree)
        self.layout = layout = segment(self.original.tree)
        self.decisions = _Decisions(self.original, self.trace, layout)
        self.start_tags: dict[int, str] = {}
        for index, block in enumerate(layout.blocks):
            if block.text or block.pictures:
                boxes = [box for box in layout.path(block)[1:] if self._start_tag(box)]
                yield from self._move_to(boxes)
                yield self._write_block(index, block)
        yield from self._move_to([])

    def _start_tag(self, index: int) -> str:
        """Return the start tag of a box, or "" if the box is not shown."""
        if index not in self.start_tags:
            box = self.layout.boxes[index]
            name = self.selectors.named_selector(box.element)
            tag = ""
            if name or box.tag in SHOWN_TAGS:
                selector = self._selector_attributes(box.element, name)
                tag = f'<div data-tag="{escape(box.tag)}"{selector}>'
            self.start_tags[index] = tag
        return self.start_tags[index]

    def _move_to(self, path: Sequence[int]) -> Iterator[str]:
        """Close and open boxes until those of a path are open."""
        shared = shared_depth(path, self.open_boxes)
        yield "</div>\n" * (len(self.open_boxes) - shared)
        for index in path[shared:]:
            yield self._start_tag(index)
        self.open_boxes = list(path)

    def _write_block(self, index: int, block: Block) -> str:
        removal = self.decisions.find(index)
        html = "".join(self._write_inline(block))
        attributes = f' data-n="{index}" data-start="{escape(_first_words(block.text))}"'
        element = self._only_element(block)
        if element is not None:
            name = self.selectors.named_selector(element)
            attributes += self._selector_attributes(element, name)
        if removal is None:
            self.last_removal = None
            return f'<div class="block kept"{attributes}>{html}</div>\n'
        note = "" if removal == self.last_removal else _render_note(removal)
        self.last_removal = removal
        attributes += f' data-reason="{escape(removal.reason)}" data-rule="{escape(removal.rule)}"'
        return f'<div class="block gone"{attributes}><del>{html}</del>{note}</div>\n'

    def _only_element(self, block: Block) -> HtmlElement | None:
        """Return the element that contains only this block: its box, or an element in the box."""
        box = self.layout.boxes[block.box]
        if block.box and box.last - box.first == 1:
            return box.element
        pieces: list[Piece] = []
        for piece in block.pieces:
            is_blank = isinstance(piece, str) and not piece.strip()
            if not is_blank:
                pieces.append(piece)
        if not pieces or not isinstance(pieces[0], HtmlElement):
            return None
        if len(pieces) == 1:
            return pieces[0]
        is_wrapped = block.wrapper and pieces[-1] is None
        return pieces[0] if is_wrapped else None

    def _selector_attributes(self, element: HtmlElement, name: str) -> str:
        selector = name or self.selectors.selector_for(element)
        if not selector:
            return ""
        if not name:
            return f' data-selector="{escape(selector)}"'
        matches = self.selectors.count[name]
        return f' data-selector="{escape(selector)}" data-named data-matches="{matches}"'

    def _write_inline(self, block: Block) -> Iterator[str]:
        end_tags: list[str] = []
        for piece in block.pieces:
            if piece is None:
                yield end_tags.pop()
            elif isinstance(piece, str):
                yield "<br>" if piece == LINE_BREAK else escape(piece)
            elif piece.tag in INLINE:
                start_tag, end_tag = self._inline_tags(piece)
                end_tags.append(end_tag)
                yield start_tag
            elif piece.tag == "math":
                yield escape(formula_text(piece))
            else:
                yield _describe_picture(piece)

    def _inline_tags(self, element: HtmlElement) -> tuple[str, str]:
        """Return the tags of an inline element.

        Those with a name are kept, as an author's name or a date often has its own element.
        """
        if removal := self.decisions.by_rule.get(element):
            title = escape(f"{removal.reason}: {removal.rule}")
            return f'<del class="part" title="{title}">', "</del>"
        name = self.selectors.named_selector(element)
        attributes = self._selector_attributes(element, name) if name else ""
        if element.tag == "a":
            return f'<span class="link"{attributes}>', "</span>"
        tag = EMPHASIS_TAGS.get(element.tag, "span" if attributes else "")
        return (f"<{tag}{attributes}>", f"</{tag}>") if tag else ("", "")


def _first_words(text: str) -> str:
    line = text.partition("\n")[0]
    if len(line) <= MAX_START_CHARS:
        return line
    words, space, part = line[: MAX_START_CHARS + 1].rpartition(" ")
    return words if space else part[:MAX_START_CHARS]


def _render_note(removal: _Removal) -> str:
    rule = ""
    if removal.rule not in removal.reason:
        rule = f' <span class="rule">{escape(removal.rule)}</span>'
    return f' <small class="why">{escape(removal.reason)}{rule}</small>'


def _describe_picture(element: HtmlElement) -> str:
    """Return a word in place of an image or embed, as nothing is loaded."""
    image = element if element.get("alt") is not None else element.find(".//img")
    alt = None if image is None else image.get("alt")
    label = "picture" if element.tag in ("img", "amp-img", "noscript") else "embed"
    if text := " ".join((alt or "").split()):
        label = f"{label}: {escape(text)}"
    return f'<span class="picture">{label}</span>'

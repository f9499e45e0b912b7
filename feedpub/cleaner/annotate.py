"""A page as it was, with what was taken out of it struck through in place: what a person looks at to judge the cleaner.

Shows the cleaner's own decisions and makes none. What is written is inert: text, and a few tags of
ours; no address is loaded, no link leads anywhere, nothing of the page's own markup is passed on
but names of its tags. It says of

    boxes    data-tag, and data-selector where one names them, with data-named where that is a name
    of their own blocks   the same, data-n (their number on the page), data-start (how they begin),
    and class kept or gone; gone ones data-reason and data-rule, the first of several with the same
    also in words inline   elements with names of their own: data-selector and data-named
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import chain

from lxml.html import HtmlElement

from feedpub.cleaner.boilerplate import RemovalDecision
from feedpub.cleaner.extract import ExtractionTrace, gc_paused, trace_extraction
from feedpub.cleaner.layout import HEADINGS, Block, Layout
from feedpub.cleaner.rules import Rule, Ruleset, coerce_ruleset
from feedpub.cleaner.segment import INLINE, LINE_BREAK, segment
from feedpub.cleaner.selectors import SelectorIndex
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.config import SiteRules
from feedpub.core.models import Article

SHOWN = HEADINGS | frozenset(
    "li ul ol dl dt dd table caption thead tbody tfoot tr td th blockquote figure figcaption pre".split()  # noqa: SIM905 -- words
)  # boxes that look like something without a name
EMPHASIS = {
    "b": "b",
    "strong": "b",
    "i": "i",
    "em": "i",
    "code": "code",
    "sup": "sup",
    "sub": "sub",
    "q": "q",
}
LONGEST_START = 60  # characters
_QUOTED = re.compile(r'"([^"]+)"')

BEHIND = {
    "site_rules": "the site's rules",
    "repeated_title": "the page's title",
    "credit_lines": "the page's byline and date",
    "beside_the_article": "data/boxes.toml",
    "pull_quotes": "the article's own text",
    "site_repeats": "the site's other pages",
    "site_homes": "the site's other pages",
    "unlikely": "the learned judgement",
    "empty_headings": "what stands below it",
}
"""What each step of the cleaner goes by, for people; phrases stand in a file of their language."""
PHRASES = frozenset({"stock_phrases", "phrase_tails", "phrase_boxes"})


@dataclass(frozen=True, slots=True)
class AnnotatedPage:
    """A page and what was made of it.

    Attributes:
        html: the original, inert, with all that was taken out in its place.
        article: what is left.
    """

    html: str
    article: Article


@gc_paused()
def annotate(
    html: bytes | str,
    url: str | None = None,
    *,
    memory: SiteMemory | None = None,
    rules: SiteRules | Ruleset | None = None,
) -> AnnotatedPage:
    """A page with what `extract` takes out of it.

    Takes what that takes, and raises as that does.
    """
    before = _Before()
    done = trace_extraction(html, url, memory, coerce_ruleset(rules), before.attach)
    return AnnotatedPage("".join(_Writer(before, done).write()), done.article)


class _Before:
    """A page's tree before anything was taken out of it.

    Attributes:
        copies: each element of the tree that is worked on → the same in the one that stays whole.
    """

    def __init__(self) -> None:
        self.copies: dict[HtmlElement, HtmlElement] = {}

    def attach(self, tree: HtmlElement) -> None:
        self.tree = deepcopy(tree)
        self.copies = dict(zip(tree.iter(), self.tree.iter(), strict=True))


@dataclass(frozen=True, slots=True)
class _Mark:
    """Why something went, and what says so."""

    reason: str
    rule: str


def _mark(decision: RemovalDecision) -> _Mark:
    reason, step = decision
    if step in PHRASES:
        return _Mark(reason, _phrase_file(reason))
    return _Mark(reason, BEHIND[step])


def _phrase_file(reason: str) -> str:
    """The file of the language that a reason names, with the line of the phrase where it stands there as it is."""
    language = reason.rpartition("(")[2].removesuffix(")")
    said = reason.partition("'")[2].rpartition("'")[0]
    line = _phrase_lines(language).get(said.casefold())
    return f"data/phrases/{language}.toml" + (f":{line}" if line else "")


@lru_cache(maxsize=8)
def _phrase_lines(language: str) -> Mapping[str, int]:
    text = (files("feedpub.cleaner") / "data" / "phrases" / f"{language}.toml").read_text(
        encoding="utf-8"
    )
    lines = enumerate(text.splitlines(), 1)
    return {said.casefold(): number for number, line in lines for said in _QUOTED.findall(line)}


def _ruled(rule: Rule) -> _Mark:
    place = f"{rule.file}:{rule.line}" if rule.file else "the feed's rules"
    return _Mark(f"rule {rule.command} '{rule.source}'", place)


class _Decisions:
    """What was decided about each block of the whole page.

    The one that is judged lacks what rules took out before.
    """

    def __init__(self, before: _Before, done: ExtractionTrace, layout: Layout) -> None:
        self._judged = done.case.layout
        self._gone = done.found.dropped
        self._layout = layout
        self.taken = {before.copies[element]: _ruled(rule) for element, rule in done.taken.items()}
        self._same = not done.taken and len(layout.blocks) == len(self._judged.blocks)
        self._by_element: dict[HtmlElement, list[int]] = {}
        for index, block in enumerate(self._judged.blocks):
            boxes = (self._judged.boxes[number].element for number in self._judged.path(block))
            pieces = (piece for piece in block.pieces if isinstance(piece, HtmlElement))
            for element in {before.copies[each] for each in chain(boxes, pieces)}:
                self._by_element.setdefault(element, []).append(index)

    def decision_for(self, index: int) -> _Mark | None:
        """Why a block went; None where it stays."""
        if self._same:
            return self._of_judged(index)
        block = self._layout.blocks[index]
        boxes = [self._layout.boxes[number].element for number in self._layout.path(block)]
        if rule := next((self.taken[each] for each in boxes if each in self.taken), None):
            return rule
        said = _texts(block, self.taken)
        if block.text and not said.strip():
            return next(self.taken[piece] for piece in block.pieces if piece in self.taken)
        judged = self._like(" ".join(said.split()), reversed(boxes))
        return None if judged is None else self._of_judged(judged)

    def _of_judged(self, index: int) -> _Mark | None:
        return _mark(self._gone[index]) if index in self._gone else None

    def _like(self, text: str, boxes: Iterator[HtmlElement]) -> int | None:
        """The judged block that says the same, in the innermost box that holds one."""
        for element in boxes:
            for index in self._by_element.get(element, ()):
                judged = " ".join(self._judged.blocks[index].text.split())
                if text in judged or (judged and judged in text):
                    return index
        return None


def _texts(block: Block, without: Mapping[HtmlElement, _Mark]) -> str:
    """A block's text without what stands in some elements of it."""
    said: list[str] = []
    open_: list[bool] = []
    for piece in block.pieces:
        if piece is None:
            open_.pop()
        elif isinstance(piece, str):
            said += [] if any(open_) else [piece]
        elif piece.tag in INLINE:
            open_.append(piece in without)
    return "".join(said)


@dataclass
class _Writer:
    """The state of the writing: which boxes are open, and the reason that was given last."""

    before: _Before
    done: ExtractionTrace
    open: list[int] = field(default_factory=list)
    last: _Mark | None = None

    def write(self) -> Iterator[str]:
        self.census = SelectorIndex(self.before.tree)
        self.layout = layout = segment(self.before.tree)
        self.decisions = _Decisions(self.before, self.done, layout)
        self.shown: dict[int, str] = {}
        for index, block in enumerate(layout.blocks):
            if block.text or block.pictures:
                yield from self._move([box for box in layout.path(block)[1:] if self._head(box)])
                yield self._block(index, block)
        yield from self._move([])

    def _head(self, index: int) -> str:
        """How a box begins; "" for one that nobody would see."""
        if index not in self.shown:
            box = self.layout.boxes[index]
            named = self.census.named(box.element)
            if named or box.tag in SHOWN:
                self.shown[index] = (
                    f'<div data-tag="{escape(box.tag)}"{self._selector(box.element, named)}>'
                )
            else:
                self.shown[index] = ""
        return self.shown[index]

    def _move(self, path: Sequence[int]) -> Iterator[str]:
        shared = 0
        while shared < min(len(path), len(self.open)) and path[shared] == self.open[shared]:
            shared += 1
        yield "</div>\n" * (len(self.open) - shared)
        yield from (self._head(index) for index in path[shared:])
        self.open = list(path)

    def _block(self, index: int, block: Block) -> str:
        mark = self.decisions.decision_for(index)
        text = "".join(self._inline(block))
        told = f' data-n="{index}" data-start="{escape(_start(block.text))}"'
        told += self._selector(self._element(block))
        if mark is None:
            self.last = None
            return f'<div class="block kept"{told}>{text}</div>\n'
        why = "" if mark == self.last else _why(mark)
        self.last = mark
        told += f' data-reason="{escape(mark.reason)}" data-rule="{escape(mark.rule)}"'
        return f'<div class="block gone"{told}><del>{text}</del>{why}</div>\n'

    def _element(self, block: Block) -> HtmlElement | None:
        """The element that holds a block and nothing else: its box, or one in it."""
        box = self.layout.boxes[block.box]
        if block.box and box.last - box.first == 1:
            return box.element
        inside = [piece for piece in block.pieces if not isinstance(piece, str) or piece.strip()]
        first = inside[0] if inside else None
        alone = isinstance(first, HtmlElement) and (
            len(inside) == 1 or (block.wrapper and inside[-1] is None)
        )
        return first if alone and isinstance(first, HtmlElement) else None

    def _selector(self, element: HtmlElement | None, named: str | None = None) -> str:
        if element is None:
            return ""
        name = self.census.named(element) if named is None else named
        selector = name or self.census.selector_for(element)
        if not selector:
            return ""
        counted = f' data-named data-matches="{self.census.count[name]}"' if name else ""
        return f' data-selector="{escape(selector)}"{counted}'

    def _inline(self, block: Block) -> Iterator[str]:
        ends: list[str] = []
        for piece in block.pieces:
            if piece is None:
                yield ends.pop()
            elif isinstance(piece, str):
                yield "<br>" if piece == LINE_BREAK else escape(piece)
            elif piece.tag in INLINE:
                start, end = self._tags(piece)
                ends.append(end)
                yield start
            else:
                yield _picture(piece)

    def _tags(self, element: HtmlElement) -> tuple[str, str]:
        """How an inline element begins and ends.

        An author's name or a date often stands in one of its own.
        """
        if mark := self.decisions.taken.get(element):
            return f'<del class="part" title="{escape(f"{mark.reason}: {mark.rule}")}">', "</del>"
        named = self.census.named(element)
        told = self._selector(element, named) if named else ""
        if element.tag == "a":
            return f'<span class="link"{told}>', "</span>"
        tag = EMPHASIS.get(element.tag, "span" if told else "")
        return (f"<{tag}{told}>", f"</{tag}>") if tag else ("", "")


def _start(text: str) -> str:
    """The words that a block begins with."""
    line = text.partition("\n")[0]
    if len(line) <= LONGEST_START:
        return line
    whole, space, part = line[: LONGEST_START + 1].rpartition(" ")
    return whole if space else part[:LONGEST_START]


def _why(mark: _Mark) -> str:
    rule = f' <span class="rule">{escape(mark.rule)}</span>' if mark.rule not in mark.reason else ""
    return f' <small class="why">{escape(mark.reason)}{rule}</small>'


def _picture(element: HtmlElement) -> str:
    """A word in place of a picture: nothing is loaded."""
    image = element if element.get("alt") is not None else element.find(".//img")
    said = " ".join(((image.get("alt") if image is not None else None) or "").split())
    kind = "picture" if element.tag in ("img", "amp-img", "noscript") else "embed"
    return f'<span class="picture">{kind}{": " + escape(said) if said else ""}</span>'

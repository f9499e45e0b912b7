"""What does not belong to an article, and why. Owns the order of the steps and the wording of every reason.

A step is a function from a case to the blocks that it would take out, each with its reason; the first reason that a
block is given stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from lxml.html import HtmlElement

from feedpub.cleaner import phrases
from feedpub.cleaner.blocks import Block, Layout, Place
from feedpub.cleaner.memory import SiteMemory
from feedpub.cleaner.phrases import Phrase
from feedpub.cleaner.vocabulary import Vocabulary, name_terms, words

KEPT = 0.5  # from this score on a block belongs to the article
INSIDE = 0.15  # the score that a block needs where a rule says that the article is
SURE = 0.98  # a phrase takes no block out that scores more
PROSE_WORDS = 40  # a text of this many words is no label and no teaser
LABEL_WORDS = 3
CREDIT = "byline or date"
LINKED = 0.6  # of a block's characters
TELLING = -0.5  # a name's weight that is worth telling

PLACES = (
    (Place.HIDDEN, "hidden"),
    (Place.NAV, "navigation"),
    (Place.FOOTER, "in the page's footer"),
    (Place.FORM, "part of a form"),
    (Place.ASIDE, "an aside"),
)


@dataclass(frozen=True)
class Case:
    """All that is known about a page's blocks when the decision is made.

    Attributes:
        probabilities: of each block, how probably it belongs to the article.
        title: the article's headline.
        credits: elements that hold a byline or a dateline and nothing else.
        inside: the blocks where a rule says that the article is; none where no rule does.
        unwanted: the blocks that a rule takes out, each with its reason.
    """

    layout: Layout
    probabilities: npt.NDArray[np.float64]
    vocabulary: Vocabulary
    title: str = ""
    credits: frozenset[HtmlElement] = frozenset()
    memory: SiteMemory | None = None
    url: str | None = None
    inside: frozenset[int] = frozenset()
    unwanted: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def phrases(self) -> Sequence[Phrase | None]:
        """The phrase that each block is."""
        return [phrases.find(block.text) for block in self.layout.blocks]

    def place(self, index: int) -> Place:
        """What a block stands inside of."""
        return self.layout.boxes[self.layout.blocks[index].box].place


Found = Iterator[tuple[int, str]]
Step = Callable[[Case], Found]


def reasons(case: Case) -> dict[int, str]:
    """Why blocks go, by their number; the others stay."""
    found: dict[int, str] = {}
    for step in STEPS:
        for index, reason in step(case):
            found.setdefault(index, reason)
    return found


def site_rules(case: Case) -> Found:
    """What a person has ruled out, and all that is not where the article is said to be."""
    yield from case.unwanted.items()
    if case.inside:
        for index in sorted(set(range(len(case.layout.blocks))) - case.inside):
            yield index, "outside the site's content rule"


def repeated_title(case: Case) -> Found:
    """The headline stands above the article; it is not its first sentence."""
    title = words(case.title)
    for index, block in enumerate(case.layout.blocks):
        if title and len(block.text) <= 2 * len(case.title) + 20 and words(block.text) == title:
            yield index, "the title"


def credit_lines(case: Case) -> Found:
    """Who wrote it and when is told beside the article."""
    if not case.credits:
        return
    blocks = case.layout.blocks
    for box in case.layout.boxes:
        if box.element in case.credits:
            yield from ((index, CREDIT) for index in range(box.first, box.last) if not is_prose(blocks[index]))
    for index, block in enumerate(blocks):
        if any(piece in case.credits and _fills(piece, block) for piece in block.pieces if not isinstance(piece, str)):
            yield index, CREDIT


def _fills(element: HtmlElement | None, block: Block) -> bool:
    """Whether hardly anything of a block stands outside an element."""
    return element is not None and len(" ".join(element.text_content().split())) >= LINKED * len(block.text)


def stock_phrases(case: Case) -> Found:
    """A whole block that is a known phrase, unless everything else speaks for it."""
    for index, phrase in enumerate(case.phrases):
        if phrase is not None and case.probabilities[index] < SURE:
            yield index, str(phrase)


def phrase_tails(case: Case) -> Found:
    """What follows the heading of a related list, up to the next prose or heading."""
    blocks = case.layout.blocks
    for index, phrase in enumerate(case.phrases):
        if phrase is None or phrase.effect != "tail" or case.probabilities[index] >= SURE:
            continue
        for after in range(index + 1, len(blocks)):
            heading = case.place(after) & Place.HEADING and not blocks[after].link_chars
            if is_prose(blocks[after]) or heading:
                break
            if _density(blocks[after]) >= KEPT or case.probabilities[after] < KEPT:
                yield after, f"below the {phrase}"


def site_repeats(case: Case) -> Found:
    """What stands on other pages of the site as well."""
    memory, url = case.memory, case.url
    if memory is None or not (known := memory.known(url)):
        return
    seen = [memory.others(block.text, url) if block.text else 0 for block in case.layout.blocks]
    if _is_known_article(case, seen):
        return
    for index, (block, others) in enumerate(zip(case.layout.blocks, seen, strict=True)):
        if others and _repeats(block, others, known):
            yield index, f"on {others} of {known} other pages of this site"


def _is_known_article(case: Case, seen: Sequence[int]) -> bool:
    """Whether most of the article was seen before: the same article at another address."""
    size = np.array([len(block.text) for block in case.layout.blocks]) * (case.probabilities >= KEPT)
    return float((size * (np.array(seen) > 0)).sum()) > float(size.sum()) / 2


def _repeats(block: Block, others: int, known: int) -> bool:
    """Labels may stand on any page, and an article's own words on two."""
    size = len(block.text.split())
    if size <= LABEL_WORDS and not block.link_chars:
        return False
    return others > 1 + known // 20 if is_prose(block) else others > known // 20


def unlikely(case: Case) -> Found:
    """What the score speaks against."""
    least = INSIDE if case.inside else KEPT
    for index in np.flatnonzero(case.probabilities < least).tolist():
        yield index, _explanation(case, index)


STEPS: tuple[Step, ...] = (
    site_rules,
    repeated_title,
    credit_lines,
    stock_phrases,
    phrase_tails,
    site_repeats,
    unlikely,
)


def is_prose(block: Block) -> bool:
    """Whether a block is a paragraph of running text."""
    return len(block.text.split()) >= PROSE_WORDS and _density(block) < KEPT


def _density(block: Block) -> float:
    return block.link_chars / max(1, len(block.text))


def _explanation(case: Case, index: int) -> str:
    """What speaks most clearly against a block."""
    block = case.layout.blocks[index]
    place = case.layout.boxes[block.box].place
    if place & Place.HIDDEN:
        return "hidden"
    if _density(block) >= LINKED:
        return f"links {_density(block):.0%}".replace("%", " %")
    for each, reason in PLACES:
        if place & each:
            return reason
    if name := _telling_name(case, block):
        return f"looks like boilerplate (class {name})"
    return f"outside the article (score {case.probabilities[index]:.2f})"


def _telling_name(case: Case, block: Block) -> str:
    """The name around a block that speaks most against it."""
    names = [block.wrapper, *(case.layout.boxes[index].name for index in reversed(case.layout.path(block)))]
    terms = {term for name in names if name for term in name_terms(name) if not term.startswith("<")}
    weights = case.vocabulary.names
    worst = min(terms & weights.keys(), key=lambda term: sum(weights[term]), default="")
    return worst if worst and sum(weights[worst]) < TELLING else ""

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

from feedpub.cleaner import figures, phrases
from feedpub.cleaner.blocks import HIDDEN, Block, Layout, Place
from feedpub.cleaner.memory import SiteMemory
from feedpub.cleaner.phrases import Phrase
from feedpub.cleaner.vocabulary import Vocabulary, words

UNDOUBTED = 0.1  # below this score a block is no part of the article in any case
KEPT = 0.5  # from this score on a block belongs to the article
FEW_WORDS = 40  # with fewer above that score, the best blocks are taken that are
DOUBTFUL = 0.15  # above this one
INSIDE = 0.15  # the score that a block needs where a rule says that the article is
SURE = 0.98  # a phrase takes no block out that scores more
PROSE_WORDS = 40  # a text of this many words is no label and no teaser
LABEL_WORDS = 3
PULLED = (5, 60)  # words of a quotation that may be taken from the text
LONGEST_NAMED = 60  # characters of a phrase in a reason
CREDIT = "byline or date"
LINKED = 0.6  # of a block's characters
TELLING = -0.5  # a name's weight that is worth telling

PLACES = (
    (Place.NAV.value, "navigation"),
    (Place.FOOTER.value, "in the page's footer"),
    (Place.FORM.value, "part of a form"),
    (Place.ASIDE.value, "an aside"),
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
        """The phrase that each block is; of what nobody takes for the article, labels alone are looked up."""
        scores = self.probabilities.tolist()
        return [
            phrases.find(block.text) if score >= UNDOUBTED or _is_label(block) else None
            for block, score in zip(self.layout.blocks, scores, strict=True)
        ]

    @cached_property
    def pictures(self) -> frozenset[int]:
        """The blocks with pictures of the article."""
        return figures.pictures(self.layout, (self.probabilities >= self.least).tolist())

    @cached_property
    def least(self) -> float:
        """The score that a block needs: less where a rule says that the article is, and where hardly any has it."""
        if self.inside:
            return INSIDE
        sizes = np.array([len(block.text.split()) for block in self.layout.blocks])
        scores = self.probabilities
        if sizes[scores >= KEPT].sum() >= FEW_WORDS:
            return KEPT
        return min(KEPT, max(DOUBTFUL, float(scores.max()) / 2))

    def place(self, index: int) -> int:
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
    size = len(case.title)
    for index, block in enumerate(case.layout.blocks):
        if title and size / 2 <= len(block.text) <= 2 * size and words(block.text) == title:
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
        if phrase is not None and not _stays(case, index):
            yield index, _named(phrase, case.layout.blocks[index])


def phrase_tails(case: Case) -> Found:
    """What follows the heading of a related list, up to the next prose or heading."""
    blocks = case.layout.blocks
    for index, phrase in enumerate(case.phrases):
        if phrase is None or phrase.effect != "tail" or _stays(case, index):
            continue
        reason = f"below the {_named(phrase, blocks[index])}"
        for after in range(index + 1, len(blocks)):
            heading = case.place(after) & Place.HEADING and not blocks[after].link_chars
            if is_prose(blocks[after]) or heading:
                break
            if _density(blocks[after]) >= LINKED or case.probabilities[after] < KEPT:
                yield after, reason


def _stays(case: Case, index: int) -> bool:
    """Whether a phrase is the article's own: a subhead with prose below it, or beyond doubt."""
    score = case.probabilities
    if case.place(index) & Place.HEADING and index + 1 < len(score) and score[index] >= KEPT:
        return score[index + 1] >= KEPT and is_prose(case.layout.blocks[index + 1])
    return bool(score[index] >= SURE)


def _named(phrase: Phrase, block: Block) -> str:
    """The phrase as the page has it, or as the data has it where the page says more."""
    text = block.text if len(block.text) <= LONGEST_NAMED else phrase.text
    return f"phrase '{text}' ({phrase.language})"


def pull_quotes(case: Case) -> Found:
    """A quotation that is set apart and stands in the text as well."""
    blocks = case.layout.blocks
    for index, block in enumerate(blocks):
        size = block.text.count(" ") + 1
        if case.probabilities[index] < KEPT or not PULLED[0] <= size <= PULLED[1] or not _is_set_apart(case, block):
            continue
        said = " ".join(words(block.text))
        if any(len(other.text) > len(block.text) and said in " ".join(words(other.text)) for other in blocks):
            yield index, "repeats the text"


def _is_set_apart(case: Case, block: Block) -> bool:
    boxes = case.layout.boxes
    box = boxes[block.box]
    return bool(box.place & Place.QUOTE) or "pull" in f"{box.name} {boxes[box.parent].name}".lower()


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
    """What the score speaks against, but for pictures among kept text and their captions."""
    captions = frozenset(figures.captions(case.layout, case.pictures))
    for index in np.flatnonzero(case.probabilities < case.least).tolist():
        if index not in captions and index not in case.pictures:
            yield index, _explanation(case, index)


STEPS: tuple[Step, ...] = (
    site_rules,
    repeated_title,
    credit_lines,
    stock_phrases,
    phrase_tails,
    pull_quotes,
    site_repeats,
    unlikely,
)


def is_prose(block: Block) -> bool:
    """Whether a block is a paragraph of running text."""
    return len(block.text.split()) >= PROSE_WORDS and _density(block) < LINKED


def _is_label(block: Block) -> bool:
    return len(block.text) <= LONGEST_NAMED and _density(block) < LINKED


def _density(block: Block) -> float:
    return block.link_chars / max(1, len(block.text))


def _explanation(case: Case, index: int) -> str:
    """What speaks most clearly against a block."""
    block = case.layout.blocks[index]
    place = case.layout.boxes[block.box].place
    if place & HIDDEN:
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
    names = [case.layout.boxes[index].name for index in case.layout.path(block)]
    weight, term = min([case.vocabulary.worst(name) for name in (block.wrapper, *names)])
    return term if weight < TELLING else ""

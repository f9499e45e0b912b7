"""Why a block scores low, in words for people. Owns no decision: the score has been given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from lxml.html import HtmlElement

from feedpub.cleaner import images
from feedpub.cleaner.layout import HIDDEN, PLACES, Block
from feedpub.cleaner.page import HEADING, KEPT, LINKED, PageContext, link_density
from feedpub.cleaner.page_furniture import find_named_boxes, find_pull_quotes, spared_blocks
from feedpub.cleaner.phrase_steps import (
    ARTICLE_WORDS,
    PhraseMatches,
    phrase_boxes,
    phrase_tails,
    stock_phrases,
)
from feedpub.cleaner.site_template import find_home_links, find_repeats
from feedpub.cleaner.vocabulary import MIN_WORD_CHARS, split_words, terms_in_text

TELLING = -0.4  # the weight of a name or of words that is worth telling

PLACE_REASONS = (
    (PLACES["nav"], "navigation"),
    (PLACES["footer"], "in a footer"),
    (PLACES["form"], "part of a form"),
    (PLACES["aside"], "in an aside"),
)

Term = tuple[float, str]
"""What speaks against a block, and how much: the less, the more."""


class ReasonWriter:
    """Says what speaks most clearly against a block of a page.

    Args:
        article: the blocks that stay, in order.
    """

    def __init__(self, case: PageContext, article: Sequence[int]) -> None:
        self._case = case
        self._article = article
        self._worst: dict[int, Term] = {0: (0.0, "")}

    def reason(self, index: int) -> str:
        """Why a block goes."""
        case = self._case
        block, place = case.layout.blocks[index], case.place(index)
        if place & HIDDEN:
            return "hidden"
        if (linked := link_density(block)) >= LINKED:
            return f"links {round(100 * linked)} %"
        for each, reason in PLACE_REASONS:
            if place & each:
                return reason
        if name := self._telling_name(block):
            return f"looks like boilerplate (class {name})"
        if said := self._telling_words(block):
            return f"reads like boilerplate (“{said}”)"
        return f"{self._where(index)} (score {case.scores[index]:.2f})"

    def _telling_name(self, block: Block) -> str:
        """The name around a block that speaks most against it."""
        wrapper = self._case.vocabulary.worst(block.wrapper) if block.wrapper else (0.0, "")
        weight, term = min(wrapper, self._around(block.box))
        return term if weight < TELLING else ""

    def _around(self, index: int) -> Term:
        """The worst name of a box and of those around it."""
        trail: list[int] = []
        boxes = self._case.layout.boxes
        while index not in self._worst:
            trail.append(index)
            index = boxes[index].parent
        worst = self._worst[index]
        for each in reversed(trail):
            worst = self._worst[each] = min(worst, self._case.vocabulary.worst(boxes[each].name))
        return worst

    def _telling_words(self, block: Block) -> str:
        """The words of a block that speak most against it."""
        weights = self._case.vocabulary.texts
        terms = (
            term
            for term in terms_in_text(block, split_words(block.text))
            if term in weights and "/" not in term
        )
        weight, said = min(
            ((weights[term], term.strip("^$=")) for term in terms), default=(0.0, "")
        )
        return said if weight < TELLING and len(said) >= MIN_WORD_CHARS else ""

    def _where(self, index: int) -> str:
        article = self._article
        if not article:
            return "not like an article's text"
        if index < article[0]:
            return "above the article"
        return "below the article" if index > article[-1] else "between paragraphs, but unlike them"


# SECTION: What does not belong to an article, and why. Owns the order of the steps; larger rules
# have modules of their own.
#
# A step is a function from a case to the blocks that it would take out, each with its reason; the
# first reason that a
# block is given stands. Then goes what the score speaks against, and last the headings that are
# left with nothing below.

TITLE = "the title"
OUTSIDE = "outside the site's content rule"
CREDIT = "byline or date"
PICTURE = "a picture outside the article"

Step = Callable[[PageContext], PhraseMatches]


class RemovalDecision(NamedTuple):
    """Why a block goes: in words, and the name of the step that said so."""

    reason: str
    step: str


def reasons(case: PageContext) -> dict[int, str]:
    """Why blocks go, by their number; the others stay."""
    return {index: decision.reason for index, decision in decide_removals(case).items()}


def decide_removals(case: PageContext) -> dict[int, RemovalDecision]:
    """The same, and which step took each block out."""
    found: dict[int, RemovalDecision] = {}
    for step in STEPS:
        for index, reason in step(case):
            found.setdefault(index, RemovalDecision(reason, step.__name__))
    words = {index: decision.reason for index, decision in found.items()}
    found |= {
        index: RemovalDecision(reason, unlikely.__name__) for index, reason in unlikely(case, words)
    }
    kept = case.kept - case.unwanted.keys()
    found = {index: decision for index, decision in found.items() if index not in kept}
    words = {index: decision.reason for index, decision in found.items()}
    return found | {
        index: RemovalDecision(reason, empty_headings.__name__)
        for index, reason in empty_headings(case, words)
    }


def site_rules(case: PageContext) -> PhraseMatches:
    """What a person has ruled out, and all that is not where the article is said to be."""
    yield from case.unwanted.items()
    if case.inside:
        for index in sorted(set(range(len(case.layout.blocks))) - case.inside):
            yield index, OUTSIDE


def repeated_title(case: PageContext) -> PhraseMatches:
    """The headline stands above the article; it is not its first sentence."""
    yield from ((index, TITLE) for index in case.titles)


def credit_lines(case: PageContext) -> PhraseMatches:
    """Who wrote it and when is told beside the article."""
    if not case.credits:
        return
    if not case.credits.isdisjoint([box.element for box in case.layout.boxes]):
        for box in case.layout.boxes:
            if box.element in case.credits:
                yield from (
                    (index, CREDIT)
                    for index in range(box.first, box.last)
                    if not case.is_prose(index)
                )
    for index, block in enumerate(case.layout.blocks):
        if not case.credits.isdisjoint(block.pieces) and _fill(
            case.credits.intersection(block.pieces), block
        ):
            yield index, CREDIT


def _fill(elements: Iterable[HtmlElement], block: Block) -> bool:
    """Whether hardly anything of a block stands outside some elements of it."""
    return sum(len(" ".join(each.text_content().split())) for each in elements) >= LINKED * len(
        block.text
    )


def beside_the_article(case: PageContext) -> PhraseMatches:
    """What readers wrote below it and who wrote it, where there is an article above all that."""
    found = dict(find_named_boxes(case.layout))
    kept = [
        size
        for index, size in enumerate(case.sizes)
        if case.scores[index] >= KEPT and index not in found
    ]
    if sum(kept) >= ARTICLE_WORDS and not case.is_forum(found, sum(kept)):
        yield from found.items()


def unlikely(case: PageContext, gone: Mapping[int, str]) -> PhraseMatches:
    """What the score speaks against, but for what is spared, pictures among kept text, and captions."""
    least, blocks = case.least, case.layout.blocks
    kept = [score >= least and index not in gone for index, score in enumerate(case.scores)]
    told = [
        index for index, reason in gone.items() if reason in (TITLE, CREDIT) or case.phrases[index]
    ]
    pictures = images.find_images(case.layout, case.sizes, kept, told)
    spared = {
        *spared_blocks(case, kept),
        *pictures,
        *images.find_captions(case.layout, pictures, gone),
    }
    explainer = ReasonWriter(case, [index for index, stays in enumerate(kept) if stays])
    for index, stays in enumerate(kept):
        if index in gone or index in spared:
            continue
        if not blocks[index].text:
            yield index, PICTURE
        elif not stays:
            yield index, explainer.reason(index)


def empty_headings(case: PageContext, gone: Mapping[int, str]) -> PhraseMatches:
    """Headings of which all that stands below them, up to the next heading, has gone."""
    empty = True  # so far, going upwards
    below = 0
    for index in reversed(range(len(case.layout.blocks))):
        if not case.place(index) & HEADING:
            below += 1
            empty = empty and index in gone
            continue
        if empty and below and index not in gone:
            yield index, "heading of what was taken out"
        below, empty = 0, True


STEPS: tuple[Step, ...] = (
    site_rules,
    repeated_title,
    credit_lines,
    stock_phrases,
    phrase_tails,
    phrase_boxes,
    beside_the_article,
    find_pull_quotes,
    find_repeats,
    find_home_links,
)

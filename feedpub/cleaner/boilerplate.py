"""What does not belong to an article, and why. Owns the order of the steps; larger rules have modules of their own.

A step is a function from a case to the blocks that it would take out, each with its reason; the first reason that a
block is given stands. Then goes what the score speaks against, and last the headings that are left with nothing below.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from lxml.html import HtmlElement

from feedpub.cleaner import figures
from feedpub.cleaner.case import HEADING, KEPT, LINKED, Case
from feedpub.cleaner.explanations import Explainer
from feedpub.cleaner.layout import Block
from feedpub.cleaner.named_boxes import named
from feedpub.cleaner.phrase_rules import ARTICLE_WORDS, Found, phrase_boxes, phrase_tails, stock_phrases
from feedpub.cleaner.pull_quotes import pull_quotes
from feedpub.cleaner.site_homes import site_homes
from feedpub.cleaner.site_repeats import site_repeats
from feedpub.cleaner.spared import spare

TITLE = "the title"
OUTSIDE = "outside the site's content rule"
CREDIT = "byline or date"
PICTURE = "a picture outside the article"

Step = Callable[[Case], Found]


class Decision(NamedTuple):
    """Why a block goes: in words, and the name of the step that said so."""

    reason: str
    step: str


def reasons(case: Case) -> dict[int, str]:
    """Why blocks go, by their number; the others stay."""
    return {index: decision.reason for index, decision in decisions(case).items()}


def decisions(case: Case) -> dict[int, Decision]:
    """The same, and which step took each block out."""
    found: dict[int, Decision] = {}
    for step in STEPS:
        for index, reason in step(case):
            found.setdefault(index, Decision(reason, step.__name__))
    words = {index: decision.reason for index, decision in found.items()}
    found |= {index: Decision(reason, unlikely.__name__) for index, reason in unlikely(case, words)}
    kept = case.kept - case.unwanted.keys()
    found = {index: decision for index, decision in found.items() if index not in kept}
    words = {index: decision.reason for index, decision in found.items()}
    return found | {index: Decision(reason, empty_headings.__name__) for index, reason in empty_headings(case, words)}


def site_rules(case: Case) -> Found:
    """What a person has ruled out, and all that is not where the article is said to be."""
    yield from case.unwanted.items()
    if case.inside:
        for index in sorted(set(range(len(case.layout.blocks))) - case.inside):
            yield index, OUTSIDE


def repeated_title(case: Case) -> Found:
    """The headline stands above the article; it is not its first sentence."""
    yield from ((index, TITLE) for index in case.titles)


def credit_lines(case: Case) -> Found:
    """Who wrote it and when is told beside the article."""
    if not case.credits:
        return
    if not case.credits.isdisjoint([box.element for box in case.layout.boxes]):
        for box in case.layout.boxes:
            if box.element in case.credits:
                yield from ((index, CREDIT) for index in range(box.first, box.last) if not case.is_prose(index))
    for index, block in enumerate(case.layout.blocks):
        if not case.credits.isdisjoint(block.pieces) and _fill(case.credits.intersection(block.pieces), block):
            yield index, CREDIT


def _fill(elements: Iterable[HtmlElement], block: Block) -> bool:
    """Whether hardly anything of a block stands outside some elements of it."""
    return sum(len(" ".join(each.text_content().split())) for each in elements) >= LINKED * len(block.text)


def beside_the_article(case: Case) -> Found:
    """What readers wrote below it and who wrote it, where there is an article above all that."""
    found = dict(named(case.layout))
    kept = [size for index, size in enumerate(case.sizes) if case.scores[index] >= KEPT and index not in found]
    if sum(kept) >= ARTICLE_WORDS and not case.is_forum(found, sum(kept)):
        yield from found.items()


def unlikely(case: Case, gone: Mapping[int, str]) -> Found:
    """What the score speaks against, but for what is spared, pictures among kept text, and captions."""
    least, blocks = case.least, case.layout.blocks
    kept = [score >= least and index not in gone for index, score in enumerate(case.scores)]
    told = [index for index, reason in gone.items() if reason in (TITLE, CREDIT) or case.phrases[index]]
    pictures = figures.pictures(case.layout, case.sizes, kept, told)
    spared = {*spare(case, kept), *pictures, *figures.captions(case.layout, pictures, gone)}
    explainer = Explainer(case, [index for index, stays in enumerate(kept) if stays])
    for index, stays in enumerate(kept):
        if index in gone or index in spared:
            continue
        if not blocks[index].text:
            yield index, PICTURE
        elif not stays:
            yield index, explainer.reason(index)


def empty_headings(case: Case, gone: Mapping[int, str]) -> Found:
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
    pull_quotes,
    site_repeats,
    site_homes,
)

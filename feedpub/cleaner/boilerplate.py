"""What does not belong to an article, and why. Owns the order of the steps and the wording of every reason.

A step is a function from a case to the blocks that it would take out, each with its reason; the first reason that a
block is given stands. Last go the headings that are left with nothing below them.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from lxml.html import HtmlElement

from feedpub.cleaner import figures
from feedpub.cleaner.case import KEPT, LINKED, Case, density, is_prose
from feedpub.cleaner.explanations import explain
from feedpub.cleaner.layout import Block, Place
from feedpub.cleaner.named_boxes import named
from feedpub.cleaner.phrases import Phrase
from feedpub.cleaner.site_homes import site_homes
from feedpub.cleaner.site_repeats import site_repeats
from feedpub.cleaner.vocabulary import name_terms, words

SURE = 0.98  # a phrase takes no block out that scores more
ARTICLE_WORDS = 80  # with fewer outside of them, the comments are what the page is about: a forum
STANDFIRSTS = frozenset(  # what a class calls one
    {"chapo", "deck", "dek", "entradilla", "ingress", "intro", "lead", "preamble", "standfirst", "subheading"},
)
STANDFIRST_WORDS = 6
MAYBE = 0.2  # the score of a block that may be one
PULLED = (5, 60)  # words of a quotation that may be taken from the text
LONGEST_NAMED = 60  # characters of a phrase in a reason
CREDIT = "byline or date"


Found = Iterator[tuple[int, str]]
Step = Callable[[Case], Found]


def reasons(case: Case) -> dict[int, str]:
    """Why blocks go, by their number; the others stay."""
    found: dict[int, str] = {}
    for step in STEPS:
        for index, reason in step(case):
            found.setdefault(index, reason)
    return found | dict(empty_headings(case, found))


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
            if density(blocks[after]) >= LINKED or case.probabilities[after] < KEPT:
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


def beside_the_article(case: Case) -> Found:
    """What readers wrote below it and who wrote it, where there is an article above all that."""
    found = dict(named(case.layout))
    kept = np.flatnonzero(case.probabilities >= KEPT).tolist()
    article = sum(len(case.layout.blocks[index].text.split()) for index in kept if index not in found)
    if article >= ARTICLE_WORDS:
        yield from found.items()


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


def unlikely(case: Case) -> Found:
    """What the score speaks against, but for standfirsts, pictures among kept text, and their captions."""
    spared = {*standfirsts(case), *case.pictures, *figures.captions(case.layout, case.pictures)}
    for index in np.flatnonzero(case.probabilities < case.least).tolist():
        if index not in spared:
            yield index, explain(case, index)


def standfirsts(case: Case) -> Iterator[int]:
    """Blocks above the body that are called a standfirst and might be one: an article's first words belong to it."""
    for index, block in enumerate(case.layout.blocks):
        score = case.probabilities[index]
        if score >= case.least:
            return
        if score >= MAYBE and len(block.text.split()) >= STANDFIRST_WORDS:
            box = case.layout.boxes[block.box]
            names = {*name_terms(box.name), *name_terms(case.layout.boxes[box.parent].name)}
            if not STANDFIRSTS.isdisjoint(names):
                yield index


def empty_headings(case: Case, gone: Mapping[int, str]) -> Found:
    """Headings of which all that stands below them, up to the next heading, has gone."""
    below: list[int] = []
    for index in reversed(range(len(case.layout.blocks))):
        if not case.place(index) & Place.HEADING:
            below.append(index)
            continue
        if index not in gone and below and all(each in gone for each in below):
            yield index, "heading of what was taken out"
        below = []


STEPS: tuple[Step, ...] = (
    site_rules,
    repeated_title,
    credit_lines,
    stock_phrases,
    phrase_tails,
    beside_the_article,
    pull_quotes,
    site_repeats,
    site_homes,
    unlikely,
)

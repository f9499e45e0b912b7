"""What does not belong to an article, and why. Owns the order of the steps; larger rules have modules of their own.

A step is a function from a case to the blocks that it would take out, each with its reason; the first reason that a
block is given stands. Then goes what the score speaks against, and last the headings that are left with nothing below.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from lxml.html import HtmlElement

from feedpub.cleaner import figures
from feedpub.cleaner.case import KEPT, LINKED, Case
from feedpub.cleaner.explanations import Explainer
from feedpub.cleaner.footnotes import footnotes
from feedpub.cleaner.layout import PLACES, Block
from feedpub.cleaner.named_boxes import named
from feedpub.cleaner.phrase_rules import ARTICLE_WORDS, phrase_boxes, phrase_tails, stock_phrases
from feedpub.cleaner.pull_quotes import pull_quotes
from feedpub.cleaner.site_homes import site_homes
from feedpub.cleaner.site_repeats import site_repeats
from feedpub.cleaner.tables import data_tables
from feedpub.cleaner.vocabulary import name_terms, words

STANDFIRSTS = frozenset(  # what a class calls one
    {"chapo", "deck", "dek", "entradilla", "ingress", "intro", "lead", "preamble", "standfirst", "subheading"},
)
STANDFIRST_WORDS = 6
MAYBE = 0.2  # the score of a standfirst, a footnote, or a cell of a table that stays
CELL_WORDS = 10  # of a cell on average; with more, the table may be there for the layout
TOGETHER = 0.5  # the score of a table, on average, that stays as a whole
SAME_LENGTH = (0.7, 1.5)  # of a title that is repeated, with other punctuation
HEADING = PLACES["h2"]
TITLE = "the title"
CREDIT = "byline or date"
PICTURE = "a picture outside the article"

Found = Iterator[tuple[int, str]]
Step = Callable[[Case], Found]


def reasons(case: Case) -> dict[int, str]:
    """Why blocks go, by their number; the others stay."""
    found: dict[int, str] = {}
    for step in STEPS:
        for index, reason in step(case):
            found.setdefault(index, reason)
    found |= dict(unlikely(case, found))
    return found | dict(empty_headings(case, found))


def site_rules(case: Case) -> Found:
    """What a person has ruled out, and all that is not where the article is said to be."""
    yield from case.unwanted.items()
    if case.inside:
        for index in sorted(set(range(len(case.layout.blocks))) - case.inside):
            yield index, "outside the site's content rule"


def repeated_title(case: Case) -> Found:
    """The headline stands above the article; it is not its first sentence."""
    title, size = words(case.title), len(case.title)
    shortest, longest = SAME_LENGTH[0] * size, SAME_LENGTH[1] * size
    for index, block in enumerate(case.layout.blocks):
        if title and shortest <= len(block.text) <= longest and words(block.text) == title:
            yield index, TITLE


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
    """What the score speaks against, but for standfirsts, footnotes, pictures among kept text, and captions."""
    least, blocks = case.least, case.layout.blocks
    kept = [score >= least and index not in gone for index, score in enumerate(case.scores)]
    told = [index for index, reason in gone.items() if reason in (TITLE, CREDIT) or case.phrases[index]]
    pictures = figures.pictures(case.layout, case.sizes, kept, told)
    notes = [index for index in footnotes(case.layout, kept) if case.scores[index] >= MAYBE]
    spared = {
        *standfirsts(case),
        *notes,
        *table_cells(case, kept),
        *pictures,
        *figures.captions(case.layout, pictures, gone),
    }
    explainer = Explainer(case, [index for index, stays in enumerate(kept) if stays])
    for index, stays in enumerate(kept):
        if index in gone or index in spared:
            continue
        if not blocks[index].text:
            yield index, PICTURE
        elif not stays:
            yield index, explainer.reason(index)


def table_cells(case: Case, kept: Sequence[bool]) -> Iterator[int]:
    """The cells of data tables of which most stays: a row with holes says something else."""
    likely = (index for index, score in enumerate(case.scores) if score >= MAYBE)
    for own in data_tables(case.layout, likely).values():
        words = sum(case.sizes[index] for index in own)
        likely_words = sum(case.sizes[index] * case.scores[index] for index in own)
        if words <= CELL_WORDS * len(own) and likely_words >= TOGETHER * words and any(kept[index] for index in own):
            yield from own


def standfirsts(case: Case) -> Iterator[int]:
    """Blocks above the body that are called a standfirst and might be one: an article's first words belong to it."""
    for index, block in enumerate(case.layout.blocks):
        score = case.scores[index]
        if score >= case.least:
            return
        if score >= MAYBE and case.sizes[index] >= STANDFIRST_WORDS:
            box = case.layout.boxes[block.box]
            names = {*name_terms(box.name), *name_terms(case.layout.boxes[box.parent].name)}
            if not STANDFIRSTS.isdisjoint(names):
                yield index


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

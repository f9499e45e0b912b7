"""What goes because a block is a known phrase: the block, what stands below it, the box that it heads.

Owns when a phrase counts. A phrase alone never removes prose, nor what the article says about such
phrases.
"""

from collections.abc import Iterator

from feedpub.cleaner.layout import PLACES, Block
from feedpub.cleaner.page import (
    HEADING,
    KEPT,
    LINKED,
    MIN_SURE_SCORE,
    PROSE_WORDS,
    PageContext,
    link_density,
)
from feedpub.cleaner.phrases import Phrase

BELOW_SUBHEAD = 15  # words of a paragraph below a subhead of the article
INTRODUCTION = 6  # words of a sentence that introduces a list
ARTICLE_WORDS = 80  # before a box, for what it holds to be beside an article
REST = 0.1  # of the article's words, at most, stand behind the box of its comments or its author
LONGEST_NAMED = 60  # characters of a phrase in a reason
LIST = PLACES["ul"]
LAST_BOXES = {
    "comments": 100_000,
    "author-box": 150,
}  # kinds of phrases that head one, and its most words
MOST_BOXES = 30  # that begin with such phrases; the first is around all others, mostly
TEASING = frozenset({"related", "more"})  # what stands below these may be a teaser of some length
QUOTED = ("“”", "„“", "«»", "「」", "『』", "‘’", '""', "””")

PhraseMatches = Iterator[tuple[int, str]]


def stock_phrases(case: PageContext) -> PhraseMatches:
    """A whole block that is a known phrase, unless it is the article's own."""
    for index, phrase in _counting(case):
        yield index, named(phrase, case.layout.blocks[index])


def phrase_tails(case: PageContext) -> PhraseMatches:
    """What follows the heading of a related list, up to the next prose or heading."""
    blocks = case.layout.blocks
    heads = {index: phrase for index, phrase in _counting(case) if phrase.effect == "tail"}
    reason = ""
    for index in range(min(heads, default=len(blocks)), len(blocks)):
        block = blocks[index]
        if reason and (
            (case.place(index) & HEADING and not block.link_chars) or case.is_prose(index)
        ):
            reason = ""
        if reason and (link_density(block) >= LINKED or case.scores[index] < KEPT):
            yield index, reason
        if not reason and index in heads:
            reason = f"below the {named(heads[index], block)}"


def phrase_boxes(case: PageContext) -> PhraseMatches:
    """What stands in a box below the article that begins with "Comments" or "About the author", prose too."""
    likely = [
        size if score >= KEPT else 0 for size, score in zip(case.sizes, case.scores, strict=True)
    ]
    for index, last, phrase in reversed(_headed_boxes(case)):
        before, inside = sum(likely[:index]), sum(case.sizes[index:last])
        beside = before >= ARTICLE_WORDS and inside <= LAST_BOXES[phrase.kind]
        beside = beside and not case.is_forum(range(index, last), before)
        if beside and sum(likely[last:]) <= REST * before:
            said = named(phrase, case.layout.blocks[index])
            yield index, said
            yield from ((below, f"below the {said}") for below in range(index + 1, last))
            likely[index:last] = [0] * (last - index)


def _headed_boxes(case: PageContext) -> list[tuple[int, int, Phrase]]:
    """The boxes that begin with such a phrase.

    The block that it is, the block behind the box, and the phrase.
    """
    phrases = (
        (index, phrase)
        for index, phrase in enumerate(case.phrases)
        if phrase and phrase.kind in LAST_BOXES
    )
    ends = ((index, _end_of_box(case, index), phrase) for index, phrase in phrases)
    blocks = case.layout.blocks
    return [
        each for each in ends if each[1] > each[0] + 1 and blocks[each[0]].text not in case.title
    ][:MOST_BOXES]


def named(phrase: Phrase, block: Block) -> str:
    """The phrase as the page has it, or as the data has it where the page says more."""
    text = " ".join(block.text.split()) if len(block.text) <= LONGEST_NAMED else phrase.text
    return f"phrase '{text}' ({phrase.language})"


def _counting(case: PageContext) -> Iterator[tuple[int, Phrase]]:
    """The phrases that are not the article's own."""
    for index, phrase in enumerate(case.phrases):
        if phrase is not None and not _is_own(case, index, phrase):
            yield index, phrase


def _is_own(case: PageContext, index: int, phrase: Phrase) -> bool:
    """Whether a phrase is the article's.

    Beyond doubt, a subhead with text below it, or what it speaks about.
    """
    score = case.scores[index]
    if score < KEPT:
        return False
    if case.place(index) & HEADING and index + 1 < len(case.scores):
        return _is_text(case, index + 1, PROSE_WORDS if phrase.kind in TEASING else BELOW_SUBHEAD)
    return score >= MIN_SURE_SCORE or _is_spoken_of(case, index)


def _is_text(case: PageContext, index: int, least: int) -> bool:
    block = case.layout.blocks[index]
    return (
        case.sizes[index] >= least and case.scores[index] >= KEPT and link_density(block) < LINKED
    )


def _is_spoken_of(case: PageContext, index: int) -> bool:
    """Whether a phrase is quoted, or stands in a list that a sentence introduces."""
    text = case.layout.blocks[index].text
    if any(text[0] == pair[0] and text[-1] == pair[1] for pair in QUOTED):
        return True
    if not case.place(index) & LIST:
        return False
    box = case.layout.boxes[case.layout.blocks[index].box]
    while box.tag not in ("ul", "ol", "dl"):
        box = case.layout.boxes[box.parent]
    before = box.first - 1
    introduced = before >= 0 and case.layout.blocks[before].text.endswith((":", "："))
    return introduced and case.scores[before] >= KEPT and case.sizes[before] >= INTRODUCTION


def _end_of_box(case: PageContext, index: int) -> int:
    """The block behind the widest box that a block begins; a picture may stand before it."""
    boxes, blocks = case.layout.boxes, case.layout.blocks
    first = index - 1 if index and not blocks[index - 1].text else index
    box = boxes[blocks[index].box]
    while first <= boxes[box.parent].first and box is not boxes[0]:
        box = boxes[box.parent]
    return box.last

"""Blocks that go because of a known phrase: the phrase, the text below it, the box it heads.

A phrase alone never removes prose, nor a phrase that the article itself is about.
"""

from collections.abc import Iterator

from feedpub.cleaner.layout import PLACES, Block
from feedpub.cleaner.page import (
    HEADING,
    MIN_PROSE_WORDS,
    MIN_SCORE,
    SURE_SCORE,
    PageContext,
    is_mostly_links,
)
from feedpub.cleaner.phrases import Phrase, find_phrases
from feedpub.core.urls import absolute_url, site_domain

MIN_SUBHEAD_TEXT_WORDS = 15  # of the paragraph below a subhead of the article
MIN_INTRODUCTION_WORDS = 6  # of a sentence that introduces a list
MIN_ARTICLE_WORDS = 80  # above a box, for the box to be outside of an article
MAX_REST_SHARE = 0.1  # of the article's words below the box of its comments or its author
MAX_QUOTED_CHARS = 60  # of a block that a reason quotes
LIST = PLACES["ul"]
BOX_KIND_MAX_WORDS = {"comments": 100_000, "author-box": 150}
"""The kinds of phrases that head a box below the article, and the longest such box."""
MAX_HEADED_BOXES = 30  # usually the first contains all others
# the text below a heading of these kinds may be a longer teaser
TEASER_KINDS = frozenset({"related", "more"})
NOTE_KINDS = frozenset({"byline", "comments"})  # in a feed, their links lead to what they describe
QUOTATION_MARKS = ("“”", "„“", "«»", "「」", "『』", "‘’", '""', "””")

PhraseMatches = Iterator[tuple[int, str]]


def find_known_phrases(page: PageContext) -> PhraseMatches:
    """Yield the blocks that are a known phrase, unless it belongs to the article."""
    for index, phrase in _find_foreign_phrases(page):
        yield index, _describe(phrase, page.layout.blocks[index])


def find_button_pictures(page: PageContext) -> PhraseMatches:
    """Yield the linked pictures that a known phrase describes, such as "Back"."""
    for index, block in enumerate(page.layout.blocks):
        if block.text or not block.links or block.pictures != 1:
            continue
        alt = "".join([each.get("alt", "") for each in block.elements if each.tag == "img"])
        if phrase := find_phrases(alt):
            yield index, f"picture of the phrase '{alt.strip()}' ({phrase.language})"


def find_phrase_tails(page: PageContext) -> PhraseMatches:
    """Yield the blocks below the heading of a list of links, up to the next prose or heading."""
    blocks = page.layout.blocks
    found = _find_foreign_phrases(page)
    heads = {index: phrase for index, phrase in found if phrase.effect == "tail"}
    if not heads:
        return
    reason = ""
    for index in range(min(heads), len(blocks)):
        block = blocks[index]
        if _ends_tail(page, index):
            reason = ""
        if not reason:
            if index in heads:
                reason = f"below the {_describe(heads[index], block)}"
        elif is_mostly_links(block) or page.scores[index] < MIN_SCORE:
            yield index, reason


def _ends_tail(page: PageContext, index: int) -> bool:
    is_heading = page.place(index) & HEADING and not page.layout.blocks[index].link_chars
    return bool(is_heading) or page.is_prose(index)


def find_phrase_boxes(page: PageContext) -> PhraseMatches:
    """Yield all of a box below the article that begins with "Comments" or "About the author"."""
    likely_words = list(page.likely_words)
    for index, end, phrase in reversed(_find_headed_boxes(page)):
        above = sum(likely_words[:index])
        inside = sum(page.word_counts[index:end])
        if above < MIN_ARTICLE_WORDS or inside > BOX_KIND_MAX_WORDS[phrase.kind]:
            continue
        if page.is_forum(range(index, end), above):
            continue
        if sum(likely_words[end:]) > MAX_REST_SHARE * above:
            continue
        description = _describe(phrase, page.layout.blocks[index])
        yield index, description
        for below in range(index + 1, end):
            yield below, f"below the {description}"
        likely_words[index:end] = [0] * (end - index)


def _find_headed_boxes(page: PageContext) -> list[tuple[int, int, Phrase]]:
    """Return the boxes that begin with such a phrase.

    Each is the block of the phrase, the block after the box, and the phrase.
    """
    found: list[tuple[int, int, Phrase]] = []
    for index, phrase in enumerate(page.phrases):
        if phrase is None or phrase.kind not in BOX_KIND_MAX_WORDS:
            continue
        end = find_box_end(page, index)
        if end > index + 1 and page.layout.blocks[index].text not in page.title:
            found.append((index, end, phrase))
            if len(found) == MAX_HEADED_BOXES:
                break
    return found


def find_box_end(page: PageContext, index: int) -> int:
    """Return the block after the largest box that a block begins. An image may precede it."""
    boxes, blocks = page.layout.boxes, page.layout.blocks
    first = index - 1 if index and not blocks[index - 1].text else index
    box = boxes[blocks[index].box]
    while first <= boxes[box.parent].first and box is not boxes[0]:
        box = boxes[box.parent]
    return box.last


def _describe(phrase: Phrase, block: Block) -> str:
    """Return the phrase as the page has it, or as the data has it if the block is long."""
    is_short = len(block.text) <= MAX_QUOTED_CHARS
    text = " ".join(block.text.split()) if is_short else phrase.text
    return f"phrase '{text}' ({phrase.language})"


def _find_foreign_phrases(page: PageContext) -> Iterator[tuple[int, Phrase]]:
    """Yield the known phrases that do not belong to the article."""
    for index, phrase in enumerate(page.phrases):
        if phrase is not None and not _belongs_to_article(page, index, phrase):
            yield index, phrase


def _belongs_to_article(page: PageContext, index: int, phrase: Phrase) -> bool:
    """Return whether a phrase is a subhead of the article, is quoted or is surely its text."""
    score = page.scores[index]
    if score < MIN_SCORE:
        return False
    if page.is_fragment and phrase.kind in NOTE_KINDS and _leads_elsewhere(page, index):
        return True
    if page.place(index) & HEADING and index + 1 < len(page.scores):
        is_teaser = phrase.kind in TEASER_KINDS
        return _is_text(page, index + 1, MIN_PROSE_WORDS if is_teaser else MIN_SUBHEAD_TEXT_WORDS)
    return score >= SURE_SCORE or _is_mentioned(page, index)


def _leads_elsewhere(page: PageContext, index: int) -> bool:
    """Return whether a block links to another site than the article's."""
    own = site_domain(page.url)
    links = [absolute_url(link, page.url or "") for link in page.layout.blocks[index].links]
    return any(site_domain(link) not in ("", own) for link in links)


def _is_text(page: PageContext, index: int, min_words: int) -> bool:
    if page.word_counts[index] < min_words or page.scores[index] < MIN_SCORE:
        return False
    return not is_mostly_links(page.layout.blocks[index])


def _is_mentioned(page: PageContext, index: int) -> bool:
    """Return whether a phrase is in quotation marks or in a list that a sentence introduces."""
    blocks, boxes = page.layout.blocks, page.layout.boxes
    text = blocks[index].text
    if text[0] + text[-1] in QUOTATION_MARKS:
        return True
    if not page.place(index) & LIST:
        return False
    box = boxes[blocks[index].box]
    while box.tag not in ("ul", "ol", "dl"):
        box = boxes[box.parent]
    before = box.first - 1
    if before < 0 or not blocks[before].text.endswith((":", "：")):
        return False
    is_sentence = page.word_counts[before] >= MIN_INTRODUCTION_WORDS
    return page.scores[before] >= MIN_SCORE and is_sentence

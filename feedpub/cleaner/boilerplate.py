"""The blocks that do not belong to an article, and the reason for each.

A step is a function that yields the blocks it would remove, each with a reason. The steps run in
the order of `STEPS`, and the first reason that a block gets is final. Then blocks with a low score
go, and finally the headings that have nothing left below them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from lxml.html import HtmlElement

from feedpub.cleaner import images
from feedpub.cleaner.forum import OUTSIDE_POSTS, find_thread
from feedpub.cleaner.layout import HIDDEN, PLACES, Block
from feedpub.cleaner.page import HEADING, PageContext, is_mostly_links, link_density
from feedpub.cleaner.page_furniture import find_named_boxes, find_pull_quotes, find_spared_blocks
from feedpub.cleaner.phrase_steps import (
    MIN_ARTICLE_WORDS,
    PhraseMatches,
    find_button_pictures,
    find_known_phrases,
    find_phrase_boxes,
    find_phrase_tails,
)
from feedpub.cleaner.site_template import find_outside_usual_boxes, find_site_repeats
from feedpub.cleaner.vocabulary import MIN_WORD_CHARS, split_words, terms_in_text

MIN_CREDIT_SHARE = 0.6  # of a block's characters, for the block to be a byline or date
MAX_REPORTED_WEIGHT = -0.4  # only stronger evidence is named in a reason

TITLE = "the title"
OUTSIDE = "outside the site's content rule"
CREDIT = "byline or date"
PICTURE = "a picture outside the article"
EMPTY_HEADING = "heading of what was taken out"
PLACE_REASONS = (
    (PLACES["nav"], "navigation"),
    (PLACES["footer"], "in a footer"),
    (PLACES["form"], "part of a form"),
    (PLACES["aside"], "in an aside"),
)

Term = tuple[float, str]
"""A term and its weight; the lower, the stronger it speaks against a block."""
Step = Callable[[PageContext], PhraseMatches]


class RemovalDecision(NamedTuple):
    """Why a block goes.

    Attributes:
        reason: user-facing text.
        evidence: the source of the reason, or `PHRASE_FILE`.
    """

    reason: str
    evidence: str


def decide_removals(page: PageContext) -> dict[int, RemovalDecision]:
    """Return the blocks that go, each with the decision. All others stay."""
    found: dict[int, RemovalDecision] = {}
    for step, evidence in STEPS:
        for index, reason in step(page):
            found.setdefault(index, RemovalDecision(reason, evidence))
    reasons = {index: decision.reason for index, decision in found.items()}
    for index, reason in _find_unlikely(page, reasons):
        found[index] = RemovalDecision(reason, MODEL)
    if not page.rule_content and (thread := find_thread(page)):
        for index in thread.removed:
            found.setdefault(index, RemovalDecision(OUTSIDE_POSTS, "data/forums.toml"))
        for index in thread.kept - page.rule_removed.keys():
            found.pop(index, None)
    for index in page.rule_kept - page.rule_removed.keys():
        found.pop(index, None)
    for index, reason in _find_empty_headings(page, found):
        found[index] = RemovalDecision(reason, REMOVED_BELOW)
    return found


def _find_ruled_out(page: PageContext) -> PhraseMatches:
    """Yield the blocks that a rule removes, and those outside of the content rule's elements."""
    yield from page.rule_removed.items()
    if page.rule_content:
        for index in range(len(page.layout.blocks)):
            if index not in page.rule_content:
                yield index, OUTSIDE


def _find_repeated_title(page: PageContext) -> PhraseMatches:
    """Yield the title in the page's text. It is a field of the article, not its first sentence."""
    for index in page.repeated_titles:
        yield index, TITLE


def _find_credit_lines(page: PageContext) -> PhraseMatches:
    """Yield the lines with the byline and the date, which are fields of the article."""
    if not page.credits:
        return
    for box in page.layout.boxes:
        if box.element not in page.credits:
            continue
        for index in range(box.first, box.last):
            if not page.is_prose(index):
                yield index, CREDIT
    for index, block in enumerate(page.layout.blocks):
        elements = page.credits.intersection(block.pieces)
        if elements and _fill(elements, block):
            yield index, CREDIT


def _fill(elements: Iterable[HtmlElement], block: Block) -> bool:
    """Return whether some elements hold nearly all of a block's text."""
    inside = 0
    for element in elements:
        inside += len(" ".join(element.text_content().split()))
    return inside >= MIN_CREDIT_SHARE * len(block.text)


def _find_outside_article(page: PageContext) -> PhraseMatches:
    """Yield comments and portraits of authors, if there is an article next to them."""
    named = dict(find_named_boxes(page.layout))
    if not named:
        return
    article_words = sum(page.likely_words) - sum([page.likely_words[index] for index in named])
    if article_words >= MIN_ARTICLE_WORDS and not page.is_forum(named, article_words):
        yield from named.items()


PHRASE_FILE = "phrases"
"""Stands for the file of phrases of the language that the reason names."""
OTHER_PAGES = "the site's other pages"
MODEL = "the learned model"
REMOVED_BELOW = "the removed text below it"
JUDGEMENTS = frozenset({MODEL, REMOVED_BELOW})
"""The evidence that does not hold for a page with hardly any text."""
STEPS: tuple[tuple[Step, str], ...] = (
    (_find_ruled_out, "the site's rules"),
    (_find_repeated_title, "the page's title"),
    (_find_credit_lines, "the page's byline and date"),
    (find_known_phrases, PHRASE_FILE),
    (find_button_pictures, PHRASE_FILE),
    (find_phrase_tails, PHRASE_FILE),
    (find_phrase_boxes, PHRASE_FILE),
    (_find_outside_article, "data/box_names.toml"),
    (find_pull_quotes, "the article's own text"),
    (find_site_repeats, OTHER_PAGES),
    (find_outside_usual_boxes, OTHER_PAGES),
)
"""The steps, each with the evidence that it uses."""


def _find_unlikely(page: PageContext, removed: Mapping[int, str]) -> PhraseMatches:
    """Yield the blocks with a low score, except spared ones and the images of kept text."""
    kept: list[bool] = []
    for index, score in enumerate(page.scores):
        kept.append(score >= page.min_score and index not in removed)
    ignored: set[int] = set()
    for index, reason in removed.items():
        if reason in (TITLE, CREDIT) or page.phrases[index]:
            ignored.add(index)
    pictures = images.find_images(page.layout, page.word_counts, kept, ignored)
    captions = images.find_captions(page.layout, pictures, removed)
    spared = {*find_spared_blocks(page, kept), *pictures, *captions}
    article = list(compress(range(len(kept)), kept))
    writer = ReasonWriter(page, article)
    for index, is_kept in enumerate(kept):
        if index in removed or index in spared:
            continue
        if not page.layout.blocks[index].text:
            if not page.is_fragment:
                yield index, PICTURE
        elif not is_kept:
            yield index, writer.reason(index)


def _find_empty_headings(page: PageContext, removed: Mapping[int, object]) -> PhraseMatches:
    """Yield the headings that have nothing left below them, up to the next heading."""
    is_empty = True
    blocks_below = 0
    for index in reversed(range(len(page.layout.blocks))):
        if not page.place(index) & HEADING:
            blocks_below += 1
            is_empty = is_empty and index in removed
            continue
        if is_empty and blocks_below and index not in removed:
            yield index, EMPTY_HEADING
        blocks_below, is_empty = 0, True


class ReasonWriter:
    """Names the strongest evidence against a block with a low score.

    Args:
        page: the page.
        article: the blocks that stay, in order.
    """

    def __init__(self, page: PageContext, article: Sequence[int]) -> None:
        self._page = page
        self._article = article
        self._worst: dict[int, Term] = {0: (0.0, "")}  # by box

    def reason(self, index: int) -> str:
        """Return the reason to remove a block."""
        page = self._page
        block, place = page.layout.blocks[index], page.place(index)
        if place & HIDDEN:
            return "hidden"
        if is_mostly_links(block):
            return f"links {round(100 * link_density(block))} %"
        for mask, reason in PLACE_REASONS:
            if place & mask:
                return reason
        if name := self._worst_name(block):
            return f"looks like boilerplate (class {name})"
        if words := self._worst_words(block):
            return f"reads like boilerplate (“{words}”)"
        return f"{self._position(index)} (score {page.scores[index]:.2f})"

    def _worst_name(self, block: Block) -> str:
        """Return the most negative name around a block, if it is strong evidence."""
        worst = (0.0, "")
        if block.wrapper:
            worst = self._page.vocabulary.worst_name(block.wrapper)
        weight, name = min(worst, self._worst_of_boxes(block.box))
        return name if weight < MAX_REPORTED_WEIGHT else ""

    def _worst_of_boxes(self, index: int) -> Term:
        """Return the most negative name of a box and of those around it."""
        boxes = self._page.layout.boxes
        trail: list[int] = []
        while index not in self._worst:
            trail.append(index)
            index = boxes[index].parent
        worst = self._worst[index]
        for each in reversed(trail):
            worst = min(worst, self._page.vocabulary.worst_name(boxes[each].name))
            self._worst[each] = worst
        return worst

    def _worst_words(self, block: Block) -> str:
        """Return the most negative words of a block, if they are strong evidence."""
        weights = self._page.vocabulary.texts
        worst = (0.0, "")
        for term in terms_in_text(block, split_words(block.text)):
            if term in weights and "/" not in term:
                worst = min(worst, (weights[term], term.strip("^$=")))
        weight, words = worst
        is_strong = weight < MAX_REPORTED_WEIGHT and len(words) >= MIN_WORD_CHARS
        return words if is_strong else ""

    def _position(self, index: int) -> str:
        article = self._article
        if not article:
            return "not like an article's text"
        if index < article[0]:
            return "above the article"
        if index > article[-1]:
            return "below the article"
        return "between paragraphs, but unlike them"

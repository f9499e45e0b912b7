"""Boilerplate in a saved text, found by known phrases, the words of lines and their shape.

A step marks blocks with a reason to remove them; the first reason that a block gets is final.

The article is also located as a stretch of lines: the words of each line have the weights that were
learned on pages. A line is compared with the mean of its text, because the model knows few words of
most languages. The stretch is chosen as one, so that no single line decides.
"""

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise
from math import exp
from operator import mul

from feedpub.cleaner import classifier, layout, phrases
from feedpub.cleaner.text_blocks import ENDS_SENTENCE, WORD, TextBlock, equal_ignoring_case
from feedpub.cleaner.vocabulary import split_words, terms_in_text

MAX_HEAD_BLOCKS = 12  # between the title and the first paragraph
MIN_COPY_WORDS = 3  # of a line that may repeat another
MIN_SHARED_CAPTION_WORDS = 0.5  # share, for a caption to repeat the description above it
MIN_SHARED_PROSE_WORDS = 0.8  # share, for a paragraph to repeat the one above it
MAX_PORTRAITS = 2  # paragraphs at the end about authors; with more, the article consists of them
MAX_JOB_LINES = 3  # from an author's name to the portrait
MAX_CONTACT_WORDS = 30
MAX_CREDIT_CHARS = 300  # searching for a credit takes the square of this

# the stretch of lines that is the article
WEIGHT_FACTOR = 0.7  # converts weights of words to log odds
ITEM_LOG_ODDS = 1.0  # an item is likely to belong: users keep the lists of an article
MEAN_SHARE = 0.8  # of the text's mean likelihood; a line above it favours its stretch
SUFFICIENT_LIKELIHOOD = 0.65  # enough in any text
MAX_PENALTY = 0.2  # of an unlikely line, so that an interjection does not end the article
MAX_LINE_WORDS = 50  # a longer line does not count more
BASE_LINE_WORDS = 3  # added to the size of every line

BARE_ADDRESS = re.compile(r"\A(?:\w+:\s*)?<?(https?://[^\s<>]+)>?", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]@[\w-]+\.\w")
_CREDITS = (  # at the end of a caption
    re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$"),
    re.compile(r"(?:[.\s]|(?<=[^\W\d_]))((?:[A-Z]\w{1,30}+ )?[A-Z]\w{1,30}+: ?[^:.!?]{2,60}[.]?)$"),
    re.compile(r"\s((?:\w+ ){1,3}?/ ?[^/.!?]{2,30})$"),
)

Blocks = list[TextBlock]


def mark_boilerplate(blocks: Blocks, title: str) -> Blocks:
    """Return the blocks below an article's head, with a reason for each that is to be removed."""
    for step in STEPS:
        blocks = step(blocks, title)
    return blocks


def _mark(blocks: Blocks, numbers: Container[int], reason: str) -> Blocks:
    """Give a reason to the blocks with some numbers, unless they have one."""
    marked: Blocks = []
    for number, block in enumerate(blocks):
        is_new = number in numbers and not block.reason
        marked.append(replace(block, reason=reason) if is_new else block)
    return marked


def _mark_repeated_title(blocks: Blocks, title: str) -> Blocks:
    if not title:
        return blocks
    found = {n for n, block in enumerate(blocks) if equal_ignoring_case(block.text, title)}
    return _mark(blocks, found, "the title again")


def _mark_wordless_lines(blocks: Blocks, _: str) -> Blocks:
    return _mark(blocks, {n for n, block in enumerate(blocks) if not block.words}, "no words")


def _mark_phrases(blocks: Blocks, _: str) -> Blocks:
    """Mark known phrases, and the lists that some of them head.

    A list consists of items, and at the end of the text of any lines that are not prose.
    """
    last_prose = -1
    for number, block in enumerate(blocks):
        if block.prose:
            last_prose = number
    marked: Blocks = []
    heading = ""
    for number, block in enumerate(blocks):
        if block.reason:
            marked.append(block)
            continue
        if phrase := phrases.find_phrases(block.text):
            if phrase.effect == "tail":
                heading = str(phrase)
            marked.append(replace(block, reason=str(phrase)))
            continue
        may_be_listed = block.number is not None or number > last_prose
        if not may_be_listed or block.prose:
            heading = ""
        reason = f"under {heading}" if heading else ""
        marked.append(replace(block, reason=reason))
    return marked


def _mark_button_bars(blocks: Blocks, _: str) -> Blocks:
    """Mark rows of labels of which several are known phrases: they are bars of buttons."""
    found: set[int] = set()
    for is_label, group in groupby(enumerate(blocks), key=lambda pair: pair[1].label):
        row = dict(group)
        known = sum([block.reason.startswith("phrase") for block in row.values()])
        if is_label and known > 1 and known >= len(row) / 2:
            found.update(row)
    return _mark(blocks, found, "among known labels")


def _mark_addresses(blocks: Blocks, _: str) -> Blocks:
    found = {n for n, block in enumerate(blocks) if BARE_ADDRESS.fullmatch(block.text)}
    return _mark(blocks, found, "only an address")


def _mark_captions(blocks: Blocks, _: str) -> Blocks:
    """Mark lines with a credit: "(Photo by Marta Quill)", "Photo: Marta Quill".

    The credit is at the end of the line, or is the next line.
    """
    found: set[int] = set()
    for number, (block, below) in enumerate(pairwise((*blocks, TextBlock("")))):
        is_above_credit = _is_credit(below.text) and not block.prose
        if is_above_credit or _ends_with_credit(block.text):
            found.add(number)
    return _mark(blocks, found, "a picture's caption")


def _ends_with_credit(text: str) -> bool:
    for pattern in _CREDITS:
        credit = pattern.search(text[-MAX_CREDIT_CHARS:])
        if credit and _is_credit(credit[1]):
            return True
    return False


def _is_credit(text: str) -> bool:
    phrase = phrases.find_phrases(text)
    return phrase is not None and phrase.kind == "credit"


def _mark_doubled_lines(blocks: Blocks, _: str) -> Blocks:
    """Mark two similar lines in a row: the description of an image and its caption.

    The first of two similar paragraphs stays.
    """
    found: set[int] = set()
    for number, (one, other) in enumerate(pairwise(blocks)):
        if _are_similar(one, other):
            found.add(number + 1)
            if not ENDS_SENTENCE.search(one.text):
                found.add(number)
    return _mark(blocks, found, "twice in a row")


def _are_similar(one: TextBlock, other: TextBlock) -> bool:
    if one.number is not None or min(one.words, other.words) < MIN_COPY_WORDS:
        return False
    first = set(WORD.findall(one.text.casefold()))
    second = set(WORD.findall(other.text.casefold()))
    shared = len(first & second) / max(1, len(first), len(second))
    if one.prose and other.prose:
        return shared >= MIN_SHARED_PROSE_WORDS
    return shared >= MIN_SHARED_CAPTION_WORDS


def _mark_head(blocks: Blocks, title: str) -> Blocks:
    """Mark short lines between the title and the first paragraph: sections, jobs, captions."""
    prose = _number_prose(blocks)
    if not title or not prose or prose[0] > MAX_HEAD_BLOCKS:
        return blocks
    found = {number for number in range(prose[0]) if blocks[number].heading}
    return _mark(blocks, found, "above the text")


def _number_prose(blocks: Blocks) -> list[int]:
    """Return the numbers of the paragraphs that are not removed."""
    return [number for number, block in enumerate(blocks) if block.prose and not block.reason]


def _mark_surroundings(blocks: Blocks, _: str) -> Blocks:
    """Mark the lines above and below the stretch that reads like an article."""
    article = article_stretch(blocks)
    blocks = _mark(blocks, range(article.start), "above the text")
    return _mark(blocks, range(article.stop, len(blocks)), "below the text")


def article_stretch(blocks: Sequence[TextBlock]) -> range:
    """Return the range of the blocks from the article's first to its last.

    Blocks with a reason to be removed are ignored.
    """
    sizes: list[int] = []
    for block in blocks:
        words = min(block.words, MAX_LINE_WORDS) + BASE_LINE_WORDS
        sizes.append(0 if block.reason else words)
    likelihoods = [likelihood(block) for block in blocks]
    mean = sum(map(mul, sizes, likelihoods)) / max(1, sum(sizes))
    threshold = min(SUFFICIENT_LIKELIHOOD, MEAN_SHARE * mean)
    gains: list[float] = [0.0]
    for size, each in zip(sizes, likelihoods, strict=True):
        gains.append(size * max(each - threshold, -MAX_PENALTY))
    # the stretch with the largest sum of gains, by prefix sums and their running minimum
    sums = list(accumulate(gains))
    lows = list(accumulate(sums, min))
    end = max(range(len(sums)), key=lambda number: sums[number] - lows[number])
    return range(sums.index(lows[end]), end)


def likelihood(block: TextBlock) -> float:
    """Return how likely a line belongs to an article, by its words and whether it is an item."""
    terms = terms_in_text(layout.Block(0, "", []), split_words(block.text))
    log_odds = WEIGHT_FACTOR * classifier.load_classifier().vocabulary.text(terms)
    log_odds += ITEM_LOG_ODDS * (block.number is not None)
    return 1 / (1 + exp(-log_odds))


def _mark_contacts(blocks: Blocks, _: str) -> Blocks:
    """Mark a short last paragraph with an e-mail address."""
    last = max(_number_prose(blocks), default=0)
    if not last:
        return blocks
    found: set[int] = set()
    for number, block in enumerate(blocks[last:], last):
        if block.words <= MAX_CONTACT_WORDS and EMAIL.search(block.text):
            found.add(number)
    return _mark(blocks, found, "an address to write to")


def _mark_portraits(blocks: Blocks, _: str) -> Blocks:
    """Mark a name on its own line at the end, and the paragraph about the author below it.

    If there are more such paragraphs, the article consists of portraits.
    """
    prose = _number_prose(blocks)
    portraits: dict[int, range] = {}
    for number in prose:
        if found := _find_portrait(blocks, number):
            portraits[number] = found
    if len(portraits) > MAX_PORTRAITS:
        return blocks
    for number in prose[-MAX_PORTRAITS:]:
        blocks = _mark(blocks, portraits.get(number, ()), "about the author")
    return blocks


def _find_portrait(blocks: Blocks, number: int) -> range:
    """Return a paragraph and the lines up to the name it begins with, or an empty range."""
    nothing = range(0)
    for above in range(number - 1, max(-1, number - 1 - MAX_JOB_LINES), -1):
        words = WORD.findall(blocks[above].text)
        is_capitalised = len(words) > 1 and all(word[0].isupper() for word in words)
        if blocks[above].label and is_capitalised:
            is_about = blocks[number].text.startswith(words[0])
            return range(above, number + 1) if is_about else nothing
        if blocks[above].prose:
            return nothing
    return nothing


def _mark_trailing_headings(blocks: Blocks, _: str) -> Blocks:
    """Mark headings at the end, which have nothing left below them."""
    end = len(blocks)
    while end and (blocks[end - 1].reason or blocks[end - 1].heading):
        end -= 1
    if not end:
        return blocks
    return _mark(blocks, range(end, len(blocks)), "below the text")


STEPS: tuple[Callable[[Blocks, str], Blocks], ...] = (
    _mark_repeated_title,
    _mark_wordless_lines,
    _mark_phrases,
    _mark_button_bars,
    _mark_addresses,
    _mark_captions,
    _mark_doubled_lines,
    _mark_head,
    _mark_surroundings,
    _mark_contacts,
    _mark_portraits,
    _mark_trailing_headings,
)

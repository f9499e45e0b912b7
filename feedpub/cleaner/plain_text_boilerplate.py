"""Where in a saved text the article stands: the stretch of lines whose words are most an article's.

Owns what lines' words say, by the weights that were learned on pages; what a line's shape says is
in `lines`. A line is held against the text's own mean, because the words of most languages are
little known, and the stretch is chosen as a whole, so that no single line decides.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate, count, groupby, pairwise
from math import exp

from feedpub.cleaner import classifier, layout, phrases
from feedpub.cleaner.text_blocks import ENDS_SENTENCE, WORD, TextBlock, equal_ignoring_case
from feedpub.cleaner.vocabulary import split_words, terms_in_text

# of the way from what words weigh to how likely a line is an article's; 0.5 where no word is known
STEEPNESS = 0.7
ITEM = 1.0  # log odds; whoever saved a text kept its lists
SHARE = 0.8  # of the text's mean, from which on a line speaks for the stretch that it is in
ENOUGH = 0.65  # likely enough in any text
AGAINST = (
    0.2  # that a line counts at most against what stands around it: an interjection ends no article
)
MOST_WORDS = 50  # that a line counts for; long ones are not worth more
FEWEST_WORDS = 3


def article_stretch(blocks: Sequence[TextBlock]) -> range:
    """The numbers of the blocks from the article's first to its last.

    Those with a reason to go count nothing.
    """
    sizes = [0 if block.reason else min(block.words, MOST_WORDS) + FEWEST_WORDS for block in blocks]
    likely = [likelihood(block) for block in blocks]
    mean = sum(size * each for size, each in zip(sizes, likely, strict=True)) / max(1, sum(sizes))
    bar = min(ENOUGH, SHARE * mean)
    gains = (size * max(each - bar, -AGAINST) for size, each in zip(sizes, likely, strict=True))
    sums = [0.0, *accumulate(gains)]
    lows = list(accumulate(sums, min))
    end = max(range(len(sums)), key=lambda number: sums[number] - lows[number])
    return range(sums.index(lows[end]), end)


def likelihood(block: TextBlock) -> float:
    """How probably a line is an article's, by its words and by being an item of a list."""
    terms = terms_in_text(layout.Block(0, "", []), split_words(block.text))
    odds = STEEPNESS * classifier.load_classifier().vocabulary.text(terms) + ITEM * (
        block.number is not None
    )
    return 1 / (1 + exp(-odds))


# SECTION: What does not belong to an article saved as text, and why: the same phrases as on
# pages, and what lines show.
#
# Owns the order of the steps and the wording of every reason. A step gives the blocks back, each
# with its reason to go;
# the first reason that a block is given stands.

HEAD = 12  # blocks between the title and the first paragraph, at most, for them to go
FEWEST = 3  # words of a line that may be another's copy
ALIKE = 0.5  # of the words of a caption and the description above it that both have
LAST = 2  # paragraphs at the end that may tell of an author
CONTACT = 30  # words
JOB = 3  # lines from an author's name to what is told
SAME = 0.8  # the same of two paragraphs, of which one is a copy

_BARE_ADDRESS = re.compile(r"\A(?:\w+:\s*)?<?(https?://[^\s<>]+)>?", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]@[\w-]+\.\w")

LONGEST_CREDIT = 300  # characters; looking for one takes the square of that
_CREDITS = (  # where a caption's credit may stand
    re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$"),
    re.compile(r"(?:[.\s]|(?<=[^\W\d_]))((?:[A-Z]\w{1,30}+ )?[A-Z]\w{1,30}+: ?[^:.!?]{2,60}[.]?)$"),
    re.compile(r"\s((?:\w+ ){1,3}?/ ?[^/.!?]{2,30})$"),
)


Blocks = list[TextBlock]


def mark_boilerplate(blocks: Blocks, title: str) -> Blocks:
    """The blocks below an article's head, with a reason for each that goes."""
    for step in STEPS:
        blocks = step(blocks, title)
    return blocks


def _repeats(blocks: Blocks, title: str) -> Blocks:
    return [
        replace(b, reason="the title again") if title and equal_ignoring_case(b.text, title) else b
        for b in blocks
    ]


def _wordless(blocks: Blocks, _: str) -> Blocks:
    return [b if b.reason or b.words else replace(b, reason="no words") for b in blocks]


def _addresses(blocks: Blocks, _: str) -> Blocks:
    return [
        b
        if b.reason or not _BARE_ADDRESS.fullmatch(b.text)
        else replace(b, reason="only an address")
        for b in blocks
    ]


def _phrases(blocks: Blocks, _: str) -> Blocks:
    """Phrases go, and with the heading of a list what it lists.

    Lines that are no prose, and at the end all.
    """
    marked, under = Blocks(), ""
    last_prose = max((n for n, block in enumerate(blocks) if block.prose), default=-1)
    for number, block in enumerate(blocks):
        phrase = None if block.reason else phrases.find_phrases(block.text)
        if phrase:
            under = str(phrase) if phrase.effect == "tail" else under
            marked.append(replace(block, reason=str(phrase)))
        elif (
            under
            and not block.reason
            and not block.prose
            and (block.number is not None or number > last_prose)
        ):
            marked.append(replace(block, reason=f"under {under}"))
        else:
            under = under if block.reason else ""
            marked.append(block)
    return marked


def _bars(blocks: Blocks, _: str) -> Blocks:
    """A row of labels of which several are known is a bar of buttons, and the others go with them."""
    marked = Blocks()
    for label, group in groupby(blocks, key=lambda block: block.label):
        row = list(group)
        known = sum(block.reason.startswith("phrase") for block in row)
        bar = label and known > 1 and known >= len(row) / 2
        marked += [
            replace(block, reason=block.reason or "among known labels") if bar else block
            for block in row
        ]
    return marked


def _captions(blocks: Blocks, _: str) -> Blocks:
    """A line that ends with a credit stood below a picture.

    "(Photo by Marta Quill)", "Photo: Marta Quill".
    """
    found = Blocks()
    for block, below in pairwise((*blocks, TextBlock(""))):
        plain = not block.reason and (
            _credited(block.text) or (_is_credit(below.text) and not block.prose)
        )
        found.append(replace(block, reason="a picture's caption") if plain else block)
    return found


def _credited(text: str) -> bool:
    endings = (ending.search(text[-LONGEST_CREDIT:]) for ending in _CREDITS)
    return any(_is_credit(credit[1]) for credit in endings if credit)


def _is_credit(text: str) -> bool:
    phrase = phrases.find_phrases(text)
    return phrase is not None and phrase.kind == "credit"


def _twice(blocks: Blocks, _: str) -> Blocks:
    """Two lines in a row that say the same are a picture's description and its caption.

    A paragraph stays once.
    """
    pairs = {n for n, (one, other) in enumerate(pairwise(blocks)) if _alike(one, other)}
    doubled = {n + 1 for n in pairs} | {
        n for n in pairs if not ENDS_SENTENCE.search(blocks[n].text)
    }
    return [
        replace(b, reason=b.reason or "twice in a row") if n in doubled else b
        for n, b in enumerate(blocks)
    ]


def _alike(one: TextBlock, other: TextBlock) -> bool:
    first, second = (set(WORD.findall(block.text.casefold())) for block in (one, other))
    shared = len(first & second) / max(1, len(first), len(second))
    enough = SAME if one.prose and other.prose else ALIKE
    return min(one.words, other.words) >= FEWEST and shared >= enough and one.number is None


def _above(blocks: Blocks, title: str) -> Blocks:
    """Short lines between the title and the first paragraph: sections, jobs, what pictures show."""
    first = next((n for n, block in enumerate(blocks) if block.prose and not block.reason), 0)
    return [
        replace(b, reason=b.reason or "above the text")
        if n < first <= HEAD and title and b.heading
        else b
        for n, b in enumerate(blocks)
    ]


def _authors(blocks: Blocks, _: str) -> Blocks:
    """At the end, a name on a line of its own and the paragraph that begins with it tell of who wrote the article.

    Where such paragraphs stand above, too, portraits are what the article is made of.
    """
    prose = [n for n, block in enumerate(blocks) if block.prose and not block.reason]
    portraits = {number: found for number in prose if (found := _portrait(blocks, number))}
    few = len(portraits) <= LAST
    told = {n for number in prose[-LAST:] for n in portraits.get(number, ())} if few else set()
    return [
        replace(b, reason=b.reason or "about the author") if n in told else b
        for n, b in enumerate(blocks)
    ]


def _portrait(blocks: Blocks, number: int) -> range:
    """A paragraph and what stands above it up to the name that it begins with.

    Nothing where there is none.
    """
    for above in range(number - 1, max(-1, number - 1 - JOB), -1):
        name = WORD.findall(blocks[above].text)
        if blocks[above].label and len(name) > 1 and all(word[0].isupper() for word in name):
            return range(above, number + 1) if blocks[number].text.startswith(name[0]) else range(0)
        if blocks[above].prose:
            break
    return range(0)


def _contacts(blocks: Blocks, _: str) -> Blocks:
    """A short last paragraph with somebody's e-mail address."""
    last = max((n for n, block in enumerate(blocks) if block.prose and not block.reason), default=0)
    mailed = {
        n
        for n, b in enumerate(blocks)
        if n >= last > 0 and b.words <= CONTACT and EMAIL.search(b.text)
    }
    return [
        replace(b, reason=b.reason or "an address to write to") if n in mailed else b
        for n, b in enumerate(blocks)
    ]


def _around(blocks: Blocks, _: str) -> Blocks:
    """What stands above and below the stretch of lines that reads like an article."""
    inside = article_stretch(blocks)
    sides = (
        "above the text" if n < inside.start else "" if n in inside else "below the text"
        for n in count()
    )
    return [
        replace(block, reason=block.reason or side)
        for block, side in zip(blocks, sides, strict=False)
    ]


def _below(blocks: Blocks, _: str) -> Blocks:
    """Headings at the end have nothing below them."""
    last = max(
        (n for n, b in enumerate(blocks) if not b.reason and not b.heading), default=len(blocks)
    )
    return [
        replace(b, reason=b.reason or "below the text") if n > last else b
        for n, b in enumerate(blocks)
    ]


STEPS: tuple[Callable[[Blocks, str], Blocks], ...] = (
    _repeats,
    _wordless,
    _phrases,
    _bars,
    _addresses,
    _captions,
    _twice,
    _above,
    _around,
    _contacts,
    _authors,
    _below,
)

"""An article saved as plain text → Article: lines have no markup, so their shape and their words must tell.

The order of the story: text → blocks → head (title, byline, date) → body without boilerplate → Article. Owns no
phrase and no name: those are data that pages are cleaned with, too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from statistics import median

from feedpub.cleaner import phrases
from feedpub.cleaner.metadata import dates, languages, names
from feedpub.cleaner.sanitise import sanitise
from feedpub.errors import NothingFound
from feedpub.model import Article, Removed
from feedpub.summary import choose

_WORD = re.compile(r"\w+")
_DENSE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts without spaces between words
_ENDS_SENTENCE = re.compile(r"""[.!?…。！？؟।۔][)\]"'”’»›」』]*$""")
_BULLET = re.compile(r"\s*(?:[-*•‣◦–]|(?P<number>\d{1,3})[.)])\s+(?=\S)")
_BAR = re.compile(r"\s+[|·•»›]\s+")
_DASH = re.compile(r"\s+[-–—]\s+")
_URL = re.compile(r"(?:\w+:\s*)?<?(https?://[^\s<>]+)>?", re.IGNORECASE)
_LABELLED = re.compile(r"[^\W\d_]+:\s+")  # "Date: 14 October 2025"

HEAD = 8  # blocks before the first prose that title, byline and date are looked for in
PROSE = 20  # words that make a block prose
LONGEST_TITLE = 250  # characters
LONGEST_HEADING = 100  # characters of a subhead
LONGEST_BYLINE_WORDS = 9
WRAPPED = range(45, 100)  # characters of the lines of a text that was wrapped
FEWEST_WORDS = 5  # of an article
LABEL_WORDS = 4  # of a button
SITE_WORDS = 3  # a site's name behind a dash has no more


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading or an item, and what becomes of it.

    Attributes:
        number: of an item of a numbered list; 0 for one with a bullet; None for what is no item.
        reason: why it goes; "" where it stays.
    """

    text: str
    number: int | None = None
    reason: str = ""

    @property
    def words(self) -> int:
        """How many words it has; two characters of a script without spaces count as one."""
        return len(_WORD.findall(self.text)) + len(_DENSE.findall(self.text)) // 2

    @property
    def prose(self) -> bool:
        """Whether it reads like a paragraph of an article."""
        return self.words >= PROSE or (self.words >= PROSE // 2 and bool(_ENDS_SENTENCE.search(self.text)))

    @property
    def heading(self) -> bool:
        """Whether it has the shape of a subhead; a short question may be one."""
        sentence = _ENDS_SENTENCE.search(self.text) and not (self.text.endswith("?") and not self.prose)
        plain = self.number is None and self.words > 0 and not self.text.endswith((",", ";", ":"))
        return plain and not sentence and len(self.text) <= LONGEST_HEADING

    @property
    def label(self) -> bool:
        """Whether it is as short as the names of buttons are."""
        return self.number is None and 0 < self.words <= LABEL_WORDS and not _ENDS_SENTENCE.search(self.text)


@dataclass
class Head:
    """What stands above the text."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    url: str | None = None
    removed: list[Removed] = field(default_factory=list)


def extract_text(text: str, url: str | None = None) -> Article:
    """The article in a text as people save it: without the site's name, byline and date, tails and interjections.

    Args:
        text: paragraphs separated by blank lines, or one a line; lines wrapped to a width are joined.
        url: where it was found, if that is known; else a line that is nothing but an address is taken.

    Raises:
        NothingFound: there is no article in it.
    """
    blocks = list(_blocks(text))
    language = languages.of_text("\n".join(block.text for block in blocks))
    head, body = _split(blocks, language)
    body = _without_boilerplate(body, head)
    kept = [block for block in body if not block.reason]
    if sum(block.words for block in kept) < FEWEST_WORDS:
        raise NothingFound(f"there is no article in it: {len(blocks)} blocks of text, and none is prose", url)
    article_text = "\n".join(block.text for block in kept)
    return Article(
        url=url or head.url,
        title=head.title,
        authors=head.authors,
        published=head.published,
        language=language,
        html=sanitise(_html(kept)),
        text=article_text,
        summary=choose(None, article_text, title=head.title, language=language),
        removed=(*head.removed, *(Removed(block.text, block.reason) for block in body if block.reason)),
    )


# --- text → blocks ---


def _blocks(text: str) -> Iterator[Block]:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").split("\n")]
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        if not blank:
            yield from map(_block, _joined(list(group)))


def _joined(lines: Sequence[str]) -> Iterable[str]:
    """The paragraphs of a group of lines: one, where it was wrapped to a width; else each line is one."""
    if not _wrapped(lines):
        return lines
    paragraphs: list[str] = []
    for line in lines:
        if paragraphs and not _BULLET.match(line):
            paragraphs[-1] = _glued(paragraphs[-1], line.strip())
        else:
            paragraphs.append(line)
    return paragraphs


def _wrapped(lines: Sequence[str]) -> bool:
    lengths = [len(line) for line in lines[:-1]]
    return bool(lengths) and median(lengths) in WRAPPED and max(lengths) <= WRAPPED.stop


def _glued(before: str, after: str) -> str:
    hyphenated = before.endswith("-") and before[-2:-1].islower() and after[:1].islower()
    return before[:-1] + after if hyphenated else f"{before} {after}"


def _block(line: str) -> Block:
    bullet = _BULLET.match(line)
    if bullet and bullet["number"] and dates.parse(line):  # "11. Oktober 2025"
        bullet = None
    text = " ".join(line[bullet.end() if bullet else 0 :].split())
    return Block(text, int(bullet["number"] or 0) if bullet else None)


# --- head ---


def _split(blocks: Sequence[Block], language: str | None) -> tuple[Head, list[Block]]:
    """What stands above the text, and the text with what else there is."""
    head, body = Head(), list[Block]()
    above = next((n for n, block in enumerate(blocks[:HEAD]) if _begins(block, n)), min(HEAD, len(blocks)))
    for number, block in enumerate(blocks):
        if number >= above or not take(block, head, language):
            body.append(block)
    return head, body


def _begins(block: Block, number: int) -> bool:
    """Whether a block is where the text begins; a long first line that is no sentence may be the title yet."""
    return block.prose and (number > 0 or bool(_ENDS_SENTENCE.search(block.text)))


def take(block: Block, head: Head, language: str | None) -> bool:
    """Whether a block above the text is part of the head; what it says is noted."""
    if address := _URL.fullmatch(block.text):
        head.url = head.url or address[1]
    elif authors := _authors(block, language):
        head.authors = head.authors or authors
        head.published = head.published or _date(Block(_BAR.split(block.text)[-1]), language)
        head.removed.append(Removed(block.text, "byline"))
    elif published := _date(block, language):
        head.published = head.published or published
        head.removed.append(Removed(block.text, "date"))
    elif not head.title and len(block.text) <= LONGEST_TITLE and block.words and not phrases.find(block.text):
        head.title = _headline(block.text)
    elif head.title and same(block.text, head.title):
        head.removed.append(Removed(block.text, "the title again"))
    else:
        return False
    return True


def _authors(block: Block, language: str | None) -> tuple[str, ...]:
    """The names in a byline; also such as no person has, where the line is plainly one ("by the news desk")."""
    if block.words > LONGEST_BYLINE_WORDS or _ENDS_SENTENCE.search(block.text):
        return ()
    if found := names.from_byline(block.text, language):
        return found
    start = names.words(language).by.match(block.text)
    return names.split(block.text[start.end() :], language) if start else ()


def _date(block: Block, language: str | None) -> datetime | None:
    """The date that a line above the text holds, where it holds little else."""
    said = _LABELLED.sub("", block.text)
    if block.prose or len(_WORD.findall(said)) > LONGEST_BYLINE_WORDS:
        return None
    moment = dates.parse(said, language)
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _headline(line: str) -> str:
    """A title line without the names of site and section that stand behind a bar or a dash."""
    first, *behind = _BAR.split(line)
    title = next((part for part in (first, *behind) if len(part.split()) > SITE_WORDS), first)
    *parts, last = _DASH.split(title)
    words = last.split()
    named = bool(parts) and len(words) <= SITE_WORDS and all(word[:1].isupper() for word in words)
    return title[: -len(last)].rstrip(" -–—") if named and len(title.split()) >= 3 * len(words) + 2 else title


def same(one: str, other: str) -> bool:
    """Whether two lines have the same words."""
    return [w.casefold() for w in _WORD.findall(one)] == [w.casefold() for w in _WORD.findall(other)]


# --- body ---


def _without_boilerplate(blocks: list[Block], head: Head) -> list[Block]:
    """The blocks with a reason for each that goes."""
    for step in (_repeats, _wordless, _phrases, _bars, _addresses):
        blocks = step(blocks, head)
    return blocks


def _repeats(blocks: list[Block], head: Head) -> list[Block]:
    return [replace(b, reason="the title again") if head.title and same(b.text, head.title) else b for b in blocks]


def _wordless(blocks: list[Block], _: Head) -> list[Block]:
    return [b if b.reason or b.words else replace(b, reason="no words") for b in blocks]


def _addresses(blocks: list[Block], _: Head) -> list[Block]:
    return [b if b.reason or not _URL.fullmatch(b.text) else replace(b, reason="only an address") for b in blocks]


def _phrases(blocks: list[Block], _: Head) -> list[Block]:
    """Phrases go, and with the heading of a list what it lists: lines that are no prose, and at the end all."""
    marked, under = list[Block](), ""
    last_prose = max((n for n, block in enumerate(blocks) if block.prose), default=-1)
    for number, block in enumerate(blocks):
        phrase = None if block.reason else phrases.find(block.text)
        if phrase:
            under = str(phrase) if phrase.effect == "tail" else under
            marked.append(replace(block, reason=str(phrase)))
        elif under and not block.reason and not block.prose and (block.number is not None or number > last_prose):
            marked.append(replace(block, reason=f"under {under}"))
        else:
            under = under if block.reason else ""
            marked.append(block)
    return marked


def _bars(blocks: list[Block], _: Head) -> list[Block]:
    """A row of labels of which several are known is a bar of buttons, and the others go with them."""
    marked = list[Block]()
    for label, group in groupby(blocks, key=lambda block: block.label):
        row = list(group)
        known = sum(block.reason.startswith("phrase") for block in row)
        bar = label and known > 1 and known >= len(row) / 2
        marked += [replace(block, reason=block.reason or "among known labels") if bar else block for block in row]
    return marked


# --- blocks → HTML ---


def _html(blocks: Sequence[Block]) -> str:
    """Paragraphs, lists, and subheads: lines of that shape with a paragraph below them."""
    below = (*blocks[1:], Block(""))
    parts = []
    for kind, group in groupby(zip(blocks, below, strict=True), key=lambda pair: _list_tag(pair[0])):
        if kind:
            items = "".join(f"<li>{escape(block.text, quote=False)}</li>" for block, _ in group)
            parts.append(f"<{kind}>{items}</{kind}>")
        else:
            parts += [_element(block, after) for block, after in group]
    return "\n".join(parts)


def _list_tag(block: Block) -> str:
    return {None: "", 0: "ul"}.get(block.number, "ol")


def _element(block: Block, after: Block) -> str:
    tag = "h2" if block.heading and after.text and not after.heading else "p"
    return f"<{tag}>{escape(block.text, quote=False)}</{tag}>"

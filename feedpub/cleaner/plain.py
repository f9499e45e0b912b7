"""An article saved as plain text → Article: lines have no markup, so their shape and their words must tell.

The order of the story: text → blocks → head (title, byline, date) → body without boilerplate → Article. Owns no
phrase and no name: those are data that pages are cleaned with, too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import groupby

from feedpub.characters import sound
from feedpub.cleaner import line_boilerplate, lines, phrases
from feedpub.cleaner.line_boilerplate import ADDRESS
from feedpub.cleaner.lines import ENDS_SENTENCE, WORD, Block, same
from feedpub.cleaner.metadata import addresses, dates, languages, names
from feedpub.cleaner.sanitise import sanitise
from feedpub.counting import counted
from feedpub.errors import NothingFound
from feedpub.model import Article, Removed
from feedpub.summary import choose

_BAR = re.compile(r"(?<!\s)\s++[|·•»›]\s+")
_DASH = re.compile(r"(?<!\s)\s++[-–—]\s+")
_LABELLED = re.compile(r"(?<![^\W\d_])[^\W\d_]+:\s+")  # "Date: 14 October 2025"

HEAD = 12  # blocks before the first prose that title, byline and date are looked for in
LONGEST_TITLE = 250  # characters
LONGEST_BYLINE_WORDS = 9
FEWEST_WORDS = 5  # of an article
SITE_WORDS = 3  # a site's name behind a dash has no more


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
    blocks = list(lines.read(sound(text)))
    language = languages.of_text("\n".join(block.text for block in blocks))
    head, body = _split(blocks, language)
    body = line_boilerplate.mark(body, head.title)
    kept = [block for block in body if not block.reason]
    if sum(block.words for block in kept) < FEWEST_WORDS:
        raise NothingFound(
            f"there is no article in it: {counted(len(blocks), 'block')} of text, and none is prose", url
        )
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


# --- head ---


def _split(blocks: Sequence[Block], language: str | None) -> tuple[Head, list[Block]]:
    """What stands above the text, and the text with what else there is; a byline may stand below a standfirst."""
    prose = [n for n, block in enumerate(blocks[:HEAD]) if _begins(block, n)]
    above, second, *_ = *prose, min(HEAD, len(blocks)), min(HEAD, len(blocks))
    sections = _sections(blocks[:above], language)
    head, body = Head(removed=[Removed(block.text, "above the title") for block in blocks[:sections]]), list[Block]()
    for number, block in enumerate(blocks[sections:], sections):
        taken = take(block, head, language) if number < above else number < second and _byline(block, head, language)
        if not taken:
            body.append(block)
    return head, body


def _begins(block: Block, number: int) -> bool:
    """Whether a block is where the text begins; a long first line that is no sentence may be the title yet."""
    return block.prose and (number > 0 or bool(ENDS_SENTENCE.search(block.text)))


def _sections(above: Sequence[Block], language: str | None) -> int:
    """How many lines stand above the title: names of sections and buttons, too short for a headline."""
    for number, block in enumerate(above):
        if ADDRESS.fullmatch(block.text) or _authors(block, language) or _date(block, language):
            return 0
        if block.words > SITE_WORDS and not phrases.find(block.text):
            return number
    return 0


def take(block: Block, head: Head, language: str | None) -> bool:
    """Whether a block above the text is part of the head; what it says is noted."""
    if address := ADDRESS.fullmatch(block.text):
        head.url = head.url or next(addresses.absolute([address[1]], None), None)
    elif _byline(block, head, language):
        return True
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


def _byline(block: Block, head: Head, language: str | None) -> bool:
    """Whether a block names who wrote the article, and perhaps when; what it says is noted."""
    authors = _authors(block, language)
    if authors:
        head.authors = head.authors or authors
        head.published = head.published or _date(Block(_BAR.split(block.text)[-1]), language)
        head.removed.append(Removed(block.text, "byline"))
    return bool(authors)


def _authors(block: Block, language: str | None) -> tuple[str, ...]:
    """The names in a byline; also such as no person has, where the line is plainly one ("by the news desk")."""
    if block.words > LONGEST_BYLINE_WORDS or ENDS_SENTENCE.search(block.text):
        return ()
    if found := names.from_byline(block.text, language):
        return found
    start = names.words(language).by.match(block.text)
    return names.split(block.text[start.end() :], language) if start else ()


def _date(block: Block, language: str | None) -> datetime | None:
    """The date that a line above the text holds, where it holds little else."""
    said = _LABELLED.sub("", block.text)
    if block.prose or len(WORD.findall(said)) > LONGEST_BYLINE_WORDS:
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

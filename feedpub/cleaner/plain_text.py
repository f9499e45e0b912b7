"""An article saved as plain text → Article: lines have no markup, so their shape and their words must tell.

The order of the story: text → blocks → head (title, byline, date) → body without boilerplate →
Article. Owns no
phrase and no name: those are data that pages are cleaned with, too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import groupby

from feedpub.cleaner import phrases, plain_text_boilerplate, text_blocks
from feedpub.cleaner.metadata import authors
from feedpub.cleaner.metadata.language import language_of_text
from feedpub.cleaner.plain_text_boilerplate import _BARE_ADDRESS
from feedpub.cleaner.sanitize import sanitise
from feedpub.cleaner.summary import choose_summary
from feedpub.cleaner.text_blocks import ENDS_SENTENCE, WORD, TextBlock, equal_ignoring_case
from feedpub.core import dates
from feedpub.core.errors import NoContentError
from feedpub.core.models import Article, Removed
from feedpub.core.text import pluralize, strip_invalid_characters
from feedpub.core.urls import absolute_url

_BAR = re.compile(r"(?<!\s)\s++[|·•»›]\s+")
_DASH = re.compile(r"(?<!\s)\s++[-–—]\s+")
_LABELLED = re.compile(r"(?<![^\W\d_])[^\W\d_]+:\s+")  # "Date: 14 October 2025"

HEAD = 12  # blocks before the first prose that title, byline and date are looked for in
LONGEST_TITLE = 250  # characters
LONGEST_BYLINE_WORDS = 9
FEWEST_WORDS = 5  # of an article
SITE_WORDS = 3  # a site's name behind a dash has no more


@dataclass
class ArticleHead:
    """What stands above the text."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    url: str | None = None
    removed: list[Removed] = field(default_factory=list)


def extract_text(text: str, url: str | None = None) -> Article:
    """The article in a text as people save it: without the site's name, byline and date, tails and interjections.

    Args:
        text: paragraphs separated by blank lines, or one a line; lines wrapped to a width are
            joined.
        url: where it was found, if that is known; else a line that is nothing but an address is
            taken.

    Raises:
        NoContentError: there is no article in it.
    """
    blocks = list(text_blocks.split_text_blocks(strip_invalid_characters(text)))
    language = language_of_text("\n".join(block.text for block in blocks))
    head, body = _split(blocks, language)
    body = plain_text_boilerplate.mark_boilerplate(body, head.title)
    kept = [block for block in body if not block.reason]
    if sum(block.words for block in kept) < FEWEST_WORDS:
        raise NoContentError(
            f"there is no article in it: {pluralize(len(blocks), 'block')} of text, and none is prose",
            url,
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
        summary=choose_summary(None, article_text, title=head.title, language=language),
        removed=(
            *head.removed,
            *(Removed(block.text, block.reason) for block in body if block.reason),
        ),
    )


# --- head ---


def _split(
    blocks: Sequence[TextBlock], language: str | None
) -> tuple[ArticleHead, list[TextBlock]]:
    """What stands above the text, and the text with what else there is.

    A byline may stand below a standfirst.
    """
    prose = [n for n, block in enumerate(blocks[:HEAD]) if _begins(block, n)]
    above, second, *_ = *prose, min(HEAD, len(blocks)), min(HEAD, len(blocks))
    sections = _sections(blocks[:above], language)
    head, body = (
        ArticleHead(
            removed=[Removed(block.text, "above the title") for block in blocks[:sections]]
        ),
        list[TextBlock](),
    )
    for number, block in enumerate(blocks[sections:], sections):
        taken = (
            read_head(block, head, language)
            if number < above
            else number < second and _byline(block, head, language)
        )
        if not taken:
            body.append(block)
    return head, body


def _begins(block: TextBlock, number: int) -> bool:
    """Whether a block is where the text begins.

    A long first line that is no sentence may be the title yet.
    """
    return block.prose and (number > 0 or bool(ENDS_SENTENCE.search(block.text)))


def _sections(above: Sequence[TextBlock], language: str | None) -> int:
    """How many lines stand above the title.

    Names of sections and buttons, too short for a headline.
    """
    for number, block in enumerate(above):
        if (
            _BARE_ADDRESS.fullmatch(block.text)
            or _authors(block, language)
            or _date(block, language)
        ):
            return 0
        if block.words > SITE_WORDS and not phrases.find_phrases(block.text):
            return number
    return 0


def read_head(block: TextBlock, head: ArticleHead, language: str | None) -> bool:
    """Whether a block above the text is part of the head; what it says is noted."""
    if address := _BARE_ADDRESS.fullmatch(block.text):
        head.url = head.url or absolute_url(address[1], "")
    elif _byline(block, head, language):
        return True
    elif published := _date(block, language):
        head.published = head.published or published
        head.removed.append(Removed(block.text, "date"))
    elif (
        not head.title
        and len(block.text) <= LONGEST_TITLE
        and block.words
        and not phrases.find_phrases(block.text)
    ):
        head.title = _headline(block.text)
    elif head.title and equal_ignoring_case(block.text, head.title):
        head.removed.append(Removed(block.text, "the title again"))
    else:
        return False
    return True


def _byline(block: TextBlock, head: ArticleHead, language: str | None) -> bool:
    """Whether a block names who wrote the article, and perhaps when; what it says is noted."""
    authors = _authors(block, language)
    if authors:
        head.authors = head.authors or authors
        head.published = head.published or _date(TextBlock(_BAR.split(block.text)[-1]), language)
        head.removed.append(Removed(block.text, "byline"))
    return bool(authors)


def _authors(block: TextBlock, language: str | None) -> tuple[str, ...]:
    """The names in a byline.

    Also such as no person has, where the line is plainly one ("by the news desk").
    """
    if block.words > LONGEST_BYLINE_WORDS or ENDS_SENTENCE.search(block.text):
        return ()
    if found := authors.authors_from_byline(block.text, language):
        return found
    start = authors.byline_words(language).by.match(block.text)
    return authors.split_authors(block.text[start.end() :], language) if start else ()


def _date(block: TextBlock, language: str | None) -> datetime | None:
    """The date that a line above the text holds, where it holds little else."""
    said = _LABELLED.sub("", block.text)
    if block.prose or len(WORD.findall(said)) > LONGEST_BYLINE_WORDS:
        return None
    moment = dates.parse_page_date(said, language)
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _headline(line: str) -> str:
    """A title line without the names of site and section that stand behind a bar or a dash."""
    first, *behind = _BAR.split(line)
    title = next((part for part in (first, *behind) if len(part.split()) > SITE_WORDS), first)
    *parts, last = _DASH.split(title)
    words = last.split()
    named = bool(parts) and len(words) <= SITE_WORDS and all(word[:1].isupper() for word in words)
    return (
        title[: -len(last)].rstrip(" -–—")
        if named and len(title.split()) >= 3 * len(words) + 2
        else title
    )


# --- blocks → HTML ---


def _html(blocks: Sequence[TextBlock]) -> str:
    """Paragraphs, lists, and subheads: lines of that shape with a paragraph below them."""
    below = (*blocks[1:], TextBlock(""))
    parts = []
    for kind, group in groupby(
        zip(blocks, below, strict=True), key=lambda pair: _list_tag(pair[0])
    ):
        if kind:
            items = "".join(f"<li>{escape(block.text, quote=False)}</li>" for block, _ in group)
            parts.append(f"<{kind}>{items}</{kind}>")
        else:
            parts += [_element(block, after) for block, after in group]
    return "\n".join(parts)


def _list_tag(block: TextBlock) -> str:
    return {None: "", 0: "ul"}.get(block.number, "ol")


def _element(block: TextBlock, after: TextBlock) -> str:
    tag = "h2" if block.heading and after.text and not after.heading else "p"
    return f"<{tag}>{escape(block.text, quote=False)}</{tag}>"

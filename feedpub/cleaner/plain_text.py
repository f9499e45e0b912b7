"""Extract an article from plain text. Lines have no markup, so their shape and words are judged.

The text is split into blocks, then into the head (title, byline, date) and the body, and the
boilerplate of the body is removed. The phrases and names are the same data as for pages.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import groupby

from feedpub.cleaner import phrases, text_blocks
from feedpub.cleaner.metadata import authors
from feedpub.cleaner.metadata.language import language_of_text
from feedpub.cleaner.plain_text_boilerplate import BARE_ADDRESS, mark_boilerplate
from feedpub.cleaner.sanitize import sanitise
from feedpub.cleaner.summary import choose_summary
from feedpub.cleaner.text_blocks import ENDS_SENTENCE, WORD, TextBlock, equal_ignoring_case
from feedpub.core import dates
from feedpub.core.errors import NoContentError
from feedpub.core.models import Article, Removed
from feedpub.core.text import pluralize, strip_invalid_characters
from feedpub.core.urls import absolute_url

MAX_HEAD_BLOCKS = 12  # before the first prose
MAX_TITLE_CHARS = 250
MAX_BYLINE_WORDS = 9
MAX_SITE_NAME_WORDS = 3
MIN_ARTICLE_WORDS = 5

_BAR = re.compile(r"(?<!\s)\s++[|·•»›]\s+")
_DASH = re.compile(r"(?<!\s)\s++[-–—]\s+")
_LABEL = re.compile(r"(?<![^\W\d_])[^\W\d_]+:\s+")  # "Date: 14 October 2025"


@dataclass
class ArticleHead:
    """The title, byline and date above a text."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    url: str | None = None
    removed: list[Removed] = field(default_factory=list)


def extract_text(text: str, url: str | None = None) -> Article:
    """Extract the article from a text as users save it.

    The site's name, byline and date, and interspersed or trailing boilerplate are removed.

    Args:
        text: paragraphs separated by blank lines, or one a line; lines wrapped to a width are
            joined.
        url: the text's origin; without it, a line that is only an address is used.

    Raises:
        NoContentError: there is no article in the text.
    """
    blocks = list(text_blocks.split_text_blocks(strip_invalid_characters(text)))
    language = language_of_text(_join_lines(blocks))
    head, body = _split_head(blocks, language)
    kept: list[TextBlock] = []
    removed = list(head.removed)
    for block in mark_boilerplate(body, head.title):
        if block.reason:
            removed.append(Removed(block.text, block.reason))
        else:
            kept.append(block)
    if sum([block.words for block in kept]) < MIN_ARTICLE_WORDS:
        found = pluralize(len(blocks), "block")
        raise NoContentError(f"there is no article in it: {found} of text, and none is prose", url)
    article_text = _join_lines(kept)
    return Article(
        url=url or head.url,
        title=head.title,
        authors=head.authors,
        published=head.published,
        language=language,
        html=sanitise(_render_html(kept)),
        text=article_text,
        summary=choose_summary(None, article_text, title=head.title, language=language),
        removed=tuple(removed),
    )


def _join_lines(blocks: Iterable[TextBlock]) -> str:
    return "\n".join([block.text for block in blocks])


def _split_head(
    blocks: Sequence[TextBlock], language: str | None
) -> tuple[ArticleHead, list[TextBlock]]:
    """Split the blocks into the head and the rest. A byline may be below a standfirst."""
    starts: list[int] = []
    for number, block in enumerate(blocks[:MAX_HEAD_BLOCKS]):
        if _starts_text(block, number):
            starts.append(number)
    starts += [min(MAX_HEAD_BLOCKS, len(blocks))] * 2
    first_prose, second_prose = starts[:2]
    title = _find_title(blocks[:first_prose], language)
    head = ArticleHead()
    head.removed = [Removed(block.text, "above the title") for block in blocks[:title]]
    body: list[TextBlock] = []
    for number, block in enumerate(blocks[title:], title):
        if number < first_prose:
            is_head = read_head(block, head, language)
        else:
            is_head = number < second_prose and _read_byline(block, head, language)
        if not is_head:
            body.append(block)
    return head, body


def _starts_text(block: TextBlock, number: int) -> bool:
    """Return whether a block starts the text. A long first line without a stop may be the title."""
    return block.prose and (number > 0 or bool(ENDS_SENTENCE.search(block.text)))


def _find_title(above: Sequence[TextBlock], language: str | None) -> int:
    """Return the number of the first block that may be the title.

    Names of sections and labels of buttons above it are too short for a title.
    """
    for number, block in enumerate(above):
        if BARE_ADDRESS.fullmatch(block.text):
            return 0
        if _parse_authors(block, language) or _parse_date(block, language):
            return 0
        if block.words > MAX_SITE_NAME_WORDS and not phrases.find_phrases(block.text):
            return number
    return 0


def read_head(block: TextBlock, head: ArticleHead, language: str | None) -> bool:
    """Read a block above the text into the head. Return whether it belongs to the head."""
    if address := BARE_ADDRESS.fullmatch(block.text):
        head.url = head.url or absolute_url(address[1], "")
        return True
    if _read_byline(block, head, language):
        return True
    if published := _parse_date(block, language):
        head.published = head.published or published
        head.removed.append(Removed(block.text, "date"))
        return True
    if not head.title and _may_be_title(block):
        head.title = _strip_site_name(block.text)
        return True
    if head.title and equal_ignoring_case(block.text, head.title):
        head.removed.append(Removed(block.text, "the title again"))
        return True
    return False


def _may_be_title(block: TextBlock) -> bool:
    if len(block.text) > MAX_TITLE_CHARS or not block.words:
        return False
    return not phrases.find_phrases(block.text)


def _read_byline(block: TextBlock, head: ArticleHead, language: str | None) -> bool:
    """Read a byline, with its date if it has one. Return whether the block is a byline."""
    names = _parse_authors(block, language)
    if not names:
        return False
    head.authors = head.authors or names
    head.published = head.published or _parse_date(TextBlock(_BAR.split(block.text)[-1]), language)
    head.removed.append(Removed(block.text, "byline"))
    return True


def _parse_authors(block: TextBlock, language: str | None) -> tuple[str, ...]:
    """Return the names in a byline. A clear byline may name a group ("by the news desk")."""
    if block.words > MAX_BYLINE_WORDS or ENDS_SENTENCE.search(block.text):
        return ()
    if found := authors.authors_from_byline(block.text, language):
        return found
    start = authors.byline_words(language).by.match(block.text)
    return authors.split_authors(block.text[start.end() :], language) if start else ()


def _parse_date(block: TextBlock, language: str | None) -> datetime | None:
    """Return the date in a line that has little else."""
    text = _LABEL.sub("", block.text)
    if block.prose or len(WORD.findall(text)) > MAX_BYLINE_WORDS:
        return None
    moment = dates.parse_page_date(text, language)
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _strip_site_name(line: str) -> str:
    """Return a title without the names of site and section behind a bar or a dash."""
    title, *others = _BAR.split(line)
    for part in (title, *others):
        if len(part.split()) > MAX_SITE_NAME_WORDS:
            title = part
            break
    *parts, last = _DASH.split(title)
    words = last.split()
    if not parts or len(words) > MAX_SITE_NAME_WORDS or len(title.split()) < 3 * len(words) + 2:
        return title
    if not all(word[:1].isupper() for word in words):
        return title
    return title[: -len(last)].rstrip(" -–—")


def _render_html(blocks: Sequence[TextBlock]) -> str:
    """Render paragraphs, lists and subheads. A subhead has a paragraph below it."""
    parts: list[str] = []
    following = (*blocks[1:], TextBlock(""))
    pairs = zip(blocks, following, strict=True)
    for list_tag, group in groupby(pairs, key=lambda pair: _list_tag(pair[0])):
        if list_tag:
            items = "".join([_render_element("li", block) for block, _ in group])
            parts.append(f"<{list_tag}>{items}</{list_tag}>")
            continue
        for block, after in group:
            is_subhead = block.heading and after.text and not after.heading
            parts.append(_render_element("h2" if is_subhead else "p", block))
    return "\n".join(parts)


def _list_tag(block: TextBlock) -> str:
    if block.number is None:
        return ""
    return "ol" if block.number else "ul"


def _render_element(tag: str, block: TextBlock) -> str:
    return f"<{tag}>{escape(block.text, quote=False)}</{tag}>"

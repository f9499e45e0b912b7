"""Read a page that changes, and make an item of each change.

The page is compared by the lines of its cleaned text. The row of a table is one line, so that a
cell that changes is shown with its row. The pipeline keeps the text of the last change, as sources
do not know what was there before.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from lxml.html import HtmlElement, fragment_fromstring, tostring

from feedpub.config import WatchSource
from feedpub.core.dates import parse_date
from feedpub.core.diff import ChangedLine, diff_words
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.languages import translations_for
from feedpub.core.models import Item, Page
from feedpub.core.patterns import matches_pattern
from feedpub.core.selectors import select_elements
from feedpub.core.text import shorten
from feedpub.sources.document import DocumentReader, parse_document

MAX_LINES = 5_000  # of a page
MAX_LINE_CHARS = 10_000
MAX_ROW_CHARS = 1_000  # a longer one is compared by its cells
MAX_EXCERPT_CHARS = 60  # of a change, in the title of its entry
_CONTEXT_WORDS = 3  # before the first changed word in the title


@dataclass(frozen=True, slots=True)
class WatchedPage:
    """The text of a page that is compared.

    Attributes:
        url: its final URL.
        title: its title, without the site's name.
        language: its language, if it is known.
        lines: the lines of its text.
        modified: when it was last modified, as its server states it.
    """

    url: str
    title: str
    language: str | None
    lines: tuple[str, ...]
    modified: datetime | None


def read_watched_page(source: WatchSource, documents: DocumentReader) -> WatchedPage:
    """Return the text of a page as it is now.

    Raises:
        FetchError: the page cannot be fetched.
        ExtractError: it is not HTML, is an error or login page, or `content` selects nothing.
    """
    return documents.read(source.url, parse_watched_page, source.content, source.ignore)


def parse_watched_page(page: Page, selector: str | None, ignored: Sequence[str]) -> WatchedPage:
    """Return the text of a page. Raises ExtractError as `read_watched_page` does.

    Args:
        page: the page.
        selector: of its content; None for the cleaned page.
        ignored: patterns of lines to leave out.
    """
    from feedpub.cleaner.extract import extract_listed

    document = parse_document(page)
    article = extract_listed(tostring(document.tree, encoding="unicode"), page.url)
    if selector is not None:
        text = _select_text(document.tree, selector, page.url)
    else:
        html = article.html if article.text else tostring(document.tree, encoding="unicode")
        text = _text_of(html, page.url) or article.text
    lines: list[str] = []
    for full_line in filter(None, text.split("\n")):
        line = full_line[:MAX_LINE_CHARS]
        if not any(matches_pattern(pattern, line) for pattern in ignored):
            lines.append(line)
    return WatchedPage(
        url=page.url,
        title=article.title or document.title,
        language=article.language,
        lines=tuple(lines[:MAX_LINES]),
        modified=parse_date(page.last_modified or ""),
    )


def _select_text(tree: HtmlElement, selector: str, url: str) -> str:
    try:
        elements = select_elements(tree, selector)
    except ValueError as error:
        message = f'content = "{selector}" cannot be evaluated on this page: {error}'
        raise ExtractError(message, url) from error
    if not elements:
        raise NoContentError(f'content = "{selector}" matches nothing in the page', url)
    chosen = set(elements)
    outer = [element for element in elements if chosen.isdisjoint(element.iterancestors())]
    parts = [tostring(element, encoding="unicode", with_tail=False) for element in outer]
    return "\n".join([_text_of(part, url) for part in parts])


def _text_of(html: str, url: str) -> str:
    """Return all of a text, without a judgement of its parts; "" if there is none."""
    from feedpub.cleaner.extract import extract_fragment

    try:
        return extract_fragment(_join_cells(html), url, prune=False).text
    except NoContentError:
        return ""


def _join_cells(html: str) -> str:
    """Return HTML whose table rows have a single cell each, with the texts of all."""
    if "<tr" not in html:
        return html
    tree = fragment_fromstring(html, create_parent="div")
    for row in list(tree.iter("tr")):
        cells = list(row.iterchildren("td", "th"))
        texts = [" ".join(str(cell.text_content()).split()) for cell in cells]
        text = " | ".join(filter(None, texts))
        is_layout = next(row.iter("table"), None) is not None
        if len(cells) > 1 and text and len(text) <= MAX_ROW_CHARS and not is_layout:
            row[:] = cells[:1]
            cells[0][:] = ()
            cells[0].text = text
    return str(tostring(tree, encoding="unicode"))


# --- changes ---


def describe_change(
    page: WatchedPage, before: Sequence[str], last_digest: str, min_words: int
) -> Item | None:
    """Return the change of a page as an item without a date; None if it is too small.

    Args:
        page: the page as it is now.
        before: its lines at the last check.
        last_digest: of the change before this one.
        min_words: the smallest number of words that count as a change.
    """
    changes = diff_words(before, page.lines)
    added = sum(each.added for each in changes)
    removed = sum(each.removed for each in changes)
    if max(added, removed) < min_words or not changes:
        return None
    html = "".join([f"<p>{_render_line(each)}</p>" for each in changes])
    return Item(
        url=page.url,
        title=": ".join(filter(None, (page.title, _excerpt(changes, page.language)))),
        html=html,
        guid=digest_lines(page.lines, last_digest),
        language=page.language,
        source_name=page.title,
        source_url=page.url,
    )


def digest_lines(lines: Sequence[str], last_digest: str = "") -> str:
    """Return a digest of a page's lines and of its earlier changes.

    A page that changes back and forth has another digest each time.
    """
    text = "\n".join([last_digest, *lines])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]


def _render_line(change: ChangedLine) -> str:
    """Return a line as HTML. An added word is set apart from the removed one before it."""
    html = ""
    for kind, text in change.parts:
        word = escape(text.strip(), quote=False)
        space = " " if text.startswith(" ") or html.endswith("</del>") else ""
        html += space + (word if kind == "same" else f"<{kind}>{word}</{kind}>")
    return html


def _excerpt(changes: Sequence[ChangedLine], language: str | None) -> str:
    """Return a few words of what was added, or else of what was removed."""
    removed: list[str] = []
    for change in changes:
        words: list[str] = []
        for kind, text in change.parts:
            if kind == "ins":
                near = " ".join([*words[-_CONTEXT_WORDS:], *text.split()])
                return shorten(near, MAX_EXCERPT_CHARS)
            if kind == "same":
                words += text.split()
            else:
                removed.append(text)
    return translations_for(language).removed(shorten(removed[0], MAX_EXCERPT_CHARS))

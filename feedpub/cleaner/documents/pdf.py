"""Read the text of a PDF as headings and paragraphs.

A PDF has only characters at positions. Headings are recognised by the size and weight of their
font, paragraphs by the space between lines, running heads by their repetition on several pages.
"""

import logging
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape
from io import BytesIO
from itertools import chain, pairwise
from math import hypot
from statistics import median
from typing import TYPE_CHECKING, Any

from feedpub.cleaner.documents.content import CUT, MAX_TEXT_CHARS, DocumentContent
from feedpub.core.dates import as_item_date
from feedpub.core.errors import ExtractError
from feedpub.core.text import strip_invalid_characters

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MAX_PAGES = 300
MAX_SECONDS = 10.0  # of CPU time; the pages read until then are the article
MAX_EDGE_LINES = 3  # at the top or bottom of a page that may be running heads
MIN_EDGE_GAP = 1.6  # between them and the text, relative to the font
MAX_HEADING_CHARS = 150
MIN_HEADING_SIZE = 1.12  # relative to the text's
MIN_PARAGRAPH_GAP = 1.35  # relative to the usual distance of lines
SHORT_LINE = 0.7  # relative to a full line
MIN_REPEATED_SHARE = 0.4  # of the pages

_LIGATURES = str.maketrans(
    {
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        "\u00ad": "-",
    }
)
_BOLD = re.compile(r"bold|black|heavy|semibd", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[\W_]{0,5}(\d{1,4})[\W_]{0,5}")
_PAGE_NUMBER = re.compile(
    r"\A[\W_]{0,5}(?:page|pg|p|seite|página|pagina|pág|pag|side|sida|sivu|strona|str|oldal|стр|bladzijde|blz)"
    r"\W{0,3}\d{1,4}(?:\s{0,3}(?:/|of|von|de|di|da|sur|van|av|af|z|ze|из)\s{0,3}\d{1,4})?[\W_]{0,5}"
    r"|\A[\W_]{0,5}\d{1,4}\s{0,3}(?:/|of|von)\s{0,3}\d{1,4}[\W_]{0,5}",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[•‣▪●◦∙·*–—-]\s+(?=\S)|\uf0b7\s*")
_NUMBERED = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]\s", re.IGNORECASE)
_END = re.compile(r"[.!?:;…][\"'»”’)\]]{0,2}$")
_HYPHENATED = re.compile(r"[^\W\d_]-$")
_FORMAT_ERRORS = (
    *(ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError),
)
_WORD_BEFORE = re.compile(r"(?<![^\W\d_])[^\W\d_]++-$")
_WORDS_WITH_HYPHEN = re.compile(r"(?<![^\W\d_])[^\W\d_]++-[^\W\d_]++")
_WORD_AFTER = re.compile(r"^[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text on a page.

    Attributes:
        size: of its font, in points.
        bold: the font is bold.
        x, y: its beginning; y grows upwards.
        page: the number of its page, from 0.
    """

    text: str
    size: float
    bold: bool
    x: float
    y: float
    page: int


@dataclass(slots=True)
class Paragraph:
    """A paragraph or heading.

    Attributes:
        lines: its lines.
        level: of a heading, 1 for the largest font; 0 for text.
    """

    lines: list[Line] = field(default_factory=list)
    level: int = 0


@dataclass(frozen=True, slots=True)
class Typography:
    """The measures of a document's text.

    Attributes:
        size: of the font of most text.
        bold: most text is bold.
        leading: the usual distance of two lines, relative to their font's size; 0 if unknown.
        width: the characters of a full line.
        heading_sizes: the sizes of larger fonts, the largest first.
    """

    size: float
    bold: bool
    leading: float
    width: int
    heading_sizes: tuple[float, ...]


def read_pdf(body: bytes) -> DocumentContent:
    """Read a PDF.

    The library limits the size of decompressed streams, the number of objects and their depth.

    Raises:
        ExtractError: it is damaged, encrypted, or beyond a limit.
    """
    # Imported here: loading the library takes longer than reading most pages.
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs every irregularity
    try:
        reader = PdfReader(BytesIO(body))
        lines, reason = _read_lines(reader)
        facts = _read_metadata(reader)
    except (DependencyError, FileNotDecryptedError) as error:
        raise ExtractError("it is encrypted") from error
    except PyPdfError as error:
        raise ExtractError(f"it is damaged ({' '.join(str(error).split())[:100]})") from error
    except _FORMAT_ERRORS as error:
        # The library meets an object of another type than the format demands, or a filter that
        # does not exist.
        raise ExtractError(f"it is damaged ({type(error).__name__})") from error
    paragraphs = join_lines(drop_running_heads(lines))
    heading = next((_plain_text(each) for each in paragraphs if each.level == 1), "")
    return replace(facts, html=_render(paragraphs), heading=heading, reason=reason)


def _read_lines(reader: "PdfReader") -> tuple[list[Line], str]:
    """Return the lines of all pages, and why the last ones are missing."""
    lines: list[Line] = []
    chars = 0
    began = time.process_time()
    for number, page in enumerate(reader.pages):
        if number == MAX_PAGES:
            return lines, f"only the first {MAX_PAGES} pages are read"
        if time.process_time() - began > MAX_SECONDS:
            return lines, f"only the first {number} pages are read, in {MAX_SECONDS:g} seconds"
        found = list(_read_page(page, number))
        lines += found
        chars += sum([len(line.text) for line in found])
        if chars > MAX_TEXT_CHARS:
            return lines, CUT
    return lines, ""


def _read_page(page: "PageObject", number: int) -> Iterator[Line]:
    """Yield the lines of a page in the order of the file, which is that of reading."""
    pieces: list[Line] = []

    def add_text(
        text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float
    ) -> None:
        scale = hypot(tm[2], tm[3]) * hypot(cm[2], cm[3])
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        bold = bool(_BOLD.search(str((font or {}).get("/BaseFont", ""))))
        pieces.append(Line(text, round(size * scale, 1), bold, x, y, number))

    page.extract_text(visitor_text=add_text)
    current: list[Line] = []
    for piece in pieces:
        first, *others = piece.text.split("\n")
        current.append(replace(piece, text=first))
        for text in others:
            yield from _join_pieces(current)
            current = [replace(piece, text=text)]
    yield from _join_pieces(current)


def _join_pieces(pieces: Sequence[Line]) -> Iterator[Line]:
    """Yield the line that some pieces of text make up; nothing if it is blank."""
    text = strip_invalid_characters("".join([piece.text for piece in pieces]))
    text = " ".join(text.translate(_LIGATURES).split())
    filled = [piece for piece in pieces if piece.text.strip()]
    if not text or not filled:
        return
    main = max(filled, key=lambda piece: len(piece.text))
    is_bold = all(piece.bold for piece in filled)
    yield replace(main, text=text, bold=is_bold, x=filled[0].x)


# --- metadata ---


def _read_metadata(reader: "PdfReader") -> DocumentContent:
    found: Any = reader.metadata or {}
    author = _text_of(found.get("/Author"))
    return DocumentContent(
        html="",
        title=_text_of(found.get("/Title")),
        authors=(author,) if " " in author else (),  # a single word is a login
        published=_date_of(found, "creation_date") or _date_of(found, "modification_date"),
        language=_language_of(reader),
    )


def _text_of(value: object) -> str:
    return " ".join(strip_invalid_characters(value).split()) if isinstance(value, str) else ""


def _date_of(found: Any, name: str) -> datetime | None:
    try:
        return as_item_date(getattr(found, name, None))
    except (ValueError, OverflowError):  # not a date
        return None


def _language_of(reader: "PdfReader") -> str | None:
    root: Any = reader.trailer.get("/Root")
    language = root.get_object().get("/Lang") if root is not None else None
    match = re.match(r"[A-Za-z]{2}(?=-|$)", str(language or ""))
    return match[0].lower() if match else None


# --- running heads ---


def drop_running_heads(lines: Sequence[Line]) -> list[Line]:
    """Return the lines without the heads, feet and numbers of pages."""
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    edges = list(map(_edge_lines, pages.values()))
    counts: Counter[str] = Counter()
    for edge in edges:
        counts.update(set(map(_without_digits, edge)))
    needed = max(2, MIN_REPEATED_SHARE * len(pages))
    dropped = set()
    for line in chain.from_iterable(edges):
        is_repeated = counts[_without_digits(line)] >= needed
        if is_repeated or _is_page_number(line, len(pages)):
            dropped.add(id(line))
    return [line for line in lines if id(line) not in dropped]


def _without_digits(line: Line) -> str:
    """Return a line's text, which is the same on all pages if only their numbers differ."""
    return _DIGITS.sub("#", line.text)


def _edge_lines(lines: Sequence[Line]) -> list[Line]:
    """Return the lines at the top and the bottom of a page that have a gap to its text."""
    ordered = sorted(lines, key=lambda line: -line.y)
    edges = [*_lines_before_gap(ordered), *_lines_before_gap(ordered[::-1])]
    return [line for line in edges if len(line.text) <= MAX_HEADING_CHARS]


def _lines_before_gap(lines: Sequence[Line]) -> Sequence[Line]:
    for number, (line, other) in enumerate(pairwise(lines[: MAX_EDGE_LINES + 1]), 1):
        if abs(line.y - other.y) > MIN_EDGE_GAP * max(line.size, other.size):
            return lines[:number]
    return lines if len(lines) == 1 else ()


def _is_page_number(line: Line, pages: int) -> bool:
    if _PAGE_NUMBER.fullmatch(line.text):
        return True
    number = _NUMBER.fullmatch(line.text)
    return number is not None and (pages > 1 or int(number[1]) == line.page + 1)


# --- paragraphs ---


def join_lines(lines: Sequence[Line]) -> list[Paragraph]:
    """Join lines to headings and paragraphs."""
    if not lines:
        return []
    measures = _measure(lines)
    paragraphs: list[Paragraph] = []
    before: Line | None = None
    for line in lines:
        level = _heading_level(line, measures)
        is_new = not paragraphs or paragraphs[-1].level != level
        if is_new or _starts_paragraph(before, line, measures, is_heading=level > 0):
            paragraphs.append(Paragraph(level=level))
        paragraphs[-1].lines.append(line)
        before = line
    return _demote_long_headings(paragraphs)


def _measure(lines: Sequence[Line]) -> Typography:
    sizes: Counter[float] = Counter()
    bold = 0
    for line in lines:
        sizes[line.size] += len(line.text)
        if line.bold:
            bold += len(line.text)
    size = max(sizes, key=lambda each: sizes[each])
    lengths = sorted(len(line.text) for line in lines if line.size == size)
    gaps = list(_find_gaps(lines, size))
    larger = [each for each in sizes if each >= MIN_HEADING_SIZE * size]
    return Typography(
        size=size,
        bold=bold > sum(sizes.values()) / 2,
        leading=median(gaps) if gaps else 0.0,
        width=lengths[int(len(lengths) * 0.9)],
        heading_sizes=tuple(sorted(larger, reverse=True)),
    )


def _find_gaps(lines: Sequence[Line], size: float) -> Iterator[float]:
    """Yield the distances between lines of one size, as multiples of it."""
    for above, below in pairwise(lines):
        is_same_text = above.page == below.page and above.size == below.size == size
        if is_same_text and above.y > below.y:
            yield (above.y - below.y) / size


def _heading_level(line: Line, measures: Typography) -> int:
    """Return the level of a heading; 0 for text."""
    if not re.search(r"[^\W\d_]", line.text):
        return 0
    if line.size in measures.heading_sizes:
        return min(measures.heading_sizes.index(line.size) + 1, 3)
    is_bold = line.bold and not measures.bold and not line.text.endswith((".", ",", ";"))
    is_bold = is_bold and line.size >= measures.size
    return min(len(measures.heading_sizes) + 1, 3) if is_bold else 0


def _starts_paragraph(
    before: Line | None, line: Line, measures: Typography, *, is_heading: bool
) -> bool:
    if before is None:
        return True
    gap = before.y - line.y
    is_same_page = before.page == line.page
    leading = (measures.leading or 1.2) * line.size
    if is_same_page and gap > MIN_PARAGRAPH_GAP * leading:
        return True
    if is_heading:
        return not is_same_page or before.size != line.size
    if _BULLET.match(line.text):
        return True
    is_short = len(before.text) < SHORT_LINE * measures.width
    is_numbered = _NUMBERED.match(line.text) is not None
    if not _END.search(before.text):
        return is_short and is_numbered
    is_indented = is_same_page and line.x > before.x + line.size / 2 and gap > 0
    return is_short or is_indented or is_numbered


def _demote_long_headings(paragraphs: Iterable[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs; a heading that is as long as a text becomes one."""
    checked: list[Paragraph] = []
    for paragraph in paragraphs:
        chars = sum([len(line.text) for line in paragraph.lines])
        level = paragraph.level if chars <= MAX_HEADING_CHARS else 0
        checked.append(replace(paragraph, level=level))
    levels = sorted({each.level for each in checked if each.level})
    for each in checked:
        each.level = levels.index(each.level) + 1 if each.level else 0
    return checked


# --- HTML ---


def _render(paragraphs: Sequence[Paragraph]) -> str:
    hyphenated = _words_with_hyphen(paragraphs)
    lines = chain.from_iterable(paragraph.lines for paragraph in paragraphs)
    width = max((len(line.text) for line in lines), default=0)
    html: list[str] = []
    is_in_list = False
    for paragraph in paragraphs:
        bullet = None if paragraph.level else _BULLET.match(paragraph.lines[0].text)
        is_item = bullet is not None
        if is_item != is_in_list:
            html.append("<ul>" if is_item else "</ul>")
            is_in_list = is_item
        text = _join_text(paragraph.lines, hyphenated, 0 if paragraph.level else width)
        if bullet:
            html.append(f"<li>{text[bullet.end() :]}</li>")
        elif paragraph.level:
            html.append(f"<h{paragraph.level + 1}>{text}</h{paragraph.level + 1}>")
        else:
            html.append(f"<p>{text}</p>")
    if is_in_list:
        html.append("</ul>")
    return "".join(html)


def _plain_text(paragraph: Paragraph) -> str:
    return " ".join([line.text for line in paragraph.lines])


def _words_with_hyphen(paragraphs: Iterable[Paragraph]) -> frozenset[str]:
    """Return the words with a hyphen within a line, which keep it at a line's end, too."""
    words: set[str] = set()
    for paragraph in paragraphs:
        for line in paragraph.lines:
            words.update(word.lower() for word in _WORDS_WITH_HYPHEN.findall(line.text))
    return frozenset(words)


def _join_text(lines: Sequence[Line], hyphenated: frozenset[str], width: int) -> str:
    """Return the lines of a paragraph as HTML.

    Args:
        lines: the lines.
        hyphenated: words that keep their hyphen.
        width: the characters of a full line; much shorter ones, as in an address, stay lines.
    """
    text = lines[0].text
    html = ""
    for before, line in pairwise(lines):
        if _HYPHENATED.search(text) and line.text[:1].islower():
            whole = _WORD_BEFORE.search(text), _WORD_AFTER.match(line.text)
            word = "".join([found[0] for found in whole if found]).lower()
            text = f"{text if word in hyphenated else text[:-1]}{line.text}"
            continue
        is_short = len(before.text) < SHORT_LINE * width and not _END.search(before.text)
        html += escape(text, quote=False) + ("<br>" if is_short else " ")
        text = line.text
    return html + escape(text, quote=False)

"""Read the text of EPUB, Word (DOCX) and OpenDocument (ODT) files: archives of XML files.

An archive may declare any size, so that only the bytes count that come out of it.
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from html import escape
from io import BytesIO
from urllib.parse import unquote

from lxml import etree
from lxml.html import HtmlElement, tostring

from feedpub.cleaner.documents.content import CUT, MAX_TEXT_CHARS, DocumentContent
from feedpub.core.dates import parse_date
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import parse_html

MAX_FILES = 10_000  # in an archive
MAX_FILE_BYTES = 20_000_000  # of one of them, decompressed
MAX_ALL_BYTES = 60_000_000  # of all that are read
MAX_CHAPTERS = 500  # of an e-book
MAX_LEVEL = 6  # of headings

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_OPF = "{http://www.idpf.org/2007/opf}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"

_HEADING = re.compile(r"<h([1-6])>((?:(?!<h[1-6]>).)*?)</h\1>")
_LEVEL = re.compile(r"(?:heading|berschrift|titre|titolo|título|kop|rubrik|nagłówek)\D{0,3}([1-9])")
_WORD_RUNS = frozenset(
    f"{_W}{name}" for name in ("r", "ins", "smartTag", "fldSimple", "sdt", "sdtContent")
)
_WORD_CHARACTERS = {
    f"{_W}tab": " ",
    f"{_W}noBreakHyphen": "\N{NON-BREAKING HYPHEN}",
    f"{_W}br": "<br>",
    f"{_W}cr": "<br>",
}
_ODT_TABLES = {f"{_TABLE}table": "table", f"{_TABLE}table-row": "tr", f"{_TABLE}table-cell": "td"}
_ODT_HIDDEN = {
    f"{_TEXT}tracked-changes",
    f"{_TEXT}table-of-content",
    f"{_OFFICE}annotation",
    f"{_OFFICE}forms",
    f"{_TEXT}sequence-decls",
    f"{_TEXT}note-citation",
}


class _Archive:
    """The files of a document's archive, within limits. Raises ExtractError."""

    def __init__(self, body: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(BytesIO(body))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ExtractError("it is damaged: not a ZIP archive") from error
        self._names = frozenset(self._zip.namelist())
        self._remaining_bytes = MAX_ALL_BYTES
        if len(self._names) > MAX_FILES:
            raise ExtractError(f"it contains more than {MAX_FILES:,} files")

    def read(self, name: str) -> bytes:
        """Return a file; b"" if there is none with that name."""
        if name not in self._names:
            return b""
        limit = min(MAX_FILE_BYTES, self._remaining_bytes)
        try:
            with self._zip.open(name) as file:
                body = file.read(limit + 1)
        except RuntimeError as error:  # zipfile has no other error for it
            raise ExtractError("it is encrypted") from error
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise ExtractError(f"it is damaged ({name} cannot be decompressed)") from error
        if len(body) > limit:
            megabytes = limit // 1_000_000
            raise ExtractError(f"{name} in it has more than {megabytes} MB decompressed")
        self._remaining_bytes -= len(body)
        return body

    def parse(self, name: str) -> etree._Element | None:
        """Return the root of an XML file; None if there is no such file."""
        body = self.read(name)
        if not body.strip():
            return None
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            return etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, ValueError) as error:  # ValueError: an unusual encoding
            raise ExtractError(f"it is damaged ({name} is not well-formed)") from error


def _text_at(root: etree._Element | None, tag: str) -> str:
    """Return the text of the first element with a tag; "" if there is none."""
    element = None if root is None else next(root.iter(tag), None)
    return "" if element is None else _plain_text(element)


def _plain_text(element: etree._Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def _first_heading(html: str) -> str:
    found = _HEADING.search(html[:MAX_TEXT_CHARS])
    return "" if found is None else " ".join(re.sub(r"<[^<>]*>", "", found[2]).split())


def _limit_html(html: str) -> tuple[str, str]:
    """Return the beginning of a text, and why the rest is missing."""
    if len(html) <= MAX_TEXT_CHARS:
        return html, ""
    return html[:MAX_TEXT_CHARS], CUT


def _language(code: str) -> str | None:
    found = re.match(r"[A-Za-z]{2}(?=[-_]|$)", code)
    return found[0].lower() if found else None


def _authors(*names: str) -> tuple[str, ...]:
    """Return the names that are of more than one word; a single one is a login."""
    return tuple(dict.fromkeys(name for name in names if " " in name))


# --- EPUB ---


def read_epub(body: bytes) -> DocumentContent:
    """Read an e-book: the chapters in their order, without the table of contents.

    Raises:
        ExtractError: it is damaged, protected, or beyond a limit.
    """
    archive = _Archive(body)
    container = archive.parse("META-INF/container.xml")
    found = None if container is None else next(container.iter(f"{_CONTAINER}rootfile"), None)
    name = "" if found is None else found.get("full-path", "")
    package = archive.parse(name)
    if package is None:
        raise ExtractError("it is damaged: it does not list its chapters")
    html, reason = _join_chapters(archive, package, posixpath.dirname(name))
    creators = map(_plain_text, package.iter(f"{_DC}creator"))
    return DocumentContent(
        html=html,
        title=_text_at(package, f"{_DC}title"),
        heading=_first_heading(html),
        authors=tuple(filter(None, creators)),
        published=parse_date(_text_at(package, f"{_DC}date")),
        language=_language(_text_at(package, f"{_DC}language")),
        reason=reason,
    )


def _join_chapters(archive: _Archive, package: etree._Element, folder: str) -> tuple[str, str]:
    """Return the HTML of the chapters, and why the last ones are missing."""
    chapters: list[str] = []
    chars = 0
    for name in list(_chapter_names(package, folder))[:MAX_CHAPTERS]:
        chapters.append(_read_chapter(archive.read(name)))
        chars += len(chapters[-1])
        if chars > MAX_TEXT_CHARS:
            return "".join(chapters), CUT
    return "".join(chapters), ""


def _chapter_names(package: etree._Element, folder: str) -> Iterator[str]:
    files: dict[str, str] = {}
    for item in package.iter(f"{_OPF}item"):
        is_contents = "nav" in item.get("properties", "").split()
        if not is_contents and "html" in item.get("media-type", ""):
            path = posixpath.join(folder, unquote(item.get("href", "")))
            files[item.get("id", "")] = posixpath.normpath(path)
    for reference in package.iter(f"{_OPF}itemref"):
        name = files.get(reference.get("idref", ""))
        if name and reference.get("linear") != "no":
            yield name


def _read_chapter(body: bytes) -> str:
    """Return the content of a chapter, without pictures and links to other files of the book."""
    try:
        tree = parse_html(body)
    except NoContentError:
        return ""
    content = tree.find("body")
    if content is None:
        return ""
    for picture in list(content.iter("img", "image", "svg")):
        picture.drop_tree()
    for link in list(content.iter("a")):
        if not link.get("href", "").lower().startswith(("http:", "https:", "mailto:")):
            link.drop_tag()
    return _inner_html(content)


def _inner_html(element: HtmlElement) -> str:
    parts = [escape(element.text or "", quote=False)]
    parts += [tostring(child, encoding="unicode") for child in element]
    return "".join(parts)


# --- Word ---


def read_docx(body: bytes) -> DocumentContent:
    """Read a Word document: headings, paragraphs, lists, tables and links.

    Raises:
        ExtractError: it is damaged, protected, or beyond a limit.
    """
    archive = _Archive(body)
    document = archive.parse("word/document.xml")
    content = None if document is None else document.find(f"{_W}body")
    if content is None:
        raise ExtractError("it is damaged: it has no text")
    core = archive.parse("docProps/core.xml")
    writer = _WordWriter(_heading_styles(archive), _word_links(archive))
    html, reason = _limit_html("".join(writer.render_blocks(content)))
    modified = _text_at(core, f"{_DCTERMS}modified")
    return DocumentContent(
        html=html,
        title=_text_at(core, f"{_DC}title"),
        heading=_first_heading(html),
        authors=_authors(_text_at(core, f"{_DC}creator")),
        published=parse_date(_text_at(core, f"{_DCTERMS}created")) or parse_date(modified),
        language=_language(_text_at(core, f"{_DC}language")),
        reason=reason,
    )


def _heading_styles(archive: _Archive) -> dict[str, int]:
    """Return the level of each style that is a heading's, by its id."""
    levels: dict[str, int] = {}
    styles = archive.parse("word/styles.xml")
    for style in () if styles is None else styles.iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        names = ("" if name is None else name.get(f"{_W}val", ""), style.get(f"{_W}styleId", ""))
        for level in filter(None, map(_level_of_style, names)):
            levels.setdefault(names[1], level)
    return levels


def _level_of_style(name: str) -> int:
    """Return the level of the heading that a style's name or id names; 0 for others."""
    plain = name.lower()
    if plain == "title":
        return 1
    found = _LEVEL.search(plain)
    return min(int(found[1]) + 1, MAX_LEVEL) if found else 0


def _word_links(archive: _Archive) -> dict[str, str]:
    """Return the addresses of links by their ids."""
    relations = archive.parse("word/_rels/document.xml.rels")
    if relations is None:
        return {}
    return {each.get("Id", ""): each.get("Target", "") for each in relations}


class _WordWriter:
    """Renders the blocks of a Word document as HTML."""

    def __init__(self, levels: Mapping[str, int], links: Mapping[str, str]) -> None:
        self._levels = levels
        self._links = links

    def render_blocks(self, container: etree._Element) -> Iterator[str]:
        """Yield the HTML of the paragraphs and tables in an element."""
        is_in_list = False
        for block in container:
            tag, text = "", ""
            if block.tag == f"{_W}p":
                text = "".join(self._render_runs(block))
                tag = self._tag_of(block) if text.strip() else ""
            if is_in_list != (tag == "li"):
                is_in_list = not is_in_list
                yield "<ul>" if is_in_list else "</ul>"
            if tag:
                yield f"<{tag}>{text}</{tag}>"
            elif block.tag == f"{_W}tbl":
                yield self._render_table(block)
            elif block.tag in _WORD_RUNS:
                yield from self.render_blocks(block)
        if is_in_list:
            yield "</ul>"

    def _tag_of(self, paragraph: etree._Element) -> str:
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        name = "" if style is None else style.get(f"{_W}val", "")
        if level := self._levels.get(name) or _level_of_style(name):
            return f"h{level}"
        return "p" if paragraph.find(f"{_W}pPr/{_W}numPr") is None else "li"

    def _render_table(self, table: etree._Element) -> str:
        rows: list[str] = []
        for row in table.iterfind(f"{_W}tr"):
            cells = ["".join(self.render_blocks(cell)) for cell in row.iterfind(f"{_W}tc")]
            rows.append("<tr>" + "".join([f"<td>{cell}</td>" for cell in cells]) + "</tr>")
        return f"<table>{''.join(rows)}</table>"

    def _render_runs(self, parent: etree._Element) -> Iterator[str]:
        for child in parent:
            if child.tag == f"{_W}t":
                yield escape(child.text or "", quote=False)
            elif child.tag in _WORD_CHARACTERS:
                yield _WORD_CHARACTERS[child.tag]
            elif child.tag == f"{_W}hyperlink":
                text = "".join(self._render_runs(child))
                address = self._links.get(child.get(f"{_R}id", ""), "")
                yield f'<a href="{escape(address)}">{text}</a>' if address else text
            elif child.tag in _WORD_RUNS:
                yield from self._render_runs(child)


# --- OpenDocument ---


def read_odt(body: bytes) -> DocumentContent:
    """Read an OpenDocument text: headings, paragraphs, lists, tables and links.

    Raises:
        ExtractError: it is damaged, protected, or beyond a limit.
    """
    archive = _Archive(body)
    document = archive.parse("content.xml")
    content = None if document is None else next(document.iter(f"{_OFFICE}text"), None)
    if content is None:
        raise ExtractError("it is damaged: it has no text")
    meta = archive.parse("meta.xml")
    html, reason = _limit_html("".join(_render_odt_blocks(content)))
    made, changed = _text_at(meta, f"{_META}creation-date"), _text_at(meta, f"{_DC}date")
    creator = _text_at(meta, f"{_META}initial-creator") or _text_at(meta, f"{_DC}creator")
    return DocumentContent(
        html=html,
        title=_text_at(meta, f"{_DC}title"),
        heading=_first_heading(html),
        authors=_authors(creator),
        published=parse_date(made) or parse_date(changed),
        language=_language(_text_at(meta, f"{_DC}language")),
        reason=reason,
    )


def _render_odt_blocks(container: etree._Element) -> Iterator[str]:
    for block in container:
        if block.tag in _ODT_HIDDEN or not isinstance(block.tag, str):
            continue
        if block.tag in (f"{_TEXT}p", f"{_TEXT}h"):
            yield _render_odt_paragraph(block)
        elif block.tag == f"{_TEXT}list":
            items = [_render_odt_item(item) for item in block.iterchildren(f"{_TEXT}list-item")]
            yield f"<ul>{''.join(items)}</ul>"
        elif block.tag in _ODT_TABLES:
            tag = _ODT_TABLES[block.tag]
            yield f"<{tag}>{''.join(_render_odt_blocks(block))}</{tag}>"
        else:
            yield from _render_odt_blocks(block)


def _render_odt_item(item: etree._Element) -> str:
    return f"<li>{''.join(_render_odt_blocks(item))}</li>"


def _render_odt_paragraph(block: etree._Element) -> str:
    """Return a paragraph or a heading as HTML; "" if it is empty."""
    text = "".join(_render_odt_text(block)).strip()
    tag = f"h{_odt_level(block)}" if block.tag == f"{_TEXT}h" else "p"
    return f"<{tag}>{text}</{tag}>" if text else ""


def _odt_level(heading: etree._Element) -> int:
    level = heading.get(f"{_TEXT}outline-level", "1")
    return min(int(level) + 1, MAX_LEVEL) if level.isdecimal() and len(level) == 1 else 2


def _render_odt_text(parent: etree._Element) -> Iterator[str]:
    """Yield the text of a paragraph or of a part of it, with its links and line breaks."""
    yield escape(parent.text or "", quote=False)
    for child in parent:
        if child.tag in (f"{_TEXT}s", f"{_TEXT}tab"):
            yield " "
        elif child.tag == f"{_TEXT}line-break":
            yield "<br>"
        elif child.tag == f"{_TEXT}a":
            address = escape(child.get(f"{_XLINK}href", ""))
            yield f'<a href="{address}">{"".join(_render_odt_text(child))}</a>'
        elif child.tag not in _ODT_HIDDEN and isinstance(child.tag, str):
            yield from _render_odt_text(child)
        yield escape(child.tail or "", quote=False)

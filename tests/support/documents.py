"""Small documents for tests: PDF, EPUB, Word and OpenDocument files of given texts."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO

from feedpub.core.document_types import MEDIA_TYPES, DocumentType

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_DC = "http://purl.org/dc/elements/1.1/"

PdfLine = tuple[float, float, str]
"""The height on the page and the size of the font in points, and the text."""


def make_pdf(pages: Sequence[Sequence[PdfLine]], info: Mapping[str, str] | None = None) -> bytes:
    """Make a PDF with lines of text at given heights, in Latin-1."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for page in pages:
        stream = b"".join(
            f"BT /F1 {size} Tf 1 0 0 1 72 {height} Tm ({_escape(text)}) Tj ET\n".encode("latin-1")
            for height, size, text in page
        )
        objects.append(b"<< /Length %d >>\nstream\n%sendstream" % (len(stream), stream))
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode()
    facts = "".join(f"/{key} ({_escape(value)})" for key, value in (info or {}).items())
    objects.append(f"<< {facts} >>".encode("latin-1"))
    return _write_objects(objects)


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _write_objects(objects: Sequence[bytes]) -> bytes:
    body = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R /Info %d 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(objects), len(body))
    )


def make_zip(files: Mapping[str, str | bytes]) -> bytes:
    """Make an archive; its first file is not compressed, as a document's type must not be."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files.items()):
            archive.writestr(name, content, None if number else zipfile.ZIP_STORED)
    return buffer.getvalue()


def make_docx(body: str, *, title: str = "", styles: str = "", links: str = "") -> bytes:
    """Make a Word file of the XML of its body."""
    return make_zip(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": (
                f'<w:document xmlns:w="{_W}" xmlns:r="http://schemas.openxmlformats.org/'
                f'officeDocument/2006/relationships"><w:body>{body}</w:body></w:document>'
            ),
            "word/styles.xml": f'<w:styles xmlns:w="{_W}">{styles}</w:styles>',
            "word/_rels/document.xml.rels": f"<Relationships>{links}</Relationships>",
            "docProps/core.xml": (
                f'<p xmlns:dc="{_DC}" xmlns:dcterms="http://purl.org/dc/terms/">'
                f"<dc:title>{title}</dc:title><dc:creator>Edda Lorenz</dc:creator>"
                "<dcterms:created>2025-09-30T21:14:05Z</dcterms:created></p>"
            ),
        }
    )


def make_odt(body: str, *, title: str = "") -> bytes:
    """Make an OpenDocument text of the XML of its body."""
    names = "".join(
        f' xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "text", "table", "meta")
    )
    names += f' xmlns:dc="{_DC}" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return make_zip(
        {
            "mimetype": MEDIA_TYPES[DocumentType.ODT],
            "content.xml": (
                f"<office:document-content{names}><office:body><office:text>{body}</office:text>"
                "</office:body></office:document-content>"
            ),
            "meta.xml": (
                f"<office:document-meta{names}><office:meta><dc:title>{title}</dc:title>"
                "<meta:creation-date>2025-09-11T20:00:07</meta:creation-date></office:meta>"
                "</office:document-meta>"
            ),
        }
    )


def make_epub(chapters: Sequence[str], *, title: str = "A book") -> bytes:
    """Make an e-book of the HTML of its chapters."""
    items = "".join(
        f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    files = {
        "mimetype": MEDIA_TYPES[DocumentType.EPUB],
        "META-INF/container.xml": (
            f'<container xmlns="{_ODF}:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
        ),
        "OEBPS/book.opf": (
            f'<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="{_DC}"><metadata>'
            f"<dc:title>{title}</dc:title><dc:creator>Nell Garth</dc:creator>"
            "<dc:language>en-GB</dc:language><dc:date>2025-08-01</dc:date></metadata><manifest>"
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
            f'{items}</manifest><spine><itemref idref="nav"/>{spine}</spine></package>'
        ),
        "OEBPS/nav.xhtml": "<html><body><h1>Contents</h1></body></html>",
    }
    for number, chapter in enumerate(chapters):
        files[f"OEBPS/text/c {number}.xhtml"] = f"<html><body>{chapter}</body></html>"
    return make_zip(files)

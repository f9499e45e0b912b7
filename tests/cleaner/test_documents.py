"""Articles of PDF, EPUB, Word and OpenDocument files."""

import zlib
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pypdf
import pytest

from feedpub.cleaner.articles import article_from_listed_pages, article_from_page
from feedpub.cleaner.documents.content import DocumentContent, choose_title
from feedpub.cleaner.pagination import PageSequence
from feedpub.core.document_types import document_type_of_page, with_document_enclosure
from feedpub.core.models import Article, Enclosure, Item, Page
from tests.support.documents import make_docx, make_epub, make_odt, make_pdf, make_zip

URL = "https://council.example/files/minutes-3.pdf"
TEXT = "The council resolved to repair the roof of the shelter on Mill Lane for no more than agreed"


def article_of(body: bytes, item: Item | None = None, url: str = URL) -> Article:
    page = Page(url, body, "application/octet-stream")
    if item is None:
        return article_from_page(page)
    pages = PageSequence((page,), page.url)
    return article_from_listed_pages(pages, item, None, None, listed_first=False).article


def test_a_pdf_has_headings_and_paragraphs() -> None:
    """Fonts make the headings; the space between lines, and short last lines, the paragraphs."""
    pdf = make_pdf(
        [
            [
                (770, 16, "Minutes of October"),
                (735, 11, f"{TEXT}"),
                (720, 11, "by the treasurer."),
                (690, 13, "1. Drains"),
                (670, 11, f"{TEXT}, and the con-"),
                (655, 11, "struction of a well-known drain of well-"),
                (640, 11, "known material."),
                (610, 11, f"The second (and last) paragraph begins here: {TEXT[:20]}"),
            ]
        ]
    )
    article = article_of(pdf, Item(URL, title="Minutes of October"))
    assert article.html.splitlines() == [
        f"<p>{TEXT} by the treasurer.</p>",
        "<h3>1. Drains</h3>",
        f"<p>{TEXT}, and the construction of a well-known drain of well-known material.</p>",
        f"<p>The second (and last) paragraph begins here: {TEXT[:20]}</p>",
    ]


def test_running_heads_and_page_numbers_of_a_pdf_are_left_out() -> None:
    pages = [
        [
            (806, 8, "Thornby Parish Council"),
            (770, 11, f"{number}. {TEXT}"),
            (755, 11, f"Sentence {number} goes on"),
            (36, 8, f"Seite {number} von 3"),
        ]
        for number in (1, 2, 3)
    ]
    text = article_of(make_pdf(pages)).text
    assert "Thornby" not in text
    assert "Seite" not in text
    assert text.count("Sentence") == 3


def test_a_paragraph_continues_on_the_next_page() -> None:
    pages = [
        [(770, 11, TEXT), (36, 8, "1")],
        [(770, 11, "upon in the year before, and no later than that."), (36, 8, "2")],
    ]
    expected = f"{TEXT} upon in the year before, and no later than that."
    assert article_of(make_pdf(pages)).text == expected


@pytest.mark.parametrize(
    ("link_text", "metadata", "heading", "expected"),
    [
        ("Minutes of May", "Something else", "Heading", "Minutes of May"),
        ("Download", "Minutes of May", "Heading", "Minutes of May"),
        ("PDF (2 MB)", "Minutes of May", "Heading", "Minutes of May"),
        ("minutes-3.pdf", "Minutes of May", "Heading", "Minutes of May"),
        ("PDF (opens in a new tab)", "Minutes of May", "Heading", "Minutes of May"),
        ("Hier als PDF herunterladen", "Protokoll vom Mai", "", "Protokoll vom Mai"),
        ("Download", "Microsoft Word - minutes v3.docx", "Heading", "Heading"),
        ("Download", "Untitled 1", "Heading", "Heading"),
        ("Download", "SKM_C250i23051", "Heading", "Heading"),
        ("", "", "", "minutes 3"),
        ("Report", "", "", "Report"),
    ],
)
def test_title_names_the_document(
    link_text: str, metadata: str, heading: str, expected: str
) -> None:
    """The link's text, the metadata and the first heading count, unless they say nothing."""
    content = DocumentContent("", title=metadata, heading=heading)
    assert choose_title(link_text, content, URL) == expected


def test_date_is_the_listings_or_else_the_documents_own() -> None:
    info = {"CreationDate": "D:20251017141523+01'00'", "Author": "Amber Holt"}
    pdf = make_pdf([[(770, 11, TEXT)]], info)
    listed = datetime(2025, 10, 20, 8, 30, tzinfo=UTC)
    assert article_of(pdf, Item(URL, published=listed)).published == listed
    article = article_of(pdf, Item(URL))
    assert article.published == datetime(2025, 10, 17, 13, 15, 23, tzinfo=UTC)
    assert article.authors == ("Amber Holt",)


def row(*cells: str) -> str:
    filled = [f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in cells]
    return f"<w:tr>{''.join(filled)}</w:tr>"


def test_a_word_file_keeps_headings_lists_tables_and_links() -> None:
    """Styles are recognised by their names, in the language of the program that wrote them."""
    body = (
        '<w:p><w:pPr><w:pStyle w:val="Titel1"/></w:pPr><w:r><w:t>Rules</w:t></w:r></w:p>'
        "<w:p><w:r><w:t>Ring </w:t></w:r><w:del><w:r><w:delText>before</w:delText></w:r></w:del>"
        '<w:ins><w:r><w:t>after &amp; never before it, </w:t></w:r></w:ins><w:hyperlink r:id="r1">'
        "<w:r><w:t>agreed</w:t></w:r></w:hyperlink></w:p>"
        "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>First</w:t></w:r></w:p>"
        "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>Second</w:t></w:r></w:p>"
        f"<w:tbl>{row('Tower', 'Ring')}{row('St Osyth', 'eight bells')}</w:tbl>"
    )
    styles = '<w:style w:styleId="Titel1"><w:name w:val="heading 1"/></w:style>'
    links = '<Relationship Id="r1" Target="https://bells.example/deed"/>'
    docx = make_docx(body, styles=styles, links=links)
    article = article_of(docx, Item("https://bells.example/r.docx"), "https://bells.example/r.docx")
    assert article.title == "Rules"
    assert article.html.splitlines() == [
        '<p>Ring after &amp; never before it, <a href="https://bells.example/deed">agreed</a></p>',
        "<ul><li>First</li>",
        "<li>Second</li>",
        "</ul>",
        "<table><tbody><tr><td>Tower</td>",
        "<td>Ring</td>",
        "</tr>",
        "<tr><td>St Osyth</td>",
        "<td>eight bells</td>",
        "</tr>",
        "</tbody></table>",
    ]
    assert article.published == datetime(2025, 9, 30, 21, 14, 5, tzinfo=UTC)
    assert article.authors == ("Edda Lorenz",)


def test_an_opendocument_text_keeps_its_structure_without_comments() -> None:
    body = (
        '<text:h text:outline-level="1">Ladders</text:h><text:p>The tower<text:s/>needs a new '
        "ladder<office:annotation><text:p>Really?</text:p></office:annotation> &amp; more.</text:p>"
        "<text:list><text:list-item><text:p>Oak</text:p></text:list-item></text:list>"
    )
    article = article_of(make_odt(body, title="Untitled 1"), Item(URL, title="Download"))
    assert article.title == "Ladders"
    assert article.html.splitlines() == [
        "<p>The tower needs a new ladder &amp; more.</p>",
        "<ul><li>Oak</li>",
        "</ul>",
    ]
    assert article.published == datetime(2025, 9, 11, 20, 0, 7, tzinfo=UTC)


def test_an_e_book_is_read_in_the_order_of_its_chapters() -> None:
    chapters = [
        "<h1>The rope</h1><p>Look at your <img src='hand.png'/>hands.</p>",
        "<h1>The others</h1><p>See <a href='c0.xhtml'>above</a>.</p>",
    ]
    article = article_of(make_epub(chapters), Item(URL, title="EPUB"))
    assert article.title == "A book"
    assert article.text == "The rope\nLook at your hands.\nThe others\nSee above."
    assert "<img" not in article.html
    assert "<a" not in article.html
    assert article.language == "en"


def encrypted_pdf() -> bytes:
    writer = pypdf.PdfWriter(clone_from=BytesIO(make_pdf([[(770, 11, TEXT)]])))
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def bomb() -> bytes:
    return make_docx("<w:p/>" + " " * 30_000_000)


def pdf_bomb() -> bytes:
    stream = zlib.compress(b" " * 100_000_000)
    pdf = make_pdf([[(770, 11, TEXT)]])
    start, end = pdf.index(b"<< /Length"), pdf.index(b"endstream")
    head = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(stream)
    return pdf[:start] + head + stream + pdf[end:]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (make_pdf([[]]), "it has no text"),
        (b"%PDF-1.7 and then nothing of use", "it is damaged"),
        (encrypted_pdf(), "it is encrypted"),
        (pdf_bomb(), "it is damaged"),
        (bomb(), "word/document.xml in it has more than 20 MB decompressed"),
        (make_docx("")[:-30], "it is damaged: not a ZIP archive"),
        (make_zip({"[Content_Types].xml": "<Types/>"}), "it has no text"),
        (make_docx("<w:p>"), "word/document.xml is not well-formed"),
        (make_epub([]), "it has no text"),
    ],
    ids=("scan", "damaged", "encrypted", "pdf-bomb", "bomb", "cut", "empty", "xml", "no-chapters"),
)
def test_a_document_without_readable_text_is_its_title_and_file(body: bytes, reason: str) -> None:
    url = URL if body.startswith(b"%PDF") else URL.replace(".pdf", ".docx")
    article = article_of(body, Item(url, title="Minutes of May", summary="All of it."), url)
    assert (article.title, article.html, article.summary) == ("Minutes of May", "", "All of it.")
    assert reason in article.content_reason


def test_type_of_a_document_is_known_by_its_bytes() -> None:
    """Many servers send application/octet-stream; a page at an address with .pdf is a page."""
    page = Page(URL, make_pdf([[]]), "application/octet-stream")
    assert document_type_of_page(page) == "pdf"
    assert document_type_of_page(replace(page, content_type="text/html")) == "pdf"
    assert document_type_of_page(Page(URL, b"<p>%PDF- is how it begins", "text/html")) is None
    assert document_type_of_page(Page("https://x.example/7", make_odt(""), "")) == "odt"
    assert document_type_of_page(Page("https://x.example/a.zip", make_zip({"a": "b"}), "")) is None


def test_the_file_is_an_enclosure() -> None:
    """Its suffix states the type until it is fetched; a page behind the link is not enclosed."""
    item = Item(URL, enclosures=(Enclosure("https://council.example/a.mp3", "audio/mpeg", 5),))
    listed = with_document_enclosure(item)
    assert listed.enclosures == (Enclosure(URL, "application/pdf", 0), *item.enclosures)
    pdf = make_pdf([[]])
    fetched = with_document_enclosure(listed, Page(URL, pdf, "application/pdf"))
    assert fetched.enclosures == (Enclosure(URL, "application/pdf", len(pdf)), *item.enclosures)
    assert with_document_enclosure(listed, Page(URL, b"<p>Log in", "text/html")) == item

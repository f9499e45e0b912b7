"""Make the article of a document: a PDF, an e-book, a Word file or an OpenDocument text.

A document that cannot be read is still an article: it has its title, and the file is its enclosure.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from feedpub.cleaner.documents.content import DocumentContent, choose_title, is_generic_label
from feedpub.core.document_types import DocumentType, document_type_of_page
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Article, Item, Page

__all__ = ["article_from_document", "is_generic_label"]


def article_from_document(page: Page, item: Item | None = None) -> Article:
    """Extract the article of a document.

    Args:
        page: the document as it was fetched.
        item: how a source lists it; its title comes first unless it says nothing, and its date.

    Returns:
        The article. Its text is "" if the document has none or cannot be read; its `content_reason`
        says why.

    Raises:
        ExtractError: the file is not a document.
    """
    from feedpub.cleaner.metadata.language import language_of_text
    from feedpub.cleaner.summary import choose_summary

    name = document_type_of_page(page)
    if name is None:
        raise ExtractError(f"not a document but {page.content_type or 'of unknown type'}", page.url)
    try:
        content = _readers()[name](page.body)
    except ExtractError as error:
        content = DocumentContent("", reason=error.reason)
    listed = item or Item(page.url)
    title = choose_title(listed.title, content, listed.url or page.url)
    article = _extract_text(content, title, page.url)
    language = content.language or language_of_text(article.text) or listed.language
    summary = choose_summary(listed.summary, article.text, title=title, language=language)
    if not article.text:
        summary = listed.summary
    return replace(
        article,
        url=page.url,
        title=title,
        authors=content.authors,
        published=listed.published or content.published,
        language=language,
        summary=summary,
        content_reason=_describe_gap(content, name, has_text=bool(article.text)),
    )


def _readers() -> Mapping[DocumentType, Callable[[bytes], DocumentContent]]:
    from feedpub.cleaner.documents.office import read_docx, read_epub, read_odt
    from feedpub.cleaner.documents.pdf import read_pdf

    return {
        DocumentType.PDF: read_pdf,
        DocumentType.EPUB: read_epub,
        DocumentType.DOCX: read_docx,
        DocumentType.ODT: read_odt,
    }


def _extract_text(content: DocumentContent, title: str, url: str) -> Article:
    from feedpub.cleaner.extract import extract_fragment

    try:
        return extract_fragment(content.html, url, title=title, prune=False)
    except NoContentError:
        return Article()


def _describe_gap(content: DocumentContent, name: DocumentType, *, has_text: bool) -> str:
    if has_text:
        return content.reason
    reason = content.reason or "it has no text, as scanned pages have none"
    return f"title and file alone: the {name.upper()} file cannot be read: {reason}"

"""Extract the article of a saved file: plain text, Markdown, HTML or MHTML.

Front matter overrides the metadata of the text. This module reads no file: it takes the bytes and
the name. Relative addresses are resolved against `base`; the caller publishes the files that they
refer to.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from lxml.html import HtmlElement, tostring
from markdown_it import MarkdownIt

from feedpub.cleaner import markdown, metadata
from feedpub.cleaner.archived_pages import (
    MHTML_SUFFIXES,
    extract_archived,
    read_html_with_pictures,
    read_mhtml,
    show_pictures,
)
from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.cleaner.markdown import FindFile, translate_wiki_markdown
from feedpub.cleaner.metadata.language import language_of_text
from feedpub.cleaner.plain_text import ArticleHead, extract_text, read_head
from feedpub.cleaner.rules import Ruleset
from feedpub.cleaner.summary import choose_summary
from feedpub.cleaner.text_blocks import TextBlock, equal_ignoring_case
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import parse_html
from feedpub.core.models import Article
from feedpub.core.text import strip_invalid_characters
from feedpub.core.urls import absolute_url

MAX_CONTROL_SHARE = 0.01  # of a text's characters
_DOCUMENT = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_DATE_PREFIX = re.compile(r"^\d{4}-\d{2}-\d{2}[-_ ]*")
_HEADINGS = ("h1", "h2", "h3")


@dataclass(frozen=True, slots=True)
class SavedFile:
    """The content of a file below its front matter.

    Attributes:
        title, url: from the front matter; "" and None if it has none.
        base: base URL of relative addresses.
    """

    text: str
    title: str
    url: str | None
    base: str | None
    rules: Ruleset | None
    find_file: FindFile


def find_no_file(_name: str) -> None:
    """Find no embedded file."""


def extract_saved(
    body: bytes,
    name: str,
    *,
    base: str | None = None,
    rules: Ruleset | None = None,
    find_file: FindFile = find_no_file,
) -> Article:
    """Extract the article of a saved file.

    Args:
        body: the file's bytes.
        name: its path or name. The suffix is the format: .txt, .md, .html, .htm, .mhtml or .mht.
        base: the URL under which the file's folder is published; relative addresses are resolved
            against it.
        rules: the site's rules, for HTML.
        find_file: finds the address of a picture that a Markdown file embeds by its name.

    Returns:
        The article. It has a URL if the file or its front matter has one. Without a title
        of its own, it has one made of the file's name.

    Raises:
        ExtractError: the front matter or the file cannot be read, or the suffix is unknown.
        NoContentError: there is no article in the file.
    """
    path = PurePath(name)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ExtractError(
            f"{path.suffix or 'no suffix'}: only {', '.join(SUFFIXES)} are read", name
        )
    try:
        if suffix in MHTML_SUFFIXES:
            article = extract_archived(read_mhtml(body), base, rules)
            return replace(article, title=article.title or _title_from_name(path))
        stated, text = markdown.split_front_matter(_decode(body))
        saved = SavedFile(text, stated.title, stated.url, base, rules, find_file)
        found = _FORMATS[suffix](saved)
    except ExtractError as error:
        raise type(error)(error.reason, name) from error
    article = stated.merged_with(found)
    image = article.image
    if image:
        image = absolute_url(image, base or "") or image
    return replace(article, title=article.title or _title_from_name(path), image=image)


def _decode(body: bytes) -> str:
    """Decode a file. Raise ExtractError for an image or program with the suffix of a text."""
    text = decode_html(body)
    if len(_CONTROL.findall(text)) > MAX_CONTROL_SHARE * len(text):
        raise ExtractError("not a text: it is full of control characters")
    return strip_invalid_characters(text)


def _extract_plain(saved: SavedFile) -> Article:
    return extract_text(f"{saved.title}\n\n{saved.text}" if saved.title else saved.text)


def _extract_markdown(saved: SavedFile) -> Article:
    """Extract Markdown. Its first heading is the title; a byline and date may be below it."""
    text = translate_wiki_markdown(saved.text, saved.find_file)
    fragment = BeautifulSoup(_render_markdown(text), "lxml")
    language = language_of_text(fragment.get_text(" "))
    head = ArticleHead(title=saved.title)
    for element in list(fragment.body or ()):
        if isinstance(element, Tag):
            if not _read_head_element(element, head, language):
                break
            element.decompose()
    article = extract_fragment(str(fragment), saved.base, title=head.title)
    return replace(
        article,
        url=head.url,
        title=head.title,
        authors=head.authors,
        published=head.published,
        language=language,
        summary=choose_summary(None, article.text, title=head.title, language=language),
        removed=(*head.removed, *article.removed),
    )


def _read_head_element(element: Tag, head: ArticleHead, language: str | None) -> bool:
    """Read an element into the head. Return whether it belongs to the head."""
    block = TextBlock(" ".join(element.get_text().split()))
    if element.name in _HEADINGS:
        if head.title and not equal_ignoring_case(block.text, head.title):
            return False
        return read_head(block, head, language)
    if element.name != "p" or block.prose or element.find("img"):
        return False
    title = head.title
    is_head = read_head(block, head, language)
    if is_head and head.title != title:  # a paragraph is not a title
        head.title = title
        return False
    return is_head


def _extract_html(saved: SavedFile) -> Article:
    """Extract a saved page. A fragment that a user cut out is the article, even if it is short."""
    archived = read_html_with_pictures(saved.text)
    page = parse_html(archived.html, None)
    own_url = saved.url or archived.url or metadata.read_metadata(page, None).canonical
    show_pictures(page, archived, saved.base or "")
    _resolve_media(page, saved.base)
    html, address = tostring(page, encoding="unicode"), own_url or saved.base
    try:
        article = extract(html, address, rules=saved.rules)
    except NoContentError:
        if _DOCUMENT.search(saved.text):
            raise
        article = extract_fragment(html, address)
    return replace(article, url=own_url, published=article.published or archived.saved)


def _resolve_media(page: HtmlElement, base: str | None) -> None:
    """Resolve relative sources of media against the file, as browsers save them next to the page.

    All other relative addresses belong to the site.
    """
    if not base:
        return
    for element in page.iter("img", "source", "video", "audio"):
        address = element.get("src")
        if address and not address.startswith(("/", "data:")):
            element.set("src", urljoin(base, address))


_FORMATS: dict[str, Callable[[SavedFile], Article]] = {
    ".txt": _extract_plain,
    ".md": _extract_markdown,
    ".html": _extract_html,
    ".htm": _extract_html,
}
SUFFIXES = (*_FORMATS, *MHTML_SUFFIXES)


@cache
def _markdown_parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _render_markdown(text: str) -> str:
    return str(_markdown_parser().render(text)) or "<p></p>"


def _title_from_name(path: PurePath) -> str:
    """Make a title of a file's name: "2026-01-14_some-story.txt" → "Some story"."""
    words = _DATE_PREFIX.sub("", path.stem).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or path.stem

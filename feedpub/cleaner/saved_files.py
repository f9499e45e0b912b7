"""A saved file → Article: plain text, Markdown or HTML, with or without front matter.

Front matter goes before what the text says of itself. Knows bytes and the file's name, and touches
no file: relative addresses are completed with `base`, and who has the files beside it sees what
they lead to.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from pathlib import PurePath
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from lxml.html import HtmlElement, tostring
from markdown_it import MarkdownIt

from feedpub.cleaner import front_matter, metadata
from feedpub.cleaner.extract import extract, extract_fragment
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

_DOCUMENT = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_HEADINGS = ("h1", "h2", "h3")
MOST_CONTROL = 0.01  # of a text's characters


@dataclass(frozen=True, slots=True)
class SavedFile:
    """What a file holds below its front matter.

    Attributes:
        title, url: what the front matter says; "" and None where it says nothing.
        base: what relative addresses are completed with.
    """

    text: str
    title: str
    url: str | None
    base: str | None
    rules: Ruleset | None


def extract_saved(
    body: bytes, name: str, *, base: str | None = None, rules: Ruleset | None = None
) -> Article:
    """The article in a saved file.

    Args:
        body: the file's bytes.
        name: its path or name; the suffix says what it holds: .txt, .md, .html or .htm.
        base: the address under which what lies beside the file is published; relative addresses are
            completed with it.
        rules: what is known about its site, for HTML.

    Returns:
        The article; `url` is None where neither the file nor its front matter names an address of
        its own, and without a title anywhere the title is made of the file's name.

    Raises:
        ExtractError: the front matter or the file cannot be read as what it is.
        NoContentError: there is no article in it.
    """
    path = PurePath(name)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ExtractError(
            f"{path.suffix or 'no suffix'}: only {', '.join(_READERS)} are read", name
        )
    try:
        stated, text = front_matter.split_front_matter(_decoded(body))
        article = stated.merged_with(read(SavedFile(text, stated.title, stated.url, base, rules)))
    except ExtractError as error:
        raise type(error)(error.reason, name) from error
    image = article.image and (absolute_url(article.image, base or "") or article.image)
    return replace(article, title=article.title or _title_of(path), image=image)


def _decoded(body: bytes) -> str:
    """The text of a file. Raises ExtractError for a picture or program that is called a text."""
    text = decode_html(body)
    if len(_CONTROL.findall(text)) > MOST_CONTROL * len(text):
        raise ExtractError("not a text: it is full of control characters")
    return strip_invalid_characters(text)


def _plain(saved: SavedFile) -> Article:
    return extract_text(f"{saved.title}\n\n{saved.text}" if saved.title else saved.text)


def _markdown(saved: SavedFile) -> Article:
    """Markdown, whose first heading is the title, and whose byline and date may stand below it."""
    fragment = BeautifulSoup(_to_html(saved.text), "lxml")
    language = language_of_text(fragment.get_text(" "))
    head = ArticleHead(title=saved.title)
    top = (element for element in list(fragment.body or ()) if isinstance(element, Tag))
    for element in takewhile(lambda element: _is_head(element, head, language), top):
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


def _is_head(element: Tag, head: ArticleHead, language: str | None) -> bool:
    """Whether the first element of what is left belongs above the text."""
    block = TextBlock(" ".join(element.get_text().split()))
    if element.name in _HEADINGS:
        return (not head.title or equal_ignoring_case(block.text, head.title)) and read_head(
            block, head, language
        )
    if element.name != "p" or block.prose or element.find("img"):
        return False
    before = head.title
    taken = read_head(block, head, language)
    if taken and head.title != before:  # a paragraph is no headline
        head.title = before
        return False
    return taken


def _html(saved: SavedFile) -> Article:
    """A saved page; a piece of one that somebody cut out is the article, however short."""
    page = parse_html(saved.text, None)
    own = saved.url or metadata.read_metadata(page, None).canonical
    _complete_media(page, saved.base)
    html, address = tostring(page, encoding="unicode"), own or saved.base
    try:
        article = extract(html, address, rules=saved.rules)
    except NoContentError:
        if _DOCUMENT.search(saved.text):
            raise
        article = extract_fragment(html, address)
    return replace(article, url=own)


def _complete_media(page: HtmlElement, base: str | None) -> None:
    """Browsers save pictures beside the page.

    Their relative addresses are the file's, all others the site's.
    """
    for element in page.iter("img", "source", "video", "audio") if base else ():
        address = element.get("src")
        if address and not address.startswith(("/", "data:")):
            element.set("src", urljoin(base, address))


_READERS: dict[str, Callable[[SavedFile], Article]] = {
    ".txt": _plain,
    ".md": _markdown,
    ".html": _html,
    ".htm": _html,
}


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _to_html(text: str) -> str:
    return str(_parser().render(text)) or "<p></p>"


def _title_of(path: PurePath) -> str:
    """A title made of a file's name: "2026-01-14_some-story.txt" → "Some story"."""
    words = (
        re.sub(r"^\d{4}-\d{2}-\d{2}[-_ ]*", "", path.stem)
        .replace("_", " ")
        .replace("-", " ")
        .strip()
    )
    return words[:1].upper() + words[1:] or path.stem

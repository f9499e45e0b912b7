"""A saved file → Article: plain text, Markdown or HTML, with or without front matter.

Front matter goes before what the text says of itself. Knows bytes and the file's name, and touches no file: relative
addresses are completed with `base`, and who has the files beside it sees what they lead to.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import PurePath
from urllib.parse import urljoin

from lxml.html import HtmlElement, fragment_fromstring, tostring
from markdown_it import MarkdownIt

from feedpub.cleaner import front_matter
from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.cleaner.metadata import languages
from feedpub.cleaner.plain import Block, Head, extract_text, same, take
from feedpub.cleaner.sanitise import sanitise
from feedpub.config import SiteRules
from feedpub.decode import decode_html
from feedpub.errors import ExtractError, NothingFound
from feedpub.model import Article
from feedpub.summary import choose

_ADDRESS = re.compile(r'\b(?P<name>href|src)="(?P<address>[^"]*)"')
_DOCUMENT = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_HEADINGS = ("h1", "h2", "h3")


def extract_saved(body: bytes, name: str, *, base: str | None = None, rules: SiteRules | None = None) -> Article:
    """The article in a saved file.

    Args:
        body: the file's bytes.
        name: its path or name; the suffix says what it holds: .txt, .md, .html or .htm.
        base: the address under which what lies beside the file is published; relative addresses are completed with it.
        rules: what is known about its site, for HTML.

    Returns:
        The article; `url` is None where neither the file nor its front matter names an address of its own, and
        without a title anywhere the title is made of the file's name.

    Raises:
        ExtractError: the front matter or the file cannot be read as what it is.
        NothingFound: there is no article in it.
    """
    path = PurePath(name)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise ExtractError(f"{path.suffix or 'no suffix'}: only {', '.join(_READERS)} are read", name)
    try:
        stated, text = front_matter.split(decode_html(body))
        article = read(text, stated.title, rules)
    except ExtractError as error:
        raise type(error)(error.reason, name) from error
    article = stated.over(article)
    article = article if article.title else replace(article, title=_title_of(path))
    return replace(article, html=_absolute(article.html, article.url, base), image=_joined(base, article.image))


def _plain(text: str, title: str, _: SiteRules | None) -> Article:
    return extract_text(f"{title}\n\n{text}" if title else text)


def _markdown(text: str, title: str, _: SiteRules | None) -> Article:
    """Markdown, whose first heading is the title, and whose byline and date may stand below it."""
    root = fragment_fromstring(_to_html(text), create_parent="div")
    language = languages.of_text(root.text_content())
    head = Head(title=title)
    while len(root) and _is_head(root[0], head, language):
        root.remove(root[0])
    html = "".join(tostring(child, encoding="unicode") for child in root)
    article = extract_fragment(html, None, title=head.title)
    return replace(
        article,
        url=head.url,
        title=head.title,
        authors=head.authors,
        published=head.published,
        language=language,
        summary=choose(None, article.text, title=head.title, language=language),
        removed=(*head.removed, *article.removed),
    )


def _is_head(element: HtmlElement, head: Head, language: str | None) -> bool:
    """Whether the first element of what is left belongs above the text."""
    block = Block(" ".join(element.text_content().split()))
    if element.tag in _HEADINGS:
        return (not head.title or same(block.text, head.title)) and take(block, head, language)
    if element.tag != "p" or block.prose or element.find(".//img") is not None:
        return False
    before = head.title
    taken = take(block, head, language)
    if taken and head.title != before:  # a paragraph is no headline
        head.title = before
        return False
    return taken


def _html(text: str, _: str, rules: SiteRules | None) -> Article:
    if _DOCUMENT.search(text):
        return extract(text, None, rules=rules)
    try:
        return extract(text, None, rules=rules)
    except NothingFound:  # a piece of a page that somebody cut out is the article, however short
        return extract_fragment(text, None)


_READERS: dict[str, Callable[[str, str, SiteRules | None], Article]] = {
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
    words = re.sub(r"^\d{4}-\d{2}-\d{2}[-_ ]*", "", path.stem).replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or path.stem


def _absolute(html: str, own: str | None, base: str | None) -> str:
    """The HTML with absolute addresses: what lies beside the file under `base`, the rest on the article's site."""

    def complete(match: re.Match[str]) -> str:
        address = match["address"].replace("&amp;", "&")
        beside = match["name"] == "src" and not address.startswith("/")
        joined = _joined(base if beside or own is None else own, address) or ""
        return f'{match["name"]}="{joined.replace("&", "&amp;")}"'

    return sanitise(_ADDRESS.sub(complete, html))


def _joined(base: str | None, address: str | None) -> str | None:
    return urljoin(base, address) if base and address else address

"""JSON Feed 1.0 and 1.1: bytes → items. Trusts no type that it does not check."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from feedpub.core.dates import parse_date
from feedpub.core.errors import ExtractError
from feedpub.core.languages import normalize_language
from feedpub.core.models import Enclosure, Item, Page
from feedpub.core.urls import absolute_url
from feedpub.sources.markup import absolutize_links, clean_text, text_to_paragraphs

LARGEST = 1 << 53  # bytes of an enclosure


def json_feed_entries(page: Page) -> list[Item]:
    """The items of a JSON Feed, those without an address too.

    Raises ExtractError where the JSON is none.
    """
    try:
        feed = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise ExtractError(f"expected a feed, found broken JSON ({error})", page.url) from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ExtractError('expected a feed, found JSON without "items", so no JSON Feed', page.url)
    language = normalize_language(_text(feed.get("language")))
    authors = _authors(feed)
    return [
        _item(entry, page.url, language, authors)
        for entry in feed["items"]
        if isinstance(entry, dict)
    ]


def _item(
    entry: Mapping[str, Any], base: str, language: str | None, authors: tuple[str, ...]
) -> Item:
    addresses = (
        absolute_url(_text(entry.get(name)), base) for name in ("url", "external_url", "id")
    )
    url = next(filter(None, addresses), None)
    title, updated = _text(entry.get("title")), parse_date(_text(entry.get("date_modified")))
    image = _text(entry.get("image")) or _text(entry.get("banner_image"))
    return Item(
        url=url,
        title=title,
        authors=_authors(entry) or authors,
        published=parse_date(_text(entry.get("date_published"))),
        updated=updated,
        summary=_text(entry.get("summary")),
        html=_content(entry, url or base),
        categories=tuple(dict.fromkeys(filter(None, map(_text, _list(entry.get("tags")))))),
        enclosures=tuple(_enclosures(entry, base)),
        image=absolute_url(image, base),
        language=normalize_language(_text(entry.get("language"))) or language,
        version=f"{updated.isoformat() if updated else ''} {title}".strip(),
        guid=_text(entry.get("id")),
    )


def _content(entry: Mapping[str, Any], base: str) -> str:
    """The content as HTML; plain text as paragraphs."""
    if isinstance(marked := entry.get("content_html"), str) and marked:
        return absolutize_links(marked, base)
    text = entry.get("content_text")
    return text_to_paragraphs(text) if isinstance(text, str) else ""


def _authors(node: Mapping[str, Any]) -> tuple[str, ...]:
    people = [*_list(node.get("authors")), node.get("author")]
    names = (_text(person.get("name")) for person in people if isinstance(person, dict))
    return tuple(dict.fromkeys(filter(None, names)))


def _enclosures(entry: Mapping[str, Any], base: str) -> Iterator[Enclosure]:
    for attachment in _list(entry.get("attachments")):
        if isinstance(attachment, dict) and (
            url := absolute_url(_text(attachment.get("url")), base)
        ):
            size = attachment.get("size_in_bytes")
            length = size if isinstance(size, int) and 0 <= size < LARGEST else 0
            yield Enclosure(url, _text(attachment.get("mime_type")) or Enclosure(url).type, length)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """A text, or a number written as one: some write their ids so."""
    return (
        clean_text(str(value))
        if isinstance(value, str | int) and not isinstance(value, bool)
        else ""
    )

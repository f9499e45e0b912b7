"""Read JSON Feed 1.0 and 1.1. No value is trusted to have the type that the format requires."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from feedpub.core.dates import parse_date
from feedpub.core.errors import ExtractError
from feedpub.core.languages import normalize_language
from feedpub.core.models import Enclosure, Item, Page
from feedpub.core.urls import absolute_url
from feedpub.sources.markup import absolutize_links, clean_text, text_to_paragraphs

MAX_ENCLOSURE_BYTES = 1 << 53


def json_feed_entries(page: Page) -> list[Item]:
    """Return the items of a JSON Feed, including those without a URL.

    Raises:
        ExtractError: it is not a JSON Feed.
    """
    try:
        feed = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise ExtractError(f"expected a feed, found broken JSON ({error})", page.url) from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ExtractError('expected a feed, found JSON without "items", so no JSON Feed', page.url)
    language = normalize_language(_text(feed.get("language")))
    authors = _authors(feed)
    name, home = _text(feed.get("title")), absolute_url(_text(feed.get("home_page_url")), page.url)
    items = []
    for entry in feed["items"]:
        if isinstance(entry, dict):
            item = _item(entry, page.url, language, authors)
            items.append(replace(item, source_name=name, source_url=home or ""))
    return items


def next_page_of(page: Page) -> str:
    """Return the `next_url` of a JSON Feed; "" if it has none."""
    try:
        feed = json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):  # parsing the items has reported it
        return ""
    return _text(feed.get("next_url")) if isinstance(feed, dict) else ""


def _item(
    entry: Mapping[str, Any], base: str, language: str | None, authors: tuple[str, ...]
) -> Item:
    url = None
    for name in ("url", "external_url", "id"):
        url = url or absolute_url(_text(entry.get(name)), base)
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
    """Return the content as HTML."""
    marked = entry.get("content_html")
    if isinstance(marked, str) and marked:
        return absolutize_links(marked, base)
    text = entry.get("content_text")
    return text_to_paragraphs(text) if isinstance(text, str) else ""


def _authors(node: Mapping[str, Any]) -> tuple[str, ...]:
    people = [*_list(node.get("authors")), node.get("author")]
    names = (_text(person.get("name")) for person in people if isinstance(person, dict))
    return tuple(dict.fromkeys(filter(None, names)))


def _enclosures(entry: Mapping[str, Any], base: str) -> Iterator[Enclosure]:
    for attachment in _list(entry.get("attachments")):
        if not isinstance(attachment, dict):
            continue
        if url := absolute_url(_text(attachment.get("url")), base):
            size = attachment.get("size_in_bytes")
            length = size if isinstance(size, int) and 0 <= size < MAX_ENCLOSURE_BYTES else 0
            yield Enclosure(url, _text(attachment.get("mime_type")) or Enclosure(url).type, length)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return a text, or an integer as text: some feeds have numeric ids."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return clean_text(str(value))

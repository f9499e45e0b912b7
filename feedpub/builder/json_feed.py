"""Render JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from typing import Any

from feedpub.builder.documents import Document, PreparedFeed, prepare
from feedpub.builder.entry_html import complete_fragments
from feedpub.builder.rss_atom_text import split_mailbox
from feedpub.core.models import Enclosure, Entry, Feed, PodcastTag

_ITEM_INDENT = b"    "


def render_json(feed: Feed) -> bytes:
    """Render the feed as JSON Feed 1.1."""
    return render_json_parts(prepare(feed)).join()


def render_json_parts(prepared: PreparedFeed) -> Document:
    """Render the feed as JSON Feed, with the selected entries only."""
    feed = prepared.feed
    channel = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.link,
        "feed_url": feed.address("json"),
        "next_url": feed.previous_address("json"),
        "description": feed.description,
        "icon": feed.icon,
        "authors": [_feed_author(feed.author)] if feed.author else [],
        "language": feed.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in feed.hubs],
        "_feedpub": _without_empty({"podcast": [_tag(tag) for tag in feed.podcast]}),
    }
    head = _dumps({**_without_empty(channel), "items": []})  # items are required, even if empty
    if prepared.is_empty:
        return Document(head, (), b"\n")
    items = []
    for position, entry in prepared.entries.items():
        item = _item(feed, entry)
        if position in prepared.untitled:
            del item["title"]
        items.append(_ITEM_INDENT + _dumps(item).replace(b"\n", b"\n" + _ITEM_INDENT))
    return Document(head.removesuffix(b"]\n}") + b"\n", items, b"\n  ]\n}\n", b",\n")


def _dumps(value: dict[str, Any]) -> bytes:
    """Return an indented object; a line break in it never belongs to a text."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def _item(feed: Feed, entry: Entry) -> dict[str, Any]:
    item = {
        "id": entry.id,
        "url": feed.entry_url(entry),
        "title": entry.title,
        **_content(feed, entry),
        "summary": entry.summary,
        "image": entry.image,
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
        "authors": [{"name": name} for name in entry.authors],
        "tags": list(entry.categories),
        "language": entry.language,
        "attachments": [_attachment(enclosure) for enclosure in entry.enclosures],
        "_feedpub": _extension(entry),
    }
    return _without_empty(item)


def _content(feed: Feed, entry: Entry) -> dict[str, str]:
    """Return the content that an item must have: the text, else the summary or the title."""
    if entry.html and not feed.summary_only:
        return {"content_html": complete_fragments(entry.html, feed.entry_url(entry))}
    return {"content_text": entry.summary or entry.title}


def _extension(entry: Entry) -> dict[str, Any]:
    """Return the members that JSON Feed has no names for."""
    source = _without_empty({"name": entry.source_name, "url": entry.source_url})
    return _without_empty(
        {
            "source": source,
            "rights": entry.rights,
            "also_at": [{"url": link.url, "site": link.site} for link in entry.also_at],
            "podcast": [_tag(tag) for tag in entry.podcast],
        }
    )


def _tag(tag: PodcastTag) -> dict[str, Any]:
    values = {
        "name": tag.name,
        "text": tag.text,
        "attributes": dict(tag.attributes),
        "children": [_tag(child) for child in tag.children],
    }
    return _without_empty(values)


def _feed_author(author: str) -> dict[str, str]:
    name, email = split_mailbox(author)
    return _without_empty({"name": name, "url": f"mailto:{email}" if email else ""})


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    attachment = {
        "url": enclosure.url,
        "mime_type": enclosure.type,
        "size_in_bytes": enclosure.length,
    }
    return _without_empty(attachment)


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}

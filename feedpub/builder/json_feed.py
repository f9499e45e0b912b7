"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from typing import Any

from feedpub.builder.links import complete_fragments
from feedpub.builder.rss_atom_text import prepare_feed, split_mailbox
from feedpub.core.models import Enclosure, Entry, Feed


def render_json(feed: Feed) -> bytes:
    """The feed as JSON Feed 1.1."""
    feed = prepare_feed(feed)
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.link,
        "feed_url": feed.address("json"),
        "next_url": feed.previous_address("json"),
        "description": feed.description,
        "icon": feed.icon,
        "authors": [_editor(feed.author)] if feed.author else [],
        "language": feed.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in feed.hubs],
    }
    items = [_item(feed, entry) for entry in feed.entries]  # required, even where there are none
    return f"{json.dumps({**_said(document), 'items': items}, ensure_ascii=False, indent=2)}\n".encode()


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
    }
    return _said(item)


def _content(feed: Feed, entry: Entry) -> dict[str, str]:
    """An item must have content: the text, else what there is to say of it."""
    if entry.html and not feed.summary_only:
        return {"content_html": complete_fragments(entry.html, feed.entry_url(entry))}
    return {"content_text": entry.summary or entry.title}


def _editor(author: str) -> dict[str, str]:
    name, email = split_mailbox(author)
    return _said({"name": name, "url": f"mailto:{email}" if email else ""})


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _said(
        {"url": enclosure.url, "mime_type": enclosure.type, "size_in_bytes": enclosure.length}
    )


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty or unknown."""
    return {key: value for key, value in values.items() if value}

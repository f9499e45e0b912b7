"""JSON Feed 1.1: its schema, and rules beyond it."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.support.feedcheck import markup, values
from tests.support.feedcheck.values import Complaints


def check(body: bytes, *, now: datetime, address: str | None = None) -> list[str]:
    """Return all complaints about a JSON Feed.

    `address` is the URL of the document. It is compared with the one in the document.
    """
    feed = json.loads(body.decode("utf-8"))
    complaints = [f"{error.json_path}: {error.message}" for error in _schema().iter_errors(feed)]
    if address and feed.get("feed_url") != address:
        complaints.append(f"itself is not at {feed.get('feed_url')}")
    if feed.get("next_url") == feed.get("feed_url", ""):
        complaints.append("the next document is itself")
    for text in _strings(feed):
        complaints += values.characters(text)
    for name in ("home_page_url", "feed_url", "next_url", "icon"):
        complaints += values.uri(feed[name]) if name in feed else []
    for hub in feed.get("hubs", ()):
        complaints += values.uri(hub["url"])
    complaints += values.language(feed["language"]) if "language" in feed else []
    for item in feed["items"]:
        complaints += (f"item {item.get('id')}: {complaint}" for complaint in _item(item, now))
    ids = Counter(item.get("id") for item in feed["items"])
    return [*complaints, *(f"id twice: {id_}" for id_, n in ids.items() if n > 1)]


@cache
def _schema() -> Draft202012Validator:
    schema = json.loads((Path(__file__).parent / "jsonfeed.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _item(item: dict[str, Any], now: datetime) -> Complaints:
    for name in ("url", "image"):
        yield from values.uri(item[name]) if name in item else ()
    for name in ("date_published", "date_modified"):
        yield from values.rfc3339(item[name], now)
    yield from markup.html(item.get("content_html", ""))
    yield from values.language(item["language"]) if "language" in item else ()
    for attachment in item.get("attachments", ()):
        yield from values.uri(attachment["url"])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)

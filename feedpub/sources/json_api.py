"""Read the items of a JSON document: an API's answer, or the JSON in a script of a page.

The expressions of the config are JMESPath. Fields without an expression are searched under the
usual names. An expression that matches nothing in any item is an error that names it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from feedpub.config import JsonSource
from feedpub.core.dates import find_date, parse_date, parse_epoch
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import parse_html
from feedpub.core.models import Item, Page
from feedpub.core.selectors import describe_value, query, select_elements
from feedpub.core.urls import absolute_url
from feedpub.sources.document import EMPTY, HTML, DocumentReader, detect_type
from feedpub.sources.items.fields import digest_texts
from feedpub.sources.listing.embedded_json import (
    AUTHOR_KEYS,
    DATE_KEYS,
    SUMMARY_KEYS,
    TITLE_KEYS,
    URL_KEYS,
    load_start,
)
from feedpub.sources.markup import (
    absolutize_links,
    clean_text,
    is_markup,
    text_to_paragraphs,
    to_text,
)
from feedpub.sources.next_pages import ListedPage, follow_pages

MAX_ITEMS = 2000  # of one document
MAX_DEPTH = 12  # at which a list is searched
MAX_NODES = 100_000

_ID_KEYS = ("id", "guid", "uuid", "_id", "uid")
_CONTENT_KEYS = (
    *("content_html", "contentHtml", "body_html", "bodyHtml", "content", "body", "html"),
    *("text", "content_text", "message"),
)
_TEXT_KEYS = ("rendered", "html", "text", "value")
_ADDRESS_KEYS = ("url", "href", "src", "link")
_NAME_KEYS = ("name", "display_name", "displayName", "username", "login")
_IMAGE_KEYS = ("image", "image_url", "imageUrl", "thumbnail", "cover", "photo")
_MORE_DATE_KEYS = ("created", "time", "updated_at", "updatedAt", "issued", "startsAt", "start")
_SCRIPT = re.compile(r"[\[{]")
_NUMBER = re.compile(r"-?\d{9,16}(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class JsonSelectors:
    """The expressions of a JSON source; None searches the usual names."""

    items: str | None = None
    title: str | None = None
    link: str | None = None
    date: str | None = None
    content: str | None = None
    id: str | None = None
    image: str | None = None
    author: str | None = None
    next: str | None = None
    script: str | None = None

    @classmethod
    def of_source(cls, source: JsonSource) -> "JsonSelectors":
        return cls(**{name: getattr(source, name) for name in cls.__slots__})


def read_json(
    source: JsonSource, documents: DocumentReader, *, limit: int, pages: int = 1
) -> tuple[Item, ...]:
    """Return the items of a JSON document and those after it, at most `limit` of each.

    Args:
        source: the source.
        documents: gets the documents.
        limit: of a document.
        pages: how many documents to read at most.

    Raises:
        FetchError: the document cannot be fetched.
        ExtractError: it is not JSON, or an expression does not fit it.
        NoContentError: it has no items.
    """
    selectors = JsonSelectors.of_source(source)

    def read_page(url: str, _: int) -> ListedPage:
        return documents.read(url, parse_json_items, selectors, limit=limit)

    return follow_pages(source.url, read_page, pages)


def parse_json_items(page: Page, selectors: JsonSelectors, *, limit: int = MAX_ITEMS) -> ListedPage:
    """Return the items of a fetched document. Raises ExtractError as `read_json` does."""
    data = _load(page, selectors.script)
    rows = _rows(data, selectors, page.url)
    reader = _RowReader(selectors, page.url)
    items = list(map(reader.read_row, rows[:MAX_ITEMS]))
    reader.check_expressions(rows[:MAX_ITEMS])
    kept = [item for item in items if item.title or item.html or item.url or item.summary]
    if not kept:
        shape = describe_value(rows[0])
        raise NoContentError(
            f"no item has a title, a link or a content: the first one is {shape}; set title, "
            "link and content",
            page.url,
        )
    return ListedPage(tuple(kept[:limit]), _next_url(data, selectors, page.url))


# --- the document ---


def _load(page: Page, script: str | None) -> Any:
    found = detect_type(page)
    if found == EMPTY:
        raise NoContentError("the document is empty", page.url)
    if script is not None:
        return _load_script(page, script)
    try:
        return json.loads(page.body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        reason = f"{found}: {error}"
        if found == HTML:
            hint = "set script to the selector of the script that contains the JSON"
            reason = f"{found}; {hint}"
        raise ExtractError(f"expected JSON, found {reason}", page.url) from error


def _load_script(page: Page, selector: str) -> Any:
    """Return the JSON that a script of a page holds or assigns to a name."""
    tree = parse_html(decode_html(page.body, page.charset), page.url)
    try:
        elements = select_elements(tree, selector)
    except ValueError as error:
        message = f'script = "{selector}" cannot be evaluated on this page: {error}'
        raise ExtractError(message, page.url) from error
    if not elements:
        raise NoContentError(f'script = "{selector}" matches nothing in the page', page.url)
    for element in elements:
        text = element.text or element.get("data-page", "")
        start = _SCRIPT.search(text)
        data = load_start(text[start.start() :]) if start else None
        if data is not None:
            return data
    raise ExtractError(f'script = "{selector}" contains no JSON', page.url)


def _rows(data: Any, selectors: JsonSelectors, url: str) -> list[Any]:
    """Return the list of items."""
    if selectors.items is None:
        return _find_rows(data, url)
    rows = _query("items", selectors.items, data, url)
    if isinstance(rows, dict):
        values = list(rows.values())
        rows = values if _are_objects(values) else [rows]
    if not isinstance(rows, list):
        raise ExtractError(
            f'items = "{selectors.items}" gives {describe_value(rows)}, not a list; the document '
            f"is {describe_value(data)}",
            url,
        )
    if not rows:
        raise NoContentError(f'items = "{selectors.items}" gives an empty list', url)
    return rows


def _find_rows(data: Any, url: str) -> list[Any]:
    """Return the document if it is a list, or else its only list of objects."""
    if isinstance(data, list) and data:
        return data
    if data in ([], {}):
        raise NoContentError("the document is empty", url)
    lists = list(object_lists(data))
    if len(lists) == 1:
        return lists[0][1]
    shape = describe_value(data)
    if not lists:
        raise ExtractError(f"no list of objects found: the document is {shape}; set items", url)
    paths = ", ".join(f'"{path}"' for path, _ in lists[:8])
    raise ExtractError(f"{len(lists)} lists of objects found; set items, to one of {paths}", url)


def object_lists(data: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield each list of objects that is in no other list, with its expression."""
    waiting = [("", data, MAX_DEPTH)]
    seen = 0
    while waiting and seen < MAX_NODES:
        path, node, depth = waiting.pop()
        seen += 1
        if isinstance(node, list) and _are_objects(node):
            yield path, node
        elif isinstance(node, dict) and depth:
            for key, value in reversed(node.items()):
                name = key if re.fullmatch(r"[A-Za-z_]\w*", key) else json.dumps(key)
                waiting.append((f"{path}.{name}" if path else name, value, depth - 1))


def _are_objects(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(each, dict) for each in values)


def _next_url(data: Any, selectors: JsonSelectors, url: str) -> str | None:
    if selectors.next is None:
        return None
    value = _query("next", selectors.next, data, url)
    if isinstance(value, dict):
        value = value.get("href") or value.get("url") or value
    if value is not None and not isinstance(value, str):
        shape = describe_value(value)
        raise ExtractError(f'next = "{selectors.next}" gives {shape}, not a URL', url)
    return absolute_url(value, url) if value else None


def _query(name: str, expression: str, data: Any, url: str) -> Any:
    try:
        return query(expression, data)
    except ValueError as error:
        raise ExtractError(f'{name} = "{expression}" cannot be evaluated: {error}', url) from error


# --- one item ---


@dataclass(frozen=True, slots=True)
class _RowReader:
    """Reads the items of one document.

    Attributes:
        base: resolves relative links.
    """

    selectors: JsonSelectors
    base: str

    def read_row(self, row: Any) -> Item:
        url = self._address(row, "link", URL_KEYS)
        title = self._title(row)
        content = _first_text(self._values(row, "content", _CONTENT_KEYS))
        summary = "" if content else self._text(row, SUMMARY_KEYS)
        html = _as_html(content, url or self.base)
        moment = self._date(row)
        authors = dict.fromkeys(_names(self._values(row, "author", AUTHOR_KEYS)))
        return Item(
            url=url,
            title=title,
            authors=tuple(filter(None, authors)),
            published=moment,
            summary=summary,
            html=html,
            image=self._address(row, "image", _IMAGE_KEYS),
            guid=_as_text(next(self._values(row, "id", _ID_KEYS), None)),
            version=digest_texts(title, html or summary, moment.isoformat() if moment else ""),
        )

    def check_expressions(self, rows: Sequence[Any]) -> None:
        """Check that each expression has a value in one item at least. Raises ExtractError."""
        for name in ("title", "link", "date", "content"):
            expression: str | None = getattr(self.selectors, name)
            if expression is None:
                continue
            values = (_query(name, expression, row, self.base) for row in rows)
            if all(value is None for value in values):
                raise ExtractError(
                    f'{name} = "{expression}" gives null on every item; the first item is '
                    f"{describe_value(rows[0])}",
                    self.base,
                )

    def _values(self, row: Any, name: str, keys: Sequence[str]) -> Iterator[Any]:
        """Yield the value of an expression, or else those of the usual keys, if they have one."""
        expression: str | None = getattr(self.selectors, name)
        if expression is not None:
            value = _query(name, expression, row, self.base)
            if value is not None:
                yield value
        elif isinstance(row, dict):
            yield from _values_of_keys(row, keys)

    def _title(self, row: Any) -> str:
        text = _first_text(self._values(row, "title", TITLE_KEYS))
        return clean_text(unescape(to_text(text) if is_markup(text) else text))

    def _text(self, row: Any, keys: Sequence[str]) -> str:
        if not isinstance(row, dict):
            return ""
        text = _first_text(_values_of_keys(row, keys))
        return to_text(text) if is_markup(text) else clean_text(text)

    def _address(self, row: Any, name: str, keys: Sequence[str]) -> str | None:
        for value in self._values(row, name, keys):
            if url := absolute_url(_address_text(value), self.base):
                return url
        return None

    def _date(self, row: Any) -> datetime | None:
        values = self._values(row, "date", (*DATE_KEYS, *_MORE_DATE_KEYS))
        return next(filter(None, map(_as_date, values)), None)


def _values_of_keys(row: Mapping[str, Any], keys: Sequence[str]) -> Iterator[Any]:
    """Yield the values of the keys that an object has."""
    for key in keys:
        if row.get(key) is not None:
            yield row[key]


def _first_text(values: Iterator[Any]) -> str:
    return next(filter(None, map(_as_text, values)), "")


def _as_text(value: Any) -> str:
    """Return a text, a number as text, or the text that an object or a list holds."""
    if isinstance(value, dict):
        value = _first_filled(value, _TEXT_KEYS)
    match value:
        case bool():
            return ""
        case str() | int() | float():
            return str(value).strip()
        case list():
            return "\n\n".join(filter(None, map(_as_text, value)))
        case _:
            return ""


def _first_filled(row: Mapping[str, Any], keys: Sequence[str]) -> Any:
    """Return the first value of some keys that is not empty; None if there is none."""
    return next(filter(None, map(row.get, keys)), None)


def _address_text(value: Any) -> str:
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, dict):
        value = _first_filled(value, _ADDRESS_KEYS)
    return value if isinstance(value, str) else ""


def _as_date(value: Any) -> datetime | None:
    """Return the date of a number of seconds or milliseconds, or of a text."""
    match value:
        case bool():
            return None
        case int() | float():
            return parse_epoch(value)
        case str() if _NUMBER.fullmatch(value.strip()):
            return parse_epoch(float(value))
        case str():
            return parse_date(value) or find_date(value)
        case _:
            return None


def _names(values: Iterator[Any]) -> Iterator[str]:
    value = next(values, None)
    for person in value if isinstance(value, list) else [value]:
        name = _first_filled(person, _NAME_KEYS) if isinstance(person, dict) else person
        if isinstance(name, str):
            yield clean_text(to_text(name) if is_markup(name) else name)


def _as_html(content: str, base: str) -> str:
    return absolutize_links(content, base) if is_markup(content) else text_to_paragraphs(content)

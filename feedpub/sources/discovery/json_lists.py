"""Find the lists of entries in a JSON document, or in the JSON of a page's scripts.

Every site names its fields differently. Fields under the usual names need no expression; the others
are recognised by their values: a date, a link, a picture, a title, and the longest text.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.core.dates import parse_date, parse_epoch
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.html import parse_html
from feedpub.core.models import Item, Page
from feedpub.core.selectors import query
from feedpub.core.urls import absolute_url, is_web_url
from feedpub.sources.document import JSON, detect_type
from feedpub.sources.json_api import JsonSelectors, object_lists, parse_json_items
from feedpub.sources.listing.embedded_json import TITLE_KEYS, load_start
from feedpub.sources.markup import is_markup

MAX_LISTS = 3  # that are returned
MAX_JUDGED_LISTS = 20
MAX_SCRIPTS = 50
MAX_ROWS = 50  # of a list that are judged
MAX_FIELD_DEPTH = 3
MIN_SCRIPT_ROWS = 2  # of a list in a page, which may hold anything
MIN_SHARE = 0.6  # of the rows that must have a field
MIN_CONTENT_CHARS = 40  # on average, without markup
MIN_FIELDS, MIN_SCRIPT_FIELDS = 2, 3  # of title, link, date and content
MIN_TITLE_CHARS, MAX_TITLE_CHARS = 3, 200
MIN_EPOCH = 100_000_000  # in 1973; a smaller number is not a date

_TITLE_NAME = re.compile(r"tit|headline|heading|subject|betreff|name|label", re.IGNORECASE)
_CONTENT_NAME = re.compile(r"text|body|content|html|message|descri|detail|note", re.IGNORECASE)
_SLUG_NAME = re.compile(r"(?:^|\.)slug$", re.IGNORECASE)
_SLUG = re.compile(r"[\w.%-]+(?:/[\w.%-]+)*")
_PATH = re.compile(r"/[^ ]+")
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:$|[?#])", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|\w{3}, \d|\d{1,2} \w+ \d{4}")
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")
_NEXT = (
    *("next", "links.next", "_links.next", "meta.next", "paging.next", "pagination.next"),
    *("next_url", "next_page_url", "meta.next_page_url", "nextPage", "page.next"),
)
_Values = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class JsonList:
    """A list of entries in JSON.

    Attributes:
        settings: the settings of the JSON source that reads it.
        items: its entries.
        slug_field: the expression of a field that is the last part of each entry's URL; "" if the
            entries have links, or nothing like it.
    """

    settings: Mapping[str, str]
    items: tuple[Item, ...]
    slug_field: str = ""


def find_json_lists(page: Page) -> tuple[JsonList, ...]:
    """Return the lists of entries in a document, the most complete first.

    Args:
        page: a JSON document, or a page with JSON in its scripts.
    """
    found: list[JsonList] = []
    for script, data in _documents(page):
        for path, rows in _lists(data, script):
            if each := _read_list(page, script, path, rows, data):
                found.append(each)
            if len(found) >= MAX_JUDGED_LISTS:
                break
    found.sort(key=lambda each: -_completeness(each.items))
    return tuple(found[:MAX_LISTS])


def _documents(page: Page) -> Iterator[tuple[str | None, Any]]:
    """Yield the selector of each script with JSON, and the JSON; None for the document itself."""
    text = decode_html(page.body, page.charset)
    if detect_type(page) == JSON:
        yield None, load_start(text.lstrip("\ufeff \t\r\n"))
        return
    for script in list(parse_html(text, page.url).iter("script"))[:MAX_SCRIPTS]:
        if script.get("type", "").lower() == "application/json" and (name := _selector_of(script)):
            yield name, load_start((script.text or "").strip())


def _selector_of(script: HtmlElement) -> str:
    """Return a selector of a script; "" if it has neither an id nor a name."""
    if _PLAIN_NAME.fullmatch(script.get("id", "")):
        return f"#{script.get('id')}"
    for key in ("id", "data-name", "data-component-name", "data-state"):
        value = script.get(key, "")
        if _SLUG.fullmatch(value):
            return f'script[{key}="{value}"]'
    return ""


def _lists(data: Any, script: str | None) -> Iterator[tuple[str, list[Any]]]:
    """Yield the expression of each list of objects, and its rows."""
    min_rows = 1 if script is None or isinstance(data, list) else MIN_SCRIPT_ROWS
    for path, rows in object_lists(data):
        if len(rows) >= min_rows:
            yield path, rows


def _read_list(
    page: Page, script: str | None, path: str, rows: Sequence[Any], data: Any
) -> JsonList | None:
    """Return a list with the settings that it needs; None if its objects are not entries."""
    settings: dict[str, str] = {}
    if script:
        settings["script"] = script
    if path:
        settings["items"] = f"{path}[]"
    settings |= _find_fields(page, settings, rows)
    if following := _find_next(data):
        settings["next"] = following
    items = _try_read(page, settings)
    min_fields = MIN_SCRIPT_FIELDS if script else MIN_FIELDS
    complete = [item for item in items if _count_fields(item) >= min_fields]
    if not items or len(complete) < MIN_SHARE * len(items):
        return None
    slug = _find_slug(rows[:MAX_ROWS]) if _lacks(items, "url") else ""
    return JsonList(settings, items, slug)


def _try_read(page: Page, settings: Mapping[str, str]) -> tuple[Item, ...]:
    try:
        return parse_json_items(page, JsonSelectors(**settings)).items
    except ExtractError:  # no entries, or an expression that does not fit
        return ()


def _count_fields(item: Item) -> int:
    has_content = bool(item.html or item.summary)
    return bool(item.title) + bool(item.url) + bool(item.published) + has_content


def _completeness(items: Sequence[Item]) -> float:
    return sum(map(_count_fields, items)) / len(items) + min(len(items), MAX_ROWS) / MAX_ROWS


# --- fields ---


def _find_fields(page: Page, given: Mapping[str, str], rows: Sequence[Any]) -> dict[str, str]:
    """Return the expressions of the fields that are not found under their usual names."""
    items = _try_read(page, given)
    min_count = MIN_SHARE * len(rows[:MAX_ROWS])
    values = _flatten(rows[:MAX_ROWS])
    values = {path: each for path, each in values.items() if len(each) >= min_count}
    found: dict[str, str] = {}
    if _lacks(items, "title"):
        found["title"] = _find_title(values)
    if _lacks(items, "html") and _lacks(items, "summary"):
        found["content"] = _find_content(values, found.get("title", ""))
    for name, attribute, is_kind in _KINDS:
        if _lacks(items, attribute):
            found[name] = _find_where(values, is_kind)
    return {name: path for name, path in found.items() if path}


def _lacks(items: Sequence[Item], name: str) -> bool:
    having = [item for item in items if getattr(item, name)]
    return len(having) < MIN_SHARE * max(len(items), 1)


def _flatten(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the expression of each plain field, and its values."""
    values: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for path, value in _fields(row, MAX_FIELD_DEPTH):
            values[path].append(value)
    return dict(values)


def _fields(row: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if not isinstance(row, dict):
        return
    for key, value in row.items():
        name = key if _PLAIN_NAME.fullmatch(key) else json.dumps(key)
        match value:
            case dict() if depth > 1:
                for path, inner in _fields(value, depth - 1):
                    yield f"{name}.{path}", inner
            case bool() | "":
                continue
            case str() | int() | float():
                yield name, value


def _find_where(values: _Values, is_kind: Callable[[Any], bool]) -> str:
    """Return the first field whose values are all of a kind; "" if there is none."""
    for path, each in values.items():
        if all(map(is_kind, each)):
            return path
    return ""


def _find_title(values: _Values) -> str:
    best, best_score = "", 0.0
    for path, each in values.items():
        texts = list(filter(_is_title, each))
        if len(texts) < MIN_SHARE * len(each):
            continue
        phrases = [text for text in texts if " " in text]
        score = len(set(texts)) / len(texts)
        if _TITLE_NAME.search(path):
            score += 2.0
        score += len(phrases) / len(texts)
        if score > best_score:
            best, best_score = path, score
    return best


def _find_content(values: _Values, title: str) -> str:
    best, longest = "", float(MIN_CONTENT_CHARS)
    for path, each in values.items():
        if path in (title, *TITLE_KEYS):
            continue
        texts = [value for value in each if isinstance(value, str) and not is_web_url(value)]
        length = sum(map(len, texts)) / max(len(texts), 1)
        if any(map(is_markup, texts)) or _CONTENT_NAME.search(path):
            length += MIN_CONTENT_CHARS
        if length >= longest:
            best, longest = path, length
    return best


def _find_slug(rows: Sequence[Any]) -> str:
    """Return the first field named a slug that differs in every row; "" if it is not one."""
    for path, each in _flatten(rows).items():
        texts = list(map(str, each))
        if _SLUG_NAME.search(path) and len(set(texts)) == len(rows):
            return path if all(map(_SLUG.fullmatch, texts)) else ""
    return ""


def _is_title(value: Any) -> bool:
    if not isinstance(value, str) or not MIN_TITLE_CHARS <= len(value) <= MAX_TITLE_CHARS:
        return False
    if "\n" in value or is_markup(value) or _is_link(value) or _is_date(value):
        return False
    return any(map(str.isalpha, value))


def _is_link(value: Any) -> bool:
    if not isinstance(value, str) or _PICTURE.search(value):
        return False
    return is_web_url(value) or _PATH.fullmatch(value) is not None


def _is_picture(value: Any) -> bool:
    if not isinstance(value, str) or " " in value or not _PICTURE.search(value):
        return False
    return absolute_url(value, "https://example.org/") is not None


def _is_date(value: Any) -> bool:
    if isinstance(value, int | float):
        return value > MIN_EPOCH and parse_epoch(value) is not None
    return isinstance(value, str) and bool(_DAY.match(value)) and parse_date(value) is not None


_KINDS = (  # the setting of a field, the attribute of an item, and the kind of its values
    ("link", "url", _is_link),
    ("date", "published", _is_date),
    ("image", "image", _is_picture),
)


def _find_next(data: Any) -> str:
    """Return the expression of the next page's URL; "" if the document names none."""
    if not isinstance(data, dict):
        return ""
    for expression in _NEXT:
        value = query(expression, data)
        if isinstance(value, dict):
            value = value.get("href") or value.get("url")
        if isinstance(value, str) and (is_web_url(value) or value.startswith(("/", "?"))):
            return expression
    return ""


def slug_link(url: str, field: str) -> str:
    """Return the expression of links that consist of a page's path and a field."""
    folder = f"{urlsplit(url).path.rstrip('/')}/"
    return f"join('', ['{folder}', {field}])"

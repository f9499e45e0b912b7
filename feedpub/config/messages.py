"""What pydantic found wrong, said for the person who wrote the file: what is wrong and what to write instead."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from feedpub.config.models import Config
from feedpub.config.places import Place, place, sections
from feedpub.config.positions import KeyPath
from feedpub.config.section import Section
from feedpub.config.text import quote


class Finding(NamedTuple):
    """Something wrong in the file: where, and a sentence about it."""

    path: KeyPath
    text: str


_KINDS = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "path_type": "must be text in quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}

_TEXTS: dict[str, Callable[[Place, Any, dict[str, Any]], str]] = {
    "missing": lambda at, _value, _context: f"missing; write {at.written()}",
    "extra_forbidden": lambda at, _value, _context: _unknown_key(str(at.path[-1]), at.section, at.root),
    "literal_error": lambda _at, value, context: _choice(value, context["expected"]),
    "union_tag_invalid": lambda _at, _value, context: _choice(context["tag"], context["expected_tags"]),
    "union_tag_not_found": lambda _at, _value, _context: 'missing; write type = "page", "feed", "sitemap" or "folder"',
    "value_error": lambda _at, _value, context: str(context["error"]),
    "too_short": lambda at, _value, _context: f"empty; write {at.written()}",
    "greater_than_equal": lambda _at, value, context: f"{value} is too small; the smallest is {context['ge']}",
    "less_than_equal": lambda _at, value, context: f"{value} is too large; the largest is {context['le']}",
}


def findings(error: ValidationError, root: type[Section] = Config) -> Iterator[Finding]:
    """Everything that pydantic found in a file of which `root` is the whole, a sentence each."""
    for details in error.errors():
        kind, value = details["type"], details["input"]
        if kind == "too_short" and value:
            continue  # pydantic counts only the elements that are well, and names the others besides
        at = place(details["loc"], root)
        path = (*at.path, "type") if kind.startswith("union_tag") else at.path
        text = _TEXTS[kind](at, value, details.get("ctx", {})) if kind in _TEXTS else _wrong_kind(kind, at)
        yield Finding(path, text)


def _wrong_kind(kind: str, at: Place) -> str:
    written = at.written()
    if written.startswith("[["):
        return f"must be a list of tables, each headed {written}, with two brackets"
    if written.startswith("["):
        return f"must be one table, headed {written}"
    return f"{_KINDS.get(kind, 'must be of another kind')}, as in {written}"


_RENAMED = {
    "browser": "browser_path",
    "deadline": "run_timeout",
    "delay": "request_delay",
    "eagerness": "interval_factor",
    "ftr": "ftr_site_config",
    "hubs": "websub_hubs",
    "token": "admin_token",
}


def _unknown_key(key: str, section: type[Section], root: type[Section]) -> str:
    if (new := _RENAMED.get(key)) in section.model_fields:
        return f"is now called {new}; rename the key"
    if owners := _owners(key, section, root):
        return f"unknown key here; it belongs to {owners}"
    close = get_close_matches(key.lower(), section.model_fields, n=1)
    if close:
        return f'unknown key; did you mean "{close[0]}"?'
    return f"unknown key; known here: {', '.join(section.model_fields)}"


def _owners(key: str, asked: type[Section], root: type[Section]) -> str:
    """The headings of the tables that know a key, or only those like the one that was asked; "" where none does."""
    kinds: dict[str, list[str]] = {}
    alike = {heading for heading, _, table in sections(root) if table is asked}
    for heading, kind, table in sections(root):
        if key in table.model_fields:
            kinds.setdefault(heading, []).extend([quote(kind)] if kind else [])
    nearest = {heading: kinds[heading] for heading in alike & kinds.keys()} or kinds
    return " or ".join(f"{heading} of type {', '.join(of)}" if of else heading for heading, of in nearest.items())


def _choice(value: object, expected: str) -> str:
    choices = re.findall("'([^']*)'", expected)
    wrong = quote(value) if isinstance(value, str) else "this"
    close = get_close_matches(str(value).lower(), choices, n=1)
    hint = f'did you mean "{close[0]}"?' if close else "write one of them"
    return f"{wrong} is not one of {', '.join(map(quote, choices))}; {hint}"


def where(path: KeyPath, document: object) -> str:
    """A path for people: `feed "world": source 2: url`; elements are counted from 1."""
    steps: list[str] = []
    for part in path:
        document = _child(document, part)
        name = document.get("name") if isinstance(document, dict) else None
        if isinstance(part, str):
            steps.append(part if re.fullmatch(r"[\w-]+", part) else quote(part))
        elif steps[-1] == "feed" and isinstance(name, str):
            steps[-1] = f"feed {quote(name)}"
        else:
            tables = steps[-1] in ("feed", "source")
            steps[-1:] = [f"{steps[-1]} {part + 1}"] if tables else [steps[-1], f"item {part + 1}"]
    return ": ".join(steps)


def _child(document: object, part: str | int) -> object:
    if isinstance(document, dict):
        return document.get(part)
    if isinstance(document, list) and isinstance(part, int) and part < len(document):
        return document[part]
    return None

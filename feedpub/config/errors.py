"""Translate pydantic's errors into messages for the author of the config."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from feedpub.config.base import ConfigModel
from feedpub.config.feed_list import FeedList
from feedpub.config.models import Config
from feedpub.config.toml_lines import KeyPath
from feedpub.config.types import quote_for_message

_RENAMED = {
    "browser": "browser_path",
    "deadline": "run_timeout",
    "delay": "request_delay",
    "eagerness": "interval_factor",
    "ftr": "ftr_site_config",
    "hubs": "websub_hubs",
    "token": "admin_token",
}
_EXPECTED = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "path_type": "must be text in quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}


class ConfigFinding(NamedTuple):
    """A problem in the config: its position, and a sentence about it."""

    path: KeyPath
    text: str


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """The position of an error in the file.

    Attributes:
        path: the keys and indexes that lead there.
        section: the innermost table on the path.
        field: the innermost setting on the path.
        root: the type of the entire file.
    """

    path: KeyPath
    section: type[ConfigModel]
    field: FieldInfo
    root: type[ConfigModel] = Config

    def format(self) -> str:
        """Return an example: `title = "World news"`, `[feed.rules]`, `[[feed.source]]`."""
        keys = [part for part in self.path if isinstance(part, str)]
        if self.field.examples:
            return f"{keys[-1]} = {format_toml(self.field.examples[0])}"
        return format_heading(keys, self.field)


def collect_findings(
    error: ValidationError, root: type[ConfigModel] = Config
) -> Iterator[ConfigFinding]:
    """Yield every problem that pydantic found in a file.

    Args:
        error: pydantic's errors.
        root: the type of the entire file.
    """
    for details in error.errors():
        if details["type"] == "too_short" and details["input"]:
            # pydantic counts only valid elements, and it reports the invalid ones separately.
            continue
        location = locate_error(details["loc"], root)
        path = location.path
        if details["type"].startswith("union_tag"):
            path = (*path, "type")
        yield ConfigFinding(path, _explain(details, location))


def _explain(details: ErrorDetails, location: ErrorLocation) -> str:
    """Return a sentence about an error: what is wrong and what to write instead."""
    value, context = details["input"], details.get("ctx", {})
    match details["type"]:
        case "missing":
            text = f"missing; write {location.format()}"
        case "too_short":
            text = f"empty; write {location.format()}"
        case "extra_forbidden":
            text = _explain_unknown_key(location)
        case "literal_error":
            text = _explain_choice(value, context["expected"])
        case "union_tag_invalid":
            text = _explain_choice(context["tag"], context["expected_tags"])
        case "union_tag_not_found":
            types = '"page", "feed", "sitemap", "items", "json", "folder", "mail" or "watch"'
            text = f"missing; write type = {types}"
        case "value_error":
            text = str(context["error"])
        case "greater_than_equal":
            text = f"{value} is too small; the smallest is {context['ge']}"
        case "less_than_equal":
            text = f"{value} is too large; the largest is {context['le']}"
        case kind:
            text = _explain_wrong_type(kind, location)
    return text


def _explain_wrong_type(kind: str, location: ErrorLocation) -> str:
    example = location.format()
    if example.startswith("[["):
        return f"must be a list of tables, each headed {example}, with two brackets"
    if example.startswith("["):
        return f"must be one table, headed {example}"
    return f"{_EXPECTED.get(kind, 'must be of another type')}, as in {example}"


def _explain_unknown_key(location: ErrorLocation) -> str:
    key, section = str(location.path[-1]), location.section
    if (new := _RENAMED.get(key)) in section.fields_by_key():
        return f"is now called {new}; rename the key"
    if owners := _format_owners(key, section, location.root):
        return f"unknown key here; it belongs to {owners}"
    for name in get_close_matches(key.lower(), section.fields_by_key(), n=1):
        return f'unknown key; did you mean "{name}"?'
    return f"unknown key; known here: {', '.join(section.fields_by_key())}"


def _format_owners(key: str, section: type[ConfigModel], root: type[ConfigModel]) -> str:
    """Return the headings of the tables that have a key; "" if there is none.

    If tables with the heading of `section` have it, only those are returned.
    """
    owners: dict[str, list[str]] = {}
    own_headings = set()
    for heading, source_type, table in _iter_tables(root):
        if table is section:
            own_headings.add(heading)
        if key in table.fields_by_key():
            types = owners.setdefault(heading, [])
            if source_type:
                types.append(quote_for_message(source_type))
    nearest = {heading: types for heading, types in owners.items() if heading in own_headings}
    texts = []
    for heading, types in (nearest or owners).items():
        texts.append(f"{heading} of type {', '.join(types)}" if types else heading)
    return " or ".join(texts)


def _explain_choice(value: object, expected: str) -> str:
    choices = re.findall("'([^']*)'", expected)
    subject = quote_for_message(value) if isinstance(value, str) else "this"
    hint = "write one of them"
    for name in get_close_matches(str(value).lower(), choices, n=1):
        hint = f'did you mean "{name}"?'
    return f"{subject} is not one of {', '.join(map(quote_for_message, choices))}; {hint}"


def locate_error(loc: KeyPath, root: type[ConfigModel] = Config) -> ErrorLocation:
    """Return the position that pydantic's `loc` refers to.

    pydantic names the branch of a union as if it were a key of the file.

    Args:
        loc: as pydantic reports it.
        root: the type of the entire file.
    """
    section = root
    field = FieldInfo(annotation=root)
    path: KeyPath = ()
    while loc:
        key, loc = str(loc[0]), loc[1:]
        path = (*path, key)
        if key not in section.fields_by_key():
            break
        field = section.fields_by_key()[key]
        if loc and isinstance(loc[0], int):
            path, loc = (*path, loc[0]), loc[1:]
        tables = tables_in(field.annotation)
        if not loc or not tables:
            break
        section = tables[0]
        if len(tables) > 1:
            section = next(table for table in tables if type_name(table) == loc[0])
            loc = loc[1:]
    return ErrorLocation(path + loc, section, field, root)


def _iter_tables(
    section: type[ConfigModel], keys: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, type[ConfigModel]]]:
    """Yield every table of a config: its heading, its type if it has several, and the table."""
    for name, field in section.fields_by_key().items():
        tables = tables_in(field.annotation)
        for table in tables:
            heading = format_heading((*keys, name), field)
            yield heading, type_name(table) if len(tables) > 1 else "", table
            yield from _iter_tables(table, (*keys, name))


def format_heading(keys: Sequence[str], field: FieldInfo) -> str:
    """Return the heading of a table, in two brackets if there can be several."""
    path = ".".join(keys)
    is_list = get_origin(field.annotation) in (tuple, FeedList)
    return f"[[{path}]]" if is_list else f"[{path}]"


def tables_in(annotation: object) -> tuple[type[ConfigModel], ...]:
    """Return the tables among the types that make up an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, ConfigModel):
        return (annotation,)
    tables: list[type[ConfigModel]] = []
    for part in get_args(annotation):
        tables += tables_in(part)
    return tuple(tables)


def type_name(table: type[ConfigModel]) -> str:
    """Return the value of `type` that a source's table requires."""
    return str(get_args(table.fields_by_key()["type"].annotation)[0])


def format_toml(value: object) -> str:
    """Format a value as TOML."""
    if isinstance(value, Mapping):
        pairs = [f"{key} = {format_toml(item)}" for key, item in value.items()]
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(format_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def describe_path(path: KeyPath, document: object) -> str:
    """Format a path for users, counting from 1: `feed "world": source 2: url`."""
    steps: list[str] = []
    for part in path:
        document = _get_child(document, part)
        name = document.get("name") if isinstance(document, dict) else None
        if isinstance(part, str):
            steps.append(part if re.fullmatch(r"[\w-]+", part) else quote_for_message(part))
        elif steps[-1] == "feed" and isinstance(name, str):
            steps[-1] = f"feed {quote_for_message(name)}"
        elif steps[-1] in ("feed", "source"):
            steps[-1] = f"{steps[-1]} {part + 1}"
        else:
            steps.append(f"item {part + 1}")
    return ": ".join(steps)


def _get_child(document: object, part: str | int) -> object:
    if isinstance(document, dict):
        return document.get(part)
    if isinstance(document, list) and isinstance(part, int) and part < len(document):
        return document[part]
    return None

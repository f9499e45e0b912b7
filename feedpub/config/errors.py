"""From pydantic's location of an error to the place in the file and the setting that belongs there."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from feedpub.config.base import ConfigModel
from feedpub.config.feed_list import FeedList
from feedpub.config.models import Config
from feedpub.config.toml_lines import KeyPath
from feedpub.config.types import quote_for_message


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """Where in the file something is wrong.

    Attributes:
        path: the keys and indexes that lead there.
        section: the innermost table on the way.
        field: the innermost setting on the way.
        root: the table that the whole file is.
    """

    path: KeyPath
    section: type[ConfigModel]
    field: FieldInfo
    root: type[ConfigModel] = Config

    def format(self) -> str:
        """How the setting stands in a file.

        `title = "World news"`, `[feed.rules]`, `[[feed.source]]`.
        """
        keys = [part for part in self.path if isinstance(part, str)]
        if self.field.examples:
            return f"{keys[-1]} = {format_toml(self.field.examples[0])}"
        return format_heading(keys, self.field)


def locate_error(loc: KeyPath, root: type[ConfigModel] = Config) -> ErrorLocation:
    """The place that pydantic's `loc` means, which names the branch of a union as if it were a key of the file.

    Args:
        loc: as pydantic gives it.
        root: the table that the whole file is.
    """
    section = root
    field = FieldInfo(annotation=root)
    path: KeyPath = ()
    while loc:
        key, loc = str(loc[0]), loc[1:]
        path = (*path, key)
        if key not in section.model_fields:
            break
        field = section.model_fields[key]
        if loc and isinstance(loc[0], int):
            path, loc = (*path, loc[0]), loc[1:]
        tables = tables_in(field.annotation)
        if not loc or not tables:
            break
        section = tables[0]
        if len(tables) > 1:
            section, loc = next(table for table in tables if type_name(table) == loc[0]), loc[1:]
    return ErrorLocation(path + loc, section, field, root)


def table_names(
    section: type[ConfigModel] = Config, keys: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, type[ConfigModel]]]:
    """Every table that a config may hold.

    Its heading, its type where the heading alone does not say it, its keys.
    """
    for name, field in section.model_fields.items():
        tables = tables_in(field.annotation)
        for table in tables:
            yield (
                format_heading((*keys, name), field),
                type_name(table) if len(tables) > 1 else "",
                table,
            )
            yield from table_names(table, (*keys, name))


def format_heading(keys: Sequence[str], field: FieldInfo) -> str:
    """The line above a table: in two brackets where there may be several."""
    several = get_origin(field.annotation) in (tuple, FeedList)
    return f"[[{'.'.join(keys)}]]" if several else f"[{'.'.join(keys)}]"


def tables_in(annotation: object) -> tuple[type[ConfigModel], ...]:
    """The tables among the types that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, ConfigModel):
        return (annotation,)
    return tuple(table for part in get_args(annotation) for table in tables_in(part))


def type_name(table: type[ConfigModel]) -> str:
    """What `type` says in a source's table."""
    return str(get_args(table.model_fields["type"].annotation)[0])


def format_toml(value: object) -> str:
    """A value as TOML writes it."""
    match value:
        case Mapping():
            return (
                "{ "
                + ", ".join(f"{key} = {format_toml(item)}" for key, item in value.items())
                + " }"
            )
        case list():
            return "[" + ", ".join(map(format_toml, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


# SECTION: What pydantic found wrong, said for the person who wrote the file: what is wrong and
# what to write instead.


class ConfigFinding(NamedTuple):
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

_TEXTS: dict[str, Callable[[ErrorLocation, Any, dict[str, Any]], str]] = {
    "missing": lambda at, _value, _context: f"missing; write {at.format()}",
    "extra_forbidden": lambda at, _value, _context: _unknown_key(
        str(at.path[-1]), at.section, at.root
    ),
    "literal_error": lambda _at, value, context: _choice(value, context["expected"]),
    "union_tag_invalid": lambda _at, _value, context: _choice(
        context["tag"], context["expected_tags"]
    ),
    "union_tag_not_found": lambda _at, _value, _context: (
        'missing; write type = "page", "feed", "sitemap" or "folder"'
    ),
    "value_error": lambda _at, _value, context: str(context["error"]),
    "too_short": lambda at, _value, _context: f"empty; write {at.format()}",
    "greater_than_equal": lambda _at, value, context: (
        f"{value} is too small; the smallest is {context['ge']}"
    ),
    "less_than_equal": lambda _at, value, context: (
        f"{value} is too large; the largest is {context['le']}"
    ),
}


def collect_findings(
    error: ValidationError, root: type[ConfigModel] = Config
) -> Iterator[ConfigFinding]:
    """Everything that pydantic found in a file of which `root` is the whole, a sentence each."""
    for details in error.errors():
        kind, value = details["type"], details["input"]
        if kind == "too_short" and value:
            # pydantic counts only the elements that are well, and names the others besides
            continue
        at = locate_error(details["loc"], root)
        path = (*at.path, "type") if kind.startswith("union_tag") else at.path
        text = (
            _TEXTS[kind](at, value, details.get("ctx", {}))
            if kind in _TEXTS
            else _wrong_kind(kind, at)
        )
        yield ConfigFinding(path, text)


def _wrong_kind(kind: str, at: ErrorLocation) -> str:
    written = at.format()
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


def _unknown_key(key: str, section: type[ConfigModel], root: type[ConfigModel]) -> str:
    if (new := _RENAMED.get(key)) in section.model_fields:
        return f"is now called {new}; rename the key"
    if owners := _owners(key, section, root):
        return f"unknown key here; it belongs to {owners}"
    close = get_close_matches(key.lower(), section.model_fields, n=1)
    if close:
        return f'unknown key; did you mean "{close[0]}"?'
    return f"unknown key; known here: {', '.join(section.model_fields)}"


def _owners(key: str, asked: type[ConfigModel], root: type[ConfigModel]) -> str:
    """The headings of the tables that know a key, or only those like the one that was asked.

    "" where none does.
    """
    kinds: dict[str, list[str]] = {}
    alike = {heading for heading, _, table in table_names(root) if table is asked}
    for heading, kind, table in table_names(root):
        if key in table.model_fields:
            kinds.setdefault(heading, []).extend([quote_for_message(kind)] if kind else [])
    nearest = {heading: kinds[heading] for heading in alike & kinds.keys()} or kinds
    return " or ".join(
        f"{heading} of type {', '.join(of)}" if of else heading for heading, of in nearest.items()
    )


def _choice(value: object, expected: str) -> str:
    choices = re.findall("'([^']*)'", expected)
    wrong = quote_for_message(value) if isinstance(value, str) else "this"
    close = get_close_matches(str(value).lower(), choices, n=1)
    hint = f'did you mean "{close[0]}"?' if close else "write one of them"
    return f"{wrong} is not one of {', '.join(map(quote_for_message, choices))}; {hint}"


def find_location(path: KeyPath, document: object) -> str:
    """A path for people: `feed "world": source 2: url`; elements are counted from 1."""
    steps: list[str] = []
    for part in path:
        document = _child(document, part)
        name = document.get("name") if isinstance(document, dict) else None
        if isinstance(part, str):
            steps.append(part if re.fullmatch(r"[\w-]+", part) else quote_for_message(part))
        elif steps[-1] == "feed" and isinstance(name, str):
            steps[-1] = f"feed {quote_for_message(name)}"
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

"""From pydantic's location of an error to the place in the file and the setting that belongs there."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args, get_origin

from pydantic.fields import FieldInfo

from feedpub.config.models import Config
from feedpub.config.positions import KeyPath
from feedpub.config.section import Section
from feedpub.config.tables import Tables


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file something is wrong.

    Attributes:
        path: the keys and indexes that lead there.
        section: the innermost table on the way.
        field: the innermost setting on the way.
        root: the table that the whole file is.
    """

    path: KeyPath
    section: type[Section]
    field: FieldInfo
    root: type[Section] = Config

    def written(self) -> str:
        """How the setting stands in a file: `title = "World news"`, `[feed.rules]`, `[[feed.source]]`."""
        keys = [part for part in self.path if isinstance(part, str)]
        if self.field.examples:
            return f"{keys[-1]} = {toml(self.field.examples[0])}"
        return heading(keys, self.field)


def place(loc: KeyPath, root: type[Section] = Config) -> Place:
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
            section, loc = next(table for table in tables if tag(table) == loc[0]), loc[1:]
    return Place(path + loc, section, field, root)


def sections(section: type[Section] = Config, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, str, type[Section]]]:
    """Every table that a config may hold: its heading, its type where the heading alone does not say it, its keys."""
    for name, field in section.model_fields.items():
        tables = tables_in(field.annotation)
        for table in tables:
            yield heading((*keys, name), field), tag(table) if len(tables) > 1 else "", table
            yield from sections(table, (*keys, name))


def heading(keys: Sequence[str], field: FieldInfo) -> str:
    """The line above a table: in two brackets where there may be several."""
    several = get_origin(field.annotation) in (tuple, Tables)
    return f"[[{'.'.join(keys)}]]" if several else f"[{'.'.join(keys)}]"


def tables_in(annotation: object) -> tuple[type[Section], ...]:
    """The tables among the types that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return (annotation,)
    return tuple(table for part in get_args(annotation) for table in tables_in(part))


def tag(table: type[Section]) -> str:
    """What `type` says in a source's table."""
    return str(get_args(table.model_fields["type"].annotation)[0])


def toml(value: object) -> str:
    """A value as TOML writes it."""
    match value:
        case Mapping():
            return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)

"""From pydantic's location of an error to the place in the file and the setting that belongs there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args, get_origin

from pydantic.fields import FieldInfo

from feedpub.config.models import Config
from feedpub.config.positions import KeyPath
from feedpub.config.section import Section


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file something is wrong.

    Attributes:
        path: the keys and indexes that lead there.
        section: the innermost table on the way.
        field: the innermost setting on the way; None for the whole file.
    """

    path: KeyPath
    section: type[Section]
    field: FieldInfo | None

    def written(self) -> str:
        """How the setting stands in a file: `title = "World news"`, `[feed.rules]`, `[[feed.source]]`."""
        keys = [part for part in self.path if isinstance(part, str)]
        if self.field and self.field.examples:
            return f"{keys[-1]} = {toml(self.field.examples[0])}"
        several = self.field is not None and get_origin(self.field.annotation) is tuple
        return f"[[{'.'.join(keys)}]]" if several else f"[{'.'.join(keys)}]"


def place(loc: KeyPath) -> Place:
    """The place that pydantic's `loc` means, which names the branch of a union as if it were a key of the file."""
    section: type[Section] = Config
    field: FieldInfo | None = None
    keys: Mapping[str, FieldInfo] = Config.model_fields
    branches: dict[str, type[Section]] = {}
    path: list[str | int] = []
    for part in loc:
        if isinstance(part, str) and part in branches:
            section, branches = branches[part], {}
            keys = section.model_fields
            continue
        path.append(part)
        if isinstance(part, str):
            known, field = part in keys, keys.get(part, field)
            tables = tables_in(field.annotation) if field and known else ()
            section = tables[0] if len(tables) == 1 else section
            branches = {tag(table): table for table in tables} if len(tables) > 1 else {}
            keys = tables[0].model_fields if len(tables) == 1 else {}
    return Place(tuple(path), section, field)


def sections(section: type[Section] = Config, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, type[Section]]]:
    """Every table that a config may hold, with its heading: `[feedpub]`, `[[feed.source]] of type "page"`."""
    for name, field in section.model_fields.items():
        tables = tables_in(field.annotation)
        path = (*keys, name)
        heading = ".".join(path)
        for table in tables:
            kind = f' of type "{tag(table)}"' if len(tables) > 1 else ""
            several = get_origin(field.annotation) is tuple
            yield (f"[[{heading}]]" if several else f"[{heading}]") + kind, table
            yield from sections(table, path)


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

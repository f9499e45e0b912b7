"""Boxes whose very names say that they are beside the article. Owns the reading of those names from data."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from feedpub.cleaner.layout import Layout

NEAR = 4  # boxes outwards from a block; further out a name is about the whole page


def named(layout: Layout) -> Iterator[tuple[int, str]]:
    """The blocks close inside a box that is called something else than an article, and what it is called."""
    boxes = layout.boxes
    if not any(map(_find, {box.name for box in boxes})):
        return
    for index, block in enumerate(layout.blocks):
        box = block.box
        for _ in range(NEAR):
            if said := _find(boxes[box].name):
                yield index, said
                break
            box = boxes[box].parent


@lru_cache(maxsize=100_000)
def _find(name: str) -> str | None:
    known = names()
    return next((known[value] for value in name.lower().replace("|", " ").split()[1:] if value in known), None)


@cache
def names() -> Mapping[str, str]:
    """The names that feedpub ships, each with what its box is."""
    listed = tomllib.loads((files("feedpub.cleaner") / "data" / "boxes.toml").read_text(encoding="utf-8"))
    return {name: f"{kind['says']} (class {name})" for kind in listed.values() for name in kind["names"]}

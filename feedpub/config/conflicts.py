"""What is wrong between settings that are each well by themselves.

Reads the document as parsed, so that these findings come together with all others and not only once those are mended.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from feedpub.config import durations
from feedpub.config.messages import Finding
from feedpub.config.models import FeedConfig, Settings
from feedpub.config.output import is_address
from feedpub.config.parts import Whole
from feedpub.config.positions import KeyPath
from feedpub.config.state import is_database
from feedpub.config.values import locate

Table = Mapping[str, object]


def conflicts(document: Table, whole: Whole, file: Path) -> Iterator[Finding]:
    """Every conflict in the document of a config.

    Args:
        document: as parsed, with the feeds of all files.
        whole: knows where they stand.
        file: the main one.
    """
    feeds = list(_tables(document, (), "feed"))
    yield from _same_names(feeds, whole)
    for path, feed in feeds:
        if "every" in feed and "cron" in feed:
            yield Finding((*path, "cron"), "stands beside every; keep the one that you want")
        yield from _bounds(path, feed)
        yield from _same_sources(path, feed)
    yield from _queue(document.get("feedpub"))
    yield from _half_a_key(document.get("s3"))
    yield from _rules(document.get("rules"), file.parent)
    yield from _folders(document, feeds, Path(os.path.abspath(file)))  # noqa: PTH100 -- see values.locate


def _tables(table: Table, path: KeyPath, key: str) -> Iterator[tuple[KeyPath, Table]]:
    """The tables of an array of tables, with their paths; whatever else stands there is pydantic's to refuse."""
    array = table.get(key)
    for index, item in enumerate(array if isinstance(array, list) else ()):
        if isinstance(item, dict):
            yield (*path, key, index), item


def _same_names(feeds: list[tuple[KeyPath, Table]], whole: Whole) -> Iterator[Finding]:
    places: dict[str, KeyPath] = {}
    for path, feed in feeds:
        name, place = feed.get("name"), (*path, "name")
        if isinstance(name, str) and name in places:
            yield Finding(place, f"the feed {whole.seen_from(places[name], place)} has the same name; write another")
        elif isinstance(name, str):
            places[name] = place


def _bounds(path: KeyPath, feed: Table) -> Iterator[Finding]:
    """A shortest time between two looks that is longer than the longest."""
    shortest, longest = (_duration(feed, name) for name in ("min_every", "max_every"))
    if shortest is None or longest is None or shortest <= longest:
        return
    if "min_every" in feed:
        yield Finding(
            (*path, "min_every"), f'longer than max_every, "{durations.written(longest)}"; write a shorter one'
        )
    else:
        yield Finding(
            (*path, "max_every"), f'shorter than min_every, "{durations.written(shortest)}"; write a longer one'
        )


def _duration(feed: Table, name: str) -> timedelta | None:
    try:
        return durations.parse(feed.get(name, FeedConfig.model_fields[name].default))
    except ValueError:  # told where the value itself is checked
        return None


def _same_sources(path: KeyPath, feed: Table) -> Iterator[Finding]:
    numbers: dict[object, int] = {}
    for place, source in _tables(feed, path, "source"):
        key = "path" if "path" in source else "url"
        address = source.get(key)
        identity = os.path.normpath(address) if key == "path" and isinstance(address, str) else address
        if isinstance(identity, str) and identity in numbers:
            yield Finding((*place, key), f"the same as that of source {numbers[identity]}; make the two one source")
        elif isinstance(identity, str):
            numbers[identity] = int(place[-1]) + 1


def _folders(document: Table, feeds: list[tuple[KeyPath, Table]], file: Path) -> Iterator[Finding]:
    """Folders that would publish what is private, or read what is published."""
    settings = document.get("feedpub")
    output, state = (_setting(settings, name, file.parent) for name in ("output", "state"))
    if output is None:
        return
    if file.is_relative_to(output):
        yield Finding(
            ("feedpub", "output"), 'holds this config, which would be published; write for example "../feeds"'
        )
    if state and state.is_relative_to(output):
        yield Finding(
            ("feedpub", "state"), "lies in the output folder and would be published; write a folder beside it"
        )
    for path, feed in feeds:
        for place, source in _tables(feed, path, "source"):
            articles = _path(source.get("path"), file.parent)
            if articles and (articles.is_relative_to(output) or output.is_relative_to(articles)):
                yield Finding((*place, "path"), f'overlaps the output folder "{output}"; keep articles elsewhere')


def _queue(settings: object) -> Iterator[Finding]:
    if isinstance(settings, dict) and settings.get("queue") is True and not is_database(settings.get("state")):
        yield Finding(
            ("feedpub", "queue"),
            "needs the state in PostgreSQL, which keeps the queue, too; write for example "
            'state = "postgresql://feedpub@db.example.org/feedpub"',
        )


def _half_a_key(storage: object) -> Iterator[Finding]:
    """An access key without its secret, or the other way round."""
    given = [name for name in ("key", "secret") if name in storage] if isinstance(storage, dict) else []
    if len(given) == 1:
        other = "secret" if given == ["key"] else "key"
        yield Finding(("s3", given[0]), f"stands without {other}; write both, or none to use the environment's")


def _rules(written: object, folder: Path) -> Iterator[Finding]:
    """Folders of rules that are not there, though the config names them."""
    wanted = {"sites": "a folder with a file for each host", "ftr_site_config": "where ftr-site-config was checked out"}
    for name, what in wanted.items():
        path = _path(written.get(name), folder) if isinstance(written, dict) else None
        if path and not path.is_dir():
            yield Finding(("rules", name), f"there is no folder {path}; write {what}, or leave the line out")


def _setting(settings: object, name: str, folder: Path) -> Path | None:
    default = str(Settings.model_fields[name].default)
    written = settings.get(name, default) if isinstance(settings, dict) else default
    return None if is_database(written) else _path(written, folder)


def _path(value: object, folder: Path) -> Path | None:
    try:
        return locate(value, folder) if isinstance(value, str) and not is_address(value) else None
    except ValueError:  # told where the value itself is checked
        return None

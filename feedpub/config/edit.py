"""Edit TOML files: add feeds to the config, change a source, add rules to a site's file.

Comments, order, spacing and line ends are kept. The config is only written after the loader has
accepted the complete new text and found no other change in it. It is replaced atomically, so that a
service that watches the file never reads half of it.
"""

import difflib
import os
import re
import tempfile
from collections.abc import Iterable, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Item

from feedpub.config.files import find_feed_file, read_config_file, read_feed_file, read_verbatim
from feedpub.config.load import changed_feeds, parse_config
from feedpub.config.models import Config
from feedpub.config.sources import RemoteSource, Source
from feedpub.config.toml_lines import TomlLines
from feedpub.config.types import RESERVED_NAMES
from feedpub.core.errors import ConfigError
from feedpub.core.transliterate import transliterate

T = TypeVar("T")

BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"
_MAX_LINE_CHARS = 100  # a longer list has one rule per line
_MAX_NAME_CHARS = 40  # the name is part of every URL of the feed
_NEW_FILE_MODE = 0o644


# --- Names of feeds ---


class NameAllocator:
    """Allocates unique names for feeds.

    Args:
        taken: the names of existing feeds.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {*taken, *RESERVED_NAMES}
        self._next_numbers: dict[str, int] = {}  # by stem: the first number that may be free

    def claim(self, wanted: str) -> str:
        """Make a name from a title or host: a-z, 0-9 and -, numbered if it is taken."""
        stem = _make_stem(wanted)
        for number in count(self._next_numbers.get(stem, 1)):
            name = stem if number == 1 else f"{stem}-{number}"
            if name not in self._taken:
                break
        self._next_numbers[stem] = number + 1
        self._taken.add(name)
        return name


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """Make one name from a title or host, as `NameAllocator` does."""
    return NameAllocator(taken).claim(wanted)


def _make_stem(wanted: str) -> str:
    stem = re.sub("[^a-z0-9]+", "-", transliterate(re.sub("['\u2019]", "", wanted))).strip("-")
    if len(stem) > _MAX_NAME_CHARS:
        stem = stem[:_MAX_NAME_CHARS].rpartition("-")[0] or stem[:_MAX_NAME_CHARS]
    return stem.replace("-archive-", "-") or "feed"


# --- New feeds ---


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed with one source, to be added to the config.

    Attributes:
        name: as in `[[feed]]`.
        title: as in `[[feed]]`.
        kind: the type of its source, such as page or feed.
        url: the URL of its source.
        link: as in `[[feed]]`; None if the source is itself the page.
        settings: further settings of its `[[feed.source]]`.
    """

    name: str
    title: str
    kind: str
    url: str
    link: str | None = None
    settings: Mapping[str, str | bool | list[str]] = field(default_factory=dict)

    def as_toml(self) -> str:
        """Return the feed as TOML that ends in a newline."""
        source = {"type": self.kind, "url": self.url, **self.settings}
        feed = {"name": self.name, "title": self.title, "link": self.link, "source": [source]}
        return format_feed_block({key: value for key, value in feed.items() if value})


class Track(Protocol):
    """Shows the progress of a loop."""

    def __call__(self, items: Sequence[T], what: str) -> Iterable[T]:
        """Yield the items; `what` names the loop."""


def track_silently(items: Sequence[T], what: str) -> Iterable[T]:  # noqa: ARG001 -- a Track
    """Yield the items without showing progress."""
    return items


def ensure_not_configured(path: Path, *urls: str) -> None:
    """Check that no feed of the config has one of the URLs as a source.

    Args:
        path: the main config file; it need not exist.
        urls: the URLs; different spellings of a URL are recognised.

    Raises:
        ConfigError: a feed has one, or the config is invalid.
    """
    if not path.exists():
        return
    wanted = set(map(_normalize_url, urls))
    for feed in parse_config(read_config_file(path), path).feed:
        for number, source in enumerate(feed.source):
            if isinstance(source, RemoteSource) and _normalize_url(source.url) in wanted:
                file, at = find_feed_file(path, feed.name) or (path, 0)
                lines = TomlLines(read_feed_file(file))
                line = lines.line_of(("feed", at, "source", number, "url"))
                raise ConfigError(
                    f"{file}:{line}: {source.url} is a source of the feed {feed.name} already; "
                    f"build it with: feedpub build {feed.name}"
                )


def _normalize_url(url: str) -> str:
    """Return a text that different spellings of a URL have in common."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{port}{parts.path.rstrip('/')}?{parts.query}"


def format_feed_block(feed: Mapping[str, object]) -> str:
    """Format a feed as `[[feed]]`, with a block for each source and each other table."""
    sources = feed.get("source")
    if not isinstance(sources, Sequence):
        sources = ()
    values: dict[str, object] = {}
    tables: dict[str, Mapping[str, object]] = {}
    for key, value in feed.items():
        if isinstance(value, Mapping):
            tables[key] = value
        elif key != "source":
            values[key] = value
    blocks = [_format_table("[[feed]]", values)]
    blocks += [_format_table("[[feed.source]]", source) for source in sources]
    blocks += [_format_table(f"[feed.{key}]", table) for key, table in tables.items()]
    return "\n".join(blocks)


def _format_table(heading: str, values: Mapping[str, object]) -> str:
    """Format a table; tables in it, such as headers, become inline tables."""
    lines = [heading]
    lines += [f"{key} = {_make_item(value).as_string()}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def _make_item(value: object) -> Item:
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    table.update(value)
    return table


def add_feed(path: Path, new: NewFeed, environ: Mapping[str, str] = os.environ) -> None:
    """Add a feed to the config file; a missing file is created, with comments.

    Args:
        path: the main config file.
        new: the feed.
        environ: as for `load_config`.

    Raises:
        ConfigError: the URL is already a source, the config is invalid, or the file cannot be
            written.
    """
    ensure_not_configured(path, new.url)
    save_config(path, with_new_feed(path, new, environ))


def with_new_feed(path: Path, new: NewFeed, environ: Mapping[str, str] = os.environ) -> str:
    """Return the text of the config with another feed; nothing is written.

    Args:
        path: the main config file.
        new: the feed.
        environ: as for `load_config`.

    Raises:
        ConfigError: the config is invalid, or would be with this feed.
    """
    return _append_blocks(path, {new.name: new.as_toml()}, environ)


def with_new_feeds(
    path: Path,
    tables: Sequence[Mapping[str, object]],
    environ: Mapping[str, str] = os.environ,
    track: Track = track_silently,
) -> str:
    """Return the text of the config with further feeds; nothing is written.

    Args:
        path: the main config file.
        tables: the `[[feed]]` tables; their names must not be taken.
        environ: as for `load_config`.
        track: shows the progress.

    Raises:
        ConfigError: the config is invalid, or would be with these feeds.
    """
    blocks = {str(table["name"]): format_feed_block(table) for table in track(tables, "writing")}
    return _append_blocks(path, blocks, environ)


def _append_blocks(path: Path, blocks: Mapping[str, str], environ: Mapping[str, str]) -> str:
    text = _read_or_create(path)
    without_mark = text.removeprefix(BYTE_ORDER_MARK)
    before = parse_config(without_mark, path, environ)
    _check_can_append(without_mark, path)
    newline = "\r\n" if "\r\n" in text else "\n"
    added = newline + "\n".join(blocks.values()).replace("\n", newline)
    if not text.endswith(newline):
        added = newline + added
    after = parse_config(without_mark + added, path, environ)
    _check_only_added(before, after, blocks.keys(), path)
    return text + added


def _read_or_create(path: Path) -> str:
    """Return the file's text, or the text of a first config if there is no file."""
    if path.exists():
        return read_verbatim(path)
    first = files(__package__).joinpath("first.toml").read_text("utf-8")
    if path.absolute().parent.name == "config":
        return first
    # Put the folders next to the config; the blanks keep the comments aligned.
    return re.sub(r'"\.\./([.\w]+)"', r'"\1"   ', first)


def _check_can_append(text: str, path: Path) -> None:
    """Check that no `feed = [...]` prevents a `[[feed]]` block."""
    feeds = tomlkit.parse(text).get("feed")
    if feeds is not None and not isinstance(feeds, AoT):
        line = TomlLines(text).line_of(("feed",))
        raise ConfigError(
            f"{path}:{line}: feedpub cannot add to feeds in an array on one line; "
            "write each as [[feed]]"
        )


def _check_only_added(before: Config, after: Config, names: KeysView[str], path: Path) -> None:
    """Check that the added feeds are the only change."""
    expected = {"added": list(names), "changed": [], "removed": []}
    if changed_feeds(before, after) == expected and after.feedpub == before.feedpub:
        return
    what = f"these {len(names)} feeds"
    if len(names) == 1:
        what = f"the feed {next(iter(names))}"
    raise ConfigError(f"{path}: the block would change more than {what}; add it by hand")


def save_config(path: Path, text: str) -> None:
    """Replace a file atomically; its mode is kept, and so is a symbolic link to it.

    Raises:
        ConfigError: it cannot be written and is unchanged.
    """
    try:
        _replace_file(path.resolve(), text)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; the file is unchanged"
        ) from error


def _replace_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o7777 if path.exists() else _NEW_FILE_MODE
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


# --- Changes of a source ---


@dataclass(frozen=True, slots=True)
class ConfigPatch:
    """A change of a config file.

    Attributes:
        path: the file.
        before: its complete text now, with its byte order mark.
        after: its complete text after the change.
    """

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """Return the change as a unified diff."""
        old, new = _split_lines(self.before), _split_lines(self.after)
        name = str(self.path)
        return "\n".join(difflib.unified_diff(old, new, name, name, lineterm=""))

    def apply(self) -> None:
        """Write the file.

        Raises:
            ConfigError: it has changed meanwhile, or cannot be written.
        """
        if read_verbatim(self.path) != self.before:
            raise ConfigError(f"{self.path}: has changed meanwhile; run the command again")
        save_config(self.path, self.after)


def _split_lines(text: str) -> list[str]:
    return text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").splitlines()


def patch_source(
    path: Path,
    feed: str,
    source: Source,
    changes: Mapping[str, str | None],
    environ: Mapping[str, str] = os.environ,
) -> ConfigPatch:
    """Return the change of a source's settings; nothing is written.

    Args:
        path: the main config file.
        feed: the name of the source's feed.
        source: the source as it was loaded.
        changes: the new values by key; None removes a key.
        environ: as for `load_config`.

    Raises:
        ConfigError: the config is invalid, does not contain the source, or would be invalid with
            the change.
    """
    file, at = find_feed_file(path, feed) or (path, 0)
    complete = read_verbatim(file)
    text = complete.removeprefix(BYTE_ORDER_MARK)
    mark = complete[: len(complete) - len(text)]
    before = _parse_with(path, file, text, environ)
    position = _find_source(before, feed, source, file)
    changed = _change_source(text, (at, position[1]), changes)
    after = _parse_with(path, file, changed, environ)
    _check_only_changed(before, after, position, changes, file)
    return ConfigPatch(file, complete, mark + changed)


def _parse_with(path: Path, file: Path, text: str, environ: Mapping[str, str]) -> Config:
    """Parse the config with the given text in one of its files."""
    if file == path:
        return parse_config(text, path, environ)
    return parse_config(read_config_file(path), path, environ, {file: text})


def _find_source(config: Config, feed: str, source: Source, file: Path) -> tuple[int, int]:
    """Return the position of a feed in the config, and of a source in the feed."""
    for at, candidate in enumerate(config.feed):
        if candidate.name == feed and source in candidate.source:
            return at, candidate.source.index(source)
    raise ConfigError(f"{file}: the source of the feed {feed} has changed meanwhile")


def _change_source(text: str, position: tuple[int, int], changes: Mapping[str, str | None]) -> str:
    """Return a file's text with changed keys; new keys are inserted below the source's URL."""
    feed, source = position
    newline = "\r\n" if "\r\n" in text else "\n"
    document = tomlkit.parse(text)
    table: Any = document["feed"][feed]["source"][source]
    new: dict[str, str] = {}
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        elif key in table or isinstance(table, InlineTable):
            table[key] = value
        else:
            new[key] = value
    changed = tomlkit.dumps(document)
    return _insert_keys(changed, position, new, newline) if new else changed


def _insert_keys(text: str, position: tuple[int, int], new: Mapping[str, str], newline: str) -> str:
    """Insert keys below a source's URL.

    tomlkit would append them to the table, behind the comments that belong to the next one.
    """
    feed, source = position
    lines = text.split("\n")
    number = TomlLines(text).line_of(("feed", feed, "source", source, "url"))
    url_line = lines[number - 1]
    indent = url_line[: len(url_line) - len(url_line.lstrip())]
    inserted = []
    for key, value in new.items():
        inserted.append(f"{indent}{key} = {tomlkit.item(value).as_string()}{newline[:-1]}")
    lines[number:number] = inserted
    return "\n".join(lines)


def _check_only_changed(
    before: Config,
    after: Config,
    position: tuple[int, int],
    changes: Mapping[str, str | None],
    path: Path,
) -> None:
    """Check that the given keys of a source are the only change."""
    feed, number = position
    old, new = before.model_dump(), after.model_dump()
    old_source = old["feed"][feed]["source"][number]
    new_source = dict(new["feed"][feed]["source"][number])
    is_right = all(new_source.pop(key, None) == value for key, value in changes.items())
    # A new type has other keys, so only common keys are compared.
    for key in new_source.keys() & old_source.keys():
        is_right &= bool(new_source[key] == old_source[key])
    for dump in (old, new):
        sources = list(dump["feed"][feed]["source"])
        sources[number] = None
        dump["feed"][feed]["source"] = sources
    if not is_right or old != new:
        raise ConfigError(
            f"{path}: more than the source of the feed {before.feed[feed].name} would change; "
            "edit it by hand"
        )


# --- Rules in a site's file ---


def append_rules(
    text: str, lists: Mapping[str, Sequence[str]], single: Mapping[str, str], name: str
) -> str:
    """Return a file's text with further rules; the rules are not validated.

    Args:
        text: the file's text; "" if there is no file.
        lists: the rules to append, by the name of their list.
        single: the values to replace, by name.
        name: the file's name for messages.

    Raises:
        ConfigError: the file is invalid.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"{name}: {error}; correct the file first") from error
    for key, rules in lists.items():
        if not rules:
            continue
        existing = document.get(key)
        array = tomlkit.array() if existing is None else existing
        if not isinstance(array, Array):
            raise ConfigError(f"{name}: {key} is not a list; correct the file first")
        _extend_array(array, key, rules)
        if existing is None:
            document[key] = array
    document.update({key: value for key, value in single.items() if value})
    return tomlkit.dumps(document)


def _extend_array(array: Array, key: str, rules: Sequence[str]) -> None:
    """Append rules to a list in its existing layout: on one line, or one per line."""
    new = [rule for rule in dict.fromkeys(rules) if rule not in array]
    if "\n" in array.as_string():
        for rule in new:
            array.add_line(rule)
        return
    length = len(key) + len(array.as_string()) + sum(len(rule) + 4 for rule in new)
    if length > _MAX_LINE_CHARS:
        array.multiline(multiline=True)
    for rule in new:
        array.append(rule)

"""Rules that are added to a site's file.

All that a person wrote there stays as it is, comments and all.
"""

import difflib
import os
import re
import tempfile
import unicodedata
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
from feedpub.config.load import parse_config
from feedpub.config.models import Config
from feedpub.config.sources import RemoteSource, Source
from feedpub.config.toml_lines import TomlLines
from feedpub.config.types import RESERVED_NAMES
from feedpub.core.errors import ConfigError

LINE = 100  # columns; a longer list has a line for each of its rules


def append_rules(
    text: str, lists: Mapping[str, Sequence[str]], single: Mapping[str, str], name: str
) -> str:
    """A file's text with more rules; what they say is not looked at.

    Args:
        text: as the file is; "" where there is none.
        lists: what lists gain, by their names.
        single: values that replace others, by their names.
        name: the file's, for people.

    Raises:
        ConfigError: the file cannot be added to.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"{name}: {error}; mend the file first") from error
    for key, rules in lists.items():
        if not rules:
            continue
        known = document.get(key)
        array = tomlkit.array() if known is None else known
        if not isinstance(array, Array):
            raise ConfigError(f"{name}: {key} is no list; mend the file first")
        _extend(array, key, rules)
        if known is None:
            document[key] = array
    document.update({key: value for key, value in single.items() if value})
    return tomlkit.dumps(document)


def _extend(array: Array, key: str, rules: Sequence[str]) -> None:
    """Add rules to a list in the way it is written: in one line, or a line each."""
    new = [rule for rule in dict.fromkeys(rules) if rule not in array]
    lines = "\n" in array.as_string()
    length = len(key) + len(array.as_string()) + sum(len(rule) + 4 for rule in new)
    if not lines and length > LINE:
        array.multiline(multiline=True)
    for rule in new:
        if lines:
            array.add_line(rule)
        else:
            array.append(rule)


# SECTION: A new feed → its `[[feed]]` block at the end of the config file. Owns tomlkit, and the
# only write to that file.
#
# What stands in the file stays as it is, byte for byte, comments and all: the block is put below
# it. It is written
# only once the real loader has taken the whole, and then in one step, so that a service that
# watches never reads half.

T = TypeVar("T")
_LONGEST_NAME = 40  # characters: it stands in every address of the feed
BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"
_MODE = 0o644  # of a config that was not there before


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed with one source, as it is to stand in the config.

    Attributes:
        name, title, link: as in `[[feed]]`; no link where the source is itself the page.
        kind: page, feed or sitemap.
        url: the source's address.
        settings: what else stands in its `[[feed.source]]`.
    """

    name: str
    title: str
    kind: str
    url: str
    link: str | None = None
    settings: Mapping[str, str | bool | list[str]] = field(default_factory=dict)

    def as_toml(self) -> str:
        """The TOML of it, ending in a newline."""
        source = {"type": self.kind, "url": self.url, **self.settings}
        feed = {"name": self.name, "title": self.title, "link": self.link, "source": [source]}
        return format_feed_block({key: value for key, value in feed.items() if value})


class Track(Protocol):
    """Shows how far a loop is."""

    def __call__(self, items: Sequence[T], what: str) -> Iterable[T]:
        """Yield the items; `what` names the loop."""


def track_silently(items: Sequence[T], what: str) -> Iterable[T]:  # noqa: ARG001 -- it is a Track
    """Show nothing."""
    return items


class NameAllocator:
    """Gives out names for feeds, each once.

    Args:
        taken: names that others have.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {*taken, *RESERVED_NAMES}
        self._next: dict[str, int] = {}  # stem → the first number that may be free

    def claim(self, wanted: str) -> str:
        """Make a name of a title or host: a-z, 0-9 and -, numbered where it is taken."""
        stem = _stem(wanted)
        for number in count(self._next.get(stem, 1)):
            name = stem if number == 1 else f"{stem}-{number}"
            if name not in self._taken:
                break
        self._next[stem] = number + 1
        self._taken.add(name)
        return name


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """Make one name of a title or host, as `FreeNames` does."""
    return NameAllocator(taken).claim(wanted)


def _stem(wanted: str) -> str:
    plain = (
        unicodedata.normalize("NFKD", wanted.lower().replace("ß", "ss"))
        .encode("ascii", "ignore")
        .decode()
    )
    stem = re.sub("[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    if len(stem) > _LONGEST_NAME:
        stem = stem[:_LONGEST_NAME].rpartition("-")[0] or stem[:_LONGEST_NAME]
    return stem.replace("-archive-", "-") or "feed"


def ensure_not_configured(path: Path, *urls: str) -> None:
    """Make sure that none of some addresses is a source already, in whichever file; without a main file none is.

    Raises:
        ConfigError: one is, where, and what to do; or the config cannot be used.
    """
    if not path.exists():
        return
    wanted = {_identity(url) for url in urls}
    for feed in parse_config(read_config_file(path), path).feed:
        for number, source in enumerate(feed.source):
            if isinstance(source, RemoteSource) and _identity(source.url) in wanted:
                file, at = find_feed_file(path, feed.name) or (path, 0)
                line = TomlLines(read_feed_file(file)).line_of(
                    ("feed", at, "source", number, "url")
                )
                raise ConfigError(
                    f"{file}:{line}: {source.url} is a source of the feed {feed.name} already; "
                    f"build it with: feedpub build {feed.name}"
                )


def format_feed_block(table: Mapping[str, object]) -> str:
    """Write a whole `[[feed]]` table as TOML.

    Its sources in blocks of their own, other tables below them.
    """
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    sources = table.get("source")
    own = {key: value for key, value in table.items() if key != "source" and key not in tables}
    return "\n".join(
        [
            _section("[[feed]]", own),
            *(
                _section("[[feed.source]]", source)
                for source in (sources if isinstance(sources, Sequence) else ())
            ),
            *(_section(f"[feed.{key}]", values) for key, values in tables.items()),
        ]
    )


def _section(head: str, values: Mapping[str, object]) -> str:
    """Write a table; what is a table in it, as headers are, stands on one line."""
    lines = (f"{key} = {_inline(value).as_string()}" for key, value in values.items())
    return "\n".join([head, *lines]) + "\n"


def _inline(value: object) -> Item:
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    table = tomlkit.inline_table()
    table.update(value)
    return table


def with_new_feed(path: Path, new: NewFeed, environ: Mapping[str, str] = os.environ) -> str:
    """The whole text of the config with a new feed in it, found good by the loader; writes nothing.

    Raises:
        ConfigError: the config cannot be used, or could not be with this feed.
    """
    return _with_blocks(path, {new.name: new.as_toml()}, environ)


def with_new_feeds(
    path: Path,
    tables: Sequence[Mapping[str, object]],
    environ: Mapping[str, str] = os.environ,
    track: Track = track_silently,
) -> str:
    """As `with_feed`, for any number of whole `[[feed]]` tables, in their order.

    Their names must be free.
    """
    blocks = {str(table["name"]): format_feed_block(table) for table in track(tables, "writing")}
    return _with_blocks(path, blocks, environ)


def _with_blocks(path: Path, blocks: Mapping[str, str], environ: Mapping[str, str]) -> str:
    text = _present(path)
    known = text.removeprefix(BYTE_ORDER_MARK)
    before = parse_config(known, path, environ)
    _refuse_inline(known, path)
    newline = "\r\n" if "\r\n" in text else "\n"
    written = "\n".join(blocks.values()).replace("\n", newline)
    added = f"{'' if text.endswith(newline) else newline}{newline}{written}"
    _hold_apart(before, parse_config(known + added, path, environ), blocks.keys(), path)
    return text + added


def add_feed(path: Path, new: NewFeed, environ: Mapping[str, str] = os.environ) -> None:
    """Put a new feed into the config file; one that is not there is made, with comments.

    Raises:
        ConfigError: the feed's address is a source already, the config cannot be used, or the file
            not be written.
    """
    ensure_not_configured(path, new.url)
    save_config(path, with_new_feed(path, new, environ))


def save_config(path: Path, text: str) -> None:
    """Write the config in one step.

    Raises ConfigError where it cannot be written; it is then as it was.
    """
    try:
        _replace(path, text)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; the file is as it was"
        ) from error


def _present(path: Path) -> str:
    """What stands in the file with its line ends and its mark.

    A first config where there is no file.
    """
    if path.exists():
        return read_verbatim(path)
    first = files(__package__).joinpath("first.toml").read_text("utf-8")
    in_folder = path.absolute().parent.name == "config"
    return (
        first if in_folder else re.sub(r'"\.\./([.\w]+)"', r'"\1"   ', first)
    )  # the comments stay in line


def _refuse_inline(text: str, path: Path) -> None:
    """No block can follow `feed = [...]`. Raises ConfigError."""
    feeds = tomlkit.parse(text).get("feed")
    if feeds is not None and not isinstance(feeds, AoT):
        line = TomlLines(text).line_of(("feed",))
        raise ConfigError(
            f"{path}:{line}: feeds in an array on one line cannot be added to; write each as [[feed]]"
        )


def _hold_apart(before: Config, after: Config, names: KeysView[str], path: Path) -> None:
    """Make sure that the new feeds are all that is new. Raises ConfigError."""
    old = tuple(feed for feed in after.feed if feed.name not in names)
    new = [name for name in after.feed.names if name in names]
    if old != before.feed or new != list(names) or after.feedpub != before.feedpub:
        what = f"the feed {next(iter(names))}" if len(names) == 1 else f"these {len(names)} feeds"
        raise ConfigError(f"{path}: the block would change more than {what}; add it by hand")


def _replace(path: Path, text: str) -> None:
    """Write the file anew in one step, with the mode that it had; a link to it stays one."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o7777 if target.exists() else _MODE
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _identity(url: str) -> str:
    """What two ways of writing one address share."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{port}{parts.path.rstrip('/')}?{parts.query}"


# SECTION: A change of one source's block in the file where it stands: as text, as a diff; with
# `writing`, the only write there.
#
# Comments, order and line ends stay. The changed text counts only once the real loader finds in
# it what was there, and
# the change.


@dataclass(frozen=True, slots=True)
class ConfigPatch:
    """A config file as it is and as it would be, whole, with the marks that it has."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """What changes, as a unified diff."""
        old, new = (
            text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").splitlines()
            for text in (self.before, self.after)
        )
        return "\n".join(
            difflib.unified_diff(old, new, str(self.path), str(self.path), lineterm="")
        )

    def apply(self) -> None:
        """Write it, in one step.

        Raises ConfigError: the file changed meanwhile, or cannot be written.
        """
        if read_verbatim(self.path) != self.before:
            raise ConfigError(f"{self.path}: changed meanwhile; run the command again")
        save_config(self.path, self.after)


def patch_source(
    path: Path,
    feed: str,
    source: Source,
    changes: Mapping[str, str | None],
    environ: Mapping[str, str] = os.environ,
) -> ConfigPatch:
    """The file in which a feed stands, with some keys of a source changed, found good by the loader; writes nothing.

    Args:
        path: the main config file.
        feed: the name of the source's feed.
        source: as it was loaded.
        changes: key → its new value; None to leave it out.
        environ: as for `load`.

    Raises:
        ConfigError: the config cannot be used, has no such source, or could not be used with the
            change.
    """
    file, at = find_feed_file(path, feed) or (path, 0)
    whole = read_verbatim(file)
    text = whole.removeprefix(BYTE_ORDER_MARK)
    before = _parsed(path, file, text, environ)
    place = _place(before, feed, source, file)
    changed = _changed(text, (at, place[1]), changes)
    after = _parsed(path, file, changed, environ)
    _patching_hold_apart(before, after, place, changes, file)
    return ConfigPatch(file, whole, whole[: len(whole) - len(text)] + changed)


def _parsed(path: Path, file: Path, text: str, environ: Mapping[str, str]) -> Config:
    """The whole config with a text in one of its files. Raises ConfigError."""
    return (
        parse_config(text, path, environ)
        if file == path
        else parse_config(read_config_file(path), path, environ, {file: text})
    )


def _place(config: Config, feed: str, source: Source, file: Path) -> tuple[int, int]:
    """The positions of a feed among all, and of its source."""
    for at, each in enumerate(config.feed):
        if each.name == feed and source in each.source:
            return at, each.source.index(source)
    raise ConfigError(f"{file}: the source of the feed {feed} is not in it any more as it was")


def _changed(text: str, place: tuple[int, int], changes: Mapping[str, str | None]) -> str:
    """A file's text with the keys changed; a new one goes below the source's address."""
    newline = "\r\n" if "\r\n" in text else "\n"
    document = tomlkit.parse(text)
    table: Any = document["feed"][place[0]]["source"][place[1]]
    new: dict[str, str] = {}
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        elif key in table or isinstance(table, InlineTable):
            table[key] = value
        else:
            new[key] = value
    changed = tomlkit.dumps(document)
    return _with_lines(changed, place, new, newline) if new else changed


def _with_lines(text: str, place: tuple[int, int], new: Mapping[str, str], newline: str) -> str:
    """Lines below that of a source's address.

    At a block's end they would stand behind the comments of the next.
    """
    lines = text.split("\n")
    number = TomlLines(text).line_of(("feed", place[0], "source", place[1], "url"))
    above = lines[number - 1]
    indent = above[: len(above) - len(above.lstrip())]
    written = (
        f"{indent}{key} = {tomlkit.item(value).as_string()}{newline[:-1]}"
        for key, value in new.items()
    )
    return "\n".join([*lines[:number], *written, *lines[number:]])


def _patching_hold_apart(
    before: Config,
    after: Config,
    place: tuple[int, int],
    changes: Mapping[str, str | None],
    path: Path,
) -> None:
    """The keys of the source must be all that changed. Raises ConfigError."""
    old, new = before.model_dump(), after.model_dump()
    at, number = place
    changed = dict(new["feed"][at]["source"][number])
    right = all(changed.pop(key, None) == value for key, value in changes.items())
    was = {key: value for key, value in old["feed"][at]["source"][number].items() if key in changed}
    for dump in (old, new):
        feed = dump["feed"][at]
        feed["source"] = [*feed["source"][:number], None, *feed["source"][number + 1 :]]
    if not right or old != new or any(changed[key] != value for key, value in was.items()):
        raise ConfigError(
            f"{path}: more than the source of the feed {before.feed[at].name} would change; do it by hand"
        )

"""A new feed → its `[[feed]]` block at the end of the config file. Owns tomlkit, and the only write to that file.

What stands in the file stays as it is, byte for byte, comments and all: the block is put below it. It is written
only once the real loader has taken the whole, and then in one step, so that a service that watches never reads half.
"""

import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import tomlkit
from tomlkit.items import AoT, Item

from feedpub.config.loading import parse
from feedpub.config.models import Config
from feedpub.config.parts import home
from feedpub.config.positions import Positions
from feedpub.config.reading import exact, read, read_feeds
from feedpub.config.sources import RemoteSource
from feedpub.config.values import RESERVED
from feedpub.errors import ConfigError

T = TypeVar("T")
_LONGEST_NAME = 40  # characters: it stands in every address of the feed
MARK = "\N{BYTE ORDER MARK}"
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

    def block(self) -> str:
        """The TOML of it, ending in a newline."""
        source = {"type": self.kind, "url": self.url, **self.settings}
        feed = {"name": self.name, "title": self.title, "link": self.link, "source": [source]}
        return block_of({key: value for key, value in feed.items() if value})


class Track(Protocol):
    """Shows how far a loop is."""

    def __call__(self, items: Sequence[T], what: str) -> Iterable[T]:
        """Yield the items; `what` names the loop."""


def untracked(items: Sequence[T], what: str) -> Iterable[T]:  # noqa: ARG001 -- it is a Track
    """Show nothing."""
    return items


class FreeNames:
    """Gives out names for feeds, each once.

    Args:
        taken: names that others have.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {*taken, *RESERVED}
        self._next: dict[str, int] = {}  # stem → the first number that may be free

    def take(self, wanted: str) -> str:
        """Make a name of a title or host: a-z, 0-9 and -, numbered where it is taken."""
        stem = _stem(wanted)
        for number in count(self._next.get(stem, 1)):
            name = stem if number == 1 else f"{stem}-{number}"
            if name not in self._taken:
                break
        self._next[stem] = number + 1
        self._taken.add(name)
        return name


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Make one name of a title or host, as `FreeNames` does."""
    return FreeNames(taken).take(wanted)


def _stem(wanted: str) -> str:
    plain = unicodedata.normalize("NFKD", wanted.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    stem = re.sub("[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    if len(stem) > _LONGEST_NAME:
        stem = stem[:_LONGEST_NAME].rpartition("-")[0] or stem[:_LONGEST_NAME]
    return stem.replace("-archive-", "-") or "feed"


def refuse_known(path: Path, *urls: str) -> None:
    """Make sure that none of some addresses is a source already, in whichever file; without a main file none is.

    Raises:
        ConfigError: one is, where, and what to do; or the config cannot be used.
    """
    if not path.exists():
        return
    wanted = {_identity(url) for url in urls}
    for feed in parse(read(path), path).feed:
        for number, source in enumerate(feed.source):
            if isinstance(source, RemoteSource) and _identity(source.url) in wanted:
                file, at = home(path, feed.name) or (path, 0)
                line = Positions(read_feeds(file)).line(("feed", at, "source", number, "url"))
                raise ConfigError(
                    f"{file}:{line}: {source.url} is a source of the feed {feed.name} already; "
                    f"build it with: feedpub build {feed.name}"
                )


def block_of(table: Mapping[str, object]) -> str:
    """Write a whole `[[feed]]` table as TOML: its sources in blocks of their own, other tables below them."""
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    sources = table.get("source")
    own = {key: value for key, value in table.items() if key != "source" and key not in tables}
    return "\n".join(
        [
            _section("[[feed]]", own),
            *(_section("[[feed.source]]", source) for source in (sources if isinstance(sources, Sequence) else ())),
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


def with_feed(path: Path, new: NewFeed, environ: Mapping[str, str] = os.environ) -> str:
    """The whole text of the config with a new feed in it, found good by the loader; writes nothing.

    Raises:
        ConfigError: the config cannot be used, or could not be with this feed.
    """
    return _with_blocks(path, {new.name: new.block()}, environ)


def with_feeds(
    path: Path,
    tables: Sequence[Mapping[str, object]],
    environ: Mapping[str, str] = os.environ,
    track: Track = untracked,
) -> str:
    """As `with_feed`, for any number of whole `[[feed]]` tables, in their order; their names must be free."""
    blocks = {str(table["name"]): block_of(table) for table in track(tables, "writing")}
    return _with_blocks(path, blocks, environ)


def _with_blocks(path: Path, blocks: Mapping[str, str], environ: Mapping[str, str]) -> str:
    text = _present(path)
    known = text.removeprefix(MARK)
    before = parse(known, path, environ)
    _refuse_inline(known, path)
    newline = "\r\n" if "\r\n" in text else "\n"
    written = "\n".join(blocks.values()).replace("\n", newline)
    added = f"{'' if text.endswith(newline) else newline}{newline}{written}"
    _hold_apart(before, parse(known + added, path, environ), blocks.keys(), path)
    return text + added


def add(path: Path, new: NewFeed, environ: Mapping[str, str] = os.environ) -> None:
    """Put a new feed into the config file; one that is not there is made, with comments.

    Raises:
        ConfigError: the feed's address is a source already, the config cannot be used, or the file not be written.
    """
    refuse_known(path, new.url)
    save(path, with_feed(path, new, environ))


def save(path: Path, text: str) -> None:
    """Write the config in one step. Raises ConfigError where it cannot be written; it is then as it was."""
    try:
        _replace(path, text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}; the file is as it was") from error


def _present(path: Path) -> str:
    """What stands in the file with its line ends and its mark; a first config where there is no file."""
    if path.exists():
        return exact(path)
    first = files(__package__).joinpath("first.toml").read_text("utf-8")
    in_folder = path.absolute().parent.name == "config"
    return first if in_folder else re.sub(r'"\.\./([.\w]+)"', r'"\1"   ', first)  # the comments stay in line


def _refuse_inline(text: str, path: Path) -> None:
    """No block can follow `feed = [...]`. Raises ConfigError."""
    feeds = tomlkit.parse(text).get("feed")
    if feeds is not None and not isinstance(feeds, AoT):
        line = Positions(text).line(("feed",))
        raise ConfigError(f"{path}:{line}: feeds in an array on one line cannot be added to; write each as [[feed]]")


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

"""Load a kind, serve its site, and run feedpub on it."""

import mimetypes
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import tomlkit

from feedpub.config import Config, load_config
from feedpub.core.models import RunResult
from feedpub.pipeline.run import finish_build, run_feed
from tests.support.clock import FakeClock
from tests.support.newsroom import open_context, output_folder
from tests.support.site import Route, Site, running_site

KINDS = Path(__file__).parent / "kinds"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BETWEEN_BUILDS = timedelta(days=1)
BASE_URL = "https://feeds.example.org/"

_HEAD = f"""\
[feedpub]
allow_private = ["127.0.0.0/8"]
request_delay = "0s"
base_url = "{BASE_URL}"
"""
_TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".json": "application/json",
    ".php": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Expected:
    """An entry as a person expects it.

    Attributes:
        title: The title; None if any will do.
        url: The link; None if the entry has only its own page.
        date: A time with its zone, a day, or None for the time of a build.
        text: Passages of the entry's text.
        lacks: Passages that its text must not contain.
        html: Passages of its HTML.
        lacks_html: Passages that its HTML must not contain.
        pictures: URLs of pictures in its HTML, or of its lead image. Sizes of one picture are
            separated by spaces: one of them suffices.
        links: URLs of links in its HTML.
        enclosures: URLs of its enclosures.
        authors: Names of its authors.
        elements: Values in the RSS item, by an XPath such as `itunes:duration` or
            `podcast:chapters/@url`.
        untitled: The item has no title: JSON Feed omits it, RSS and Atom begin with its text.
    """

    title: str | None = None
    url: str | None = None
    date: datetime | date | None = None
    text: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    html: tuple[str, ...] = ()
    lacks_html: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    enclosures: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    elements: Mapping[str, str] = field(default_factory=dict)
    untitled: bool = False


@dataclass(frozen=True)
class Answer:
    """An HTTP response that differs from a plain 200 with the file of its path.

    Attributes:
        file: The file to send, relative to `site`; None for that of the path.
        content_type: The media type; None for that of the file's suffix.
    """

    file: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of source, with its addresses filled in.

    Attributes:
        description: The kind in one line, with its quirks.
        feed: The `[[feed]]` table of the config.
        entries: The expected entries in the order of publication.
        channel: Values in the RSS channel, by XPath, as `elements` of an entry.
        failures: Passages that the failures of a run must contain, such as "login".
        answers: The special responses by path.
    """

    description: str
    feed: Mapping[str, Any]
    entries: tuple[Expected, ...]
    channel: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True)
class Build:
    """A kind after its last build.

    Attributes:
        folder: The folder with the published documents `zoo.rss`, `zoo.atom` and `zoo.json`.
        results: The result of each build.
        times: The time of each build.
    """

    kind: Kind
    folder: Path
    results: tuple[RunResult, ...]
    times: tuple[datetime, ...]


def names() -> list[str]:
    """Return the names of all kinds."""
    return sorted(file.parent.name for file in KINDS.glob("*/kind.toml"))


def load_kind(text: str) -> Kind:
    """Parse a `kind.toml` whose addresses are filled in."""
    table = tomllib.loads(text)
    entries = tuple(_expected(entry) for entry in table.pop("entries", ()))
    answers = {path: Answer(**each) for path, each in table.pop("answers", {}).items()}
    return Kind(
        entries=entries,
        answers=answers,
        failures=tuple(table.pop("failures", ())),
        **table,
    )


def _expected(table: dict[str, Any]) -> Expected:
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in table.items()
    }
    return Expected(**values)


def build_kind(name: str, folder: Path) -> Build:
    """Serve a kind's site, and build its feed in a folder.

    Raises:
        FeedpubError: the config is invalid.
    """
    source = KINDS / name
    with ExitStack() as stack:
        places = {
            "site": stack.enter_context(running_site()),
            "elsewhere": stack.enter_context(running_site("127.0.0.2")),
        }
        addresses = {f"{{{place}}}": site.url("") for place, site in places.items()}
        addresses["{files}"] = str(folder / "files")
        _copy_files(source, folder / "files", addresses)
        kind = load_kind(_fill_in((source / "kind.toml").read_text("utf-8"), addresses))
        config = _configure(kind, folder)
        clock = FakeClock(NOW)
        results, times = [], []
        _serve(source / "elsewhere", places["elsewhere"], {}, addresses)
        for stage in _stages(source):
            _serve(stage, places["site"], kind.answers, addresses)
            times.append(clock.now())
            results.append(_build(config, clock))
            clock.pass_time((times[-1] + BETWEEN_BUILDS - clock.now()).total_seconds())
        return Build(kind, output_folder(config), tuple(results), tuple(times))


@contextmanager
def serve_kind(name: str) -> Iterator[Kind]:
    """Serve a kind's site as it is at the first build."""
    source = KINDS / name
    with running_site() as site, running_site("127.0.0.2") as elsewhere:
        addresses = {"{site}": site.url(""), "{elsewhere}": elsewhere.url("")}
        kind = load_kind(_fill_in((source / "kind.toml").read_text("utf-8"), addresses))
        _serve(source / "elsewhere", elsewhere, {}, addresses)
        _serve(source / "site", site, kind.answers, addresses)
        yield kind


def _copy_files(source: Path, files: Path, addresses: Mapping[str, str]) -> None:
    """Copy the local files, which a source may change, with their addresses filled in.

    Their modification time is that of the first build.
    """
    if (source / "files").is_dir():
        shutil.copytree(source / "files", files)
    for file in files.rglob("*"):
        if file.is_file():
            file.write_bytes(_read(file, addresses))
            os.utime(file, (NOW.timestamp(), NOW.timestamp()))


def _fill_in(text: str, addresses: Mapping[str, str]) -> str:
    for mark, address in addresses.items():
        text = text.replace(mark, address)
    return text


def _configure(kind: Kind, folder: Path) -> Config:
    file = folder / "config" / "feedpub.toml"
    file.parent.mkdir(parents=True)
    feed = {"name": "zoo", "title": "Zoo", **kind.feed}
    file.write_text(_HEAD + tomlkit.dumps({"feed": [feed]}), "utf-8")
    return load_config(file)


def _stages(source: Path) -> Iterator[Path]:
    """Yield the folders to serve, one for each build."""
    yield source / "site"
    yield from sorted(source.glob("site.[2-9]"))


def _build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as context:
        (result,) = [run_feed(feed, context) for feed in config.feed]
        finish_build(config, context)
    return result


def _serve(
    folder: Path, site: Site, answers: Mapping[str, Answer], addresses: Mapping[str, str]
) -> None:
    """Add the files of a folder, then the special responses, to a site."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            path = f"/{file.relative_to(folder).as_posix()}"
            route = Route(_read(file, addresses), _type_of(path))
            for each in _paths(path):
                site[each] = route
    for path, answer in answers.items():
        stored = site.routes.get(f"/{answer.file}" if answer.file else path)
        plain = stored if isinstance(stored, Route) else Route(b"", _type_of(path))
        site[path] = Route(
            plain.body,
            answer.content_type or plain.content_type,
            answer.status,
            answer.headers,
            validators=answer.status == 200,
        )


def _read(file: Path, addresses: Mapping[str, str]) -> bytes:
    body = file.read_bytes()
    for mark, address in addresses.items():
        body = body.replace(mark.encode(), address.encode())
    return body


def _paths(path: str) -> list[str]:
    """Return the paths at which a file answers."""
    folder, _, name = path.rpartition("/")
    if name == "index.html":
        return [path, f"{folder}/", *([folder] if folder else [])]
    return [path]


def _type_of(path: str) -> str:
    suffix = Path(path).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or _TYPES[".html"]

"""Define the result of an import: feeds, site rules, and what is not supported."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import unquote, urlsplit

from feedpub.config import format_duration
from feedpub.core.urls import bare_host_from_url

KeyValues = tuple[tuple[str, str], ...]

_LIST_SETTINGS = ("remove", "keep")


@dataclass(frozen=True, slots=True)
class ImportedFeed:
    """A feed for the config, with one source.

    Attributes:
        location: the file and line that it is from.
        type: of its source.
        url: of its source.
        title: the feed's.
        name: the preferred stem of its files; "" to use the title.
        every: the interval as in the config: "6h".
        limit: of entries; None for the default.
        links: the selector of the article links of a page; "" to find them by its structure.
        include: patterns of article URLs.
        selectors: settings of its source that find an item or a part of it.
        fetch: each item's link is fetched as an article, although the items have selectors.
        body: JSON to send with POST.
    """

    location: str
    type: Literal["page", "feed", "items", "json"]
    url: str
    title: str
    name: str = ""
    description: str = ""
    language: str = ""
    icon: str = ""
    link: str = ""
    every: str = ""
    limit: int | None = None
    links: str = ""
    headers: KeyValues = ()
    cookies: KeyValues = ()
    proxy: str = ""
    include: tuple[str, ...] = ()
    selectors: KeyValues = ()
    fetch: bool = False
    body: str = ""

    def as_toml_table(self, name: str) -> dict[str, object]:
        """Return the `[[feed]]` table of the config under a name, without defaults."""
        source = {
            "type": self.type,
            "url": self.url,
            "links": self.links,
            **dict(self.selectors),
            "fetch": self.fetch,
            "body": self.body,
            "headers": dict(self.headers),
            "cookies": dict(self.cookies),
            "proxy": self.proxy,
        }
        feed = {
            "name": name,
            "title": self.title,
            "description": self.description,
            "language": self.language,
            "icon": self.icon,
            "link": self.link,
            "every": self.every,
            "limit": self.limit,
            "source": [{key: value for key, value in source.items() if value}],
            "include": {"url": list(self.include)} if self.include else {},
        }
        return {key: value for key, value in feed.items() if value}

    def as_json(self) -> dict[str, object]:
        """Return the object that `feedpub import --json` prints."""
        fields = asdict(self)
        return {"where": fields.pop("location"), **fields}


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A setting of the file that is not imported.

    Attributes:
        location: the file and line, or the address.
        what: the setting.
        hint: the reason, and what to do.
        is_important: False if feedpub does the same automatically, or does not need it.
    """

    location: str
    what: str
    hint: str
    is_important: bool = True

    def __str__(self) -> str:
        return f"{self.location}: {self.what}: {self.hint}"

    def as_json(self) -> dict[str, object]:
        """Return the object that `feedpub import --json` prints."""
        return {
            "where": self.location,
            "what": self.what,
            "instead": self.hint,
            "matters": self.is_important,
        }


@dataclass(frozen=True, slots=True)
class ImportedSite:
    """Rules for the articles of one site: the settings of `sites/<host>.toml`."""

    location: str
    host: str
    settings: tuple[tuple[str, tuple[str, ...]], ...]

    def describe(self) -> str:
        """Return the settings on one line."""
        return ", ".join(f"{key} {' | '.join(selectors)}" for key, selectors in self.settings)

    def text(self) -> str:
        """Return the TOML of the site's file."""
        lines = [f"# The articles of {self.host}, from {self.location}."]
        for key, selectors in self.settings:
            written = [json.dumps(selector, ensure_ascii=False) for selector in selectors]
            is_list = key in _LIST_SETTINGS
            value = f"[{', '.join(written)}]" if is_list else written[0]
            lines.append(f"{key} = {value}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of importing one file or several."""

    feeds: tuple[ImportedFeed, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    sites: tuple[ImportedSite, ...] = ()


def combine_imports(parts: Iterable[Imported]) -> Imported:
    """Combine several results."""
    feeds: list[ImportedFeed] = []
    unsupported: list[Unsupported] = []
    sites: list[ImportedSite] = []
    for part in parts:
        feeds += part.feeds
        unsupported += part.unsupported
        sites += part.sites
    return Imported(tuple(feeds), tuple(unsupported), tuple(sites))


def title_from_url(url: str) -> str:
    """Return a title for a feed without one: the host, and the last part of the path."""
    host = bare_host_from_url(url) or url
    path = urlsplit(url).path.rstrip("/")
    words = re.findall(r"\w+", unquote(path.rpartition("/")[2].partition(".")[0]).replace("_", " "))
    return f"{host}: {' '.join(words)}" if words else host


def parse_interval(seconds: int) -> str:
    """Return a format_duration as `every` takes it."""
    return format_duration(timedelta(seconds=seconds))


def parse_cookies(header: str) -> KeyValues:
    """Return the cookies of a Cookie header."""
    cookies: list[tuple[str, str]] = []
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            cookies.append((name.strip(), value.strip()))
    return tuple(cookies)

"""What a file of another program becomes.

Feeds to be added, rules for sites, and what is lost on the way.
"""

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

_LISTS = ("remove", "keep")  # settings of a site that take several selectors


@dataclass(frozen=True, slots=True)
class ImportedFeed:
    """A feed as it will stand in the config: one source, and what the other program said about it.

    Attributes:
        where: file and line that it comes from.
        type: of its source.
        url: of its source.
        title: the feed's.
        name: the wished stem of its files; "" lets the title say.
        every: how often to look, as the config has it: "6h".
        limit: of entries; None leaves the default.
        links: CSS selector of the article links on a page; "" finds them by the page's structure.
        include: patterns of the addresses of articles to take.
    """

    location: str
    type: Literal["page", "feed"]
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

    def as_toml_table(self, name: str) -> dict[str, object]:
        """The `[[feed]]` table of the config, under a name.

        Nothing stands in it that says what is so anyway.
        """
        source = {
            "type": self.type,
            "url": self.url,
            "links": self.links,
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
    """Something that the file says and the config will not.

    Attributes:
        where: file and line, or the address.
        what: the setting that is not carried over.
        instead: why, and what to do.
        matters: False where feedpub does the same by itself, or the thing means nothing to it.
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
    """What a file says about the articles of one site: settings of `sites/<host>.toml`."""

    location: str
    host: str
    settings: tuple[tuple[str, tuple[str, ...]], ...]

    def describe(self) -> str:
        """The settings on one line."""
        return ", ".join(f"{key} {' | '.join(selectors)}" for key, selectors in self.settings)

    def text(self) -> str:
        """The TOML of the site's file."""
        lines = [f"# The articles of {self.host}, from {self.location}."]
        for key, selectors in self.settings:
            written = [json.dumps(selector, ensure_ascii=False) for selector in selectors]
            lines.append(
                f"{key} = [{', '.join(written)}]" if key in _LISTS else f"{key} = {written[0]}"
            )
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """All that came of one file, or of several."""

    feeds: tuple[ImportedFeed, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    sites: tuple[ImportedSite, ...] = ()


def join_url(parts: Iterable[Imported]) -> Imported:
    """Several as one."""
    found = list(parts)
    return Imported(
        tuple(feed for part in found for feed in part.feeds),
        tuple(loss for part in found for loss in part.unsupported),
        tuple(site for part in found for site in part.sites),
    )


def title_from_url(url: str) -> str:
    """A title for a feed that has none: the site's name, and the last part of the address."""
    host = bare_host_from_url(url) or url
    path = urlsplit(url).path.rstrip("/")
    words = re.findall(r"\w+", unquote(path.rpartition("/")[2].partition(".")[0]).replace("_", " "))
    return f"{host}: {' '.join(words)}" if words else host


def parse_interval(seconds: int) -> str:
    """A length of time as `every` takes it."""
    return format_duration(timedelta(seconds=seconds))


def parse_cookies(header: str) -> KeyValues:
    """The cookies of a Cookie header."""
    pairs = (pair.partition("=") for pair in header.split(";") if "=" in pair)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)

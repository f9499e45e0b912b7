"""The config: a TOML file → `Config`. Owns every setting's name, type, default and message; sees the only dicts."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Duration = timedelta  # written "90s", "30m", "6h", "7d"; the loader's author makes this an Annotated type


class Section(BaseModel):
    """A table of the config: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(Section):
    """A value kept out of the config: from an environment variable or from a file."""

    env: str | None = None
    file: Path | None = None


SecretText = str | Secret


class BasicAuth(Section):
    """HTTP basic authentication."""

    username: SecretText
    password: SecretText


class RemoteSource(Section):
    """What all sources on the network share."""

    url: str
    headers: dict[str, SecretText] = {}
    cookies: dict[str, SecretText] = {}
    auth: BasicAuth | None = None
    proxy: SecretText | None = None


class PageSource(RemoteSource):
    """A listing page; `links` is a CSS selector of the article links, found by structure when left out."""

    type: Literal["page"]
    links: str | None = None


class FeedSource(RemoteSource):
    """An RSS, Atom or JSON feed whose entries are made full-text (`fetch = false` keeps the feed's own content)."""

    type: Literal["feed"]
    fetch: bool = True


class SitemapSource(RemoteSource):
    """A sitemap, a sitemap index or a news sitemap; `include` and `exclude` are URL patterns."""

    type: Literal["sitemap"]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class FolderSource(Section):
    """A folder of saved articles."""

    type: Literal["folder"]
    path: Path
    glob: str = "**/*"


Source = Annotated[PageSource | FeedSource | SitemapSource | FolderSource, Field(discriminator="type")]


class Filters(Section):
    """Patterns over entries: a word or phrase, `*` for a URL glob, or `re:` and a regular expression."""

    title: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


class SiteRules(Section):
    """What the cleaner is told about a site: where the article is, and what never belongs to it."""

    content: str | None = None
    remove: tuple[str, ...] = ()


class FeedConfig(Section):
    """One feed: where its articles come from and how it is published."""

    name: str
    title: str
    description: str = ""
    language: str | None = None
    author: str | None = None
    icon: str | None = None
    link: str | None = None
    every: Duration = timedelta(minutes=30)
    cron: str | None = None
    limit: int = 50
    content: Literal["full", "summary"] = "full"
    summary: Literal["auto", "lead", "extract", "none"] = "auto"
    formats: tuple[Literal["rss", "atom", "json"], ...] = ("rss", "atom", "json")
    source: tuple[Source, ...]
    rules: SiteRules = SiteRules()
    include: Filters = Filters()
    exclude: Filters = Filters()


class Settings(Section):
    """What all feeds share."""

    output: Path = Path("../feeds")
    state: Path = Path("../.feedpub")
    base_url: str = "https://feeds.example.org/"
    contact: str = ""
    allow_private: tuple[str, ...] = ()
    delay: Duration = timedelta(seconds=1)
    keep: Duration = timedelta(days=365)


class Config(Section):
    """The whole file."""

    feedpub: Settings = Settings()
    feed: tuple[FeedConfig, ...] = ()

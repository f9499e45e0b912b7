"""The tables of the config: every setting's name, kind, default and description, each for itself; loads nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from feedpub.config.section import Section
from feedpub.config.sources import Source
from feedpub.config.values import (
    Age,
    Cron,
    Delay,
    Interval,
    Language,
    Located,
    Name,
    OneLine,
    Pattern,
    Removal,
    Selector,
    Title,
    Unique,
)
from feedpub.config.web import BaseAddress, Contact, Network, WebAddress


class Filters(Section):
    """Patterns over articles: a word or phrase, `*` for any characters, or `re:` and a regular expression."""

    title: tuple[Pattern, ...] = Field(
        default=(), description="Patterns of titles.", examples=[["budget", "re:^Live:"]]
    )
    url: tuple[Pattern, ...] = Field(default=(), description="Patterns of URLs.", examples=[["*/video/*"]])
    category: tuple[Pattern, ...] = Field(default=(), description="Patterns of categories.", examples=[["Sport"]])
    text: tuple[Pattern, ...] = Field(
        default=(), description="Patterns of words in the text.", examples=[["horoscope"]]
    )


class SiteRules(Section):
    """What the cleaner is told about a site: where the article is, and what never belongs to it."""

    content: Selector | None = Field(
        default=None,
        description="CSS selector of the article's body; left out, it is found by itself.",
        examples=["article .body"],
    )
    remove: tuple[Removal, ...] = Field(
        default=(),
        description="What never belongs to an article: CSS selectors, or text: and what a block begins with.",
        examples=[["aside.promo", "text:Sponsored by"]],
    )


class FeedConfig(Section):
    """One feed: where its articles come from and how it is published."""

    name: Name = Field(
        description="The stem of its files: a-z, 0-9 and -. Readers know the feed by it, so do not change it.",
        examples=["world"],
    )
    title: Title = Field(description="The feed's title in readers.", examples=["World news"])
    description: OneLine = Field(
        default="", description="One sentence about the feed.", examples=["What the world did today"]
    )
    language: Language | None = Field(
        default=None,
        description="The feed's language as a BCP 47 tag; left out, the one that most of its articles are in.",
        examples=["en", "de-AT"],
    )
    author: OneLine | None = Field(
        default=None, description="Who answers for the feed as a whole.", examples=["The editors"]
    )
    icon: WebAddress | None = Field(
        default=None,
        description="Address of a picture that stands for the feed.",
        examples=["https://example.org/icon.png"],
    )
    link: WebAddress | None = Field(
        default=None,
        description="The web page that the feed belongs to; left out, the feed's own page.",
        examples=["https://example.org/news"],
    )
    every: Interval = Field(
        default=timedelta(minutes=30),
        description="How often to look for new articles: 90s, 30m, 6h, 7d, 1h30m.",
        examples=["30m"],
    )
    cron: Cron | None = Field(
        default=None,
        description="When to look, instead of `every`: minute, hour, day, month, weekday (0 and 7 are Sunday).",
        examples=["*/30 * * * *", "0 6 * * mon-fri"],
    )
    limit: int = Field(
        default=50,
        strict=True,
        ge=1,
        le=1000,
        description="The largest number of entries in the live document.",
        examples=[50],
    )
    content: Literal["full", "summary"] = Field(
        default="full",
        description="Publish the whole text, or a summary and a link.",
        examples=["summary"],
    )
    summary: Literal["auto", "lead", "extract", "none"] = Field(
        default="auto",
        description="The summary of an entry: the editor's own or else the lead (auto), the first sentences (lead), "
        "the weightiest sentences (extract), or none.",
        examples=["lead"],
    )
    formats: Annotated[tuple[Literal["rss", "atom", "json"], ...], Unique] = Field(
        default=("rss", "atom", "json"),
        min_length=1,
        description="Which documents to publish.",
        examples=[["rss", "atom", "json"]],
    )
    source: tuple[Source, ...] = Field(
        min_length=1, description="Where its articles come from; several are merged without duplicates."
    )
    rules: SiteRules = Field(default=SiteRules(), description="What the cleaner is told about the feed's site.")
    include: Filters = Field(
        default=Filters(), description="Take only articles that match one pattern of each kind given."
    )
    exclude: Filters = Field(default=Filters(), description="Leave out articles that match any pattern.")


class Settings(Section):
    """What all feeds share."""

    output: Located = Field(
        default=Path("../feeds"),
        validate_default=True,
        description="The folder that feeds are published in, relative to the config file.",
        examples=["../feeds"],
    )
    state: Located = Field(
        default=Path("../.feedpub"),
        validate_default=True,
        description="The folder for what feedpub remembers; left out under systemd, $STATE_DIRECTORY.",
        examples=["../.feedpub"],
    )
    base_url: BaseAddress = Field(
        default="https://feeds.example.org/",
        description="The address that the output folder is served at; it stands in every feed.",
        examples=["https://feeds.example.org/"],
    )
    contact: Contact = Field(
        default="",
        description="A web or mail address for the owners of sites that are read; goes into the User-Agent.",
        examples=["https://example.org/about"],
    )
    allow_private: tuple[Network, ...] = Field(
        default=(),
        description="Networks that may be fetched from though they are not public.",
        examples=[["127.0.0.0/8", "fd00::/8"]],
    )
    delay: Delay = Field(
        default=timedelta(seconds=1),
        description="The pause between two requests to one host.",
        examples=["1s"],
    )
    keep: Age = Field(
        default=timedelta(days=365),
        description="How long an article that no source lists any more is remembered.",
        examples=["365d"],
    )


class Config(Section):
    """The whole file."""

    feedpub: Settings = Field(default_factory=Settings, description="What all feeds share.")
    feed: tuple[FeedConfig, ...] = Field(default=(), description="One feed each.")

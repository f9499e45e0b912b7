"""The tables of the config.

Every setting's name, kind, default and description, each for itself; loads nothing.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from feedpub.config.base import ConfigModel
from feedpub.config.feed_list import FeedList
from feedpub.config.locations import Output, StateLocation
from feedpub.config.secrets import SecretText
from feedpub.config.site_rules import RuleFiles, SiteRules
from feedpub.config.sources import Source
from feedpub.config.types import (
    Age,
    AgeOrNone,
    BaseAddress,
    ConfigPath,
    Contact,
    Cron,
    Deadline,
    Delay,
    Every,
    HostName,
    Interval,
    Language,
    Listen,
    Name,
    Network,
    OneLine,
    Pattern,
    TimeZone,
    Title,
    Unique,
    WebAddress,
)


class Filters(ConfigModel):
    """Patterns over articles.

    A word or phrase, `*` for any characters, or `re:` and a regular expression.
    """

    title: tuple[Pattern, ...] = Field(
        default=(), description="Patterns of titles.", examples=[["budget", "re:^Live:"]]
    )
    url: tuple[Pattern, ...] = Field(
        default=(), description="Patterns of URLs.", examples=[["*/video/*"]]
    )
    category: tuple[Pattern, ...] = Field(
        default=(), description="Patterns of categories.", examples=[["Sport"]]
    )
    text: tuple[Pattern, ...] = Field(
        default=(), description="Patterns of words in the text.", examples=[["horoscope"]]
    )


_NO_RULES = (
    SiteRules()
)  # one for all feeds: pydantic copies a default for each, where it has no hash


class FeedConfig(ConfigModel):
    """One feed: where its articles come from and how it is published."""

    name: Name = Field(
        description="The stem of its files: a-z, 0-9 and -. Readers know the feed by it, so do not change it.",
        examples=["world"],
    )
    title: Title = Field(description="The feed's title in readers.", examples=["World news"])
    description: OneLine = Field(
        default="",
        description="One sentence about the feed.",
        examples=["What the world did today"],
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
    every: Every = Field(
        default="auto",
        description="How often to look for new articles: 90s, 30m, 6h, 7d, 1h30m; or auto, for each source when it is "
        "likely to have something new.",
        examples=["30m"],
    )
    min_every: Interval = Field(
        default=timedelta(minutes=5),
        description='The shortest time between two looks at a source with every = "auto".',
        examples=["15m"],
    )
    max_every: Interval = Field(
        default=timedelta(days=1),
        description='The longest time between two looks at a source with every = "auto", where the source does not ask '
        "for a longer one; freshness (Cache-Control, Expires) is heard up to a day.",
        examples=["6h"],
    )
    interval_factor: float = Field(
        default=1.0,
        ge=0.01,
        le=100,
        allow_inf_nan=False,
        description='What the times between two looks are multiplied with, for every = "auto": 0.5 looks about twice '
        "as often, 2.0 half as often.",
        examples=[0.5],
    )
    cron: Cron | None = Field(
        default=None,
        description="When to look, instead of `every`: minute, hour, day, month, weekday (0 and 7 are Sunday).",
        examples=["*/30 * * * *", "0 6 * * mon-fri"],
    )
    timezone: TimeZone = Field(
        default="UTC",
        description="The time zone that `cron` is meant in.",
        examples=["Europe/Berlin"],
    )
    recheck: bool = Field(
        default=True,
        strict=True,
        description="Look at young articles again, 1, 6 and 24 hours after they were first seen, for corrections.",
        examples=[False],
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
    lead_image: bool = Field(
        default=True,
        strict=True,
        description="Put the article's picture on top of a text that has none itself.",
        examples=[False],
    )
    reading_time: bool = Field(
        default=False,
        strict=True,
        description="Begin each text with how long it takes to read.",
        examples=[True],
    )
    formats: Annotated[tuple[Literal["rss", "atom", "json"], ...], Unique] = Field(
        default=("rss", "atom", "json"),
        min_length=1,
        description="Which documents to publish.",
        examples=[["rss", "atom", "json"]],
    )
    source: tuple[Source, ...] = Field(
        min_length=1,
        description="Where its articles come from; several are merged without duplicates.",
    )
    rules: SiteRules = Field(
        default_factory=lambda: _NO_RULES,
        description="What the cleaner is told about the feed's site.",
    )
    include: Filters = Field(
        default=Filters(),
        description="Take only articles that match one pattern of each kind given.",
    )
    exclude: Filters = Field(
        default=Filters(), description="Leave out articles that match any pattern."
    )


class GlobalSettings(ConfigModel):
    """What all feeds share."""

    output: Output = Field(
        default=Path("../feeds"),
        validate_default=True,
        description="The folder that feeds are published in, relative to the config file; or, for object storage, "
        "s3:// with a bucket and a prefix.",
        examples=["../feeds", "s3://my-bucket/feeds"],
    )
    state: StateLocation = Field(
        default=Path("../.feedpub"),
        validate_default=True,
        description="The folder for what feedpub remembers; left out under systemd, $STATE_DIRECTORY. For several "
        "machines, the address of a PostgreSQL database, or where to find it.",
        examples=[
            "../.feedpub",
            "postgresql://feedpub@db.example.org/feedpub",
            {"env": "FEEDPUB_STATE"},
        ],
    )
    queue: bool = Field(
        default=False,
        strict=True,
        description="Hand the runs of feeds to `feedpub worker`, on this and other machines; needs the state in "
        "PostgreSQL.",
        examples=[True],
    )
    base_url: BaseAddress = Field(
        default="https://feeds.example.org/",
        description="The address that the output is served at; it stands in every feed.",
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
    browser_path: ConfigPath | None = Field(
        default=None,
        description="The Chromium for sources with render = true; left out, the one that is installed.",
        examples=["/usr/bin/chromium"],
    )
    request_delay: Delay = Field(
        default=timedelta(seconds=1),
        description="The pause between two requests to one host.",
        examples=["1s"],
    )
    run_timeout: Deadline = Field(
        default=timedelta(minutes=10),
        description="How long one look at a feed may take; what was not read by then waits for the next one.",
        examples=["10m"],
    )
    websub_hubs: Annotated[tuple[WebAddress, ...], Unique] = Field(
        default=(),
        description="WebSub hubs that are told of every change, and named in the feeds.",
        examples=[["https://hub.example.org/"]],
    )
    keep: Age = Field(
        default=timedelta(days=365),
        description="How long an article that no source lists any more is remembered.",
        examples=["365d"],
    )
    keep_pages: AgeOrNone = Field(
        default=timedelta(days=90),
        description="How long the pages that entries were made of are kept for `feedpub reclean`, as long as their "
        "entries are in the live document; 0s keeps none.",
        examples=["90d"],
    )

    @property
    def anchor(self) -> Path:
        """The folder that the keys of saved articles start from.

        The output folder, or the root where there is none.
        """
        return self.output if isinstance(self.output, Path) else Path("/")


class Storage(ConfigModel):
    """How the object storage is reached that `output` names with s3://, and how feeds lie there."""

    endpoint: WebAddress | None = Field(
        default=None,
        description="The server's address, for storage that is not Amazon's: MinIO, R2, Ceph and others.",
        examples=["https://minio.example.org:9000"],
    )
    region: OneLine | None = Field(
        default=None,
        description="The bucket's region; left out, as the environment or the profile says.",
        examples=["eu-central-1"],
    )
    key: SecretText | None = Field(
        default=None,
        description="The access key; left out with `secret`, the environment's (AWS_ACCESS_KEY_ID and so on), the "
        "profile's, or that of the machine's role.",
        examples=[{"env": "FEEDPUB_S3_KEY"}],
    )
    secret: SecretText | None = Field(
        default=None,
        description="What belongs to the access key.",
        examples=[{"credential": "s3-secret"}],
    )
    gzip: bool = Field(
        default=True,
        strict=True,
        description="Store texts compressed, with Content-Encoding: gzip.",
        examples=[False],
    )


class Http(ConfigModel):
    """How feeds and status are published over HTTP by `feedpub run` and `feedpub serve`."""

    listen: Listen = Field(
        default="127.0.0.1:8080",
        description="Address and port to listen on, or unix: and a path.",
        examples=["127.0.0.1:8080", "[::1]:8080", "unix:/run/feedpub/http.sock"],
    )
    admin_token: SecretText | None = Field(
        default=None,
        description='What must be known to press "Run now" on the status page, and to see that page and the metrics '
        "from another machine; left out, nobody can.",
        examples=[{"env": "FEEDPUB_TOKEN"}],
    )
    hosts: Annotated[tuple[HostName, ...], Unique] = Field(
        default=(),
        description="Names of this machine, besides localhost and loopback addresses, under which somebody on it may "
        "see the status page and the metrics.",
        examples=[["feeds.lan"]],
    )


class Email(ConfigModel):
    """Alerts by e-mail."""

    to: Annotated[tuple[OneLine, ...], Unique] = Field(
        min_length=1, description="Who gets them.", examples=[["editor@example.org"]]
    )
    sender: OneLine = Field(description="Whom they come from.", examples=["feedpub@example.org"])
    server: OneLine = Field(
        default="127.0.0.1:25",
        description="The SMTP server, with its port.",
        examples=["mail.example.org:587"],
    )
    security: Literal["none", "starttls", "tls"] = Field(
        default="none",
        description="none, starttls (mostly port 587) or tls (mostly port 465).",
        examples=["starttls"],
    )
    username: SecretText | None = Field(
        default=None, description="The user's name.", examples=["feedpub"]
    )
    password: SecretText | None = Field(
        default=None, description="The password.", examples=[{"file": "/run/secrets/smtp"}]
    )


class Alerts(ConfigModel):
    """Whom to tell when a source breaks, and when it works again."""

    webhook: SecretText | None = Field(
        default=None,
        description="Address that gets each alert as JSON, by POST; it may be a private one.",
        examples=["https://example.org/hooks/feedpub"],
    )
    command: tuple[str, ...] = Field(
        default=(),
        description="Command to run for each alert, which it gets as JSON on its standard input.",
        examples=[["/usr/local/bin/tell", "--urgent"]],
    )
    email: Email | None = Field(default=None, description="Alerts by e-mail.")


class Config(ConfigModel):
    """The whole file."""

    feedpub: GlobalSettings = Field(
        default_factory=GlobalSettings, description="What all feeds share."
    )
    http: Http = Field(default_factory=Http, description="How feeds are published over HTTP.")
    s3: Storage = Field(default_factory=Storage, description="How the object storage is reached.")
    alerts: Alerts = Field(default_factory=Alerts, description="Whom to tell when a source breaks.")
    rules: RuleFiles = Field(default_factory=RuleFiles, description="Where the rules of sites are.")
    feed: FeedList[FeedConfig] = Field(default=FeedList(), description="One feed each.")

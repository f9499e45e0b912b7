"""Define the tables of the config: each setting's name, type, default and description.

The JSON Schema of the config is made of these definitions; editors use it to complete and check.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

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
    format_duration,
)


class Filters(ConfigModel):
    """Patterns for articles: words with `*` for any characters, or regular expressions (`re:`)."""

    title: tuple[Pattern, ...] = Field(
        default=(), description="Patterns for titles.", examples=[["budget", "re:^Live:"]]
    )
    url: tuple[Pattern, ...] = Field(
        default=(), description="Patterns for URLs.", examples=[["*/video/*"]]
    )
    category: tuple[Pattern, ...] = Field(
        default=(), description="Patterns for categories.", examples=[["Sport"]]
    )
    text: tuple[Pattern, ...] = Field(
        default=(), description="Patterns for the article's text.", examples=[["horoscope"]]
    )


# Shared by all feeds: pydantic would copy this default for each feed, because it has no hash.
_NO_RULES = SiteRules()


class FeedConfig(ConfigModel):
    """A feed: its sources, and how it is published."""

    name: Name = Field(
        description="The stem of the feed's file names: a-z, 0-9 and -. Subscribers know the feed "
        "by it, so do not change it.",
        examples=["world"],
    )
    title: Title = Field(description="The feed's title in readers.", examples=["World news"])
    description: OneLine = Field(
        default="",
        description="One sentence about the feed.",
        examples=["News from all over the world"],
    )
    language: Language | None = Field(
        default=None,
        description="The feed's language as a BCP 47 tag. Default: the language of most of its "
        "articles.",
        examples=["en", "de-AT"],
    )
    author: OneLine | None = Field(
        default=None,
        description="The person or group that is responsible for the feed.",
        examples=["The editors"],
    )
    icon: WebAddress | None = Field(
        default=None,
        description="URL of an image that represents the feed.",
        examples=["https://example.org/icon.png"],
    )
    link: WebAddress | None = Field(
        default=None,
        description="URL of the web page that the feed belongs to. Default: the feed's own page.",
        examples=["https://example.org/news"],
    )
    every: Every = Field(
        default="auto",
        description='How often to check for new articles: a duration, or "auto" to check each '
        "source when it is likely to have something new.",
        examples=["30m"],
    )
    min_every: Interval = Field(
        default=timedelta(minutes=5),
        description='The shortest interval between two checks of a source with every = "auto".',
        examples=["15m"],
    )
    max_every: Interval = Field(
        default=timedelta(days=1),
        description='The longest interval between two checks of a source with every = "auto", '
        "unless the source requests a longer one. HTTP freshness (Cache-Control, Expires) is "
        "honoured up to one day.",
        examples=["6h"],
    )
    interval_factor: float = Field(
        default=1.0,
        ge=0.01,
        le=100,
        allow_inf_nan=False,
        description='Multiplies the intervals of every = "auto": 0.5 checks about twice as often, '
        "2.0 half as often.",
        examples=[0.5],
    )
    cron: Cron | None = Field(
        default=None,
        description="When to check, instead of `every`: minute, hour, day, month, weekday. 0 and "
        "7 are Sunday.",
        examples=["*/30 * * * *", "0 6 * * mon-fri"],
    )
    timezone: TimeZone = Field(
        default="UTC",
        description="The time zone of `cron`.",
        examples=["Europe/Berlin"],
    )
    recheck: bool = Field(
        default=True,
        strict=True,
        description="Check young articles for corrections 1, 6 and 24 hours after they were first "
        "seen.",
        examples=[False],
    )
    limit: int = Field(
        default=50,
        strict=True,
        ge=1,
        le=1000,
        description="The maximum number of entries in the live document.",
        examples=[50],
    )
    content: Literal["full", "summary"] = Field(
        default="full",
        description="Publish the full text, or a summary and a link.",
        examples=["summary"],
    )
    summary: Literal["auto", "lead", "extract", "none"] = Field(
        default="auto",
        description="The summary of an entry: the editor's own or else the lead (auto), the first "
        "sentences (lead), the most important sentences (extract), or none.",
        examples=["lead"],
    )
    lead_image: bool = Field(
        default=True,
        strict=True,
        description="Put the article's image above a text that has no image.",
        examples=[False],
    )
    reading_time: bool = Field(
        default=False,
        strict=True,
        description="Begin each text with its reading time.",
        examples=[True],
    )
    formats: Annotated[tuple[Literal["rss", "atom", "json"], ...], Unique] = Field(
        default=("rss", "atom", "json"),
        min_length=1,
        description="The formats to publish.",
        examples=[["rss", "atom", "json"]],
    )
    merge_similar: bool = Field(
        default=True,
        strict=True,
        description="Publish a story that several sources tell in nearly the same words as one "
        "entry: the fullest version, with links to the others.",
        examples=[False],
    )
    similarity_threshold: float = Field(
        default=0.6,
        ge=0.3,
        le=1,
        allow_inf_nan=False,
        description="The share of a text's runs of four words that another text needs to be the "
        "same story. Articles of one host need at least 0.95, and the same title.",
        examples=[0.8],
    )
    source: tuple[Source, ...] = Field(
        min_length=1,
        description="The sources of its articles. An article that several of them list is "
        "published once.",
    )
    rules: SiteRules = Field(
        default_factory=lambda: _NO_RULES,
        description="Rules for the feed's site: how to find the article, and what to remove.",
    )
    include: Filters = Field(
        default=Filters(),
        description="Publish only articles that match one pattern of each kind given.",
    )
    exclude: Filters = Field(
        default=Filters(), description="Leave out articles that match any pattern."
    )


class GlobalSettings(ConfigModel):
    """Settings for all feeds."""

    output: Output = Field(
        default=Path("../feeds"),
        validate_default=True,
        description="The folder to publish feeds in, relative to the config file; or s3:// with a "
        "bucket and a prefix.",
        examples=["../feeds", "s3://my-bucket/feeds"],
    )
    state: StateLocation = Field(
        default=Path("../.feedpub"),
        validate_default=True,
        description="The folder for the state, relative to the config file. Default under systemd: "
        "$STATE_DIRECTORY. For several machines: the address of a PostgreSQL database, or a "
        "secret that contains it.",
        examples=[
            "../.feedpub",
            "postgresql://feedpub@db.example.org/feedpub",
            {"env": "FEEDPUB_STATE"},
        ],
    )
    queue: bool = Field(
        default=False,
        strict=True,
        description="Leave the runs to `feedpub worker`, on this and other machines. Requires the "
        "state in PostgreSQL.",
        examples=[True],
    )
    base_url: BaseAddress = Field(
        default="https://feeds.example.org/",
        description="The address that the output is served at. Every feed contains it.",
        examples=["https://feeds.example.org/"],
    )
    contact: Contact = Field(
        default="",
        description="A web or mail address for the owners of the sites that feedpub reads. It is "
        "part of the User-Agent.",
        examples=["https://example.org/about"],
    )
    allow_private: tuple[Network, ...] = Field(
        default=(),
        description="Private networks that feedpub may fetch from.",
        examples=[["127.0.0.0/8", "fd00::/8"]],
    )
    browser_path: ConfigPath | None = Field(
        default=None,
        description="The Chromium for sources with render = true. Default: the one that is "
        "installed.",
        examples=["/usr/bin/chromium"],
    )
    request_delay: Delay = Field(
        default=timedelta(seconds=1),
        description="The pause between two requests to one host.",
        examples=["1s"],
    )
    run_timeout: Deadline = Field(
        default=timedelta(minutes=10),
        description="The maximum duration of one run of a feed. Articles that were not read by "
        "then wait for the next run.",
        examples=["10m"],
    )
    websub_hubs: Annotated[tuple[WebAddress, ...], Unique] = Field(
        default=(),
        description="WebSub hubs to notify of every change. The feeds name them.",
        examples=[["https://hub.example.org/"]],
    )
    keep: Age = Field(
        default=timedelta(days=365),
        description="How long to remember an article that no source lists any more.",
        examples=["365d"],
    )
    keep_pages: AgeOrNone = Field(
        default=timedelta(days=90),
        description="How long to keep the pages of entries in the live document for `feedpub "
        "reclean`. 0s keeps none.",
        examples=["90d"],
    )

    @property
    def anchor(self) -> Path:
        """Return the folder that keys of saved articles are relative to.

        It is the output folder, or the root if the output is a bucket.
        """
        return self.output if isinstance(self.output, Path) else Path("/")


class Storage(ConfigModel):
    """Access to the object storage that `output` names with s3://."""

    endpoint: WebAddress | None = Field(
        default=None,
        description="The server's address, for storage other than Amazon S3: MinIO, R2, Ceph and "
        "others.",
        examples=["https://minio.example.org:9000"],
    )
    region: OneLine | None = Field(
        default=None,
        description="The bucket's region. Default: as the environment or the profile defines it.",
        examples=["eu-central-1"],
    )
    key: SecretText | None = Field(
        default=None,
        description="The access key. Default, together with `secret`: from the environment "
        "(AWS_ACCESS_KEY_ID and so on), the profile, or the machine's role.",
        examples=[{"env": "FEEDPUB_S3_KEY"}],
    )
    secret: SecretText | None = Field(
        default=None,
        description="The secret key that belongs to the access key.",
        examples=[{"credential": "s3-secret"}],
    )
    gzip: bool = Field(
        default=True,
        strict=True,
        description="Store text files compressed, with Content-Encoding: gzip.",
        examples=[False],
    )


class Http(ConfigModel):
    """The HTTP server of `feedpub run` and `feedpub serve`."""

    listen: Listen = Field(
        default="127.0.0.1:8080",
        description="The address and port to listen on, or unix: and a path.",
        examples=["127.0.0.1:8080", "[::1]:8080", "unix:/run/feedpub/http.sock"],
    )
    admin_token: SecretText | None = Field(
        default=None,
        description='The token for "Run now" on the status page, and for the status page and the '
        "metrics from other machines. Without a token, these are disabled.",
        examples=[{"env": "FEEDPUB_TOKEN"}],
    )
    hosts: Annotated[tuple[HostName, ...], Unique] = Field(
        default=(),
        description="Names of this machine, in addition to localhost and loopback addresses, that "
        "local clients may use for the status page and the metrics.",
        examples=[["feeds.lan"]],
    )


class Email(ConfigModel):
    """Alerts by e-mail."""

    to: Annotated[tuple[OneLine, ...], Unique] = Field(
        min_length=1, description="The recipients.", examples=[["editor@example.org"]]
    )
    sender: OneLine = Field(description="The sender's address.", examples=["feedpub@example.org"])
    server: OneLine = Field(
        default="127.0.0.1:25",
        description="The SMTP server and its port.",
        examples=["mail.example.org:587"],
    )
    security: Literal["none", "starttls", "tls"] = Field(
        default="none",
        description="none, starttls (usually port 587) or tls (usually port 465).",
        examples=["starttls"],
    )
    username: SecretText | None = Field(
        default=None, description="The user name.", examples=["feedpub"]
    )
    password: SecretText | None = Field(
        default=None, description="The password.", examples=[{"file": "/run/secrets/smtp"}]
    )


class Alerts(ConfigModel):
    """Alerts about sources that break, and that work again."""

    webhook: SecretText | None = Field(
        default=None,
        description="The address to POST each alert to, as JSON. It may be private.",
        examples=["https://example.org/hooks/feedpub"],
    )
    command: tuple[str, ...] = Field(
        default=(),
        description="The command to run for each alert, with the alert as JSON on its standard "
        "input.",
        examples=[["/usr/local/bin/notify", "--urgent"]],
    )
    email: Email | None = Field(default=None, description="Alerts by e-mail.")


class Config(ConfigModel):
    """The config file."""

    feedpub: GlobalSettings = Field(
        default_factory=GlobalSettings, description="Settings for all feeds."
    )
    http: Http = Field(
        default_factory=Http, description="The HTTP server of `feedpub run` and `feedpub serve`."
    )
    s3: Storage = Field(
        default_factory=Storage, description="Access to the object storage that `output` names."
    )
    alerts: Alerts = Field(
        default_factory=Alerts, description="How to report that a source breaks, or works again."
    )
    rules: RuleFiles = Field(default_factory=RuleFiles, description="The location of site rules.")
    feed: FeedList[FeedConfig] = Field(default=FeedList(), description="One feed.")


class ConfigSchemaGenerator(GenerateJsonSchema):
    """Generates JSON Schema without the values that TOML cannot express."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return format_duration(dft)
        return super().encode_default(tuple(dft) if isinstance(dft, FeedList) else dft)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        result = super().default_schema(schema)
        if isinstance(result.get("default"), dict | None):
            result.pop("default", None)
        return result


def json_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of the config as text; it is deterministic."""
    schema = Config.model_json_schema(schema_generator=ConfigSchemaGenerator)
    schema["$schema"] = GenerateJsonSchema.schema_dialect
    schema["title"] = "feedpub.toml"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

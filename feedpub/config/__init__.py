"""The config: a TOML file → `Config`. Owns every setting's name, kind, default and message; sees the only dicts.

`models` and `sources` say what may be written, `values`, `web`, `durations`, `cron` and `secrets` what a value looks
like; `reading` reads a file, `parts` knows which files there are, `loading` makes one config of them, `tables` keeps
its feeds small; `writing` adds a feed, `patching` changes a source; `positions` knows lines, `messages` and `conflicts`
say what is wrong.
"""

from feedpub.config.advice import exposed, warnings
from feedpub.config.cron import fields as cron_fields
from feedpub.config.durations import written as duration
from feedpub.config.loading import find_config, load, load_site, parse_site
from feedpub.config.models import Alerts, Config, Email, FeedConfig, Filters, Http, Settings, Storage
from feedpub.config.output import Bucket
from feedpub.config.parts import files
from feedpub.config.patching import Patch, patched
from feedpub.config.positions import Positions
from feedpub.config.reading import DEFAULT
from feedpub.config.schema import json_schema
from feedpub.config.secrets import BasicAuth, Secret, SecretText, resolve, secret_variables
from feedpub.config.section import Section
from feedpub.config.site_rules import RULE_HEADERS, RuleFiles, SiteFile, SiteRules
from feedpub.config.sources import (
    HOW_TO_RENDER,
    FeedSource,
    FolderSource,
    PageSource,
    RemoteSource,
    SitemapSource,
    Source,
)
from feedpub.config.state import place_of, read_place
from feedpub.config.trial import problems, selector_problem
from feedpub.config.web import listen_address, web_address
from feedpub.config.writing import NewFeed, add, free_name, refuse_known, with_feed

__all__ = [
    "DEFAULT",
    "HOW_TO_RENDER",
    "RULE_HEADERS",
    "Alerts",
    "BasicAuth",
    "Bucket",
    "Config",
    "Email",
    "FeedConfig",
    "FeedSource",
    "Filters",
    "FolderSource",
    "Http",
    "NewFeed",
    "PageSource",
    "Patch",
    "Positions",
    "RemoteSource",
    "RuleFiles",
    "Secret",
    "SecretText",
    "Section",
    "Settings",
    "SiteFile",
    "SiteRules",
    "SitemapSource",
    "Source",
    "Storage",
    "add",
    "cron_fields",
    "duration",
    "exposed",
    "files",
    "find_config",
    "free_name",
    "json_schema",
    "listen_address",
    "load",
    "load_site",
    "parse_site",
    "patched",
    "place_of",
    "problems",
    "read_place",
    "refuse_known",
    "resolve",
    "secret_variables",
    "selector_problem",
    "warnings",
    "web_address",
    "with_feed",
]

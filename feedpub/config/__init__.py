"""The config: a TOML file → `Config`. Owns every setting's name, kind, default and message; sees the only dicts.

`models` and `sources` say what may be written, `values`, `web`, `durations`, `cron` and `secrets` what a value looks
like; `loading` reads a file, `positions` knows its lines, `messages` and `conflicts` say what is wrong with it.
"""

from feedpub.config.advice import exposed, warnings
from feedpub.config.cron import fields as cron_fields
from feedpub.config.durations import written as duration
from feedpub.config.loading import DEFAULT, find_config, load, load_site
from feedpub.config.models import Alerts, Config, Email, FeedConfig, Filters, Http, Settings
from feedpub.config.schema import json_schema
from feedpub.config.secrets import BasicAuth, Secret, SecretText, resolve, secret_variables
from feedpub.config.section import Section
from feedpub.config.site_rules import RULE_HEADERS, RuleFiles, SiteRules
from feedpub.config.sources import (
    FeedSource,
    FolderSource,
    PageSource,
    RemoteSource,
    SitemapSource,
    Source,
)
from feedpub.config.web import listen_address

__all__ = [
    "DEFAULT",
    "RULE_HEADERS",
    "Alerts",
    "BasicAuth",
    "Config",
    "Email",
    "FeedConfig",
    "FeedSource",
    "Filters",
    "FolderSource",
    "Http",
    "PageSource",
    "RemoteSource",
    "RuleFiles",
    "Secret",
    "SecretText",
    "Section",
    "Settings",
    "SiteRules",
    "SitemapSource",
    "Source",
    "cron_fields",
    "duration",
    "exposed",
    "find_config",
    "json_schema",
    "listen_address",
    "load",
    "load_site",
    "resolve",
    "secret_variables",
    "warnings",
]

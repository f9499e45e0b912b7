"""The config: a TOML file → `Config`. Owns every setting's name, kind, default and message; sees the only dicts.

`models` and `sources` say what may be written, `values`, `web`, `durations`, `cron` and `secrets`
what a value looks like; `reading` reads a file, `parts` knows which files there are, `loading`
makes one config of them, `tables` keeps its feeds small; `writing` adds a feed, `patching` changes
a source; `positions` knows lines, `messages` and `conflicts` say what is wrong.
"""

from feedpub.config.base import ConfigModel
from feedpub.config.checks import (
    check_selector_syntax,
    find_warnings,
    readable_secrets,
    validate_feed,
)
from feedpub.config.cron import cron_fields as cron_fields
from feedpub.config.edit import (
    ConfigPatch,
    NewFeed,
    add_feed,
    ensure_not_configured,
    patch_source,
    unique_name,
    with_new_feed,
)
from feedpub.config.files import DEFAULT_NAME, config_files
from feedpub.config.json_schema import json_schema
from feedpub.config.load import find_config, load_config, load_site, parse_site
from feedpub.config.locations import Bucket, parse_state_location, state_location
from feedpub.config.models import (
    Alerts,
    Config,
    Email,
    FeedConfig,
    Filters,
    GlobalSettings,
    Http,
    Storage,
)
from feedpub.config.secrets import BasicAuth, Secret, SecretText, resolve_secret, secret_variables
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
from feedpub.config.toml_lines import TomlLines
from feedpub.config.types import check_web_address, parse_listen_address
from feedpub.config.types import format_duration as duration

__all__ = [
    "DEFAULT_NAME",
    "HOW_TO_RENDER",
    "RULE_HEADERS",
    "Alerts",
    "BasicAuth",
    "Bucket",
    "Config",
    "ConfigModel",
    "ConfigPatch",
    "Email",
    "FeedConfig",
    "FeedSource",
    "Filters",
    "FolderSource",
    "GlobalSettings",
    "Http",
    "NewFeed",
    "PageSource",
    "RemoteSource",
    "RuleFiles",
    "Secret",
    "SecretText",
    "SiteFile",
    "SiteRules",
    "SitemapSource",
    "Source",
    "Storage",
    "TomlLines",
    "add_feed",
    "check_selector_syntax",
    "check_web_address",
    "config_files",
    "cron_fields",
    "duration",
    "ensure_not_configured",
    "find_config",
    "find_warnings",
    "json_schema",
    "load_config",
    "load_site",
    "parse_listen_address",
    "parse_site",
    "parse_state_location",
    "patch_source",
    "readable_secrets",
    "resolve_secret",
    "secret_variables",
    "state_location",
    "unique_name",
    "validate_feed",
    "with_new_feed",
]

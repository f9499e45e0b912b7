"""Load, check and edit the config.

    models, sources, site_rules   the tables and their settings
    types, cron, secrets, locations   the types of values
    files, load                   read the files and make one `Config` of them
    feed_list                     store thousands of feeds in little memory
    errors, toml_lines            messages with line numbers
    checks                        conflicts and warnings
    edit                          add feeds, change sources, add rules

Other packages only see `Config` and its tables, never the parsed documents.
"""

from typing import TYPE_CHECKING

from feedpub.config.base import ConfigModel
from feedpub.config.checks import (
    check_selector_syntax,
    find_warnings,
    readable_secrets,
    validate_feed,
)
from feedpub.config.cron import cron_fields
from feedpub.config.files import DEFAULT_NAME, config_files
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
    json_schema,
)
from feedpub.config.secrets import BasicAuth, Secret, SecretText, resolve_secret, secret_variables
from feedpub.config.site_rules import RULE_HEADERS, RuleFiles, SiteFile, SiteRules
from feedpub.config.sources import (
    HOW_TO_RENDER,
    FeedSource,
    FolderSource,
    ItemsSource,
    JsonSource,
    ListedSource,
    MailSource,
    PageSource,
    RemoteSource,
    SitemapSource,
    Source,
    WatchSource,
    describes_articles,
    fetches_articles,
    make_source,
)
from feedpub.config.toml_lines import TomlLines
from feedpub.config.types import check_web_address, format_duration, parse_listen_address
from feedpub.core.loading import lazy_exports

if TYPE_CHECKING:
    from feedpub.config.edit import (
        ConfigPatch,
        NewFeed,
        add_feed,
        ensure_not_configured,
        patch_source,
        unique_name,
        with_new_feed,
    )

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
    "ItemsSource",
    "JsonSource",
    "ListedSource",
    "MailSource",
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
    "WatchSource",
    "add_feed",
    "check_selector_syntax",
    "check_web_address",
    "config_files",
    "cron_fields",
    "describes_articles",
    "ensure_not_configured",
    "fetches_articles",
    "find_config",
    "find_warnings",
    "format_duration",
    "json_schema",
    "load_config",
    "load_site",
    "make_source",
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

__getattr__ = lazy_exports(
    __name__,
    {
        "edit": (
            "ConfigPatch",
            "NewFeed",
            "add_feed",
            "ensure_not_configured",
            "patch_source",
            "unique_name",
            "with_new_feed",
        ),
    },
)

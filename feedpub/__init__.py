"""Publish clean full-text feeds of sites, feeds, sitemaps and folders.

This module is the public API. It imports each name on first use, so that `import feedpub` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedpub.cleaner.extract import extract
    from feedpub.cleaner.plain_text import extract_text
    from feedpub.cleaner.rules import SiteRuleSet
    from feedpub.cleaner.rules import SiteRuleSet as RuleBook
    from feedpub.cleaner.sanitize import sanitise
    from feedpub.cleaner.site_memory import SiteMemory
    from feedpub.cleaner.summary import summarize
    from feedpub.config import SiteRules
    from feedpub.core.errors import (
        ConfigError,
        DisallowedError,
        ExtractError,
        FeedpubError,
        FetchError,
        NoContentError,
        PublishError,
        RetryLaterError,
        RunCancelledError,
        SourceError,
        StoreError,
    )
    from feedpub.core.errors import DisallowedError as RefusedError
    from feedpub.core.errors import NoContentError as NothingFound
    from feedpub.core.errors import RetryLaterError as PostponedError
    from feedpub.core.errors import RunCancelledError as AbandonedError
    from feedpub.core.models import Article, Removed

__all__ = [
    "AbandonedError",
    "Article",
    "ConfigError",
    "DisallowedError",
    "ExtractError",
    "FeedpubError",
    "FetchError",
    "NoContentError",
    "NothingFound",
    "PostponedError",
    "PublishError",
    "RefusedError",
    "Removed",
    "RetryLaterError",
    "RuleBook",
    "RunCancelledError",
    "SiteMemory",
    "SiteRuleSet",
    "SiteRules",
    "SourceError",
    "StoreError",
    "extract",
    "extract_text",
    "sanitise",
    "summarize",
]

_MODULES = {
    **dict.fromkeys(("Article", "Removed"), "feedpub.core.models"),
    "SiteMemory": "feedpub.cleaner.site_memory",
    "SiteRuleSet": "feedpub.cleaner.rules",
    "SiteRules": "feedpub.config",
    "extract": "feedpub.cleaner.extract",
    "extract_text": "feedpub.cleaner.plain_text",
    "sanitise": "feedpub.cleaner.sanitize",
    "summarize": "feedpub.cleaner.summary",
}
_OLD_NAMES = {  # kept for one release
    "AbandonedError": "RunCancelledError",
    "NothingFound": "NoContentError",
    "PostponedError": "RetryLaterError",
    "RefusedError": "DisallowedError",
    "RuleBook": "SiteRuleSet",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    name = _OLD_NAMES.get(name, name)
    return getattr(import_module(_MODULES.get(name, "feedpub.core.errors")), name)


def __dir__() -> list[str]:
    return __all__

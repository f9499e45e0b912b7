"""feedpub: clean full-text feeds from the sources you point it at.

The public API. Its parts are imported when they are first used, so that `import feedpub` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedpub.cleaner import SiteMemory, extract, extract_text, sanitise
    from feedpub.config import SiteRules
    from feedpub.errors import (
        AbandonedError,
        ConfigError,
        ExtractError,
        FeedpubError,
        FetchError,
        NothingFound,
        PostponedError,
        PublishError,
        RefusedError,
        SourceError,
        StoreError,
    )
    from feedpub.model import Article, Removed
    from feedpub.rules import RuleBook
    from feedpub.summary import summarize

__all__ = [
    "AbandonedError",
    "Article",
    "ConfigError",
    "ExtractError",
    "FeedpubError",
    "FetchError",
    "NothingFound",
    "PostponedError",
    "PublishError",
    "RefusedError",
    "Removed",
    "RuleBook",
    "SiteMemory",
    "SiteRules",
    "SourceError",
    "StoreError",
    "extract",
    "extract_text",
    "sanitise",
    "summarize",
]

_HOMES = {
    **dict.fromkeys(("SiteMemory", "extract", "extract_text", "sanitise"), "feedpub.cleaner"),
    **dict.fromkeys(("Article", "Removed"), "feedpub.model"),
    "RuleBook": "feedpub.rules",
    "SiteRules": "feedpub.config",
    "summarize": "feedpub.summary",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "feedpub.errors")), name)


def __dir__() -> list[str]:
    return __all__

"""A feed's include and exclude rules.

Which articles it takes. Decides; the patterns' language is patterns.py's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from feedpub.config import FeedConfig, Filters
from feedpub.core.patterns import matches_pattern, matches_url


@dataclass(frozen=True, slots=True)
class FilterFacts:
    """What is known of an article so far; None where its page has not been read yet."""

    url: str = ""
    title: str | None = None
    categories: tuple[str, ...] | None = None
    text: str | None = None


def matching_filter(feed: FeedConfig, facts: FilterFacts) -> str | None:
    """Why the feed does not take an article, for people.

    None where it does, or where that cannot be said yet.
    """
    return _excluded(feed.exclude, facts) or _not_included(feed.include, facts)


def _excluded(rules: Filters, facts: FilterFacts) -> str | None:
    for name, patterns, values, match in _table(rules, facts):
        found = next((p for p in patterns for value in values or () if match(p, value)), None)
        if found is not None:
            return f"excluded by {name} {found!r}"
    return None


def _not_included(rules: Filters, facts: FilterFacts) -> str | None:
    for name, patterns, values, match in _table(rules, facts):
        if (
            patterns
            and values is not None
            and not any(match(p, value) for p in patterns for value in values)
        ):
            return f"its {name} is not among those included"
    return None


def _table(
    rules: Filters, facts: FilterFacts
) -> Iterable[tuple[str, tuple[str, ...], tuple[str, ...] | None, Callable[[str, str], bool]]]:
    yield "url", rules.url, (facts.url,), matches_url
    yield "title", rules.title, None if facts.title is None else (facts.title,), matches_pattern
    yield "category", rules.category, facts.categories, matches_pattern
    yield "text", rules.text, None if facts.text is None else (facts.text,), matches_pattern

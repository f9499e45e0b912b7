"""Apply a feed's include and exclude filters to articles."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from feedpub.config import FeedConfig, Filters
from feedpub.core.patterns import matches_pattern, matches_url


@dataclass(frozen=True, slots=True)
class FilterFacts:
    """The known facts about an article; None for those that only its page has."""

    url: str = ""
    title: str | None = None
    categories: tuple[str, ...] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class _Check:
    """The patterns of one setting, and the values of an article that they apply to."""

    name: str
    patterns: tuple[str, ...]
    values: tuple[str, ...] | None
    matches: Callable[[str, str], bool]

    def find_match(self) -> str | None:
        """Return the first pattern that matches a value, or None."""
        for pattern in self.patterns:
            for value in self.values or ():
                if self.matches(pattern, value):
                    return pattern
        return None


def matching_filter(feed: FeedConfig, facts: FilterFacts) -> str | None:
    """Return the reason why the feed's filters exclude an article, for messages.

    None if they include it, or if that depends on facts that are not known yet.
    """
    for check in _checks(feed.exclude, facts):
        pattern = check.find_match()
        if pattern is not None:
            return f"excluded by {check.name} {pattern!r}"
    for check in _checks(feed.include, facts):
        if check.patterns and check.values is not None and check.find_match() is None:
            return f"its {check.name} is not among those included"
    return None


def _checks(filters: Filters, facts: FilterFacts) -> Iterator[_Check]:
    title = None if facts.title is None else (facts.title,)
    text = None if facts.text is None else (facts.text,)
    yield _Check("url", filters.url, (facts.url,), matches_url)
    yield _Check("title", filters.title, title, matches_pattern)
    yield _Check("category", filters.category, facts.categories, matches_pattern)
    yield _Check("text", filters.text, text, matches_pattern)

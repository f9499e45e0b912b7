"""Define the results of a discovery: candidates, and sampled articles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from feedpub.core.models import Article, Item

Kind = Literal["page", "feed", "sitemap"]
Setting = str | bool | list[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that lists articles.

    Attributes:
        kind: the source's `type`.
        url: the source's URL.
        found_by: how it was found, as in "named by the page".
        title: its own title; "" if it has none.
        items: the articles that it lists.
        is_full_text: the number of items with their full text.
        settings: the other settings that its `[[feed.source]]` needs.
        is_news: it is a sitemap with titles and publication dates.
    """

    kind: Kind
    url: str
    found_by: str
    title: str = ""
    items: tuple[Item, ...] = ()
    is_full_text: int = 0
    settings: Mapping[str, Setting] = field(default_factory=dict)
    is_news: bool = False


@dataclass(frozen=True, slots=True)
class ArticleSample:
    """An article that was read as a sample, or the reason why it could not be."""

    url: str
    article: Article | None = None
    reason: str = ""

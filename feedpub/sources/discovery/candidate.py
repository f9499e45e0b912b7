"""What was found: a candidate for a source, and what came of trying its articles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from feedpub.core.models import Article, Item

Kind = Literal["page", "feed", "sitemap"]
Setting = str | bool | list[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that lists articles.

    Attributes:
        kind: the source's `type`.
        url: the source's address.
        how: how it was found, for people: "named by the page".
        title: what it calls itself; "" where it does not.
        items: what it lists.
        whole: how many of the items come with their whole text.
        settings: what else its `[[feed.source]]` needs.
        news: a sitemap that says of each address when it was published, and under which title.
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
    """An article that was read for a look at it; or the reason why it could not be."""

    url: str
    article: Article | None = None
    reason: str = ""

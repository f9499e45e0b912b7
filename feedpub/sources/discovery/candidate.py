"""Define the wishes and the results of a discovery: candidates, and sampled articles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from feedpub.config import Source, fetches_articles, make_source
from feedpub.core.article_keys import url_key
from feedpub.core.models import Article, Item

Kind = Literal["page", "feed", "sitemap", "items", "json"]
Setting = str | bool | list[str]


@dataclass(frozen=True, slots=True)
class DiscoveryOptions:
    """The user's wishes about the source to find.

    Attributes:
        kind: the only type to look for; None for every type.
        links: the selector of the article links of a page.
        item: the selector of the items on a page.
        render: run the scripts of the page and of its articles in a browser.
        fetch: False to leave the articles' own pages alone.
    """

    kind: Kind | None = None
    links: str | None = None
    item: str | None = None
    render: bool = False
    fetch: bool = True

    def allows(self, kind: Kind) -> bool:
        """Return True if sources of a type are looked for."""
        if self.links or self.item:
            return kind == ("page" if self.links else "items")
        return self.kind in (None, kind)


ANY_SOURCE = DiscoveryOptions()


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

    @property
    def source(self) -> Source:
        """Return the settings of its source."""
        return make_source({"type": self.kind, "url": self.url, **self.settings})

    @property
    def fetches_articles(self) -> bool:
        """Return True if a build fetches the articles' own pages."""
        return fetches_articles(self.source)

    @property
    def urls(self) -> list[str]:
        """Return the URLs of its items that have one."""
        return [item.url for item in self.items if item.url]

    @property
    def own_contents(self) -> int:
        """Return the number of items for which the source has a text, a picture or a file."""
        return sum(map(has_own_content, self.items))

    @property
    def lists_other_pages(self) -> bool:
        """Return True if most items link to pages of their own."""
        own = url_key(self.url)
        others = [url for url in self.urls if url_key(url) != own]
        return len(others) * 2 > len(self.items)


def has_own_content(item: Item) -> bool:
    """Return True if the source has more of an item than its title and link."""
    return bool(item.html or item.summary or item.image or item.enclosures)


@dataclass(frozen=True, slots=True)
class ArticleSample:
    """An article that was read as a sample, or the reason why it could not be.

    Attributes:
        url: of its page; "" if it has none.
        article: its content; None if it could not be read.
        reason: why its page could not be read. If there is an article
            anyway, it is made of the source's own content.
        is_permanent: the page will hardly be readable later, as after HTTP 403.
        is_paid: its page states that it is not accessible for free.
    """

    url: str
    article: Article | None = None
    reason: str = ""
    is_permanent: bool = False
    is_paid: bool = False

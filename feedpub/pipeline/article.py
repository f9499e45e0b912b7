"""An article out of what was read of it: a page, a saved file, a feed's own content; and what of that is kept.

The one way by which the rules for a site reach the cleaner. A look at a source goes it, and so does
making stored entries anew: both come to the same article.
"""

from pathlib import Path
from typing import Protocol

from feedpub.builder.links import PLACEHOLDER
from feedpub.cleaner import articles
from feedpub.cleaner.articles import MultiPageArticle
from feedpub.cleaner.pagination import PageSequence
from feedpub.cleaner.rules import Ruleset, parse_ruleset
from feedpub.config import FeedConfig
from feedpub.core.errors import ExtractError
from feedpub.core.models import Article, Item
from feedpub.core.text import escape_control_characters
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.store import PageSnapshot, pack_body


class Said(Protocol):
    """What a source says of an article, and whether that counts more than what the page says."""

    @property
    def item(self) -> Item: ...

    @property
    def listed_first(self) -> bool: ...


def rules_for(feed: FeedConfig, address: str, tools: RunContext) -> Ruleset:
    """What is known of the page at an address, or of a saved file.

    The feed's word goes before that of its site.
    """
    return parse_ruleset(feed.rules).merged_with(tools.site_rules.rules_for(address))


def make_from_pages(
    feed: FeedConfig, pages: PageSequence, said: Said, memory: bytes | None, tools: RunContext
) -> MultiPageArticle:
    """The article of a page that a source lists, and of those that follow it.

    Args:
        feed: whose article it is.
        pages: as they were fetched.
        said: by its source.
        memory: what is known of its site.
        tools: what reads it.

    Raises:
        SourceError: there is no article in the first of them, or it is too much.
    """
    rules = rules_for(feed, pages.url, tools)
    return tools.executor.call(
        pages.url,
        articles.article_from_listed_pages,
        pages,
        said.item,
        rules,
        memory,
        listed_first=said.listed_first,
    )


def make_from_file(feed: FeedConfig, path: Path, folder: Path, tools: RunContext) -> Article:
    """Return the article of a saved file that lies in a folder. Raises SourceError.

    The addresses of the files beside it are under the placeholder for `base_url`.
    """
    if (written := escape_control_characters(str(path))) != str(path):
        raise ExtractError(
            "its name, or that of a folder above it, is not UTF-8: rename it", written
        )
    below = path.relative_to(folder).parent.as_posix()
    base = f"{PLACEHOLDER}{feed.name}/{'' if below == '.' else below + '/'}"
    return tools.executor.call(
        str(path), articles.article_from_file, path, base, rules_for(feed, str(path), tools)
    )


def make_from_feed(item: Item, address: str, tools: RunContext) -> Article:
    """The article as its feed gives it. Raises SourceError."""
    return tools.executor.call(address, articles.article_from_feed, item)


def make_snapshot(
    listed: ListedItem, pages: PageSequence | None, tools: RunContext
) -> PageSnapshot | None:
    """What an article was made of, as it is kept; None where nothing is to be kept.

    Of an article on several pages nothing is: made anew of the first of them alone it would lose
    the others.

    Args:
        listed: as its source lists it.
        pages: None where it was made of a saved file or of the feed's own content.
        tools: with the settings.
    """
    if not tools.settings.keep_pages:
        return None
    item, now = listed.item, tools.clock()
    if pages is None:
        return PageSnapshot(
            item, listed.key, "feed" if item.path is None else "file", now, listed.listed_first
        )
    page, *others = pages
    if others or page.url != pages.url:
        return None
    return PageSnapshot(
        item,
        listed.key,
        "page",
        fetched=now,
        listed_first=listed.listed_first,
        final_url=page.url,
        content_type=page.content_type,
        charset=page.charset,
        body=pack_body(page.body),
    )

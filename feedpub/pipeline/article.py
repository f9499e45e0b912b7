"""Make an article from a page, a saved file or a feed's own content, and a snapshot of its origin.

This is the only way by which site rules reach the cleaner. A run and `feedpub reclean` both use
it, so both arrive at the same article.
"""

from pathlib import Path
from typing import Protocol

from feedpub.builder.entry_html import PLACEHOLDER
from feedpub.cleaner import articles
from feedpub.cleaner.articles import MultiPageArticle
from feedpub.cleaner.pagination import PageSequence
from feedpub.cleaner.rules import Ruleset, parse_ruleset
from feedpub.config import FeedConfig
from feedpub.core.errors import ExtractError
from feedpub.core.models import Article, Item, Page
from feedpub.core.text import escape_control_characters
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.store import PageSnapshot, SnapshotKind, pack_body


class SourceItem(Protocol):
    """An item and whether its source's data takes precedence over its page's."""

    @property
    def item(self) -> Item: ...

    @property
    def listed_first(self) -> bool: ...


def rules_for(feed: FeedConfig, address: str, context: RunContext) -> Ruleset:
    """Return the rules for a page or a saved file; the feed's rules override those of the site."""
    return parse_ruleset(feed.rules).merged_with(context.site_rules.rules_for(address))


def article_from_pages(
    feed: FeedConfig,
    pages: PageSequence,
    listed: SourceItem,
    memory: bytes | None,
    context: RunContext,
) -> MultiPageArticle:
    """Return the article of a page and those that continue it.

    Args:
        feed: the feed's settings.
        pages: the pages as they were fetched.
        listed: the item as its source lists it.
        memory: the memory of its site.
        context: the services that the run uses.

    Raises:
        SourceError: the first page has no article, or exceeds a limit.
    """
    return context.executor.call(
        pages.url,
        articles.article_from_listed_pages,
        pages,
        listed.item,
        rules_for(feed, pages.url, context),
        memory,
        listed_first=listed.listed_first,
    )


def article_from_file(
    feed: FeedConfig, path: Path, folder: Path, context: RunContext, url: str = ""
) -> Article:
    """Return the article of a saved file in a folder. Raises SourceError.

    Addresses of files in the folder start with the placeholder for `base_url`.

    Args:
        feed: the feed's settings.
        path: the file.
        folder: the folder.
        context: the services that the run uses.
        url: the page's URL in a web archive; "" for other files.
    """
    if (printable := escape_control_characters(str(path))) != str(path):
        reason = "its name, or that of a folder above it, is not UTF-8: rename it"
        raise ExtractError(reason, printable)
    base = f"{PLACEHOLDER}{feed.name}/"
    rules = rules_for(feed, url or str(path), context)
    return context.executor.call(
        str(path), articles.article_from_file, path, folder, base, rules, url
    )


def article_from_feed(item: Item, address: str, context: RunContext) -> Article:
    """Return the article that a feed contains. Raises SourceError."""
    return context.executor.call(address, articles.article_from_feed, item)


def article_from_change(item: Item, address: str, context: RunContext) -> Article:
    """Return the article that shows a change of a page. Raises SourceError."""
    return context.executor.call(address, articles.article_from_change, item)


def article_from_mail(feed: FeedConfig, body: bytes, address: str, context: RunContext) -> Article:
    """Return the article of a mail. Raises SourceError.

    Addresses of pictures in the mail start with the placeholder for `base_url`.
    """
    from feedpub.cleaner import mail  # noqa: PLC0415 -- only for mails

    base = f"{PLACEHOLDER}{feed.name}/"
    return context.executor.call(address, mail.article_from_mail, body, base)


def make_mail_snapshot(
    listed: ListedItem, message: Page, article: Article, context: RunContext
) -> PageSnapshot | None:
    """Return the mail that an article was made from.

    With `keep_pages = "0s"`, it is only kept for the pictures in it.
    """
    if not context.settings.keep_pages and PLACEHOLDER not in article.html:
        return None
    return PageSnapshot(
        listed.item,
        listed.key,
        "mail",
        fetched=context.clock(),
        listed_first=listed.listed_first,
        content_type=message.content_type,
        body=pack_body(message.body),
    )


def make_snapshot(
    listed: ListedItem, pages: PageSequence | None, context: RunContext
) -> PageSnapshot | None:
    """Return what an article was made from, or None if that is not kept.

    An article on several pages has no snapshot: rebuilt from its first page alone, it would lose
    the others.

    Args:
        listed: the item as its source lists it.
        pages: the article's pages; None if it is a saved file or the feed's own content.
        context: the services that the run uses.
    """
    if not context.settings.keep_pages:
        return None
    item, now = listed.item, context.clock()
    if pages is None:
        kind: SnapshotKind = "feed" if item.path is None else "file"
        return PageSnapshot(item, listed.key, kind, now, listed.listed_first)
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

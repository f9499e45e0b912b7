"""Read the past of a source, page by page: what a listing, a feed or an API listed before.

A page of a listing names the next one. A WordPress site counts the pages of its feeds and of its
API. Of a source without pages, the sitemap of its site has the past, among all other addresses.
"""

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from feedpub.config import FeedSource, ItemsSource, JsonSource, PageSource, SitemapSource, Source
from feedpub.core.errors import ExtractError, FetchError, NoContentError, SourceError
from feedpub.core.models import Item, Page
from feedpub.core.urls import absolute_url
from feedpub.sources import feed, sitemap
from feedpub.sources.document import JSON, DocumentReader, detect_type
from feedpub.sources.items.read import ItemSelectors, parse_items_page
from feedpub.sources.json_api import JsonSelectors, parse_json_items
from feedpub.sources.json_feed import next_page_of
from feedpub.sources.listing.links import address_pattern
from feedpub.sources.listing_page import parse_listing
from feedpub.sources.next_pages import ListedPage

MAX_PAGE_ITEMS = 2000  # of one page
MAX_SITEMAP_ITEMS = 50_000
POSTS_PER_PAGE = 50  # WordPress returns at most 100
END_STATUSES = frozenset({400, 404, 410})  # of WordPress, after the last page

_USUAL_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml")
_POSTS_PATH = "/wp/v2/posts"
_FRONT_FEEDS = frozenset({"/feed", "/feed/rss2", "/rss", "/feed/atom", ""})
_HEAD_CHARS = 20_000
_LINK = re.compile(r"<(?:\w{1,20}:)?link\b([^<>]{1,2000})>")
_ATTRIBUTE = re.compile(r"\b(rel|href)\s*=\s*[\"']([^\"']{0,2000})[\"']")
_WORDPRESS = re.compile(r"<generator>[^<]{0,100}wordpress", re.IGNORECASE)


def read_past_page(source: Source, documents: DocumentReader, url: str, number: int) -> ListedPage:
    """Return one page of the past of a source, and the URL of the next one.

    Args:
        source: the source.
        documents: gets the pages.
        url: the page; of the first one, the source's own URL.
        number: its number in the listing.

    Raises:
        SourceError: it cannot be read; with one of `END_STATUSES`, the page before was the last.
    """
    match source:
        case PageSource():
            headlines_only = not source.fetch
            return documents.read(
                url, parse_listing, source.links, number, headlines_only=headlines_only
            )
        case ItemsSource():
            selectors = ItemSelectors.of_source(source)
            return documents.read(url, parse_items_page, selectors, number, limit=MAX_PAGE_ITEMS)
        case JsonSource():
            expressions = JsonSelectors.of_source(source)
            return documents.read(url, parse_json_items, expressions, limit=MAX_PAGE_ITEMS)
        case FeedSource():
            return documents.read(url, parse_feed_page, number)
        case _:
            raise NoContentError("such a source has no pages", url)


def parse_feed_page(page: Page, number: int) -> ListedPage:
    """Return the entries of a page of a feed, and the URL of the next one. Raises ExtractError."""
    items = feed.parse_items(page, limit=MAX_PAGE_ITEMS)
    return ListedPage(items, _next_feed_url(page, number))


def _next_feed_url(page: Page, number: int) -> str | None:
    if detect_type(page) == JSON:
        if _POSTS_PATH in page.url:
            return _next_numbered(page.url, "page")
        return absolute_url(next_page_of(page), page.url)
    return _next_xml_url(page, number)


def _next_xml_url(page: Page, number: int) -> str | None:
    """Return the URL that an RSS or Atom feed names, or the next page of WordPress."""
    head = page.body[:_HEAD_CHARS].decode("utf-8", "replace")
    head = re.split(r"<(?:item|entry)\b", head, maxsplit=1)[0]
    for link in _LINK.finditer(head):
        values = dict(_ATTRIBUTE.findall(link[1]))
        if values.get("rel") in ("next", "prev-archive"):
            return absolute_url(values.get("href", "").replace("&amp;", "&"), page.url)
    if not _WORDPRESS.search(head):
        return None
    parts = urlsplit(page.url)
    if parts.path.rstrip("/") in _FRONT_FEEDS and not parts.query and number == 1:
        return posts_url(page.url)
    return _next_numbered(page.url, "paged")


def other_next_url(source: Source, url: str) -> str | None:
    """Return the second page of a WordPress feed if the API at `url` cannot be read; else None."""
    if isinstance(source, FeedSource) and _POSTS_PATH in url and _POSTS_PATH not in source.url:
        return _next_numbered(source.url, "paged")
    return None


def posts_url(url: str) -> str:
    """Return the first page of the posts of a WordPress site."""
    query = urlencode({"per_page": POSTS_PER_PAGE, "page": 1})
    return f"{urljoin(url, f'/wp-json{_POSTS_PATH}')}?{query}"


def _next_numbered(url: str, name: str) -> str:
    """Return a URL with the next page's number in a parameter of its query."""
    parts = urlsplit(url)
    pairs = dict(parse_qsl(parts.query, keep_blank_values=True))
    number = pairs.get(name, "1")
    pairs[name] = str(int(number) + 1 if number.isdigit() else 2)
    return parts._replace(query=urlencode(pairs, safe=",/")).geturl()


def read_past_sitemap(
    source: Source,
    documents: DocumentReader,
    named: tuple[str, ...],
    known: tuple[Item, ...],
    since: datetime,
) -> tuple[Item, ...]:
    """Return the addresses in a sitemap that may be entries of a source, the newest first.

    Args:
        source: a sitemap, or a source on the site of the sitemap.
        documents: gets the sitemap.
        named: the sitemaps that the site's robots.txt names.
        known: entries of the source; other addresses have the same pattern.
        since: addresses that did not change since then are left out.

    Raises:
        SourceError: there is no sitemap, or it has no such addresses.
    """
    if isinstance(source, SitemapSource):
        items = sitemap.read_sitemap(source, documents, limit=MAX_SITEMAP_ITEMS)
        return tuple(item for item in items if _may_be_since(item, since))
    if not isinstance(source, PageSource | FeedSource):
        raise NoContentError("the source names no further pages")
    patterns = {address_pattern(item.url) for item in known if item.url}
    error: SourceError = NoContentError("the site has no sitemap", source.url)
    for url in named or _USUAL_SITEMAPS:
        try:
            own = SitemapSource(type="sitemap", url=urljoin(source.url, url))
            items = sitemap.read_sitemap(own, documents, limit=MAX_SITEMAP_ITEMS)
        except (FetchError, ExtractError) as failure:
            error = failure
            continue
        matching = [item for item in items if item.url and address_pattern(item.url) in patterns]
        if matching:
            recent = [item for item in matching if _may_be_since(item, since)]
            # A lastmod is when the page changed, not when the article was published.
            return tuple(replace(item, updated=None) for item in recent)
        error = NoContentError("its sitemap has no addresses like those of the source", own.url)
    raise error


def _may_be_since(item: Item, since: datetime) -> bool:
    changed = item.published or item.updated
    return changed is None or changed >= since

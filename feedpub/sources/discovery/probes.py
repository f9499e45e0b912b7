"""Find what lists the entries of a site: its pages, feeds, sitemaps, WordPress posts and JSON."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from urllib.parse import urlencode, urljoin, urlsplit

from feedpub import sources
from feedpub.config import JsonSource, SitemapSource
from feedpub.core.errors import NoContentError, SourceError
from feedpub.core.loading import load_toml
from feedpub.core.models import Item
from feedpub.core.text import pluralize
from feedpub.core.urls import absolute_url
from feedpub.sources.discovery.candidate import Candidate, DiscoveryOptions, Setting
from feedpub.sources.discovery.inspect import PageInspection, feed_listing, has_full_text
from feedpub.sources.discovery.json_lists import JsonList, find_json_lists, slug_link
from feedpub.sources.discovery.session import DiscoverySession

MAX_ENTRIES = 50  # of a feed or sitemap that are considered
MAX_LINKED_FEEDS = 6  # some pages name one for each section
MAX_LINKED_SITEMAPS = 3  # large sites name dozens in robots.txt
MAX_SITEMAP_FILES = 4  # of one index
MAX_POSTS = 50  # WordPress returns at most 100

_PATHS = load_toml("feedpub.sources.discovery", "paths.toml")
_POST_FIELDS = (
    "link,title,date_gmt,modified_gmt,date,modified,excerpt,content,jetpack_featured_media_url"
)


# --- pages ---


def listed_on_page(page: PageInspection, options: DiscoveryOptions) -> Iterator[Candidate]:
    """Yield the page as a listing of articles, and as a page with entries on it."""
    settings: dict[str, Setting] = {"render": True} if page.is_rendered else {}
    found = page.listing
    if found.items and options.allows("page"):
        more: dict[str, Setting] = {"links": options.links} if options.links else {}
        yield Candidate(
            "page", page.url, found.found_by, page.title, found.items, 0, settings | more
        )
    found = page.items
    if found.items and options.allows("items"):
        more = {"item": options.item} if options.item else {}
        whole = Candidate(
            kind="items",
            url=page.url,
            found_by=found.found_by,
            title=page.title,
            items=found.items,
            is_full_text=found.full_text_items,
            settings=settings | more,
        )
        yield whole
        if options.fetch and whole.lists_other_pages:
            yield replace(whole, settings={**whole.settings, "fetch": True}, is_full_text=0)


# --- JSON ---


def json_lists(page: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    """Yield the lists of entries in the JSON at the given address, or in the page's scripts."""
    try:
        lists = session.read(page.url, find_json_lists)
    except SourceError as error:
        session.failures.setdefault(page.url, error.reason)
        return
    for found in lists:
        yield _json_candidate(page, found, session)


def _json_candidate(page: PageInspection, found: JsonList, session: DiscoverySession) -> Candidate:
    settings: dict[str, Setting] = dict(found.settings)
    items = found.items[:MAX_ENTRIES]
    if found.slug_field and page.is_page:
        linked = {**settings, "link": slug_link(page.url, found.slug_field)}
        if with_links := _read_linked(page.url, linked, session):
            settings, items = linked, with_links
    full = sum(map(has_full_text, items))
    has_pages = any(item.url for item in items)
    if "content" in settings or not has_pages or full * 2 > len(items):
        settings["fetch"] = False
    place = f"in the page's script {settings['script']}" if "script" in settings else "in its JSON"
    count = pluralize(len(items), "object")
    name = settings.get("items")
    found_by = f"a list of {count} {place}{f', {name}' if name else ''}"
    return Candidate("json", page.url, found_by, page.title, items, full, settings)


def _read_linked(
    url: str, settings: dict[str, Setting], session: DiscoverySession
) -> tuple[Item, ...]:
    """Return the items with links that were made of a field; none if there is no such page."""
    try:
        source = JsonSource.model_validate({"type": "json", "url": url, **settings})
        items = sources.read_source(source, session, limit=MAX_ENTRIES)
        session.get(items[0].url or url)
    except SourceError as error:
        session.failures[url] = error.reason
        return ()
    return items


# --- feeds ---


def declared_feeds(page: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    """Yield the feed at the given address itself."""
    return session.fetch_all(
        [page.url], lambda url: _feed_candidate(url, "the address that was given", session)
    )


def linked_feeds(page: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    """Yield the feeds that the page names in its head."""
    return session.fetch_all(
        page.feeds[:MAX_LINKED_FEEDS],
        lambda url: _feed_candidate(url, "named by the page", session),
    )


def usual_feeds(page: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    """Yield the first feed at a usual path: below the page, then at the top of its site."""
    urls: list[str] = []
    if urlsplit(page.url).path.strip("/"):
        folder = f"{page.url.partition('?')[0].rstrip('/')}/"
        urls += [urljoin(folder, path) for path in _PATHS["feeds_below"]]
    urls += [urljoin(page.url, path) for path in _PATHS["feeds"]]
    found = session.fetch_all(
        dict.fromkeys(urls), lambda url: _feed_candidate(url, "at a usual path", session)
    )
    yield from islice(found, 1)


def _feed_candidate(url: str, found_by: str, session: DiscoverySession) -> Candidate:
    listing = session.read(url, feed_listing, limit=MAX_ENTRIES)
    return Candidate("feed", url, found_by, listing.title, listing.items, listing.full_text_items)


# --- sitemaps ---


def declared_sitemaps(page: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    """Yield the sitemap at the given address itself."""
    return session.fetch_all(
        [page.url], lambda url: _sitemap_candidate(url, "the address that was given", "", session)
    )


def linked_sitemaps(page: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    """Yield the sitemaps that robots.txt names, news first, or else the first at a usual path."""
    section = _section(page)
    links = (absolute_url(link, page.url) for link in session.fetcher.sitemaps(page.url))
    named = sorted(filter(None, links), key=lambda url: "news" not in url)
    if named:
        yield from session.fetch_all(
            named[:MAX_LINKED_SITEMAPS],
            lambda url: _sitemap_candidate(url, "named by robots.txt", section, session),
        )
        return
    usual = [urljoin(page.url, path) for path in _PATHS["sitemaps"]]
    found = session.fetch_all(
        usual, lambda url: _sitemap_candidate(url, "at a usual path", section, session)
    )
    yield from islice(found, 1)


def _section(page: PageInspection) -> str:
    """Return the host and path that addresses below a page begin with; "" for a front page."""
    parts = urlsplit(page.url)
    path = parts.path.strip("/")
    return f"{parts.netloc.rpartition('@')[2]}/{path}/" if path else ""


def _sitemap_candidate(
    url: str, found_by: str, section: str, session: DiscoverySession
) -> Candidate:
    """Return the sitemap with the addresses below a section, or with all if there are none."""
    with session.expect(MAX_SITEMAP_FILES):
        if section:
            source = SitemapSource(type="sitemap", url=url, include=(section,))
            try:
                return _read_candidate(source, found_by, session)
            except NoContentError:  # a section's articles may have addresses elsewhere
                pass
        return _read_candidate(SitemapSource(type="sitemap", url=url), found_by, session)


def _read_candidate(source: SitemapSource, found_by: str, session: DiscoverySession) -> Candidate:
    items = sources.read_source(source, session, limit=MAX_ENTRIES)
    titled = sum(bool(item.title) for item in items)
    return Candidate(
        kind="sitemap",
        url=source.url,
        found_by=found_by,
        items=items,
        settings={"include": list(source.include)} if source.include else {},
        is_news=titled * 2 > len(items),
    )


# --- WordPress ---


def wordpress_posts(page: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    """Yield the newest posts of the WordPress API that the page names, with their full text."""
    if page.api is None:
        return iter(())
    posts = _posts_url(urljoin(page.url, page.api))
    return session.fetch_all([posts], lambda url: _posts_candidate(url, session))


def _posts_url(api: str) -> str:
    """Return the URL of the posts; on sites without pretty links it is in the query."""
    query = urlencode({"per_page": MAX_POSTS, "_fields": _POST_FIELDS}, safe=",")
    return f"{api.rstrip('/')}/wp/v2/posts{'&' if urlsplit(api).query else '?'}{query}"


def _posts_candidate(url: str, session: DiscoverySession) -> Candidate:
    listing = session.read(url, feed_listing, limit=MAX_POSTS)
    return Candidate(
        kind="feed",
        url=url,
        found_by="the site's WordPress API",
        items=listing.items,
        is_full_text=listing.full_text_items,
    )

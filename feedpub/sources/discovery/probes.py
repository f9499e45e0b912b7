"""Feeds.

The one that was given, those that the page names, and those at the paths where most systems have
theirs.
"""

from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlencode, urljoin, urlsplit

from feedpub import sources
from feedpub.config import SitemapSource
from feedpub.core.data_files import load_toml
from feedpub.core.errors import NoContentError
from feedpub.core.urls import absolute_url
from feedpub.sources.discovery.candidate import Candidate
from feedpub.sources.discovery.inspect import PageInspection, feed_listing
from feedpub.sources.discovery.session import DiscoverySession

MAX_FEEDS = 50  # entries that are looked at
MAX_LINKED_FEEDS = 6  # feeds of one page; some name one for each of their sections
_TABLE = load_toml("feedpub.sources.discovery", "paths.toml")
USUAL, BELOW = tuple(_TABLE["feeds"]), tuple(_TABLE["feeds_below"])


def declared_feeds(survey: PageInspection, looks: DiscoverySession) -> Iterator[Candidate]:
    """The feed that was asked about itself."""
    return looks.fetch_all(
        [survey.url], lambda url: _feed_candidate(url, "the address that was given", looks)
    )


def linked_feeds(survey: PageInspection, looks: DiscoverySession) -> Iterator[Candidate]:
    """The feeds that the page names in its head."""
    return looks.fetch_all(
        survey.feeds[:MAX_LINKED_FEEDS],
        lambda url: _feed_candidate(url, "named by the page", looks),
    )


def usual_feeds(survey: PageInspection, looks: DiscoverySession) -> Iterator[Candidate]:
    """The first feed at one of the usual paths: below the page, then at the top of its site."""
    below = [urljoin(f"{survey.url.partition('?')[0].rstrip('/')}/", path) for path in BELOW]
    top = [urljoin(survey.url, path) for path in USUAL]
    addresses = dict.fromkeys([*(below if urlsplit(survey.url).path.strip("/") else ()), *top])
    found = looks.fetch_all(addresses, lambda url: _feed_candidate(url, "at a usual path", looks))
    yield from islice(found, 1)


def _feed_candidate(url: str, how: str, looks: DiscoverySession) -> Candidate:
    listing = looks.read(url, feed_listing, limit=MAX_FEEDS)
    return Candidate("feed", url, how, listing.title, listing.items, listing.full_text_items)


# SECTION: Sitemaps: the one that was given, those that robots.txt names, and those at the usual
# paths where it names none.

MAX_SITEMAPS = 50  # addresses that are looked at
MAX_LINKED_SITEMAPS = 3  # that one robots.txt names; large sites name dozens
FILES = 4  # of one sitemap's index
_USUAL = tuple(load_toml("feedpub.sources.discovery", "paths.toml")["sitemaps"])


def declared_sitemaps(survey: PageInspection, looks: DiscoverySession) -> Iterator[Candidate]:
    """The sitemap that was asked about itself."""
    return looks.fetch_all(
        [survey.url], lambda url: _sitemap_candidate(url, "the address that was given", "", looks)
    )


def linked_sitemaps(survey: PageInspection, looks: DiscoverySession) -> Iterator[Candidate]:
    """The sitemaps that robots.txt names, those of news first.

    Else the first one at a usual path.
    """
    named = [
        url
        for each in looks.fetcher.sitemaps(survey.url)
        if (url := absolute_url(each, survey.url))
    ]
    named.sort(key=lambda url: "news" not in url)
    if named:
        how = "named by robots.txt"
        yield from looks.fetch_all(
            named[:MAX_LINKED_SITEMAPS],
            lambda url: _sitemap_candidate(url, how, _section(survey), looks),
        )
        return
    usual = [urljoin(survey.url, path) for path in _USUAL]
    found = looks.fetch_all(
        usual, lambda url: _sitemap_candidate(url, "at a usual path", _section(survey), looks)
    )
    yield from islice(found, 1)


def _section(survey: PageInspection) -> str:
    """Host and path of a page that is a part of its site.

    What the addresses below it have in common; "" for a site.
    """
    parts = urlsplit(survey.url)
    path = parts.path.strip("/")
    return f"{parts.netloc.rpartition('@')[2]}/{path}/" if path else ""


def _sitemap_candidate(url: str, how: str, section: str, looks: DiscoverySession) -> Candidate:
    """The sitemap with the addresses below a section, or with all where there are none such."""
    with looks.expect(FILES):
        if section:
            try:
                return _of(SitemapSource(type="sitemap", url=url, include=(section,)), how, looks)
            except NoContentError:  # what lists a section's articles need not be above them
                pass
        return _of(SitemapSource(type="sitemap", url=url), how, looks)


def _of(source: SitemapSource, how: str, looks: DiscoverySession) -> Candidate:
    items = sources.read_source(source, looks, limit=MAX_SITEMAPS)
    news = sum(bool(item.title) for item in items) * 2 > len(items)
    settings = {"include": list(source.include)} if source.include else {}
    return Candidate("sitemap", source.url, how, items=items, settings=settings, is_news=news)


# SECTION: The posts that a WordPress gives programs, whole and dated: where the page says that it
# is of one.

MAX_POSTS = 50  # posts that are asked for; it gives a hundred at most
_FIELDS = (
    "link,title,date_gmt,modified_gmt,date,modified,excerpt,content,jetpack_featured_media_url"
)


def wordpress_posts(survey: PageInspection, looks: DiscoverySession) -> Iterator[Candidate]:
    """The newest posts, by the address that the page names in its head."""
    if survey.api is None:
        return iter(())
    return looks.fetch_all(
        [_address(urljoin(survey.url, survey.api))], lambda url: _posts_candidate(url, looks)
    )


def _address(api: str) -> str:
    """Where the posts are.

    Below the API, or behind the question mark where addresses have no names.
    """
    query = urlencode({"per_page": MAX_POSTS, "_fields": _FIELDS}, safe=",")
    return f"{api.rstrip('/')}/wp/v2/posts{'&' if urlsplit(api).query else '?'}{query}"


def _posts_candidate(url: str, looks: DiscoverySession) -> Candidate:
    listing = looks.read(url, feed_listing, limit=MAX_POSTS)
    return Candidate(
        "feed",
        url,
        "the site's WordPress API",
        items=listing.items,
        is_full_text=listing.full_text_items,
    )

"""A few articles of a candidate, read as a build would read them: what would a reader get?"""

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from feedpub.cleaner import articles
from feedpub.core.article_keys import url_key
from feedpub.core.errors import DisallowedError, FetchError, NoContentError, SourceError
from feedpub.core.models import Item
from feedpub.core.text import pluralize
from feedpub.sources.discovery import probes
from feedpub.sources.discovery.candidate import ArticleSample, Candidate
from feedpub.sources.discovery.inspect import PageInspection, inspect_page
from feedpub.sources.discovery.rank import RankedCandidate, rank_candidates
from feedpub.sources.discovery.session import DiscoverySession
from feedpub.sources.sniff import HTML

ARTICLES = 3


def try_articles(
    candidate: Candidate, tried: MutableMapping[str, ArticleSample], looks: DiscoverySession
) -> Sequence[ArticleSample]:
    """The first articles of a candidate, read now or before.

    What was read is kept in `tried`, by address.
    """
    items = [item for item in candidate.items if item.url][:ARTICLES]
    for item in items:
        if item.url and item.url not in tried:
            tried[item.url] = _tried(item, item.url, candidate.kind == "feed", looks)
    return [tried[item.url] for item in items if item.url]


def _tried(item: Item, url: str, from_feed: bool, looks: DiscoverySession) -> ArticleSample:  # noqa: FBT001 -- of this module alone
    try:
        article = looks.read(url, articles.first_page, item, listed_first=from_feed)
    except SourceError as error:
        return ArticleSample(url, reason=error.reason)
    return ArticleSample(url, article)


# SECTION: The story of a discovery: look at the address, follow each way, rank, try, rank again.

MOST_TRIED = 3  # candidates, where the articles of the first cannot be read


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found at an address.

    Attributes:
        url: where it was found in the end.
        title: what the page there calls itself.
        is_page: True where it is a page for people.
        candidates: the best first; at least one.
        tried: address → what came of reading an article.
    """

    url: str
    title: str
    is_page: bool
    candidates: tuple[RankedCandidate, ...]
    samples: dict[str, ArticleSample] = field(default_factory=dict)


def discover_sources(url: str, looks: DiscoverySession, now: datetime) -> Discovery:
    """What could be published of what is at an address, the best first, its articles tried.

    Raises:
        FetchError: nothing can be asked there: no such server, not a public address, forbidden by
            robots.txt.
        NoContentError: nothing there lists articles; the reason says what was tried, and what to do.
    """
    start = _survey(url, looks)
    candidates = _unique(_find(start, looks))
    if not candidates:
        raise NoContentError(_nothing(start, looks), url)
    tried: dict[str, ArticleSample] = {}
    ranked = rank_candidates(candidates, tried, start.url, now)
    for _ in range(MOST_TRIED):
        if any(each.article for each in try_articles(ranked[0].candidate, tried, looks)):
            break
        ranked = rank_candidates(candidates, tried, start.url, now)
    return Discovery(
        start.url,
        start.title,
        start.document_type == HTML,
        rank_candidates(candidates, tried, start.url, now),
        tried,
    )


def _survey(url: str, looks: DiscoverySession) -> PageInspection:
    """What is there.

    Nothing, where the server has an answer but no document: its feed may be elsewhere.
    """
    try:
        return looks.read(url, inspect_page)
    except DisallowedError:
        raise
    except FetchError as error:
        if error.status is None:
            raise
        looks.failures[url] = error.reason
        return PageInspection(url, "nothing")


def _find(start: PageInspection, looks: DiscoverySession) -> Iterator[Candidate]:
    if start.is_feed:
        yield from probes.declared_feeds(start, looks)
        return
    if start.is_sitemap:
        yield from probes.declared_sitemaps(start, looks)
        return
    if start.listing.items:
        yield Candidate("page", start.url, start.listing.found_by, start.title, start.listing.items)
    found = [*probes.linked_feeds(start, looks), *probes.wordpress_posts(start, looks)]
    yield from found or probes.usual_feeds(start, looks)
    yield from probes.linked_sitemaps(start, looks)


def _unique(candidates: Iterator[Candidate]) -> list[Candidate]:
    """Each address once, and each feed whose entries are those of another only once."""
    unique: dict[tuple[str, ...], Candidate] = {}
    for candidate in candidates:
        unique.setdefault((candidate.kind, url_key(candidate.url)), candidate)
    return list(unique.values())


def _nothing(start: PageInspection, looks: DiscoverySession) -> str:
    """Why there is no candidate, what was looked at, and the next step."""
    failed = looks.failures.get(start.url)
    what = failed or start.listing.why_empty or f"found {start.document_type}"
    feeds_named = [
        f"{feed}: {looks.failures[feed]}" for feed in start.feeds if feed in looks.failures
    ]
    also = (
        f"; of the feeds that it names none can be used: {'; '.join(feeds_named)}"
        if feeds_named
        else ""
    )
    top = urlsplit(start.url)
    home = f"{top.scheme}://{top.netloc}/"
    step = "give the address of the page that lists the articles" + (
        f", or the site's front page {home}" if top.path.strip("/") else ""
    )
    return (
        f"nothing here lists articles: {what}{also}; no feed or sitemap at the usual paths either "
        f"(looked at {pluralize(len(looks.requested), 'address', 'addresses')}); {step}"
    )

"""Discover sources at an address: inspect it, probe, rank, read samples, and rank again."""

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

SAMPLES = 3  # articles of a candidate
MAX_SAMPLED_CANDIDATES = 3  # if the articles of the first cannot be read


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sources at an address.

    Attributes:
        url: the address after redirects.
        title: the title of the page there.
        is_page: it is an HTML page.
        candidates: the best first; at least one.
        samples: the articles that were read, by URL.
    """

    url: str
    title: str
    is_page: bool
    candidates: tuple[RankedCandidate, ...]
    samples: dict[str, ArticleSample] = field(default_factory=dict)


def discover_sources(url: str, session: DiscoverySession, now: datetime) -> Discovery:
    """Return the candidates at an address, the best first, with samples of their articles.

    Raises:
        FetchError: nothing can be fetched: there is no such server, its address is not public, or
            robots.txt disallows it.
        NoContentError: nothing there lists articles; the reason states what was tried and what to
            do.
    """
    start = _inspect_start(url, session)
    candidates = _unique(_find_candidates(start, session))
    if not candidates:
        raise NoContentError(_why_nothing(start, session), url)
    samples: dict[str, ArticleSample] = {}
    ranked = rank_candidates(candidates, samples, start.url, now)
    for _ in range(MAX_SAMPLED_CANDIDATES):
        if any(each.article for each in try_articles(ranked[0].candidate, samples, session)):
            break
        ranked = rank_candidates(candidates, samples, start.url, now)
    return Discovery(
        url=start.url,
        title=start.title,
        is_page=start.document_type == HTML,
        candidates=rank_candidates(candidates, samples, start.url, now),
        samples=samples,
    )


def try_articles(
    candidate: Candidate, samples: MutableMapping[str, ArticleSample], session: DiscoverySession
) -> Sequence[ArticleSample]:
    """Return samples of a candidate's first articles, and add new ones to `samples`."""
    found: list[ArticleSample] = []
    items = [item for item in candidate.items if item.url]
    for item in items[:SAMPLES]:
        url = item.url or ""
        if url not in samples:
            samples[url] = _read_sample(item, url, session, from_feed=candidate.kind == "feed")
        found.append(samples[url])
    return found


def _read_sample(
    item: Item, url: str, session: DiscoverySession, *, from_feed: bool
) -> ArticleSample:
    """Read an article as a build would read it."""
    try:
        article = session.read(url, articles.first_page, item, listed_first=from_feed)
    except SourceError as error:
        return ArticleSample(url, reason=error.reason)
    return ArticleSample(url, article)


def _inspect_start(url: str, session: DiscoverySession) -> PageInspection:
    """Inspect the given address; after an HTTP error the site may still have feeds."""
    try:
        return session.read(url, inspect_page)
    except DisallowedError:
        raise
    except FetchError as error:
        if error.status is None:
            raise
        session.failures[url] = error.reason
        return PageInspection(url, "nothing")


def _find_candidates(start: PageInspection, session: DiscoverySession) -> Iterator[Candidate]:
    if start.is_feed:
        yield from probes.declared_feeds(start, session)
        return
    if start.is_sitemap:
        yield from probes.declared_sitemaps(start, session)
        return
    listing = start.listing
    if listing.items:
        yield Candidate("page", start.url, listing.found_by, start.title, listing.items)
    found = [*probes.linked_feeds(start, session), *probes.wordpress_posts(start, session)]
    yield from found or probes.usual_feeds(start, session)
    yield from probes.linked_sitemaps(start, session)


def _unique(candidates: Iterator[Candidate]) -> list[Candidate]:
    unique: dict[tuple[str, ...], Candidate] = {}
    for candidate in candidates:
        unique.setdefault((candidate.kind, url_key(candidate.url)), candidate)
    return list(unique.values())


def _why_nothing(start: PageInspection, session: DiscoverySession) -> str:
    """State why there is no candidate, what was tried, and what to do."""
    failures = session.failures
    found = failures.get(start.url) or start.listing.why_empty or f"found {start.document_type}"
    feeds = [f"{feed}: {failures[feed]}" for feed in start.feeds if feed in failures]
    if feeds:
        found += f"; of the feeds that it names none can be used: {'; '.join(feeds)}"
    step = "give the address of the page that lists the articles"
    parts = urlsplit(start.url)
    if parts.path.strip("/"):
        step += f", or the site's front page {parts.scheme}://{parts.netloc}/"
    tried = pluralize(len(session.requested), "address", "addresses")
    return (
        f"nothing here lists articles: {found}; no feed or sitemap at the usual paths either "
        f"(checked {tried}); {step}"
    )

"""Discover sources at an address: inspect it, probe, rank, read samples, and rank again."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from feedpub.cleaner import articles
from feedpub.config import HOW_TO_RENDER, describes_articles
from feedpub.core.article_keys import url_key
from feedpub.core.errors import (
    DisallowedError,
    ExtractError,
    FetchError,
    NoContentError,
    ResourceLimitError,
    SourceError,
)
from feedpub.core.models import Item
from feedpub.core.text import pluralize
from feedpub.sources.discovery import probes
from feedpub.sources.discovery.candidate import (
    ANY_SOURCE,
    ArticleSample,
    Candidate,
    DiscoveryOptions,
    has_own_content,
)
from feedpub.sources.discovery.inspect import PageInspection, inspect_page, sample_page
from feedpub.sources.discovery.rank import RankedCandidate, rank_candidates, without_teasers
from feedpub.sources.discovery.session import DiscoverySession

SAMPLES = 3  # articles of a candidate
MAX_SAMPLED_CANDIDATES = 4  # if the articles of the first cannot be read
# Other statuses may be about this moment only.
_PERMANENT_STATUSES = frozenset({401, 402, 403, 404, 405, 406, 410, 451})


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sources at an address.

    Attributes:
        url: the address after redirects.
        title: the title of the page there.
        site_name: the name of its site, without a tagline; "" if it is unknown.
        is_page: it is an HTML page.
        candidates: the best first; at least one.
        samples: the articles that were read, by the URL of their page.
        notes: other facts about the address, each for the user to know.
    """

    url: str
    title: str
    is_page: bool
    candidates: tuple[RankedCandidate, ...]
    samples: dict[str, ArticleSample] = field(default_factory=dict)
    site_name: str = ""
    notes: tuple[str, ...] = ()


def discover_sources(
    url: str,
    session: DiscoverySession,
    now: datetime,
    options: DiscoveryOptions = ANY_SOURCE,
) -> Discovery:
    """Return the candidates at an address, the best first, with samples of their articles.

    Raises:
        FetchError: nothing can be fetched: there is no such server, its address is not public, or
            robots.txt disallows it.
        NoContentError: nothing there lists articles; the reason states what was tried and what to
            do.
    """
    start, notes = _inspect_start(url, session, options)
    candidates = _unique(_find_candidates(start, session, options))
    if not options.fetch:
        candidates = [_without_fetching(candidate) for candidate in candidates]
    if not candidates:
        raise NoContentError(_why_nothing(start, session, options), url)
    samples: dict[str, ArticleSample] = {}
    for _ in range(MAX_SAMPLED_CANDIDATES):
        best = rank_candidates(candidates, samples, start.url, now)[0].candidate
        tried = try_articles(best, samples, session)
        settled = _settle(best, samples, session)
        if settled is not best:
            candidates[candidates.index(best)] = settled
            candidates = _unique(candidates)
        elif any(each.article for each in tried):
            break
    ranked = rank_candidates(candidates, samples, start.url, now)
    return Discovery(
        url=start.url,
        title=start.title,
        is_page=start.is_page,
        candidates=without_teasers(ranked, samples),
        samples=samples,
        site_name=start.site_name,
        notes=notes,
    )


def _without_fetching(candidate: Candidate) -> Candidate:
    if not candidate.fetches_articles:
        return candidate
    settings = dict(candidate.settings)
    settings["fetch"] = False
    if candidate.kind == "items":
        del settings["fetch"]  # its default
    return replace(candidate, settings=settings)


def _settle(
    candidate: Candidate, samples: MutableMapping[str, ArticleSample], session: DiscoverySession
) -> Candidate:
    """Return a candidate that leaves its articles' pages alone if none of them can be read.

    The first links of a list may be of another kind, so one in its middle and its last one are
    tried before that.
    """
    if not candidate.fetches_articles or not _are_unreadable(candidate, samples):
        return candidate
    items = candidate.items
    try_articles(replace(candidate, items=(items[len(items) // 2], items[-1])), samples, session)
    return _without_fetching(candidate) if _are_unreadable(candidate, samples) else candidate


def _are_unreadable(candidate: Candidate, samples: Mapping[str, ArticleSample]) -> bool:
    tried = [samples[url] for url in candidate.urls if url in samples]
    return bool(tried) and all(each.is_permanent for each in tried)


def try_articles(
    candidate: Candidate, samples: MutableMapping[str, ArticleSample], session: DiscoverySession
) -> Sequence[ArticleSample]:
    """Return samples of a candidate's first articles, and add pages that were read to `samples`.

    An article whose page is not fetched, or cannot be read, is made of the source's own content.
    """
    listed_first = describes_articles(candidate.source)
    fetches, own_page = candidate.fetches_articles, url_key(candidate.url)
    found: list[ArticleSample] = []
    for item in candidate.items[:SAMPLES]:
        url = item.url or ""
        if not fetches or not url or (candidate.kind == "items" and url_key(url) == own_page):
            found.append(_read_own(item, session))
            continue
        if url not in samples:
            with session.rendering(is_on=bool(candidate.settings.get("render"))):
                samples[url] = _read_page(item, url, session, listed_first=listed_first)
        sample = samples[url]
        is_kept = listed_first or bool(item.html)  # as a build does
        if sample.article is None and is_kept and has_own_content(item):
            sample = replace(_read_own(item, session), reason=sample.reason)
        found.append(sample)
    return found


def _read_page(
    item: Item, url: str, session: DiscoverySession, *, listed_first: bool
) -> ArticleSample:
    """Read an article's page as a build would read it."""
    try:
        read = session.read(url, sample_page, item, listed_first=listed_first)
    except SourceError as error:
        return ArticleSample(url, reason=error.reason, is_permanent=_is_permanent(error))
    return ArticleSample(url, read.article, is_paid=read.is_paid)


def _is_permanent(error: SourceError) -> bool:
    if isinstance(error, FetchError):
        return error.status in _PERMANENT_STATUSES or isinstance(error, DisallowedError)
    return isinstance(error, ExtractError) and not isinstance(error, ResourceLimitError)


def _read_own(item: Item, session: DiscoverySession) -> ArticleSample:
    """Make an article of the source's own content, at last of its title and link."""
    try:
        article = session.executor.call(item.url or "", articles.article_from_feed, item)
    except SourceError as error:
        return ArticleSample(item.url or "", reason=error.reason)
    if article.published is None:
        article = replace(article, published=item.published or item.updated)
    return ArticleSample(item.url or "", replace(article, authors=article.authors or item.authors))


def _inspect_start(
    url: str, session: DiscoverySession, options: DiscoveryOptions
) -> tuple[PageInspection, tuple[str, ...]]:
    """Inspect the given address, in the browser if it shows nothing without its scripts.

    After an HTTP error the site may still have feeds.
    """
    try:
        start = _inspect(url, session, options, is_rendered=options.render)
    except DisallowedError:
        raise
    except FetchError as error:
        if error.status is None or options.render:
            raise FetchError(_with_http_hint(error, url, session), url) from error
        session.failures[url] = error.reason
        return PageInspection(url, "nothing"), ()
    if not start.needs_scripts or start.listing.items or options.render or not session.browser:
        return start, ()
    try:
        rendered = _inspect(url, session, options, is_rendered=True)
    except SourceError as error:
        return start, (f"the page shows little without its scripts, and {error.reason}",)
    return replace(rendered, feeds=start.feeds or rendered.feeds), ()


def _inspect(
    url: str, session: DiscoverySession, options: DiscoveryOptions, *, is_rendered: bool
) -> PageInspection:
    with session.rendering(is_on=is_rendered):
        start = session.read(url, inspect_page, options.links, options.item)
    return replace(start, is_rendered=is_rendered)


def _with_http_hint(error: FetchError, url: str, session: DiscoverySession) -> str:
    """Return the reason of a failure, and the http:// address if that one answers."""
    if error.status is not None or not url.startswith("https://"):
        return error.reason
    plain = f"http://{url.removeprefix('https://')}"
    try:
        session.get(plain)
    except SourceError:
        return error.reason
    return f"{error.reason}; {plain} answers, without encryption: try feedpub add {plain}"


def _find_candidates(
    start: PageInspection, session: DiscoverySession, options: DiscoveryOptions
) -> Iterator[Candidate]:
    if start.is_feed:
        yield from probes.declared_feeds(start, session)
    elif start.is_sitemap:
        yield from probes.declared_sitemaps(start, session)
    elif start.is_json:
        feeds = probes.declared_feeds(start, session) if options.allows("feed") else iter(())
        found = list(feeds)
        yield from found or (probes.json_lists(start, session) if options.allows("json") else ())
    else:
        yield from _find_on_page(start, session, options)


def _find_on_page(
    start: PageInspection, session: DiscoverySession, options: DiscoveryOptions
) -> Iterator[Candidate]:
    found = list(probes.listed_on_page(start, options))
    yield from found
    is_json_wanted = options.kind == "json" or (not found and options.allows("json"))
    if start.is_page and is_json_wanted:
        yield from probes.json_lists(start, session)
    if options.allows("feed"):
        feeds = [*probes.linked_feeds(start, session), *probes.wordpress_posts(start, session)]
        yield from feeds or probes.usual_feeds(start, session)
    if options.allows("sitemap"):
        yield from probes.linked_sitemaps(start, session)


def _unique(candidates: Iterable[Candidate]) -> list[Candidate]:
    unique: dict[tuple[str, ...], Candidate] = {}
    for candidate in candidates:
        settings = repr(sorted(candidate.settings.items())) if candidate.kind != "sitemap" else ""
        unique.setdefault((candidate.kind, url_key(candidate.url), settings), candidate)
    return list(unique.values())


def _why_nothing(
    start: PageInspection, session: DiscoverySession, options: DiscoveryOptions
) -> str:
    """State why there is no candidate, what was tried, and what to do; each on its own line."""
    failures = session.failures
    tried = pluralize(len(session.requested), "address", "addresses")
    lines = [f"nothing here lists entries that could be read; {tried} checked:"]
    if start.url in failures:
        lines.append(f"  the address: {failures[start.url]}")
    elif not start.is_page:
        lines.append(f"  the address: found {start.document_type}")
    if options.allows("page") and start.listing.why_empty:
        lines.append(f"  as a listing: {start.listing.why_empty}")
    if options.allows("items") and start.items.why_empty:
        lines.append(f"  as entries on one page: {start.items.why_empty}")
    named = [f"{feed}: {failures[feed]}" for feed in start.feeds if feed in failures]
    if named:
        lines.append(f"  of the feeds that it names, none can be used: {'; '.join(named)}")
    elif options.allows("feed") and not (start.is_feed or start.is_json):
        lines.append("  feeds and sitemaps: none that it names, none at the usual paths")
    lines.append(f"  next: {_next_step(start, session)}")
    return "\n".join(lines)


def _next_step(start: PageInspection, session: DiscoverySession) -> str:
    step = "give the address of the page that lists the articles"
    if start.needs_scripts and not start.is_rendered and session.browser is None:
        return f"{step}, or let a browser run its scripts: {HOW_TO_RENDER}"
    parts = urlsplit(start.url)
    if parts.path.strip("/"):
        step += f", or the site's front page {parts.scheme}://{parts.netloc}/"
    if start.is_page:
        step += '; to follow the changes of this page, write a source with type = "watch"'
    return step

"""The story of a discovery: look at the address, follow each way, rank, try, rank again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from feedpub.builder.identity import url_key
from feedpub.counting import counted
from feedpub.discovery import feeds, sitemaps, wordpress
from feedpub.discovery.candidates import Candidate, Tried
from feedpub.discovery.looks import Looks
from feedpub.discovery.rank import Ranked, rank
from feedpub.discovery.survey import Survey, survey
from feedpub.discovery.trial import try_articles
from feedpub.errors import FetchError, NothingFound, RefusedError
from feedpub.sources.kinds import HTML

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
    candidates: tuple[Ranked, ...]
    tried: dict[str, Tried] = field(default_factory=dict)


def discover(url: str, looks: Looks, now: datetime) -> Discovery:
    """What could be published of what is at an address, the best first, its articles tried.

    Raises:
        FetchError: nothing can be asked there: no such server, not a public address, forbidden by robots.txt.
        NothingFound: nothing there lists articles; the reason says what was tried, and what to do.
    """
    start = _survey(url, looks)
    candidates = _unique(_find(start, looks))
    if not candidates:
        raise NothingFound(_nothing(start, looks), url)
    tried: dict[str, Tried] = {}
    ranked = rank(candidates, tried, start.url, now)
    for _ in range(MOST_TRIED):
        if any(each.article for each in try_articles(ranked[0].candidate, tried, looks)):
            break
        ranked = rank(candidates, tried, start.url, now)
    return Discovery(start.url, start.title, start.what == HTML, rank(candidates, tried, start.url, now), tried)


def _survey(url: str, looks: Looks) -> Survey:
    """What is there; nothing, where the server has an answer but no document: its feed may be elsewhere."""
    try:
        return looks.read(url, survey)
    except RefusedError:
        raise
    except FetchError as error:
        if error.status is None:
            raise
        looks.failures[url] = error.reason
        return Survey(url, "nothing")


def _find(start: Survey, looks: Looks) -> Iterator[Candidate]:
    if start.is_feed:
        yield from feeds.given(start, looks)
        return
    if start.is_sitemap:
        yield from sitemaps.given(start, looks)
        return
    if start.listing.items:
        yield Candidate("page", start.url, start.listing.how, start.title, start.listing.items)
    found = [*feeds.named(start, looks), *wordpress.posts(start, looks)]
    yield from found or feeds.usual(start, looks)
    yield from sitemaps.named(start, looks)


def _unique(candidates: Iterator[Candidate]) -> list[Candidate]:
    """Each address once, and each feed whose entries are those of another only once."""
    unique: dict[tuple[str, ...], Candidate] = {}
    for candidate in candidates:
        unique.setdefault((candidate.kind, url_key(candidate.url)), candidate)
    return list(unique.values())


def _nothing(start: Survey, looks: Looks) -> str:
    """Why there is no candidate, what was looked at, and the next step."""
    failed = looks.failures.get(start.url)
    what = failed or start.listing.nothing or f"found {start.what}"
    feeds_named = [f"{feed}: {looks.failures[feed]}" for feed in start.feeds if feed in looks.failures]
    also = f"; of the feeds that it names none can be used: {'; '.join(feeds_named)}" if feeds_named else ""
    top = urlsplit(start.url)
    home = f"{top.scheme}://{top.netloc}/"
    step = "give the address of the page that lists the articles" + (
        f", or the site's front page {home}" if top.path.strip("/") else ""
    )
    return (
        f"nothing here lists articles: {what}{also}; no feed or sitemap at the usual paths either "
        f"(looked at {counted(len(looks.asked), 'address', 'addresses')}); {step}"
    )

"""The best list of a document, of all that it has.

Called where fetched pages are read: plain data in and out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from feedpub.core.data_files import load_toml
from feedpub.core.models import Item, Page
from feedpub.core.selectors import select_elements
from feedpub.core.urls import site_domain
from feedpub.pipeline.repair.similarity import (
    KnownArticles,
    ListSimilarity,
    is_known,
    is_known_address,
    is_known_title,
    list_similarity,
)
from feedpub.sources import feed
from feedpub.sources.document import HtmlDocument, parse_document
from feedpub.sources.listing import describe_selectors, find_items, select_cards
from feedpub.sources.listing.cards import Link, card_links
from feedpub.sources.listing.groups import PageRegions
from feedpub.sources.listing.text import count_text_words, label_text

LEAST_BETTER = 0.1  # than what the source finds now, in score
_ALIKE = 0.02  # in score: of lists no worse than this, the page's structure goes before a selector
_READ = 8  # selectors whose articles are read
# a link of so many words is an article's title, not its picture or the number of its comments
_TITLE_WORDS = 3
_SHOWN = 8  # articles of a list that are shown
_WHOLE = 0.9  # score: a list that a single selector does not choose so well may be made of two
_LIMIT = 50  # entries of a feed
_LINKS = 6  # to where the listing may be now
_DEEP = 3  # parts of such an address's path, at most
_TABLE = load_toml("feedpub.pipeline.repair", "listings.toml")
_NAMES = frozenset(_TABLE["names"])


@dataclass(frozen=True, slots=True)
class ArticlePreview:
    """An article of a list, for people; `known` where it was listed before."""

    title: str
    url: str
    known: bool


@dataclass(frozen=True, slots=True)
class FoundList:
    """A list, and how it is found.

    Attributes:
        selector: the CSS selector that chooses it; None for the page's structure.
        likeness: how much it is the list that was.
        articles: its first ones.
    """

    selector: str | None
    likeness: ListSimilarity
    articles: tuple[ArticlePreview, ...]


@dataclass(frozen=True, slots=True)
class NearbyPages:
    """What a page says of where a listing is now.

    Attributes:
        found: the list that was, if the page has it.
        links: where else it may be, the likeliest first.
        feeds: the feeds that it names.
    """

    lists: FoundList | None
    links: tuple[str, ...]
    feeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What a source finds in its page, and the best list there.

    None where no list is the one that was.
    """

    current: ListSimilarity
    best: FoundList | None


def compare_selectors(page: Page, links: str | None, known: KnownArticles) -> Compared:
    """What a page's settings find in it, beside what could be found; the best only where it is better.

    Args:
        page: the listing.
        links: the selector of the source.
        known: what it used to list.

    Raises:
        ExtractError: it is no page that can be read.
    """
    document = parse_document(page)
    now = list_similarity(_found_by(document, links), known)
    best = _best(document, known)
    if best is None or best.selector == links or best.likeness.score < now.score + LEAST_BETTER:
        return Compared(now, None)
    return Compared(now, best)


def nearby_pages(page: Page, old: str, known: KnownArticles) -> NearbyPages:
    """Whether a page has the list that was at another address, and where else that may be.

    Raises ExtractError.
    """
    document = parse_document(page)
    return NearbyPages(
        _best(document, known), tuple(_likely(document, old))[:_LINKS], document.feeds
    )


def lists_of_feed(page: Page, known: KnownArticles) -> FoundList | None:
    """The list that was, as a feed. Raises ExtractError."""
    found = _judged(None, feed.parse_items(page, limit=_LIMIT), known)
    return found if found.likeness.is_same_list else None


def _found_by(document: HtmlDocument, selector: str | None) -> Sequence[Item]:
    if selector is None:
        return find_items(document)
    try:
        elements = select_elements(document.tree, selector)
    except ValueError:  # XPath that fails on this page finds nothing in it
        return ()
    return select_cards(document, elements)


def _best(document: HtmlDocument, known: KnownArticles) -> FoundList | None:
    """The list that was: by the structure alone where that is as good as any selector."""
    candidates = [found for found in _candidates(document, known) if found.likeness.is_same_list]
    best = max((found.likeness.score for found in candidates), default=0.0)
    alike = (found for found in candidates if found.likeness.score >= best - _ALIKE)
    return next(alike, None)  # they come in the order of preference


def _candidates(document: HtmlDocument, known: KnownArticles) -> Iterator[FoundList]:
    """What the structure finds, then what the likeliest selectors do, the simplest first."""
    yield _judged(None, find_items(document), known)
    single = [_chosen_by(selector, document, known) for selector in _promising(document, known)]
    yield from single
    best = max(single, key=lambda found: found.likeness.score, default=None)
    if best and best.likeness.score < _WHOLE:
        yield from (
            _chosen_by(f"{best.selector}, {other.selector}", document, known) for other in single
        )


def _chosen_by(selector: str, document: HtmlDocument, known: KnownArticles) -> FoundList:
    return _judged(selector, select_cards(document, document.tree.cssselect(selector)), known)


def _judged(selector: str | None, items: Sequence[Item], known: KnownArticles) -> FoundList:
    shown = tuple(
        ArticlePreview(item.title, item.url or "", is_known(item, known)) for item in items[:_SHOWN]
    )
    return FoundList(selector, list_similarity(items, known), shown)


def _promising(document: HtmlDocument, known: KnownArticles) -> list[str]:
    """The selectors that choose most of the known articles and little else.

    Of those that choose the same, one.
    """
    links = {link.element: link for link in card_links(document)}
    sought = [link for link in links.values() if _is_sought(link, known)]
    wanted = {link.url for link in sought}
    regions = PageRegions(document.tree, list(links))
    open_links = [link for link in sought if not regions.is_in_navigation(link.element)]
    titled = [
        link for link in open_links if count_text_words(label_text(link.element)) >= _TITLE_WORDS
    ]
    anchors = [
        link.element
        for link in (
            titled if len({link.url for link in titled}) >= len(wanted) / 2 else open_links
        )
    ]
    chosen: dict[frozenset[str], str] = {}
    for selector in describe_selectors(document.tree, anchors):
        urls = frozenset(links[e].url for e in document.tree.cssselect(selector) if e in links)
        if urls:
            chosen.setdefault(urls, selector)
    best = sorted(chosen, key=lambda urls: -_agreement(urls, wanted))[:_READ]
    return [chosen[urls] for urls in chosen if urls in best]


def _is_sought(link: Link, known: KnownArticles) -> bool:
    return is_known_address(link.url, known) or is_known_title(label_text(link.element), known)


def _agreement(urls: frozenset[str], wanted: set[str]) -> float:
    return len(urls & wanted) / len(urls | wanted)


def _likely(document: HtmlDocument, old: str) -> Iterator[str]:
    """Addresses of the same site that may be the listing's now.

    They or their links share words with the old one.
    """
    sought = _words(urlsplit(old).path)
    scores: dict[str, float] = {}
    for link in card_links(document):
        parts = urlsplit(link.url)
        if (
            site_domain(link.url) != site_domain(old)
            or not 0 < len(parts.path.strip("/").split("/")) <= _DEEP
        ):
            continue
        own = _words(parts.path) | _words(label_text(link.element)[:60])
        score = (
            len(own & sought) + 0.5 * bool(own & _NAMES) - 0.1 * parts.path.strip("/").count("/")
        )
        if link.url != old and own & (sought | _NAMES):
            scores[link.url] = max(score, scores.get(link.url, score))
    yield from sorted(scores, key=lambda url: -scores[url])


def _words(text: str) -> set[str]:
    """The words of a path or a label, lower case."""
    lowered = unquote(text).lower()
    parts = "".join(c if c.isalpha() else " " for c in lowered).split()
    return {part for part in parts if part not in ("html", "php", "index", "htm")}

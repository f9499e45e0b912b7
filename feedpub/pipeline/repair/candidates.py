"""Find the best list of a page or a feed among all that it has.

The functions run in the processes that parse what was fetched: plain data in and out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from feedpub.core.loading import load_toml
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

MIN_IMPROVEMENT = 0.1  # in score, over the list that the source finds now
_EQUAL_SCORE = 0.02  # a difference up to this counts as equal: then page structure comes first
_MAX_SELECTORS = 8
# A link with this many words is an article's title, not its picture or its number of comments.
_MIN_TITLE_WORDS = 3
_MAX_PREVIEWS = 8  # articles of a list
_SINGLE_LIST_SCORE = 0.9  # below this, the list may need two selectors
_MAX_FEED_ITEMS = 50
_MAX_LINKS = 6  # to pages that may have the listing now
_MAX_PATH_SEGMENTS = 3  # of such a page
_LISTING_NAMES = frozenset(load_toml("feedpub.pipeline.repair", "listings.toml")["names"])


@dataclass(frozen=True, slots=True)
class ArticlePreview:
    """An article of a list; `known` if it was listed before."""

    title: str
    url: str
    known: bool


@dataclass(frozen=True, slots=True)
class FoundList:
    """A list and the way to find it.

    Attributes:
        selector: the CSS selector of its links; None if it is found by page structure.
        likeness: its similarity to the earlier list.
        articles: its first articles.
    """

    selector: str | None
    likeness: ListSimilarity
    articles: tuple[ArticlePreview, ...]


@dataclass(frozen=True, slots=True)
class NearbyPages:
    """The list of a page, and where else the listing may be.

    Attributes:
        lists: the same list as before, if the page has it.
        links: other pages that may have it, the most likely first.
        feeds: the feeds that the page links to.
    """

    lists: FoundList | None
    links: tuple[str, ...]
    feeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelectorComparison:
    """The list that a source finds in its page, and the best one.

    Attributes:
        current: the similarity of the list that it finds.
        best: a better list; None if there is none.
    """

    current: ListSimilarity
    best: FoundList | None


def compare_selectors(page: Page, links: str | None, known: KnownArticles) -> SelectorComparison:
    """Compare the list that a source finds in its page with the best one there.

    Args:
        page: the listing.
        links: the selector of the source.
        known: the articles that it listed before.

    Raises:
        ExtractError: the page cannot be parsed.
    """
    document = parse_document(page)
    current = list_similarity(_items_by(links, document), known)
    best = _find_best(document, known)
    if best is None or best.selector == links:
        return SelectorComparison(current, None)
    if best.likeness.score < current.score + MIN_IMPROVEMENT:
        return SelectorComparison(current, None)
    return SelectorComparison(current, best)


def nearby_pages(page: Page, old: str, known: KnownArticles) -> NearbyPages:
    """Return the same list if a page has it, and where else it may be.

    Args:
        page: a page of the site.
        old: the address that the listing had.
        known: the articles that it had.

    Raises:
        ExtractError: the page cannot be parsed.
    """
    document = parse_document(page)
    links = _find_listing_links(document, old)[:_MAX_LINKS]
    return NearbyPages(_find_best(document, known), tuple(links), document.feeds)


def lists_of_feed(page: Page, known: KnownArticles) -> FoundList | None:
    """Return the list of a feed if it is the same as before. Raises ExtractError."""
    found = _compare(None, feed.parse_items(page, limit=_MAX_FEED_ITEMS), known)
    return found if found.likeness.is_same_list else None


def _find_best(document: HtmlDocument, known: KnownArticles) -> FoundList | None:
    """Return the best of the lists that are the same as before.

    Candidates are in order of preference, so the first one with about the best score is taken.
    """
    candidates = [each for each in _find_candidates(document, known) if each.likeness.is_same_list]
    best_score = max((found.likeness.score for found in candidates), default=0.0)
    for found in candidates:
        if found.likeness.score >= best_score - _EQUAL_SCORE:
            return found
    return None


def _find_candidates(document: HtmlDocument, known: KnownArticles) -> Iterator[FoundList]:
    """Yield the list found by page structure, then those of likely selectors, simple ones first."""
    yield _compare(None, find_items(document), known)
    selectors = _find_selectors(document, known)
    single = [_select(selector, document, known) for selector in selectors]
    yield from single
    best = max(single, key=lambda found: found.likeness.score, default=None)
    if best and best.likeness.score < _SINGLE_LIST_SCORE:
        for selector in selectors:
            yield _select(f"{best.selector}, {selector}", document, known)


def _select(selector: str, document: HtmlDocument, known: KnownArticles) -> FoundList:
    return _compare(selector, _items_by(selector, document), known)


def _items_by(selector: str | None, document: HtmlDocument) -> Sequence[Item]:
    if selector is None:
        return find_items(document)
    try:
        elements = select_elements(document.tree, selector)
    except ValueError:  # an XPath expression that fails on this page selects nothing
        return ()
    return select_cards(document, elements)


def _compare(selector: str | None, items: Sequence[Item], known: KnownArticles) -> FoundList:
    previews = tuple(
        ArticlePreview(item.title, item.url or "", is_known(item, known))
        for item in items[:_MAX_PREVIEWS]
    )
    return FoundList(selector, list_similarity(items, known), previews)


def _find_selectors(document: HtmlDocument, known: KnownArticles) -> list[str]:
    """Return the selectors that match most of the known articles and little else.

    Of several selectors that match the same links, only one is returned.
    """
    links = {link.element: link for link in card_links(document)}
    known_links = [link for link in links.values() if _is_known_link(link, known)]
    known_urls = frozenset(link.url for link in known_links)
    regions = PageRegions(document.tree, list(links))
    outside = [link for link in known_links if not regions.is_in_navigation(link.element)]
    anchors = [link.element for link in _prefer_titles(outside, known_urls)]
    selectors: dict[frozenset[str], str] = {}
    for selector in describe_selectors(document.tree, anchors):
        elements = document.tree.cssselect(selector)
        if urls := frozenset(links[element].url for element in elements if element in links):
            selectors.setdefault(urls, selector)

    def agreement(urls: frozenset[str]) -> float:
        return len(urls & known_urls) / len(urls | known_urls)

    best = sorted(selectors, key=agreement, reverse=True)[:_MAX_SELECTORS]
    return [selector for urls, selector in selectors.items() if urls in best]


def _prefer_titles(links: list[Link], urls: frozenset[str]) -> list[Link]:
    """Return only the links that are titles, if at least half of the URLs have one."""
    titles = [link for link in links if _count_words(link) >= _MIN_TITLE_WORDS]
    return titles if len({link.url for link in titles}) >= len(urls) / 2 else links


def _count_words(link: Link) -> int:
    return count_text_words(label_text(link.element))


def _is_known_link(link: Link, known: KnownArticles) -> bool:
    return is_known_address(link.url, known) or is_known_title(label_text(link.element), known)


def _find_listing_links(document: HtmlDocument, old: str) -> list[str]:
    """Return addresses of the same site that may have the listing now, the most likely first.

    The address or the link's label shares a word with the old address, or has the usual name of a
    listing.
    """
    old_words = _split_words(urlsplit(old).path)
    scores: dict[str, float] = {}
    for link in card_links(document):
        path = urlsplit(link.url).path
        slashes = path.strip("/").count("/")
        if link.url == old or site_domain(link.url) != site_domain(old):
            continue
        if slashes >= _MAX_PATH_SEGMENTS:
            continue
        words = _split_words(path) | _split_words(label_text(link.element)[:60])
        score = len(words & old_words) + 0.5 * bool(words & _LISTING_NAMES) - 0.1 * slashes
        if words & (old_words | _LISTING_NAMES):
            scores[link.url] = max(score, scores.get(link.url, score))
    return sorted(scores, key=lambda url: -scores[url])


def _split_words(text: str) -> set[str]:
    """Return the words of a path or a label in lower case, without file extensions."""
    letters = "".join(c if c.isalpha() else " " for c in unquote(text).lower())
    return set(letters.split()) - {"html", "php", "index", "htm"}

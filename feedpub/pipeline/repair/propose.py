"""Propose a config change for a source whose list is no longer found.

The page that was fetched is searched first, then its site. A run searches after the second failure
in a row, and again whenever their number has doubled: a site under reconstruction is not searched
at every check.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feedpub.config import FeedConfig, PageSource
from feedpub.core.errors import SourceError
from feedpub.core.redact import strip_credentials
from feedpub.core.text import pluralize
from feedpub.pipeline.collect import SourceResult
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.repair.similarity import KnownArticles, normalize_title
from feedpub.store import ConfigChange, Proposal, SourceState, Store

if TYPE_CHECKING:
    from feedpub.pipeline.repair.candidates import ArticlePreview, FoundList

MAX_KNOWN_ARTICLES = 1000
MIN_FAILURES = 2  # in a row


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search.

    Attributes:
        proposal: the proposed change; None if there is none.
        message: the reason why there is none; "" if there is one.
        articles: the first articles that the source would list with the change.
    """

    proposal: Proposal | None = None
    message: str = ""
    articles: "tuple[ArticlePreview, ...]" = ()


@dataclass(frozen=True, slots=True)
class _Repair:
    """The settings of a source that have to change, and the list that it finds with them."""

    changes: tuple[ConfigChange, ...]
    found: "FoundList"


def propose_after_run(
    feed: FeedConfig,
    results: Iterable[SourceResult],
    before: Mapping[str, SourceState],
    context: RunContext,
) -> Iterator[Proposal]:
    """Yield proposals for the sources of a run that have failed often enough.

    Raises:
        StoreError: the state cannot be read.
    """
    for result in results:
        state = before.get(result.key)
        failures = 1 + (state.failures if state else 0)
        if not _is_search_due(result, failures):
            continue
        if proposal := search_repair(feed, result, context).proposal:
            yield proposal


def _is_search_due(result: SourceResult, failures: int) -> bool:
    if result.failure is None or not result.failure.firm or result.retry_later:
        return False
    is_power_of_two = failures.bit_count() == 1
    return isinstance(result.source, PageSource) and failures >= MIN_FAILURES and is_power_of_two


def search_repair(feed: FeedConfig, result: SourceResult, context: RunContext) -> SearchResult:
    """Search the change that makes a source find its list again.

    Args:
        feed: the feed's settings.
        result: the result of the source; its document is not fetched again.
        context: the services that the run uses.

    Raises:
        StoreError: the state cannot be read.
    """
    source = result.source
    if not isinstance(source, PageSource):
        return SearchResult(message='only sources of type "page" can be repaired')
    known = load_known_articles(feed, result, context.store)
    if known is None:
        return SearchResult(message="it was never read: no articles are known to find its list by")
    repair = _search_page(source, result, known)
    if repair is None:
        repair = _search_site(source, result, known)
    if isinstance(repair, str):
        return SearchResult(message=repair)
    proposal = Proposal(
        feed.name,
        result.key,
        result.documents.digest,
        context.clock(),
        repair.changes,
        str(repair.found.likeness),
    )
    return SearchResult(proposal, articles=repair.found.articles)


def load_known_articles(
    feed: FeedConfig, result: SourceResult, store: Store
) -> KnownArticles | None:
    """Return the articles that a source listed before; None if it was never read.

    Raises:
        StoreError: the state cannot be read.
    """
    states = {state.key: state for state in store.sources(feed.name)}
    state = states.get(result.key)
    if state is None or not state.items:
        return None
    entries = store.entries(feed.name, limit=MAX_KNOWN_ARTICLES)
    own = [entry for entry in entries if entry.source == result.key] or list(entries)
    return KnownArticles(
        keys=frozenset(store.recently_listed(feed.name, MAX_KNOWN_ARTICLES)),
        titles=frozenset(normalize_title(entry.title) for entry in own),
        usual_items=state.items,
        limit=feed.limit,
        newest=max((entry.published for entry in own), default=None),
    )


def _search_page(
    source: PageSource, result: SourceResult, known: KnownArticles
) -> _Repair | str | None:
    """Search the page that was fetched.

    Returns:
        A better selector, the reason why none is needed, or None if the page lacks the list.
    """
    page = result.documents.refetch_first(source.url)
    if page is None:
        return None
    from feedpub.pipeline.repair.candidates import compare_selectors  # noqa: PLC0415 -- rarely needed

    try:
        found = result.documents.executor.call(
            page.url, compare_selectors, page, source.links, known
        )
    except SourceError:  # the failure of the source reports it
        return None
    if found.best:
        change = ConfigChange("links", source.links, found.best.selector)
        return _Repair((change,), found.best)
    if found.current.is_same_list:
        return f"its settings find its list: it {found.current}"
    return None


def _search_site(source: PageSource, result: SourceResult, known: KnownArticles) -> _Repair | str:
    """Search the site for the list. Return the change, or the reason why there is none."""
    if strip_credentials(source.url) != source.url:
        return "its address contains a password: its site is not searched"
    from feedpub.pipeline.repair.search_site import SiteSearch  # noqa: PLC0415 -- rarely needed

    moved = SiteSearch(source, result.documents, known).search()
    if moved is None:
        number = min(known.usual_items, len(known.keys))
        articles = pluralize(number, "known article")
        return f"neither the page nor its site has a list of the {articles}"
    changes = (
        ConfigChange("type", source.type, moved.kind),
        ConfigChange("url", source.url, moved.url),
        ConfigChange("links", source.links, moved.found.selector),
    )
    needed = tuple(change for change in changes if change.before != change.after)
    return _Repair(needed, moved.found)

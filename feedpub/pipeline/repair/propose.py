"""What the state knows of the articles that a source lists."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from feedpub.config import FeedConfig, PageSource
from feedpub.core.errors import SourceError
from feedpub.core.redact import strip_credentials
from feedpub.core.text import pluralize
from feedpub.pipeline.collect import SourceResult
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.repair import candidates
from feedpub.pipeline.repair.candidates import ArticlePreview, FoundList
from feedpub.pipeline.repair.search_site import SiteSearch
from feedpub.pipeline.repair.similarity import KnownArticles, normalize_title
from feedpub.store import ConfigChange, Proposal, SourceState, Store

MAX_KNOWN_ARTICLES = 1000  # articles


def load_known_articles(
    feed: FeedConfig, reading: SourceResult, store: Store
) -> KnownArticles | None:
    """What is known of a source's articles; None where it was never read. Raises StoreError."""
    state = next((state for state in store.sources(feed.name) if state.key == reading.key), None)
    if state is None or not state.items:
        return None
    entries = store.entries(feed.name, limit=MAX_KNOWN_ARTICLES)
    own = [entry for entry in entries if entry.source == reading.key] or list(entries)
    return KnownArticles(
        keys=frozenset(store.recently_listed(feed.name, MAX_KNOWN_ARTICLES)),
        titles=frozenset(normalize_title(entry.title) for entry in own),
        usual_items=state.items,
        limit=feed.limit,
        newest=max((entry.published for entry in own), default=None),
    )


# SECTION: The story of a proposal: what the page has that was fetched, else what its site has;
# then the change in the config.
#
# A run looks for one at the second failure in a row, and again whenever they have doubled: a site
# that is being rebuilt
# is not searched at each look.

FIRST = 2  # failures in a row, the last of them firm


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What came of looking for a proposal.

    Attributes:
        proposal: the change; None where there is none to make.
        said: why there is none, for people; "" where there is one.
        articles: the first ones that the source would list, with the change.
    """

    proposal: Proposal | None = None
    message: str = ""
    articles: tuple[ArticlePreview, ...] = ()


def propose_after_run(
    feed: FeedConfig,
    readings: Iterable[SourceResult],
    before: Mapping[str, SourceState],
    tools: RunContext,
) -> Iterator[Proposal]:
    """Proposals for those sources of a run that have failed so often that one is due.

    Raises StoreError.
    """
    for reading in readings:
        state = before.get(reading.key)
        if _is_due(reading, 1 + (state.failures if state else 0)) and (
            found := search_repair(feed, reading, tools).proposal
        ):
            yield found


def search_repair(feed: FeedConfig, reading: SourceResult, tools: RunContext) -> SearchResult:
    """What to change about a source that brought nothing, or not what it used to.

    Args:
        feed: whose source it is.
        reading: what came of it; its document is not fetched again.
        tools: for the state, the clock, and where pages are read.

    Raises:
        StoreError: the state cannot be read.
    """
    source = reading.source
    if not isinstance(source, PageSource):
        return SearchResult(message="only pages can be repaired: a feed or a sitemap has one form")
    known = load_known_articles(feed, reading, tools.store)
    if known is None:
        return SearchResult(message="it was never read: there are no articles to know its list by")
    change = _in_page(source, reading, known)
    if change is None:
        change = _moved(source, reading, known)
    if isinstance(change, str):
        return SearchResult(message=change)
    evidence = str(change.found.likeness)
    settings = reading.documents.digest
    proposal = Proposal(feed.name, reading.key, settings, tools.clock(), change.changes, evidence)
    return SearchResult(proposal, articles=change.found.articles)


@dataclass(frozen=True, slots=True)
class _Change:
    """The keys of a source that have to change, and the list that it has then."""

    changes: tuple[ConfigChange, ...]
    found: FoundList


def _is_due(reading: SourceResult, failures: int) -> bool:
    problem = reading.failure
    if (
        problem is None
        or not problem.firm
        or reading.retry_later
        or not isinstance(reading.source, PageSource)
    ):
        return False
    return failures >= FIRST and failures.bit_count() == 1  # 2, 4, 8 …


def _in_page(
    source: PageSource, reading: SourceResult, known: KnownArticles
) -> _Change | str | None:
    """A better way to find the list in the page that was fetched.

    Or why none is needed; None without that list.
    """
    page = reading.documents.refetch_first(source.url)
    if page is None:
        return None
    try:
        seen = reading.documents.executor.call(
            page.url, candidates.compare_selectors, page, source.links, known
        )
    except SourceError:  # it is no page, or too much of one: the source's own problem says so
        return None
    if seen.best:
        return _Change((ConfigChange("links", source.links, seen.best.selector),), seen.best)
    return (
        f"its list is found as the config has it: it {seen.current}"
        if seen.current.is_same_list
        else None
    )


def _moved(source: PageSource, reading: SourceResult, known: KnownArticles) -> _Change | str:
    """Another address of the same site that has the list; or why there is none."""
    if strip_credentials(source.url) != source.url:
        return "its address holds a password: where else its list may be is not looked for"
    moved = SiteSearch(source, reading.documents, known).search()
    if moved is None:
        number = min(known.usual_items, len(known.keys))
        were = "was" if number == 1 else "were"
        return f"neither the page nor its site has a list of the {pluralize(number, 'article')} that {were} known"
    wanted = (
        ConfigChange("type", source.type, moved.kind),
        ConfigChange("url", source.url, moved.url),
        ConfigChange("links", source.links, moved.found.selector),
    )
    return _Change(tuple(change for change in wanted if change.before != change.after), moved.found)

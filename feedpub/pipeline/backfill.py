"""Fill the archives of a feed with the past of its sources, politely and over time.

A call requests a limited number of pages. New entries are stored after every few articles, and the
position in the listing after each of its pages. The next call continues there, whatever ended the
one before. New entries get their own dates and belong to archives alone: the live document, the
anomalies, the schedule and the alerts do not know them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from feedpub.config import FeedConfig, RemoteSource, SitemapSource, Source, WatchSource
from feedpub.config.sources import source_key
from feedpub.core.errors import FetchError, NoContentError, SourceError
from feedpub.core.models import Failure, Item
from feedpub.pipeline import archives, index, run
from feedpub.pipeline.collect import (
    ListedItem,
    SourceResult,
    collect_items,
    open_documents,
    request_options,
    with_keys,
)
from feedpub.pipeline.context import RunContext, no_progress
from feedpub.pipeline.merge import plan_merge
from feedpub.pipeline.read import ItemResult
from feedpub.pipeline.rechecks import DueRechecks
from feedpub.sources import past
from feedpub.sources.documents import CachedDocuments
from feedpub.sources.next_pages import ListedPage
from feedpub.store import BackfillState, ItemState

LISTING, SITEMAP = "listing", "sitemap"
_CHUNK_ITEMS = 5  # articles that are stored together; an interruption loses no more
_TOO_OLD = "before "  # and a date: the version of the state of an article that is older


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """The result of one call for one source.

    Attributes:
        source: the key of the source.
        way: how its past was read: "listing" or "sitemap".
        added: the number of new entries.
        requests: the number of requests.
        oldest: the date of the oldest entry that was ever added; None if none was.
        is_done: there is nothing more to read.
        failures: articles that could not be read, and at last the reason why the call ended early.
    """

    source: str
    way: str = LISTING
    added: int = 0
    requests: int = 0
    oldest: datetime | None = None
    is_done: bool = False
    failures: tuple[Failure, ...] = ()


def backfill_feed(
    feed: FeedConfig, until: datetime, max_requests: int, context: RunContext
) -> list[BackfillResult]:
    """Add older entries of a feed's sources to its archives, and write the archives.

    Args:
        feed: the feed's settings.
        until: the date of the oldest entry to add.
        max_requests: the limit of requests, for all sources together.
        context: the services that the run uses; its progress counts requests.

    Raises:
        FeedpubError: the state cannot be used, or a file cannot be written.
    """
    context = replace(context, fetcher=context.fetcher.for_run(feed.name))
    run.restore_missing_entries(feed, context)
    results: list[BackfillResult] = []
    used = 0
    with context.browser.is_in_use():
        for source in feed.source:
            walk = _Walk(feed, source, until, max_requests - used, used, context)
            results.append(walk.run())
            used += results[-1].requests
    write_archives(feed, context)
    return results


def write_archives(feed: FeedConfig, context: RunContext) -> None:
    """Write the archives that lack files, and the live document's link to the newest one."""
    with context.store.feed_lock(feed.name):
        run.write_feed(feed, index.current_feed(feed, context), context)


@dataclass
class _Walk:
    """A walk through the past of one source.

    Attributes:
        max_requests: the limit of its requests.
        used: the requests of the sources before.
        date: of the last dated item of the walk; an undated one is not newer.
        oldest: the oldest date of the entries that were added.
        seen: the guids or URLs of the items so far.
    """

    feed: FeedConfig
    source: Source
    until: datetime
    max_requests: int
    used: int
    context: RunContext
    added: int = 0
    article_requests: int = 0
    date: datetime | None = None
    oldest: datetime | None = None
    failures: list[Failure] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    documents: CachedDocuments = field(init=False)

    def __post_init__(self) -> None:
        self.documents = open_documents(self.source, self.context)

    @property
    def requests(self) -> int:
        return self.documents.requests + self.article_requests

    @property
    def is_out_of_requests(self) -> bool:
        return self.requests >= self.max_requests

    def run(self) -> BackfillResult:
        """Read the past of the source, as far as the limit permits."""
        if isinstance(self.source, WatchSource) or not isinstance(self.source, RemoteSource):
            return BackfillResult(source_key(self.source), is_done=True)
        state = self._load_state(self.source)
        try:
            self.documents.options = request_options(self.source)
            while not state.is_done and not self.is_out_of_requests:
                following = self._follow(state)
                if following is state:
                    break
                state = self._save(following)
        except SourceError as error:
            where = error.url or source_key(self.source)
            self.failures.append(Failure(where, error.reason, fatal=True))
        state = self._save(state)
        return BackfillResult(
            source_key(self.source),
            state.way,
            self.added,
            self.requests,
            state.oldest,
            state.is_done,
            tuple(self.failures),
        )

    def _load_state(self, source: RemoteSource) -> BackfillState:
        """Return where the last call ended; an earlier date than its own reopens the walk."""
        key = source_key(self.source)
        state = self.context.store.backfill_state(self.feed.name, key)
        if state is None:
            way = SITEMAP if isinstance(source, SitemapSource) else LISTING
            return BackfillState(self.feed.name, key, way, source.url)
        if state.is_done and state.url and state.reached and self.until < state.reached:
            state = replace(state, is_done=False)
        self.date = state.oldest
        return state

    def _save(self, state: BackfillState) -> BackfillState:
        before = self.context.store.backfill_state(self.feed.name, state.key)
        oldest = min(filter(None, (state.oldest, self.oldest)), default=None)
        state = replace(state, oldest=oldest)
        if state != before:
            self.context.store.save_backfill_state(state)
        return state

    def _follow(self, state: BackfillState) -> BackfillState:
        """Read one page of the past, and return the state after it; the same if it is not over."""
        if state.way == SITEMAP:
            return self._read_sitemap(state)
        try:
            page = past.read_past_page(self.source, self.documents, state.url, state.number)
        except SourceError as error:
            return self._after_failure(state, error)
        if page.next_url is None and state.number == 1:
            return replace(state, way=SITEMAP)
        if not self._add(page.items):
            return state
        return self._next_state(state, page)

    def _after_failure(self, state: BackfillState, error: SourceError) -> BackfillState:
        """Return the state after a page that cannot be read: WordPress ends so. Raises SourceError.

        A first page of WordPress's API that cannot be read is replaced by that of the feed.
        """
        other = past.other_next_url(self.source, state.url)
        if state.number == 2 and other:  # noqa: PLR2004 -- the page after the feed
            return replace(state, url=other)
        is_end = isinstance(error, NoContentError)
        if isinstance(error, FetchError):
            is_end = error.status in past.END_STATUSES
        if state.number == 1 or not is_end:
            raise error
        return replace(state, url="", is_done=True, reached=self.until)

    def _next_state(self, state: BackfillState, page: ListedPage) -> BackfillState:
        """Return the state after a page: a page that reaches beyond the date is read again later.

        Lists have their oldest entry at the end; one that is pinned to the top does not count.
        """
        dates = [date for item in page.items if (date := item.published or item.updated)]
        last = dates[-1] if dates else self.date
        if last is not None and last < self.until:
            return replace(state, is_done=True, reached=self.until)
        identities = {item.guid or item.url or item.title for item in page.items}
        is_repeated = identities <= self.seen  # as of servers that ignore the number of the page
        self.seen |= identities
        following = "" if page.next_url is None or is_repeated else page.next_url
        state = replace(state, url=following, number=state.number + 1)
        return state if following else replace(state, is_done=True, reached=self.until)

    def _read_sitemap(self, state: BackfillState) -> BackfillState:
        assert isinstance(self.source, RemoteSource)  # noqa: S101 -- checked by run
        known: tuple[Item, ...] = ()
        if not isinstance(self.source, SitemapSource):
            known = past.read_past_page(self.source, self.documents, self.source.url, 1).items
        named = self.context.fetcher.sitemaps(self.source.url)
        items = past.read_past_sitemap(self.source, self.documents, named, known, self.until)
        if not self._add(items):
            return state
        return replace(state, is_done=True, reached=self.until)

    def _add(self, items: Sequence[Item]) -> bool:
        """Read and store the new items; return False if the limit of requests ended it."""
        for chunk in self._chunks(items):
            if self.is_out_of_requests:
                return False
            self._add_chunk(chunk)
            done = min(self.used + self.requests, self.used + self.max_requests)
            self.context.progress(self.feed.name, done, self.used + self.max_requests)
        return True

    def _chunks(self, items: Sequence[Item]) -> Iterator[list[ListedItem]]:
        """Yield the items that are neither known nor too old, a few at a time."""
        store, name = self.context.store, self.feed.name
        result = SourceResult(self.source, self.documents, items=tuple(items))
        result = with_keys(result, self.context.settings.anchor)
        listed = collect_items([result], partial(store.owners, name))
        stored = store.known_keys(name, [key for item in listed for key in item.keys])
        known = {key for key, state in stored.states.items() if self._is_settled(state)}
        known.update(stored.entry_ids)
        chunk: list[ListedItem] = []
        for item in listed:
            date = item.item.published or item.item.updated
            is_old = date is not None and date < self.until
            if is_old or known.intersection(item.keys):
                self.date = date or self.date
                continue
            chunk.append(item)
            if len(chunk) >= min(_CHUNK_ITEMS, self.max_requests - self.requests):
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _is_settled(self, state: ItemState) -> bool:
        """Return False for an article that was too old for an earlier call, and may not be now."""
        was_too_old = state.version.startswith(_TOO_OLD)
        return not was_too_old or state.version <= f"{_TOO_OLD}{self.until:%Y-%m-%d}"

    def _add_chunk(self, items: Sequence[ListedItem]) -> None:
        quiet = replace(self.context, progress=no_progress)
        listed = [replace(item, rank=rank) for rank, item in enumerate(items)]
        keys = [key for item in items for key in item.keys]
        stored = quiet.store.known_keys(self.feed.name, keys)
        read = run.read_items(self.feed, listed, DueRechecks(), stored, quiet)
        quiet.store.save_memories(read.memories, quiet.clock())
        results = [self._dated(each) for each in read.items]
        self.article_requests += sum(each.requests for each in results)
        self.failures += [each.failure for each in results if each.failure]
        with self.context.store.feed_lock(self.feed.name):
            before = self._entry_ids(results)
            merged, changes = plan_merge(self.feed, results, self.context, for_archives=True)
            with self.context.store.feed_transaction(self.feed.name) as transaction:
                transaction.save(changes)
            self.added += merged.new
            live = index.current_feed(self.feed, self.context)
            new = self._entry_ids(results) - before
            archives.archive_backfilled(self.feed, live, new, self.context)

    def _entry_ids(self, results: Collection[ItemResult]) -> set[str]:
        keys = [key for each in results if each.extracted for key in each.extracted.keys]
        return set(self.context.store.aliases(self.feed.name, keys).values())

    def _dated(self, result: ItemResult) -> ItemResult:
        """Return a result with a date; one of an article that is too old has no article."""
        extracted = result.extracted
        if extracted is None:
            return result
        item = extracted.item
        date = item.published or extracted.article.published or item.updated
        if date is None and self.date:
            item = replace(item, published=self.date)
            return replace(result, extracted=replace(extracted, item=item))
        self.date = date or self.date
        if date and date < self.until:
            reason = f"older than {self.until:%Y-%m-%d}"
            version = f"{_TOO_OLD}{self.until:%Y-%m-%d}"
            state = ItemState(result.state.key, version, "excluded", reason)
            return replace(result, state=state, extracted=None, failure=None)
        if date:
            self.oldest = min(date, self.oldest or date)
        return result

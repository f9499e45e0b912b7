"""Fetch and clean the listed articles that are new or changed.

Several sites are read in parallel, the articles of one site one after another. A failure affects
only its own article. Several pages of a site are fetched before the first one is cleaned, so that
the cleaner knows what repeats on them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urljoin

from feedpub.builder.filters import FilterFacts, matching_filter
from feedpub.builder.matching import Claim, ExtractedItem
from feedpub.cleaner import pagination
from feedpub.cleaner.access import LOGIN_PAGE, PAYWALL, is_login_address
from feedpub.cleaner.articles import MAX_ARTICLE_BYTES, MultiPageArticle
from feedpub.cleaner.pagination import PageSequence
from feedpub.config import FeedConfig
from feedpub.core.article_keys import WATCH_PREFIX, url_key
from feedpub.core.document_types import document_type_of_url, with_document_enclosure
from feedpub.core.errors import (
    DisallowedError,
    ExtractError,
    FetchError,
    InterstitialError,
    NoContentError,
    ResourceLimitError,
    RobotsDisallowedError,
    SourceError,
    forget_frames,
)
from feedpub.core.models import Article, Entry, Failure, NotModified, Page
from feedpub.core.redact import strip_credentials
from feedpub.fetch import SMALL_BODY_BYTES, Validators
from feedpub.pipeline import rechecks, retries
from feedpub.pipeline.article import (
    article_from_change,
    article_from_feed,
    article_from_file,
    article_from_mail,
    article_from_pages,
    make_mail_snapshot,
    make_snapshot,
    rules_for,
)
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.mail import MessageReader, open_messages
from feedpub.pipeline.site_memory import LearningSite, memory_key
from feedpub.store import ItemState, ItemStatus, PageSnapshot

_CLOSED_STATUSES = frozenset((401, 402, 403, 451))  # a login, payment, or another country
_MAX_PARALLEL_SITES = 8
_MAX_BATCH_BYTES = 4_000_000  # of pages of one site that wait to be cleaned together


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result of one listed item.

    Attributes:
        state: the new state of the item in the store.
        extracted: the article, if one was read.
        failure: the reason why there is no article, or only a part of one.
        requests: the number of HTTP requests that it took.
        by_page: True if the text is from the article's page, where corrections will appear.
        seconds: the time that fetching and cleaning took.
        snapshot: what the article was made from, if that is kept.
        waits: True if nothing was requested, because the next try is later.
    """

    state: ItemState
    extracted: ExtractedItem | None = None
    failure: Failure | None = None
    requests: int = 0
    by_page: bool = False
    seconds: float = 0.0
    snapshot: PageSnapshot | None = None
    waits: bool = False


_FetchResult: TypeAlias = Page | NotModified | SourceError | ItemResult | None
"""The response to a request for an article's page.

None if the item needs no page; an ItemResult if it needs no reading at all.
"""


@dataclass(frozen=True, slots=True)
class _FetchedItem:
    """A listed item and its page.

    Attributes:
        item: the listed item.
        result: the response.
        seconds: the time that fetching took.
        pages: the page with those that continue the article, if there are any.
    """

    item: ListedItem
    result: _FetchResult
    seconds: float = 0.0
    pages: PageSequence | None = None

    @property
    def requests(self) -> int:
        """Return the number of HTTP requests that it took."""
        is_requested = self.result is not None and not self.item.mail
        return int(is_requested) + (self.pages.requests if self.pages else 0)

    @property
    def size(self) -> int:
        """Return the size of its pages in bytes."""
        pages = self.pages or ([self.result] if isinstance(self.result, Page) else [])
        return sum(len(page.body) for page in pages)


@dataclass(frozen=True, slots=True)
class KnownItems:
    """The stored state of the listed items.

    Attributes:
        states: key → the state of the item.
        entry_ids: key → the id of the stored entry.
        filters: a digest of the feed's filters; items that were excluded by other filters are read
            again.
        due: key → entry of each article that is due for a recheck.
        now: the current time; None to retry every item that could not be read.
        changed_sources: the keys of sources whose unread items do not wait.
    """

    states: Mapping[str, ItemState]
    entry_ids: Mapping[str, str]
    filters: str
    due: Mapping[str, Entry] = field(default_factory=dict)
    now: datetime | None = None
    changed_sources: Collection[str] = ()

    def find_unchanged(self, item: ListedItem) -> ItemState | None:
        """Return the state of an item that need not be read; None if it has to be read."""
        if item.key in self.due:
            return None
        state = self.states.get(item.key)
        if state is None:  # perhaps an address that once led to a stored article
            return _make_state(item, "stored") if item.key in self.entry_ids else None
        if state.state == "excluded":
            same_filters = state.version.endswith(self.filters)
            version = _filtered_version(item, self.filters)
            return state if same_filters and _is_same_version(version, state) else None
        is_current = state.state == "stored" and _is_same_version(item.version_key, state)
        return state if is_current else None

    def find_waiting(self, item: ListedItem) -> ItemState | None:
        """Return the state of an item that could not be read and whose next try is later."""
        state = self.states.get(item.key)
        if state is None or self.now is None or not retries.is_waiting(state, self.now):
            return None
        if item.source in self.changed_sources:
            return None
        return state if _is_same_version(item.version_key, state) else None

    def validators(self, item: ListedItem) -> Validators | None:
        """Return the validators of an item's page; None if it has to be fetched in full.

        An item with a new guid at a known address may be another article, even if the page is the
        same.
        """
        state = self.states.get(item.key)
        if state is None or state.state != "stored":
            return None
        if item.guid and item.guid not in self.entry_ids:
            return None
        return Validators(state.etag, state.last_modified)


def _filtered_version(item: ListedItem, filters: str) -> str:
    return f"{item.version_key} {filters}"


def _is_same_version(version: str, state: ItemState) -> bool:
    """Return True if the stored version is the same, or from another source and not comparable."""
    if state.version == version:
        return True
    return state.version.partition(" ")[0] != version.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The results of the listed items.

    Attributes:
        items: the result of every item, in their order.
        memories: site → its memory after the pages that were read; None if it has not changed.
    """

    items: list[ItemResult]
    memories: Mapping[str, bytes | None] = field(default_factory=dict)


def read_articles(
    feed: FeedConfig, items: Sequence[ListedItem], known: KnownItems, context: RunContext
) -> ReadResult:
    """Return the result of every item; only new and changed ones are read."""
    results: dict[int, ItemResult] = {}
    to_read: list[ListedItem] = []
    for item in items:
        if state := known.find_unchanged(item):
            results[item.rank] = ItemResult(state)
        elif (state := known.find_waiting(item)) and not _is_filtered_out(feed, item):
            failure = describe_unread(state, item.address)
            results[item.rank] = ItemResult(state, failure=failure, waits=True)
        else:
            to_read.append(item)
    to_read.sort(key=lambda item: item.key in known.due)  # corrections can wait, news cannot
    by_site: dict[str, list[ListedItem]] = defaultdict(list)
    for item in to_read:
        by_site[item.source if item.mail else memory_key(item.item.url or "")].append(item)
    with_pages = [name for name, some in by_site.items() if any(map(_has_page, some))]
    stored = context.store.site_memories(with_pages)
    memories: dict[str, bytes | None] = {}
    done = count(1)

    def report_progress() -> None:
        context.progress(feed.name, next(done), len(to_read))

    def read_site(name: str) -> dict[int, ItemResult]:
        site = LearningSite(stored.get(name, b""), context.executor)
        fetched = _fetch_items(feed, by_site[name], known, context, report_progress)
        site_results: dict[int, ItemResult] = {}
        for batch in _batch_by_size(fetched):
            site_results.update(_clean_batch(feed, batch, site, known, context))
        memory = site.changed_memory()
        if memory or name in stored:
            memories[name] = memory
        return site_results

    context.progress(feed.name, 0, len(to_read))
    with ThreadPoolExecutor(_MAX_PARALLEL_SITES) as pool:
        for site_results in pool.map(read_site, by_site):
            results.update(site_results)
    return ReadResult([results[item.rank] for item in items], memories)


def _has_page(item: ListedItem) -> bool:
    """Return True if an item is read from a page on the web."""
    return item.fetches_page and item.mail is None and item.item.path is None


def describe_unread(state: ItemState, address: str) -> Failure:
    """Return the failure of an item that could not be read and is not tried now."""
    parts = [state.reason]
    if state.state == "partial":
        parts.append("the entry is incomplete")
    return Failure(address, "; ".join([*parts, retries.describe_retry(state)]), unread=True)


# --- fetching ---


def _fetch_items(
    feed: FeedConfig,
    items: Sequence[ListedItem],
    known: KnownItems,
    context: RunContext,
    report_progress: Callable[[], None],
) -> Iterator[_FetchedItem]:
    """Yield each item with its page or message, one after another."""
    with open_messages(context) as messages:
        for item in items:
            began = time.monotonic()
            result = _fetch_if_needed(feed, item, known, messages, context)
            pages = None
            if isinstance(result, Page) and not item.mail:
                try:
                    pages = _collect_pages(feed, item, result, context)
                except ResourceLimitError as error:
                    result = forget_frames(error)
            yield _FetchedItem(item, result, time.monotonic() - began, pages)
            result = pages = None  # no page stays in memory while the next one is fetched
            report_progress()


def _fetch_if_needed(
    feed: FeedConfig,
    item: ListedItem,
    known: KnownItems,
    messages: MessageReader,
    context: RunContext,
) -> _FetchResult:
    try:
        reason = _matching_filter(feed, item)
    except ResourceLimitError as error:
        return error
    if reason is not None:
        return ItemResult(_make_excluded_state(item, reason, known.filters))
    if item.mail:
        return _read_message(item, messages)
    if not _has_page(item):
        return None
    if item.key in known.due and context.budget.expired:
        return ItemResult(known.states[item.key])  # it stays due
    return _fetch_page(item, known.validators(item), context)


def _matching_filter(feed: FeedConfig, item: ListedItem) -> str | None:
    """Return why the feed's filters exclude a listed item; None if they do not."""
    facts = FilterFacts(item.item.url or "", item.item.title or None, item.item.categories or None)
    return matching_filter(feed, facts)


def _is_filtered_out(feed: FeedConfig, item: ListedItem) -> bool:
    """Return True if the feed's filters exclude a listed item, or cannot be applied to it."""
    try:
        return _matching_filter(feed, item) is not None
    except ResourceLimitError:
        return True


def _read_message(item: ListedItem, messages: MessageReader) -> Page | SourceError:
    try:
        return messages.read(item)
    except SourceError as error:
        return forget_frames(error)


def _fetch_page(
    item: ListedItem, validators: Validators | None, context: RunContext
) -> Page | NotModified | SourceError:
    try:
        context.budget.check_time_left(item.address)
        page = _get_page(item.item.url or "", item, context, validators)
    except SourceError as error:
        return forget_frames(error)
    if not isinstance(page, Page):
        return page
    target = strip_credentials(page.url)
    if _redirects_to_login(item, page.url):
        return InterstitialError(f"{LOGIN_PAGE} (it redirects to {target})", item.address)
    if _redirects_home(item, page.url):
        reason = f"it redirects to {target}, as the addresses of removed articles do"
        return NoContentError(reason, item.address)
    return page


def _get_page(
    url: str,
    item: ListedItem,
    context: RunContext,
    validators: Validators | None = None,
    max_bytes: int = MAX_ARTICLE_BYTES,
) -> Page | NotModified:
    """Fetch a page with the options of its source and the headers of its site rules.

    A rendered page is fetched unconditionally: its content may change although its HTML does not.
    """
    options = item.options.for_url(url, context.site_rules.rules_for(url).headers)
    if item.render and document_type_of_url(url) is None:  # browsers show no documents
        seconds = context.budget.remaining()
        return context.browser.render(url, context.fetcher, options, seconds=seconds)
    return context.fetcher.get(url, validators=validators, options=options, max_bytes=max_bytes)


def _collect_pages(
    feed: FeedConfig, item: ListedItem, page: Page, context: RunContext
) -> PageSequence:
    """Return a page with those that continue its article; the size limit holds for all together."""
    remaining_bytes = MAX_ARTICLE_BYTES - len(page.body)

    def get(url: str) -> Page:
        nonlocal remaining_bytes
        context.budget.check_time_left(url)
        following = _get_page(url, item, context, max_bytes=max(remaining_bytes, 0))
        assert isinstance(following, Page)  # noqa: S101 -- the request was unconditional
        remaining_bytes -= len(following.body)
        return following

    rules = rules_for(feed, page.url, context)
    return pagination.collect_pages(page, rules, get, context.executor)


def _redirects_to_login(item: ListedItem, url: str) -> bool:
    """Return True if an article's address redirected to a login page."""
    requested = item.item.url or ""
    is_elsewhere = url_key(url) != url_key(requested)
    return is_elsewhere and is_login_address(url) and not is_login_address(requested)


def _redirects_home(item: ListedItem, url: str) -> bool:
    """Return True if an article's address redirected to its listing or the site's front page."""
    requested, found = url_key(item.item.url or ""), url_key(url)
    front_page = url_key(urljoin(item.item.url or "", "/"))
    return found != requested and found in (url_key(item.source), front_page)


def _batch_by_size(fetched: Iterable[_FetchedItem]) -> Iterator[list[_FetchedItem]]:
    """Yield the items in batches of limited size, and keep none while the next one is fetched.

    A large page ends its batch: it has reserved a part of the budget for large bodies, and a
    thread must not wait for another part while it holds one.
    """
    batch: list[_FetchedItem] = []
    for item in fetched:
        batch.append(item)
        is_full = item.size > SMALL_BODY_BYTES
        is_full = is_full or sum(each.size for each in batch) > _MAX_BATCH_BYTES
        del item
        if is_full:
            yield batch
            batch.clear()
    yield batch


# --- cleaning ---


def _clean_batch(
    feed: FeedConfig,
    batch: Sequence[_FetchedItem],
    site: LearningSite,
    known: KnownItems,
    context: RunContext,
) -> Iterator[tuple[int, ItemResult]]:
    """Learn from all pages of a batch, then yield the rank and the result of each item."""
    for fetched in [_learn_page(each, site) for each in batch]:
        began = time.monotonic()
        result = _clean_item(feed, fetched, site, known, context)
        seconds = fetched.seconds + time.monotonic() - began
        yield fetched.item.rank, replace(result, seconds=seconds)


def _learn_page(fetched: _FetchedItem, site: LearningSite) -> _FetchedItem:
    """Add an item's page to the site memory.

    A page that exceeds a limit is replaced by the error, so that it is not parsed again.
    """
    page = fetched.result
    if not isinstance(page, Page) or not pagination.is_web_page(page):
        return fetched
    try:
        site.learn(page)
    except ResourceLimitError as error:
        return replace(fetched, result=forget_frames(error), pages=None)
    return fetched


def _clean_item(
    feed: FeedConfig,
    fetched: _FetchedItem,
    site: LearningSite,
    known: KnownItems,
    context: RunContext,
) -> ItemResult:
    if isinstance(fetched.result, ItemResult):
        return fetched.result
    item, before = fetched.item, known.states.get(fetched.item.key)
    entry = known.due.get(item.key)
    try:
        result = _extract(feed, fetched, before, site, context)
        if entry and result.extracted:
            result = replace(result, extracted=rechecks.correction_of(entry, result.extracted))
        result = _apply_filters(feed, item, result, known)
    except SourceError as error:
        if before and item.key in known.due:
            result = _keep_entry(item, before, error)
        else:
            result = fallback_for(feed, item, error, known, context)
    state = _schedule_recheck(feed, item, result, before, context)
    return replace(result, state=state, requests=fetched.requests)


def _extract(
    feed: FeedConfig,
    fetched: _FetchedItem,
    before: ItemState | None,
    site: LearningSite,
    context: RunContext,
) -> ItemResult:
    """Return the article of an item. Raises SourceError."""
    item, page = fetched.item, fetched.result
    if isinstance(page, SourceError):
        raise page
    if item.item.path is not None:
        return _extract_from_file(feed, item, Path(item.item.path), context)
    if item.mail and isinstance(page, Page):
        return _extract_from_mail(feed, item, page, context)
    if page is None:
        return _extract_from_source(item, context)
    if before and isinstance(page, NotModified):
        state = _make_state(item, "stored")
        return ItemResult(replace(state, etag=before.etag, last_modified=before.last_modified))
    assert isinstance(page, Page)  # noqa: S101 -- the client rejects a 304 without validators
    pages = fetched.pages or PageSequence((page,), page.url)
    item = replace(item, item=with_document_enclosure(item.item, page))
    found = article_from_pages(feed, pages, item, site.memory, context)
    result = _make_result(item, found.article, (page.url, found.article.url))
    result = replace(
        result,
        state=replace(result.state, etag=page.etag, last_modified=page.last_modified),
        by_page=found.by_page,
        snapshot=make_snapshot(item, pages, context),
    )
    return _mark_incomplete(fetched, result, found, before, context) if found.gap else result


def _mark_incomplete(
    fetched: _FetchedItem,
    result: ItemResult,
    found: MultiPageArticle,
    before: ItemState | None,
    context: RunContext,
) -> ItemResult:
    """Return the result of an article that lacks a page, or whose page has no content.

    It is read again, unless that cannot help.

    Args:
        fetched: the item.
        result: as if the article were complete.
        found: the article.
        before: the earlier state of the item.
        context: the services that the run uses.
    """
    item = fetched.item
    state = replace(_make_state(item, "partial"), reason=found.gap)
    state = retries.schedule_retry(state, before, None, context.clock())
    used, is_final = _used_instead(found.article), state.retry_at == retries.NEVER
    if found.by_page:
        used = "the rest of the article is kept"
        is_final = fetched.pages is not None and not fetched.pages.is_temporary
    if found.gap == PAYWALL:
        used, is_final = "its free part is published" if found.by_page else used, False
    if is_final:
        return replace(result, failure=Failure(item.address, f"{found.gap}; {used}"))
    return replace(result, state=state, failure=_make_failure(item, state, used))


def _extract_from_source(item: ListedItem, context: RunContext) -> ItemResult:
    """Return the article that the source itself contains."""
    if item.key.startswith(WATCH_PREFIX):
        return _make_result(item, article_from_change(item.item, item.address, context), ())
    article = article_from_feed(item.item, item.address, context)
    snapshot = make_snapshot(item, None, context)
    return replace(_make_result(item, article, ()), snapshot=snapshot)


def _used_instead(article: Article) -> str:
    """Return the part of the source's own data that is published instead of the page."""
    if article.text:
        return "the source's own text is used instead"
    return "its title and link are published instead"


def _extract_from_file(
    feed: FeedConfig, item: ListedItem, path: Path, context: RunContext
) -> ItemResult:
    folder, url = item.folder or path.parent, item.item.url or ""
    article = article_from_file(feed, path, folder, context, url)
    snapshot = make_snapshot(item, None, context)
    result = replace(_make_result(item, article, ()), snapshot=snapshot)
    if not article.unread:
        return result
    # As a partial article it is read again in each run, until its front matter is repaired.
    reason = (
        f"a part of its front matter cannot be read and is ignored: {'; '.join(article.unread)}"
    )
    state = replace(_make_state(item, "partial"), reason=reason)
    return replace(result, state=state, failure=Failure(item.address, reason, unread=True))


def _extract_from_mail(
    feed: FeedConfig, item: ListedItem, message: Page, context: RunContext
) -> ItemResult:
    article = article_from_mail(feed, message.body, item.address, context)
    snapshot = make_mail_snapshot(item, message, article, context)
    return replace(_make_result(item, article, ()), snapshot=snapshot)


def _make_failure(item: ListedItem, state: ItemState, used: str = "") -> Failure:
    """Return the failure of an item that could not be read, or not completely.

    Args:
        item: the listed item.
        state: its new state.
        used: the content that is published instead; "" for none.
    """
    retry = retries.describe_retry(state) if state.retry_at else ""
    reason = "; ".join(filter(None, (state.reason, used, retry)))
    return Failure(item.address, reason, unread=True)


def _apply_filters(
    feed: FeedConfig, item: ListedItem, result: ItemResult, known: KnownItems
) -> ItemResult:
    """Exclude an article that the feed's filters match now that its text is known."""
    if result.extracted is None:
        return result
    article = result.extracted.article
    facts = FilterFacts(
        item.item.url or "",
        item.item.title or article.title,
        item.item.categories or article.categories,
        article.text,
    )
    reason = matching_filter(feed, facts)
    if reason is None:
        return result
    return ItemResult(_make_excluded_state(item, reason, known.filters))


def _keep_entry(item: ListedItem, before: ItemState, error: SourceError) -> ItemResult:
    """Return the result of a recheck that failed."""
    reason = f"the recheck failed: {error.reason}; the entry stays as it was"
    return ItemResult(before, failure=Failure(item.address, reason))


def _schedule_recheck(
    feed: FeedConfig,
    item: ListedItem,
    result: ItemResult,
    before: ItemState | None,
    context: RunContext,
) -> ItemState:
    now = context.clock()
    published = item.item.published
    if published is None and result.extracted:
        published = result.extracted.article.published
    begins = feed.recheck and result.by_page and rechecks.is_recent(published, now)
    url = item.item.url or ""
    return rechecks.schedule_recheck(result.state, before, url, now, begins=begins)


def fallback_for(
    feed: FeedConfig,
    item: ListedItem,
    error: SourceError,
    known: KnownItems,
    context: RunContext,
) -> ItemResult:
    """Return the source's own data for an article that cannot be read, or else only the failure."""
    failed = _make_failed_state(item, error, known.states.get(item.key), context)
    failure = ItemResult(failed, failure=_make_failure(item, failed))
    if _leads_to_forbidden_address(error):
        return failure
    if not (item.listed_first or _has_listed_text(item, error)):
        return failure
    try:
        article = replace(article_from_feed(item.item, item.address, context), complete=False)
        partial = replace(failed, state="partial")
        result = ItemResult(
            partial,
            extracted=_make_extracted_item(item, article, ()),
            snapshot=make_snapshot(item, None, context),
        )
        result = _apply_filters(feed, item, result, known)
    except ExtractError:
        return failure
    if result.extracted is None:  # the filters exclude it
        return result
    return replace(result, failure=_make_failure(item, partial, _used_instead(article)))


def _leads_to_forbidden_address(error: SourceError) -> bool:
    """Return True if an item's address is private or of another scheme, so it is kept out."""
    return isinstance(error, DisallowedError) and not isinstance(error, RobotsDisallowedError)


def _has_listed_text(item: ListedItem, error: SourceError) -> bool:
    """Return True if the listing's own content replaces a page that cannot be read.

    A teaser does so only if the page is closed to us. Other pages may be mistakes, such as error
    pages and private addresses, or can be read later: their items wait.
    """
    is_closed = isinstance(error, FetchError) and error.status in _CLOSED_STATUSES
    return bool(item.item.html or item.item.enclosures or (item.item.summary and is_closed))


def _make_failed_state(
    item: ListedItem, error: SourceError, before: ItemState | None, context: RunContext
) -> ItemState:
    """Return the state of an item that could not be read.

    The next check retries a saved file, and an item that the run had no time for.
    """
    state = replace(_make_state(item, "failed"), reason=error.reason)
    state = retries.schedule_retry(state, before, error, context.clock())
    if context.budget.expired:
        return replace(state, tries=state.tries - 1, retry_at=None)
    return replace(state, retry_at=None) if item.item.path is not None else state


# --- values ---


def _make_result(item: ListedItem, article: Article, addresses: Iterable[str | None]) -> ItemResult:
    extracted = _make_extracted_item(item, article, addresses)
    return ItemResult(_make_state(item, "stored"), extracted=extracted)


def _make_extracted_item(
    item: ListedItem, article: Article, addresses: Iterable[str | None]
) -> ExtractedItem:
    """Return an item with its article.

    Args:
        item: the listed item.
        article: the article.
        addresses: the addresses that its page claims.
    """
    is_saved = item.item.path is not None or item.item.message is not None
    claimed = dict.fromkeys((article.url,) if is_saved else addresses)
    claims = [Claim(url_key(url, exact=item.exact), url) for url in claimed if url]
    return ExtractedItem(
        item=item.item,
        article=article,
        keys=item.keys,
        rank=item.rank,
        source=item.source,
        listed_first=item.listed_first,
        own_page=not article.url if is_saved else not item.item.url,
        stem=Path(item.item.path or "").stem,
        claims=tuple(claims),
        exact=item.exact,
    )


def _make_state(item: ListedItem, status: ItemStatus) -> ItemState:
    return ItemState(key=item.key, version=item.version_key, state=status)


def _make_excluded_state(item: ListedItem, reason: str, filters: str) -> ItemState:
    state = _make_state(item, "excluded")
    return replace(state, version=_filtered_version(item, filters), reason=reason)

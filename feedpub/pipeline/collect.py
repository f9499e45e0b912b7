"""List the sources of a feed, and collect the items that they list.

A source that fails adds nothing and removes nothing: its failure is part of its `SourceResult`.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

from feedpub import sources
from feedpub.builder.matching import ItemKeys, assign_keys
from feedpub.config import (
    FeedConfig,
    FeedSource,
    FolderSource,
    ItemsSource,
    JsonSource,
    MailSource,
    PageSource,
    RemoteSource,
    Source,
    WatchSource,
    describes_articles,
    fetches_articles,
    resolve_secret,
)
from feedpub.config.sources import is_rendered, source_fingerprint, source_key
from feedpub.core.article_keys import mail_key, url_key, watch_key
from feedpub.core.document_types import with_document_enclosure
from feedpub.core.errors import (
    CorruptStateError,
    FeedpubError,
    FetchError,
    RetryLaterError,
    SourceError,
)
from feedpub.core.models import NO_HINTS, Failure, Item, PodcastTag, PollingHints
from feedpub.core.text import escape_control_characters
from feedpub.fetch import RequestOptions
from feedpub.pipeline import watch
from feedpub.pipeline.context import RunContext
from feedpub.sources.documents import CachedDocuments, FetchedDocument
from feedpub.store import FeedState, SourceObservation, WatchedText

_JSON_HEADERS = (("accept", "application/json, */*;q=0.5"),)  # many APIs also answer in HTML
FILE_PREFIX = "file:"
"""The prefix of the keys of saved articles."""

_PAGE_IN_ARCHIVE = re.compile(r"#https?://.*", re.DOTALL)  # a path has no //
_MAX_PARALLEL_SOURCES = 4
_TEMPORARY_STATUSES = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_DAY_SECONDS = 86400.0
# Static hosts declare everything fresh for a year, which has nothing to do with news.
_MAX_FRESH_SECONDS = _DAY_SECONDS
# As for single requests: a longer Retry-After is a mistake or an attack.
_MAX_RETRY_AFTER_SECONDS = _DAY_SECONDS


def source_digest(key: str) -> str:
    """Return the digest of a source's key that the versions of its items begin with."""
    return f"{crc32(key.encode()):08x}"


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item together with what the run needs to know about it.

    Attributes:
        item: the item as its source lists it.
        key: identifies the item in the store.
        rank: its position among all items of the feed.
        source: the key of its source.
        options: the request options of its source.
        listed_first: the title, date and authors of the source take precedence over the page's.
        fetches_page: False if the source's own content is enough.
        folder: the folder of a saved article.
        mail: the source of a mail.
        render: the page is rendered in a browser.
        guid: the key of its guid; "" if it has none of its own.
        exact: session ids and fragments are part of its address.
    """

    item: Item
    key: str
    rank: int
    source: str
    options: RequestOptions
    listed_first: bool = False
    fetches_page: bool = True
    folder: Path | None = None
    mail: MailSource | None = None
    render: bool = False
    guid: str = ""
    exact: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key of the item; the first one determines the id of a new entry."""
        return tuple(dict.fromkeys(filter(None, (self.guid, self.key))))

    @property
    def version_key(self) -> str:
        """Return a text that changes when the source reports a change of the article.

        It consists of a digest of the source's key and the item's version.
        """
        return f"{source_digest(self.source)} {self.item.version}".strip()

    @property
    def address(self) -> str:
        """Return the item's address for messages; for a mail, its subject and its source."""
        if self.mail:
            return f"{self.source}: {self.item.title or self.item.guid}"
        return self.item.url or escape_control_characters(self.item.path or "") or self.key


@dataclass(frozen=True, slots=True)
class SourceResult:
    """The result of checking one source: its items, or a failure.

    Attributes:
        source: the source's settings.
        documents: the documents that were fetched.
        items: the items that it lists.
        keys: the keys of each item.
        failure: the reason why it lists nothing.
        hints: how often it may be checked.
        observation: the measurements that anomalies are detected by.
        retry_later: the source was not requested, because its server sent a Retry-After; `hints`
            has the time.
        is_fresh: its items are accepted although they are new, because the source is new, its
            settings changed, or an anomaly has lasted long enough.
        has_new_settings: it was not read with its current settings before.
        podcast: the elements of its head, if it is a podcast.
        watched: the text of a watched page, which the next check is compared with.
    """

    source: Source
    documents: CachedDocuments
    items: tuple[Item, ...] = ()
    keys: tuple[ItemKeys, ...] = ()
    failure: Failure | None = None
    hints: PollingHints = NO_HINTS
    observation: SourceObservation | None = None
    retry_later: bool = False
    is_fresh: bool = False
    has_new_settings: bool = False
    podcast: tuple[PodcastTag, ...] = ()
    watched: WatchedText | None = None

    @property
    def key(self) -> str:
        """Return the key of the source in the status and the store."""
        return source_key(self.source)


def list_sources(
    feed: FeedConfig,
    state: FeedState,
    context: RunContext,
    only: Collection[str] | None = None,
    responses: Mapping[str, FetchedDocument] | None = None,
) -> list[SourceResult]:
    """Check the sources of a feed, several in parallel; the results are in the config's order.

    Args:
        feed: the feed's settings.
        state: the state of the feed.
        context: the services that the run uses.
        only: the keys of the sources to check; None checks all.
        responses: responses that are known already, by the requested address.
    """
    chosen = [source for source in feed.source if only is None or source_key(source) in only]
    listed = {key for key, source in state.sources.items() if source.items}

    def list_source(source: Source) -> SourceResult:
        pages = 1
        if isinstance(source, PageSource | ItemsSource | JsonSource):
            pages = 1 if source_key(source) in listed else source.pages
        return _list_source(source, feed, pages, context, responses or {})

    with ThreadPoolExecutor(_MAX_PARALLEL_SOURCES) as pool:
        return list(pool.map(list_source, chosen))


def _list_source(
    source: Source,
    feed: FeedConfig,
    pages: int,
    context: RunContext,
    responses: Mapping[str, FetchedDocument],
) -> SourceResult:
    documents = open_documents(source, context)
    documents.answers = dict(responses)
    try:
        documents.options = request_options(source)
        items: tuple[Item, ...]
        watched: WatchedText | None = None
        if isinstance(source, WatchSource):
            items, watched = watch.check_page(source, feed.name, documents, context)
        else:
            items = sources.read_source(source, documents, limit=feed.limit, pages=pages)
        head = _read_head(source, documents, context)
        documents.drop_body()  # the run may take long
        result = SourceResult(
            source,
            documents,
            items=items,
            hints=head.hints,
            podcast=head.podcast,
            watched=watched,
        )
        return with_keys(result, context.settings.anchor)
    except SourceError as error:
        where, is_firm = error.url or source_key(source), _is_firm(error)
        wait = error.retry_after if isinstance(error, FetchError) else None
        return SourceResult(
            source,
            documents,
            failure=Failure(where, error.reason, fatal=True, firm=is_firm),
            hints=NO_HINTS.with_min_wait(wait, "Retry-After", _MAX_RETRY_AFTER_SECONDS),
            retry_later=isinstance(error, RetryLaterError),
        )
    except CorruptStateError:
        raise
    except FeedpubError as error:
        failure = Failure(source_key(source), str(error), fatal=True)
        return SourceResult(source, documents, failure=failure)


def open_documents(source: Source, context: RunContext) -> CachedDocuments:
    """Return a reader of a source's documents, without its headers and credentials."""
    documents = CachedDocuments(
        context.fetcher,
        context.store,
        RequestOptions(),
        source_fingerprint(source),
        context.clock,
        context.budget,
    )
    documents.executor = context.executor
    if isinstance(source, JsonSource):
        documents.request_body = source.body.encode() if source.body is not None else None
        documents.headers = () if source.script else _JSON_HEADERS
    elif isinstance(source, PageSource | ItemsSource | WatchSource) and source.render:
        documents.browser = context.browser
    return documents


def _is_firm(error: SourceError) -> bool:
    """Return True if the source did respond, and its response is the problem."""
    if not isinstance(error, FetchError):
        return True
    if error.status is None:
        return False
    return error.status < _SERVER_ERROR and error.status not in _TEMPORARY_STATUSES


def _read_head(source: Source, documents: CachedDocuments, context: RunContext) -> sources.FeedHead:
    """Return a feed's head; its hints also consider the server and robots.txt."""
    if not isinstance(source, RemoteSource) or documents.first is None:
        return sources.FeedHead()
    head = sources.FeedHead()
    if isinstance(source, FeedSource):
        head = context.executor.call(source.url, sources.read_feed_head, documents.first)
    hints = head.hints.with_min_wait(documents.fresh_for, "Cache-Control", _MAX_FRESH_SECONDS)
    crawl_delay = context.fetcher.crawl_delay(source.url)
    return replace(head, hints=hints.with_min_wait(crawl_delay, "Crawl-delay"))


def request_options(source: Source) -> RequestOptions:
    """Return a source's headers, cookies, credentials and proxy, with secrets resolved.

    Raises:
        ConfigError: a secret is missing.
    """
    if isinstance(source, FolderSource):
        return RequestOptions()
    auth = None
    if source.auth:
        auth = (resolve_secret(source.auth.username), resolve_secret(source.auth.password))
    if isinstance(source, MailSource):
        return RequestOptions(auth=auth)
    return RequestOptions(
        headers={name: resolve_secret(value) for name, value in source.headers.items()},
        cookies={name: resolve_secret(value) for name, value in source.cookies.items()},
        auth=auth,
        proxy=resolve_secret(source.proxy) if source.proxy else None,
        site=source.url,
    )


def collect_items(
    results: Sequence[SourceResult], owners: Callable[[Collection[str]], Mapping[str, str]]
) -> list[ListedItem]:
    """Return the items of all sources, each article once.

    If two sources list an article, the source that owns its entry counts, else the first one.

    Args:
        results: the result of each source.
        owners: returns item key → the key of the source that owns the entry.
    """
    rows: list[tuple[ItemKeys, Item, SourceResult]] = []
    listed_by: dict[str, set[str]] = defaultdict(set)
    for result in results:
        for keys, item in zip(result.keys, result.items, strict=True):
            rows.append((keys, item, result))
            listed_by[keys.key].add(result.key)
    owner = owners([key for key, listing in listed_by.items() if len(listing) > 1])
    unique: dict[str, ListedItem] = {}
    for keys, item, result in rows:
        before = unique.get(keys.key)
        if before is None:
            unique[keys.key] = _make_listed_item(item, keys, len(unique), result)
        elif result.key == owner.get(keys.key) != before.source:
            unique[keys.key] = _make_listed_item(item, keys, before.rank, result)
    return list(unique.values())


def with_keys(result: SourceResult, anchor: Path) -> SourceResult:
    """Return the result with the keys of its items.

    The key of a saved article is its path relative to the output folder, so that state, output and
    articles can be moved together.

    Args:
        result: the result of a source.
        anchor: the output folder.
    """
    return replace(result, keys=tuple(_keys_of_items(result, anchor)))


def _keys_of_items(result: SourceResult, anchor: Path) -> list[ItemKeys]:
    if isinstance(result.source, MailSource):
        return [ItemKeys(mail_key(item.guid)) for item in result.items]
    if isinstance(result.source, WatchSource):
        return [ItemKeys(watch_key(item.guid, result.key)) for item in result.items]
    if not isinstance(result.source, FolderSource):
        on_one_page = isinstance(result.source, ItemsSource)
        return assign_keys(result.items, result.key, exact=on_one_page)
    return [ItemKeys(_key_of_file(item, anchor)) for item in result.items]


def _key_of_file(item: Item, anchor: Path) -> str:
    """Return the key of a saved article; that of a page in a web archive contains its URL."""
    path = escape_control_characters(os.path.relpath(item.path or "", anchor))
    return f"{FILE_PREFIX}{path}" + (f"#{item.url}" if item.url else "")


def saved_file_path(key: str, anchor: Path) -> Path | None:
    """Return the file of a saved article by its key; None if the article is not a saved one."""
    if not key.startswith(FILE_PREFIX):
        return None
    path = _PAGE_IN_ARCHIVE.sub("", key.removeprefix(FILE_PREFIX))
    return Path(os.path.normpath(anchor / path))


def _make_listed_item(item: Item, keys: ItemKeys, rank: int, result: SourceResult) -> ListedItem:
    source = result.source
    is_fetched = fetches_articles(source) and not _stands_on_listing(item, result)
    return ListedItem(
        item=with_document_enclosure(item),
        key=keys.key,
        rank=rank,
        source=result.key,
        options=result.documents.options,
        listed_first=describes_articles(source),
        fetches_page=is_fetched and bool(item.url or item.path) and not keys.shares_page,
        folder=source.path if isinstance(source, FolderSource) else None,
        mail=source if isinstance(source, MailSource) else None,
        render=is_rendered(source),
        guid=keys.guid,
        exact=keys.exact,
    )


def _stands_on_listing(item: Item, result: SourceResult) -> bool:
    """Return True if the link of an item leads to a place on the page that lists it."""
    if not isinstance(result.source, ItemsSource) or item.url is None:
        return False
    listing = {url_key(result.source.url)}
    if result.documents.first:
        listing.add(url_key(result.documents.first.url))
    return url_key(item.url) in listing

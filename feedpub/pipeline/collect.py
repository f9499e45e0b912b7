"""The first half of a regeneration: every source of a feed is asked what it lists.

A source that fails adds nothing and loses nothing: its failure becomes a value that travels on
beside the others.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from feedpub import sources
from feedpub.builder.matching import ItemKeys, assign_keys
from feedpub.config import (
    FeedConfig,
    FeedSource,
    FolderSource,
    PageSource,
    RemoteSource,
    Source,
    resolve_secret,
)
from feedpub.config.sources import source_key
from feedpub.core.errors import (
    CorruptStateError,
    FeedpubError,
    FetchError,
    RetryLaterError,
    SourceError,
)
from feedpub.core.models import NO_HINTS, Failure, Item, PollingHints
from feedpub.core.text import escape_control_characters
from feedpub.fetch import RequestOptions
from feedpub.pipeline.context import RunContext
from feedpub.sources.documents import CachedDocuments, FetchedDocument
from feedpub.store import SourceObservation

_FILE = "file:"  # how the key of a saved article begins
_SOURCES_AT_ONCE = 4
_FOR_NOW = frozenset({408, 425, 429})  # HTTP statuses that say: not now
_SERVER_ERROR = 500
_DAY = 86400.0  # seconds
_LONGEST_FRESH = (
    _DAY  # static hosts call all they have fresh for a year, which says nothing about news
)
_LONGEST_PAUSE = _DAY  # as for single requests: a Retry-After beyond this is an accident, or malice


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item with what the run has to know of it.

    Attributes:
        key: what the store knows it by.
        rank: its position among all items of the feed.
        listed_first: its source knows title, date and authors better than the page does.
        fetch: False where the source's own content is all that is wanted.
        folder: the folder of a saved article.
        render: its page's scripts are run in a browser.
        guid: the key of its guid; "" if it has none of its own.
        exact: sessions and fragments in its address belong to it.
    """

    item: Item
    key: str
    rank: int
    source: str
    options: RequestOptions
    listed_first: bool = False
    fetches_page: bool = True
    folder: Path | None = None
    render: bool = False
    guid: str = ""
    exact: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that it is listed under, the one to make an id of first."""
        return tuple(dict.fromkeys(filter(None, (self.guid, self.key))))

    @property
    def version_key(self) -> str:
        """What differs once its source says that the article changed.

        A digest of the source's key, and its version.
        """
        return f"{crc32(self.source.encode()):08x} {self.item.version}".strip()

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self.item.url or escape_control_characters(self.item.path or "") or self.key


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one source brought: items, or a problem; how often it wants to be asked; and what the look was like.

    Attributes:
        postponed: it was not asked at all, since its server wants to be left alone for now, as
            `pace` says.
        renewed: what it lists is taken though it was never listed: after long enough, or under new
            settings.
    """

    source: Source
    documents: CachedDocuments
    items: tuple[Item, ...] = ()
    failure: Failure | None = None
    hints: PollingHints = NO_HINTS
    observation: SourceObservation | None = None
    retry_later: bool = False
    is_fresh: bool = False

    @property
    def key(self) -> str:
        """What status and the store call the source."""
        return source_key(self.source)


def source_fingerprint(source: Source) -> str:
    """What differs once anything about a source is changed in the config."""
    return hashlib.sha256(_settings(source).encode()).hexdigest()[:16]


def list_sources(
    feed: FeedConfig,
    tools: RunContext,
    only: Collection[str] | None = None,
    answers: Mapping[str, FetchedDocument] | None = None,
) -> list[SourceResult]:
    """Ask all sources, or only those with the given keys, a few at once; in the config's order.

    Args:
        feed: as the config has it.
        tools: what it works with.
        only: the keys of the sources to ask.
        answers: what servers said already, by the address that they were asked for.
    """
    asked = [source for source in feed.source if only is None or source_key(source) in only]
    with ThreadPoolExecutor(_SOURCES_AT_ONCE) as pool:
        return list(pool.map(lambda source: _read(source, feed.limit, tools, answers or {}), asked))


def _read(
    source: Source, limit: int, tools: RunContext, answers: Mapping[str, FetchedDocument]
) -> SourceResult:
    digest = source_fingerprint(source)
    documents = CachedDocuments(
        tools.fetcher, tools.store, RequestOptions(), digest, tools.clock, tools.budget
    )
    documents.executor, documents.answers = tools.executor, dict(answers)
    try:
        documents.options = request_options(source)
        documents.browser = (
            tools.browser if isinstance(source, PageSource) and source.render else None
        )
        items = sources.read_source(source, documents, limit=limit)
        pace = _pace(source, documents, tools)
        documents.drop_body()  # the run may take long
        return SourceResult(source, documents, items=items, hints=pace)
    except SourceError as error:
        problem = Failure(
            error.url or source_key(source), error.reason, fatal=True, firm=_is_firm(error)
        )
        wait = error.retry_after if isinstance(error, FetchError) else None
        pace = NO_HINTS.with_min_wait(wait, "Retry-After", _LONGEST_PAUSE)
        return SourceResult(
            source,
            documents,
            failure=problem,
            hints=pace,
            retry_later=isinstance(error, RetryLaterError),
        )
    except CorruptStateError:
        raise
    except FeedpubError as error:
        return SourceResult(
            source, documents, failure=Failure(source_key(source), str(error), fatal=True)
        )


def _settings(source: Source) -> str:
    """A source's settings.

    Those that came later only where they are used, so that what is known of others stays.
    """
    return source.model_dump_json(exclude=None if is_rendered(source) else {"render"})


def is_rendered(source: Source) -> bool:
    """Whether the pages of a source's articles are rendered."""
    return isinstance(source, RemoteSource) and source.render


def _is_firm(error: SourceError) -> bool:
    """Whether the source answered, and the answer is what is wrong."""
    if not isinstance(error, FetchError):
        return True
    return (
        error.status is not None and error.status < _SERVER_ERROR and error.status not in _FOR_NOW
    )


def _pace(source: Source, documents: CachedDocuments, tools: RunContext) -> PollingHints:
    """What a source's document, its server and its site's robots.txt say of how often they want to be asked."""
    if isinstance(source, FolderSource) or documents.first is None:
        return NO_HINTS
    said = NO_HINTS
    if isinstance(source, FeedSource):
        said = tools.executor.call(source.url, sources.polling_hints, documents.first)
    said = said.with_min_wait(documents.fresh_for, "Cache-Control", _LONGEST_FRESH)
    return said.with_min_wait(tools.fetcher.crawl_delay(source.url), "Crawl-delay")


def request_options(source: Source) -> RequestOptions:
    """A source's headers, cookies, credentials and proxy, secrets looked up.

    For its own site. Raises ConfigError.
    """
    if not isinstance(source, RemoteSource):
        return RequestOptions()
    return RequestOptions(
        headers={name: resolve_secret(value) for name, value in source.headers.items()},
        cookies={name: resolve_secret(value) for name, value in source.cookies.items()},
        auth=(resolve_secret(source.auth.username), resolve_secret(source.auth.password))
        if source.auth
        else None,
        proxy=resolve_secret(source.proxy) if source.proxy else None,
        site=source.url,
    )


def collect_items(
    readings: Sequence[SourceResult],
    anchor: Path,
    owners: Callable[[Collection[str]], Mapping[str, str]],
) -> list[ListedItem]:
    """Return all items of all sources, each article once.

    If two sources list an article, the one that its entry belongs to counts, else the first. A
    saved article is known by its path as seen from the output folder: state, output and articles
    may move together.

    Args:
        readings: what each source lists.
        anchor: the output folder.
        owners: returns the key of the source that an entry belongs to, by the keys under which
            entries were listed.
    """
    rows = [
        (keys, item, reading)
        for reading in readings
        for keys, item in zip(keys_of_item(reading, anchor), reading.items, strict=True)
    ]
    listing: dict[str, set[str]] = defaultdict(set)
    for keys, _, reading in rows:
        listing[keys.key].add(reading.key)
    owner = owners([key for key, sources in listing.items() if len(sources) > 1])
    unique: dict[str, ListedItem] = {}
    for keys, item, reading in rows:
        before = unique.get(keys.key)
        if before is None:
            unique[keys.key] = _listed(item, keys, len(unique), reading)
        elif reading.key == owner.get(keys.key) != before.source:
            unique[keys.key] = _listed(item, keys, before.rank, reading)
    return list(unique.values())


def keys_of_item(reading: SourceResult, anchor: Path) -> list[ItemKeys]:
    """Return the keys of the items that a source lists, in their order."""
    if isinstance(reading.source, FolderSource):
        return [
            ItemKeys(
                f"{_FILE}{escape_control_characters(os.path.relpath(item.path or '', anchor))}"
            )
            for item in reading.items
        ]
    return assign_keys(reading.items, reading.key)


def saved_file_path(key: str, anchor: Path) -> Path | None:
    """Return the file of a saved article by its key.

    None for the key of an article on the network.
    """
    return (
        Path(os.path.normpath(anchor / key.removeprefix(_FILE))) if key.startswith(_FILE) else None
    )


def _listed(item: Item, keys: ItemKeys, rank: int, reading: SourceResult) -> ListedItem:
    source = reading.source
    is_fetched = not isinstance(source, FeedSource) or source.fetch
    return ListedItem(
        item=item,
        key=keys.key,
        rank=rank,
        source=reading.key,
        options=reading.documents.options,
        listed_first=isinstance(source, FeedSource),
        fetches_page=is_fetched and bool(item.url or item.path) and not keys.shares_page,
        folder=source.path if isinstance(source, FolderSource) else None,
        render=is_rendered(source),
        guid=keys.guid,
        exact=keys.exact,
    )

"""The second half of a regeneration: each listed article that is new or changed is fetched and cleaned.

A few sites at once, each site's articles one after another. What went wrong with one article stays
with that article. Several pages of a site are fetched before the first is cleaned: what repeats
over them is learned first.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urljoin

from feedpub.builder.filters import FilterFacts, matching_filter
from feedpub.builder.matching import Claim, ExtractedItem
from feedpub.cleaner import pagination
from feedpub.cleaner.articles import MAX_ARTICLE_BYTES
from feedpub.cleaner.pagination import PageSequence
from feedpub.config import FeedConfig
from feedpub.core.article_keys import url_key
from feedpub.core.errors import (
    ExtractError,
    NoContentError,
    ResourceLimitError,
    SourceError,
    forget_frames,
)
from feedpub.core.models import Article, Entry, Failure, NotModified, Page
from feedpub.core.redact import strip_credentials
from feedpub.fetch import SMALL_BODY_BYTES, Validators
from feedpub.pipeline import article, rechecks
from feedpub.pipeline.article import make_from_pages, make_snapshot
from feedpub.pipeline.collect import ListedItem
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.site_memory import LearningSite, memory_key
from feedpub.store import ItemState, ItemStatus, PageSnapshot

_MAX_PARALLEL_SITES = 8
_MAX_TRIES = 5  # to read an article of which a page is missing
_MAX_BATCH_BYTES = 4_000_000  # bytes of a site's pages that wait to be cleaned together


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one listed article.

    Attributes:
        seen: what the store has to remember of it.
        arrival: the article, where one was read.
        problem: what went wrong; with an arrival beside it, something stood in.
        requests: how many it took.
        by_page: True where its text is its page's: corrections will show there.
        seconds: how long it took to fetch and to read.
        kept: what the article was made of, where that is kept.
    """

    state: ItemState
    extracted: ExtractedItem | None = None
    failure: Failure | None = None
    requests: int = 0
    by_page: bool = False
    seconds: float = 0.0
    snapshot: PageSnapshot | None = None


_FetchResult: TypeAlias = Page | NotModified | SourceError | ItemResult | None
"""What came of asking for an article's page.

None where none is needed, a Read where that settles it.
"""


@dataclass(frozen=True, slots=True)
class _FetchedItem:
    """A listed article, with what came of asking for its page, and how many seconds that took.

    Attributes:
        rest: its page with those that follow it, where there are any.
    """

    item: ListedItem
    result: _FetchResult
    seconds: float = 0.0
    following: PageSequence | None = None

    @property
    def requests(self) -> int:
        """How many it took."""
        return int(self.result is not None) + (self.following.requests if self.following else 0)

    @property
    def size(self) -> int:
        """Bytes of its pages."""
        pages = self.following or ([self.result] if isinstance(self.result, Page) else [])
        return sum(len(page.body) for page in pages)


@dataclass(frozen=True, slots=True)
class KnownItems:
    """What is remembered of the items that are listed now.

    Attributes:
        seen: by key.
        stored: key → id, of the entries that there are.
        rules: a digest of the feed's include and exclude rules; what was left out under other rules
            is read again.
        due: key → entry, of the articles that are looked at again for corrections.
    """

    states: Mapping[str, ItemState]
    entry_ids: Mapping[str, str]
    rules: str
    due: Mapping[str, Entry] = field(default_factory=dict)

    def unchanged(self, listed: ListedItem) -> ItemState | None:
        """What is remembered of an item that need not be read.

        Nothing is new, nothing failed, nothing is due.
        """
        if listed.key in self.due:
            return None
        seen = self.states.get(listed.key)
        if seen is None:  # perhaps an address that once led to a stored article
            return _seen(listed, "stored") if listed.key in self.entry_ids else None
        if seen.state == "excluded":
            known = seen.version.endswith(self.rules) and _says_nothing_new(
                _version(listed, self.rules), seen
            )
        else:
            known = seen.state == "stored" and _says_nothing_new(listed.version_key, seen)
        return seen if known else None

    def validators(self, listed: ListedItem) -> Validators | None:
        """Return what a page may be asked for with; None if it has to come in full.

        An item with a new guid at a known address may be another article, even if the page is the
        same.
        """
        seen = self.states.get(listed.key)
        if (
            seen is None
            or seen.state != "stored"
            or (listed.guid and listed.guid not in self.entry_ids)
        ):
            return None
        return Validators(seen.etag, seen.last_modified)


def _version(listed: ListedItem, rules: str) -> str:
    return f"{listed.version_key} {rules}"


def _says_nothing_new(mark: str, seen: ItemState) -> bool:
    """Whether an article's mark is the one that is remembered, or another source's, which it cannot be held against."""
    return seen.version == mark or seen.version.partition(" ")[0] != mark.partition(" ")[0]


def read_articles(
    feed: FeedConfig, items: Sequence[ListedItem], memory: KnownItems, tools: RunContext
) -> list[ItemResult]:
    """What becomes of every listed item, in their order.

    Only those that are not settled are read.
    """
    settled = {
        listed.rank: ItemResult(seen) for listed in items if (seen := memory.unchanged(listed))
    }
    todo = [listed for listed in items if listed.rank not in settled]
    todo.sort(key=lambda listed: listed.key in memory.due)  # corrections can wait, news cannot
    by_site: dict[str, list[ListedItem]] = defaultdict(list)
    for listed in todo:
        by_site[memory_key(listed.item.url or "")].append(listed)
    done = count(1)

    def read_site(name: str) -> dict[int, ItemResult]:
        site = LearningSite(name, tools.store, tools.executor)
        asked = _asked(
            feed,
            by_site[name],
            memory,
            tools,
            done=lambda: tools.progress(feed.name, next(done), len(todo)),
        )
        reads = {
            rank: read
            for some in _held(asked)
            for rank, read in _clean(feed, some, site, memory, tools)
        }
        site.save(tools.clock())
        return reads

    tools.progress(feed.name, 0, len(todo))
    with ThreadPoolExecutor(_MAX_PARALLEL_SITES) as pool:
        fresh = {
            rank: read for reads in pool.map(read_site, by_site) for rank, read in reads.items()
        }
    return [(settled | fresh)[listed.rank] for listed in items]


def _asked(
    feed: FeedConfig,
    items: Sequence[ListedItem],
    memory: KnownItems,
    tools: RunContext,
    done: Callable[[], None],
) -> Iterator[_FetchedItem]:
    """Each article's page, one after another, as far as it is wanted and can be had."""
    for listed in items:
        item, began = listed.item, time.monotonic()
        if (settled := _refused(feed, listed, memory)) is not None:
            answer: _FetchResult = settled
        elif not listed.fetches_page or item.path is not None:
            answer = None
        elif listed.key in memory.due and tools.budget.expired:
            answer = ItemResult(memory.states[listed.key])  # it stays due
        else:
            answer = _fetch(listed, memory.validators(listed), tools)
        rest = None
        if isinstance(answer, Page):
            try:
                rest = _rest(feed, listed, answer, tools)
            except ResourceLimitError as error:
                answer = forget_frames(error)
        yield _FetchedItem(listed, answer, time.monotonic() - began, rest)
        answer = rest = None  # no page is held while the next one is fetched
        done()


def _refused(
    feed: FeedConfig, listed: ListedItem, memory: KnownItems
) -> ItemResult | SourceError | None:
    """What becomes of an article that the feed's rules leave out by what its source says.

    None of all others.
    """
    item = listed.item
    try:
        reason = matching_filter(
            feed, FilterFacts(item.url or "", item.title or None, item.categories or None)
        )
    except ResourceLimitError as error:
        return error
    return None if reason is None else ItemResult(_excluded(listed, reason, memory.rules))


def _fetch(
    listed: ListedItem, validators: Validators | None, tools: RunContext
) -> Page | NotModified | SourceError:
    try:
        tools.budget.check_time_left(listed.address)
        answer = _get(listed.item.url or "", listed, tools, validators)
    except SourceError as error:
        return forget_frames(error)
    if isinstance(answer, Page) and _leads_back(listed, answer.url):
        return NoContentError(
            f"it leads back to {strip_credentials(answer.url)}, as articles do that are gone",
            listed.address,
        )
    return answer


def _get(
    url: str,
    listed: ListedItem,
    tools: RunContext,
    validators: Validators | None = None,
    max_bytes: int = MAX_ARTICLE_BYTES,
) -> Page | NotModified:
    """A page, asked for with what the source wants sent, and with the headers that the rules of its site name.

    One that is rendered is asked for without condition: what its scripts show may change where it
    does not.
    """
    options = listed.options.for_url(url, tools.site_rules.rules_for(url).headers)
    if listed.render:
        return tools.browser.render(url, tools.fetcher, options, seconds=tools.budget.remaining())
    return tools.fetcher.get(url, validators=validators, options=options, max_bytes=max_bytes)


def _rest(feed: FeedConfig, listed: ListedItem, page: Page, tools: RunContext) -> PageSequence:
    """A page with those that its article goes on on.

    Together they are no larger than one may be.
    """
    left = MAX_ARTICLE_BYTES - len(page.body)

    def get(url: str) -> Page:
        nonlocal left
        tools.budget.check_time_left(url)
        answer = _get(url, listed, tools, max_bytes=max(left, 0))
        assert isinstance(answer, Page)  # noqa: S101 -- nothing was asked conditionally
        left -= len(answer.body)
        return answer

    return pagination.collect_pages(
        page, article.rules_for(feed, page.url, tools), get, tools.executor
    )


def _leads_back(listed: ListedItem, url: str) -> bool:
    """Whether an article was asked for and the page that lists it came, or its site's front page."""
    asked, found = url_key(listed.item.url or ""), url_key(url)
    front_page = url_key(urljoin(listed.item.url or "", "/"))
    return found != asked and found in (url_key(listed.source), front_page)


def _held(asked: Iterable[_FetchedItem]) -> Iterator[list[_FetchedItem]]:
    """Pages together, as many as may be held; none is held on while the next one is fetched.

    A large page ends its group: it has a place in the budget of large bodies, and whoever waits for
    one holds none.
    """
    held: list[_FetchedItem] = []
    for each in asked:
        held.append(each)
        last = each.size > SMALL_BODY_BYTES or sum(one.size for one in held) > _MAX_BATCH_BYTES
        del each
        if last:
            yield held
            held.clear()
    yield held


def _clean(
    feed: FeedConfig,
    asked: Sequence[_FetchedItem],
    site: LearningSite,
    memory: KnownItems,
    tools: RunContext,
) -> Iterator[tuple[int, ItemResult]]:
    """What becomes of articles whose pages are there.

    First all are learned from, then each is read.
    """
    for each in [_learned(each, site) for each in asked]:
        began = time.monotonic()
        read = _read(feed, each, site, memory, tools)
        yield each.item.rank, replace(read, seconds=each.seconds + time.monotonic() - began)


def _learned(asked: _FetchedItem, site: LearningSite) -> _FetchedItem:
    """An article whose page was learned from.

    A page that is too much to be looked at is not read a second time.
    """
    if not isinstance(asked.result, Page) or asked.result.content_type not in pagination.HTML_TYPES:
        return asked
    try:
        site.learn(asked.result)
    except ResourceLimitError as error:
        return replace(asked, result=forget_frames(error), following=None)
    return asked


def _read(
    feed: FeedConfig, asked: _FetchedItem, site: LearningSite, memory: KnownItems, tools: RunContext
) -> ItemResult:
    listed, seen = asked.item, memory.states.get(asked.item.key)
    if isinstance(asked.result, ItemResult):
        return asked.result
    try:
        read = _corrected(_read_article(feed, asked, seen, site, tools), memory.due.get(listed.key))
        read = _admitted(feed, listed, read, memory)
    except SourceError as error:
        again = seen if listed.key in memory.due else None
        read = (
            _stays(listed, again, error)
            if again
            else fallback_for(feed, listed, error, memory, tools)
        )
    return replace(read, state=_planned(feed, listed, read, seen, tools), requests=asked.requests)


def _admitted(
    feed: FeedConfig, listed: ListedItem, read: ItemResult, memory: KnownItems
) -> ItemResult:
    """The article, unless the feed's rules leave it out now that all of it is known."""
    if read.extracted is None:
        return read
    item, article = listed.item, read.extracted.article
    facts = FilterFacts(
        item.url or "",
        item.title or article.title,
        item.categories or article.categories,
        article.text,
    )
    reason = matching_filter(feed, facts)
    return read if reason is None else ItemResult(_excluded(listed, reason, memory.rules))


def _read_article(
    feed: FeedConfig,
    asked: _FetchedItem,
    seen: ItemState | None,
    site: LearningSite,
    tools: RunContext,
) -> ItemResult:
    listed, answer = asked.item, asked.result
    if isinstance(answer, SourceError):
        raise answer
    if listed.item.path is not None:
        article = _from_file(feed, listed, tools)
        read = replace(_arrived(listed, article, ()), snapshot=make_snapshot(listed, None, tools))
        return _with_unread(listed, read, article.unread) if article.unread else read
    if answer is None:
        return replace(
            _arrived(listed, _from_feed(listed, tools), ()),
            snapshot=make_snapshot(listed, None, tools),
        )
    if seen and isinstance(answer, NotModified):
        return ItemResult(
            replace(_seen(listed, "stored"), etag=seen.etag, last_modified=seen.last_modified)
        )
    assert isinstance(answer, Page)  # noqa: S101 -- the gate refuses a 304 that was not asked for
    pages = asked.following or PageSequence((answer,), answer.url)
    found = make_from_pages(feed, pages, listed, site.memory, tools)
    read = _arrived(listed, found.article, (answer.url, found.article.url))
    marked = replace(read.state, etag=answer.etag, last_modified=answer.last_modified)
    read = replace(
        read, state=marked, by_page=found.by_page, snapshot=make_snapshot(listed, pages, tools)
    )
    return _with_gap(listed, read, found.gap, seen, again=pages.is_temporary) if found.gap else read


def _with_gap(
    listed: ListedItem, read: ItemResult, gap: str, seen: ItemState | None, *, again: bool
) -> ItemResult:
    """An article of which a page is missing.

    Named, and read again some more times where that may help.
    """
    tries = (seen.tries if seen else 0) + 1
    problem = Failure(listed.address, f"{gap}; what came of the article stays")
    if not again or tries > _MAX_TRIES:
        return replace(read, failure=problem)
    partial = replace(_seen(listed, "partial"), reason=gap, tries=tries)
    return replace(read, state=partial, failure=problem)


def _with_unread(listed: ListedItem, read: ItemResult, unread: Sequence[str]) -> ItemResult:
    """A saved article of whose front matter a part cannot be read.

    Named, and read again until that is mended.
    """
    reason = f"its front matter says what cannot be read, and is left out: {'; '.join(unread)}"
    partial = replace(_seen(listed, "partial"), reason=reason)
    return replace(read, state=partial, failure=Failure(listed.address, reason))


def _from_file(feed: FeedConfig, listed: ListedItem, tools: RunContext) -> Article:
    path = Path(listed.item.path or "")
    return article.make_from_file(feed, path, listed.folder or path.parent, tools)


def _from_feed(listed: ListedItem, tools: RunContext) -> Article:
    return article.make_from_feed(listed.item, listed.address, tools)


def _corrected(read: ItemResult, entry: Entry | None) -> ItemResult:
    """What is left of a look again at an entry.

    All of it, where it was no look again. Raises ExtractError.
    """
    if entry is None or read.extracted is None:
        return read
    return replace(read, extracted=rechecks.correction_of(entry, read.extracted))


def _stays(listed: ListedItem, seen: ItemState, error: SourceError) -> ItemResult:
    """A look again that failed.

    The entry stays as it is, and so do the validators of the page that it is made of.
    """
    reason = f"looked at again for corrections: {error.reason}; the entry stays as it was"
    return ItemResult(seen, failure=Failure(listed.address, reason))


def _planned(
    feed: FeedConfig,
    listed: ListedItem,
    read: ItemResult,
    before: ItemState | None,
    tools: RunContext,
) -> ItemState:
    """What is remembered of an article that was read, with the next look at it."""
    now = tools.clock()
    date = listed.item.published or (read.extracted.article.published if read.extracted else None)
    begins = feed.recheck and read.by_page and rechecks.is_recent(date, now)
    return rechecks.schedule_recheck(read.state, before, listed.item.url or "", now, begins=begins)


def fallback_for(
    feed: FeedConfig, listed: ListedItem, error: SourceError, memory: KnownItems, tools: RunContext
) -> ItemResult:
    """The feed's own text for an article that could not be read, where there is one.

    Named in either case.
    """
    seen = memory.states.get(listed.key)
    tries = (seen.tries if seen else 0) + 1
    failure = replace(_seen(listed, "failed"), reason=error.reason, tries=tries)
    lost = ItemResult(failure, failure=Failure(listed.address, error.reason))
    if not listed.listed_first:
        return lost
    try:
        own = replace(_from_feed(listed, tools), complete=False)
        kept = article.make_snapshot(listed, None, tools)
        partial = ItemResult(
            replace(failure, state="partial"), extracted=_arrival(listed, own, ()), snapshot=kept
        )
        partial = _admitted(feed, listed, partial, memory)
    except ExtractError:
        return lost
    if partial.extracted is None:  # the feed's rules leave it out
        return partial
    return replace(
        partial, failure=Failure(listed.address, f"{error.reason}; the feed's own text stands in")
    )


def _arrived(listed: ListedItem, article: Article, addresses: Iterable[str | None]) -> ItemResult:
    return ItemResult(_seen(listed, "stored"), extracted=_arrival(listed, article, addresses))


def _arrival(
    listed: ListedItem, article: Article, addresses: Iterable[str | None]
) -> ExtractedItem:
    saved = listed.item.path is not None
    claimed = (article.url,) if saved else addresses
    return ExtractedItem(
        item=listed.item,
        article=article,
        keys=listed.keys,
        rank=listed.rank,
        source=listed.source,
        listed_first=listed.listed_first,
        own_page=not article.url if saved else not listed.item.url,
        stem=Path(listed.item.path or "").stem,
        claims=tuple(
            Claim(url_key(url, exact=listed.exact), url) for url in dict.fromkeys(claimed) if url
        ),
        exact=listed.exact,
    )


def _seen(listed: ListedItem, state: ItemStatus) -> ItemState:
    return ItemState(key=listed.key, version=listed.version_key, state=state)


def _excluded(listed: ListedItem, reason: str, rules: str) -> ItemState:
    return replace(_seen(listed, "excluded"), version=_version(listed, rules), reason=reason)

"""The second half of a regeneration: each listed article that is new or changed is fetched and cleaned.

A few hosts at once, each host's articles one after another. What went wrong with one article stays with that article.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from feedpub import cleaner
from feedpub.builder.identity import url_key
from feedpub.builder.merge import Arrival
from feedpub.config import FeedConfig, SiteRules
from feedpub.decode import decode_html
from feedpub.errors import ExtractError, SourceError
from feedpub.fetch import Fetcher, Validators
from feedpub.filters import Facts, refusal
from feedpub.gathering import Listed
from feedpub.model import Article, Item, NotModified, Page, Problem
from feedpub.store import Seen, SeenState
from feedpub.summary import choose, lead
from feedpub.tools import Tools

_HOSTS_AT_ONCE = 8
_HTML = ("", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")
# A feed's own content is taken instead of its page's where the page gives this much less: a paywall, a consent wall.
_MUCH_LESS = 0.6
_LARGEST_FILE = 20_000_000  # bytes of a saved article


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one listed article.

    Attributes:
        seen: what the store has to remember of it.
        arrival: the article, where one was read.
        problem: what went wrong; with an arrival beside it, something stood in.
        requests: how many it took.
    """

    seen: Seen
    arrival: Arrival | None = None
    problem: Problem | None = None
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of the items that are listed now.

    Attributes:
        seen: by key.
        stored: key → id, of the entries that there are.
        rules: a digest of the feed's include and exclude rules; what was left out under other rules is read again.
    """

    seen: Mapping[str, Seen]
    stored: Mapping[str, str]
    rules: str

    def settled(self, listed: Listed) -> Seen | None:
        """What is remembered of an item that need not be read: nothing is new, and nothing failed last time."""
        seen = self.seen.get(listed.key)
        if seen is None:  # perhaps an address that once led to a stored article
            return _seen(listed, "stored") if listed.key in self.stored else None
        version = _version(listed, self.rules) if seen.state == "excluded" else listed.item.version
        return seen if seen.state in ("stored", "excluded") and seen.version == version else None


def _version(listed: Listed, rules: str) -> str:
    return f"{listed.item.version} {rules}".strip()


def read_all(feed: FeedConfig, items: Sequence[Listed], memory: Memory, tools: Tools) -> list[Read]:
    """What becomes of every listed item, in their order; only those that are not settled are read."""
    settled = {listed.rank: Read(seen) for listed in items if (seen := memory.settled(listed))}
    todo = [listed for listed in items if listed.rank not in settled]
    by_host: dict[str, list[Listed]] = defaultdict(list)
    for listed in todo:
        by_host[urlsplit(listed.item.url or "").netloc].append(listed)
    done = count(1)

    def read_host(of_host: list[Listed]) -> dict[int, Read]:
        reads = {}
        for listed in of_host:
            reads[listed.rank] = _read(feed, listed, memory, tools)
            tools.progress(feed.name, next(done), len(todo))
        return reads

    tools.progress(feed.name, 0, len(todo))
    with ThreadPoolExecutor(_HOSTS_AT_ONCE) as pool:
        fresh = {rank: read for reads in pool.map(read_host, by_host.values()) for rank, read in reads.items()}
    return [(settled | fresh)[listed.rank] for listed in items]


def article_at(url: str, fetcher: Fetcher) -> Article:
    """The article at an address. Raises SourceError."""
    answer = fetcher.get(url)
    assert isinstance(answer, Page)  # noqa: S101 -- nothing was asked conditionally
    return _extract(answer)


def _read(feed: FeedConfig, listed: Listed, memory: Memory, tools: Tools) -> Read:
    item, seen = listed.item, memory.seen.get(listed.key)
    known = Facts(url=item.url or "", title=item.title or None, categories=item.categories or None)
    if (reason := refusal(feed, known)) is not None:
        return Read(_excluded(listed, reason, memory.rules))
    requests = int(listed.fetch and item.path is None)
    try:
        read = _read_article(feed, listed, seen, tools)
    except SourceError as error:
        read = _stand_in(listed, seen, error)
    if read.arrival is not None:
        article = read.arrival.article
        facts = Facts(item.url or "", item.title or article.title, item.categories or article.categories, article.text)
        if (reason := refusal(feed, facts)) is not None:
            read = Read(_excluded(listed, reason, memory.rules))
    return replace(read, requests=requests)


def _read_article(feed: FeedConfig, listed: Listed, seen: Seen | None, tools: Tools) -> Read:
    if listed.item.path is not None:
        return _arrived(listed, _saved(feed, listed, tools), ())
    if not listed.fetch:
        return _arrived(listed, _own_content(listed.item), ())
    url = listed.item.url or ""
    validators = Validators(seen.etag, seen.last_modified) if seen and seen.state == "stored" else None
    answer = tools.fetcher.get(url, validators=validators, options=listed.options)
    if seen and isinstance(answer, NotModified):
        return Read(replace(_seen(listed, "stored"), etag=seen.etag, last_modified=seen.last_modified))
    assert isinstance(answer, Page)  # noqa: S101 -- the gate refuses a 304 that was not asked for
    article = _fuller(_extract(answer, feed.rules), listed.item)
    if listed.listed_first:
        article = _described(article, listed.item)
    read = _arrived(listed, article, (answer.url, article.url))
    return replace(read, seen=replace(read.seen, etag=answer.etag, last_modified=answer.last_modified))


def _extract(page: Page, rules: SiteRules | None = None) -> Article:
    if page.content_type not in _HTML:
        raise ExtractError(f"not a web page but {page.content_type}", page.url)
    return cleaner.extract(decode_html(page.body, page.charset), page.url, rules=rules)


def _saved(feed: FeedConfig, listed: Listed, tools: Tools) -> Article:
    path = Path(listed.item.path or "")
    try:
        about = path.stat()
        if about.st_size > _LARGEST_FILE:
            raise ExtractError(f"larger than {_LARGEST_FILE // 1_000_000} MB", str(path))
        body = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    folder = path.relative_to(listed.folder or path.parent).parent.as_posix()
    base = f"{tools.settings.base_url}{feed.name}/{'' if folder == '.' else folder + '/'}"
    article = cleaner.extract_saved(body, str(path), base=base, rules=feed.rules)
    return replace(article, published=article.published or datetime.fromtimestamp(int(about.st_mtime), UTC))


def _own_content(item: Item) -> Article:
    """The article as its feed gives it. Raises NothingFound where the feed gives none."""
    return cleaner.extract_fragment(item.html or item.summary, item.url, title=item.title)


def _fuller(article: Article, item: Item) -> Article:
    """The page's article, with the feed's own body where that is plainly the whole one."""
    if not item.html:
        return article
    try:
        own = _own_content(item)
    except ExtractError:  # an empty body in the feed: the page's it is
        return article
    if len(article.text) >= _MUCH_LESS * len(own.text):
        return article
    return replace(article, html=own.html, text=own.text, summary=own.summary, removed=own.removed)


def _described(article: Article, item: Item) -> Article:
    """The article with its feed's description as the summary, where that is more than the text's first words."""
    language = article.language or item.language
    own = choose(item.summary, article.text, title=article.title, site=article.site, language=language)
    if not item.summary or own == lead(article.text, title=article.title, language=language):
        return article
    return replace(article, summary=own)


def _stand_in(listed: Listed, seen: Seen | None, error: SourceError) -> Read:
    """The feed's own text for an article that could not be read, where there is one; named in either case."""
    tries = (seen.tries if seen else 0) + 1
    failed = replace(_seen(listed, "failed"), reason=error.reason, tries=tries)
    try:
        own = replace(_own_content(listed.item), complete=False) if listed.listed_first else None
    except ExtractError:
        own = None
    if own is None:
        return Read(failed, problem=Problem(listed.address, error.reason))
    partial = replace(failed, state="partial")
    problem = Problem(listed.address, f"{error.reason}; the feed's own text stands in")
    return Read(partial, arrival=_arrival(listed, own, ()), problem=problem)


def _arrived(listed: Listed, article: Article, addresses: Iterable[str | None]) -> Read:
    return Read(_seen(listed, "stored"), arrival=_arrival(listed, article, addresses))


def _arrival(listed: Listed, article: Article, addresses: Iterable[str | None]) -> Arrival:
    saved = listed.item.path is not None
    others = (article.url,) if saved else addresses
    keys = dict.fromkeys((listed.key, *(url_key(address) for address in others if address)))
    return Arrival(
        item=listed.item,
        article=article,
        keys=tuple(keys),
        rank=listed.rank,
        source=listed.source,
        listed_first=listed.listed_first,
        own_page=saved and not article.url,
        stem=Path(listed.item.path or "").stem,
    )


def _seen(listed: Listed, state: SeenState) -> Seen:
    return Seen(key=listed.key, version=listed.item.version, state=state)


def _excluded(listed: Listed, reason: str, rules: str) -> Seen:
    return replace(_seen(listed, "excluded"), version=_version(listed, rules), reason=reason)

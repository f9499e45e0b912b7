"""The words of the product as frozen data: what travels from a source to a feed file.

Item → Page → Article → Entry → Feed, and an Outcome that tells how it went. Nothing here does
anything, and nothing here imports anything of feedpub.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A media file that goes with an entry: a podcast's episode, a video, a picture."""

    url: str
    type: str = "application/octet-stream"
    length: int = 0  # bytes; 0 where unknown


@dataclass(frozen=True, slots=True)
class Removed:
    """A block that the cleaner took out of an article, and why.

    Attributes:
        reason: for people: "phrase 'You may also like' (en)", "links 94 %".
        after: how many lines of the article's text stand above it; None where that is not known.
    """

    text: str
    reason: str
    after: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Article:
    """What is left of a page when everything but the article is gone.

    Attributes:
        url: its canonical address, or the one it was read from.
        published: aware, where the page says when.
        updated: aware, where the page says so and it is later than `published`.
        site: the site's name as it calls itself.
        image: address of the lead image.
        image_size: its width and height in pixels, where the page states them.
        html: the body as sanitised HTML with absolute addresses.
        text: paragraphs separated by a newline, no markup, the title not repeated.
        summary: the editor's own description where it is one, else the first sentences.
        removed: what was taken out, in the page's order.
        complete: False where the text is known to be only a part (a feed's teaser).
        unread: what a saved article says of itself and nobody can read, each as "key: value".
    """

    url: str | None = None
    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    site: str | None = None
    image: str | None = None
    html: str = ""
    text: str = ""
    summary: str = ""
    removed: tuple[Removed, ...] = ()
    categories: tuple[str, ...] = ()
    complete: bool = True
    image_size: tuple[int, int] | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched document.

    Attributes:
        url: where it was found in the end, after redirects.
        body: decompressed bytes.
        content_type: the media type without parameters, lower case; "" where none was sent.
        charset: the charset that the header names, or None.
        etag, last_modified: validators exactly as received.
        expires: seconds that Cache-Control or Expires call it fresh, where they do.
        place: in the budget of large bodies: it is given back when no page holds it any more.
    """

    url: str
    body: bytes
    content_type: str = ""
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    expires: float | None = None
    place: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class NotModified:
    """The answer to a conditional request: what we have is current; `expires` as a page has it."""

    url: str
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class CachedRobots:
    """What an origin's robots.txt said when it was last asked.

    Attributes:
        origin: scheme, host and port: "https://example.org".
        body: its rules for feedpub, as a robots.txt of their own; "" where there are none.
        status: the HTTP status it came with; 0 where the origin could not be reached.
        expires: when it must be asked for again.
    """

    origin: str
    body: str
    status: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One article as its source lists it, before its own page has been read.

    Attributes:
        url: the article's absolute address; None for a saved article that has none.
        title, summary, html: as the source gives them; html is content that may stand in for the
            page.
        guid: what its feed calls it, unchanged; "" if it has no such name.
        path: the file of a saved article; None for one on the network.
        version: differs from last time when the source says that the article changed (a sitemap's
            lastmod, a feed's updated date and title, a saved file's digest); "" where the source
            never says.
    """

    url: str | None
    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    summary: str = ""
    html: str = ""
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    language: str | None = None
    path: str | None = None
    version: str = ""
    guid: str = ""


@dataclass(frozen=True, slots=True)
class PollingHints:
    """How often a source wants to be asked.

    Attributes:
        wait: seconds after a look before which it does not want another.
        by: what says so: "Cache-Control", "ttl", "Retry-After", "Crawl-delay"; "" where nothing
            does.
        asked: seconds that it asks for itself, where that is more than is heard; 0 elsewhere.
        skip_hours, skip_days: hours of the day (UTC) and days of the week (0 is Monday) in which
            nothing is new.
    """

    wait: float = 0.0
    by: str = ""
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    asked: float = 0.0

    def not_faster_than(
        self, wait: float | None, by: str, most: float = math.inf
    ) -> "PollingHints":
        """The pace with another wish heard, up to so many seconds: the longest wait counts."""
        heard = min(wait or 0.0, most)
        if wait is None or heard <= self.wait:
            return self
        return replace(self, wait=heard, by=by, asked=wait if wait > heard else 0.0)


NO_HINTS = PollingHints()
"""Of a source that wishes nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, as stored and as published. Times are aware, UTC, whole seconds.

    Attributes:
        id: a tag: URI (RFC 4151), minted once and never changed.
        url: the article's absolute address; "" for a saved article that has none.
        slug: the stem of its own page under feeds/<name>/, for a saved article; "" otherwise.
        first_seen: when feedpub first listed it; never changes.
        published: first availability: the article's own date, else first_seen.
        updated: moves only on a change of substance; no two entries of a feed share one.
        rank: position in the listing at first sight; settles the order among equal dates.
        complete: False where only a part could be had (the feed's own teaser); tried again later.
        html, image: addresses of feedpub's own files are under `own_addresses.PLACEHOLDER` in the
            store.
        source: the key of the source that brought it.
    """

    id: str
    url: str
    title: str
    first_seen: datetime
    published: datetime
    updated: datetime
    authors: tuple[str, ...] = ()
    summary: str = ""
    html: str = ""
    text: str = ""
    language: str | None = None
    image: str | None = None
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    rank: int = 0
    complete: bool = True
    source: str = ""
    slug: str = ""


GUID_PREFIX = "guid:"
"""What the keys of guids begin with."""


class AliasKind(StrEnum):
    """How a key came to lead to an entry."""

    OWN = "own"  # a source listed the entry under it
    CLAIMED = "claimed"  # the entry's page claims that address
    FOLLOWS = "follows"  # an item listed under it claims the entry's address


@dataclass(frozen=True, slots=True)
class Alias:
    """The entry that a key leads to.

    Attributes:
        entry: its id.
        kind: how the key came to lead there.
    """

    entry: str
    kind: AliasKind = AliasKind.OWN


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed ready to be rendered. Everything a document says stands here: rendering adds no clock and no config.

    Attributes:
        name: the file stem.
        base_url: absolute, ends in a slash; the documents are published under it.
        link: the page for people that the feed belongs to.
        entries: newest first, at most the configured limit.
        updated: the newest `updated` of all entries.
        formats: which of rss, atom, json are published.
        summary_only: publish the summary and a link, not the text.
        ttl: minutes between two looks.
        archive: the number of an archive; None for the live document.
        previous: the number of the archive before this document; None where there is none.
        hubs: WebSub hubs that are told when the document changes; none for an archive, which never
            does.
    """

    name: str
    title: str
    base_url: str
    link: str
    updated: datetime
    entries: tuple[Entry, ...] = ()
    description: str = ""
    language: str | None = None
    author: str | None = None
    icon: str | None = None
    formats: tuple[str, ...] = ("rss", "atom", "json")
    summary_only: bool = False
    ttl: int | None = None
    archive: int | None = None
    previous: int | None = None
    hubs: tuple[str, ...] = ()

    def file(self, suffix: str) -> str:
        """The name of one of its documents.

        `file("rss")` is "world.rss", or "world-archive-3.rss".
        """
        return f"{self._stem(self.archive)}.{suffix}"

    def address(self, suffix: str) -> str:
        """The absolute address of one of its documents: `address("rss")`."""
        return f"{self.base_url}{self.file(suffix)}"

    def live_address(self, suffix: str) -> str:
        """Where the newest entries are: another document's address, if this is an archive."""
        return f"{self.base_url}{self._stem(None)}.{suffix}"

    def previous_address(self, suffix: str) -> str | None:
        """Where the entries before those of this document are."""
        return f"{self.base_url}{self._stem(self.previous)}.{suffix}" if self.previous else None

    def _stem(self, archive: int | None) -> str:
        return f"{self.name}-archive-{archive}" if archive else self.name

    def entry_url(self, entry: Entry) -> str:
        """Where an entry's link leads: the article, or its own page under the feed."""
        return entry.url or f"{self.base_url}{self.name}/{entry.slug}.html"


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """A feed as the page of all feeds shows it: what it is, and of its entries only how many and how new they are.

    Attributes:
        feed: its entries may be left out.
        entries: how many are in its live document.
        newest: when the newest of them was published; None where there is none.
    """

    feed: Feed
    entries: int
    newest: datetime | None

    @classmethod
    def for_feed(cls, feed: Feed) -> Self:
        """The headline of a feed with its entries."""
        return cls(
            feed, len(feed.entries), max((entry.published for entry in feed.entries), default=None)
        )


class RunStatus(StrEnum):
    """How the regeneration of a feed ended."""

    UPDATED = "updated"  # at least one file was written
    UNCHANGED = "unchanged"  # every byte as before
    PARTIAL = "partial"  # some source failed, the others were published
    FAILED = "failed"  # no source brought anything; the published files were left alone


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that went wrong on the way, named for people.

    Attributes:
        where: the address, file or source that it is about.
        reason: what went wrong, and what was tried.
        fatal: True where a whole source was lost; False for one article.
        firm: True where the source answered, and the answer is what is wrong: that hardly goes away
            by itself.
    """

    where: str
    reason: str
    fatal: bool = False
    firm: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """How the regeneration of one feed went.

    Attributes:
        new, updated, kept: entries by what happened to them; `kept` counts those untouched.
        skipped: articles left out by the feed's own include and exclude rules.
        failed: articles that could not be read.
        requests: HTTP requests sent for this feed.
        written: names of the files that were written.
    """

    feed: str
    status: RunStatus
    new: int = 0
    updated: int = 0
    kept: int = 0
    skipped: int = 0
    failed: int = 0
    problems: tuple[Failure, ...] = ()
    written: tuple[str, ...] = ()
    requests: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """True where every source was read."""
        return self.status in (RunStatus.UPDATED, RunStatus.UNCHANGED)

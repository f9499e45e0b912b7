"""Define the data that passes from a source to a feed file: Item → Page → Article → Entry → Feed.

A run returns a RunResult. This module imports nothing from feedpub.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A media file of an entry: a podcast episode, a video, a picture."""

    url: str
    type: str = "application/octet-stream"
    length: int = 0  # bytes; 0 if unknown


@dataclass(frozen=True, slots=True)
class PodcastTag:
    """An element of a podcast's namespaces, passed on from feed to feed.

    Attributes:
        name: with its usual prefix: "itunes:duration", "podcast:transcript", "psc:chapters".
        attributes: pairs of a name and a value; URLs are absolute.
    """

    name: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple["PodcastTag", ...] = ()

    @classmethod
    def from_json(
        cls,
        name: str,
        text: str = "",
        attributes: Iterable[tuple[str, str]] = (),
        children: Iterable[Mapping[str, Any]] = (),
    ) -> Self:
        """Return the tag that `dataclasses.asdict` made these values of."""
        inner = tuple(cls.from_json(**child) for child in children)
        return cls(name, text, tuple((name, value) for name, value in attributes), inner)


@dataclass(frozen=True, slots=True)
class Removed:
    """A block that the cleaner removed from an article.

    Attributes:
        reason: human-readable: "phrase 'You may also like' (en)", "links 94 %".
        after: the number of lines of the article's text above it; None if unknown.
    """

    text: str
    reason: str
    after: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Article:
    """The article that a page contains, without everything else on the page.

    Attributes:
        url: its canonical URL, or the one that it was read from.
        published: aware, if the page states it.
        updated: aware, if the page states it and it is later than `published`. Both are equal if
            the page states only this one.
        site: the name of the site.
        image: URL of the lead image.
        image_size: its width and height in pixels, if the page states them.
        html: the body as sanitised HTML with absolute URLs.
        text: paragraphs separated by a newline, without markup and without the title.
        summary: the editor's own description if there is one, otherwise the first sentences.
        removed: the removed blocks, in the page's order.
        complete: False if the text is known to be only a part (a feed's teaser).
        unread: metadata of a saved article that could not be parsed, each as "key: value".
        rights: a licence or copyright notice that the page states: a text or a licence's URL.
        content_reason: why this content was chosen if there were several; "" if there was one.
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
    rights: str = ""
    content_reason: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched document.

    Attributes:
        url: its final URL, after redirects.
        body: decompressed bytes.
        content_type: the media type without parameters, in lower case; "" if none was sent.
        charset: the charset that the header names, or None.
        etag: the ETag exactly as received.
        last_modified: the Last-Modified date exactly as received.
        expires: seconds for which Cache-Control or Expires declare it fresh, if they do.
        place: its share of the budget for large bodies, released when the page is deleted.
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
    """The response to a conditional request: the cached document is current.

    Attributes:
        url: its URL.
        expires: as in `Page`.
    """

    url: str
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class CachedRobots:
    """An origin's robots.txt as last fetched.

    Attributes:
        origin: scheme, host and port: "https://example.org".
        body: its rules for feedpub, in the format of robots.txt; "" if there are none.
        status: the HTTP status of the response; 0 if the origin could not be reached.
        expires: when it must be fetched again.
    """

    origin: str
    body: str
    status: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """A mail of a source.

    Attributes:
        place: its place in the source, as the source names it.
        is_read: True if it is marked as read.
    """

    place: str
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """An article as its source lists it, before its own page is fetched.

    Attributes:
        url: the article's absolute URL; None for a saved article that has none.
        html: the source's own content, which can replace the page.
        guid: the identifier in its feed, unchanged; "" if there is none.
        path: the file of a saved article; None for an article on the network.
        message: the mail that it is; its `guid` is the Message-ID.
        version: a value that changes whenever the source reports a change of the article: a
            sitemap's lastmod, a feed's updated date and title, a saved file's digest. "" if the
            source reports no changes.
        source_name: the name of the site or feed that it comes from, as the source states it.
        source_url: the web page of that site or feed.
        rights: who may do what with it, as the source states it: a text or a licence's URL.
        podcast: elements of podcasts' namespaces.
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
    message: MessagePlace | None = None
    source_name: str = ""
    source_url: str = ""
    rights: str = ""
    podcast: tuple[PodcastTag, ...] = ()


@dataclass(frozen=True, slots=True)
class PollingHints:
    """How often a source requests to be polled.

    Attributes:
        wait: the minimum number of seconds between two checks.
        by: the origin of `wait`: "Cache-Control", "ttl", "Retry-After", "Crawl-delay"; "" if the
            source requests nothing.
        asked: seconds that the source requested, if that is more than is honoured; otherwise 0.
        skip_hours: hours of the day (UTC) in which nothing new is published.
        skip_days: days of the week in which nothing new is published; 0 is Monday.
    """

    wait: float = 0.0
    by: str = ""
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    asked: float = 0.0

    def with_min_wait(
        self, wait: float | None, by: str, max_wait: float = math.inf
    ) -> "PollingHints":
        """Return the hints with another requested wait; the longest wait counts.

        Args:
            wait: the requested seconds; None for no request.
            by: its origin.
            max_wait: the request is honoured up to this number of seconds.
        """
        honoured = min(wait or 0.0, max_wait)
        if wait is None or honoured <= self.wait:
            return self
        return replace(self, wait=honoured, by=by, asked=wait if wait > honoured else 0.0)


NO_HINTS = PollingHints()


@dataclass(frozen=True, slots=True)
class StoryLink:
    """Another publication of the story that an entry shows.

    Attributes:
        url: the article's absolute URL.
        site: the name of its site, else the host.
    """

    url: str
    site: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, as stored and as published. Times are aware, UTC, whole seconds.

    Attributes:
        id: a tag: URI (RFC 4151) that never changes.
        url: the article's absolute URL; "" for a saved article that has none.
        slug: the stem of its own page under feeds/<name>/, for a saved article; otherwise "".
        first_seen: when feedpub first listed it; never changes.
        published: the article's own date, otherwise first_seen.
        updated: changes only with the content; unique within a feed.
        rank: its position in the listing when first seen; decides the order of equal dates.
        complete: False if only a part could be fetched (the feed's teaser); it is retried later.
        html: in the store, URLs of feedpub's own files begin with a placeholder.
        image: URL of the lead image; in the store, as in `html`.
        source: the key of its source.
        source_name, source_url, rights, podcast: as in `Item`.
        also_at: the same story elsewhere, in the order in which it was found.
        content_reason: why its content is the page's or the source's own, for users.
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
    source_name: str = ""
    source_url: str = ""
    rights: str = ""
    podcast: tuple[PodcastTag, ...] = ()
    also_at: tuple[StoryLink, ...] = ()
    content_reason: str = ""


GUID_PREFIX = "guid:"
"""The prefix of keys that are made of guids."""


class AliasKind(StrEnum):
    """Why a key refers to an entry."""

    OWN = "own"  # a source listed the entry under this key
    CLAIMED = "claimed"  # the entry's page declares this URL as its own
    FOLLOWS = "follows"  # the page of an item with this key declares the entry's URL
    SIMILAR = "similar"  # the item with this key is a version of the entry's story


@dataclass(frozen=True, slots=True)
class Alias:
    """The entry that a key refers to.

    Attributes:
        entry: its id.
        kind: why the key refers to it.
    """

    entry: str
    kind: AliasKind = AliasKind.OWN


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed ready to be rendered; rendering uses neither the clock nor the config.

    Attributes:
        name: the file stem.
        base_url: absolute, ends in a slash; the documents are published below it.
        link: the web page that the feed belongs to.
        entries: newest first, at most the configured limit.
        updated: the newest `updated` of all entries.
        formats: which of rss, atom, json are published.
        summary_only: publish the summary and a link, not the text.
        ttl: minutes between two checks.
        archive: the number of an archive; None for the live document.
        previous: the number of the archive before this document; None if there is none.
        hubs: WebSub hubs to notify when the document changes; none for an archive, which never
            changes.
        podcast: elements of the channel, if its entries are episodes.
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
    podcast: tuple[PodcastTag, ...] = ()

    def file(self, suffix: str) -> str:
        """Return the name of one of its documents.

        `file("rss")` is "world.rss", or "world-archive-3.rss".
        """
        return f"{self._stem(self.archive)}.{suffix}"

    def archive_file(self, number: int, suffix: str) -> str:
        """Return the name of a document of one of its archives."""
        return f"{self._stem(number)}.{suffix}"

    def address(self, suffix: str) -> str:
        """Return the URL of one of its documents: `address("rss")`."""
        return f"{self.base_url}{self.file(suffix)}"

    def live_address(self, suffix: str) -> str:
        """Return the URL of the live document, also if this is an archive."""
        return f"{self.base_url}{self._stem(None)}.{suffix}"

    def previous_address(self, suffix: str) -> str | None:
        """Return the URL of the archive before this document; None if there is none."""
        if not self.previous:
            return None
        return f"{self.base_url}{self._stem(self.previous)}.{suffix}"

    def _stem(self, archive: int | None) -> str:
        return f"{self.name}-archive-{archive}" if archive else self.name

    def entry_url(self, entry: Entry) -> str:
        """Return the target of an entry's link: the article, or its own page below the feed."""
        return entry.url or f"{self.base_url}{self.name}/{entry.slug}.html"


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """A feed as the index of all feeds shows it.

    Attributes:
        feed: the feed; its entries can be omitted.
        entries: the number of entries in its live document.
        newest: when the newest entry was published; None if there is none.
    """

    feed: Feed
    entries: int
    newest: datetime | None

    @classmethod
    def for_feed(cls, feed: Feed) -> Self:
        """Summarise a feed that has its entries."""
        newest = max((entry.published for entry in feed.entries), default=None)
        return cls(feed, len(feed.entries), newest)


class RunStatus(StrEnum):
    """The result of a run."""

    UPDATED = "updated"  # at least one file was written
    UNCHANGED = "unchanged"  # no file differs
    PARTIAL = "partial"  # a source failed or an item is unread, and the others were published
    FAILED = "failed"  # all sources failed; the published files are unchanged


@dataclass(frozen=True, slots=True)
class Failure:
    """A problem of a run, for users.

    Attributes:
        where: the URL, file or source that it is about.
        reason: what went wrong, and what was tried.
        fatal: True if the entire source failed; False for one article.
        firm: True if the source responded and its response is the problem, so that a retry is
            unlikely to help.
        unread: True if an item is missing in the feed or incomplete because of it.
    """

    where: str
    reason: str
    fatal: bool = False
    firm: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of one run of a feed.

    Attributes:
        new: the number of new entries.
        updated: the number of changed entries.
        kept: the number of unchanged entries.
        skipped: the number of articles that the feed's include and exclude filters left out.
        failed: the number of articles that could not be read.
        requests: the number of HTTP requests sent for this feed.
        written: the names of the written files.
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
        """Return True if every source was read, even if single items were not."""
        has_failed_source = any(failure.fatal for failure in self.problems)
        return self.status != RunStatus.FAILED and not has_failed_source

    @property
    def unread(self) -> tuple[Failure, ...]:
        """Return the failures of items that are missing in the feed or incomplete."""
        return tuple(failure for failure in self.problems if failure.unread)

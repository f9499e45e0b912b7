"""The records of the state, except for entries. Times are aware, in UTC and whole seconds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from feedpub.core.models import NO_HINTS, Enclosure, Item, PodcastTag, PollingHints, RunResult

# A recheck that is due later was scheduled while the clock was ahead.
MAX_RECHECK_DELAY = timedelta(days=3)

ItemStatus = Literal["stored", "excluded", "failed", "partial"]


@dataclass(frozen=True, slots=True)
class ItemState:
    """The result of processing an item that a source listed.

    Attributes:
        key: the item's key, made from its URL by the builder.
        version: the version that its source stated, after a digest of the source's key.
        state: "stored" as an entry; "excluded" by the feed's filters; "failed" to fetch or clean;
            "partial" if the source's own text is used instead of the page.
        reason: human-readable reason for excluding it or for the failure.
        tries: the number of failures in a row.
        retry_at: the time of the next try; None for the next check, `pipeline.retries.NEVER` if
            only a change of the item leads to one.
        etag, last_modified: the article page's validators, exactly as received.
        first_seen: the time of the first request for it; None if there was none, or if it was
            listed before that was recorded.
        url: the page's URL as its source lists it, if it is rechecked or unread; otherwise "".
        recheck_at: the time of the next recheck for corrections; None for never.
    """

    key: str
    version: str
    state: ItemStatus
    reason: str = ""
    tries: int = 0
    retry_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    first_seen: datetime | None = None
    url: str = ""
    recheck_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The fields of an entry that decide if its text has to be compared with another one."""

    id: str
    url: str
    title: str
    published: datetime
    enclosures: tuple[Enclosure, ...]


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """The latest body of a source's document with its validators, which a 304 response refers to.

    Attributes:
        url: the URL that was requested.
        config_digest: a digest of the settings it was fetched with. Other settings do not use it.
        final_url: its URL after redirects.
        body: the decompressed body.
        content_type, charset, etag, last_modified: from the response's headers.
        fetched: the time of the response.
    """

    url: str
    config_digest: str
    final_url: str
    body: bytes
    content_type: str
    charset: str | None
    etag: str | None
    last_modified: str | None
    fetched: datetime


@dataclass(frozen=True, slots=True)
class BackfillState:
    """How far the past of a source was read.

    Attributes:
        feed: the feed's name.
        key: the key of the source.
        way: how its past is read: "listing" or "sitemap".
        url: the page to read next.
        number: the number of that page in the listing.
        oldest: the date of the oldest entry that was added; None if none was.
        is_done: there is nothing before `reached`, or nothing at all.
        reached: the date down to which the past is complete; None if none is.
    """

    feed: str
    key: str
    way: str
    url: str
    number: int = 1
    oldest: datetime | None = None
    is_done: bool = False
    reached: datetime | None = None


@dataclass(frozen=True, slots=True)
class WatchedText:
    """The text of a watched page, which the next check is compared with.

    Attributes:
        feed: the feed's name.
        key: the key of the source.
        settings: a digest of the source's settings; a text under other settings is not compared.
        text: the lines of the page at the last change.
        digest: of the text and the earlier changes.
        checked: the time of the last check.
    """

    feed: str
    key: str
    settings: str
    text: str
    digest: str
    checked: datetime


SnapshotKind = Literal["page", "feed", "file", "mail"]


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """The input that an entry was made from, so that it can be made again without a request.

    Attributes:
        item: the item as its source listed it, without guid, file path and message; the key
            contains these.
        key: the item's key.
        form: "page" if a page was fetched; "feed" if the item contains the content; "file" for a
            saved file, which is read from its folder again; "mail" for a mail.
        fetched: the time when the page, feed or file was read.
        listed_first: True if the source's title, date and authors take precedence over the page's.
        final_url: the page's URL after redirects.
        content_type, charset: from the response's headers.
        body: the page's body or the mail, compressed by `pack_body`; b"" for other forms.
    """

    item: Item
    key: str
    form: SnapshotKind
    fetched: datetime
    listed_first: bool = False
    final_url: str = ""
    content_type: str = ""
    charset: str | None = None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SourceState:
    """The health and the schedule of a feed's source.

    Attributes:
        feed: the feed's name.
        key: identifies the source within its feed.
        checked: the time of the latest check.
        succeeded: the time of the latest check that succeeded; None if none did.
        items: the number of items that it listed then.
        failure: the error of the latest check; None if it succeeded.
        failing_since: the time of the first failure in a row; None if the latest check succeeded.
        failures: the number of failures in a row.
        next_look: the time of the next check; None if it is due.
        why: human-readable reason for that time: "publishes about 9 a day, mostly 7–18 h UTC".
        firm: True if the failure is the source's own and unlikely to disappear.
        podcast: elements of the channel, if it is a podcast.
    """

    feed: str
    key: str
    checked: datetime
    succeeded: datetime | None
    items: int
    failure: str | None = None
    failing_since: datetime | None = None
    failures: int = 0
    next_look: datetime | None = None
    why: str = ""
    pace: PollingHints = NO_HINTS
    firm: bool = False
    podcast: tuple[PodcastTag, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeState:
    """A source without pending work, for which a conditional check is enough.

    Attributes:
        feed, key: the source.
        basis: a digest of the other inputs of the feed, such as settings and feedpub's version. It
            is only valid for these.
        until: the time of the next full run, even if nothing changes.
        skipped: the number of its items that the feed's filters exclude.
        etag, last_modified: the document's validators.
        observe_at: the time from which a check without news is an observation of its own; until
            then it prolongs the latest one. None for the next check.
    """

    feed: str
    key: str
    basis: str
    until: datetime
    skipped: int
    etag: str | None
    last_modified: str | None
    observe_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckState:
    """The stored data that a check of a feed needs.

    Attributes:
        sources: source key → the source's state, without the elements of its channel.
        probes: source key → its state without pending work.
        baselines: the keys of sources with at least `MIN_OBSERVATIONS` observations.
        rhythms: source key → the stored rhythm of its publications.
        recheck_at: the time of the next recheck, even if it is past; None if there is none.
        has_incident: the feed or one of its sources is failing, and an alert was sent.
        is_marked: a mark states that a run of the feed is active, or that it crashed.
    """

    sources: Mapping[str, SourceState] = field(default_factory=dict)
    probes: Mapping[str, ProbeState] = field(default_factory=dict)
    baselines: Collection[str] = ()
    rhythms: "Mapping[str, StoredRhythm]" = field(default_factory=dict)
    recheck_at: datetime | None = None
    has_incident: bool = False
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class UnchangedSource:
    """A source that has not changed since its last full run.

    Attributes:
        before: its state before the check.
        probe: how it was probed. `observe_at` is the one for the next check.
        observes: the check is an observation of its own.
    """

    before: SourceState
    probe: ProbeState
    observes: bool


@dataclass(frozen=True, slots=True)
class UnchangedCheck:
    """A check of a feed that found nothing new in any source that was due.

    Attributes:
        feed: the feed's name.
        at: the time of the check.
        seconds: its duration.
        sources: the sources that were checked.
        next_checks: source key → the time of its next check and the reason.
        next_run: the feed's next run; None if none is planned.
        learned: the rhythms that were learned to plan the next checks.
        is_marked: the run is marked as active, or as crashed earlier.
    """

    feed: str
    at: datetime
    seconds: float
    sources: tuple[UnchangedSource, ...]
    next_checks: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    next_run: "ScheduledRun | None" = None
    learned: "tuple[StoredRhythm, ...]" = ()
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class SourceObservation:
    """The results of one check of a source. Earlier ones are the baseline of later ones.

    Attributes:
        feed, key: the source.
        settings: a digest of the source's settings. Only checks with the same ones are compared.
        at: the time of the check.
        items: the number of items that it listed.
        known: the number of these that had been listed before.
        fresh: the number of the others with a date after the previous check.
        read: the number of articles that were fetched because they were new or had changed.
        failed: the number of articles that could not be read at the first try.
        obstacle: human-readable; the most common reason for that.
        dated, pictured: the number of fetched articles with a date, and with a lead image.
        lengths: the lengths of the fetched articles, in words.
        verdict: human-readable description of an anomaly; "" for a normal check.
        accepted: True if the anomaly has lasted so long that it is the new baseline.
    """

    feed: str
    key: str
    settings: str
    at: datetime
    items: int
    known: int = 0
    fresh: int = 0
    read: int = 0
    failed: int = 0
    obstacle: str = ""
    dated: int = 0
    pictured: int = 0
    lengths: tuple[int, ...] = ()
    verdict: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class StoredSummary:
    """A feed's line on the index page.

    Attributes:
        feed: the feed's name.
        settings: a digest of the settings that decide which entries are in its live document.
        entries: the number of entries in the live document.
        newest: the latest date of publication; None if there are no entries.
        updated: the latest `updated` of the entries; None if there are none.
        language: the language of most entries.
    """

    feed: str
    settings: str
    entries: int
    newest: datetime | None
    updated: datetime | None
    language: str


@dataclass(frozen=True, slots=True)
class StoredRhythm:
    """The rhythm that the scheduler learned from the publications of a source.

    Attributes:
        feed, key: the source.
        covered: the number of changes of the source's entries that it takes into account.
        data: the scheduler's own format.
        changes: the number of changes so far. Only the store counts them.
    """

    feed: str
    key: str
    covered: int
    data: bytes
    changes: int = 0


@dataclass(frozen=True, slots=True)
class PublicationDates:
    """The dates of a source's newest entries, in seconds since 1970.

    Attributes:
        newest: the publication time and the first-seen time of each, in any order.
        earlier: the number of earlier entries.
        first_check: the earliest first-seen time of all entries; None if there are none.
    """

    newest: tuple[tuple[int, int], ...] = ()
    earlier: int = 0
    first_check: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """The next run of a feed.

    Attributes:
        feed: the feed's name.
        next_run: its time.
        why: human-readable reason: "every 30 minutes", or the reason of its first due source.
    """

    feed: str
    next_run: datetime
    why: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run of a feed: its result and the time when it started."""

    outcome: RunResult
    started: datetime


@dataclass(frozen=True, slots=True)
class RemovalStat:
    """A line of text that the cleaner removes from a feed's articles.

    Attributes:
        feed: the feed's name.
        text: the line with collapsed white space, shortened if it is long.
        reason: the latest reason: "phrase 'you may also like' (en)".
        first, last: the times of the first and the latest removal.
        count: the number of articles from which it was removed.
    """

    feed: str
    text: str
    reason: str
    first: datetime
    last: datetime
    count: int


IncidentKind = Literal["started", "broken", "recovered", "accepted", "removed", "renewed"]
"""The event. The values are a data format and cannot be renamed: they are stored, sent to webhooks
and commands, and part of the ids of the health feed's entries.

- started: monitoring started; the first incident of a state;
- broken: the source or feed is failing;
- recovered: it works again;
- accepted: an anomaly has become the new baseline;
- removed: it left the config while it was failing;
- renewed: the state was corrupt and was rebuilt.
"""


@dataclass(frozen=True, slots=True)
class Incident:
    """An event in the life of a source or feed that the operator should know.

    Attributes:
        feed: the feed's name; "" if all feeds are affected.
        key: the source's key; "" if the feed itself is affected.
        kind: the event.
        at: the time of the event, which is unique among incidents.
        since: the time of the first failure.
        reason: human-readable cause.
        tries: the number of failures in a row.
        last_good: the time of the latest success; None if there was none.
        items: the number of items that the source listed then.
    """

    feed: str
    key: str
    kind: IncidentKind
    at: datetime
    since: datetime
    reason: str
    tries: int = 0
    last_good: datetime | None = None
    items: int = 0


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """A key of a source in the config, with its present and its proposed value.

    None stands for an absent key.
    """

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of the config that would repair a source.

    Attributes:
        feed, key: the source.
        settings: a digest of the source's settings, to which the proposal applies.
        at: the time when it was found.
        changes: the changed keys.
        evidence: human-readable reason: "lists 19 of the 20 articles that were known".
    """

    feed: str
    key: str
    settings: str
    at: datetime
    changes: tuple[ConfigChange, ...]
    evidence: str


Channel = Literal["ping", "webhook", "email", "command"]


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that has to be sent.

    Attributes:
        kind: the channel.
        target: the hub of a ping; "" for channels in the config, whose secrets are not stored.
        body: a ping's form, or an alert's JSON.
        due: the time of the next try.
        tries: the number of tries so far.
        failure: human-readable error of the latest try; "" if there is none.
        id: the store's number for it; 0 for a new message.
    """

    kind: Channel
    target: str
    body: bytes
    due: datetime
    tries: int = 0
    failure: str = ""
    id: int = 0

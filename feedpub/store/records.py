"""What the store keeps beside entries, as frozen data. Times are aware, UTC, whole seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from feedpub.core.models import NO_HINTS, Item, PollingHints, RunResult

ItemStatus = Literal["stored", "excluded", "failed", "partial"]


@dataclass(frozen=True, slots=True)
class ItemState:
    """What became of an article that a feed's sources listed.

    Attributes:
        key: of its address, as the builder makes it.
        version: its source's mark of its version at that time, with a digest of that source's key
            before it.
        state: stored as an entry; excluded by the feed's filters; failed: nothing could be read;
            partial: the source's own text stands in.
        reason: why it was excluded or failed, for people.
        tries: how often it failed in a row.
        retry_at: when it may be tried again; None for the next look.
        etag, last_modified: the article page's validators, exactly as received.
        first_seen: when it was first asked for; None for what was never, or before that was
            remembered.
        url: where its page is, as its source lists it, as long as it is looked at again.
        recheck_at: when it is to be looked at again for corrections; None for never.
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
class CachedDocument:
    """The last body of a source's document with its validators: a 304 yields it again.

    Attributes:
        url: where it was asked for.
        config_digest: of the settings it was fetched with; under other settings it is not known.
        final_url: where it was found, after redirects.
        body: decompressed bytes.
        content_type, charset, etag, last_modified: as the page had them.
        fetched: when it came.
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


SnapshotKind = Literal["page", "feed", "file"]


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """What an entry was made of, so that it can be made again without asking anybody.

    Attributes:
        item: what its source said of it; without its guid, and without the path of a saved file,
            which the key tells.
        key: what the store knew the article by.
        form: its page; its feed's own content, which stands in the item; a saved file, which lies
            where it lay.
        fetched: when it was read.
        listed_first: its source knows title, date and authors better than the page does.
        final_url: where the page was found, after redirects.
        content_type, charset: as the page had them.
        body: the page's, compressed as `packed` does; b"" for other forms.
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
    """How a source of a feed is.

    Attributes:
        key: names the source within its feed.
        checked: when it was last looked at.
        succeeded: when it was last read; None if never.
        items: how many articles it listed then.
        failure: why the last look failed; None where it did not.
        failing_since: the first failure in a row; None where the last look succeeded.
        failures: how many in a row.
        next_look: when it is to be looked at next; None where nobody has decided that yet.
        why: the reason for that moment, for people: "publishes about 9 a day, mostly 7–18 h UTC".
        pace: how often it wants to be asked, as it said at the last look.
        firm: whether the failure is one that hardly goes away by itself.
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


@dataclass(frozen=True, slots=True)
class ProbeState:
    """A source of which nothing is left to do, as long as its server says that nothing changed.

    Attributes:
        basis: a digest of all else that the feed is made from: other settings, or another feedpub,
            may change it.
        until: when it is to be read as a whole again, changed or not.
        skipped: how many of its articles the feed's rules leave out.
        etag, last_modified: the document's validators.
    """

    feed: str
    key: str
    basis: str
    until: datetime
    skipped: int
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class SourceObservation:
    """What one look at a source brought: what is usual for a source is known from these.

    Attributes:
        settings: a digest of the source's settings; what is usual under others says nothing.
        at: when.
        items: how many articles it listed.
        known: how many of their addresses had been listed before.
        fresh: how many of the others are dated after the look before.
        read: how many articles were read, because they were new or had changed.
        failed: how many could not be read, at the first try.
        obstacle: the commonest reason for that, for people.
        dated, pictured: how many of those read have a date, and a picture.
        lengths: of those read, in words.
        verdict: what is not as usual, with the evidence, for people; "" for a look that is as
            usual.
        accepted: it is not as usual, but has been so for long that it is usual from now on.
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
    """What the page of all feeds says of one.

    Attributes:
        settings: a digest of the settings that decide which entries are in its live document.
        entries: how many are.
        newest: when the newest of them was published; None where there is none.
        updated: the latest `updated` of them.
        language: the one that most of them are in.
    """

    feed: str
    settings: str
    entries: int
    newest: datetime | None
    updated: datetime | None
    language: str


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """When a feed runs next.

    Attributes:
        why: for people: "every 30 minutes", or what its first source to be looked at says.
    """

    feed: str
    next_run: datetime
    why: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One regeneration of a feed: how it went, and when it started."""

    outcome: RunResult
    started: datetime


@dataclass(frozen=True, slots=True)
class RemovalStat:
    """A line that the cleaner removes from a feed's articles.

    Attributes:
        text: the line, blanks collapsed, cut where it is long.
        reason: why, as it was given last: "phrase 'you may also like' (en)".
        first, last: when it was removed first and last.
        count: from how many articles.
    """

    feed: str
    text: str
    reason: str
    first: datetime
    last: datetime
    count: int


IncidentKind = Literal["started", "broken", "recovered", "accepted", "removed", "renewed"]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that whoever runs feedpub is told about a source, or about a feed as a whole.

    Attributes:
        feed: its name; "" for what is about all of them.
        key: of the source; "" for the feed as a whole.
        kind: a source broke, was read again, was read again because what is not as usual is so for
            long, or left the config while it was broken; or all of this began; or the state was
            damaged and is built anew.
        at: when that was noticed; no two notices share one.
        since: when it broke.
        reason: what is or was wrong, for people.
        tries: how often in a row it was looked at in vain.
        last_good: when it was last read; None for never.
        items: how many articles it listed then.
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
    """A key of a source's block in the config, its value and what it should be.

    None where it is left out.
    """

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """How the config could be changed so that a source is read again.

    Attributes:
        feed, key: the source.
        settings: a digest of the source's settings: for others nothing is proposed.
        at: when it was found.
        changes: what to write.
        evidence: why, for people: "lists 19 of the 20 articles that were known".
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
    """Something that has to be told to others.

    Attributes:
        kind: by which way.
        target: the hub of a ping; "" for ways that the config knows: what is secret about them is
            not kept here.
        body: what to say: a ping's form, an alert's JSON.
        due: when it is to be tried next.
        tries: how often it was tried.
        failure: why the last try failed, for people; "" before that.
        id: the store's number for it; 0 for one that is new.
    """

    kind: Channel
    target: str
    body: bytes
    due: datetime
    tries: int = 0
    failure: str = ""
    id: int = 0

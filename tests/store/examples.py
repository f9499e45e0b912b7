"""Records with few details, and strategies that fill all fields of each record."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from feedpub.core.models import (
    CachedRobots,
    Enclosure,
    Entry,
    Failure,
    Item,
    PollingHints,
    RunResult,
    RunStatus,
)
from feedpub.store import (
    CachedDocument,
    Channel,
    Incident,
    IncidentKind,
    ItemState,
    ItemStatus,
    OutboxMessage,
    PageSnapshot,
    RunRecord,
    SnapshotKind,
    SourceObservation,
    SourceState,
)

NOW = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def entry(name: str, *, published: datetime = NOW, rank: int = 0, **others: Any) -> Entry:
    return Entry(
        id=f"tag:{name}",
        url=f"https://example.org/{name}",
        title=name,
        first_seen=NOW,
        published=published,
        updated=published,
        rank=rank,
        **others,
    )


def run(feed: str = "world", *, started: datetime = NOW, **others: Any) -> RunRecord:
    return RunRecord(RunResult(feed, RunStatus.UPDATED, **others), started)


def document(
    url: str = "https://example.org/", *, config: str = "a", fetched: datetime = NOW
) -> CachedDocument:
    return CachedDocument(
        url=url,
        config_digest=config,
        final_url=f"{url}index.html",
        body=b"<html>",
        content_type="text/html",
        charset=None,
        etag='W/"1"',
        last_modified=None,
        fetched=fetched,
    )


times = st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0))
_numbers = st.integers(0, 2**31 - 1)
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    datetime: times,
    datetime | None: st.none() | times,
    int: _numbers,
    float: st.floats(0, 1e6),
    tuple[Enclosure, ...]: st.lists(
        st.builds(Enclosure, st.text(), st.text(), _numbers), max_size=3
    ).map(tuple),
    tuple[int, ...]: st.lists(_numbers, max_size=3).map(tuple),
    tuple[Failure, ...]: st.lists(
        st.builds(Failure, st.text(), st.text(), st.booleans(), st.booleans()), max_size=3
    ).map(tuple),
    PollingHints: st.builds(
        PollingHints,
        st.floats(0, 1e6),
        st.text(),
        *[st.lists(st.integers(0, 23), max_size=3).map(tuple) for _ in range(2)],
    ),
    ItemStatus: st.sampled_from(["stored", "excluded", "failed", "partial"]),
    SnapshotKind: st.sampled_from(["page", "feed", "file"]),
    IncidentKind: st.sampled_from(
        ["started", "broken", "recovered", "accepted", "removed", "renewed"]
    ),
    Channel: st.sampled_from(["ping", "webhook", "email", "command"]),
}


def any_record(kind: type[Any], **fixed: Any) -> st.SearchStrategy[Any]:
    """Return a strategy that fills all fields of a record at random, except for given ones."""
    strategies = {f.name: _BY_TYPE.get(f.type, st.from_type(f.type)) for f in fields(kind)}  # type: ignore[arg-type]
    chosen = {
        name: v if isinstance(v, st.SearchStrategy) else st.just(v) for name, v in fixed.items()
    }
    return st.builds(kind, **strategies | chosen)


entries = any_record(Entry)
item_states = any_record(ItemState)
documents = any_record(CachedDocument)
source_states = any_record(SourceState, feed="world")
runs = st.builds(RunRecord, any_record(RunResult, feed="world"), times)
robots = any_record(CachedRobots)
messages = any_record(OutboxMessage)
incidents = any_record(Incident)
snapshots = any_record(PageSnapshot, item=any_record(Item, path=None, guid="", message=None))
observations = any_record(
    SourceObservation, feed="world", key="s", settings="", verdict="", accepted=False
)

"""Fuzz the state on disk, with anything in any of its columns."""

import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from feedpub.cleaner.site_memory import SiteMemory
from feedpub.core.models import Article, CachedRobots, Failure, RunResult, RunStatus
from feedpub.pipeline.site_memory import LearningSite
from feedpub.store import (
    CachedDocument,
    ItemState,
    RunRecord,
    SourceObservation,
    SourceState,
    Store,
    StoredRhythm,
)
from feedpub.store.files import FILE_NAME
from tests.fuzz.oracle import NOW, PAGE, make_entry
from tests.fuzz.target import WORDS, Target, text
from tests.fuzz.targets.settings import folder

TABLES = (
    *("entries", "item_states", "document_cache", "sources", "source_observations", "runs"),
    *("robots_cache", "site_memories", "publishing_rhythms"),
)
EDGES = (0, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 253402300800)
FEED, SITE, ORIGIN = "news", "example.org", "https://example.org"


@dataclass(frozen=True, slots=True)
class Behind:
    """A state, with a second connection that changes it unnoticed."""

    store: Store
    connection: sqlite3.Connection
    columns: tuple[tuple[str, str], ...]
    rows: dict[str, list[tuple[object, ...]]]

    def change(self, place: int, value: object) -> None:
        """Put a value in a column; skip values that the database itself refuses."""
        table, column = self.columns[place % len(self.columns)]
        self.connection.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ?', (value,))  # noqa: S608 -- our own names

    def restore(self, place: int) -> None:
        """Restore the table of a column."""
        table, _ = self.columns[place % len(self.columns)]
        self.connection.execute("BEGIN")
        self.connection.execute(f"DELETE FROM {table}")  # noqa: S608
        marks = ", ".join("?" * len(self.rows[table][0]))
        self.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", self.rows[table])  # noqa: S608
        self.connection.execute("COMMIT")


@cache
def behind() -> Behind:
    """Return the state of this process."""
    home = folder() / "state"
    store = Store.open(home)
    fill(store)
    connection = sqlite3.connect(home / FILE_NAME, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    columns = tuple(
        (table, row[1])
        for table in TABLES
        for row in connection.execute(f"PRAGMA table_info({table})")
    )
    rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}  # noqa: S608
    return Behind(store, connection, columns, rows)


def fill(store: Store) -> None:
    """Write one row of each kind."""
    entry = make_entry(Article(PAGE, "A title", ("Jane",), html="<p>A</p>", text="A"))
    seen = ItemState("key", "1", "stored", first_seen=NOW)
    store.commit_entries(
        FEED, entries=[entry], aliases={"key": entry.id}, item_states=[seen], now=NOW
    )
    store.commit_run(
        RunRecord(
            RunResult(
                FEED, RunStatus.PARTIAL, problems=(Failure(PAGE, "gone"),), written=("news.rss",)
            ),
            NOW,
        ),
        documents=[CachedDocument(PAGE, "a", PAGE, b"<html>", "text/html", None, None, None, NOW)],
        sources=[SourceState(FEED, "source", NOW, NOW, 3)],
        observations=[SourceObservation(FEED, "source", "a", NOW, 3, lengths=(1, 2))],
    )
    store.rhythms.save([StoredRhythm(FEED, "source", 0, b"rhythm")])
    store.robots_cache.save(ORIGIN, CachedRobots(ORIGIN, "User-agent: *", 200, NOW))
    memory = SiteMemory()
    for number in range(3):
        memory.learn(
            f"<title>{number} - Site</title><p>About us</p><p>Text {number} of the day.</p>",
            f"{PAGE}?{number}",
        )
    store.save_memories({SITE: memory.to_bytes()}, NOW)


def state(data: bytes) -> None:
    """Read a column that holds an unexpected value.

    A number, a text, bytes, or bytes packed like feedpub's own.
    """
    place, kind, content = int.from_bytes(data[:1], "big"), data[1:2], data[2:]
    values = (
        text(content).encode("utf-8", "replace").decode(),
        content,
        zlib.compress(content),
        int.from_bytes(content[:8], "big", signed=True),
        EDGES[len(content) % len(EDGES)],
        len(content) / 3,
        None,
    )
    state = behind()
    try:
        state.change(place, values[(kind or b"\0")[0] % len(values)])
        look_at_everything(state.store)
    except sqlite3.Error:  # a column that must hold something, or something else
        return
    finally:
        state.restore(place)


def look_at_everything(store: Store) -> None:
    """Make the queries of a run."""
    for entry in (*store.entries(FEED), store.entry(FEED, "tag:example.org,2026-11-25:news/1")):
        assert entry is None or (isinstance(entry.html, str) and isinstance(entry.authors, tuple))
    source = (FEED, "source")
    store.rhythms.load([source])
    store.rhythms.read_dates([source], 10)
    store.feed_state(FEED, NOW, 10)
    store.known_keys(FEED, ["key"])
    store.related_entries(FEED, ["key"], (), NOW)
    store.headlines_between(FEED, NOW, NOW, 10)
    store.cached_document(PAGE, "a")
    store.sources(FEED)
    store.runs(FEED)
    store.observations.for_source(FEED, "source")
    store.robots_cache.load(ORIGIN)
    LearningSite(store.site_memory(SITE) or b"")


def _states() -> Iterator[bytes]:
    for place in range(110):
        yield bytes([place, place % 7]) + b'[{"url":1}]'


TARGETS = (Target("state", state, "json", WORDS, 200, _states),)

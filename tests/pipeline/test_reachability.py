"""A published entry stays reachable in every format, live or in an archive."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from feedpub.builder import parse_published
from feedpub.config import Config
from feedpub.core.models import Entry
from feedpub.pipeline import index, restore, run
from feedpub.pipeline.archives import group_by_archive
from feedpub.store.files import FILE_NAME
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, open_context, output_folder
from tests.support.states import state_folder

NOW = datetime(2026, 12, 1, tzinfo=UTC)

# --- the plan -------------------------------------------------------------------------------------

STEPS = ("article", "teaser", "text", "limit 1", "limit 2", "limit 4", "exclude", "include")


@dataclass
class Paper:
    """A feed without files: the input and the result of archive planning."""

    entries: list[int] = field(default_factory=list)  # oldest first
    teasers: set[int] = field(default_factory=set)
    excluded: bool = False  # all even numbers are
    limit: int = 2
    shown: set[int] = field(default_factory=set)
    archived: set[int] = field(default_factory=set)

    def take(self, step: str) -> None:
        """Apply one change and publish."""
        if step in ("article", "teaser"):
            self.entries.append(len(self.entries))
            self.teasers |= {self.entries[-1]} if step == "teaser" else set()
        elif step == "text":
            self.teasers.clear()
        elif step in ("exclude", "include"):
            self.excluded = step == "exclude"
        else:
            self.limit = int(step.split()[1])
        self.publish()

    def publish(self) -> None:
        """Publish as the pipeline does."""
        admitted = [n for n in self.entries if not (self.excluded and n % 2 == 0)]
        live = set(admitted[-self.limit :])
        waiting = [
            n for n in self.entries if n not in self.archived and (n in self.shown or n in admitted)
        ]
        names, teasers = [str(n) for n in waiting], {str(n) for n in self.teasers}
        planned = group_by_archive(names, {str(n) for n in live}, self.limit, teasers)
        members = [int(name) for archive in planned for name in archive]
        assert len(members) == len(set(members))
        assert all(1 <= len(archive) <= max(1, self.limit // 2) for archive in planned)
        assert not {n for n in members if n in live and n in self.teasers}
        self.archived |= set(members)
        self.shown |= live
        assert self.shown | set(admitted) <= live | self.archived


@pytest.mark.parametrize("first", STEPS)
def test_every_sequence_of_five_steps_keeps_entries_reachable(first: str) -> None:
    for steps in product(STEPS, repeat=4):
        paper = Paper()
        for step in (first, *steps):
            paper.take(step)


# --- the documents --------------------------------------------------------------------------------

SETTINGS = ("limit", "formats", "exclude", "move")
EVENTS = (
    "",
    "add",
    "add teaser",
    "add old",
    "text",
    "wipe",
    "upgrade",
    "lose the state",
    "back up",
    "restore",
    "forget",
)
LIMITS = (4, 1, 2, 6, 3)
FORMATS = (("rss", "atom", "json"), ("rss",), ("json", "atom"), ("atom",), ("json",))
BASES = ("https://one.example.org/", "https://two.example.org/feeds/")


def own_base(body: bytes, name: str) -> str:
    return parse_published.read_links(body, name.rpartition(".")[2]).base


class Model:
    """A feed that is published after each of many changes, and its readers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock(NOW)
        self.count = 0
        self.limit, self.formats, self.base, self.excluded = 0, 0, 0, 0
        self.published: set[str] = set()
        self.forgotten = False

    @property
    def config(self) -> Config:
        exclude = ("", 'exclude.title = ["even"]', 'exclude.title = ["odd"]')[self.excluded % 3]
        formats = FORMATS[self.formats % len(FORMATS)]
        return configure(
            self.folder,
            '[[feed]]\nname = "f"\ntitle = "F"\n'
            f"limit = {LIMITS[self.limit % len(LIMITS)]}\nformats = {list(formats)!r}\n{exclude}\n"
            '[[feed.source]]\ntype = "page"\nurl = "https://example.org/news"\n',
            settings=f'base_url = "{BASES[self.base % 2]}"',
        )

    @property
    def state(self) -> Path:
        return state_folder(self.config.feedpub)

    def act(self, action: str) -> None:
        """Apply one change; except for new entries and texts, the state stays."""
        output, backup = output_folder(self.config), self.folder / "backup"
        match action:
            case "limit" | "formats":
                setattr(self, action, getattr(self, action) + 1)
            case "exclude":
                self.excluded += 1
            case "move":
                self.base += 1
            case "wipe" if not self.forgotten:  # else the files alone have what the state has not
                shutil.rmtree(output, ignore_errors=True)
            case "lose the state":
                shutil.rmtree(self.state, ignore_errors=True)
            case "back up" if self.state.exists():
                shutil.rmtree(backup, ignore_errors=True)
                shutil.copytree(self.state, backup)
            case "upgrade":  # older versions did not know which entries were published
                with closing(sqlite3.connect(self.state / FILE_NAME)) as connection, connection:
                    connection.execute("DELETE FROM published")
            case "restore" if backup.exists():
                shutil.rmtree(self.state, ignore_errors=True)
                shutil.copytree(backup, self.state)
            case _:
                pass

    def build(self, action: str) -> None:
        """Publish once, after the entries changed."""
        config, (feed,) = self.config, self.config.feed
        self.clock.pass_time(3600)
        before = self.files()
        with open_context(config, self.clock) as context, context.store.feed_lock("f"):
            store, now = context.store, self.clock.now()
            restore.restore(feed, store, context.output, now)
            fresh: list[Entry] = []
            if action.startswith("add"):
                fresh = [self.entry(action, n) for n in range(self.count, self.count + 2)]
                self.count += 2
            elif action == "text":
                teasers = [entry for entry in store.entries("f") if not entry.complete]
                fresh = [
                    replace(entry, complete=True, html="<p>all of it</p>") for entry in teasers
                ]
            store.commit_entries("f", entries=fresh, aliases={}, item_states=(), now=now)
            archived = {
                id_ for n in store.archives.numbers("f") for id_ in store.archives.members("f", n)
            }
            live = index.current_feed(feed, context)
            run.write_feed(feed, live, context)
            assert run.write_feed(feed, index.current_feed(feed, context), context) == ()
            for number in store.archives.numbers("f"):
                new = {e for e in store.archives.entries("f", number) if e.id not in archived}
                assert not {e.id for e in new if not e.complete} & {e.id for e in live.entries}
            if action == "forget":
                self.forgotten = True
                store.prune(now + timedelta(days=1), {"f": [entry.id for entry in live.entries]})
        for name, body in self.files().items():
            if (
                "archive" in name
                and own_base(before.get(name, body), name) == config.feedpub.base_url
            ):
                assert body == before.get(name, body), f"{name} was written again"
        self.check(config, {entry.id for entry in live.entries})

    def entry(self, action: str, n: int) -> Entry:
        moment = NOW + timedelta(minutes=n) - timedelta(days=9 if action == "add old" else 0)
        return Entry(
            id=f"tag:one.example.org,2026-12-01:f/{n:020x}",
            url=f"https://example.org/{n}",
            title=f"{'odd' if n % 2 else 'even'} {n}",
            first_seen=moment,
            published=moment,
            updated=moment,
            html="<p>a part</p>" if action == "add teaser" else "<p>all of it</p>",
            text="it",
            complete=action != "add teaser",
        )

    def files(self) -> dict[str, bytes]:
        root = output_folder(self.config)
        return {file.name: file.read_bytes() for file in root.glob("f*") if file.is_file()}

    def check(self, config: Config, live: set[str]) -> None:
        """Follow the links of each format.

        Every document is at its address, and no entry is missing.
        """
        self.published |= live
        archives: dict[str, list[list[str]]] = {}
        for suffix in config.feed[0].formats:
            first, *rest = self.follow(config, suffix)
            assert set(first) == live
            archives[suffix] = rest
            reachable = {*first, *(id_ for ids in rest for id_ in ids)}
            assert self.published <= reachable, suffix
        assert len({str(rest) for rest in archives.values()}) == 1, "archives differ by format"
        self.published = reachable

    def follow(self, config: Config, suffix: str) -> Iterator[list[str]]:
        base, name = config.feedpub.base_url, f"f.{suffix}"
        while name:
            body = (output_folder(config) / name).read_bytes()
            links = parse_published.read_links(body, suffix)
            assert links.own == f"{base}{name}"
            yield [entry.id for entry in parse_published.parse_published(body, suffix, "f")]
            assert links.previous.startswith(base if links.previous else "")
            name = links.previous.removeprefix(base)


@st.composite
def steps(draw: st.DrawFn) -> str:
    """Return changes of settings and an event: "limit + exclude + wipe"."""
    event = draw(st.sampled_from(EVENTS))
    changes = draw(st.sets(st.sampled_from(SETTINGS), max_size=2))
    if event in {
        "lose the state",
        "restore",
    }:  # they are read back from the formats that were published last
        changes.discard("formats")
    return " + ".join([*sorted(changes), *([event] if event else [])])


@pytest.mark.slow(seconds=20)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps(), min_size=3, max_size=8))
@example(["formats", "add", "add", "exclude", "limit", "formats", "formats", "exclude"])
@example(["formats", "add", "limit", "exclude", "formats", "exclude", "exclude"])
@example(["add", "back up", "limit", "restore", "formats", "formats"])
@example(["back up", "limit", "exclude", "lose the state", "formats", "restore", "exclude"])
@example(["add", "limit", "forget", "move", "formats", "formats", "lose the state", "formats"])
@example(["add teaser", "add", "limit", "text", "limit", "add", "add", "exclude", "wipe"])
@example(["back up", "add old", "restore"])
@example(["exclude + wipe"])
@example(["exclude + upgrade"])
def test_published_entries_stay_reachable_after_any_changes(changes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model(Path(folder))
        for change in ("add", "add", *changes):
            actions = change.split(" + ")
            for action in actions:
                model.act(action)
            model.build(actions[-1])

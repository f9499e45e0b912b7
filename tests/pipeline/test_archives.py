"""The history of a feed.

What falls out of its live document, a reader that follows the archives still gets.
"""

import json
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import run
from feedpub.pipeline.archives import group_by_archive
from tests.support.clock import FakeClock
from tests.support.feedcheck import CHECKS
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    output_of,
    path,
    rss,
    story,
    title,
    tools_for,
)
from tests.support.site import Route, Site
from tests.support.states import state_folder

MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


# --- the plan
# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting", "live", "limit", "archives"),
    [
        ("", "", 4, []),
        ("abcd", "abcd", 4, []),  # nothing has fallen out
        ("abcde", "bcde", 4, ["ab"]),  # the oldest of the live ones goes with what fell out
        ("cdef", "cdef", 4, []),  # which spares the next new entry an archive
        ("cdefg", "defg", 4, ["cd"]),
        ("abcdefghi", "fghi", 4, ["ab", "cd", "ef"]),  # many at once
        ("ab", "b", 1, ["a"]),
        ("abc", "c", 1, ["a", "b"]),
        ("a", "", 50, ["a"]),  # old, and everything live stands in an archive already
    ],
)
def test_what_goes_where(waiting: str, live: str, limit: int, archives: list[str]) -> None:
    """Oldest first, half of a live document in each."""
    assert ["".join(archive) for archive in group_by_archive(waiting, live, limit)] == archives


@given(
    st.lists(st.integers(1, 40), max_size=12),
    st.lists(st.integers(1, 30), min_size=12, max_size=12),
)
def test_every_entry_is_live_or_in_one_archive(arrivals: list[int], limits: list[int]) -> None:
    """However many arrive at once, and whatever becomes of the limit."""
    entries: list[str] = []
    archived: list[str] = []
    for number, limit in zip(arrivals, limits, strict=False):
        entries += [str(len(entries) + n) for n in range(number)]
        live = entries[-limit:]
        made = group_by_archive([id_ for id_ in entries if id_ not in archived], live, limit)
        assert all(1 <= len(archive) <= max(1, limit // 2) for archive in made)
        archived += [id_ for archive in made for id_ in archive]
        assert len(set(archived)) == len(archived)
        assert {*archived, *live} == set(entries)
        assert archived == entries[: len(archived)]


# --- the whole way
# --------------------------------------------------------------------------------------------


@dataclass
class Press:
    """A site that publishes stories, the feed made of it, and the server that the feed is read from."""

    site: Site
    folder: Path
    clock: FakeClock

    def config(self, more: str = "limit = 5", settings: str = "") -> Config:
        base = f'base_url = "{self.site.url("/feeds/")}"\n{settings}'
        return configure(
            self.folder, feed("f", f"page {self.site.url('/news')}", more=more), settings=base
        )

    def print(self, *numbers: int) -> None:
        """Put stories on the site; its listing has these alone, in this order."""
        for n in numbers:
            self.site[path(n)] = story(n)
        self.site["/news"] = listing(list(numbers))

    def fill(self, *numbers: int, more: str = "") -> None:
        """Bring stories into the store, all of them live.

        A source is asked for no more than that.
        """
        self.print(*numbers)
        self.build(self.config(f"limit = {len(numbers)}\n{more}"))

    def build(self, config: Config) -> RunResult:
        """Build, and serve what was built."""
        with tools_for(config, self.clock) as tools:
            outcome = run.run_feed(config.feed[0], tools)
            run.finish_build(config, tools)
        self.clock.pass_time(60)
        for name, body in published(config).items():
            self.site[f"/feeds/{name}"] = Route(
                body, MEDIA_TYPES.get(name.rpartition(".")[2], "text/html")
            )
        return outcome

    def teasers(self, more: str) -> Config:
        """A config whose source is the site's feed: teasers, each with a link to its story."""
        base = f'base_url = "{self.site.url("/feeds/")}"'
        return configure(
            self.folder, feed("f", f"feed {self.site.url('/rss')}", more=more), settings=base
        )

    def offer(self, *numbers: int, closed: Collection[int] = ()) -> None:
        """Put stories into the site's feed; the pages of some of them cannot be had."""
        for n in numbers:
            self.site[path(n)] = Route(b"", status=503) if n in closed else story(n)
        self.site["/rss"] = rss(self.site, list(numbers))

    def history(self, suffix: str) -> dict[str, Any]:
        """Every entry by id, as a reader gets them that follows the archives.

        The newer document's word counts.
        """
        found: dict[str, Any] = {}
        for entries in READERS[suffix](self.site.url(f"/feeds/f.{suffix}")):
            for id_, text in entries:
                found.setdefault(id_, text)
        return found

    def titles(self, suffix: str = "json") -> list[str]:
        return sorted(self.history(suffix).values())


def read_xml(address: str) -> Iterator[list[tuple[str, str]]]:
    """Document by document, back in time."""
    while address:
        with urlopen(address) as answer:  # noqa: S310 -- our own server
            document = feedparser.parse(answer.read())
        assert not document.bozo
        yield [(entry.id, entry.title) for entry in document.entries]
        address = next(
            (link.href for link in document.feed.links if link.rel == "prev-archive"), ""
        )


def read_json(address: str) -> Iterator[list[tuple[str, str]]]:
    """The same, by JSON Feed's next_url."""
    while address:
        with urlopen(address) as answer:  # noqa: S310 -- our own server
            document = json.loads(answer.read())
        yield [(item["id"], item["title"]) for item in document["items"]]
        address = document.get("next_url", "")


READERS: dict[str, Callable[[str], Iterator[list[tuple[str, str]]]]] = {
    "rss": read_xml,
    "atom": read_xml,
    "json": read_json,
}


def titles(numbers: Collection[int]) -> list[str]:
    return sorted(title(n) for n in numbers)


def published(config: Config) -> dict[str, bytes]:
    root = output_of(config)
    return {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }


def archives(config: Config) -> dict[str, tuple[int, int, bytes]]:
    """Archive files with what would tell that they were written again: inode, time, bytes."""
    files = output_of(config).glob("f-archive-*")
    return {f.name: (f.stat().st_ino, f.stat().st_mtime_ns, f.read_bytes()) for f in files}


@pytest.fixture
def press(site: Site, tmp_path: Path) -> Press:
    return Press(site, tmp_path, FakeClock(datetime(2026, 12, 1, 12, tzinfo=UTC)))


def test_a_reader_that_follows_the_links_gets_the_whole_history(press: Press) -> None:
    """Thirty entries, a few at a time, five of them live.

    No archive is ever written again, and all is valid.
    """
    config = press.config()
    known: dict[str, tuple[int, int, bytes]] = {}
    for newest in range(3, 31, 3):
        press.print(*range(newest, max(0, newest - 6), -1))
        press.build(config)
        now = archives(config)
        assert {name: now.get(name) for name in known} == known
        known = now
    before = published(config)
    assert press.build(config).status is RunStatus.UNCHANGED
    assert published(config) == before
    for suffix, check in CHECKS.items():
        assert press.titles(suffix) == titles(range(1, 31))
        for name, body in before.items():
            if name.endswith(f".{suffix}"):
                assert (
                    check(body, now=press.clock.now(), address=press.site.url(f"/feeds/{name}"))
                    == []
                )
    assert (
        sum(name.endswith(".rss") for name in known) == 13
    )  # two entries each, one in the live document too


def test_many_entries_make_many_archives_at_once(press: Press) -> None:
    """Oldest first, each linked to the one before it."""
    press.fill(*range(30, 0, -1))
    config = press.config("limit = 8")
    outcome = press.build(config)
    archived = [name for name in outcome.written if "archive" in name and name.endswith(".rss")]
    assert archived == [f"f-archive-{n}.rss" for n in range(1, 7)]
    assert outcome.written.index("f-archive-6.rss") < outcome.written.index("f.rss")
    pages = list(READERS["rss"](press.site.url("/feeds/f.rss")))
    assert [len(page) for page in pages] == [8, 4, 4, 4, 4, 4, 4]
    assert [text for page in pages[1:] for _, text in page] == [title(n) for n in range(24, 0, -1)]
    assert press.titles("atom") == titles(range(1, 31))


def test_a_feed_that_nothing_fell_out_of_has_no_archive(press: Press) -> None:
    """And says nothing of archives."""
    press.print(5, 4, 3, 2, 1)
    config = press.config()
    press.build(config)
    assert archives(config) == {}
    assert not any(b"archive" in body or b"next_url" in body for body in published(config).values())


def test_an_old_entry_that_comes_late_is_not_lost(press: Press) -> None:
    """It is too old for the live document when it is first seen."""
    press.fill(*range(20, 10, -1))
    config = press.config()
    press.build(config)
    known = archives(config)
    press.print(20, 19, 2)
    press.build(config)
    assert press.titles() == titles([*range(11, 21), 2])
    assert {name: archives(config)[name] for name in known} == known
    assert press.build(config).status is RunStatus.UNCHANGED


def test_the_limit_may_be_lowered_and_raised(press: Press) -> None:
    """What falls out at once is archived; what comes back is in both, the same entry."""
    press.fill(*range(20, 0, -1))
    for limit in (12, 3, 15, 7):
        config = press.config(f"limit = {limit}")
        press.build(config)
        assert len(next(read_json(press.site.url("/feeds/f.json")))) == limit
        for suffix in READERS:
            assert press.titles(suffix) == titles(range(1, 21))


def test_a_wiped_output_folder_is_made_whole(press: Press) -> None:
    """From the store, to the byte."""
    press.fill(*range(20, 0, -1))
    config = press.config()
    press.build(config)
    before = published(config)
    shutil.rmtree(output_of(config))
    press.build(config)
    assert published(config) == before
    (output_of(config) / "f-archive-2.atom").unlink()
    assert press.build(config).written == ("f-archive-2.atom",)
    assert published(config) == before


def test_a_crash_between_storing_and_writing_loses_nothing(press: Press) -> None:
    """Which entries an archive holds is known then; its files are written next time."""
    press.fill(*range(20, 0, -1))
    config = press.config()
    shutil.rmtree(output_of(config))
    output_of(config).write_text("a file stands where the folder should be")
    with tools_for(config, press.clock) as tools:
        assert run.run_feed(config.feed[0], tools).status is RunStatus.FAILED
        stored = tools.store.archives.numbers("f")
    output_of(config).unlink()
    press.build(config)
    assert len(stored) == 8
    assert len(archives(config)) == 3 * len(stored)
    assert press.titles() == titles(range(1, 21))


def test_what_is_forgotten_stays_in_its_archive(press: Press) -> None:
    """The file is the only place that still has it; numbers go on."""
    press.fill(*range(10, 0, -1))
    config = press.config(settings='keep = "30d"')
    press.build(config)
    known = archives(config)
    press.clock.pass_time(31 * 86400)
    for newest in (15, 20):
        press.print(*range(newest, newest - 5, -1))
        press.build(config)
    with tools_for(config, press.clock) as tools:
        assert tools.store.count("f") == 10
    press.build(config)
    assert {name: archives(config)[name] for name in known} == known
    assert press.titles() == titles(range(1, 21))
    (output_of(config) / "f-archive-1.rss").unlink()
    assert press.build(config).written == ("f-archive-1.rss",)
    assert {name: archives(config)[name][2] for name in known} == {
        name: body for name, (_, _, body) in known.items()
    }
    for suffix in READERS:
        (output_of(config) / f"f-archive-1.{suffix}").unlink()
    press.build(config)
    assert press.titles("rss") == titles(
        range(3, 21)
    )  # what nobody has any more is missing, the way back is not


def test_a_state_that_begins_anew_goes_on_with_old_archives(press: Press) -> None:
    """What was published is known again; new archives come after the old ones and lead to them."""
    press.fill(*range(10, 0, -1))
    config = press.config()
    press.build(config)
    known = archives(config)
    shutil.rmtree(state_folder(config.feedpub))
    press.clock.pass_time(86400)
    press.fill(*range(20, 10, -1))
    press.build(config)
    assert {name: archives(config)[name] for name in known} == known
    assert press.titles() == titles(range(1, 21))


def test_rules_and_settings_hold_for_archives(press: Press) -> None:
    """What is excluded, what is published of an article, and in which formats."""
    rules = 'content = "summary"\nformats = ["json"]\nexclude.title = ["matter 3 "]\n'
    press.fill(*range(20, 0, -1), more=rules)
    config = press.config(f"limit = 5\n{rules}")
    press.build(config)
    assert press.titles() == titles([n for n in range(1, 21) if n != 3])
    assert {name.rpartition(".")[2] for name in archives(config)} == {"json"}
    documents = {
        name: body
        for name, body in published(config).items()
        if name.startswith("world") and "json" in name
    }
    assert not any(b"content_html" in body for body in documents.values())


@pytest.mark.parametrize("more", ['exclude.title = ["matter 3 "]', 'include.title = ["matter 2"]'])
def test_a_rule_that_came_later_takes_nothing_out_of_an_archive(press: Press, more: str) -> None:
    """An archive that is written again, or in another format, has the same members."""
    press.fill(*range(20, 0, -1), more='formats = ["rss"]')
    press.build(press.config('limit = 5\nformats = ["rss"]'))
    config = press.config(f"limit = 5\n{more}")
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 21))
    shutil.rmtree(output_of(config))
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 21))


def test_a_published_entry_that_is_excluded_later_goes_into_an_archive(press: Press) -> None:
    """It leaves the live document, and readers that follow the links still get it."""
    press.print(5, 4, 3, 2, 1)
    press.build(press.config('formats = ["rss"]'))
    config = press.config('exclude.title = ["matter 4 "]')
    press.build(config)
    assert title(4) not in published(config)["f.rss"].decode()
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 6))
    assert press.build(config).status is RunStatus.UNCHANGED


def test_an_entry_that_was_excluded_before_it_was_published_is_in_no_document(press: Press) -> None:
    """A crash came between storing it and publishing it."""
    press.print(3, 2, 1)
    config = press.config()
    output_of(config).write_text("a file stands where the folder should be")
    with tools_for(config, press.clock) as tools:
        assert run.run_feed(config.feed[0], tools).status is RunStatus.FAILED
        assert tools.store.count("f") == 3
    output_of(config).unlink()
    config = press.config('exclude.title = ["matter 2 "]')
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles([1, 3])


def test_a_teaser_waits_for_its_text_while_it_is_live(press: Press) -> None:
    """The archive gets the text that came later; what is complete goes first."""
    config = press.teasers("limit = 4")
    press.offer(4, 3, 2, 1, closed=[2])
    press.build(config)
    press.offer(5, 4, 3, 2, 1, closed=[2])
    press.build(config)
    assert archives(config)
    assert not any(
        title(2) in body.decode() for name, body in published(config).items() if "archive" in name
    )
    press.offer(5, 4, 3, 2)
    press.build(config)
    press.offer(8, 7, 6, 5)
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 9))
        archived = [
            body.decode()
            for name, body in published(config).items()
            if "archive" in name and suffix in name
        ]
        assert sum("The hall holds 2 hundred" in body for body in archived) == 1


def test_a_teaser_that_fell_out_of_the_live_document_stays_reachable(press: Press) -> None:
    """Its text never came."""
    config = press.teasers("limit = 4")
    press.offer(4, 3, 2, 1, closed=[1, 2, 3, 4])
    press.build(config)
    press.offer(6, 5, 4, 3, closed=[3, 4])
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 7))


def test_saved_articles_in_archives_have_their_pages(tmp_path: Path) -> None:
    """With the pictures on them, though they never were in the live document."""
    folder = tmp_path / "articles"
    folder.mkdir()
    prose = "The council voted on Monday to keep the old pier, after a debate that lasted until midnight in the hall."
    for n in range(1, 7):
        (folder / f"{n}.png").write_bytes(b"\x89PNG not really")
        text = f"---\ndate: 2026-01-0{n}\n---\n# Pier {n}\n\n{prose} Number {n}.\n\n![{n}]({n}.png)\n\n{prose}\n"
        (folder / f"{n}.md").write_text(text)
    clock = FakeClock(datetime(2026, 12, 1, tzinfo=UTC))
    for limit in (6, 2):
        config = configure(tmp_path, feed("f", f"folder {folder}", more=f"limit = {limit}"))
        shutil.rmtree(output_of(config), ignore_errors=True)
        with tools_for(config, clock) as tools:
            run.run_feed(config.feed[0], tools)
            assert run.run_feed(config.feed[0], tools).written == ()
    names = set(published(config))
    assert {f"f/pier-{n}.html" for n in range(1, 7)} | {f"f/{n}.png" for n in range(1, 7)} <= names
    assert {"f-archive-1.rss", "f-archive-4.rss"} <= names


def test_a_number_whose_file_is_not_ours_is_passed_over(press: Press) -> None:
    """The archive after it leads to the one before it, in every format."""
    press.fill(*range(12, 0, -1))
    press.build(press.config("limit = 8"))
    foreign = output_of(press.config()) / "f-archive-3.rss"
    foreign.write_bytes(b"a file of somebody else's")
    config = press.config("limit = 4")
    press.build(config)
    with tools_for(config, press.clock) as tools:
        assert tools.store.archives.numbers("f") == (1, 2, 4)
    assert foreign.read_bytes() == b"a file of somebody else's"
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 13))


def test_hubs_are_named_in_live_documents_alone(press: Press) -> None:
    """There is nothing to tell of an archive."""
    press.fill(*range(10, 0, -1))
    config = press.config(settings='websub_hubs = ["https://hub.example.org/"]')
    press.build(config)
    named = {
        name for name, body in published(config).items() if b"https://hub.example.org/" in body
    }
    assert named == {"f.rss", "f.atom", "f.json"}
    assert archives(config)

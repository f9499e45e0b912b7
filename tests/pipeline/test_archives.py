"""Entries that leave the live document stay reachable through archives."""

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
    open_context,
    output_folder,
    path,
    rss,
    story,
    title,
)
from tests.support.site import Route, Site
from tests.support.states import state_folder

MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


# --- the plan
# ------------------------------------------------------------------------------------------------


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
        ("a", "", 50, ["a"]),  # old, and all live ones are archived
    ],
)
def test_entries_are_grouped_by_archive(
    waiting: str, live: str, limit: int, archives: list[str]
) -> None:
    assert ["".join(archive) for archive in group_by_archive(waiting, live, limit)] == archives


@given(
    st.lists(st.integers(1, 40), max_size=12),
    st.lists(st.integers(1, 30), min_size=12, max_size=12),
)
def test_every_entry_is_live_or_in_one_archive(arrivals: list[int], limits: list[int]) -> None:
    entries: list[str] = []
    archived: list[str] = []
    for number, limit in zip(arrivals, limits, strict=False):
        entries += [str(len(entries) + n) for n in range(number)]
        live = entries[-limit:]
        archives = group_by_archive([id_ for id_ in entries if id_ not in archived], live, limit)
        assert all(1 <= len(archive) <= max(1, limit // 2) for archive in archives)
        archived += [id_ for archive in archives for id_ in archive]
        assert len(set(archived)) == len(archived)
        assert {*archived, *live} == set(entries)
        assert archived == entries[: len(archived)]


# --- end to end
# ------------------------------------------------------------------------------------------------


@dataclass
class Press:
    """A site that publishes stories, its feed, and the server of the feed."""

    site: Site
    folder: Path
    clock: FakeClock

    def config(self, more: str = "limit = 5", settings: str = "") -> Config:
        base = f'base_url = "{self.site.url("/feeds/")}"\n{settings}'
        return configure(
            self.folder, feed("f", f"page {self.site.url('/news')}", more=more), settings=base
        )

    def print(self, *numbers: int) -> None:
        """Publish stories on the site; the listing has only these, in this order."""
        for n in numbers:
            self.site[path(n)] = story(n)
        self.site["/news"] = listing(list(numbers))

    def fill(self, *numbers: int, more: str = "") -> None:
        """Store stories that are all live, in batches of at most the source's limit."""
        self.print(*numbers)
        self.build(self.config(f"limit = {len(numbers)}\n{more}"))

    def build(self, config: Config) -> RunResult:
        """Build the feed and serve it."""
        with open_context(config, self.clock) as context:
            outcome = run.run_feed(config.feed[0], context)
            run.finish_build(config, context)
        self.clock.pass_time(60)
        for name, body in read_published(config).items():
            self.site[f"/feeds/{name}"] = Route(
                body, MEDIA_TYPES.get(name.rpartition(".")[2], "text/html")
            )
        return outcome

    def teasers(self, more: str) -> Config:
        """Return a config whose source is the site's feed of teasers."""
        base = f'base_url = "{self.site.url("/feeds/")}"'
        return configure(
            self.folder, feed("f", f"feed {self.site.url('/rss')}", more=more), settings=base
        )

    def offer(self, *numbers: int, closed: Collection[int] = ()) -> None:
        """Put stories into the site's feed; some of their pages are missing."""
        for n in numbers:
            self.site[path(n)] = Route(b"", status=503) if n in closed else story(n)
        self.site["/rss"] = rss(self.site, list(numbers))

    def history(self, suffix: str) -> dict[str, Any]:
        """Return id → entry as a reader gets them that follows the archives.

        The newer document counts.
        """
        found: dict[str, Any] = {}
        for entries in READERS[suffix](self.site.url(f"/feeds/f.{suffix}")):
            for id_, text in entries:
                found.setdefault(id_, text)
        return found

    def titles(self, suffix: str = "json") -> list[str]:
        return sorted(self.history(suffix).values())


def read_xml(address: str) -> Iterator[list[tuple[str, str]]]:
    """Read the documents back in time."""
    while address:
        with urlopen(address) as answer:  # noqa: S310 -- our own server
            document = feedparser.parse(answer.read())
        assert not document.bozo
        yield [(entry.id, entry.title) for entry in document.entries]
        address = next(
            (link.href for link in document.feed.links if link.rel == "prev-archive"), ""
        )


def read_json(address: str) -> Iterator[list[tuple[str, str]]]:
    """Read the documents back in time, by JSON Feed's next_url."""
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


def read_published(config: Config) -> dict[str, bytes]:
    root = output_folder(config)
    return {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }


def archives(config: Config) -> dict[str, tuple[int, int, bytes]]:
    """Return the inode, time and bytes of each archive file, which show if it was written again."""
    files = output_folder(config).glob("f-archive-*")
    return {f.name: (f.stat().st_ino, f.stat().st_mtime_ns, f.read_bytes()) for f in files}


@pytest.fixture
def press(site: Site, tmp_path: Path) -> Press:
    return Press(site, tmp_path, FakeClock(datetime(2026, 12, 1, 12, tzinfo=UTC)))


def test_archive_links_lead_to_the_entire_history(press: Press) -> None:
    """Thirty entries, of which five are live. No archive is written again, and all are valid."""
    config = press.config()
    known: dict[str, tuple[int, int, bytes]] = {}
    for newest in range(3, 31, 3):
        press.print(*range(newest, max(0, newest - 6), -1))
        press.build(config)
        now = archives(config)
        assert {name: now.get(name) for name in known} == known
        known = now
    before = read_published(config)
    assert press.build(config).status is RunStatus.UNCHANGED
    assert read_published(config) == before
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


def test_many_entries_create_several_linked_archives(press: Press) -> None:
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


def test_feed_below_its_limit_has_no_archive(press: Press) -> None:
    press.print(5, 4, 3, 2, 1)
    config = press.config()
    press.build(config)
    assert archives(config) == {}
    assert not any(
        b"archive" in body or b"next_url" in body for body in read_published(config).values()
    )


def test_entry_too_old_for_the_live_document_is_archived(press: Press) -> None:
    press.fill(*range(20, 10, -1))
    config = press.config()
    press.build(config)
    known = archives(config)
    press.print(20, 19, 2)
    press.build(config)
    assert press.titles() == titles([*range(11, 21), 2])
    assert {name: archives(config)[name] for name in known} == known
    assert press.build(config).status is RunStatus.UNCHANGED


def test_lowered_limit_archives_entries_and_raised_limit_keeps_archives(press: Press) -> None:
    press.fill(*range(20, 0, -1))
    for limit in (12, 3, 15, 7):
        config = press.config(f"limit = {limit}")
        press.build(config)
        assert len(next(read_json(press.site.url("/feeds/f.json")))) == limit
        for suffix in READERS:
            assert press.titles(suffix) == titles(range(1, 21))


def test_wiped_output_folder_is_restored_byte_for_byte(press: Press) -> None:
    press.fill(*range(20, 0, -1))
    config = press.config()
    press.build(config)
    before = read_published(config)
    shutil.rmtree(output_folder(config))
    press.build(config)
    assert read_published(config) == before
    (output_folder(config) / "f-archive-2.atom").unlink()
    assert press.build(config).written == ("f-archive-2.atom",)
    assert read_published(config) == before


def test_crash_between_storing_and_writing_loses_no_archive(press: Press) -> None:
    press.fill(*range(20, 0, -1))
    config = press.config()
    shutil.rmtree(output_folder(config))
    output_folder(config).write_text("a file in place of the folder")
    with open_context(config, press.clock) as context:
        assert run.run_feed(config.feed[0], context).status is RunStatus.FAILED
        stored = context.store.archives.numbers("f")
    output_folder(config).unlink()
    press.build(config)
    assert len(stored) == 8
    assert len(archives(config)) == 3 * len(stored)
    assert press.titles() == titles(range(1, 21))


def test_pruned_entries_stay_in_their_archive(press: Press) -> None:
    """The file is their only copy, and archive numbers continue."""
    press.fill(*range(10, 0, -1))
    config = press.config(settings='keep = "30d"')
    press.build(config)
    known = archives(config)
    press.clock.pass_time(31 * 86400)
    for newest in (15, 20):
        press.print(*range(newest, newest - 5, -1))
        press.build(config)
    with open_context(config, press.clock) as context:
        assert context.store.count("f") == 10
    press.build(config)
    assert {name: archives(config)[name] for name in known} == known
    assert press.titles() == titles(range(1, 21))
    (output_folder(config) / "f-archive-1.rss").unlink()
    assert press.build(config).written == ("f-archive-1.rss",)
    assert {name: archives(config)[name][2] for name in known} == {
        name: body for name, (_, _, body) in known.items()
    }
    for suffix in READERS:
        (output_folder(config) / f"f-archive-1.{suffix}").unlink()
    press.build(config)
    assert press.titles("rss") == titles(
        range(3, 21)
    )  # lost entries are missing, the link to the previous archive is not


def test_new_state_continues_existing_archives(press: Press) -> None:
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


def test_filters_content_and_formats_apply_to_archives(press: Press) -> None:
    rules = 'content = "summary"\nformats = ["json"]\nexclude.title = ["matter 3 "]\n'
    press.fill(*range(20, 0, -1), more=rules)
    config = press.config(f"limit = 5\n{rules}")
    press.build(config)
    assert press.titles() == titles([n for n in range(1, 21) if n != 3])
    assert {name.rpartition(".")[2] for name in archives(config)} == {"json"}
    documents = {
        name: body
        for name, body in read_published(config).items()
        if name.startswith("world") and "json" in name
    }
    assert not any(b"content_html" in body for body in documents.values())


@pytest.mark.parametrize("more", ['exclude.title = ["matter 3 "]', 'include.title = ["matter 2"]'])
def test_later_filter_removes_nothing_from_an_archive(press: Press, more: str) -> None:
    press.fill(*range(20, 0, -1), more='formats = ["rss"]')
    press.build(press.config('limit = 5\nformats = ["rss"]'))
    config = press.config(f"limit = 5\n{more}")
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 21))
    shutil.rmtree(output_folder(config))
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 21))


def test_published_entry_that_is_excluded_later_is_archived(press: Press) -> None:
    press.print(5, 4, 3, 2, 1)
    press.build(press.config('formats = ["rss"]'))
    config = press.config('exclude.title = ["matter 4 "]')
    press.build(config)
    assert title(4) not in read_published(config)["f.rss"].decode()
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 6))
    assert press.build(config).status is RunStatus.UNCHANGED


def test_entry_excluded_before_publication_is_in_no_document(press: Press) -> None:
    """A crash happened between storing and publishing it."""
    press.print(3, 2, 1)
    config = press.config()
    output_folder(config).write_text("a file in place of the folder")
    with open_context(config, press.clock) as context:
        assert run.run_feed(config.feed[0], context).status is RunStatus.FAILED
        assert context.store.count("f") == 3
    output_folder(config).unlink()
    config = press.config('exclude.title = ["matter 2 "]')
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles([1, 3])


def test_live_teaser_is_not_archived_before_its_text_arrives(press: Press) -> None:
    config = press.teasers("limit = 4")
    press.offer(4, 3, 2, 1, closed=[2])
    press.build(config)
    press.offer(5, 4, 3, 2, 1, closed=[2])
    press.build(config)
    assert archives(config)
    assert not any(
        title(2) in body.decode()
        for name, body in read_published(config).items()
        if "archive" in name
    )
    press.offer(5, 4, 3, 2)
    press.clock.pass_time(3600)  # until the page is requested again
    press.build(config)
    press.offer(8, 7, 6, 5)
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 9))
        archived = [
            body.decode()
            for name, body in read_published(config).items()
            if "archive" in name and suffix in name
        ]
        assert sum("The hall holds 2 hundred" in body for body in archived) == 1


def test_teaser_that_left_the_live_document_is_archived(press: Press) -> None:
    config = press.teasers("limit = 4")
    press.offer(4, 3, 2, 1, closed=[1, 2, 3, 4])
    press.build(config)
    press.offer(6, 5, 4, 3, closed=[3, 4])
    press.build(config)
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 7))


def test_archived_saved_articles_have_their_pages_and_images(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    prose = (
        "The council voted on Monday to keep the old pier, after a debate that lasted until "
        "midnight in the hall."
    )
    for n in range(1, 7):
        (folder / f"{n}.png").write_bytes(b"\x89PNG not really")
        text = (
            f"---\ndate: 2026-01-0{n}\n---\n# Pier {n}\n\n{prose} Number {n}.\n\n"
            f"![{n}]({n}.png)\n\n{prose}\n"
        )
        (folder / f"{n}.md").write_text(text)
    clock = FakeClock(datetime(2026, 12, 1, tzinfo=UTC))
    for limit in (6, 2):
        config = configure(tmp_path, feed("f", f"folder {folder}", more=f"limit = {limit}"))
        shutil.rmtree(output_folder(config), ignore_errors=True)
        with open_context(config, clock) as context:
            run.run_feed(config.feed[0], context)
            assert run.run_feed(config.feed[0], context).written == ()
    names = set(read_published(config))
    assert {f"f/pier-{n}.html" for n in range(1, 7)} | {f"f/{n}.png" for n in range(1, 7)} <= names
    assert {"f-archive-1.rss", "f-archive-4.rss"} <= names


def test_archive_number_of_a_foreign_file_is_skipped(press: Press) -> None:
    press.fill(*range(12, 0, -1))
    press.build(press.config("limit = 8"))
    foreign = output_folder(press.config()) / "f-archive-3.rss"
    foreign.write_bytes(b"a file of somebody else's")
    config = press.config("limit = 4")
    press.build(config)
    with open_context(config, press.clock) as context:
        assert context.store.archives.numbers("f") == (1, 2, 4)
    assert foreign.read_bytes() == b"a file of somebody else's"
    for suffix in READERS:
        assert press.titles(suffix) == titles(range(1, 13))


def test_only_live_documents_have_websub_hubs(press: Press) -> None:
    press.fill(*range(10, 0, -1))
    config = press.config(settings='websub_hubs = ["https://hub.example.org/"]')
    press.build(config)
    named = {
        name for name, body in read_published(config).items() if b"https://hub.example.org/" in body
    }
    assert named == {"f.rss", "f.atom", "f.json"}
    assert archives(config)

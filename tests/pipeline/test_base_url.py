"""A feed whose `base_url` changes.

All that it publishes leads to the new place, and nothing else changes.
"""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.builder.links import PLACEHOLDER, move_addresses
from feedpub.config import Config
from feedpub.pipeline import run
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, output_of, tools_for
from tests.support.states import state_folder

OLD, NEW = "https://old.example.org/feeds/", "https://new.example.net:8443/"
PROSE = "The council voted on Monday to keep the old pier, after a debate that lasted until midnight in the hall."
PICTURE = b"\x89PNG not really"


class Shelf:
    """A folder of saved articles with a picture beside each, and the feed that is made of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock(datetime(2026, 12, 1, tzinfo=UTC))
        self.save(*range(1, 7))

    def file(self, n: int) -> Path:
        return self.folder / "saved" / "sub" / f"2026-01-{n:02d}.md"

    def save(self, *numbers: int, head: str = "") -> None:
        """Save articles; each names the picture beside it in its text and as its lead image."""
        (self.folder / "saved" / "sub").mkdir(parents=True, exist_ok=True)
        for n in numbers:
            front = f"---\ndate: 2026-01-{n:02d}\nimage: {n}.png\n{head}---\n"
            text = f"{front}# Pier {n}\n\n{PROSE} Number {n}.\n\n![{n}]({n}.png)\n\n{PROSE}\n"
            self.file(n).write_text(text)
            (self.folder / "saved" / "sub" / f"{n}.png").write_bytes(PICTURE)

    def config(self, base: str, more: str = "limit = 2", settings: str = "") -> Config:
        saved = f"folder {self.folder / 'saved'}"
        return configure(
            self.folder, feed("f", saved, more=more), settings=f'base_url = "{base}"\n{settings}'
        )

    def build(self, config: Config) -> tuple[str, ...]:
        """Build once; the names of the files that were written."""
        with tools_for(config, self.clock) as tools:
            outcome = run.run_feed(config.feed[0], tools)
            run.finish_build(config, tools)
        self.clock.pass_time(3600)
        assert outcome.ok, outcome.problems
        return outcome.written

    def fill(self, base: str) -> Config:
        """Six articles, two of them live."""
        self.build(self.config(base, "limit = 6"))
        config = self.config(base)
        self.build(config)
        return config


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def published(config: Config) -> dict[str, bytes]:
    """What the feed published: no file about all feeds."""
    root = output_of(config)
    files = {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }
    return {name: body for name, body in files.items() if name.startswith("f")}


def moved(files: dict[str, bytes], old: str, new: str) -> dict[str, bytes]:
    """The files as they are at another place; ids stay."""
    kept, body = b"tag:old.example.org", {}
    for name, content in files.items():
        body[name] = content.replace(old.encode(), new.encode())
        assert old.encode().removeprefix(b"https://")[:15] not in body[name].replace(kept, b"")
    return body


def test_every_document_moves(shelf: Shelf) -> None:
    """Archives, the pages of articles, pictures in texts: no byte differs but for the address."""
    before = published(shelf.fill(OLD))
    config = shelf.config(NEW)
    shelf.build(config)
    assert published(config) == moved(before, OLD, NEW)
    assert sum("archive" in name for name in before) == 12
    assert shelf.build(config) == ()


def test_archives_are_written_again_for_nothing_else(shelf: Shelf) -> None:
    """Neither another title nor another text of an entry reaches them.

    A move back and forth does.
    """
    before = published(shelf.fill(OLD))
    config = shelf.config(OLD, 'limit = 2\ndescription = "Another one"\nsummary = "none"')
    shelf.file(6).write_text(f"---\ndate: 2026-01-06\n---\n# Pier 6\n\n{PROSE} {PROSE}\n")
    assert not any("archive" in name for name in shelf.build(config))
    archives = {name: body for name, body in before.items() if "archive" in name}
    assert {name: published(config)[name] for name in archives} == archives
    config = shelf.config(NEW)
    assert sum("archive" in name for name in shelf.build(config)) == 12


def test_a_format_that_was_off_meanwhile_moves_when_it_is_back(shelf: Shelf) -> None:
    """Its archives are where they were left."""
    shelf.fill(OLD)
    shelf.build(shelf.config(NEW, 'limit = 2\nformats = ["rss"]'))
    shelf.save(7, 8)
    shelf.build(shelf.config(NEW, 'limit = 2\nformats = ["rss"]'))
    config = shelf.config(NEW)
    shelf.build(config)
    assert not any(OLD.encode() in body for body in published(config).values())
    items = [
        json.loads(body)["items"]
        for name, body in published(config).items()
        if name.endswith(".json")
    ]
    assert {item["title"] for each in items for item in each} == {f"Pier {n}" for n in range(1, 9)}


def test_what_was_forgotten_moves_with_its_archive(shelf: Shelf) -> None:
    """An archive's file is the only place that has it.

    So it is read from there, also for another format.
    """
    settings, only_rss = 'keep = "30d"', 'limit = 2\nformats = ["rss"]'
    shelf.build(shelf.config(OLD, 'limit = 6\nformats = ["rss"]', settings))
    shelf.build(shelf.config(OLD, only_rss, settings))
    before = published(shelf.config(OLD))
    for n in range(1, 7):
        shelf.file(n).unlink()
    shelf.save(7, 8)
    shelf.clock.pass_time(31 * 86400)
    shelf.build(shelf.config(OLD, only_rss, settings))
    shelf.build(shelf.config(OLD, only_rss, settings))
    config = shelf.config(NEW, "limit = 2", settings)
    with tools_for(config, shelf.clock) as tools:
        assert tools.store.count("f") < 8
    shelf.build(config)
    after = published(config)
    for name, body in moved(before, OLD, NEW).items():
        if "archive" in name:
            assert after[name] == body
    items = [json.loads(body)["items"] for name, body in after.items() if name.endswith(".json")]
    assert {item["title"] for each in items for item in each} == {f"Pier {n}" for n in range(1, 9)}


def test_an_emptied_folder_gets_its_pictures_back(shelf: Shelf) -> None:
    """Though the address changed meanwhile."""
    before = published(shelf.fill(OLD))
    config = shelf.config(NEW)
    shutil.rmtree(output_of(config))
    shelf.build(config)
    assert published(config) == moved(before, OLD, NEW)


def test_a_state_that_knows_absolute_addresses_moves(shelf: Shelf) -> None:
    """Older versions stored the address that pictures had then.

    Links to elsewhere on that host stay.
    """
    config = shelf.fill(OLD)
    elsewhere = (
        f'<p><a href="{OLD}f/about.html">About</a> <a href="https://old.example.org/f/x">X</a></p>'
    )
    with tools_for(config, shelf.clock) as tools:
        stored = [move_addresses(entry, PLACEHOLDER, OLD) for entry in tools.store.entries("f")]
        tools.store.replace_entries(
            "f", [replace(each, html=each.html + elsewhere) for each in stored]
        )
    shutil.rmtree(output_of(config))
    shelf.build(config)
    before = published(config)
    config = shelf.config(NEW)
    shutil.rmtree(output_of(config))
    shelf.build(config)
    after = published(config)
    assert after.keys() == before.keys()
    assert after["f/sub/1.png"] == PICTURE
    whole = b"".join(after.values())
    assert f"{OLD}f/sub/".encode() not in whole
    assert whole.count(f"{NEW}f/sub/".encode()) == b"".join(before.values()).count(
        f"{OLD}f/sub/".encode()
    )
    assert f"{OLD}f/about.html".encode() in whole


def test_a_state_that_is_lost_moves(shelf: Shelf) -> None:
    """It is read back from documents that name the old place."""
    before = published(shelf.fill(OLD))
    shutil.rmtree(state_folder(shelf.config(OLD).feedpub))
    config = shelf.config(NEW)
    shelf.build(config)
    after = published(config)
    assert {name: body for name, body in after.items() if "archive" in name} == {
        name: body for name, body in moved(before, OLD, NEW).items() if "archive" in name
    }


def test_a_saved_article_with_an_address_of_its_own_has_its_picture_published(shelf: Shelf) -> None:
    """The entry leads to that address; the picture in its text is ours."""
    shelf.save(7, head="url: https://example.org/pier-7\n")
    config = shelf.config(OLD)
    shelf.build(config)
    item = json.loads(published(config)["f.json"])["items"][0]
    assert item["url"] == "https://example.org/pier-7"
    assert f'src="{OLD}f/sub/7.png"' in item["content_html"]
    assert published(config)["f/sub/7.png"] == PICTURE

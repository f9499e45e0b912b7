"""A changed `base_url` changes every published address, and nothing else."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.builder.entry_html import PLACEHOLDER, move_addresses
from feedpub.config import Config
from feedpub.pipeline import run
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, open_context, output_folder
from tests.support.states import state_folder

OLD, NEW = "https://old.example.org/feeds/", "https://new.example.net:8443/"
PROSE = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight in the hall."
)
PICTURE = b"\x89PNG not really"


class Shelf:
    """A folder of saved articles with images, and the feed that is made from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock(datetime(2026, 12, 1, tzinfo=UTC))
        self.save(*range(1, 7))

    def file(self, n: int) -> Path:
        return self.folder / "saved" / "sub" / f"2026-01-{n:02d}.md"

    def save(self, *numbers: int, head: str = "") -> None:
        """Save articles, each with an image in its text that is also its lead image."""
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
        """Build once and return the names of the written files."""
        with open_context(config, self.clock) as context:
            outcome = run.run_feed(config.feed[0], context)
            run.finish_build(config, context)
        self.clock.pass_time(3600)
        assert outcome.ok, outcome.problems
        return outcome.written

    def fill(self, base: str) -> Config:
        """Save six articles, two of them live."""
        self.build(self.config(base, "limit = 6"))
        config = self.config(base)
        self.build(config)
        return config


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def read_published(config: Config) -> dict[str, bytes]:
    """Return the files of the feed, without those about all feeds."""
    root = output_folder(config)
    files = {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }
    return {name: body for name, body in files.items() if name.startswith("f")}


def replace_base(files: dict[str, bytes], old: str, new: str) -> dict[str, bytes]:
    """Return the files with another base URL; ids stay."""
    kept, body = b"tag:old.example.org", {}
    for name, content in files.items():
        body[name] = content.replace(old.encode(), new.encode())
        assert old.encode().removeprefix(b"https://")[:15] not in body[name].replace(kept, b"")
    return body


def test_new_base_url_changes_every_document(shelf: Shelf) -> None:
    """Archives, pages and images in texts: only the address differs."""
    before = read_published(shelf.fill(OLD))
    config = shelf.config(NEW)
    shelf.build(config)
    assert read_published(config) == replace_base(before, OLD, NEW)
    assert sum("archive" in name for name in before) == 12
    assert shelf.build(config) == ()


def test_only_a_new_base_url_rewrites_archives(shelf: Shelf) -> None:
    before = read_published(shelf.fill(OLD))
    config = shelf.config(OLD, 'limit = 2\ndescription = "Another one"\nsummary = "none"')
    shelf.file(6).write_text(f"---\ndate: 2026-01-06\n---\n# Pier 6\n\n{PROSE} {PROSE}\n")
    assert not any("archive" in name for name in shelf.build(config))
    archives = {name: body for name, body in before.items() if "archive" in name}
    assert {name: read_published(config)[name] for name in archives} == archives
    config = shelf.config(NEW)
    assert sum("archive" in name for name in shelf.build(config)) == 12


def test_reenabled_format_gets_the_new_base_url(shelf: Shelf) -> None:
    shelf.fill(OLD)
    shelf.build(shelf.config(NEW, 'limit = 2\nformats = ["rss"]'))
    shelf.save(7, 8)
    shelf.build(shelf.config(NEW, 'limit = 2\nformats = ["rss"]'))
    config = shelf.config(NEW)
    shelf.build(config)
    assert not any(OLD.encode() in body for body in read_published(config).values())
    items = [
        json.loads(body)["items"]
        for name, body in read_published(config).items()
        if name.endswith(".json")
    ]
    assert {item["title"] for each in items for item in each} == {f"Pier {n}" for n in range(1, 9)}


def test_pruned_entries_of_an_archive_get_the_new_base_url(shelf: Shelf) -> None:
    """The archive's file is their only copy, and is also read for other formats."""
    settings, only_rss = 'keep = "30d"', 'limit = 2\nformats = ["rss"]'
    shelf.build(shelf.config(OLD, 'limit = 6\nformats = ["rss"]', settings))
    shelf.build(shelf.config(OLD, only_rss, settings))
    before = read_published(shelf.config(OLD))
    for n in range(1, 7):
        shelf.file(n).unlink()
    shelf.save(7, 8)
    shelf.clock.pass_time(31 * 86400)
    shelf.build(shelf.config(OLD, only_rss, settings))
    shelf.build(shelf.config(OLD, only_rss, settings))
    config = shelf.config(NEW, "limit = 2", settings)
    with open_context(config, shelf.clock) as context:
        assert context.store.count("f") < 8
    shelf.build(config)
    after = read_published(config)
    for name, body in replace_base(before, OLD, NEW).items():
        if "archive" in name:
            assert after[name] == body
    items = [json.loads(body)["items"] for name, body in after.items() if name.endswith(".json")]
    assert {item["title"] for each in items for item in each} == {f"Pier {n}" for n in range(1, 9)}


def test_wiped_output_folder_gets_its_images_with_the_new_base_url(shelf: Shelf) -> None:
    before = read_published(shelf.fill(OLD))
    config = shelf.config(NEW)
    shutil.rmtree(output_folder(config))
    shelf.build(config)
    assert read_published(config) == replace_base(before, OLD, NEW)


def test_state_with_absolute_image_addresses_gets_the_new_base_url(shelf: Shelf) -> None:
    """Older versions stored them. Links to other pages of that host stay."""
    config = shelf.fill(OLD)
    elsewhere = (
        f'<p><a href="{OLD}f/about.html">About</a> <a href="https://old.example.org/f/x">X</a></p>'
    )
    with open_context(config, shelf.clock) as context:
        stored = [move_addresses(entry, PLACEHOLDER, OLD) for entry in context.store.entries("f")]
        context.store.replace_entries(
            "f", [replace(each, html=each.html + elsewhere) for each in stored]
        )
    shutil.rmtree(output_folder(config))
    shelf.build(config)
    before = read_published(config)
    config = shelf.config(NEW)
    shutil.rmtree(output_folder(config))
    shelf.build(config)
    after = read_published(config)
    assert after.keys() == before.keys()
    assert after["f/sub/1.png"] == PICTURE
    whole = b"".join(after.values())
    assert f"{OLD}f/sub/".encode() not in whole
    assert whole.count(f"{NEW}f/sub/".encode()) == b"".join(before.values()).count(
        f"{OLD}f/sub/".encode()
    )
    assert f"{OLD}f/about.html".encode() in whole


def test_lost_state_is_restored_with_the_new_base_url(shelf: Shelf) -> None:
    before = read_published(shelf.fill(OLD))
    shutil.rmtree(state_folder(shelf.config(OLD).feedpub))
    config = shelf.config(NEW)
    shelf.build(config)
    after = read_published(config)
    assert {name: body for name, body in after.items() if "archive" in name} == {
        name: body for name, body in replace_base(before, OLD, NEW).items() if "archive" in name
    }


def test_saved_article_with_its_own_address_has_its_image_published(shelf: Shelf) -> None:
    shelf.save(7, head="url: https://example.org/pier-7\n")
    config = shelf.config(OLD)
    shelf.build(config)
    item = json.loads(read_published(config)["f.json"])["items"][0]
    assert item["url"] == "https://example.org/pier-7"
    assert f'src="{OLD}f/sub/7.png"' in item["content_html"]
    assert read_published(config)["f/sub/7.png"] == PICTURE

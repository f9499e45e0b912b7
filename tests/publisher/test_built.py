"""The commands with a bucket as output, from outside."""

import json
from pathlib import Path

import pytest

from feedpub import pipeline
from feedpub.config import load
from feedpub.publisher import BucketPublisher
from tests.support.bucket import SECRET, Room
from tests.support.home import BASE, FAILED, Home
from tests.support.newsroom import feed, open_newsroom, tools_for
from tests.support.service import running_service
from tests.support.site import Site

pytestmark = pytest.mark.slow

STORY = "A headline that says something\n\n" + "A paragraph of some length, with words in it. " * 20


@pytest.fixture
def home(tmp_path: Path, room: Room, site: Site) -> Home:
    """A home that publishes a feed of a site's stories and one of a saved article in a bucket."""
    open_newsroom(site, [3, 2, 1])
    home = Home(tmp_path)
    settings = f'allow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\nbase_url = "{BASE}"\noutput = "{room.bucket}"\n'
    feeds = feed("world", f"page {site.url('/news')}"), feed("saved", "folder articles")
    home.configure(*feeds, head=f"[feedpub]\n{settings}{room.head}")
    home.config.chmod(0o600)
    home.save("one.txt", STORY)
    return home


def test_a_build_publishes_into_the_bucket(home: Home, room: Room) -> None:
    """All that goes into a folder, and the second one nothing; no folder is made."""
    said = home.build()
    assert f"written to {room.bucket}" in said
    publisher = room.publisher()
    names = publisher.names()
    assert {"world.rss", "world.atom", "world.json", "world.html", "index.html", "feeds.opml"} <= set(names)
    assert any(name.startswith("saved/") for name in names)
    assert len(json.loads(publisher.read("world.json") or b"{}")["items"]) == 3
    before = room.versions()
    assert f"0 files written to {room.bucket}" in home.build()
    assert room.versions() == before
    assert {path.name for path in home.root.iterdir()} == {"config", ".feedpub"}


def test_a_folder_gets_the_same_files(home: Home, room: Room) -> None:
    """Byte for byte, from the same state."""
    home.build()
    config = home.config.read_text("utf-8")
    home.config.write_text(config.replace(f'output = "{room.bucket}"', 'output = "../feeds"'), "utf-8")
    home.build()
    publisher = room.publisher()
    documents = {name: publisher.read(name) for name in publisher.names() if name.startswith("world")}
    assert documents == {name: body for name, body in home.published().items() if name.startswith("world")}
    assert len(home.items("saved")) == 2  # known by another path now: howto-move.md says so


def test_a_rehearsal_writes_nothing(home: Home, room: Room) -> None:
    """It says what would be."""
    assert f"would be written to {room.bucket}" in home.build("--dry-run")
    assert room.versions() == {}


def test_the_other_commands_know_the_bucket(home: Home, room: Room) -> None:
    """Export reads it, recleaning finds saved articles, and a check asks nobody."""
    assert "nothing is published yet" in home.run("export", "opml").stderr
    home.build()
    assert home.run("export", "opml").stdout.encode() == room.publisher().read("feeds.opml")
    recleaned = home.run("reclean", "--yes", "--json")
    assert recleaned.returncode == 0, recleaned.stdout + recleaned.stderr
    room.remove_bucket()
    assert home.run("check").returncode == 0


def test_what_fails_is_told_without_secrets(home: Home, room: Room) -> None:
    """And the build fails."""
    room.remove_bucket()
    said = home.build(status=FAILED)
    assert f"{room.bucket}" in said
    assert "there is no such bucket" in said
    assert SECRET not in said


def test_the_service_publishes_and_serves_the_bucket(home: Home, room: Room) -> None:
    """As it does a folder."""
    with running_service(home.config) as service:
        assert service.waits_for("run_finished", feed="world", outcome="updated")
        assert service.get("/world.rss") == room.publisher().read("world.rss")
        assert service.end() == 0


def test_who_is_outrun_at_the_index_looks_again(home: Home, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another build wrote the pages about all feeds first: they are made anew of what there is now."""
    home.build()
    config = load(home.config)
    publish, outrun = BucketPublisher.publish, ["once"]

    def publish_late(self: BucketPublisher, files: dict[str, bytes]) -> tuple[str, ...]:
        late = outrun.pop() if outrun else ""
        return publish(self, files, certain=lambda: room.put("index.html", b"another's") if late else None)

    monkeypatch.setattr(BucketPublisher, "publish", publish_late)
    room.put("index.html", b"old")
    with tools_for(config) as tools:
        assert pipeline.finish(config, tools) == ("index.html",)
    assert b"The world feed" in (room.publisher().read("index.html") or b"")

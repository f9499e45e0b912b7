"""The commands publish in a bucket."""

import json
from pathlib import Path

import pytest

from feedpub.config import load_config
from feedpub.pipeline import run
from feedpub.publisher import S3Output
from tests.support.bucket import SECRET, EmptyBucket
from tests.support.home import BASE, FAILED, Home
from tests.support.newsroom import feed, open_context, open_newsroom
from tests.support.service import running_service
from tests.support.site import Site

pytestmark = pytest.mark.slow

STORY = "A headline that says something\n\n" + "A paragraph of some length, with words in it. " * 20


@pytest.fixture
def home(tmp_path: Path, room: EmptyBucket, site: Site) -> Home:
    """Return a home that publishes two feeds in a bucket: one of a site, one of a saved article."""
    open_newsroom(site, [3, 2, 1])
    home = Home(tmp_path)
    settings = (
        f'allow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\n'
        f'base_url = "{BASE}"\noutput = "{room.bucket}"\n'
    )
    feeds = feed("world", f"page {site.url('/news')}"), feed("saved", "folder articles")
    home.configure(*feeds, head=f"[feedpub]\n{settings}{room.toml}")
    home.config.chmod(0o600)
    home.save("one.txt", STORY)
    return home


def test_build_publishes_all_files_in_the_bucket_once(home: Home, room: EmptyBucket) -> None:
    output = home.build()
    assert f"written to {room.bucket}" in output
    publisher = room.output()
    names = publisher.list_names()
    assert {
        "world.rss",
        "world.atom",
        "world.json",
        "world.html",
        "index.html",
        "feeds.opml",
    } <= set(names)
    assert any(name.startswith("saved/") for name in names)
    assert len(json.loads(publisher.read("world.json") or b"{}")["items"]) == 3
    before = room.versions()
    assert f"0 files written to {room.bucket}" in home.build()
    assert room.versions() == before
    assert {path.name for path in home.root.iterdir()} == {"config", ".feedpub"}


def test_bucket_and_folder_contain_the_same_files(home: Home, room: EmptyBucket) -> None:
    home.build()
    config = home.config.read_text("utf-8")
    home.config.write_text(
        config.replace(f'output = "{room.bucket}"', 'output = "../feeds"'), "utf-8"
    )
    home.build()
    publisher = room.output()
    documents = {
        name: publisher.read(name) for name in publisher.list_names() if name.startswith("world")
    }
    assert documents == {
        name: body for name, body in home.read_published().items() if name.startswith("world")
    }
    assert len(home.items("saved")) == 2  # its path is part of its id, as documented


def test_dry_run_writes_nothing_to_the_bucket(home: Home, room: EmptyBucket) -> None:
    assert f"would be written to {room.bucket}" in home.build("--dry-run")
    assert room.versions() == {}


def test_export_reclean_and_check_work_with_a_bucket(home: Home, room: EmptyBucket) -> None:
    assert "nothing is published yet" in home.run("export", "opml").stderr
    home.build()
    assert home.run("export", "opml").stdout.encode() == room.output().read("feeds.opml")
    recleaned = home.run("reclean", "--yes", "--json")
    assert recleaned.returncode == 0, recleaned.stdout + recleaned.stderr
    room.remove_bucket()
    assert home.run("check").returncode == 0


def test_error_of_object_storage_contains_no_secret(home: Home, room: EmptyBucket) -> None:
    room.remove_bucket()
    output = home.build(status=FAILED)
    assert f"{room.bucket}" in output
    assert "there is no such bucket" in output
    assert SECRET not in output


def test_service_publishes_in_and_serves_from_the_bucket(home: Home, room: EmptyBucket) -> None:
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world", outcome="updated")
        assert service.get("/world.rss") == room.output().read("world.rss")
        assert service.stop() == 0


def test_index_is_rebuilt_if_another_process_wrote_it_meanwhile(
    home: Home, room: EmptyBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.build()
    config = load_config(home.config)
    publish, outrun = S3Output.publish, ["once"]

    def publish_late(self: S3Output, files: dict[str, bytes]) -> tuple[str, ...]:
        late = outrun.pop() if outrun else ""
        return publish(
            self,
            files,
            before_commit=lambda: room.put("index.html", b"another's") if late else None,
        )

    monkeypatch.setattr(S3Output, "publish", publish_late)
    room.put("index.html", b"old")
    with open_context(config) as context:
        assert run.finish_build(config, context) == ("index.html",)
    assert b"The world feed" in (room.output().read("index.html") or b"")

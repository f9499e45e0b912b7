"""`feedpub serve` publishes what was built, and runs nothing."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.home import Home
from tests.support.newsroom import feed
from tests.support.service import free_port

pytestmark = pytest.mark.slow

STORY = "A headline that says something\n\n" + "A paragraph of some length, with words in it. " * 20


@pytest.fixture
def built_home(home: Home) -> Home:
    """Return a home with one built feed."""
    home.configure(feed("world", "folder articles"))
    home.save("one.txt", STORY)
    home.build()
    return home


@contextmanager
def serving(home: Home, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Run the command on a port until the block ends. It has printed its address then."""
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [
            sys.executable,
            "-m",
            "feedpub",
            "-c",
            str(home.config),
            "serve",
            "--listen",
            f"127.0.0.1:{port}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return bytes(answer.read())


def test_feeds_are_served_despite_a_damaged_state(built_home: Home) -> None:
    file = built_home.root / ".feedpub" / "feedpub.sqlite"
    file.write_bytes(b"garbage " * 1000)
    port = free_port()
    with serving(built_home, port):
        assert get(port, "/world.json") == (built_home.feeds / "world.json").read_bytes()
        with pytest.raises(urllib.error.HTTPError, match="503"):
            get(port, "/status")
        assert file.read_bytes() == b"garbage " * 1000
        built_home.build()
        assert b"world" in get(port, "/metrics")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_built_files_are_served_until_a_signal(built_home: Home, number: signal.Signals) -> None:
    port = free_port()
    with serving(built_home, port) as process:
        for name, content in built_home.read_published().items():
            assert get(port, f"/{name}") == content
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
        assert (process.returncode, output, errors) == (0, "", "")


def test_new_build_is_served_within_about_a_second(built_home: Home) -> None:
    port = free_port()
    with serving(built_home, port):
        before = get(port, "/world.json")
        built_home.save("two.txt", STORY.replace("A headline", "Another headline"))
        built_home.build()
        after = get(port, "/world.html")  # had not been asked for
        assert b"Another headline" in after
        assert b"Another headline" not in before


def test_status_is_read_only(built_home: Home) -> None:
    port = free_port()
    with serving(built_home, port):
        assert b"1 feed: 1 healthy" in get(port, "/status")
        assert b'feedpub_feed_entries{feed="world"} 1' in get(port, "/metrics")
        assert json.loads(get(port, "/healthz"))["scheduler"] is None
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(
                f"http://127.0.0.1:{port}/run", data=b"feed=world&token=", timeout=10
            )


def test_unusable_address_is_reported(built_home: Home) -> None:
    port = free_port()
    with serving(built_home, port):
        refused = built_home.run("serve", "--listen", f"127.0.0.1:{port}")
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        f"feedpub: 127.0.0.1:{port}: cannot listen there (Address already in use); "
    )
    wrong = built_home.run("serve", "--listen", "localhost:8080")
    assert wrong.returncode == 2
    assert 'did you mean "127.0.0.1:8080"?' in wrong.stderr

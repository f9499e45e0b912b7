"""How everything is, over HTTP."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.core.errors import StoreError
from feedpub.web import FeedApp, FolderBackend, healthz, reports
from tests.support.client import Client, Reply, served
from tests.support.service import eventually
from tests.web.conftest import BASE
from tests.web.console import FakeControl

PATHS = ("/status", "/metrics", "/healthz")


@pytest.fixture
def console() -> FakeControl:
    return FakeControl()


@pytest.fixture
def client(folder: Path, console: FakeControl) -> Iterator[Client]:
    with served(FeedApp(FolderBackend(folder), console, [], BASE)) as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No report is good enough for the next who asks."""
    monkeypatch.setattr(reports, "CACHE_SECONDS", 0.0)


def test_the_status_page_is_served(client: Client) -> None:
    """With the policy that it carries, which lets its forms through; nobody keeps it."""
    reply = client.get("/status")
    assert reply.status == 200
    assert b"The world" in reply.body
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert "form-action 'self'" in reply.header("content-security-policy")
    assert reply.header("content-security-policy").endswith("frame-ancestors 'none'")
    assert reply.header("cache-control") == "no-store"


def test_metrics_are_served(client: Client) -> None:
    """In the format that Prometheus asks for."""
    reply = client.get("/metrics")
    assert reply.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    assert reply.body.startswith(b"# HELP feedpub_")


@pytest.mark.usefixtures("impatient")
def test_health_is_served(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON, and by the status, which is all that a supervisor looks at."""
    reply = client.get("/healthz")
    assert reply.header("content-type") == "application/json"
    assert reply.status == (200 if json.loads(reply.body)["ok"] else 503)
    monkeypatch.setattr(healthz, "health_response", lambda _: (False, {"ok": False}))
    assert client.get("/healthz").status == 503


@pytest.mark.parametrize("path", PATHS)
def test_reports_can_only_be_read(client: Client, path: str) -> None:
    """And be asked for by HEAD."""
    assert client.ask("POST", path, body=b"").header("allow") == "GET, HEAD"
    asked = client.ask("HEAD", path)
    assert (asked.status, asked.body) == (200, b"")


def test_a_report_is_made_once_for_all_who_ask(client: Client, console: FakeControl) -> None:
    """In the same second; the state is not read for each."""
    for _ in range(5):
        assert client.get("/status").status == 200
    assert console.asked == 1


@pytest.mark.usefixtures("impatient")
def test_reports_are_made_anew(client: Client, console: FakeControl) -> None:
    """When the last one is too old."""
    for _ in range(3):
        assert client.get("/metrics").status == 200
    assert console.asked == 3


@pytest.mark.parametrize("path", PATHS)
def test_a_state_that_cannot_be_read_is_told(
    client: Client, console: FakeControl, path: str
) -> None:
    """With the reason; feeds are served all the same."""
    console.error = StoreError("state/feedpub.db: disk I/O error <1>")
    reply = client.get(path)
    assert reply.status == 503
    assert b"disk I/O error &lt;1&gt;" in reply.body
    assert client.get("/world.rss").status == 200


def test_who_waits_for_a_report_holds_up_nobody(client: Client, console: FakeControl) -> None:
    """Feeds are served while the state takes its time."""
    console.gate.clear()
    replies: list[Reply] = []
    waiting = threading.Thread(target=lambda: replies.append(client.get("/status")))
    waiting.start()
    assert eventually(lambda: console.asked)
    assert client.get("/world.rss").status == 200
    assert not replies
    console.gate.set()
    waiting.join(10)
    assert replies[0].status == 200


@pytest.mark.parametrize("path", [*PATHS, "/run"])
def test_where_nothing_runs_there_are_no_reports(folder: Path, path: str) -> None:
    """As with `feedpub serve`, which knows only files."""
    with served(FeedApp(FolderBackend(folder), None, [], BASE)) as client:
        assert client.get(path).status == 404

"""Running a feed over HTTP."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from feedpub.core.errors import ConfigError
from feedpub.web import FeedApp, FolderBackend, control
from tests.support.client import Client, Reply, serve_app
from tests.web.conftest import BASE
from tests.web.console import FakeControl

SECRET = "öffne dich"


@pytest.fixture
def console() -> FakeControl:
    return FakeControl(SECRET)


@pytest.fixture
def client(folder: Path, console: FakeControl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(control, "WRONG_TOKEN_SECONDS", 0.3)
    with serve_app(FeedApp(FolderBackend(folder), console, [], BASE)) as running:
        yield running


def press(client: Client, feed: str = "world", token: str = SECRET) -> Reply:
    """Send the form of the status page."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.request("POST", "/run", form, urlencode({"feed": feed, "token": token}).encode())


def call(client: Client, feed: str, token: str) -> Reply:
    """Send a request with a bearer token, as a program does."""
    bearer = {"Authorization": f"Bearer {token.encode().decode('latin-1')}"}
    return client.request("POST", "/run", bearer, urlencode({"feed": feed}).encode())


def test_form_with_token_runs_the_feed_and_redirects_to_it(
    client: Client, console: FakeControl
) -> None:
    reply = press(client)
    assert (reply.status, reply.header("location")) == (303, "status#world")
    assert console.ran == ["world"]


def test_bearer_token_gets_json_instead_of_a_page(client: Client, console: FakeControl) -> None:
    reply = call(client, "world", SECRET)
    assert reply.status == 202
    assert json.loads(reply.body)["feed"] == "world"
    assert console.ran == ["world"]


@pytest.mark.parametrize("token", ["", "open", SECRET + "!", SECRET.upper(), "\udcff"])
def test_wrong_token_in_form_is_refused_after_a_delay(
    client: Client, console: FakeControl, token: str
) -> None:
    began = time.monotonic()
    form = urlencode({"feed": "world", "token": token}, errors="surrogateescape").encode()
    assert client.request("POST", "/run", body=form).status == 403
    assert time.monotonic() - began >= 0.3
    assert console.ran == []


def test_wrong_bearer_token_is_refused(client: Client, console: FakeControl) -> None:
    body = urlencode({"feed": "world", "token": SECRET}).encode()
    reply = client.request("POST", "/run", {"Authorization": "Bearer wrong"}, body)
    assert reply.status == 403
    assert "token" in json.loads(reply.body)["message"]
    assert console.ran == []


def test_without_configured_token_no_feed_can_be_run(client: Client, console: FakeControl) -> None:
    console.secret = None
    for token in ("", SECRET):
        reply = press(client, token=token)
        assert reply.status == 403
        assert b"[http] admin_token" in reply.body
    assert console.ran == []


@pytest.mark.parametrize(("feed", "status"), [("nope", 404), ("", 404), ("busy", 409)])
def test_unknown_and_running_feeds_are_refused(client: Client, feed: str, status: int) -> None:
    assert press(client, feed).status == status
    reply = call(client, feed, SECRET)
    assert (reply.status, json.loads(reply.body)["feed"]) == (status, feed)


def test_run_supports_only_small_post_requests(client: Client, console: FakeControl) -> None:
    assert client.get("/run").header("allow") == "POST"
    for body in (b"feed=world&token=" + b"x" * 5000, b"x" * 200_000):
        assert client.request("POST", "/run", body=body).status == 413
    assert client.request("POST", "/run", body=b"\xff\x00{}").status == 403
    assert console.ran == []


def test_disconnected_client_runs_nothing(client: Client, console: FakeControl) -> None:
    form = urlencode({"token": SECRET, "feed": "world"}).encode()
    head = b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(form) + 5)
    with client.connect() as connection:
        connection.sendall(head + form)
    assert client.get("/status").status == 200
    assert press(client).status == 303  # the earlier request has been processed
    assert console.ran == ["world"]


def test_unreadable_token_is_an_error_page(client: Client, console: FakeControl) -> None:
    console.error = ConfigError("/run/secrets/token: cannot be read")
    reply = press(client)
    assert reply.status == 503
    assert b"/run/secrets/token: cannot be read" in reply.body

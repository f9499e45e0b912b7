"""Run now: who may have a feed run, and what they are told."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from feedpub.core.errors import ConfigError
from feedpub.web import FeedApp, FolderBackend, control
from tests.support.client import Client, Reply, served
from tests.web.conftest import BASE
from tests.web.console import FakeControl

SECRET = "öffne dich"


@pytest.fixture
def console() -> FakeControl:
    return FakeControl(SECRET)


@pytest.fixture
def client(folder: Path, console: FakeControl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(control, "WRONG_TOKEN_SECONDS", 0.3)
    with served(FeedApp(FolderBackend(folder), console, [], BASE)) as running:
        yield running


def press(client: Client, feed: str = "world", token: str = SECRET) -> Reply:
    """As the form of the status page does it."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.ask("POST", "/run", form, urlencode({"feed": feed, "token": token}).encode())


def call(client: Client, feed: str, token: str) -> Reply:
    """As a program does it."""
    bearer = {"Authorization": f"Bearer {token.encode().decode('latin-1')}"}
    return client.ask("POST", "/run", bearer, urlencode({"feed": feed}).encode())


def test_a_feed_runs_for_who_knows_the_token(client: Client, console: FakeControl) -> None:
    """And the browser goes back to where the feed stands."""
    reply = press(client)
    assert (reply.status, reply.header("location")) == (303, "status#world")
    assert console.ran == ["world"]


def test_a_program_gets_no_page(client: Client, console: FakeControl) -> None:
    """It sends the token as a header, and is answered in JSON."""
    reply = call(client, "world", SECRET)
    assert reply.status == 202
    assert json.loads(reply.body)["feed"] == "world"
    assert console.ran == ["world"]


@pytest.mark.parametrize("token", ["", "open", SECRET + "!", SECRET.upper(), "\udcff"])
def test_a_wrong_token_is_refused_after_a_while(
    client: Client, console: FakeControl, token: str
) -> None:
    """So that guessing takes long."""
    began = time.monotonic()
    form = urlencode({"feed": "world", "token": token}, errors="surrogateescape").encode()
    assert client.ask("POST", "/run", body=form).status == 403
    assert time.monotonic() - began >= 0.3
    assert console.ran == []


def test_a_program_with_a_wrong_token_is_refused(client: Client, console: FakeControl) -> None:
    """In JSON too; and a right one in the form does not count beside a wrong header."""
    body = urlencode({"feed": "world", "token": SECRET}).encode()
    reply = client.ask("POST", "/run", {"Authorization": "Bearer wrong"}, body)
    assert reply.status == 403
    assert "token" in json.loads(reply.body)["message"]
    assert console.ran == []


def test_without_a_token_nobody_can(client: Client, console: FakeControl) -> None:
    """Not with an empty one either; it says what to write into the config."""
    console.secret = None
    for token in ("", SECRET):
        reply = press(client, token=token)
        assert reply.status == 403
        assert b"[http] admin_token" in reply.body
    assert console.ran == []


@pytest.mark.parametrize(("feed", "status"), [("nope", 404), ("", 404), ("busy", 409)])
def test_what_cannot_run_is_told(client: Client, feed: str, status: int) -> None:
    """A feed that there is not, one that runs already."""
    assert press(client, feed).status == status
    reply = call(client, feed, SECRET)
    assert (reply.status, json.loads(reply.body)["feed"]) == (status, feed)


def test_it_takes_a_form_and_nothing_else(client: Client, console: FakeControl) -> None:
    """By POST, and not a large one."""
    assert client.get("/run").header("allow") == "POST"
    for body in (b"feed=world&token=" + b"x" * 5000, b"x" * 200_000):
        assert client.ask("POST", "/run", body=body).status == 413
    assert client.ask("POST", "/run", body=b"\xff\x00{}").status == 403
    assert console.ran == []


def test_who_leaves_in_the_middle_has_asked_for_nothing(
    client: Client, console: FakeControl
) -> None:
    """Half a form may name another feed."""
    form = urlencode({"token": SECRET, "feed": "world"}).encode()
    head = b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(form) + 5)
    with client.connect() as connection:
        connection.sendall(head + form)
    assert client.get("/status").status == 200
    assert press(client).status == 303  # what came before has been dealt with
    assert console.ran == ["world"]


def test_a_token_that_cannot_be_read_is_told(client: Client, console: FakeControl) -> None:
    """With the reason, and without the token."""
    console.error = ConfigError("/run/secrets/token: cannot be read")
    reply = press(client)
    assert reply.status == 503
    assert b"/run/secrets/token: cannot be read" in reply.body

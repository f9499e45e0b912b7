"""Who may ask for the local page, and what it answers to others: nothing."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from feedpub.config import Config
from feedpub.core.models import Page
from feedpub.web import Server
from feedpub.web.preview import PreviewPage, PreviewServer, PreviewSession
from feedpub.web.sockets import open_socket
from tests.support.client import PATIENCE, Client, Reply
from tests.support.newsroom import configure, story, tools_for

URL = "https://times.example.org/a"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configure(tmp_path)


@pytest.fixture
def client(config: Config) -> Iterator[Client]:
    """Asks the server of a page about one article."""
    with tools_for(config) as tools:
        subject = PreviewPage("A story", URL, Page(URL, story(1).encode(), "text/html"))
        listening = open_socket("127.0.0.1:0")
        port = listening.getsockname()[1]
        server = Server(
            PreviewServer(PreviewSession([subject], tools, config.rules.sites), port), [listening]
        )
        server.start()
        yield Client(server, port)
        server.stop(PATIENCE)
        assert not server.alive


@pytest.fixture
def bureau(client: Client) -> PreviewServer:
    assert isinstance(client.server.app, PreviewServer)
    return client.server.app


def post(
    client: Client,
    bureau: PreviewServer,
    what: str,
    told: object,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """As the page's script asks."""
    own = {"Origin": f"http://127.0.0.1:{client.port}", "Content-Type": "application/json"}
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return client.ask("POST", bureau.path + what, {**own, **(headers or {})}, body)


@pytest.mark.parametrize(
    ("name", "kind", "part"),
    [
        ("", "text/html; charset=utf-8", b"<title>feedpub preview"),
        ("preview.css", "text/css; charset=utf-8", b".block"),
        ("preview.js", "text/javascript; charset=utf-8", b"use strict"),
    ],
)
def test_the_page_and_what_belongs_to_it(
    client: Client, bureau: PreviewServer, name: str, kind: str, part: bytes
) -> None:
    """Nothing is kept, framed, or loaded from elsewhere; no script but the page's own runs."""
    reply = client.get(bureau.path + name)
    assert (reply.status, reply.header("content-type")) == (200, kind)
    assert part in reply.body
    policy = reply.header("content-security-policy")
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.header("cache-control") == "no-store"
    assert reply.header("referrer-policy") == "no-referrer"
    assert b"<script>" not in reply.body
    assert b"style=" not in reply.body


def test_the_script_gets_what_it_asks(
    client: Client, bureau: PreviewServer, config: Config
) -> None:
    """The articles, a look, what changes, and a file that is written."""
    assert json.loads(post(client, bureau, "articles", {}).body) == [
        {"title": "A story", "url": URL, "site": "times.example.org"}
    ]
    asked = {"number": 0, "draft": {"remove": ["p:nth-of-type(2)"]}}
    look = json.loads(post(client, bureau, "look", asked).body)
    assert (look["effect"]["changed"], look["article"]["authors"]) == (1, ["Jane Doe"])
    assert look["article"]["published"].startswith("2026-11-01T")
    assert json.loads(post(client, bureau, "effects", asked).body) == []
    toml = json.loads(post(client, bureau, "save", asked).body)
    assert config.rules.sites.joinpath("times.example.org.toml").read_text("utf-8") == toml["text"]
    assert not bureau.done.is_set()
    assert post(client, bureau, "done", {}).status == 200
    assert bureau.done.is_set()


def test_nobody_without_the_token(client: Client, bureau: PreviewServer) -> None:
    """Whatever else is asked for, and in whatever way."""
    token = bureau.path.strip("/")
    assert len(token) > 40
    for path in (
        "/",
        "/preview.js",
        "//",
        f"/{token[:-1]}/",
        f"/{token}x/",
        f"/x/{token}/",
        f"/?token={token}",
        "/ü",
    ):
        assert (
            client.get(path.encode().decode("latin-1") if path.isascii() else "/%C3%BC").status
            == 403
        ), path
        assert client.ask("POST", path if path.isascii() else "/", {}, b"{}").status == 403


def test_not_by_another_name(client: Client, bureau: PreviewServer) -> None:
    """A name that somebody has made to lead here is not ours."""
    for host in (
        "evil.example",
        f"evil.example:{client.port}",
        "127.0.0.1",
        f"localhost:{client.port}",
    ):
        said = client.raw(
            f"GET {bureau.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        )
        assert said.startswith(b"HTTP/1.1 403 "), host


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_not_from_another_page(
    client: Client, bureau: PreviewServer, config: Config, headers: Mapping[str, str]
) -> None:
    """Even one that knows the address."""
    asked = {"number": 0, "draft": {"remove": [".x"]}}
    assert post(client, bureau, "save", asked, headers).status == 403
    assert not config.rules.sites.exists()
    if headers != {"Origin": ""}:
        assert client.ask("GET", bureau.path, headers).status == 403


def test_a_form_cannot_ask(client: Client, bureau: PreviewServer, config: Config) -> None:
    """An order says where it comes from, and is JSON by name.

    No page sends that without asking first.
    """
    kind = {"Content-Type": "text/plain"}
    assert (
        post(client, bureau, "save", {"number": 0, "draft": {"remove": [".x"]}}, kind).status == 405
    )
    assert (
        client.ask("POST", bureau.path + "save", {"Content-Type": "application/json"}, b"{}").status
        == 403
    )
    assert client.get(bureau.path + "save").status == 405
    assert not config.rules.sites.exists()


@pytest.mark.parametrize(
    "name",
    ["../pyproject.toml", "%2e%2e/page.html", "page.html", "x", "preview.js/", "..%2fdesk.py"],
)
def test_there_is_nothing_else(client: Client, bureau: PreviewServer, name: str) -> None:
    """No file but the three, by no way around."""
    assert client.get(bureau.path + name).status == 404


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"", 400),
        (b"[", 400),
        ([], 400),
        ({}, 400),
        ({"number": 1}, 400),
        ({"number": -1}, 400),
        ({"number": "0"}, 400),
        ({"number": 0, "draft": {"headers": {}}}, 400),
        ({"number": 0, "draft": {"remove": ".x"}}, 400),
        ({"number": 0, "draft": {"remove": [1]}}, 400),
        ({"number": 0, "draft": {"title": None}}, 400),
        ({"number": 0, "draft": {"remove": ["x" * 501]}}, 400),
        ({"number": 0, "draft": {"remove": ["div["]}}, 422),
        (b'"' + b"x" * 70_000 + b'"', 413),
    ],
)
def test_an_order_that_is_none(
    client: Client, bureau: PreviewServer, asked: object, status: int
) -> None:
    """It is refused, and said why."""
    reply = post(client, bureau, "look", asked)
    assert reply.status == status
    if status != 413:
        assert json.loads(reply.body)["problem"]


def test_each_command_has_a_token_of_its_own(bureau: PreviewServer) -> None:
    """An address that was seen once is of no use later."""
    assert PreviewServer(bureau._desk, 1).path != bureau.path

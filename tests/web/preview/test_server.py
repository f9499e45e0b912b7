"""Access to the preview's server, and its commands."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from feedpub.config import Config
from feedpub.core.models import Page
from feedpub.web import Server
from feedpub.web.preview import PreviewPage, PreviewServer, PreviewSession
from feedpub.web.sockets import open_socket
from tests.support.client import TIMEOUT_SECONDS, Client, Reply
from tests.support.newsroom import configure, open_context, story

URL = "https://times.example.org/a"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configure(tmp_path)


@pytest.fixture
def client(config: Config) -> Iterator[Client]:
    """Return a client of a preview server with one article."""
    with open_context(config) as context:
        page_ = PreviewPage("A story", URL, Page(URL, story(1).encode(), "text/html"))
        page_ = replace(page_, content_reason="the page: it has all of the source's own content")
        listening = open_socket("127.0.0.1:0")
        port = listening.getsockname()[1]
        server = Server(
            PreviewServer(PreviewSession([page_], context, config.rules.sites), port), [listening]
        )
        server.start()
        yield Client(server, port)
        server.stop(TIMEOUT_SECONDS)
        assert not server.alive


@pytest.fixture
def preview_server(client: Client) -> PreviewServer:
    assert isinstance(client.server.app, PreviewServer)
    return client.server.app


def post(
    client: Client,
    preview_server: PreviewServer,
    what: str,
    content: object,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send a command as the page's script does."""
    own = {"Origin": f"http://127.0.0.1:{client.port}", "Content-Type": "application/json"}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.request("POST", preview_server.path + what, {**own, **(headers or {})}, body)


@pytest.mark.parametrize(
    ("name", "kind", "part"),
    [
        ("", "text/html; charset=utf-8", b"<title>feedpub preview"),
        ("preview.css", "text/css; charset=utf-8", b".block"),
        ("preview.js", "text/javascript; charset=utf-8", b"use strict"),
    ],
)
def test_page_and_its_files_have_a_strict_policy(
    client: Client, preview_server: PreviewServer, name: str, kind: str, part: bytes
) -> None:
    reply = client.get(preview_server.path + name)
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


def test_commands_of_the_script(
    client: Client, preview_server: PreviewServer, config: Config
) -> None:
    assert json.loads(post(client, preview_server, "articles", {}).body) == [
        {
            "title": "A story",
            "url": URL,
            "site": "times.example.org",
            "content_reason": "the page: it has all of the source's own content",
        }
    ]
    draft = {"number": 0, "draft": {"remove": ["p:nth-of-type(2)"]}}
    preview = json.loads(post(client, preview_server, "preview", draft).body)
    assert (preview["effect"]["changed"], preview["article"]["authors"]) == (1, ["Jane Doe"])
    assert preview["article"]["published"].startswith("2026-11-01T")
    assert json.loads(post(client, preview_server, "effects", draft).body) == []
    toml = json.loads(post(client, preview_server, "save", draft).body)
    assert config.rules.sites.joinpath("times.example.org.toml").read_text("utf-8") == toml["text"]
    assert not preview_server.done.is_set()
    assert post(client, preview_server, "done", {}).status == 200
    assert preview_server.done.is_set()


def test_request_without_the_token_is_refused(
    client: Client, preview_server: PreviewServer
) -> None:
    token = preview_server.path.strip("/")
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
        assert client.request("POST", path if path.isascii() else "/", {}, b"{}").status == 403


def test_foreign_host_header_is_refused(client: Client, preview_server: PreviewServer) -> None:
    for host in (
        "evil.example",
        f"evil.example:{client.port}",
        "127.0.0.1",
        f"localhost:{client.port}",
    ):
        request = f"GET {preview_server.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        response = client.raw(request.encode())
        assert response.startswith(b"HTTP/1.1 403 "), host


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
def test_request_from_another_origin_is_refused(
    client: Client, preview_server: PreviewServer, config: Config, headers: Mapping[str, str]
) -> None:
    draft = {"number": 0, "draft": {"remove": [".x"]}}
    assert post(client, preview_server, "save", draft, headers).status == 403
    assert not config.rules.sites.exists()
    if headers != {"Origin": ""}:
        assert client.request("GET", preview_server.path, headers).status == 403


def test_form_cannot_send_commands(
    client: Client, preview_server: PreviewServer, config: Config
) -> None:
    """A form sends no JSON, and no Origin of this page."""
    kind = {"Content-Type": "text/plain"}
    assert (
        post(
            client, preview_server, "save", {"number": 0, "draft": {"remove": [".x"]}}, kind
        ).status
        == 405
    )
    assert (
        client.request(
            "POST", preview_server.path + "save", {"Content-Type": "application/json"}, b"{}"
        ).status
        == 403
    )
    assert client.get(preview_server.path + "save").status == 405
    assert not config.rules.sites.exists()


@pytest.mark.parametrize(
    "name",
    ["../pyproject.toml", "%2e%2e/page.html", "page.html", "x", "preview.js/", "..%2fdesk.py"],
)
def test_other_files_are_not_served(
    client: Client, preview_server: PreviewServer, name: str
) -> None:
    assert client.get(preview_server.path + name).status == 404


@pytest.mark.parametrize(
    ("command", "status"),
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
def test_invalid_command_gets_an_error_with_reason(
    client: Client, preview_server: PreviewServer, command: object, status: int
) -> None:
    reply = post(client, preview_server, "preview", command)
    assert reply.status == status
    if status != 413:
        assert json.loads(reply.body)["problem"]


def test_each_server_has_its_own_token(preview_server: PreviewServer) -> None:
    assert PreviewServer(preview_server._session, 1).path != preview_server.path

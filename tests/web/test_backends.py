"""Published files: paths, headers, and what is not served."""

import errno
import os
from pathlib import Path

import pytest

from feedpub.builder import render_article, render_page
from feedpub.web import FolderBackend
from tests.support.client import Client
from tests.support.feeds import entry, feed
from tests.web.conftest import BASE, HUB, RSS

DOCUMENTS = {
    "/world.rss": "application/rss+xml; charset=utf-8",
    "/world.atom": "application/atom+xml; charset=utf-8",
    "/world.json": "application/feed+json; charset=utf-8",
    "/feeds.opml": "text/x-opml; charset=utf-8",
    "/world-archive-2.rss": "application/rss+xml; charset=utf-8",
    "/health.rss": "application/rss+xml; charset=utf-8",
}
PAGES = {
    "/": "index.html",
    "/index.html": "index.html",
    "/world.html": "world.html",
    "/world": "world.html",
}


@pytest.mark.parametrize(("path", "media_type"), DOCUMENTS.items())
def test_documents_have_their_media_type(
    client: Client, folder: Path, path: str, media_type: str
) -> None:
    reply = client.get(path)
    assert (reply.status, reply.body) == (200, (folder / path[1:]).read_bytes())
    assert reply.header("content-type") == media_type
    assert reply.header("content-length") == str(len(reply.body))
    assert reply.header("access-control-allow-origin") == "*"
    assert reply.header("x-content-type-options") == "nosniff"
    assert "date" in reply.headers


@pytest.mark.parametrize(("path", "name"), PAGES.items())
def test_pages_are_served_with_and_without_suffix(
    client: Client, folder: Path, path: str, name: str
) -> None:
    reply = client.get(path)
    assert (reply.status, reply.body) == (200, (folder / name).read_bytes())
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(
    "path", ["/nope.rss", "/nope", "/world/none.html", "/world/", "/world.rss/", "/World.rss"]
)
def test_missing_file_gets_a_404_page(client: Client, path: str) -> None:
    reply = client.get(path)
    assert reply.status == 404
    assert b'<a href="/">' in reply.body
    assert reply.header("cache-control") == "no-store"


@pytest.mark.parametrize(
    "path", ["/world.rss?from=mail", "/w%6Frld.rss", "http://127.0.0.1/world.rss"]
)
def test_equivalent_spellings_of_a_path_are_served(client: Client, path: str) -> None:
    assert client.get(path).body == RSS


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/world/../../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/world/..%2f..%2fsecret.html",
        "/%2e%2e%2fsecret.html",
        "//etc/passwd",
        "/./world.rss",
        "/world//story.html",
        "/..\\secret.html",
        "/world.rss%00.html",
        "/.hidden.html",
        "/.feedpub-1-00000000.tmp",
        "/world/.hidden.html",
        "/link.html",
        "/linked/secret.html",
        "/pipe.html",
        "/folder.html",
        "/state.db",
        "/feedpub.toml",
        "/" + "a" * 300 + ".html",
        "/\u00e9.html".encode().decode("latin-1"),
    ],
)
def test_only_published_files_are_served(client: Client, folder: Path, path: str) -> None:
    secret = folder.parent / "secret.html"
    secret.write_bytes(b"SECRET")
    for name in (
        ".hidden.html",
        ".feedpub-1-00000000.tmp",
        "world/.hidden.html",
        "state.db",
        "feedpub.toml",
    ):
        (folder / name).write_bytes(b"SECRET")
    (folder / "link.html").symlink_to(secret)
    (folder / "linked").symlink_to(folder.parent)
    (folder / "folder.html").mkdir()
    os.mkfifo(folder / "pipe.html")
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1")
    response = client.raw(request)
    assert response.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
    assert b"SECRET" not in response


def test_output_folder_may_be_a_symbolic_link(client: Client, folder: Path) -> None:
    moved = folder.with_name("elsewhere")
    folder.rename(moved)
    folder.symlink_to(moved)
    assert client.get("/world.rss").status == 200


def test_unreadable_file_gets_503_and_is_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_shelf: FolderBackend, _name: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for step, path in (("read", "/world.rss"), ("stat", "/world.atom")):
        monkeypatch.setattr(FolderBackend, step, fail)
        reply = client.get(path)
        assert reply.status == 503
        assert reply.header("retry-after")
        assert path in caplog.text


@pytest.mark.parametrize("path", ["/world.rss", "/", "/nope.rss", "/world/map.png"])
def test_head_has_the_headers_of_get(client: Client, path: str) -> None:
    got, head = client.get(path), client.request("HEAD", path)
    assert head.status == got.status
    assert head.body == b""
    assert {**head.headers, "date": got.headers["date"]} == got.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/world.rss", "/"])
def test_published_files_support_only_read_methods(client: Client, method: str, path: str) -> None:
    reply = client.request(method, path, body=b"x")
    assert reply.status == 405
    assert reply.header("allow") == "GET, HEAD, OPTIONS"


def test_preflight_allows_validators(client: Client) -> None:
    head = {"Origin": "https://reader.example", "Access-Control-Request-Method": "GET"}
    reply = client.request("OPTIONS", "/world.rss", head)
    assert (reply.status, reply.body) == (204, b"")
    assert "GET" in reply.header("access-control-allow-methods")
    assert "If-None-Match" in reply.header("access-control-allow-headers")
    assert "ETag" in client.get("/world.rss").header("access-control-expose-headers")


@pytest.mark.parametrize("path", ["/world.rss", "/world.atom", "/world.json"])
def test_feeds_link_to_themselves_and_their_hubs(client: Client, path: str) -> None:
    assert client.get(path).headers["link"] == [
        f'<{BASE}{path[1:]}>; rel="self"',
        f'<{HUB}>; rel="hub"',
    ]


def test_archives_link_to_no_hub(client: Client) -> None:
    assert client.get("/world-archive-2.rss").headers["link"] == [
        f'<{BASE}world-archive-2.rss>; rel="self"'
    ]
    assert "link" not in client.get("/feeds.opml").headers
    assert "link" not in client.get("/world.html").headers


def test_pages_keep_the_policy_of_their_head(client: Client, folder: Path) -> None:
    whole = feed(entry(1, url="", slug="own"), name="other")
    (folder / "other.html").write_bytes(render_page(whole))
    (folder / "world" / "own.html").write_bytes(render_article(whole, whole.entries[0]))
    for path in ("/other.html", "/world/own.html"):
        reply = client.get(path)
        policy = reply.header("content-security-policy")
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert policy.endswith("; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert reply.header("referrer-policy") == "no-referrer"
    assert "img-src http: https: data:" in client.get("/world/own.html").header(
        "content-security-policy"
    )


@pytest.mark.parametrize("path", ["/world.html", "/nope.html"])
def test_page_without_own_policy_gets_the_default(client: Client, path: str) -> None:
    policy = client.get(path).header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_policy_in_the_body_is_ignored(client: Client, folder: Path) -> None:
    forged = b'<meta http-equiv="Content-Security-Policy" content="script-src *&#13;&#10;X-Bad: 1">'
    (folder / "late.html").write_bytes(b" " * 4096 + forged.replace(b"&#13;&#10;", b""))
    (folder / "split.html").write_bytes(forged)
    for path in ("/late.html", "/split.html"):
        reply = client.get(path)
        assert "x-bad" not in reply.headers
        assert reply.status == 200
    assert "script-src" not in client.get("/late.html").header("content-security-policy")


def test_images_are_sandboxed(client: Client) -> None:
    assert client.get("/world/map.png").header("content-type") == "image/png"
    reply = client.get("/world/chart.svg")
    assert reply.header("content-type") == "image/svg+xml"
    assert reply.header("content-security-policy") == "default-src 'none'; sandbox"

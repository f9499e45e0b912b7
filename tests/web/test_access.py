"""Access to status and control: local clients, proxies and tokens."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.core.errors import ConfigError
from feedpub.web import FeedApp, FolderBackend, Server, control
from feedpub.web.http import Request
from feedpub.web.sockets import open_socket
from tests.support.client import TIMEOUT_SECONDS, Client, Reply, serve_app
from tests.support.service import eventually, free_port
from tests.web.conftest import BASE
from tests.web.console import FakeControl

SECRET = "open sesame"
PATHS = ("/status", "/metrics", "/run")
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def console() -> FakeControl:
    return FakeControl(SECRET)


@pytest.fixture
def app(folder: Path, console: FakeControl, monkeypatch: pytest.MonkeyPatch) -> FeedApp:
    monkeypatch.setattr(control, "WRONG_TOKEN_SECONDS", 0.3)
    return FeedApp(FolderBackend(folder), console, [], BASE, hosts=["feeds.lan", "192.0.2.7"])


@pytest.fixture
def client(app: FeedApp) -> Iterator[Client]:
    with serve_app(app) as running:
        yield running


def ask(client: Client, path: str, host: str, *headers: str) -> Reply:
    """Return the response to a request over loopback with a Host header."""
    lines = "".join(
        f"{line}\r\n"
        for line in (f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers)
    )
    head, _, body = client.raw(f"{lines}\r\n".encode()).partition(b"\r\n\r\n")
    status, *_ = head.split(b"\r\n")
    return Reply(int(status.split()[1]), {}, body)


@pytest.mark.parametrize("path", ["/status", "/metrics", "/healthz"])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8080",
        "localhost",
        "LOCALHOST.:8080",
        "a.localhost",
        "[::1]:8080",
        "Feeds.LAN:80",
    ],
)
def test_local_client_may_see_all_reports(client: Client, path: str, host: str) -> None:
    reply = ask(client, path, host)
    assert reply.status == 200
    assert b"world" in reply.body


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "feeds.example.net",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.0.2.1",
        "",
    ],
)
def test_foreign_host_header_is_refused(
    client: Client, console: FakeControl, path: str, host: str
) -> None:
    reply = ask(client, path, host)
    assert reply.status == 403
    assert b"[http] hosts" in reply.body
    assert console.asked == 0


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For: 192.0.2.1",
        "Forwarded: for=192.0.2.1",
        "X-Real-IP: 192.0.2.1",
        "Via: 1.1 proxy",
        "x-forwarded-for:",
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_proxy_headers_make_a_client_remote(client: Client, path: str, header: str) -> None:
    assert ask(client, path, "127.0.0.1", header).status == 403


@pytest.mark.parametrize("host", ["evil.example", "feeds.example.net"])
def test_remote_healthz_returns_only_ok(client: Client, host: str) -> None:
    reply = ask(client, "/healthz", host)
    assert (reply.status, json.loads(reply.body)) == (200, {"ok": True})
    assert ask(client, "/healthz", host, "X-Forwarded-For: 192.0.2.1").status == 200


@pytest.mark.parametrize("path", ["/status", "/metrics", "/healthz"])
def test_bearer_token_gives_access_to_all_reports(client: Client, path: str) -> None:
    reply = ask(
        client,
        path,
        "evil.example",
        "X-Forwarded-For: 192.0.2.1",
        f"Authorization: Bearer {SECRET}",
    )
    assert reply.status == 200
    assert b"world" in reply.body


def test_wrong_token_delays_the_response(client: Client, console: FakeControl) -> None:
    began = time.monotonic()
    assert ask(client, "/status", "evil.example", "Authorization: Bearer wrong").status == 403
    assert time.monotonic() - began >= 0.3
    for header in (
        "Authorization: Bearer",
        "Authorization: Basic b3Blbg==",
        f"Cookie: token={SECRET}",
    ):
        assert ask(client, "/status", "evil.example", header).status == 403
    console.secret = None
    assert ask(client, "/status", "evil.example", f"Authorization: Bearer {SECRET}").status == 403


def test_unavailable_token_is_an_error_page(client: Client, console: FakeControl) -> None:
    console.error = ConfigError("/run/secrets/token: cannot be read")
    reply = ask(client, "/status", "evil.example", f"Authorization: Bearer {SECRET}")
    assert reply.status == 503


@pytest.mark.parametrize("host", ["evil.example", "feeds.example.net", "127.0.0.1"])
def test_feeds_and_pages_need_no_access(client: Client, host: str) -> None:
    for path in ("/world.rss", "/", "/world", "/feeds.opml"):
        assert ask(client, path, host, "X-Forwarded-For: 192.0.2.1").status == 200


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        (None, True),
        ("192.0.2.1", False),
        ("10.0.0.1", False),
        ("::ffff:192.0.2.1", False),
        ("fe80::1", False),
    ],
)
def test_only_loopback_and_unix_sockets_are_local(address: str | None, local: bool) -> None:  # noqa: FBT001 -- a table's column
    request = Request.from_scope("GET", "/status", [(b"host", b"127.0.0.1:8080")], address)
    assert control.is_local(request, ()) is local


def test_client_of_unix_socket_is_local(folder: Path, console: FakeControl, tmp_path: Path) -> None:
    path = tmp_path / "s"
    server = Server(
        FeedApp(FolderBackend(folder), console, [], BASE), [open_socket(f"unix:{path}")]
    )
    server.start()
    try:
        curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", str(path)]
        for headers, status in (([], "200"), (["-H", "X-Forwarded-For: 192.0.2.1"], "403")):
            result = subprocess.run(  # noqa: S603
                [*curl, *headers, "http://localhost/status"], capture_output=True, check=True
            )
            assert result.stdout.decode() == status
    finally:
        server.stop(TIMEOUT_SECONDS)


# --- the example of the manual ---

NGINX_GUIDE = Path(__file__).parents[2] / "feedpub" / "manual" / "howto-nginx.md"


def nginx_example() -> str:
    """Return the part of a `server` block that the guide shows."""
    return NGINX_GUIDE.read_text("utf-8").partition("```nginx\n")[2].partition("```")[0]


@pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx")
def test_nginx_example_of_the_manual_exposes_only_feeds_and_pages(
    client: Client, tmp_path: Path
) -> None:
    port = free_port()
    example = nginx_example().replace("127.0.0.1:8080", f"127.0.0.1:{client.port}")
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log stderr; events {{ }}\n"
        "http { access_log off;\n"
        f"client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;\n"
        f"fastcgi_temp_path {tmp_path}/fastcgi; uwsgi_temp_path {tmp_path}/uwsgi;\n"
        f"scgi_temp_path {tmp_path}/scgi;\n"
        f"server {{ listen 127.0.0.1:{port}; {example} }} }}\n"
    )
    nginx = subprocess.Popen([shutil.which("nginx") or "", "-c", str(config), "-p", str(tmp_path)])  # noqa: S603
    proxy = Client(client.server, port)
    try:

        def answers() -> bool:
            try:
                return proxy.get("/world.rss").status == 200
            except OSError:
                return False

        assert eventually(answers)
        for path in (
            "/",
            "/world",
            "/world.html",
            "/world.atom",
            "/world/story.html",
            "/world/map.png",
            "/feeds.opml",
        ):
            assert proxy.get(path).status == 200, path
        for path in (
            "/status",
            "/metrics",
            "/healthz",
            "/run",
            "//status",
            "/./status",
            "/x/../metrics",
            "/%73tatus",
        ):
            for host in ("feeds.example.net", "127.0.0.1", "localhost"):
                assert ask(proxy, path, host, f"Authorization: Bearer {SECRET}").status in (
                    403,
                    404,
                ), (path, host)
    finally:
        nginx.terminate()
        nginx.wait(TIMEOUT_SECONDS)

"""Proxies are only used for sources that name one."""

import socket
import ssl
import threading

import pytest
import trustme

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher, RequestOptions
from tests.support.clock import FakeClock
from tests.support.evil import Script, answer_repeatedly, read_head, running_raw_server
from tests.support.tls import server_context

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"


def tunnel(tls: ssl.SSLContext, inside: list[bytes]) -> Script:
    """Accept every tunnel, and serve its end."""

    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with tls.wrap_socket(connection, server_side=True) as secure:
            while not stop.is_set() and (head := read_head(secure)):
                inside.append(head)
                secure.sendall(WHOLE)

    return script


def test_proxy_receives_full_urls_and_may_be_private(clock: FakeClock) -> None:
    with (
        running_raw_server(answer_repeatedly(WHOLE), robots=False) as proxy,
        Fetcher(clock=clock, deadline=2.0) as fetcher,
    ):
        options = RequestOptions(proxy=proxy.url().replace("//", "//anna:secret@"))
        page = fetcher.get("http://inside.example/a", options=options)
    assert isinstance(page, Page)
    assert proxy.heads[0].startswith(b"GET http://inside.example/robots.txt HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic YW5uYTpzZWNyZXQ=\r\n" in proxy.heads[0]


def test_proxy_tunnels_https_without_seeing_secrets(
    authority: trustme.CA, ca_file: str, clock: FakeClock
) -> None:
    inside: list[bytes] = []
    script = tunnel(server_context(authority.issue_cert("inside.example")), inside)
    with (
        running_raw_server(script, robots=False) as proxy,
        Fetcher(clock=clock, ca_file=ca_file, deadline=2.0) as fetcher,
    ):
        options = RequestOptions(proxy=proxy.url(), auth=("anna", "secret"))
        assert isinstance(fetcher.get("https://inside.example/a", options=options), Page)
    assert [head.split(b"\r\n")[0] for head in proxy.heads] == [
        b"CONNECT inside.example:443 HTTP/1.0"
    ]
    assert [head.split(b" ")[1] for head in inside] == [b"/robots.txt", b"/a"]
    assert b"Authorization" not in proxy.heads[0]
    assert b"Authorization" in inside[1]


@pytest.mark.parametrize(
    ("answer", "url", "reason"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            "http://a.example/",
            "HTTP 407",
        ),
        (
            b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n",
            "https://a.example/",
            "proxy cannot be reached, or refuses",
        ),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "http://a.example/", "HTTP 502"),
    ],
)
def test_refusing_proxy_is_reported_without_its_password(
    clock: FakeClock, answer: bytes, url: str, reason: str
) -> None:
    with (
        running_raw_server(answer, robots=False) as proxy,
        Fetcher(clock=clock, deadline=2.0) as fetcher,
        pytest.raises(FetchError, match=reason) as caught,
    ):
        fetcher.get(url, options=RequestOptions(proxy=proxy.url().replace("//", "//anna:secret@")))
    assert "secret" not in str(caught.value)


def test_unreachable_proxy_is_reported_without_its_password(clock: FakeClock) -> None:
    with running_raw_server(b"") as proxy:
        pass
    with (
        Fetcher(clock=clock, deadline=2.0) as fetcher,
        pytest.raises(FetchError, match="reached") as caught,
    ):
        fetcher.get(
            "http://a.example/",
            options=RequestOptions(proxy=f"http://anna:secret@127.0.0.1:{proxy.port}"),
        )
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1080", "127.0.0.1:3128", "file:///etc/passwd"]
)
def test_only_http_proxies_are_supported(fetcher: Fetcher, proxy: str) -> None:
    with pytest.raises(FetchError, match="proxy must be an http"):
        fetcher.get("http://a.example/", options=RequestOptions(proxy=proxy))

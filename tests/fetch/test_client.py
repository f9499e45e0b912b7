"""Requests by `Fetcher.get`: pages, 304 responses, errors and headers."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Request

from feedpub.core.clock import SystemClock
from feedpub.core.errors import FetchError
from feedpub.core.models import NotModified, Page
from feedpub.fetch import Fetcher, Validators, transport
from feedpub.fetch.url import parse_url
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import answer_repeatedly, running_raw_server
from tests.support.site import Route, Site, running_site


def test_page_has_body_type_charset_validators_and_freshness(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = Route(
        b"<p>hello</p>" * 100,
        "text/html; charset=ISO-8859-1",
        headers={"Cache-Control": "public, max-age=60"},
    )
    page = fetcher.get(site.url("/a"))
    assert isinstance(page, Page)
    assert page.url == site.url("/a")
    assert page.body == b"<p>hello</p>" * 100
    assert (page.content_type, page.charset) == ("text/html", "ISO-8859-1")
    assert page.etag
    assert page.last_modified == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert page.expires == 60


def test_validators_are_sent_back_and_304_is_not_modified(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = "hello"
    page = fetcher.get(site.url("/a"))
    assert isinstance(page, Page)
    again = fetcher.get(site.url("/a"), validators=Validators(page.etag, page.last_modified))
    assert again == NotModified(site.url("/a"))
    assert site.requests[-1].headers["if-none-match"] == page.etag
    assert site.requests[-1].headers["if-modified-since"] == page.last_modified


def test_changed_page_is_returned_despite_validators(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = "hello"
    page = fetcher.get(site.url("/a"), validators=Validators('"old"', None))
    assert isinstance(page, Page)
    assert "if-modified-since" not in site.requests[-1].headers


@pytest.mark.parametrize("validators", [None, Validators(), Validators("", "")])
def test_request_without_validators_is_unconditional(
    fetcher: Fetcher, site: Site, validators: Validators | None
) -> None:
    site["/a"] = "hello"
    fetcher.get(site.url("/a"), validators=validators)
    assert not site.requests[-1].is_conditional
    site["/b"] = Route(status=304, validators=False)
    with pytest.raises(FetchError, match="HTTP 304"):
        fetcher.get(site.url("/b"), validators=validators)


@pytest.mark.parametrize(
    ("contact", "agent"),
    [
        ("", f"feedpub/{version('feedpub')}"),
        ("https://example.org/about", f"feedpub/{version('feedpub')} (+https://example.org/about)"),
    ],
)
def test_user_agent_has_the_contact(site: Site, clock: FakeClock, contact: str, agent: str) -> None:
    site["/a"] = "hello"
    with Fetcher(contact=contact, allow_private=LOOPBACK, clock=clock) as fetcher:
        fetcher.get(site.url("/a"))
    assert {request.headers["user-agent"] for request in site.requests} == {agent}


def test_accept_headers_list_pages_feeds_and_codings(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    headers = site.requests[-1].headers
    assert headers["accept"].startswith("text/html,")
    assert "application/rss+xml" in headers["accept"]
    assert headers["accept-encoding"] == "gzip, deflate, br"


def test_connections_are_reused(clock: FakeClock) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with (
        Fetcher(allow_private=LOOPBACK, clock=clock) as fetcher,
        running_raw_server(answer_repeatedly(answer), robots=False) as server,
    ):
        for number in range(5):
            fetcher.get(server.url(f"/{number}"))
        assert server.connections == 1


def test_idle_connections_are_closed(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_MAX_IDLE_SECONDS", 0.3)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    closed = threading.Event()

    def script(connection: socket.socket, stop: threading.Event) -> None:
        answer_repeatedly(answer)(connection, stop)
        closed.set()

    with (
        Fetcher(allow_private=LOOPBACK, clock=clock) as fetcher,
        running_raw_server(script, robots=False) as server,
    ):
        for number in range(5):  # each use keeps it open
            fetcher.get(server.url(f"/{number}"))
            assert not closed.wait(0.1)
        assert server.connections == 1
        assert closed.wait(5)
        fetcher.get(server.url("/again"))
        assert server.connections == 2


@pytest.mark.parametrize("line", ["", "Transfer-Encoding: chunked\r\n", "Content-Length: 9\r\n"])
def test_body_of_304_is_not_read(fetcher: Fetcher, line: str) -> None:
    answer = f"HTTP/1.1 304 Not Modified\r\n{line}\r\n".encode()
    with running_raw_server(answer_repeatedly(answer)) as server:
        for _ in range(2):
            assert isinstance(fetcher.get(server.url(), validators=Validators('"1"')), NotModified)


def test_retry_after_pauses_the_host(fetcher: Fetcher, site: Site, clock: FakeClock) -> None:
    site["/a"] = Route(status=429, headers={"Retry-After": "120"})
    site["/b"] = "hello"
    with pytest.raises(FetchError, match="HTTP 429: asks to wait 120 s") as caught:
        fetcher.get(site.url("/a"))
    assert (caught.value.status, caught.value.retry_after) == (429, 120)
    with pytest.raises(FetchError, match=r"not requested: .* HTTP 429 and asked to wait"):
        fetcher.get(site.url("/b"))
    assert site.paths() == ["/a"]
    with running_site() as other:
        other["/"] = "hello"
        fetcher.get(other.url())
    clock.pass_time(121)
    fetcher.get(site.url("/b"))


def test_retry_after_of_a_404_does_not_pause_the_host(fetcher: Fetcher, site: Site) -> None:
    """It is about the server only with 429 and 503."""
    site["/a"] = Route(status=404, headers={"Retry-After": "120"})
    site["/b"] = "hello"
    with pytest.raises(FetchError, match="HTTP 404"):
        fetcher.get(site.url("/a"))
    fetcher.get(site.url("/b"))


def test_waiting_for_a_slot_does_not_count_against_the_deadline(site: Site) -> None:
    site["/a"] = "hello"
    with Fetcher(allow_private=LOOPBACK, delay=0.4, deadline=0.3) as fetcher:
        assert isinstance(fetcher.get(site.url("/a")), Page)


def test_client_serves_many_threads(fetcher: Fetcher) -> None:
    with running_site() as one, running_site() as two:
        for server in (one, two):
            for number in range(10):
                server[f"/{number}"] = server.url(f"/{number}")
        urls = [server.url(f"/{number}") for number in range(10) for server in (one, two)]
        with ThreadPoolExecutor(8) as pool:
            pages = list(pool.map(fetcher.get, urls))
    assert [page.body.decode() for page in pages if isinstance(page, Page)] == urls


@pytest.mark.parametrize(
    "path", ["/double//slash", "/a%2Fb", "/%E4", "/~user", "/a;b=c?d=e&f=g/h?i", "/a/./b"]
)
def test_paths_are_sent_as_written(fetcher: Fetcher, site: Site, path: str) -> None:
    sent = path.replace("/./", "/")
    site[sent] = "hello"
    assert isinstance(fetcher.get(site.url(path)), Page)
    assert site.paths() == [sent]


@given(st.text("ab/.~%|2eE7[]\"^`{}<>\\;=&?!$'()*+,:@-_ ä\u2028", max_size=20))
def test_urls_are_sent_as_requests_prepares_them(path: str) -> None:
    """Also those whose preparation is skipped, because it would change nothing."""
    target = parse_url(f"http://a.example/{path}")
    request = transport._Request(target, {}, None)
    prepared = Request("GET", target.url).prepare()
    assert (request.url, request.path_url) == (prepared.url, prepared.path_url)


def test_system_clock_is_monotonic_and_utc() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > before
    assert clock.now().utcoffset() is not None


def raw_response(*lines: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", *lines, "Content-Length: 5", "Connection: close"))
    return f"{head}\r\n\r\nhello".encode("latin-1")


@pytest.mark.parametrize(
    "line", ["Content-Type: " + "?" * 60_000, "Content-Type: " + "a/" * 4000, "Content-Type: ?/?"]
)
def test_invalid_content_type_is_ignored(fetcher: Fetcher, line: str) -> None:
    with running_raw_server(raw_response(line)) as server:
        page = fetcher.get(server.url("/a"))
    assert isinstance(page, Page)
    assert (page.content_type, page.body) == ("", b"hello")


@pytest.mark.parametrize("charset", ["x" * 41, "?", "a\x9db", "x" * 7000])
def test_invalid_charset_is_ignored(fetcher: Fetcher, charset: str) -> None:
    with running_raw_server(raw_response(f"Content-Type: text/html; charset={charset}")) as server:
        page = fetcher.get(server.url("/a"))
    assert isinstance(page, Page)
    assert (page.content_type, page.charset) == ("text/html", None)


def test_size_of_all_headers_is_limited(fetcher: Fetcher) -> None:
    lines = [f"X-{number}: {'a' * 60_000}" for number in range(5)]
    with (
        running_raw_server(raw_response(*lines)) as server,
        pytest.raises(FetchError, match="headers are larger than 262144"),
    ):
        fetcher.get(server.url("/a"))


@pytest.mark.parametrize(
    "location", ["http://[" + "?" * 60_000, "/" + "a" * 60_000, "//" + "?" * 20_000]
)
def test_redirect_to_an_endless_address_is_an_error(fetcher: Fetcher, location: str) -> None:
    response = raw_response(f"Location: {location}", status="302 Found")
    with running_raw_server(response) as server, pytest.raises(FetchError) as caught:
        fetcher.get(server.url("/a"))
    assert (
        "longer than 8192 bytes" in caught.value.reason or "not a valid URL" in caught.value.reason
    )
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
@pytest.mark.parametrize("value", ['"a\x01b"', '"a\x7f"', "a" * 1025, "a" * 20_000])
def test_invalid_validators_are_neither_kept_nor_sent(
    fetcher: Fetcher, name: str, value: str
) -> None:
    with running_raw_server(raw_response(f"{name}: {value}")) as server:
        page = fetcher.get(server.url("/a"), validators=Validators(value, value))
    assert isinstance(page, Page)
    assert (page.etag, page.last_modified) == (None, None)
    assert not any(line.lower().startswith(b"if-") for line in server.heads[0].splitlines())


@pytest.mark.parametrize("status", [400, 431])
def test_request_is_repeated_without_rejected_validators(
    fetcher: Fetcher, site: Site, status: int
) -> None:
    site["/a"] = Route(status=status, validators=False)
    for validators, requests in ((Validators('"a"'), [True, False]), (None, [False])):
        earlier = len(site.requests)
        with pytest.raises(FetchError, match=f"HTTP {status}"):
            fetcher.get(site.url("/a"), validators=validators)
        sent = [request for request in site.requests[earlier:] if request.path == "/a"]
        assert ["if-none-match" in request.headers for request in sent] == requests

"""Invalid, endless or incomplete responses raise a FetchError with the reason."""

import gzip
import socket
import struct
import threading
import zlib
from itertools import count

import pytest

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher
from tests.fetch.conftest import LOOPBACK
from tests.support.evil import Script, read_head, running_raw_server, send_endlessly, send_slowly

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
PAGE = b"<html><body><p>Whole.</p></body></html>"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"
PACKED = gzip.compress(PAGE * 20)


def with_length(headers: bytes, body: bytes) -> bytes:
    return OK + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def in_chunks(*chunks: bytes) -> bytes:
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


BROKEN: dict[str, tuple[bytes | Script, str]] = {
    "short-length": (OK + b"Content-Length: 100\r\n\r\n" + PAGE, "breaks off"),
    "short-chunked": (in_chunks(b"64\r\n" + PAGE), "breaks off"),
    "chunked-without-its-end": (in_chunks(b"5\r\n<html\r\n"), "breaks off"),
    "chunked-nonsense": (in_chunks(b"zz\r\nhello\r\n0\r\n\r\n"), "chunks are malformed"),
    "chunked-minus-five": (in_chunks(b"-5\r\n" + PAGE), "not valid HTTP"),
    "chunked-minus-one": (in_chunks(b"-1\r\n" + b"x" * 3_000_000), "larger than 100000 bytes"),
    "negative-length": (OK + b"Content-Length: -5\r\n\r\n" + PAGE, "invalid Content-Length"),
    "worded-length": (OK + b"Content-Length: many\r\n\r\n" + PAGE, "invalid Content-Length"),
    "duplicate-length": (
        OK + b"Content-Length: 39\r\nContent-Length: 5\r\n\r\n" + PAGE,
        "contradict|invalid Content-Length",
    ),
    "listed-length": (OK + b"Content-Length: 39, 39\r\n\r\n" + PAGE, "invalid Content-Length"),
    "huge-length": (
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + PAGE,
        "larger than|invalid Content-Length",
    ),
    "http10-cut": (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE[:25], "breaks off"),
    "truncated-gzip": (with_length(b"Content-Encoding: gzip\r\n", PACKED[:-4]), "breaks off"),
    "truncated-gzip-http10": (
        b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + PACKED[:-9],
        "breaks off",
    ),
    "bad-gzip": (with_length(b"Content-Encoding: gzip\r\n", PAGE), "gzip compression is broken"),
    "gzip-bomb": (
        with_length(b"Content-Encoding: gzip\r\n", gzip.compress(b"\0" * 9_000_000)),
        "larger than 100000",
    ),
    "deflate-bomb": (
        with_length(b"Content-Encoding: deflate\r\n", zlib.compress(b"\0" * 9_000_000)),
        "larger than 100000",
    ),
    "twelve-codings": (
        with_length(b"Content-Encoding: " + b"gzip, " * 11 + b"gzip\r\n", PACKED),
        "compressed 12 times",
    ),
    "unasked-coding": (
        with_length(b"Content-Encoding: zstd\r\n", b"(\xb5/\xfd"),
        "zstd, which was not requested",
    ),
    "too-large": (with_length(b"", b"a" * 100_001), "larger than 100000 bytes"),
    "too-large-chunked": (
        in_chunks(b"f4240\r\n" + b"a" * 1_000_000 + b"\r\n0\r\n\r\n"),
        "larger than 100000 bytes",
    ),
    "endless-body": (send_endlessly(OK + b"\r\n", b"a" * 65536), "larger than 100000 bytes"),
    "endless-header": (
        send_endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536),
        "headers is too long",
    ),
    "endless-continue": (
        send_endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        "more than 20 interim answers",
    ),
    "endless-early-hints": (send_endlessly(b"", HINTS * 1000), "more than 20 interim answers"),
    "endless-interim-headers": (
        send_endlessly(b"HTTP/1.1 103 Hints\r\n", b"Link: </a>\r\n" * 1000),
        "more than 64 kB",
    ),
    "endless-interim-header": (
        send_endlessly(b"HTTP/1.1 103 Hints\r\nX: ", b"a" * 65536),
        "more than 64 kB",
    ),
    "only-early-hints": (HINTS, "closed the connection without an answer"),
    "unasked-101": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        "HTTP 101: switching protocols",
    ),
    "endless-chunk-line": (send_endlessly(in_chunks(), b"0" * 65536), "breaks off|malformed"),
    "endless-trailer": (send_endlessly(in_chunks(b"0\r\n"), b"a" * 65536), "breaks off"),
    "header-200k": (OK + b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n", "headers is too long"),
    "headers-500": (OK + b"X-Many: a\r\n" * 500 + b"\r\n", "more than 100 headers"),
    "ssh-banner": (
        b"SSH-2.0-OpenSSH_9.9\r\n",
        "does not speak HTTP; its first line is 'SSH-2.0-OpenSSH_9.9",
    ),
    "http09": (b"<html>hello</html>", "does not speak HTTP"),
    "no-answer": (b"", "closed the connection without an answer"),
    "unasked-304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP 304: .* no condition was sent"),
    "unasked-206": (
        (
            b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-38/99\r\nContent-Length: "
            b"39\r\n\r\n"
        )
        + PAGE,
        "HTTP 206: only a part",
    ),
    "status-999": (
        b"HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n",
        "HTTP 999: a status that HTTP does not know",
    ),
    "broken-error-page": (
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\nx",
        "HTTP 404: the page is gone",
    ),
    "badly-packed-error-page": (
        b"HTTP/1.1 500 Oh\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP 500: the server has an error",
    ),
}

DRIPPING: dict[str, Script] = {
    "drip-body": send_slowly(OK + b"Content-Length: 100000\r\n\r\n", b"a"),
    "drip-chunks": send_slowly(in_chunks(), b"1\r\na\r\n"),
    "drip-to-the-end": send_slowly(OK + b"\r\n", b"a"),
    "drip-headers": send_slowly(OK, b"X-Drop: a\r\n"),
    "drip-status-line": send_slowly(b"HTTP/1.1 200 ", b"O"),
    "drip-nothing": send_slowly(b"", b""),
    "drip-error-page": send_slowly(b"HTTP/1.1 500 Oh\r\nContent-Length: 60000\r\n\r\n", b"a"),
}

WHOLE: dict[str, bytes] = {
    "sized": with_length(b"", PAGE),
    "chunked": in_chunks(b"27\r\n" + PAGE + b"\r\n0\r\n\r\n"),
    "chunked-with-trailer": in_chunks(b"27;ext=1\r\n" + PAGE + b"\r\n0\r\nX-Sum: 1\r\n\r\n"),
    "to-the-end": OK + b"\r\n" + PAGE,
    "http10": b"HTTP/1.0 200 OK\r\n\r\n" + PAGE,
    "same-length-twice": OK + b"Content-Length: 39\r\nContent-Length: 39\r\n\r\n" + PAGE,
    "longer-than-announced": with_length(b"", PAGE) + b"garbage",
    "continue-first": b"HTTP/1.1 100 Continue\r\n\r\n" + with_length(b"", PAGE),
    "processing-first": b"HTTP/1.1 102 Processing\r\n\r\n" + with_length(b"", PAGE),
    "early-hints-first": HINTS + with_length(b"", PAGE),
    "unknown-interim-first": b"HTTP/1.1 199 Soon\r\nX: y\r\n\r\n" + with_length(b"", PAGE),
    "several-interim-first": b"HTTP/1.1 100 Continue\r\n\r\n"
    + HINTS * 19
    + in_chunks(b"27\r\n", PAGE, b"\r\n0\r\n\r\n"),
    "203": with_length(b"", PAGE).replace(b"200 OK", b"203 Not Quite"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_response_raises_an_error(fetcher: Fetcher, name: str) -> None:
    answer, reason = BROKEN[name]
    with running_raw_server(answer) as server, pytest.raises(FetchError, match=reason) as caught:
        fetcher.get(server.url("/page"))
    assert caught.value.url == server.url("/page")


@pytest.mark.parametrize("name", WHOLE)
def test_complete_response_is_a_page(fetcher: Fetcher, name: str) -> None:
    with running_raw_server(WHOLE[name]) as server:
        page = fetcher.get(server.url("/page"))
    assert isinstance(page, Page)
    assert page.body == PAGE


@pytest.mark.parametrize("name", DRIPPING)
def test_slow_body_ends_at_the_deadline(name: str) -> None:
    with (
        Fetcher(allow_private=LOOPBACK, deadline=0.3, delay=0) as fetcher,
        running_raw_server(DRIPPING[name]) as server,
        pytest.raises(FetchError, match=r"no complete answer within 0\.3 s"),
    ):
        fetcher.get(server.url())


def test_slow_body_ends_with_the_time_of_its_run() -> None:
    with (
        Fetcher(allow_private=LOOPBACK, delay=0) as fetcher,
        running_raw_server(DRIPPING["drip-body"]) as server,
        pytest.raises(FetchError, match=r"no complete answer within 0\.3 s"),
    ):
        fetcher.for_run("world", get_remaining=lambda: 0.3).get(server.url())


def test_deadline_applies_to_reused_connections() -> None:
    def script(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(with_length(b"", PAGE))
        read_head(connection)
        send_slowly(OK + b"Content-Length: 9999\r\n\r\n", b"a")(connection, stop)

    with (
        Fetcher(allow_private=LOOPBACK, deadline=0.3, delay=0) as fetcher,
        running_raw_server(script) as server,
    ):
        fetcher.get(server.url("/first"))
        with pytest.raises(FetchError, match="no complete answer"):
            fetcher.get(server.url("/second"))
        assert server.connections == 2  # robots.txt, then one for both pages


def test_deadline_applies_to_all_redirects_together() -> None:
    def script(connection: socket.socket, stop: threading.Event) -> None:
        stop.wait(0.15)
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nConnection: close\r\n\r\n" % next(numbers)
        )

    numbers = count()
    with (
        Fetcher(allow_private=LOOPBACK, deadline=0.5, delay=0) as fetcher,
        running_raw_server(script) as server,
        pytest.raises(FetchError, match=r"no (complete )?answer"),
    ):
        fetcher.get(server.url())
    assert len(server.heads) < 6


def test_connection_closed_between_requests_is_opened_again(fetcher: Fetcher) -> None:
    def script(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(with_length(b"", PAGE))
        if not closed:
            closed.append(read_head(connection))  # and no answer to it

    closed: list[bytes] = []
    with running_raw_server(script) as server:
        fetcher.get(server.url("/first"))
        page = fetcher.get(server.url("/second"))
    assert isinstance(page, Page)
    assert closed[0].startswith(b"GET /second ")
    assert len(server.heads) == 2


def test_connection_reset_raises_an_error(fetcher: Fetcher) -> None:
    def reset(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(OK + b"Content-Length: 100\r\n\r\n<html>")
        stop.wait(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with (
        running_raw_server(reset) as server,
        pytest.raises(FetchError, match=r"broke off the connection|breaks off"),
    ):
        fetcher.get(server.url())


def test_endless_body_of_a_redirect_is_not_read(fetcher: Fetcher) -> None:
    target = send_endlessly(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", b"a" * 65536)

    def script(connection: socket.socket, stop: threading.Event) -> None:
        (target if server.heads[-1].startswith(b"GET /a ") else whole)(connection, stop)

    def whole(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(with_length(b"", PAGE))

    with running_raw_server(script) as server:
        page = fetcher.get(server.url("/a"))
    assert page.url == server.url("/b")

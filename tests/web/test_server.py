"""The server: start, stop, and its limits for clients."""

import signal
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPResponse
from pathlib import Path

import pytest

from feedpub.web import FeedApp, FolderBackend, server
from feedpub.web.http import Request, Response
from tests.support.client import Client, read_until_closed, serve_app
from tests.support.service import eventually
from tests.web.conftest import BASE, RSS

ASK = b"GET /world.rss HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /world.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def statuses(received: bytes) -> list[bytes]:
    """Return the status codes of all responses in a byte stream."""
    return [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]


def test_server_answers_until_stopped(app: FeedApp) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with serve_app(app) as client:
        assert client.server.alive
        assert client.get("/world.rss").status == 200
        assert {number: signal.getsignal(number) for number in handlers} == handlers
    with pytest.raises(ConnectionRefusedError):
        client.connect()
    assert not [thread for thread in threading.enumerate() if thread.name == "feedpub-http"]


def test_server_stops_in_time_despite_open_connections(client: Client) -> None:
    with client.connect() as idle, client.connect() as half:
        idle.sendall(ASK)
        half.sendall(b"GET /wor")
        assert idle.recv(1)
        began = time.monotonic()
        client.server.stop(4)
        assert time.monotonic() - began < 4
        assert not client.server.alive


def test_idle_server_stops_without_waiting_for_its_next_tick(
    app: FeedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_TICK_SECONDS", 1000)
    with serve_app(app) as client:
        assert client.get("/world.rss").status == 200
        client.server.stop(30)
        assert not client.server.alive


def test_app_can_be_replaced_while_serving(client: Client, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "world.rss").write_bytes(b"<rss>other</rss>")
    with client.connect() as connection:
        connection.sendall(ASK)
        assert connection.recv(1 << 20)
        client.server.app = FeedApp(FolderBackend(other), None, [], BASE)
        connection.sendall(LAST.replace(b".json", b".rss"))
        assert read_until_closed(connection).endswith(b"<rss>other</rss>")


def test_pipelined_requests_are_answered_in_order(client: Client) -> None:
    client.get("/world.rss")
    first = b"GET /world.atom HTTP/1.1\r\nHost: x\r\n\r\n"
    received = client.raw(first + ASK + first + ASK + LAST)
    assert statuses(received) == [b"200"] * 5
    bodies = [
        received.index(b"<feed/>"),
        received.index(RSS),
        received.rindex(b"<feed/>"),
        received.rindex(RSS),
        received.index(b"{}"),
    ]
    assert bodies == sorted(bodies)


@pytest.mark.parametrize("path", ["/world.json", "/nope.rss"])
def test_http_1_0_connection_is_closed_after_the_response(client: Client, path: str) -> None:
    for _ in range(2):
        received = client.raw(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert received.startswith(b"HTTP/1.1 ")
        assert b"connection: close\r\n" in received


def test_body_of_a_get_request_is_ignored(client: Client) -> None:
    body = b"GET /world.json HTTP/1.1\r\n\r\n"
    request = ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    for _ in range(2):
        assert statuses(client.raw(request + LAST)) == [b"200", b"200"]


def test_large_response_is_sent_as_fast_as_the_client_receives_it(
    client: Client, folder: Path
) -> None:
    large = b"0123456789abcdef" * (1 << 19)
    (folder / "large.json").write_bytes(large)
    assert client.get("/large.json").body == large
    ask = b"GET /large.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with client.connect() as connection:
        connection.sendall(ask + ask + LAST)
        time.sleep(0.3)  # the server has to wait for the client
        assert client.get("/world.rss").status == 200
        received = read_until_closed(connection)
    assert statuses(received) == [b"200"] * 3
    assert received.count(large) == 2
    assert received.endswith(b"\r\n\r\n{}")


def test_client_that_leaves_a_large_response_is_forgotten(client: Client, folder: Path) -> None:
    (folder / "large.json").write_bytes(b"x" * (1 << 24))
    assert client.get("/large.json").status == 200
    ask = b"GET /large.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with client.connect() as connection:
        connection.sendall(ask + ask)
        assert connection.recv(100)
    state = client.server._server.server_state
    assert eventually(lambda: not state.tasks and not state.connections)


def test_fast_path_and_normal_path_give_the_same_response(client: Client) -> None:
    for headers in ({}, {"Accept-Encoding": "br"}, {"If-None-Match": "*"}):
        first, second = (client.request("GET", "/world.rss", headers) for _ in range(2))
        assert (first.status, first.body) == (second.status, second.body)
        assert {**first.headers, "date": []} == {**second.headers, "date": []}


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /world.rss HTTP/1.1\r\n\r\n",
        b"GET /world.rss HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /world.rss HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nxx",
        b"GET /world.rss HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /w\xc3\xb6rld.rss HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 4_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 300_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=lambda request: repr(request[:60]),
)
def test_invalid_requests_get_400(
    client: Client, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    received = client.raw(request_)
    assert received == b"" or received.startswith(b"HTTP/1.1 400 ")
    assert not caplog.records
    assert client.get("/world.json").status == 200


def test_slow_request_times_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_TIMEOUT_SECONDS", 0.5)
    for start in (
        b"",
        b"GET /wor",
        b"\r\n",
        LAST[:-2],
        ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\nx"),
    ):
        with client.connect() as connection:
            began = time.monotonic()
            connection.sendall(start)
            drip(connection)
            assert time.monotonic() - began < 5


def drip(connection: socket.socket) -> None:
    """Send a byte now and then, until the server closes the connection."""
    connection.settimeout(0.1)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if not connection.recv(1 << 16):
                return
            connection.sendall(b"X")
        except TimeoutError:
            continue
        except ConnectionError:
            return


def test_client_that_receives_nothing_is_disconnected(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SEND_TIMEOUT_SECONDS", 0.5)
    size = 64 << 20
    (folder / "large.png").write_bytes(b"x" * size)
    with client.connect() as connection:
        connection.sendall(LAST.replace(b"world.json", b"large.png"))
        assert eventually(lambda: not client.server._server.server_state.connections, 10)
        assert len(read_until_closed(connection)) < size


def status(connection: socket.socket) -> int:
    """Read the next response to its end, and return its status."""
    response = HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


def test_slow_client_within_the_limits_is_served(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_TIMEOUT_SECONDS", 0.5)
    with client.connect() as connection:
        for _ in range(4):
            connection.sendall(ASK)
            assert status(connection) == 200
            time.sleep(0.2)
        connection.sendall(LAST)
        assert read_until_closed(connection).endswith(b"{}")


def test_number_of_connections_is_limited(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    with client.connect() as first, client.connect() as second:
        for connection in (first, second):
            connection.sendall(ASK)
            assert status(connection) == 200
        with client.connect() as third:
            assert read_until_closed(third) == b""
        first.sendall(LAST)
        assert read_until_closed(first).endswith(b"{}")
    assert eventually(lambda: client.raw(LAST).endswith(b"{}"))


def test_client_that_only_sends_requests_is_disconnected(
    client: Client, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "large.png").write_bytes(b"x" * (8 << 20))
    large = ASK.replace(b"world.rss", b"large.png")
    flood = [client.connect() for _ in range(10)]
    for connection in flood:
        connection.sendall(large)
        with suppress(ConnectionError):  # it is closed while it sends
            connection.sendall(ASK * 20_000)
    began = time.monotonic()
    assert client.get("/world.json").status == 200
    assert time.monotonic() - began < 5
    connections = client.server._server.server_state.connections
    assert eventually(lambda: not connections, 5)
    for connection in flood:
        read_until_closed(connection)
        connection.close()
    assert not caplog.records


def test_sixteen_requests_may_be_pipelined(client: Client, folder: Path) -> None:
    (folder / "large.png").write_bytes(b"x" * (1 << 20))
    requests = (
        ASK.replace(b"world.rss", b"large.png") + ASK * (server.MAX_WAITING_REQUESTS - 1) + LAST
    )
    assert statuses(client.raw(requests)) == [b"200"] * (server.MAX_WAITING_REQUESTS + 1)


def test_address_with_most_connections_loses_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 20)

    def connect(host: str) -> socket.socket:
        return socket.create_connection(
            ("127.0.0.1", client.port), timeout=10, source_address=(host, 0)
        )

    hog = [connect("127.0.0.2") for _ in range(20)]
    for connection in hog:
        connection.sendall(ASK)
        assert status(connection) == 200
    hog[0].sendall(b"GET /wor")
    time.sleep(0.2)
    for host in ("127.0.0.3", "127.0.0.4", "127.0.0.3"):
        with connect(host) as other:
            other.sendall(LAST)
            assert read_until_closed(other).endswith(b"{}")
        with connect("127.0.0.2") as one_more:
            one_more.sendall(LAST)
            read_until_closed(one_more)  # it may take the place that the other one left
    hog[0].sendall(LAST[8:])
    assert read_until_closed(hog[0]).endswith(b"{}")
    for connection in hog:
        connection.close()


@pytest.mark.parametrize(
    ("host", "same"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::ffff:1"),
        ("fe80::1%eth0", "fe80::2"),
    ],
)
def test_ipv6_addresses_are_counted_by_network(host: str, same: str) -> None:
    assert server._network_of(host) == server._network_of(same)
    assert server._network_of(host) != server._network_of("192.0.2.2")


def test_bug_is_logged_and_gets_500(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_site: FeedApp, _request: Request) -> Response:
        raise RuntimeError("a detail")

    with monkeypatch.context() as patch:
        patch.setattr(FeedApp, "_find_file", fail)
        reply = client.get("/world.rss?")
        assert reply.status == 500
        assert b"detail" not in reply.body
        assert "a detail" in caplog.text
    assert client.get("/world.rss").status == 200

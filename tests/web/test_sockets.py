"""Listening sockets: TCP, Unix paths and sockets from systemd."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.core.errors import ServiceError
from feedpub.web import FeedApp, FolderBackend, sockets
from feedpub.web.server import Server
from feedpub.web.sockets import inherited_sockets, open_socket, socket_address
from tests.support.client import read_until_closed

SERVE = """
import os, sys
from pathlib import Path
from feedpub.web import FeedApp, FolderBackend, Server
from feedpub.web.sockets import inherited_sockets
os.dup2(int(sys.argv[2]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
taken = inherited_sockets()
print(sorted(name for name in os.environ if name.startswith("LISTEN")), flush=True)
server = Server(FeedApp(FolderBackend(Path(sys.argv[1])), None, [], ""), taken)
server.start()
sys.stdin.read()
server.stop(5)
"""


@pytest.fixture
def bound_socket() -> Iterator[socket.socket]:
    """Return a socket whose port is in use."""
    with open_socket("127.0.0.1:0") as listening:
        yield listening


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "[::]:0"])
def test_tcp_socket_listens_at_its_address(address: str) -> None:
    with open_socket(address) as listening:
        host, port = listening.getsockname()[:2]
        assert socket_address(listening) == (
            f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        )
        with socket.create_connection((host, port)) as connection:
            assert connection.getpeername()[1] == port


def test_ipv6_wildcard_includes_ipv4() -> None:
    with (
        open_socket("[::]:0") as listening,
        socket.create_connection(("127.0.0.1", listening.getsockname()[1])) as connection,
    ):
        assert connection.getpeername()[0] == "127.0.0.1"


def test_connections_have_nodelay() -> None:
    with open_socket("127.0.0.1:0") as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_port_in_use_is_an_error_with_advice(bound_socket: socket.socket) -> None:
    port = bound_socket.getsockname()[1]
    with pytest.raises(
        ServiceError,
        match=rf"^127\.0\.0\.1:{port}: cannot listen there \(Address already in use\); .*stop",
    ):
        open_socket(f"127.0.0.1:{port}")


def test_foreign_address_is_an_error_with_advice() -> None:
    with pytest.raises(ServiceError, match=r"^192\.0\.2\.1:80: .*one of its own$"):
        open_socket("192.0.2.1:80")


def test_unix_socket_is_open_to_all_users(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with open_socket(f"unix:{path}") as listening, socket.socket(socket.AF_UNIX) as connection:
        assert socket_address(listening) == f"unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o666
        connection.connect(str(path))


def test_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    """One that is in use is not, nor is a file."""
    path = tmp_path / "http.sock"
    open_socket(f"unix:{path}").close()
    assert path.exists()
    with open_socket(f"unix:{path}"), pytest.raises(ServiceError, match="Address already in use"):
        open_socket(f"unix:{path}")
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(ServiceError, match="Address already in use"):
        open_socket(f"unix:{tmp_path / 'file'}")
    assert (tmp_path / "file").read_bytes() == b"mine"
    with pytest.raises(ServiceError, match="create the folder first"):
        open_socket(f"unix:{tmp_path}/none/http.sock")


def test_server_answers_on_a_unix_socket(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    server = Server(FeedApp(FolderBackend(folder), None, [], ""), [open_socket(f"unix:{path}")])
    server.start()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"GET /world.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert read_until_closed(connection).endswith(b"\r\n\r\n{}")
    finally:
        server.stop(5)


def test_sockets_from_systemd_are_served(folder: Path) -> None:
    """A connection made before the start waits. The variables are removed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()) as early:
            early.settimeout(20)  # the subprocess may fail before it serves
            early.sendall(b"GET /world.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            served = subprocess.Popen(  # noqa: S603 -- our own words
                [sys.executable, "-c", SERVE, str(folder), str(listening.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"},
                pass_fds=[listening.fileno()],
            )
            try:
                assert read_until_closed(early).endswith(b"\r\n\r\n{}")
            finally:
                output, _ = served.communicate(timeout=20)
        assert (served.returncode, output) == (0, b"[]\n")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "x", "LISTEN_PID": "me"},
    ],
)
def test_sockets_for_another_process_are_ignored(environ: dict[str, str]) -> None:
    environ = {name: value.replace("me", str(os.getpid())) for name, value in environ.items()}
    assert inherited_sockets(environ) == []
    assert environ == {}


def test_unusable_descriptors_are_errors_with_advice() -> None:
    reading, writing = os.pipe()
    with socket.socket() as idle, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        for descriptor in (reading, idle.detach(), datagrams.detach()):
            with pytest.raises(ServiceError, match=rf"^descriptor {descriptor}: .* unit$"):
                sockets._adopt_descriptor(descriptor)
    os.close(reading)
    os.close(writing)

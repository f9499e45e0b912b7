"""Where it listens."""

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
from tests.support.client import everything

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
def taken() -> Iterator[socket.socket]:
    """A port that somebody listens on."""
    with open_socket("127.0.0.1:0") as listening:
        yield listening


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "[::]:0"])
def test_it_listens_at_an_address(address: str) -> None:
    """Of either family; what it shows is what a browser opens."""
    with open_socket(address) as listening:
        host, port = listening.getsockname()[:2]
        assert socket_address(listening) == (
            f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        )
        with socket.create_connection((host, port)) as connection:
            assert connection.getpeername()[1] == port


def test_all_addresses_are_those_of_both_families() -> None:
    """Where "[::]" is written."""
    with (
        open_socket("[::]:0") as listening,
        socket.create_connection(("127.0.0.1", listening.getsockname()[1])) as connection,
    ):
        assert connection.getpeername()[0] == "127.0.0.1"


def test_answers_are_sent_without_delay() -> None:
    """No connection holds a short packet back to wait for the client's word."""
    with open_socket("127.0.0.1:0") as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_taken_port_is_named(taken: socket.socket) -> None:
    """With what to do about it."""
    port = taken.getsockname()[1]
    with pytest.raises(
        ServiceError,
        match=rf"^127\.0\.0\.1:{port}: cannot listen there \(Address already in use\); .*end",
    ):
        open_socket(f"127.0.0.1:{port}")


def test_an_address_of_another_machine_is_refused() -> None:
    """By name."""
    with pytest.raises(ServiceError, match=r"^192\.0\.2\.1:80: .*one of its own$"):
        open_socket("192.0.2.1:80")


def test_it_listens_at_a_path(tmp_path: Path) -> None:
    """Open to a proxy of another user, as far as the folder lets it in."""
    path = tmp_path / "http.sock"
    with open_socket(f"unix:{path}") as listening, socket.socket(socket.AF_UNIX) as connection:
        assert socket_address(listening) == f"unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o666
        connection.connect(str(path))


def test_a_path_that_was_left_behind_is_taken_over(tmp_path: Path) -> None:
    """One where somebody listens is not, nor is anything that is no socket."""
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


def test_a_path_is_served_like_a_port(folder: Path, tmp_path: Path) -> None:
    """To the byte."""
    path = tmp_path / "http.sock"
    server = Server(FeedApp(FolderBackend(folder), None, [], ""), [open_socket(f"unix:{path}")])
    server.start()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"GET /world.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert everything(connection).endswith(b"\r\n\r\n{}")
    finally:
        server.stop(5)


def test_what_systemd_listens_on_is_served(folder: Path) -> None:
    """The sockets stay systemd's.

    Connections wait in them while nobody serves. The variables are gone afterwards.
    """
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
                assert everything(early).endswith(b"\r\n\r\n{}")
            finally:
                said, _ = served.communicate(timeout=20)
        assert (served.returncode, said) == (0, b"[]\n")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "x", "LISTEN_PID": "me"},
    ],
)
def test_what_is_meant_for_others_is_left_alone(environ: dict[str, str]) -> None:
    """The variables of a process that started us, or none at all."""
    environ = {name: value.replace("me", str(os.getpid())) for name, value in environ.items()}
    assert inherited_sockets(environ) == []
    assert environ == {}


def test_what_is_no_listening_socket_is_refused() -> None:
    """A mistake in the socket unit is told, with what to write there."""
    reading, writing = os.pipe()
    with socket.socket() as idle, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        for descriptor in (reading, idle.detach(), datagrams.detach()):
            with pytest.raises(ServiceError, match=rf"^descriptor {descriptor}: .* unit$"):
                sockets._adopt_descriptor(descriptor)
    os.close(reading)
    os.close(writing)

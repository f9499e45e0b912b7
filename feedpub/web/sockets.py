"""Where it listens: at an address, at a path, or where systemd does so for us."""

import errno
import os
import socket
import stat
from collections.abc import MutableMapping
from pathlib import Path

from feedpub.core.errors import ServiceError

_BACKLOG = 1024  # connections that wait to be taken
_FIRST_INHERITED = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
_ADVICE = {
    errno.EADDRINUSE: "something listens there already: end it, or listen elsewhere",
    errno.EADDRNOTAVAIL: "this machine has no such address: write one of its own",
    errno.EACCES: "let the user that runs feedpub do that, or listen elsewhere: ports below 1024 are often kept",
    errno.ENOENT: "make the folder first",
}


def open_socket(address: str) -> socket.socket:
    """Listen at an address: "127.0.0.1:8080", "[::1]:8080" or "unix:/run/feedpub/http.sock".

    Raises:
        ServiceError: it cannot be had.
    """
    try:
        if address.startswith("unix:"):
            return _at_path(Path(address.removeprefix("unix:")))
        host, _, port = address.rpartition(":")
        return _at_port(host.strip("[]"), int(port))
    except OSError as error:
        number = error.errno or 0
        advice = _ADVICE.get(number, "listen elsewhere")
        raise ServiceError(
            f"{address}: cannot listen there ({os.strerror(number)}); {advice}"
        ) from error


def inherited_sockets(environ: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """The sockets that systemd listens on for us (sd_listen_fds(3)); none where it does not.

    The variables that tell of them are taken away, so that no process we start takes them for its
    own.

    Raises:
        ServiceError: what was handed over is no listening socket.
    """
    number, pid = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not number.isdecimal():
        return []
    return [
        _taken_over(descriptor)
        for descriptor in range(_FIRST_INHERITED, _FIRST_INHERITED + int(number))
    ]


def socket_address(listening: socket.socket) -> str:
    """The address as people write it: "http://127.0.0.1:8080/", or unix: and a path."""
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"unix:{name}"
    host, port = name[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _at_port(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = (
        host == "::" and socket.has_dualstack_ipv6()
    )  # all addresses are meant, those of IPv4 too
    listening = socket.create_server(
        (host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both
    )
    # Connections have it from here: asyncio sees to it only where the protocol was named. Else each
    # answer's second
    # half waits for the client's word that it has the first.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _at_path(path: Path) -> socket.socket:
    """A socket in the file system, in place of one that a process left behind."""
    if _is_left_behind(path):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(path))
        path.chmod(0o666)  # the folder says who may come: a proxy is another user
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _is_left_behind(path: Path) -> bool:
    """Whether a socket lies there that nobody listens on."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
    return False


def _taken_over(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 -- the library has no other way
        listening = socket.socket(fileno=descriptor)
        usable = listening.type == socket.SOCK_STREAM and listening.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN
        )
    except OSError as error:
        raise ServiceError(
            f"descriptor {descriptor}: no socket ({error.strerror}); look at the socket unit"
        ) from error
    if not usable:
        listening.close()
        raise ServiceError(
            f"descriptor {descriptor}: not a listening stream socket; write ListenStream= in its unit"
        )
    return listening

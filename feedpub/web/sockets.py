"""Open the sockets to listen on: a host and port, a Unix path, or those inherited from systemd."""

import errno
import os
import socket
import stat
from collections.abc import MutableMapping
from pathlib import Path

from feedpub.core.errors import ServiceError

_BACKLOG = 1024  # connections that wait to be accepted
_FIRST_INHERITED = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
_ADVICE = {
    errno.EADDRINUSE: "another process uses it; stop that process or choose another address",
    errno.EADDRNOTAVAIL: "this machine does not have that address; use one of its own",
    errno.EACCES: (
        "the user that runs feedpub lacks the permission, which ports below 1024 often require; "
        "grant it or choose another address"
    ),
    errno.ENOENT: "create the folder first",
}


def open_socket(address: str) -> socket.socket:
    """Listen at an address: "127.0.0.1:8080", "[::1]:8080" or "unix:/run/feedpub/http.sock".

    Raises:
        ServiceError: The address is not available.
    """
    try:
        if address.startswith("unix:"):
            return _open_unix_socket(Path(address.removeprefix("unix:")))
        host, _, port = address.rpartition(":")
        return _open_tcp_socket(host.strip("[]"), int(port))
    except OSError as error:
        number = error.errno or 0
        advice = _ADVICE.get(number, "choose another address")
        raise ServiceError(
            f"{address}: cannot listen there ({os.strerror(number)}); {advice}"
        ) from error


def inherited_sockets(environ: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """Return the listening sockets that systemd passed (sd_listen_fds(3)).

    The variables that describe them are removed, so that no child process uses them.

    Raises:
        ServiceError: A passed descriptor is not a listening socket.
    """
    number, pid = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not number.isdecimal():
        return []
    descriptors = range(_FIRST_INHERITED, _FIRST_INHERITED + int(number))
    return [_adopt_descriptor(descriptor) for descriptor in descriptors]


def socket_address(listening: socket.socket) -> str:
    """Return a socket's address as users write it: "http://127.0.0.1:8080/" or "unix:/path"."""
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"unix:{name}"
    host, port = name[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _open_tcp_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # "::" means all addresses, including those of IPv4
    dual_stack = host == "::" and socket.has_dualstack_ipv6()
    listening = socket.create_server(
        (host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=dual_stack
    )
    # Connections inherit this option. asyncio sets it only on sockets with a protocol number.
    # Without it, the second half of a response waits until the client acknowledges the first.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _open_unix_socket(path: Path) -> socket.socket:
    """Open a Unix socket, and replace one that an earlier process left behind."""
    if _is_stale_socket(path):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(path))
        path.chmod(0o666)  # the folder controls access, because a proxy runs as another user
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _is_stale_socket(path: Path) -> bool:
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
    return False


def _adopt_descriptor(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 -- the function takes no keywords
        listening = socket.socket(fileno=descriptor)
        is_stream = listening.type == socket.SOCK_STREAM
        is_usable = is_stream and listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ServiceError(
            f"descriptor {descriptor}: not a socket ({error.strerror}); check the socket unit"
        ) from error
    if not is_usable:
        listening.close()
        raise ServiceError(
            f"descriptor {descriptor}: not a listening stream socket; "
            "set ListenStream= in the socket unit"
        )
    return listening

"""A name server of a stage, and how a command is made to ask it.

By an /etc/resolv.conf that only it sees.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from tests.catalogue.command import may_mount
from tests.support.dns import NameServer, resolver_config, running_name_server

_numbers = count(100)


@contextmanager
def name_server(address: str, *names: str) -> Iterator[NameServer]:
    """A name server at an address of its own, on the port that resolvers ask.

    These names lead to an address.
    """
    own = f"127.{next(_numbers) % 100 + 100}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    with running_name_server(own) as server:
        server.learn({name: [[address]] for name in names})
        yield server


def asking(server: NameServer, folder: Path) -> str:
    """A script that lets the command ask this server and no other."""
    (folder / "resolv.conf").write_text(resolver_config(server.address), "ascii")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n", "ascii")
    mounts = (
        f"mount --bind '{folder / name}' /etc/{name}" for name in ("resolv.conf", "nsswitch.conf")
    )
    return f'{" && ".join(mounts)} && exec "$@"'


@cache
def needs_names() -> str:
    """Why names cannot be served here; "" where they can."""
    if not may_mount():
        return "not permitted to mount a resolv.conf"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.99.0.1", 53))
        except OSError:
            return "not permitted to listen on port 53"
    return ""

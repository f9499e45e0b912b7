"""A name server for a stage.

The command uses it through a private /etc/resolv.conf.
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
    """Run a name server at its own address, on port 53; these names resolve to `address`."""
    own = f"127.{next(_numbers) % 100 + 100}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    with running_name_server(own) as server:
        server.add({name: [[address]] for name in names})
        yield server


def resolver_script(server: NameServer, folder: Path) -> str:
    """Return a script that makes the command use only this server."""
    (folder / "resolv.conf").write_text(resolver_config(server.address), "ascii")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n", "ascii")
    mounts = (
        f"mount --bind '{folder / name}' /etc/{name}" for name in ("resolv.conf", "nsswitch.conf")
    )
    return f'{" && ".join(mounts)} && exec "$@"'


@cache
def needs_names() -> str:
    """Return why names cannot be served here; "" if they can."""
    if not may_mount():
        return "not permitted to mount a resolv.conf"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.99.0.1", 53))
        except OSError:
            return "not permitted to listen on port 53"
    return ""

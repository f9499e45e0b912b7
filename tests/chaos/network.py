"""Simulate several machines on one.

Each is a network namespace with an address of its own, on a bridge with this machine's address.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BRIDGE = "fpchaos"
NETWORK = "10.99.0.0/16"
HOST_ADDRESS = "10.99.0.1"  # PostgreSQL's, on the bridge
_TOOLS = ("ip", "unshare")


class NetworkError(Exception):
    """A network command was refused by the machine."""


@dataclass(frozen=True)
class Node:
    """A node by its number, from 0."""

    number: int

    @property
    def name(self) -> str:
        """Return the name of its namespace."""
        return f"{BRIDGE}-{self.number}"

    @property
    def address(self) -> str:
        """Return its address."""
        return f"10.99.0.{10 + self.number}"

    @property
    def bridge_link(self) -> str:
        """Return the bridge's end of its link."""
        return f"{BRIDGE}{self.number}"

    def command_prefix(self, command: Sequence[str]) -> list[str]:
        """Return the prefix that runs a command on the node, as in a container.

        All nodes have one name, and the first process is number 1.
        """
        enter = [
            "ip",
            "netns",
            "exec",
            self.name,
            "unshare",
            "--pid",
            "--uts",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]
        return [*enter, "sh", "-c", 'hostname feedpub; exec "$@"', "sh", *command]

    def disconnect(self) -> None:
        """Cut the connection: packets are lost, and both ends get no error."""
        _ip("link", "set", self.bridge_link, "down")

    def reconnect(self) -> None:
        """Restore the connection."""
        _ip("link", "set", self.bridge_link, "up")


def missing_requirement() -> str:
    """Return the reason why no such network can exist here; "" if one can."""
    if absent := [tool for tool in _TOOLS if not shutil.which(tool)]:
        return f"no namespaces: {', '.join(absent)} not installed"
    if os.geteuid():
        return "no namespaces: only root may make them"
    try:
        with network(nodes=1, sites=1):
            pass
    except NetworkError as error:
        return f"no namespaces: {error}"
    return ""


@contextmanager
def network(nodes: int, sites: int) -> Iterator[list[Node]]:
    """Create the nodes, and a bridge address for each site; remove all of them at the end."""
    created = [Node(number) for number in range(nodes)]
    with _wait_for_lock():
        _remove_all()  # a run that was killed left its own
        try:
            _ip("link", "add", BRIDGE, "type", "bridge")
            for address in (HOST_ADDRESS, *map(site_address, range(sites))):
                _ip("address", "add", f"{address}/16", "dev", BRIDGE)
            _ip("link", "set", BRIDGE, "up")
            for node in created:
                _connect(node)
            yield created
        finally:
            _remove_all()


@contextmanager
def _wait_for_lock() -> Iterator[None]:
    """Wait while another run has the network: there is one bridge of that name."""
    with Path(tempfile.gettempdir(), f"{BRIDGE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_all() -> None:
    """Remove the links, the bridge and the nodes that exist."""
    for name in _own_names(
        "-brief", "link", "show"
    ):  # a cable's other end in a namespace goes with it, and at once
        _ip("link", "del", name.partition("@")[0])
    for name in _own_names("netns", "list"):
        _ip("netns", "del", name)


def _own_names(*words: str) -> list[str]:
    """Return the names in a listing that belong to this test."""
    listed = (line.split()[0] for line in _ip(*words).splitlines())
    return [name for name in listed if name.startswith(BRIDGE)]


def site_address(number: int) -> str:
    """Return the address of a site by its number, from 0."""
    return f"10.99.1.{1 + number}"


def _connect(node: Node) -> None:
    _ip("netns", "add", node.name)
    _ip("link", "add", node.bridge_link, "type", "veth", "peer", "name", "eth0", "netns", node.name)
    _ip("link", "set", node.bridge_link, "master", BRIDGE, "up")
    _ip("-n", node.name, "address", "add", f"{node.address}/16", "dev", "eth0")
    for device in ("lo", "eth0"):
        _ip("-n", node.name, "link", "set", device, "up")


def _ip(*words: str) -> str:
    """Run `ip` and return its output."""
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)  # noqa: S603, S607
    if done.returncode:
        raise NetworkError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout

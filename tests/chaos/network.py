"""Several machines on one: network namespaces, each with its own address, on a bridge that has this machine's."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

BRIDGE = "fpchaos"
NETWORK = "10.99.0.0/16"
HERE = "10.99.0.1"  # PostgreSQL's, on the bridge
_TOOLS = ("ip", "unshare")


@dataclass(frozen=True)
class Node:
    """A machine by its number, from 0."""

    number: int

    @property
    def name(self) -> str:
        """Of its namespace."""
        return f"{BRIDGE}-{self.number}"

    @property
    def address(self) -> str:
        """Its own."""
        return f"10.99.0.{10 + self.number}"

    @property
    def cable(self) -> str:
        """The bridge's end of it."""
        return f"{BRIDGE}{self.number}"

    def command(self, command: Sequence[str]) -> list[str]:
        """What runs a command there, as in a container: all nodes have one name, and the first process is number 1."""
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

    def cut(self) -> None:
        """Pull the cable: whatever is sent is lost, and nobody is told."""
        _ip("link", "set", self.cable, "down")

    def restore(self) -> None:
        """Put the cable back."""
        _ip("link", "set", self.cable, "up")


def missing() -> str:
    """Why there can be no such network here; "" where there can."""
    if absent := [tool for tool in _TOOLS if not shutil.which(tool)]:
        return f"no namespaces: {', '.join(absent)} not installed"
    if os.geteuid():
        return "no namespaces: only root may make them"
    try:
        _ip("netns", "add", f"{BRIDGE}-probe")
        _ip("netns", "del", f"{BRIDGE}-probe")
    except subprocess.CalledProcessError as error:
        return f"no namespaces: {error.stderr.strip()}"
    return ""


@contextmanager
def network(nodes: int, sites: int) -> Iterator[list[Node]]:
    """The nodes, and an address on the bridge for each site; all are taken away at the end."""
    made = [Node(number) for number in range(nodes)]
    _ip("link", "add", BRIDGE, "type", "bridge")
    try:
        for address in (HERE, *map(site_address, range(sites))):
            _ip("address", "add", f"{address}/16", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for node in made:
            _join(node)
        yield made
    finally:
        for node in made:
            subprocess.run(["ip", "netns", "del", node.name], check=False, capture_output=True)  # noqa: S603, S607
        _ip("link", "del", BRIDGE)


def site_address(number: int) -> str:
    """The address of a site by its number, from 0."""
    return f"10.99.1.{1 + number}"


def _join(node: Node) -> None:
    _ip("netns", "add", node.name)
    _ip("link", "add", node.cable, "type", "veth", "peer", "name", "eth0", "netns", node.name)
    _ip("link", "set", node.cable, "master", BRIDGE, "up")
    _ip("-n", node.name, "address", "add", f"{node.address}/16", "dev", "eth0")
    for device in ("lo", "eth0"):
        _ip("-n", node.name, "link", "set", device, "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)  # noqa: S603, S607

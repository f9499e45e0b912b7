"""A name server on loopback, and how to make a process ask it: by an /etc/resolv.conf that only this process sees."""

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from threading import Thread

_A, _AAAA = 1, 28
_NO_SUCH_NAME = 3
_QUESTION = 12  # where it begins in a message

Answer = Sequence[str] | int | None
"""Addresses; or the number of an error; or None for no answer at all."""


@dataclass
class NameServer:
    """Answers for all names; `names` are functions, asked anew for each query, so that answers may change."""

    host: str
    names: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        """Answer until the socket is closed."""
        while True:
            try:
                query, client = listening.recvfrom(2000)
            except OSError:
                return
            if not query:
                return
            if reply := self._reply(query):
                listening.sendto(reply, client)

    def _reply(self, query: bytes) -> bytes | None:
        name, end = _name(query)
        (kind,) = struct.unpack_from(">H", query, end)
        question = query[_QUESTION : end + 4]
        self.asked.append(name)
        answer = self.names.get(name, lambda: _NO_SUCH_NAME)()
        if answer is None:
            return None
        error = answer if isinstance(answer, int) else 0
        found = [] if isinstance(answer, int) else [ip_address(address).packed for address in answer]
        records = [packed for packed in found if len(packed) == (4 if kind == _A else 16) and kind in (_A, _AAAA)]
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | error, 1, len(records), 0, 0)
        fields = (struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(packed)) + packed for packed in records)
        return head + question + b"".join(fields)


def _name(query: bytes) -> tuple[str, int]:
    """The name asked for, and where it ends."""
    labels, at = [], _QUESTION
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels).lower(), at + 1


@contextmanager
def name_server() -> Iterator[NameServer]:
    """A name server at an address of its own, on the one port that resolvers ask."""
    with _bound() as listening:
        server = NameServer(listening.getsockname()[0])
        thread = Thread(target=server.serve, args=(listening,))
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", listening.getsockname())
            thread.join()


@contextmanager
def _bound() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        for number in count(1):
            try:
                listening.bind((f"127.78.{number >> 8}.{number & 255}", 53))
            except OSError:
                if number > 1000:
                    raise
            else:
                break
        yield listening


@cache
def may_serve() -> bool:
    """Whether a name server can listen where resolvers ask."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.79.0.1", 53))
        except OSError:
            return False
    return True


def asking(server: NameServer, folder: Path) -> str:
    """A script that lets the command ask this server and no other."""
    file = folder / "resolv.conf"
    file.write_text(f"nameserver {server.host}\noptions timeout:5 attempts:2\n", "ascii")
    return f"mount --bind '{file}' /etc/resolv.conf && exec \"$@\""

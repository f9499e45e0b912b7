"""A DNS server on loopback, over UDP and TCP, with answers that can change with each question.

It supports A and AAAA, the questions of a stub resolver. The answer to a question is a list of
addresses, a name that the requested one is an alias of, or one of the faults defined here.
"""

import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

NXDOMAIN, SERVFAIL, REFUSED = "nxdomain", "servfail", "refused"
SILENT, GARBAGE, WRONG_ID, CUT = (
    "silent",
    "garbage",
    "wrong-id",
    "cut",
)  # CUT: over UDP only, so that the client retries over TCP
FAULTS = {NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5}

Answer = Sequence[str] | str
"""Addresses of both families; or a fault; or "alias NAME"."""

_A, _CNAME, _AAAA = 1, 5, 28
_FAMILIES = {_A: 4, _AAAA: 6}


class NameServer:
    """A server that answers from `zone`: the answers of a name in turn, then the last one again.

    Attributes:
        address: The address that it listens on.
        zone: Name → its answers. A name that is not in it does not exist.
        asked: The requested names, in order, once for each A question.
    """

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.zone: dict[str, Sequence[Answer]] = {}
        self.queried_names: list[str] = []
        self._counts: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        self._servers: list[socketserver.BaseServer] = [
            _UDPServer((address, port), _OverUDP),
            _TCPServer((address, port), _OverTCP),
        ]
        for server in self._servers:
            server.names = self  # type: ignore[attr-defined]
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.02,)) for server in self._servers
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    def add(self, zone: Mapping[str, Sequence[Answer]]) -> None:
        """Add names. The answers of known names start again."""
        with self._lock:
            self.zone.update(zone)
            for name, kind in list(self._counts):
                if name in zone:
                    del self._counts[name, kind]

    def answer(self, query: bytes, *, udp: bool) -> bytes | None:
        """Return the response to a question; None sends none."""
        name, kind, end = _question(query)
        found = self._next(name, kind, udp=udp)
        question = query[12:end]
        if found == SILENT:
            return None
        if found == GARBAGE:
            return query[:2] + b"\x81\x80" + b"\xff" * 40
        if found == CUT:
            if udp:
                return _header(query, flags=0x8380) + question
            found = self.zone[f"whole.{name}"][0]
        if isinstance(found, str) and found in FAULTS:
            return _header(query, flags=0x8180 | FAULTS[found]) + question
        records = list(self._records(found, kind))
        identity = bytes(255 - byte for byte in query[:2]) if found == WRONG_ID else query[:2]
        return identity + _header(query, answers=len(records))[2:] + question + b"".join(records)

    def _next(self, name: str, kind: int, *, udp: bool) -> Answer:
        with self._lock:
            if kind == _A and udp:
                self.queried_names.append(name)
            answers = self.zone.get(name, [NXDOMAIN])
            at = self._counts[name, kind]
            self._counts[name, kind] += 1
        return answers[min(at, len(answers) - 1)]

    def _records(self, found: Answer, kind: int) -> Iterator[bytes]:
        if isinstance(found, str):
            if not found.startswith("alias "):
                return
            alias = found.removeprefix("alias ")
            target = _encode_name(alias)
            yield _record(b"\xc0\x0c", _CNAME, target)
            inner = self.zone[alias][0]
            yield from (_record(target, kind, data) for data in _addresses(inner, kind))
            return
        yield from (_record(b"\xc0\x0c", kind, data) for data in _addresses(found, kind))


def _addresses(found: Answer, kind: int) -> Iterator[bytes]:
    addresses = (ip_address(text) for text in ([] if isinstance(found, str) else found))
    return (address.packed for address in addresses if address.version == _FAMILIES.get(kind))


def _question(query: bytes) -> tuple[str, int, int]:
    """Return the name and type of a question, and the offset of its end."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    (kind,) = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels), kind, at + 5


def _header(query: bytes, *, flags: int = 0x8180, answers: int = 0) -> bytes:
    return query[:2] + struct.pack("!HHHHH", flags, 1, answers, 0, 0)


def _encode_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _record(name: bytes, kind: int, data: bytes) -> bytes:
    """Return a record with a time to live of 0, so that it is not cached."""
    return name + struct.pack("!HHIH", kind, 1, 0, len(data)) + data


class _UDPServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    allow_reuse_address = True


class _TCPServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _OverUDP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        query, connection = self.request
        server: Any = self.server
        if (answer := server.names.answer(query, udp=True)) is not None:
            connection.sendto(answer, self.client_address)


class _OverTCP(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        while len(size := self.rfile.read(2)) == 2:
            query = self.rfile.read(int.from_bytes(size))
            if (answer := server.names.answer(query, udp=False)) is not None:
                self.wfile.write(len(answer).to_bytes(2) + answer)


@contextmanager
def running_name_server(address: str, port: int = 53) -> Iterator[NameServer]:
    """Run a server until the block ends."""
    server = NameServer(address, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def resolver_config(address: str) -> str:
    """Return the /etc/resolv.conf for a single server."""
    return f"nameserver {address}\noptions timeout:1 attempts:2\n"

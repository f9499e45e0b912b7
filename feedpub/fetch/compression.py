"""Content codings: gzip, deflate and, where the brotli package is installed, br.

Each is unpacked with a limit (a bomb stops at it) and must end where its format says that it ends,
which urllib3's own decoders do not check.
"""

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from feedpub.core.errors import FetchError
from feedpub.fetch.deadline import too_large_error

_MOST_CODINGS = 3  # stacked; a real server uses one
_MOST_MEMBERS = 100  # of one gzip stream; a real server uses one
_CUT = "the compressed answer breaks off before its end"
_GZIP_MAGIC = b"\x1f\x8b"
_UNREADABLE = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})

Decoder = Callable[[bytes, int], bytes]


def content_codings(content_encoding: str) -> tuple[str, ...]:
    """The codings that a Content-Encoding header lists; names that are none ("utf-8") are ignored, as browsers do.

    Raises:
        FetchError: they are too many, or one was not asked for.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    listed = tuple(name for name in names if name in DECODERS or name in _UNREADABLE)
    if len(listed) > _MOST_CODINGS:
        raise FetchError(f"the answer is compressed {len(listed)} times over")
    if unreadable := [name for name in listed if name not in DECODERS]:
        raise FetchError(f"the answer is compressed with {unreadable[0]}, which was not asked for")
    return listed


def decompress(body: bytes, applied: Sequence[str], max_bytes: int) -> bytes:
    """Undo the codings that were applied to a body, the last one first. An empty body is empty in any of them.

    Raises:
        FetchError: it is broken, cut off or larger than `max_bytes`.
    """
    for coding in reversed(applied):
        try:
            body = DECODERS[coding](body, max_bytes) if body else b""
        except zlib.error as error:
            raise FetchError(f"the answer's {coding} compression is broken") from error
    return body


def decompress_start(body: bytes, applied: Sequence[str], max_bytes: int) -> bytes:
    """Undo the codings of a body of which only the start is there, or only the start is wanted.

    Raises:
        FetchError: it is broken.
    """
    for coding in reversed(applied):
        try:
            body = _start_of(coding, body, max_bytes) if body else b""
        except zlib.error as error:
            raise FetchError(f"the answer's {coding} compression is broken") from error
    return body


def _start_of(coding: str, body: bytes, max_bytes: int) -> bytes:
    if coding == "br":
        return _unbrotli_start(import_module("brotli"), body, max_bytes)
    if coding == "deflate":
        try:
            return zlib.decompressobj(zlib.MAX_WBITS).decompress(body, max_bytes)
        except zlib.error:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, max_bytes)
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, max_bytes)


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip stream.

    Bytes after the last one are padding, as other clients have it.
    """
    unpacked = b""
    for _ in range(_MOST_MEMBERS):
        part, body = _inflate(body, limit - len(unpacked), limit, 16 + zlib.MAX_WBITS)
        unpacked += part
        if not body.startswith(_GZIP_MAGIC):
            return unpacked
    raise FetchError(f"the answer's gzip stream has more than {_MOST_MEMBERS} members")


def _deflate(body: bytes, limit: int) -> bytes:
    """With the zlib header that the standard wants, or without it, as some servers send it."""
    try:
        return _inflate(body, limit, limit, zlib.MAX_WBITS)[0]
    except zlib.error:
        return _inflate(body, limit, limit, -zlib.MAX_WBITS)[0]


def _inflate(body: bytes, room: int, limit: int, wbits: int) -> tuple[bytes, bytes]:
    """One stream, unpacked, and what follows it."""
    stream = zlib.decompressobj(wbits)
    unpacked = stream.decompress(body, room + 1)
    if len(unpacked) > room:
        raise too_large_error(limit)
    if not stream.eof:
        raise FetchError(_CUT)
    return unpacked, stream.unused_data


def _unbrotli(brotli: Any, body: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    unpacked = bytearray()
    try:
        while not stream.is_finished():
            part = stream.process(body, output_buffer_limit=limit + 1)
            body = b""  # the stream has it all now, whatever it still holds back
            unpacked += part
            if len(unpacked) > limit:
                raise too_large_error(limit)
            if not part and stream.can_accept_more_data():
                raise FetchError(_CUT)
    except brotli.error as error:
        raise FetchError("the answer's br compression is broken") from error
    return bytes(unpacked)


def _unbrotli_start(brotli: Any, body: bytes, max_bytes: int) -> bytes:
    try:
        start: bytes = brotli.Decompressor().process(body, output_buffer_limit=max_bytes)
    except brotli.error as error:
        raise FetchError("the answer's br compression is broken") from error
    return start[:max_bytes]


def decoders(brotli_package: str = "brotli") -> dict[str, Decoder]:
    """The codings that can be undone here, in the order in which they are offered."""
    known: dict[str, Decoder] = {"gzip": _gunzip, "deflate": _deflate, "x-gzip": _gunzip}
    if find_spec(brotli_package):
        brotli: Any = import_module(brotli_package)  # has no types
        if hasattr(
            brotli.Decompressor, "can_accept_more_data"
        ):  # since 1.2 its output can be limited
            known["br"] = partial(_unbrotli, brotli)
    return known


DECODERS = decoders()
ACCEPT_ENCODING = ", ".join(name for name in DECODERS if name != "x-gzip")

"""Decode gzip, deflate and, if the brotli package is installed, br.

Each decoder has an output limit, which stops decompression bombs. It also checks that the data ends
as its format requires, which urllib3's decoders do not.
"""

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from feedpub.core.errors import FetchError
from feedpub.fetch.limits import too_large_error

_MAX_CODINGS = 3  # stacked; a real server uses one
_MAX_MEMBERS = 100  # of one gzip stream; a real server uses one
_INCOMPLETE = "the compressed answer breaks off before its end"
_GZIP_MAGIC = b"\x1f\x8b"
_UNSUPPORTED = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})

Decoder = Callable[[bytes, int], bytes]


def content_codings(content_encoding: str) -> tuple[str, ...]:
    """Return the codings in a Content-Encoding header.

    Unknown names such as "utf-8" are ignored, as in browsers.

    Raises:
        FetchError: there are too many, or one is not supported.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    listed = tuple(name for name in names if name in DECODERS or name in _UNSUPPORTED)
    if len(listed) > _MAX_CODINGS:
        raise FetchError(f"the answer is compressed {len(listed)} times over")
    if unsupported := [name for name in listed if name not in DECODERS]:
        raise FetchError(f"the answer is compressed with {unsupported[0]}, which was not requested")
    return listed


def decompress(body: bytes, applied: Sequence[str], max_bytes: int) -> bytes:
    """Decode a body, the last coding first. An empty body is valid in any coding.

    Raises:
        FetchError: it is invalid, incomplete or larger than `max_bytes`.
    """
    for coding in reversed(applied):
        try:
            body = DECODERS[coding](body, max_bytes) if body else b""
        except zlib.error as error:
            raise FetchError(f"the answer's {coding} compression is broken") from error
    return body


def decompress_start(body: bytes, applied: Sequence[str], max_bytes: int) -> bytes:
    """Decode the start of a body that may be incomplete.

    Raises:
        FetchError: it is invalid.
    """
    for coding in reversed(applied):
        try:
            body = _decompress_start(coding, body, max_bytes) if body else b""
        except zlib.error as error:
            raise FetchError(f"the answer's {coding} compression is broken") from error
    return body


def _decompress_start(coding: str, body: bytes, max_bytes: int) -> bytes:
    if coding == "br":
        return _unbrotli_start(import_module("brotli"), body, max_bytes)
    if coding == "deflate":
        try:
            return zlib.decompressobj(zlib.MAX_WBITS).decompress(body, max_bytes)
        except zlib.error:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, max_bytes)
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, max_bytes)


def _gunzip(body: bytes, limit: int) -> bytes:
    """Decode all members of a gzip stream, and ignore what follows the last one."""
    unpacked = b""
    for _ in range(_MAX_MEMBERS):
        part, body = _inflate(body, limit - len(unpacked), limit, 16 + zlib.MAX_WBITS)
        unpacked += part
        if not body.startswith(_GZIP_MAGIC):
            return unpacked
    raise FetchError(f"the answer's gzip stream has more than {_MAX_MEMBERS} members")


def _deflate(body: bytes, limit: int) -> bytes:
    """Decode deflate with the zlib header of the standard, or without, as some servers send it."""
    try:
        return _inflate(body, limit, limit, zlib.MAX_WBITS)[0]
    except zlib.error:
        return _inflate(body, limit, limit, -zlib.MAX_WBITS)[0]


def _inflate(body: bytes, max_bytes: int, limit: int, wbits: int) -> tuple[bytes, bytes]:
    """Return one decoded stream and the bytes after it."""
    stream = zlib.decompressobj(wbits)
    unpacked = stream.decompress(body, max_bytes + 1)
    if len(unpacked) > max_bytes:
        raise too_large_error(limit)
    if not stream.eof:
        raise FetchError(_INCOMPLETE)
    return unpacked, stream.unused_data


def _unbrotli(brotli: Any, body: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    unpacked = bytearray()
    try:
        while not stream.is_finished():
            part = stream.process(body, output_buffer_limit=limit + 1)
            body = b""  # the stream has all of it
            unpacked += part
            if len(unpacked) > limit:
                raise too_large_error(limit)
            if not part and stream.can_accept_more_data():
                raise FetchError(_INCOMPLETE)
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
    """Return the supported codings with their decoders, in the order of Accept-Encoding."""
    known: dict[str, Decoder] = {"gzip": _gunzip, "deflate": _deflate, "x-gzip": _gunzip}
    if find_spec(brotli_package):
        brotli: Any = import_module(brotli_package)  # has no types
        has_output_limit = hasattr(brotli.Decompressor, "can_accept_more_data")  # since 1.2
        if has_output_limit:
            known["br"] = partial(_unbrotli, brotli)
    return known


DECODERS = decoders()
ACCEPT_ENCODING = ", ".join(name for name in DECODERS if name != "x-gzip")

"""Reads an answer's body to its end, and takes no part of it for the whole.

urllib3 notices a body shorter than its length and a chunk that breaks off. The rest is noticed here: lengths that
contradict each other, cut compression, a page that breaks off where nothing announced its length, and sizes over the
cap. What is raised has no URL: the caller adds it.
"""

import re

from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from feedpub.bounds import occurs
from feedpub.errors import FetchError
from feedpub.fetch.call import Call, too_large
from feedpub.fetch.codings import codings, decompress, decompress_start
from feedpub.fetch.room import SMALL_BODY_BYTES

_CHUNK = 1 << 16
_START = 1 << 16  # bytes of an error's page that are read
_LONGEST_START = 1 << 18  # unpacked
_HTML_BEGIN = re.compile(rb"<html[\s>]", re.IGNORECASE)
_HTML_END = re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)


def read_body(raw: HTTPResponse, call: Call) -> bytes:
    """The whole body, decompressed.

    Raises:
        FetchError: it is larger than `call.max_bytes`, packed or unpacked, or not all there, or has no room.
    """
    max_bytes = call.max_bytes
    applied = codings(raw.headers.get("Content-Encoding", ""))
    announced = _length(raw)
    if announced is not None and announced > max_bytes:
        raise too_large(max_bytes)
    received = bytearray()
    for part in raw.stream(_CHUNK, decode_content=False):
        received += part
        if len(received) > max_bytes:
            raise too_large(max_bytes)
        if len(received) > SMALL_BODY_BYTES:
            call.make_room(max_bytes if applied or announced is None else announced)
    if applied and len(decompress_start(bytes(received), applied, SMALL_BODY_BYTES + 1)) > SMALL_BODY_BYTES:
        call.make_room(max_bytes)
    body = decompress(bytes(received), applied, max_bytes)
    call.make_room(len(body))
    if announced is None and not raw.chunked:
        _refuse_cut_page(body)
    return body


def read_lines(raw: HTTPResponse, max_bytes: int) -> bytes:
    """Return the whole lines in the first bytes of a body. What follows is not read: close the connection.

    Args:
        raw: the answer.
        max_bytes: that are read, packed or unpacked.

    Raises:
        FetchError: the body is broken, or breaks off before that.
    """
    applied = codings(raw.headers.get("Content-Encoding", ""))
    received = bytearray()
    for part in raw.stream(_CHUNK, decode_content=False):
        received += part
        if len(received) > max_bytes:
            break
    start = decompress_start(bytes(received), applied, max_bytes + 1)
    if max(len(received), len(start)) <= max_bytes:
        return decompress(bytes(received), applied, max_bytes)
    start = start[:max_bytes]
    return start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1]


def read_start(raw: HTTPResponse) -> bytes:
    """The first bytes of a body that only helps to name an error, as far as they can be read and unpacked."""
    try:
        applied = codings(raw.headers.get("Content-Encoding", ""))
        return decompress(raw.read(_START, decode_content=False), applied, _LONGEST_START)
    except (HTTPError, FetchError):
        return b""  # the status says enough


def _length(raw: HTTPResponse) -> int | None:
    """The Content-Length; None where there is none, or chunks tell the end."""
    lengths = {value.strip() for value in raw.headers.getlist("Content-Length")}
    if raw.chunked or not lengths:
        return None
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdecimal()):
        raise FetchError("the answer's Content-Length makes no sense")
    return int(length[:20])


def _refuse_cut_page(body: bytes) -> None:
    """Without a length or chunks a cut looks like an end; but a page that opens <html> and closes nothing was cut."""
    if _HTML_BEGIN.search(body[:_CHUNK]) and not occurs(_HTML_END, body):
        raise FetchError("the page breaks off before its end, and the server did not announce its length")

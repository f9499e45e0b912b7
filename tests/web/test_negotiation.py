"""Compression: which one a client takes, and what it gets."""

import gzip
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.web.negotiation import OFFERED_CODINGS, choose_coding, compress
from tests.support.client import Client
from tests.web.conftest import RSS

OPEN: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "": bytes,
}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, "identity"),
        (b"", "identity"),
        (b"identity", "identity"),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"GZIP", "gzip"),
        (b"gzip, deflate", "gzip"),
        (b"gzip, deflate, br", "br"),
        (b"gzip, deflate, br, zstd", "br"),
        (b"br;q=0.5, gzip;q=0.8", "gzip"),
        (b"br ; q=0.5 , gzip ; q=0.5", "br"),
        (b"gzip;q=0", "identity"),
        (b"br;q=0, *", "gzip"),
        (b"*", "br"),
        (b"*;q=0, gzip", "gzip"),
        (b"identity;q=1, gzip;q=0.5", "identity"),
        (b"deflate", "identity"),
        (b"gzip;q=0.001", "gzip"),
        (b"gzip;q=zero", "identity"),
        (b"gzip;q=nan", "identity"),
        (b"gzip;q=inf", "gzip"),
        (b"br;q=-1", "identity"),
        (b"gzip;level=9;q=0.7, br;q=0.1", "gzip"),
        (b",, gzip ,", "gzip"),
        (b"identity;q=0, gzip", "gzip"),
        (b"identity;q=0", None),
        (b"*;q=0", None),
        (b"zstd, identity;q=0", None),
    ],
)
def test_the_coding_that_the_client_likes_best_is_chosen(
    accepted: bytes | None, coding: str | None
) -> None:
    """Of those it likes equally, the smallest.

    The plain bytes where it takes no other and does not forbid them.
    """
    assert choose_coding(accepted, OFFERED_CODINGS) == coding


@given(st.binary(max_size=80))
def test_nothing_that_is_sent_is_too_odd(accepted: bytes) -> None:
    """Whatever the bytes, there is a choice, or none."""
    assert choose_coding(accepted, OFFERED_CODINGS) in (*OFFERED_CODINGS, None)


@given(st.binary(max_size=2000), st.sampled_from(OFFERED_CODINGS))
def test_what_is_compressed_comes_out_again(body: bytes, coding: str) -> None:
    """And the same bytes give the same bytes, or entity tags would lie."""
    packed = compress(body, coding)
    assert OPEN.get(coding, bytes)(packed) == body
    assert compress(body, coding) == packed


@pytest.mark.parametrize("coding", ["br", "gzip", ""])
def test_documents_come_in_each_coding(client: Client, coding: str) -> None:
    """Said so, and with the length of what is sent; caches are told what it depends on."""
    reply = client.get("/world.rss", accept_encoding=coding)
    assert OPEN[coding](reply.body) == RSS
    assert reply.header("content-encoding") == coding
    assert reply.header("content-length") == str(len(reply.body))
    assert reply.header("vary") == "Accept-Encoding"
    assert bool(coding) is (len(reply.body) < len(RSS))


def test_pictures_are_sent_as_they_are(client: Client) -> None:
    """They are compressed already; nothing depends on what the client takes."""
    reply = client.get("/world/map.png", accept_encoding="br, gzip")
    assert reply.body == b"\x89PNG"
    assert "content-encoding" not in reply.headers
    assert "vary" not in reply.headers


def test_a_client_that_takes_nothing_is_told_what_there_is(client: Client) -> None:
    """It forbade the plain bytes and named nothing else."""
    reply = client.get("/world.rss", accept_encoding="identity;q=0, zstd")
    assert reply.status == 406
    assert b"br, gzip, identity" in reply.body

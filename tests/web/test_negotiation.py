"""Content codings."""

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
def test_coding_with_highest_weight_is_chosen(accepted: bytes | None, coding: str | None) -> None:
    assert choose_coding(accepted, OFFERED_CODINGS) == coding


@given(st.binary(max_size=80))
def test_arbitrary_accept_encoding_never_raises(accepted: bytes) -> None:
    assert choose_coding(accepted, OFFERED_CODINGS) in (*OFFERED_CODINGS, None)


@given(st.binary(max_size=2000), st.sampled_from(OFFERED_CODINGS))
def test_compressed_bodies_round_trip(body: bytes, coding: str) -> None:
    packed = compress(body, coding)
    assert OPEN.get(coding, bytes)(packed) == body
    assert compress(body, coding) == packed


@pytest.mark.parametrize("coding", ["br", "gzip", ""])
def test_documents_are_served_in_each_coding(client: Client, coding: str) -> None:
    reply = client.get("/world.rss", accept_encoding=coding)
    assert OPEN[coding](reply.body) == RSS
    assert reply.header("content-encoding") == coding
    assert reply.header("content-length") == str(len(reply.body))
    assert reply.header("vary") == "Accept-Encoding"
    assert bool(coding) is (len(reply.body) < len(RSS))


def test_images_are_not_compressed(client: Client) -> None:
    reply = client.get("/world/map.png", accept_encoding="br, gzip")
    assert reply.body == b"\x89PNG"
    assert "content-encoding" not in reply.headers
    assert "vary" not in reply.headers


def test_unacceptable_codings_get_406_with_the_available_ones(client: Client) -> None:
    reply = client.get("/world.rss", accept_encoding="identity;q=0, zstd")
    assert reply.status == 406
    assert b"br, gzip, identity" in reply.body

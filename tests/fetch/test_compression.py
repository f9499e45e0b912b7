"""Content codings are decoded completely and within the size limit."""

import gzip
import zlib
from functools import partial

import brotli  # type: ignore[import-untyped,unused-ignore]
import pytest

from feedpub.core.errors import FetchError
from feedpub.fetch.compression import ACCEPT_ENCODING, content_codings, decoders, decompress

packed_gzip = partial(
    gzip.compress, mtime=0
)  # the same bytes at any time, so the same names of tests
TEXT = b"The quick brown fox. " * 500
CAP = 100_000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": packed_gzip(TEXT),
    "x-gzip": packed_gzip(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
}


@pytest.mark.parametrize(("coding", "packed"), PACKED.items())
def test_each_coding_is_decoded(coding: str, packed: bytes) -> None:
    assert decompress(packed, content_codings(coding.upper()), CAP) == TEXT


def test_deflate_without_zlib_header_is_decoded() -> None:
    assert decompress(raw_deflate(TEXT), content_codings("deflate"), CAP) == TEXT


def test_stacked_codings_are_decoded_in_reverse_order() -> None:
    assert (
        decompress(packed_gzip(zlib.compress(TEXT)), content_codings("deflate, gzip"), CAP) == TEXT
    )


@pytest.mark.parametrize("name", ["", "identity", "utf-8", "none", "text/html"])
def test_unknown_codings_are_ignored(name: str) -> None:
    assert decompress(TEXT, content_codings(name), CAP) == TEXT


@pytest.mark.parametrize("coding", PACKED)
def test_empty_body_is_valid_in_any_coding(coding: str) -> None:
    assert decompress(b"", content_codings(coding), CAP) == b""


def test_gzip_members_are_joined_and_padding_is_ignored() -> None:
    packed = packed_gzip(TEXT) + packed_gzip(b"end") + b"\0\0garbage"
    assert decompress(packed, content_codings("gzip"), CAP) == TEXT + b"end"


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("kept", [0.3, 0.9, 1.0])
def test_incomplete_stream_is_an_error(coding: str, kept: float) -> None:
    packed = PACKED[coding]
    with pytest.raises(FetchError, match=r"breaks off|broken"):
        decompress(
            packed[: min(int(len(packed) * kept), len(packed) - 1)], content_codings(coding), CAP
        )


@pytest.mark.parametrize("coding", PACKED)
def test_uncompressed_body_with_a_coding_is_an_error(coding: str) -> None:
    with pytest.raises(FetchError, match=r"broken|breaks off"):
        decompress(b"<html>not packed</html>", content_codings(coding), CAP)


def test_wrong_checksum_is_an_error() -> None:
    packed = packed_gzip(TEXT)
    with pytest.raises(FetchError, match="broken"):
        decompress(packed[:-8] + b"\0" * 8, content_codings("gzip"), CAP)


@pytest.mark.parametrize(
    ("coding", "bomb"),
    [
        ("gzip", packed_gzip(b"\0" * 50_000_000)),
        ("deflate", zlib.compress(b"\0" * 50_000_000)),
        ("deflate", raw_deflate(b"\0" * 50_000_000)),
        ("br", brotli.compress(b"\0" * 50_000_000)),
        ("gzip, gzip", packed_gzip(packed_gzip(b"\0" * 50_000_000))),
        ("gzip", packed_gzip(b"\0" * 60_000) * 2),
    ],
)
def test_decompression_bomb_stops_at_the_limit(coding: str, bomb: bytes) -> None:
    with pytest.raises(FetchError, match="larger than 100000 bytes"):
        decompress(bomb, content_codings(coding), CAP)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_body_of_exactly_the_limit_is_accepted(coding: str) -> None:
    packed = {"gzip": packed_gzip, "deflate": zlib.compress, "br": brotli.compress}[coding](
        b"a" * CAP
    )
    assert decompress(packed, content_codings(coding), CAP) == b"a" * CAP


def test_more_than_three_codings_are_an_error() -> None:
    with pytest.raises(FetchError, match="compressed 12 times"):
        content_codings(", ".join(["gzip"] * 12))


def test_gzip_stream_with_too_many_members_is_an_error() -> None:
    with pytest.raises(FetchError, match="more than 100 members"):
        decompress(packed_gzip(b"") * 1000, content_codings("gzip"), CAP)


@pytest.mark.parametrize("coding", ["zstd", "compress", "dcb"])
def test_unsupported_coding_is_an_error(coding: str) -> None:
    with pytest.raises(FetchError, match=f"{coding}, which was not requested"):
        content_codings(coding)


def test_brotli_is_offered_if_it_is_installed() -> None:
    assert ACCEPT_ENCODING == "gzip, deflate, br"
    assert "br" not in decoders("a_package_that_is_not_installed")

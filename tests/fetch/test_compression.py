"""Content codings: undone to the end and not beyond the cap."""

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
def test_each_coding_is_undone(coding: str, packed: bytes) -> None:
    """Whatever the case of its name."""
    assert decompress(packed, content_codings(coding.upper()), CAP) == TEXT


def test_deflate_without_its_header_is_undone_too() -> None:
    """As some servers send it."""
    assert decompress(raw_deflate(TEXT), content_codings("deflate"), CAP) == TEXT


def test_stacked_codings_are_undone_from_the_last() -> None:
    """In the order in which they were not applied."""
    assert (
        decompress(packed_gzip(zlib.compress(TEXT)), content_codings("deflate, gzip"), CAP) == TEXT
    )


@pytest.mark.parametrize("name", ["", "identity", "utf-8", "none", "text/html"])
def test_names_that_are_no_codings_are_ignored(name: str) -> None:
    """As browsers do."""
    assert decompress(TEXT, content_codings(name), CAP) == TEXT


@pytest.mark.parametrize("coding", PACKED)
def test_an_empty_body_is_empty_in_any_coding(coding: str) -> None:
    """Servers label empty answers too."""
    assert decompress(b"", content_codings(coding), CAP) == b""


def test_members_of_a_gzip_stream_are_joined() -> None:
    """And what follows them is padding."""
    packed = packed_gzip(TEXT) + packed_gzip(b"end") + b"\0\0garbage"
    assert decompress(packed, content_codings("gzip"), CAP) == TEXT + b"end"


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("kept", [0.3, 0.9, 1.0])
def test_a_cut_stream_is_an_error(coding: str, kept: float) -> None:
    """Wherever it is cut, to its last byte."""
    packed = PACKED[coding]
    with pytest.raises(FetchError, match=r"breaks off|broken"):
        decompress(
            packed[: min(int(len(packed) * kept), len(packed) - 1)], content_codings(coding), CAP
        )


@pytest.mark.parametrize("coding", PACKED)
def test_what_is_not_packed_is_an_error(coding: str) -> None:
    """Though the header says that it is."""
    with pytest.raises(FetchError, match=r"broken|breaks off"):
        decompress(b"<html>not packed</html>", content_codings(coding), CAP)


def test_a_wrong_checksum_is_an_error() -> None:
    """The bytes are all there, and not what was sent."""
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
def test_a_bomb_stops_at_the_cap(coding: str, bomb: bytes) -> None:
    """It is never unpacked whole."""
    with pytest.raises(FetchError, match="larger than 100000 bytes"):
        decompress(bomb, content_codings(coding), CAP)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_body_of_just_the_cap_is_whole(coding: str) -> None:
    """The cap is the largest size, not the first that is too large."""
    packed = {"gzip": packed_gzip, "deflate": zlib.compress, "br": brotli.compress}[coding](
        b"a" * CAP
    )
    assert decompress(packed, content_codings(coding), CAP) == b"a" * CAP


def test_more_than_three_codings_are_refused() -> None:
    """Nobody means well with twelve."""
    with pytest.raises(FetchError, match="compressed 12 times"):
        content_codings(", ".join(["gzip"] * 12))


def test_a_gzip_stream_of_countless_members_is_refused() -> None:
    """Each costs time and brings nothing."""
    with pytest.raises(FetchError, match="more than 100 members"):
        decompress(packed_gzip(b"") * 1000, content_codings("gzip"), CAP)


@pytest.mark.parametrize("coding", ["zstd", "compress", "dcb"])
def test_a_coding_that_was_not_asked_for_is_an_error(coding: str) -> None:
    """Its bytes are not a page."""
    with pytest.raises(FetchError, match=f"{coding}, which was not requested"):
        content_codings(coding)


def test_brotli_is_offered_where_it_is_installed() -> None:
    """And only there."""
    assert ACCEPT_ENCODING == "gzip, deflate, br"
    assert "br" not in decoders("a_package_that_is_not_installed")

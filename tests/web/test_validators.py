"""Conditional requests."""

import os
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.web.negotiation import http_date, is_not_modified
from tests.support.client import Client
from tests.web.conftest import RSS

WRITTEN = 1_700_000_000
ETAG = b'"abc"'


@pytest.fixture(autouse=True)
def written(folder: Path) -> None:
    """Set the time at which the feed was written."""
    os.utime(folder / "world.rss", (WRITTEN, WRITTEN))


def test_unchanged_file_gets_304_without_body(client: Client) -> None:
    first = client.get("/world.rss")
    etag, modified = first.header("etag"), first.header("last-modified")
    assert modified == formatdate(WRITTEN, usegmt=True)
    for headers in ({"if_none_match": etag}, {"if_modified_since": modified}):
        again = client.get("/world.rss", **headers)
        assert (again.status, again.body) == (304, b"")
        for name in (
            "etag",
            "last-modified",
            "cache-control",
            "vary",
            "access-control-allow-origin",
        ):
            assert again.header(name) == first.header(name)
        assert "content-type" not in again.headers
        assert "content-length" not in again.headers


def test_changed_file_gets_200_with_new_etag(client: Client, folder: Path, watchful: None) -> None:  # noqa: ARG001 -- a fixture
    first = client.get("/world.rss")
    (folder / "world.rss").write_bytes(RSS + b" ")
    os.utime(folder / "world.rss", (WRITTEN + 1, WRITTEN + 1))
    for headers in (
        {"if_none_match": first.header("etag")},
        {"if_modified_since": first.header("last-modified")},
    ):
        again = client.get("/world.rss", **headers)
        assert (again.status, again.body) == (200, RSS + b" ")
        assert again.header("etag") != first.header("etag")


def test_rewritten_file_with_same_content_keeps_its_etag(
    client: Client,
    folder: Path,
    watchful: None,  # noqa: ARG001 -- a fixture
) -> None:
    first = client.get("/world.rss")
    os.utime(folder / "world.rss", (WRITTEN + 100, WRITTEN + 100))
    assert client.get("/world.rss", if_none_match=first.header("etag")).status == 304


def test_head_request_may_be_conditional(client: Client) -> None:
    etag = client.get("/world.rss").header("etag")
    assert client.request("HEAD", "/world.rss", {"If-None-Match": etag}).status == 304


def test_each_coding_has_its_own_etag(client: Client) -> None:
    tags = {
        coding: client.get("/world.rss", accept_encoding=coding).header("etag")
        for coding in ("br", "gzip", "")
    }
    assert len(set(tags.values())) == 3
    assert all(tag.startswith('"') for tag in tags.values())
    assert (
        client.get("/world.rss", accept_encoding="gzip", if_none_match=tags["gzip"]).status == 304
    )
    assert client.get("/world.rss", accept_encoding="gzip", if_none_match=tags["br"]).status == 200


@pytest.mark.parametrize(
    ("none_match", "current"),
    [
        (b'"abc"', True),
        (b'W/"abc"', True),  # a proxy that compresses makes it weak
        (b'"x", "abc"', True),
        (b'"x" , W/"abc","y"', True),
        (b"*", True),
        (b" * ", True),
        (b'"a,b", "abc"', True),
        (b'"x"', False),
        (b'"abcd"', False),
        (b"abc", False),
        (b'"ABC"', False),
        (b'"*"', False),
        (b"", False),
        (b'"abc', False),
    ],
)
def test_if_none_match_is_compared_weakly(none_match: bytes, *, current: bool) -> None:
    assert is_not_modified(none_match, None, ETAG, WRITTEN) is current


@pytest.mark.parametrize(
    ("date", "current"),
    [
        (b"Tue, 14 Nov 2023 22:13:20 GMT", True),
        (b"Tue, 14 Nov 2023 22:13:21 GMT", True),
        (b"Tue, 14 Nov 2023 22:13:19 GMT", False),
        (b"Tuesday, 14-Nov-23 22:13:20 GMT", True),
        (b"Tue Nov 14 22:13:20 2023", True),
        (b"Tue, 99 Nov 2023 22:13:20 GMT", False),
        (b"Tue, 14 Nov 99999999999 22:13:20 GMT", False),
        (b"yesterday", False),
        (b"", False),
    ],
)
def test_if_modified_since_accepts_all_http_date_formats(date: bytes, *, current: bool) -> None:
    assert is_not_modified(None, date, ETAG, WRITTEN) is current


def test_if_none_match_takes_precedence_over_if_modified_since() -> None:
    assert not is_not_modified(b'"x"', b"Tue, 14 Nov 2023 22:13:20 GMT", ETAG, WRITTEN)
    assert is_not_modified(ETAG, b"Mon, 01 Jan 1990 00:00:00 GMT", ETAG, WRITTEN)


@given(st.integers(0, 4_000_000_000))
def test_http_dates_round_trip(moment: int) -> None:
    assert is_not_modified(None, http_date(moment), ETAG, moment)
    assert not is_not_modified(None, http_date(moment), ETAG, moment + 1)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_arbitrary_validators_never_raise(none_match: bytes, since: bytes) -> None:
    assert isinstance(is_not_modified(none_match, since, ETAG, WRITTEN), bool)
    assert isinstance(is_not_modified(None, since, ETAG, WRITTEN), bool)

"""TLS: the certificate must be for the name, though the connection goes to a checked address."""

import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import drip, keeping_open, running_evil
from tests.support.tls import server_side

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


def here(host: str, port: int) -> Sequence[str]:
    """Every name leads to loopback."""
    del host, port
    return ["127.0.0.1"]


def test_name_and_host_are_those_of_the_url(
    authority: trustme.CA, ca_file: str, clock: FakeClock
) -> None:
    """SNI, certificate and Host header name the host; only the connection knows the address."""
    names: list[str | None] = []
    tls = server_side(authority.issue_cert("xn--mnchen-3ya.example"), names)
    with (
        running_evil(keeping_open(WHOLE), tls=tls, robots=False) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, resolver=here, clock=clock) as fetcher,
    ):
        page = fetcher.get(f"https://münchen.example:{server.port}/a")
    assert isinstance(page, Page)
    assert page.body == b"whole"
    assert names == ["xn--mnchen-3ya.example"]
    assert f"Host: xn--mnchen-3ya.example:{server.port}\r\n".encode() in server.heads[0]


def test_a_certificate_of_an_address_is_accepted(
    authority: trustme.CA, ca_file: str, clock: FakeClock
) -> None:
    """For a URL that names the address."""
    with (
        running_evil(WHOLE, tls=server_side(authority.issue_cert("127.0.0.1"))) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, clock=clock) as fetcher,
    ):
        assert isinstance(fetcher.get(f"https://127.0.0.1:{server.port}/"), Page)


def test_early_hints_come_before_each_answer_of_a_connection(
    authority: trustme.CA, ca_file: str, clock: FakeClock
) -> None:
    """They are no answer: the one that counts follows them."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"
    with (
        running_evil(
            keeping_open(hints + WHOLE), tls=server_side(authority.issue_cert("127.0.0.1"))
        ) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, clock=clock) as fetcher,
    ):
        pages = [fetcher.get(f"https://127.0.0.1:{server.port}/{n}") for n in range(3)]
        assert [page.body for page in pages if isinstance(page, Page)] == [b"whole"] * 3
        assert server.connections == 2  # robots.txt, then one for all pages


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("expired", "not valid: certificate has expired"),
        ("wrong-host", "not valid: Hostname mismatch"),
        ("self-signed", "not valid: unable to get local issuer certificate|not valid: self-signed"),
    ],
)
def test_a_bad_certificate_is_an_error(
    authority: trustme.CA, ca_file: str, clock: FakeClock, problem: str, reason: str
) -> None:
    """Nothing is asked for over such a connection, and the reason is told."""
    certificate = {
        "expired": lambda: authority.issue_cert("a.example", not_after=YESTERDAY),
        "wrong-host": lambda: authority.issue_cert("b.example"),
        "self-signed": lambda: trustme.CA().issue_cert("a.example"),
    }[problem]()
    with (
        running_evil(WHOLE, tls=server_side(certificate)) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, resolver=here, clock=clock) as fetcher,
        pytest.raises(FetchError, match=reason),
    ):
        fetcher.get(f"https://a.example:{server.port}/")
    assert server.heads == []


def test_certificates_nobody_named_are_not_trusted(authority: trustme.CA, clock: FakeClock) -> None:
    """Without a file of its own, feedpub trusts certifi's."""
    with (
        running_evil(WHOLE, tls=server_side(authority.issue_cert("a.example"))) as server,
        Fetcher(allow_private=LOOPBACK, resolver=here, clock=clock) as fetcher,
        pytest.raises(FetchError, match="TLS certificate is not valid"),
    ):
        fetcher.get(f"https://a.example:{server.port}/")


def test_a_server_without_tls_is_an_error(clock: FakeClock) -> None:
    """It is not asked again without; the words depend on who gives up first."""
    with (
        running_evil(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server,
        Fetcher(allow_private=LOOPBACK, clock=clock, deadline=1.0) as fetcher,
        pytest.raises(
            FetchError, match=r"no secure connection|no complete answer|no answer in time"
        ),
    ):
        fetcher.get(f"https://127.0.0.1:{server.port}/")
    assert server.heads == []


@pytest.mark.parametrize("handshake", [True, False])
def test_drips_end_with_the_deadline_under_tls_too(
    authority: trustme.CA,
    ca_file: str,
    handshake: bool,  # noqa: FBT001 -- a table's column
) -> None:
    """In the handshake and in the body; the words depend on who gives up first."""
    body = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a")
    tls = server_side(authority.issue_cert("127.0.0.1"))
    silent = socket.create_server(("127.0.0.1", 0))
    with (
        silent,
        running_evil(body, tls=tls) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, deadline=0.4, delay=0) as fetcher,
        pytest.raises(FetchError, match=r"no complete answer within 0\.4 s|no answer in time"),
    ):
        fetcher.get(f"https://127.0.0.1:{silent.getsockname()[1] if handshake else server.port}/")

"""The certificate must be for the name, although the connection goes to a checked address."""

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher
from feedpub.fetch.transport import get_tls_context
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import answer_repeatedly, running_raw_server, send_slowly
from tests.support.tls import server_context

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


def here(host: str, port: int) -> Sequence[str]:
    """Resolve every name to loopback."""
    del host, port
    return ["127.0.0.1"]


def test_sni_certificate_and_host_header_have_the_name(
    authority: trustme.CA, ca_file: str, clock: FakeClock
) -> None:
    names: list[str | None] = []
    tls = server_context(authority.issue_cert("xn--mnchen-3ya.example"), names)
    with (
        running_raw_server(answer_repeatedly(WHOLE), tls=tls, robots=False) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, resolver=here, clock=clock) as fetcher,
    ):
        page = fetcher.get(f"https://münchen.example:{server.port}/a")
    assert isinstance(page, Page)
    assert page.body == b"whole"
    assert names == ["xn--mnchen-3ya.example"]
    assert f"Host: xn--mnchen-3ya.example:{server.port}\r\n".encode() in server.heads[0]


def test_certificate_for_an_address_is_accepted(
    authority: trustme.CA, ca_file: str, clock: FakeClock
) -> None:
    with (
        running_raw_server(WHOLE, tls=server_context(authority.issue_cert("127.0.0.1"))) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, clock=clock) as fetcher,
    ):
        assert isinstance(fetcher.get(f"https://127.0.0.1:{server.port}/"), Page)


def test_early_hints_are_skipped(authority: trustme.CA, ca_file: str, clock: FakeClock) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"
    with (
        running_raw_server(
            answer_repeatedly(hints + WHOLE), tls=server_context(authority.issue_cert("127.0.0.1"))
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
def test_invalid_certificate_is_an_error_before_the_request(
    authority: trustme.CA, ca_file: str, clock: FakeClock, problem: str, reason: str
) -> None:
    certificate = {
        "expired": lambda: authority.issue_cert("a.example", not_after=YESTERDAY),
        "wrong-host": lambda: authority.issue_cert("b.example"),
        "self-signed": lambda: trustme.CA().issue_cert("a.example"),
    }[problem]()
    with (
        running_raw_server(WHOLE, tls=server_context(certificate)) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, resolver=here, clock=clock) as fetcher,
        pytest.raises(FetchError, match=reason),
    ):
        fetcher.get(f"https://a.example:{server.port}/")
    assert server.heads == []


def test_only_certifi_is_trusted_by_default(authority: trustme.CA, clock: FakeClock) -> None:
    with (
        running_raw_server(WHOLE, tls=server_context(authority.issue_cert("a.example"))) as server,
        Fetcher(allow_private=LOOPBACK, resolver=here, clock=clock) as fetcher,
        pytest.raises(FetchError, match="TLS certificate is not valid"),
    ):
        fetcher.get(f"https://a.example:{server.port}/")


def test_server_without_tls_is_an_error(clock: FakeClock) -> None:
    """The message depends on which side closes the connection first."""
    with (
        running_raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server,
        Fetcher(allow_private=LOOPBACK, clock=clock, deadline=1.0) as fetcher,
        pytest.raises(
            FetchError, match=r"no secure connection|no complete answer|no answer in time"
        ),
    ):
        fetcher.get(f"https://127.0.0.1:{server.port}/")
    assert server.heads == []


@pytest.mark.parametrize("handshake", [True, False])
def test_slow_handshake_and_body_end_at_the_deadline(
    authority: trustme.CA,
    ca_file: str,
    handshake: bool,  # noqa: FBT001 -- a table's column
) -> None:
    """The message depends on which side closes the connection first."""
    body = send_slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a")
    tls = server_context(authority.issue_cert("127.0.0.1"))
    silent = socket.create_server(("127.0.0.1", 0))
    with (
        silent,
        running_raw_server(body, tls=tls) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, deadline=0.4, delay=0) as fetcher,
        pytest.raises(FetchError, match=r"no complete answer within 0\.4 s|no answer in time"),
    ):
        fetcher.get(f"https://127.0.0.1:{silent.getsockname()[1] if handshake else server.port}/")


def test_certificates_are_read_once_for_all_connections(ca_file: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        contexts = set(pool.map(get_tls_context, [ca_file] * 8))
    assert len(contexts) == 1


def test_changed_file_of_certificates_is_read_again(
    authority: trustme.CA, ca_file: str, clock: FakeClock
) -> None:
    other = trustme.CA()
    tls = server_context(other.issue_cert("127.0.0.1"))
    with (
        running_raw_server(WHOLE, tls=tls) as server,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, clock=clock) as fetcher,
    ):
        url = f"https://127.0.0.1:{server.port}/"
        with pytest.raises(FetchError, match="TLS certificate is not valid"):
            fetcher.get(url)
        clock.pass_time(3600)
        both = authority.cert_pem.bytes() + other.cert_pem.bytes()
        Path(ca_file).write_bytes(both)
        assert isinstance(fetcher.get(url), Page)


def test_many_threads_check_the_name_of_each_server(authority: trustme.CA, ca_file: str) -> None:
    """All connections have the same settings, and each expects its own name."""
    names: list[str | None] = []
    right = server_context(authority.issue_cert("*.right.example"), names)
    wrong = server_context(authority.issue_cert("other.example"))
    answer = answer_repeatedly(WHOLE)
    with (
        running_raw_server(answer, tls=right) as one,
        running_raw_server(answer, tls=wrong) as two,
        Fetcher(allow_private=LOOPBACK, ca_file=ca_file, resolver=here, delay=0) as fetcher,
        ThreadPoolExecutor(8) as pool,
    ):

        def get(number: int) -> str:
            right_url = f"https://{number}.right.example:{one.port}/"
            wrong_url = f"https://{number}.right.example:{two.port}/"
            try:
                fetcher.get(wrong_url if number % 3 == 0 else right_url)
            except FetchError as error:
                return error.reason.partition(":")[0]
            return "page"

        outcomes = list(pool.map(get, range(60)))
    refused = "its TLS certificate is not valid"
    assert outcomes == [refused if number % 3 == 0 else "page" for number in range(60)]
    assert set(names) == {f"{number}.right.example" for number in range(60) if number % 3}

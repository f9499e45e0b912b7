"""No byte reaches a forbidden address in any spelling, and public ones are reached."""

import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher, RequestOptions
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import RawServer, answer_repeatedly, running_raw_server
from tests.support.site import Site

STANDS_FOR_PUBLIC = "127.0.0.2"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"


class Names:
    """A resolver that answers from lists, one for each lookup; the last one is repeated."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        del port
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def listener() -> Iterator[RawServer]:
    """Return a private service that must not be reached."""
    with running_raw_server(WHOLE) as server:
        yield server
        assert server.connections == 0


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1",
    "017700000001",
    "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "0.0.0.0", "0", "[::1]",  # noqa: S104 -- addresses under test
    "[0:0:0:0:0:0:0:1]", "[::]", "%31%32%37.0.0.1", "anna:pw@127.0.0.1",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "①②⑦.⓪.⓪.①",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_loopback_is_reached(
    host: str, listener: RawServer, clock: FakeClock
) -> None:
    with (
        Fetcher(clock=clock) as fetcher,
        pytest.raises(DisallowedError, match=r"loopback|this-host|unspecified|IPv4-") as caught,
    ):
        fetcher.get(f"http://{host}:{listener.port}/")
    assert "allow_private" in caught.value.reason


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_loopback_is_reached_by_redirect(
    host: str, listener: RawServer, clock: FakeClock
) -> None:
    moved = (
        f"HTTP/1.1 302 Found\r\nLocation: http://{host}:{listener.port}/\r\nContent-Length: "
        f"0\r\n\r\n"
    ).encode()
    with (
        running_raw_server(moved, host=STANDS_FOR_PUBLIC) as public,
        Fetcher(clock=clock, allow_private=[STANDS_FOR_PUBLIC]) as fetcher,
        pytest.raises(DisallowedError, match="redirected to"),
    ):
        fetcher.get(f"http://{STANDS_FOR_PUBLIC}:{public.port}/")


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "192.168.1.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_name_of_a_private_address_is_forbidden(address: str, clock: FakeClock) -> None:
    with (
        Fetcher(clock=clock, resolver=Names([address])) as fetcher,
        pytest.raises(
            DisallowedError, match=r"inside\.example resolves to a forbidden address"
        ) as caught,
    ):
        fetcher.get("http://inside.example/")
    assert address in caught.value.reason


@pytest.mark.parametrize(
    "addresses", [["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["2606:4700::1", "::1"]]
)
def test_no_address_is_tried_if_one_is_private(
    addresses: Sequence[str], listener: RawServer, clock: FakeClock
) -> None:
    with Fetcher(clock=clock, resolver=Names(addresses)) as fetcher, pytest.raises(DisallowedError):
        fetcher.get(f"http://mixed.example:{listener.port}/")


def test_dns_rebinding_has_no_effect(listener: RawServer, clock: FakeClock) -> None:
    names = Names([STANDS_FOR_PUBLIC], ["127.0.0.1"])
    with (
        running_raw_server(
            answer_repeatedly(WHOLE), host=STANDS_FOR_PUBLIC, port=listener.port, robots=False
        ) as public,
        Fetcher(clock=clock, allow_private=[STANDS_FOR_PUBLIC], resolver=names) as fetcher,
    ):
        assert isinstance(fetcher.get(f"http://rebind.example:{public.port}/a"), Page)
        assert names.asked == ["rebind.example"]
        fetcher.close()
        with pytest.raises(DisallowedError, match=r"127\.0\.0\.1 is a loopback address"):
            fetcher.get(f"http://rebind.example:{public.port}/b")


def test_host_header_has_the_name(site: Site, clock: FakeClock) -> None:
    site["/a"] = "hello"
    with Fetcher(clock=clock, allow_private=LOOPBACK, resolver=Names(["127.0.0.1"])) as fetcher:
        page = fetcher.get(f"http://MÜNCHEN.example:{site.port}/a")
    assert page.url == f"http://xn--mnchen-3ya.example:{site.port}/a"
    assert {r.headers["host"] for r in site.requests} == {f"xn--mnchen-3ya.example:{site.port}"}


def test_next_address_is_tried_if_the_first_fails(site: Site, clock: FakeClock) -> None:
    site["/a"] = "hello"
    names = Names(["127.0.0.3", "::1", "127.0.0.1"])
    with Fetcher(clock=clock, allow_private=LOOPBACK, resolver=names) as fetcher:
        assert fetcher.get(f"http://twice.example:{site.port}/a").url.endswith("/a")


def test_ipv6_address_is_reached(clock: FakeClock) -> None:
    with (
        running_raw_server(WHOLE, host="::1") as server,
        Fetcher(clock=clock, allow_private=["::1"]) as fetcher,
    ):
        page = fetcher.get(f"http://[::1]:{server.port}/a")
    assert page.url == f"http://[::1]:{server.port}/a"
    assert f"Host: [::1]:{server.port}\r\n".encode() in server.heads[0]


def test_silent_address_leaves_time_for_the_next(clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.3", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with (
            socket.create_connection(("127.0.0.3", port)),
            running_raw_server(WHOLE, port=port) as server,
        ):
            names = Names(["127.0.0.3", "127.0.0.1"])
            with Fetcher(
                clock=clock, allow_private=LOOPBACK, resolver=names, deadline=2.0
            ) as fetcher:
                page = fetcher.get(f"http://blackhole.example:{port}/")
            assert isinstance(page, Page)
            assert len(server.heads) == 1


def test_error_lists_all_addresses_that_were_tried(clock: FakeClock) -> None:
    with running_raw_server(b"") as server:
        pass
    names = Names(["127.0.0.3", "127.0.0.4"])
    with (
        Fetcher(clock=clock, allow_private=LOOPBACK, resolver=names) as fetcher,
        pytest.raises(
            FetchError, match=r"127\.0\.0\.3: Connection refused; 127\.0\.0\.4: Connection refused"
        ),
    ):
        fetcher.get(f"http://down.example:{server.port}/")


def test_unknown_name_is_reported(clock: FakeClock) -> None:
    def nowhere(*_: object) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with (
        Fetcher(clock=clock, resolver=nowhere) as fetcher,
        pytest.raises(
            FetchError,
            match=r"the name gone\.example does not resolve \(Name or service not known\)",
        ),
    ):
        fetcher.get("http://gone.example/")


def test_name_without_addresses_is_reported(clock: FakeClock) -> None:
    with (
        Fetcher(clock=clock, resolver=Names([])) as fetcher,
        pytest.raises(FetchError, match="has no address"),
    ):
        fetcher.get("http://empty.example/")


def test_hanging_resolver_ends_at_the_deadline(clock: FakeClock) -> None:
    stop = threading.Event()

    def hanging(*_: object) -> Sequence[str]:
        stop.wait(10)
        return []

    with (
        Fetcher(clock=clock, resolver=hanging, deadline=0.2) as fetcher,
        pytest.raises(FetchError, match=r"not resolved in time|no complete answer within 0\.2 s"),
    ):
        fetcher.get("http://slow.example/")
    stop.set()


def test_unusual_ports_of_public_addresses_are_forbidden(clock: FakeClock) -> None:
    with (
        Fetcher(clock=clock, resolver=Names(["1.1.1.1"])) as fetcher,
        pytest.raises(DisallowedError, match="port 22 is not a usual web port"),
    ):
        fetcher.get("http://public.example:22/")


def test_proxy_and_netrc_of_the_environment_are_ignored(
    site: Site, listener: RawServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, listener.url())
    monkeypatch.setenv("NETRC", "/dev/null")
    site["/a"] = "hello"
    with Fetcher(clock=clock, allow_private=LOOPBACK) as fetcher:
        fetcher.get(site.url("/a"), options=RequestOptions())
    assert site.paths() == ["/a"]
    assert "authorization" not in site.requests[-1].headers

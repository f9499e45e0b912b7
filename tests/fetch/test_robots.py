"""robots.txt: read once a day, obeyed, remembered by the next process."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.core.models import CachedRobots
from feedpub.fetch import Fetcher
from feedpub.fetch.robots import MAX_CACHE_BYTES, MAX_ORIGINS, MAX_ROBOTS_BYTES, Robots
from feedpub.fetch.url import parse_url as parse_target
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import running_evil
from tests.support.site import Route, Site, running_site

ROBOTS = "User-agent: *\nDisallow: /private\nCrawl-delay: 7\n\nUser-agent: otherbot\nDisallow: /\n"


class Memory:
    """Keeps robots.txt files in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, CachedRobots] = {}

    def load(self, origin: str) -> CachedRobots | None:
        return self.kept.get(origin)

    def save(self, origin: str, robots: CachedRobots) -> None:
        self.kept[origin] = robots


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def fetcher(clock: FakeClock, memory: Memory) -> Iterator[Fetcher]:
    with Fetcher(allow_private=LOOPBACK, deadline=2.0, clock=clock, robots=memory) as running:
        yield running


def asked_for_robots(site: Site) -> int:
    return sum(request.path == "/robots.txt" for request in site.requests)


def text(body: str, status: int = 200) -> Route:
    return Route(body.encode(), "text/plain", status, validators=False)


def test_what_robots_txt_forbids_is_not_asked_for(fetcher: Fetcher, site: Site) -> None:
    """And the refusal says whose robots.txt it was."""
    site["/robots.txt"] = text(ROBOTS)
    site["/private/a"] = "secret"
    with pytest.raises(
        DisallowedError, match=rf"robots\.txt of 127\.0\.0\.1:{site.port} forbids it"
    ) as caught:
        fetcher.get(site.url("/private/a"))
    assert caught.value.url == site.url("/private/a")
    assert site.paths() == []


@pytest.mark.parametrize(
    ("robots", "refused"),
    [
        ("User-agent: *\nDisallow: /", True),
        ("User-agent: feedpub\nDisallow: /\n\nUser-agent: *\nDisallow:", True),
        ("User-agent: feedpub\nDisallow:\n\nUser-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\nAllow: /a", False),
        ("User-agent: *\nDisallow: /*.html$", False),
        ("\ufeffUser-agent: *\nDisallow: /", True),
        ("<html>Not found</html>", False),
        ("", False),
        ("\0\0\xff\n" * 1000, False),
    ],
)
def test_rules_are_read_as_rfc_9309_has_them(
    fetcher: Fetcher,
    site: Site,
    robots: str,
    refused: bool,  # noqa: FBT001 -- a table's column
) -> None:
    """The group for feedpub goes before the one for everybody, the longer path before the shorter."""
    site["/robots.txt"] = text(robots)
    site["/a"] = "hello"
    if refused:
        with pytest.raises(DisallowedError, match="forbids"):
            fetcher.get(site.url("/a"))
    else:
        fetcher.get(site.url("/a"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_no_robots_txt_allows_everything(fetcher: Fetcher, site: Site, status: int) -> None:
    """Any 4xx says that there is none."""
    site["/robots.txt"] = text("User-agent: *\nDisallow: /", status)
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    assert site.paths() == ["/a"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_robots_txt_that_cannot_be_read_forbids_everything_for_a_while(
    fetcher: Fetcher, site: Site, clock: FakeClock, status: int
) -> None:
    """For five minutes, in this process only; the reason is passed on."""
    site["/robots.txt"] = text("", status)
    site["/a"] = "hello"
    for _ in range(2):
        with pytest.raises(
            FetchError, match=rf"HTTP {status}.*robots\.txt, without which"
        ) as caught:
            fetcher.get(site.url("/a"))
        assert caught.value.status == status
    assert asked_for_robots(site) == 1
    del site["/robots.txt"]
    clock.pass_time(301)
    fetcher.get(site.url("/a"))


def test_an_unreachable_server_is_named_as_such(fetcher: Fetcher) -> None:
    """It is the connection that failed, whatever was asked for first."""
    with running_evil(b"") as server:
        pass
    with pytest.raises(FetchError, match=rf"cannot be reached on port {server.port} .*refused"):
        fetcher.get(server.url())


def test_robots_txt_is_asked_for_once_a_day(fetcher: Fetcher, site: Site, clock: FakeClock) -> None:
    """Also where there is none."""
    site["/a"] = "hello"
    for _ in range(3):
        fetcher.get(site.url("/a"))
    assert asked_for_robots(site) == 1
    clock.pass_time(24 * 3600)
    fetcher.get(site.url("/a"))
    assert asked_for_robots(site) == 2


def test_the_next_process_knows_it_already(
    fetcher: Fetcher, site: Site, memory: Memory, clock: FakeClock
) -> None:
    """What one fetcher read, another finds in the memory."""
    site["/robots.txt"] = text(ROBOTS)
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    site.forget()
    with Fetcher(allow_private=LOOPBACK, clock=clock, robots=memory) as second:
        second.get(site.url("/a"))
        with pytest.raises(DisallowedError):
            second.get(site.url("/private"))
    assert [r.path for r in site.requests] == ["/a"]


def test_failures_are_not_remembered_by_the_next_process(
    fetcher: Fetcher, site: Site, memory: Memory
) -> None:
    """Whoever starts feedpub again wants to know whether it works now."""
    site["/robots.txt"] = text("", 500)
    with pytest.raises(FetchError):
        fetcher.get(site.url("/a"))
    assert memory.kept == {}


def test_an_old_robots_txt_stands_in_for_one_that_cannot_be_read(
    fetcher: Fetcher, site: Site, clock: FakeClock
) -> None:
    """The server said once what it wants."""
    site["/robots.txt"] = text(ROBOTS)
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    clock.pass_time(25 * 3600)
    site["/robots.txt"] = text("", 500)
    fetcher.get(site.url("/a"))
    with pytest.raises(DisallowedError):
        fetcher.get(site.url("/private"))
    assert asked_for_robots(site) == 2
    clock.pass_time(301)
    fetcher.get(site.url("/a"))
    assert asked_for_robots(site) == 3


def test_a_memory_from_the_future_is_asked_anew(
    fetcher: Fetcher, site: Site, memory: Memory, clock: FakeClock
) -> None:
    """It was written by a wrong clock."""
    origin = site.url("")
    memory.kept[origin] = CachedRobots(
        origin, "User-agent: *\nDisallow: /", 200, clock.now() + timedelta(days=400)
    )
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    assert memory.kept[origin] == replace(
        memory.kept[origin], body="", status=404, expires=memory.kept[origin].expires
    )


def test_crawl_delay_raises_the_delay(fetcher: Fetcher, site: Site, clock: FakeClock) -> None:
    """Between every two requests to that server, robots.txt among them."""
    site["/robots.txt"] = text(ROBOTS)
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    fetcher.get(site.url("/a"))
    assert clock.naps == [7.0, 7.0]


def test_the_sitemaps_that_it_names_are_known_once_it_was_read(
    fetcher: Fetcher, site: Site
) -> None:
    """Each once, as written; nobody is asked for them, and an address that is none has none."""
    site["/robots.txt"] = text(
        "Sitemap: https://a.example/1.xml\nSitemap: /2.xml\nSitemap: https://a.example/1.xml\n"
    )
    site["/a"] = "hello"
    assert fetcher.sitemaps(site.url("/a")) == fetcher.sitemaps("gopher://a") == ()
    fetcher.get(site.url("/a"))
    assert fetcher.sitemaps(site.url("/b")) == ("https://a.example/1.xml", "/2.xml")
    assert len(site.requests) == 2


@pytest.mark.parametrize(
    ("written", "waited"), [("3600", 30.0), ("0.1", 1.0), ("nan", 1.0), ("-5", 1.0), ("x", 1.0)]
)
def test_crawl_delay_has_bounds(
    fetcher: Fetcher, site: Site, clock: FakeClock, written: str, waited: float
) -> None:
    """Half a minute at most, and never less than our own delay."""
    site["/robots.txt"] = text(f"User-agent: *\nCrawl-delay: {written}\n")
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    assert clock.naps == [waited]


def test_a_redirected_robots_txt_is_followed(fetcher: Fetcher, site: Site) -> None:
    """As RFC 9309 wants it."""
    site["/robots.txt"] = Route(
        status=301, headers={"Location": "/real-robots.txt"}, validators=False
    )
    site["/real-robots.txt"] = text(ROBOTS)
    with pytest.raises(DisallowedError, match="forbids"):
        fetcher.get(site.url("/private"))


def test_each_hop_of_a_redirect_asks_its_own_robots_txt(fetcher: Fetcher, site: Site) -> None:
    """A redirect cannot lead to where feedpub must not go."""
    with running_site() as other:
        other["/robots.txt"] = text("User-agent: *\nDisallow: /")
        other["/b"] = "secret"
        site["/a"] = Route(status=302, headers={"Location": other.url("/b")})
        with pytest.raises(
            DisallowedError, match=rf"redirected to {other.url('/b')}: robots\.txt of .* forbids"
        ):
            fetcher.get(site.url("/a"))
        assert other.paths() == []


def test_many_threads_ask_for_robots_txt_once(fetcher: Fetcher, site: Site) -> None:
    """One asks, the others wait for its answer."""
    for number in range(8):
        site[f"/{number}"] = "hello"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: fetcher.get(site.url(f"/{number}")), range(8)))
    assert asked_for_robots(site) == 1
    assert len(site.paths()) == 8


def test_only_the_first_half_megabyte_is_read(fetcher: Fetcher, site: Site) -> None:
    """Rules beyond it are not rules."""
    site["/robots.txt"] = text("User-agent: *\n" + "# padding\n" * 60_000 + "Disallow: /\n")
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))


@pytest.mark.parametrize(
    ("coding", "pack"), [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_reading_stops_after_half_a_megabyte(
    fetcher: Fetcher, site: Site, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    """However small it is on the wire.

    The connection is closed, so that nobody has to send the rest.
    """
    body = pack(b"User-agent: *\nDisallow: /private\n" + b"# nothing\n" * 2_000_000)
    sent: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode())
        with suppress(OSError):
            handler.wfile.write(body)
            sent.append(len(body))

    site["/robots.txt"] = answer
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    with pytest.raises(DisallowedError):
        fetcher.get(site.url("/private"))
    assert sum(sent) < 1_000_000, "the whole file was read"


def test_a_rule_that_is_cut_is_none(fetcher: Fetcher, site: Site) -> None:
    """It would forbid more than is meant."""
    rules = "User-agent: *\nDisallow: /y\n"
    site["/robots.txt"] = text(
        rules + "#" * (MAX_ROBOTS_BYTES - len(rules) - 12) + "\nDisallow: /x/private\n"
    )
    site["/x"] = "hello"
    fetcher.get(site.url("/x"))
    with pytest.raises(DisallowedError):
        fetcher.get(site.url("/y"))


def test_a_path_is_compared_as_it_is_sent(fetcher: Fetcher, site: Site) -> None:
    """Dots, encoded or not, and letters that need no encoding lead around no rule."""
    site["/robots.txt"] = text("User-agent: *\nDisallow: /private\n")
    site["/open"] = "hello"
    for path in ("/a/../private", "/a/%2e%2E/private", "/./private/", "/%70rivate"):
        with pytest.raises(DisallowedError, match="forbids"):
            fetcher.get(site.url(path))
    fetcher.get(site.url("/private/../open"))
    assert site.paths() == ["/open"]


def test_only_rules_for_feedpub_are_remembered(
    fetcher: Fetcher, site: Site, memory: Memory
) -> None:
    """A site may name hundreds of robots."""
    others = "".join(f"User-agent: bot{'x' * n}\nDisallow: /{n}\n\n" for n in range(500))
    site["/robots.txt"] = text(
        f"{others}# for all\nUser-agent: *\nDisallow: /private\nCrawl-delay: 2\n"
    )
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    assert memory.kept[site.url("")].body == "User-agent: *\nDisallow: /private\nCrawl-delay: 2.0"


def test_the_cache_is_bounded_by_bytes(memory: Memory, clock: FakeClock) -> None:
    """Of fifty origins with half a megabyte of rules each, few are at hand.

    The others come from the memory.
    """
    robots = Robots(memory, clock)
    rules = b"User-agent: *\n" + b"".join(
        b"Disallow: /private/%d\n" % number for number in range(20_000)
    )
    targets = [parse_target(f"http://{number}.example/private/7") for number in range(50)]
    for target in targets:
        with pytest.raises(DisallowedError):
            robots.check_allowed(target, lambda _: rules)
        assert sum(known.size for known in robots._origins.values()) <= MAX_CACHE_BYTES + 4_000_000
    with pytest.raises(DisallowedError):
        robots.check_allowed(targets[0], lambda _: pytest.fail("it is in the memory"))


def test_the_rules_of_many_origins_come_from_the_memory(memory: Memory, clock: FakeClock) -> None:
    """A process keeps some at hand; nobody is asked twice for all that."""
    robots = Robots(memory, clock)
    asked: list[str] = []

    def read(url: str) -> bytes:
        asked.append(url)
        return ROBOTS.encode()

    origins = [f"http://{number}.example" for number in range(2 * MAX_ORIGINS)]
    for _ in range(2):
        for origin in origins:
            assert robots.check_allowed(parse_target(f"{origin}/public"), read) == 7
    assert asked == [f"{origin}/robots.txt" for origin in origins]

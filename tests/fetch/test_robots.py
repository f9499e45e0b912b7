"""robots.txt is fetched once a day, obeyed, and cached for other processes."""

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
from tests.support.evil import running_raw_server
from tests.support.site import Route, Site, running_site

ROBOTS = "User-agent: *\nDisallow: /private\nCrawl-delay: 7\n\nUser-agent: otherbot\nDisallow: /\n"


class Memory:
    """A cache in a dict."""

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


def test_forbidden_path_is_not_requested(fetcher: Fetcher, site: Site) -> None:
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
def test_own_group_and_longer_path_take_precedence(
    fetcher: Fetcher,
    site: Site,
    robots: str,
    refused: bool,  # noqa: FBT001 -- a table's column
) -> None:
    site["/robots.txt"] = text(robots)
    site["/a"] = "hello"
    if refused:
        with pytest.raises(DisallowedError, match="forbids"):
            fetcher.get(site.url("/a"))
    else:
        fetcher.get(site.url("/a"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_missing_robots_txt_allows_everything(fetcher: Fetcher, site: Site, status: int) -> None:
    site["/robots.txt"] = text("User-agent: *\nDisallow: /", status)
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    assert site.paths() == ["/a"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_unreadable_robots_txt_forbids_everything_for_five_minutes(
    fetcher: Fetcher, site: Site, clock: FakeClock, status: int
) -> None:
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


def test_unreachable_server_is_reported_as_such(fetcher: Fetcher) -> None:
    with running_raw_server(b"") as server:
        pass
    with pytest.raises(FetchError, match=rf"cannot be reached on port {server.port} .*refused"):
        fetcher.get(server.url())


def test_robots_txt_is_fetched_once_a_day(fetcher: Fetcher, site: Site, clock: FakeClock) -> None:
    site["/a"] = "hello"
    for _ in range(3):
        fetcher.get(site.url("/a"))
    assert asked_for_robots(site) == 1
    clock.pass_time(24 * 3600)
    fetcher.get(site.url("/a"))
    assert asked_for_robots(site) == 2


def test_robots_txt_is_cached_for_other_processes(
    fetcher: Fetcher, site: Site, memory: Memory, clock: FakeClock
) -> None:
    site["/robots.txt"] = text(ROBOTS)
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    site.clear_requests()
    with Fetcher(allow_private=LOOPBACK, clock=clock, robots=memory) as second:
        second.get(site.url("/a"))
        with pytest.raises(DisallowedError):
            second.get(site.url("/private"))
    assert [r.path for r in site.requests] == ["/a"]


def test_failures_are_not_cached_for_other_processes(
    fetcher: Fetcher, site: Site, memory: Memory
) -> None:
    site["/robots.txt"] = text("", 500)
    with pytest.raises(FetchError):
        fetcher.get(site.url("/a"))
    assert memory.kept == {}


def test_old_robots_txt_is_used_if_the_new_one_is_unreadable(
    fetcher: Fetcher, site: Site, clock: FakeClock
) -> None:
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


def test_cached_robots_txt_from_the_future_is_fetched_again(
    fetcher: Fetcher, site: Site, memory: Memory, clock: FakeClock
) -> None:
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
    site["/robots.txt"] = text(ROBOTS)
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    fetcher.get(site.url("/a"))
    assert clock.sleeps == [7.0, 7.0]


def test_sitemaps_are_known_after_robots_txt_was_fetched(fetcher: Fetcher, site: Site) -> None:
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
def test_crawl_delay_is_limited(
    fetcher: Fetcher, site: Site, clock: FakeClock, written: str, waited: float
) -> None:
    site["/robots.txt"] = text(f"User-agent: *\nCrawl-delay: {written}\n")
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    assert clock.sleeps == [waited]


def test_redirected_robots_txt_is_followed(fetcher: Fetcher, site: Site) -> None:
    site["/robots.txt"] = Route(
        status=301, headers={"Location": "/real-robots.txt"}, validators=False
    )
    site["/real-robots.txt"] = text(ROBOTS)
    with pytest.raises(DisallowedError, match="forbids"):
        fetcher.get(site.url("/private"))


def test_each_redirect_is_checked_by_its_own_robots_txt(fetcher: Fetcher, site: Site) -> None:
    with running_site() as other:
        other["/robots.txt"] = text("User-agent: *\nDisallow: /")
        other["/b"] = "secret"
        site["/a"] = Route(status=302, headers={"Location": other.url("/b")})
        with pytest.raises(
            DisallowedError, match=rf"redirected to {other.url('/b')}: robots\.txt of .* forbids"
        ):
            fetcher.get(site.url("/a"))
        assert other.paths() == []


def test_many_threads_fetch_robots_txt_once(fetcher: Fetcher, site: Site) -> None:
    for number in range(8):
        site[f"/{number}"] = "hello"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: fetcher.get(site.url(f"/{number}")), range(8)))
    assert asked_for_robots(site) == 1
    assert len(site.paths()) == 8


def test_rules_after_half_a_megabyte_are_ignored(fetcher: Fetcher, site: Site) -> None:
    site["/robots.txt"] = text("User-agent: *\n" + "# padding\n" * 60_000 + "Disallow: /\n")
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))


@pytest.mark.parametrize(
    ("coding", "pack"), [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_reading_stops_after_half_a_megabyte(
    fetcher: Fetcher, site: Site, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    """However small it is compressed. The connection is closed, so the rest is not sent."""
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
    assert sum(sent) < 1_000_000, "all of the file was read"


def test_truncated_rule_is_ignored(fetcher: Fetcher, site: Site) -> None:
    rules = "User-agent: *\nDisallow: /y\n"
    site["/robots.txt"] = text(
        rules + "#" * (MAX_ROBOTS_BYTES - len(rules) - 12) + "\nDisallow: /x/private\n"
    )
    site["/x"] = "hello"
    fetcher.get(site.url("/x"))
    with pytest.raises(DisallowedError):
        fetcher.get(site.url("/y"))


def test_path_is_compared_as_it_is_sent(fetcher: Fetcher, site: Site) -> None:
    site["/robots.txt"] = text("User-agent: *\nDisallow: /private\n")
    site["/open"] = "hello"
    for path in ("/a/../private", "/a/%2e%2E/private", "/./private/", "/%70rivate"):
        with pytest.raises(DisallowedError, match="forbids"):
            fetcher.get(site.url(path))
    fetcher.get(site.url("/private/../open"))
    assert site.paths() == ["/open"]


def test_only_rules_for_feedpub_are_cached(fetcher: Fetcher, site: Site, memory: Memory) -> None:
    others = "".join(f"User-agent: bot{'x' * n}\nDisallow: /{n}\n\n" for n in range(500))
    site["/robots.txt"] = text(
        f"{others}# for all\nUser-agent: *\nDisallow: /private\nCrawl-delay: 2\n"
    )
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    assert memory.kept[site.url("")].body == "User-agent: *\nDisallow: /private\nCrawl-delay: 2.0"


def test_rules_in_memory_are_limited_by_bytes(memory: Memory, clock: FakeClock) -> None:
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


def test_rules_of_many_origins_are_loaded_from_the_cache(memory: Memory, clock: FakeClock) -> None:
    robots = Robots(memory, clock)
    requested: list[str] = []

    def read(url: str) -> bytes:
        requested.append(url)
        return ROBOTS.encode()

    origins = [f"http://{number}.example" for number in range(2 * MAX_ORIGINS)]
    for _ in range(2):
        for origin in origins:
            assert robots.check_allowed(parse_target(f"{origin}/public"), read) == 7
    assert requested == [f"{origin}/robots.txt" for origin in origins]

"""robots.txt is fetched once a day, obeyed, and cached for other processes.

It is parsed by the cases of Google's own parser, rewritten in tests/vectors/robots.toml.
"""

import gzip
import re
import tomllib
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.core.models import CachedRobots
from feedpub.fetch import Fetcher, robots
from feedpub.fetch.robots import (
    AGENT,
    MAX_CACHE_BYTES,
    MAX_ORIGINS,
    MAX_ROBOTS_BYTES,
    MAX_SITEMAPS,
    Robots,
    RobotsRules,
    extract_product_token,
    parse_directives,
    parse_robots,
)
from feedpub.fetch.url import parse_url
from feedpub.fetch.url import parse_url as parse_target
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import running_raw_server
from tests.support.site import Route, Site, running_site

ROBOTS = "User-agent: *\nDisallow: /private\nCrawl-delay: 7\n\nUser-agent: otherbot\nDisallow: /\n"
VECTORS = tomllib.loads(
    (Path(__file__).parent.parent / "vectors" / "robots.toml").read_text("utf-8")
)


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


def test_rules_of_a_known_origin_are_not_loaded_again(memory: Memory, clock: FakeClock) -> None:
    loaded: list[str] = []
    robots = Robots(memory, clock)
    targets = [parse_target(f"http://{number}.example/") for number in range(1000)]
    for target in targets:
        robots.check_allowed(target, lambda _: b"")
    memory.load = loaded.append  # type: ignore[assignment,method-assign]
    for target in targets:
        robots.check_allowed(target, lambda _: pytest.fail("it is known"))
    assert loaded == []
    clock.pass_time(24 * 3600)
    robots.check_allowed(targets[0], lambda _: b"User-agent: *\nCrawl-delay: 3")
    assert robots.known_delay(targets[0]) == 3


def expand(text: str) -> str:
    return re.sub(r"\$LONG\((\d+), (\w)\)", lambda found: int(found[1]) * found[2], text)


def robots_body(case: dict[str, Any]) -> bytes:
    return case["latin1"].encode("latin-1") if "latin1" in case else expand(case["file"]).encode()


@pytest.mark.parametrize("case", VECTORS["case"], ids=lambda case: case["name"])
def test_rules_match_those_of_googles_parser(case: dict[str, Any]) -> None:
    """So do the stored rules: those for feedpub only, as a file of their own."""
    for agent in case.get("agents", [case.get("agent", "FooBot")]):
        read = parse_robots(robots_body(case), agent)
        for rules in (read, parse_robots(read.text.encode(), agent)):
            for allowed in case.get("allowed", ()):
                assert rules.allows(expand(allowed)), f"{allowed[:80]} is allowed for {agent}"
            for refused in case.get("refused", ()):
                assert not rules.allows(expand(refused)), f"{refused[:80]} is refused for {agent}"
            assert list(rules.sitemaps) == case.get("sitemaps", [])
    if "directives" in case:
        assert len(list(parse_directives(robots_body(case)))) == case["directives"]


def test_product_token_is_a_complete_token() -> None:
    [agents] = VECTORS["agent"]
    for name in [*agents["valid"], AGENT]:
        assert extract_product_token(name) == name
    for name in agents["invalid"]:
        assert not name or extract_product_token(name) != name


@pytest.mark.parametrize(("url", "path"), VECTORS["path"][0]["addresses"])
def test_paths_are_compared_as_they_are_sent(url: str, path: str) -> None:
    assert parse_url(url).path == path


@pytest.mark.parametrize(("written", "compared"), VECTORS["pattern"][0]["values"])
def test_patterns_are_encoded_like_paths(written: str, compared: str) -> None:
    assert parse_robots(f"user-agent: *\nallow: {written}".encode(), AGENT).allow == (compared,)


def test_crawl_delay_applies_to_the_agents_before_it() -> None:
    assert (
        parse_robots(
            b"User-agent: slow\nCrawl-delay: 9\nUser-agent: *\nDisallow: /x", AGENT
        ).crawl_delay
        == 0
    )
    assert (
        parse_robots(
            b"User-agent: feedpub\nCrawl-delay: 9\nUser-agent: b\nDisallow: /x", AGENT
        ).crawl_delay
        == 9
    )


def test_only_rules_for_feedpub_are_kept() -> None:
    others = "".join(f"User-agent: bot{'x' * n}\nDisallow: /{n}\n" for n in range(100))
    rules = parse_robots(f"{others}User-agent: *\nDisallow: /x\n".encode(), AGENT)
    assert rules.text == "User-agent: *\nDisallow: /x"
    assert rules.size < 300


def test_number_and_length_of_sitemaps_are_limited() -> None:
    many = "".join(f"Sitemap: https://a.example/{n}\n" for n in range(2 * MAX_SITEMAPS))
    assert (
        len(parse_robots(f"Sitemap: /{'x' * 5000}\n{many}".encode(), AGENT).sitemaps)
        == MAX_SITEMAPS
    )


def test_matching_takes_linear_time() -> None:
    pattern = "/" + "*a" * 8000 + "b$"
    assert RobotsRules(disallow=(pattern,)).allows("/" + "a" * 8000)
    assert robots._matches("*a*a*a*", "xaxaxa")
    assert not robots._matches("*a*a*a$", "xaxaxb")

"""A get as its callers know it: pages, 304s, errors, and how feedpub introduces itself."""

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import pytest

from feedpub.core.errors import FetchError
from feedpub.core.models import NotModified, Page
from feedpub.fetch import Fetcher, SystemClock, Validators
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import keeping_open, running_evil
from tests.support.site import Route, Site, running_site


def test_a_page_is_all_that_was_sent_of_it(fetcher: Fetcher, site: Site) -> None:
    """Unpacked, with its type, its charset, its validators and its freshness."""
    site["/a"] = Route(
        b"<p>hello</p>" * 100,
        "text/html; charset=ISO-8859-1",
        headers={"Cache-Control": "public, max-age=60"},
    )
    page = fetcher.get(site.url("/a"))
    assert isinstance(page, Page)
    assert page.url == site.url("/a")
    assert page.body == b"<p>hello</p>" * 100
    assert (page.content_type, page.charset) == ("text/html", "ISO-8859-1")
    assert page.etag
    assert page.last_modified == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert page.expires == 60


def test_what_did_not_change_is_not_sent_again(fetcher: Fetcher, site: Site) -> None:
    """Validators go back exactly as they came."""
    site["/a"] = "hello"
    page = fetcher.get(site.url("/a"))
    assert isinstance(page, Page)
    again = fetcher.get(site.url("/a"), validators=Validators(page.etag, page.last_modified))
    assert again == NotModified(site.url("/a"))
    assert site.requests[-1].headers["if-none-match"] == page.etag
    assert site.requests[-1].headers["if-modified-since"] == page.last_modified


def test_what_changed_is_sent(fetcher: Fetcher, site: Site) -> None:
    """A validator is a question, not an order."""
    site["/a"] = "hello"
    page = fetcher.get(site.url("/a"), validators=Validators('"old"', None))
    assert isinstance(page, Page)
    assert "if-modified-since" not in site.requests[-1].headers


@pytest.mark.parametrize("validators", [None, Validators(), Validators("", "")])
def test_without_validators_nothing_is_conditional(
    fetcher: Fetcher, site: Site, validators: Validators | None
) -> None:
    """And a 304 would be an error."""
    site["/a"] = "hello"
    fetcher.get(site.url("/a"), validators=validators)
    assert not site.requests[-1].conditional
    site["/b"] = Route(status=304, validators=False)
    with pytest.raises(FetchError, match="HTTP 304"):
        fetcher.get(site.url("/b"), validators=validators)


@pytest.mark.parametrize(
    ("contact", "agent"),
    [
        ("", f"feedpub/{version('feedpub')}"),
        ("https://example.org/about", f"feedpub/{version('feedpub')} (+https://example.org/about)"),
    ],
)
def test_feedpub_says_who_it_is(site: Site, clock: FakeClock, contact: str, agent: str) -> None:
    """With every request, and with an address where there is one."""
    site["/a"] = "hello"
    with Fetcher(contact=contact, allow_private=LOOPBACK, clock=clock) as fetcher:
        fetcher.get(site.url("/a"))
    assert {request.headers["user-agent"] for request in site.requests} == {agent}


def test_feedpub_says_what_it_reads(fetcher: Fetcher, site: Site) -> None:
    """Pages, feeds, and the codings that it can undo."""
    site["/a"] = "hello"
    fetcher.get(site.url("/a"))
    headers = site.requests[-1].headers
    assert headers["accept"].startswith("text/html,")
    assert "application/rss+xml" in headers["accept"]
    assert headers["accept-encoding"] == "gzip, deflate, br"


def test_connections_are_used_again(clock: FakeClock) -> None:
    """One for robots.txt and all pages of a server that keeps it open."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with (
        Fetcher(allow_private=LOOPBACK, clock=clock) as fetcher,
        running_evil(keeping_open(answer), robots=False) as server,
    ):
        for number in range(5):
            fetcher.get(server.url(f"/{number}"))
        assert server.connections == 1


def test_a_server_that_asks_for_time_gets_it(
    fetcher: Fetcher, site: Site, clock: FakeClock
) -> None:
    """Nobody there is asked for anything until it has passed; others are."""
    site["/a"] = Route(status=429, headers={"Retry-After": "120"})
    site["/b"] = "hello"
    with pytest.raises(FetchError, match="HTTP 429: asks to wait 120 s") as caught:
        fetcher.get(site.url("/a"))
    assert (caught.value.status, caught.value.retry_after) == (429, 120)
    with pytest.raises(FetchError, match=r"not requested: .* HTTP 429 and asked to wait"):
        fetcher.get(site.url("/b"))
    assert site.paths() == ["/a"]
    with running_site() as other:
        other["/"] = "hello"
        fetcher.get(other.url())
    clock.pass_time(121)
    fetcher.get(site.url("/b"))


def test_a_page_that_asks_for_time_closes_no_server(fetcher: Fetcher, site: Site) -> None:
    """A Retry-After means the server only with 429 and 503."""
    site["/a"] = Route(status=404, headers={"Retry-After": "120"})
    site["/b"] = "hello"
    with pytest.raises(FetchError, match="HTTP 404"):
        fetcher.get(site.url("/a"))
    fetcher.get(site.url("/b"))


def test_waiting_takes_nothing_of_the_deadline(site: Site) -> None:
    """It is the server that has to hurry, not feedpub."""
    site["/a"] = "hello"
    with Fetcher(allow_private=LOOPBACK, delay=0.4, deadline=0.3) as fetcher:
        assert isinstance(fetcher.get(site.url("/a")), Page)


def test_many_servers_are_asked_from_many_threads(fetcher: Fetcher) -> None:
    """One fetcher serves them all, and every answer finds its own question."""
    with running_site() as one, running_site() as two:
        for server in (one, two):
            for number in range(10):
                server[f"/{number}"] = server.url(f"/{number}")
        urls = [server.url(f"/{number}") for number in range(10) for server in (one, two)]
        with ThreadPoolExecutor(8) as pool:
            pages = list(pool.map(fetcher.get, urls))
    assert [page.body.decode() for page in pages if isinstance(page, Page)] == urls


@pytest.mark.parametrize(
    "path", ["/double//slash", "/a%2Fb", "/%E4", "/~user", "/a;b=c?d=e&f=g/h?i", "/a/./b"]
)
def test_paths_arrive_as_they_were_written(fetcher: Fetcher, site: Site, path: str) -> None:
    """But for what browsers tidy up."""
    sent = path.replace("/./", "/")
    site[sent] = "hello"
    assert isinstance(fetcher.get(site.url(path)), Page)
    assert site.paths() == [sent]


def test_the_system_clock_moves() -> None:
    """Forward, and in UTC."""
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > before
    assert clock.now().utcoffset() is not None


def answering(*lines: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", *lines, "Content-Length: 5", "Connection: close"))
    return f"{head}\r\n\r\nhello".encode("latin-1")


@pytest.mark.parametrize(
    "line", ["Content-Type: " + "?" * 60_000, "Content-Type: " + "a/" * 4000, "Content-Type: ?/?"]
)
def test_a_content_type_that_is_none_is_none(fetcher: Fetcher, line: str) -> None:
    """The page is read all the same: by its first bytes."""
    with running_evil(answering(line)) as server:
        page = fetcher.get(server.url("/a"))
    assert isinstance(page, Page)
    assert (page.content_type, page.body) == ("", b"hello")


@pytest.mark.parametrize("charset", ["x" * 41, "?", "a\x9db", "x" * 7000])
def test_a_charset_that_is_none_is_none(fetcher: Fetcher, charset: str) -> None:
    """The type before it counts."""
    with running_evil(answering(f"Content-Type: text/html; charset={charset}")) as server:
        page = fetcher.get(server.url("/a"))
    assert isinstance(page, Page)
    assert (page.content_type, page.charset) == ("text/html", None)


def test_headers_have_a_limit_together(fetcher: Fetcher) -> None:
    """Nobody sends so many who means well."""
    lines = [f"X-{number}: {'a' * 60_000}" for number in range(5)]
    with (
        running_evil(answering(*lines)) as server,
        pytest.raises(FetchError, match="headers are larger than 262144"),
    ):
        fetcher.get(server.url("/a"))


@pytest.mark.parametrize(
    "location", ["http://[" + "?" * 60_000, "/" + "a" * 60_000, "//" + "?" * 20_000]
)
def test_a_redirect_to_an_address_without_end_is_refused(fetcher: Fetcher, location: str) -> None:
    """In few words."""
    said = answering(f"Location: {location}", status="302 Found")
    with running_evil(said) as server, pytest.raises(FetchError) as caught:
        fetcher.get(server.url("/a"))
    assert (
        "longer than 8192 bytes" in caught.value.reason or "not a valid URL" in caught.value.reason
    )
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
@pytest.mark.parametrize("value", ['"a\x01b"', '"a\x7f"', "a" * 1025, "a" * 20_000])
def test_validators_that_cannot_be_sent_back_are_none(
    fetcher: Fetcher, name: str, value: str
) -> None:
    """Nor are they sent where an older state holds them."""
    with running_evil(answering(f"{name}: {value}")) as server:
        page = fetcher.get(server.url("/a"), validators=Validators(value, value))
    assert isinstance(page, Page)
    assert (page.etag, page.last_modified) == (None, None)
    assert not any(line.lower().startswith(b"if-") for line in server.heads[0].splitlines())


@pytest.mark.parametrize("status", [400, 431])
def test_a_server_that_refuses_its_own_validators_is_asked_without(
    fetcher: Fetcher, site: Site, status: int
) -> None:
    """Once, and only if they were sent."""
    site["/a"] = Route(status=status, validators=False)
    for validators, requests in ((Validators('"a"'), [True, False]), (None, [False])):
        asked = len(site.requests)
        with pytest.raises(FetchError, match=f"HTTP {status}"):
            fetcher.get(site.url("/a"), validators=validators)
        sent = [request for request in site.requests[asked:] if request.path == "/a"]
        assert ["if-none-match" in request.headers for request in sent] == requests

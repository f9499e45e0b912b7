"""The narrower gate, for what a page's scripts ask for."""

import pytest

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.fetch import Fetcher, RequestOptions
from tests.support.clock import FakeClock
from tests.support.site import Route, Site, running_site

MUCH = 1_000_000


def test_a_part_of_the_pages_own_server_is_fetched(site: Site, gate: Fetcher) -> None:
    """What the config allowed for the page holds for its own server."""
    site["/"], site["/api"] = "<p>", Route(b"[1]", "application/json")
    visit = gate.open_page(site.url("/"))
    answer, place = visit.fetch_subresource(
        site.url("/api"), {"X-Wanted": "all"}, seconds=5, max_bytes=MUCH
    )
    visit.close()
    assert (answer.body, place) == (b"[1]", site.url("/api"))
    assert site.requests[-1].headers["x-wanted"] == "all"


def test_nothing_else_that_is_private_is_reached(site: Site, gate: Fetcher) -> None:
    """Not even what the config allows.

    It allows it for itself. Nor by a redirect of the page's own server.
    """
    site["/"] = "<p>"
    with running_site() as other:
        site["/away"] = Route(status=302, headers={"Location": other.url("/")})
        other["/"] = "secret"
        gate.get(other.url("/"))  # a connection to it is kept, which the page must not find
        other.forget()
        visit = gate.open_page(site.url("/"))
        for url in (
            other.url("/"),
            site.url("/away"),
            "http://169.254.169.254/",
            "http://[::1]/",
            "http://localhost/",
        ):
            with pytest.raises(DisallowedError, match="allow_private"):
                visit.fetch_subresource(url, {}, seconds=5, max_bytes=MUCH)
        visit.close()
        assert other.requests == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "chrome://version", "data:text/html,x", "ftp://127.0.0.1/"]
)
def test_only_http_is_fetched(site: Site, gate: Fetcher, url: str) -> None:
    site["/"] = "<p>"
    visit = gate.open_page(site.url("/"))
    with pytest.raises(DisallowedError, match="only http and https"):
        visit.fetch_subresource(url, {}, seconds=5, max_bytes=MUCH)
    visit.close()


def test_parts_obey_robots_and_caps(site: Site, gate: Fetcher) -> None:
    site["/robots.txt"] = Route(b"User-agent: *\nDisallow: /private/", "text/plain")
    site["/"], site["/big"] = "<p>", b"x" * 2000
    visit = gate.open_page(site.url("/"))
    with pytest.raises(DisallowedError, match=r"robots\.txt"):
        visit.fetch_subresource(site.url("/private/api"), {}, seconds=5, max_bytes=MUCH)
    with pytest.raises(FetchError, match="larger than 1000 bytes"):
        visit.fetch_subresource(site.url("/big"), {}, seconds=5, max_bytes=1000)
    visit.close()
    assert site.paths() == ["/", "/big"]


def test_secrets_go_with_the_requests_of_their_own_site_alone(site: Site, gate: Fetcher) -> None:
    """A page elsewhere cannot borrow them."""
    site["/"], site["/api"] = "<p>", "x"
    with running_site() as home:
        for source, sent in ((home.url("/"), None), (site.url("/"), "s3cret")):
            visit = gate.open_page(
                site.url("/"), options=RequestOptions(headers={"X-Key": "s3cret"}, site=source)
            )
            visit.fetch_subresource(site.url("/api"), {}, seconds=5, max_bytes=MUCH)
            visit.close()
            assert site.requests[-1].headers.get("x-key") == sent


def test_parts_follow_each_other_without_a_pause(site: Site) -> None:
    """But the next page waits as ever."""
    site["/"], site["/api"] = "<p>", "x"
    clock = FakeClock()
    with Fetcher(delay=5, allow_private=["127.0.0.0/8"], clock=clock) as gate:
        visit = gate.open_page(site.url("/"))
        began = clock.monotonic()
        for _ in range(3):
            visit.fetch_subresource(site.url("/api"), {}, seconds=5, max_bytes=MUCH)
        visit.close()
        assert clock.monotonic() - began < 1
        gate.get(site.url("/"))
        assert clock.naps[-1] == 5

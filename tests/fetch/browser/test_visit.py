"""Subresources of a page, as fetched by the client."""

import pytest

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.fetch import Fetcher, RequestOptions
from tests.support.clock import FakeClock
from tests.support.site import Route, Site, running_site

MUCH = 1_000_000


def test_subresource_of_the_pages_own_server_is_fetched(site: Site, gate: Fetcher) -> None:
    site["/"], site["/api"] = "<p>", Route(b"[1]", "application/json")
    visit = gate.open_page(site.url("/"))
    answer, place = visit.fetch_subresource(
        site.url("/api"), {"X-Wanted": "all"}, seconds=5, max_bytes=MUCH
    )
    visit.close()
    assert (answer.body, place) == (b"[1]", site.url("/api"))
    assert site.requests[-1].headers["x-wanted"] == "all"


def test_other_private_addresses_are_forbidden_for_subresources(site: Site, gate: Fetcher) -> None:
    """Even if the config allows them, and by redirects of the page's own server."""
    site["/"] = "<p>"
    with running_site() as other:
        site["/away"] = Route(status=302, headers={"Location": other.url("/")})
        other["/"] = "secret"
        gate.get(other.url("/"))  # a connection to it is kept, which the page must not find
        other.clear_requests()
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
def test_only_http_subresources_are_fetched(site: Site, gate: Fetcher, url: str) -> None:
    site["/"] = "<p>"
    visit = gate.open_page(site.url("/"))
    with pytest.raises(DisallowedError, match="only http and https"):
        visit.fetch_subresource(url, {}, seconds=5, max_bytes=MUCH)
    visit.close()


def test_subresources_obey_robots_and_size_limits(site: Site, gate: Fetcher) -> None:
    site["/robots.txt"] = Route(b"User-agent: *\nDisallow: /private/", "text/plain")
    site["/"], site["/big"] = "<p>", b"x" * 2000
    visit = gate.open_page(site.url("/"))
    with pytest.raises(DisallowedError, match=r"robots\.txt"):
        visit.fetch_subresource(site.url("/private/api"), {}, seconds=5, max_bytes=MUCH)
    with pytest.raises(FetchError, match="larger than 1000 bytes"):
        visit.fetch_subresource(site.url("/big"), {}, seconds=5, max_bytes=1000)
    visit.close()
    assert site.paths() == ["/", "/big"]


def test_secrets_are_only_sent_with_subresources_of_their_own_site(
    site: Site, gate: Fetcher
) -> None:
    site["/"], site["/api"] = "<p>", "x"
    with running_site() as home:
        for source, sent in ((home.url("/"), None), (site.url("/"), "s3cret")):
            visit = gate.open_page(
                site.url("/"), options=RequestOptions(headers={"X-Key": "s3cret"}, site=source)
            )
            visit.fetch_subresource(site.url("/api"), {}, seconds=5, max_bytes=MUCH)
            visit.close()
            assert site.requests[-1].headers.get("x-key") == sent


def test_subresources_have_no_delay(site: Site) -> None:
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
        assert clock.sleeps[-1] == 5

"""JSON is sent with POST under the guards of every request, and to its own server only."""

import pytest

from feedpub.core.errors import DisallowedError, FetchError, RetryLaterError
from feedpub.fetch import Fetcher, RequestOptions
from tests.support.clock import FakeClock
from tests.support.site import Route, Site, running_site

BODY = b'{"limit": 20}'


def redirect(location: str, status: int) -> Route:
    return Route(b"moved", status=status, headers={"Location": location}, validators=False)


def test_body_is_sent_and_the_answer_returned(fetcher: Fetcher, site: Site) -> None:
    site["/api"] = Route(b"[1]", "application/json")
    options = RequestOptions(headers={"X-Key": "k3y"})
    page = fetcher.post(site.url("/api"), BODY, options=options)
    assert (page.body, page.content_type) == (b"[1]", "application/json")
    request = site.requests[-1]
    assert (request.method, request.body) == ("POST", BODY)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-key"] == "k3y"


def test_content_type_of_the_options_takes_precedence(fetcher: Fetcher, site: Site) -> None:
    site["/api"] = "[]"
    options = RequestOptions(headers={"Content-Type": "application/graphql+json"})
    fetcher.post(site.url("/api"), BODY, options=options)
    assert site.requests[-1].headers["content-type"] == "application/graphql+json"


def test_robots_and_private_addresses_are_checked(fetcher: Fetcher, site: Site) -> None:
    site["/robots.txt"] = Route(b"User-agent: *\nDisallow: /api", "text/plain")
    with pytest.raises(DisallowedError, match=r"robots\.txt"):
        fetcher.post(site.url("/api"), BODY)
    with Fetcher(deadline=5) as strict, pytest.raises(DisallowedError, match="public"):
        strict.post(site.url("/other"), BODY)
    assert site.paths() == []


def test_requests_wait_for_the_delay_and_for_retry_after(
    fetcher: Fetcher, site: Site, clock: FakeClock
) -> None:
    site["/api"] = Route(b"", status=429, headers={"Retry-After": "600"})
    with pytest.raises(FetchError, match="asks to wait 600 s"):
        fetcher.post(site.url("/api"), BODY)
    assert clock.sleeps
    with pytest.raises(RetryLaterError):
        fetcher.post(site.url("/api"), BODY)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirect_is_followed_with_get(fetcher: Fetcher, site: Site, status: int) -> None:
    site["/a"], site["/b"] = redirect("/b", status), "done"
    assert fetcher.post(site.url("/a"), BODY).body == b"done"
    assert site.requests[-1].method == "GET"
    assert "content-length" not in site.requests[-1].headers


@pytest.mark.parametrize("status", [307, 308])
def test_redirect_that_demands_it_keeps_the_body(fetcher: Fetcher, site: Site, status: int) -> None:
    site["/a"], site["/b"] = redirect("/b", status), "done"
    assert fetcher.post(site.url("/a"), BODY).body == b"done"
    assert (site.requests[-1].method, site.requests[-1].body) == ("POST", BODY)


def test_body_is_not_sent_to_another_server(fetcher: Fetcher, site: Site) -> None:
    with running_site() as other:
        other["/b"] = "done"
        site["/a"] = redirect(other.url("/b"), 307)
        with pytest.raises(FetchError, match="not sent to another server"):
            fetcher.post(site.url("/a"), BODY)
        with pytest.raises(FetchError, match="not sent to another server"):
            fetcher.post(other.url("/b"), BODY, options=RequestOptions(site=site.url()))
        assert other.paths() == []

"""Redirects are followed, and secrets stay on their own server."""

from http.server import BaseHTTPRequestHandler

import pytest

from feedpub.core.errors import ConfigError, DisallowedError, FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher, RequestOptions
from tests.support.clock import FakeClock
from tests.support.site import Route, Site, running_site

SECRETS = RequestOptions(
    headers={"X-Key": "k3y"}, cookies={"session": "s3cret"}, auth=("anna", "pass:wörd")
)
BASIC = "Basic YW5uYTpwYXNzOnfDtnJk"


def to(location: str, status: int = 302, **headers: str) -> Route:
    return Route(
        b"moved", status=status, headers={"Location": location, **headers}, validators=False
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_page_has_the_url_after_redirects(fetcher: Fetcher, site: Site, status: int) -> None:
    site["/a"] = to("/b?c#d", status)
    site["/b?c"] = "hello"
    page = fetcher.get(site.url("/a"))
    assert isinstance(page, Page)
    assert (page.url, page.body) == (site.url("/b?c"), b"hello")


def test_each_redirect_waits_for_the_delay(fetcher: Fetcher, site: Site, clock: FakeClock) -> None:
    site["/a"], site["/b"], site["/c"] = to("/b"), to("/c"), "hello"
    fetcher.get(site.url("/a"))
    assert clock.sleeps == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("path", ["/a", "/b"])
def test_circular_redirect_is_an_error(fetcher: Fetcher, site: Site, path: str) -> None:
    site["/a"], site["/b"] = to("/b"), to("/b")
    with pytest.raises(FetchError, match="redirects in a circle"):
        fetcher.get(site.url(path))
    assert len(site.paths()) <= 2


def test_eleventh_redirect_is_an_error(fetcher: Fetcher, site: Site) -> None:
    for number in range(20):
        site[f"/{number}"] = to(f"/{number + 1}")
    with pytest.raises(FetchError, match="redirects more than 10 times"):
        fetcher.get(site.url("/0"))
    assert len(site.paths()) == 11


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "javascript:alert(1)",
        "data:text/html,hello",
        "about:blank",
    ],
)
def test_redirect_to_another_scheme_is_forbidden(
    fetcher: Fetcher, site: Site, location: str
) -> None:
    site["/a"] = to(location)
    with pytest.raises(DisallowedError, match=r"redirected to .*: only http and https") as caught:
        fetcher.get(site.url("/a"))
    assert caught.value.url == site.url("/a")


@pytest.mark.parametrize("location", ["http://a..b/", "http://[::1/", "http://x:99999/"])
def test_invalid_location_is_an_error(fetcher: Fetcher, site: Site, location: str) -> None:
    site["/a"] = to(location)
    with pytest.raises(FetchError, match="redirected to"):
        fetcher.get(site.url("/a"))


def test_error_after_a_redirect_names_its_address(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = to("/gone")
    with pytest.raises(
        FetchError, match=rf"/a: redirected to {site.url('/gone')}: HTTP 404"
    ) as caught:
        fetcher.get(site.url("/a"))
    assert caught.value.status == 404


def test_secrets_are_sent_to_their_own_server(fetcher: Fetcher, site: Site) -> None:
    """With each request for a page, but not for robots.txt."""
    site["/a"], site["/b"] = to("/b"), "hello"
    fetcher.get(site.url("/a"), options=SECRETS)
    robots, *pages = [request.headers for request in site.requests]
    for headers in pages:
        assert (headers["x-key"], headers["cookie"], headers["authorization"]) == (
            "k3y",
            "session=s3cret",
            BASIC,
        )
    assert not {"x-key", "cookie", "authorization"} & set(robots)


def test_secrets_are_never_sent_to_another_server(fetcher: Fetcher, site: Site) -> None:
    with running_site() as other:
        site["/a"], site["/c"] = to(other.url("/b")), "hello"
        other["/b"] = to(site.url("/c"))
        fetcher.get(site.url("/a"), options=SECRETS)
        for request in other.requests:
            assert not {"x-key", "cookie", "authorization"} & set(request.headers)
            assert "s3cret" not in str(request)
    assert site.requests[-1].headers["authorization"] == BASIC


def test_secrets_are_only_sent_to_their_site(fetcher: Fetcher, site: Site) -> None:
    """Articles of a source may be on another host: `site` names the one for its secrets."""
    site["/article"] = "hello"
    options = RequestOptions(cookies={"session": "s3cret"}, site="http://source.example/feed")
    fetcher.get(site.url("/article"), options=options)
    assert "cookie" not in site.requests[-1].headers
    fetcher.get(
        site.url("/article"), options=RequestOptions(cookies={"a": "b"}, site=site.url("/feed"))
    )
    assert site.requests[-1].headers["cookie"] == "a=b"


def test_password_in_the_url_is_sent_and_never_shown(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = "hello"
    url = site.url("/a").replace("//", "//anna:pass%3Aw%C3%B6rd@")
    assert fetcher.get(url).url == site.url("/a")
    assert site.requests[-1].headers["authorization"] == BASIC
    with pytest.raises(FetchError) as caught:
        fetcher.get(url + "b")
    assert "anna" not in str(caught.value)
    assert "anna" not in repr(caught.value.__cause__)


def test_any_password_can_be_sent(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = "hello"
    fetcher.get(site.url("/a").replace("//", "//anna:\ud800@"))
    assert site.requests[-1].headers["authorization"] == "Basic YW5uYTo/"


def test_repr_of_options_has_no_secrets() -> None:
    assert "s3cret" not in repr(SECRETS)
    assert "wörd" not in repr(SECRETS)
    assert "s3cret" not in repr(
        RequestOptions(site="http://anna:s3cret@a.example/", proxy="http://anna:s3cret@b/")
    )


@pytest.mark.parametrize(
    "options",
    [
        RequestOptions(headers={"X-Key": "s3cret\r\nX-Evil: 1"}),
        RequestOptions(headers={"X Key": "s3cret"}),
        RequestOptions(headers={"": "s3cret"}),
        RequestOptions(cookies={"a": "s3cret\n"}),
    ],
)
def test_invalid_header_is_an_error_without_its_value(
    fetcher: Fetcher, site: Site, options: RequestOptions
) -> None:
    with pytest.raises(FetchError, match="cannot be sent") as caught:
        fetcher.get(site.url("/a"), options=options)
    assert "s3cret" not in str(caught.value)
    assert site.requests == []


def test_headers_beyond_latin1_are_sent_as_utf8(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = "hello"
    fetcher.get(
        site.url("/a"),
        options=RequestOptions(cookies={"name": "Ωmega"}, headers={"User-Agent": "other"}),
    )
    assert site.requests[-1].headers["cookie"] == "name=Ωmega".encode().decode("latin-1")
    assert site.requests[-1].headers["user-agent"] == "other"


def test_page_that_sets_a_cookie_and_redirects_to_itself_is_fetched(
    fetcher: Fetcher, site: Site
) -> None:
    def guarded(request: BaseHTTPRequestHandler) -> None:
        welcome = request.headers.get("Cookie") == "seen=1"
        request.send_response(200 if welcome else 302)
        if not welcome:
            request.send_header("Set-Cookie", "seen=1; Path=/")
            request.send_header("Location", "/a")
        request.send_header("Content-Length", "0")
        request.end_headers()

    site["/a"] = guarded
    for _ in range(2):
        assert isinstance(fetcher.get(site.url("/a")), Page)
    assert [("cookie" in r.headers) for r in site.requests if r.path == "/a"] == [
        False,
        True,
        False,
        True,
    ]


def test_invalid_contact_is_a_config_error() -> None:
    for contact in ("https://münchen.example/", "a\r\nX-Evil: 1"):
        with pytest.raises(ConfigError, match="contact"):
            Fetcher(contact=contact)

"""What is posted arrives once, and whatever goes wrong has a name without a secret in it."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from feedpub.core.errors import FetchError
from feedpub.fetch import WebhookClient
from tests.support.site import Route, Site

JSON = "application/json"


@pytest.fixture
def notifier() -> Iterator[WebhookClient]:
    with WebhookClient(contact="https://example.org/about", deadline=0.6) as running:
        yield running


def test_a_message_arrives_as_it_is(site: Site, notifier: WebhookClient) -> None:
    """At a private address too: the user has written it into the config."""
    site["/hook"] = b"ok"
    notifier.post(site.url("/hook?key=1"), b'{"a": 1}', JSON)
    (request,) = site.requests
    assert (request.method, request.path, request.body) == ("POST", "/hook?key=1", b'{"a": 1}')
    assert request.headers["content-type"] == JSON
    assert request.headers["content-length"] == "8"
    assert "(+https://example.org/about)" in request.headers["user-agent"]
    assert "authorization" not in request.headers


def test_a_user_and_a_password_may_stand_in_the_address(
    site: Site, notifier: WebhookClient
) -> None:
    """They go into a header, and into no message."""
    url = site.url("/hook").replace("//", "//ann:pass%20word@")
    with pytest.raises(FetchError) as caught:
        notifier.post(url, b"{}", JSON)
    assert site.requests[0].headers["authorization"] == "Basic YW5uOnBhc3Mgd29yZA=="
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        (
            Route(b"no such channel", "text/plain", 404),
            "HTTP 404: the page is gone: no such channel",
        ),
        (
            Route(b'{"code": 1}', "application/json; charset=utf-8", 400),
            'HTTP 400: bad request: {"code": 1}',
        ),
        (Route(b"<h1>Oops</h1>", status=500), "HTTP 500: the server has an error"),
        (
            Route(b"x" * 9000, "text/plain", 503),
            "HTTP 503: the server is overloaded or closed for now: " + "x" * 100,
        ),
        (
            Route(b"slow", "text/plain", 429, {"Retry-After": "40"}),
            "HTTP 429: asks to wait 40 s: slow",
        ),
    ],
)
def test_what_a_server_says_against_it_is_told(
    site: Site, notifier: WebhookClient, route: Route, reason: str
) -> None:
    """With the server's own words where they are meant to be read, and never with the path.

    It may be a secret.
    """
    site["/T0KEN"] = route
    with pytest.raises(FetchError) as caught:
        notifier.post(site.url("/T0KEN"), b"{}", JSON)
    assert (caught.value.reason, caught.value.url) == (reason, site.url("").rstrip("/"))
    assert caught.value.status == route.status
    assert "T0KEN" not in str(caught.value)


def test_a_server_that_repeats_the_address_tells_no_secret(
    site: Site, notifier: WebhookClient
) -> None:
    """Neither the path nor what stands in the query."""
    site["/hooks/T0KENPATH"] = Route(
        b"no /hooks/T0KENPATH?key=T0KENKEY, and T0KENPATH is unknown", "text/plain", 404
    )
    with pytest.raises(FetchError) as caught:
        notifier.post(site.url("/hooks/T0KENPATH?key=T0KENKEY"), b"{}", JSON)
    assert "T0KEN" not in str(caught.value)
    assert "and … is unknown" in caught.value.reason


def test_a_redirect_is_not_followed(site: Site, notifier: WebhookClient) -> None:
    """Nobody but the server that the config names hears the message."""
    site["/hook"] = Route(status=307, headers={"Location": "/other"})
    site["/other"] = b"ok"
    with pytest.raises(FetchError, match="HTTP 307: it redirects, which is not followed"):
        notifier.post(site.url("/hook"), b"{}", JSON)
    assert site.paths() == ["/hook"]


def test_an_environment_with_a_proxy_changes_nothing(
    site: Site, notifier: WebhookClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not even asked."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    site["/hook"] = b"ok"
    notifier.post(site.url("/hook"), b"{}", JSON)
    assert site.paths() == ["/hook"]


def test_a_success_is_one_whatever_follows_it(site: Site, notifier: WebhookClient) -> None:
    """A body that drips, or never ends, is not waited for: the message has arrived."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000000")
        handler.end_headers()
        handler.wfile.flush()
        time.sleep(1)

    site["/hook"] = drip
    began = time.monotonic()
    notifier.post(site.url("/hook"), b"{}", JSON)
    assert time.monotonic() - began < 0.5


def test_a_silent_server_costs_its_deadline_and_no_more(
    site: Site, notifier: WebhookClient
) -> None:
    """Headers that drip do not prolong it."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(20):
            try:
                handler.wfile.write(b"H")
            except OSError:
                return
            time.sleep(0.1)

    site["/hook"] = drip
    began = time.monotonic()
    with pytest.raises(FetchError):
        notifier.post(site.url("/hook"), b"{}", JSON)
    assert time.monotonic() - began < 1.5


def test_nothing_is_sent_twice(site: Site, notifier: WebhookClient) -> None:
    """A server that hangs up after the request may have heard it.

    Whoever keeps the message decides.
    """

    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    site["/ok"] = b"ok"
    site["/hook"] = hang_up
    notifier.post(site.url("/ok"), b"{}", JSON)
    with pytest.raises(FetchError, match="closed the connection without an answer"):
        notifier.post(site.url("/hook"), b"{}", JSON)
    assert site.paths() == ["/ok", "/hook"]


@pytest.mark.parametrize("url", ["ftp://example.org/T0KEN", "no address T0KEN", "http://"])
def test_an_address_that_is_none_is_not_shown(notifier: WebhookClient, url: str) -> None:
    """It may hold a secret all the same."""
    with pytest.raises(FetchError) as caught:
        notifier.post(url, b"{}", JSON)
    assert "T0KEN" not in str(caught.value)

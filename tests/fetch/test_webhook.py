"""Messages are posted once, and errors contain no secrets."""

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


def test_message_is_posted_unchanged_to_a_private_address(
    site: Site, notifier: WebhookClient
) -> None:
    site["/hook"] = b"ok"
    notifier.post(site.url("/hook?key=1"), b'{"a": 1}', JSON)
    (request,) = site.requests
    assert (request.method, request.path, request.body) == ("POST", "/hook?key=1", b'{"a": 1}')
    assert request.headers["content-type"] == JSON
    assert request.headers["content-length"] == "8"
    assert "(+https://example.org/about)" in request.headers["user-agent"]
    assert "authorization" not in request.headers


def test_user_and_password_are_sent_as_a_header(site: Site, notifier: WebhookClient) -> None:
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
def test_error_text_of_the_server_is_reported_without_the_path(
    site: Site, notifier: WebhookClient, route: Route, reason: str
) -> None:
    site["/T0KEN"] = route
    with pytest.raises(FetchError) as caught:
        notifier.post(site.url("/T0KEN"), b"{}", JSON)
    assert (caught.value.reason, caught.value.url) == (reason, site.url("").rstrip("/"))
    assert caught.value.status == route.status
    assert "T0KEN" not in str(caught.value)


def test_address_in_the_error_text_is_masked(site: Site, notifier: WebhookClient) -> None:
    site["/hooks/T0KENPATH"] = Route(
        b"no /hooks/T0KENPATH?key=T0KENKEY, and T0KENPATH is unknown", "text/plain", 404
    )
    with pytest.raises(FetchError) as caught:
        notifier.post(site.url("/hooks/T0KENPATH?key=T0KENKEY"), b"{}", JSON)
    assert "T0KEN" not in str(caught.value)
    assert "and … is unknown" in caught.value.reason


def test_redirect_is_not_followed(site: Site, notifier: WebhookClient) -> None:
    site["/hook"] = Route(status=307, headers={"Location": "/other"})
    site["/other"] = b"ok"
    with pytest.raises(FetchError, match="HTTP 307: it redirects, which is not followed"):
        notifier.post(site.url("/hook"), b"{}", JSON)
    assert site.paths() == ["/hook"]


def test_proxy_of_the_environment_is_ignored(
    site: Site, notifier: WebhookClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    site["/hook"] = b"ok"
    notifier.post(site.url("/hook"), b"{}", JSON)
    assert site.paths() == ["/hook"]


def test_body_of_a_success_is_not_read(site: Site, notifier: WebhookClient) -> None:
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


def test_silent_server_costs_only_the_deadline(site: Site, notifier: WebhookClient) -> None:
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


def test_message_is_not_sent_twice_if_the_server_hangs_up(
    site: Site, notifier: WebhookClient
) -> None:
    """The outbox decides about another attempt."""

    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    site["/ok"] = b"ok"
    site["/hook"] = hang_up
    notifier.post(site.url("/ok"), b"{}", JSON)
    with pytest.raises(FetchError, match="closed the connection without an answer"):
        notifier.post(site.url("/hook"), b"{}", JSON)
    assert site.paths() == ["/ok", "/hook"]


@pytest.mark.parametrize("url", ["ftp://example.org/T0KEN", "no address T0KEN", "http://"])
def test_invalid_address_is_not_shown(notifier: WebhookClient, url: str) -> None:
    with pytest.raises(FetchError) as caught:
        notifier.post(url, b"{}", JSON)
    assert "T0KEN" not in str(caught.value)

"""Errors do not repeat secrets that a server sends back."""

import base64
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote

import pytest

from feedpub.core.errors import FetchError
from feedpub.core.redact import find_secrets, redact
from feedpub.fetch import Fetcher, RequestOptions
from tests.support.evil import running_raw_server
from tests.support.patterns import GIVE_UP_SECONDS, cpu_seconds
from tests.support.site import Site

TOKEN = "T0KEN/with spaces="
IN_BASIC = base64.b64encode(f"ann:{TOKEN}".encode()).decode().rstrip("=")


def given(name: str) -> RequestOptions:
    return {
        "header": RequestOptions(headers={"X-Any": TOKEN}),
        "cookie": RequestOptions(cookies={"any": TOKEN}),
        "login": RequestOptions(auth=("ann", TOKEN)),
    }[name]


@pytest.mark.parametrize("name", ["header", "cookie", "login"])
@pytest.mark.parametrize(
    "written", [str, quote, lambda text: quote(quote(text))], ids=["plain", "encoded", "twice"]
)
def test_redirect_with_a_secret_is_masked(
    site: Site, fetcher: Fetcher, name: str, written: Callable[[str], str]
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header(
            "Location", f"ftp://elsewhere.example/?seen={written(f'{TOKEN} {IN_BASIC}')}"
        )
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    site["/page"] = answer
    with pytest.raises(FetchError, match="only http and https") as caught:
        fetcher.get(site.url("/page"), options=given(name))
    assert caught.value.reason.startswith("redirected to ftp://elsewhere.example/?seen=")
    assert (IN_BASIC if name == "login" else "T0KEN") not in str(caught.value)


def test_token_of_the_address_is_masked_under_another_name(site: Site, fetcher: Fetcher) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header(
            "Location", f"ftp://elsewhere.example/?from={quote(handler.path, safe='')}"
        )
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    site["/page"] = answer
    with pytest.raises(FetchError) as caught:
        fetcher.get(site.url("/page?api_key=T0KEN-1"))
    assert "T0KEN" not in caught.value.reason


def test_first_line_of_another_protocol_is_shown_without_secrets(fetcher: Fetcher) -> None:
    with (
        running_raw_server(b"SSH-2.0 T0KEN-1 hello\r\n") as server,
        pytest.raises(FetchError, match=r"SSH-2\.0 … hello") as caught,
    ):
        fetcher.get(server.url(), options=RequestOptions(cookies={"any": "T0KEN-1"}))
    assert "T0KEN" not in str(caught.value)


@pytest.mark.parametrize(
    "piece", ["?", "&a=", "?token=.", "?token=a.", "?sid=abcdef&", "?a=0123456789abcdef", "://a@"]
)
@pytest.mark.parametrize("redact", [redact, find_secrets])
def test_masking_takes_linear_time(redact: Callable[[str], object], piece: str) -> None:
    texts = (piece * (size // len(piece)) for size in (100_000, 400_000))
    short, long = (cpu_seconds(partial(redact, text), 0.0) for text in texts)
    assert long < min(9 * short, GIVE_UP_SECONDS)

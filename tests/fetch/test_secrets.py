"""Servers repeat what they are sent.

In redirects, in status lines. The reason of a failure repeats none of it.
"""

import base64
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote

import pytest

from feedpub.core.errors import FetchError
from feedpub.core.redact import find_secrets, redact
from feedpub.fetch import Fetcher, RequestOptions
from tests.support.evil import running_evil
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
def test_a_redirect_that_repeats_it(
    site: Site, fetcher: Fetcher, name: str, written: Callable[[str], str]
) -> None:
    """Plain or encoded, under a name that gives nothing away."""

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


def test_a_token_of_the_address_under_another_name(site: Site, fetcher: Fetcher) -> None:
    """The address itself stands in the error, for who called.

    Everybody else is told it by `discreet`.
    """

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


def test_a_line_that_is_no_http(fetcher: Fetcher) -> None:
    """Its beginning is shown, for it says who is there."""
    with (
        running_evil(b"SSH-2.0 T0KEN-1 hello\r\n") as server,
        pytest.raises(FetchError, match=r"SSH-2\.0 … hello") as caught,
    ):
        fetcher.get(server.url(), options=RequestOptions(cookies={"any": "T0KEN-1"}))
    assert "T0KEN" not in str(caught.value)


@pytest.mark.parametrize(
    "piece", ["?", "&a=", "?token=.", "?token=a.", "?sid=abcdef&", "?a=0123456789abcdef", "://a@"]
)
@pytest.mark.parametrize("redact", [redact, find_secrets])
def test_redaction_takes_time_in_proportion_to_the_text(
    redact: Callable[[str], object], piece: str
) -> None:
    """Four times the text takes about four times as long, and not sixteen times."""
    texts = (piece * (size // len(piece)) for size in (100_000, 400_000))
    short, long = (cpu_seconds(partial(redact, text), 0.0) for text in texts)
    assert long < min(9 * short, GIVE_UP_SECONDS)

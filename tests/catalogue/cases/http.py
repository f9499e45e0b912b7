"""Servers whose responses violate HTTP, never end, or refuse the request."""

import gzip
import zlib
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler

from tests.catalogue.answers import (
    OK,
    Answer,
    answer,
    gzip_truncated,
    in_chunks,
    raw,
    redirect,
    with_length,
)
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import has_news
from tests.catalogue.cases.waiting import waits
from tests.catalogue.press import NEW, NOW, OLD, listing, story
from tests.catalogue.stage import Stage
from tests.support.evil import send_endlessly
from tests.support.home import PNG
from tests.support.newsroom import path

LISTING = listing(NOW).encode()
PACKED = gzip.compress(LISTING)
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"


def bad(name: str, response: Answer, reason: str, **more: object) -> Case:
    """Return a case whose listing has this response, which is not a listing."""
    return Case(name, partial(_answer_listing, response), reason, **more)  # type: ignore[arg-type]


def good(name: str, response: Answer, **more: object) -> Case:
    """Return a case whose listing has this response, which is valid."""
    return Case(name, partial(_answer_listing, response), right=has_news, **more)  # type: ignore[arg-type]


def _answer_listing(response: Answer, stage: Stage) -> None:
    stage.site["/news"] = response


def _encode_repeatedly(times: int) -> Answer:
    return with_length(PACKED, "Content-Encoding: " + ", ".join(["gzip"] * times))


def _bomb(pack: Callable[[bytes], bytes], coding: str) -> Answer:
    return with_length(pack(b"\0" * 200_000_000), f"Content-Encoding: {coding}")


def _unasked_304(stage: Stage) -> None:
    """Answer 304 to an unconditional request.

    The stored listing was fetched with other settings, so it is requested without a condition.
    """
    stage.site["/news"] = answer("304 Not Modified")
    stage.home.config.write_text(
        stage.home.config.read_text("utf-8").replace(
            '/news"\n', '/news"\nheaders = { Accept-Language = "en" }\n', 1
        ),
        "utf-8",
    )


def _serve_long_content_type(stage: Stage) -> None:
    """Serve the new article with a content type of 60,000 question marks."""
    stage.site[path(NEW)] = with_length(story(NEW), "Content-Type: " + "?" * 60_000)


def _serve_validator(validator: str, stage: Stage) -> None:
    """Serve the listing with a validator, twice."""
    stage.site["/news"] = with_length(listing(OLD), validator)
    stage.build()
    stage.site["/news"] = with_length(LISTING, validator)


def _refuses_conditions(stage: Stage) -> None:
    """Send validators, but answer 400 to conditional requests."""

    def say(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("If-None-Match"):
            answer("400 Bad Request")(handler)
        else:
            with_length(listing(stage.marks["numbers"]), 'ETag: "a"')(handler)

    stage.site["/news"] = say
    stage.marks["numbers"] = OLD
    stage.build()
    stage.marks["numbers"] = NOW


def _chain(handler: BaseHTTPRequestHandler) -> None:
    """Redirect each address to the next one."""
    redirect(f"/news?{int(handler.path.partition('?')[2] or 0) + 1}")(handler)


_CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
)
_ERROR = "<html><head><title>Oh</title></head><body><h1>Oh</h1></body></html>"

CASES = (
    waits("drip-body"),
    waits("drip-headers"),
    bad("gzip-bomb", _bomb(gzip.compress, "gzip"), "larger than 20000000 bytes"),
    bad("twelve-codings", _encode_repeatedly(12), "compressed 12 times over"),
    bad("truncated-gzip", gzip_truncated(LISTING, cut=9), "breaks off before its end"),
    bad("bad-gzip", with_length(LISTING, "Content-Encoding: gzip"), "gzip compression is broken"),
    bad(
        "short-length",
        with_length(LISTING, length=len(LISTING) + 1000),
        "breaks off before its end",
    ),
    bad(
        "short-chunked",
        in_chunks(b"%x\r\n" % (len(LISTING) + 9), LISTING),
        "breaks off before its end",
    ),
    bad(
        "http10-cut",
        raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + LISTING[:-80]),
        "breaks off",
    ),
    bad("negative-length", with_length(LISTING, length=-5), "invalid Content-Length"),
    bad(
        "duplicate-length",
        with_length(LISTING, "Content-Length: 5"),
        "contradict|invalid Content-Length",
    ),
    bad("header-200k", with_length(LISTING, "X-Long: " + "a" * 200_000), "headers is too long"),
    bad("headers-500", with_length(LISTING, *["X-Many: a"] * 500), "more than 100 headers"),
    bad("redirect-loop", redirect("/news"), "redirects in a circle"),
    bad(
        "redirect-file", redirect("file:///etc/passwd"), "only http and https addresses are fetched"
    ),
    Case(
        "unasked-304",
        _unasked_304,
        "HTTP 304: it was answered as not modified, although no condition was sent",
    ),
    bad(
        "429-retry-after",
        answer("429 Too Many", "", "Retry-After: 3600"),
        "HTTP 429: asks to wait 3600 s",
    ),
    bad(
        "403-challenge",
        answer("403 Forbidden", _CHALLENGE, "cf-mitigated: challenge"),
        "HTTP 403.*Cloudflare",
    ),
    bad("410", answer("410 Gone"), "HTTP 410: the page is gone for good"),
    bad(
        "wrong-content-type",
        answer("200 OK", PNG, "Content-Type: text/html"),
        "found an image|not.*HTML|image",
    ),
    # --- further cases ---
    waits("drip-chunks"),
    waits("drip-status-line"),
    waits("drip-error-page"),
    waits("no-word"),
    bad(
        "endless-body",
        raw(send_endlessly(OK + b"\r\n", b"a" * 65536)),
        "larger than 20000000 bytes",
    ),
    bad(
        "endless-header",
        raw(send_endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536)),
        "headers is too long",
    ),
    bad(
        "endless-continue",
        raw(send_endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)),
        "more than 20 interim answers",
    ),
    bad("endless-early-hints", raw(send_endlessly(b"", HINTS)), "more than 20 interim answers"),
    bad(
        "early-hints-1mb",
        raw(HINTS[:-2] + b"Link: </a>\r\n" * 100_000),
        "more than 64 kB of headers",
    ),
    bad("deflate-bomb", _bomb(zlib.compress, "deflate"), "larger than 20000000 bytes"),
    bad(
        "gzip-bomb-in-gzip",
        _bomb(lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip"),
        "larger than",
    ),
    bad(
        "zstd-unasked",
        with_length(b"(\xb5/\xfd" + b"\0" * 50, "Content-Encoding: zstd"),
        "zstd, which was not requested",
    ),
    bad(
        "br-broken",
        with_length(LISTING, "Content-Encoding: br"),
        "br compression is broken|breaks off",
    ),
    bad("chunk-size-nonsense", in_chunks(b"zz\r\n", LISTING), "chunks are malformed"),
    bad("chunk-size-negative", in_chunks(b"-5\r\n", LISTING), "not valid HTTP|larger than"),
    bad(
        "length-9e5000",
        with_length(LISTING, length="9" * 5000),
        "larger than|invalid Content-Length",
    ),
    bad("no-answer", raw(b""), "closed the connection without an answer"),
    bad("status-999", answer("999 No", _ERROR), "HTTP 999"),
    bad(
        "206-unasked",
        answer("206 Partial Content", LISTING, "Content-Type: text/html"),
        "HTTP 206: only a part",
    ),
    bad(
        "401-login",
        answer("401 Unauthorized", "", 'WWW-Authenticate: Basic realm="x"'),
        "HTTP 401: a login is required: set cookies or auth",
    ),
    bad(
        "503-retry-after",
        answer("503 Service Unavailable", "", "Retry-After: 120"),
        "HTTP 503: asks to wait 120 s",
    ),
    bad("redirect-nowhere", answer("302 Found", LISTING), "redirects, but does not say where"),
    bad("redirect-chain", _chain, "redirects more than 10 times"),
    bad("challenge-200", answer("200 OK", _CHALLENGE, "cf-mitigated: challenge"), "Cloudflare"),
    good("type-of-question-marks", with_length(LISTING, "Content-Type: " + "?" * 60_000)),
    Case("type-of-an-article", _serve_long_content_type, right=has_news),
    Case("etag-with-control", partial(_serve_validator, 'ETag: "a\x01b"'), right=has_news),
    Case("etag-20k", partial(_serve_validator, "ETag: " + "a" * 20_000), right=has_news),
    Case(
        "modified-20k", partial(_serve_validator, "Last-Modified: " + "a" * 20_000), right=has_news
    ),
    Case("conditions-refused", _refuses_conditions, right=has_news),
    bad(
        "headers-300k",
        with_length(LISTING, *["X-Many: " + "a" * 60_000] * 5),
        "headers are larger than",
    ),
    bad("redirect-question-marks", redirect("http://[" + "?" * 60_000), "not a valid URL"),
    good("html-called-pdf", answer("200 OK", LISTING, "Content-Type: application/pdf")),
    good(
        "longer-than-announced",
        with_length(LISTING + b"garbage", "Connection: close", length=len(LISTING)),
    ),
    good(
        "no-content-type",
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LISTING) + LISTING),
    ),
    good(
        "continue-first",
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Connection: close\r\n\r\n" + LISTING),
    ),
    good(
        "processing-first",
        raw(b"HTTP/1.1 102 Processing\r\n\r\n" + OK + b"Connection: close\r\n\r\n" + LISTING),
    ),
    good("early-hints-first", raw(HINTS + OK + b"Connection: close\r\n\r\n" + LISTING)),
)

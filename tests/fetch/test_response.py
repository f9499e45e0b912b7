"""The meaning of a response's status and headers."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from requests.structures import CaseInsensitiveDict

from feedpub.fetch.response import (
    Response,
    failure_of,
    page_from,
    parse_freshness,
    parse_retry_after,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHALLENGE = b"<title>Just a moment...</title><script>window._cf_chl_opt = {}</script>"


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    return Response(
        status, CaseInsensitiveDict({k.replace("_", "-"): v for k, v in headers.items()}), body
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sunday, 01-Mar-26 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 12:02:00 -0000", 120),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("9" * 5000, 999_999_999_999),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("Sun, 31 Feb 2026 12:00:00 GMT", None),
        ("Sun, 01 Mar 99999 12:00:00 +9999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert parse_retry_after({"Retry-After": value}, NOW) == seconds


def test_dates_refer_to_the_clock_of_the_server() -> None:
    headers = {
        "Date": "Mon, 02 Mar 2026 12:00:00 GMT",
        "Retry-After": "Mon, 02 Mar 2026 12:02:00 GMT",
    }
    assert parse_retry_after(headers, NOW) == 120


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": "public, MAX-AGE = 600"}, 600),
        ({"Cache-Control": 'max-age="600"'}, 600),
        ({"Cache-Control": "s-maxage=9, max-age=600"}, 600),
        ({"Cache-Control": "s-maxage=600"}, None),
        ({"Cache-Control": "max-age=600", "Age": "100"}, 500),
        ({"Cache-Control": "max-age=600", "Age": "1000"}, 0),
        ({"Cache-Control": "max-age=600", "Age": "old"}, 600),
        ({"Cache-Control": "max-age=600", "Expires": "0"}, 600),
        ({"Cache-Control": "no-cache, max-age=600"}, 0),
        ({"Cache-Control": "no-store"}, 0),
        ({"Cache-Control": "max-age=" + "9" * 5000}, 999_999_999_999),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, 3600),
        (
            {"Expires": "Sun, 01 Mar 2026 13:00:00 GMT", "Date": "Sun, 01 Mar 2026 12:30:00 GMT"},
            1800,
        ),
        ({"Expires": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0),
        ({"Expires": "0"}, 0),
        ({"Expires": "-1"}, 0),
    ],
)
def test_freshness_is_that_of_a_private_cache(
    headers: Mapping[str, str], seconds: float | None
) -> None:
    assert parse_freshness(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("header", "content_type", "charset"),
    [
        ("text/html", "text/html", None),
        ("Text/HTML; Charset=UTF-8", "text/html", "UTF-8"),
        ('text/html;charset="iso-8859-1"', "text/html", "iso-8859-1"),
        ("text/html; boundary=x; charset='utf-8' ; y=z", "text/html", "utf-8"),
        ("text/html, text/html; charset=koi8-r", "text/html", "koi8-r"),
        ("text/html; charset=", "text/html", None),
        ("text/html; charset", "text/html", None),
        ("", "", None),
    ],
)
def test_page_has_media_type_and_charset(
    header: str, content_type: str, charset: str | None
) -> None:
    document = page_from(answer(Content_Type=header), "http://a.example/", NOW)
    assert (document.content_type, document.charset) == (content_type, charset)


def test_validators_are_kept_as_received() -> None:
    document = page_from(
        answer(ETag='W/"a b"', Last_Modified="yesterday, about noon"), "http://a.example/", NOW
    )
    assert (document.etag, document.last_modified) == ('W/"a b"', "yesterday, about noon")


FORBIDDEN = "HTTP 403: access is forbidden: if you may read it, set cookies, auth or headers"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (answer(404), "HTTP 404: the page is gone"),
        (answer(410), "HTTP 410: the page is gone for good"),
        (answer(401), "HTTP 401: a login is required: set cookies or auth"),
        (answer(403), FORBIDDEN),
        (answer(403, b"<p>You shall not pass"), FORBIDDEN),
        (answer(418), "HTTP 418: i'm a teapot"),
        (answer(429), "HTTP 429: it was asked too often"),
        (answer(429, Retry_After="120"), "HTTP 429: asks to wait 120 s"),
        (answer(503, Retry_After="Sun, 01 Mar 2026 12:02:00 GMT"), "HTTP 503: asks to wait 120 s"),
        (answer(302), "HTTP 302: it redirects, but does not say where"),
        (answer(300), "HTTP 300: it redirects, but does not say where"),
        (answer(599), "HTTP 599: a status that HTTP does not know"),
        (
            answer(403, CF_Mitigated="challenge"),
            "HTTP 403: Cloudflare requires proof of being human",
        ),
        (
            answer(503, CHALLENGE, Server="cloudflare"),
            "HTTP 503: Cloudflare requires proof of being human",
        ),
        (
            answer(202, X_AMZN_WAF_Action="challenge"),
            "HTTP 202: Amazon's firewall requires proof of being human",
        ),
        (answer(403, b'<div id="px-captcha">'), "HTTP 403: HUMAN requires proof of being human"),
        (answer(404, CHALLENGE, Server="nginx"), "HTTP 404: the page is gone"),
    ],
)
def test_error_has_status_and_reason(bad: Response, reason: str) -> None:
    assert not bad.ok
    assert failure_of(bad, NOW).reason == reason
    assert failure_of(bad, NOW).status == bad.status


def test_successful_page_about_challenges_is_not_a_challenge() -> None:
    assert answer(200, CHALLENGE, Server="cloudflare").ok


def test_error_has_retry_after_seconds() -> None:
    assert failure_of(answer(429, Retry_After="120"), NOW).retry_after == 120
    assert failure_of(answer(404), NOW).retry_after is None


@pytest.mark.parametrize("status", [200, 201, 203, 204, 299])
def test_2xx_except_206_is_a_success(status: int) -> None:
    assert answer(status).ok
    assert not answer(206).ok


def test_location_may_contain_utf8() -> None:
    assert answer(301, Location="/ä".encode().decode("latin-1")).location == "/ä"
    assert answer(200, Location="/a").location is None
    assert answer(301).location is None

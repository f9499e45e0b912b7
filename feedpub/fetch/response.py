"""Turn a response into a Page, or into the reason why there is none.

`parse_retry_after` and `parse_freshness` read the headers about time; the client and `rate_limit`
honour them. `read_body` reads and decompresses the body within the limits of the call.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus

from requests.cookies import RequestsCookieJar
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from feedpub.core.errors import FetchError
from feedpub.core.html import contains_ignoring_case
from feedpub.core.loading import load_toml
from feedpub.core.models import Page
from feedpub.fetch.compression import content_codings, decompress, decompress_start
from feedpub.fetch.limits import SMALL_BODY_BYTES, RequestDeadline, Reservation, too_large_error
from feedpub.fetch.request import Validators

SUCCESS = range(200, 300)
CLIENT_ERROR = range(400, 500)
_REDIRECTION = range(300, 400)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MEDIA_TYPE = re.compile(
    r"\A[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}", re.IGNORECASE
)  # RFC 6838
_CHARSET = re.compile(
    r";\s*charset\s*=\s*[\"']?([a-z0-9_.:()+-]{1,40})(?=[\s;,\"']|\Z)", re.IGNORECASE
)
_MAX_DATE_CHARS = 100
_DIRECTIVE = re.compile(
    r"(?:^|,)\s*(max-age|no-store|no-cache)\s*(?:=\s*\"?(\d{1,12}))?", re.IGNORECASE
)

_CHUNK_BYTES = 1 << 16
_MAX_ERROR_BYTES = 1 << 16  # of an error page that are read
_MAX_DECOMPRESSED_ERROR_BYTES = 1 << 18
_HTML_BEGIN = re.compile(rb"<html[\s>]", re.IGNORECASE)
_HTML_END = re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)

_REASONS = {
    206: "only a part of it was sent",
    304: "it was answered as not modified, although no condition was sent",
    401: "a login is required: set cookies or auth",
    402: "payment is required: if you have a subscription, set cookies or auth",
    403: "access is forbidden: if you may read it, set cookies, auth or headers",
    404: "the page is gone",
    407: "the proxy asks for a login",
    410: "the page is gone for good",
    429: "it was asked too often",
    451: "it is blocked for legal reasons, often in some countries only: use another source",
    500: "the server has an error",
    502: "the server behind it does not answer",
    503: "the server is overloaded or closed for now",
    504: "the server behind it does not answer in time",
}


@dataclass(frozen=True, slots=True)
class Response:
    """The response of a server.

    Attributes:
        status: the HTTP status.
        headers: the headers; names are case-insensitive.
        body: the body; only its start if `ok` is False.
        cookies: the cookies that it sets.
        reservation: the body's part of the budget for large bodies.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    cookies: RequestsCookieJar = field(default_factory=RequestsCookieJar)
    reservation: Reservation | None = None

    @property
    def ok(self) -> bool:
        """Return True if the body is the requested document."""
        return (
            self.status in SUCCESS
            and self.status != HTTPStatus.PARTIAL_CONTENT
            and not find_challenge(self)
        )

    @property
    def location(self) -> str | None:
        """Return the redirect target as sent; None if there is no redirect."""
        if self.status not in _REDIRECTS or "Location" not in self.headers:
            return None
        # http.client decodes headers as Latin-1, but servers send UTF-8.
        return self.headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")


def page_from(response: Response, url: str, now: datetime) -> Page:
    """Return the document of a successful response."""
    content_type = response.headers.get("Content-Type", "")
    media_type = re.split(r"[;,]", content_type, maxsplit=1)[0].strip().lower()
    charset = _CHARSET.search(content_type)
    validators = Validators(
        response.headers.get("ETag"), response.headers.get("Last-Modified")
    ).as_headers()
    return Page(
        url=url,
        body=response.body,
        content_type=media_type if _MEDIA_TYPE.fullmatch(media_type) else "",
        charset=charset[1] if charset else None,
        etag=validators.etag,
        last_modified=validators.last_modified,
        expires=parse_freshness(response.headers, now),
        place=response.reservation,
    )


def failure_of(response: Response, now: datetime) -> FetchError:
    """Return the error for an unsuccessful response. Its URL is not set."""
    wait = parse_retry_after(response.headers, now)
    reason = _REASONS.get(response.status) or _standard_reason(response.status)
    if vendor := find_challenge(response):
        reason = f"{vendor} requires proof of being human"
    elif wait is not None:
        reason = f"asks to wait {wait:.0f} s"
    return FetchError(f"HTTP {response.status}: {reason}", status=response.status, retry_after=wait)


def parse_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds to wait from a Retry-After in either of its forms.

    None if there is no valid one.
    """
    if "Retry-After" not in headers:
        return None
    value = headers["Retry-After"].strip()
    if value.isascii() and value.isdecimal():
        return float(value[:12])
    if until := parse_http_date(value):
        return max((until - _parse_sent_time(headers, now)).total_seconds(), 0.0)
    return None


def parse_freshness(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a private cache may reuse it, by Cache-Control or else Expires.

    None if it has neither.
    """
    found = _DIRECTIVE.findall(headers.get("Cache-Control", ""))
    directives = {name.lower(): value for name, value in found}
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    if directives.get("max-age"):
        age = headers.get("Age", "0").strip()
        age_seconds = float(age[:12]) if age.isdecimal() else 0.0
        return max(float(directives["max-age"]) - age_seconds, 0.0)
    if "Expires" not in headers:
        return None
    if until := parse_http_date(headers["Expires"]):
        return max((until - _parse_sent_time(headers, now)).total_seconds(), 0.0)
    return 0.0  # an invalid date means that it has expired


def parse_http_date(text: str) -> datetime | None:
    """Parse an HTTP date; None if it is invalid."""
    if len(text) > _MAX_DATE_CHARS:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def find_challenge(response: Response) -> str | None:
    """Return the vendor of a challenge page ("are you human?"), by challenges.toml; else None."""
    return next((each.name for each in _load_challenges() if each.matches(response)), None)


@dataclass(frozen=True, slots=True)
class _Challenge:
    """One kind of challenge page, as explained in challenges.toml."""

    name: str
    header: str = ""
    value: str = ""
    body: str = ""

    def matches(self, response: Response) -> bool:
        header = response.headers.get(self.header)
        if self.header and (header is None or self.value not in header.lower()):
            return False
        if not self.body:
            return True
        is_error = response.status >= HTTPStatus.BAD_REQUEST
        return is_error and self.body.encode() in response.body


@cache
def _load_challenges() -> tuple[_Challenge, ...]:
    data = load_toml("feedpub.fetch", "challenges.toml")
    return tuple(_Challenge(**entry) for entry in data["challenge"])


def _parse_sent_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return when the response was sent by the server's own clock, which its dates refer to."""
    return parse_http_date(headers.get("Date", "")) or now


def _standard_reason(status: int) -> str:
    if status in _REDIRECTION:
        return "it redirects, but does not say where"
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "a status that HTTP does not know"


def read_body(raw: HTTPResponse, deadline: RequestDeadline) -> bytes:
    """Read and decompress a body.

    Raises:
        FetchError: it is larger than `deadline.max_bytes`, compressed or decompressed, or
            incomplete, or there is no memory for it.
    """
    max_bytes = deadline.max_bytes
    applied = content_codings(raw.headers.get("Content-Encoding", ""))
    length = _parse_length(raw)
    if length is not None and length > max_bytes:
        raise too_large_error(max_bytes)
    received = bytearray()
    for part in raw.stream(_CHUNK_BYTES, decode_content=False):
        received += part
        if len(received) > max_bytes:
            raise too_large_error(max_bytes)
        if len(received) > SMALL_BODY_BYTES:
            deadline.reserve_body(max_bytes if applied or length is None else length)
    body = _decompress_small(bytes(received), applied, max_bytes)
    if body is None:
        if len(decompress_start(bytes(received), applied, SMALL_BODY_BYTES + 1)) > SMALL_BODY_BYTES:
            deadline.reserve_body(max_bytes)
        body = decompress(bytes(received), applied, max_bytes)
    deadline.reserve_body(len(body))
    if length is None and not raw.chunked:
        _check_page_end(body)
    return body


def _decompress_small(received: bytes, applied: Sequence[str], max_bytes: int) -> bytes | None:
    """Decompress a body that needs no reservation; None if it is large or invalid."""
    try:
        return decompress(received, applied, min(SMALL_BODY_BYTES, max_bytes))
    except FetchError:
        return None


def read_lines(raw: HTTPResponse, max_bytes: int) -> bytes:
    """Return the complete lines in the first bytes of a body.

    The rest is not read, so the connection must be closed.

    Args:
        raw: the response.
        max_bytes: the number of bytes to read, compressed or decompressed.

    Raises:
        FetchError: the body is invalid or incomplete.
    """
    applied = content_codings(raw.headers.get("Content-Encoding", ""))
    received = bytearray()
    for part in raw.stream(_CHUNK_BYTES, decode_content=False):
        received += part
        if len(received) > max_bytes:
            break
    start = decompress_start(bytes(received), applied, max_bytes + 1)
    if max(len(received), len(start)) <= max_bytes:
        return decompress(bytes(received), applied, max_bytes)
    start = start[:max_bytes]
    return start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1]


def read_start(raw: HTTPResponse) -> bytes:
    """Return the first bytes of an error page, as far as they can be read and decompressed."""
    if raw.status == HTTPStatus.NOT_MODIFIED:  # it has no body, whatever its headers announce
        if not raw.chunked:
            raw.drain_conn()  # the connection can be used again
        return b""
    try:
        applied = content_codings(raw.headers.get("Content-Encoding", ""))
        return decompress(
            raw.read(_MAX_ERROR_BYTES, decode_content=False), applied, _MAX_DECOMPRESSED_ERROR_BYTES
        )
    except (HTTPError, FetchError):
        return b""  # the status is enough


def _parse_length(raw: HTTPResponse) -> int | None:
    """Return the Content-Length; None if there is none, or the body is chunked."""
    lengths = {value.strip() for value in raw.headers.getlist("Content-Length")}
    if raw.chunked or not lengths:
        return None
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdecimal()):
        raise FetchError("the answer has an invalid Content-Length")
    return int(length[:20])


def _check_page_end(body: bytes) -> None:
    """Raise FetchError if a page has an <html> tag but no end tag.

    Without a length or chunks, an interrupted response looks like a complete one.
    """
    if _HTML_BEGIN.search(body[:_CHUNK_BYTES]) and not contains_ignoring_case(_HTML_END, body):
        raise FetchError(
            "the page breaks off before its end, and the server did not send its length"
        )

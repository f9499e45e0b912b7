"""What an answer says.

Pure functions from status, headers and body to a Page or to the reason why there is none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus

from requests.cookies import RequestsCookieJar
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from feedpub.core.data_files import load_toml
from feedpub.core.errors import FetchError
from feedpub.core.html import contains_ignoring_case
from feedpub.core.models import Page
from feedpub.fetch.body_budget import SMALL_BODY_BYTES, Reservation
from feedpub.fetch.compression import content_codings, decompress, decompress_start
from feedpub.fetch.deadline import RequestDeadline, too_large_error
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
_LONGEST_DATE = 100  # characters
_DIRECTIVE = re.compile(
    r"(?:^|,)\s*(max-age|no-store|no-cache)\s*(?:=\s*\"?(\d{1,12}))?", re.IGNORECASE
)

_REASONS = {
    206: "only a part of it was sent, which nobody asked for",
    304: "it says that nothing changed, but it was not asked whether",
    401: "it asks for a login",
    402: "it asks for payment",
    403: "access is forbidden",
    404: "the page is gone",
    407: "the proxy asks for a login",
    410: "the page is gone for good",
    429: "it was asked too often",
    451: "it is blocked for legal reasons",
    500: "the server has an error",
    502: "the server behind it does not answer",
    503: "the server is overloaded or closed for now",
    504: "the server behind it does not answer in time",
}


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of a server.

    Attributes:
        headers: their names are case-insensitive.
        body: the start only, where `ok` is False.
        place: in the budget of large bodies.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    cookies: RequestsCookieJar = field(default_factory=RequestsCookieJar)
    place: Reservation | None = None

    @property
    def ok(self) -> bool:
        """True where the body is the document that was asked for."""
        return (
            self.status in SUCCESS
            and self.status != HTTPStatus.PARTIAL_CONTENT
            and not challenger(self)
        )

    @property
    def location(self) -> str | None:
        """Where it redirects to, as sent; None where it does not."""
        if self.status not in _REDIRECTS or "Location" not in self.headers:
            return None
        # http.client reads headers as latin-1; what servers send beyond ASCII is UTF-8
        return self.headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")


def page_from(answer: Response, url: str, now: datetime) -> Page:
    """The document of a successful answer."""
    content_type = answer.headers.get("Content-Type", "")
    media_type = re.split(r"[;,]", content_type, maxsplit=1)[0].strip().lower()
    charset = _CHARSET.search(content_type)
    validators = Validators(
        answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    ).as_headers()
    return Page(
        url=url,
        body=answer.body,
        content_type=media_type if _MEDIA_TYPE.fullmatch(media_type) else "",
        charset=charset[1] if charset else None,
        etag=validators.etag,
        last_modified=validators.last_modified,
        expires=parse_freshness(answer.headers, now),
        place=answer.place,
    )


def failure_of(answer: Response, now: datetime) -> FetchError:
    """Why an answer that is no success brought nothing; the error's URL is not set."""
    wait = parse_retry_after(answer.headers, now)
    reason = _REASONS.get(answer.status) or _standard_reason(answer.status)
    if vendor := challenger(answer):
        reason = f"{vendor} asks for proof of being human"
    elif wait is not None:
        reason = f"asks to wait {wait:.0f} s"
    return FetchError(f"HTTP {answer.status}: {reason}", status=answer.status, retry_after=wait)


def parse_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After asks to wait, in either of its forms.

    None where there is none to understand.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:12])
    until = http_date(value)
    return None if until is None else max((until - _sent(headers, now)).total_seconds(), 0.0)


def parse_freshness(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a private cache may call it fresh, by Cache-Control, else by Expires.

    None where neither says.
    """
    directives = {
        name.lower(): value for name, value in _DIRECTIVE.findall(headers.get("Cache-Control", ""))
    }
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    if directives.get("max-age"):
        age = headers.get("Age", "0").strip()
        return max(
            float(directives["max-age"]) - (float(age[:12]) if age.isdecimal() else 0.0), 0.0
        )
    if "Expires" not in headers:
        return None
    until = http_date(headers["Expires"])
    return max((until - _sent(headers, now)).total_seconds(), 0.0) if until else 0.0


def http_date(text: str) -> datetime | None:
    """A date of HTTP, aware; None where it is none."""
    if len(text) > _LONGEST_DATE:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def challenger(answer: Response) -> str | None:
    """Whose page this is that asks "are you human?", by the marks in challenges.toml.

    None where it is no such page.
    """
    return next((mark.name for mark in _challenges() if mark.matches(answer)), None)


@dataclass(frozen=True, slots=True)
class _Challenge:
    """The marks of one kind of challenge page, as challenges.toml explains them."""

    name: str
    header: str = ""
    value: str = ""
    body: str = ""

    def matches(self, answer: Response) -> bool:
        header = answer.headers.get(self.header)
        if self.header and (header is None or self.value not in header.lower()):
            return False
        return not self.body or (
            answer.status >= HTTPStatus.BAD_REQUEST and self.body.encode() in answer.body
        )


@cache
def _challenges() -> tuple[_Challenge, ...]:
    data = load_toml("feedpub.fetch", "challenges.toml")
    return tuple(_Challenge(**entry) for entry in data["challenge"])


def _sent(headers: Mapping[str, str], now: datetime) -> datetime:
    """When the server says that it sent the answer: its dates are measured by its own clock."""
    return http_date(headers.get("Date", "")) or now


def _standard_reason(status: int) -> str:
    if status in _REDIRECTION:
        return "it redirects, but does not say where"
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "a status that HTTP does not know"


# SECTION: Reads an answer's body to its end, and takes no part of it for the whole.
#
# urllib3 notices a body shorter than its length and a chunk that breaks off. The rest is noticed
# here: lengths that
# contradict each other, cut compression, a page that breaks off where nothing announced its
# length, and sizes over the
# cap. What is raised has no URL: the caller adds it.

_CHUNK = 1 << 16
_START = 1 << 16  # bytes of an error's page that are read
_LONGEST_START = 1 << 18  # unpacked
_HTML_BEGIN = re.compile(rb"<html[\s>]", re.IGNORECASE)
_HTML_END = re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)


def read_body(raw: HTTPResponse, call: RequestDeadline) -> bytes:
    """The whole body, decompressed.

    Raises:
        FetchError: it is larger than `call.max_bytes`, packed or unpacked, or not all there, or has
            no room.
    """
    max_bytes = call.max_bytes
    applied = content_codings(raw.headers.get("Content-Encoding", ""))
    announced = _length(raw)
    if announced is not None and announced > max_bytes:
        raise too_large_error(max_bytes)
    received = bytearray()
    for part in raw.stream(_CHUNK, decode_content=False):
        received += part
        if len(received) > max_bytes:
            raise too_large_error(max_bytes)
        if len(received) > SMALL_BODY_BYTES:
            call.reserve_body(max_bytes if applied or announced is None else announced)
    if (
        applied
        and len(decompress_start(bytes(received), applied, SMALL_BODY_BYTES + 1)) > SMALL_BODY_BYTES
    ):
        call.reserve_body(max_bytes)
    body = decompress(bytes(received), applied, max_bytes)
    call.reserve_body(len(body))
    if announced is None and not raw.chunked:
        _refuse_cut_page(body)
    return body


def read_lines(raw: HTTPResponse, max_bytes: int) -> bytes:
    """Return the whole lines in the first bytes of a body. What follows is not read: close the connection.

    Args:
        raw: the answer.
        max_bytes: that are read, packed or unpacked.

    Raises:
        FetchError: the body is broken, or breaks off before that.
    """
    applied = content_codings(raw.headers.get("Content-Encoding", ""))
    received = bytearray()
    for part in raw.stream(_CHUNK, decode_content=False):
        received += part
        if len(received) > max_bytes:
            break
    start = decompress_start(bytes(received), applied, max_bytes + 1)
    if max(len(received), len(start)) <= max_bytes:
        return decompress(bytes(received), applied, max_bytes)
    start = start[:max_bytes]
    return start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1]


def read_start(raw: HTTPResponse) -> bytes:
    """The first bytes of a body that only helps to name an error, as far as they can be read and unpacked."""
    try:
        applied = content_codings(raw.headers.get("Content-Encoding", ""))
        return decompress(raw.read(_START, decode_content=False), applied, _LONGEST_START)
    except (HTTPError, FetchError):
        return b""  # the status says enough


def _length(raw: HTTPResponse) -> int | None:
    """The Content-Length; None where there is none, or chunks tell the end."""
    lengths = {value.strip() for value in raw.headers.getlist("Content-Length")}
    if raw.chunked or not lengths:
        return None
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdecimal()):
        raise FetchError("the answer's Content-Length makes no sense")
    return int(length[:20])


def _refuse_cut_page(body: bytes) -> None:
    """Without a length or chunks a cut looks like an end.

    But a page that opens <html> and closes nothing was cut.
    """
    if _HTML_BEGIN.search(body[:_CHUNK]) and not contains_ignoring_case(_HTML_END, body):
        raise FetchError(
            "the page breaks off before its end, and the server did not announce its length"
        )

"""What an answer says: pure functions from status, headers and body to a Page or to the reason why there is none."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files

from requests.cookies import RequestsCookieJar

from feedpub.errors import FetchError
from feedpub.fetch.request import Validators
from feedpub.fetch.room import Place
from feedpub.model import Page

SUCCESS = range(200, 300)
CLIENT_ERROR = range(400, 500)
_REDIRECTION = range(300, 400)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MEDIA_TYPE = re.compile(r"\A[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}", re.IGNORECASE)  # RFC 6838
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([a-z0-9_.:()+-]{1,40})(?=[\s;,\"']|\Z)", re.IGNORECASE)
_LONGEST_DATE = 100  # characters
_DIRECTIVE = re.compile(r"(?:^|,)\s*(max-age|no-store|no-cache)\s*(?:=\s*\"?(\d{1,12}))?", re.IGNORECASE)

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
class Answer:
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
    place: Place | None = None

    @property
    def ok(self) -> bool:
        """True where the body is the document that was asked for."""
        return self.status in SUCCESS and self.status != HTTPStatus.PARTIAL_CONTENT and not challenger(self)

    @property
    def location(self) -> str | None:
        """Where it redirects to, as sent; None where it does not."""
        if self.status not in _REDIRECTS or "Location" not in self.headers:
            return None
        # http.client reads headers as latin-1; what servers send beyond ASCII is UTF-8
        return self.headers["Location"].encode("latin-1", "replace").decode("utf-8", "replace")


def page(answer: Answer, url: str, now: datetime) -> Page:
    """The document of a successful answer."""
    content_type = answer.headers.get("Content-Type", "")
    media_type = re.split(r"[;,]", content_type, maxsplit=1)[0].strip().lower()
    charset = _CHARSET.search(content_type)
    validators = Validators(answer.headers.get("ETag"), answer.headers.get("Last-Modified")).sendable()
    return Page(
        url=url,
        body=answer.body,
        content_type=media_type if _MEDIA_TYPE.fullmatch(media_type) else "",
        charset=charset[1] if charset else None,
        etag=validators.etag,
        last_modified=validators.last_modified,
        expires=freshness(answer.headers, now),
        place=answer.place,
    )


def failure(answer: Answer, now: datetime) -> FetchError:
    """Why an answer that is no success brought nothing; the error's URL is not set."""
    wait = retry_after(answer.headers, now)
    reason = _REASONS.get(answer.status) or _standard_reason(answer.status)
    if vendor := challenger(answer):
        reason = f"{vendor} asks for proof of being human"
    elif wait is not None:
        reason = f"asks to wait {wait:.0f} s"
    return FetchError(f"HTTP {answer.status}: {reason}", status=answer.status, retry_after=wait)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After asks to wait, in either of its forms; None where there is none to understand."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:12])
    until = http_date(value)
    return None if until is None else max((until - _sent(headers, now)).total_seconds(), 0.0)


def freshness(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a private cache may call it fresh, by Cache-Control, else by Expires; None where neither says."""
    directives = {name.lower(): value for name, value in _DIRECTIVE.findall(headers.get("Cache-Control", ""))}
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    if directives.get("max-age"):
        age = headers.get("Age", "0").strip()
        return max(float(directives["max-age"]) - (float(age[:12]) if age.isdecimal() else 0.0), 0.0)
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


def challenger(answer: Answer) -> str | None:
    """Whose page this is that asks "are you human?", by the marks in challenges.toml; None where it is no such page."""
    return next((mark.name for mark in _challenges() if mark.fits(answer)), None)


@dataclass(frozen=True, slots=True)
class _Challenge:
    """The marks of one kind of challenge page, as challenges.toml explains them."""

    name: str
    header: str = ""
    value: str = ""
    body: str = ""

    def fits(self, answer: Answer) -> bool:
        header = answer.headers.get(self.header)
        if self.header and (header is None or self.value not in header.lower()):
            return False
        return not self.body or (answer.status >= HTTPStatus.BAD_REQUEST and self.body.encode() in answer.body)


@cache
def _challenges() -> tuple[_Challenge, ...]:
    data = tomllib.loads(files("feedpub.fetch").joinpath("challenges.toml").read_text("utf-8"))
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

"""What a caller asks for, and the headers that go out with it.

Who gets a secret, and who does not.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from urllib.parse import quote, urlsplit

from requests import Request
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from feedpub.core.errors import ConfigError, FetchError
from feedpub.core.redact import find_secrets
from feedpub.fetch.compression import ACCEPT_ENCODING
from feedpub.fetch.deadline import RequestDeadline
from feedpub.fetch.url import RequestTarget, parse_url

MOST_REDIRECTS = 10
MAX_VALIDATOR_CHARS = 1024

_ACCEPT = (
    "text/html,application/xhtml+xml,application/atom+xml,application/rss+xml,application/feed+json,"
    "application/xml;q=0.9,*/*;q=0.8"
)
# characters of a secret that is looked for in texts: of "de", every other word would be a part
_SHORTEST = 6
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server sent to recognise a document by, exactly as received."""

    etag: str | None = None
    last_modified: str | None = None

    def as_headers(self) -> "Validators":
        """Return those that a request can hold.

        Without control characters, and up to MAX_VALIDATOR_CHARS.
        """
        fitting = (
            value
            if value and len(value) <= MAX_VALIDATOR_CHARS and not _CONTROL.search(value)
            else None
            for value in (self.etag, self.last_modified)
        )
        return Validators(*fitting)

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What a source's config wants sent: plain values, secrets resolved. Its repr shows none of them.

    Attributes:
        headers, cookies: sent besides feedpub's own.
        auth: user and password of HTTP basic authentication.
        proxy: "http://user:password@host:port". The proxy then resolves names and makes
            connections, so whether a private address is reached is its decision, not feedpub's.
        site: a URL on the server that headers, cookies and auth are for; no other host ever gets
            them. Left out, it is the server that is asked first.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    site: str | None = field(default=None, repr=False)

    def for_url(self, url: str, headers: Iterable[tuple[str, str]]) -> "RequestOptions":
        """The options of a request that sends other headers, too: to the server of `url` and to no other.

        What these options hold for that server goes before them; what they hold for another one is
        left out, as it would not be sent anyway.

        Args:
            url: what is asked for.
            headers: names in lower case, and values.

        Raises:
            FetchError, DisallowedError: the address is none that is fetched.
        """
        more = dict(headers)
        if not more:
            return self
        if self.site is None or parse_url(url).may_receive_secrets(parse_url(self.site)):
            known = {name.lower() for name in self.headers} | (
                {"cookie"} if self.cookies else set()
            )
            kept = {name: value for name, value in more.items() if name not in known}
            return replace(self, headers={**kept, **self.headers})
        return RequestOptions(headers=more, proxy=self.proxy, site=url)

    def without_secrets(self, text: str) -> str:
        """A text about an exchange, without what was secret in it.

        Servers repeat what they were sent.
        """
        pair = ":".join(self.auth) if self.auth else ""
        proxy = urlsplit(self.proxy or "").netloc.rpartition("@")[0]
        hide = [
            *self.headers.values(),
            *self.cookies.values(),
            *(self.auth or ())[1:],
            pair,
            proxy,
            proxy.partition(":")[2],
        ]
        hide += [basic_auth(self.auth)] if self.auth else []
        return mask_secrets(text, (part for value in hide for part in value.split()))


@dataclass(frozen=True, slots=True)
class RedirectChain:
    """One get on its way over redirects.

    Attributes:
        call: its deadline and size cap.
        agent: the User-Agent.
        home: the server that the options' secrets are for.
        jar: the cookies that servers set on the way; each goes back only where its server wants it.
        obeys_robots: False only for a robots.txt itself.
        cut_at: bytes of the answer after which the rest is left; None reads all.
        asked: what a page's own request sends besides, to the server that it is for.
        steps: what was asked for so far: URLs, and the cookies that went with them.
    """

    call: RequestDeadline
    agent: str
    home: RequestTarget
    validators: Validators = Validators()
    options: RequestOptions = RequestOptions()
    jar: RequestsCookieJar = field(default_factory=RequestsCookieJar)
    obeys_robots: bool = True
    cut_at: int | None = None
    steps: set[tuple[str, str]] = field(default_factory=set)
    asked: tuple[RequestTarget, Mapping[str, str]] | None = None

    def next_request_headers(self, target: RequestTarget) -> dict[str, str]:
        """Take the next step; the answer is the headers of its request.

        Raises:
            FetchError: the way leads in a circle or too far, or the options hold what no header
                can.
        """
        headers = self._headers(target)
        step = (
            target.url,
            headers.get("Cookie", ""),
        )  # a page that sets a cookie first is asked twice
        if step in self.steps:
            raise FetchError("it redirects in a circle")
        if len(self.steps) > MOST_REDIRECTS:
            raise FetchError(f"it redirects more than {MOST_REDIRECTS} times")
        self.steps.add(step)
        return headers

    def _headers(self, target: RequestTarget) -> dict[str, str]:
        headers = CaseInsensitiveDict(
            {"User-Agent": self.agent, "Accept": _ACCEPT, "Accept-Encoding": ACCEPT_ENCODING}
        )
        trusted = target.may_receive_secrets(self.home)
        if self.asked and target.may_receive_secrets(self.asked[0]):
            headers.update(self.asked[1])
        if trusted:
            headers.update(self.options.headers)
        if auth := target.auth or (trusted and (self.options.auth or self.home.auth)) or None:
            headers["Authorization"] = basic_auth(auth)
        if cookies := "; ".join(self._cookies(target, trusted=trusted)):
            headers["Cookie"] = cookies
        if self.validators.etag:
            headers["If-None-Match"] = self.validators.etag
        if self.validators.last_modified:
            headers["If-Modified-Since"] = self.validators.last_modified
        return {name: _sendable(name, value) for name, value in headers.items()}

    def display_url(self, target: RequestTarget) -> str:
        """A target's address for the log.

        Servers redirect to addresses that hold what they were sent.
        """
        sent = [secret for url, _ in self.steps for secret in find_secrets(url)]
        return mask_secrets(
            self.options.without_secrets(target.url), [*sent, *(self.home.auth or ())[1:]]
        )

    def for_robots(self, robots: RequestTarget, cut_at: int) -> "RedirectChain":
        """The way to a robots.txt: in the same time and through the same proxy, with no secrets."""
        options = RequestOptions(proxy=self.options.proxy)
        return RedirectChain(
            self.call, self.agent, robots, options=options, obeys_robots=False, cut_at=cut_at
        )

    def _cookies(self, target: RequestTarget, *, trusted: bool) -> list[str]:
        own = [f"{name}={value}" for name, value in self.options.cookies.items()] if trusted else []
        received = Request("GET", target.url, cookies=self.jar).prepare().headers.get("Cookie")
        return [*own, received] if received else own


def user_agent(contact: str) -> str:
    """How feedpub introduces itself: "feedpub/1.0 (+https://example.org/about)".

    Raises:
        ConfigError: the contact cannot stand in a header.
    """
    if not (contact.isascii() and contact.isprintable()):
        raise ConfigError(
            "contact: only plain ASCII can stand in the User-Agent; write a URL or an e-mail address"
        )
    name = f"feedpub/{version('feedpub')}"
    return f"{name} (+{contact})" if contact else name


def basic_auth(auth: tuple[str, str]) -> str:
    """The Authorization of a user and a password."""
    return "Basic " + b64encode(":".join(auth).encode("utf-8", "replace")).decode("ascii")


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with each of the secrets in it, plain or percent-encoded, shortened to "…".

    But for very short ones.
    """
    known = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _forms(secret: str) -> tuple[str, ...]:
    """As it is, in an address, and in an address within an address; base64 without its padding."""
    secret = secret.rstrip("=")
    encoded = quote(secret, safe="")
    return secret, encoded, quote(encoded, safe="")


def _sendable(name: str, value: str) -> str:
    """The value as http.client sends it.

    Latin-1 as it is, all else as UTF-8. The error does not show it.
    """
    if not _NAME.fullmatch(name) or _CONTROL.search(value):
        raise FetchError(f"the header {name!r} holds characters that cannot be sent")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.strip().encode("utf-8", "replace").decode("latin-1")
    return value.strip()

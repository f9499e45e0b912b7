"""The headers of a request, and which servers receive secrets."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from urllib.parse import quote, urlsplit

from requests import Request
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from feedpub.core.errors import ConfigError, FetchError
from feedpub.core.redact import find_secrets
from feedpub.fetch.compression import ACCEPT_ENCODING
from feedpub.fetch.limits import RequestDeadline
from feedpub.fetch.url import RequestTarget, parse_url

MAX_REDIRECTS = 10
MAX_VALIDATOR_CHARS = 1024

_REDIRECTS_WITH_BODY = frozenset({307, 308})

_ACCEPT = (
    "text/html,application/xhtml+xml,application/atom+xml,application/rss+xml,"
    "application/feed+json,application/xml;q=0.9,*/*;q=0.8"
)
_MIN_SECRET_CHARS = 6  # to be masked in texts; a secret "de" would be in every other word
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOTHING: Mapping[str, str] = {}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Validators:
    """The ETag and Last-Modified of a document, exactly as received."""

    etag: str | None = None
    last_modified: str | None = None

    def as_headers(self) -> "Validators":
        """Return those without control characters and of up to MAX_VALIDATOR_CHARS."""
        return Validators(_usable_or_none(self.etag), _usable_or_none(self.last_modified))

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


def _usable_or_none(value: str | None) -> str | None:
    if not value or len(value) > MAX_VALIDATOR_CHARS or _CONTROL.search(value):
        return None
    return value


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """The request options of a source, with secrets resolved. The repr contains none of them.

    Attributes:
        headers, cookies: sent in addition to feedpub's own.
        auth: user and password for HTTP basic authentication.
        proxy: "http://user:password@host:port". The proxy resolves names and connects, so that
            feedpub cannot check addresses: the proxy decides whether private ones are reached.
        site: a URL on the server that headers, cookies and auth are for; no other host receives
            them. None means the server that is requested first.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)
    site: str | None = field(default=None, repr=False)

    def for_url(self, url: str, headers: Iterable[tuple[str, str]]) -> "RequestOptions":
        """Return options with additional headers, which only the server of `url` receives.

        These options take precedence if they are for that server. Options for another server are
        left out, because they would not be sent anyway.

        Args:
            url: the requested URL.
            headers: pairs of name, in lower case, and value.

        Raises:
            FetchError, DisallowedError: the URL cannot be fetched.
        """
        more = dict(headers)
        if not more:
            return self
        if self.site is None or parse_url(url).may_receive_secrets(parse_url(self.site)):
            own = {name.lower() for name in self.headers}
            if self.cookies:
                own.add("cookie")
            added = {name: value for name, value in more.items() if name not in own}
            return replace(self, headers={**added, **self.headers})
        return RequestOptions(headers=more, proxy=self.proxy, site=url)

    def without_secrets(self, text: str) -> str:
        """Return a text with the secrets of these options masked: servers may repeat them."""
        secrets = [*self.headers.values(), *self.cookies.values()]
        if self.auth:
            secrets += [self.auth[1], ":".join(self.auth), basic_auth(self.auth)]
        proxy = urlsplit(self.proxy or "").netloc.rpartition("@")[0]
        secrets += [proxy, proxy.partition(":")[2]]
        return mask_secrets(text, (part for value in secrets for part in value.split()))


@dataclass(slots=True)
class RedirectChain:
    """The requests of one call, with its redirects. It is used in one thread.

    Attributes:
        deadline: the time and size limits.
        user_agent: the User-Agent.
        home: the server that the options' secrets are for.
        validators: those of the caller's copy.
        options: headers and credentials to send.
        jar: the cookies that servers set, if any; each is sent only to its own server.
        obeys_robots: False only for a robots.txt itself.
        max_read_bytes: the bytes of a response to read; None reads all.
        steps: the URLs that were requested so far, with their cookies.
        page_headers: the headers of a subresource request, and the server that they are for.
        body: JSON to send with POST; None sends GET.
    """

    deadline: RequestDeadline
    user_agent: str
    home: RequestTarget
    validators: Validators = Validators()
    options: RequestOptions = RequestOptions()
    jar: RequestsCookieJar | None = None
    obeys_robots: bool = True
    max_read_bytes: int | None = None
    steps: set[tuple[str, str]] = field(default_factory=set)
    page_headers: tuple[RequestTarget, Mapping[str, str]] | None = None
    body: bytes | None = field(default=None, repr=False)

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    def keep_cookies(self, received: RequestsCookieJar) -> None:
        """Add the cookies of a response."""
        if self.jar is None:
            self.jar = RequestsCookieJar()
        self.jar.update(received)

    def after_redirect(self, status: int, target: RequestTarget) -> "RedirectChain":
        """Return the chain for the target of a redirect.

        A body follows only redirects that demand it (307, 308), and only to its own server.

        Raises:
            FetchError: the body would have to be sent to another server.
        """
        if self.body is None:
            return self
        if status not in _REDIRECTS_WITH_BODY:
            return replace(self, body=None)
        if not target.may_receive_secrets(self.home):
            raise FetchError("the body of the request is not sent to another server")
        return self

    def next_request_headers(self, target: RequestTarget) -> dict[str, str]:
        """Record the next request and return its headers.

        Raises:
            FetchError: the redirects are circular or too many, or the options contain characters
                that a header cannot.
        """
        headers = self._build_headers(target)
        step = (
            target.url,
            headers.get("Cookie", ""),
        )  # some pages set a cookie, then redirect back
        if step in self.steps:
            raise FetchError("it redirects in a circle")
        if len(self.steps) > MAX_REDIRECTS:
            raise FetchError(f"it redirects more than {MAX_REDIRECTS} times")
        self.steps.add(step)
        return headers

    def _build_headers(self, target: RequestTarget) -> dict[str, str]:
        headers: MutableMapping[str, str] = {
            "User-Agent": self.user_agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        if self.page_headers or self.options.headers:  # they may spell the same names differently
            headers = CaseInsensitiveDict(headers)
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        if self.page_headers and target.may_receive_secrets(self.page_headers[0]):
            headers.update(self.page_headers[1])
        auth, own_cookies = target.auth, _NOTHING
        if target.may_receive_secrets(self.home):
            headers.update(self.options.headers)
            auth = auth or self.options.auth or self.home.auth
            own_cookies = self.options.cookies
        if auth:
            headers["Authorization"] = basic_auth(auth)
        if own_cookies or self.jar:
            self._add_cookies(headers, target, own_cookies)
        if self.validators.etag:
            headers["If-None-Match"] = self.validators.etag
        if self.validators.last_modified:
            headers["If-Modified-Since"] = self.validators.last_modified
        return {name: _encode_header(name, value) for name, value in headers.items()}

    def _add_cookies(
        self, headers: MutableMapping[str, str], target: RequestTarget, own: Mapping[str, str]
    ) -> None:
        """Set the Cookie header to those of the config, then those that the server has set."""
        cookies = [f"{name}={value}" for name, value in own.items()]
        prepared = Request("GET", target.url, cookies=self.jar).prepare()
        if received := prepared.headers.get("Cookie"):
            cookies.append(received)
        if cookies:
            headers["Cookie"] = "; ".join(cookies)

    def display_url(self, target: RequestTarget) -> str:
        """Return a target's URL for the log, with secrets masked: redirects may repeat them."""
        secrets = [secret for url, _ in self.steps for secret in find_secrets(url)]
        if self.home.auth:
            secrets.append(self.home.auth[1])
        return mask_secrets(self.options.without_secrets(target.url), secrets)

    def for_robots(self, robots: RequestTarget, max_read_bytes: int) -> "RedirectChain":
        """Return a chain for a robots.txt: same deadline and proxy, without secrets."""
        return RedirectChain(
            self.deadline,
            self.user_agent,
            robots,
            options=RequestOptions(proxy=self.options.proxy),
            obeys_robots=False,
            max_read_bytes=max_read_bytes,
        )


def user_agent(contact: str) -> str:
    """Return the User-Agent: "feedpub/1.0 (+https://example.org/about)".

    Raises:
        ConfigError: the contact contains characters that a header cannot.
    """
    if not (contact.isascii() and contact.isprintable()):
        raise ConfigError(
            "contact: the User-Agent must be plain ASCII; write a URL or an e-mail address"
        )
    name = f"feedpub/{version('feedpub')}"
    return f"{name} (+{contact})" if contact else name


def basic_auth(auth: tuple[str, str]) -> str:
    """Return the Authorization header for a user and a password."""
    return "Basic " + b64encode(":".join(auth).encode("utf-8", "replace")).decode("ascii")


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """Replace each secret in a text by "…", plain or percent-encoded, except very short ones."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) >= _MIN_SECRET_CHARS:
            plain = secret.rstrip("=")  # the padding of base64 may be missing
            encoded = quote(plain, safe="")
            forms.update((plain, encoded, quote(encoded, safe="")))
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "…")
    return text


def _encode_header(name: str, value: str) -> str:
    """Return a value as http.client sends it: as Latin-1 if possible, else as UTF-8.

    Raises:
        FetchError: the name or the value is invalid; the message does not contain the value.
    """
    if not _NAME.fullmatch(name) or _CONTROL.search(value):
        raise FetchError(f"the header {name!r} holds characters that cannot be sent")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.strip().encode("utf-8", "replace").decode("latin-1")
    return value.strip()

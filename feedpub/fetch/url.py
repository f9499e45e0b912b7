"""A URL as it is sent: read as browsers read it, taken apart once, put together so that every reader agrees.

The host is lower-case ASCII, the path percent-encoded, the fragment gone. The user and password
stand apart: no text made here holds them. This module decides nothing about where a URL may lead,
but for its scheme and its length.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import idna

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.core.redact import strip_credentials

MAX_URL_BYTES = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}

_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_TAB_OR_NEWLINE = re.compile(r"[\t\r\n]")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE)
_ENCODED_DOT = re.compile(r"%2e", re.IGNORECASE)
_HOST = re.compile(r"\A(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_PATH_SAFE = "%/:@!$&'()*+,;=~[]|"
_QUERY_SAFE = _PATH_SAFE + "?"


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """Where a request goes.

    Attributes:
        host: ASCII, lower case, without a trailing dot; an IPv6 address without brackets.
        path: path and query, percent-encoded, with a leading slash.
        auth: the user and password that stood in the URL, decoded.
    """

    scheme: str
    host: str
    port: int
    path: str
    auth: tuple[str, str] | None = None

    @property
    def server(self) -> str:
        """Whom to be polite to.

        Http and https of one host count as one, other ports are servers of their own.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in DEFAULT_PORTS.values() else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: "https://example.org"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        return self.origin + self.path

    def join(self, location: str) -> "RequestTarget":
        """Where a Location header leads from here.

        Raises:
            FetchError, DisallowedError: as `parse`.
        """
        cleaned = _cleaned(location)
        try:
            url = urljoin(self.url, cleaned)
        except ValueError as error:
            raise FetchError("this is not a valid URL", strip_credentials(cleaned)) from error
        return parse_url(url)

    def may_receive_secrets(self, other: "RequestTarget") -> bool:
        """True where what was meant for `other` may be sent here.

        The same origin, or the same host grown secure.
        """
        upgraded = (other.scheme, other.port, self.scheme, self.port) == ("http", 80, "https", 443)
        return self.host == other.host and (self.origin == other.origin or upgraded)


def parse_url(url: str) -> RequestTarget:
    """Take a URL apart, as browsers do: spaces trimmed, backslashes turned, the host mapped to ASCII.

    Raises:
        DisallowedError: it is not http or https, or over 8 kB long.
        FetchError: it is no URL.
    """
    text = _cleaned(url)
    if len(text.encode("utf-8", "replace")) > MAX_URL_BYTES:
        raise DisallowedError(
            f"the URL is longer than {MAX_URL_BYTES} bytes", strip_credentials(text[:200]) + "…"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise FetchError("this is not a valid URL", strip_credentials(text)) from error
    if parts.scheme not in DEFAULT_PORTS:
        raise DisallowedError("only http and https addresses are fetched", strip_credentials(text))
    host = _ascii_host(parts.hostname or "")
    if host is None or port == 0:
        raise FetchError("the URL names no valid host", strip_credentials(text))
    return RequestTarget(
        parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], _path(parts), _auth(parts)
    )


def _cleaned(url: str) -> str:
    """Without what browsers drop, with slashes where they read slashes."""
    text = _TAB_OR_NEWLINE.sub("", url.strip(_C0_AND_SPACE)).partition("#")[0]
    path, mark, query = text.partition("?")
    return path.replace("\\", "/") + mark + query


def _ascii_host(host: str) -> str | None:
    """The host as it is resolved and sent, None where it cannot be one."""
    if ":" in host:
        return _ipv6(host)
    try:
        mapped = idna.uts46_remap(unquote(host), std3_rules=False, transitional=False)
    except idna.IDNAError:
        return None
    # Not idna.encode: like browsers, feedpub lets the DNS decide which labels exist (emoji, old
    # registrations).
    labels = mapped.removesuffix(".").split(".")
    ascii_host = ".".join(
        x if x.isascii() else "xn--" + x.encode("punycode").decode("ascii") for x in labels
    )
    return ascii_host if _HOST.fullmatch(ascii_host) else None


def _ipv6(host: str) -> str | None:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        return None
    return None if address.scope_id else str(address)


def _path(parts: SplitResult) -> str:
    path = _encoded(_without_dot_segments(parts.path or "/"), _PATH_SAFE)
    return f"{path}?{_encoded(parts.query, _QUERY_SAFE)}" if parts.query else path


def _without_dot_segments(path: str) -> str:
    """Resolve "." and "..", encoded or not, as browsers do.

    Robots.txt speaks of what is asked for in the end.
    """
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        dots = _ENCODED_DOT.sub(".", segment)
        if dots == ".." and kept:
            kept.pop()
        if dots not in (".", ".."):
            kept.append(segment)
    if segments and dots in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _encoded(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe, errors="replace")


def _auth(parts: SplitResult) -> tuple[str, str] | None:
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")

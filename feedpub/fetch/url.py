"""Parse URLs as browsers do, and normalise them so that every component reads them alike.

The host is lower-case ASCII, the path percent-encoded, the fragment removed. User and password are
kept apart from all texts. Of the URLs that are forbidden, this module only knows the scheme and the
length.
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
_PLAIN_HOST = re.compile(r"[a-z0-9._-]+")  # the same after mapping
_HOST = re.compile(r"\A(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_PATH_SAFE = "%/:@!$&'()*+,;=~[]|"
_QUERY_SAFE = _PATH_SAFE + "?"


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """The target of a request.

    Attributes:
        scheme: "http" or "https".
        host: ASCII, lower case, without a trailing dot; an IPv6 address without brackets.
        port: the port.
        path: path and query, percent-encoded, with a leading slash.
        auth: the user and password in the URL, decoded.
    """

    scheme: str
    host: str
    port: int
    path: str
    auth: tuple[str, str] | None = None

    @property
    def server(self) -> str:
        """Return the name that requests are rate-limited by: the host, and an unusual port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in DEFAULT_PORTS.values() else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Return scheme, host and port: "https://example.org"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        return self.origin + self.path

    def join(self, location: str) -> "RequestTarget":
        """Resolve a Location header.

        Raises:
            FetchError, DisallowedError: as in `parse_url`.
        """
        cleaned = _clean(location)
        try:
            url = urljoin(self.url, cleaned)
        except ValueError as error:
            raise FetchError("this is not a valid URL", strip_credentials(cleaned)) from error
        return parse_url(url)

    def may_receive_secrets(self, other: "RequestTarget") -> bool:
        """Return True if secrets for `other` may be sent here.

        That is so for the same origin, and for https on the host of an http URL.
        """
        if self.host != other.host:
            return False
        is_same = (self.scheme, self.port) == (other.scheme, other.port)
        upgraded = (other.scheme, other.port, self.scheme, self.port) == ("http", 80, "https", 443)
        return is_same or upgraded


def parse_url(url: str) -> RequestTarget:
    """Parse a URL as browsers do: trim spaces, turn backslashes, map the host to ASCII.

    Raises:
        DisallowedError: it is not http or https, or longer than MAX_URL_BYTES.
        FetchError: it is not a URL.
    """
    text = _clean(url)
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
        raise FetchError("the URL has no valid host", strip_credentials(text))
    return RequestTarget(
        parts.scheme,
        host,
        port or DEFAULT_PORTS[parts.scheme],
        _encode_path(parts),
        _decode_auth(parts),
    )


def _clean(url: str) -> str:
    """Remove the characters that browsers ignore, and the fragment; turn backslashes."""
    text = _TAB_OR_NEWLINE.sub("", url.strip(_C0_AND_SPACE)).partition("#")[0]
    path, mark, query = text.partition("?")
    return path.replace("\\", "/") + mark + query


def _ascii_host(host: str) -> str | None:
    """Return the host as it is resolved and sent; None if it is invalid."""
    if ":" in host:
        return _parse_ipv6(host)
    mapped = host
    if not _PLAIN_HOST.fullmatch(host):
        try:
            mapped = idna.uts46_remap(unquote(host), std3_rules=False, transitional=False)
        except idna.IDNAError:
            return None
    # Not idna.encode, which rejects emoji and old registrations. Browsers accept them.
    labels = mapped.removesuffix(".").split(".")
    encoded = [_encode_label(label) for label in labels]
    ascii_host = ".".join(encoded)
    return ascii_host if _HOST.fullmatch(ascii_host) else None


def _encode_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _parse_ipv6(host: str) -> str | None:
    try:
        address = IPv6Address(host)
    except AddressValueError:
        return None
    return None if address.scope_id else str(address)


def _encode_path(parts: SplitResult) -> str:
    path = _percent_encode(_without_dot_segments(parts.path or "/"), _PATH_SAFE)
    return f"{path}?{_percent_encode(parts.query, _QUERY_SAFE)}" if parts.query else path


def _without_dot_segments(path: str) -> str:
    """Resolve "." and "..", encoded or not, as browsers do, so that robots.txt rules match."""
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


def _percent_encode(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe, errors="replace")


def _decode_auth(parts: SplitResult) -> tuple[str, str] | None:
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")

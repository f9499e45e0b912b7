"""The kinds of values that have to do with the network: addresses, networks, names of headers and cookies."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema

from feedpub.config.text import one_line, quote

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What the name of a header or cookie is made of (RFC 9110, section 5.6.2)."""


HIGHEST_PORT = 65535

_EXAMPLE = 'write for example "https://example.org/"'


def web_address(value: str) -> str:
    """An absolute http or https address with a host and without a password."""
    value = value.strip()
    if re.search(r"[\s\x00-\x1f\x7f\\]", value):
        raise ValueError(f"{_shown(value)} holds blanks or characters that no address has; write them as %20 and so on")
    parts = _split(value)
    if parts.scheme == "file":
        raise ValueError(f'is a file; write a source with type = "folder" and path = {quote(parts.path)}')
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{_shown(value)} is not a web address; {_suggestion(value)}")
    if "@" in parts.netloc:
        raise ValueError('holds a user name; write auth = { username = "…", password = { env = "NAME" } } instead')
    if not parts.hostname:
        raise ValueError(f"{_shown(value)} has no host; {_EXAMPLE}")
    return value


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 -- a bad port is told only when it is asked for
    except ValueError:
        raise ValueError(f"{_shown(value)} has a host or port that cannot be; {_EXAMPLE}") from None
    return parts


def _shown(value: str) -> str:
    """An address without what may be a password or a token in it."""
    return quote(re.sub(r"\?.*", "?…", re.sub(r"\A.*@", "…@", value)))


def _suggestion(value: str) -> str:
    bare = re.sub(r"^(?:[a-z]+:)?/*", "", value, flags=re.IGNORECASE)
    host = bare.partition("/")[0]
    if re.fullmatch(r"\A[\w-]+(?:\.[\w-]+)+(?::\d+)?", host) and not value.startswith("/"):
        return f"did you mean {_shown(f'https://{bare}')}?"
    return _EXAMPLE


def _base(value: str) -> str:
    value = web_address(value)
    if "?" in value or "#" in value:
        raise ValueError(f'{_shown(value)}: feeds are published below it, so it ends before "?" and "#"')
    return value if value.endswith("/") else f"{value}/"


def _contact(value: str) -> str:
    value = one_line(value)
    if not value or re.fullmatch(r"\A(?:mailto:)?[^@\s()<>]+@[^@\s()<>]+\.[^@\s()<>]+", value):
        return value
    return web_address(value)


def listen_address(value: str) -> str:
    """Where to listen: an IP address and a port, or unix: and a path. Raises ValueError for anything else."""
    value = value.strip()
    if value.startswith("unix:"):
        if not value.startswith("unix:/"):
            raise ValueError(f'{quote(value)}: a socket\'s path is absolute, as in "unix:/run/feedpub/http.sock"')
        return value
    host, _, port = value.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > HIGHEST_PORT:
        raise ValueError(f'{quote(value)} is no address and port; write for example "127.0.0.1:8080" or "[::1]:8080"')
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        hint = f'did you mean "127.0.0.1:{port}"?' if host == "localhost" else "write an IP address of this machine"
        raise ValueError(f"{quote(host)} is no IP address; {hint}") from None
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"  # noqa: PLR2004 -- IPv6


def _host_name(value: str) -> str:
    """A host name or an IP address as a Host header has it: in lower case, without scheme, port and brackets."""
    host = value.strip().lower().removesuffix(".").removeprefix("[").removesuffix("]")
    if re.fullmatch(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", host):
        return host
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise ValueError(f'{quote(value)} is no host name; write it without scheme and port, as "feeds.lan"') from None


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip()))
    except ValueError as error:
        raise ValueError(f"{quote(value)} is not a network; {_network_hint(value)}") from error


def _network_hint(value: str) -> str:
    try:
        return f'did you mean "{ipaddress.ip_network(value.strip(), strict=False)}"?'
    except ValueError:
        loopback = value.strip().rstrip(".").lower() == "localhost"
        return 'did you mean "127.0.0.0/8"?' if loopback else 'write addresses, as in "10.0.0.0/8" or "192.168.1.7"'


_ADDRESS = WithJsonSchema({"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"})

WebAddress = Annotated[str, AfterValidator(web_address), _ADDRESS]
BaseAddress = Annotated[str, AfterValidator(_base), _ADDRESS]
Contact = Annotated[str, AfterValidator(_contact)]
HostName = Annotated[str, AfterValidator(_host_name)]
Network = Annotated[str, AfterValidator(_network)]
Listen = Annotated[str, AfterValidator(listen_address)]

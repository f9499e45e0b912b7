"""Define the types of the config's values, and validate them.

Each validator raises ValueError with a sentence for the user, without the key's name. pydantic
collects all of them.
"""

import difflib
import ipaddress
import json
import os
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from feedpub.config import cron
from feedpub.core.patterns import compile_pattern

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Line breaks and other characters that are not text."""

TOKEN_PATTERN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header or cookie (RFC 9110, section 5.6.2)."""

RESERVED_NAMES = ("index", "feeds", "health", "status", "healthz", "metrics")
"""Names of feedpub's own files and pages."""

MAX_PORT = 65535

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
DURATION_PATTERN = "^(?=.)" + "".join(f"(?:([0-9]{{1,6}}){unit})?" for unit in _UNITS) + "$"

_HOW_TO_LOG_IN = 'write auth = { username = "…", password = { env = "NAME" } }'
_MAIL_EXAMPLE = 'write for example "imaps://mail.example.org/INBOX"'
_URL_EXAMPLE = 'write for example "https://example.org/"'
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*",
    re.IGNORECASE,
)


# --- Texts ---


def quote_for_message(value: str, length: int = 60) -> str:
    """Quote a text for a message, on one line and cut to about `length` characters."""
    text = value if len(value) <= length else f"{value[:length]}…"
    return f'"{CONTROL_CHARACTERS.sub("�", text)}"'


def require_one_line(value: str) -> str:
    """Return a text without surrounding blanks; raise ValueError if it is not one line."""
    value = value.strip()
    if CONTROL_CHARACTERS.search(value):
        raise ValueError("contains line breaks or control characters; write one line of text")
    return value


def require_text(value: str) -> str:
    """Return a text unchanged; raise ValueError if it is blank."""
    if not value.strip():
        raise ValueError("empty; write some text, or leave the key out")
    return value


def _check_name(value: str) -> str:
    quoted = quote_for_message(value)
    if "/" in value or "\\" in value or ".." in value:
        raise ValueError(
            f"{quoted} leads out of the output folder; write a file name without its extension"
        )
    if not re.fullmatch("[a-z0-9-]{1,100}", value):
        ascii_only = unicodedata.normalize("NFKD", value.lower()).encode("ascii", "ignore").decode()
        stem = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")[:100]
        hint = f'did you mean "{stem}"?' if stem else 'write for example "world-news"'
        raise ValueError(f"{quoted} is not a name; {hint} (a-z, 0-9 and -, at most 100 of them)")
    if value in RESERVED_NAMES or "-archive-" in value:
        raise ValueError(f"{quoted} is reserved for feedpub's own files; choose another name")
    return value


def _check_language(value: str) -> str:
    if _LANGUAGE.fullmatch(value):
        return value
    dashed = value.replace("_", "-").partition(".")[0]
    if _LANGUAGE.fullmatch(dashed):
        hint = f'did you mean "{dashed}"?'
    else:
        hint = 'write for example "en", "de-AT", "zh-Hant"'
    raise ValueError(f"{quote_for_message(value)} is not a language tag; {hint}")


def check_value_selector(value: str) -> str:
    """Return a selector of elements, attributes or texts: CSS, or XPath after "xpath:".

    Raises:
        ValueError: states the mistake.
    """
    from feedpub.core.selectors import XPATH_PREFIX, check_xpath  # noqa: PLC0415 -- slow to import

    require_text(value)
    quoted = quote_for_message(value)
    if value.startswith(XPATH_PREFIX):
        try:
            check_xpath(value.removeprefix(XPATH_PREFIX))
        except ValueError as error:
            raise ValueError(f"{quoted} is {error}") from error
        return value
    if value.lstrip().startswith(("/", "./", "(/", "(./")):
        raise ValueError(f'{quoted} looks like XPath; write "xpath:" before it')
    from cssselect import SelectorError  # noqa: PLC0415 -- slow to import
    from lxml.cssselect import CSSSelector  # noqa: PLC0415 -- for the same reason
    from lxml.etree import Element, XPathError  # noqa: PLC0415 -- for the same reason

    try:
        selector = CSSSelector(value, translator="html")
        selector(Element("p"))  # some errors are only detected on use
    except (SelectorError, XPathError, RecursionError) as error:
        raise ValueError(f"{quoted} is not a CSS selector: {error}") from error
    return value


def check_selector(value: str) -> str:
    """Return a selector of elements or attributes: CSS, or XPath after "xpath:".

    Raises:
        ValueError: states the mistake.
    """
    from feedpub.core.selectors import XPATH_PREFIX, selects_nodes  # noqa: PLC0415 -- slow to import

    check_value_selector(value)
    if value.startswith(XPATH_PREFIX) and not selects_nodes(value.removeprefix(XPATH_PREFIX)):
        raise ValueError(
            f"{quote_for_message(value)} selects no elements but computes a value; "
            'write a path, as in "xpath://article"'
        )
    return value


def _check_json_path(value: str) -> str:
    from feedpub.core.selectors import compile_query  # noqa: PLC0415 -- slow to import

    try:
        compile_query(require_text(value))
    except ValueError as error:
        raise ValueError(f"{quote_for_message(value)} is not JMESPath: {error}") from error
    return value


def _check_json_text(value: str) -> str:
    try:
        json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{quote_for_message(value)} is not JSON: {error}") from error
    return value


def _check_removal(value: str) -> str:
    if not value.startswith("text:"):
        return check_selector(value)
    if not value.removeprefix("text:").strip():
        raise ValueError(
            'text: is empty; write the beginning of the block, as in "text:Sponsored by"'
        )
    return value


def _check_pattern(value: str) -> str:
    try:
        compile_pattern(value)
    except RecursionError as error:
        quoted = quote_for_message(value)
        raise ValueError(f"{quoted} is too complex for a regular expression: {error}") from error
    return value


def _check_glob(value: str) -> str:
    parts = PurePosixPath(require_text(value)).parts
    quoted = quote_for_message(value)
    if value.startswith(("/", "~")) or ".." in parts:
        raise ValueError(f'{quoted} leads out of the folder; write for example "**/*.md"')
    if any("**" in part and part != "**" for part in parts):
        raise ValueError(f'{quoted}: ** matches complete folders; write for example "**/*.md"')
    return value


def _check_unique(values: tuple[str, ...]) -> tuple[str, ...]:
    for number, value in enumerate(values):
        if value in values[:number]:
            raise ValueError(f"{quote_for_message(value)} appears twice; write it once")
    return values


# --- Times ---


def parse_duration(value: object) -> timedelta:
    """Return the duration that a text names: "90s", "1h30m", units in descending order.

    A timedelta is returned unchanged.

    Raises:
        ValueError: it is not a duration.
    """
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(DURATION_PATTERN, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(_explain_duration(value))
    duration = timedelta()
    for count, unit in zip(found.groups(default="0"), _UNITS.values(), strict=True):
        duration += int(count) * unit
    return duration


def _explain_duration(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'{value} has no unit; write "{value}s" for seconds, or "30m", "6h", "7d", "1h30m"'
    subject = quote_for_message(value) if isinstance(value, str) else "this"
    return (
        f"{subject} is not a duration; "
        'write numbers with units: "90s", "30m", "6h", "7d", "2w", "1h30m"'
    )


def format_duration(duration: timedelta) -> str:
    """Format a duration as in the config, in complete seconds and as short as possible."""
    text = ""
    for name, unit in _UNITS.items():
        count, duration = divmod(duration, unit)
        text += f"{count}{name}" if count else ""
    return text or "0s"


def _duration_between(shortest: str, longest: str) -> Callable[[object], timedelta]:
    """Return a validator of durations within a range."""

    def check(value: object) -> timedelta:
        duration = parse_duration(value)
        quoted = quote_for_message(str(value))
        if duration < parse_duration(shortest):
            raise ValueError(f'{quoted} is too short; the shortest is "{shortest}"')
        if duration > parse_duration(longest):
            raise ValueError(f'{quoted} is too long; the longest is "{longest}"')
        return duration

    return check


_check_interval = _duration_between("1m", "365d")


def _check_every(value: object) -> object:
    if value == "auto":
        return value
    try:
        return _check_interval(value)
    except ValueError as error:
        raise ValueError(str(error).replace("write numbers", 'write "auto", or numbers')) from None


def _check_timezone(value: str) -> str:
    from zoneinfo import available_timezones  # noqa: PLC0415 -- few configs name a time zone

    names = available_timezones()
    if value in names:
        return value
    hint = 'write for example "Europe/Berlin" or "UTC"'
    for name in difflib.get_close_matches(value, names, 1):
        hint = f'did you mean "{name}"?'
    raise ValueError(f"{quote_for_message(value)} is not a time zone; {hint}")


# --- Network ---


def check_web_address(value: str) -> str:
    """Return an absolute http or https URL without surrounding blanks.

    Raises:
        ValueError: it is not one, has no host, or contains a user name.
    """
    value = value.strip()
    if re.search(r"[\s\x00-\x1f\x7f\\]", value):
        raise ValueError(
            f"{_mask_url(value)} contains blanks or characters that a URL cannot contain; "
            "percent-encode them, as in %20"
        )
    parts = _split_url(value)
    if parts.scheme == "file":
        path = quote_for_message(parts.path)
        raise ValueError(f'is a file; write a source with type = "folder" and path = {path}')
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{_mask_url(value)} is not a web address; {_suggest_url(value)}")
    if "@" in parts.netloc:
        raise ValueError(f"contains a user name; {_HOW_TO_LOG_IN} instead")
    if not parts.hostname:
        raise ValueError(f"{_mask_url(value)} has no host; {_URL_EXAMPLE}")
    return value


def check_mail_server(value: str) -> str:
    """Return the URL of a mailbox on an IMAP server without surrounding blanks.

    Raises:
        ValueError: it is not one, has no host, or contains a user name.
    """
    value = value.strip()
    if CONTROL_CHARACTERS.search(unquote(value)):
        raise ValueError(f"{_mask_url(value)} contains control characters; remove them")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 -- an invalid port is only detected on access
    except ValueError:
        raise ValueError(
            f"{_mask_url(value)} has an invalid host or port; {_MAIL_EXAMPLE}"
        ) from None
    if parts.scheme not in ("imap", "imaps"):
        raise ValueError(f"{_mask_url(value)} is not an IMAP server; {_MAIL_EXAMPLE}")
    if "@" in parts.netloc:
        raise ValueError(f"contains a user name; {_HOW_TO_LOG_IN} instead")
    if not parts.hostname:
        raise ValueError(f"{_mask_url(value)} has no host; {_MAIL_EXAMPLE}")
    if parts.query or parts.fragment:
        raise ValueError(f"{_mask_url(value)} has more than a host and a mailbox; {_MAIL_EXAMPLE}")
    return value


def _split_url(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 -- an invalid port is only detected on access
    except ValueError:
        raise ValueError(
            f"{_mask_url(value)} has an invalid host or port; {_URL_EXAMPLE}"
        ) from None
    return parts


def _mask_url(value: str) -> str:
    """Quote a URL without the parts that could contain a password or token."""
    return quote_for_message(re.sub(r"\?.*", "?…", re.sub(r"\A.*@", "…@", value)))


def _suggest_url(value: str) -> str:
    without_scheme = re.sub(r"^(?:[a-z]+:)?/*", "", value, flags=re.IGNORECASE)
    host = without_scheme.partition("/")[0]
    if re.fullmatch(r"\A[\w-]+(?:\.[\w-]+)+(?::\d+)?", host) and not value.startswith("/"):
        return f"did you mean {_mask_url(f'https://{without_scheme}')}?"
    return _URL_EXAMPLE


def _check_base_url(value: str) -> str:
    value = check_web_address(value)
    if "?" in value or "#" in value:
        raise ValueError(
            f'{_mask_url(value)}: feeds are published below it, so it cannot contain "?" or "#"'
        )
    return value if value.endswith("/") else f"{value}/"


def _check_contact(value: str) -> str:
    value = require_one_line(value)
    if not value or re.fullmatch(r"\A(?:mailto:)?[^@\s()<>]+@[^@\s()<>]+\.[^@\s()<>]+", value):
        return value
    return check_web_address(value)


def parse_listen_address(value: str) -> str:
    """Return the address to listen on: an IP address and a port, or unix: and a path.

    Raises:
        ValueError: it is neither.
    """
    value = value.strip()
    quoted = quote_for_message(value)
    if value.startswith("unix:"):
        if not value.startswith("unix:/"):
            raise ValueError(
                f'{quoted}: a socket\'s path is absolute, as in "unix:/run/feedpub/http.sock"'
            )
        return value
    host, _, port = value.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > MAX_PORT:
        raise ValueError(
            f"{quoted} is not an address and port; "
            'write for example "127.0.0.1:8080" or "[::1]:8080"'
        )
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        hint = "write an IP address of this machine"
        if host == "localhost":
            hint = f'did you mean "127.0.0.1:{port}"?'
        raise ValueError(f"{quote_for_message(host)} is not an IP address; {hint}") from None
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"  # noqa: PLR2004 -- IPv6


def _check_host_name(value: str) -> str:
    """Return a host name or IP address in lower case, without brackets."""
    host = value.strip().lower().removesuffix(".").removeprefix("[").removesuffix("]")
    if re.fullmatch(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", host):
        return host
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise ValueError(
            f"{quote_for_message(value)} is not a host name; "
            'write it without scheme and port, as in "feeds.lan"'
        ) from None


def _check_network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip()))
    except ValueError as error:
        quoted = quote_for_message(value)
        raise ValueError(f"{quoted} is not a network; {_suggest_network(value)}") from error


def _suggest_network(value: str) -> str:
    value = value.strip()
    try:
        return f'did you mean "{ipaddress.ip_network(value, strict=False)}"?'
    except ValueError:
        if value.rstrip(".").lower() == "localhost":
            return 'did you mean "127.0.0.0/8"?'
        return 'write addresses, as in "10.0.0.0/8" or "192.168.1.7"'


# --- Paths ---


def resolve_in_folder(value: str, folder: Path) -> Path:
    """Return the absolute path that a text names, relative to a folder; `~` is the home folder.

    Symbolic links are not followed, so that messages show the path as the user wrote it.

    Raises:
        ValueError: it is not a path.
    """
    quoted = quote_for_message(value)
    if not value.strip():
        raise ValueError('empty; write a path, as in "articles"')
    if "\0" in value:
        raise ValueError(f"{quoted} contains a character that a path cannot contain; remove it")
    path = os.path.expanduser(value)  # noqa: PTH111 -- Path.expanduser raises if there is no home
    if path.startswith("~"):
        raise ValueError(f"{quoted}: there is no such home folder; write the absolute path")
    return Path(os.path.abspath(folder / path))  # noqa: PTH100 -- Path.resolve follows links


def resolve_path(value: object, info: ValidationInfo) -> object:
    """Resolve a path in the folder of pydantic's context, or else in the working directory."""
    if not isinstance(value, str | Path):
        return value
    return resolve_in_folder(str(value), (info.context or {}).get("folder", Path()))


# --- Types for annotations ---

_NOT_EMPTY = WithJsonSchema({"type": "string", "minLength": 1})
_URL = WithJsonSchema({"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"})
_MAIL_URL = WithJsonSchema({"type": "string", "pattern": "^[Ii][Mm][Aa][Pp][Ss]?://"})
_DURATION = WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})

OneLine = Annotated[str, AfterValidator(require_one_line)]
Title = Annotated[OneLine, AfterValidator(require_text), _NOT_EMPTY]
Name = Annotated[
    str,
    AfterValidator(_check_name),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]{1,100}$"}),
]
Language = Annotated[
    str,
    AfterValidator(_check_language),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9-]+$"}),
]
Selector = Annotated[str, AfterValidator(check_selector)]
ValueSelector = Annotated[str, AfterValidator(check_value_selector)]
JsonPath = Annotated[str, AfterValidator(_check_json_path)]
JsonText = Annotated[str, AfterValidator(_check_json_text)]
Removal = Annotated[str, AfterValidator(_check_removal)]
Pattern = Annotated[str, AfterValidator(_check_pattern)]
Glob = Annotated[str, AfterValidator(_check_glob)]
Unique = AfterValidator(_check_unique)

Interval = Annotated[timedelta, BeforeValidator(_check_interval), _DURATION]
Every = Annotated[
    timedelta | Literal["auto"],
    PlainValidator(_check_every),
    WithJsonSchema({"type": "string", "pattern": f"^auto$|{DURATION_PATTERN}"}),
]
Deadline = Annotated[timedelta, BeforeValidator(_duration_between("10s", "6h")), _DURATION]
Delay = Annotated[timedelta, BeforeValidator(_duration_between("0s", "10m")), _DURATION]
Age = Annotated[timedelta, BeforeValidator(_duration_between("1d", "3650d")), _DURATION]
AgeOrNone = Annotated[timedelta, BeforeValidator(_duration_between("0s", "3650d")), _DURATION]
Cron = Annotated[str, AfterValidator(cron.check_cron)]
TimeZone = Annotated[str, AfterValidator(_check_timezone)]

WebAddress = Annotated[str, AfterValidator(check_web_address), _URL]
MailServer = Annotated[str, AfterValidator(check_mail_server), _MAIL_URL]
BaseAddress = Annotated[str, AfterValidator(_check_base_url), _URL]
Contact = Annotated[str, AfterValidator(_check_contact)]
HostName = Annotated[str, AfterValidator(_check_host_name)]
Network = Annotated[str, AfterValidator(_check_network)]
Listen = Annotated[str, AfterValidator(parse_listen_address)]

ConfigPath = Annotated[Path, BeforeValidator(resolve_path), _NOT_EMPTY]

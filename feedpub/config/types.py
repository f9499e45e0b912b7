"""Text.

What may stand in a setting of one line, and how a setting's value is shown in a message.
"""

import difflib
import ipaddress
import os
import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.etree import Element, XPathError
from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from feedpub.config import cron
from feedpub.core.patterns import compile_pattern
from feedpub.core.selectors import XPATH_PREFIX, check_xpath, selects_nodes

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Line breaks and other characters that are not text."""


def quote_for_message(value: str, length: int = 60) -> str:
    """A text as it is shown in messages.

    In quotes, on one line, cut to about `length` characters.
    """
    text = value if len(value) <= length else f"{value[:length]}…"
    return f'"{CONTROL_CHARACTERS.sub("�", text)}"'


def require_one_line(value: str) -> str:
    """The text without blanks around it; ValueError where it is not one line of text."""
    value = value.strip()
    if CONTROL_CHARACTERS.search(value):
        raise ValueError(
            "line breaks and control characters cannot stand here; write one line of text"
        )
    return value


def require_text(value: str) -> str:
    """The text; ValueError where it says nothing."""
    if not value.strip():
        raise ValueError("empty; write some text, or leave the key out")
    return value


# SECTION: Durations as people write them in the config: "90s", "30m", "6h", "7d", "2w", "1h30m".

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
DURATION_PATTERN = "^(?=.)" + "".join(f"(?:([0-9]{{1,6}}){unit})?" for unit in _UNITS) + "$"


def parse_duration(value: object) -> timedelta:
    """The length of time that a text names, units from the largest to the smallest; a timedelta is one already.

    Raises ValueError, with what to write, for anything else.
    """
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(DURATION_PATTERN, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(_complaint(value))
    counts = zip(found.groups(default="0"), _UNITS.values(), strict=True)
    return sum((int(count) * unit for count, unit in counts), timedelta())


def _complaint(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'{value} has no unit; write "{value}s" for seconds, or "30m", "6h", "7d", "1h30m"'
    wrong = f"{quote_for_message(value)} is" if isinstance(value, str) else "this is"
    return (
        f'{wrong} not a duration; write numbers with units: "90s", "30m", "6h", "7d", "2w", "1h30m"'
    )


def format_duration(duration: timedelta) -> str:
    """The duration as it stands in a config.

    The shortest text that `parse` reads as the same whole seconds.
    """
    text = ""
    for name, unit in _UNITS.items():
        count, duration = divmod(duration, unit)
        text += f"{count}{name}" if count else ""
    return text or "0s"


# SECTION: The kinds of values that have to do with the network: addresses, networks, names of
# headers and cookies.

TOKEN_PATTERN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What the name of a header or cookie is made of (RFC 9110, section 5.6.2)."""


HIGHEST_PORT = 65535

_EXAMPLE = 'write for example "https://example.org/"'


def check_web_address(value: str) -> str:
    """An absolute http or https address with a host and without a password."""
    value = value.strip()
    if re.search(r"[\s\x00-\x1f\x7f\\]", value):
        raise ValueError(
            f"{_shown(value)} holds blanks or characters that no address has; write them as %20 and so on"
        )
    parts = _split(value)
    if parts.scheme == "file":
        raise ValueError(
            f'is a file; write a source with type = "folder" and path = {quote_for_message(parts.path)}'
        )
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{_shown(value)} is not a web address; {_suggestion(value)}")
    if "@" in parts.netloc:
        raise ValueError(
            'holds a user name; write auth = { username = "…", password = { env = "NAME" } } instead'
        )
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
    return quote_for_message(re.sub(r"\?.*", "?…", re.sub(r"\A.*@", "…@", value)))


def _suggestion(value: str) -> str:
    bare = re.sub(r"^(?:[a-z]+:)?/*", "", value, flags=re.IGNORECASE)
    host = bare.partition("/")[0]
    if re.fullmatch(r"\A[\w-]+(?:\.[\w-]+)+(?::\d+)?", host) and not value.startswith("/"):
        return f"did you mean {_shown(f'https://{bare}')}?"
    return _EXAMPLE


def _base(value: str) -> str:
    value = check_web_address(value)
    if "?" in value or "#" in value:
        raise ValueError(
            f'{_shown(value)}: feeds are published below it, so it ends before "?" and "#"'
        )
    return value if value.endswith("/") else f"{value}/"


def _contact(value: str) -> str:
    value = require_one_line(value)
    if not value or re.fullmatch(r"\A(?:mailto:)?[^@\s()<>]+@[^@\s()<>]+\.[^@\s()<>]+", value):
        return value
    return check_web_address(value)


def parse_listen_address(value: str) -> str:
    """Where to listen.

    An IP address and a port, or unix: and a path. Raises ValueError for anything else.
    """
    value = value.strip()
    if value.startswith("unix:"):
        if not value.startswith("unix:/"):
            raise ValueError(
                f'{quote_for_message(value)}: a socket\'s path is absolute, as in "unix:/run/feedpub/http.sock"'
            )
        return value
    host, _, port = value.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > HIGHEST_PORT:
        raise ValueError(
            f'{quote_for_message(value)} is no address and port; write for example "127.0.0.1:8080" or "[::1]:8080"'
        )
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        hint = (
            f'did you mean "127.0.0.1:{port}"?'
            if host == "localhost"
            else "write an IP address of this machine"
        )
        raise ValueError(f"{quote_for_message(host)} is no IP address; {hint}") from None
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"  # noqa: PLR2004 -- IPv6


def _host_name(value: str) -> str:
    """A host name or an IP address as a Host header has it.

    In lower case, without scheme, port and brackets.
    """
    host = value.strip().lower().removesuffix(".").removeprefix("[").removesuffix("]")
    if re.fullmatch(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", host):
        return host
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise ValueError(
            f'{quote_for_message(value)} is no host name; write it without scheme and port, as "feeds.lan"'
        ) from None


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip()))
    except ValueError as error:
        raise ValueError(
            f"{quote_for_message(value)} is not a network; {_network_hint(value)}"
        ) from error


def _network_hint(value: str) -> str:
    try:
        return f'did you mean "{ipaddress.ip_network(value.strip(), strict=False)}"?'
    except ValueError:
        loopback = value.strip().rstrip(".").lower() == "localhost"
        return (
            'did you mean "127.0.0.0/8"?'
            if loopback
            else 'write addresses, as in "10.0.0.0/8" or "192.168.1.7"'
        )


_ADDRESS = WithJsonSchema({"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"})

WebAddress = Annotated[str, AfterValidator(check_web_address), _ADDRESS]
BaseAddress = Annotated[str, AfterValidator(_base), _ADDRESS]
Contact = Annotated[str, AfterValidator(_contact)]
HostName = Annotated[str, AfterValidator(_host_name)]
Network = Annotated[str, AfterValidator(_network)]
Listen = Annotated[str, AfterValidator(parse_listen_address)]


# SECTION: The kinds of single values in the config: what each must look like, and what to write
# where it does not.
#
# Every check raises ValueError with a sentence for people, without the key's name; pydantic
# collects them all. Values
# that have to do with the network stand in `web`.

RESERVED_NAMES = (
    "index",
    "feeds",
    "health",
    "status",
    "healthz",
    "metrics",
)  # feedpub's own files and pages
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*",
    re.IGNORECASE,
)


def _name(value: str) -> str:
    if "/" in value or "\\" in value or ".." in value:
        raise ValueError(
            f"{quote_for_message(value)} leads out of the output folder; a name is only the stem of a file's name"
        )
    if not re.fullmatch("[a-z0-9-]{1,100}", value):
        ascii_only = unicodedata.normalize("NFKD", value.lower()).encode("ascii", "ignore").decode()
        stem = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")[:100]
        hint = f'did you mean "{stem}"?' if stem else 'write for example "world-news"'
        raise ValueError(
            f"{quote_for_message(value)} is not a name; {hint} (a-z, 0-9 and -, at most 100 of them)"
        )
    if value in RESERVED_NAMES or "-archive-" in value:
        raise ValueError(
            f"{quote_for_message(value)} is kept for files that feedpub makes itself; write another name"
        )
    return value


def _language(value: str) -> str:
    if _LANGUAGE.fullmatch(value):
        return value
    dashed = value.replace("_", "-").partition(".")[0]
    hint = (
        f'did you mean "{dashed}"?'
        if _LANGUAGE.fullmatch(dashed)
        else 'write for example "en", "de-AT", "zh-Hant"'
    )
    raise ValueError(f"{quote_for_message(value)} is not a language tag; {hint}")


def check_value_selector(value: str) -> str:
    """Return a selector of elements, attributes or texts: CSS, or XPath after "xpath:".

    Raises:
        ValueError: states the mistake.
    """
    require_text(value)
    if value.startswith(XPATH_PREFIX):
        try:
            check_xpath(value.removeprefix(XPATH_PREFIX))
        except ValueError as error:
            raise ValueError(f"{quote_for_message(value)} is {error}") from error
        return value
    if re.match(r"\s*\(?\.?/", value):
        raise ValueError(f'{quote_for_message(value)} looks like XPath; write "xpath:" before it')
    try:
        CSSSelector(value, translator="html")(
            Element("p")
        )  # some mistakes show only when it is used
    except (SelectorError, XPathError, RecursionError) as error:
        raise ValueError(f"{quote_for_message(value)} is not a CSS selector: {error}") from error
    return value


def check_selector(value: str) -> str:
    """Return a selector of elements or attributes: CSS, or XPath after "xpath:".

    Raises:
        ValueError: states the mistake.
    """
    check_value_selector(value)
    if value.startswith(XPATH_PREFIX) and not selects_nodes(value.removeprefix(XPATH_PREFIX)):
        raise ValueError(
            f"{quote_for_message(value)} selects no elements but computes a value; "
            'write a path, as in "xpath://article"'
        )
    return value


def _removal(value: str) -> str:
    if not value.startswith("text:"):
        return check_selector(value)
    if not value.removeprefix("text:").strip():
        raise ValueError(
            'text: without a text; write what the block says, as in "text:Sponsored by"'
        )
    return value


def _pattern(value: str) -> str:
    try:
        compile_pattern(value)
    except RecursionError as error:
        raise ValueError(
            f"{quote_for_message(value)} is too much for a regular expression: {error}"
        ) from error
    return value


def _glob(value: str) -> str:
    parts = PurePosixPath(require_text(value)).parts
    if value.startswith(("/", "~")) or ".." in parts:
        raise ValueError(
            f'{quote_for_message(value)} leads out of the folder; write for example "**/*.md"'
        )
    if any("**" in part and part != "**" for part in parts):
        raise ValueError(
            f'{quote_for_message(value)}: ** stands for whole folders; write for example "**/*.md"'
        )
    return value


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
    if twice is not None:
        raise ValueError(f"{quote_for_message(twice)} stands there twice; write it once")
    return values


def _between(shortest: str, longest: str) -> Callable[[object], timedelta]:
    def check(value: object) -> timedelta:
        found = parse_duration(value)
        if found < parse_duration(shortest):
            raise ValueError(
                f'{quote_for_message(str(value))} is too short; the shortest is "{shortest}"'
            )
        if found > parse_duration(longest):
            raise ValueError(
                f'{quote_for_message(str(value))} is too long; the longest is "{longest}"'
            )
        return found

    return check


_interval = _between("1m", "365d")


def _every(value: object) -> object:
    try:
        return value if value == "auto" else _interval(value)
    except ValueError as error:
        raise ValueError(str(error).replace("write numbers", 'write "auto", or numbers')) from None


def _timezone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        close = difflib.get_close_matches(value, zoneinfo.available_timezones(), 1)
        hint = (
            f'did you mean "{close[0]}"?' if close else 'write for example "Europe/Berlin" or "UTC"'
        )
        raise ValueError(f"{quote_for_message(value)} is not a time zone; {hint}")
    return value


def resolve_in_folder(value: str, folder: Path) -> Path:
    """The absolute path that a text names: `~` is the home folder, and relative paths start from `folder`.

    Symbolic links are not followed: a person finds again what they wrote.
    """
    if not value.strip():
        raise ValueError('empty; write a path, as in "articles"')
    if "\0" in value:
        raise ValueError(
            f"{quote_for_message(value)} holds a character that no path has; write it anew"
        )
    path = os.path.expanduser(value)  # noqa: PTH111 -- pathlib's raises RuntimeError where there is no such home
    if path.startswith("~"):
        raise ValueError(
            f"{quote_for_message(value)}: there is no such home folder; write the whole path"
        )
    return Path(os.path.abspath(folder / path))  # noqa: PTH100 -- pathlib's follows links or keeps ".."


def resolve_path(value: object, info: ValidationInfo) -> object:
    """`locate` as pydantic calls it.

    Relative to the context's "folder", without one to the working directory.
    """
    if not isinstance(value, str | Path):
        return value
    return resolve_in_folder(str(value), (info.context or {}).get("folder", Path()))


OneLine = Annotated[str, AfterValidator(require_one_line)]
Title = Annotated[
    OneLine, AfterValidator(require_text), WithJsonSchema({"type": "string", "minLength": 1})
]
Name = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]{1,100}$"})
]
Language = Annotated[
    str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9-]+$"})
]
Cron = Annotated[str, AfterValidator(cron.check_cron)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Selector = Annotated[str, AfterValidator(check_selector)]
ValueSelector = Annotated[str, AfterValidator(check_value_selector)]
Removal = Annotated[str, AfterValidator(_removal)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Glob = Annotated[str, AfterValidator(_glob)]
Unique = AfterValidator(_unique)

_DURATION = WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})

Interval = Annotated[timedelta, BeforeValidator(_interval), _DURATION]
Every = Annotated[
    timedelta | Literal["auto"],
    PlainValidator(_every),
    WithJsonSchema({"type": "string", "pattern": f"^auto$|{DURATION_PATTERN}"}),
]
Deadline = Annotated[timedelta, BeforeValidator(_between("10s", "6h")), _DURATION]
Delay = Annotated[timedelta, BeforeValidator(_between("0s", "10m")), _DURATION]
Age = Annotated[timedelta, BeforeValidator(_between("1d", "3650d")), _DURATION]
AgeOrNone = Annotated[timedelta, BeforeValidator(_between("0s", "3650d")), _DURATION]

ConfigPath = Annotated[
    Path, BeforeValidator(resolve_path), WithJsonSchema({"type": "string", "minLength": 1})
]

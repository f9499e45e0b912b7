"""Rules for single values in a feed, from the W3C feed validator and the RFCs.

Each rule yields complaints.
"""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

Complaints = Iterator[str]
Rule = Callable[[str], Complaints]

_FULL_URI = re.compile(
    r"[a-z][a-z0-9+.-]*:(//)?(\[[0-9a-f:]+\])?[\w;/?:@&=+$.!~*'()%,#-]+", re.IGNORECASE | re.ASCII
)
_HTTP = re.compile(r"https?://([a-z0-9-]+\.)+[a-z0-9-]+(:\d+)?(/.*)?", re.IGNORECASE)
_TAG_URI = re.compile(
    r"tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[\w;/?:@&=+$.!~*'()%,-]*", re.ASCII
)
_SCHEMES = frozenset({"http", "https", "ftp", "mailto", "tag", "urn", "tel"})
_MEDIA_TYPE = re.compile(r'[^\s()<>,;:\\"/[\]?=]+/[^\s()<>,;:\\"/[\]?=]+')
_RFC_822 = re.compile(
    r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (\+0000|GMT)", re.ASCII
)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EDITOR = re.compile(r"[\w.+'-]+@([a-z0-9-]+\.)+[a-z0-9-]+ \([^()]+\)", re.IGNORECASE | re.ASCII)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_MAX_CLOCK_SKEW = timedelta(minutes=10)

LANGUAGES = frozenset(
    """
    ar bg bn ca cs da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk kn ko
    lt lv mk ml mr ms my nb ne nl nn no pa pl ps pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur
    uz vi yi zh ckb yue
    """.split()  # noqa: SIM905 -- easier to read than a list
)

# HTML that the validator knows and considers safe, as far as articles need it.
ELEMENTS = frozenset(
    """
    a abbr b bdi blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s
    samp section small source span strong sub summary sup table tbody td tfoot th thead time tr tt
    u ul var video audio wbr
    """.split()  # noqa: SIM905 -- easier to read than a list
)
ATTRIBUTES = frozenset(
    """
    abbr alt cite class colspan controls datetime dir height href hreflang id lang loading media
    open poster rel reversed rowspan scope sizes span src srcset start title type value width
    """.split()  # noqa: SIM905 -- easier to read than a list
)


def free(_value: str) -> Complaints:
    """Accept any value."""
    yield from ()


def relation(known: Collection[str], value: str) -> Complaints:
    """Check that a link relation is known in its context."""
    if value not in known:
        yield f"relation {value!r}"


def uri(value: str) -> Complaints:
    """Check a URI with a scheme, by RFC 2396, with IPv6 hosts by RFC 3986."""
    scheme = value.partition(":")[0].lower()
    if not _FULL_URI.fullmatch(value):
        yield f"not a full URI: {value!r}"
    elif scheme not in _SCHEMES:
        yield f"scheme not registered: {value!r}"
    elif scheme in ("http", "https") and not re.match(r"\w+://[^/]", value):
        yield f"no host: {value!r}"
    elif scheme == "tag" and not _TAG_URI.fullmatch(value):
        yield f"not a tag URI: {value!r}"


def canonical(value: str) -> Complaints:
    """Check an Atom id: a URI in canonical form, because ids are compared as strings."""
    yield from uri(value)
    parts = urlsplit(value)
    escapes = re.findall(r"%..", value)
    if (
        value != value.strip()
        or parts.netloc != parts.netloc.lower()
        or (parts.scheme, parts.port) in (("http", 80), ("https", 443))
        or (parts.netloc and not parts.path)
        or {".", ".."} & set(parts.path.split("/"))
        or any(escape != escape.upper() or unquote(escape).isalnum() for escape in escapes)
    ):
        yield f"not canonical: {value!r}"


def web_address(value: str) -> Complaints:
    """Check the URL of an RSS enclosure: http or https, and a host with a dot."""
    yield from uri(value)
    if not _HTTP.fullmatch(value):
        yield f"not an address on the web: {value!r}"


def media_type(value: str) -> Complaints:
    """Check a media type without parameters."""
    if not _MEDIA_TYPE.fullmatch(value):
        yield f"not a media type: {value!r}"


def language(value: str) -> Complaints:
    """Check a language tag whose language exists."""
    if (
        not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", value)
        or value.partition("-")[0] not in LANGUAGES
    ):
        yield f"not a language: {value!r}"


def positive(value: str) -> Complaints:
    """Check an integer above zero."""
    if not re.fullmatch(r"[1-9]\d*", value):
        yield f"not a positive integer: {value!r}"


def count(value: str) -> Complaints:
    """Check an integer, zero or above."""
    if not re.fullmatch(r"\d+", value):
        yield f"not a size: {value!r}"


def editor(value: str) -> Complaints:
    """Check a person in the form of the RSS profile: "jane@example.org (Jane Roe)"."""
    if not _EDITOR.fullmatch(value):
        yield f"not an address with a name: {value!r}"


def rfc822(value: str, now: datetime) -> Complaints:
    """Check a date of RSS, with the correct day of the week."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        yield f"not an RFC 822 date: {value!r}"
        return
    if not _RFC_822.fullmatch(value) or value[:3] != moment.strftime("%a"):
        yield f"not an RFC 822 date: {value!r}"
    yield from _plausible(moment, now)


def rfc3339(value: str, now: datetime) -> Complaints:
    """Check a date of Atom or JSON Feed."""
    if not _RFC_3339.fullmatch(value):
        yield f"not an RFC 3339 date: {value!r}"
        return
    yield from _plausible(datetime.fromisoformat(value), now)


def _plausible(moment: datetime, now: datetime) -> Complaints:
    if not _EARLIEST <= moment <= now + _MAX_CLOCK_SKEW:
        yield f"implausible date: {moment}"


def characters(value: str) -> Complaints:
    """Check that no character indicates a wrong encoding."""
    if bad := re.search(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ud800-\udfff]", value
    ):
        yield f"bad character {bad[0]!r} in {value[:60]!r}"

"""What a single value in a feed may be, as the W3C feed validator and the RFCs have it.

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
_PATIENCE = timedelta(minutes=10)  # how far ahead a clock may be

LANGUAGES = frozenset(
    "ar bg bn ca cs da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk kn ko lt lv mk ml mr ms my "  # noqa: SIM905 -- a list of codes, not of words
    "nb ne nl nn no pa pl ps pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi yi zh ckb yue".split()
)

# Elements and attributes of HTML that the validator knows and finds harmless, as far as an article
# has use for them.
ELEMENTS = frozenset(
    "a abbr b bdi blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h1 h2 "  # noqa: SIM905 -- a list of names, not of words
    "h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp section small source span strong sub "
    "summary sup table tbody td tfoot th thead time tr tt u ul var video audio wbr".split()
)
ATTRIBUTES = frozenset(
    "abbr alt cite class colspan controls datetime dir height href hreflang id lang loading media open poster rel "  # noqa: SIM905 -- a list of names, not of words
    "reversed rowspan scope sizes span src srcset start title type value width".split()
)


def free(_value: str) -> Complaints:
    """Anything at all."""
    yield from ()


def relation(known: Collection[str], value: str) -> Complaints:
    """A link's relation that is known where it stands."""
    if value not in known:
        yield f"relation {value!r}"


def uri(value: str) -> Complaints:
    """A URI with its scheme, in the characters of RFC 2396 and the IPv6 hosts of RFC 3986."""
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
    """An Atom id: a URI that string comparison can be trusted with."""
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
    """What an RSS enclosure needs: http or https, and a host with a dot."""
    yield from uri(value)
    if not _HTTP.fullmatch(value):
        yield f"not an address on the web: {value!r}"


def media_type(value: str) -> Complaints:
    """A media type without parameters."""
    if not _MEDIA_TYPE.fullmatch(value):
        yield f"not a media type: {value!r}"


def language(value: str) -> Complaints:
    """A language tag whose language exists."""
    if (
        not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", value)
        or value.partition("-")[0] not in LANGUAGES
    ):
        yield f"not a language: {value!r}"


def positive(value: str) -> Complaints:
    """An integer above zero."""
    if not re.fullmatch(r"[1-9]\d*", value):
        yield f"not a positive integer: {value!r}"


def count(value: str) -> Complaints:
    """An integer, zero or above."""
    if not re.fullmatch(r"\d+", value):
        yield f"not a size: {value!r}"


def editor(value: str) -> Complaints:
    """The RSS profile's form of a person: "jane@example.org (Jane Roe)"."""
    if not _EDITOR.fullmatch(value):
        yield f"not an address with a name: {value!r}"


def rfc822(value: str, now: datetime) -> Complaints:
    """RSS's dates; the day of the week is right."""
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        yield f"not an RFC 822 date: {value!r}"
        return
    if not _RFC_822.fullmatch(value) or value[:3] != moment.strftime("%a"):
        yield f"not an RFC 822 date: {value!r}"
    yield from _plausible(moment, now)


def rfc3339(value: str, now: datetime) -> Complaints:
    """Atom's and JSON Feed's dates."""
    if not _RFC_3339.fullmatch(value):
        yield f"not an RFC 3339 date: {value!r}"
        return
    yield from _plausible(datetime.fromisoformat(value), now)


def _plausible(moment: datetime, now: datetime) -> Complaints:
    if not _EARLIEST <= moment <= now + _PATIENCE:
        yield f"implausible date: {moment}"


def characters(value: str) -> Complaints:
    """No character that says: this text was decoded wrongly."""
    if bad := re.search(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ud800-\udfff]", value
    ):
        yield f"bad character {bad[0]!r} in {value[:60]!r}"

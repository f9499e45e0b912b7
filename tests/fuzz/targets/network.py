"""Read untrusted network input before anything is parsed.

Addresses, headers, codings, robots.txt.
"""

import ipaddress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from feedpub.builder.ids import new_entry_id, page_slug
from feedpub.builder.rss_atom_text import to_uri
from feedpub.core.article_keys import strip_tracking, url_key
from feedpub.core.errors import FeedpubError
from feedpub.core.redact import redact, strip_credentials
from feedpub.core.urls import absolute_url, resolve_link, site_domain
from feedpub.fetch import response as answers
from feedpub.fetch.compression import DECODERS, content_codings, decompress, decompress_start
from feedpub.fetch.robots import AGENT, Robots, parse_robots
from feedpub.fetch.ssrf import AddressPolicy
from feedpub.fetch.url import RequestTarget as Address
from feedpub.fetch.url import parse_url
from feedpub.pipeline.site_memory import memory_key as host_of
from feedpub.web.app import published_name
from tests.fuzz.oracle import NOW, PAGE, check_address
from tests.fuzz.target import BYTES, LINES, WORDS, Target, fields, text, texts

MOST = 1 << 20  # bytes, unpacked
_PUBLIC = AddressPolicy()


def urls(data: bytes) -> None:
    """Normalise an address for the request, for publication and for comparison.

    Resolve another address against it, too.
    """
    written, other = texts(data, 2)
    strip_credentials(written).encode()
    redact(written)
    if (target := _parse_address(written)) is not None:
        assert target.url.isascii()
        assert parse_url(target.url).url == target.url, (
            "an address that changes when it is read again"
        )
        _join(target, other)
    found = absolute_url(written, PAGE)
    check_address(found)
    check_address(resolve_link(other, found or PAGE))
    if found is not None:
        _check_known(found)


def _parse_address(written: str) -> Address | None:
    try:
        return parse_url(written)
    except FeedpubError as error:
        str(error).encode()
        return None


def _join(target: Address, other: str) -> None:
    try:
        target.join(other).url.encode("ascii")
    except FeedpubError as error:
        str(error).encode()


def _check_known(found: str) -> None:
    key = url_key(found)
    key.encode()
    plain = strip_tracking(found)
    check_address(plain)
    assert url_key(plain) == key, "an address that is another one without what tracks"
    assert url_key(urlsplit(found)._replace(scheme="http").geturl()) == key
    assert new_entry_id("news", key, "https://feeds.example.org/", NOW).isascii()
    assert to_uri(found).isascii()
    page_slug(found, found, ()).encode("ascii")
    site_domain(found)
    host_of(found)


def networks(data: bytes) -> None:
    """Check an IP address before a connection, and a network that the config allows."""
    number, written = fields(data, 2)
    if len(number) in (4, 16):
        address = ipaddress.ip_address(number)
        refusal = _PUBLIC.reason_against(str(address), 443)
        if (
            address.is_private
            or address.is_loopback
            or address.is_link_local
            or address.is_multicast
        ):
            assert refusal, f"{address} would be connected to"
    AddressPolicy.with_networks([text(written)])


def headers(data: bytes) -> None:
    """Read response headers: content type, freshness, redirect target."""
    status, lines, body = fields(data, 3)
    pairs = (line.partition(":") for line in lines.decode("latin-1").splitlines() if ":" in line)
    received = CaseInsensitiveDict((name.strip(), value.strip()) for name, _, value in pairs)
    answer = answers.Response(200 + int.from_bytes(status[:1], "big") * 2, received, body)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    page = answers.page_from(answer, PAGE, now)
    assert page.content_type == page.content_type.lower()
    assert page.expires is None or page.expires >= 0
    failed = answers.failure_of(answer, now)
    assert failed.retry_after is None or failed.retry_after >= 0
    if answer.location is not None:
        _join(parse_url(PAGE), answer.location)
    decompress(body, content_codings(received.get("Content-Encoding", "")), MOST)


def bodies(data: bytes) -> None:
    """Decode a compressed body."""
    names = tuple(DECODERS)
    applied = [names[number % len(names)] for number in data[:2]]
    codings_of_it = applied[: 1 + data[0] % 2] if data else ()
    assert len(decompress_start(data[2:], codings_of_it, MOST)) <= MOST
    assert len(decompress(data[2:], codings_of_it, MOST)) <= MOST


def robots(data: bytes) -> None:
    """Read a robots.txt, and check an address against it."""
    path, body = fields(data, 2)
    rules = Robots(None, _Clock())
    target = parse_url("https://example.org/" + text(path))
    kept = parse_robots(body, AGENT)
    assert (
        len(body) > 600 or parse_robots(kept.text.encode(), AGENT) == kept
    )  # encoded, it grows; long lines are cut
    assert 0 <= rules.check_allowed(target, lambda _: body) <= 30


class _Clock:
    """A clock that always shows the same time."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def file_names(data: bytes) -> None:
    """Make a file name from a path of the site."""
    path = text(data)
    if (file := published_name(path)) is not None:
        parts = file.name.split("/")
        assert not any(part.startswith(".") or part == "" or "\0" in part for part in parts), path


TARGETS = (
    Target("file-names", file_names, "paths", WORDS, 300),
    Target("networks", networks, "numbers", BYTES, 40),
    Target("bodies", bodies, "packed", BYTES, 2000),
    Target("urls", urls, "urls", WORDS, 1000),
    Target("headers", headers, "headers", LINES, 2000),
    Target("robots", robots, "robots", LINES, 3000),
)

"""What comes from the network before anything is parsed: addresses, headers, codings, robots.txt."""

import ipaddress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from feedpub.builder.identity import mint, slug, url_key, without_tracking
from feedpub.builder.prepare import uri
from feedpub.errors import FeedpubError
from feedpub.fetch import answer as answers
from feedpub.fetch.address import AddressPolicy
from feedpub.fetch.codings import DECODERS, codings, decompress, decompress_start
from feedpub.fetch.robots import AGENT, Robots
from feedpub.fetch.robotstxt import parse_robots
from feedpub.fetch.target import Target as Address
from feedpub.fetch.target import discreet, parse, redacted
from feedpub.learning import site_of as host_of
from feedpub.sources.addresses import absolute, resolve, site_of
from feedpub.web.names import published
from tests.fuzz.oracle import NOW, PAGE, check_address
from tests.fuzz.target import BYTES, LINES, WORDS, Target, fields, text, texts

MOST = 1 << 20  # bytes, unpacked
_PUBLIC = AddressPolicy()


def urls(data: bytes) -> None:
    """An address as it is sent, as it is published and as it is known; and where another leads from it."""
    written, other = texts(data, 2)
    redacted(written).encode()
    discreet(written)
    if (target := _parsed(written)) is not None:
        assert target.url.isascii()
        assert parse(target.url).url == target.url, "an address that changes when it is read again"
        _joined(target, other)
    found = absolute(written, PAGE)
    check_address(found)
    check_address(resolve(other, found or PAGE))
    if found is not None:
        _check_known(found)


def _parsed(written: str) -> Address | None:
    try:
        return parse(written)
    except FeedpubError as error:
        str(error).encode()
        return None


def _joined(target: Address, other: str) -> None:
    try:
        target.join(other).url.encode("ascii")
    except FeedpubError as error:
        str(error).encode()


def _check_known(found: str) -> None:
    key = url_key(found)
    key.encode()
    plain = without_tracking(found)
    check_address(plain)
    assert url_key(plain) == key, "an address that is another one without what tracks"
    assert url_key(urlsplit(found)._replace(scheme="http").geturl()) == key
    assert mint("news", key, "https://feeds.example.org/", NOW).isascii()
    assert uri(found).isascii()
    slug(found, found, ()).encode("ascii")
    site_of(found)
    host_of(found)


def networks(data: bytes) -> None:
    """An IP address before it is connected to, and a network that the config allows."""
    number, written = fields(data, 2)
    if len(number) in (4, 16):
        address = ipaddress.ip_address(number)
        refusal = _PUBLIC.refusal(str(address), 443)
        if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
            assert refusal, f"{address} would be connected to"
    AddressPolicy.allowing([text(written)])


def headers(data: bytes) -> None:
    """The headers of an answer: what it is, how long it holds, where it leads."""
    status, lines, body = fields(data, 3)
    pairs = (line.partition(":") for line in lines.decode("latin-1").splitlines() if ":" in line)
    received = CaseInsensitiveDict((name.strip(), value.strip()) for name, _, value in pairs)
    answer = answers.Answer(200 + int.from_bytes(status[:1], "big") * 2, received, body)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    page = answers.page(answer, PAGE, now)
    assert page.content_type == page.content_type.lower()
    assert page.expires is None or page.expires >= 0
    failed = answers.failure(answer, now)
    assert failed.retry_after is None or failed.retry_after >= 0
    if answer.location is not None:
        _joined(parse(PAGE), answer.location)
    decompress(body, codings(received.get("Content-Encoding", "")), MOST)


def bodies(data: bytes) -> None:
    """A compressed body."""
    names = tuple(DECODERS)
    applied = [names[number % len(names)] for number in data[:2]]
    codings_of_it = applied[: 1 + data[0] % 2] if data else ()
    assert len(decompress_start(data[2:], codings_of_it, MOST)) <= MOST
    assert len(decompress(data[2:], codings_of_it, MOST)) <= MOST


def robots(data: bytes) -> None:
    """A robots.txt, and an address that it allows or does not."""
    path, body = fields(data, 2)
    rules = Robots(None, _Clock())
    target = parse("https://example.org/" + text(path))
    kept = parse_robots(body, AGENT)
    assert len(body) > 600 or parse_robots(kept.text.encode(), AGENT) == kept  # encoded, it grows; long lines are cut
    assert 0 <= rules.admit(target, lambda _: body) <= 30


class _Clock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def file_names(data: bytes) -> None:
    """A path of the site."""
    path = text(data)
    if (file := published(path)) is not None:
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

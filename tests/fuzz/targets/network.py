"""What comes from the network before anything is parsed: addresses, headers, codings, robots.txt."""

import gzip
import ipaddress
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import brotli  # type: ignore[import-untyped]
from requests.structures import CaseInsensitiveDict

from feedpub.builder.identity import mint, slug, url_key, without_tracking
from feedpub.builder.prepare import uri
from feedpub.errors import FeedpubError
from feedpub.fetch import answer as answers
from feedpub.fetch.address import AddressPolicy
from feedpub.fetch.codings import DECODERS, codings, decompress
from feedpub.fetch.robots import Robots
from feedpub.fetch.target import Target as Address
from feedpub.fetch.target import discreet, parse, redacted
from feedpub.learning import site_of as host_of
from feedpub.sources.addresses import absolute, resolve, site_of
from feedpub.web.names import published
from tests.fuzz.oracle import NOW, PAGE, check_address
from tests.fuzz.target import LINES, Target, fields, text, texts

MOST = 1 << 20  # bytes, unpacked
PASSWORD = "n0t-f0r-y0u"
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


def _urls() -> Iterator[bytes]:
    yield from (
        b"https://user:n0t-f0r-y0u@www.example.org:8443/a/b.html?utm_source=x&id=7#/story\xff../c?d=%zz",
        b"http://[::ffff:127.0.0.1]:80/\xff//evil.example/",
        "https://bücher.例え/ä?ü=日#x\xff\\\\back\\slash".encode(),
        b"HTTP://EXAMPLE.org./%7Euser/;jsessionid=1/index.html\xffhttps:/x",
        b" \thttps:\\\\ex\nample.org\\@x\xffjavascript:alert(1)",
        "http://①②⑦.0.0.1/\xffhttp://0x7f.1".encode(),
    )


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


def _headers() -> Iterator[bytes]:
    yield b'\x00\xffContent-Type: text/html; charset=utf-8\nCache-Control: max-age=60\nAge: 5\nETag: W/"a"\xffbody'
    yield b"\x96\xffRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\nDate: Fri, 31 Dec 1999 23:00:00 GMT\n\xff"
    yield b"\x64\xffServer: cloudflare\ncf-mitigated: challenge\nRetry-After: 120\n\xff<title>Just a moment...</title>"
    yield "\x32\xff".encode("latin-1") + "Location: /caf\xc3\xa9\nExpires: 0\nContent-Encoding: gzip\n\xff".encode(
        "latin-1"
    )


def bodies(data: bytes) -> None:
    """A compressed body."""
    names = tuple(DECODERS)
    applied = [names[number % len(names)] for number in data[:2]]
    assert len(decompress(data[2:], applied[: 1 + data[0] % 2] if data else (), MOST)) <= MOST


def _bodies() -> Iterator[bytes]:
    plain = b"<html>" + b"A text that repeats. " * 20
    packed = {"gzip": gzip.compress(plain, mtime=0), "deflate": zlib.compress(plain), "br": brotli.compress(plain)}
    for number, name in enumerate(DECODERS):
        yield bytes([number * 2 if number * 2 % len(DECODERS) == number else number, 0]) + packed.get(
            name, packed["gzip"]
        )
    yield b"\x00\x00" + packed["gzip"] * 3


def robots(data: bytes) -> None:
    """A robots.txt, and an address that it allows or does not."""
    path, body = fields(data, 2)
    rules = Robots(None, _Clock())
    target = parse("https://example.org/" + text(path))
    delay = rules.admit(target, lambda _: body.decode("utf-8", "replace"))
    assert 0 <= delay <= 30


class _Clock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def _robots() -> Iterator[bytes]:
    yield b"a/b?c\xffUser-agent: *\nDisallow: /a/*.html$\nAllow: /a\nCrawl-delay: 2\nSitemap: https://example.org/s.xml\n"
    yield b"x\xffUser-agent: feedpub\nUser-agent: other\nDisallow:\nRequest-rate: 1/5\nVisit-time: 0100-0200\n\xef\xbb\xbf"
    yield b"x\xffuser-agent: *\r\ndisallow: /%zz\r\ncrawl-delay: nan\r\nhost: example.org\r\n"


def file_names(data: bytes) -> None:
    """A path of the site."""
    path = text(data)
    if (file := published(path)) is not None:
        parts = file.name.split("/")
        assert not any(part.startswith(".") or part == "" or "\0" in part for part in parts), path


TARGETS = (
    Target(
        "file-names",
        file_names,
        lambda: (b"/world.rss", b"/world/story.html", b"/", b"/a-archive-3.json"),
        (b"/", b"..", b".rss"),
        longest=300,
    ),
    Target(
        "urls",
        urls,
        _urls,
        (
            b"http://",
            b"https://",
            b"@",
            b"[",
            b"]",
            b"::1",
            b":80",
            b":0",
            b"..",
            b"\\",
            b"%00",
            b"%zz",
            b"#!/",
            b"?utm_source=",
        )
        + (
            "ß".encode(),
            "。".encode(),
            "①".encode(),
            b"xn--",
            b";jsessionid=",
            b"&fbclid=",
            b"\xed\xa0\x80",
            b"/index.html",
            b"www.",
        ),
        longest=1000,
    ),
    Target(
        "networks",
        networks,
        lambda: (bytes([127, 0, 0, 1]) + b"\xff10.0.0.0/8", bytes(15) + b"\x01\xff::1/128"),
        longest=40,
    ),
    Target(
        "headers",
        headers,
        _headers,
        (
            b"Content-Type: ",
            b"Cache-Control: ",
            b"max-age=",
            b"no-store",
            b"Expires: ",
            b"Retry-After: ",
            b"Date: ",
            b"Age: ",
            b"Location: ",
        )
        + (
            b"charset=",
            b"Content-Encoding: ",
            b"gzip",
            b"br",
            b"deflate",
            b"GMT",
            b"Fri, 31 Dec 1999 23:59:59",
            b"-0000",
            "²".encode(),
        ),
        LINES,
        longest=2000,
    ),
    Target("bodies", bodies, _bodies, (b"\x1f\x8b\x08", b"\x78\x9c"), longest=2000),
    Target(
        "robots",
        robots,
        _robots,
        (
            b"User-agent: ",
            b"Disallow: ",
            b"Allow: ",
            b"Crawl-delay: ",
            b"Sitemap: ",
            b"*",
            b"$",
            b"feedpub",
            b"%",
            b"Request-rate: ",
        )
        + (b"Visit-time: ", b"1e309", b"inf", b"-1", b"nan"),
        LINES,
        longest=3000,
    ),
)

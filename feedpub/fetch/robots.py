"""Check robots.txt (RFC 9309): which paths of an origin may be fetched, and with which delay.

Each robots.txt is fetched once a day, not once a process: a cache keeps it. An origin without one
(any 4xx) allows everything. An origin whose robots.txt cannot be fetched forbids everything for a
while, unless an older one is known. The client fetches the file.

The file is parsed as Google's parser does, for one crawler. No library does this: Protego splits a
group at a Crawl-delay, and keeps the rules of all crawlers in memory. Parsing and matching take
linear time in the length of a file, or of a rule and a path.
"""

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

from feedpub.core.clock import Clock
from feedpub.core.errors import DisallowedError, FetchError, RetryLaterError, RobotsDisallowedError
from feedpub.core.models import CachedRobots
from feedpub.core.patterns import matches_glob
from feedpub.fetch.response import CLIENT_ERROR
from feedpub.fetch.url import RequestTarget

MAX_LINE_BYTES = 2083 * 8 - 1  # Google's parser ignores the rest of a line
MAX_SITEMAPS = 200
MAX_SITEMAP_BYTES = 2048

_STRING_OVERHEAD_BYTES = 64
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PRODUCT_TOKEN = re.compile(r"[A-Za-z_-]*")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INDEX_PAGE = re.compile(r"/index\.html?[^/]*\Z")
_PLAIN = re.compile(rb"[\w/.~*$?=&-]*")  # a pattern that needs no normalisation
_PATH_SAFE = "%/:@!$&'()*+,;=~[]|?"  # the same characters as in `url`
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_KEYS = (  # with frequent typing errors; prefixes, as in Google's parser
    ("user-agent", ("user-agent", "useragent", "user agent")),
    ("allow", ("allow",)),
    ("disallow", ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw")),
    ("sitemap", ("sitemap", "site-map")),
    ("crawl-delay", ("crawl-delay", "crawl delay")),
)
AGENT = "feedpub"

_CACHE_FOR = timedelta(hours=24)
_CACHE_FAILURE_FOR = timedelta(minutes=5)
MAX_ROBOTS_BYTES = 512 << 10  # to read; RFC 9309 requires at least 500 KiB
MAX_ORIGINS = 20_000  # in memory; the rules of others are loaded from the cache
MAX_CACHE_BYTES = 8 << 20  # of all origins in memory, with their rules
_ORIGIN_BYTES = 500  # of an origin without its rules
_MAX_DELAY_SECONDS = 30.0  # a longer Crawl-delay is meant for crawlers of entire sites

ReadFile = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """The rules of a robots.txt for one crawler.

    Attributes:
        allow, disallow: path patterns, the longest first.
        crawl_delay: seconds; 0.0 without one.
        sitemaps: as written.
    """

    allow: tuple[str, ...] = ()
    disallow: tuple[str, ...] = ()
    crawl_delay: float = 0.0
    sitemaps: tuple[str, ...] = ()

    def allows(self, path: str) -> bool:
        """Return True if a path may be fetched.

        It may if no Disallow matches, or an Allow of at least the same length. Google compares
        patterns as written, RFC 9309 decodes unreserved characters first. The stricter result
        counts: a Disallow matches in every spelling, an Allow only as written.

        Args:
            path: percent-encoded path and query, without dot segments.
        """
        path = _with_upper_case_escapes(path)
        forbidden = _longest_match(self.disallow, _decode_unreserved(path))
        return forbidden == 0 or forbidden <= _longest_match(self.allow, path)

    @property
    def size(self) -> int:
        """Return the approximate memory of the rules in bytes."""
        texts = (*self.allow, *self.disallow, *self.sitemaps)
        return sum(map(len, texts)) + _STRING_OVERHEAD_BYTES * (len(texts) + 1)

    @property
    def text(self) -> str:
        """Return the rules as a robots.txt; "" if there are none."""
        lines = [f"Allow: {pattern}" for pattern in self.allow]
        lines += [f"Disallow: {pattern}" for pattern in self.disallow]
        if self.crawl_delay:
            lines.append(f"Crawl-delay: {self.crawl_delay}")
        lines += [f"Sitemap: {sitemap}" for sitemap in self.sitemaps]
        return "\n".join(["User-agent: *", *lines]) if lines else ""


@dataclass(slots=True)
class _Rules:
    """The rules of all groups for a crawler, while they are collected."""

    named: bool = False
    allow: dict[str, None] = field(default_factory=dict)  # in their order
    disallow: dict[str, None] = field(default_factory=dict)
    crawl_delay: float = 0.0

    def add(self, key: str, value: bytes) -> None:
        if key == "crawl-delay":
            self.crawl_delay = max(self.crawl_delay, _parse_seconds(value))
        elif key == "disallow" and value:
            self.disallow[_decode_unreserved(_normalize_pattern(value))] = None
        elif value:
            pattern = _normalize_pattern(value)
            self.allow[pattern] = None
            if _INDEX_PAGE.search(pattern):  # its folder is allowed, too
                self.allow[_INDEX_PAGE.sub("/$", pattern)] = None


def parse_robots(body: bytes, agent: str) -> RobotsRules:
    """Return the rules for a crawler: those of its own groups, else those of the groups for "*".

    Args:
        body: the file.
        agent: the crawler's product token: "feedpub".
    """
    own, everyone = _Rules(), _Rules()
    current: list[_Rules] = []
    sitemaps: dict[str, None] = {}
    in_rules = False
    for key, value in parse_directives(body):
        if key == "user-agent":
            if in_rules:
                current, in_rules = [], False
            group = None
            if extract_product_token(value.decode("latin-1")).lower() == agent.lower() != "":
                group = own
            elif value[:2].strip() == b"*":  # also if more follows after a space
                group = everyone
            if group and group not in current:
                group.named = True
                current.append(group)
        elif key == "sitemap":
            if len(sitemaps) < MAX_SITEMAPS and 0 < len(value) <= MAX_SITEMAP_BYTES:
                sitemaps[value.decode("utf-8", "replace")] = None
        else:
            # A Crawl-delay is not part of RFC 9309: it does not end the User-agent lines of a
            # group, and applies to those before it. Many files have groups with nothing else.
            in_rules = in_rules or key != "crawl-delay"
            for rules in current:
                rules.add(key, value)
    chosen = own if own.named else everyone
    return RobotsRules(
        _longest_first(chosen.allow),
        _longest_first(chosen.disallow),
        chosen.crawl_delay,
        tuple(sitemaps),
    )


def parse_directives(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the valid lines as a key of `_KEYS` and a value."""
    for length in (3, 2, 1):  # a byte order mark, or what is left of one
        if body.startswith(_BYTE_ORDER_MARK[:length]):
            body = body[length:]
            break
    for line in body.splitlines():
        text = line[:MAX_LINE_BYTES].partition(b"#")[0].strip()
        name, colon, value = text.partition(b":")
        if not colon:  # a frequent error
            name, *others = text.split() if text else (b"",)
            if len(others) != 1:
                continue
            value = others[0]
        if key := _find_key(name):
            yield key, value.strip()


def extract_product_token(value: str) -> str:
    """Return the product token that a User-agent line begins with: "feedpub" of "feedpub/0.1"."""
    found = _PRODUCT_TOKEN.match(value)
    return found[0] if found else ""


@lru_cache(maxsize=64)
def _find_key(name: bytes) -> str:
    text = name.strip().decode("latin-1").lower()
    return next((key for key, spellings in _KEYS if text.startswith(spellings)), "")


def _parse_seconds(value: bytes) -> float:
    """Return a Crawl-delay; 0.0 if it is invalid."""
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _normalize_pattern(value: bytes) -> str:
    """Encode a pattern like the paths that it is compared with."""
    if _PLAIN.fullmatch(value):
        return value.decode("ascii")
    return _with_upper_case_escapes(quote(_STRAY_PERCENT.sub(b"%25", value), safe=_PATH_SAFE))


def _with_upper_case_escapes(path: str) -> str:
    return path if "%" not in path else _ESCAPE.sub(lambda escape: escape[0].upper(), path)


def _decode_unreserved(path: str) -> str:
    """Decode the characters that never need to be encoded: letters, digits and "-._~"."""
    return path if "%" not in path else _ESCAPE.sub(_decode_if_unreserved, path)


def _decode_if_unreserved(escape: re.Match[str]) -> str:
    character = chr(int(escape[0][1:], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0]


def _longest_first(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(patterns, key=len, reverse=True))


def _longest_match(patterns: Iterable[str], path: str) -> int:
    """Return the length of the first pattern that matches, or 0. The longest ones are first."""
    return next((len(pattern) for pattern in patterns if _matches(pattern, path)), 0)


def _matches(pattern: str, path: str) -> bool:
    """Return True if the start of a path matches a pattern.

    "*" matches anything, "$" at the end of the pattern matches the end of the path.
    """
    return matches_glob(pattern[:-1] if pattern.endswith("$") else f"{pattern}*", path)


_NO_RULES = RobotsRules()  # shared by the many origins without a robots.txt


class RobotsCache(Protocol):
    """Keeps robots.txt files between processes. Called from several threads."""

    def load(self, origin: str) -> CachedRobots | None: ...

    def save(self, origin: str, robots: CachedRobots) -> None: ...


@dataclass(slots=True)
class _Origin:
    """The rules of one origin.

    Attributes:
        lock: held by the thread that fetches robots.txt; created when one has to.
        rules: the parsed rules.
        size: the memory that the origin takes in bytes.
        expires: when they have to be fetched again; None if they were never fetched.
        failure: the last failure, if there are no rules.
        failed_until: the time of the next attempt after a failure.
    """

    lock: "threading.Lock | None" = None
    rules: RobotsRules = _NO_RULES
    size: int = _ORIGIN_BYTES
    expires: datetime | None = None
    failure: FetchError | None = None
    failed_until: datetime | None = None


class Robots:
    """The rules of all origins. A check of a known origin takes microseconds.

    Thread-safe: one thread fetches the robots.txt of an origin while others wait for it.
    """

    def __init__(self, cache: RobotsCache | None, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._lock = threading.Lock()
        self._parse_lock = threading.Lock()  # parsing takes many times the memory of a file
        self._origins: OrderedDict[str, _Origin] = OrderedDict()  # least recently used first
        self._size = 0  # of all origins in bytes

    def check_allowed(self, target: RequestTarget, read: ReadFile) -> float:
        """Check that a target may be fetched, and return the Crawl-delay in seconds, or 0.

        Args:
            target: the target of a request.
            read: fetches the first MAX_ROBOTS_BYTES of a URL; raises FetchError.

        Raises:
            DisallowedError: robots.txt forbids it.
            FetchError: robots.txt cannot be fetched.
        """
        rules = self._get_rules(target.origin, read)
        if not rules.allows(target.path):
            raise RobotsDisallowedError(f"robots.txt of {target.server} forbids it")
        return min(rules.crawl_delay, _MAX_DELAY_SECONDS)

    def known_delay(self, target: RequestTarget) -> float:
        """Return the Crawl-delay of a target in seconds, if its robots.txt is known, else 0."""
        return min(self._known_rules(target).crawl_delay, _MAX_DELAY_SECONDS)

    def known_sitemaps(self, target: RequestTarget) -> tuple[str, ...]:
        """Return the sitemaps in the robots.txt of a target's origin, if it is known."""
        return self._known_rules(target).sitemaps

    def _known_rules(self, target: RequestTarget) -> RobotsRules:
        known = self._origins.get(target.origin)
        return known.rules if known else _NO_RULES

    def _get_rules(self, origin: str, read: ReadFile) -> RobotsRules:
        known = self._get_origin(origin)
        if self._is_current(known.expires):
            return known.rules
        with self._get_lock(known):
            if known.expires is None and self._cache and (stored := self._cache.load(origin)):
                self._parse(origin, known, stored.body.encode(), stored.expires)
            if not self._is_current(known.expires):
                self._fetch(origin, known, read)
            known.lock = None  # threads that wait for it find current rules
            return known.rules

    def _get_origin(self, origin: str) -> _Origin:
        with self._lock:
            known = self._origins.get(origin)
            if known is None:
                known = self._origins[origin] = _Origin()
                self._size += known.size
                self._drop_unused()
            else:
                self._origins.move_to_end(origin)
            return known

    def _get_lock(self, known: _Origin) -> threading.Lock:
        with self._lock:
            lock = known.lock = known.lock or threading.Lock()
            return lock

    def _drop_unused(self) -> None:
        """Drop the least recently used origins if there are too many."""
        while len(self._origins) > 1 and (
            len(self._origins) > MAX_ORIGINS or self._size > MAX_CACHE_BYTES
        ):
            self._size -= self._origins.popitem(last=False)[1].size

    def _parse(self, origin: str, known: _Origin, body: bytes, expires: datetime) -> None:
        with self._parse_lock:
            rules = parse_robots(body, AGENT)
        known.rules = _NO_RULES if rules == _NO_RULES else rules
        known.expires, known.failure, known.failed_until = expires, None, None
        with self._lock:
            before, known.size = known.size, _ORIGIN_BYTES + rules.size
            if self._origins.get(origin) is known:  # it may have been dropped
                self._size += known.size - before
                self._drop_unused()

    def _is_current(self, expires: datetime | None) -> bool:
        """Return False for an expired time, and for one that only a wrong clock can have set."""
        return expires is not None and timedelta(0) < expires - self._clock.now() <= _CACHE_FOR

    def _fetch(self, origin: str, known: _Origin, read: ReadFile) -> None:
        now = self._clock.now()
        if (
            known.failure
            and known.failed_until
            and now < known.failed_until <= now + _CACHE_FAILURE_FOR
        ):
            raise _copy_error(known.failure)
        try:
            body, status = read(f"{origin}/robots.txt"), HTTPStatus.OK.value
        except DisallowedError as error:
            raise DisallowedError(error.reason) from error
        except FetchError as error:
            if not _is_missing(error):
                self._handle_failure(known, error, now)
                return
            body, status = b"", error.status or 0
        self._parse(origin, known, body, now + _CACHE_FOR)
        if self._cache:
            self._cache.save(
                origin, CachedRobots(origin, known.rules.text, status, now + _CACHE_FOR)
            )

    def _handle_failure(self, known: _Origin, error: FetchError, now: datetime) -> None:
        """Keep using older rules for a while. Without any, raise the error again."""
        if known.expires is not None:
            known.expires = now + _CACHE_FAILURE_FOR
            return
        reason = f"{error.reason} (for robots.txt, without which nothing else is requested)"
        failure = type(error)(reason, status=error.status, retry_after=error.retry_after)
        if not isinstance(error, RetryLaterError):  # nothing was requested, and it may end sooner
            known.failure, known.failed_until = failure, now + _CACHE_FAILURE_FOR
        raise _copy_error(failure) from error


def _is_missing(error: FetchError) -> bool:
    """Return True for a 4xx status; 429 is about the request rate, not about the file."""
    status = error.status or 0
    return status in CLIENT_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS


def _copy_error(error: FetchError) -> FetchError:
    return type(error)(error.reason, status=error.status, retry_after=error.retry_after)

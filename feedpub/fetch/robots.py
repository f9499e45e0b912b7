"""Check robots.txt (RFC 9309): which paths of an origin may be fetched, and with which delay.

Each robots.txt is fetched once a day, not once a process: a cache keeps it. An origin without one
(any 4xx) allows everything. An origin whose robots.txt cannot be fetched forbids everything for a
while, unless an older one is known. The client fetches the file.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from feedpub.core.errors import DisallowedError, FetchError, RetryLaterError
from feedpub.core.models import CachedRobots
from feedpub.fetch.clock import Clock
from feedpub.fetch.response import CLIENT_ERROR
from feedpub.fetch.robots_parser import RobotsRules, parse_robots
from feedpub.fetch.url import RequestTarget

AGENT = "feedpub"

_CACHE_FOR = timedelta(hours=24)
_CACHE_FAILURE_FOR = timedelta(minutes=5)
MAX_ROBOTS_BYTES = 512 << 10  # to read; RFC 9309 requires at least 500 KiB
MAX_ORIGINS = 500  # in memory; the rules of others are loaded from the cache
MAX_CACHE_BYTES = 8 << 20  # of all rules in memory
_MAX_DELAY_SECONDS = 30.0  # a longer Crawl-delay is meant for crawlers of entire sites

ReadFile = Callable[[str], bytes]


class RobotsCache(Protocol):
    """Keeps robots.txt files between processes. Called from several threads."""

    def load(self, origin: str) -> CachedRobots | None: ...

    def save(self, origin: str, robots: CachedRobots) -> None: ...


@dataclass(slots=True)
class _Origin:
    """The rules of one origin.

    Attributes:
        lock: held by the thread that fetches robots.txt.
        rules: the parsed rules.
        size: the memory that they take in bytes.
        expires: when they have to be fetched again; None if they were never fetched.
        failure: the last failure, if there are no rules.
        failed_until: the time of the next attempt after a failure.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    rules: RobotsRules = field(default_factory=RobotsRules)
    size: int = 0
    expires: datetime | None = None
    failure: FetchError | None = None
    failed_until: datetime | None = None


class Robots:
    """The rules of all origins.

    Thread-safe: one thread fetches the robots.txt of an origin while others wait for it.
    """

    def __init__(self, cache: RobotsCache | None, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self._lock = threading.Lock()
        self._parse_lock = threading.Lock()  # parsing takes many times the memory of a file
        self._origins: OrderedDict[str, _Origin] = OrderedDict()  # least recently used first

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
            raise DisallowedError(f"robots.txt of {target.server} forbids it")
        return min(rules.crawl_delay, _MAX_DELAY_SECONDS)

    def known_delay(self, target: RequestTarget) -> float:
        """Return the Crawl-delay of a target in seconds, if its robots.txt is known, else 0."""
        return min(self._get_origin(target.origin).rules.crawl_delay, _MAX_DELAY_SECONDS)

    def known_sitemaps(self, target: RequestTarget) -> tuple[str, ...]:
        """Return the sitemaps in the robots.txt of a target's origin, if it is known."""
        return self._get_origin(target.origin).rules.sitemaps

    def _get_rules(self, origin: str, read: ReadFile) -> RobotsRules:
        known = self._get_origin(origin)
        with known.lock:
            if known.expires is None and self._cache and (stored := self._cache.load(origin)):
                self._parse(known, stored.body.encode(), stored.expires)
            if not self._is_current(known.expires):
                self._fetch(origin, known, read)
            return known.rules

    def _get_origin(self, origin: str) -> _Origin:
        """Return an origin, and remove the least recently used ones if there are too many."""
        with self._lock:
            known = self._origins.setdefault(origin, _Origin())
            self._origins.move_to_end(origin)
            size = sum(each.size for each in self._origins.values())
            while len(self._origins) > 1 and (
                len(self._origins) > MAX_ORIGINS or size > MAX_CACHE_BYTES
            ):
                size -= self._origins.popitem(last=False)[1].size
            return known

    def _parse(self, known: _Origin, body: bytes, expires: datetime) -> None:
        with self._parse_lock:
            known.rules = parse_robots(body, AGENT)
        known.size, known.expires = known.rules.size, expires
        known.failure = known.failed_until = None

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
        self._parse(known, body, now + _CACHE_FOR)
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

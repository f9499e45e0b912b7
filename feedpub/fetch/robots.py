"""robots.txt as RFC 9309 has it: what feedpub may ask an origin for, and how slowly.

An origin is asked once a day, not once a process: what was read is kept in a memory that outlives
it. An origin
without a robots.txt (any 4xx) allows everything; one whose robots.txt cannot be read allows nothing
for a while, unless an older one is known. How it is fetched is the fetcher's business.
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

_KEPT = timedelta(hours=24)
_FAILURE_KEPT = timedelta(minutes=5)
MAX_ROBOTS_BYTES = 512 << 10  # that are read of a robots.txt; RFC 9309 wants at least 500 KiB
MAX_ORIGINS = 500  # whose rules are at hand; those of others come from the memory
MAX_CACHE_BYTES = 8 << 20  # of all rules at hand
_LONGEST_DELAY = (
    30.0  # seconds; a longer Crawl-delay is not meant for someone who reads a few pages
)

ReadFile = Callable[[str], bytes]


class RobotsCache(Protocol):
    """Where what was read outlives the process. Called from several threads."""

    def load(self, origin: str) -> CachedRobots | None: ...

    def save(self, origin: str, robots: CachedRobots) -> None: ...


@dataclass(slots=True)
class _Origin:
    """What is known of one origin."""

    asking: threading.Lock = field(default_factory=threading.Lock)
    rules: RobotsRules = field(default_factory=RobotsRules)
    size: int = 0  # bytes of its rules
    expires: datetime | None = None  # None while nothing was read
    failure: FetchError | None = None
    failed_until: datetime | None = None


class Robots:
    """The rules of every origin.

    Thread-safe: an origin is asked by one thread while the others wait for its answer.
    """

    def __init__(self, memory: RobotsCache | None, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock
        self._lock = threading.Lock()
        self._parsing = (
            threading.Lock()
        )  # a large file takes many times its size, once it is in pieces
        self._origins: OrderedDict[str, _Origin] = OrderedDict()  # the one used last comes last

    def check_allowed(self, target: RequestTarget, read: ReadFile) -> float:
        """Ask the rules whether `target` may be fetched; the answer is the Crawl-delay in seconds, 0 without one.

        Args:
            target: where a request would go.
            read: fetches the first MAX_FILE_BYTES of a URL; raises FetchError.

        Raises:
            DisallowedError: they forbid it.
            FetchError: robots.txt cannot be read.
        """
        rules = self._rules(target.origin, read)
        if not rules.allows(target.path):
            raise DisallowedError(f"robots.txt of {target.server} forbids it")
        return min(rules.crawl_delay, _LONGEST_DELAY)

    def known_delay(self, target: RequestTarget) -> float:
        """The Crawl-delay for a target as far as its origin's rules are known, in seconds.

        Asks nobody.
        """
        return min(self._known(target.origin).rules.crawl_delay, _LONGEST_DELAY)

    def known_sitemaps(self, target: RequestTarget) -> tuple[str, ...]:
        """The sitemaps that a target's origin names, as far as its rules are known; asks nobody."""
        return self._known(target.origin).rules.sitemaps

    def _rules(self, origin: str, read: ReadFile) -> RobotsRules:
        known = self._known(origin)
        with known.asking:
            if known.expires is None and self._memory and (stored := self._memory.load(origin)):
                self._learn(known, stored.body.encode(), stored.expires)
            if not self._current(known.expires):
                self._ask(origin, known, read)
            return known.rules

    def _known(self, origin: str) -> _Origin:
        """Return what is known of an origin, and forget those that were used longest ago if they are too many."""
        with self._lock:
            known = self._origins.setdefault(origin, _Origin())
            self._origins.move_to_end(origin)
            size = sum(each.size for each in self._origins.values())
            while len(self._origins) > 1 and (
                len(self._origins) > MAX_ORIGINS or size > MAX_CACHE_BYTES
            ):
                size -= self._origins.popitem(last=False)[1].size
            return known

    def _learn(self, known: _Origin, body: bytes, expires: datetime) -> None:
        with self._parsing:
            known.rules = parse_robots(body, AGENT)
        known.size, known.expires = known.rules.size, expires
        known.failure = known.failed_until = None

    def _current(self, expires: datetime | None) -> bool:
        """Not past its time, nor from a future that only a wrong clock can have seen."""
        return expires is not None and timedelta(0) < expires - self._clock.now() <= _KEPT

    def _ask(self, origin: str, known: _Origin, read: ReadFile) -> None:
        now = self._clock.now()
        if known.failure and known.failed_until and now < known.failed_until <= now + _FAILURE_KEPT:
            raise _repeated(known.failure)
        try:
            body, status = read(f"{origin}/robots.txt"), HTTPStatus.OK.value
        except DisallowedError as error:
            raise DisallowedError(error.reason) from error
        except FetchError as error:
            if not _says_there_is_none(error):
                self._do_without(known, error, now)
                return
            body, status = b"", error.status or 0
        self._learn(known, body, now + _KEPT)
        if self._memory:
            self._memory.save(origin, CachedRobots(origin, known.rules.text, status, now + _KEPT))

    def _do_without(self, known: _Origin, error: FetchError, now: datetime) -> None:
        """Go on with an older robots.txt for a while; without one, nothing is asked for."""
        if known.expires is not None:
            known.expires = now + _FAILURE_KEPT
            return
        reason = (
            f"{error.reason} (when asked for robots.txt, without which nothing else is asked for)"
        )
        failure = type(error)(reason, status=error.status, retry_after=error.retry_after)
        if not isinstance(
            error, RetryLaterError
        ):  # which nobody was asked for, and which may be over sooner
            known.failure, known.failed_until = failure, now + _FAILURE_KEPT
        raise _repeated(failure) from error


def _says_there_is_none(error: FetchError) -> bool:
    """A 4xx; but 429 is about the asking, not about the file."""
    status = error.status or 0
    return status in CLIENT_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS


def _repeated(error: FetchError) -> FetchError:
    return type(error)(error.reason, status=error.status, retry_after=error.retry_after)

"""robots.txt as RFC 9309 has it: what feedpub may ask an origin for, and how slowly.

An origin is asked once a day, not once a process: what was read is kept in a memory that outlives it. An origin
without a robots.txt (any 4xx) allows everything; one whose robots.txt cannot be read allows nothing for a while,
unless an older one is known. How it is fetched is the fetcher's business.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

from protego import Protego

from feedpub.errors import FetchError, PostponedError, RefusedError
from feedpub.fetch.answer import CLIENT_ERROR
from feedpub.fetch.clock import Clock
from feedpub.fetch.target import Target
from feedpub.model import StoredRobots

AGENT = "feedpub"

_KEPT = timedelta(hours=24)
_FAILURE_KEPT = timedelta(minutes=5)
_MOST_TEXT = 512 * 1024  # characters; RFC 9309 wants at least 500 KiB read
MOST_ORIGINS = 500  # whose rules are at hand, up to some kB each; those of others come from the memory
_LONGEST_DELAY = 30.0  # seconds; a longer Crawl-delay is not meant for someone who reads a few pages

ReadText = Callable[[str], str]


class RobotsMemory(Protocol):
    """Where what was read outlives the process. Called from several threads."""

    def load(self, origin: str) -> StoredRobots | None: ...

    def save(self, origin: str, robots: StoredRobots) -> None: ...


@dataclass(slots=True)
class _Origin:
    """What is known of one origin."""

    asking: threading.Lock = field(default_factory=threading.Lock)
    robots: StoredRobots | None = None
    rules: Protego = field(default_factory=Protego)
    failure: FetchError | None = None
    failed_until: datetime | None = None

    def learn(self, robots: StoredRobots) -> None:
        self.robots = robots
        self.rules = Protego.parse(robots.body[:_MOST_TEXT])
        self.failure = self.failed_until = None


class Robots:
    """The rules of every origin. Thread-safe: an origin is asked by one thread while the others wait for its answer."""

    def __init__(self, memory: RobotsMemory | None, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock
        self._lock = threading.Lock()
        self._origin = lru_cache(MOST_ORIGINS)(lambda _: _Origin())

    def admit(self, target: Target, read: ReadText) -> float:
        """Ask the rules whether `target` may be fetched; the answer is the Crawl-delay in seconds, 0 without one.

        Args:
            target: where a request would go.
            read: fetches the text of a URL; raises FetchError.

        Raises:
            RefusedError: they forbid it.
            FetchError: robots.txt cannot be read.
        """
        rules = self._rules(target.origin, read)
        if not rules.can_fetch(target.url, AGENT):
            raise RefusedError(f"robots.txt of {target.server} forbids it")
        return min(rules.crawl_delay(AGENT) or 0.0, _LONGEST_DELAY)

    def known_delay(self, target: Target) -> float:
        """The Crawl-delay for a target as far as its origin's rules are known, in seconds; asks nobody."""
        rules = self._known(target.origin).rules
        return min(rules.crawl_delay(AGENT) or 0.0, _LONGEST_DELAY)

    def known_sitemaps(self, target: Target) -> tuple[str, ...]:
        """The sitemaps that a target's origin names, as far as its rules are known; asks nobody."""
        return tuple(dict.fromkeys(self._known(target.origin).rules.sitemaps))

    def _rules(self, origin: str, read: ReadText) -> Protego:
        known = self._known(origin)
        with known.asking:
            if known.robots is None and self._memory and (stored := self._memory.load(origin)):
                known.learn(stored)
            if not self._current(known.robots):
                self._ask(origin, known, read)
            return known.rules

    def _known(self, origin: str) -> _Origin:
        with self._lock:  # a cache may make two of one, when two ask at once
            return self._origin(origin)

    def _current(self, robots: StoredRobots | None) -> bool:
        """Not past its time, nor from a future that only a wrong clock can have seen."""
        return robots is not None and timedelta(0) < robots.expires - self._clock.now() <= _KEPT

    def _ask(self, origin: str, known: _Origin, read: ReadText) -> None:
        now = self._clock.now()
        if known.failure and known.failed_until and now < known.failed_until <= now + _FAILURE_KEPT:
            raise _repeated(known.failure)
        try:
            body, status = read(f"{origin}/robots.txt"), HTTPStatus.OK.value
        except RefusedError as error:
            raise RefusedError(error.reason) from error
        except FetchError as error:
            if not _says_there_is_none(error):
                self._do_without(known, error, now)
                return
            body, status = "", error.status or 0
        robots = StoredRobots(origin, body, status, now + _KEPT)
        known.learn(robots)
        if self._memory:
            self._memory.save(origin, robots)

    def _do_without(self, known: _Origin, error: FetchError, now: datetime) -> None:
        """Go on with an older robots.txt for a while; without one, nothing is asked for."""
        if known.robots:
            known.robots = replace(known.robots, expires=now + _FAILURE_KEPT)
            return
        reason = f"{error.reason} (when asked for robots.txt, without which nothing else is asked for)"
        failure = type(error)(reason, status=error.status, retry_after=error.retry_after)
        if not isinstance(error, PostponedError):  # which nobody was asked for, and which may be over sooner
            known.failure, known.failed_until = failure, now + _FAILURE_KEPT
        raise _repeated(failure) from error


def _says_there_is_none(error: FetchError) -> bool:
    """A 4xx; but 429 is about the asking, not about the file."""
    status = error.status or 0
    return status in CLIENT_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS


def _repeated(error: FetchError) -> FetchError:
    return type(error)(error.reason, status=error.status, retry_after=error.retry_after)

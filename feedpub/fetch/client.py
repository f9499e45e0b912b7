"""A page that was fetched, and the one way to what its scripts ask for.

The gate, narrower than for the page itself.
"""

import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, Self

from feedpub.core.errors import FetchError, forget_frames
from feedpub.core.log import fields, to_milliseconds
from feedpub.core.models import NotModified, Page
from feedpub.core.redact import find_secrets
from feedpub.fetch.body_budget import BodyBudget
from feedpub.fetch.clock import Clock, SystemClock
from feedpub.fetch.connect import Connector, Resolver, resolve_host
from feedpub.fetch.deadline import RequestDeadline
from feedpub.fetch.rate_limit import HostLeases, RateLimiter
from feedpub.fetch.request import (
    RedirectChain,
    RequestOptions,
    Validators,
    mask_secrets,
    user_agent,
)
from feedpub.fetch.response import (
    Response,
    failure_of,
    page_from,
    parse_freshness,
    parse_retry_after,
)
from feedpub.fetch.robots import MAX_ROBOTS_BYTES, Robots, RobotsCache
from feedpub.fetch.ssrf import AddressPolicy
from feedpub.fetch.stats import NO_ANSWER, RequestCounter, RequestCounts
from feedpub.fetch.transport import Transport
from feedpub.fetch.url import RequestTarget, parse_url

_log = logging.getLogger(__name__)


class _Ask(Protocol):
    def __call__(
        self, url: str, headers: Mapping[str, str], left: float, most: int
    ) -> tuple[Response, str]: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """A page, with what it may ask for. Thread-safe.

    Its requests are GETs. They obey robots.txt and a Retry-After, wait for their turn but not for a
    pause, and reach public addresses and the page's own server, whatever else the config allows.
    Each is the page's, not the config's: headers, cookies and credentials of the config go with it
    only from a page of their own site, to that site.

    Attributes:
        page: as it was fetched.
        close: ends the way; closes its connections.
    """

    page: Page
    _ask: _Ask
    close: Callable[[], None]

    def fetch_subresource(
        self, url: str, headers: Mapping[str, str], *, left: float, most: int
    ) -> tuple[Response, str]:
        """What is at an address that the page asks for, after redirects, and where that is.

        Args:
            url: http or https.
            headers: what the page sends with it; they follow no redirect to another server.
            left: seconds that there are for it.
            most: bytes that it may have.

        Raises:
            DisallowedError, RetryLaterError, FetchError: as for a page.
        """
        return self._ask(url, headers, left, most)


# SECTION: The gate: the one way from feedpub to the network. `Fetcher.get` tells the story of a
# request.

_ROOM = BodyBudget()  # of this process, however many gates it has
_NOT_MODIFIED = 304
_REFUSES_VALIDATORS = frozenset(
    {400, 431}
)  # statuses of a server that takes its own validators for a bad request
_SHOWN = 200  # characters of the address that a redirect led to
_CLOSING = frozenset(
    {429, 503}
)  # statuses whose Retry-After is about the server, not about one page


class Fetcher:
    """Fetches documents from public servers, politely. Thread-safe: different servers are asked in parallel.

    Args:
        contact: a URL or e-mail address for the User-Agent.
        delay: seconds between two requests to one server.
        allow_private: networks that may be fetched from though they are not public: "127.0.0.0/8".
        deadline: seconds for one get with all its redirects; waiting for politeness takes none of
            it.
        max_bytes: the largest body, before and after decompression.
        robots: where robots.txt files are kept between processes.
        leases: whose turn it is among several machines that ask the same servers.
        ca_file: certificates to trust instead of certifi's.
        resolver: from a host and a port to addresses.
        clock: the time, and how to wait.
        room: for large bodies; left out, that of the process.

    Raises:
        ConfigError: `contact` or `allow_private` cannot be used.
    """

    def __init__(  # noqa: PLR0913 -- its limits and collaborators, all named and all with a default
        self,
        *,
        contact: str = "",
        delay: float = 1.0,
        allow_private: Sequence[str] = (),
        deadline: float = 30.0,
        max_bytes: int = 20_000_000,
        robots: RobotsCache | None = None,
        leases: HostLeases | None = None,
        ca_file: str | None = None,
        resolver: Resolver = resolve_host,
        clock: Clock | None = None,
        room: BodyBudget | None = None,
    ) -> None:
        self._room = room or _ROOM
        self._agent = user_agent(contact)
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._clock = clock or SystemClock()
        self._dialer = Connector(AddressPolicy.with_networks(allow_private), resolver)
        self._politeness = RateLimiter(delay, self._clock, leases)
        self._robots = Robots(robots, self._clock)
        self._ca_file = ca_file
        self._transport = Transport(ca_file)
        self._pauses = True
        self._tally = RequestCounter()
        self._feed = ""
        self._left: Callable[[], float] = lambda: math.inf

    def for_run(self, feed: str, left: Callable[[], float] = lambda: math.inf) -> Self:
        """The same gate, connections, manners and all, for one run of a feed.

        Args:
            feed: what is asked counts as its requests.
            left: tells how many seconds the run still has; no get takes longer.
        """
        twin = copy(self)
        twin._feed, twin._left = feed, left  # noqa: SLF001 -- a copy of this one
        return twin

    @property
    def statistics(self) -> RequestCounts:
        """The requests sent so far, those for robots.txt too.

        Under the feed "" what nobody was named for.
        """
        return self._tally.totals

    def get(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        options: RequestOptions | None = None,
        max_bytes: int = sys.maxsize,
    ) -> Page | NotModified:
        """Fetch a document; follow redirects, each as carefully as the first request.

        Args:
            url: http or https; as people write it, a user and password may stand in it.
            validators: of the copy that the caller has; NotModified is only ever the answer to
                them.
            options: what else to send.
            max_bytes: of the body, where that is less than the gate lets in.

        Raises:
            DisallowedError: feedpub will not ask: robots.txt forbids it, the address is not public,
                the scheme not http.
            RetryLaterError: it is not asked for now, as its server wished.
            FetchError: there is no whole document to be had; with status and retry_after where the
                server gave them. Its URL is the one asked for, without user and password.
        """
        target = parse_url(url)
        options = options or RequestOptions()
        home = parse_url(options.site) if options.site else target
        journey = RedirectChain(
            self._call(most=max_bytes),
            self._agent,
            home,
            (validators or Validators()).as_headers(),
            options,
        )
        try:
            answer, place = self._follow(target, journey)
        except FetchError as error:
            if not journey.validators or error.status not in _REFUSES_VALIDATORS:
                raise
            journey = RedirectChain(journey.call, self._agent, home, options=options)
            answer, place = self._follow(target, journey)
        if answer.status == _NOT_MODIFIED:
            return NotModified(place.url, parse_freshness(answer.headers, self._clock.now()))
        return page_from(answer, place.url, self._clock.now())

    def open_page(self, url: str, *, options: RequestOptions | None = None) -> Visit:
        """Fetch a page as `get` does, and open the way to what its scripts ask for.

        Args:
            url: as `get` has it.
            options: what else to send, to their own site: with the page, and with what it asks of
                that site if it stands there itself.

        Raises:
            DisallowedError, RetryLaterError, FetchError: as `get`.
        """
        target, options = parse_url(url), options or RequestOptions()
        home = parse_url(options.site) if options.site else target
        call = self._call()
        answer, place = self._follow(
            target, RedirectChain(call, self._agent, home, options=options)
        )
        twin = copy(self)
        twin._dialer = self._dialer.for_subresources(place.host, place.port, call.peer)  # noqa: SLF001 -- a copy of this one
        twin._transport = Transport(self._ca_file)  # noqa: SLF001 -- its connections lead nowhere else
        twin._pauses = False  # noqa: SLF001
        if not place.may_receive_secrets(home):
            home, options = replace(place, auth=None), RequestOptions(proxy=options.proxy)

        def part(
            url: str, headers: Mapping[str, str], left: float, most: int
        ) -> tuple[Response, str]:
            target = parse_url(url)
            journey = RedirectChain(
                twin._call(left, most),  # noqa: SLF001
                self._agent,
                home,
                options=options,
                asked=(target, headers),
            )
            answer, place = twin._follow(target, journey)  # noqa: SLF001
            return answer, place.url

        return Visit(page_from(answer, place.url, self._clock.now()), part, twin.close)

    def crawl_delay(self, url: str) -> float:
        """The Crawl-delay that the robots.txt of a URL's server asks for, in seconds, as far as it was read; else 0."""
        try:
            return self._robots.known_delay(parse_url(url))
        except FetchError:
            return 0.0

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of a URL's server names, as far as it was read.

        Asks nobody.
        """
        try:
            return self._robots.known_sitemaps(parse_url(url))
        except FetchError:
            return ()

    def close(self) -> None:
        """Close all kept connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, left: float = math.inf, most: int = sys.maxsize) -> RequestDeadline:
        seconds = max(min(self._deadline, self._left(), left), 0.0)
        return RequestDeadline(self._dialer, seconds, min(self._max_bytes, most), self._room)

    def _follow(
        self, start: RequestTarget, journey: RedirectChain
    ) -> tuple[Response, RequestTarget]:
        """The answer at the end of the redirects, a success or a 304 that was asked for.

        And where it was found.
        """
        target = start
        try:
            while True:
                answer = self._ask(target, journey)
                if answer.location is None:
                    return self._arrived(answer, journey), target
                journey.jar.update(answer.cookies)
                target = target.join(answer.location)
        except FetchError as error:
            raise _told(error, start, target, journey.options) from forget_frames(error)

    def _ask(self, target: RequestTarget, journey: RedirectChain) -> Response:
        """One request, when robots.txt, the server and our manners allow it."""
        headers = journey.next_request_headers(target)
        delay = (
            self._robots.check_allowed(target, partial(self._robots_file, journey))
            if journey.obeys_robots
            else 0.0
        )
        with self._politeness.slot(target.server, delay, pause=self._pauses):
            answer = self._exchange(target, headers, journey)
            wait = parse_retry_after(answer.headers, self._clock.now())
            if wait and answer.status in _CLOSING:
                self._politeness.pause_host(target.server, wait, answer.status)
        return answer

    def _exchange(
        self, target: RequestTarget, headers: Mapping[str, str], journey: RedirectChain
    ) -> Response:
        answer, began = None, self._clock.monotonic()
        try:
            answer = self._transport.exchange(
                journey.call, target.url, headers, journey.options.proxy, journey.cut_at
            )
            return answer
        finally:
            self._tally.count(self._feed, answer.status if answer else None)
            if _log.isEnabledFor(logging.DEBUG):
                self._tell(target, headers, answer, journey, self._clock.monotonic() - began)

    def _tell(
        self,
        target: RequestTarget,
        headers: Mapping[str, str],
        answer: Response | None,
        journey: RedirectChain,
        seconds: float,
    ) -> None:
        _log.debug(
            "request",
            extra=fields(
                feed=self._feed or None,
                method="GET",
                url=journey.display_url(target),
                status=answer.status if answer else NO_ANSWER,
                bytes=len(answer.body) if answer else None,
                ms=to_milliseconds(seconds),
                conditional=not headers.keys().isdisjoint(("If-None-Match", "If-Modified-Since")),
            ),
        )

    def _arrived(self, answer: Response, journey: RedirectChain) -> Response:
        if not answer.ok and not (answer.status == _NOT_MODIFIED and journey.validators):
            raise failure_of(answer, self._clock.now())
        return answer

    def _robots_file(self, journey: RedirectChain, url: str) -> bytes:
        robots = parse_url(url)
        answer, _ = self._follow(robots, journey.for_robots(robots, MAX_ROBOTS_BYTES))
        return answer.body


def _told(
    error: FetchError, start: RequestTarget, target: RequestTarget, options: RequestOptions
) -> FetchError:
    """The error as the caller understands it.

    About the URL asked for, and where a redirect led from it.
    """
    secrets = [*find_secrets(start.path), *(start.auth or ())[1:]]
    place, told = (
        mask_secrets(options.without_secrets(text), secrets)
        for text in (error.url or target.url, error.reason)
    )
    if (error.url or target.url) != start.url:
        told = (
            f"redirected to {place if len(place) <= _SHOWN else f'{place[: _SHOWN - 1]}…'}: {told}"
        )
    return type(error)(told, start.url, status=error.status, retry_after=error.retry_after)

"""Fetch documents: `Fetcher` is the only way from feedpub to other servers.

For each request of a call: check robots.txt, wait for a slot at the host (`rate_limit`), connect to
a checked address, send, read the response, and follow its redirect.
"""

import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, Self

from feedpub.core.errors import FetchError, forget_frames
from feedpub.core.log import fields, to_milliseconds
from feedpub.core.models import NotModified, Page
from feedpub.core.redact import find_secrets
from feedpub.fetch.clock import Clock, SystemClock
from feedpub.fetch.connect import Connector, Resolver, resolve_host
from feedpub.fetch.limits import BodyBudget, RequestDeadline
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
from feedpub.fetch.transport import Transport
from feedpub.fetch.url import RequestTarget, parse_url

if TYPE_CHECKING:
    from feedpub.fetch.imap import Mailbox
import threading
from collections import Counter
from http import HTTPStatus

_log = logging.getLogger(__name__)

_PROCESS_BODY_BUDGET = BodyBudget()  # shared by all clients of this process
_NOT_MODIFIED = 304
# Some servers answer their own validators with one of these statuses.
_REJECTS_VALIDATORS = frozenset({400, 431})
# With these statuses, Retry-After is about the server and not about one page.
_PAUSES_HOST = frozenset({429, 503})
_MAX_SHOWN_CHARS = 200  # of a redirect's address in a message


NO_ANSWER = "error"
_STATUSES = frozenset(HTTPStatus)

RequestCounts = Mapping[tuple[str, str], int]
"""(feed, status) → the number of requests.

The status is that of HTTP, or "error" if there was no complete response.
"""


class RequestCounter:
    """Counts requests. Thread-safe.

    Unknown statuses share a label, so that servers cannot make the counter grow.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, feed: str, status: int | None) -> None:
        """Count one request of a feed; pass None if there was no complete response."""
        if status is None:
            label = NO_ANSWER
        elif status in _STATUSES:
            label = str(status)
        else:
            label = f"{status // 100}xx"
        with self._lock:
            self._counts[feed, label] += 1

    @property
    def totals(self) -> RequestCounts:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)


class _FetchSubresource(Protocol):
    def __call__(
        self, url: str, headers: Mapping[str, str], seconds: float, max_bytes: int
    ) -> tuple[Response, str]: ...


@dataclass(frozen=True, slots=True)
class PageSession:
    """A page, and the means to fetch its subresources. Thread-safe.

    Subresources are fetched with GET. Robots.txt and Retry-After are honoured, and requests to one
    host are sent one at a time, but without a delay. They may go to public addresses and to the
    page's own server, whatever else the config allows. Headers, cookies and credentials of the
    config are sent only if the page is on the site that they are for, and only to that site.

    Attributes:
        page: the page.
        close: closes the connections.
    """

    page: Page
    _fetch: _FetchSubresource
    close: Callable[[], None]

    def fetch_subresource(
        self, url: str, headers: Mapping[str, str], *, seconds: float, max_bytes: int
    ) -> tuple[Response, str]:
        """Fetch a subresource and return the response with its address after redirects.

        Args:
            url: an http or https URL.
            headers: the headers of the page's request; they follow no redirect to another server.
            seconds: the time limit.
            max_bytes: the size limit.

        Raises:
            DisallowedError, RetryLaterError, FetchError: as for a page.
        """
        return self._fetch(url, headers, seconds, max_bytes)


class Fetcher:
    """Fetches documents from public servers. Thread-safe: different hosts are used in parallel.

    Args:
        contact: a URL or e-mail address for the User-Agent.
        delay: the seconds between two requests to one host.
        allow_private: private networks that may be reached, such as "127.0.0.0/8".
        deadline: the seconds for one call with all its redirects, without waiting for a slot.
        max_bytes: the maximum size of a body, compressed and decompressed.
        robots: caches robots.txt files between processes.
        leases: shares the rate limit of each host between several machines.
        ca_file: certificates to trust instead of certifi's.
        resolver: resolves a host and a port to addresses.
        clock: the clock.
        body_budget: limits the memory for large bodies; None shares that of the process.

    Raises:
        ConfigError: `contact` or `allow_private` is invalid.
    """

    def __init__(  # noqa: PLR0913 -- limits and collaborators, all by name and with a default
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
        body_budget: BodyBudget | None = None,
    ) -> None:
        self._body_budget = body_budget or _PROCESS_BODY_BUDGET
        self._user_agent = user_agent(contact)
        self._deadline_seconds = deadline
        self._max_bytes = max_bytes
        self._clock = clock or SystemClock()
        self._connector = Connector(AddressPolicy.with_networks(allow_private), resolver)
        self._rate_limiter = RateLimiter(delay, self._clock, leases)
        self._robots = Robots(robots, self._clock)
        self._ca_file = ca_file
        self._transport = Transport(ca_file)
        self._has_delay = True
        self._request_counter = RequestCounter()
        self._feed = ""
        self._get_remaining: Callable[[], float] = lambda: math.inf

    def for_run(self, feed: str, get_remaining: Callable[[], float] = lambda: math.inf) -> Self:
        """Return this client for one run of a feed, with the same connections and rate limits.

        Args:
            feed: the feed that requests are counted for.
            get_remaining: returns the seconds that the run has left; no call takes longer.
        """
        twin = copy(self)
        twin._feed, twin._get_remaining = feed, get_remaining  # noqa: SLF001 -- a copy of this one
        return twin

    @property
    def statistics(self) -> RequestCounts:
        """Return the number of requests so far, those for robots.txt included.

        Requests outside a run are counted for the feed "".
        """
        return self._request_counter.totals

    def get(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        options: RequestOptions | None = None,
        max_bytes: int = sys.maxsize,
    ) -> Page | NotModified:
        """Fetch a document, following redirects.

        Args:
            url: an http or https URL, as the user wrote it; may contain a user and password.
            validators: those of the copy that the caller has; without them there is no
                NotModified.
            options: headers and credentials to send.
            max_bytes: the size limit, if lower than the client's.

        Raises:
            DisallowedError: robots.txt forbids it, the address is not public, or the scheme is not
                http or https.
            RetryLaterError: it was not requested, because its server sent a Retry-After.
            FetchError: there is no complete document; with `status` and `retry_after` if the server
                sent them. Its URL is the requested one without user and password.
        """
        target, home, options = _parse_request(url, options)
        deadline = self._start_deadline(max_bytes=max_bytes)
        usable = (validators or Validators()).as_headers()
        chain = RedirectChain(deadline, self._user_agent, home, usable, options)
        try:
            response, final = self._follow(target, chain)
        except FetchError as error:
            if not usable or error.status not in _REJECTS_VALIDATORS:
                raise
            chain = RedirectChain(deadline, self._user_agent, home, options=options)
            response, final = self._follow(target, chain)
        if response.status == _NOT_MODIFIED:
            return NotModified(final.url, parse_freshness(response.headers, self._clock.now()))
        return page_from(response, final.url, self._clock.now())

    def post(self, url: str, body: bytes, *, options: RequestOptions | None = None) -> Page:
        """Send JSON with POST and return the document that answers it.

        Args:
            url: as in `get`.
            body: the JSON. It follows no redirect to another server.
            options: as in `get`.

        Raises:
            DisallowedError, RetryLaterError, FetchError: as in `get`.
        """
        target, home, options = _parse_request(url, options)
        if not target.may_receive_secrets(home):
            raise FetchError("the body of the request is not sent to another server", target.url)
        deadline = self._start_deadline()
        chain = RedirectChain(deadline, self._user_agent, home, options=options, body=body)
        response, final = self._follow(target, chain)
        return page_from(response, final.url, self._clock.now())

    def open_page(self, url: str, *, options: RequestOptions | None = None) -> PageSession:
        """Fetch a page as `get` does, and return it with the means to fetch its subresources.

        Args:
            url: as in `get`.
            options: headers and credentials to send to their own site: with the page, and with its
                subresources if the page is on that site.

        Raises:
            DisallowedError, RetryLaterError, FetchError: as in `get`.
        """
        target, home, options = _parse_request(url, options)
        deadline = self._start_deadline()
        chain = RedirectChain(deadline, self._user_agent, home, options=options)
        response, final = self._follow(target, chain)
        if not final.may_receive_secrets(home):
            home, options = replace(final, auth=None), RequestOptions(proxy=options.proxy)
        client = self._for_subresources(final, deadline.peer)
        fetch = partial(client._fetch_subresource, home, options)  # noqa: SLF001 -- a copy
        page = page_from(response, final.url, self._clock.now())
        return PageSession(page, fetch, client.close)

    def open_mailbox(
        self, url: str, options: RequestOptions, *, is_writable: bool = False
    ) -> "Mailbox":
        """Log in to an IMAP server and open a mailbox.

        Args:
            url: "imaps://mail.example.org/INBOX"; imap:// requires STARTTLS.
            options: the user and the password.
            is_writable: open it for marking and deleting messages.

        Raises:
            DisallowedError: the server's address is not public.
            FetchError: the server cannot be reached, refuses the login, or has no such mailbox.
        """
        from feedpub.fetch.imap import IMAP_PORTS, Mailbox, MailboxAddress  # noqa: PLC0415 -- rarely needed

        address = MailboxAddress.parse(url)
        ports = frozenset(IMAP_PORTS.values())
        policy = replace(self._connector.policy, ports=ports, service="IMAP")
        connector = replace(self._connector, policy=policy)

        def start_deadline(max_bytes: int) -> RequestDeadline:
            seconds = max(min(self._deadline_seconds, self._get_remaining()), 0.0)
            return RequestDeadline(connector, seconds, max_bytes, self._body_budget)

        with self._rate_limiter.slot(f"{address.host}:{address.port}"):
            try:
                return Mailbox(
                    address,
                    options,
                    start_deadline,
                    is_writable=is_writable,
                    ca_file=self._ca_file,
                )
            except FetchError as error:
                raise type(error)(error.reason, url) from forget_frames(error)

    def crawl_delay(self, url: str) -> float:
        """Return the Crawl-delay of a URL's host in seconds, if its robots.txt is known, else 0."""
        try:
            return self._robots.known_delay(parse_url(url))
        except FetchError:
            return 0.0

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps in the robots.txt of a URL's host, if it is known."""
        try:
            return self._robots.known_sitemaps(parse_url(url))
        except FetchError:
            return ()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _for_subresources(self, page: RequestTarget, peer: str) -> Self:
        """Return a copy with connections of its own, for the subresources of a page.

        Args:
            page: the page.
            peer: the address that it came from.
        """
        twin = copy(self)
        connector = self._connector.for_subresources(page.host, page.port, peer)
        twin._connector = connector  # noqa: SLF001 -- a copy of this one
        twin._transport = Transport(self._ca_file)  # noqa: SLF001
        twin._has_delay = False  # noqa: SLF001
        return twin

    def _fetch_subresource(  # noqa: PLR0913, PLR0917 -- the last four are the caller's
        self,
        home: RequestTarget,
        options: RequestOptions,
        url: str,
        headers: Mapping[str, str],
        seconds: float,
        max_bytes: int,
    ) -> tuple[Response, str]:
        target = parse_url(url)
        chain = RedirectChain(
            self._start_deadline(seconds, max_bytes),
            self._user_agent,
            home,
            options=options,
            page_headers=(target, headers),
        )
        response, final = self._follow(target, chain)
        return response, final.url

    def _start_deadline(
        self, seconds: float = math.inf, max_bytes: int = sys.maxsize
    ) -> RequestDeadline:
        seconds = max(min(self._deadline_seconds, self._get_remaining(), seconds), 0.0)
        max_bytes = min(self._max_bytes, max_bytes)
        return RequestDeadline(self._connector, seconds, max_bytes, self._body_budget)

    def _follow(self, start: RequestTarget, chain: RedirectChain) -> tuple[Response, RequestTarget]:
        """Follow redirects to a success, or to a 304 that was requested, and its address."""
        target = start
        try:
            while True:
                response = self._request(target, chain)
                if response.location is None:
                    break
                chain.keep_cookies(response.cookies)
                target = target.join(response.location)
                chain = chain.after_redirect(response.status, target)
            is_not_modified = response.status == _NOT_MODIFIED and chain.validators
            if not is_not_modified and not response.ok:
                raise failure_of(response, self._clock.now())
        except FetchError as error:
            raise _describe_error(error, start, target, chain.options) from forget_frames(error)
        return response, target

    def _request(self, target: RequestTarget, chain: RedirectChain) -> Response:
        """Send one request as soon as robots.txt and the rate limit allow it."""
        headers = chain.next_request_headers(target)
        delay = 0.0
        if chain.obeys_robots:
            delay = self._robots.check_allowed(target, partial(self._fetch_robots, chain))
        with self._rate_limiter.slot(target.server, delay, wait_for_delay=self._has_delay):
            response = self._exchange(target, headers, chain)
            wait = parse_retry_after(response.headers, self._clock.now())
            if wait and response.status in _PAUSES_HOST:
                self._rate_limiter.pause_host(target.server, wait, response.status)
        return response

    def _fetch_robots(self, chain: RedirectChain, url: str) -> bytes:
        robots = parse_url(url)
        response, _ = self._follow(robots, chain.for_robots(robots, MAX_ROBOTS_BYTES))
        return response.body

    def _exchange(
        self, target: RequestTarget, headers: Mapping[str, str], chain: RedirectChain
    ) -> Response:
        response, began = None, self._clock.monotonic()
        try:
            response = self._transport.exchange(
                chain.deadline,
                target,
                headers,
                chain.options.proxy,
                chain.max_read_bytes,
                chain.body,
            )
            return response
        finally:
            self._request_counter.count(self._feed, response.status if response else None)
            if _log.isEnabledFor(logging.DEBUG):
                seconds = self._clock.monotonic() - began
                self._log_request(target, headers, response, chain, seconds)

    def _log_request(
        self,
        target: RequestTarget,
        headers: Mapping[str, str],
        response: Response | None,
        chain: RedirectChain,
        seconds: float,
    ) -> None:
        extra = fields(
            feed=self._feed or None,
            method=chain.method,
            url=chain.display_url(target),
            status=response.status if response else NO_ANSWER,
            bytes=len(response.body) if response else None,
            ms=to_milliseconds(seconds),
            conditional=not headers.keys().isdisjoint(("If-None-Match", "If-Modified-Since")),
        )
        _log.debug("request", extra=extra)


def _parse_request(
    url: str, options: RequestOptions | None
) -> tuple[RequestTarget, RequestTarget, RequestOptions]:
    """Return the target, the server that the secrets of the options are for, and the options."""
    target, options = parse_url(url), options or RequestOptions()
    if not options.site or options.site == url:
        return target, target, options
    return target, parse_url(options.site), options


def _describe_error(
    error: FetchError, start: RequestTarget, target: RequestTarget, options: RequestOptions
) -> FetchError:
    """Return the error for the requested URL, without secrets, and with the redirect if any."""
    secrets = [*find_secrets(start.path), *(start.auth or ())[1:]]
    url = error.url or target.url
    reason = mask_secrets(options.without_secrets(error.reason), secrets)
    if url != start.url:
        shown = mask_secrets(options.without_secrets(url), secrets)
        if len(shown) > _MAX_SHOWN_CHARS:
            shown = f"{shown[: _MAX_SHOWN_CHARS - 1]}…"
        reason = f"redirected to {shown}: {reason}"
    return type(error)(reason, start.url, status=error.status, retry_after=error.retry_after)

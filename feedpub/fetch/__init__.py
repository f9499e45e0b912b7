"""The HTTP client: fetch a URL and return a Page or NotModified.

Every request to another machine is made here, with a deadline and a size limit, to checked
addresses, at a limited rate. This package knows nothing about the content of pages. It owns
requests and urllib3.

    client       `Fetcher`: fetches documents and follows redirects
    request      headers, credentials and validators of a request
    response     status, headers and body of a response; parses Retry-After and Cache-Control
    rate_limit   one request at a time to each host; honours Retry-After
    robots       robots.txt: parsed, cached, and checked before each request
    url          parses and normalises URLs
    ssrf         addresses that may be reached
    connect      resolves names and connects to checked addresses
    limits       the time and size limits of one call, and the memory for large bodies
    transport    requests and urllib3 over checked connections; turns their errors into FetchError
    compression  gzip, deflate and brotli with a size limit
    stats        counts requests by feed and status
    imap         reads mailboxes
    webhook      sends POST requests to servers in the config
    browser      renders pages that need JavaScript
"""

from typing import TYPE_CHECKING

from feedpub.core.loading import lazy_exports
from feedpub.core.redact import redact, strip_credentials

if TYPE_CHECKING:
    from feedpub.fetch.client import NO_ANSWER, Fetcher, PageSession, RequestCounts
    from feedpub.fetch.clock import Clock, SystemClock
    from feedpub.fetch.imap import Mailbox, MessageHead
    from feedpub.fetch.limits import SMALL_BODY_BYTES
    from feedpub.fetch.request import RequestOptions, Validators
    from feedpub.fetch.robots import RobotsCache
    from feedpub.fetch.webhook import WebhookClient

__all__ = [
    "NO_ANSWER",
    "SMALL_BODY_BYTES",
    "Clock",
    "Fetcher",
    "Mailbox",
    "MessageHead",
    "PageSession",
    "RequestCounts",
    "RequestOptions",
    "RobotsCache",
    "SystemClock",
    "Validators",
    "WebhookClient",
    "redact",
    "strip_credentials",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "client": ("NO_ANSWER", "Fetcher", "PageSession", "RequestCounts"),
        "clock": ("Clock", "SystemClock"),
        "imap": ("Mailbox", "MessageHead"),
        "limits": ("SMALL_BODY_BYTES",),
        "request": ("RequestOptions", "Validators"),
        "robots": ("RobotsCache",),
        "webhook": ("WebhookClient",),
    },
)

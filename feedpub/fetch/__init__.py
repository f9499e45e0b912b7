"""The one gate to the network: a URL → Page or NotModified.

Everything that leaves for another machine leaves here: with a deadline and a size cap, to checked
addresses, with
named manners. Nothing here knows what a page means. Owns requests and urllib3.

    target      a URL, taken apart and put together
    address     which addresses may be reached
    dial        name → checked address → socket
    call        the deadline and size cap of one get
    transport   requests and urllib3 over those sockets
    body, codings, failures, answer    what came back, or why not
    room        one budget of bytes for large bodies
    politeness, robots, robotstxt      whose turn it is, and what may be asked
    fetcher     the story
    visit       a page with the way to what it asks for itself
    tally       how many requests were answered how
    notify      a message to a server that the config names
"""

from feedpub.core.redact import redact, strip_credentials
from feedpub.fetch.body_budget import SMALL_BODY_BYTES
from feedpub.fetch.client import Fetcher, Visit
from feedpub.fetch.clock import Clock, SystemClock
from feedpub.fetch.request import RequestOptions, Validators
from feedpub.fetch.robots import RobotsCache
from feedpub.fetch.stats import NO_ANSWER, RequestCounts
from feedpub.fetch.webhook import WebhookClient

__all__ = [
    "NO_ANSWER",
    "SMALL_BODY_BYTES",
    "Clock",
    "Fetcher",
    "RequestCounts",
    "RequestOptions",
    "RobotsCache",
    "SystemClock",
    "Validators",
    "Visit",
    "WebhookClient",
    "redact",
    "strip_credentials",
]

"""Send POST requests, with the same connections and deadlines as everything that is fetched.

Only addresses in the config receive them: no page or response leads here, and redirects are not
followed. A webhook may therefore have a private address. Messages to public servers, such as WebSub
hubs, are sent to checked addresses only.
"""

import re
from collections.abc import Sequence
from typing import Self

from feedpub.core.clock import Clock, SystemClock
from feedpub.core.errors import FetchError
from feedpub.fetch.connect import Connector, Resolver, resolve_host
from feedpub.fetch.limits import BodyBudget, RequestDeadline
from feedpub.fetch.request import basic_auth, mask_secrets, user_agent
from feedpub.fetch.response import SUCCESS, Response, failure_of
from feedpub.fetch.ssrf import AddressPolicy
from feedpub.fetch.transport import Transport
from feedpub.fetch.url import RequestTarget, parse_url

EVERYWHERE = ("0.0.0.0/0", "::/0")
_MAX_RESPONSE_BYTES = 100_000
_MAX_SHOWN_CHARS = 100  # of the text of an error response
_READABLE_TYPE = re.compile(r"(?:text/plain|application/json)\b", re.IGNORECASE)


class WebhookClient:
    """Sends small POST requests. Thread-safe.

    Args:
        contact: a URL or e-mail address for the User-Agent.
        allow_private: private networks that may be reached; all by default.
        deadline: the seconds for one message.
        ca_file: certificates to trust instead of certifi's.
        resolver: resolves a host and a port to addresses.
        clock: the clock.
    """

    def __init__(  # noqa: PLR0913 -- like Fetcher: all by name and with a default
        self,
        *,
        contact: str = "",
        allow_private: Sequence[str] = EVERYWHERE,
        deadline: float = 10.0,
        ca_file: str | None = None,
        resolver: Resolver = resolve_host,
        clock: Clock | None = None,
    ) -> None:
        self._user_agent = user_agent(contact)
        self._deadline_seconds = deadline
        self._connector = Connector(AddressPolicy.with_networks(allow_private), resolver)
        self._transport = Transport(ca_file)
        self._clock = clock or SystemClock()

    def post(self, url: str, body: bytes, content_type: str) -> None:
        """Send one message.

        Args:
            url: an http or https URL; may contain a user and password.
            body: the message.
            content_type: the media type of the message.

        Raises:
            DisallowedError: the address is forbidden.
            FetchError: the server cannot be reached or reports an error. The URL of the error has
                no path, because the path of a webhook is usually a secret.
        """
        try:
            target = parse_url(url)
        except FetchError as error:
            raise type(error)(error.reason) from None
        try:
            deadline = RequestDeadline(
                self._connector, self._deadline_seconds, _MAX_RESPONSE_BYTES, BodyBudget()
            )
            headers = self._build_headers(target, content_type)
            self._check(self._transport.post(deadline, target, headers, body))
        except FetchError as error:
            reason = mask_secrets(error.reason, _find_secrets(target))
            raise type(error)(
                reason, target.origin, status=error.status, retry_after=error.retry_after
            ) from error

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _build_headers(self, target: RequestTarget, content_type: str) -> dict[str, str]:
        headers = {"User-Agent": self._user_agent, "Accept": "*/*", "Content-Type": content_type}
        if target.auth:
            headers["Authorization"] = basic_auth(target.auth)
        return headers

    def _check(self, response: Response) -> None:
        """Raise FetchError unless the response is a success."""
        if response.location is not None:
            reason = "it redirects, which is not followed: configure the address that it leads to"
            raise FetchError(f"HTTP {response.status}: {reason}", status=response.status)
        if response.status not in SUCCESS:
            error = failure_of(response, self._clock.now())
            text = _excerpt(response)
            reason = f"{error.reason}: {text}" if text else error.reason
            raise FetchError(reason, status=error.status, retry_after=error.retry_after)


def _find_secrets(target: RequestTarget) -> list[str]:
    """Return the parts of a webhook's address that a response must not reveal."""
    return [target.path, *re.split("[/?&=;]", target.path), *(target.auth or ())]


def _excerpt(response: Response) -> str:
    """Return the beginning of an error text on one line; "" if the response is a page."""
    if not _READABLE_TYPE.match(response.headers.get("Content-Type", "")):
        return ""
    body = response.body.decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else " " for c in body)
    return " ".join(text.split())[:_MAX_SHOWN_CHARS]

"""Tells a server something, by POST: through the same sockets and deadlines as everything that is fetched.

Only addresses that the config names are told anything: nothing that a page or an answer says ever
leads here, and no
redirect is followed. So a webhook may stand on a private address; where a message is for a server
of the public, as hubs are, it goes to checked addresses only.
"""

import re
from collections.abc import Sequence
from typing import Self

from feedpub.core.errors import FetchError
from feedpub.fetch.body_budget import BodyBudget
from feedpub.fetch.clock import Clock, SystemClock
from feedpub.fetch.connect import Connector, Resolver, resolve_host
from feedpub.fetch.deadline import RequestDeadline
from feedpub.fetch.request import basic_auth, mask_secrets, user_agent
from feedpub.fetch.response import SUCCESS, Response, failure_of
from feedpub.fetch.ssrf import AddressPolicy
from feedpub.fetch.transport import Transport
from feedpub.fetch.url import RequestTarget, parse_url

EVERYWHERE = ("0.0.0.0/0", "::/0")
_MOST_BYTES = 100_000  # of an answer
_SHOWN = 100  # characters of what an error's answer says
_TELLING = re.compile(
    r"(?:text/plain|application/json)\b", re.IGNORECASE
)  # answers that are meant to be read


class WebhookClient:
    """Sends small messages. Thread-safe.

    Args:
        contact: a URL or e-mail address for the User-Agent.
        allow_private: networks that may be told something though they are not public; left out, all
            of them.
        deadline: seconds for one message, all in all.
        ca_file: certificates to trust instead of certifi's.
        resolver: from a host and a port to addresses.
        clock: the time.
    """

    def __init__(  # noqa: PLR0913 -- as a fetcher's: all named and all with a default
        self,
        *,
        contact: str = "",
        allow_private: Sequence[str] = EVERYWHERE,
        deadline: float = 10.0,
        ca_file: str | None = None,
        resolver: Resolver = resolve_host,
        clock: Clock | None = None,
    ) -> None:
        self._agent = user_agent(contact)
        self._deadline = deadline
        self._dialer = Connector(AddressPolicy.with_networks(allow_private), resolver)
        self._transport = Transport(ca_file)
        self._clock = clock or SystemClock()

    def post(self, url: str, body: bytes, content_type: str) -> None:
        """Send one message.

        Args:
            url: http or https; a user and password may stand in it.
            body: what to say.
            content_type: what kind of text that is.

        Raises:
            DisallowedError: the address is not allowed.
            FetchError: the server was not reached, or does not say that all is well. The URL of the
                error is the server's only: the path of a webhook is mostly its secret.
        """
        try:
            target = parse_url(url)
        except FetchError as error:
            raise type(error)(error.reason) from None
        try:
            answer = self._transport.post(
                self._call(), target.url, self._headers(target, content_type), body
            )
            self._check(answer)
        except FetchError as error:
            reason = mask_secrets(error.reason, _secrets(target))
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

    def _call(self) -> RequestDeadline:
        return RequestDeadline(self._dialer, self._deadline, _MOST_BYTES, BodyBudget())

    def _headers(self, target: RequestTarget, content_type: str) -> dict[str, str]:
        headers = {"User-Agent": self._agent, "Accept": "*/*", "Content-Type": content_type}
        return headers | ({"Authorization": basic_auth(target.auth)} if target.auth else {})

    def _check(self, answer: Response) -> None:
        if answer.location is not None:
            reason = f"HTTP {answer.status}: it redirects, which is not followed: write the address that it leads to"
            raise FetchError(reason, status=answer.status)
        if answer.status not in SUCCESS:
            error = failure_of(answer, self._clock.now())
            reason = ": ".join([error.reason, *_words(answer)])
            raise FetchError(reason, status=error.status, retry_after=error.retry_after)


def _secrets(target: RequestTarget) -> list[str]:
    """What is secret in the address of a webhook, where a server's answer repeats it."""
    return [target.path, *re.split("[/?&=;]", target.path), *(target.auth or ())]


def _words(answer: Response) -> list[str]:
    """The beginning of what a server says about its error, on one line; none where it is a page."""
    if not _TELLING.match(answer.headers.get("Content-Type", "")):
        return []
    text = "".join(c if c.isprintable() else " " for c in answer.body.decode("utf-8", "replace"))
    line = " ".join(text.split())[:_SHOWN]
    return [line] if line else []

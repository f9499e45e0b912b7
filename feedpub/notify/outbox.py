"""Send the messages of the outbox that are due, each through its channel.

Targets are independent: one that does not respond delays only its own messages. A process that dies
between sending a message and deleting it causes the message to be sent twice, but never lost.

Secrets of a channel are not stored with the message; they are looked up when it is sent.
"""

import json
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from feedpub.config import Config, resolve_secret, secret_variables
from feedpub.core.errors import FeedpubError, FetchError
from feedpub.core.log import fields
from feedpub.fetch import WebhookClient
from feedpub.store import Channel, OutboxMessage, Store

_log = logging.getLogger(__name__)

MAX_MESSAGE_SECONDS = 10.0  # for one request
# The waits after each failed try. After the last one, about a day after the first try, the message
# is dropped.
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 360, 540))
_CLAIM_TIME = timedelta(seconds=90)  # then the process that claimed a message has probably died
_MAX_PARALLEL_TARGETS = 4
_MAX_RETRY_AFTER_SECONDS = 1e6


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """The config and the HTTP clients that messages are sent with.

    Attributes:
        config: the settings of the channels.
        webhooks: the client for webhooks. It may connect to private addresses, since many webhooks
            are servers of the operator.
        hubs: the client for WebSub hubs, whose addresses are checked like those of sources.
    """

    config: Config
    webhooks: WebhookClient
    hubs: WebhookClient


Sender: TypeAlias = Callable[[DeliveryContext, OutboxMessage], None]
"""Sends a message.

It raises FeedpubError if that fails, and does nothing if the config no longer has the channel.
"""


def _send_ping(context: DeliveryContext, message: OutboxMessage) -> None:
    if message.target in context.config.feedpub.websub_hubs:
        context.hubs.post(message.target, message.body, "application/x-www-form-urlencoded")


def _send_webhook(context: DeliveryContext, message: OutboxMessage) -> None:
    webhook = context.config.alerts.webhook
    if webhook is not None:
        context.webhooks.post(resolve_secret(webhook), message.body, "application/json")


def _send_email(context: DeliveryContext, message: OutboxMessage) -> None:
    from feedpub.notify import email  # noqa: PLC0415 -- most configs send no mail

    if context.config.alerts.email is not None:
        email.send_mail(context.config.alerts.email, message.body)


def _run_command(context: DeliveryContext, message: OutboxMessage) -> None:
    from feedpub.notify import command  # noqa: PLC0415 -- most configs run no command

    arguments = context.config.alerts.command
    if arguments:
        command.run_command(arguments, message.body, secret_variables(context.config))


CHANNELS: Mapping[Channel, Sender] = {
    "ping": _send_ping,
    "webhook": _send_webhook,
    "email": _send_email,
    "command": _run_command,
}


def log_fields(message: OutboxMessage) -> dict[str, Any]:
    """Return what the log may contain about a message: no secret, and not its complete body."""
    if message.kind == "ping":
        (topic,) = parse_qs(message.body.decode()).get("hub.topic", [""])
        feed = PurePosixPath(urlsplit(topic).path).stem
        return {"kind": message.kind, "feed": feed, "topic": topic, "target": message.target}
    alert = json.loads(message.body)
    return {"kind": message.kind, "feed": alert["feed"], "alert": alert["event"]}


def deliver_due(config: Config, store: Store, clock: Callable[[], datetime]) -> int:
    """Send the messages that are due. Several threads and processes may do so at the same time.

    Returns:
        The number of messages that were sent.

    Raises:
        StoreError: the outbox cannot be read or written.
    """
    by_target: dict[tuple[str, str], list[OutboxMessage]] = defaultdict(list)
    for message in store.outbox.due(clock()):
        by_target[message.kind, message.target].append(message)
    if not by_target:
        return 0
    with (
        _open_context(config) as context,
        ThreadPoolExecutor(_MAX_PARALLEL_TARGETS) as pool,
    ):
        return sum(pool.map(partial(_deliver_all, context, store, clock), by_target.values()))


def send_now(config: Config, messages: Iterable[OutboxMessage]) -> None:
    """Send messages that cannot be stored, without retries; failures are only logged."""
    with _open_context(config) as context:
        for message in messages:
            error = _try_to_send(context, message)
            if error is not None:
                _log.error(
                    "message_dropped", extra=fields(**log_fields(message), reason=str(error))
                )


@contextmanager
def _open_context(config: Config) -> Iterator[DeliveryContext]:
    client = partial(WebhookClient, contact=config.feedpub.contact, deadline=MAX_MESSAGE_SECONDS)
    with client() as webhooks, client(allow_private=config.feedpub.allow_private) as hubs:
        yield DeliveryContext(config, webhooks, hubs)


def _deliver_all(
    context: DeliveryContext,
    store: Store,
    clock: Callable[[], datetime],
    messages: Iterable[OutboxMessage],
) -> int:
    """Send one target's messages in order, until one fails; return how many were sent.

    Once the first one has arrived, the target's messages that wait for a retry are sent too.
    """
    sent = 0
    queue = deque(messages)
    while queue:
        claimed = store.outbox.claim(queue.popleft(), clock() + _CLAIM_TIME)
        if claimed is None:
            continue
        error = _try_to_send(context, claimed)
        if error is not None:
            _retry_later(claimed, error, store, clock())
            break
        store.outbox.delete(claimed)
        _log.info("message_sent", extra=fields(**log_fields(claimed)))
        sent += 1
        if sent == 1:
            queue += store.outbox.bring_forward(claimed, clock())
    return sent


def _try_to_send(context: DeliveryContext, message: OutboxMessage) -> FeedpubError | None:
    """Send a message; return the error if that fails."""
    try:
        CHANNELS[message.kind](context, message)
    except FeedpubError as error:
        return error
    return None


def _retry_later(message: OutboxMessage, error: FeedpubError, store: Store, now: datetime) -> None:
    """Schedule the next try of a message that failed; drop it after the last one."""
    details = {**log_fields(message), "tries": message.tries}
    if message.tries > len(RETRY_DELAYS):
        store.outbox.delete(message)
        _log.error("message_dropped", extra=fields(**details, reason=str(error)))
        return
    due = next_try(message.tries, error, now)
    store.outbox.postpone(message, due, str(error))
    _log.warning("message_retry", extra=fields(**details, next=due, reason=str(error)))


def next_try(tries: int, error: FeedpubError, now: datetime) -> datetime:
    """Return the time of the next try of a message that failed `tries` times.

    The server may request a longer wait, up to the longest of `RETRY_DELAYS`.
    """
    delay = RETRY_DELAYS[tries - 1]
    requested = error.retry_after if isinstance(error, FetchError) else None
    if requested:
        seconds = min(requested, _MAX_RETRY_AFTER_SECONDS)
        delay = max(delay, min(timedelta(seconds=seconds), RETRY_DELAYS[-1]))
    return now + delay

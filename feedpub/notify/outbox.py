"""Send the messages of the outbox that are due.

Targets are independent: one that does not respond delays only its own messages. A process that dies
between sending a message and deleting it causes the message to be sent twice, but never lost.
"""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from feedpub.config import Config
from feedpub.core.errors import FeedpubError, FetchError
from feedpub.core.log import fields
from feedpub.fetch import WebhookClient
from feedpub.notify.channels import CHANNELS, DeliveryContext, log_fields
from feedpub.store import OutboxMessage, Store

_log = logging.getLogger(__name__)

MAX_MESSAGE_SECONDS = 10.0  # for one request
# The waits after each failed try. After the last one, about a day after the first try, the message
# is dropped.
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 360, 540))
_CLAIM_TIME = timedelta(seconds=90)  # then the process that claimed a message has probably died
_MAX_PARALLEL_TARGETS = 4
_MAX_RETRY_AFTER_SECONDS = 1e6


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

"""One round of telling: every message that is due gets a try, and no target waits for another one.

A message may be told twice, where a process dies between telling and forgetting it, and never not
at all.
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

MAX_MESSAGE_SECONDS = 10.0  # seconds for one message
# After each try in turn; after the last one, about a day after the first, a message is given up.
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 360, 540))
_CLAIM = timedelta(
    seconds=90
)  # after which a message is taken for left behind by a process that died
_TARGETS_AT_ONCE = 4


def deliver_due(config: Config, store: Store, clock: Callable[[], datetime]) -> int:
    """Send what is due; says how many were sent. It may run in several threads and processes at once.

    Raises:
        StoreError: the messages cannot be had, or what became of them cannot be kept.
    """
    by_target: dict[tuple[str, str], list[OutboxMessage]] = defaultdict(list)
    for message in store.outbox.due(clock()):
        by_target[message.kind, message.target].append(message)
    if not by_target:
        return 0
    with _office(config) as office, ThreadPoolExecutor(_TARGETS_AT_ONCE) as pool:
        return sum(pool.map(partial(_deliver_all, office, store, clock), by_target.values()))


def send_now(config: Config, messages: Iterable[OutboxMessage]) -> None:
    """Send messages that cannot be kept.

    One try each, and a word in the log about those that fail.
    """
    with _office(config) as office:
        for message in messages:
            if (error := _failure(office, message)) is not None:
                _log.error(
                    "message_dropped", extra=fields(**log_fields(message), reason=str(error))
                )


@contextmanager
def _office(config: Config) -> Iterator[DeliveryContext]:
    notifier = partial(WebhookClient, contact=config.feedpub.contact, deadline=MAX_MESSAGE_SECONDS)
    with notifier() as anywhere, notifier(allow_private=config.feedpub.allow_private) as public:
        yield DeliveryContext(config, anywhere, public)


def _deliver_all(
    office: DeliveryContext,
    store: Store,
    clock: Callable[[], datetime],
    messages: Iterable[OutboxMessage],
) -> int:
    """One target's messages in their order; after one that failed the target is left alone until the next round.

    Where the first is sent, the target is there again: what backs off from it follows.
    """
    sent = 0
    queue = deque(messages)
    while queue:
        claimed = store.outbox.claim(queue.popleft(), clock() + _CLAIM)
        if claimed is None:
            continue
        if (error := _failure(office, claimed)) is not None:
            _put_off(claimed, error, store, clock())
            break
        store.outbox.delete(claimed)
        _log.info("message_sent", extra=fields(**log_fields(claimed)))
        sent += 1
        if sent == 1:
            queue += store.outbox.bring_forward(claimed, clock())
    return sent


def _failure(office: DeliveryContext, message: OutboxMessage) -> FeedpubError | None:
    """Send a message; what went wrong, where something did."""
    try:
        CHANNELS[message.kind](office, message)
    except FeedpubError as error:
        return error
    return None


def _put_off(message: OutboxMessage, error: FeedpubError, store: Store, now: datetime) -> None:
    if message.tries > len(RETRY_DELAYS):
        store.outbox.delete(message)
        _log.error(
            "message_dropped",
            extra=fields(**log_fields(message), tries=message.tries, reason=str(error)),
        )
        return
    due = next_try(message.tries, error, now)
    store.outbox.postpone(message, due, str(error))
    _log.warning(
        "message_retry",
        extra=fields(**log_fields(message), tries=message.tries, next=due, reason=str(error)),
    )


def next_try(tries: int, error: FeedpubError, now: datetime) -> datetime:
    """When a message is tried again that failed for so many times.

    Wider and wider, or when the server wants it.
    """
    asked = (error.retry_after or 0.0) if isinstance(error, FetchError) else 0.0
    return now + max(
        RETRY_DELAYS[tries - 1], min(timedelta(seconds=min(asked, 1e6)), RETRY_DELAYS[-1])
    )

"""Decide when a page that could not be read is requested again.

The waits grow: an hour, six hours, a day, a week. After that, the page is requested again only if
its source reports a change of the item. A server that sent Retry-After is asked at that time.
`feedpub build --retry` does not wait.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from feedpub.core.errors import FetchError, RetryLaterError, SourceError
from feedpub.store import ItemState, ItemStatus

RETRY_DELAYS = (  # after each failure in a row
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(days=7),
)
MAX_RETRY_AFTER = timedelta(days=1)  # a longer one is a mistake or an attack
UNREAD: frozenset[ItemStatus] = frozenset({"failed", "partial"})
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # the time of a retry that only a change brings forward


def schedule_retry(
    state: ItemState, before: ItemState | None, error: SourceError | None, now: datetime
) -> ItemState:
    """Return the state of an item that could not be read, with the time of the next try.

    Args:
        state: the new state.
        before: the earlier state; None if the item is listed for the first time.
        error: the reason; None if the page was read and is not complete.
        now: the current time.
    """
    failed_before = before.tries if before and before.version == state.version else 0
    was_requested = not isinstance(error, RetryLaterError)
    tries = failed_before + 1 if was_requested else max(failed_before, 1)
    wait = error.retry_after if isinstance(error, FetchError) else None
    if wait is not None:
        retry_at = now + min(timedelta(seconds=wait), MAX_RETRY_AFTER)
    elif tries <= len(RETRY_DELAYS):
        retry_at = now + RETRY_DELAYS[tries - 1]
    else:
        retry_at = NEVER
    return replace(state, tries=tries, retry_at=retry_at)


def is_waiting(state: ItemState, now: datetime) -> bool:
    """Return True if an item could not be read and its next try is later.

    A time that is too far away was stored while the clock was wrong.
    """
    if state.state not in UNREAD or state.retry_at is None:
        return False
    return state.retry_at == NEVER or now < state.retry_at <= now + RETRY_DELAYS[-1]


def describe_retry(state: ItemState) -> str:
    """Return when an item is tried again and how to try at once, for users."""
    if state.retry_at is None:
        return "next try at the next check"
    if state.retry_at == NEVER:
        return "no further try unless the item changes; `feedpub build --retry` asks now"
    return f"next try at {state.retry_at:%Y-%m-%d %H:%M} UTC; `feedpub build --retry` asks now"

"""Messages are stored until they are sent, and claimed by one process at a time."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from feedpub.store import OutboxMessage, Store
from feedpub.store.files import StatePlace
from tests.store import examples
from tests.store.examples import DAY, NOW

SOON = NOW + timedelta(seconds=90)
SECONDS = timedelta(seconds=3)


def add_failed(store: Store, message: OutboxMessage, *, wanted_meanwhile: bool = False) -> None:
    """Add a message that has failed once and is due in a day."""
    store.outbox.add([message])
    claimed = store.outbox.claim(store.outbox.load_all()[-1], SOON)
    assert claimed
    if wanted_meanwhile:
        store.outbox.add_once([replace(message, due=NOW + SECONDS)], NOW + SECONDS)
    store.outbox.postpone(claimed, NOW + DAY, "down")


def ping(topic: str = "world.rss", **others: object) -> OutboxMessage:
    return OutboxMessage("ping", "https://hub.example/", topic.encode(), **{"due": NOW} | others)  # type: ignore[arg-type]


@given(examples.messages)
def test_message_is_read_as_it_was_stored(shared_store: Store, message: OutboxMessage) -> None:
    shared_store.outbox.add([message])
    stored = shared_store.outbox.load_all()[-1]
    assert stored == OutboxMessage(
        **{name: getattr(message, name) for name in message.__slots__} | {"id": stored.id}
    )


def test_due_messages_are_returned_in_order(store: Store) -> None:
    dues = {"a": NOW, "b": NOW + timedelta(seconds=1), "c": NOW - DAY, "d": NOW + 400 * DAY}
    store.outbox.add([ping(name, due=due) for name, due in dues.items()])
    assert [message.body for message in store.outbox.due(NOW)] == [b"a", b"c", b"d"]


def test_message_is_claimed_once_until_the_claim_expires(store: Store) -> None:
    store.outbox.add([ping()])
    (message,) = store.outbox.due(NOW)
    assert store.outbox.claim(message, SOON) is not None
    assert store.outbox.claim(message, SOON) is None
    assert store.outbox.due(NOW) == ()
    assert [left.tries for left in store.outbox.due(SOON)] == [1]


def test_sent_message_is_deleted(store: Store) -> None:
    store.outbox.add([ping("a"), ping("b")])
    claimed = store.outbox.claim(store.outbox.due(NOW)[0], SOON)
    assert claimed
    store.outbox.delete(claimed)
    assert [message.body for message in store.outbox.load_all()] == [b"b"]


def test_failed_message_keeps_its_error_and_next_try(store: Store) -> None:
    store.outbox.add([ping()])
    claimed = store.outbox.claim(store.outbox.due(NOW)[0], SOON)
    assert claimed
    store.outbox.postpone(claimed, NOW + DAY, "down")
    (left,) = store.outbox.load_all()
    assert (left.tries, left.due, left.failure) == (1, NOW + DAY, "down")


def test_equal_message_is_stored_once(store: Store) -> None:
    others = [ping("other"), OutboxMessage("ping", "https://hub2.example/", b"world.rss", NOW)]
    store.outbox.add_once([ping(), *others], NOW)
    store.outbox.add_once([ping(due=NOW + DAY), others[0]], NOW)
    assert [(message.body, message.due) for message in store.outbox.load_all()] == [
        (b"world.rss", NOW + DAY),
        (b"other", NOW),
        (b"world.rss", NOW),
    ]


def test_message_added_while_it_is_sent_is_sent_again(store: Store) -> None:
    store.outbox.add_once([ping()], NOW)
    claimed = store.outbox.claim(store.outbox.due(NOW)[0], SOON)
    assert claimed
    store.outbox.add_once([ping(due=NOW + SECONDS)], NOW + SECONDS)
    store.outbox.delete(claimed)
    (left,) = store.outbox.load_all()
    assert (left.due, left.tries, left.failure) == (NOW + SECONDS, 0, "")


def test_message_added_while_it_fails_waits_for_the_retry(store: Store) -> None:
    add_failed(store, ping(), wanted_meanwhile=True)
    (left,) = store.outbox.load_all()
    assert (left.due, left.tries, left.failure) == (NOW + DAY, 1, "down")


def test_expired_claim_changes_nothing(store: Store) -> None:
    store.outbox.add([ping()])
    late = store.outbox.claim(store.outbox.due(NOW)[0], SOON)
    (message,) = store.outbox.due(SOON)
    assert late
    assert store.outbox.claim(message, SOON + DAY)
    before = store.outbox.load_all()
    store.outbox.postpone(late, NOW, "down")
    store.outbox.delete(late)
    assert store.outbox.load_all() == before


@pytest.mark.parametrize(
    "now", [NOW + SECONDS, NOW + 2 * DAY], ids=["before it is due", "when it is overdue"]
)
def test_retry_of_a_message_is_not_moved_by_an_equal_one(store: Store, now: datetime) -> None:
    add_failed(store, ping())
    before = store.outbox.load_all()
    store.outbox.add_once([ping(due=now + timedelta(minutes=1))], now)
    store.outbox.add_once([ping(due=now)], now)
    assert store.outbox.load_all() == before


def test_message_due_after_the_next_retry_is_stored_as_well(store: Store) -> None:
    add_failed(store, ping())
    later = NOW + DAY + SECONDS
    store.outbox.add_once([ping(due=later)], NOW)
    assert [(message.tries, message.due) for message in store.outbox.load_all()] == [
        (1, NOW + DAY),
        (0, later),
    ]


def test_retries_to_a_target_that_responds_again_become_due(store: Store) -> None:
    add_failed(store, ping("a"))
    add_failed(store, replace(ping("b"), target="https://hub2.example/"))
    store.outbox.add([ping("c", due=SOON)])
    brought = store.outbox.bring_forward(ping("d"), NOW)
    assert [(message.body, message.due, message.tries) for message in brought] == [(b"a", NOW, 1)]
    assert [message.due for message in store.outbox.load_all()] == [NOW, NOW + DAY, SOON]


def test_message_survives_its_process(store: Store, place: StatePlace) -> None:
    store.outbox.add([ping()])
    with Store.open(place) as other:
        assert len(other.outbox.due(NOW)) == 1

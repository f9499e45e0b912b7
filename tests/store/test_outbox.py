"""What has to be told waits in the store, is taken by one at a time, and goes only when it is done."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from feedpub.store import OutboxMessage, Store
from feedpub.store.database import StatePlace
from tests.store import examples
from tests.store.examples import DAY, NOW

SOON = NOW + timedelta(seconds=90)
SECONDS = timedelta(seconds=3)


def failed(store: Store, message: OutboxMessage, *, wanted_meanwhile: bool = False) -> None:
    """It is kept and tried once, and waits for a day."""
    store.outbox.add([message])
    claimed = store.outbox.claim(store.outbox.load_all()[-1], SOON)
    assert claimed
    if wanted_meanwhile:
        store.outbox.add_once([replace(message, due=NOW + SECONDS)], NOW + SECONDS)
    store.outbox.postpone(claimed, NOW + DAY, "down")


def ping(topic: str = "world.rss", **others: object) -> OutboxMessage:
    return OutboxMessage("ping", "https://hub.example/", topic.encode(), **{"due": NOW} | others)  # type: ignore[arg-type]


@given(examples.messages)
def test_a_message_comes_back(shared_store: Store, message: OutboxMessage) -> None:
    """Every field, its body byte for byte; the number is the store's."""
    shared_store.outbox.add([message])
    stored = shared_store.outbox.load_all()[-1]
    assert stored == OutboxMessage(
        **{name: getattr(message, name) for name in message.__slots__} | {"id": stored.id}
    )


def test_due_messages_come_in_their_order(store: Store) -> None:
    """Those for later wait; one that a wrong clock put into the far future does not."""
    dues = {"a": NOW, "b": NOW + timedelta(seconds=1), "c": NOW - DAY, "d": NOW + 400 * DAY}
    store.outbox.add([ping(name, due=due) for name, due in dues.items()])
    assert [message.body for message in store.outbox.due(NOW)] == [b"a", b"c", b"d"]


def test_a_message_is_taken_once(store: Store) -> None:
    """Whoever comes second goes away empty-handed.

    When the time is up it is due again, and its try has counted.
    """
    store.outbox.add([ping()])
    (message,) = store.outbox.due(NOW)
    assert store.outbox.claim(message, SOON) is not None
    assert store.outbox.claim(message, SOON) is None
    assert store.outbox.due(NOW) == ()
    assert [left.tries for left in store.outbox.due(SOON)] == [1]


def test_a_message_that_was_sent_is_gone(store: Store) -> None:
    """The others stay."""
    store.outbox.add([ping("a"), ping("b")])
    claimed = store.outbox.claim(store.outbox.due(NOW)[0], SOON)
    assert claimed
    store.outbox.delete(claimed)
    assert [message.body for message in store.outbox.load_all()] == [b"b"]


def test_a_message_that_was_not_sent_says_why(store: Store) -> None:
    """And when it is tried next."""
    store.outbox.add([ping()])
    claimed = store.outbox.claim(store.outbox.due(NOW)[0], SOON)
    assert claimed
    store.outbox.postpone(claimed, NOW + DAY, "down")
    (left,) = store.outbox.load_all()
    assert (left.tries, left.due, left.failure) == (1, NOW + DAY, "down")


def test_the_same_message_waits_once(store: Store) -> None:
    """Another target, body or way is another message."""
    others = [ping("other"), OutboxMessage("ping", "https://hub2.example/", b"world.rss", NOW)]
    store.outbox.add_once([ping(), *others], NOW)
    store.outbox.add_once([ping(due=NOW + DAY), others[0]], NOW)
    assert [(message.body, message.due) for message in store.outbox.load_all()] == [
        (b"world.rss", NOW + DAY),
        (b"other", NOW),
        (b"world.rss", NOW),
    ]


def test_what_is_wanted_again_while_it_is_sent_is_sent_again(store: Store) -> None:
    """The change may have come after the other side had looked.

    It is a message as if there had been none before.
    """
    store.outbox.add_once([ping()], NOW)
    claimed = store.outbox.claim(store.outbox.due(NOW)[0], SOON)
    assert claimed
    store.outbox.add_once([ping(due=NOW + SECONDS)], NOW + SECONDS)
    store.outbox.delete(claimed)
    (left,) = store.outbox.load_all()
    assert (left.due, left.tries, left.failure) == (NOW + SECONDS, 0, "")


def test_what_is_wanted_again_while_it_fails_backs_off(store: Store) -> None:
    """The other side does not answer, whatever there is to say."""
    failed(store, ping(), wanted_meanwhile=True)
    (left,) = store.outbox.load_all()
    assert (left.due, left.tries, left.failure) == (NOW + DAY, 1, "down")


def test_a_claim_that_somebody_took_over_changes_nothing(store: Store) -> None:
    """Neither what was sent nor what failed is the late one's to tell."""
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
def test_what_backs_off_is_not_moved_by_what_is_new(store: Store, now: datetime) -> None:
    """Its next try says that too: neither sooner nor later, and as one message."""
    failed(store, ping())
    before = store.outbox.load_all()
    store.outbox.add_once([ping(due=now + timedelta(minutes=1))], now)
    store.outbox.add_once([ping(due=now)], now)
    assert store.outbox.load_all() == before


def test_what_is_to_be_said_later_than_the_next_try_is_kept_beside_it(store: Store) -> None:
    """The try may come before there is anything new to see.

    Who announced it may die before saying so.
    """
    failed(store, ping())
    later = NOW + DAY + SECONDS
    store.outbox.add_once([ping(due=later)], NOW)
    assert [(message.tries, message.due) for message in store.outbox.load_all()] == [
        (1, NOW + DAY),
        (0, later),
    ]


def test_what_backs_off_from_a_place_that_is_there_again_is_due(store: Store) -> None:
    """What failed at another place waits on, and so does what never failed."""
    failed(store, ping("a"))
    failed(store, replace(ping("b"), target="https://hub2.example/"))
    store.outbox.add([ping("c", due=SOON)])
    brought = store.outbox.bring_forward(ping("d"), NOW)
    assert [(message.body, message.due, message.tries) for message in brought] == [(b"a", NOW, 1)]
    assert [message.due for message in store.outbox.load_all()] == [NOW, NOW + DAY, SOON]


def test_messages_outlive_their_process(store: Store, place: StatePlace) -> None:
    """They are on the disk when they were added."""
    store.outbox.add([ping()])
    with Store.open(place) as other:
        assert len(other.outbox.due(NOW)) == 1

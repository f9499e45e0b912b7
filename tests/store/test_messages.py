"""What has to be told waits in the store, is taken by one at a time, and goes only when it is done."""

from datetime import timedelta

import pytest
from hypothesis import given

from feedpub.store import Message, Store
from tests.store import examples
from tests.store.examples import DAY, NOW

SOON = NOW + timedelta(seconds=90)


def ping(topic: str = "world.rss", **others: object) -> Message:
    return Message("ping", "https://hub.example/", topic.encode(), **{"due": NOW} | others)  # type: ignore[arg-type]


@given(examples.messages)
def test_a_message_comes_back(shared_store: Store, message: Message) -> None:
    """Every field, its body byte for byte; the number is the store's."""
    shared_store.messages.add([message])
    stored = shared_store.messages.waiting()[-1]
    assert stored == Message(**{name: getattr(message, name) for name in message.__slots__} | {"id": stored.id})


def test_due_messages_come_in_their_order(store: Store) -> None:
    """Those for later wait; one that a wrong clock put into the far future does not."""
    dues = {"a": NOW, "b": NOW + timedelta(seconds=1), "c": NOW - DAY, "d": NOW + 400 * DAY}
    store.messages.add([ping(name, due=due) for name, due in dues.items()])
    assert [message.body for message in store.messages.due(NOW)] == [b"a", b"c", b"d"]


def test_a_message_is_taken_once(store: Store) -> None:
    """Whoever comes second goes away empty-handed; when the time is up it is due again, and its try has counted."""
    store.messages.add([ping()])
    (message,) = store.messages.due(NOW)
    assert store.messages.claim(message, SOON) is not None
    assert store.messages.claim(message, SOON) is None
    assert store.messages.due(NOW) == ()
    assert [left.tries for left in store.messages.due(SOON)] == [1]


def test_a_message_that_was_sent_is_gone(store: Store) -> None:
    """The others stay."""
    store.messages.add([ping("a"), ping("b")])
    claimed = store.messages.claim(store.messages.due(NOW)[0], SOON)
    assert claimed
    store.messages.drop(claimed)
    assert [message.body for message in store.messages.waiting()] == [b"b"]


def test_a_message_that_was_not_sent_says_why(store: Store) -> None:
    """And when it is tried next."""
    store.messages.add([ping()])
    claimed = store.messages.claim(store.messages.due(NOW)[0], SOON)
    assert claimed
    store.messages.postpone(claimed, NOW + DAY, "down")
    (left,) = store.messages.waiting()
    assert (left.tries, left.due, left.failure) == (1, NOW + DAY, "down")


def test_the_same_message_waits_once(store: Store) -> None:
    """Another target, body or way is another message."""
    others = [ping("other"), Message("ping", "https://hub2.example/", b"world.rss", NOW)]
    store.messages.add_once([ping(), *others])
    store.messages.add_once([ping(due=NOW + DAY), others[0]])
    assert [(message.body, message.due) for message in store.messages.waiting()] == [
        (b"world.rss", NOW + DAY),
        (b"other", NOW),
        (b"world.rss", NOW),
    ]


@pytest.mark.parametrize("end", ["drop", "postpone"])
def test_what_is_wanted_again_while_it_is_sent_is_sent_again(store: Store, end: str) -> None:
    """The change may have come after the other side had looked."""
    store.messages.add_once([ping()])
    claimed = store.messages.claim(store.messages.due(NOW)[0], SOON)
    assert claimed
    store.messages.add_once([ping(due=NOW + timedelta(seconds=3))])
    if end == "drop":
        store.messages.drop(claimed)
    else:
        store.messages.postpone(claimed, NOW + DAY, "down")
    assert [message.due for message in store.messages.waiting()] == [NOW + timedelta(seconds=3)]


def test_messages_outlive_their_process(store: Store) -> None:
    """They are on the disk when they were added."""
    store.messages.add([ping()])
    with Store.open(store._database.path.parent) as other:
        assert len(other.messages.due(NOW)) == 1

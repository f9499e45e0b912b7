"""What one of several processes has for itself for a time, on both engines."""

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import update

from feedpub.store import Store, schema


def expire(store: Store, name: str, seconds: float) -> None:
    """Let so much time pass for a claim."""
    t = schema.leases
    with store._database.write_transaction() as connection:
        connection.execute(update(t).where(t.c.name == name).values(until=t.c.until - seconds))


def test_one_has_it(store: Store) -> None:
    """The other one is told for how long; whoever has it may keep it for longer."""
    assert store.leases.acquire("lead", "a", 30) == 0
    assert 29 < store.leases.acquire("lead", "b", 30) <= 30
    assert store.leases.acquire("lead", "a", 60) == 0
    assert 59 < store.leases.acquire("lead", "b", 30) <= 60
    assert store.leases.holder("lead") == "a"


def test_it_ends_by_itself(store: Store) -> None:
    """Then nobody has it, and anybody may."""
    store.leases.acquire("lead", "a", 0.2)
    time.sleep(0.3)
    assert store.leases.holder("lead") is None
    assert store.leases.acquire("lead", "b", 30) == 0
    assert store.leases.acquire("lead", "a", 30) > 0


def test_names_are_apart(store: Store) -> None:
    """Two things may be two processes'."""
    assert store.leases.acquire("lead", "a", 30) == store.leases.acquire("rescue", "b", 30) == 0


def test_letting_go(store: Store) -> None:
    """It is free at once, or after a pause that holds for its last holder, too.

    Of another's nothing changes.
    """
    store.leases.acquire("ask", "a", 30)
    store.leases.release("ask", "b")
    assert store.leases.holder("ask") == "a"
    store.leases.release("ask", "a", 20)
    assert 19 < store.leases.acquire("ask", "b", 30) <= 20
    assert 19 < store.leases.acquire("ask", "a", 30) <= 20
    expire(store, "ask", 20)
    assert store.leases.acquire("ask", "b", 30) == 0
    store.leases.release("ask", "b")
    assert store.leases.acquire("ask", "a", 30) == 0


def test_what_is_old_is_forgotten(store: Store) -> None:
    """After a day, unless it is to be kept."""
    for name in ("old", "kept", "new"):
        store.leases.acquire(name, "a", 30)
    for name in ("old", "kept"):
        expire(store, name, 2 * 86400)
    store.leases.prune(["kept"])
    with store._database.read_transaction() as connection:
        assert set(connection.scalars(schema.leases.select())) == {"kept", "new"}


def test_many_want_it_at_once(store: Store) -> None:
    """One gets it."""
    with ThreadPoolExecutor(8) as pool:
        left = list(
            pool.map(lambda number: store.leases.acquire("lead", str(number), 30), range(8))
        )
    assert left.count(0.0) == 1


def test_one_from_the_future_is_free(store: Store) -> None:
    """No claim lasts for hours.

    The engine's clock was ahead when it was made, and its holder may be long dead.
    """
    store.leases.acquire("lead", "a", 30)
    expire(store, "lead", -3 * 3600)
    assert store.leases.holder("lead") is None
    assert store.leases.acquire("lead", "b", 30) == 0
    assert store.leases.holder("lead") == "b"

"""Exclusive rights of one of several processes for a limited time, in both engines."""

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import update

from feedpub.store import Store, schema


def expire(store: Store, name: str, seconds: float) -> None:
    """Let time pass for a lease."""
    t = schema.leases
    with store._database.write_transaction() as connection:
        connection.execute(update(t).where(t.c.name == name).values(until=t.c.until - seconds))


def test_lease_has_one_holder_who_can_renew_it(store: Store) -> None:
    assert store.leases.acquire("lead", "a", 30) == 0
    assert 29 < store.leases.acquire("lead", "b", 30) <= 30
    assert store.leases.acquire("lead", "a", 60) == 0
    assert 59 < store.leases.acquire("lead", "b", 30) <= 60
    assert store.leases.holder("lead") == "a"


def test_lease_expires(store: Store) -> None:
    store.leases.acquire("lead", "a", 0.2)
    time.sleep(0.3)
    assert store.leases.holder("lead") is None
    assert store.leases.acquire("lead", "b", 30) == 0
    assert store.leases.acquire("lead", "a", 30) > 0


def test_leases_with_different_names_are_independent(store: Store) -> None:
    assert store.leases.acquire("lead", "a", 30) == store.leases.acquire("rescue", "b", 30) == 0


def test_released_lease_is_free_at_once_or_after_a_pause(store: Store) -> None:
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


def test_old_leases_are_pruned(store: Store) -> None:
    for name in ("old", "kept", "new"):
        store.leases.acquire(name, "a", 30)
    for name in ("old", "kept"):
        expire(store, name, 2 * 86400)
    store.leases.prune(["kept"])
    with store._database.read_transaction() as connection:
        assert set(connection.scalars(schema.leases.select())) == {"kept", "new"}


def test_one_of_many_threads_acquires_the_lease(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        left = list(
            pool.map(lambda number: store.leases.acquire("lead", str(number), 30), range(8))
        )
    assert left.count(0.0) == 1


def test_lease_that_expires_too_late_is_free(store: Store) -> None:
    store.leases.acquire("lead", "a", 30)
    expire(store, "lead", -3 * 3600)
    assert store.leases.holder("lead") is None
    assert store.leases.acquire("lead", "b", 30) == 0
    assert store.leases.holder("lead") == "b"

"""Restarts of PostgreSQL, closed connections and concurrent writers."""

import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from feedpub.core.article_keys import url_key
from feedpub.core.errors import StoreError
from feedpub.core.models import Removed
from feedpub.store import ItemState, SourceState, Store, schema
from tests.store.examples import DAY, NOW, entry, run
from tests.store.test_concurrency import FORKS, commit
from tests.store.test_copy import fill
from tests.support.postgres import SKIP_REASON, Server, is_available, temporary_server

pytestmark = pytest.mark.skipif(not is_available(), reason=SKIP_REASON)
PASSWORD = "hunter2"


@pytest.fixture(scope="module")
def restartable_server() -> Iterator[Server]:
    """Start a server that can be stopped and that asks the user `reader` for a password."""
    with temporary_server(synchronous_commit="on") as server:
        server.require_password("reader", PASSWORD)
        yield server


@pytest.fixture
def empty(restartable_server: Server) -> str:
    """Return the address of a database without tables."""
    return restartable_server.create_database()


def execute(address: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        done = connection.execute(sql.encode())
        return done.fetchall() if done.description else []


def end_connections(address: str) -> None:
    """Close all other connections, as an administrator or a failover does."""
    execute(
        address,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def restart(restartable_server: Server) -> None:
    restartable_server.stop()
    restartable_server.start()


# --- connections that end ---


@pytest.mark.parametrize("how", ["ended", "restarted"])
def test_run_fails_without_writing_after_its_lock_was_lost(
    restartable_server: Server, empty: str, how: str
) -> None:
    with Store.open(empty) as store:
        with store.feed_lock("world"):
            store.check_lock()
            if how == "ended":
                end_connections(empty)
            else:
                restart(restartable_server)
            for _ in range(2):
                with pytest.raises(StoreError):
                    store.check_lock()
            with pytest.raises(StoreError, match="the connection that held the lock was cut"):
                commit(store, "world", 1)
        assert store.count("world") == 0
        with store.feed_lock("world"):
            commit(store, "world", 1)
            store.check_lock()
        assert store.count("world") == 3


def test_write_under_a_lost_lock_fails(empty: str) -> None:
    with Store.open(empty) as store, Store.open(empty) as other:
        with store.feed_lock("world"):
            assert store.count("world") == 0
            end_connections(empty)
            with other.feed_lock("world"):
                commit(other, "world", 1)
            with pytest.raises(StoreError):
                commit(store, "world", 2)
        assert set(store.aliases("world", ["1-a", "2-a"])) == {"1-a"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_store_works_after_a_restart_of_the_server(
    restartable_server: Server, empty: str, how: signal.Signals
) -> None:
    barrier = threading.Barrier(4)

    def at_once(store: Store) -> int:
        with store.feed_lock(str(threading.get_ident())):
            barrier.wait(30)
            return store.count("world")

    with Store.open(empty) as store, ThreadPoolExecutor(4) as pool:
        commit(store, "world", 1)
        assert list(pool.map(at_once, [store] * 4)) == [3] * 4
        restartable_server.stop(how)
        restartable_server.start()
        assert list(pool.map(at_once, [store] * 4)) == [3] * 4


def test_stopped_server_is_reported_until_it_is_back(
    restartable_server: Server, empty: str
) -> None:
    with Store.open(empty) as store:
        restartable_server.stop()
        try:
            with pytest.raises(StoreError, match="is PostgreSQL running there"):
                store.count("world")
        finally:
            restartable_server.start()
        assert store.count("world") == 0


def test_transaction_waits_for_a_lock_until_its_timeout(empty: str) -> None:
    with Store.open(empty, timeout_seconds=0.2) as store, psycopg.connect(empty) as other:
        other.execute("LOCK TABLE runs")
        with pytest.raises(
            StoreError, match="another process has locked it: wait for it, or stop it"
        ):
            store.commit_run(run())
        other.rollback()
        store.commit_run(run())


def test_feed_lock_is_awaited_without_a_timeout(empty: str) -> None:
    with Store.open(empty, timeout_seconds=0.2) as store, ThreadPoolExecutor(1) as pool:

        def work() -> None:
            with store.feed_lock("world"):
                commit(store, "world", 1)

        with store.feed_lock("world"):
            done = pool.submit(work)
            time.sleep(1)
            assert not done.done()
        done.result(30)


# --- many writers ---


def open_it(address: str) -> None:
    Store.open(address).close()


def test_one_of_several_processes_creates_the_tables(empty: str) -> None:
    openers = [FORKS.Process(target=open_it, args=(empty,)) for _ in range(6)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(60)
    assert [opener.exitcode for opener in openers] == [0] * 6
    assert execute(empty, "SELECT version_num FROM alembic_version") == [(schema.VERSION,)]


def test_entry_listed_while_old_ones_are_pruned_is_kept(empty: str) -> None:
    with Store.open(empty) as store, ThreadPoolExecutor(1) as pool:
        commit(store, "world", 1)
        with psycopg.connect(empty) as other:
            again = int((NOW + 9 * DAY).timestamp())
            other.execute("UPDATE entries SET last_listed = %s WHERE id = 'tag:1-a'", [again])
            done = pool.submit(store.prune, NOW + DAY, {})
            while not execute(
                empty, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            ):
                time.sleep(0.01)
        done.result(30)
        assert [e.id for e in store.entries("world")] == ["tag:1-a"]
        assert store.aliases("world", ["1-a", "1-b"]) == {"1-a": "tag:1-a"}


# --- what a database keeps ---


def test_nul_and_escape_characters_are_stored(store: Store) -> None:
    odd = ["a\0b", "a\x1b0b", "a\x1bb", "\x1b1", "\0\x1b\0", "a\\0b"]
    entries = [entry(title) for title in odd]
    seen = [ItemState(title, title, "stored", reason=title) for title in odd]
    store.commit_entries(
        "w\0", entries=entries, aliases={e.title: e.id for e in entries}, item_states=seen, now=NOW
    )
    assert {e.title for e in store.entries("w\0")} == set(odd)
    assert store.aliases("w\0", odd) == {e.title: e.id for e in entries}
    assert store.item_states("w\0", odd) == {article.key: article for article in seen}
    assert store.entries("w") == store.entries("w\x1b0") == ()


@pytest.mark.parametrize("length", [2_000, 8_000, 8_192])
def test_very_long_key_is_stored_and_found(store: Store, length: int) -> None:
    randomly = random.Random(length)  # noqa: S311 -- incompressible bytes
    url = "https://example.org/".ljust(length, "x")[:30] + "".join(
        randomly.choices("abcdef0123456789", k=length - 30)
    )
    article = entry("long")
    article = type(article)(
        id="tag:long", url=url, title="long", first_seen=NOW, published=NOW, updated=NOW
    )
    key = url_key(url)
    store.commit_entries(
        "world",
        entries=[article],
        aliases={key: "tag:long"},
        item_states=[ItemState(key, "", "stored")],
        now=NOW,
    )
    assert store.entries("world")[0].url == url
    assert store.aliases("world", [key]) == {key: "tag:long"}
    assert set(store.item_states("world", [key])) == {key}


def test_texts_are_ordered_by_code_points(restartable_server: Server) -> None:
    name = f"english_{random.randrange(10**9)}"  # noqa: S311 -- a name
    make = "CREATE DATABASE {} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'"
    try:
        with psycopg.connect(restartable_server.address, autocommit=True) as connection:
            connection.execute(sql.SQL(make).format(sql.Identifier(name)))
    except (psycopg.errors.SyntaxError, psycopg.errors.FeatureNotSupported):
        pytest.skip("this PostgreSQL sorts in no language")
    address = f"{restartable_server.address.rpartition('/')[0]}/{name}"
    assert execute(address, "SELECT 'a' < 'B'") == [(True,)]  # so English has it
    words = ["B", "Z", "a", "a b", "a-b", "ab", "z", "Ä", "ä", "…", "\ufffd", "😀"]
    assert words == sorted(words)
    mixed = random.Random(1).sample(words, k=len(words))  # noqa: S311 -- an order
    with Store.open(address) as store:
        store.commit_entries(
            "world",
            entries=[entry(word) for word in mixed],
            aliases={},
            item_states=[ItemState(word, "", "failed", recheck_at=NOW) for word in mixed],
            now=NOW,
        )
        store.commit_run(
            run(), sources=[SourceState("world", word, NOW, None, 0) for word in mixed]
        )
        store.removal_stats.add(
            "world", [[Removed(f"line {word}", "r")] for word in mixed] * 2, NOW
        )
        assert [e.title for e in store.entries("world")] == words
        assert [article.key for article in store.rechecks("world", NOW, 99)] == words
        assert store.recently_listed("world", 3) == {"B", "Z", "a"}
        assert [source.key for source in store.sources("world")] == words
        assert [removal.text for removal in store.removal_stats.latest(99)["world"]] == [
            f"line {w}" for w in words
        ]


# --- errors ---

LOGIN = "check the user and the password in `state`, and the server's pg_hba.conf"
WRONG = {
    "password": ("postgresql://reader:{password}x@{host}/postgres", LOGIN),
    "user": (
        "postgresql://nobody:{password}@{host}/postgres",
        "does not exist; create it first: createdb NAME, createu",
    ),
    "database": ("postgresql://reader:{password}@{host}/nothing", "does not exist; create "),
    "rights": (
        "postgresql://reader:{password}@{host}/postgres",
        "let this user create tables in the database",
    ),
    "port": ("postgresql://reader:{password}@127.0.0.1:1/postgres", "is PostgreSQL running there"),
    "host": ("postgresql://reader:{password}@db.invalid/postgres", "is the host's name correct"),
    "socket": (
        "postgresql://reader:{password}@/postgres?host=/nowhere",
        "is PostgreSQL running there",
    ),
    "setting": ("postgresql://reader:{password}@{host}/postgres?colour=red", "colour"),
    "address": (
        "postgresql://reader:{password}@{host}x/postgres",
        "is not the address of a database; write for example",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_unusable_address_is_reported_with_advice_and_without_the_password(
    restartable_server: Server, what: str
) -> None:
    address, advice = WRONG[what]
    host = restartable_server.address.split("@")[1].split("/")[0]
    with pytest.raises(StoreError) as caught:
        Store.open(address.format(password=PASSWORD, host=host))
    message = str(caught.value)
    assert advice in message
    assert "\n" not in message
    assert PASSWORD not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)


def test_password_is_not_part_of_later_errors(restartable_server: Server) -> None:
    host = restartable_server.address.split("@")[1].split("/")[0]
    address = restartable_server.create_database()
    execute(address, "GRANT ALL ON SCHEMA public TO reader")
    with Store.open(f"postgresql://reader:{PASSWORD}@{host}/{address.rpartition('/')[2]}") as store:
        execute(address, "DROP TABLE runs")
        with pytest.raises(StoreError, match=r"postgresql://reader:\*\*\*@127") as caught:
            store.commit_run(run())
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_read_only_server_can_be_read_if_it_has_tables(
    restartable_server: Server, empty: str
) -> None:
    unused, name = restartable_server.create_database(), empty.rpartition("/")[2]
    with Store.open(empty) as store:
        commit(store, "world", 1)
    for address in (unused, empty):
        execute(
            address,
            f"ALTER DATABASE {address.rpartition('/')[2]} SET default_transaction_read_only = on",
        )
    with pytest.raises(StoreError, match="configure the primary's address"):
        Store.open(unused)
    with Store.open(empty) as store:
        assert store.count("world") == 3
        with pytest.raises(
            StoreError, match=f"{name}: .*read-only.*; this server is a read-only replica"
        ):
            commit(store, "world", 2)


def test_database_of_a_newer_version_is_refused(empty: str) -> None:
    Store.open(empty).close()
    execute(empty, "UPDATE alembic_version SET version_num = '9000'")
    for copy in (False, True):
        with pytest.raises(
            StoreError, match=rf"version 9000, this feedpub knows {schema.VERSION}: a newer feedpub"
        ):
            Store.open(empty, copy=copy)


def test_missing_driver_is_reported_with_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "feedpub.store.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"requires pip install 'feedpub\[postgres\]'"):
        Store.open("postgresql://feedpub@db.example.org/feedpub")


# --- dry runs ---


def test_dry_run_on_an_empty_database_creates_no_tables(empty: str) -> None:
    with Store.open(empty, copy=True) as copy:
        commit(copy, "world", 1)
        assert copy.count("world") == 3
    assert execute(
        empty, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    ) == [(0,)]


def test_dry_run_does_not_change_the_database(empty: str) -> None:
    with Store.open(empty) as store:
        commit(store, "world", 1)
        with Store.open(empty, copy=True) as copy:
            assert copy.entries("world") == store.entries("world")
            commit(copy, "world", 2)
            copy.prune(NOW + DAY, {})
        assert store.count("world") == 3


def test_dry_run_copies_only_the_snapshots_that_it_needs(empty: str) -> None:
    with Store.open(empty) as store:
        for feed in ("world", "local"):
            fill(store, feed)
    for wanted, there in ((None, {"world", "local"}), (("local",), {"local"}), ((), set())):
        with Store.open(empty, copy=True, snapshots_of=wanted) as copy:
            assert {feed for feed in ("world", "local") if copy.snapshots.for_feed(feed)} == there
            assert copy.count("world") == copy.count("local") == 3


def test_dry_run_on_an_older_version_is_refused(empty: str) -> None:
    Store.open(empty).close()
    execute(empty, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(StoreError, match=r"has version 0000, .*`feedpub build` migrates it"):
        Store.open(empty, copy=True)
    assert execute(empty, "SELECT version_num FROM alembic_version") == [("0000",)]

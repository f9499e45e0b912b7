"""Tables with the names that they had before version 0011."""

from collections.abc import Collection

import pytest
from sqlalchemy import Connection, text

from feedpub.core.errors import StoreError
from feedpub.store import OutboxMessage, Store, migrations, schema
from feedpub.store.files import StatePlace
from feedpub.store.schema_repair import FORMER_NAMES
from tests.store.examples import NOW
from tests.store.test_copy import fill, rows
from tests.store.test_schema_repair import foreign_connection, shape

NUMBERED = ("source_observations", "incidents", "outbox")


def give_former_names(connection: Connection, names: Collection[str] = tuple(FORMER_NAMES)) -> None:
    """Rename tables back. Their indexes go, since present tables need the names of these."""
    for name in names:
        for index in schema.metadata.tables[name].indexes:
            connection.execute(text(f"DROP INDEX {index.name}"))
        connection.execute(text(f"ALTER TABLE {name} RENAME TO {FORMER_NAMES[name]}"))


def rows_without_numbers(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of each table in the order of their keys, without numbers."""
    found = rows(store)
    return {name: [row[name in NUMBERED :] for row in found[name]] for name in found}


@pytest.fixture
def former_place(place: StatePlace) -> StatePlace:
    """Return a state at version 0011 with rows in tables with their former names."""
    with Store.open(place) as store:
        fill(store)
    with foreign_connection(place) as connection:
        give_former_names(connection)
    return place


def test_former_names_are_changed_at_the_current_version(place: StatePlace) -> None:
    with Store.open(place) as store:
        fill(store)
        before = rows(store)
    expected = shape(place)
    with foreign_connection(place) as connection:
        give_former_names(connection)
    with Store.open(place) as store:
        assert rows(store) == before
    assert shape(place) == expected


def test_former_names_are_changed_if_no_version_is_recorded(former_place: StatePlace) -> None:
    with foreign_connection(former_place) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with Store.open(former_place) as store:
        assert all(rows(store).values())
    assert {*shape(former_place)} == {*schema.metadata.tables, "alembic_version"}


def test_state_that_is_only_read_states_the_former_names(address: str) -> None:
    with foreign_connection(address) as connection:
        give_former_names(connection, ["source_probes"])
    former = FORMER_NAMES["source_probes"]
    with pytest.raises(StoreError, match=rf"\({former} is renamed to source_probes\)"):
        Store.read_only(address)


def test_no_row_is_lost_if_tables_have_both_names(place: StatePlace) -> None:
    with Store.open(place) as store:
        fill(store, "former")
        fill(store, "present")
        before = rows_without_numbers(store)
    with foreign_connection(place) as connection:
        give_former_names(connection)
        schema.metadata.create_all(connection)
        for name, former in FORMER_NAMES.items():
            if "feed" in schema.metadata.tables[name].columns:
                move = f"INSERT INTO {name} SELECT * FROM {former} WHERE feed = 'present'"  # noqa: S608 -- ours
                connection.execute(text(move))
                connection.execute(text(f"DELETE FROM {former} WHERE feed = 'present'"))  # noqa: S608
    with Store.open(place) as store:
        assert rows_without_numbers(store) == before
    assert {*shape(place)} == {*schema.metadata.tables, "alembic_version"}


def test_rows_with_the_same_number_stay_in_the_order_of_their_names(place: StatePlace) -> None:
    messages = [OutboxMessage("ping", f"https://{n}.example.org/", b"", NOW) for n in range(5)]
    with Store.open(place) as store:
        store.outbox.add(messages)
    with foreign_connection(place) as connection:
        give_former_names(connection, ["outbox"])
        schema.metadata.create_all(connection)
        connection.execute(text("INSERT INTO outbox SELECT * FROM messages WHERE id > 3"))
        connection.execute(text("DELETE FROM messages WHERE id > 3"))
        connection.execute(text("UPDATE outbox SET id = id - 3"))
    with Store.open(place) as store:
        store.outbox.add(messages[:1])
        targets = [message.target for message in store.outbox.load_all()]
    assert targets == [message.target for message in [*messages, messages[0]]]


def test_copy_of_a_table_adds_no_row(place: StatePlace) -> None:
    with Store.open(place) as store:
        fill(store)
        before = rows(store)
    with foreign_connection(place) as connection:
        give_former_names(connection)
        schema.metadata.create_all(connection)
        for name, former in FORMER_NAMES.items():
            connection.execute(text(f"INSERT INTO {name} SELECT * FROM {former}"))  # noqa: S608 -- ours
    with Store.open(place) as store:
        assert rows(store) == before


def test_present_row_takes_precedence_over_a_former_one_with_its_key(place: StatePlace) -> None:
    with Store.open(place) as store:
        store.save_memories({"a.example.org": b"former"}, NOW)
        store.save_memories({"b.example.org": b"former"}, NOW)
    with foreign_connection(place) as connection:
        give_former_names(connection, ["site_memories"])
        schema.metadata.create_all(connection)
        connection.execute(
            schema.site_memories.insert(),
            {"site": "a.example.org", "memory": b"present", "used": NOW},
        )
    with Store.open(place) as store:
        assert store.site_memory("a.example.org") == b"present"
        assert store.site_memory("b.example.org") == b"former"


def test_table_of_another_program_is_left_alone(place: StatePlace) -> None:
    Store.open(place).close()
    with foreign_connection(place) as connection:
        connection.execute(text("CREATE TABLE messages (id INTEGER PRIMARY KEY, body VARCHAR)"))
        connection.execute(text("INSERT INTO messages VALUES (1, 'hello')"))
    Store.open(place).close()
    with foreign_connection(place) as connection:
        assert connection.scalar(text("SELECT body FROM messages")) == "hello"


def test_both_names_at_an_older_version_are_merged(place: StatePlace) -> None:
    with Store.open(place) as store:
        fill(store)
        before = rows(store)
    with foreign_connection(place) as connection:
        give_former_names(connection)
        schema.metadata.create_all(connection)
        connection.execute(text("DROP TABLE run_marks"))
        connection.execute(text("DROP TABLE marks"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0009'"))
    with Store.open(place) as store:
        assert rows(store) == before
    assert {*shape(place)} == {*schema.metadata.tables, "alembic_version"}


def test_migration_renames_what_postgresql_names_after_a_table(address: str) -> None:
    with foreign_connection(address) as connection:
        schema.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        migrations.upgrade_tables(connection, "0010")
    assert {name.split("_")[0] for name in dependent_names(address)} >= {*FORMER_NAMES.values()}
    Store.open(address).close()
    former = tuple(f"{name}_" for name in FORMER_NAMES.values())
    present = tuple(FORMER_NAMES)
    for name in dependent_names(address):
        assert name.startswith(present) or not name.startswith(former)


def dependent_names(address: str) -> set[str]:
    """Return the names of all constraints, indexes and sequences of a database."""
    query = """
        SELECT relname FROM pg_class
        WHERE relkind IN ('i', 'S') AND relnamespace = 'public'::regnamespace
        UNION SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """
    with foreign_connection(address) as connection:
        return {*connection.scalars(text(query))}

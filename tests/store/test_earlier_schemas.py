"""States that earlier versions wrote: today's code opens them and goes on from them.

`tests.store.make_states` made each with the code of a commit whose newest version it was.
"""

import gzip
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Integer, MetaData, Table, func, select

from feedpub.config import Config
from feedpub.core.models import RunResult
from feedpub.pipeline.run import finish_build, run_feed
from feedpub.store import Store, migrations, schema
from feedpub.store.files import FILE_NAME, StatePlace
from tests.store import make_states
from tests.store.make_states import FEEDS, LIMIT, SECOND, STATES, Site
from tests.store.test_schema_repair import foreign_connection, shape
from tests.store.test_sqlite import versions
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, open_context
from tests.support.postgres import SKIP_REASON, Server, is_available

EARLIER = sorted(path.name.removesuffix(".sql.gz") for path in STATES.iterdir())
ON_POSTGRES = [state for state in EARLIER if state >= "0005" and "branch" not in state]
CASES = [(state, "sqlite") for state in EARLIER] + [(state, "postgresql") for state in ON_POSTGRES]
NEW = max(SECOND) + 1  # an article that no state knows


def read_sql(state: str) -> str:
    return gzip.decompress((STATES / f"{state}.sql.gz").read_bytes()).decode()


def restore(state: str, folder: Path) -> None:
    """Write a state as its commit left it."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE_NAME)) as database:
        database.executescript(read_sql(state))


def restore_to_postgres(state: str, address: str, folder: Path) -> None:
    """Write the rows of a state to the tables of its version in PostgreSQL."""
    restore(state, folder)
    original, copy = MetaData(), MetaData()
    with foreign_connection(folder) as source, foreign_connection(address) as target:
        schema.metadata.drop_all(target)
        target.exec_driver_sql("DROP TABLE alembic_version")
        migrations.upgrade_tables(target, state)
        original.reflect(source)
        copy.reflect(target)
        for table in copy.sorted_tables:
            if table.name in original.tables and table.name != "alembic_version":
                rows = source.execute(select(original.tables[table.name])).mappings().all()
                if rows:
                    target.execute(table.insert(), [dict(row) for row in rows])
                    count_on(target, table)


def count_on(target: Connection, table: Table) -> None:
    """Let numbered rows be numbered after those that were inserted."""
    if isinstance(table.c[0].type, Integer):
        sequence = func.pg_get_serial_sequence(table.name, table.c[0].name)
        target.execute(select(func.setval(sequence, func.max(table.c[0]))))


@pytest.fixture(params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return the name of a state, and the engine that it is restored to."""
    state, engine = request.param
    if engine == "postgresql" and not is_available():
        pytest.skip(SKIP_REASON)
    return state, engine


@pytest.fixture
def state(case: tuple[str, str]) -> str:
    return case[0]


@pytest.fixture
def place(case: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path) -> StatePlace:
    """Return the location of the restored state."""
    state, engine = case
    folder = tmp_path / "state"
    if engine == "sqlite":
        restore(state, folder)
        return folder
    address: str = request.getfixturevalue("address")
    restore_to_postgres(state, address, folder)
    return address


@pytest.fixture
def fresh(
    place: StatePlace, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[StatePlace]:
    """Return the location of an empty state on the same engine."""
    if isinstance(place, Path):
        Store.open(tmp_path / "fresh").close()
        yield tmp_path / "fresh"
    else:
        server: Server = request.getfixturevalue("server")
        address = server.create_database(request.getfixturevalue("template"))
        yield address
        server.drop_database(address)


@pytest.fixture
def site(state: str) -> Iterator[Site]:
    """Serve the site that the state was made from, as it was at the end."""
    with Site(make_states.loopback_host(state)).running() as running:
        running.publish(SECOND, is_broken=True)
        yield running


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Return the folder of saved articles that the state was made from."""
    folder = tmp_path / "config" / "articles"
    folder.parent.mkdir()
    make_states.write_articles(folder, SECOND)
    return folder


@pytest.fixture
def config(site: Site, articles: Path) -> Config:
    feeds = make_states.feeds(site.address, "recheck = false")
    base_url = 'base_url = "https://feeds.example.org/"'
    return configure(articles.parents[1], feeds, settings=base_url)


def build_a_day_later(config: Config, state: str, place: StatePlace) -> dict[str, RunResult]:
    """Build all feeds once."""
    found = re.match(r"-- \w+ (\S+)", read_sql(state))
    assert found
    clock = FakeClock(datetime.fromisoformat(found[1]) + timedelta(days=1))
    with Store.open(place) as store, open_context(config, clock, store) as context:
        outcomes = {feed.name: run_feed(feed, context) for feed in config.feed}
        finish_build(config, context)
    return outcomes


def written_entries(state: str) -> dict[str, dict[str, str]]:
    """Return the URL of each entry by its id, by feed, as the commit wrote them."""
    entries: dict[str, dict[str, str]] = {}
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(read_sql(state))
        for feed, entry, url in database.execute("SELECT feed, id, url FROM entries"):
            entries.setdefault(feed, {})[entry] = url
    return entries


def stored_entries(place: StatePlace) -> dict[str, dict[str, str]]:
    """Return the same as today's code reads it."""
    entries = {}
    with Store.open(place) as store:
        for feed in FEEDS:
            entries[feed] = {entry.id: entry.url for entry in store.entries(feed)}
    return entries


def row_counts(place: StatePlace) -> Counter[int]:
    """Count the rows of each table; names are left out, since migrations may change them."""
    metadata = MetaData()
    counts: Counter[int] = Counter()
    with foreign_connection(place) as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            counts[connection.execute(select(func.count()).select_from(table)).scalar_one()] += 1
    return counts


def requested_articles(site: Site) -> set[str]:
    return {path for path in site.requests if path.rpartition("/")[2].isdigit()}


def test_every_earlier_version_has_a_state() -> None:
    assert {state[:4] for state in EARLIER} >= {*versions()[:-1]}


def test_earlier_state_gets_the_newest_tables_and_keeps_its_rows(
    place: StatePlace, fresh: StatePlace
) -> None:
    before = row_counts(place)
    Store.open(place).close()
    assert shape(place) == shape(fresh)
    assert before - row_counts(place) == Counter()
    with foreign_connection(place) as connection:
        for table in schema.metadata.sorted_tables:
            connection.execute(select(table)).all()  # each row can be read


def test_earlier_state_keeps_its_ids_and_fetches_no_article_again(
    state: str,
    place: StatePlace,
    config: Config,
    site: Site,
) -> None:
    before = written_entries(state)
    assert before.keys() == {*FEEDS}
    outcomes = build_a_day_later(config, state, place)
    assert {name: outcome.new for name, outcome in outcomes.items()} == dict.fromkeys(FEEDS, 0)
    assert [name for name, outcome in outcomes.items() if not outcome.ok] == ["broken"]
    assert stored_entries(place) == before
    assert {"/list", "/rss", "/map"} <= {*site.requests}
    assert requested_articles(site) == set()


def test_earlier_state_takes_a_new_article(
    state: str,
    place: StatePlace,
    config: Config,
    site: Site,
    articles: Path,
) -> None:
    before = written_entries(state)
    listed = range(SECOND.start, NEW + 1)
    site.publish(listed, is_broken=True)
    make_states.write_articles(articles, listed)
    outcomes = build_a_day_later(config, state, place)
    still_listed = {f"/{feed}/{n}" for feed in FEEDS for n in [*listed][-LIMIT:]}
    fetched = requested_articles(site) & still_listed  # those that left the list may have moved
    assert fetched == {f"/list/{NEW}", f"/rss/{NEW}", f"/map/{NEW}"}
    after = stored_entries(place)
    for feed in ("list", "rss", "map", "shelf"):
        assert outcomes[feed].new == 1
        assert before[feed].items() < after[feed].items()

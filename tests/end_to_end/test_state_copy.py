"""`feedpub state copy` moves a live installation without changes for readers."""

import shutil
from collections.abc import Iterator

import pytest

from feedpub.service import service_lock
from feedpub.store import Store
from tests.end_to_end.conftest import STORIES
from tests.support.home import FAILED, HEAD, OK, REFUSED, Home, hash_files
from tests.support.newsroom import feed, open_newsroom, path, title
from tests.support.postgres import SKIP_REASON, is_available, running_server
from tests.support.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_available(), reason=SKIP_REASON)]


@pytest.fixture
def address() -> Iterator[str]:
    """Create an empty database."""
    with running_server() as server:
        created = server.create_database()
        yield created
        server.drop_database(created)


def configure(home: Home, newsroom: Site, state: str = "") -> None:
    sources = ("page /news", "feed /rss", "sitemap /sitemap.xml")
    places = (source.split(" ") for source in sources)
    feeds = [feed(kind, f"{kind} {newsroom.url(where)}") for kind, where in places]
    home.configure(*feeds, head=HEAD + state)


def ids(home: Home) -> dict[str, str]:
    return {item["title"]: item["id"] for item in home.items("page")}


def test_state_copied_to_postgresql_and_back_keeps_ids_and_bytes(
    newsroom: Site, home: Home, address: str
) -> None:
    """Builds after each copy send only conditional requests."""
    configure(home, newsroom)
    home.build()
    before, known = home.read_published(), ids(home)

    moved = home.run("state", "copy", ".feedpub", address)
    assert moved.returncode == OK, moved.stderr
    assert (
        f'including 15 entries of 3 feeds; FROM is unchanged\nnext: set state = "{address}" under'
        in moved.stdout
    )
    shutil.move(home.root / ".feedpub", home.root / "old")
    configure(home, newsroom, f'state = "{address}"\n')
    newsroom.clear_requests()
    home.build()
    assert sorted(newsroom.paths()) == ["/news", "/rss", "/sitemap.xml"]
    assert {request.status for request in newsroom.requests if request.path != "/robots.txt"} == {
        304
    }
    assert hash_files(home.read_published()) == hash_files(before)

    open_newsroom(newsroom, [6, *STORIES])
    newsroom.clear_requests()
    home.build()
    assert path(6) in newsroom.paths()
    assert path(5) not in newsroom.paths()
    assert ids(home) == known | {title(6): ids(home)[title(6)]}
    between, known = home.read_published(), ids(home)

    assert home.run("state", "copy", address, ".feedpub").returncode == OK
    configure(home, newsroom)
    newsroom.clear_requests()
    home.build()
    assert {request.status for request in newsroom.requests if request.path != "/robots.txt"} == {
        304
    }
    assert hash_files(home.read_published()) == hash_files(between)
    assert ids(home) == known


def test_empty_database_is_restored_from_published_files(
    newsroom: Site, home: Home, address: str
) -> None:
    configure(home, newsroom)
    home.build()
    before = home.read_published()
    configure(home, newsroom, f'state = "{address}"\n')
    home.build()
    after = home.read_published()
    changed = {name for name in before if after[name] != before[name]}
    assert {name.split(".")[0] for name in changed} <= {
        "health"
    }  # whose first incident is dated now
    assert Store.lazy(address).exists()


def test_dry_run_on_a_database_writes_no_row(newsroom: Site, home: Home, address: str) -> None:
    configure(home, newsroom, f'state = "{address}"\n')
    home.build("--dry-run")
    assert not home.feeds.exists()
    assert not Store.lazy(address).exists()
    home.build()
    open_newsroom(newsroom, [6, *STORIES])
    assert "1 new" in home.build("--dry-run", "page")
    with Store.open(address) as store:
        assert store.count("page") == len(STORIES)


def test_env_name_keeps_the_password_off_the_command_line(
    newsroom: Site, home: Home, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, newsroom)
    home.build()
    monkeypatch.setenv("FEEDPUB_STATE", address)
    moved = home.run("state", "copy", ".feedpub", "env:FEEDPUB_STATE")
    assert moved.returncode == OK, moved.stderr
    assert 'next: set state = { env = "FEEDPUB_STATE" } under' in moved.stdout
    secret = address.replace("postgres@", "postgres:hunter2@")
    again = home.run("state", "copy", ".feedpub", secret)
    assert again.returncode == FAILED
    assert "is not empty" in again.stderr
    assert "hunter2" not in again.stdout + again.stderr


def test_copy_is_refused_while_a_service_uses_the_state(
    newsroom: Site, home: Home, address: str
) -> None:
    configure(home, newsroom)
    home.build()
    with service_lock(home.root / ".feedpub"):
        refused = home.run("state", "copy", ".feedpub", address)
    assert refused.returncode == FAILED
    assert "feedpub is already running with pid" in refused.stderr
    assert not Store.lazy(address).exists()
    assert home.run("state", "copy", ".feedpub", address).returncode == OK
    with Store.open(address):
        refused = home.run("state", "copy", address, "other")
    assert refused.returncode == FAILED
    assert (
        "FROM is in use, with 1 other connection; stop feedpub on every machine first"
        in refused.stderr
    )
    assert not (home.root / "other").exists()


@pytest.mark.parametrize(
    ("source", "target", "status", "message"),
    [
        (
            "nowhere",
            "other",
            FAILED,
            "nowhere contains no state; is it the folder that `state` names?",
        ),
        ("nowhere", "nowhere", REFUSED, "FROM and TO are the same place"),
        (
            "env:NOTHING",
            "other",
            REFUSED,
            "env:NOTHING: the environment variable NOTHING is not set, or empty",
        ),
        (
            "mysql://u:hunter2@h/d",
            "other",
            REFUSED,
            "is neither a folder nor the URL of a PostgreSQL database",
        ),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "other", FAILED, "is PostgreSQL running there?"),
    ],
)
def test_impossible_copy_is_one_line_without_a_password(
    home: Home, source: str, target: str, status: int, message: str
) -> None:
    refused = home.run("state", "copy", source, target)
    assert refused.returncode == status
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr
    assert not (home.root / target).exists()

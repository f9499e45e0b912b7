"""A corrupt state is rebuilt from the published files and reported. Readers notice nothing."""

import json
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from feedpub import cli, notify
from feedpub.config import Config
from feedpub.core.errors import CorruptStateError, StoreError
from feedpub.core.models import Entry, RunResult
from feedpub.fetch import Fetcher
from feedpub.notify import alerts
from feedpub.pipeline import recovery, run
from feedpub.pipeline.context import RunContext
from feedpub.publisher import DryRunOutput, open_output
from feedpub.scheduler.local import LocalScheduler
from feedpub.store import Store, find_quarantined_files
from feedpub.store.files import FILE_NAME
from tests.support.clock import FakeClock
from tests.support.home import HEAD, Home
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    output_folder,
    path,
    story,
    title,
)
from tests.support.service import eventually, running_service
from tests.support.site import Route, Site, running_site
from tests.support.states import state_folder

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = 3600  # seconds
STORIES = list(range(12, 0, -1))
TOLD = ("health.", "index.")  # files that report it, or contain the time


@contextmanager
def open_run_context(
    config: Config, clock: FakeClock, *, dry: bool = False
) -> Iterator[RunContext]:
    """Return the context of a build, as the command creates it."""
    settings = config.feedpub
    publisher = open_output(settings.output, config.s3)
    publisher = DryRunOutput(publisher) if dry else publisher
    with (
        recovery.open_store(config, publisher, copy=dry, clock=clock.now) as store,
        Fetcher(
            delay=0, allow_private=settings.allow_private, robots=store.robots_cache, clock=clock
        ) as fetcher,
    ):
        yield RunContext(settings, store, fetcher, publisher, clock.now)


def build(config: Config, clock: FakeClock, *, dry: bool = False) -> list[RunResult]:
    """Build all feeds once, as the command does."""
    clock.pass_time(LATER)
    with open_run_context(config, clock, dry=dry) as context:
        return recovery.with_recovery(partial(_build, config, context), config, context)


def _build(config: Config, context: RunContext) -> list[RunResult]:
    outcomes = [run.run_feed(feed, context) for feed in config.feed]
    for each, outcome in zip(config.feed, outcomes, strict=True):
        alerts.record_incidents(each, outcome, config.alerts, context.store, context.clock())
    run.finish_build(config, context)
    return outcomes


def read_published(config: Config) -> dict[str, bytes]:
    """Return every file that a feed published."""
    root = output_folder(config)
    files = {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }
    return {name: body for name, body in files.items() if not name.startswith(TOLD)}


def entries(config: Config) -> list[Entry]:
    with Store.open(state_folder(config.feedpub)) as store:
        return [entry for each in config.feed for entry in store.entries(each.name)]


# --- kinds of damage
# ------------------------------------------------------------------------------------------------


def garbage(file: Path) -> None:
    file.write_bytes(b"\0garbage" * 64 + file.read_bytes()[512:])


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def page_gone(file: Path) -> None:
    """Overwrite the start of the table of entries."""
    with closing(sqlite3.connect(file)) as connection:
        (number,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'entries'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as opened:
        opened.seek((number - 1) * size)
        opened.write(b"\xff" * size)


def corrupt_text(file: Path) -> None:
    """Corrupt a compressed text, which SQLite cannot detect."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "UPDATE entries SET html = x'0bad' WHERE published = (SELECT max(published) "
            "FROM entries)"
        )


DAMAGES = {each.__name__: each for each in (garbage, truncate, page_gone, corrupt_text)}
FORMATS = (("rss",), ("atom",), ("json",), ("rss", "atom", "json"))


@dataclass(frozen=True)
class Base:
    """A site and a healthy state. Twelve stories, five of them live, the others in archives."""

    site: Site
    folders: dict[tuple[str, ...], Path]


def settings_toml(formats: tuple[str, ...], limit: int) -> str:
    return f"limit = {limit}\nformats = {json.dumps(list(formats))}"


def configure_feed(folder: Path, site: Site, formats: tuple[str, ...], limit: int = 5) -> Config:
    return configure(
        folder, feed("world", f"page {site.url('/news')}", more=settings_toml(formats, limit))
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    with running_site() as site:
        open_newsroom(site, STORIES)
        folders: dict[tuple[str, ...], Path] = {}
        for formats in FORMATS:
            folder = folders[formats] = tmp_path_factory.mktemp("base")
            for limit in (len(STORIES), 5):
                build(configure_feed(folder, site, formats, limit), FakeClock(NOW))
            open_state = folder / ".feedpub" / FILE_NAME
            with closing(sqlite3.connect(open_state)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield Base(site, folders)


@pytest.fixture
def site(base: Base) -> Site:
    """Return the site at a later time: only two of the stories are still listed."""
    open_newsroom(base.site, STORIES)
    base.site["/news"] = listing(STORIES[:2])
    base.site.clear_requests()
    return base.site


Begin = Callable[..., Config]


@pytest.fixture
def begin(base: Base, site: Site, tmp_path: Path) -> Begin:
    """Return a function that copies the healthy state."""

    def copied(formats: tuple[str, ...] = FORMATS[-1]) -> Config:
        shutil.copytree(base.folders[formats], tmp_path, dirs_exist_ok=True)
        return configure_feed(tmp_path, site, formats)

    return copied


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


def state(config: Config) -> Path:
    return state_folder(config.feedpub) / FILE_NAME


# --- what survives
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("formats", FORMATS, ids="+".join)
def test_rebuilt_state_changes_no_published_byte(
    begin: Begin, site: Site, clock: FakeClock, formats: tuple[str, ...], damage: str
) -> None:
    """Only the listing is fetched, and entries that are no longer listed are kept."""
    config = begin(formats)
    before, stored = read_published(config), entries(config)
    DAMAGES[damage](state(config))
    damaged = state(config).read_bytes()
    build(config, clock)
    assert read_published(config) == before
    assert set(site.paths()) == {"/news"}
    (aside,) = find_quarantined_files(state_folder(config.feedpub))
    assert aside.read_bytes() == damaged
    after = entries(config)
    assert [(e.id, e.url, e.published, e.updated, e.text, e.source) for e in after] == [
        (e.id, e.url, e.published, e.updated, e.text, e.source) for e in stored
    ]


@pytest.mark.parametrize("formats", FORMATS, ids="+".join)
def test_runs_after_a_rebuild_add_entries_and_continue_archives(
    begin: Begin, site: Site, clock: FakeClock, formats: tuple[str, ...]
) -> None:
    config = begin(formats)
    before = read_published(config)
    garbage(state(config))
    build(config, clock)
    numbers = [14, 13, *STORIES[:2]]
    site[path(14)], site[path(13)], site["/news"] = story(14), story(13), listing(numbers)
    build(config, clock)
    found = entries(config)
    assert [entry.title for entry in found] == [title(n) for n in (14, 13, *STORIES)]
    with Store.open(state_folder(config.feedpub)) as store:
        archived = [
            len(store.archives.entries("world", n)) for n in store.archives.numbers("world")
        ]
        assert {e.id for e in found} == {
            *(e.id for e in store.entries("world", 5)),
            *(
                e.id
                for n in store.archives.numbers("world")
                for e in store.archives.entries("world", n)
            ),
        }
    old = {name: body for name, body in before.items() if "archive" in name}
    assert {name: read_published(config)[name] for name in old} == old
    assert sum(archived) >= 9


def test_invalid_write_ahead_log_is_ignored_by_sqlite(
    begin: Begin, site: Site, clock: FakeClock
) -> None:
    """Entries that were only in the log are restored, and no file is quarantined."""
    config = begin()
    site["/news"] = listing([13, *STORIES[:2]])
    site[path(13)] = story(13)
    crashed = state_folder(config.feedpub).parent / "crashed"
    clock.pass_time(LATER)
    with open_run_context(config, clock) as context:
        _build(config, context)
        shutil.copytree(state_folder(config.feedpub), crashed)
    before = read_published(config)
    shutil.rmtree(state_folder(config.feedpub))
    crashed.rename(state_folder(config.feedpub))
    log = state(config).with_name(f"{FILE_NAME}-wal")
    log.write_bytes(b"garbage!" * (log.stat().st_size // 8))
    site.clear_requests()
    build(config, clock)
    assert read_published(config) == before
    assert site.paths() == ["/news"]
    assert not find_quarantined_files(state_folder(config.feedpub))


def test_missing_state_is_rebuilt(begin: Begin, clock: FakeClock) -> None:
    config = begin()
    before = read_published(config)
    shutil.rmtree(state_folder(config.feedpub))
    build(config, clock)
    assert read_published(config) == before


@pytest.mark.parametrize("broken", ["world.json", "world-archive-1.json"])
def test_broken_document_is_replaced_by_another_format(
    begin: Begin, clock: FakeClock, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The broken live document is logged and written again."""
    config = begin()
    before = read_published(config)
    garbage(state(config))
    (output_folder(config) / broken).write_bytes(b"{")
    build(config, clock)
    after = read_published(config)
    assert after.pop(broken) == (b"{" if "archive" in broken else before[broken])
    assert after == {name: body for name, body in before.items() if name != broken}
    assert any(fields(record).get("file") == broken for record in caplog.records)


def fields(record: Any) -> dict[str, Any]:
    return dict(getattr(record, "fields", {}))


def test_rebuilt_state_without_working_sources_keeps_all_files(
    begin: Begin, site: Site, clock: FakeClock
) -> None:
    config = begin()
    before = read_published(config)
    site["/news"] = Route(b"oops", status=500)
    garbage(state(config))
    build(config, clock)
    assert read_published(config) == before
    assert len(entries(config)) == len(STORIES)


def test_building_one_feed_restores_the_others(begin: Begin, site: Site, clock: FakeClock) -> None:
    begin()
    more = settings_toml(FORMATS[-1], 5)
    feeds = [feed(name, f"page {site.url('/news')}", more=more) for name in ("world", "other")]
    config = configure(state(begin()).parents[1], *feeds)
    build(config, clock)
    index = (output_folder(config) / "index.html").read_bytes()
    garbage(state(config))
    clock.pass_time(LATER)
    with open_run_context(config, clock) as context:
        run.run_feed(config.feed[0], context)
        run.finish_build(config, context)
        assert context.store.count("other") == 2
    assert (output_folder(config) / "index.html").read_bytes() == index


SAVED = "{title}\n\nBy Jane Doe\n\n{text}\n"
TEXT = (
    "The council of the harbour town met on Monday evening to talk about the pier, and after "
    "two hours it decided."
)


def test_saved_articles_are_restored_with_their_pages(tmp_path: Path, clock: FakeClock) -> None:
    articles = tmp_path / "config" / "articles"
    articles.mkdir(parents=True)
    for n in (1, 2):
        (articles / f"{n}.txt").write_text(
            SAVED.format(title="The same title", text=f"{n} {TEXT}"), "utf-8"
        )
    config = configure(tmp_path, feed("saved", "folder articles"))
    build(config, clock)
    before = read_published(config)
    assert "saved/the-same-title-2.html" in before
    garbage(state(config))
    (articles / "2.txt").write_text(
        SAVED.format(title="The same title", text=f"2 {TEXT} Nobody came."), "utf-8"
    )
    build(config, clock)
    assert read_published(config) == before  # a file is as it was when it was first seen again
    (articles / "2.txt").write_text(
        SAVED.format(title="The same title", text=f"2 {TEXT} All came."), "utf-8"
    )
    (outcome,) = build(config, clock)
    assert (outcome.new, outcome.updated) == (0, 1)
    assert {entry.slug for entry in entries(config)} == {"the-same-title", "the-same-title-2"}


@pytest.mark.parametrize("formats", FORMATS[:3], ids="+".join)
def test_lead_image_and_reading_time_are_removed_from_restored_text(
    site: Site, tmp_path: Path, clock: FakeClock, formats: tuple[str, ...]
) -> None:
    picture = '<meta property="og:image" content="https://pictures.example/pier.jpg">'
    site[path(1)] = story(1).replace("<head>", f"<head>{picture}")
    site["/news"] = listing([3, 2, 1])
    more = f"reading_time = true\nformats = {json.dumps(list(formats))}"
    config = configure(tmp_path, feed("world", f"page {site.url('/news')}", more=more))
    build(config, clock)
    before, stored = read_published(config), entries(config)
    assert any(b"min read" in body and b"pier.jpg" in body for body in before.values())
    garbage(state(config))
    build(config, clock)
    assert read_published(config) == before
    assert [(e.html.strip(), e.text) for e in entries(config)] == [
        (e.html.strip(), e.text) for e in stored
    ]


def test_restored_article_is_known_by_its_listed_address(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    other = f"{path(1)}-of-another-address"
    site[other] = story(1).replace(
        "<head>", f'<head><link rel="canonical" href="{site.url(path(1))}">'
    )
    site["/news"] = listing([3, 2, 1]).replace(path(1), other)
    config = configure(tmp_path, feed("world", f"page {site.url('/news')}"))
    build(config, clock)
    before = entries(config)
    assert before[-1].url == site.url(path(1))
    garbage(state(config))
    site.clear_requests()
    build(config, clock)
    assert [entry.id for entry in entries(config)] == [entry.id for entry in before]
    assert site.paths() == ["/news"]


# --- alerts
# ------------------------------------------------------------------------------------------------


def test_rebuild_is_logged_and_alerted_once(
    begin: Begin, site: Site, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    config = begin()
    site["/hook"] = b"ok"
    more = settings_toml(FORMATS[-1], 5)
    hook = f'[alerts]\nwebhook = "{site.url("/hook")}"'
    config = configure(
        state_folder(config.feedpub).parent,
        feed("world", f"page {site.url('/news')}", more=more),
        settings=hook,
    )
    corrupt_text(state(config))
    for _ in range(2):
        build(config, clock)
        with open_run_context(config, clock) as context:
            notify.deliver_due(config, context.store, context.clock)
    (sent,) = [json.loads(request.body) for request in site.requests if request.path == "/hook"]
    (aside,) = find_quarantined_files(state_folder(config.feedpub))
    assert (sent["event"], sent["feed"]) == ("renewed", "")
    assert sent["text"] == "feedpub's state was damaged and was rebuilt from the published feeds"
    assert sent["evidence"]["Reason"].endswith(f"the damaged file was kept as {aside.name}")
    assert str(state_folder(config.feedpub)) not in json.dumps(sent)
    health = json.loads((output_folder(config) / "health.json").read_bytes())["items"]
    assert sent["text"] in [item["title"] for item in health]
    (event,) = [known for record in caplog.records if "quarantined" in (known := fields(record))]
    assert (event["quarantined"], event["entries"]) == (str(aside), len(STORIES))


def test_dry_run_reports_the_rebuild_and_changes_nothing(begin: Begin, clock: FakeClock) -> None:
    config = begin()
    garbage(state(config))
    before = sorted(path.name for path in state_folder(config.feedpub).iterdir())
    damaged = state(config).read_bytes()
    (outcome,) = build(config, clock, dry=True)
    assert (outcome.new, outcome.kept, outcome.written) == (0, 2, ())
    assert state(config).read_bytes() == damaged
    assert sorted(path.name for path in state_folder(config.feedpub).iterdir()) == before


def command(config: Config, *arguments: str) -> Result:
    file = state_folder(config.feedpub).parent / "config" / "feedpub.toml"
    return CliRunner().invoke(cli.cli, ["-c", str(file), *arguments])


def test_status_and_check_report_the_damage_and_change_nothing(begin: Begin) -> None:
    config = begin()
    garbage(state(config))
    damaged = state(config).read_bytes()
    error = command(config, "status").exception
    assert isinstance(error, CorruptStateError)
    assert "the next `feedpub build` or `feedpub run` moves it aside" in str(error)
    assert "moved aside" not in command(config, "check").output
    assert state(config).read_bytes() == damaged
    built = command(config, "build")
    assert built.exit_code == 0
    assert "rebuilt from the published feeds" in built.stderr
    (aside,) = find_quarantined_files(state_folder(config.feedpub))
    for name in ("status", "check"):
        assert (
            f"note: {aside} is a damaged state; delete it when you no longer need it"
            in command(config, name).output
        )


def test_clean_works_without_a_corrupt_state(begin: Begin, site: Site) -> None:
    config = begin()
    garbage(state(config))
    done = command(config, "clean", site.url(path(1)))
    assert (done.exit_code, title(1) in done.stdout) == (0, True)
    assert "the site memory is not used: " in done.stderr
    assert not find_quarantined_files(state_folder(config.feedpub))


# --- others at work
# ------------------------------------------------------------------------------------------------


def test_other_connection_continues_with_the_new_file(begin: Begin, clock: FakeClock) -> None:
    """It writes nothing into the quarantined file."""
    config = begin()
    with open_run_context(config, clock) as one, open_run_context(config, clock) as other:
        assert other.store.count("world") == len(STORIES)
        corrupt_text(state(config))
        recovery.with_recovery(partial(_build, config, one), config, one)
        (aside,) = find_quarantined_files(state_folder(config.feedpub))
        kept = aside.read_bytes()
        other.store.save_memories({"example.org": b"learned"}, NOW)
        assert one.store.site_memory("example.org") == b"learned"
        assert len(other.store.entries("world")) == len(STORIES)
    assert aside.read_bytes() == kept
    assert len(entries(config)) == len(STORIES)


def test_two_threads_that_find_the_damage_quarantine_one_file(
    begin: Begin, clock: FakeClock
) -> None:
    config = begin()
    with open_run_context(config, clock) as one, open_run_context(config, clock) as other:
        corrupt_text(state(config))
        errors: list[CorruptStateError] = []
        for context in (one, other):
            with pytest.raises(CorruptStateError) as caught:
                context.store.entries("world")
            errors.append(caught.value)
        for context, error in zip((one, other), errors, strict=True):
            found = recovery.with_recovery(
                partial(_entries_after, [error], context), config, context
            )
            assert len(found) == len(STORIES)
    assert len(find_quarantined_files(state_folder(config.feedpub))) == 1


def _entries_after(errors: list[CorruptStateError], context: RunContext) -> tuple[Entry, ...]:
    """Return the entries, after raising the error that was found before."""
    if errors:
        raise errors.pop()
    return context.store.entries("world")


OPEN = """
import sys
from pathlib import Path
from feedpub.config import load_config
from feedpub.pipeline.recovery import open_store
from feedpub.publisher import open_output
loaded = load_config(Path(sys.argv[1]))
sys.stdin.readline()
with open_store(loaded, open_output(loaded.feedpub.output, loaded.s3)) as store:
    print(store.count("world"))
"""


def test_two_processes_that_find_the_damage_quarantine_one_file(begin: Begin) -> None:
    config = begin()
    garbage(state(config))
    file = state_folder(config.feedpub).parent / "config" / "feedpub.toml"
    processes = [
        subprocess.Popen(  # noqa: S603 -- our own
            [sys.executable, "-c", OPEN, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert outputs == [str(len(STORIES))] * 2
    assert len(find_quarantined_files(state_folder(config.feedpub))) == 1


def test_scheduler_rebuilds_the_state_during_a_run(begin: Begin) -> None:
    config = begin()
    before = read_published(config)
    outcomes: list[RunResult] = []
    with open_context(config, FakeClock(NOW)) as context:
        jobs = LocalScheduler(
            config, context, lambda _feed, outcome, _tools: outcomes.append(outcome)
        )
        jobs.start()
        try:
            assert eventually(lambda: jobs.timer.next_times)
            corrupt_text(state(config))
            jobs.run_now("world")
            assert eventually(
                lambda: len(find_quarantined_files(state_folder(config.feedpub))) == 1
            )
            assert eventually(lambda: outcomes and "world" in context.store.schedule.load())
        finally:
            jobs.stop(5)
        assert outcomes[-1].ok
    assert read_published(config) == before


@pytest.mark.slow
def test_service_rebuilds_the_state_while_it_runs(site: Site, tmp_path: Path) -> None:
    open_newsroom(site, [3, 2, 1])
    home = Home(tmp_path)
    token = '[http]\nadmin_token = "T"\n'
    home.configure(
        feed("world", f"page {site.url('/news')}", more='every = "12h"'), head=HEAD + token
    )
    folder = home.root / ".feedpub"
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world", new=3)
        before = service.get("/world.json")
        corrupt_text(folder / FILE_NAME)
        (home.feeds / "world.html").unlink()  # so that the run reads the entries
        request = urllib.request.Request(
            f"http://127.0.0.1:{service.port}/run", b"feed=world", {"Authorization": "Bearer T"}
        )
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310
            pass
        assert service.wait_for_event("run_finished", times=2, feed="world")
        assert service.get("/world.json") == before
        assert len(find_quarantined_files(folder)) == 1
        assert service.events_named("state_rebuilt")[0]["entries"] == 3
        assert service.stop() == 0


# --- other errors
# ------------------------------------------------------------------------------------------------


def test_state_of_a_newer_version_is_not_quarantined(begin: Begin, clock: FakeClock) -> None:
    config = begin()
    with closing(sqlite3.connect(state(config))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9000'")
    with pytest.raises(StoreError, match="a newer feedpub wrote it"):
        build(config, clock)
    assert not find_quarantined_files(state_folder(config.feedpub))

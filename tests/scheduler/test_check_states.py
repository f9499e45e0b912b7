"""States are loaded for many feeds at once, and checks without news are saved at once."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from feedpub.config import Config, load_config
from feedpub.core.budget import RunBudget
from feedpub.core.errors import StoreError
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.scheduler.check_states import CheckStates
from feedpub.scheduler.feed_runner import FeedRunner
from feedpub.store import CheckState, Incident, ScheduledRun, SourceState, UnchangedCheck
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, listing, open_context, open_newsroom
from tests.support.service import eventually
from tests.support.site import Site

NOW = FakeClock().now()
HOUR = 3600.0


class Database:
    """Loads and saves, and records what it was asked for."""

    def __init__(self) -> None:
        self.loaded: list[list[str]] = []
        self.saved: list[list[str]] = []
        self.is_full = False

    def load(self, feeds: Collection[str]) -> dict[str, CheckState]:
        self.loaded.append(list(feeds))
        return {name: CheckState({"s": SourceState(name, "s", NOW, NOW, 1)}) for name in feeds}

    def save(self, checks: Collection[UnchangedCheck]) -> None:
        if self.is_full:
            raise StoreError("disk full")
        self.saved.append([check.feed for check in checks])


def check(name: str) -> UnchangedCheck:
    return UnchangedCheck(name, NOW, 0.1, ())


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def states(database: Database) -> Iterator[CheckStates]:
    made = CheckStates(database.load, database.save)
    yield made
    made.stop()


def test_states_of_all_due_feeds_are_loaded_at_once(
    states: CheckStates, database: Database
) -> None:
    states.expect(["a", "b", "c"])
    for name in ("b", "a", "c"):
        assert states.take(name).sources["s"].feed == name
    assert database.loaded == [["b", "a", "c"]]
    states.take("a")
    assert database.loaded[1:] == [["a"]]


def test_loaded_state_is_loaded_anew_when_the_feed_is_due_again(
    states: CheckStates, database: Database
) -> None:
    states.expect(["a", "b"])
    states.take("a")
    states.expect(["b"])
    states.take("b")
    assert database.loaded == [["a", "b"], ["b"]]


def test_checks_are_saved_together_a_second_later(states: CheckStates, database: Database) -> None:
    for name in ("a", "b"):
        states.add(check(name))
    assert database.saved == []
    assert eventually(lambda: database.saved == [["a", "b"]])
    states.add(check("a"))
    assert eventually(lambda: database.saved == [["a", "b"], ["a"]])


def test_check_is_saved_before_the_feed_is_loaded_again(
    states: CheckStates, database: Database
) -> None:
    states.add(check("a"))
    states.take("b")
    assert database.saved == []
    states.take("a")
    assert database.saved == [["a"]]


def test_checks_that_could_not_be_saved_are_kept(
    states: CheckStates, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database.is_full = True
    states.add(check("a"))
    with pytest.raises(StoreError, match="disk full"):
        states.save()
    states.try_to_save()
    states.add(check("b"))
    database.is_full = False
    states.save()
    assert database.saved == [["a", "b"]]
    assert not states.is_failing
    assert "state_error" not in caplog.text  # the caller of `save` has reported it


# --- with real feeds ---


@dataclass
class Workspace:
    """Feeds of a newsroom that are checked by the feed runner."""

    config: Config
    context: RunContext
    clock: FakeClock
    runner: FeedRunner
    finished: list[RunResult]

    def run(self, *names: str, after: float = HOUR) -> list[datetime]:
        """Run feeds as the timer does, and return their next runs."""
        self.clock.pass_time(after)
        self.runner.states.expect(names)
        planned = [self.runner.run(name, RunBudget(60)) for name in names]
        return [each.time for each in planned if each]


@contextmanager
def open_workspace(site: Site, folder: Path, every: str = "1h") -> Iterator[Workspace]:
    open_newsroom(site, [3, 2, 1])
    more = f'every = "{every}"\nrecheck = false'
    config = configure(
        folder,
        feed("world", f"page {site.url('/news')}", more=more),
        feed("local", f"page {site.url('/news')}", f"feed {site.url('/rss')}", more=more),
    )
    clock, finished = FakeClock(), list[RunResult]()
    with open_context(config, clock) as context:
        runner = FeedRunner(config, context, lambda _, result, __: finished.append(result))
        workspace = Workspace(config, context, clock, runner, finished)
        workspace.run("world", "local")
        finished.clear()
        site.clear_requests()
        yield workspace
        runner.states.stop()


@pytest.mark.parametrize("every", ["1h", "auto"])
def test_check_without_news_is_planned_as_a_run(site: Site, tmp_path: Path, every: str) -> None:
    """`run_now` makes a run of it, with the same plan and the same state."""
    found = []
    for everything in (False, True):
        with open_workspace(site, tmp_path / str(everything), every) as workspace:
            workspace.clock.pass_time(48 * HOUR)
            planned = workspace.runner.run("local", RunBudget(60), everything=everything)
            workspace.runner.states.save()
            store = workspace.context.store
            found.append((planned, store.sources("local"), store.schedule.get("local")))
            assert sorted(site.paths()) == ["/news", "/rss"]
            assert bool(workspace.finished) == everything
    assert found[0] == found[1]
    assert found[0][0]


def test_checks_of_several_feeds_are_one_transaction(site: Site, tmp_path: Path) -> None:
    with open_workspace(site, tmp_path) as workspace:
        store = workspace.context.store
        runs = {name: store.runs(name) for name in ("world", "local")}
        before = store.schedule.load()
        moments = workspace.run("world", "local")
        assert store.schedule.load() == before
        workspace.runner.states.save()
        assert [run.next_run for run in store.schedule.load().values()] == moments[::-1]
        assert {name: store.runs(name) for name in runs} == runs
        assert {name: len(store.checks.counts(name)) for name in runs} == {"world": 1, "local": 2}


def test_news_are_read_by_a_run_with_the_answers_of_the_check(site: Site, tmp_path: Path) -> None:
    with open_workspace(site, tmp_path) as workspace:
        site["/news"] = listing([2, 1])
        workspace.run("local")
        assert sorted(site.paths()) == ["/news", "/rss"]
        assert [result.status for result in workspace.finished] == [RunStatus.UNCHANGED]
        assert len(workspace.context.store.runs("local")) == 2


def test_check_of_a_feed_with_an_incident_is_reported_at_once(site: Site, tmp_path: Path) -> None:
    with open_workspace(site, tmp_path) as workspace:
        store, now = workspace.context.store, workspace.clock.now()
        store.incidents.open(Incident("world", "", "broken", now, now, "stuck"), lambda _: ())
        workspace.run("world")
        assert [result.status for result in workspace.finished] == [RunStatus.UNCHANGED]
        assert store.sources("world")[0].checked == workspace.clock.now().replace(microsecond=0)


def test_careful_check_leaves_no_mark(site: Site, tmp_path: Path) -> None:
    with open_workspace(site, tmp_path) as workspace:
        workspace.clock.pass_time(HOUR)
        assert workspace.runner.run("world", RunBudget(60), careful=True)
        marks = workspace.context.store.run_marks
        assert not marks.find_crashes(["world", "local"], lambda _: False)


def test_cancelled_check_changes_nothing(site: Site, tmp_path: Path) -> None:
    with open_workspace(site, tmp_path) as workspace:
        budget = RunBudget(60)

        def answer(handler: object) -> None:
            budget.cancel()
            handler.send_response(304)  # type: ignore[attr-defined]
            handler.end_headers()  # type: ignore[attr-defined]

        site["/news"] = answer
        before = workspace.context.store.sources("world")
        workspace.clock.pass_time(HOUR)
        assert workspace.runner.run("world", budget) is None
        workspace.runner.states.save()
        assert workspace.context.store.sources("world") == before


def test_check_that_was_overtaken_by_another_process_is_dropped(site: Site, tmp_path: Path) -> None:
    with open_workspace(site, tmp_path) as workspace:
        store = workspace.context.store
        workspace.clock.pass_time(HOUR)
        workspace.runner.states.expect(["world", "local"])
        workspace.runner.run("local", RunBudget(60))  # loads both
        run.run_feed(workspace.config.feed[0], workspace.context)
        store.schedule.save(ScheduledRun("world", NOW + timedelta(days=9), "elsewhere"))
        site.clear_requests()
        workspace.clock.pass_time(1)
        workspace.runner.run("world", RunBudget(60))
        workspace.runner.states.save()
        planned = store.schedule.get("world")
        assert planned
        assert planned.why == "elsewhere"


def test_full_disk_is_reported_by_the_next_run(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_workspace(site, tmp_path) as workspace:
        states, store = workspace.runner.states, workspace.context.store

        def fail(*_: object, **__: object) -> None:
            raise StoreError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(store.checks, "save", fail)
            patch.setattr(store, "commit_run", fail)
            workspace.run("world")
            assert not workspace.finished
            states.try_to_save()
            states.try_to_save()
            assert len(workspace.finished) == 1
            workspace.run("world")
            assert len(workspace.finished) == 2
            assert all("disk full" in str(result.problems) for result in workspace.finished)
        states.save()
        assert store.sources("world")[0].checked < workspace.clock.now()
        workspace.run("world")
        states.save()
        now = workspace.clock.now().replace(microsecond=0)
        assert replace(store.sources("world")[0], checked=now) == store.sources("world")[0]


def test_feed_with_changed_settings_gets_a_full_run(site: Site, tmp_path: Path) -> None:
    """Its fingerprint is computed once for each config."""
    with open_workspace(site, tmp_path) as workspace:
        workspace.run("world")
        assert not workspace.finished
        changed = (tmp_path / "config" / "feedpub.toml").read_text()
        (tmp_path / "config" / "feedpub.toml").write_text(changed.replace("world feed", "world"))
        config = load_config(tmp_path / "config" / "feedpub.toml")
        workspace.runner.apply(config, workspace.context)
        workspace.run("world")
        (result,) = workspace.finished
        assert "world.rss" in result.written
        workspace.run("world")
        assert len(workspace.finished) == 1

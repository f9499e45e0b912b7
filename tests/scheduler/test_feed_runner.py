"""What differs where a queue says what to run: the state has to know the next run."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from feedpub.config import FeedConfig
from feedpub.config.sources import source_key
from feedpub.core.budget import RunBudget
from feedpub.core.errors import StoreError
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline.context import RunContext
from feedpub.scheduler.feed_runner import MIN_RETRY_WAIT, FeedRunner
from feedpub.store import RunRecord, ScheduledRun, SourceState
from tests.support.newsroom import configure, feed, tools_for


def in_vain(
    feed: FeedConfig, tools: RunContext, *, only: Collection[str] | None = None
) -> RunResult:
    """A run that comes to nothing, and no source is to blame."""
    del tools, only
    return RunResult(feed.name, RunStatus.FAILED)


@contextmanager
def work(folder: Path, *, queued: bool) -> Iterator[FeedRunner]:
    config = configure(folder, feed("world", "folder articles", more='every = "1m"'))
    with tools_for(config) as tools:
        yield FeedRunner(config, tools, lambda *_: None, in_vain, queued=queued)


def full(planned: ScheduledRun, looks: object = None) -> None:
    """A disk, when a plan is to be kept."""
    raise StoreError(f"no room for {planned} and {looks}")


@pytest.mark.parametrize("queued", [True, False])
def test_a_plan_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, queued: bool
) -> None:
    """Is an error where nobody else knows it; a process that knows it goes by it."""
    with work(tmp_path, queued=queued) as desk:
        monkeypatch.setattr(desk.context.store.schedule, "save", full)
        if queued:
            with pytest.raises(StoreError, match="no room"):
                desk.run("world", RunBudget())
            with pytest.raises(StoreError, match="no room"):
                desk.run_timed_out("world")
        else:
            assert desk.run("world", RunBudget())
            assert desk.run_timed_out("world")


@pytest.mark.parametrize(
    ("queued", "wait"), [(True, timedelta(minutes=1)), (False, MIN_RETRY_WAIT)]
)
def test_the_first_retry(tmp_path: Path, wait: timedelta, *, queued: bool) -> None:
    """After a run that came to nothing: a server is back sooner than a full disk is empty."""
    with work(tmp_path, queued=queued) as desk:
        now, tools = desk.context.clock(), desk.context
        key = source_key(desk.config.feed[0].source[0])
        well = SourceState("world", key, checked=now, succeeded=now, items=1)
        tools.store.commit_run(
            RunRecord(RunResult("world", RunStatus.UPDATED), now), sources=[well]
        )
        planned = desk.run("world", RunBudget())
        assert planned
        assert planned.time - desk.context.clock() == wait

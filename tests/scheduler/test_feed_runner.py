"""The feed runner, with and without a queue."""

from collections.abc import Iterator
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
from tests.support.newsroom import configure, feed, open_context


def in_vain(feed: FeedConfig, context: RunContext, **_: object) -> RunResult:
    """Return a failed result without requests."""
    del context
    return RunResult(feed.name, RunStatus.FAILED)


@contextmanager
def work(folder: Path, *, queued: bool) -> Iterator[FeedRunner]:
    config = configure(folder, feed("world", "folder articles", more='every = "1m"'))
    with open_context(config) as context:
        yield FeedRunner(config, context, lambda *_: None, in_vain, queued=queued)


def full(planned: ScheduledRun, checks: object = None, *_: object) -> None:
    """Raise the error of a full disk."""
    raise StoreError(f"disk full: {planned} and {checks}")


@pytest.mark.parametrize("queued", [True, False])
def test_unwritable_plan_is_an_error_only_with_a_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, queued: bool
) -> None:
    with work(tmp_path, queued=queued) as runner:
        monkeypatch.setattr(runner.context.store.schedule, "save", full)
        if queued:
            with pytest.raises(StoreError, match="disk full"):
                runner.run("world", RunBudget())
            with pytest.raises(StoreError, match="disk full"):
                runner.run_timed_out("world")
        else:
            assert runner.run("world", RunBudget())
            assert runner.run_timed_out("world")


@pytest.mark.parametrize(
    ("queued", "wait"), [(True, timedelta(minutes=1)), (False, MIN_RETRY_WAIT)]
)
def test_first_retry_is_sooner_with_a_queue(
    tmp_path: Path, wait: timedelta, *, queued: bool
) -> None:
    with work(tmp_path, queued=queued) as runner:
        now, context = runner.context.clock(), runner.context
        key = source_key(runner.config.feed[0].source[0])
        well = SourceState("world", key, checked=now, succeeded=now, items=1)
        context.store.commit_run(
            RunRecord(RunResult("world", RunStatus.UPDATED), now), sources=[well]
        )
        planned = runner.run("world", RunBudget())
        assert planned
        assert planned.time - runner.context.clock() == wait

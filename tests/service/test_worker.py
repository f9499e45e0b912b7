"""Runs of a worker."""

from pathlib import Path

import pytest

from feedpub.core.budget import RunBudget
from feedpub.core.errors import StoreError
from feedpub.service.worker import Worker
from feedpub.store import ScheduledRun
from tests.support.newsroom import configure, feed, open_context


def test_scheduled_feed_missing_from_the_config_is_left_to_other_workers(tmp_path: Path) -> None:
    config = configure(tmp_path, feed("world", "folder articles"))
    with open_context(config) as context:
        worker = Worker(config, tmp_path / "config" / "feedpub.toml", context, 1)
        worker.run_feed("gone", False, RunBudget())  # noqa: FBT003
        context.store.schedule.save(ScheduledRun("new", context.clock(), "x"))
        with pytest.raises(StoreError, match="new is not in this node's config yet"):
            worker.run_feed("new", False, RunBudget())  # noqa: FBT003


def test_worker_skips_feeds_of_a_job_that_have_run_since(
    tmp_path: Path,
) -> None:
    config = configure(tmp_path, feed("world", "folder articles"), feed("local", "folder other"))
    with open_context(config) as context:
        worker = Worker(config, tmp_path / "config" / "feedpub.toml", context, 1)
        schedule, now = context.store.schedule, context.clock()
        for name in ("world", "local"):
            schedule.save(ScheduledRun(name, now, "x"))
        schedule.dispatch_due(now, 10, lambda _connection, _feeds: None)
        assert worker.begin(["local", "world", "gone"]) == ["local", "world"]
        worker.run_feed("local", False, RunBudget(60))  # noqa: FBT003
        assert worker.begin(["local", "world"]) == ["world"]

"""What a worker does with what it is told to run."""

from pathlib import Path

import pytest

from feedpub.core.budget import RunBudget
from feedpub.core.errors import StoreError
from feedpub.service.worker import Worker
from feedpub.store import ScheduledRun
from tests.support.newsroom import configure, feed, tools_for


def test_a_feed_that_its_config_does_not_have_yet(tmp_path: Path) -> None:
    """Is left to another worker, or to later, as long as it is planned.

    One that left the config is none any more.
    """
    config = configure(tmp_path, feed("world", "folder articles"))
    with tools_for(config) as tools:
        worker = Worker(config, tmp_path / "config" / "feedpub.toml", tools, 1)
        worker._run("gone", False, RunBudget())  # noqa: FBT003
        tools.store.schedule.save(ScheduledRun("new", tools.clock(), "x"))
        with pytest.raises(StoreError, match="new is not in this node's config yet"):
            worker._run("new", False, RunBudget())  # noqa: FBT003

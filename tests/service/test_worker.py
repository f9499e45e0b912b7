"""What a worker does with what it is told to run."""

from pathlib import Path

import pytest

from feedpub.errors import StoreError
from feedpub.lease import Lease
from feedpub.service.worker import FeedWorker
from feedpub.store import Planned
from tests.support.newsroom import configure, feed, tools_for


def test_a_feed_that_its_config_does_not_have_yet(tmp_path: Path) -> None:
    """Is left to another worker, or to later, as long as it is planned; one that left the config is none any more."""
    config = configure(tmp_path, feed("world", "folder articles"))
    with tools_for(config) as tools:
        worker = FeedWorker(config, tmp_path / "config" / "feedpub.toml", tools, 1)
        worker._run("gone", False, Lease())  # noqa: FBT003
        tools.store.schedule.save(Planned("new", tools.clock(), "x"))
        with pytest.raises(StoreError, match="new is not in this node's config yet"):
            worker._run("new", False, Lease())  # noqa: FBT003

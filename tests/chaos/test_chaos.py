"""Run a short chaos test on several machines."""

import pytest

from tests.chaos.__main__ import run_chaos
from tests.chaos.network import missing_requirement
from tests.support.postgres import SKIP_REASON, is_available


@pytest.mark.slow(seconds=200)
def test_every_article_is_published_once_and_on_time() -> None:
    if why := (missing_requirement() or ("" if is_available() else SKIP_REASON)):
        pytest.skip(why)
    result = run_chaos(
        minutes=0.7, feeds=3, workers=2, seed=20_000, tell=print, recovery_seconds=65.0
    )
    assert result.faults == []
    assert sum(result.fault_counts.values()) >= 2

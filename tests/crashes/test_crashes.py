"""A hundred times kill -9: nothing is torn, nothing is lost, and the next start is clean."""

import pytest

from tests.crashes.__main__ import crash


@pytest.mark.slow(seconds=90)
def test_kill_9_tears_and_loses_nothing() -> None:
    """Builds and services, killed at any instant, near commits and while files are written."""
    tally = crash(100, seed=20_000)
    assert tally.kills.total() == 100
    assert tally.clean > 10

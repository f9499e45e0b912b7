"""Kill feedpub a hundred times: no file is torn or lost, and each restart succeeds."""

import pytest

from tests.crashes.__main__ import crash_repeatedly


@pytest.mark.slow(seconds=90)
def test_kill_9_tears_and_loses_nothing() -> None:
    tally = crash_repeatedly(100, seed=20_000)
    assert tally.kills.total() == 100
    assert tally.clean > 10

"""Let a site change: no published entry is lost, duplicated, mixed up or outdated.

`python -m tests.model` plays more and longer runs.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.__main__ import take_steps
from tests.model.machine import make_machine
from tests.model.site import KINDS, Kind
from tests.model.world import random_steps

_FEW = settings(
    max_examples=6,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow(seconds=10)
@pytest.mark.parametrize("kind", KINDS)
def test_short_histories_violate_no_rule(kind: Kind) -> None:
    """Play many short runs; Hypothesis shortens a failing one."""
    run_state_machine_as_test(make_machine(kind), settings=_FEW)


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize("kind", KINDS)
def test_long_history_violates_no_rule(kind: Kind) -> None:
    """Play one long run, with archives and kills."""
    world, place, violation = take_steps(kind, 1, random_steps(1, 100))
    assert violation is None, f"after {place} steps: {violation}"
    assert world.oracle.archives > 2
    assert world.tally.kills > 2

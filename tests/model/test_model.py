"""A site evolves: nothing that was published is lost, doubled, mixed up or stale.

`python -m tests.model` goes on for as long as you like.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.__main__ import play
from tests.model.machine import machine_of
from tests.model.site import KINDS, Kind
from tests.model.world import steps_of

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
def test_short_histories_of_a_site(kind: Kind) -> None:
    """Many beginnings; hypothesis shortens what breaks one."""
    run_state_machine_as_test(machine_of(kind), settings=_FEW)


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize("kind", KINDS)
def test_a_long_history_of_a_site(kind: Kind) -> None:
    """One that goes on, with archives and all."""
    world, place, violation = play(kind, 1, steps_of(1, 100))
    assert violation is None, f"after {place} steps: {violation}"
    assert world.oracle.archives > 2
    assert world.tally.kills > 2

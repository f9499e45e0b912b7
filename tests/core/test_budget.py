"""A run is limited in time and can be cancelled."""

import time

import pytest

from feedpub.core.budget import RunBudget, current_process_name, is_process_alive
from feedpub.core.errors import RunCancelledError


def test_extended_run_remains_valid() -> None:
    budget = RunBudget(60)
    for _ in range(3):
        budget.extend(time.monotonic() + 0.2)
        time.sleep(0.1)
        budget.check_not_cancelled()
    assert budget.remaining() > 50


def test_expired_run_stays_cancelled() -> None:
    """Another process may have taken over its feed."""
    budget = RunBudget(60)
    budget.extend(time.monotonic() - 0.1)
    budget.extend(time.monotonic() + 60)
    assert budget.cancelled
    assert budget.remaining() == 0
    with pytest.raises(RunCancelledError):
        budget.check_not_cancelled()


def test_run_is_valid_until_it_is_cancelled() -> None:
    budget = RunBudget()
    budget.check_not_cancelled()
    budget.cancel()
    assert budget.cancelled


def test_process_name_includes_its_start_time_and_host() -> None:
    """Process numbers are reused."""
    me = current_process_name()
    assert is_process_alive(me)
    host, pid, started = me.rsplit(" ", 2)
    assert not is_process_alive(f"{host} {pid} {int(started) - 1}")
    assert not is_process_alive(f"elsewhere {pid} {started}")
    assert not is_process_alive(f"{host} {2**22 + 1} {started}")

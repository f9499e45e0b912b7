"""How long a run may go on, and whether it still counts."""

import time

import pytest

from feedpub.core.budget import RunBudget, current_process_name, is_process_alive
from feedpub.core.errors import RunCancelledError


def test_a_run_counts_as_long_as_it_is_kept() -> None:
    """And may be kept for longer, again and again."""
    lease = RunBudget(60)
    for _ in range(3):
        lease.extend(time.monotonic() + 0.2)
        time.sleep(0.1)
        lease.check_not_cancelled()
    assert lease.remaining() > 50


def test_what_ran_out_stays_given_up() -> None:
    """Somebody else may be at work on it by now, whatever is said later."""
    lease = RunBudget(60)
    lease.extend(time.monotonic() - 0.1)
    lease.extend(time.monotonic() + 60)
    assert lease.cancelled
    assert lease.remaining() == 0
    with pytest.raises(RunCancelledError):
        lease.check_not_cancelled()


def test_what_is_never_kept_counts() -> None:
    """Until it is revoked."""
    lease = RunBudget()
    lease.check_not_cancelled()
    lease.cancel()
    assert lease.cancelled


def test_a_process_is_known_by_when_it_started() -> None:
    """Another one that gets its number later, or lives on another machine, is not it."""
    me = current_process_name()
    assert is_process_alive(me)
    host, pid, started = me.rsplit(" ", 2)
    assert not is_process_alive(f"{host} {pid} {int(started) - 1}")
    assert not is_process_alive(f"elsewhere {pid} {started}")
    assert not is_process_alive(f"{host} {2**22 + 1} {started}")

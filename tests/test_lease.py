"""How long a run may go on, and whether it still counts."""

import time

import pytest

from feedpub.errors import AbandonedError
from feedpub.lease import Lease, is_running, this_process


def test_a_run_counts_as_long_as_it_is_kept() -> None:
    """And may be kept for longer, again and again."""
    lease = Lease(60)
    for _ in range(3):
        lease.keep(time.monotonic() + 0.2)
        time.sleep(0.1)
        lease.hold()
    assert lease.left() > 50


def test_what_ran_out_stays_given_up() -> None:
    """Somebody else may be at work on it by now, whatever is said later."""
    lease = Lease(60)
    lease.keep(time.monotonic() - 0.1)
    lease.keep(time.monotonic() + 60)
    assert lease.revoked
    assert lease.left() == 0
    with pytest.raises(AbandonedError):
        lease.hold()


def test_what_is_never_kept_counts() -> None:
    """Until it is revoked."""
    lease = Lease()
    lease.hold()
    lease.revoke()
    assert lease.revoked


def test_a_process_is_known_by_when_it_started() -> None:
    """Another one that gets its number later, or lives on another machine, is not it."""
    me = this_process()
    assert is_running(me)
    host, pid, started = me.rsplit(" ", 2)
    assert not is_running(f"{host} {pid} {int(started) - 1}")
    assert not is_running(f"elsewhere {pid} {started}")
    assert not is_running(f"{host} {2**22 + 1} {started}")

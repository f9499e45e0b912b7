"""Several machines share the rate limit of a host."""

import multiprocessing
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

import pytest

from feedpub.core.errors import RetryLaterError
from feedpub.fetch import Fetcher
from feedpub.fetch.rate_limit import MAX_LEASE_WAIT_SECONDS, RateLimiter
from feedpub.store import Store
from tests.support.clock import FakeClock
from tests.support.site import Site

FORKS = multiprocessing.get_context("spawn")
DELAY = 0.2


@dataclass
class FakeLeases:
    """Leases that another machine holds for some time."""

    taken: list[float]
    given: list[tuple[str, float]] = field(default_factory=list)
    holders: set[str] = field(default_factory=set)

    def acquire(self, name: str, holder: str, seconds: float) -> float:
        assert name == "ask a.example"
        assert seconds > 30
        self.holders.add(holder)
        return self.taken.pop(0) if self.taken else 0.0

    def release(self, name: str, holder: str, seconds: float = 0.0) -> None:
        assert holder in self.holders
        self.given.append((name, seconds))


def test_lease_of_another_machine_is_awaited_and_polled(clock: FakeClock) -> None:
    turns = FakeLeases([5.0, 0.4])
    with RateLimiter(1.0, clock, turns).slot("a.example"):
        assert clock.sleeps == [1.0, 0.4]
        assert turns.given == []
    assert turns.given == [("ask a.example", 1.0)]


def test_longer_delay_applies_to_all_machines(clock: FakeClock) -> None:
    """Subresources have none."""
    turns = FakeLeases([])
    politeness = RateLimiter(1.0, clock, turns)
    with politeness.slot("a.example", 5.0):
        pass
    with politeness.slot("a.example", 5.0, wait_for_delay=False):
        pass
    assert turns.given == [("ask a.example", 5.0), ("ask a.example", 0.0)]


def test_lease_is_released_after_a_failure(clock: FakeClock) -> None:
    turns = FakeLeases([])
    with pytest.raises(ZeroDivisionError), RateLimiter(1.0, clock, turns).slot("a.example"):
        raise ZeroDivisionError
    assert turns.given == [("ask a.example", 1.0)]


def test_host_leased_for_too_long_raises_retry_later(clock: FakeClock) -> None:
    turns = FakeLeases([1.0] * 1000)
    with (
        pytest.raises(
            RetryLaterError, match=r"other machines kept sending requests to a\.example"
        ) as caught,
        RateLimiter(1.0, clock, turns).slot("a.example"),
    ):
        pass
    assert caught.value.retry_after == MAX_LEASE_WAIT_SECONDS
    assert turns.given == []


def test_two_limiters_of_one_process_are_two_holders(clock: FakeClock) -> None:
    """As after a change of settings, or in two containers with one name."""
    turns = FakeLeases([])
    for _ in range(2):
        with RateLimiter(1.0, clock, turns).slot("a.example"):
            pass
    assert len(turns.holders) == 2


def ask(address: str, url: str, times: int) -> None:
    """Send a few requests to a server, in a new process."""
    with (
        Store.open(address) as store,
        Fetcher(delay=DELAY, allow_private=("127.0.0.0/8",), leases=store.leases) as fetcher,
    ):
        for number in range(times):
            fetcher.get(f"{url}?{number}")


def test_two_processes_share_the_rate_limit_of_a_server(address: str, site: Site) -> None:
    visits: list[tuple[float, float]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        began = time.monotonic()
        time.sleep(0.05)
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        visits.append((began, time.monotonic()))
        handler.wfile.write(b"ok")

    site["/slow"] = answer
    machines = [FORKS.Process(target=ask, args=(address, site.url("/slow"), 5)) for _ in range(2)]
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join(60)
    assert [machine.exitcode for machine in machines] == [0, 0]
    assert len(visits) == 10
    assert all(
        begins - ended >= DELAY * 0.95 for (_, ended), (begins, _) in pairwise(sorted(visits))
    )

"""Requests to one host are rate-limited; hosts are independent."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedpub.core.errors import FetchError
from feedpub.fetch.rate_limit import KEEP_HOST_SECONDS, MAX_HOSTS, RateLimiter
from tests.support.clock import FakeClock


def test_first_request_does_not_wait(clock: FakeClock) -> None:
    with RateLimiter(1.0, clock).slot("a.example"):
        assert clock.sleeps == []


def test_delay_starts_at_the_end_of_the_last_request(clock: FakeClock) -> None:
    politeness = RateLimiter(1.0, clock)
    with politeness.slot("a.example"):
        clock.pass_time(20)
    clock.pass_time(0.25)
    with politeness.slot("a.example"):
        assert clock.sleeps == [0.75]


def test_failed_request_counts(clock: FakeClock) -> None:
    politeness = RateLimiter(1.0, clock)
    with pytest.raises(ZeroDivisionError), politeness.slot("a.example"):
        raise ZeroDivisionError
    with politeness.slot("a.example"):
        assert clock.sleeps == [1.0]


def test_longer_of_both_delays_counts(clock: FakeClock) -> None:
    politeness = RateLimiter(1.0, clock)
    for delay in (5.0, 5.0, 0.1):
        with politeness.slot("a.example", delay):
            pass
    assert clock.sleeps == [5.0, 1.0]


def test_hosts_do_not_wait_for_each_other(clock: FakeClock) -> None:
    politeness = RateLimiter(1.0, clock)
    meeting = threading.Barrier(2, timeout=5)

    def visit(server: str) -> None:
        with politeness.slot(server):
            meeting.wait()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(visit, ["a.example", "b.example"]))
    assert clock.sleeps == []


def test_one_thread_at_a_time_requests_from_a_host(clock: FakeClock) -> None:
    politeness = RateLimiter(1.0, clock)
    inside: list[int] = []
    most: list[int] = []

    def visit(number: int) -> None:
        with politeness.slot("a.example"):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(20)))
    assert set(most) == {1}
    assert clock.sleeps == [1.0] * 19


def test_paused_host_raises_retry_later_until_the_pause_ends(clock: FakeClock) -> None:
    politeness = RateLimiter(0.0, clock)
    politeness.pause_host("a.example", 120, 429)
    clock.pass_time(20)
    with (
        pytest.raises(FetchError, match=r"a\.example answered HTTP 429 .* 100 s more") as caught,
        politeness.slot("a.example"),
    ):
        pass
    assert (caught.value.status, caught.value.retry_after) == (429, 100)
    with politeness.slot("b.example"):
        pass
    clock.pass_time(100)
    with politeness.slot("a.example"):
        pass


def test_pause_is_limited_to_a_day(clock: FakeClock) -> None:
    politeness = RateLimiter(0.0, clock)
    politeness.pause_host("a.example", 1e12, 503)
    clock.pass_time(24 * 3600)
    with politeness.slot("a.example"):
        pass


def test_idle_hosts_are_forgotten(clock: FakeClock) -> None:
    politeness = RateLimiter(1.0, clock)
    sizes = []
    for number in range(10 * MAX_HOSTS):
        with politeness.slot(f"{number}.example"):
            clock.pass_time(KEEP_HOST_SECONDS / MAX_HOSTS)
        sizes.append(len(politeness._hosts))
    assert max(sizes) <= 2 * MAX_HOSTS + 2


def test_paused_and_active_hosts_are_not_forgotten(clock: FakeClock) -> None:
    politeness = RateLimiter(1.0, clock)
    politeness.pause_host("closed.example", 24 * 3600, 503)
    waiting = threading.Thread(target=_visit, args=(politeness, "busy.example"))
    with politeness.slot("busy.example"):
        clock.pass_time(2 * KEEP_HOST_SECONDS)
        for number in range(3 * MAX_HOSTS):
            _visit(politeness, f"{number}.example")
        with pytest.raises(FetchError, match="asked to wait"):
            _visit(politeness, "closed.example")
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()


def _visit(politeness: RateLimiter, server: str) -> None:
    with politeness.slot(server):
        pass

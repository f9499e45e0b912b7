"""Manners towards one server, independence of the others."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedpub.core.errors import FetchError
from feedpub.fetch.rate_limit import KEEP_HOST_SECONDS, MAX_HOSTS, RateLimiter
from tests.support.clock import FakeClock


def test_the_first_request_does_not_wait(clock: FakeClock) -> None:
    """Nobody has been disturbed yet."""
    with RateLimiter(1.0, clock).slot("a.example"):
        assert clock.naps == []


def test_the_next_waits_from_the_end_of_the_last(clock: FakeClock) -> None:
    """However long that one took; and only for what is left of the delay."""
    politeness = RateLimiter(1.0, clock)
    with politeness.slot("a.example"):
        clock.pass_time(20)
    clock.pass_time(0.25)
    with politeness.slot("a.example"):
        assert clock.naps == [0.75]


def test_a_failed_request_counts_too(clock: FakeClock) -> None:
    """It disturbed the server all the same."""
    politeness = RateLimiter(1.0, clock)
    with pytest.raises(ZeroDivisionError), politeness.slot("a.example"):
        raise ZeroDivisionError
    with politeness.slot("a.example"):
        assert clock.naps == [1.0]


def test_the_longer_delay_holds(clock: FakeClock) -> None:
    """Ours, or the one that the server wishes for."""
    politeness = RateLimiter(1.0, clock)
    for delay in (5.0, 5.0, 0.1):
        with politeness.slot("a.example", delay):
            pass
    assert clock.naps == [5.0, 1.0]


def test_servers_do_not_wait_for_each_other(clock: FakeClock) -> None:
    """Two turns at two servers meet inside."""
    politeness = RateLimiter(1.0, clock)
    meeting = threading.Barrier(2, timeout=5)

    def visit(server: str) -> None:
        with politeness.slot(server):
            meeting.wait()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(visit, ["a.example", "b.example"]))
    assert clock.naps == []


def test_one_server_is_asked_by_one_thread_at_a_time(clock: FakeClock) -> None:
    """Everybody else waits for their turn, and then for the delay."""
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
    assert clock.naps == [1.0] * 19


def test_a_server_that_wants_to_be_left_alone_is(clock: FakeClock) -> None:
    """Until the time is over, and then it is asked again."""
    politeness = RateLimiter(0.0, clock)
    politeness.pause_host("a.example", 120, 429)
    clock.pass_time(20)
    with (
        pytest.raises(
            FetchError, match=r"a\.example answered HTTP 429 .* for 100 s more"
        ) as caught,
        politeness.slot("a.example"),
    ):
        pass
    assert (caught.value.status, caught.value.retry_after) == (429, 100)
    with politeness.slot("b.example"):
        pass
    clock.pass_time(100)
    with politeness.slot("a.example"):
        pass


def test_nobody_is_left_alone_for_years(clock: FakeClock) -> None:
    """A day is the longest that a Retry-After is taken seriously for."""
    politeness = RateLimiter(0.0, clock)
    politeness.pause_host("a.example", 1e12, 503)
    clock.pass_time(24 * 3600)
    with politeness.slot("a.example"):
        pass


def test_servers_that_matter_no_more_are_forgotten(clock: FakeClock) -> None:
    """A process that has asked a hundred thousand is no larger than one that has asked a thousand at a time."""
    politeness = RateLimiter(1.0, clock)
    sizes = []
    for number in range(10 * MAX_HOSTS):
        with politeness.slot(f"{number}.example"):
            clock.pass_time(KEEP_HOST_SECONDS / MAX_HOSTS)
        sizes.append(len(politeness._hosts))
    assert max(sizes) <= 2 * MAX_HOSTS + 2


def test_what_a_server_wants_is_not_forgotten(clock: FakeClock) -> None:
    """Neither one that wants to be left alone, nor one that is being asked, however many others are."""
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

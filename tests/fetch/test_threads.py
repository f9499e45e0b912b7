"""Deadlines and name lookups need no new thread for each call, and none blocks another."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher
from feedpub.fetch.limits import TimerThread
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.evil import answer_repeatedly, running_raw_server, send_slowly
from tests.support.site import Site

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwhole"


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Return an event that ends the lookups of names that start with "stuck"."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def named(clock: FakeClock, release: threading.Event) -> Iterator[Fetcher]:
    """Return a client that resolves every name to loopback."""

    def resolve(host: str, port: int) -> Sequence[str]:
        del port
        if host.startswith("stuck"):
            release.wait(60)
        return ["127.0.0.1"]

    with Fetcher(allow_private=LOOPBACK, clock=clock, resolver=resolve, deadline=1.0) as fetcher:
        yield fetcher


def test_calls_in_sequence_start_no_threads(
    named: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    starters: list[str] = []
    start = threading.Thread.start

    def record(thread: threading.Thread) -> None:
        starters.append(sys._getframe(1).f_globals["__name__"])
        start(thread)

    with running_raw_server(WHOLE) as server:
        named.get(f"http://a.example:{server.port}/")
        monkeypatch.setattr(threading.Thread, "start", record)
        for number in range(20):
            named.get(f"http://{number}.example:{server.port}/")
    assert not [name for name in starters if name.startswith("feedpub.")]


def test_stuck_lookups_do_not_block_others(named: Fetcher, release: threading.Event) -> None:
    def look_up(number: int) -> None:
        with pytest.raises(FetchError, match=r"was not resolved in time|within 1 s"):
            named.get(f"http://stuck-{number}.example/")

    with running_raw_server(WHOLE) as server, ThreadPoolExecutor(20) as pool:
        stuck = [pool.submit(look_up, number) for number in range(20)]
        for number in range(10):
            began = time.monotonic()
            page = named.get(f"http://{number}.example:{server.port}/")
            assert isinstance(page, Page)
            assert time.monotonic() - began < 0.9
        for call in stuck:
            call.result()
    release.set()
    _wait_until(lambda: _count_threads("fetch-lookup") <= 4)


def test_addresses_are_resolved_in_the_callers_thread(clock: FakeClock, site: Site) -> None:
    threads: set[int] = set()

    def resolve(host: str, port: int) -> Sequence[str]:
        del port
        threads.add(threading.get_ident())
        return [host]

    site["/a"] = "hello"
    with Fetcher(allow_private=LOOPBACK, clock=clock, resolver=resolve) as fetcher:
        fetcher.get(site.url("/a"))
    assert threads == {threading.get_ident()}


def test_short_deadline_ends_before_a_long_one_that_began_earlier(clock: FakeClock) -> None:
    slow = send_slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"a")

    def measure(seconds: float) -> float:
        began = time.monotonic()
        with (
            Fetcher(allow_private=LOOPBACK, clock=clock, deadline=seconds, delay=0) as fetcher,
            running_raw_server(slow) as server,
            pytest.raises(FetchError, match=f"no complete answer within {seconds:.3g} s"),
        ):
            fetcher.get(server.url("/a"))
        return time.monotonic() - began

    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(measure, 2.0)
        time.sleep(0.2)
        short = pool.submit(measure, 0.4)
        assert 0.4 <= short.result() < 1.5
        assert 2.0 <= long.result() < 3.5


def test_timers_run_in_the_order_of_their_times() -> None:
    timers, called = TimerThread(), SimpleQueue[int]()
    functions = [lambda n=n: called.put(n) for n in range(4)]
    for number, seconds in enumerate((0.4, 0.1, 0.2, 0.3)):
        timers.start(functions[number], seconds)
    timers.cancel(functions[3])
    timers.start(functions[2], 0.6)
    assert [called.get(timeout=5) for _ in range(3)] == [1, 0, 2]
    assert called.empty()


def test_fork_has_deadlines_and_lookups(named: Fetcher) -> None:
    slow = send_slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"a")
    with running_raw_server(answer_repeatedly(WHOLE)) as server, running_raw_server(slow) as drip:
        named.get(f"http://a.example:{server.port}/")
        child = os.fork()
        if not child:
            os._exit(_fetch_in_fork(named, server.port, drip.port))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _fetch_in_fork(fetcher: Fetcher, port: int, slow_port: int) -> int:
    """Return 0 if a name is resolved, and a slow response ends at the deadline."""
    try:
        fetcher.get(f"http://b.example:{port}/")
        fetcher.get(f"http://b.example:{slow_port}/")
    except FetchError as error:
        return 0 if "no complete answer within 1 s" in error.reason else 1
    return 2


def _count_threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def _wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)

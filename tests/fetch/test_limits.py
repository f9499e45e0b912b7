"""Large bodies share one budget of bytes.

A fetch waits for its reservation, and no two wait for each other.
"""

import gc
import gzip
import pickle
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedpub.core.errors import FetchError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher
from feedpub.fetch.limits import SMALL_BODY_BYTES, BodyBudget
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.site import Route, Site

MB = 1_000_000


@pytest.fixture
def room() -> BodyBudget:
    return BodyBudget(10 * MB)


@pytest.fixture
def gate(room: BodyBudget, clock: FakeClock) -> Iterator[Fetcher]:
    """Return a client that accepts 8 MB for a body, and 10 MB for all together."""
    with Fetcher(
        allow_private=LOOPBACK, deadline=2.0, clock=clock, body_budget=room, max_bytes=8 * MB
    ) as fetcher:
        yield fetcher


def page(gate: Fetcher, url: str) -> Page:
    found = gate.get(url)
    assert isinstance(found, Page)
    return found


def large(size: int = 5 * MB, coding: str = "identity") -> Route:
    body = b"a" * size
    packed = gzip.compress(body) if coding == "gzip" else body
    return Route(packed, "text/plain", headers={"Content-Encoding": coding}, validators=False)


def in_a_thread(gate: Fetcher, url: str) -> Page | FetchError:
    """Return the result of a fetch in a new thread, which holds no reservation."""
    found: list[Page | FetchError] = []

    def get() -> None:
        try:
            found.append(page(gate, url))
        except FetchError as error:
            found.append(error)

    thread = threading.Thread(target=get)
    thread.start()
    thread.join()
    return found.pop()


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_large_body_is_reserved_while_a_page_holds_it(
    gate: Fetcher, room: BodyBudget, site: Site, coding: str
) -> None:
    site["/large"] = large(coding=coding)
    found = page(gate, site.url("/large"))
    assert room.used == len(found.body) == 5 * MB
    del found
    assert room.used == 0


def test_small_body_needs_no_reservation(gate: Fetcher, room: BodyBudget, site: Site) -> None:
    site["/small"] = large(SMALL_BODY_BYTES)
    found = page(gate, site.url("/small"))
    assert (len(found.body), room.used) == (SMALL_BODY_BYTES, 0)


@pytest.mark.parametrize(
    "route", [large(9 * MB), large(9 * MB, "gzip"), Route(b"\x1f\x8b" * 2 * MB)]
)
def test_failed_body_releases_its_reservation(
    gate: Fetcher, room: BodyBudget, site: Site, route: Route
) -> None:
    site["/bad"] = route
    if route.body.startswith(b"\x1f\x8b\x1f"):
        site["/bad"] = Route(route.body, headers={"Content-Encoding": "gzip"})
    with pytest.raises(FetchError) as caught:
        page(gate, site.url("/bad"))
    assert room.used == 0
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__traceback__ is None  # whose frames would hold what was read


def test_thread_without_a_reservation_waits_until_its_deadline(gate: Fetcher, site: Site) -> None:
    site["/large"] = large(8 * MB)
    first = page(gate, site.url("/large"))
    refused = in_a_thread(gate, site.url("/large"))
    assert isinstance(refused, FetchError)
    assert "other pages use the 10 MB" in refused.reason
    threading.Timer(0.3, lambda held=[first]: held.clear()).start()
    del first
    second = in_a_thread(gate, site.url("/large"))
    assert isinstance(second, Page)


def test_thread_with_a_reservation_does_not_wait(room: BodyBudget) -> None:
    held = room.reserve(6 * MB, 0)
    began = time.monotonic()
    with pytest.raises(FetchError):
        room.reserve(6 * MB, 30)
    assert time.monotonic() - began < 5
    more = room.reserve(4 * MB, 0)
    held.release()
    more.release()
    assert room.used == 0


def test_reservations_are_granted_in_order(room: BodyBudget) -> None:
    order: list[int] = []
    held = room.reserve(10 * MB, 0)

    def take(size: int) -> None:
        place = room.reserve(size * MB, 10)
        order.append(size)
        place.release()

    threads = [threading.Thread(target=take, args=(size,)) for size in (9, 1, 8)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        while len(room._queue) < number:
            time.sleep(0.001)
    held.release()
    for thread in threads:
        thread.join()
    assert order == [9, 1, 8]


def test_body_larger_than_the_budget_is_admitted_alone() -> None:
    room = BodyBudget(MB)
    place = room.reserve(5 * MB, 0)
    assert room.used == MB
    place.release()


def test_reservation_is_not_pickled(gate: Fetcher, room: BodyBudget, site: Site) -> None:
    site["/large"] = large()
    found = page(gate, site.url("/large"))
    copy = pickle.loads(pickle.dumps(found))  # noqa: S301 -- our own
    assert copy == found
    assert copy.place is None
    del found
    gc.collect()
    assert room.used == 0


def test_many_threads_with_large_bodies_all_finish(room: BodyBudget) -> None:
    def work(number: int) -> int:
        for _ in range(20):
            room.reserve((1 + number % 5) * 2 * MB, 30).release()
        return number

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == list(range(8))
    assert room.used == 0
    assert not room._reservations

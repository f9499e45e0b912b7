"""Requests are counted by feed and status."""

import pytest

from feedpub.core.errors import FetchError
from feedpub.fetch import NO_ANSWER, Fetcher
from feedpub.fetch.client import RequestCounter
from tests.support.evil import running_raw_server
from tests.support.site import Route, Site


def test_requests_are_counted_by_feed_and_status(fetcher: Fetcher, site: Site) -> None:
    site["/a"] = "hello"
    site["/moved"] = Route(status=301, headers={"Location": "/a"})
    site["/gone"] = Route(status=410)
    world, local = fetcher.for_run("world"), fetcher.for_run("local")
    world.get(site.url("/moved"))
    local.get(site.url("/a"))
    with pytest.raises(FetchError):
        local.get(site.url("/gone"))
    assert fetcher.statistics == {
        ("world", "301"): 1,
        ("world", "200"): 1,
        ("world", "404"): 1,  # robots.txt, which is asked for once
        ("local", "200"): 1,
        ("local", "410"): 1,
    }
    assert world.statistics == fetcher.statistics


def test_request_without_a_response_is_counted_as_error(fetcher: Fetcher) -> None:
    with (
        running_raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<p>") as evil,
        pytest.raises(FetchError),
    ):
        fetcher.for_run("world").get(evil.url())
    assert fetcher.statistics[("world", NO_ANSWER)] >= 1


def test_unknown_statuses_are_counted_together() -> None:
    tally = RequestCounter()
    for status in range(600, 700):
        tally.count("world", status)
    assert tally.totals == {("world", "6xx"): 100}

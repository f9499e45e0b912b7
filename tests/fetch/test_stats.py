"""How many requests were answered how."""

import pytest

from feedpub.core.errors import FetchError
from feedpub.fetch import NO_ANSWER, Fetcher
from feedpub.fetch.stats import RequestCounter
from tests.support.evil import running_evil
from tests.support.site import Route, Site


def test_requests_count_for_the_feed_they_are_sent_for(fetcher: Fetcher, site: Site) -> None:
    """Each by its status: redirects, errors and robots.txt too."""
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


def test_a_request_without_an_answer_counts(fetcher: Fetcher) -> None:
    """Under a status of its own."""
    with (
        running_evil(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<p>") as evil,
        pytest.raises(FetchError),
    ):
        fetcher.for_run("world").get(evil.url())
    assert fetcher.statistics[("world", NO_ANSWER)] >= 1


def test_what_servers_make_up_is_bounded() -> None:
    """Statuses that HTTP does not know count together."""
    tally = RequestCounter()
    for status in range(600, 700):
        tally.count("world", status)
    assert tally.totals == {("world", "6xx"): 100}

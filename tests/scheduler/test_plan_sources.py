"""The next checks of all sources of a feed."""

from datetime import timedelta
from pathlib import Path

from feedpub.config.sources import source_key
from feedpub.pipeline import run
from feedpub.scheduler.next_check import plan_sources
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, listing, open_context, path, story
from tests.support.site import Site

_DATE = ("2026-11-{n:02d}T08:00:00+01:00", "{n} November")


def _remove_dates(page: str, numbers: list[int]) -> str:
    for n in numbers:
        for date in _DATE:
            page = page.replace(date.format(n=n), "")
    return page


def test_listing_without_dates_is_checked_a_few_times_a_day(site: Site, tmp_path: Path) -> None:
    numbers = list(range(28, 0, -1))
    site["/news"] = _remove_dates(listing(numbers), numbers)
    for n in numbers:
        site[path(n)] = _remove_dates(story(n), [n])
    config = configure(tmp_path, feed("world", f"page {site.url('/news')}", more="recheck = false"))
    clock = FakeClock()
    with open_context(config, clock) as context:
        assert run.run_feed(config.feed[0], context).new == len(numbers)
        plan = plan_sources(config.feed[0], context, clock.now())[
            source_key(config.feed[0].source[0])
        ]
        assert timedelta(hours=2) < plan.time - clock.now() < timedelta(hours=12), plan
        assert plan.why == "no publication dates to estimate a rate from"

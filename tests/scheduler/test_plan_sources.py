"""The next checks of all sources of a feed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from feedpub.config import Config
from feedpub.config.sources import source_key
from feedpub.core.models import Entry, RunResult, RunStatus
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from feedpub.scheduler.next_check import NextCheck, plan_sources
from feedpub.store import RunRecord, ScheduledRun, SourceState, Store
from tests.store.test_schema_repair import foreign_connection
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, listing, open_context, path, story
from tests.support.site import Site
from tests.support.states import state_folder

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
URLS = ("https://example.org/a", "https://example.org/b")
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
        plans = plan_sources(config.feed[0], context, clock.now())
        plan = plans.checks[source_key(config.feed[0].source[0])]
        assert timedelta(hours=2) < plan.time - clock.now() < timedelta(hours=12), plan
        assert plan.why == "no publication dates to estimate a rate from"


class Newsroom:
    """A feed with two sources, whose entries and checks are stored directly.

    Attributes:
        keys: the keys of its sources.
    """

    def __init__(self, config: Config, context: RunContext, clock: FakeClock) -> None:
        self.config, self.context, self.clock = config, context, clock
        self.feed = config.feed[0]
        self.store: Store = context.store
        self.keys = [source_key(source) for source in self.feed.source]

    def publish(self, *ages: timedelta, source: int = 0, backfilled: bool = False) -> list[Entry]:
        """Store new entries that were published some time ago."""
        entries = []
        for age in ages:
            name = f"tag:{source}-{age.total_seconds():.0f}"
            published = self.clock.now() - age
            seen = published + HOUR
            key = self.keys[source]
            entries.append(Entry(name, name, name, seen, published, published, source=key))
        self.change(*entries, backfilled=backfilled)
        return entries

    def wait(self, time: timedelta) -> None:
        self.clock.pass_time(time.total_seconds())

    def change(self, *entries: Entry, backfilled: bool = False) -> None:
        ids = [entry.id for entry in entries] if backfilled else []
        self.store.commit_entries(
            "world",
            entries=entries,
            aliases={entry.id: entry.id for entry in entries},
            item_states=[],
            backfilled=ids,
            now=self.clock.now(),
        )

    def check(self) -> list[NextCheck]:
        """Record a check of each source, plan the next one, store the plans and return them."""
        now = self.clock.now()
        states = [SourceState("world", key, now, now, 3) for key in self.keys]
        result = RunResult("world", RunStatus.UNCHANGED)
        self.store.commit_run(RunRecord(result, now), sources=states)
        plans = plan_sources(self.feed, self.context, now)
        checks = {key: (plan.time, plan.why) for key, plan in plans.checks.items()}
        self.store.schedule.save(ScheduledRun("world", now, "x"), checks, plans.learned)
        return [plans.checks[key] for key in self.keys]

    def whys(self) -> list[str]:
        return [plan.why for plan in self.check()]

    def learn_anew(self) -> list[NextCheck]:
        """Return what a check plans without anything that was learned before."""
        self.execute("DELETE FROM publishing_rhythms")
        return self.check()

    def execute(self, sql: str, **values: str) -> None:
        """Change the state behind the store's back."""
        with foreign_connection(state_folder(self.config.feedpub)) as connection:
            connection.execute(text(sql), values)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    sources = [f"page {url}" for url in URLS]
    config = configure(tmp_path, feed("world", *sources))
    clock = FakeClock()
    with open_context(config, clock) as context:
        yield Newsroom(config, context, clock)


def daily(days: int) -> list[timedelta]:
    return [day * DAY for day in range(1, days + 1)]


def test_check_without_news_reads_no_entry(newsroom: Newsroom) -> None:
    newsroom.publish(*daily(20))
    before = newsroom.check()
    assert before[0].why == "publishes about 1 a day, mostly 12–13 h UTC"
    newsroom.execute("UPDATE entries SET published = 0")
    assert newsroom.check() == before


def test_source_with_a_fixed_interval_has_no_rhythm(newsroom: Newsroom) -> None:
    newsroom.publish(*daily(20))
    newsroom.feed = newsroom.feed.model_copy(update={"every": HOUR})
    assert newsroom.whys() == ["every 1h", "every 1h"]
    assert newsroom.store.rhythms.load([("world", key) for key in newsroom.keys]) == {}


def test_new_entry_changes_the_plan_of_its_source_alone(newsroom: Newsroom) -> None:
    newsroom.publish(*daily(20))
    newsroom.publish(*daily(20), source=1)
    first, second = newsroom.check()
    newsroom.publish(5 * MINUTE, 4 * MINUTE, 3 * MINUTE, 2 * MINUTE)
    newsroom.execute("UPDATE entries SET published = 0 WHERE source = :key", key=newsroom.keys[1])
    changed, unchanged = newsroom.check()
    assert changed.why == "publishes about 8 a week, mostly 12–13 h UTC; 4 in the last 3 h"
    assert changed.time < first.time
    assert unchanged == second


def test_corrected_date_changes_the_plan(newsroom: Newsroom) -> None:
    entries = newsroom.publish(*daily(20))
    newsroom.check()
    newsroom.change(*[replace(e, published=e.published - 400 * DAY) for e in entries])
    changed = newsroom.check()
    assert changed[0].why.startswith("has published nothing for 13 months")
    assert changed == newsroom.learn_anew()


def test_reprocessed_entries_change_the_plan(newsroom: Newsroom) -> None:
    entries = newsroom.publish(*daily(20))
    newsroom.check()
    corrected = [replace(e, published=e.published - 400 * DAY) for e in entries]
    newsroom.store.replace_entries("world", corrected)
    assert newsroom.whys()[0].startswith("has published nothing for 13 months")


def test_entry_of_another_source_changes_both_plans(newsroom: Newsroom) -> None:
    entries = newsroom.publish(*daily(5))
    newsroom.publish(*daily(5), source=1)
    newsroom.check()
    newsroom.change(*[replace(entry, source=newsroom.keys[1]) for entry in entries])
    assert newsroom.whys() == [
        "no publication dates to estimate a rate from",
        "publishes about 2 a day in bursts",
    ]


def test_pruned_entries_change_the_plan(newsroom: Newsroom) -> None:
    newsroom.publish(*daily(20))
    newsroom.check()
    newsroom.wait(30 * DAY)
    newsroom.publish(HOUR)
    newsroom.check()
    newsroom.store.prune(newsroom.clock.now() - DAY, {"world": ()})
    assert newsroom.whys()[0].startswith("too few publication dates")


def test_backfilled_entries_do_not_count(newsroom: Newsroom) -> None:
    newsroom.publish(*daily(20))
    before = newsroom.check()
    newsroom.publish(*[day + HOUR for day in daily(90)], backfilled=True)
    assert newsroom.check() == before == newsroom.learn_anew()


def test_entry_with_a_future_date_counts_from_then_on(newsroom: Newsroom) -> None:
    newsroom.publish(*daily(20), -HOUR)
    newsroom.check()
    newsroom.wait(3 * HOUR)
    assert newsroom.check() == newsroom.learn_anew()
    newsroom.wait(HOUR)
    assert newsroom.check() == newsroom.learn_anew()


def test_damaged_rhythm_is_learned_again(newsroom: Newsroom) -> None:
    newsroom.publish(*daily(20))
    before = newsroom.check()
    newsroom.execute("UPDATE publishing_rhythms SET data = x'00ff'")
    assert newsroom.check() == before
    newsroom.execute("UPDATE entries SET published = 0")
    assert newsroom.check() == before


def test_long_history_is_planned_from_its_newest_entries(newsroom: Newsroom) -> None:
    newsroom.publish(*[hours * HOUR for hours in range(1, 1200)])
    before = newsroom.check()
    assert before[0].why == "publishes about 24 a day"
    for hours in range(1, 20):
        newsroom.wait(HOUR)
        newsroom.publish(MINUTE * (hours % 60))
        assert newsroom.check() == newsroom.learn_anew()

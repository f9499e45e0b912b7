"""A story that two sites publish is one entry of a feed that reads both."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from feedpub.config import Config
from feedpub.core.models import RunResult
from feedpub.pipeline import run
from feedpub.store import Store
from tests.support.agency import AGENCY_TEXT, OTHER_TEXT, page
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, open_context, output_folder
from tests.support.site import Route, Site, running_site
from tests.support.states import state_folder

HOUR = timedelta(hours=1)
DATE = "2026-11-23T08:00:00+00:00"
COURIER_TITLE, HERALD_TITLE = "Ferry runs aground off Ellis", "Passengers wait on stranded ferry"
SHORTER_TEXT = AGENCY_TEXT.rpartition("\n")[0]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def courier(site: Site) -> Site:
    """Return a paper with the agency's text and an article of its own."""
    site["/ferry"] = page(COURIER_TITLE, AGENCY_TEXT, "The Courier", DATE)
    site["/library"] = page("Library opens on Sundays", OTHER_TEXT, "The Courier", DATE)
    site["/rss"] = rss(site, {"/ferry": COURIER_TITLE, "/library": "Library opens on Sundays"})
    return site


@pytest.fixture
def herald() -> Iterator[Site]:
    """Return a paper of another host with the agency's text."""
    with running_site("127.0.0.2") as running:
        running["/wire/7"] = page(HERALD_TITLE, AGENCY_TEXT, "The Herald", DATE)
        running["/rss"] = rss(running, {"/wire/7": HERALD_TITLE})
        yield running


def rss(site: Site, titles: dict[str, str]) -> Route:
    name = "The Herald" if site.host == "127.0.0.2" else "The Courier"
    items = "".join(
        f"<item><title>{title}</title><link>{site.url(path)}</link>"
        f"<guid>{site.url(path)}</guid><pubDate>Mon, 23 Nov 2026 08:00:00 GMT</pubDate></item>"
        for path, title in titles.items()
    )
    body = f'<rss version="2.0"><channel><title>{name}</title><link>/</link>{items}</channel></rss>'
    return Route(body.encode(), "application/rss+xml")


def config_of(folder: Path, *sites: Site, more: str = "") -> Config:
    return configure(folder, feed("f", *(f"feed {site.url('/rss')}" for site in sites), more=more))


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as context:
        return run.run_feed(config.feed[0], context)


def items(config: Config) -> list[dict[str, Any]]:
    document = json.loads((output_folder(config) / "f.json").read_text())
    found: list[dict[str, Any]] = document["items"]
    return found


def ferries(config: Config) -> list[dict[str, Any]]:
    return [item for item in items(config) if "ferry" in item["title"].lower()]


def test_story_of_two_papers_is_one_entry_with_a_link(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = config_of(tmp_path, courier, herald)
    assert build(config, clock).new == 2
    assert len(items(config)) == 2
    (ferry,) = ferries(config)
    address = herald.url("/wire/7")
    line = f'<p><small>Also at <a href="{address}">The Herald</a></small></p>'
    assert ferry["url"] == courier.url("/ferry")
    assert ferry["_feedpub"]["also_at"] == [{"url": address, "site": "The Herald"}]
    assert ferry["content_html"].endswith(line)
    for name in ("f.atom", "f.rss"):
        document = etree.parse(output_folder(config) / name)
        texts = [element.text or "" for element in document.iter()]
        assert sum(text.endswith(line) for text in texts) == 1


def test_next_run_requests_no_article_and_changes_nothing(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = config_of(tmp_path, courier, herald, more="recheck = false")
    build(config, clock)
    before = (output_folder(config) / "f.json").read_bytes()
    courier["/rss"] = rss(
        courier, {"/library": "Library opens on Sundays", "/ferry": COURIER_TITLE}
    )
    for site in (courier, herald):
        site.clear_requests()
    clock.pass_time(HOUR.total_seconds())
    result = build(config, clock)
    assert (result.new, result.updated, result.failed) == (0, 0, 0)
    assert courier.paths() == herald.paths() == ["/rss"]
    assert (output_folder(config) / "f.json").read_bytes() == before


def test_fuller_copy_that_comes_later_keeps_the_id(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock
) -> None:
    courier["/ferry"] = page(COURIER_TITLE, SHORTER_TEXT, "The Courier", DATE)
    listed, herald["/rss"] = herald.routes["/rss"], rss(herald, {})
    config = config_of(tmp_path, courier, herald)
    build(config, clock)
    (before,) = ferries(config)
    herald["/rss"] = listed
    clock.pass_time(HOUR.total_seconds())
    result = build(config, clock)
    (ferry,) = ferries(config)
    assert (result.new, result.updated) == (0, 1)
    assert ferry["id"] == before["id"]
    assert (ferry["url"], ferry["title"]) == (herald.url("/wire/7"), HERALD_TITLE)
    assert "has not signed a contract" in ferry["content_html"]
    assert [link["url"] for link in ferry["_feedpub"]["also_at"]] == [courier.url("/ferry")]


def test_rechecks_follow_the_version_that_is_shown(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock
) -> None:
    herald["/wire/7"] = page(HERALD_TITLE, SHORTER_TEXT, "The Herald", DATE)
    config = config_of(tmp_path, courier, herald)
    build(config, clock)
    courier["/ferry"] = page(
        COURIER_TITLE, AGENCY_TEXT.replace("third accident", "fourth accident"), "Courier", DATE
    )
    herald["/wire/7"] = page(HERALD_TITLE, "Gone with the tide. " * 5, "The Herald", DATE)
    herald.clear_requests()
    clock.pass_time(HOUR.total_seconds())
    result = build(config, clock)
    assert (result.updated, result.failed, result.problems) == (1, 0, ())
    assert "/wire/7" not in herald.paths()
    assert "fourth accident" in ferries(config)[0]["content_html"]


def test_feed_that_repeats_itself_under_new_ids_adds_no_entry(
    courier: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = config_of(tmp_path, courier)
    build(config, clock)
    before = [item["id"] for item in items(config)]
    courier["/2/ferry"], courier["/2/library"] = (
        courier.routes["/ferry"],
        courier.routes["/library"],
    )
    courier["/rss"] = rss(
        courier, {"/2/ferry": COURIER_TITLE, "/2/library": "Library opens on Sundays"}
    )
    clock.pass_time(HOUR.total_seconds())
    assert build(config, clock).new == 0
    assert [item["id"] for item in items(config)] == before


def test_merging_can_be_turned_off(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = config_of(tmp_path, courier, herald, more="merge_similar = false")
    assert build(config, clock).new == 3
    assert [item.get("_feedpub", {}).get("also_at") for item in ferries(config)] == [None, None]


def test_threshold_of_one_merges_only_what_is_contained(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock
) -> None:
    edited = AGENCY_TEXT.replace("passengers", "travellers")
    herald["/wire/7"] = page(HERALD_TITLE, edited, "The Herald", DATE)
    config = config_of(tmp_path, courier, herald, more="similarity_threshold = 1.0")
    assert build(config, clock).new == 3


@pytest.mark.parametrize("kind", ["json", "atom", "rss"])
def test_lost_state_is_restored_with_its_links(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock, kind: str
) -> None:
    config = config_of(tmp_path, courier, herald, more=f'formats = ["{kind}"]')
    build(config, clock)
    document = output_folder(config) / f"f.{kind}"
    before = re.sub(rb"<lastBuildDate>.*", b"", document.read_bytes())
    for path in state_folder(config.feedpub).glob("*"):
        path.unlink()
    for site in (courier, herald):
        site["/rss"] = rss(site, {})
    clock.pass_time(HOUR.total_seconds())
    build(config, clock)
    assert re.sub(rb"<lastBuildDate>.*", b"", document.read_bytes()) == before
    with Store.open(state_folder(config.feedpub)) as store:
        (entry,) = [entry for entry in store.entries("f") if entry.also_at]
    assert entry.also_at[0].url == herald.url("/wire/7")
    assert "Also at" not in entry.text
    assert "Also at" not in entry.html


def test_links_keep_the_page_that_the_entry_was_made_from(
    courier: Site, herald: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """Without its snapshot, an entry cannot be cleaned again with new rules."""
    listed, herald["/rss"] = herald.routes["/rss"], rss(herald, {})
    config = config_of(tmp_path, courier, herald)
    build(config, clock)
    herald["/rss"] = listed
    clock.pass_time(HOUR.total_seconds())
    build(config, clock)
    with Store.open(state_folder(config.feedpub)) as store:
        (entry,) = [entry for entry in store.entries("f") if entry.also_at]
        assert store.snapshots.for_feed("f")[entry.id].item.url == courier.url("/ferry")

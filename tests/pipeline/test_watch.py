"""Pages that change, from a real site to published entries."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.core.errors import PublishError
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline.run import run_feed
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, open_context, output_folder
from tests.support.site import Route, Site

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
BATHING = "Bathing is allowed at both ends of the beach."


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


def page(*lines: str, visitors: int = 1000) -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in lines)
    return (
        '<!doctype html><html lang="en"><head><title>Water quality – Sandhaven</title></head><body>'
        '<header><a href="/">Home</a> <a href="/permits">Permits</a></header>'
        f"<main><h1>Water quality</h1>{paragraphs}<p>Visitors: {visitors}</p></main>"
        f"<footer><p>Page number {visitors}.</p></footer></body></html>"
    )


def watch(tmp_path: Path, site: Site, settings: str = "", more: str = "") -> Config:
    return configure(
        tmp_path,
        '[[feed]]\nname = "water"\ntitle = "Water"\n[[feed.source]]\n'
        f'type = "watch"\nurl = "{site.url("/water")}"\ncontent = "main"\n'
        f'ignore = ["re:^Visitors: [0-9]+$"]\n{settings}\n{more}',
    )


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as context:
        result = run_feed(config.feed[0], context)
    clock.pass_time(3600)
    return result


def entries(config: Config) -> list[dict[str, Any]]:
    document = json.loads((output_folder(config) / "water.json").read_bytes())
    return list(document["items"])


def test_changed_cell_is_shown_with_its_row(tmp_path: Path, site: Site, clock: FakeClock) -> None:
    """The row says which day, place or thing has changed."""
    tuesday = "<tr><td>Tue</td><td>Barley soup, bread</td></tr>"
    menu = f"</p><table>{tuesday}<tr><td>Wed</td><td>Plum, pear</td><td>{{}}</td></tr></table><p>"
    config = watch(tmp_path, site)
    site["/water"] = page(BATHING, menu.format("Cod"))
    build(config, clock)
    site["/water"] = page(BATHING, menu.format("Leek stew"))
    build(config, clock)
    (change,) = entries(config)
    assert (
        change["content_html"].strip()
        == "<p>Wed | Plum, pear | <del>Cod</del> <ins>Leek stew</ins></p>"
    )


def test_each_change_is_an_entry(tmp_path: Path, site: Site, clock: FakeClock) -> None:
    """The first check is the baseline; ignored lines do not count."""
    config = watch(tmp_path, site)
    site["/water"] = page(BATHING)
    assert build(config, clock).problems == ()
    assert entries(config) == []
    site["/water"] = page(BATHING, visitors=1001)
    assert build(config, clock).status == RunStatus.UNCHANGED
    site["/water"] = page(BATHING.replace("both ends", "the north end"))
    assert build(config, clock).new == 1
    site["/water"] = page(BATHING.replace("both ends", "the north end"), "Showers are off.")
    assert build(config, clock).new == 1
    showers, bathing = entries(config)
    assert showers["url"] == bathing["url"] == site.url("/water")
    assert showers["title"] == "Water quality: Showers are off."
    assert showers["content_html"].strip() == "<p><ins>Showers are off.</ins></p>"
    assert bathing["title"] == "Water quality: is allowed at the north end"
    assert bathing["content_html"].strip() == (
        "<p>Bathing is allowed at <del>both ends</del> <ins>the north end</ins> of the beach.</p>"
    )
    assert bathing["date_published"] == (START + timedelta(hours=2)).isoformat()
    before = entries(config)
    assert build(config, clock).status == RunStatus.UNCHANGED
    assert entries(config) == before


def test_change_back_and_forth_is_an_entry_each_time(
    tmp_path: Path, site: Site, clock: FakeClock
) -> None:
    config = watch(tmp_path, site)
    for state in ("open", "closed", "open", "closed"):
        site["/water"] = page(BATHING, f"The pool is {state}.")
        build(config, clock)
    found = entries(config)
    assert [entry["title"] for entry in found] == [
        "Water quality: The pool is closed",
        "Water quality: The pool is open",
        "Water quality: The pool is closed",
    ]
    assert len({entry["id"] for entry in found}) == 3


def test_removed_line_is_named_in_the_title(tmp_path: Path, site: Site, clock: FakeClock) -> None:
    config = watch(tmp_path, site)
    site["/water"] = page(BATHING, "Dogs are welcome.")
    build(config, clock)
    site["/water"] = page(BATHING)
    build(config, clock)
    (entry,) = entries(config)
    assert entry["title"] == "Water quality: Removed: Dogs are welcome."


def test_small_changes_add_up(tmp_path: Path, site: Site, clock: FakeClock) -> None:
    config = watch(tmp_path, site, "min_words = 3")
    site["/water"] = page(BATHING, "One two three four five six seven.")
    build(config, clock)
    site["/water"] = page(BATHING, "Un two three four five six seven.")
    build(config, clock)
    assert entries(config) == []
    site["/water"] = page(BATHING, "Un deux trois four five six seven.")
    build(config, clock)
    (entry,) = entries(config)
    assert (
        "<del>One two three</del> <ins>Un deux trois</ins> four five six seven."
        in entry["content_html"]
    )


def test_date_is_the_modification_if_it_is_new(
    tmp_path: Path, site: Site, clock: FakeClock
) -> None:
    config = watch(tmp_path, site)
    site["/water"] = page(BATHING)
    build(config, clock)
    modified = START + timedelta(minutes=30)
    changed = page(BATHING, "Showers are off.").encode()
    site["/water"] = Route(changed, modified=modified.timestamp())
    build(config, clock)
    (entry,) = entries(config)
    assert entry["date_published"] == modified.isoformat()


def test_interrupted_run_finds_the_change_again(
    tmp_path: Path, site: Site, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is stored before the new text; it is neither lost nor published twice."""
    config = watch(tmp_path, site)
    site["/water"] = page(BATHING)
    build(config, clock)
    site["/water"] = page(BATHING, "Showers are off.")

    def fail(*_args: object, **_kwargs: object) -> None:
        raise PublishError("the disk is full")

    with open_context(config, clock) as context, monkeypatch.context() as patch:
        patch.setattr(type(context.output), "publish", fail)
        assert run_feed(config.feed[0], context).status == RunStatus.FAILED
    clock.pass_time(3600)
    build(config, clock)
    build(config, clock)
    assert [entry["title"] for entry in entries(config)] == ["Water quality: Showers are off."]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("<html><body><p>Sold out</p></body></html>", 'content = "main" matches nothing'),
        (Route(b"<h1>Error</h1>", status=500), "500"),
        ("<html><title>Log in</title><main><form><input type=password></form></main>", ""),
    ],
)
def test_failed_check_is_no_change(
    tmp_path: Path, site: Site, clock: FakeClock, answer: str | Route, reason: str
) -> None:
    """The text of the last good check stays the baseline."""
    config = watch(tmp_path, site)
    site["/water"] = page(BATHING)
    build(config, clock)
    site["/water"] = answer
    (problem,) = build(config, clock).problems
    assert reason in problem.reason
    site["/water"] = page(BATHING, "Showers are off.")
    build(config, clock)
    (entry,) = entries(config)
    assert entry["content_html"].strip() == "<p><ins>Showers are off.</ins></p>"


def test_other_settings_begin_anew(tmp_path: Path, site: Site, clock: FakeClock) -> None:
    """A text that another selector chose is not compared."""
    site["/water"] = page(BATHING)
    build(watch(tmp_path, site), clock)
    config = watch(tmp_path, site, "min_words = 2")
    site["/water"] = page(BATHING, "Showers are off.")
    build(config, clock)
    assert entries(config) == []
    site["/water"] = page(BATHING, "Showers are on.")
    build(config, clock)
    site["/water"] = page(BATHING, "Showers are on again, at last.")
    build(config, clock)
    assert len(entries(config)) == 1


def test_two_feeds_may_watch_one_page(tmp_path: Path, site: Site, clock: FakeClock) -> None:
    other = (
        f'[[feed]]\nname = "other"\ntitle = "Other"\n[[feed.source]]\ntype = "watch"\n'
        f'url = "{site.url("/water")}"\ncontent = "main"\n'
    )
    config = watch(tmp_path, site, more=other)
    for text in ("Showers are on.", "Showers are off."):
        site["/water"] = page(BATHING, text)
        with open_context(config, clock) as context:
            results = [run_feed(feed, context) for feed in config.feed]
        clock.pass_time(3600)
    assert [result.new for result in results] == [1, 1]

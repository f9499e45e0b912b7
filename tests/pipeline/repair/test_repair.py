"""A changed page is detected, alerted with a proposal, repaired and read again."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from feedpub import cli, notify
from feedpub.cli.output import status_lines
from feedpub.config import Config, load_config
from feedpub.core.models import RunResult, RunStatus
from feedpub.notify import alerts
from feedpub.notify.email import format_mail
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.run import run_feed
from feedpub.store import ConfigChange, Proposal, Store
from feedpub.web import status
from tests.cli.test_add import on_a_terminal
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    path,
    story,
    title,
)
from tests.support.overviews import render_status_page
from tests.support.site import Route, Site

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
STORIES = list(range(8, 0, -1))
GONE = Route(b"gone", status=404)
HOME = (
    '<html><body><a href="/newsroom/">Newsroom</a> <a href="/shop">Shop</a><p>Welcome to the '
    "harbour.</p></body></html>"
)
EVENTS = "".join(
    f'<div class="story"><h3><a href="/events/an-evening-of-songs-number-{n}">An evening '
    f"of songs, number {n}</a></h3>"
    f'<time datetime="2026-11-{n:02d}T08:00:00Z">{n} November</time><p>Come to the pier at '
    f"eight.</p></div>"
    for n in range(1, 15)
)


def rename_classes(html: str) -> str:
    """Return the page with other class names and headings, and a second list of the same shape."""
    html = (
        html.replace('class="card"', 'class="story"')
        .replace("<h2>", "<h3>")
        .replace("</h2>", "</h3>")
    )
    return html.replace("<main>", '<main><section id="reports">').replace(
        "</main>", f'</section><section id="programme">{EVENTS}</section></main>'
    )


def rebuilt(html: str) -> str:
    """Return the page with another structure."""
    return (
        rename_classes(html)
        .replace('<section id="reports">', '<ul id="all">')
        .replace("</section>", "</ul>", 1)
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def file(site: Site, tmp_path: Path) -> Path:
    """Return a config whose source has a selector, with a webhook for alerts."""
    open_newsroom(site, STORIES)
    site["/"] = HOME
    site["/hook"] = b"ok"
    settings = f'[alerts]\nwebhook = "{site.url("/hook")}"'
    block = feed("world", f"page {site.url('/news')}").replace(
        "url =", 'links = ".card h2 a"  # headlines\nurl ='
    )
    configure(tmp_path, block, settings=settings)
    return tmp_path / "config" / "feedpub.toml"


@pytest.fixture
def context(file: Path, clock: FakeClock) -> Iterator[RunContext]:
    with open_context(load_config(file), clock) as opened:
        yield opened


Build = Callable[[], RunResult]


@pytest.fixture
def build(file: Path, context: RunContext, clock: FakeClock) -> Build:
    """Build as the command does, an hour later, with the current config."""

    def run() -> RunResult:
        clock.pass_time(3600)
        config = load_config(file)
        outcome = run_feed(config.feed[0], context)
        alerts.record_incidents(
            config.feed[0], outcome, config.alerts, context.store, context.clock()
        )
        alerts.close_removed_feeds(config, context.store, context.clock())
        notify.deliver_due(config, context.store, context.clock)
        return outcome

    return run


def sent_webhooks(site: Site) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in site.requests if request.path == "/hook"]


def entries(context: RunContext) -> list[dict[str, Any]]:
    document = json.loads((context.settings.anchor / "world.json").read_text("utf-8"))
    items: list[dict[str, Any]] = document["items"]
    return items


def repair(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ["-c", str(file), "repair", *arguments])


def collect_status(file: Path, context: RunContext, clock: FakeClock) -> status.ServiceStatus:
    return status.collect_status(load_config(file), context.store, clock.now())


def test_three_redesigns_are_repaired_by_command(
    site: Site, file: Path, context: RunContext, build: Build
) -> None:
    """Class names, structure, then address.

    The last good feed stays, and no entry is duplicated.
    """
    assert build().status == RunStatus.UPDATED
    ids = {entry["id"] for entry in entries(context)}
    steps = (
        ("/news", rename_classes(listing(STORIES)), '+links = "#reports h3 a"'),
        ("/news", rebuilt(listing(STORIES)), '+links = "#all h3 a"'),
        ("/newsroom/", listing(STORIES), f'+url = "{site.url("/newsroom/")}"'),
    )
    for place, html, line in steps:
        site["/news"] = GONE
        site[place] = html
        assert [build().status, build().status] == [RunStatus.FAILED, RunStatus.FAILED]
        assert {entry["id"] for entry in entries(context)} == ids
        alert = [each for each in sent_webhooks(site) if each["event"] == "broken"][-1]
        assert line in alert["proposal"]["patch"]
        assert "lists 8 of the 8 known articles" in alert["proposal"]["evidence"]
        done = repair(file, "world", "--yes")
        assert (done.exit_code, line in done.stdout) == (0, True), done.output
        assert build().ok
        assert {entry["id"] for entry in entries(context)} == ids
        assert len(entries(context)) == len(ids)
        assert context.store.proposals.for_feed("world") == {}
    assert "[[feed.source]]" in file.read_text("utf-8")


@pytest.mark.parametrize("also_moved", [False, True], ids=["same listing", "moved listing"])
def test_articles_with_new_addresses_keep_their_ids(
    site: Site, file: Path, context: RunContext, build: Build, *, also_moved: bool
) -> None:
    build()
    ids = {entry["id"] for entry in entries(context)}
    for n in STORIES:
        site[path(n)] = GONE
        site[path(n).replace("/news/", "/2026/")] = story(n)
    page = rename_classes(listing(STORIES)).replace('href="/news/', 'href="/2026/')
    site["/news"] = GONE
    site["/newsroom/" if also_moved else "/news"] = page
    build()
    build()
    assert (
        "by their titles: their addresses are new"
        in sent_webhooks(site)[-1]["proposal"]["evidence"]
    )
    assert repair(file, "--yes").exit_code == 0
    assert build().ok
    assert {entry["id"] for entry in entries(context)} == ids


def test_wrong_list_by_page_structure_is_rejected_and_repaired(
    site: Site, file: Path, build: Build
) -> None:
    file.write_text(
        file.read_text("utf-8").replace('links = ".card h2 a"  # headlines\n', ""), "utf-8"
    )
    build()
    links = "".join(f'<li><a href="{path(n)}">{title(n)}</a></li>' for n in STORIES)
    site["/news"] = (
        f'<html><body><main>{EVENTS}</main><div class="popular"><ul id="all">{links}</ul>'
        f"</div></body></html>"
    )
    assert [build().status, build().status] == [RunStatus.FAILED, RunStatus.FAILED]
    (alert,) = sent_webhooks(site)
    assert alert["reason"].startswith("none of 14 addresses was seen before")
    assert alert["proposal"]["patch"] == ['+links = "#all a"']
    assert repair(file, "--yes").exit_code == 0
    assert build().status == RunStatus.UNCHANGED


def test_proposal_is_in_alert_mail_status_command_and_status_page(
    site: Site, file: Path, context: RunContext, build: Build, clock: FakeClock
) -> None:
    build()
    site["/news"] = rename_classes(listing(STORIES))
    build()
    assert context.store.proposals.for_feed("world") == {}  # one failure says nothing
    build()
    evidence = 'links = "#reports h3 a" lists 8 of the 8 known articles'
    patch = ['-links = ".card h2 a"', '+links = "#reports h3 a"']
    line = f"{'; '.join(patch)} ({evidence}); to apply it: feedpub repair world"
    (alert,) = sent_webhooks(site)
    assert alert["proposal"] == {
        "evidence": evidence,
        "patch": patch,
        "apply": "feedpub repair world",
    }
    assert alert["evidence"]["Proposal"] == line
    config = load_config(file)
    email = Config.model_validate(
        {"alerts": {"email": EMAIL}}, context={"folder": file.parent}
    ).alerts.email
    assert email is not None
    assert f"Proposal: {line}" in format_mail(email, json.dumps(alert).encode()).get_content()
    assert f"world: proposed: {line}" in list(status_lines(collect_status(file, context, clock)))
    page = render_status_page(collect_status(file, context, clock))
    assert '<code class="new">+links = &#34;#reports h3 a&#34;</code>' in page
    assert config.feed[0].source[0].model_dump()["links"] == ".card h2 a"


EMAIL = {"server": "mail.example.org", "sender": "feedpub@example.org", "to": ["me@example.org"]}


def test_proposal_is_dropped_if_the_source_was_changed(
    site: Site, file: Path, context: RunContext, build: Build, clock: FakeClock
) -> None:
    build()
    site["/news"] = rename_classes(listing(STORIES))
    build()
    build()
    file.write_text(file.read_text("utf-8").replace(".card h2 a", ".piece h2 a"), "utf-8")
    assert collect_status(file, context, clock).feeds[0].sources[0].proposal is None


def test_site_is_searched_at_the_2nd_4th_and_8th_failure(site: Site, build: Build) -> None:
    build()
    site["/news"] = GONE
    site["/"] = HOME
    searched = []
    for _ in range(8):
        site.clear_requests()
        build()
        searched.append(site.paths().count("/"))
        assert len([each for each in site.paths() if each != "/hook"]) <= 8
    assert searched == [0, 1, 0, 1, 0, 0, 0, 1]


# --- the command ---


@pytest.fixture
def broken(site: Site, file: Path, build: Build) -> Path:
    """Return a config of a feed whose page has another layout."""
    build()
    site["/news"] = rename_classes(listing(STORIES))
    build()
    return file


def test_repair_writes_nothing_without_a_terminal_or_with_dry_run(broken: Path) -> None:
    before = broken.read_bytes()
    done = repair(broken, "world")
    assert done.exit_code == 1
    assert "not everything was written; --yes writes without asking" in done.stderr
    dry = repair(broken, "world", "--dry-run")
    assert dry.exit_code == 0
    assert f"--- {broken}\n+++ {broken}\n" in dry.stdout
    assert (
        '-links = ".card h2 a"  # headlines\n+links = "#reports h3 a"  # headlines\n' in dry.stdout
    )
    assert "    known  Council decides on matter 8 of the harbour\n" in dry.stdout
    assert broken.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 1)])
def test_repair_asks_on_a_terminal(broken: Path, answer: str, status: int) -> None:
    before = broken.read_bytes()
    code, shown = on_a_terminal(
        broken.parents[1], "repair", "world", answers=[answer], prompt=b"[Y/n]: "
    )
    assert (code, shown.count(f"Write this to {broken}?")) == (status, 1)
    assert '\x1b[32m+links = "#reports h3 a"  # headlines' in shown
    assert (broken.read_bytes() != before) is (answer == "y")


def test_repair_json_output_is_one_document(broken: Path) -> None:
    (source,) = json.loads(repair(broken, "--json").stdout)["sources"]
    assert (source["feed"], source["written"], len(source["articles"])) == ("world", False, 8)
    assert source["proposal"]["patch"][1] == '+links = "#reports h3 a"'
    done = repair(broken, "--json", "--yes")
    assert (done.exit_code, json.loads(done.stdout)["sources"][0]["written"]) == (0, True)
    assert 'links = "#reports h3 a"  # headlines' in broken.read_text("utf-8")


def test_repair_reports_healthy_sources(file: Path, build: Build) -> None:
    build()
    assert repair(file).stdout == "nothing to repair: no source fails (--all checks every source)\n"
    done = repair(file, "--all")
    assert (done.exit_code, "the source works: 8 articles" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (GONE, "neither the page nor its site has a list of the 8 known articles"),
        (Route(b"oops", status=503), "the failure may be temporary"),
    ],
)
def test_repair_explains_why_there_is_no_proposal(
    site: Site, file: Path, build: Build, answer: Route, reason: str
) -> None:
    build()
    site["/news"] = answer
    build()
    done = repair(file, "world", "--yes")
    assert done.exit_code == 1
    assert all(
        text in done.stdout
        for text in (f"HTTP {answer.status}", reason, "to repair it by hand, set `links`")
    )


def test_source_that_was_never_read_cannot_be_repaired(
    site: Site, file: Path, build: Build
) -> None:
    site["/news"] = rename_classes(listing(STORIES))
    build()
    assert "it was never read" in repair(file).stdout


# --- the state ---


def test_proposals_are_stored_until_the_source_is_healthy(tmp_path: Path) -> None:
    change = ConfigChange("links", ".a", None)
    first = Proposal("world", "s", "d", NOW, (change,), "lists 3")
    with Store.open(tmp_path) as store:
        store.proposals.save("world", [first, Proposal("world", "t", "d", NOW, (), "")], ())
        second = Proposal(
            "world", "s", "e", NOW, (change, ConfigChange("url", "a", "b")), "lists 4"
        )
        store.proposals.save("world", [second], {"t"})
        store.proposals.save("other", [], {"s"})
        assert store.proposals.for_feed("world") == {"s": second}
        assert store.proposals.load() == {("world", "s"): second}
        store.prune(NOW.replace(year=2027), {})
        assert store.proposals.for_feed("world") == {}

"""Entries are rebuilt from their snapshots: what changes, what stays, and what is held back."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from feedpub import cli as command
from feedpub.cli.reclean import diff_lines, drop_texts, plan_as_json, problem_lines
from feedpub.config import Config
from feedpub.core.errors import ExtractError
from feedpub.core.models import Entry, Item
from feedpub.pipeline import reprocess
from feedpub.pipeline.reprocess import ReprocessPlan, ReprocessVerdict
from feedpub.pipeline.run import finish_build, run_feed
from feedpub.store import PageSnapshot, Store, pack_body, unpack_body
from tests.support.clock import FakeClock
from tests.support.newsroom import (
    PARAGRAPHS,
    configure,
    feed,
    open_context,
    open_newsroom,
    path,
    rss,
    story,
    title,
)
from tests.support.site import Route, Site
from tests.support.states import state_folder

NOW = FakeClock().now()
NOTES = {
    3: (
        "The ferry company adds that its boat trips leave at noon all through the winter, also "
        "on Sundays."
    ),
    1: (
        "A club of divers offers boat trips to the wreck off the point, as it has done for "
        "eleven years."
    ),
}
RULE = '[feed.rules]\nremove = [".side-note"]\n'
FIRST = (
    '[feed.rules]\ncontent = "article p:nth-of-type(2)"\n'  # the first paragraph after the byline
)
NOTHING = '[feed.rules]\nremove = ["body *"]\n'


def story_with_note(n: int) -> str:
    """Return the page of a story with a paragraph that does not belong to it."""
    return story(n, extra=f'<p class="side-note">{NOTES[n]}</p>')


class Workspace:
    """A feed that is built, and reprocessed after a change of its config, as by new processes."""

    def __init__(self, folder: Path, *sources: str, settings: str = "") -> None:
        self.folder, self.sources, self.settings = folder, sources, settings
        self.clock = FakeClock()
        self.config = self.rule("")

    def rule(self, rules: str, more: str = "") -> Config:
        """Write the config, with rules after the feed's own keys."""
        text = feed("f", *self.sources, more=more) + rules
        self.config = configure(self.folder, text, settings=self.settings)
        return self.config

    def build(self) -> None:
        with open_context(self.config, self.clock) as context:
            assert run_feed(self.config.feed[0], context).ok
            finish_build(self.config, context)

    def plan(self, *, force: bool = False) -> ReprocessPlan:
        with open_context(self.config, self.clock) as context:
            return reprocess.plan_reprocess(self.config.feed[0], context, force=force)

    def carry_out(self, planned: ReprocessPlan) -> ReprocessPlan:
        with open_context(self.config, self.clock) as context:
            return reprocess.apply_plan(self.config.feed[0], planned, context)

    def entries(self) -> dict[str, Entry]:
        with Store.open(state_folder(self.config.feedpub)) as store:
            return {entry.title: entry for entry in store.entries("f")}

    def snapshots(self) -> dict[str, PageSnapshot]:
        with Store.open(state_folder(self.config.feedpub)) as store:
            return store.snapshots.for_feed("f")

    def files(self) -> dict[str, bytes]:
        output = self.config.feedpub.anchor
        return {file.name: file.read_bytes() for file in output.rglob("*") if file.is_file()}


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, [3, 1])
    site[path(3)] = story_with_note(3)
    return site


@pytest.fixture
def workspace(newsroom: Site, tmp_path: Path) -> Workspace:
    """Return a feed with two articles, one of them with an unwanted paragraph, just built."""
    workspace = Workspace(tmp_path, f"page {newsroom.url('/news')}")
    workspace.build()
    newsroom.clear_requests()
    return workspace


def verdicts(plan: ReprocessPlan) -> dict[str, str]:
    return {entry.before.title: entry.status.value for entry in plan.entries}


# --- what changes
# ------------------------------------------------------------------------------------------------


def test_new_rule_applies_to_stored_entries_without_requests(
    workspace: Workspace, newsroom: Site
) -> None:
    assert b"boat trips" in workspace.files()["f.rss"]
    workspace.rule(RULE)
    done = workspace.carry_out(workspace.plan())
    assert verdicts(done) == {title(3): "changed", title(1): "same"}
    assert {"f.rss", "f.atom", "f.json"} <= set(done.written)
    assert all(b"boat trips" not in body for body in workspace.files().values())
    assert newsroom.requests == []


def test_reprocessing_keeps_ids_and_dates(workspace: Workspace) -> None:
    before = workspace.entries()
    workspace.clock.pass_time(timedelta(days=3).total_seconds())
    workspace.rule(RULE)
    workspace.carry_out(workspace.plan())
    after = workspace.entries()
    assert after != before
    for name, entry in after.items():
        old = before[name]
        assert "boat trips" not in entry.text
        assert replace(entry, html=old.html, text=old.text, summary=old.summary) == old


def test_plan_changes_neither_state_nor_files(workspace: Workspace) -> None:
    entries, files = workspace.entries(), workspace.files()
    workspace.rule(RULE)
    plan = workspace.plan()
    (changed,) = plan.with_status(ReprocessVerdict.CHANGED)
    assert changed.after
    assert ("boat trips" in changed.before.text, "boat trips" in changed.after.text) == (
        True,
        False,
    )
    assert (workspace.entries(), workspace.files()) == (entries, files)


def test_reprocessing_with_the_same_rules_changes_no_byte(workspace: Workspace) -> None:
    files = workspace.files()
    assert workspace.carry_out(workspace.plan()).written == ()
    assert workspace.files() == files
    workspace.rule(RULE)
    workspace.carry_out(workspace.plan())
    assert set(verdicts(workspace.carry_out(workspace.plan())).values()) == {"same"}


def test_build_after_reprocessing_changes_nothing(workspace: Workspace) -> None:
    workspace.rule(RULE)
    workspace.carry_out(workspace.plan())
    entries, files = workspace.entries(), workspace.files()
    workspace.build()
    assert (workspace.entries(), workspace.files()) == (entries, files)


def test_interrupted_reprocessing_is_completed_by_the_next(workspace: Workspace) -> None:
    workspace.rule(RULE)
    with Store.open(state_folder(workspace.config.feedpub)) as store:
        store.replace_entries(
            "f",
            [
                each.after
                for each in workspace.plan().with_status(ReprocessVerdict.CHANGED)
                if each.after
            ],
        )
    assert "f.rss" in workspace.carry_out(workspace.plan()).written


# --- what stays
# ------------------------------------------------------------------------------------------------


def test_unreadable_snapshot_keeps_its_entry(workspace: Workspace) -> None:
    entries, files = workspace.entries(), workspace.files()
    workspace.rule(NOTHING)
    done = workspace.carry_out(workspace.plan(force=True))
    assert set(verdicts(done).values()) == {"failed"}
    assert "no text in the page" in done.entries[0].reason
    assert not done.ok
    assert (workspace.entries(), workspace.files()) == (entries, files)


def test_entry_that_lost_most_of_its_text_is_held_back_without_force(workspace: Workspace) -> None:
    entries = workspace.entries()
    workspace.rule(FIRST)
    held = workspace.carry_out(workspace.plan())
    assert set(verdicts(held).values()) == {"held back"}
    assert held.entries[0].reason.startswith("far shorter than it was, ")
    assert workspace.entries() == entries
    done = workspace.carry_out(workspace.plan(force=True))
    assert (set(verdicts(done).values()), done.ok) == ({"changed"}, True)
    assert workspace.entries()[title(1)].text == PARAGRAPHS[0].format(n=1)


def test_entry_that_lost_its_title_is_held_back(newsroom: Site, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, f"sitemap {newsroom.url('/sitemap.xml')}")
    workspace.build()
    (id_,) = [id_ for id_, page in workspace.snapshots().items() if path(1) in page.final_url]
    body = re.sub("<title>.*?</title>|<h1>.*?</h1>", "", story(1)).encode()
    with Store.open(state_folder(workspace.config.feedpub)) as store:
        untitled = replace(store.snapshots.for_feed("f")[id_], body=pack_body(body))
        store.commit_entries(
            "f", aliases={}, item_states=(), snapshots={id_: untitled}, now=workspace.clock.now()
        )
    (held,) = workspace.plan().with_status(ReprocessVerdict.HELD)
    assert (held.before.title, held.reason) == (title(1), "it lost its title")


def test_entry_changed_by_a_run_after_the_plan_stays(workspace: Workspace) -> None:
    workspace.rule(RULE)
    plan = workspace.plan()
    newer = replace(workspace.entries()[title(3)], text="Corrected.")
    with Store.open(state_folder(workspace.config.feedpub)) as store:
        store.replace_entries("f", [newer])
    done = workspace.carry_out(plan)
    assert verdicts(done) == {title(3): "failed", title(1): "same"}
    assert "in the meantime" in done.entries[0].reason
    assert workspace.entries()[title(3)] == newer


def test_archived_entries_are_not_reprocessed(newsroom: Site, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, f"page {newsroom.url('/news')}")
    workspace.build()
    workspace.rule("", more="limit = 1")
    workspace.build()
    assert [page.item.url for page in workspace.snapshots().values()] == [newsroom.url(path(3))]
    before = workspace.entries()
    archives = {name: body for name, body in workspace.files().items() if "archive" in name}
    workspace.rule(RULE, more="limit = 1")
    assert verdicts(workspace.carry_out(workspace.plan())) == {title(3): "changed"}
    assert {name: body for name, body in workspace.files().items() if "archive" in name} == archives
    assert [workspace.entries()[title(n)] == before[title(n)] for n in (3, 1)] == [False, True]


# --- what entries are made of
# ---------------------------------------------------------------------------------------


def test_reprocessed_entry_keeps_the_data_of_its_feed(newsroom: Site, tmp_path: Path) -> None:
    newsroom["/rss"] = rss(
        newsroom, [3], "The council decided at last on its oldest matter, and the town is glad."
    )
    workspace = Workspace(tmp_path, f"feed {newsroom.url('/rss')}")
    workspace.build()
    workspace.rule(RULE)
    done = workspace.carry_out(workspace.plan())
    assert verdicts(done) == {title(3): "changed"}
    assert workspace.entries()[title(3)].summary.startswith("The council decided at last")


CONTENT = "".join(f"<p>{paragraph.format(n=7)}</p>" for paragraph in PARAGRAPHS)
STORY = f"<title>{title(7)}</title><link>https://example.org/7</link>"


def own_content(site: Site, html: str = CONTENT, *, link: str = "https://example.org/7") -> None:
    item = (
        f"<item><title>{title(7)}</title><link>{link}</link><description><![CDATA[{html}]]>"
        f"</description></item>"
    )
    head = f"<title>Harbour Times</title><link>{site.url()}</link><description>News</description>"
    body = f'<rss version="2.0"><channel>{head}{item}</channel></rss>'
    site["/full"] = Route(body.encode(), "application/rss+xml")


def test_feed_content_is_reprocessed(site: Site, tmp_path: Path) -> None:
    own_content(site)
    workspace = Workspace(tmp_path, f'feed {site.url("/full")}"\nfetch = false\n#')
    workspace.build()
    assert [page.form for page in workspace.snapshots().values()] == ["feed"]
    assert verdicts(workspace.plan()) == {title(7): "same"}
    worse = replace(
        workspace.entries()[title(7)],
        text="As an older version read it.",
        html="<p>As an older version…</p>",
    )
    with Store.open(state_folder(workspace.config.feedpub)) as store:
        store.replace_entries("f", [worse])
    workspace.carry_out(workspace.plan())
    assert workspace.entries()[title(7)].text == "\n".join(
        paragraph.format(n=7) for paragraph in PARAGRAPHS
    )


def test_reprocessed_teaser_stays_incomplete(site: Site, tmp_path: Path) -> None:
    own_content(site, link=site.url("/gone"))
    workspace = Workspace(tmp_path, f"feed {site.url('/full')}")
    workspace.build()
    (entry,) = workspace.entries().values()
    assert not entry.complete
    assert verdicts(workspace.plan()) == {title(7): "same"}


@pytest.fixture
def saved_article(tmp_path: Path) -> Workspace:
    """Return a feed of one saved article, just built."""
    file = tmp_path / "articles" / "sub" / "pier.html"
    file.parent.mkdir(parents=True)
    file.write_text(story_with_note(1), "utf-8")
    workspace = Workspace(tmp_path, f"folder {tmp_path / 'articles'}")
    workspace.build()
    return workspace


def test_saved_article_is_reprocessed_from_its_file(saved_article: Workspace) -> None:
    (before,) = saved_article.entries().values()
    saved_article.rule(RULE)
    assert verdicts(saved_article.carry_out(saved_article.plan())) == {title(1): "changed"}
    (after,) = saved_article.entries().values()
    assert (after.id, after.slug, "boat trips" in after.text) == (before.id, before.slug, False)
    assert before.slug
    (page,) = saved_article.snapshots().values()
    assert (page.form, page.body) == ("file", b"")


def test_changed_saved_article_is_left_to_the_build(saved_article: Workspace) -> None:
    """Only a build moves `updated`."""
    file = saved_article.folder / "articles" / "sub" / "pier.html"
    file.write_text(story(1), "utf-8")
    saved_article.rule(RULE)
    assert "run `feedpub build` to read it" in saved_article.plan().entries[0].reason
    saved_article.sources = (f"folder {saved_article.folder / 'config'}",)
    saved_article.rule(RULE)
    assert "no longer a source of the feed" in saved_article.plan().entries[0].reason


def test_corrupt_snapshot_fails_only_its_entry(workspace: Workspace) -> None:
    (first, *_) = workspace.snapshots()
    with Store.open(state_folder(workspace.config.feedpub)) as store:
        broken = replace(store.snapshots.for_feed("f")[first], body=b"?")
        store.commit_entries(
            "f", aliases={}, item_states=(), snapshots={first: broken}, now=workspace.clock.now()
        )
    assert sorted(verdicts(workspace.plan()).values()) == ["failed", "same"]


# --- how long
# ------------------------------------------------------------------------------------------------


def test_snapshots_are_pruned_after_keep_pages(newsroom: Site, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, f"page {newsroom.url('/news')}", settings='keep_pages = "2d"')
    workspace.build()
    workspace.clock.pass_time(timedelta(days=2).total_seconds())
    workspace.build()
    assert len(workspace.snapshots()) == 2
    workspace.clock.pass_time(1)
    workspace.build()
    assert workspace.snapshots() == {}
    plan = workspace.plan()
    assert (plan.entries, plan.without_snapshot, plan.ok) == ((), 2, True)
    assert workspace.carry_out(plan) is plan


def test_no_snapshot_is_stored_if_keep_pages_is_off(newsroom: Site, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, f"page {newsroom.url('/news')}", settings='keep_pages = "0s"')
    workspace.build()
    assert workspace.snapshots() == {}


def test_snapshots_are_deleted_after_keep_pages_is_turned_off(workspace: Workspace) -> None:
    assert workspace.snapshots()
    workspace.settings = 'keep_pages = "0s"'
    workspace.rule("")
    workspace.clock.pass_time(1)
    workspace.build()
    assert workspace.snapshots() == {}


def test_corrected_entry_has_the_snapshot_of_the_correction(
    workspace: Workspace, newsroom: Site
) -> None:
    newsroom[path(3)] = story(3).replace("a new pier", "no new pier at all")
    workspace.clock = FakeClock(workspace.clock.now() + timedelta(days=3))
    with Store.open(state_folder(workspace.config.feedpub)) as store:
        (key,) = [
            page.key
            for page in workspace.snapshots().values()
            if page.item.url == newsroom.url(path(3))
        ]
        seen = store.item_states("f", [key])[key]
        failed = replace(seen, state="failed")
        store.commit_entries("f", aliases={}, item_states=[failed], now=workspace.clock.now())
    workspace.build()
    assert "no new pier at all" in workspace.entries()[title(3)].text
    assert set(verdicts(workspace.plan()).values()) == {"same"}


def test_corrupt_body_raises_an_error_with_its_address() -> None:
    page = PageSnapshot(
        Item("https://example.org/a"),
        "k",
        "page",
        FakeClock().now(),
        final_url="https://example.org/a",
        body=b"?",
    )
    with pytest.raises(
        ExtractError, match=r"https://example\.org/a: the stored copy of the page is corrupt"
    ):
        unpack_body(page)


# --- the command
# ------------------------------------------------------------------------------------------------


def run(workspace: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(
        command.cli, ["-c", str(workspace.folder / "config" / "feedpub.toml"), *arguments]
    )


def test_diff_shows_each_changed_entry_without_writing(workspace: Workspace) -> None:
    entries, files = workspace.entries(), workspace.files()
    workspace.rule(RULE)
    state = {
        file.name: file.read_bytes()
        for file in state_folder(workspace.config.feedpub).glob("*.sqlite")
    }
    result = run(workspace, "reclean", "--diff")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[:2] == [f"f: {title(3)}", workspace.entries()[title(3)].url]
    assert f"-{NOTES[3]}" in lines
    assert not [line for line in lines if title(1) in line]
    assert "\x1b" not in result.stdout
    assert lines[-3].split() == [
        "feed",
        "pages",
        "kept",
        "changed",
        "same",
        "failed",
        "held",
        "back",
        "not",
        "kept",
    ]
    assert lines[-2].split() == ["f", "2", "1", "1", "0", "0", "0"]
    assert lines[-1] == "nothing was written"
    assert (workspace.entries(), workspace.files()) == (entries, files)
    assert {
        file.name: file.read_bytes()
        for file in state_folder(workspace.config.feedpub).glob("*.sqlite")
    } == state


def test_reclean_command_changes_entries_and_writes_the_feed(workspace: Workspace) -> None:
    workspace.rule(RULE)
    result = run(workspace, "reclean", "f")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].startswith("3 files written to ")
    assert b"boat trips" not in workspace.files()["f.rss"]


def test_held_back_entry_is_reported_with_exit_status_1(workspace: Workspace) -> None:
    workspace.rule(FIRST)
    shown = run(workspace, "reclean", "--diff")
    assert shown.exit_code == 1
    assert f"f: {title(3)} (held back: far shorter than it was, " in shown.stdout
    assert (
        f"f: held back: {workspace.entries()[title(3)].url}: far shorter than it was, "
        in shown.stdout
    )


def test_json_output_is_one_document(workspace: Workspace) -> None:
    workspace.rule(RULE)
    report = json.loads(run(workspace, "reclean", "--diff", "--json").stdout)
    (of_feed,) = report["feeds"]
    (entry,) = of_feed.pop("entries")
    counts = {"pages_kept": 2, "changed": 1, "same": 1, "failed": 0, "held_back": 0, "not_kept": 0}
    assert (report["ok"], of_feed) == (True, {"feed": "f", "ok": True, "written": []} | counts)
    assert (entry["id"], entry["verdict"]) == (workspace.entries()[title(3)].id, "changed")
    assert f"-{NOTES[3]}" in entry["text"]


def read_terminal(terminal: int) -> bytes:
    """Return the output on a terminal until it is closed."""
    shown = b""
    with (
        open(terminal, "rb", buffering=0) as file,
        suppress(OSError),
    ):  # which is how a terminal ends
        while part := file.read(4096):
            shown += part
    return shown


@pytest.mark.slow
def test_reclean_asks_on_a_terminal_before_it_changes_a_feed(workspace: Workspace) -> None:
    workspace.rule(RULE)
    config = str(workspace.folder / "config" / "feedpub.toml")
    controller, terminal = pty.openpty()
    os.write(controller, b"n\n")
    line = [sys.executable, "-m", "feedpub", "-c", config, "reclean"]
    with subprocess.Popen(line, stdin=terminal, stdout=terminal, stderr=terminal):  # noqa: S603 -- our own command
        os.close(terminal)
        shown = read_terminal(controller)
    assert b"f: 1 of 2 entries would change. Write the changes? [y/N]" in shown
    assert b"0 files written" in shown
    assert b"boat trips" in workspace.files()["f.rss"]


def test_dry_run_stores_no_snapshot(newsroom: Site, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, f"page {newsroom.url('/news')}")
    assert run(workspace, "build", "--dry-run").exit_code == 0
    assert not state_folder(workspace.config.feedpub).exists()


def test_diff_shows_changed_fields_and_markup() -> None:
    old = Entry(
        "tag:a",
        "https://example.org/a",
        "Old",
        NOW,
        NOW,
        NOW,
        authors=("Jane Doe",),
        html="<p>One</p><p>Two</p>",
    )
    new = replace(old, title="New", authors=("Jane Doe", "John Roe"), html="<p>One</p><h2>Two</h2>")
    lines = [
        line.plain
        for line in diff_lines("f", reprocess.ReprocessedEntry(ReprocessVerdict.CHANGED, old, new))
    ]
    assert lines == [
        "f: Old",
        "https://example.org/a",
        "-title: Old",
        "+title: New",
        "-authors: Jane Doe",
        "+authors: Jane Doe, John Roe",
        "@@ -1,2 +1,2 @@",
        " <p>One</p>",
        "-<p>Two</p>",
        "+<h2>Two</h2>",
        "",
    ]


def test_failed_entry_has_a_reason_and_no_diff() -> None:
    old = Entry("tag:a", "https://example.org/a", "A", NOW, NOW, NOW)
    lost = reprocess.ReprocessedEntry(
        ReprocessVerdict.FAILED, old, reason="there is no text in the page"
    )
    assert list(diff_lines("f", lost)) == []
    (entry,) = plan_as_json(ReprocessPlan("f", (lost,)))["entries"]
    assert (entry["verdict"], entry["reason"], entry["text"]) == (
        "failed",
        "there is no text in the page",
        (),
    )
    lines = list(problem_lines(drop_texts(ReprocessPlan("f", (lost,)))))
    assert lines == ["f: failed: https://example.org/a: there is no text in the page"]


def test_diff_has_colours_only_on_a_terminal_without_no_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = Entry("tag:a", "", "A", NOW, NOW, NOW, text="One\nTwo")
    lines = list(
        diff_lines(
            "f",
            reprocess.ReprocessedEntry(
                ReprocessVerdict.CHANGED, old, replace(old, text="One\nThree")
            ),
        )
    )
    assert [str(line.style) for line in lines] == ["bold", "cyan", "", "red", "green", ""]

    def shown() -> str:
        console = Console(force_terminal=True, color_system="standard")
        with console.capture() as captured:
            console.print(lines[3])
        return captured.get()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shown() == "\x1b[31m-Two\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown() == "-Two\n"

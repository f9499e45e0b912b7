"""Entries are made anew of what they were made of.

What changes, what stays, what is held back, and what is kept.
"""

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
    open_newsroom,
    path,
    rss,
    story,
    title,
    tools_for,
)
from tests.support.site import Route, Site
from tests.support.states import state_folder

NOW = FakeClock().now()
NOTES = {
    3: "The ferry company adds that its boat trips leave at noon all through the winter, also on Sundays.",
    1: "A club of divers offers boat trips to the wreck off the point, as it has done for eleven years.",
}
RULE = '[feed.rules]\nremove = [".side-note"]\n'
FIRST = (
    '[feed.rules]\ncontent = "article p:nth-of-type(2)"\n'  # the first paragraph after the byline
)
NOTHING = '[feed.rules]\nremove = ["body *"]\n'


def noted(n: int) -> str:
    """The page of a story, with a paragraph in it that a person would leave out."""
    return story(n, extra=f'<p class="side-note">{NOTES[n]}</p>')


class Desk:
    """A feed that is built, and cleaned anew after its config has changed, each time as a process of its own."""

    def __init__(self, folder: Path, *sources: str, settings: str = "") -> None:
        self.folder, self.sources, self.settings = folder, sources, settings
        self.clock = FakeClock()
        self.config = self.rule("")

    def rule(self, rules: str, more: str = "") -> Config:
        """Write the config, with rules behind the feed's own keys."""
        text = feed("f", *self.sources, more=more) + rules
        self.config = configure(self.folder, text, settings=self.settings)
        return self.config

    def build(self) -> None:
        with tools_for(self.config, self.clock) as tools:
            assert run_feed(self.config.feed[0], tools).ok
            finish_build(self.config, tools)

    def plan(self, *, force: bool = False) -> ReprocessPlan:
        with tools_for(self.config, self.clock) as tools:
            return reprocess.plan_reprocess(self.config.feed[0], tools, force=force)

    def carry_out(self, planned: ReprocessPlan) -> ReprocessPlan:
        with tools_for(self.config, self.clock) as tools:
            return reprocess.apply_plan(self.config.feed[0], planned, tools)

    def entries(self) -> dict[str, Entry]:
        with Store.open(state_folder(self.config.feedpub)) as store:
            return {entry.title: entry for entry in store.entries("f")}

    def kept(self) -> dict[str, PageSnapshot]:
        with Store.open(state_folder(self.config.feedpub)) as store:
            return store.snapshots.for_feed("f")

    def files(self) -> dict[str, bytes]:
        output = self.config.feedpub.anchor
        return {file.name: file.read_bytes() for file in output.rglob("*") if file.is_file()}


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, [3, 1])
    site[path(3)] = noted(3)
    return site


@pytest.fixture
def desk(newsroom: Site, tmp_path: Path) -> Desk:
    """The feed of a listing with two articles, one of them with something that does not belong there; just built."""
    desk = Desk(tmp_path, f"page {newsroom.url('/news')}")
    desk.build()
    newsroom.forget()
    return desk


def verdicts(plan: ReprocessPlan) -> dict[str, str]:
    return {entry.before.title: entry.status.value for entry in plan.entries}


# --- what changes
# ---------------------------------------------------------------------------------------------------


def test_a_new_rule_applies_to_stored_entries(desk: Desk, newsroom: Site) -> None:
    """Where something matches it; nobody is asked for anything, and the feed's documents say it."""
    assert b"boat trips" in desk.files()["f.rss"]
    desk.rule(RULE)
    done = desk.carry_out(desk.plan())
    assert verdicts(done) == {title(3): "changed", title(1): "same"}
    assert {"f.rss", "f.atom", "f.json"} <= set(done.written)
    assert all(b"boat trips" not in body for body in desk.files().values())
    assert newsroom.requests == []


def test_ids_and_dates_stay(desk: Desk) -> None:
    """Only what is read out of the page is another; days later, too."""
    before = desk.entries()
    desk.clock.pass_time(timedelta(days=3).total_seconds())
    desk.rule(RULE)
    desk.carry_out(desk.plan())
    after = desk.entries()
    assert after != before
    for name, entry in after.items():
        old = before[name]
        assert "boat trips" not in entry.text
        assert replace(entry, html=old.html, text=old.text, summary=old.summary) == old


def test_nothing_is_changed_by_a_plan(desk: Desk) -> None:
    """Neither state nor files; it can be shown what would be."""
    entries, files = desk.entries(), desk.files()
    desk.rule(RULE)
    plan = desk.plan()
    (changed,) = plan.with_status(ReprocessVerdict.CHANGED)
    assert changed.after
    assert ("boat trips" in changed.before.text, "boat trips" in changed.after.text) == (
        True,
        False,
    )
    assert (desk.entries(), desk.files()) == (entries, files)


def test_the_same_rules_change_nothing(desk: Desk) -> None:
    """Not a byte of any file, and not a second time after a change either."""
    files = desk.files()
    assert desk.carry_out(desk.plan()).written == ()
    assert desk.files() == files
    desk.rule(RULE)
    desk.carry_out(desk.plan())
    assert set(verdicts(desk.carry_out(desk.plan())).values()) == {"same"}


def test_the_next_build_agrees(desk: Desk) -> None:
    """A build after it finds nothing to do, and moves no date."""
    desk.rule(RULE)
    desk.carry_out(desk.plan())
    entries, files = desk.entries(), desk.files()
    desk.build()
    assert (desk.entries(), desk.files()) == (entries, files)


def test_one_that_was_cut_short_is_done_by_the_next(desk: Desk) -> None:
    """The entries were kept and the files were not written."""
    desk.rule(RULE)
    with Store.open(state_folder(desk.config.feedpub)) as store:
        store.replace_entries(
            "f",
            [
                each.after
                for each in desk.plan().with_status(ReprocessVerdict.CHANGED)
                if each.after
            ],
        )
    assert "f.rss" in desk.carry_out(desk.plan()).written


# --- what stays
# -----------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_any_more_stays(desk: Desk) -> None:
    """With the reason; its files do not change."""
    entries, files = desk.entries(), desk.files()
    desk.rule(NOTHING)
    done = desk.carry_out(desk.plan(force=True))
    assert set(verdicts(done).values()) == {"failed"}
    assert "no text in the page" in done.entries[0].reason
    assert not done.ok
    assert (desk.entries(), desk.files()) == (entries, files)


def test_what_lost_most_of_its_text_is_held_back(desk: Desk) -> None:
    """Unless that is insisted on."""
    entries = desk.entries()
    desk.rule(FIRST)
    held = desk.carry_out(desk.plan())
    assert set(verdicts(held).values()) == {"held back"}
    assert held.entries[0].reason.startswith("far shorter than it was, ")
    assert desk.entries() == entries
    done = desk.carry_out(desk.plan(force=True))
    assert (set(verdicts(done).values()), done.ok) == ({"changed"}, True)
    assert desk.entries()[title(1)].text == PARAGRAPHS[0].format(n=1)


def test_what_lost_its_title_is_held_back(newsroom: Site, tmp_path: Path) -> None:
    """A page that is read otherwise by a new version, with all of its text.

    Its source tells no title either.
    """
    desk = Desk(tmp_path, f"sitemap {newsroom.url('/sitemap.xml')}")
    desk.build()
    (id_,) = [id_ for id_, page in desk.kept().items() if path(1) in page.final_url]
    body = re.sub("<title>.*?</title>|<h1>.*?</h1>", "", story(1)).encode()
    with Store.open(state_folder(desk.config.feedpub)) as store:
        untitled = replace(store.snapshots.for_feed("f")[id_], body=pack_body(body))
        store.commit_entries(
            "f", aliases={}, item_states=(), snapshots={id_: untitled}, now=desk.clock.now()
        )
    (held,) = desk.plan().with_status(ReprocessVerdict.HELD)
    assert (held.before.title, held.reason) == (title(1), "it lost its title")


def test_what_a_run_changed_meanwhile_stays(desk: Desk) -> None:
    """A service need not be stopped: the entry that it corrected is newer than the plan."""
    desk.rule(RULE)
    plan = desk.plan()
    newer = replace(desk.entries()[title(3)], text="Corrected.")
    with Store.open(state_folder(desk.config.feedpub)) as store:
        store.replace_entries("f", [newer])
    done = desk.carry_out(plan)
    assert verdicts(done) == {title(3): "failed", title(1): "same"}
    assert "in the meantime" in done.entries[0].reason
    assert desk.entries()[title(3)] == newer


def test_archives_are_never_written_again(newsroom: Site, tmp_path: Path) -> None:
    """What stands in archives alone is not made anew, and what it was made of is gone."""
    desk = Desk(tmp_path, f"page {newsroom.url('/news')}")
    desk.build()
    desk.rule("", more="limit = 1")
    desk.build()
    assert [page.item.url for page in desk.kept().values()] == [newsroom.url(path(3))]
    before = desk.entries()
    archives = {name: body for name, body in desk.files().items() if "archive" in name}
    desk.rule(RULE, more="limit = 1")
    assert verdicts(desk.carry_out(desk.plan())) == {title(3): "changed"}
    assert {name: body for name, body in desk.files().items() if "archive" in name} == archives
    assert [desk.entries()[title(n)] == before[title(n)] for n in (3, 1)] == [False, True]


# --- what entries are made of
# ---------------------------------------------------------------------------------------


def test_a_feed_knows_its_entries_better_than_their_pages_do(
    newsroom: Site, tmp_path: Path
) -> None:
    """What the source said is kept beside the page: title, date and description stay the feed's."""
    newsroom["/rss"] = rss(
        newsroom, [3], "The council decided at last on its oldest matter, and the town is glad."
    )
    desk = Desk(tmp_path, f"feed {newsroom.url('/rss')}")
    desk.build()
    desk.rule(RULE)
    done = desk.carry_out(desk.plan())
    assert verdicts(done) == {title(3): "changed"}
    assert desk.entries()[title(3)].summary.startswith("The council decided at last")


CONTENT = "".join(f"<p>{paragraph.format(n=7)}</p>" for paragraph in PARAGRAPHS)
STORY = f"<title>{title(7)}</title><link>https://example.org/7</link>"


def own_content(site: Site, html: str = CONTENT, *, link: str = "https://example.org/7") -> None:
    item = f"<item><title>{title(7)}</title><link>{link}</link><description><![CDATA[{html}]]></description></item>"
    head = f"<title>Harbour Times</title><link>{site.url()}</link><description>News</description>"
    body = f'<rss version="2.0"><channel>{head}{item}</channel></rss>'
    site["/full"] = Route(body.encode(), "application/rss+xml")


def test_the_feeds_own_content_is_made_anew(site: Site, tmp_path: Path) -> None:
    """Where that is all that was wanted: it is the same, until it is read otherwise."""
    own_content(site)
    desk = Desk(tmp_path, f'feed {site.url("/full")}"\nfetch = false\n#')
    desk.build()
    assert [page.form for page in desk.kept().values()] == ["feed"]
    assert verdicts(desk.plan()) == {title(7): "same"}
    worse = replace(
        desk.entries()[title(7)],
        text="As an older version read it.",
        html="<p>As an older version…</p>",
    )
    with Store.open(state_folder(desk.config.feedpub)) as store:
        store.replace_entries("f", [worse])
    desk.carry_out(desk.plan())
    assert desk.entries()[title(7)].text == "\n".join(
        paragraph.format(n=7) for paragraph in PARAGRAPHS
    )


def test_what_stands_in_is_still_a_part(site: Site, tmp_path: Path) -> None:
    """A feed's teaser for a page that could not be had is no complete article afterwards either."""
    own_content(site, link=site.url("/gone"))
    desk = Desk(tmp_path, f"feed {site.url('/full')}")
    desk.build()
    (entry,) = desk.entries().values()
    assert not entry.complete
    assert verdicts(desk.plan()) == {title(7): "same"}


@pytest.fixture
def saved(tmp_path: Path) -> Desk:
    """A feed of one saved article, just built."""
    file = tmp_path / "articles" / "sub" / "pier.html"
    file.parent.mkdir(parents=True)
    file.write_text(noted(1), "utf-8")
    desk = Desk(tmp_path, f"folder {tmp_path / 'articles'}")
    desk.build()
    return desk


def test_saved_articles_are_read_from_their_files(saved: Desk) -> None:
    """Nobody keeps them but their owner; the stem of the article's own page stays."""
    (before,) = saved.entries().values()
    saved.rule(RULE)
    assert verdicts(saved.carry_out(saved.plan())) == {title(1): "changed"}
    (after,) = saved.entries().values()
    assert (after.id, after.slug, "boat trips" in after.text) == (before.id, before.slug, False)
    assert before.slug
    (page,) = saved.kept().values()
    assert (page.form, page.body) == ("file", b"")


def test_a_saved_article_that_has_changed_waits_for_the_build(saved: Desk) -> None:
    """Which tells readers that its text is new."""
    file = saved.folder / "articles" / "sub" / "pier.html"
    file.write_text(story(1), "utf-8")
    saved.rule(RULE)
    assert "run `feedpub build` to read it" in saved.plan().entries[0].reason
    saved.sources = (f"folder {saved.folder / 'config'}",)
    saved.rule(RULE)
    assert "no longer a source of the feed" in saved.plan().entries[0].reason


def test_a_page_that_is_damaged(desk: Desk) -> None:
    """Costs that entry alone."""
    (first, *_) = desk.kept()
    with Store.open(state_folder(desk.config.feedpub)) as store:
        broken = replace(store.snapshots.for_feed("f")[first], body=b"?")
        store.commit_entries(
            "f", aliases={}, item_states=(), snapshots={first: broken}, now=desk.clock.now()
        )
    assert sorted(verdicts(desk.plan()).values()) == ["failed", "same"]


# --- how long
# -------------------------------------------------------------------------------------------------------


def test_pages_are_kept_for_a_set_time(newsroom: Site, tmp_path: Path) -> None:
    """After that their entries are only counted."""
    desk = Desk(tmp_path, f"page {newsroom.url('/news')}", settings='keep_pages = "2d"')
    desk.build()
    desk.clock.pass_time(timedelta(days=2).total_seconds())
    desk.build()
    assert len(desk.kept()) == 2
    desk.clock.pass_time(1)
    desk.build()
    assert desk.kept() == {}
    plan = desk.plan()
    assert (plan.entries, plan.without_snapshot, plan.ok) == ((), 2, True)
    assert desk.carry_out(plan) is plan


def test_none_is_kept_where_that_is_not_wanted(newsroom: Site, tmp_path: Path) -> None:
    """Not even until the build ends."""
    desk = Desk(tmp_path, f"page {newsroom.url('/news')}", settings='keep_pages = "0s"')
    desk.build()
    assert desk.kept() == {}


def test_those_that_there_are_go_once_none_is_wanted(desk: Desk) -> None:
    """With the next build."""
    assert desk.kept()
    desk.settings = 'keep_pages = "0s"'
    desk.rule("")
    desk.clock.pass_time(1)
    desk.build()
    assert desk.kept() == {}


def test_a_corrected_entry_has_its_newest_page(desk: Desk, newsroom: Site) -> None:
    """What it was made of before would put the old words back."""
    newsroom[path(3)] = story(3).replace("a new pier", "no new pier at all")
    desk.clock = FakeClock(desk.clock.now() + timedelta(days=3))
    with Store.open(state_folder(desk.config.feedpub)) as store:
        (key,) = [
            page.key for page in desk.kept().values() if page.item.url == newsroom.url(path(3))
        ]
        seen = store.item_states("f", [key])[key]
        failed = replace(seen, state="failed")
        store.commit_entries("f", aliases={}, item_states=[failed], now=desk.clock.now())
    desk.build()
    assert "no new pier at all" in desk.entries()[title(3)].text
    assert set(verdicts(desk.plan()).values()) == {"same"}


def test_an_unreadable_body_is_an_error_of_ours() -> None:
    """With the address that it is about."""
    page = PageSnapshot(
        Item("https://example.org/a"),
        "k",
        "page",
        FakeClock().now(),
        final_url="https://example.org/a",
        body=b"?",
    )
    with pytest.raises(
        ExtractError, match=r"https://example\.org/a: what was kept of the page is damaged"
    ):
        unpack_body(page)


# --- the command
# ----------------------------------------------------------------------------------------------------


def run(desk: Desk, *arguments: str) -> Result:
    return CliRunner().invoke(
        command.cli, ["-c", str(desk.folder / "config" / "feedpub.toml"), *arguments]
    )


def test_diff_shows_what_would_change_in_each_entry(desk: Desk) -> None:
    """Title, address and the paragraphs that differ, without colours where nobody sees them.

    Nothing is written.
    """
    entries, files = desk.entries(), desk.files()
    desk.rule(RULE)
    state = {
        file.name: file.read_bytes() for file in state_folder(desk.config.feedpub).glob("*.sqlite")
    }
    result = run(desk, "reclean", "--diff")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[:2] == [f"f: {title(3)}", desk.entries()[title(3)].url]
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
    assert (desk.entries(), desk.files()) == (entries, files)
    assert {
        file.name: file.read_bytes() for file in state_folder(desk.config.feedpub).glob("*.sqlite")
    } == state


def test_it_changes_entries_and_publishes_the_feed(desk: Desk) -> None:
    """And says how many files were written."""
    desk.rule(RULE)
    result = run(desk, "reclean", "f")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].startswith("3 files written to ")
    assert b"boat trips" not in desk.files()["f.rss"]


def test_what_is_held_back_is_told_with_status_1(desk: Desk) -> None:
    """And shown with the reason."""
    desk.rule(FIRST)
    shown = run(desk, "reclean", "--diff")
    assert shown.exit_code == 1
    assert f"f: {title(3)} (held back: far shorter than it was, " in shown.stdout
    assert (
        f"f: held back: {desk.entries()[title(3)].url}: far shorter than it was, " in shown.stdout
    )


def test_json_is_one_document(desk: Desk) -> None:
    """With all that changes, and how many are the same."""
    desk.rule(RULE)
    told = json.loads(run(desk, "reclean", "--diff", "--json").stdout)
    (of_feed,) = told["feeds"]
    (entry,) = of_feed.pop("entries")
    counts = {"pages_kept": 2, "changed": 1, "same": 1, "failed": 0, "held_back": 0, "not_kept": 0}
    assert (told["ok"], of_feed) == (True, {"feed": "f", "ok": True, "written": []} | counts)
    assert (entry["id"], entry["verdict"]) == (desk.entries()[title(3)].id, "changed")
    assert f"-{NOTES[3]}" in entry["text"]


def everything(terminal: int) -> bytes:
    """What is shown on a terminal until nobody has it open any more."""
    shown = b""
    with (
        open(terminal, "rb", buffering=0) as file,
        suppress(OSError),
    ):  # which is how a terminal ends
        while part := file.read(4096):
            shown += part
    return shown


@pytest.mark.slow
def test_a_terminal_is_asked(desk: Desk) -> None:
    """Before a feed of which something changes is touched."""
    desk.rule(RULE)
    config = str(desk.folder / "config" / "feedpub.toml")
    ours, theirs = pty.openpty()
    os.write(ours, b"n\n")
    line = [sys.executable, "-m", "feedpub", "-c", config, "reclean"]
    with subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs):  # noqa: S603 -- our own command
        os.close(theirs)
        shown = everything(ours)
    assert b"f: 1 of 2 entries would change. Change them? [y/N]" in shown
    assert b"0 files written" in shown
    assert b"boat trips" in desk.files()["f.rss"]


def test_a_dry_build_keeps_no_page(newsroom: Site, tmp_path: Path) -> None:
    """As it keeps nothing."""
    desk = Desk(tmp_path, f"page {newsroom.url('/news')}")
    assert run(desk, "build", "--dry-run").exit_code == 0
    assert not state_folder(desk.config.feedpub).exists()


def test_differences_beside_the_text() -> None:
    """Facts by name; where the words are the same, the markup, tag by tag."""
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


def test_what_failed_has_nothing_to_show() -> None:
    """But its reason, for programs and for people."""
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


def test_no_color_and_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are for a terminal whose owner wants them.

    What differs is coloured by what becomes of it.
    """
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

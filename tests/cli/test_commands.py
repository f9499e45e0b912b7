"""The commands, as users and scripts call them."""

import json
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.table import Table
from rich.text import Text

from feedpub import cli as command
from feedpub.cli.terminal import make_console
from feedpub.core.clock import utc_now
from feedpub.core.errors import ConfigError, FeedpubError
from feedpub.store import ItemState, ScheduledRun, Store
from feedpub.web.status import overview
from tests.support.documents import make_pdf
from tests.support.newsroom import configure, feed, listing, open_newsroom, path, story
from tests.support.site import Route, Site

PROSE = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight in the hall."
)


def run(folder: Path, *arguments: str, stdin: bytes | None = None) -> Result:
    """Run the command in this process, with the config of a folder."""
    return CliRunner().invoke(
        command.cli, ["-c", str(folder / "config" / "feedpub.toml"), *arguments], input=stdin
    )


@pytest.fixture
def newsroom(site: Site, tmp_path: Path) -> Site:
    open_newsroom(site, [3, 2, 1])
    configure(
        tmp_path,
        feed("world", f"page {site.url('/news')}"),
        feed("bad", f"page {site.url('/nowhere')}"),
    )
    return site


def test_help_lists_the_commands() -> None:
    shown = CliRunner().invoke(command.cli, ["--help"]).output
    assert all(name in shown for name in ("build", "check", "clean", "status", "First steps"))


@pytest.mark.parametrize("name", sorted(command.cli.commands))
def test_help_of_each_command_documents_its_exit_status(name: str) -> None:
    assert "Exit status" in CliRunner().invoke(command.cli, [name, "--help"]).output


def test_help_imports_no_heavy_library() -> None:
    script = (
        "import sys; sys.argv = ['feedpub', '--help']\n"
        "from feedpub.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'requests', 'lxml', 'sqlalchemy', 'feedgen', 'rich', 'numpy'} & "
        "set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or None)"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_build_prints_a_line_and_a_row_for_each_feed(newsroom: Site, tmp_path: Path) -> None:
    result = run(tmp_path, "build")
    assert result.exit_code == 1
    assert "world: updated, 3 new" in result.stderr
    assert "feed   outcome  new  updated  kept  skipped  failed" in result.stdout
    assert f"bad: source failed: {newsroom.url('/nowhere')}: HTTP 404" in result.stdout


def test_build_with_names_runs_only_those_feeds(newsroom: Site, tmp_path: Path) -> None:
    assert run(tmp_path, "build", "world").exit_code == 0
    assert (tmp_path / "feeds" / "world.rss").exists()
    assert "/nowhere" not in newsroom.paths()


def test_build_with_names_leaves_other_feeds_alone(newsroom: Site, tmp_path: Path) -> None:
    """It prunes only their entries, and writes the index if something has changed."""
    run(tmp_path, "build")
    index = tmp_path / "feeds" / "index.html"
    published = index.read_bytes()
    index.write_text("edited")
    assert run(tmp_path, "build", "world").exit_code == 0
    assert index.read_text() == "edited"
    with Store.open(tmp_path / ".feedpub") as store:
        for name in ("world", "bad"):
            old = [replace(store.entries("world")[0], id=f"tag:{name}", url="https://x/")]
            then = utc_now() - timedelta(days=400)
            item = ItemState("old", "", "excluded")
            store.commit_entries(name, entries=old, aliases={}, item_states=[item], now=then)
    assert run(tmp_path, "build", "world").exit_code == 0
    with Store.open(tmp_path / ".feedpub") as store:
        assert store.entry("bad", "tag:bad")
        assert store.item_states("bad", ["old"])
        assert not store.item_states("world", ["old"])
    newsroom[path(4)] = story(4)
    newsroom["/news"] = listing([4, 3, 2, 1])
    assert run(tmp_path, "build", "world").exit_code == 0
    assert index.read_bytes() not in (b"edited", published)


def test_build_json_prints_one_document_and_nothing_else(newsroom: Site, tmp_path: Path) -> None:
    result = run(tmp_path, "build", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"], result.stderr) == (1, False, "")
    world, bad = document["feeds"]
    assert (world["feed"], world["status"], world["new"]) == ("world", "updated", 3)
    assert bad["problems"][0]["where"] == newsroom.url("/nowhere")


def test_build_dry_run_writes_nothing(newsroom: Site, tmp_path: Path) -> None:
    result = run(tmp_path, "build", "--dry-run", "world")
    assert (result.exit_code, "files would be written" in result.stdout) == (0, True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config"]
    run(tmp_path, "build", "world")
    newsroom[path(9)] = story(9)
    assert "0 files would be written" in run(tmp_path, "build", "--dry-run", "world").stdout


def test_build_retry_requests_failed_pages_at_once(newsroom: Site, tmp_path: Path) -> None:
    """An article that cannot be read does not make the command fail."""
    newsroom[path(3)] = Route(b"Forbidden", status=403)
    for arguments, requests in (([], 1), ([], 0), (["--retry"], 1)):
        newsroom.clear_requests()
        result = run(tmp_path, "build", "world", *arguments)
        assert (result.exit_code, newsroom.paths().count(path(3))) == (0, requests)
        assert f"world: article: {newsroom.url(path(3))}: HTTP 403" in result.stdout
        assert "`feedpub build --retry` asks now" in result.stdout
        assert "world: partial" in result.stderr
    assert "world  partial" in run(tmp_path, "status").stdout


@pytest.mark.usefixtures("newsroom")
def test_unknown_feed_name_gets_a_suggestion(tmp_path: Path) -> None:
    error = run(tmp_path, "build", "wrold").exception
    assert isinstance(error, FeedpubError)
    assert str(error) == "no feed is named wrold; did you mean world? the config has: world, bad"


@pytest.mark.usefixtures("newsroom")
def test_status_shows_healthy_and_broken_feeds(tmp_path: Path) -> None:
    assert "never built" in run(tmp_path, "status").stdout
    run(tmp_path, "build")
    result = run(tmp_path, "status")
    assert result.exit_code == 1
    assert "world  healthy        3" in result.stdout
    assert (
        "/nowhere: started failing just now: HTTP 404: the page is gone; never read"
        in result.stdout
    )
    document = json.loads(run(tmp_path, "status", "--json").stdout)
    assert [len(state["sources"]) for state in document["feeds"]] == [1, 1]


def test_status_of_many_feeds_shows_the_worst(
    newsroom: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "PAGE_FEEDS", 2)
    names = [f"fine-{n}" for n in range(3)]
    feeds = [feed(name, f"page {newsroom.url('/news')}") for name in names]
    configure(tmp_path, *feeds, feed("bad", f"page {newsroom.url('/nowhere')}"))
    run(tmp_path, "build")
    result = run(tmp_path, "status")
    lines = result.stdout.splitlines()
    assert lines[0] == "4 feeds: 3 healthy, 1 broken"
    assert [line.split()[0] for line in lines[3:5]] == ["bad", "fine-0"]
    assert lines[-1] == "Shown are the 2 worst of 4 feeds; --all shows all."
    assert (result.exit_code, "fine-1" in result.stdout) == (1, False)
    every = run(tmp_path, "status", "--all")
    assert all(name in every.stdout for name in names)
    assert every.stdout.splitlines()[-1] == "4 feeds: 3 healthy, 1 broken"
    assert len(json.loads(run(tmp_path, "status", "--json").stdout)["feeds"]) == 4


def test_verbose_status_shows_why_entries_have_their_content(
    newsroom: Site, tmp_path: Path
) -> None:
    configure(tmp_path, feed("world", f"feed {newsroom.url('/rss')}"))
    run(tmp_path, "build")
    line = (
        "world: Council decides on matter 3 of the harbour: the page: the source has only a "
        "teaser of 4 words"
    )
    assert line in run(tmp_path, "status", "-v").stdout
    assert line not in run(tmp_path, "status").stdout


def test_status_shows_when_a_broken_source_was_last_read(newsroom: Site, tmp_path: Path) -> None:
    run(tmp_path, "build")
    newsroom["/news"] = Route(b"oops", status=500)
    run(tmp_path, "build")
    assert "last read just now, 3 articles" in run(tmp_path, "status").stdout


def test_status_shows_when_and_why_a_source_is_checked_next(newsroom: Site, tmp_path: Path) -> None:
    run(tmp_path, "build", "world")
    configure(tmp_path, feed("world", f"page {newsroom.url('/news')}"))
    moment, why = utc_now() + timedelta(hours=2, minutes=1), "publishes about 9 a day"
    with Store.open(tmp_path / ".feedpub") as store:
        store.schedule.save(
            ScheduledRun("world", moment, why), {newsroom.url("/news"): (moment, why)}
        )
    result = run(tmp_path, "status")
    assert result.exit_code == 0
    assert (
        f"world: {newsroom.url('/news')}: publishes about 9 a day; next check in 2 hours"
        in result.stdout
    )
    assert "1 feed: 1 healthy" in result.stdout
    (world,) = json.loads(run(tmp_path, "status", "--json").stdout)["feeds"]
    assert (world["why"], world["sources"][0]["why"]) == (why, why)


@pytest.mark.usefixtures("newsroom")
def test_build_keeps_the_next_run_that_the_service_planned(newsroom: Site, tmp_path: Path) -> None:
    configure(tmp_path, feed("world", f"page {newsroom.url('/news')}", more='every = "3h"'))
    run(tmp_path, "build")
    with Store.open(tmp_path / ".feedpub") as store:
        (state,) = store.sources("world")
        assert state.next_look is None  # no service has run yet
        service_runs = utc_now().replace(microsecond=0) + timedelta(hours=5)
        store.schedule.save(
            ScheduledRun("world", service_runs, "x"), {state.key: (service_runs, "x")}
        )
    run(tmp_path, "build")
    with Store.open(tmp_path / ".feedpub") as store:
        assert store.schedule.load()["world"] == ScheduledRun("world", service_runs, "x")
        (state,) = store.sources("world")
    assert (state.next_look, state.why) == (service_runs, "every 3h")
    assert "every 3h; next check in 4 hours" in run(tmp_path, "status").stdout


@pytest.mark.usefixtures("newsroom")
def test_check_counts_feeds_and_warns(tmp_path: Path) -> None:
    run(tmp_path, "build", "world")
    configure(tmp_path, feed("other", f"folder {tmp_path / 'articles'}"))
    result = run(tmp_path, "check")
    assert result.exit_code == 0
    assert "The config is valid: 1 feed, 1 source." in result.stdout
    assert "base_url" in result.stdout
    assert "still has the files of 'world'" in result.stdout


@pytest.mark.usefixtures("newsroom")
def test_writable_state_folder_is_warned_about_once(tmp_path: Path) -> None:
    state = tmp_path / ".feedpub"
    state.mkdir()
    state.chmod(0o777)
    warning = f"others can write to the state folder {state}; run chmod 700 {state}"
    assert run(tmp_path, "build", "world").stderr.count(warning) == 1
    assert run(tmp_path, "check").stdout.count(f"note: {warning}\n") == 1
    assert (state / "feedpub.sqlite").stat().st_mode & 0o777 == 0o600
    state.chmod(0o700)
    assert (
        "others can" not in run(tmp_path, "build", "world").stderr + run(tmp_path, "check").output
    )


def test_check_counts_config_files(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    configure(tmp_path, feed("one", f"folder {articles}"))
    folder = tmp_path / "config" / "feeds.d"
    folder.mkdir()
    (folder / "more.toml").write_text(
        feed("two", f"folder {articles}") + feed("three", f"folder {articles}"), "utf-8"
    )
    assert run(tmp_path, "check").stdout.startswith(
        "The config is valid: 3 feeds, 3 sources, in 2 files.\n"
    )


@pytest.mark.usefixtures("newsroom")
def test_check_counts_archives_as_files_of_their_feed(tmp_path: Path) -> None:
    run(tmp_path, "build", "world")
    (tmp_path / "feeds" / "world-archive-12.rss").write_bytes(b"<rss/>")
    assert "still has" not in run(tmp_path, "check").stdout
    configure(tmp_path, feed("other", f"folder {tmp_path / 'articles'}"))
    assert run(tmp_path, "check").stdout.count("still has") == 1


def test_check_schema_needs_no_config(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "check", "--schema").stdout)["type"] == "object"


def test_clean_prints_the_article_at_a_url(newsroom: Site, tmp_path: Path) -> None:
    result = run(tmp_path, "clean", newsroom.url(path(1)))
    lines = result.stdout.splitlines()
    assert lines[0] == "Council decides on matter 1 of the harbour"
    assert lines[1] == "Jane Doe · 2026-11-01 08:00 UTC+01:00 · Harbour Times"
    assert "You may also like" not in result.stdout


@pytest.mark.usefixtures("newsroom")
def test_clean_reports_an_invalid_url(tmp_path: Path) -> None:
    run(tmp_path, "build")
    result = run(tmp_path, "clean", "http://[bad")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("feedpub: http://[bad: ")


def test_clean_explain_shows_removed_blocks_in_place(newsroom: Site, tmp_path: Path) -> None:
    shown = run(tmp_path, "clean", newsroom.url(path(1)), "--explain").stdout.splitlines()
    assert shown[0] == "Council decides on matter 1 of the harbour"
    assert "  - By Jane Doe — byline or date" in shown
    gone = [number for number, line in enumerate(shown) if line.startswith("  - ")]
    (kept,) = [
        number for number, line in enumerate(shown) if line.startswith("Work begins in 1 weeks.")
    ]
    assert shown[gone[-1]].startswith("  - Slow clock / Warm hour")
    assert gone[0] < kept < gone[-1]
    assert "\x1b" not in "".join(shown)


def test_clean_explain_states_why_the_content_was_chosen(tmp_path: Path) -> None:
    file = tmp_path / "notice.html"
    file.write_text(
        "<!doctype html><title>Pool closed</title><nav><a href=/>Home</a></nav><main>"
        "<h1>Pool closed</h1><p>The pool is closed on day 1.</p></main><footer>Town of Bay</footer>"
    )
    shown = run(tmp_path, "clean", str(file), "--explain").stdout.splitlines()
    assert shown[:2] == ["Pool closed", "content: the page's main text, which is short"]
    assert "The pool is closed on day 1." in shown


def test_clean_reads_documents_and_names_the_reason_if_one_has_no_text(tmp_path: Path) -> None:
    file = tmp_path / "minutes.pdf"
    file.write_bytes(make_pdf([[(770, 16, "Minutes"), (735, 11, PROSE[:90])]]))
    assert run(tmp_path, "clean", str(file)).stdout.startswith("Minutes\n\nThe council")
    file.write_bytes(make_pdf([[]]))
    result = run(tmp_path, "clean", str(file))
    assert result.exit_code == 1
    assert "it has no text, as scanned pages have none" in result.stderr


@pytest.mark.usefixtures("newsroom")
def test_clean_reads_files_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(
        f"The pier stays\n\nby Jane Doe\n\n{PROSE}\n\n{PROSE} Twice.\n\nLeave a Comment\n"
    )
    assert run(tmp_path, "clean", str(file)).stdout.startswith(
        "The pier stays\nJane Doe\n\nThe council"
    )
    document = json.loads(run(tmp_path, "clean", str(file), "--json").stdout)
    assert (document["authors"], document["removed"][-1]["text"]) == (
        ["Jane Doe"],
        "Leave a Comment",
    )
    page = (
        f"<html><body><article><h1>The pier</h1><p>{PROSE}</p><p>{PROSE} "
        "Twice.</p></article></body></html>"
    ).encode()
    assert run(tmp_path, "clean", "-", "--html", stdin=page).stdout.count("<p>") == 2


@pytest.mark.usefixtures("newsroom")
@pytest.mark.parametrize("form", ["", "--html", "--json", "--explain"])
def test_clean_prints_no_control_characters(tmp_path: Path, form: str) -> None:
    evil = "\x9d0;owned\x9c\x9b2J\x7f\u202e"
    story = f"<p>{PROSE} {evil}</p>{f'<p>{PROSE} Again.</p>' * 9}<p>Leave a Comment {evil}</p>"
    page = (
        f"<meta name=author content='Jane {evil} Doe'><article><h1>The {evil} "
        f"pier</h1>{story}</article>"
    )
    (tmp_path / "a.html").write_text(page, "utf-8")
    shown = run(tmp_path, "clean", str(tmp_path / "a.html"), *filter(None, [form])).stdout
    assert "0;owned" in shown
    assert not {char for char in shown if not char.isprintable()} - {"\n"}


def test_console_prints_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("a", title="t\x9d")
    table.add_row("one\x1b[2J\x9b2J")
    make_console().print(table, "two\x9d\x07", Text("three\u202e"), markup=False)
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("one", "two", "three"))
    assert not {char for char in shown if not char.isprintable()} - {"\n"}


@pytest.mark.usefixtures("newsroom")
@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/nowhere.html", "cannot be read: No such file or directory"),
        ("http://10.0.0.1/", "private"),
    ],
)
def test_clean_reports_why_there_is_no_article(tmp_path: Path, target: str, reason: str) -> None:
    result = run(tmp_path, "clean", target)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"feedpub: {target}: ")
    assert reason in result.stderr


def test_clean_works_without_a_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command.cli, ["clean", "http://127.0.0.1:9/"])
    assert (result.exit_code, "private" in result.stderr or "allow_private" in result.stderr) == (
        1,
        True,
    )


@pytest.mark.parametrize(
    ("arguments", "status"), [(["build"], 2), (["status"], 2), (["check"], 2), (["nonsense"], 2)]
)
def test_bad_config_or_command_exits_with_2_and_one_message(
    tmp_path: Path, arguments: list[str], status: int
) -> None:
    file = tmp_path / "feedpub.toml"
    file.write_text("[feedpub]\nouput = 'x'\n")
    done = subprocess.run(  # noqa: S603 -- feedpub itself
        [sys.executable, "-m", "feedpub", "-c", str(file), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
    assert (
        arguments == ["nonsense"]
        or f'{file}:2: feedpub: ouput: unknown key; did you mean "output"?' in done.stderr
    )


def test_status_with_a_bad_config_explains_what_the_service_does(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feedpub.toml").write_text("[feedpub]\nouput = 'x'\n")
    error = run(tmp_path, "status").exception
    assert isinstance(error, ConfigError)
    assert (
        str(error).splitlines()[-1]
        == "A running service continues with the config that it loaded before."
    )


def test_unusable_state_exits_with_1_and_its_path(tmp_path: Path) -> None:
    configure(tmp_path, feed("f", f"folder {tmp_path}/articles"))
    (tmp_path / ".feedpub").write_text("a file")
    config = str(tmp_path / "config" / "feedpub.toml")
    done = subprocess.run(  # noqa: S603 -- feedpub itself
        [sys.executable, "-m", "feedpub", "-c", config, "build"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, ".feedpub" in done.stderr, "Traceback" in done.stderr) == (
        1,
        True,
        False,
    )


@pytest.mark.slow
def test_build_shows_progress_on_a_terminal(newsroom: Site, tmp_path: Path) -> None:
    import pty  # noqa: PLC0415 -- not on Windows

    shown = bytearray()

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1)
        handler.send_error(500)

    def read(descriptor: int) -> bytes:
        import os  # noqa: PLC0415

        data = os.read(descriptor, 4096)
        shown.extend(data)
        return data

    newsroom[path(2)] = slowly
    config = str(tmp_path / "config" / "feedpub.toml")
    pty.spawn([sys.executable, "-m", "feedpub", "-c", config, "build", "world"], read)
    assert b"/3" in shown
    assert b"articles" in shown
    assert b"outcome" in shown.split(b"articles")[-1]


@pytest.mark.usefixtures("newsroom")
def test_preview_reports_what_it_cannot_show(tmp_path: Path) -> None:
    unknown = run(tmp_path, "preview", "wrld")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "the config has: " in unknown.stderr
    config = tmp_path / "config" / "feedpub.toml"
    name = tomllib.loads(config.read_text("utf-8"))["feed"][0]["name"]
    unbuilt = run(tmp_path, "preview", name)
    assert (unbuilt.exit_code, "`feedpub build` stores them" in unbuilt.stderr) == (1, True)
    text = tmp_path / "a.txt"
    text.write_text("A text", "utf-8")
    assert "clean --explain" in run(tmp_path, "preview", str(text)).stderr

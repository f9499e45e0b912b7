"""`feedpub backfill`: older entries in the archives of a feed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedpub import cli as command
from tests.support.newsroom import configure, feed, listing, path, story
from tests.support.site import Route, Site


def run(folder: Path, *arguments: str) -> Result:
    config = str(folder / "config" / "feedpub.toml")
    return CliRunner().invoke(command.cli, ["-c", config, *arguments])


@pytest.fixture
def harbour(site: Site, tmp_path: Path) -> Site:
    """Serve six stories on two pages of a listing, and build the feed of the first page."""
    for n in range(1, 7):
        site[path(n)] = story(n).replace("2026-11", "2025-11")
    older = '<a rel="next" href="/news/2">Older</a></main>'
    site["/news"] = listing([6, 5, 4]).replace("2026-11", "2025-11").replace("</main>", older)
    site["/news/2"] = listing([3, 2, 1]).replace("2026-11", "2025-11")
    configure(tmp_path, feed("harbour", f"page {site.url('/news')}"))
    return site


def test_backfill_reports_the_entries_and_the_date(harbour: Site, tmp_path: Path) -> None:
    assert run(tmp_path, "build").exit_code == 0
    done = run(tmp_path, "backfill", "harbour", "--until", "2025-11-02")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "harbour: 2 entries added back to 2025-11-02, 4 pages requested, page by page: "
        f"{harbour.url('/news')}\ndone: there is nothing more to add\n"
    )
    assert list((tmp_path / "feeds").glob("harbour-archive-1.*"))
    again = run(tmp_path, "backfill", "harbour", "--until", "2025-11-02")
    assert "0 entries added back to 2025-11-02, 0 pages requested" in again.stdout


@pytest.mark.usefixtures("harbour")
def test_backfill_that_is_not_done_states_how_to_continue(tmp_path: Path) -> None:
    run(tmp_path, "build")
    arguments = ("backfill", "harbour", "--until", "2025-11-01", "--max-pages", "1")
    first = run(tmp_path, *arguments)
    assert first.exit_code == 0
    assert first.stdout.endswith(
        "not done; continue with: feedpub backfill harbour --until 2025-11-01\n"
    )
    assert "done: there is nothing more" in run(tmp_path, *arguments[:-2]).stdout


def test_backfill_shows_what_could_not_be_read(harbour: Site, tmp_path: Path) -> None:
    run(tmp_path, "build")
    harbour["/news/2"] = Route(b"", status=500)
    done = run(tmp_path, "backfill", "harbour", "--until", "2025-11-01")
    assert done.exit_code == 1
    assert f"  {harbour.url('/news/2')}: HTTP 500" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["harbour", "--until", "2025-11-01"], 1, "build it first: feedpub build harbour"),
        (["harbour"], 2, "--until"),
        (["harbour", "--until", "soon"], 2, "'soon' does not match the format '%Y-%m-%d'"),
        (["harbor", "--until", "2025-11-01"], 1, "did you mean harbour?"),
    ],
)
def test_wrong_arguments_are_explained(
    harbour: Site, tmp_path: Path, arguments: list[str], status: int, reason: str
) -> None:
    done = run(tmp_path, "backfill", *arguments)
    assert done.exit_code == status
    assert reason in f"{done.output}{done.exception}"
    assert harbour.requests == []


@pytest.mark.slow
def test_interrupted_backfill_states_how_to_continue(harbour: Site, tmp_path: Path) -> None:
    """It continues with what is missing."""
    run(tmp_path, "build")
    config = tmp_path / "config" / "feedpub.toml"
    text = config.read_text("utf-8")
    config.write_text(text.replace('request_delay = "0s"', 'request_delay = "5s"'), "utf-8")
    harbour.clear_requests()
    arguments = ["-c", str(config), "backfill", "harbour", "--until", "2025-11-01"]
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", "feedpub", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    deadline = time.monotonic() + 60
    while "/news/2" not in harbour.paths():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert "continue with: feedpub backfill harbour --until 2025-11-01" in errors
    done = run(tmp_path, "backfill", "harbour", "--until", "2025-11-01")
    assert "done: there is nothing more to add" in done.stdout

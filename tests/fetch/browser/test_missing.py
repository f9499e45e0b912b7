"""Messages if there is no browser."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from feedpub.cleaner.extract import extract
from feedpub.config import HOW_TO_RENDER
from feedpub.core.errors import FetchError, NoContentError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher, RequestOptions
from feedpub.fetch.browser import Browser, why_unavailable
from feedpub.pipeline.run import run_feed
from feedpub.sources.listing_page import items_in
from tests.support.home import HEAD, Home
from tests.support.newsroom import configure, open_context
from tests.support.site import Site

APP = (
    '<html><head><title>News</title><script src="/app.js"></script></head><body><div '
    'id="root">{}</div></body></html>'
)
FEED = (
    '[[feed]]\nname = "app"\ntitle = "App"\n[[feed.source]]\ntype = "page"\nurl = "{url}"\n'
    "render = true\n"
)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide Chromium and Playwright."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("feedpub.fetch.browser.launch.find_spec", lambda _: None)


def test_playwright_is_imported_when_the_first_page_is_rendered() -> None:
    """It is an optional dependency: feedpub must start without it."""
    script = "import sys, feedpub.pipeline.run; print('playwright' in sys.modules)"
    done = subprocess.run(  # noqa: S603 -- our own
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"


@pytest.mark.usefixtures("nothing_installed")
def test_missing_parts_are_named_with_install_commands() -> None:
    reason = why_unavailable(None)
    assert reason == (
        "render = true needs a browser; no Chromium is installed: apt install chromium; "
        "feedpub's extra is not installed: pip install 'feedpub[browser]'"
    )


def test_browser_path_must_exist(tmp_path: Path) -> None:
    assert f"there is no program {tmp_path}/none, which browser_path names" in str(
        why_unavailable(tmp_path / "none")
    )


@pytest.mark.usefixtures("nothing_installed")
def test_source_fails_without_a_request(site: Site, tmp_path: Path) -> None:
    config = configure(tmp_path, FEED.format(url=site.url("/")))
    with open_context(config) as context:
        outcome = run_feed(config.feed[0], context)
    (problem,) = outcome.problems
    assert problem.where == site.url("/")
    assert "apt install chromium" in problem.reason
    assert "pip install 'feedpub[browser]'" in problem.reason
    assert site.requests == []


def test_check_reports_the_missing_browser(tmp_path: Path) -> None:
    """Only for sources that need it."""
    home = Home(tmp_path)
    home.configure(
        FEED.format(url="https://example.org/"), head=f'{HEAD}browser_path = "no-such-browser"\n'
    )
    checked = home.run("check")
    assert checked.returncode == 0
    assert "note: render = true needs a browser; there is no program" in checked.stdout


def test_browser_that_does_not_start_is_an_error_of_the_page(site: Site, tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 3\n", "utf-8")
    program.chmod(0o755)
    if lacking := why_unavailable(program):
        pytest.skip(lacking)
    site["/"] = "<p>"
    with (
        Fetcher(delay=0, allow_private=["127.0.0.0/8"]) as gate,
        Browser(program) as browser,
        pytest.raises(FetchError, match="the browser does not start"),
    ):
        browser.render(site.url("/"), gate, RequestOptions(), seconds=9)


@pytest.mark.parametrize("shown", ["", "<p>Loading the news…</p>"])
def test_page_that_needs_javascript_is_reported_with_advice(shown: str) -> None:
    page = APP.format(shown)
    todo = re.escape(f"without JavaScript; {HOW_TO_RENDER}")
    with pytest.raises(NoContentError, match=todo):
        extract(page, "https://example.org/a")
    with pytest.raises(NoContentError, match=todo):
        items_in(Page("https://example.org/", page.encode(), "text/html"))


@pytest.mark.parametrize("data", ["", '<script type="application/ld+json">{"a": 1}</script>'])
def test_empty_page_without_scripts_has_no_advice(data: str) -> None:
    with pytest.raises(NoContentError, match=r"there is no text in the page$"):
        extract(
            f"<html><head><title>x</title>{data}</head><body><div></div></body></html>",
            "https://example.org/a",
        )

"""The preview in a real browser, from selecting a block to a saved rule and a built feed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from feedpub.cleaner.rules import open_rules
from feedpub.config import Config
from feedpub.pipeline import run
from feedpub.web import Server
from feedpub.web.preview import PreviewServer, PreviewSession, page_from_address, pages_of_feed
from feedpub.web.sockets import open_socket
from tests.support.home import Home
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_context,
    open_newsroom,
    output_folder,
    path,
    story,
    title,
)
from tests.support.site import Site
from tests.support.tab import TIMEOUT_SECONDS, Tab, open_tab
from tests.web.preview.stories import SAID, story_with_box

pytestmark = pytest.mark.slow

CHOSEN = "document.querySelector('[aria-selected=true]')"
SAVED = "/^Saved to .*sites\\/127.0.0.1.toml/.test(document.querySelector('#status').textContent)"
IN_ARTICLE = "document.querySelector('#cleaned').textContent.includes({!r})"
# The lowest contrast of any text, and the controls without an accessible name
READABLE = """(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = colour => {
    const linear = c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    const [r, g, b] = channels(colour).map(c => linear(c / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = e => channels(getComputedStyle(e).backgroundColor)[3] === 0
    ? ground(e.parentElement) : getComputedStyle(e).backgroundColor;
  const texts = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  const says = e => texts(e) && e.checkVisibility() && !e.closest(":disabled");
  return Math.min(...[...document.querySelectorAll("body *")].filter(says).map(e => {
    const [a, b] = [getComputedStyle(e).color, ground(e)].map(luminance).sort((x, y) => x - y);
    return (b + .05) / (a + .05);
  }));
})()"""
NAMELESS = """[...document.querySelectorAll(
    "button, select, [role=listbox], [role=region], [tabindex='0']"
  )]
  .filter(e => e.checkVisibility() && !(e.textContent.trim() || e.getAttribute("aria-label")
    || e.getAttribute("aria-labelledby") || e.labels?.length)).map(e => e.outerHTML)"""


@pytest.fixture
def config(site: Site, tmp_path: Path) -> Config:
    """Return the config of a feed with three stories with boxes."""
    open_newsroom(site, [3, 2, 1])
    for n in SAID:
        site[path(n)] = story_with_box(n)
    return configure(tmp_path, feed("world", f"page {site.url('/news')}"))


def build(config: Config) -> str:
    """Build the feed in this process, and return it."""
    with open_context(config) as context:
        run.run_feed(config.feed[0], replace(context, site_rules=open_rules(config.rules)))
    return read_published(config)


def read_published(config: Config) -> str:
    return (output_folder(config) / "world.rss").read_text("utf-8")


@contextmanager
def serve_preview(config: Config, url: str = "") -> Iterator[str]:
    """Serve the preview of the built feed, or of the page at a URL, and yield its URL."""
    build(config)
    with open_context(config) as context:
        others = pages_of_feed(config.feed[0], context)
        pages = [page_from_address(url, context)] if url else others
        listening = open_socket("127.0.0.1:0")
        preview_server = PreviewServer(
            PreviewSession(pages, context, config.rules.sites, others), listening.getsockname()[1]
        )
        server = Server(preview_server, [listening])
        server.start()
        yield preview_server.url
        server.stop(TIMEOUT_SECONDS)


CREDITS = (
    '<p class="credits">Text by <span class="who">Ada Penn</span>, '
    '<span class="when">3 May 2026</span></p>'
)


@contextmanager
def running_preview(home: Home) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run the command, and yield it with the URL that it prints."""
    command = subprocess.Popen(
        [sys.executable, "-m", "feedpub", "preview", "world"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home.root,
        env={**os.environ, "FEEDPUB_CONFIG": str(home.config)},
    )
    try:
        assert command.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", command.stdout.readline())
        assert found, command.communicate(timeout=TIMEOUT_SECONDS)
        yield found[0], command
    finally:
        command.kill()
        command.communicate(timeout=TIMEOUT_SECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    with open_tab() as tab:
        yield tab


@pytest.fixture
def tab(browser: Tab) -> Iterator[Tab]:
    browser.resize(1280, 860)
    yield browser
    assert browser.errors == []


def block_with(text: str) -> str:
    blocks = "[...document.querySelectorAll('.block')]"
    return f"{blocks}.find(each => each.textContent.includes({text!r}))"


def effects(tab: Tab) -> str:
    """Wait for the effects on other articles, and return their summary."""
    tab.wait_for("document.querySelector('#effects p')?.textContent.includes(' change, ')")
    return str(tab.evaluate("document.querySelector('#effects p').textContent"))


def test_rule_is_drafted_and_saved_by_mouse(
    config: Config, site: Site, tmp_path: Path, tab: Tab
) -> None:
    home = Home(tmp_path)
    assert SAID[3] in build(config)
    with running_preview(home) as (url, command):
        tab.open(url)
        tab.wait_for(block_with(SAID[3]))
        tab.evaluate(f"{block_with(SAID[3])}.setAttribute('data-it', '')")
        tab.click("[data-it]")
        assert tab.evaluate("document.querySelector('#rule').value") == ".join-box"
        tab.click("[data-act=remove]")
        tab.wait_for(f"{CHOSEN}?.matches('.gone')")
        assert tab.evaluate(f"{CHOSEN}.querySelector('del').textContent") == SAID[3]
        assert "rule remove '.join-box'" in tab.evaluate(
            f"{CHOSEN}.querySelector('.why').textContent"
        )
        assert not tab.evaluate(IN_ARTICLE.format(SAID[3]))
        assert tab.evaluate("document.querySelector('#effect .minus').textContent").endswith(
            SAID[3]
        )
        assert (
            tab.evaluate("document.querySelector('#toml').textContent") == 'remove = [".join-box"]'
        )
        assert effects(tab) == "2 of 2 change, 0 stay the same."
        tab.click("#undo")
        tab.wait_for(IN_ARTICLE.format(SAID[3]))
        assert not config.rules.sites.exists()
        tab.click("[data-act=remove]")
        tab.wait_for(f"{CHOSEN}?.matches('.gone')")
        tab.click("#save")
        tab.wait_for(SAVED)
        tab.click("#done")
        assert command.wait(TIMEOUT_SECONDS) == 0
    assert (config.rules.sites / "127.0.0.1.toml").read_text("utf-8") == 'remove = [".join-box"]\n'
    site["/news"] = listing([4, 3, 2, 1])
    assert home.run("build").returncode == 0
    assert title(4) in read_published(config)
    assert SAID[4] not in read_published(config)


def test_rule_is_drafted_and_saved_by_keyboard(config: Config, site: Site, tab: Tab) -> None:
    with serve_preview(config) as url:
        tab.open(url)
        tab.wait_for(block_with(SAID[3]))
        while not tab.evaluate("document.activeElement.matches('.block')"):
            tab.press("Tab")
        for _ in range(20):
            if SAID[3] in tab.evaluate(f"({CHOSEN} || document.activeElement).textContent"):
                break
            tab.press("ArrowDown")
        assert tab.evaluate("document.activeElement.matches('.block:focus-visible')")
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        tab.press("ArrowLeft")
        assert tab.evaluate("document.querySelector('#rule').value") == ".join-box > p"
        tab.press("ArrowRight", "r")
        tab.wait_for(f"{CHOSEN}?.matches('.gone')")
        assert SAID[3] in tab.evaluate("document.activeElement.textContent")
        assert effects(tab) == "2 of 2 change, 0 stay the same."
        tab.press("u")
        tab.wait_for(IN_ARTICLE.format(SAID[3]))
        tab.press("n")
        tab.wait_for(block_with(SAID[2]))
        tab.press("p")
        tab.wait_for(block_with(SAID[3]))
        tab.press("?")
        assert tab.evaluate("document.querySelector('#help').open")
        tab.press("Escape")
        assert not tab.evaluate("document.querySelector('#help').open")
        tab.evaluate(f"{block_with(SAID[3])}.focus()")
        tab.press("r")
        tab.wait_for(f"{CHOSEN}?.matches('.gone')")
        tab.press("s")
        tab.wait_for(SAVED)
    site["/news"] = listing([4, 3, 2, 1])
    assert title(4) in build(config)
    assert SAID[4] not in read_published(config)


def test_title_date_author_and_keep_rules_have_keys(config: Config, tab: Tab, site: Site) -> None:
    with serve_preview(config, site.url(path(4))) as url:
        tab.open(url)
        tab.wait_for(block_with("You may also like"))
        tab.evaluate(f"{block_with('By Jane Doe')}.focus()")
        tab.press("a", "d", "t", "k")
        tab.wait_for("document.querySelector('#toml').textContent.split('\\n').length === 4")
        assert tab.evaluate("document.querySelector('#toml').textContent").split("\n") == [
            'keep = [".byline"]',
            'title = ".byline"',
            'author = ".byline"',
            'date = ".byline"',
        ]
        tab.wait_for("document.querySelector('#cleaned h1').textContent === 'By Jane Doe'")
        assert effects(tab).startswith("3 of 3 change")
        tab.evaluate(f"{block_with('Home')}.focus()")
        tab.press("k")
        status = "document.querySelector('#status').textContent"
        tab.wait_for(f"{status}.startsWith('No selector matches this block')")


def test_clicked_inner_element_becomes_the_author_rule(
    config: Config, tab: Tab, site: Site
) -> None:
    """A rule that is selected explicitly takes precedence."""
    site[path(4)] = story(4, extra=CREDITS)
    with serve_preview(config, site.url(path(4))) as url:
        tab.open(url)
        tab.wait_for("document.querySelector('.block [data-selector=\".who\"]')")
        tab.click('.block [data-selector=".who"]')
        assert tab.evaluate("document.querySelector('#rule').value") == ".credits"
        tab.click("[data-act=author]")
        tab.wait_for(
            "document.querySelector('#cleaned .byline').textContent.startsWith('Ada Penn')"
        )
        tab.click('.block [data-selector=".who"]')
        tab.press("ArrowLeft", "d")
        tab.wait_for("document.querySelector('#draft').children.length === 2")
        assert (
            tab.evaluate("document.querySelector('#toml').textContent")
            == 'author = ".who"\ndate = ".when"'
        )


def test_page_fits_all_widths_with_enough_contrast(config: Config, tab: Tab) -> None:
    with serve_preview(config) as url:
        tab.open(url)
        tab.wait_for(block_with(SAID[3]))
        tab.evaluate(f"select({block_with(SAID[3])})")
        tab.evaluate("addRule('remove')")
        tab.wait_for("document.querySelector('#effects details')")
        for width, dark in ((390, False), (390, True), (800, False), (1280, False), (1280, True)):
            tab.resize(width, 800, dark=dark)
            for pane in ("original", "article", "rules") if width < 800 else ("original",):
                tab.evaluate(f"showPane('{pane}')")
                assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                    width,
                    pane,
                )
                assert tab.evaluate(READABLE) >= 4.5, (width, pane, dark)
                assert tab.evaluate(NAMELESS) == [], (width, pane)

"""The whole way in a real browser: look, point at what is wrong, see what a rule would change, save it, build."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.home import Home
from tests.support.newsroom import feed, listing, open_newsroom, path, story, title
from tests.support.site import Site
from tests.support.tab import PATIENCE, Tab, open_tab

pytestmark = pytest.mark.slow

SAID = {
    1: "The letter of the first week told its readers how the old crane came to the north quay, and who paid for it.",
    2: "Nine captains wrote down what they remember of the flood, and their words fill two pages of the letter.",
    3: "How the bakery at the lock came to its name is a long story, which Ada Penn has told in full in the letter.",
    4: "A map of all the boats that were built here in a hundred years was drawn by two pupils, and lies beside it.",
}
CHOSEN = "document.querySelector('[aria-selected=true]')"
SAVED = "document.querySelector('#status').textContent.startsWith('Saved to config/sites/127.0.0.1.toml')"
IN_ARTICLE = "document.querySelector('#cleaned').textContent.includes({!r})"
# How well texts stand out from their ground, and whether all that can be used is named.
READABLE = """(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = colour => {
    const [r, g, b] = channels(colour).map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = e => channels(getComputedStyle(e).backgroundColor)[3] === 0 ? ground(e.parentElement)
    : getComputedStyle(e).backgroundColor;
  const says = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() && !e.closest(":disabled");
  return Math.min(...[...document.querySelectorAll("body *")].filter(says).map(e => {
    const [a, b] = [getComputedStyle(e).color, ground(e)].map(luminance).sort((x, y) => x - y);
    return (b + .05) / (a + .05);
  }));
})()"""
NAMELESS = """[...document.querySelectorAll("button, select, [role=listbox], [role=region], [tabindex='0']")]
  .filter(e => e.checkVisibility() && !(e.textContent.trim() || e.getAttribute("aria-label")
    || e.getAttribute("aria-labelledby") || e.labels?.length)).map(e => e.outerHTML)"""


def boxed(n: int) -> str:
    """A story with a box in it that says something else in each of them, so that it does not look repeated."""
    return story(n, extra=f'<div class="join-box"><p>{SAID[n]}</p></div>')


@pytest.fixture
def home(site: Site, tmp_path: Path) -> Home:
    """A feed of three stories with such boxes, built."""
    open_newsroom(site, [3, 2, 1])
    for n in SAID:
        site[path(n)] = boxed(n)
    home = Home(tmp_path)
    home.configure(feed("world", f"page {site.url('/news')}"))
    done = home.run("build")
    assert done.returncode == 0, done.stderr
    assert SAID[3] in published(home)
    return home


def published(home: Home) -> str:
    return (home.feeds / "world.rss").read_text("utf-8")


@contextmanager
def previewed(home: Home, target: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The command, and the address that it prints."""
    command = subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", "feedpub", "preview", target],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home.root,
        env={**os.environ, "FEEDPUB_CONFIG": str(home.config)},
    )
    try:
        assert command.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", command.stdout.readline())
        assert found, command.communicate(timeout=PATIENCE)
        yield found[0], command
    finally:
        command.kill()
        command.communicate(timeout=PATIENCE)


@pytest.fixture
def tab() -> Iterator[Tab]:
    with open_tab() as tab:
        tab.resize(1280, 860)
        yield tab
        assert tab.complaints == []


def block_with(text: str) -> str:
    return f"[...document.querySelectorAll('.block')].find(each => each.textContent.includes({text!r}))"


def effects(tab: Tab) -> str:
    """What is told of the other articles, once it is."""
    tab.until("document.querySelector('#effects p')?.textContent.includes(' change, ')")
    return str(tab.says("document.querySelector('#effects p').textContent"))


def build_with_a_fourth_story(home: Home, site: Site) -> None:
    """Another run, which finds one more; and the stored ones are made anew."""
    site["/news"] = listing([4, 3, 2, 1])
    assert home.run("build").returncode == 0
    assert title(4) in published(home)
    assert SAID[4] not in published(home)
    assert SAID[3] in published(home)
    assert home.run("reclean", "--yes").returncode == 0
    assert [said for said in SAID.values() if said in published(home)] == []


def test_with_a_mouse(home: Home, site: Site, tab: Tab) -> None:
    """Click, see what changes here and elsewhere, take it back, save, build."""
    with previewed(home, "world") as (url, command):
        tab.go(url)
        tab.until(block_with(SAID[3]))
        tab.says(f"{block_with(SAID[3])}.setAttribute('data-it', '')")
        tab.click("[data-it]")
        assert tab.says("document.querySelector('#rule').value") == ".join-box"
        tab.click("[data-act=remove]")
        tab.until(f"{CHOSEN}?.matches('.gone')")
        assert tab.says(f"{CHOSEN}.querySelector('del').textContent") == SAID[3]
        assert "rule remove '.join-box'" in tab.says(f"{CHOSEN}.querySelector('.why').textContent")
        assert not tab.says(IN_ARTICLE.format(SAID[3]))
        assert tab.says("document.querySelector('#effect .minus').textContent") == f"− {SAID[3]}"
        assert tab.says("document.querySelector('#toml').textContent") == 'remove = [".join-box"]'
        assert effects(tab) == "2 of 2 change, 0 stay as they are."
        tab.click("#undo")
        tab.until(IN_ARTICLE.format(SAID[3]))
        assert not (home.config.parent / "sites").exists()
        tab.click("[data-act=remove]")
        tab.until(f"{CHOSEN}?.matches('.gone')")
        tab.click("#save")
        tab.until(SAVED)
        tab.click("#done")
        assert command.wait(PATIENCE) == 0
    assert (home.config.parent / "sites" / "127.0.0.1.toml").read_text("utf-8") == 'remove = [".join-box"]\n'
    build_with_a_fourth_story(home, site)


def test_without_a_mouse(home: Home, site: Site, tab: Tab) -> None:
    """The same by keys alone; what is chosen can be seen."""
    with previewed(home, "world") as (url, command):
        tab.go(url)
        tab.until(block_with(SAID[3]))
        while not tab.says("document.activeElement.matches('.block')"):
            tab.press("Tab")
        for _ in range(20):
            if SAID[3] in tab.says(f"({CHOSEN} || document.activeElement).textContent"):
                break
            tab.press("ArrowDown")
        assert tab.says("document.activeElement.matches('.block:focus-visible')")
        assert tab.says("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        tab.press("ArrowLeft")
        assert tab.says("document.querySelector('#rule').value") == ".join-box > p"
        tab.press("ArrowRight", "r")
        tab.until(f"{CHOSEN}?.matches('.gone')")
        assert SAID[3] in tab.says("document.activeElement.textContent")
        assert effects(tab) == "2 of 2 change, 0 stay as they are."
        tab.press("u")
        tab.until(IN_ARTICLE.format(SAID[3]))
        tab.press("n")
        tab.until(block_with(SAID[2]))
        tab.press("p")
        tab.until(block_with(SAID[3]))
        tab.press("?")
        assert tab.says("document.querySelector('#help').open")
        tab.press("Escape")
        assert not tab.says("document.querySelector('#help').open")
        tab.says(f"{block_with(SAID[3])}.focus()")
        tab.press("r")
        tab.until(f"{CHOSEN}?.matches('.gone')")
        tab.press("s")
        tab.until(SAVED)
        command.send_signal(signal.SIGINT)
        assert command.wait(PATIENCE) == 0
    build_with_a_fourth_story(home, site)


def test_title_date_author_and_what_is_kept(home: Home, tab: Tab, site: Site) -> None:
    """Each by its key, on a page that is fetched; what cannot be named is said."""
    with previewed(home, site.url(path(4))) as (url, _):
        tab.go(url)
        tab.until(block_with("You may also like"))
        tab.says(f"{block_with('By Jane Doe')}.focus()")
        tab.press("a", "d", "t", "k")
        tab.until("document.querySelector('#toml').textContent.split('\\n').length === 4")
        assert tab.says("document.querySelector('#toml').textContent").split("\n") == [
            'keep = [".byline"]',
            'title = ".byline"',
            'author = ".byline"',
            'date = ".byline"',
        ]
        tab.until("document.querySelector('#cleaned h1').textContent === 'By Jane Doe'")
        assert effects(tab).startswith("3 of 3 change")
        tab.says(f"{block_with('Home')}.focus()")
        tab.press("k")
        tab.until("document.querySelector('#status').textContent.startsWith('Nothing names this block')")


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_can_be_read(home: Home, tab: Tab, *, dark: bool) -> None:
    """From a phone's width upwards, by day and by night; everything that can be used has a name."""
    with previewed(home, "world") as (url, _):
        tab.go(url)
        tab.until(block_with(SAID[3]))
        tab.says(f"choose({block_with(SAID[3])})")
        tab.says("act('remove')")
        tab.until("document.querySelector('#effects details')")
        for width in (390, 800, 1280):
            tab.resize(width, 800, dark=dark)
            for pane in ("original", "article", "rules"):
                tab.says(f"pane('{pane}')")
                assert tab.says("document.documentElement.scrollWidth <= innerWidth"), (width, pane)
                assert tab.says(READABLE) >= 4.5, (width, pane)
                assert tab.says(NAMELESS) == [], (width, pane)

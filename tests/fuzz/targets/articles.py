"""Fuzz the cleaner: pages, saved files, a site's memory."""

import re
from collections.abc import Iterator
from pathlib import Path

from feedpub.cleaner.extract import extract
from feedpub.cleaner.mail import article_from_mail, pictures_of_mail
from feedpub.cleaner.plain_text import extract_text
from feedpub.cleaner.saved_files import extract_saved
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.config import SiteRules
from feedpub.core.errors import ExtractError
from feedpub.publisher.names import is_publishable
from tests.fuzz.oracle import PAGE, check_article
from tests.fuzz.target import LINES, MARKUP, Target, fields, text

_HOME = Path(__file__).parents[3]
_SUFFIXES = (".md", ".txt", ".html")
_RULES = SiteRules(content="article", remove=("aside", "text:Advertisement", ".promo p"))
_BASE = "https://feeds.example.org/news/"


def page(data: bytes) -> None:
    """Extract a page given as bytes."""
    check_article(extract(data, PAGE))


def page_text(data: bytes) -> None:
    """Extract a page given as text, with rules for its site and without an address."""
    check_article(extract(text(data), None, rules=_RULES))


def plain(data: bytes) -> None:
    """Extract an article from plain text."""
    check_article(extract_text(text(data)))


def saved(data: bytes) -> None:
    """Extract a saved file; its first byte selects the format."""
    suffix = _SUFFIXES[data[0] % len(_SUFFIXES)] if data else ".md"
    article = extract_saved(data[1:], f"2026-01-14_story{suffix}", base=_BASE)
    check_article(article)


def extract_mail(data: bytes) -> None:
    """Extract a mail and its pictures."""
    check_article(article_from_mail(data, _BASE))
    for name in pictures_of_mail(data):
        assert is_publishable(name), name


def site(data: bytes) -> None:
    """Learn from some pages of a site, then extract one of them."""
    memory = SiteMemory()
    some = fields(data, 4)
    for number, each in enumerate(some):
        try:
            memory.learn(text(each), f"{PAGE}?{number}")
        except ExtractError:
            continue
    assert SiteMemory.from_bytes(memory.to_bytes()).to_bytes() == memory.to_bytes()
    check_article(extract(text(some[0]), PAGE, memory=memory))


def _pages() -> Iterator[bytes]:
    for file in sorted((_HOME / "tests" / "pages").glob("*/source.html")):
        whole = re.sub(rb"<style.*?</style>|\s\s+", b" ", file.read_bytes(), flags=re.DOTALL)
        yield whole
        yield whole[len(whole) // 2 :][:3000]


def _texts() -> Iterator[bytes]:
    for file in sorted((_HOME / "config" / "articles").glob("*/*.*")):
        if file.suffix in _SUFFIXES:
            yield file.read_bytes()


def _saved_inputs() -> Iterator[bytes]:
    for body in _texts():
        for kind in range(len(_SUFFIXES)):
            yield bytes([kind]) + body


def _mails() -> Iterator[bytes]:
    for file in sorted((_HOME / "tests").glob("mails/*.eml")):
        yield file.read_bytes()


def _sites() -> Iterator[bytes]:
    some = [body.replace(b"\xff", b"")[:2000] for body in _pages()]
    for at in range(0, len(some) - 3, 4):
        yield b"\xff".join(some[at : at + 4])


TARGETS = (
    Target("text", plain, "prose", LINES, 4000, _texts),
    Target("saved", saved, "prose", LINES, 3000, _saved_inputs),
    Target("mail", extract_mail, "mail", LINES, 6000, _mails),
    Target("page", page, "html", MARKUP, 8000, _pages),
    Target("page-text", page_text, "html", MARKUP, 8000, _pages),
    Target("site", site, "html", MARKUP, 8000, _sites),
)

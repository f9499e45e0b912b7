"""The cleaner: pages, saved files, a site's memory."""

import re
from collections.abc import Iterator
from pathlib import Path

from feedpub import cleaner
from feedpub.cleaner import SiteMemory
from feedpub.config import SiteRules
from feedpub.errors import ExtractError
from tests.fuzz.oracle import PAGE, check_article
from tests.fuzz.target import LINES, MARKUP, Target, fields, text

_HOME = Path(__file__).parents[3]
_SUFFIXES = (".md", ".txt", ".html")
_RULES = SiteRules(content="article", remove=("aside", "text:Advertisement", ".promo p"))
_BASE = "https://feeds.example.org/news/"


def page(data: bytes) -> None:
    """A page in bytes."""
    check_article(cleaner.extract(data, PAGE))


def page_text(data: bytes) -> None:
    """A page in characters, with rules for its site and without an address."""
    check_article(cleaner.extract(text(data), None, rules=_RULES))


def plain(data: bytes) -> None:
    """An article in plain text."""
    check_article(cleaner.extract_text(text(data)))


def saved(data: bytes) -> None:
    """A saved file; its first byte says of which kind."""
    suffix = _SUFFIXES[data[0] % len(_SUFFIXES)] if data else ".md"
    article = cleaner.extract_saved(data[1:], f"2026-01-14_story{suffix}", base=_BASE)
    check_article(article)


def site(data: bytes) -> None:
    """Some pages of a site, learned from, then one of them read."""
    memory = SiteMemory()
    some = fields(data, 4)
    for number, each in enumerate(some):
        try:
            memory.learn(text(each), f"{PAGE}?{number}")
        except ExtractError:
            continue
    assert SiteMemory.from_bytes(memory.to_bytes()).to_bytes() == memory.to_bytes()
    check_article(cleaner.extract(text(some[0]), PAGE, memory=memory))


def _pages() -> Iterator[bytes]:
    for file in sorted((_HOME / "tests" / "pages").glob("*/source.html")):
        whole = re.sub(rb"<style.*?</style>|\s\s+", b" ", file.read_bytes(), flags=re.DOTALL)
        yield whole[:8000]
        yield whole[len(whole) // 2 :][:3000]
    yield _HOSTILE


_HOSTILE = b"""<html lang=xx><base href="//[x"><meta property="og:image" content="javascript:x"><meta name=author content="&#0;">
<script type="application/ld+json">{"@graph":[{"@type":["NewsArticle"],"headline":1,"author":[{"name":null},"x"],"datePublished":
"0000-00-00","image":{"url":["//"]}}]}</script><article><h1>A</h1><p>The harbour of Lindby is closed until Friday, the harbour
master said on Monday.<svg><style><img src=x onerror=alert(1)></style></svg><math><mtext><a href="java&#9;script:x">y</a></math>
<p>Ships wait outside, and nobody knows for how long.<table><td colspan=1e9><noscript><img src="data:x"></noscript></table></article>"""


def _texts() -> Iterator[bytes]:
    for file in sorted((_HOME / "config" / "articles").glob("*/*.*")):
        if file.suffix in _SUFFIXES:
            yield file.read_bytes()[:4000]


def _saved() -> Iterator[bytes]:
    for body in _texts():
        for kind in range(len(_SUFFIXES)):
            yield bytes([kind]) + body[:3000]
    yield b'\x00---\ntitle: "A: b"\ndate: 2024-05-17 10:00:00 +02:00\nauthor: [{name: J}, K]\ntags: a\nimage: i.jpg\nurl: https://x/\n---\n# A\n\nB'
    yield b"\x00+++\ntitle = 'A'\ndate = 2024-05-17T10:00:00Z\nupdated = 07:32:00\n+++\n| a | b |\n|---|---|\n| c | d |\n"


def _sites() -> Iterator[bytes]:
    some = [body.replace(b"\xff", b"")[:2000] for body in _pages()]
    for at in range(0, len(some) - 3, 4):
        yield b"\xff".join(some[at : at + 4])


_WORDS = (
    *(
        b"<p>",
        b"</p>",
        b"<div class='",
        b"'>",
        b"</div>",
        b"<article>",
        b"<h1>",
        b"<h2>",
        b"<aside>",
        b"<figure>",
        b"<figcaption>",
    ),
    *(
        b"<img src='",
        b"srcset='",
        b"<picture>",
        b"<iframe src='https://www.youtube.com/embed/x'>",
        b"<table><tr><td>",
        b"<ul><li>",
    ),
    *(
        b"<blockquote>",
        b"<pre><code>",
        b"<sup><a href='#fn1'>",
        b"<math>",
        b"<svg>",
        b"<noscript>",
        b"<template>",
        b"<base href='",
    ),
    *(
        b"<meta property='article:published_time' content='",
        b"<meta name='author' content='",
        b"<title>",
        b"<time datetime='",
    ),
    *(
        b"<script type='application/ld+json'>{",
        b'"@type":"NewsArticle",',
        b'"author":[',
        b'"datePublished":"',
        b"}</script>",
    ),
    *(
        b"<link rel=canonical href='",
        b"<span itemprop='author'>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"&nbsp;",
        b"&#0;",
        b"&#xd800;",
    ),
    *(
        b"javascript:",
        b"data:",
        b"https://[",
        b"//",
        b"style='display:none'",
        b"hidden",
        b"Advertisement",
        b"Read more: ",
        b"\xff",
    ),
    *(
        "By Jane Roe".encode(),
        "Photo: ".encode(),
        "© ".encode(),
        "あ".encode(),
        "ق".encode(),
        b"<br>",
        b"<br><br>",
        b"<wbr>",
        b"\xc2\xad",
    ),
)
_TEXT_WORDS = (
    *(
        b"# ",
        b"## ",
        b"* ",
        b"1. ",
        b"> ",
        b"```",
        b"|",
        b"---",
        b"+++",
        b"[a](",
        b"![a](",
        b"<div>",
        b"title: ",
        b"date: ",
        b"author: ",
    ),
    *(
        b"&a ",
        b"*a",
        b"!!python/object:",
        b"!!binary ",
        b"? ",
        b"- ",
        b"{",
        b"[",
        b"2024-05-17",
        b".inf",
        b"0o7",
        b"\\\n",
        b"    ",
    ),
    *(
        b"By Jane Roe",
        b"Read more: ",
        b"https://example.org/",
        b"\n\n",
        b" | ",
        " — ".encode(),
        b". ",
        b"Share",
        "。".encode(),
    ),
)

TARGETS = (
    Target("text", plain, _texts, _TEXT_WORDS, LINES, 4000),
    Target("saved", saved, _saved, _TEXT_WORDS, LINES, 3000),
    Target("page", page, _pages, _WORDS, MARKUP, 8000),
    Target("page-text", page_text, _pages, _WORDS, MARKUP, 8000),
    Target("site", site, _sites, _WORDS, MARKUP, 8000),
)

"""Documents that list articles, and documents that are made of them."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from lxml import etree

from feedpub.articles import from_feed
from feedpub.builder import render_article, render_index, render_opml, render_page
from feedpub.errors import ExtractError
from feedpub.model import Enclosure, Entry, Page
from feedpub.sources import feed as feeds
from feedpub.sources import page as pages
from feedpub.sources import sitemapfile
from feedpub.sources.pace import pace_of
from tests.fuzz.oracle import (
    NOW,
    PAGE,
    check_address,
    check_article,
    check_documents,
    check_item,
    check_moment,
    feed_of,
)
from tests.fuzz.target import MARKUP, Target, fields, text, texts

_TESTS = Path(__file__).parents[2]
_TYPES = ("", "text/html", "application/rss+xml", "application/json", "text/plain", "application/xhtml+xml")


def _page(data: bytes) -> Page:
    """A document with its charset, and a content type that its first byte chooses."""
    charset, body = fields(data, 2)
    content_type = _TYPES[charset[0] % len(_TYPES)] if charset else ""
    return Page(PAGE, body, content_type, text(charset[1:]) or None)


def feed(data: bytes) -> None:
    """A feed of any kind, its entries' own content, and how often it wants to be asked."""
    page = _page(data)
    pace = pace_of(page)
    assert 0 <= pace.wait <= 7 * 86400
    for item in feeds.items_in(page, limit=20):
        check_item(item)
        try:
            article = from_feed(item)
        except ExtractError:
            continue
        check_article(article)


def _feeds() -> Iterator[bytes]:
    for file in sorted((_TESTS / "builder" / "full").glob("harbour*.*")):
        if file.suffix in (".rss", ".atom", ".json"):
            yield b"\xff" + file.read_bytes()[:6000]
    yield b"""\xff<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0" xml:base="https://example.org/"
      xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"
      xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel><title>A</title><link>/home</link><ttl>60</ttl><sy:updatePeriod>daily</sy:updatePeriod>
      <skipHours><hour>3</hour></skipHours><skipDays><day>Monday</day></skipDays>
      <item><title>One &amp;amp; two</title><link>/1</link><guid isPermaLink="false">x</guid><pubDate>Fri, 17 May 2024 08:30:00
      GMT</pubDate><dc:creator>Jane</dc:creator><category>News</category><description>&lt;p&gt;A&lt;/p&gt;</description>
      <content:encoded><![CDATA[<p>The harbour of Lindby is closed until Friday, and ships wait outside.</p>]]></content:encoded>
      <enclosure url="/a.mp3" type="audio/mpeg" length="12"/><media:content url="/i.jpg" medium="image"/></item></channel></rss>"""
    yield b"""\xff<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
      <channel rdf:about="https://example.org/"><title>A</title></channel><item rdf:about="https://example.org/1"><title>One</title>
      <link>https://example.org/1</link></item></rdf:RDF>"""
    yield b"""\xff<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>A</title><entry><id>urn:x:1</id><title
      type="html">&lt;b&gt;One&lt;/b&gt;</title><link rel="enclosure" href="a.mp3" length="1e9"/><link href="1"/><updated>2024-05-17T08:30:00Z
      </updated><author><name>Jane</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Ja</p></div></content>
      </entry></feed>"""
    yield b'\xff{"version":"https://jsonfeed.org/version/1.1","items":[{"id":1,"url":"1","content_html":"<p>A\\ud800","date_published":"2024-05-17","tags":["a"],"attachments":[{"url":"a","size_in_bytes":1e400}],"authors":[{"name":"J"}]}]}'  # noqa: E501


def sitemap(data: bytes) -> None:
    """A sitemap as it is, and in gzip."""
    page = _page(data)
    found = None
    for body in (page.body, gzip.compress(page.body, 1)):
        try:
            found = sitemapfile.parse(replace(page, body=body))
        except ExtractError:
            continue
        for item in found.items:
            check_item(item)
        for child in found.children:
            check_address(child.url)
            check_moment(child.modified)


def _sitemaps() -> Iterator[bytes]:
    yield b"""\xff<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
      xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc> https://example.org/1 </loc><lastmod>2024-05-17
      </lastmod><news:news><news:publication><news:name>A</news:name><news:language>en</news:language></news:publication>
      <news:publication_date>2024-05-17T08:30:00Z</news:publication_date><news:title>One</news:title><news:keywords>a, b
      </news:keywords></news:news></url><url><loc>/2</loc></url></urlset>"""
    yield b"\xff<sitemapindex><sitemap><loc>https://example.org/s.xml</loc><lastmod>2024-05</lastmod></sitemap></sitemapindex>"
    yield b"\xffhttps://example.org/1\nhttps://example.org/2\n"
    yield b"\xff" + gzip.compress(b"<urlset><url><loc>https://example.org/1</loc></url></urlset>", mtime=0)


def listing(data: bytes) -> None:
    """A page that lists articles, by its structure or by a selector."""
    page = _page(data)
    for selector in (None, "a", "article h2 > a"):
        try:
            items = pages.items_in(page, selector)
        except ExtractError as error:
            str(error).encode()
            continue
        for item in items:
            check_item(item)


def _listings() -> Iterator[bytes]:
    for file in sorted((_TESTS / "sources" / "listings").glob("*/page.html")):
        yield b"\xff" + file.read_bytes()[:8000]


def entries(data: bytes) -> None:
    """Entries with anything in any field, as documents and pages."""
    made = []
    for number, row in enumerate(data.split(b"\xfe")[:3]):
        title, author, summary, html, url, image, language, category, media = texts(row, 9)
        made.append(
            Entry(
                f"tag:example.org,2026:{number}",
                url,
                title,
                NOW,
                NOW,
                NOW - timedelta(seconds=number),
                authors=(author,),
                summary=summary,
                html=html,
                text=summary + title,
                language=language,
                image=image,
                categories=(category,),
                enclosures=(Enclosure(url, media, len(row)),),
                slug="story",
            )
        )
    feed = replace(
        feed_of(*made), title=text(data[:40]), author=text(data[40:80]), icon=text(data[80:120]), description=text(data)
    )
    check_documents(feed)
    for page in (render_page(feed), render_index([feed]), *(render_article(feed, entry) for entry in made)):
        page.decode()
    etree.fromstring(render_opml([feed]))


def _entries() -> Iterator[bytes]:
    row = (
        "A title",
        "Jane <jane@example.org>",
        "A summary",
        "<p>A & b</p>",
        PAGE,
        "https://example.org/i.jpg",
        "de-AT",
        "News",
        "audio/mpeg",
    )
    yield "\xff".join(row).encode("latin-1") + b"\xfe" + "\xff".join(reversed(row)).encode("latin-1")
    yield b"]]>\x00\xff\xed\xa0\x80\xff\xef\xbf\xbf\xff<svg><![CDATA[\xffhttp://[::1/\xffdata:x\xffx-y-\xff&amp;\xffa/b/c"


_XML = (b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?xml", b"?>", b"<!DOCTYPE x [<!ENTITY a '", b"&a;", b"&#0;", b"&#xd800;", b"&lt;", b"&amp;") + (
    b"xml:base='//x'", b"xmlns='", b"<link>", b"<item>", b"</item>", b"<title>", b"<entry>", b"<content type='xhtml'>", b"<url><loc>", b"</loc></url>",
    b"<pubDate>", b"<updated>", b"<guid>", b"<enclosure url='", b"<media:content url='", b"<dc:creator>", b"<content:encoded>", b"\xff", b"<category term='",
    b'"items":[', b'{"url":"', b'"}', b"\\ud800", b"1e400", b"<ttl>", b"https://", b"//", b"[", b"2024-05-17T08:30:00Z",
)  # fmt: skip
_HTML = (
    *(
        b"<a href='",
        b"'>",
        b"</a>",
        b"<article>",
        b"<h2>",
        b"<li>",
        b"<div class='card'>",
        b"<time datetime='",
        b"<base href='",
    ),
    *(
        b"<script type='application/ld+json'>",
        b'{"@type":"ItemList","itemListElement":[',
        b'"url":"',
        b"</script>",
        b"<nav>",
    ),
    *(
        b"<img src='",
        b"<table><tr><td>",
        b"<title>404",
        b"//",
        b"[",
        b"#",
        b"&#xd800;",
        b"<template>",
        b"<svg>",
        b"\xff",
    ),
)

TARGETS = (
    Target("entries", entries, _entries, (b"\xff", b"\xfe", *_XML), MARKUP, 2000),
    Target("sitemap", sitemap, _sitemaps, _XML, MARKUP, 4000),
    Target("listing", listing, _listings, _HTML, MARKUP, 8000),
    Target("feed", feed, _feeds, _XML, MARKUP, 6000),
)

"""Render RSS 2.0 and Atom with feedgen, and work around its limitations.

feedgen 1.0 writes the current time into documents, switches the locale of the process to format
dates, drops authors without an e-mail address, keeps one enclosure, and loses attributes of links.
Therefore dates of RSS, enclosures and persons are not passed to it. The extensions below add them
to its tree, and escape plain text so that all readers and the W3C validator take it as plain text.
"""

import re
from email.utils import format_datetime
from html import escape
from typing import Any

from feedgen.ext.base import (  # type: ignore[import-untyped]
    BaseEntryExtension,
    BaseExtension,
)
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]
from lxml import etree

from feedpub.builder.documents import Document, PreparedFeed, prepare, split_document
from feedpub.builder.entry_html import complete_fragments
from feedpub.builder.rss_atom_text import split_mailbox
from feedpub.core.models import Enclosure, Entry, Feed
from feedpub.core.podcast import append_tags
from feedpub.core.urls import is_web_url

_ATOM = "http://www.w3.org/2005/Atom"
_HISTORY = "http://purl.org/syndication/history/1.0"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
_DC, _MEDIA, _SY = (f"{{{_NAMESPACES[prefix]}}}" for prefix in ("dc", "media", "sy"))

_MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml"}
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_PERIOD_MINUTES = {
    "hourly": 60,
    "daily": 1440,
    "weekly": 10_080,
    "monthly": 43_200,
    "yearly": 525_600,
}
_RSS_IMAGE = re.compile(r"\.(jpe?g|gif|png)$", re.IGNORECASE)
# The validator requires a host with a dot.
_RSS_ENCLOSURE = re.compile(r"https?://([\w-]+\.)+[\w-]+(:\d+)?/", re.ASCII)


def render_rss(feed: Feed) -> bytes:
    """Render the feed as RSS 2.0."""
    return render_rss_parts(prepare(feed)).join()


def render_atom(feed: Feed) -> bytes:
    """Render the feed as Atom (RFC 4287)."""
    return render_atom_parts(prepare(feed)).join()


def render_rss_parts(prepared: PreparedFeed) -> Document:
    """Render the feed as RSS 2.0, with the selected entries only."""
    feed = prepared.feed
    generator = _generator(prepared, _RssChannel, _RssItem)
    # feedgen uses the last link as the channel's link.
    generator.link(href=feed.address("rss"), rel="self", type=_MEDIA_TYPES["rss"])
    generator.link(href=feed.link)
    generator.description(feed.description or feed.title)
    generator._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001 -- it is the current time, and there is no setter
    if feed.icon and _RSS_IMAGE.search(feed.icon):
        generator.image(feed.icon)
    if feed.ttl and feed.ttl > 0:
        generator.ttl(feed.ttl)
    return split_document(generator.rss_str(pretty=True), b"    <item>", b"  </channel>")


def render_atom_parts(prepared: PreparedFeed) -> Document:
    """Render the feed as Atom, with the selected entries only."""
    feed = prepared.feed
    generator = _generator(prepared, _AtomFeed, _AtomEntry)
    generator.id(feed.live_address("atom"))  # the same in archives, which are part of the feed
    generator.updated(feed.updated)
    generator.link(href=feed.address("atom"), rel="self", type=_MEDIA_TYPES["atom"])
    generator.link(href=feed.link, rel="alternate", type="text/html")
    if feed.description:
        generator.subtitle(feed.description)
    if feed.icon:
        generator.icon(feed.icon)
    return split_document(generator.atom_str(pretty=True), b"  <entry", b"</feed>")


def _generator(
    prepared: PreparedFeed, feed_extension: type[Any], entry_extension: type[Any]
) -> Any:
    """Return a generator with the elements that both formats share, and with our extensions."""
    feed = prepared.feed
    generator = FeedGenerator()
    generator.register_extension("feedpub", feed_extension, entry_extension)
    generator.feedpub.prepared = prepared
    generator.title(feed.title)
    generator.generator("feedpub")
    if feed.language:
        generator.language(feed.language)
    for entry in prepared.entries.values():
        item = generator.add_entry(order="append")
        item.feedpub.feed, item.feedpub.entry = feed, entry
        item.id(entry.id)
        item.title(entry.title)
        item.link(href=feed.entry_url(entry))
        for category in entry.categories:
            item.category(term=category)
        if entry.rights and not is_web_url(entry.rights):
            item.rights(entry.rights)
        entry_extension.add_texts(item, feed, entry)
    return generator


def _summary(feed: Feed, entry: Entry) -> str:
    """Return the entry's summary, or "" if the content repeats it."""
    if _content(feed, entry) and entry.summary == " ".join(entry.text.split()):
        return ""
    return entry.summary


def _content(feed: Feed, entry: Entry) -> str:
    return "" if feed.summary_only else complete_fragments(entry.html, feed.entry_url(entry))


class _RssChannel(BaseExtension):  # type: ignore[misc]
    """Add the channel's own elements; feedgen appends the items after them."""

    prepared: PreparedFeed

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES | _optional_namespaces(self.prepared)

    def extend_rss(self, rss: etree._Element) -> None:
        channel, feed = rss[0], self.prepared.feed
        _add_links(channel, feed, "rss", f"{{{_ATOM}}}link")
        if not self.prepared.is_empty:
            _add(channel, "lastBuildDate", format_datetime(feed.updated))
        _add_editor(channel, feed.author or "", feed.title)
        _add_update_period(channel, feed.ttl or 0)
        append_tags(channel, feed.podcast)
        for element in channel.iter("title", "description", "managingEditor"):
            _escape_markup(element)


class _RssItem(BaseEntryExtension):  # type: ignore[misc]
    """Add an item's dates, authors and media."""

    feed: Feed
    entry: Entry

    @staticmethod
    def add_texts(item: Any, feed: Feed, entry: Entry) -> None:
        """Add description and content; feedgen writes a single text as the description."""
        if summary := _summary(feed, entry):
            item.description(escape(summary, quote=False))
        if content := _content(feed, entry):
            item.content(content)
        if entry.source_name and entry.source_url:
            item.source(url=entry.source_url, title=entry.source_name)

    def extend_rss(self, item: etree._Element) -> None:
        entry = self.entry
        _add(item, "pubDate", format_datetime(entry.published))
        if entry.updated != entry.published:
            _add(item, f"{{{_ATOM}}}updated", entry.updated.isoformat())
        for author in entry.authors:
            _add(item, f"{_DC}creator", author)
        if entry.language and entry.language != self.feed.language:
            _add(item, f"{_DC}language", entry.language)
        if entry.rights:
            _add(item, f"{_DC}rights", entry.rights)
        _add_related_links(item, entry, f"{{{_ATOM}}}link")
        _add_rss_enclosures(item, entry)
        _add_image(item, entry)
        append_tags(item, entry.podcast)
        for element in item.iterchildren("title", "category", "source"):
            _escape_markup(element)


class _AtomFeed(BaseExtension):  # type: ignore[misc]
    """Add the feed's author, and mark its plain texts as plain."""

    prepared: PreparedFeed

    def extend_ns(self) -> dict[str, str]:
        return {"media": _NAMESPACES["media"]} | _optional_namespaces(self.prepared)

    def extend_atom(self, root: etree._Element) -> None:
        feed = self.prepared.feed
        _add_links(root, feed, "atom", "link")
        # RFC 4287 requires an author of the feed if an entry has none.
        if feed.author or not self.prepared.is_signed:
            name, email = split_mailbox(feed.author or "")
            _add_person(root, name or split_mailbox(feed.title)[0] or feed.name, email)
        append_tags(root, feed.podcast)
        _mark_as_plain(root)


class _AtomEntry(BaseEntryExtension):  # type: ignore[misc]
    """Add an entry's persons, enclosures and image."""

    feed: Feed
    entry: Entry

    @staticmethod
    def add_texts(item: Any, feed: Feed, entry: Entry) -> None:
        """Add dates, summary and content.

        An entry must have a summary or content: if both are empty, the title is its summary.
        """
        item.published(entry.published)
        item.updated(entry.updated)
        content, summary = _content(feed, entry), _summary(feed, entry)
        if summary or not content:
            item.summary(summary or entry.title)
        if content:
            item.content(content, type="html")

    def extend_atom(self, element: etree._Element) -> None:
        if self.entry.language and self.entry.language != self.feed.language:
            element.set(_XML_LANG, self.entry.language)
        for author in self.entry.authors:
            _add_person(element, author)
        for enclosure in self.entry.enclosures:
            size = {"length": str(enclosure.length)} if enclosure.length else {}
            _add(element, "link", rel="enclosure", href=enclosure.url, type=enclosure.type, **size)
        _add_image(element, self.entry)
        _add_related_links(element, self.entry, "link")
        _add_atom_source(element, self.entry)
        append_tags(element, self.entry.podcast)
        _mark_as_plain(element)


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    element = etree.SubElement(parent, name, attributes)
    element.text = text
    return element


def _optional_namespaces(prepared: PreparedFeed) -> dict[str, str]:
    history = {"fh": _HISTORY} if prepared.feed.archive else {}
    return history | dict(prepared.namespaces)


def _add_links(head: etree._Element, feed: Feed, suffix: str, link: str) -> None:
    """Add links to WebSub hubs, and to the feed's other documents (RFC 5005)."""
    for hub in feed.hubs:
        _add(head, link, href=hub, rel="hub")
    if feed.archive:
        _add(head, f"{{{_HISTORY}}}archive")
        _add(head, link, href=feed.live_address(suffix), rel="current", type=_MEDIA_TYPES[suffix])
    if address := feed.previous_address(suffix):
        _add(head, link, href=address, rel="prev-archive", type=_MEDIA_TYPES[suffix])


def _add_editor(channel: etree._Element, author: str, feed_title: str) -> None:
    """Add the feed's author. RSS requires an e-mail address, so a name alone is a dc:creator."""
    name, email = split_mailbox(author)
    if email:
        name = re.sub(r"[()]", "", name or feed_title)
        _add(channel, "managingEditor", f"{email} ({name})")
    elif name:
        _add(channel, f"{_DC}creator", name)


def _add_update_period(channel: etree._Element, minutes: int) -> None:
    """Add how often the feed may change: the shortest period that covers the interval."""
    if minutes <= 0:
        return
    period = "yearly"
    for name, length in _PERIOD_MINUTES.items():
        if length >= minutes:
            period = name
            break
    _add(channel, f"{_SY}updatePeriod", period)
    _add(channel, f"{_SY}updateFrequency", str(max(1, _PERIOD_MINUTES[period] // minutes)))


def _add_person(parent: etree._Element, name: str, email: str = "") -> None:
    person = _add(parent, "author")
    _escape_markup(_add(person, "name", name))
    if email:
        _add(person, "email", email)


def _add_related_links(parent: etree._Element, entry: Entry, link: str) -> None:
    """Add links to the licence, and to the same story elsewhere."""
    if is_web_url(entry.rights):
        _add(parent, link, rel="license", href=entry.rights)
    for story in entry.also_at:
        _add(parent, link, rel="related", href=story.url, title=story.site)


def _add_atom_source(parent: etree._Element, entry: Entry) -> None:
    if not entry.source_name:
        return
    source = _add(parent, "source")
    if entry.source_url:
        _add(source, "id", entry.source_url)
    _add(source, "title", entry.source_name)
    if entry.source_url:
        _add(source, "link", href=entry.source_url, rel="alternate")
    _mark_as_plain(source)


def _add_rss_enclosures(item: etree._Element, entry: Entry) -> None:
    """Add the enclosure that RSS allows, and the others as media:content."""
    first = None
    for enclosure in entry.enclosures:
        if first is None and _RSS_ENCLOSURE.match(enclosure.url):
            first = enclosure
    if first:
        _add(item, "enclosure", url=first.url, length=str(first.length), type=first.type)
    for enclosure in entry.enclosures:
        if enclosure is not first:
            _add_media(item, enclosure)


def _add_media(item: etree._Element, enclosure: Enclosure) -> None:
    medium = enclosure.type.partition("/")[0]
    kind = {"medium": medium} if medium in ("image", "audio", "video") else {}
    size = {"fileSize": str(enclosure.length)} if enclosure.length else {}
    _add(item, f"{_MEDIA}content", url=enclosure.url, type=enclosure.type, **size, **kind)


def _add_image(parent: etree._Element, entry: Entry) -> None:
    """Add the lead image, without a media:group, which is for variants of one file."""
    if not entry.image:
        return
    if all(entry.image != enclosure.url for enclosure in entry.enclosures):
        _add(parent, f"{_MEDIA}content", url=entry.image, medium="image")
    _add(parent, f"{_MEDIA}thumbnail", url=entry.image)


def _mark_as_plain(parent: etree._Element) -> None:
    for element in parent.iterchildren("title", "subtitle", "summary", "rights"):
        element.set("type", "text")
        _escape_markup(element)


def _escape_markup(element: etree._Element) -> None:
    """Write & and < as hexadecimal references, by which the RSS profile marks plain text."""
    element.text, *rest = re.split("([&<])", element.text or "")
    for character, tail in zip(rest[::2], rest[1::2], strict=True):
        reference = etree.Entity(f"#x{ord(character):X}")
        reference.tail = tail
        element.append(reference)

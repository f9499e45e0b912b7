"""RSS 2.0 and Atom through feedgen, with its gaps closed here and nowhere else.

feedgen 1.0 stamps documents with the present moment, formats dates by switching the locale of the
whole process, drops authors without e-mail, keeps one enclosure and loses the attributes of links.
So it is given neither dates for RSS nor enclosures nor people: the extensions below write those
into its tree, and spell plain text so that every reader and the W3C validator take it as plain
text.
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

from feedpub.builder.links import complete_fragments
from feedpub.builder.rss_atom_text import prepare_feed, split_mailbox
from feedpub.core.models import Enclosure, Entry, Feed

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

_PERIODS = {
    "hourly": 60,
    "daily": 1440,
    "weekly": 10_080,
    "monthly": 43_200,
    "yearly": 525_600,
}  # minutes
_RSS_IMAGE = re.compile(r"\.(jpe?g|gif|png)$", re.IGNORECASE)
_RSS_ENCLOSURE = re.compile(
    r"https?://([\w-]+\.)+[\w-]+(:\d+)?/", re.ASCII
)  # with a dot: the validator wants it


def render_rss(feed: Feed) -> bytes:
    """The feed as RSS 2.0."""
    feed = prepare_feed(feed)
    generator = _generator(feed, _RssChannel, _RssItem)
    # feedgen writes the last link as the channel's: the feed's own address first, the page for
    # people last.
    generator.link(href=feed.address("rss"), rel="self", type=_MEDIA_TYPES["rss"])
    generator.link(href=feed.link)
    generator.description(feed.description or feed.title)
    generator._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001 -- it is now, and no setter takes it back
    if feed.icon and _RSS_IMAGE.search(feed.icon):
        generator.image(feed.icon)
    if feed.ttl and feed.ttl > 0:
        generator.ttl(feed.ttl)
    return bytes(generator.rss_str(pretty=True))


def render_atom(feed: Feed) -> bytes:
    """The feed as Atom (RFC 4287)."""
    feed = prepare_feed(feed)
    generator = _generator(feed, _AtomFeed, _AtomEntry)
    generator.id(feed.live_address("atom"))  # an archive is a part of the same feed
    generator.updated(feed.updated)
    generator.link(href=feed.address("atom"), rel="self", type=_MEDIA_TYPES["atom"])
    generator.link(href=feed.link, rel="alternate", type="text/html")
    if feed.description:
        generator.subtitle(feed.description)
    if feed.icon:
        generator.icon(feed.icon)
    return bytes(generator.atom_str(pretty=True))


def _generator(feed: Feed, feed_extension: type[Any], entry_extension: type[Any]) -> Any:
    """What both formats share; the extensions are handed what they write."""
    generator = FeedGenerator()
    generator.register_extension("feedpub", feed_extension, entry_extension)
    generator.feedpub.feed = feed
    generator.title(feed.title)
    generator.generator("feedpub")
    if feed.language:
        generator.language(feed.language)
    for entry in feed.entries:
        written = generator.add_entry(order="append")
        written.feedpub.feed, written.feedpub.entry = feed, entry
        written.id(entry.id)
        written.title(entry.title)
        written.link(href=feed.entry_url(entry))
        for category in entry.categories:
            written.category(term=category)
        entry_extension.add_extensions(written, feed, entry)
    return generator


def _summary(feed: Feed, entry: Entry) -> str:
    """The entry's summary; "" where the content beside it says the same."""
    repeats = _content(feed, entry) and entry.summary == " ".join(entry.text.split())
    return "" if repeats else entry.summary


def _content(feed: Feed, entry: Entry) -> str:
    return "" if feed.summary_only else complete_fragments(entry.html, feed.entry_url(entry))


class _RssChannel(BaseExtension):  # type: ignore[misc]
    """The channel's own elements; feedgen appends the items after them."""

    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES | _history_namespace(self.feed)

    def extend_rss(self, rss: etree._Element) -> None:
        channel = rss[0]
        _add_links(channel, self.feed, "rss", f"{{{_ATOM}}}link")
        if self.feed.entries:
            _add(channel, "lastBuildDate", format_datetime(self.feed.updated))
        _add_editor(channel, self.feed.author or "", self.feed.title)
        _add_pace(channel, self.feed.ttl or 0)
        for element in channel.iter("title", "description", "managingEditor"):
            _spell(element)


class _RssItem(BaseEntryExtension):  # type: ignore[misc]
    """An item's dates, authors and media."""

    feed: Feed
    entry: Entry

    @staticmethod
    def add_extensions(written: Any, feed: Feed, entry: Entry) -> None:
        """Description and content; the one text there is stands in the description."""
        if summary := _summary(feed, entry):
            written.description(escape(summary, quote=False))
        if content := _content(feed, entry):
            written.content(content)

    def extend_rss(self, item: etree._Element) -> None:
        entry = self.entry
        _add(item, "pubDate", format_datetime(entry.published))
        if entry.updated != entry.published:
            _add(item, f"{{{_ATOM}}}updated", entry.updated.isoformat())
        for author in entry.authors:
            _add(item, f"{_DC}creator", author)
        if entry.language and entry.language != self.feed.language:
            _add(item, f"{_DC}language", entry.language)
        first = next((e for e in entry.enclosures if _RSS_ENCLOSURE.match(e.url)), None)
        if first:
            _add(item, "enclosure", url=first.url, length=str(first.length), type=first.type)
        for other in entry.enclosures:
            if other is not first:
                _add_media(item, other)
        _add_image(item, entry)
        for element in item.iterchildren("title", "category"):
            _spell(element)


class _AtomFeed(BaseExtension):  # type: ignore[misc]
    """The feed's author, and its plain texts marked as such."""

    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        return {"media": _NAMESPACES["media"]} | _history_namespace(self.feed)

    def extend_atom(self, root: etree._Element) -> None:
        _add_links(root, self.feed, "atom", "link")
        # An entry without an author takes the feed's, and RFC 4287 wants one or the other.
        if self.feed.author or not all(entry.authors for entry in self.feed.entries):
            name, email = split_mailbox(self.feed.author or "")
            _add_person(root, name or split_mailbox(self.feed.title)[0] or self.feed.name, email)
        _mark_plain(root)


class _AtomEntry(BaseEntryExtension):  # type: ignore[misc]
    """An entry's people, enclosures and image."""

    feed: Feed
    entry: Entry

    @staticmethod
    def add_extensions(written: Any, feed: Feed, entry: Entry) -> None:
        """Dates, summary and content.

        A title alone stands in the summary, too, for an entry must say something.
        """
        written.published(entry.published)
        written.updated(entry.updated)
        content, summary = _content(feed, entry), _summary(feed, entry)
        if summary or not content:
            written.summary(summary or entry.title)
        if content:
            written.content(content, type="html")

    def extend_atom(self, element: etree._Element) -> None:
        if self.entry.language and self.entry.language != self.feed.language:
            element.set(_XML_LANG, self.entry.language)
        for author in self.entry.authors:
            _add_person(element, author)
        for enclosure in self.entry.enclosures:
            size = {"length": str(enclosure.length)} if enclosure.length else {}
            _add(element, "link", rel="enclosure", href=enclosure.url, type=enclosure.type, **size)
        _add_image(element, self.entry)
        _mark_plain(element)


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    element = etree.SubElement(parent, name, attributes)
    element.text = text
    return element


def _history_namespace(feed: Feed) -> dict[str, str]:
    return {"fh": _HISTORY} if feed.archive else {}


def _add_links(head: etree._Element, feed: Feed, suffix: str, link: str) -> None:
    """Who tells of changes (WebSub), and where the feed's other documents are (RFC 5005).

    Back, archive by archive.
    """
    for hub in feed.hubs:
        _add(head, link, href=hub, rel="hub")
    if feed.archive:
        _add(head, f"{{{_HISTORY}}}archive")
        _add(head, link, href=feed.live_address(suffix), rel="current", type=_MEDIA_TYPES[suffix])
    if address := feed.previous_address(suffix):
        _add(head, link, href=address, rel="prev-archive", type=_MEDIA_TYPES[suffix])


def _add_editor(channel: etree._Element, author: str, feed_title: str) -> None:
    """RSS takes an editor with an e-mail address only; a name alone is Dublin Core's."""
    name, email = split_mailbox(author)
    if email:
        name = re.sub(r"[()]", "", name or feed_title)
        _add(channel, "managingEditor", f"{email} ({name})")
    elif name:
        _add(channel, f"{_DC}creator", name)


def _add_pace(channel: etree._Element, minutes: int) -> None:
    """How often the feed may change.

    The shortest period that holds two looks or one, and how many it holds.
    """
    if minutes > 0:
        period = next((name for name, length in _PERIODS.items() if length >= minutes), "yearly")
        _add(channel, f"{_SY}updatePeriod", period)
        _add(channel, f"{_SY}updateFrequency", str(max(1, _PERIODS[period] // minutes)))


def _add_person(parent: etree._Element, name: str, email: str = "") -> None:
    person = _add(parent, "author")
    _spell(_add(person, "name", name))
    if email:
        _add(person, "email", email)


def _add_media(item: etree._Element, enclosure: Enclosure) -> None:
    medium = enclosure.type.partition("/")[0]
    kind = {"medium": medium} if medium in ("image", "audio", "video") else {}
    size = {"fileSize": str(enclosure.length)} if enclosure.length else {}
    _add(item, f"{_MEDIA}content", url=enclosure.url, type=enclosure.type, **size, **kind)


def _add_image(parent: etree._Element, entry: Entry) -> None:
    """The lead image.

    Beside the entry, not in a media:group, which is for several versions of one thing.
    """
    if not entry.image:
        return
    if all(entry.image != enclosure.url for enclosure in entry.enclosures):
        _add(parent, f"{_MEDIA}content", url=entry.image, medium="image")
    _add(parent, f"{_MEDIA}thumbnail", url=entry.image)


def _mark_plain(parent: etree._Element) -> None:
    for element in parent.iterchildren("title", "subtitle", "summary"):
        element.set("type", "text")
        _spell(element)


def _spell(element: etree._Element) -> None:
    """Write & and < as hexadecimal references.

    The RSS profile's sign that a text is plain and not markup.
    """
    element.text, *rest = re.split("([&<])", element.text or "")
    for mark, tail in zip(rest[::2], rest[1::2], strict=True):
        reference = etree.Entity(f"#x{ord(mark):X}")
        reference.tail = tail
        element.append(reference)

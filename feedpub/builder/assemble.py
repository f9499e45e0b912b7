"""Stored entries → the files of a feed. Reads the images beside saved articles; writes nothing."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import islice
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from feedpub.builder import html, json_feed, opml, rss_atom
from feedpub.builder.decorate import with_lead_image, with_reading_time
from feedpub.builder.filters import FilterFacts, matching_filter
from feedpub.builder.links import PLACEHOLDER, change_addresses, move_addresses
from feedpub.builder.parse_published import host_from_id
from feedpub.builder.rss_atom_text import to_uri
from feedpub.cleaner import sanitise_svg, summary
from feedpub.config import FeedConfig, FolderSource, GlobalSettings, PageSource
from feedpub.core.errors import ExtractError
from feedpub.core.models import Entry, Feed, FeedSummary
from feedpub.core.redact import redact
from feedpub.publisher.names import NAME_RULES, is_publishable

_RENDERERS = {
    "rss": rss_atom.render_rss,
    "atom": rss_atom.render_atom,
    "json": json_feed.render_json,
}
FORMATS = tuple(_RENDERERS)
_SOURCE_ATTRIBUTE = re.compile(r'\bsrc="([^"]+)"')
_IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})
_MAX_SHOWN = 100  # characters of an image's name in a reason
_NEVER = datetime(1990, 1, 1, tzinfo=UTC)  # the update of a feed that has no entry yet


def admits(feed: FeedConfig, entry: Entry) -> bool:
    """Return True if the feed's include and exclude rules let the entry in."""
    return (
        matching_filter(feed, FilterFacts(entry.url, entry.title, entry.categories, entry.text))
        is None
    )


def build_feed(feed: FeedConfig, settings: GlobalSettings, entries: Iterable[Entry]) -> Feed:
    """The live document: the newest entries that the feed's rules admit, up to its limit."""
    admitted = (entry for entry in entries if admits(feed, entry))
    return _document(feed, settings, islice(admitted, feed.limit))


def build_archive(
    feed: FeedConfig,
    settings: GlobalSettings,
    entries: Iterable[Entry],
    number: int,
    previous: int | None,
) -> Feed:
    """Return the archive of a number, with all of its entries: rules that came later do not apply.

    It has neither a pace nor hubs, as it does not change.
    """
    document = _document(feed, settings, entries)
    return replace(document, archive=number, previous=previous, ttl=None, hubs=())


def _document(feed: FeedConfig, settings: GlobalSettings, entries: Iterable[Entry]) -> Feed:
    located = (_with_current_addresses(feed, settings, entry) for entry in entries)
    shown = tuple(decorate(feed, _summarised(entry, feed.summary)) for entry in located)
    updated = max((entry.updated for entry in shown), default=None)
    return replace(feed_header(feed, settings, updated, common_language(shown)), entries=shown)


def feed_header(
    feed: FeedConfig, settings: GlobalSettings, updated: datetime | None, language: str
) -> Feed:
    """The live document but for its entries.

    Args:
        feed: as the config has it.
        settings: what all feeds share.
        updated: the latest `updated` of its entries; None where there is none.
        language: the one that most of its entries are in.
    """
    return Feed(
        name=feed.name,
        title=feed.title,
        base_url=to_uri(settings.base_url),
        link=feed.link or _home(feed, settings),
        updated=updated or _NEVER,
        description=feed.description,
        language=feed.language or language,
        author=feed.author,
        icon=feed.icon,
        formats=feed.formats,
        summary_only=feed.content == "summary",
        ttl=int(feed.every.total_seconds() // 60)
        if isinstance(feed.every, timedelta) and not feed.cron
        else None,
        hubs=settings.websub_hubs,
    )


def _with_current_addresses(feed: FeedConfig, settings: GlobalSettings, entry: Entry) -> Entry:
    """Return the entry with the addresses of its own pictures under the `base_url` of today."""
    base, roots = to_uri(settings.base_url), saved_folders(feed)
    entry = move_addresses(entry, PLACEHOLDER, base)
    if not is_saved_article(entry, roots):
        return entry
    own, host = f"{base}{feed.name}/", host_from_id(entry.id)

    def current(address: str) -> str:
        """Return where a picture is today; older states hold the address that it had then.

        That is on the host that the entry's id names, and the picture still lies in a folder.
        """
        if address.startswith(own) or _host(address) != host:
            return address
        _, first, name = address.partition(f"/{feed.name}/")
        shorter = name.rpartition(f"/{feed.name}/")[2]  # the base had the feed's name in it
        found = (n for n in (name, shorter) if first and _beside(unquote(n), roots))
        return next((f"{own}{n}" for n in found), address)

    return change_addresses(entry, current)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # brackets that are no IPv6 address
        return None


def is_saved_article(entry: Entry, roots: Collection[Path]) -> bool:
    """Return True if the entry was made from a file in one of the folders, or has a page of its own."""
    return bool(entry.slug) or entry.source in map(str, roots)


def _summarised(entry: Entry, mode: str) -> Entry:
    """The entry with the kind of summary that the feed wants.

    "auto" is what was chosen when it was read.
    """
    if mode == "auto":
        return entry
    if mode == "none":
        return replace(entry, summary="")
    write = summary.lead if mode == "lead" else summary.summarize
    return replace(entry, summary=write(entry.text, title=entry.title, language=entry.language))


def decorate(feed: FeedConfig, entry: Entry) -> Entry:
    """The entry with what helps to read it, as far as the feed wants it."""
    if feed.lead_image:
        entry = with_lead_image(entry)
    return with_reading_time(entry) if feed.reading_time else entry


def _home(feed: FeedConfig, settings: GlobalSettings) -> str:
    """The page that the feed belongs to.

    Its first listing page that is for everybody, else its own page for people.
    """
    pages = (source.url for source in feed.source if isinstance(source, PageSource))
    return next(
        (page for page in pages if page == redact(page)), f"{settings.base_url}{feed.name}.html"
    )


def common_language(entries: Iterable[Entry]) -> str:
    """The language that most entries are in."""
    languages = Counter(entry.language for entry in entries if entry.language)
    return max(languages, key=lambda code: (languages[code], code), default="en")


def render_files(feed: Feed, folders: Iterable[Path]) -> dict[str, bytes]:
    """Every file that a feed publishes: name relative to the output folder → content.

    What the documents link to comes first, so that no link ever leads to nothing.
    """
    documents = {feed.file(suffix): render_document(feed, suffix) for suffix in feed.formats}
    return (
        render_pages(feed, feed.entries, folders)
        | documents
        | {f"{feed.name}.html": html.render_page(feed)}
    )


def render_pages(feed: Feed, entries: Iterable[Entry], folders: Iterable[Path]) -> dict[str, bytes]:
    """The own pages of saved articles, each after the images beside it."""
    roots = tuple(folders)
    published: dict[str, bytes] = {}
    for entry in entries:
        if is_saved_article(entry, roots):
            published |= _images(feed, entry, roots)
        if entry.slug:
            published[f"{feed.name}/{entry.slug}.html"] = html.render_article(feed, entry)
    return published


def render_document(feed: Feed, suffix: str) -> bytes:
    """One of a feed's documents."""
    return _RENDERERS[suffix](feed)


def render_index_files(headlines: Sequence[FeedSummary]) -> dict[str, bytes]:
    """The files about all feeds together."""
    feeds = [headline.feed for headline in headlines]
    return {"index.html": html.render_index(headlines), "feeds.opml": opml.render_opml(feeds)}


def saved_folders(feed: FeedConfig) -> tuple[Path, ...]:
    """The folders of saved articles among a feed's sources."""
    return tuple(source.path for source in feed.source if isinstance(source, FolderSource))


def describe_unpublished_images(feed: Feed, entry: Entry, folders: Iterable[Path]) -> Iterator[str]:
    """Say why images that lie beside a saved article are not published, one reason an image."""
    roots = tuple(folders)
    for name in _image_names(feed, entry):
        try:
            _image(name, roots)
        except ExtractError as error:
            yield f"its picture {name[:_MAX_SHOWN]!r} is not published: {error.reason}"


def _images(feed: Feed, entry: Entry, roots: tuple[Path, ...]) -> Mapping[str, bytes]:
    """The images that lie beside a saved article, under the addresses that its body gives them."""
    published: dict[str, bytes] = {}
    for name in _image_names(feed, entry):
        with suppress(ExtractError):  # `left_out` says why
            if (content := _image(name, roots)) is not None:
                published[f"{feed.name}/{name}"] = content
    return published


def _image_names(feed: Feed, entry: Entry) -> list[str]:
    """Return the paths of images, relative to the folder of a saved article, that its entry refers to."""
    prefix = f"{feed.base_url}{feed.name}/"
    addresses = [unescape(address) for address in _SOURCE_ATTRIBUTE.findall(entry.html)]
    if entry.image:
        addresses.append(entry.image)
    names = {
        unquote(address.removeprefix(prefix)) for address in addresses if address.startswith(prefix)
    }
    return sorted(name for name in names if PurePath(name).suffix.lower() in _IMAGES)


def _image(name: str, roots: tuple[Path, ...]) -> bytes | None:
    """Return what is published of an image; None if no folder holds one of that name.

    Raises:
        ExtractError: it cannot be published under its name, cannot be read, or is an SVG that acts.
    """
    if not is_publishable(name):
        raise ExtractError(f"it cannot be the name of a published file: {NAME_RULES}")
    path = _beside(name, roots)
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"it cannot be read: {error.strerror}") from error
    return sanitise_svg(content) if name.lower().endswith(".svg") else content


def _beside(name: str, roots: tuple[Path, ...]) -> Path | None:
    """The image of that name under one of the folders; None where none of them holds it."""
    for root in roots if is_publishable(name) else ():
        path = Path(os.path.realpath(root / name))
        is_image = path.suffix.lower() in _IMAGES and path.is_relative_to(os.path.realpath(root))
        if is_image and os.path.isfile(path):  # noqa: PTH113 -- says no where Path.is_file raises
            return path
    return None

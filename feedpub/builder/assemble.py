"""Build the files of a feed from stored entries; read the images of saved articles from disk."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import islice
from pathlib import Path, PurePath
from urllib.parse import unquote

from feedpub.builder import html, reuse
from feedpub.builder.entry_html import (
    PLACEHOLDER,
    change_addresses,
    move_addresses,
    with_lead_image,
    with_reading_time,
    with_story_links,
)
from feedpub.builder.filters import FilterFacts, matching_filter
from feedpub.builder.ids import host_from_id
from feedpub.builder.reuse import RenderedFiles, RenderRecord
from feedpub.builder.rss_atom_text import to_uri
from feedpub.config import (
    FeedConfig,
    FolderSource,
    GlobalSettings,
    ItemsSource,
    PageSource,
    WatchSource,
)
from feedpub.core.errors import ExtractError
from feedpub.core.models import Entry, Feed, FeedSummary
from feedpub.core.redact import redact
from feedpub.core.urls import host_from_url
from feedpub.publisher.base import Output
from feedpub.publisher.names import NAME_RULES, is_publishable

_SOURCE_ATTRIBUTE = re.compile(r'\bsrc="([^"]+)"')
_IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})
_MAX_SHOWN_CHARS = 100  # of an image's name in a message
_NO_UPDATE = datetime(1990, 1, 1, tzinfo=UTC)  # the update time of a feed without entries


# --- feeds ---


def admits(feed: FeedConfig, entry: Entry) -> bool:
    """Return True if the feed's include and exclude filters admit the entry."""
    facts = FilterFacts(entry.url, entry.title, entry.categories, entry.text)
    return matching_filter(feed, facts) is None


def build_feed(feed: FeedConfig, settings: GlobalSettings, entries: Iterable[Entry]) -> Feed:
    """Build the live document: the newest entries that the filters admit, up to the limit."""
    admitted = (entry for entry in entries if admits(feed, entry))
    return _build_document(feed, settings, islice(admitted, feed.limit))


def build_archive(
    feed: FeedConfig,
    settings: GlobalSettings,
    entries: Iterable[Entry],
    number: int,
    previous: int | None,
) -> Feed:
    """Build an archive document with all of its entries, whatever the current filters.

    It has neither a polling interval nor WebSub hubs, because it does not change.
    """
    document = _build_document(feed, settings, entries)
    return replace(document, archive=number, previous=previous, ttl=None, hubs=())


def _build_document(feed: FeedConfig, settings: GlobalSettings, entries: Iterable[Entry]) -> Feed:
    shown = []
    for entry in entries:
        located = _with_current_addresses(feed, settings, entry)
        shown.append(decorate(feed, _with_summary(located, feed.summary)))
    updated = max((entry.updated for entry in shown), default=None)
    header = feed_header(feed, settings, updated, common_language(shown))
    return replace(header, entries=tuple(shown))


def feed_header(
    feed: FeedConfig, settings: GlobalSettings, updated: datetime | None, language: str
) -> Feed:
    """Return the live document without its entries.

    Args:
        feed: as configured.
        settings: shared by all feeds.
        updated: the latest `updated` of its entries; None if it has none.
        language: of most of its entries.
    """
    ttl = None
    if isinstance(feed.every, timedelta) and not feed.cron:
        ttl = int(feed.every.total_seconds() // 60)
    return Feed(
        name=feed.name,
        title=feed.title,
        base_url=to_uri(settings.base_url),
        link=feed.link or _default_link(feed, settings),
        updated=updated or _NO_UPDATE,
        description=feed.description,
        language=feed.language or language,
        author=feed.author,
        icon=feed.icon,
        formats=feed.formats,
        summary_only=feed.content == "summary",
        ttl=ttl,
        hubs=settings.websub_hubs,
    )


def _default_link(feed: FeedConfig, settings: GlobalSettings) -> str:
    """Return the first page whose URL contains no secret, else the feed's own page."""
    for source in feed.source:
        if not isinstance(source, PageSource | ItemsSource | WatchSource):
            continue
        if source.url == redact(source.url):
            return source.url
    return f"{settings.base_url}{feed.name}.html"


def common_language(entries: Iterable[Entry]) -> str:
    """Return the language of most entries."""
    counts = Counter(entry.language for entry in entries if entry.language)
    return max(counts, key=lambda language: (counts[language], language), default="en")


# --- entries ---


def decorate(feed: FeedConfig, entry: Entry) -> Entry:
    """Add links to the story elsewhere, and the configured lead image and reading time."""
    entry = with_story_links(entry)
    if feed.lead_image:
        entry = with_lead_image(entry)
    return with_reading_time(entry) if feed.reading_time else entry


def _with_summary(entry: Entry, mode: str) -> Entry:
    """Return the entry with the configured kind of summary; "auto" keeps the stored one."""
    if mode == "auto":
        return entry
    if mode == "none":
        return replace(entry, summary="")
    from feedpub.cleaner import summary  # noqa: PLC0415 -- most feeds keep the stored summaries

    summarize = summary.lead if mode == "lead" else summary.summarize
    text = summarize(entry.text, title=entry.title, language=entry.language)
    return replace(entry, summary=text)


def _with_current_addresses(feed: FeedConfig, settings: GlobalSettings, entry: Entry) -> Entry:
    """Return the entry with the addresses of its own images under the current `base_url`."""
    base, roots = to_uri(settings.base_url), saved_folders(feed)
    entry = move_addresses(entry, PLACEHOLDER, base)
    if not is_saved_article(entry, roots):
        return entry
    return change_addresses(entry, _move_from_former_base(feed, base, entry, roots))


def _move_from_former_base(
    feed: FeedConfig, base: str, entry: Entry, roots: tuple[Path, ...]
) -> Callable[[str], str]:
    """Return a function that moves the address of an image to the current `base_url`.

    Older states hold addresses under a former `base_url`, on the host that the entry's id names. An
    address is moved if a folder still contains the image.
    """
    current, former_host = f"{base}{feed.name}/", host_from_id(entry.id)

    def move(address: str) -> str:
        if address.startswith(current):
            return address
        if not former_host or host_from_url(address) != former_host:
            return address
        _, separator, name = address.partition(f"/{feed.name}/")
        if not separator:
            return address
        # The second name is for a former base that contained the feed's name.
        for candidate in (name, name.rpartition(f"/{feed.name}/")[2]):
            if _find_image(unquote(candidate), roots):
                return f"{current}{candidate}"
        return address

    return move


def is_saved_article(entry: Entry, roots: Collection[Path]) -> bool:
    """Return True if the entry comes from one of the folders, or has a page of its own."""
    return bool(entry.slug) or entry.source in map(str, roots)


def saved_folders(feed: FeedConfig) -> tuple[Path, ...]:
    """Return the folders of saved articles among a feed's sources."""
    return tuple(source.path for source in feed.source if isinstance(source, FolderSource))


# --- files ---


def render_files(
    feed: Feed, folders: Iterable[Path], record: RenderRecord, output: Output
) -> RenderedFiles:
    """Render the files of a feed that are not published in this form.

    Files precede the documents that link to them, so that no link is broken while they are written.

    Args:
        feed: the live document.
        folders: of its saved articles.
        record: of the last rendering.
        output: the place of the published files.
    """
    roots = tuple(folders)
    images: dict[str, bytes] = {}
    for entry in feed.entries:
        if is_saved_article(entry, roots):
            images |= _images(feed, entry, roots)
    rendered = reuse.render_feed(feed, record, output)
    return replace(rendered, files=images | rendered.files)


def render_pages(feed: Feed, entries: Iterable[Entry], folders: Iterable[Path]) -> dict[str, bytes]:
    """Return the images and the page of each saved article."""
    roots = tuple(folders)
    published: dict[str, bytes] = {}
    for entry in entries:
        if is_saved_article(entry, roots):
            published |= _images(feed, entry, roots)
        if entry.slug:
            published[f"{feed.name}/{entry.slug}.html"] = html.render_article(feed, entry)
    return published


def render_index_files(headlines: Sequence[FeedSummary]) -> dict[str, bytes]:
    """Return the files that list all feeds."""
    feeds = [headline.feed for headline in headlines]
    from feedpub.builder import opml  # noqa: PLC0415 -- slow to import

    return {"index.html": html.render_index(headlines), "feeds.opml": opml.render_opml(feeds)}


# --- images of saved articles ---


def describe_unpublished_images(feed: Feed, entry: Entry, folders: Iterable[Path]) -> Iterator[str]:
    """Yield the reason for each image of a saved article that cannot be published."""
    roots = tuple(folders)
    for name in image_names(feed, entry):
        try:
            _read_image(name, roots)
        except ExtractError as error:
            yield f"its picture {name[:_MAX_SHOWN_CHARS]!r} is not published: {error.reason}"


def _images(feed: Feed, entry: Entry, roots: tuple[Path, ...]) -> Mapping[str, bytes]:
    """Return the images of a saved article, by the file name to publish them under."""
    published: dict[str, bytes] = {}
    for name in image_names(feed, entry):
        with suppress(ExtractError):  # `describe_unpublished_images` reports the reason
            if (content := _read_image(name, roots)) is not None:
                published[f"{feed.name}/{name}"] = content
    return published


def image_names(feed: Feed, entry: Entry) -> list[str]:
    """Return the images that an entry refers to, as paths relative to the folder of its file."""
    prefix = f"{feed.base_url}{feed.name}/"
    addresses = [unescape(address) for address in _SOURCE_ATTRIBUTE.findall(entry.html)]
    if entry.image:
        addresses.append(entry.image)
    names = set()
    for address in addresses:
        name = unquote(address.removeprefix(prefix))
        if address.startswith(prefix) and PurePath(name).suffix.lower() in _IMAGE_SUFFIXES:
            names.add(name)
    return sorted(names)


def _read_image(name: str, roots: tuple[Path, ...]) -> bytes | None:
    """Return the image to publish; None if no folder contains it.

    Raises:
        ExtractError: its name is not allowed, it cannot be read, or it is an SVG with active
            content.
    """
    from feedpub.cleaner.sanitize import sanitise_svg  # noqa: PLC0415 -- few feeds have saved images

    if not is_publishable(name):
        raise ExtractError(f"it cannot be the name of a published file: {NAME_RULES}")
    path = _find_image(name, roots)
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"it cannot be read: {error.strerror}") from error
    return sanitise_svg(content) if name.lower().endswith(".svg") else content


def _find_image(name: str, roots: tuple[Path, ...]) -> Path | None:
    """Return the image of that name below one of the folders, or None."""
    if not is_publishable(name):
        return None
    for root in roots:
        path = Path(os.path.realpath(root / name))
        is_image = path.suffix.lower() in _IMAGE_SUFFIXES
        is_inside = path.is_relative_to(os.path.realpath(root))
        if is_image and is_inside and os.path.isfile(path):  # noqa: PTH113 -- Path.is_file raises
            return path
    return None

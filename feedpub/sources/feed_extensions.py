"""Read what feedparser mixes up or drops: Media RSS, podcasts, and how often a feed may be fetched.

feedparser takes a medium's description, title and rating for those of the entry, and iTunes'
summary for its content. `hide_extensions` renames these elements before it sees them; then they
are read here, where they belong to their medium or episode.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape, unescape
from urllib.parse import urlsplit

from lxml import etree

from feedpub.core import podcast
from feedpub.core.models import NO_HINTS, Enclosure, Page, PodcastTag, PollingHints
from feedpub.core.urls import absolute_url
from feedpub.sources.markup import (
    clean_text,
    find_head,
    is_markup,
    local_name,
    read_xml,
    text_to_paragraphs,
    to_text,
)

_MEDIA_URIS = ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss")
_HIDDEN_NAMES = {
    "media": "title|description|text|rating|credit|copyright",
    "itunes": "summary|subtitle|title",
}
_DECLARATION = re.compile(r"xmlns:([\w.-]{1,50})\s{0,9}=\s{0,9}[\"']([^\"'<>]{1,200})[\"']")
_PLAIN_URL = re.compile(r"https?://[^\s<>\"]{1,2000}[^\s<>\".,;:!?)]")
_FLASH = "application/x-shockwave-flash"
_MAX_MEDIA = 100  # of an entry
_MAX_CAPTION_CHARS = 2000
_PERIOD_SECONDS = {
    "hourly": 3600,
    "daily": 86400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MAX_INTERVAL_SECONDS = 7 * 86400.0  # a longer one is a forgotten setting
_HOURS = 24
_NUMBER = re.compile(r"\d{1,9}")
_ITUNES = f"{{{podcast.NAMESPACES['itunes']}}}"
_EPISODE_TEXTS = (f"{_ITUNES}summary", f"{_ITUNES}subtitle")


@dataclass(frozen=True, slots=True)
class Medium:
    """A file that an entry shows: one `media:content`, or the best one of a `media:group`.

    Attributes:
        type: its media type; "" if none is stated.
        medium: "image", "audio", "video" or "document"; "" if unknown.
        description: what it shows, as plain text.
        thumbnail: the URL of a picture of it; None if there is none.
        length: in bytes; 0 if unknown.
    """

    url: str
    type: str
    medium: str
    description: str
    thumbnail: str | None
    length: int


@dataclass(frozen=True, slots=True)
class EntryExtensions:
    """The extensions of one entry.

    Attributes:
        media: in their order.
        description: the description of a medium in markup, which is the text of an entry without
            one of its own.
        podcast: the elements of podcasts' namespaces.
    """

    media: tuple[Medium, ...] = ()
    description: str = ""
    podcast: tuple[PodcastTag, ...] = ()


def hide_extensions(text: str) -> str:
    """Return a feed's XML in which feedparser does not recognise the elements that it mixes up."""
    prefixes = {"media": "media", "itunes": "itunes"}
    for prefix, uri in _DECLARATION.findall(text):
        if uri.lower() in _MEDIA_URIS:
            prefixes[prefix] = "media"
        elif uri.lower() == podcast.NAMESPACES["itunes"]:
            prefixes[prefix] = "itunes"
    for prefix, kind in prefixes.items():
        if f"<{prefix}:" in text:
            names = rf"(</?{re.escape(prefix)}:)({_HIDDEN_NAMES[kind]})(?=[\s/>])"
            text = re.sub(names, r"\1feedpub-\2", text)
    return text


def read_extensions(text: str, base: str) -> list[EntryExtensions]:
    """Return the extensions of each entry of a feed, in order; [] if it uses none.

    Args:
        text: the feed's XML.
        base: resolves relative URLs.
    """
    lower = text.lower()
    uris = (_MEDIA_URIS[1], *podcast.NAMESPACES.values(), "podcastindex-org/podcast-namespace")
    if not any(uri in lower for uri in uris):
        return []
    found = read_xml(
        text.encode("utf-8", "replace"), partial(_read_entries, base=base), encoding="utf-8"
    )
    return found or []


def _read_entries(root: etree._Element, base: str) -> list[EntryExtensions]:
    return [_read_entry(entry, base) for entry in root.iter("{*}item", "{*}entry")]


def _read_entry(entry: etree._Element, base: str) -> EntryExtensions:
    media: list[Medium] = []
    for element in entry:
        if _is(element, "content"):
            media += _read_medium([element], (element, entry), base)
        elif _is(element, "group"):
            files = _children(element, "content")
            media += _read_medium(_best_first(files), (element, entry), base)
        if len(media) >= _MAX_MEDIA:
            break
    return EntryExtensions(
        media=tuple(media),
        description=next(_descriptions(entry), ""),
        podcast=podcast.read_episode(entry, base),
    )


def _is(element: etree._Element, name: str) -> bool:
    if not isinstance(element.tag, str) or "mrss" not in element.tag:
        return False
    return element.tag.lower() in (f"{{{uri}}}{name}" for uri in _MEDIA_URIS)


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the children of an element that are of Media RSS and have a name."""
    return (child for child in element if _is(child, name))


def _best_first(files: Iterable[etree._Element]) -> list[etree._Element]:
    """Return the variants of one file: the default one first, then the widest."""
    return sorted(
        files,
        key=lambda file: (file.get("isDefault") == "true", _number(file.get("width"))),
        reverse=True,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) <= 15 else 0  # noqa: PLR2004 -- no file is larger


def _read_medium(
    files: Sequence[etree._Element], around: Sequence[etree._Element], base: str
) -> Iterator[Medium]:
    """Yield the medium of the first usable file.

    Args:
        files: variants of one file, the best one first.
        around: elements whose description and thumbnail are the file's, the nearest first.
        base: resolves relative URLs.
    """
    for file in files:
        url, kind = absolute_url(file.get("url") or "", base), file.get("type") or ""
        if url is None or kind == _FLASH:
            continue
        nearest = (file, *around[:1])
        yield Medium(
            url=url,
            type=kind,
            medium=file.get("medium") or kind.partition("/")[0],
            description=next(_captions(nearest), ""),
            thumbnail=next(_thumbnails((file, *around), base), None),
            length=_number(file.get("fileSize")),
        )
        return


def _captions(elements: Iterable[etree._Element]) -> Iterator[str]:
    for element in elements:
        for text in map(_plain_text, _children(element, "description")):
            if text:
                yield text[:_MAX_CAPTION_CHARS]


def _plain_text(element: etree._Element) -> str:
    text = _raw_text(element)
    return to_text(text) if is_markup(text) else clean_text(unescape(text))


def _raw_text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))


def _thumbnails(elements: Iterable[etree._Element], base: str) -> Iterator[str]:
    for element in elements:
        for child in _children(element, "thumbnail"):
            if url := absolute_url(child.get("url", ""), base):
                yield url


def _descriptions(entry: etree._Element) -> Iterator[str]:
    """Yield what can be an entry's text if it has none: of its media, then of its episode."""
    groups = [child for child in entry if _is(child, "group") or _is(child, "content")]
    for element in (entry, *groups):
        yield from map(_raw_text, _children(element, "description"))
    for child in entry:
        if isinstance(child.tag, str) and child.tag.lower() in _EPISODE_TEXTS:
            yield _raw_text(child)


def as_html(description: str) -> str:
    """Return a description of a medium as HTML: with its lines and links, if it is plain text."""
    if is_markup(description):
        return description
    paragraphs = text_to_paragraphs(description).replace("\n", "<br>")
    return _PLAIN_URL.sub(r'<a href="\g<0>">\g<0></a>', paragraphs)


def figures(media: Iterable[Medium], html: str) -> str:
    """Return figures of the pictures that an entry's HTML lacks, with their descriptions as alt.

    Several sizes of one picture have the same path and count once. A single picture without a
    description is the lead image of a text, which is shown above it.
    """
    missing: dict[str, Medium] = {}
    for medium in media:
        path = urlsplit(medium.url).path
        if medium.medium == "image" and path not in html:
            missing.setdefault(path, medium)
    is_lead = len(missing) == 1 and not any(each.description for each in missing.values())
    if html and is_lead:
        return ""
    return "".join(map(_figure, missing.values()))


def _figure(medium: Medium) -> str:
    image = f'<img src="{escape(medium.url)}" alt="{escape(medium.description)}">'
    return f"<figure>{image}</figure>"


def media_enclosures(media: Iterable[Medium]) -> Iterator[Enclosure]:
    """Yield the sound and video files among media as enclosures."""
    for medium in media:
        if medium.medium in ("audio", "video"):
            yield Enclosure(medium.url, medium.type or Enclosure(medium.url).type, medium.length)


@dataclass(frozen=True, slots=True)
class FeedHead:
    """The parts of a feed's head that no entry has.

    Attributes:
        hints: from ttl, sy:updatePeriod, skipHours and skipDays.
        podcast: the elements of podcasts' namespaces.
    """

    hints: PollingHints = NO_HINTS
    podcast: tuple[PodcastTag, ...] = ()


def read_feed_head(page: Page) -> FeedHead:
    """Return what a feed's head says; nothing if the document is not an XML feed."""
    return read_xml(page.body, partial(_read_head, url=page.url)) or FeedHead()


def _read_head(root: etree._Element, url: str) -> FeedHead:
    head = find_head(root)
    return FeedHead(_read_hints(head), podcast.read_channel(head, url))


def _read_hints(head: etree._Element) -> PollingHints:
    elements = {local_name(child): child for child in head}
    hours = {hour for hour in _numbers(elements.get("skiphours")) if hour < _HOURS}
    hints = PollingHints(
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(_days(elements.get("skipdays"))),
    )
    hints = hints.with_min_wait(_ttl_seconds(elements), "ttl", _MAX_INTERVAL_SECONDS)
    period = _period_seconds(elements)
    return hints.with_min_wait(period, "sy:updatePeriod", _MAX_INTERVAL_SECONDS)


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip().lower() if element is not None else ""


def _parse_number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    return int(found[0]) if found else None


def _ttl_seconds(elements: dict[str, etree._Element]) -> float | None:
    minutes = _parse_number(_text(elements.get("ttl")))
    return None if minutes is None else minutes * 60.0


def _period_seconds(elements: dict[str, etree._Element]) -> float | None:
    """Return the time between two updates; updateFrequency means nothing without updatePeriod."""
    period = _PERIOD_SECONDS.get(_text(elements.get("updateperiod")))
    times = _parse_number(_text(elements.get("updatefrequency"))) or 1
    return None if period is None else period / times


def _numbers(element: etree._Element | None) -> Iterator[int]:
    for text in _child_texts(element):
        number = _parse_number(text)
        if number is not None:
            yield number


def _days(element: etree._Element | None) -> list[int]:
    names = set(_child_texts(element))
    return [number for number, name in enumerate(_DAYS) if name in names]


def _child_texts(element: etree._Element | None) -> list[str]:
    return [] if element is None else list(map(_text, element))

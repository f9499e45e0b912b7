"""Read a feed's head: how often it asks to be fetched, and what it says as a podcast."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from feedpub.core.models import NO_HINTS, Page, PodcastTag, PollingHints
from feedpub.core.podcast import read_channel

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
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(page.body, parser)
    except (etree.XMLSyntaxError, ValueError):  # ValueError: half a surrogate pair in a name
        return FeedHead()
    if root is None:
        return FeedHead()
    head = next((child for child in root if _name(child) == "channel"), root)
    return FeedHead(_read_hints(head), read_channel(head, page.url))


def _read_hints(head: etree._Element) -> PollingHints:
    elements = {_name(child): child for child in head}
    hours = {hour for hour in _numbers(elements.get("skiphours")) if hour < _HOURS}
    hints = PollingHints(
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(sorted(_days(elements.get("skipdays")))),
    )
    hints = hints.with_min_wait(_ttl_seconds(elements), "ttl", _MAX_INTERVAL_SECONDS)
    period = _period_seconds(elements)
    return hints.with_min_wait(period, "sy:updatePeriod", _MAX_INTERVAL_SECONDS)


def _name(element: etree._Element) -> str:
    """Return a tag without its namespace, in lower case; "" for comments and instructions."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip().lower() if element is not None else ""


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    return int(found[0]) if found else None


def _ttl_seconds(elements: dict[str, etree._Element]) -> float | None:
    minutes = _number(_text(elements.get("ttl")))
    return None if minutes is None else minutes * 60.0


def _period_seconds(elements: dict[str, etree._Element]) -> float | None:
    """Return the time between two updates; updateFrequency means nothing without updatePeriod."""
    period = _PERIOD_SECONDS.get(_text(elements.get("updateperiod")))
    times = _number(_text(elements.get("updatefrequency"))) or 1
    return None if period is None else period / times


def _numbers(element: etree._Element | None) -> Iterator[int]:
    for child in element if element is not None else ():
        number = _number(_text(child))
        if number is not None:
            yield number


def _days(element: etree._Element | None) -> set[int]:
    names = {_text(child) for child in (element if element is not None else ())}
    return {number for number, name in enumerate(_DAYS) if name in names}

"""How often a feed wants to be asked: ttl, sy:updatePeriod, skipHours and skipDays of its head."""

import re
from collections.abc import Iterator

from lxml import etree

from feedpub.core.models import Page, PollingHints

_PERIODS = {
    "hourly": 3600,
    "daily": 86400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}  # seconds
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST = 7 * 86400.0  # seconds; a feed that wants to be asked more rarely forgot that it said so
_HOURS = 24
_NUMBER = re.compile(r"\d{1,9}")


def polling_hints(page: Page) -> PollingHints:
    """What a feed's head says; nothing where the document is no XML feed."""
    try:
        return _said(page)
    except (
        etree.XMLSyntaxError,
        ValueError,
    ):  # ValueError: a name that refers to half of a surrogate pair, too
        return PollingHints()


def _said(page: Page) -> PollingHints:
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(page.body, parser)
    if root is None:
        return PollingHints()
    head = next((child for child in root if _name(child) == "channel"), root)
    said = {_name(child): child for child in head}
    return (
        PollingHints(
            skip_hours=tuple(
                sorted({hour for hour in _numbers(said.get("skiphours")) if hour < _HOURS})
            ),
            skip_days=tuple(sorted(_days(said.get("skipdays")))),
        )
        .with_min_wait(_ttl(said), "ttl", _LONGEST)
        .with_min_wait(_period(said), "sy:updatePeriod", _LONGEST)
    )


def _name(element: etree._Element) -> str:
    """A tag without its namespace, in lower case; "" for what is no element."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip().lower() if element is not None else ""


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    return int(found[0]) if found else None


def _ttl(said: dict[str, etree._Element]) -> float | None:
    minutes = _number(_text(said.get("ttl")))
    return None if minutes is None else minutes * 60.0


def _period(said: dict[str, etree._Element]) -> float | None:
    """The period of one update; without updatePeriod, updateFrequency alone says nothing."""
    period = _PERIODS.get(_text(said.get("updateperiod")))
    times = _number(_text(said.get("updatefrequency"))) or 1
    return None if period is None else period / times


def _numbers(element: etree._Element | None) -> Iterator[int]:
    for child in element if element is not None else ():
        if (number := _number(_text(child))) is not None:
            yield number


def _days(element: etree._Element | None) -> set[int]:
    names = {_text(child) for child in (element if element is not None else ())}
    return {number for number, name in enumerate(_DAYS) if name in names}

"""What a notice says, in words: for the feed of the sources' health, and for alerts. Public: it holds no secret."""

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from feedpub.counting import counted
from feedpub.fetch import discreet
from feedpub.store import Notice

_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def headline(notice: Notice) -> str:
    """One line: "example.org/news broke: HTTP 404: the page is gone"."""
    place = where(notice)
    match notice.kind:
        case "started":
            return f"feedpub watches {notice.reason}"
        case "broken":
            return f"{place} broke: {reason(notice)}"
        case "recovered":
            return f"{place} is back after {lasted(notice.at - notice.since)}"
        case "accepted":
            return f"{place} is back after {lasted(notice.at - notice.since)}: accepted as the new normal"
        case "removed":
            return f"{place} is no longer read: it left the config"
        case "renewed":
            return "feedpub's state was damaged, and is built anew from the published feeds"


def evidence(notice: Notice) -> dict[str, str]:
    """What is known beside the headline, by name."""
    if notice.kind == "started":
        return {}
    if notice.kind == "renewed":
        return {"Reason": reason(notice)}
    known = {"Feed": notice.feed}
    if notice.key:
        known["Source"] = discreet(notice.key)
    known["Reason"] = reason(notice)
    known["Since"] = moment(notice.since)
    if notice.kind == "broken":
        known["Tried"] = f"{counted(notice.tries, 'time')} in a row"
        known["Last read"] = _last_read(notice)
    else:
        known["Until"] = moment(notice.at)
    return known


def where(notice: Notice) -> str:
    """What it is about, in few words: a source by its host and path or its folder's name, else the feed."""
    if not notice.key:
        return f"The feed {notice.feed}"
    parts = urlsplit(discreet(notice.key))
    if not parts.netloc:
        return f"The folder {Path(notice.key).name}"
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"


def reason(notice: Notice) -> str:
    """What is or was wrong, on one line."""
    return " ".join(discreet(notice.reason).split())


def moment(time: datetime) -> str:
    """A moment as people read it: "2026-11-23 12:00 UTC"."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def lasted(time: timedelta) -> str:
    """A length of time in the largest unit that says something: "3 hours"."""
    for name, unit in _UNITS:
        if time >= unit:
            return f"{counted(time // unit, name)}"
    return "less than a minute"


def _last_read(notice: Notice) -> str:
    if notice.last_good is None:
        return "never"
    articles = f", {counted(notice.items, 'article')}" if notice.key else ""
    return f"{moment(notice.last_good)}{articles}"

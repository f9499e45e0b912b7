"""A feed of the sources' health, for whoever runs feedpub: each notice is an entry. Published beside the other feeds.

It begins with an entry that says what is watched, so that a reader that subscribes sees that it
works.
"""

from datetime import datetime
from html import escape
from urllib.parse import quote

from feedpub.builder import assemble, ids
from feedpub.config import Config
from feedpub.core.models import Entry, Feed
from feedpub.notify import alert_text
from feedpub.store import Incident, Store

NAME = "health"
_SHOWN = 50  # notices


def health_feed_files(config: Config, store: Store, now: datetime) -> dict[str, bytes]:
    """The documents of the feed, and its page for people: name → content. Raises StoreError."""
    store.incidents.start(_first(config, now))
    return assemble.render_files(
        health_feed(config.feedpub.base_url, store.incidents.newest(_SHOWN)), ()
    )


def health_feed(base_url: str, told: tuple[Incident, ...]) -> Feed:
    """The feed of some notices, newest first; there is at least one."""
    return Feed(
        name=NAME,
        title="Health of the sources",
        description="Tells when a source breaks, and when it can be read again.",
        base_url=base_url,
        link=f"{base_url}{NAME}.html",
        language="en",
        updated=told[0].at,
        entries=tuple(_entry(notice, base_url) for notice in told),
    )


def _first(config: Config, now: datetime) -> Incident:
    number = len(config.feed)
    watched = f"{number} feed{'' if number == 1 else 's'}"
    return Incident(feed="", key="", kind="started", at=now, since=now, reason=watched)


def _entry(notice: Incident, base_url: str) -> Entry:
    """An entry for a notice; the same one whenever it is made."""
    key = f"{notice.feed} {notice.key} {notice.kind} {notice.at:%Y-%m-%dT%H:%M:%SZ}"
    id_ = ids.new_entry_id(NAME, key, base_url, notice.at)
    title, evidence = alert_text.describe_incident(notice), alert_text.describe_evidence(notice)
    rows = "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in evidence.items())
    return Entry(
        id=id_,
        url=f"{base_url}{NAME}.html#{quote(id_.rpartition('/')[2])}",
        title=title,
        first_seen=notice.at,
        published=notice.at,
        updated=notice.at,
        summary=" · ".join(f"{name}: {value}" for name, value in evidence.items()),
        html=f"<p>{escape(title)}</p>{f'<ul>{rows}</ul>' if rows else ''}",
        text="\n".join([title, *(f"{name}: {value}" for name, value in evidence.items())]),
        language="en",
        categories=(notice.feed,) if notice.feed else (),
    )

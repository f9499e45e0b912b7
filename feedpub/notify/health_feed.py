"""Publish the incidents as a feed, next to the other feeds.

Its first entry states how many feeds are monitored, so that a new subscriber sees that it works.
"""

from datetime import datetime
from html import escape
from urllib.parse import quote

from feedpub.builder import ids
from feedpub.config import Config
from feedpub.core.models import Entry, Feed
from feedpub.core.text import pluralize
from feedpub.notify import alert_text
from feedpub.store import Incident, Store

NAME = "health"
_MAX_ENTRIES = 50


def current_health_feed(config: Config, store: Store, now: datetime) -> Feed:
    """Return the feed of the latest incidents.

    Raises:
        StoreError: the state cannot be read or written.
    """
    number = pluralize(len(config.feed), "feed")
    first = Incident(feed="", key="", kind="started", at=now, since=now, reason=number)
    store.incidents.start(first)
    incidents = store.incidents.newest(_MAX_ENTRIES)
    return health_feed(config.feedpub.base_url, incidents)


def health_feed(base_url: str, incidents: tuple[Incident, ...]) -> Feed:
    """Return the feed of some incidents, of which there is at least one, newest first."""
    return Feed(
        name=NAME,
        title="Health of the sources",
        description="Reports when a source fails and when it recovers.",
        base_url=base_url,
        link=f"{base_url}{NAME}.html",
        language="en",
        updated=incidents[0].at,
        entries=tuple(_make_entry(incident, base_url) for incident in incidents),
    )


def _make_entry(incident: Incident, base_url: str) -> Entry:
    """Return an incident's entry, which has the same id whenever it is made."""
    # The kind's values are part of the ids that readers know; they cannot be renamed.
    key = f"{incident.feed} {incident.key} {incident.kind} {incident.at:%Y-%m-%dT%H:%M:%SZ}"
    entry_id = ids.new_entry_id(NAME, key, base_url, incident.at)
    title = alert_text.describe_incident(incident)
    evidence = alert_text.describe_evidence(incident)
    lines = [f"{name}: {value}" for name, value in evidence.items()]
    details = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return Entry(
        id=entry_id,
        url=f"{base_url}{NAME}.html#{quote(entry_id.rpartition('/')[2])}",
        title=title,
        first_seen=incident.at,
        published=incident.at,
        updated=incident.at,
        summary=" · ".join(lines),
        html=f"<p>{escape(title)}</p>" + (f"<ul>{details}</ul>" if details else ""),
        text="\n".join([title, *lines]),
        language="en",
        categories=(incident.feed,) if incident.feed else (),
    )

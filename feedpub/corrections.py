"""Young articles are looked at again for corrections: which, when, and what of it may change a published entry.

An hour, six hours and a day after an article was first listed its page is asked for again, conditionally, also when
its source is not due or does not list it any more. Each look counts, also one that fails: the next is the retry, and
after a day nobody asks for a page that cannot be had. A look that was missed is not made up for. What comes of a look
replaces the entry only if it is still the same article and says something else; otherwise the entry stays as it is,
byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from feedpub.builder.identity import url_key
from feedpub.builder.matching import Arrival
from feedpub.builder.merge import changes
from feedpub.builder.substance import shared, words
from feedpub.config import FeedConfig, FeedSource, FolderSource
from feedpub.counting import counted
from feedpub.errors import ConfigError, ExtractError
from feedpub.gathering import Listed, is_rendered, request_options, source_key
from feedpub.model import Entry, Item
from feedpub.store import Seen
from feedpub.summary import lead
from feedpub.tools import Tools

LADDER = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))  # after an article was first listed
YOUNG = timedelta(days=2)  # an article that was older when it was first listed has had its corrections
MOST_AT_ONCE = 20  # in one run of a feed; the rest waits for the next run
FAR_SHORTER = 0.5  # of the length that the text had: a wall, an error, a beginning
_SAME = 0.3  # of the text's words in a row; with less and another title, the page is about something else


def next_look(first_seen: datetime, now: datetime) -> datetime | None:
    """When an article is looked at again, after a look now; None where it is left alone from here on."""
    return next((first_seen + wait for wait in LADDER if first_seen + wait > now), None)


def is_young(published: datetime | None, first_seen: datetime) -> bool:
    """Whether an article may still be corrected when it is first listed: it has no date, or a recent one."""
    return published is None or first_seen - published < YOUNG


def planned(seen: Seen, before: Seen | None, url: str, now: datetime, *, begins: bool) -> Seen:
    """What is remembered of an article that has just been asked for, with the next look at it.

    Args:
        seen: what became of it now.
        before: what was remembered of it; None where it is listed for the first time.
        url: where its page is.
        now: aware.
        begins: its text is its page's, and corrections are still to be expected: worth other looks if it is new.
    """
    first_seen = before.first_seen if before else now
    if first_seen and first_seen > now:  # the clock was put back since
        first_seen = now
    was_stored = before is not None and before.state == "stored"
    goes_on = before is not None and before.recheck_at is not None if was_stored else begins
    moment = next_look(first_seen, now) if first_seen and goes_on and seen.state == "stored" else None
    return replace(seen, first_seen=first_seen, recheck_at=moment, url=url if moment else "")


@dataclass(frozen=True, slots=True)
class Due:
    """The articles that are looked at again in a run.

    Attributes:
        entries: key → the entry as it is published.
        unlisted: those that no source of the run lists, as their source once did.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    unlisted: Sequence[Listed] = ()


def due(feed: FeedConfig, items: Sequence[Listed], tools: Tools) -> Due:
    """The articles whose moment has come; those that can be had no more, or not in this way, are left alone for good.

    Args:
        feed: whose articles.
        items: what its sources list in this run.
        tools: the collaborators.
    """
    waiting = tools.store.rechecks(feed.name, tools.clock(), MOST_AT_ONCE) if feed.recheck else ()
    ids = tools.store.aliases(feed.name, [seen.key for seen in waiting])
    here = {listed.key: listed for listed in items}
    found = {seen.key: tools.store.entry(feed.name, ids.get(seen.key, "")) for seen in waiting}
    addresses = {url_key(entry.url) for entry in found.values() if entry} - found.keys()
    elsewhere = tools.store.seen(feed.name, addresses)
    entries: dict[str, Entry] = {}
    unlisted: list[Listed] = []
    for waits in waiting:
        entry = found[waits.key]
        seen = (entry and _at_new_address(entry, elsewhere)) or waits
        listed = here.get(seen.key) or (entry and _as_listed(feed, seen, entry, len(items) + len(unlisted)))
        if entry and listed and listed.fetch and listed.item.path is None and entry not in entries.values():
            entries[seen.key] = entry
            unlisted += [] if seen.key in here else [listed]
    tools.store.end_rechecks(feed.name, [seen.key for seen in waiting if seen.key not in entries])
    return Due(entries, unlisted)


def _at_new_address(entry: Entry, elsewhere: Mapping[str, Seen]) -> Seen | None:
    """Return what is known of an entry's article under its new address, if it was listed there since."""
    seen = elsewhere.get(url_key(entry.url))
    return replace(seen, url=seen.url or entry.url) if seen and seen.state == "stored" else None


def corrected(entry: Entry, arrival: Arrival) -> Arrival | None:
    """What of a look again replaces an entry: what arrived, or None where it says nothing else.

    Raises:
        ExtractError: it is not the article any more, or not all of it.
    """
    article = arrival.article
    if len(article.text) < FAR_SHORTER * len(entry.text):
        raise ExtractError(
            f"far shorter than it was, {counted(len(article.text), 'character')} of {len(entry.text)}", article.url
        )
    if words(article.title) != words(entry.title) and shared(words(entry.text), words(article.text)) < _SAME:
        raise ExtractError(f'about something else now, "{article.title}"', article.url)
    return arrival if changes(entry, arrival) else None


def _as_listed(feed: FeedConfig, seen: Seen, entry: Entry, rank: int) -> Listed | None:
    """An article as its source would list it; None where that source has left the config, or its secrets are gone."""
    source = next((source for source in feed.source if source_key(source) == entry.source), None)
    if source is None or isinstance(source, FolderSource):
        return None
    try:
        options = request_options(source)
    except ConfigError:  # which the source itself reports at its next look
        return None
    return Listed(
        item=_item(seen, entry),
        key=seen.key,
        rank=rank,
        source=entry.source,
        options=options,
        listed_first=isinstance(source, FeedSource),
        fetch=not isinstance(source, FeedSource) or source.fetch,
        render=is_rendered(source),
    )


def _item(seen: Seen, entry: Entry) -> Item:
    """What the source said, as far as the entry kept it; a summary made of its text is made again."""
    made = lead(entry.text, title=entry.title, language=entry.language)
    return Item(
        url=seen.url,
        title=entry.title,
        authors=entry.authors,
        published=entry.published,
        summary="" if entry.summary == made else entry.summary,
        categories=entry.categories,
        enclosures=entry.enclosures,
        image=entry.image,
        language=entry.language,
        version=seen.version.partition(" ")[2],
    )

"""Is a source as usual? A look at it is held against its own history: pure functions, careful where that is short.

What is not as usual is kept out of the feed: a layout that changed, a wall, a site that moved. What
stays so for long
is the new usual. Each check has a smallest amount of evidence and leaves room for what a healthy
source does by itself: quiet days, bursts, few articles, a listing that changed as a whole because
time went by.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import takewhile
from pathlib import PurePosixPath
from statistics import median
from urllib.parse import urlsplit

from feedpub.config import FeedConfig, FolderSource
from feedpub.core.models import Failure, Item
from feedpub.core.text import count_words, pluralize
from feedpub.pipeline.collect import ListedItem, SourceResult, keys_of_item
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.read import ItemResult
from feedpub.store import SourceObservation

RECENT = 30  # looks; what is usual is what was so among these, or among those before
FEWEST_LOOKS = 5  # of a history that says anything
FEWEST_ITEMS = 6  # of a list that says anything
FEWEST_ARTICLES = 10  # read before, of which something can be said
FEW = 3  # articles of which something can be said together
ENOUGH_ARTICLES = 20  # read before, against which one article can be held
SOON = timedelta(hours=3)  # after which no list that says anything is all new, whatever its pace
LOW = 0.05  # the share of looks, or of articles, that are allowed to be exceptions
LASTING_LOOKS = 5  # in a row that are not as usual, and so are the new usual,
LASTING = timedelta(days=1)  # if they are spread over so long


def check_for_anomalies(
    history: Sequence[SourceObservation], look: SourceObservation
) -> SourceObservation:
    """The look with its verdict, or accepted: it has not been as usual for so long that it is usual now.

    Args:
        history: the looks before, oldest first, those that were not as usual too.
        look: the newest.
    """
    broken = list(takewhile(lambda before: before.verdict, reversed(history)))
    reason = judge([before for before in history if not before.verdict], look)
    if reason is None:
        return replace(look, verdict="", accepted=False)
    if len(broken) + 1 >= LASTING_LOOKS and look.at - broken[-1].at >= LASTING:
        return replace(look, verdict="", accepted=True)
    return replace(look, verdict=reason)


def judge(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    """What is not as usual with a look, with the evidence, for people; None where nothing is.

    Args:
        history: the looks before that were as usual, oldest first.
        look: the newest; what it says of articles counts once they were read.
    """
    if len(history) < FEWEST_LOOKS:
        return _replaced(history, look)
    return next((reason for check in _CHECKS if (reason := check(history, look))), None)


# --- what is listed ---


def _fewer(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    """Fewer than half of the articles that a poor look used to list, and of those that the last one listed."""
    counts = [before.items for before in history]
    low = min(_quantile(counts[-RECENT:], LOW), _quantile(counts[:-RECENT] or counts, LOW))
    if low < FEWEST_ITEMS or look.items >= min(low, counts[-1]) / 2:
        return None
    return f"lists {pluralize(look.items, 'article')}, usually {_range(low, max(counts[-RECENT:]))}"


def _moved(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    """As good as all addresses are new, and neither the articles' dates nor the time that went by explain that."""
    if look.items < FEWEST_ITEMS or look.known > look.items / 10 or look.fresh >= look.items / 2:
        return None
    shares = [before.known / before.items for before in history[1:] if before.items]
    if not shares or _quantile(shares, LOW) < 0.5 or _expected(history, look) >= look.items / 2:  # noqa: PLR2004
        return None
    share = median(shares)
    seen = "none" if not look.known else f"only {look.known}"
    return f"{seen} of {look.items} addresses {_were(look.known)} seen before, usually {round(share * look.items)}"


def _replaced(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    """Soon after a first look a list has not one address of those seen before, and its dates do not say why."""
    if not history or look.known or look.items < FEWEST_ITEMS or look.fresh >= look.items / 2:
        return None
    before = history[-1]
    if before.items < FEWEST_ITEMS or look.at - before.at > SOON:
        return None
    minutes = pluralize(round((look.at - before.at) / timedelta(minutes=1)), "minute")
    return f"none of {look.items} addresses was seen before, {minutes} after a look at {before.items} others"


def _expected(history: Sequence[SourceObservation], look: SourceObservation) -> float:
    """How many new articles there would be by now at the pace so far."""
    span = (history[-1].at - history[0].at).total_seconds()
    new = sum(before.items - before.known for before in history[1:])
    return new * (look.at - history[-1].at).total_seconds() / span if span else 0.0


# --- what was read ---


def _unread(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    """Not one of several new articles could be read."""
    if look.failed < FEW or look.read or sum(before.read for before in history) < FEWEST_ARTICLES:
        return None
    return f"none of the {look.failed} new articles could be read: {look.obstacle}"


def _short(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    """One article, or two, not half as long as any before."""
    before = [words for each in history for words in each.lengths]
    if (
        not 0 < len(look.lengths) < FEW
        or len(before) < ENOUGH_ARTICLES
        or max(look.lengths) >= min(before) / 2
    ):
        return None
    return _far_shorter(look.lengths, before)


def _shorter(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    """Nearly all of the newest articles are as short as hardly one used to be, and a third of what was usual."""
    newest, older = _newest(history, look, FEW)
    now, before = ([words for each in looks for words in each.lengths] for looks in (newest, older))
    if (
        len(now) < FEW
        or len(before) < FEWEST_ARTICLES
        or _quantile(now, 0.8) > _quantile(before, LOW)
    ):
        return None
    return _far_shorter(now, before) if median(now) <= median(before) / 3 else None


def _far_shorter(now: Sequence[int], before: Sequence[int]) -> str:
    articles = "the articles are" if len(now) > 1 else "the article is"
    return f"{articles} far shorter: {pluralize(round(median(now)), 'word')}, usually {round(median(before))}"


def _undated(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    return _without(history, look, "a date", lambda each: each.dated, FEW)


def _unpictured(history: Sequence[SourceObservation], look: SourceObservation) -> str | None:
    return _without(history, look, "a picture", lambda each: each.pictured, 2 * FEW)


def _without(
    history: Sequence[SourceObservation],
    look: SourceObservation,
    what: str,
    having: Callable[[SourceObservation], int],
    least: int,
) -> str | None:
    """None of the newest articles has what as good as every one used to have."""
    newest, older = _newest(history, look, least)
    now, before = (sum(each.read for each in looks) for looks in (newest, older))
    if now < least or before < FEWEST_ARTICLES or any(having(each) for each in newest):
        return None
    share = sum(having(each) for each in older) / before
    return (
        f"none of the {now} newest articles has {what}, usually {share:.0%} have"
        if share >= 1 - LOW
        else None
    )


def _newest(
    history: Sequence[SourceObservation], look: SourceObservation, least: int
) -> tuple[list[SourceObservation], list[SourceObservation]]:
    """This look with as many before it as make up so many articles, if it has any itself.

    And those before them.
    """
    if not look.read:
        return [], list(history)
    newest, older = [look], list(history)
    while older and sum(each.read for each in newest) < least:
        newest.append(older.pop())
    return newest, older


_CHECKS = (_fewer, _moved, _unread, _short, _shorter, _undated, _unpictured)


def _quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values lies below."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _range(low: float, high: float) -> str:
    low, high = round(low), round(high)
    return f"{low}–{high}" if low < high else f"{low}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


# SECTION: Articles that say the same, word for word, though their listing tells them apart: a
# wall stands before them all.
#
# A form to log in, a notice about cookies, an error page with the status 200: where the cleaner
# does not know it by its
# words, it gives itself away by standing at several addresses. No history is needed to see that.

FEWEST = 3  # articles; two may be one that is listed twice


def identical_pages(items: Sequence[ListedItem], reads: Sequence[ItemResult]) -> Mapping[int, str]:
    """Place in the list → why it is no article, for each page that says the same as others do."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, (listed, read) in enumerate(zip(items, reads, strict=True)):
        if read.extracted and read.by_page:
            places[listed.source, " ".join(read.extracted.article.text.split())].append(place)
    walls = (
        same for same in places.values() if len({_name(items[place]) for place in same}) >= FEWEST
    )
    return {place: _reason(len(same)) for same in walls for place in same}


def _name(listed: ListedItem) -> str:
    """What its source tells it from others by: its title, else the end of its address."""
    return listed.item.title or PurePosixPath(urlsplit(listed.item.url or "").path).name


def _reason(number: int) -> str:
    return f"no article: the pages of {pluralize(number, 'article')} say the same, as a wall does that stands before them"


# SECTION: What each look at a source brought, held against what is usual for it: a source that
# drifted brings nothing.
#
# Twice: when its articles are listed, before one of them is read, and again when they were read,
# before one of them is
# merged. Folders are not judged: who empties one means it.

_EASTERNMOST = timedelta(hours=14)  # ahead of UTC


def check_listings(
    feed: FeedConfig, readings: Iterable[SourceResult], tools: RunContext
) -> list[SourceResult]:
    """The readings with what their lists are like.

    One that is not as usual has a problem, and no items.
    """
    return [
        _at_listing(feed, reading, tools) if _is_judged(reading) else reading
        for reading in readings
    ]


def check_articles(
    readings: Iterable[SourceResult],
    items: Sequence[ListedItem],
    reads: Sequence[ItemResult],
    tools: RunContext,
) -> list[SourceResult]:
    """The readings with what their articles are like; one whose articles are not as usual has a problem.

    Args:
        readings: as `at_listings` left them.
        items: what they list.
        reads: what became of each item.
        tools: for the history.
    """
    of_source: dict[str, list[ItemResult]] = {}
    for listed, read in zip(items, reads, strict=True):
        of_source.setdefault(listed.source, []).append(read)
    return [
        _judged(
            reading,
            _with_articles(reading.observation, of_source.get(reading.key, []), tools),
            tools,
        )
        if reading.observation and reading.failure is None
        else reading
        for reading in readings
    ]


def _is_judged(reading: SourceResult) -> bool:
    return reading.failure is None and not isinstance(reading.source, FolderSource)


def _at_listing(feed: FeedConfig, reading: SourceResult, tools: RunContext) -> SourceResult:
    rows = zip(keys_of_item(reading, tools.settings.anchor), reading.items, strict=True)
    keys = {each.key: (each.guid, item) for each, item in rows}
    every = [key for own, (guid, _) in keys.items() for key in (own, guid) if key]
    found = {*tools.store.item_states(feed.name, every), *tools.store.aliases(feed.name, every)}
    known = {key for key, (guid, _) in keys.items() if key in found or guid in found}
    settings = f"{reading.documents.digest} {feed.limit}"
    history = tools.store.observations.for_source(feed.name, reading.key, settings)
    now = tools.clock()
    before = history[-1].at if history else now
    look = SourceObservation(
        feed=feed.name,
        key=reading.key,
        settings=settings,
        at=now,
        items=len(keys),
        known=len(known),
        fresh=sum(
            _is_between(item, before, now) for key, (_, item) in keys.items() if key not in known
        ),
    )
    reading = replace(reading, is_fresh=not history and look.known <= look.items / 2)
    return _judged(reading, look, tools)


def _is_between(item: Item, before: datetime, now: datetime) -> bool:
    """Whether an article is dated after the look before and not in the future: such dates say nothing of its age.

    One with a day and no hour counts from that look's day on, until the day that it is now in the
    east.
    """
    if item.published is None:
        return False
    if item.published.time() == time():
        return before.date() <= item.published.date() <= (now + _EASTERNMOST).date()
    return before < item.published <= now


def _with_articles(
    look: SourceObservation, reads: Iterable[ItemResult], tools: RunContext
) -> SourceObservation:
    reads = list(reads)
    arrivals = [read.extracted for read in reads if read.extracted and read.state.state == "stored"]
    failed = (
        []
        if tools.budget.expired
        else [r for r in reads if r.failure and r.state.tries == 1 and not r.by_page]
    )
    obstacles = Counter(read.state.reason for read in failed).most_common(1)
    return replace(
        look,
        read=len(arrivals),
        failed=len(failed),
        obstacle=obstacles[0][0] if obstacles else "",
        dated=sum(
            bool(arrival.item.published or arrival.article.published) for arrival in arrivals
        ),
        pictured=sum(bool(arrival.item.image or arrival.article.image) for arrival in arrivals),
        lengths=tuple(count_words(arrival.article.text) for arrival in arrivals),
    )


def _judged(reading: SourceResult, look: SourceObservation, tools: RunContext) -> SourceResult:
    look = check_for_anomalies(
        tools.store.observations.for_source(look.feed, look.key, look.settings), look
    )
    if not look.verdict:
        return replace(reading, observation=look, is_fresh=reading.is_fresh or look.accepted)
    problem = Failure(reading.key, look.verdict, fatal=True, firm=True)
    return replace(reading, observation=look, failure=problem, items=())

"""Detect sources whose listing or articles differ from their own baseline.

A layout that changed, a login page in place of articles or a site that moved must not reach the
feed: a source with an anomaly gets a failure and no items. An anomaly that lasts long enough
becomes the new baseline.

Sources are checked twice: after listing, before any article is read (`check_listings`), and after
reading, before any article is merged (`check_articles`). Folders and mailboxes are not checked: an
emptied one is intended. Each check is a pure function of the source's history. It needs a minimum
of evidence, and tolerates what healthy sources do: quiet days, bursts, few articles, a listing that
time has replaced completely.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import takewhile
from pathlib import PurePosixPath
from statistics import median
from urllib.parse import urlsplit

from feedpub.config import FeedConfig, RemoteSource, WatchSource
from feedpub.core.models import Failure, Item
from feedpub.core.text import count_words, pluralize
from feedpub.pipeline.collect import ListedItem, SourceResult
from feedpub.pipeline.read import ItemResult
from feedpub.store import FeedState, SourceObservation

RECENT_OBSERVATIONS = 30  # the baseline is either these or those before them
MIN_OBSERVATIONS = 5  # in a history that has a baseline
MIN_ITEMS = 6  # in a list that can be judged
MIN_ARTICLES_BEFORE = 10  # read before, to judge several new articles
MIN_ARTICLES_BEFORE_ONE = 20  # read before, to judge a single new article
MIN_ARTICLES = 3  # new ones that can be judged together
MAX_REPLACED_AFTER = timedelta(hours=3)  # no list is replaced completely in less, at any rate
TOLERANCE = 0.05  # the share of observations or articles that may be exceptions
NEW_BASELINE_OBSERVATIONS = 5  # anomalies in a row that become the new baseline
NEW_BASELINE_AFTER = timedelta(days=1)  # if they span at least this time
_PICTURE = re.compile(r'<img [^<>]*?src="([^"]+)"')
MIN_IDENTICAL_PAGES = 3  # two may be one article that is listed twice

_EASTERNMOST_OFFSET = timedelta(hours=14)  # ahead of UTC


def check_listings(
    feed: FeedConfig,
    results: Iterable[SourceResult],
    state: FeedState,
    known: Collection[str],
    now: datetime,
) -> list[SourceResult]:
    """Return the results with an observation of each listing.

    A result with an anomaly has a failure and no items.

    Args:
        feed: the feed's settings.
        results: the result of each source.
        state: the state of the feed.
        known: the keys that are stored, of items and of entries.
        now: the current time.
    """
    checked: list[SourceResult] = []
    for result in results:
        is_listing = isinstance(result.source, RemoteSource) and not isinstance(
            result.source, WatchSource
        )
        if result.failure is None and is_listing:
            checked.append(_check_listing(feed, result, state, known, now))
        else:
            checked.append(result)
    return checked


def _check_listing(
    feed: FeedConfig,
    result: SourceResult,
    state: FeedState,
    known: Collection[str],
    now: datetime,
) -> SourceResult:
    guids: dict[str, str] = {}
    items: dict[str, Item] = {}
    for keys, item in zip(result.keys, result.items, strict=True):
        guids[keys.key], items[keys.key] = keys.guid, item
    listed_before = {key for key, guid in guids.items() if key in known or guid in known}
    settings = f"{result.documents.digest} {feed.limit}"
    history = state.observations_under(result.key, settings)
    before = history[-1].at if history else now
    new_items = [item for key, item in items.items() if key not in listed_before]
    observation = SourceObservation(
        feed=feed.name,
        key=result.key,
        settings=settings,
        at=now,
        items=len(items),
        known=len(listed_before),
        fresh=sum(_is_dated_between(item, before, now) for item in new_items),
    )
    is_fresh = not history and observation.known <= observation.items / 2
    result = replace(result, is_fresh=is_fresh, has_new_settings=not history)
    return _apply_verdict(result, observation, history)


def _is_dated_between(item: Item, before: datetime, now: datetime) -> bool:
    """Return True if an item was published after the last observation and not in the future.

    A date without a time counts from the day of that observation to the current day in the
    easternmost time zone.
    """
    if item.published is None:
        return False
    if item.published.time() == time():
        return before.date() <= item.published.date() <= (now + _EASTERNMOST_OFFSET).date()
    return before < item.published <= now


def check_articles(
    results: Iterable[SourceResult],
    items: Sequence[ListedItem],
    item_results: Sequence[ItemResult],
    state: FeedState,
    *,
    out_of_time: bool,
) -> list[SourceResult]:
    """Return the results with the articles added to each observation.

    A result with an anomaly has a failure and no items.

    Args:
        results: the results of `check_listings`.
        items: the items that the sources list.
        item_results: the result of each item.
        state: the state of the feed.
        out_of_time: the run had no time for some of the items.
    """
    by_source: dict[str, list[ItemResult]] = defaultdict(list)
    for item, item_result in zip(items, item_results, strict=True):
        by_source[item.source].append(item_result)
    checked: list[SourceResult] = []
    for result in results:
        if result.observation and result.failure is None:
            observation = _observe_articles(
                result.observation, by_source[result.key], out_of_time=out_of_time
            )
            history = state.observations_under(result.key, observation.settings)
            checked.append(_apply_verdict(result, observation, history))
        else:
            checked.append(result)
    return checked


def _observe_articles(
    observation: SourceObservation, results: Iterable[ItemResult], *, out_of_time: bool
) -> SourceObservation:
    lengths: list[int] = []
    dated = pictured = 0
    failures: list[str] = []
    for result in results:
        if result.extracted and result.state.state == "stored":
            item, article = result.extracted.item, result.extracted.article
            lengths.append(count_words(article.text))
            dated += bool(item.published or article.published)
            pictured += bool(item.image or article.image)
        is_new_failure = result.failure and result.state.tries == 1 and not result.by_page
        if is_new_failure and not result.waits and not out_of_time:
            failures.append(result.state.reason)
    most_common = Counter(failures).most_common(1)
    return replace(
        observation,
        read=len(lengths),
        failed=len(failures),
        obstacle=most_common[0][0] if most_common else "",
        dated=dated,
        pictured=pictured,
        lengths=tuple(lengths),
    )


def _apply_verdict(
    result: SourceResult, observation: SourceObservation, history: Sequence[SourceObservation]
) -> SourceResult:
    observation = detect(history, observation)
    if not observation.verdict:
        is_fresh = result.is_fresh or observation.accepted
        return replace(result, observation=observation, is_fresh=is_fresh)
    failure = Failure(result.key, observation.verdict, fatal=True, firm=True)
    return replace(result, observation=observation, failure=failure, items=(), keys=())


def detect(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> SourceObservation:
    """Return an observation with its verdict: "" if it is normal.

    If an anomaly has lasted long enough, the observation is accepted as the new baseline.

    Args:
        history: the earlier observations, oldest first, including those with an anomaly.
        observation: the newest one.
    """
    anomalous = list(takewhile(lambda before: before.verdict, reversed(history)))
    normal = [before for before in history if not before.verdict]
    reason = find_anomaly(normal, observation)
    if reason is None:
        return replace(observation, verdict="", accepted=False)
    has_enough = len(anomalous) + 1 >= NEW_BASELINE_OBSERVATIONS
    if has_enough and observation.at - anomalous[-1].at >= NEW_BASELINE_AFTER:
        return replace(observation, verdict="", accepted=True)
    return replace(observation, verdict=reason)


def find_anomaly(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    """Return the first anomaly of an observation with its evidence; None if it is normal.

    Args:
        history: the earlier observations without an anomaly, oldest first.
        observation: the newest one; its articles count once they were read.
    """
    if len(history) < MIN_OBSERVATIONS:
        return _list_replaced(history, observation)
    for check in _CHECKS:
        if reason := check(history, observation):
            return reason
    return None


# --- checks of the listing ---


def _too_few_items(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    """Report a list with less than half the items of a short one, and of the last one."""
    counts = [before.items for before in history]
    recent, older = counts[-RECENT_OBSERVATIONS:], counts[:-RECENT_OBSERVATIONS]
    low = min(_quantile(recent, TOLERANCE), _quantile(older or counts, TOLERANCE))
    if low < MIN_ITEMS or observation.items >= min(low, counts[-1]) / 2:
        return None
    usual = _format_range(low, max(recent))
    return f"lists {pluralize(observation.items, 'article')}, usually {usual}"


def _all_urls_new(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    """Report a list with nearly only new URLs that neither dates nor elapsed time explain."""
    items, known = observation.items, observation.known
    if items < MIN_ITEMS or known > items / 10 or observation.fresh >= items / 2:
        return None
    shares = [before.known / before.items for before in history[1:] if before.items]
    if not shares or _quantile(shares, TOLERANCE) < 0.5:  # noqa: PLR2004
        return None
    if _expect_new_items(history, observation) >= items / 2:
        return None
    usual = round(median(shares) * items)
    found = f"only {known}" if known else "none"
    verb = "was" if known == 1 else "were"
    return f"{found} of {items} addresses {verb} seen before, usually {usual}"


def _expect_new_items(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> float:
    """Return how many new articles are expected by now at the rate so far."""
    span = (history[-1].at - history[0].at).total_seconds()
    if not span:
        return 0.0
    new = sum(before.items - before.known for before in history[1:])
    return new * (observation.at - history[-1].at).total_seconds() / span


def _list_replaced(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    """Report a list without any known URL, soon after another one, if dates do not explain it."""
    items = observation.items
    if not history or observation.known or items < MIN_ITEMS or observation.fresh >= items / 2:
        return None
    before, elapsed = history[-1], observation.at - history[-1].at
    if before.items < MIN_ITEMS or elapsed > MAX_REPLACED_AFTER:
        return None
    minutes = pluralize(round(elapsed / timedelta(minutes=1)), "minute")
    return (
        f"none of {items} addresses was seen before; "
        f"{minutes} earlier it listed {before.items} others"
    )


# --- checks of the articles ---


def _all_unreadable(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    """Report several new articles if none of them could be read."""
    if observation.failed < MIN_ARTICLES or observation.read:
        return None
    if sum(before.read for before in history) < MIN_ARTICLES_BEFORE:
        return None
    return f"none of the {observation.failed} new articles could be read: {observation.obstacle}"


def _few_too_short(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    """Report one or two articles that are not half as long as any earlier one."""
    lengths, before = observation.lengths, _get_lengths(history)
    if not 0 < len(lengths) < MIN_ARTICLES or len(before) < MIN_ARTICLES_BEFORE_ONE:
        return None
    if max(lengths) >= min(before) / 2:
        return None
    return _describe_shorter(lengths, before)


def _too_short(history: Sequence[SourceObservation], observation: SourceObservation) -> str | None:
    """Report the newest articles if they are as short as exceptions, at a third of the median."""
    newest, older = _split_newest(history, observation, MIN_ARTICLES)
    lengths, before = _get_lengths(newest), _get_lengths(older)
    if len(lengths) < MIN_ARTICLES or len(before) < MIN_ARTICLES_BEFORE:
        return None
    if _quantile(lengths, 0.8) > _quantile(before, TOLERANCE):
        return None
    if median(lengths) > median(before) / 3:
        return None
    return _describe_shorter(lengths, before)


def _get_lengths(observations: Iterable[SourceObservation]) -> list[int]:
    return [words for observation in observations for words in observation.lengths]


def _describe_shorter(lengths: Sequence[int], before: Sequence[int]) -> str:
    articles = "the articles are" if len(lengths) > 1 else "the article is"
    words = pluralize(round(median(lengths)), "word")
    return f"{articles} far shorter: {words}, usually {round(median(before))}"


def _dates_missing(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    return _find_missing(history, observation, "a date", lambda each: each.dated, MIN_ARTICLES)


def _images_missing(
    history: Sequence[SourceObservation], observation: SourceObservation
) -> str | None:
    return _find_missing(
        history, observation, "a picture", lambda each: each.pictured, 2 * MIN_ARTICLES
    )


def _find_missing(
    history: Sequence[SourceObservation],
    observation: SourceObservation,
    what: str,
    count: Callable[[SourceObservation], int],
    min_articles: int,
) -> str | None:
    """Report a property that none of the newest articles has, but nearly all earlier ones had."""
    newest, older = _split_newest(history, observation, min_articles)
    read, read_before = (sum(each.read for each in part) for part in (newest, older))
    if read < min_articles or read_before < MIN_ARTICLES_BEFORE:
        return None
    if any(count(each) for each in newest):
        return None
    share = sum(count(each) for each in older) / read_before
    if share < 1 - TOLERANCE:
        return None
    return f"none of the {read} newest articles has {what}, usually {share:.0%} have"


def _split_newest(
    history: Sequence[SourceObservation], observation: SourceObservation, min_articles: int
) -> tuple[list[SourceObservation], list[SourceObservation]]:
    """Split the observations into the newest ones with enough articles, and the earlier ones.

    If the newest observation has no articles, there are no newest ones.
    """
    if not observation.read:
        return [], list(history)
    newest, older = [observation], list(history)
    while older and sum(each.read for each in newest) < min_articles:
        newest.append(older.pop())
    return newest, older


_CHECKS = (
    _too_few_items,
    _all_urls_new,
    _all_unreadable,
    _few_too_short,
    _too_short,
    _dates_missing,
    _images_missing,
)


def _quantile(values: Sequence[float], share: float) -> float:
    """Return the value that the given share of the values is below, interpolated."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def _format_range(low: float, high: float) -> str:
    low, high = round(low), round(high)
    return f"{low}–{high}" if low < high else f"{low}"


# --- pages that are not articles ---


def identical_pages(
    items: Sequence[ListedItem], results: Sequence[ItemResult]
) -> Mapping[int, str]:
    """Return position → reason for each page whose content several articles of a source share.

    Login forms, consent notices and error pages with status 200 are often not recognised by their
    words. They are recognised here, because they appear at several addresses. That needs no
    history.
    """
    by_content: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, (item, result) in enumerate(zip(items, results, strict=True)):
        if result.extracted and result.by_page:
            article = result.extracted.article
            pictures = " ".join(_PICTURE.findall(article.html))  # those of a comic differ
            content = " ".join(f"{article.text} {pictures}".split()) or article.html
            by_content[item.source, content].append(position)
    reasons: dict[int, str] = {}
    for positions in by_content.values():
        names = {_get_name(items[position]) for position in positions}
        if len(names) >= MIN_IDENTICAL_PAGES:
            pages = pluralize(len(positions), "article")
            reason = f"not an article: the pages of {pages} have the same text, as login pages do"
            reasons.update(dict.fromkeys(positions, reason))
    return reasons


def _get_name(item: ListedItem) -> str:
    """Return what distinguishes an item in its listing: its title, or the end of its address."""
    return item.item.title or PurePosixPath(urlsplit(item.item.url or "").path).name

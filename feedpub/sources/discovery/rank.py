"""Rank candidates by how complete and fresh their entries are, and state the evidence in words."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from feedpub.core.article_keys import url_key
from feedpub.core.models import Item
from feedpub.core.text import pluralize
from feedpub.sources.discovery.candidate import ArticleSample, Candidate

# The weights of a candidate's qualities, each of which is between 0 and 1.
FULL_TEXT_WEIGHT, FRESHNESS_WEIGHT, COUNT_WEIGHT = 4.0, 3.0, 1.0
PAGE_TEXT_VALUE = 0.85  # of a text that has to be fetched and extracted
OWN_CONTENT_VALUE = 0.5  # of a source's own content that may be a teaser
HEADLINE_VALUE = 0.2  # of a title and link alone
EXPECTED_READABLE = 0.75  # the share of pages that can be read, as long as no sample was
DATED_SAMPLES_VALUE = 0.8  # of dates that only the samples have
UNDATED_SHARE_VALUE = 0.4  # the part of the freshness that counts without dates
UNDATED_FRESHNESS = 0.3
FRESH = timedelta(days=2)  # nothing is fresher
FRESHNESS_HALF_LIFE = timedelta(days=30)
ENOUGH_ENTRIES = 20
MIN_COMPARABLE_ENTRIES = 5  # fewer say little about what the page shows

KIND_BONUS = {"feed": 0.5, "page": 0.0, "items": 0.0, "json": 0.0, "sitemap": -0.5}
TEASERS_PENALTY = 1.5  # of items on a page that have pages of their own
HEADLINES_PENALTY = 1.5  # of a listing whose articles are not read; it may have more entries
UNTITLED_PENALTY = 3.0  # of items without titles: a page's list of articles has them
MIN_COMMON_SHARE = 0.5  # of items that are the teasers of listed articles
COMMENTS_PENALTY, PART_PENALTY, ELSEWHERE_PENALTY, NO_NEWS_PENALTY = 4.0, 1.5, 1.5, 1.0
_COMMENTS = re.compile(r"(^|[/._-])comments?([/._-]|$)", re.IGNORECASE)
_COMMENTS_TITLE = re.compile(r"^comments (on|for)\b", re.IGNORECASE)
_PART = re.compile(
    r"/(category|categories|tag|tags|author|authors|topic|topics|label)/", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate with its score.

    Attributes:
        score: the higher the better.
        evidence: the reasons, in words.
        newest: the date of its newest entry; None if no entry has one.
    """

    candidate: Candidate
    score: float
    evidence: tuple[str, ...]
    newest: datetime | None


def rank_candidates(
    candidates: Sequence[Candidate],
    samples: Mapping[str, ArticleSample],
    asked: str,
    now: datetime,
) -> tuple[RankedCandidate, ...]:
    """Return the candidates, the best first; equal ones stay in their order.

    Args:
        candidates: those that were found.
        samples: the articles that were read, of any candidate, by URL.
        asked: the address that the user entered.
        now: the current time.
    """
    page = _find_page(candidates)
    ranked = [_rank(candidate, samples, asked, page, now) for candidate in candidates]
    return tuple(sorted(ranked, key=lambda each: -each.score))


def _find_page(candidates: Iterable[Candidate]) -> Candidate | None:
    return next((candidate for candidate in candidates if candidate.kind == "page"), None)


def _rank(
    candidate: Candidate,
    samples: Mapping[str, ArticleSample],
    asked: str,
    page: Candidate | None,
    now: datetime,
) -> RankedCandidate:
    shown = frozenset(_entry_keys(page)) if page else frozenset()
    own = _samples_of(candidate, samples)
    newest, dated = _dates(candidate.items, own, now)
    freshness = _freshness(newest, now)
    freshness *= UNDATED_SHARE_VALUE + (1 - UNDATED_SHARE_VALUE) * dated
    penalties = _penalties(candidate, asked, shown)
    is_teaser = candidate.kind == "items" and _are_teasers(candidate, own, page)
    if is_teaser:
        penalties.append((TEASERS_PENALTY, "its entries have pages of their own"))
    untitled = [item for item in candidate.items if not item.title]
    if candidate.kind == "items" and untitled and page and page.fetches_articles:
        weight = UNTITLED_PENALTY * len(untitled) / len(candidate.items)
        penalties.append((weight, f"{len(untitled)} without a title"))
    score = (
        FULL_TEXT_WEIGHT * _full_text_share(candidate, own, is_teaser=is_teaser)
        + FRESHNESS_WEIGHT * freshness
        + COUNT_WEIGHT * min(len(candidate.items), ENOUGH_ENTRIES) / ENOUGH_ENTRIES
        + KIND_BONUS[candidate.kind]
        - sum(weight for weight, _ in penalties)
    )
    evidence = (*_evidence(candidate, own, dated), *(words for _, words in penalties))
    return RankedCandidate(candidate, round(score, 3), evidence, newest)


def _full_text_share(
    candidate: Candidate, samples: Sequence[ArticleSample], *, is_teaser: bool
) -> float:
    """Return the share of entries with a full text, in the candidate or on readable pages."""
    count = max(len(candidate.items), 1)
    full = candidate.is_full_text / count
    own = candidate.own_contents / count
    if not candidate.fetches_articles:
        is_whole = candidate.kind == "items" and not is_teaser
        value = 1.0 if is_whole else OWN_CONTENT_VALUE
        return max(full, value * own, HEADLINE_VALUE)
    readable = len(_readable(samples)) / len(samples) if samples else EXPECTED_READABLE
    return max(full, PAGE_TEXT_VALUE * readable)


def _readable(samples: Sequence[ArticleSample]) -> list[ArticleSample]:
    return [each for each in samples if each.article is not None]


def _dates(
    items: Sequence[Item], samples: Sequence[ArticleSample], now: datetime
) -> tuple[datetime | None, float]:
    """Return the newest date, and the share of entries that have one.

    If no entry has a date, those of the samples count.
    """
    dates = list(filter(None, map(_date_of, items)))
    share = len(dates) / max(len(items), 1)
    if not dates:
        dates = list(_dates_of_samples(samples))
        share = DATED_SAMPLES_VALUE * len(dates) / max(len(samples), 1)
    latest = now + timedelta(days=1)  # events lie in the future
    return max((date for date in dates if date <= latest), default=None), share


def _dates_of_samples(samples: Iterable[ArticleSample]) -> Iterator[datetime]:
    for sample in samples:
        if sample.article and sample.article.published:
            yield sample.article.published


def _date_of(item: Item) -> datetime | None:
    return item.published or item.updated


def _freshness(newest: datetime | None, now: datetime) -> float:
    if newest is None:
        return UNDATED_FRESHNESS
    return math.pow(0.5, max(now - newest - FRESH, timedelta()) / FRESHNESS_HALF_LIFE)


def without_teasers(
    ranked: Sequence[RankedCandidate], samples: Mapping[str, ArticleSample]
) -> tuple[RankedCandidate, ...]:
    """Return the candidates without items that are teasers of the articles that a page lists."""
    page = _find_page(each.candidate for each in ranked)
    if page is None or not page.fetches_articles:
        return tuple(ranked)
    kept: list[RankedCandidate] = []
    for each in ranked:
        own = _samples_of(each.candidate, samples)
        if each.candidate.kind != "items" or not _are_teasers(each.candidate, own, page):
            kept.append(each)
    return tuple(kept)


def _samples_of(candidate: Candidate, samples: Mapping[str, ArticleSample]) -> list[ArticleSample]:
    return [samples[url] for url in candidate.urls if url in samples]


def _are_teasers(
    candidate: Candidate, samples: Sequence[ArticleSample], page: Candidate | None
) -> bool:
    """Return True if the items of a page are the teasers of articles with pages of their own.

    That is not so if none of these pages can be read, or if only the items have dates: a changelog
    links to other things.
    """
    if candidate.lists_other_pages:
        return not samples or not all(each.is_permanent for each in samples)
    if page is None or not page.fetches_articles or candidate.is_full_text:
        return False
    titles, urls = {item.title.casefold() for item in page.items}, page.urls
    common = 0
    for item in candidate.items:
        common += item.title.casefold() in titles or any(url in item.html for url in urls)
    if common < MIN_COMMON_SHARE * len(candidate.items):
        return False
    return _dated_share(page) >= MIN_COMMON_SHARE * _dated_share(candidate)


def _dated_share(candidate: Candidate) -> float:
    dated = list(filter(None, map(_date_of, candidate.items)))
    return len(dated) / max(len(candidate.items), 1)


def _penalties(candidate: Candidate, asked: str, shown: frozenset[str]) -> list[tuple[float, str]]:
    path = unquote(urlsplit(candidate.url).path)
    found: list[tuple[float, str]] = []
    if _COMMENTS.search(path) or _COMMENTS_TITLE.match(candidate.title):
        found.append((COMMENTS_PENALTY, "comments, not articles"))
    if candidate.kind == "page" and not candidate.fetches_articles:
        found.append((HEADLINES_PENALTY, "the listing's own content"))
    if candidate.kind in ("page", "items", "json"):
        return found
    part = _PART.search(path)
    if part and part[0] not in unquote(asked):
        found.append((PART_PENALTY, "only a part of the site"))
    if candidate.kind == "sitemap" and not candidate.is_news:
        found.append((NO_NEWS_PENALTY, "all pages of the site, not only news"))
    if words := _difference_from_page(candidate, asked, shown):
        found.append((ELSEWHERE_PENALTY, words))
    return found


def _difference_from_page(candidate: Candidate, asked: str, shown: frozenset[str]) -> str:
    """State if a candidate lists other articles than the page; "" if they are much the same."""
    keys = _entry_keys(candidate)
    if len(keys) < MIN_COMPARABLE_ENTRIES or len(shown) < MIN_COMPARABLE_ENTRIES:
        return ""
    common = len(shown.intersection(keys))
    if common == 0:
        return "none of its entries is on the page"
    is_section = urlsplit(asked).path.strip("/") != ""
    if is_section and common * 3 < len(keys):
        return "most of its entries are not on the page"
    return ""


def _entry_keys(candidate: Candidate) -> list[str]:
    return list(map(url_key, candidate.urls))


def _evidence(candidate: Candidate, samples: Sequence[ArticleSample], dated: float) -> list[str]:
    evidence = [candidate.found_by]
    if candidate.is_full_text:
        evidence.append(f"{candidate.is_full_text} with full text")
    elif candidate.kind == "feed" or (candidate.kind == "json" and candidate.own_contents):
        evidence.append("teasers only" if candidate.own_contents else "titles only")
    pages = pluralize(len(samples), "page")
    if samples:
        evidence.append(f"{len(_readable(samples))} of {pages} could be read")
    if candidate.settings.get("fetch") is False:
        evidence.append("without the articles' pages" if candidate.own_contents else "titles only")
    if paid := [each for each in samples if each.is_paid]:
        evidence.append(f"{len(paid)} of {pages} not free")
    if dated == 0:
        evidence.append("no dates")
    return evidence

"""Which candidate is best: the one whose entries are wholest and freshest. Decides, asks nobody, knows no clock.

What it goes by is told with each candidate, in words.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from feedpub.core.article_keys import url_key
from feedpub.core.models import Item
from feedpub.core.text import pluralize
from feedpub.sources.discovery.candidate import ArticleSample, Candidate

# What a candidate's qualities weigh, each between 0 and 1.
WHOLENESS, FRESHNESS, COUNT = 4.0, 3.0, 1.0
PAGES = 0.85  # what a text is worth that has to be fetched and found in its page first
UNTRIED = 0.75  # the share of pages that can be read, as long as none was tried
UNDATED = 0.3  # the freshness of what tells no date
YOUNG = timedelta(days=2)  # nothing is fresher
HALF = timedelta(days=30)  # older by so much, half as fresh
ENOUGH = 20  # entries
FEW = 5  # entries say little about what else a page shows

KINDS = {"feed": 0.5, "page": 0.0, "sitemap": -0.5}
COMMENTS, PART, ELSEWHERE, NO_NEWS = 4.0, 1.5, 1.5, 1.0
_COMMENTS = re.compile(r"(^|[/._-])comments?([/._-]|$)", re.IGNORECASE)
_COMMENTS_TITLE = re.compile(r"^comments (on|for)\b", re.IGNORECASE)
_PART = re.compile(
    r"/(category|categories|tag|tags|author|authors|topic|topics|label)/", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate with its place among others.

    The higher the score the better; `evidence` says why, for people.
    """

    candidate: Candidate
    score: float
    evidence: tuple[str, ...]
    newest: datetime | None


def rank_candidates(
    candidates: Sequence[Candidate], tried: Mapping[str, ArticleSample], asked: str, now: datetime
) -> tuple[RankedCandidate, ...]:
    """The candidates, the best first; equals stay in their order.

    Args:
        candidates: that were found.
        tried: address → what came of reading an article, of whichever candidate.
        asked: the address that people want the articles of.
        now: for how old they are.
    """
    page = next((candidate for candidate in candidates if candidate.kind == "page"), None)
    shown = frozenset(_keys(page)) if page else frozenset()
    ranked = [_judged(candidate, tried, asked, shown, now) for candidate in candidates]
    return tuple(sorted(ranked, key=lambda each: -each.score))


def _judged(
    candidate: Candidate,
    tried: Mapping[str, ArticleSample],
    asked: str,
    shown: frozenset[str],
    now: datetime,
) -> RankedCandidate:
    tries = [tried[item.url] for item in candidate.items if item.url and item.url in tried]
    newest, dated = _dates(candidate.items, tries, now)
    fresh = _freshness(newest, now) * (0.4 + 0.6 * dated)
    penalties = _penalties(candidate, asked, shown)
    score = (
        WHOLENESS * _wholeness(candidate, tries)
        + FRESHNESS * fresh
        + COUNT * min(len(candidate.items), ENOUGH) / ENOUGH
        + KINDS[candidate.kind]
        - sum(weight for weight, _ in penalties)
    )
    evidence = (*_evidence(candidate, tries, dated), *(words for _, words in penalties))
    return RankedCandidate(candidate, round(score, 3), evidence, newest)


def _wholeness(candidate: Candidate, tries: Sequence[ArticleSample]) -> float:
    """The share of entries whose whole text there is.

    In the candidate itself, or on pages that can be read.
    """
    own = candidate.is_full_text / max(len(candidate.items), 1)
    readable = sum(each.article is not None for each in tries) / len(tries) if tries else UNTRIED
    return max(own, PAGES * readable)


def _dates(
    items: Sequence[Item], tries: Sequence[ArticleSample], now: datetime
) -> tuple[datetime | None, float]:
    """The newest date, and the share of entries that have one.

    Where none has, those of the pages that were tried.
    """
    listed = [date for item in items if (date := item.published or item.updated)]
    read = [each.article.published for each in tries if each.article and each.article.published]
    past = [
        date for date in listed or read if date <= now + timedelta(days=1)
    ]  # events lie in the future
    share = len(listed) / max(len(items), 1) if listed else 0.8 * len(read) / max(len(tries), 1)
    return max(past, default=None), share


def _freshness(newest: datetime | None, now: datetime) -> float:
    if newest is None:
        return UNDATED
    return math.pow(0.5, max(now - newest - YOUNG, timedelta()) / HALF)


def _penalties(candidate: Candidate, asked: str, shown: frozenset[str]) -> list[tuple[float, str]]:
    path = unquote(urlsplit(candidate.url).path)
    found = []
    if _COMMENTS.search(path) or _COMMENTS_TITLE.match(candidate.title):
        found.append((COMMENTS, "comments, not articles"))
    if (part := _PART.search(path)) and candidate.kind != "page" and part[0] not in unquote(asked):
        found.append((PART, "only a part of the site"))
    if candidate.kind == "sitemap" and not candidate.is_news:
        found.append((NO_NEWS, "all pages of the site, not only news"))
    if candidate.kind != "page" and (words := _elsewhere(candidate, asked, shown)):
        found.append((ELSEWHERE, words))
    return found


def _elsewhere(candidate: Candidate, asked: str, shown: frozenset[str]) -> str:
    """What it lists instead of the articles on the page that was asked about.

    "" where it is much the same.
    """
    keys = _keys(candidate)
    if len(keys) < FEW or len(shown) < FEW:
        return ""
    both = len(shown.intersection(keys))
    section = urlsplit(asked).path.strip("/") != ""
    if both == 0:
        return "none of its entries is on the page"
    return "most of its entries are not on the page" if section and both * 3 < len(keys) else ""


def _keys(candidate: Candidate) -> list[str]:
    return [url_key(item.url) for item in candidate.items if item.url]


def _evidence(
    candidate: Candidate, tries: Sequence[ArticleSample], dated: float
) -> tuple[str, ...]:
    said = [candidate.found_by]
    if candidate.is_full_text:
        said.append(f"{candidate.is_full_text} with their whole text")
    elif candidate.kind == "feed":
        said.append("teasers only")
    if tries:
        said.append(
            f"{sum(each.article is not None for each in tries)} of {pluralize(len(tries), 'page')} could be read"
        )
    if dated == 0:
        said.append("no dates")
    return tuple(said)

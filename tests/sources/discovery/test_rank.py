"""Rank candidates that are plain data."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feedpub.core.models import Article, Item
from feedpub.sources.discovery.candidate import ArticleSample, Candidate, Kind
from feedpub.sources.discovery.rank import rank_candidates

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SITE = "https://quay.example/"
PAGE = f"{SITE}news"


def items(count: int = 10, *, days: float | None = 1, first: int = 0) -> tuple[Item, ...]:
    date = None if days is None else NOW - timedelta(days=days)
    return tuple(Item(f"{SITE}{n}", published=date) for n in range(first, first + count))


def candidate(kind: Kind = "feed", url: str = f"{SITE}feed", **more: object) -> Candidate:
    return Candidate(kind, url, "found", **({"items": items()} | more))  # type: ignore[arg-type]


def read(
    *numbers: int, published: datetime | None = None, fails: bool = False
) -> dict[str, ArticleSample]:
    urls = [f"{SITE}{n}" for n in numbers]
    return {
        url: ArticleSample(url, None if fails else Article(url, published=published))
        for url in urls
    }


def best_candidate(
    candidates: Sequence[Candidate],
    tried: dict[str, ArticleSample] | None = None,
    asked: str = PAGE,
) -> Candidate:
    return rank_candidates(candidates, tried or {}, asked, NOW)[0].candidate


BETTER = {
    "a feed than the page, all else equal": (candidate(), candidate("page", PAGE)),
    "the page than a sitemap": (
        candidate("page", PAGE),
        candidate("sitemap", f"{SITE}sitemap.xml"),
    ),
    "a news sitemap than one of all pages": (
        candidate("sitemap", f"{SITE}news.xml", is_news=True),
        candidate("sitemap", f"{SITE}sitemap.xml"),
    ),
    "whole texts than teasers": (candidate(is_full_text=10), candidate(url=f"{SITE}teasers")),
    "fresh ones than old ones": (candidate(items=items(days=1)), candidate(items=items(days=90))),
    "dated ones than undated ones": (
        candidate(items=items(days=3)),
        candidate(items=items(days=None)),
    ),
    "many than two": (candidate(), candidate(items=items(2))),
    "articles than comments": (
        candidate(items=items(days=20)),
        candidate(url=f"{SITE}comments/feed/", is_full_text=10),
    ),
    "articles than comments by title": (
        candidate(),
        candidate(title="Comments on: The ferry", is_full_text=10),
    ),
    "the site than one of its tags": (candidate(), candidate(url=f"{SITE}tag/fog/feed/")),
    "the page than a feed that died": (
        candidate("page", PAGE, items=items(days=None)),
        candidate(items=items(days=900, first=50)),
    ),
    "the page than a feed of other things": (
        candidate("page", PAGE),
        candidate(items=items(first=9, count=20)),
    ),
}


@pytest.mark.parametrize(("better", "worse"), BETTER.values(), ids=BETTER)
def test_better_candidate_is_first(better: Candidate, worse: Candidate) -> None:
    """The initial order does not matter."""
    assert best_candidate([worse, better]) == better
    assert best_candidate([better, worse]) == better


def test_category_feed_is_preferred_for_the_category_page() -> None:
    category = candidate(url=f"{SITE}category/fog/feed/")
    (ranked,) = rank_candidates([category], {}, f"{SITE}category/fog/", NOW)
    assert "only a part of the site" not in ranked.evidence
    assert "only a part of the site" in rank_candidates([category], {}, SITE, NOW)[0].evidence


def test_unreadable_articles_count_against_a_candidate() -> None:
    """They do not count if the feed has the full content."""
    page, feed = candidate("page", PAGE), candidate(items=items(first=50))
    assert best_candidate([page, feed], read(0, 1, 2, fails=True)) == feed
    whole = candidate(is_full_text=10)
    assert best_candidate([page, whole], read(0, 1, 2, fails=True)) == whole


def test_article_dates_replace_missing_list_dates() -> None:
    page = candidate("page", PAGE, items=items(days=None))
    (before,) = rank_candidates([page], {}, PAGE, NOW)
    (after,) = rank_candidates([page], read(0, 1, 2, published=NOW - timedelta(days=1)), PAGE, NOW)
    assert (before.newest, after.newest) == (None, NOW - timedelta(days=1))
    assert after.score > before.score


def test_future_dates_are_not_news() -> None:
    """A calendar has only future dates."""
    (ranked,) = rank_candidates([candidate(items=items(days=-200))], {}, PAGE, NOW)
    assert ranked.newest is None


def test_equal_candidates_keep_their_order() -> None:
    """Pages name their preferred feed first."""
    rss, atom = candidate(url=f"{SITE}rss"), candidate(url=f"{SITE}atom")
    assert [each.candidate for each in rank_candidates([atom, rss], {}, PAGE, NOW)] == [atom, rss]
    assert [each.candidate for each in rank_candidates([rss, atom], {}, PAGE, NOW)] == [rss, atom]


def test_rank_has_reasons() -> None:
    (ranked,) = rank_candidates(
        [candidate(items=items(days=None), is_full_text=4)],
        read(0, 1) | read(2, fails=True),
        PAGE,
        NOW,
    )
    assert ranked.evidence == (
        "found",
        "4 with full text",
        "2 of 3 pages could be read",
        "no dates",
    )
    assert rank_candidates([candidate()], {}, PAGE, NOW)[0].evidence == ("found", "titles only")
    teasers = tuple(replace(item, summary="A teaser") for item in items())
    (ranked,) = rank_candidates([candidate(items=teasers)], {}, PAGE, NOW)
    assert ranked.evidence == ("found", "teasers only")

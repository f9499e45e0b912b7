from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedpub.builder.matching import ExistingEntries, ExtractedItem
from feedpub.builder.merge import MergeResult, merge_items
from feedpub.core.models import Alias, Article, Enclosure, Entry, Item

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
DAY = timedelta(days=1)
ARTICLE = Article(
    url="https://example.org/a",
    title="A title",
    published=NOW - DAY,
    html="<p>Some words.</p>",
    text="Some words.",
    summary="Some words.",
)


def arrival(
    article: Article = ARTICLE, item: Item | None = None, *keys: str, rank: int = 0
) -> ExtractedItem:
    return ExtractedItem(
        item or Item(article.url), article, keys or ("example.org/a",), rank, source="s"
    )


def bring(
    *arrivals: ExtractedItem, known: ExistingEntries | None = None, now: datetime = NOW
) -> MergeResult:
    return merge_items("f", "https://feeds.example/", known or ExistingEntries(), arrivals, now)


def one(*arrivals: ExtractedItem, now: datetime = NOW) -> Entry:
    return single_entry(bring(*arrivals, now=now))


def single_entry(merged: MergeResult) -> Entry:
    (entry,) = merged.entries
    return entry


def known_entries(entry: Entry, *keys: str) -> ExistingEntries:
    return ExistingEntries(
        dict.fromkeys(keys or ("example.org/a",), Alias(entry.id)),
        {entry.id: entry},
        {entry.updated},
        set(),
    )


def test_new_article_becomes_an_entry() -> None:
    merged = bring(arrival())
    (entry,) = merged.entries
    assert (merged.new, merged.updated) == (1, 0)
    assert (entry.title, entry.html, entry.url) == (
        "A title",
        "<p>Some words.</p>",
        "https://example.org/a",
    )
    assert (entry.first_seen, entry.published, entry.updated) == (NOW, NOW - DAY, NOW - DAY)
    assert merged.aliases == {"example.org/a": Alias(entry.id)}


def test_undated_article_gets_time_of_first_run() -> None:
    assert one(arrival(replace(ARTICLE, published=None))).published == NOW


def test_date_in_the_future_is_ignored() -> None:
    assert one(arrival(replace(ARTICLE, published=NOW + DAY, updated=NOW + DAY))).published == NOW


def test_listed_date_comes_before_the_date_of_an_update_of_the_page() -> None:
    listed = Item(ARTICLE.url, published=NOW - 2 * DAY)
    updated = replace(ARTICLE, updated=ARTICLE.published)
    assert one(arrival(updated, listed)).published == NOW - 2 * DAY
    assert one(arrival(updated)).published == NOW - DAY
    assert one(arrival(ARTICLE, listed)).published == NOW - DAY


def test_fractions_of_seconds_are_dropped() -> None:
    entry = one(arrival(replace(ARTICLE, published=None)), now=NOW.replace(microsecond=5))
    assert entry.published == entry.updated == entry.first_seen == NOW


def test_known_key_identifies_entry_and_other_keys_become_aliases() -> None:
    entry = one(arrival())
    again = arrival(ARTICLE, None, "example.org/amp/a", "example.org/a")
    merged = bring(again, known=known_entries(entry), now=LATER)
    assert (merged.new, merged.updated, merged.entries) == (0, 0, ())
    assert merged.aliases == {"example.org/amp/a": Alias(entry.id)}


def test_article_listed_twice_in_a_run_is_one_entry() -> None:
    twin = arrival(ARTICLE, None, "m.example.org/a", "example.org/a")
    merged = bring(arrival(), twin)
    assert len(merged.entries) == merged.new == 1


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another title"},
        {"text": "Some other words.", "html": "<p>Some other words.</p>"},
        {"text": "Some words. And more.", "html": "<p>Some words. And more.</p>"},
    ],
)
def test_changed_words_change_updated(change: dict[str, Any]) -> None:
    before = one(arrival())
    merged = bring(arrival(replace(ARTICLE, **change)), known=known_entries(before), now=LATER)
    (entry,) = merged.entries
    assert merged.updated == 1
    assert entry.updated == LATER
    assert (entry.id, entry.published, entry.first_seen) == (
        before.id,
        before.published,
        before.first_seen,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"html": "<p>Some <b>words</b>.</p>"},
        {"text": "Some  words ."},
        {"title": "A Title!"},
        {"summary": "Another summary."},
        {"image": "https://example.org/i.png"},
        {"categories": ("c",)},
        {"published": NOW - 5 * DAY},
        {"updated": NOW},
    ],
)
def test_other_changes_do_not_change_updated(change: dict[str, Any]) -> None:
    before = one(arrival())
    merged = bring(arrival(replace(ARTICLE, **change)), known=known_entries(before), now=LATER)
    assert merged.updated == 0
    assert all(
        e.updated == before.updated and e.published == before.published for e in merged.entries
    )


def test_stated_update_time_is_used_if_it_is_later() -> None:
    before = one(arrival())
    change = replace(ARTICLE, text="New words.", updated=NOW + timedelta(minutes=7))
    assert (
        bring(arrival(change), known=known_entries(before), now=LATER).entries[0].updated
        == change.updated
    )


def test_changed_enclosure_changes_updated() -> None:
    before = one(arrival())
    item = Item(
        "https://example.org/a", enclosures=(Enclosure("https://example.org/a.mp3", "audio/mpeg"),)
    )
    assert bring(arrival(ARTICLE, item), known=known_entries(before), now=LATER).updated == 1


def test_update_times_are_unique_and_in_the_past() -> None:
    same = [
        arrival(replace(ARTICLE, url=f"https://e.org/{n}", published=NOW), None, f"e.org/{n}")
        for n in range(20)
    ]
    entries = bring(*same).entries
    assert len({entry.updated for entry in entries}) == 20
    assert all(entry.published <= entry.updated <= NOW for entry in entries)
    assert max(entry.published for entry in entries) == NOW


@pytest.mark.parametrize(
    "published",
    [None, NOW + DAY, NOW, NOW - timedelta(seconds=5), NOW - DAY],
    ids=["none", "future", "now", "5 s", "past"],
)
def test_entry_is_not_updated_before_it_is_published(published: datetime | None) -> None:
    articles = [replace(ARTICLE, url=f"https://e.org/{n}", published=published) for n in range(30)]
    entries = bring(*(arrival(article, None, article.url or "") for article in articles)).entries
    assert len({entry.updated for entry in entries}) == 30
    assert all(entry.published <= entry.updated <= NOW for entry in entries)
    if published == NOW - DAY:
        assert {entry.published for entry in entries} == {published}


@pytest.mark.parametrize(
    "now", [NOW + DAY, NOW, NOW - 400 * DAY], ids=["later", "the same second", "clock put back"]
)
def test_update_time_never_decreases(now: datetime) -> None:
    before = replace(one(arrival()), updated=NOW)
    entry = single_entry(
        bring(arrival(replace(ARTICLE, text="Other words.")), known=known_entries(before), now=now)
    )
    assert entry.updated > before.updated
    assert entry.updated <= max(now, NOW + timedelta(seconds=1))
    assert (entry.id, entry.published) == (before.id, before.published)


def test_teaser_never_replaces_article() -> None:
    before = one(arrival())
    teaser = replace(ARTICLE, text="Some.", html="<p>Some.</p>", complete=False)
    assert bring(arrival(teaser), known=known_entries(before), now=LATER).entries == ()


def test_article_replaces_teaser() -> None:
    before = one(arrival(replace(ARTICLE, text="Some.", html="<p>Some.</p>", complete=False)))
    merged = bring(arrival(), known=known_entries(before), now=LATER)
    assert merged.entries[0].complete
    assert merged.updated == 1


def test_title_date_and_authors_of_a_feed_take_precedence() -> None:
    item = Item(
        "https://example.org/a",
        title="Listed",
        authors=("L",),
        published=NOW - 2 * DAY,
        categories=("x",),
    )
    article = replace(ARTICLE, authors=("R",), categories=("y",))
    feed = replace(arrival(article, item), listed_first=True)
    assert (one(feed).title, one(feed).authors, one(feed).published) == (
        "Listed",
        ("L",),
        NOW - 2 * DAY,
    )
    page = arrival(article, item)
    assert (one(page).title, one(page).authors, one(page).published) == (
        "A title",
        ("R",),
        NOW - DAY,
    )


def test_missing_facts_are_taken_from_listing() -> None:
    item = Item("https://example.org/a", title="Listed", published=NOW - 2 * DAY)
    entry = one(arrival(Article(url="https://example.org/a", html="<p>x</p>", text="x"), item))
    assert (entry.title, entry.published) == ("Listed", NOW - 2 * DAY)


def test_listed_update_dates_an_entry_without_a_date() -> None:
    item = Item("https://example.org/a", "A title", updated=NOW - DAY)
    undated = replace(ARTICLE, published=None)
    assert one(arrival(undated, item)).published == NOW - DAY


@pytest.mark.parametrize(("listed_first", "days"), [(True, 2), (False, 1)])
def test_update_in_a_feed_comes_before_the_date_of_the_page(listed_first: bool, days: int) -> None:  # noqa: FBT001 -- a parameter
    item = Item("https://example.org/a", "A title", updated=NOW - 2 * DAY)
    extracted = replace(arrival(ARTICLE, item), listed_first=listed_first)
    assert one(extracted).published == NOW - days * DAY


@pytest.mark.parametrize("listed_first", [True, False])
def test_date_gets_its_time_of_day_from_listing_or_page(listed_first: bool) -> None:  # noqa: FBT001 -- a parameter
    midnight = NOW.replace(hour=0)
    precise = NOW.replace(hour=7, minute=1, second=5)
    listed, stated = (midnight, precise) if listed_first else (precise, midnight)
    item = Item("https://example.org/a", "A title", published=listed)
    extracted = replace(arrival(replace(ARTICLE, published=stated), item))
    assert one(replace(extracted, listed_first=listed_first)).published == precise


def test_saved_article_without_address_gets_a_page_with_frozen_slug() -> None:
    saved = replace(arrival(replace(ARTICLE, url=None), Item(None)), own_page=True, stem="note")
    entry = one(saved)
    assert (entry.url, entry.slug) == ("", "a-title")
    renamed = replace(saved, article=replace(saved.article, title="Another"))
    assert bring(renamed, known=known_entries(entry), now=LATER).entries[0].slug == "a-title"


def test_saved_articles_with_one_title_get_different_slugs() -> None:
    first = replace(arrival(ARTICLE, None, "file:1"), own_page=True)
    second = replace(arrival(ARTICLE, None, "file:2"), own_page=True)
    assert [entry.slug for entry in bring(first, second).entries] == ["a-title", "a-title-2"]

"""What arrives beside what is known: what is new, what changed, what is frozen."""

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
    return one_of(bring(*arrivals, now=now))


def one_of(merged: MergeResult) -> Entry:
    (entry,) = merged.entries
    return entry


def known(entry: Entry, *keys: str) -> ExistingEntries:
    return ExistingEntries(
        dict.fromkeys(keys or ("example.org/a",), Alias(entry.id)),
        {entry.id: entry},
        {entry.updated},
        set(),
    )


def test_a_new_article_becomes_an_entry() -> None:
    """It carries what the article says, and says when it was first seen."""
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


def test_an_undated_article_is_dated_when_it_is_first_seen() -> None:
    """Readers need a date, and it must not change later."""
    assert one(arrival(replace(ARTICLE, published=None))).published == NOW


def test_a_date_in_the_future_is_not_believed() -> None:
    """Readers hide such entries or pin them on top."""
    assert one(arrival(replace(ARTICLE, published=NOW + DAY, updated=NOW + DAY))).published == NOW


def test_fractions_of_seconds_are_dropped() -> None:
    """RSS has none, and documents must not differ between formats."""
    entry = one(arrival(replace(ARTICLE, published=None)), now=NOW.replace(microsecond=5))
    assert entry.published == entry.updated == entry.first_seen == NOW


def test_the_same_article_by_another_address_is_no_new_entry() -> None:
    """Any key that is known leads to the entry; the others become its aliases."""
    entry = one(arrival())
    again = arrival(ARTICLE, None, "example.org/amp/a", "example.org/a")
    merged = bring(again, known=known(entry), now=LATER)
    assert (merged.new, merged.updated, merged.entries) == (0, 0, ())
    assert merged.aliases == {"example.org/amp/a": Alias(entry.id)}


def test_one_article_that_arrives_twice_in_a_run_is_one_entry() -> None:
    """Two sources may list the same article under addresses that only its canonical link unites."""
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
def test_a_change_of_words_moves_updated(change: dict[str, Any]) -> None:
    """Title or text: something that a reader would want to see again."""
    before = one(arrival())
    merged = bring(arrival(replace(ARTICLE, **change)), known=known(before), now=LATER)
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
def test_nothing_else_moves_updated(change: dict[str, Any]) -> None:
    """Markup, punctuation, summaries, images, categories, dates: better next time, but no news."""
    before = one(arrival())
    merged = bring(arrival(replace(ARTICLE, **change)), known=known(before), now=LATER)
    assert merged.updated == 0
    assert all(
        e.updated == before.updated and e.published == before.published for e in merged.entries
    )


def test_the_articles_own_word_on_its_update_is_taken() -> None:
    """Where the page says when it changed, and that is later than what is known."""
    before = one(arrival())
    change = replace(ARTICLE, text="New words.", updated=NOW + timedelta(minutes=7))
    assert (
        bring(arrival(change), known=known(before), now=LATER).entries[0].updated == change.updated
    )


def test_another_enclosure_is_a_change_of_substance() -> None:
    """A podcast's episode is its file."""
    before = one(arrival())
    item = Item(
        "https://example.org/a", enclosures=(Enclosure("https://example.org/a.mp3", "audio/mpeg"),)
    )
    assert bring(arrival(ARTICLE, item), known=known(before), now=LATER).updated == 1


def test_no_two_entries_share_a_moment_of_update() -> None:
    """Validators warn of it and readers sort by it; moments stay in the past."""
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
def test_no_entry_is_updated_before_it_is_published(published: datetime | None) -> None:
    """However many are dated alike; a date that leaves room until now stays as it is."""
    articles = [replace(ARTICLE, url=f"https://e.org/{n}", published=published) for n in range(30)]
    entries = bring(*(arrival(article, None, article.url or "") for article in articles)).entries
    assert len({entry.updated for entry in entries}) == 30
    assert all(entry.published <= entry.updated <= NOW for entry in entries)
    if published == NOW - DAY:
        assert {entry.published for entry in entries} == {published}


@pytest.mark.parametrize(
    "now", [NOW + DAY, NOW, NOW - 400 * DAY], ids=["later", "the same second", "clock put back"]
)
def test_an_update_never_goes_back(now: datetime) -> None:
    """Whatever the clock does: readers take the later state of an entry for the present one."""
    before = replace(one(arrival()), updated=NOW)
    entry = one_of(
        bring(arrival(replace(ARTICLE, text="Other words.")), known=known(before), now=now)
    )
    assert entry.updated > before.updated
    assert entry.updated <= max(now, NOW + timedelta(seconds=1))
    assert (entry.id, entry.published) == (before.id, before.published)


def test_a_teaser_never_replaces_the_article() -> None:
    """What a feed gives when the page fails is less than what is already there."""
    before = one(arrival())
    teaser = replace(ARTICLE, text="Some.", html="<p>Some.</p>", complete=False)
    assert bring(arrival(teaser), known=known(before), now=LATER).entries == ()


def test_the_article_replaces_its_teaser() -> None:
    """Once the page can be read, readers get it whole."""
    before = one(arrival(replace(ARTICLE, text="Some.", html="<p>Some.</p>", complete=False)))
    merged = bring(arrival(), known=known(before), now=LATER)
    assert merged.entries[0].complete
    assert merged.updated == 1


def test_a_feeds_own_title_date_and_authors_go_first() -> None:
    """It knows its entries; a listing page's words may be cut short."""
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


def test_what_the_page_leaves_out_is_taken_from_the_listing() -> None:
    """A date beside the link is better than none."""
    item = Item("https://example.org/a", title="Listed", published=NOW - 2 * DAY)
    entry = one(arrival(Article(url="https://example.org/a", html="<p>x</p>", text="x"), item))
    assert (entry.title, entry.published) == ("Listed", NOW - 2 * DAY)


def test_a_saved_article_without_an_address_gets_a_page_of_its_own() -> None:
    """Its stem is frozen: links to the page go on working when the title changes."""
    saved = replace(arrival(replace(ARTICLE, url=None), Item(None)), own_page=True, stem="note")
    entry = one(saved)
    assert (entry.url, entry.slug) == ("", "a-title")
    renamed = replace(saved, article=replace(saved.article, title="Another"))
    assert bring(renamed, known=known(entry), now=LATER).entries[0].slug == "a-title"


def test_two_saved_articles_with_one_title_get_two_pages() -> None:
    """Also when both arrive in one run."""
    first = replace(arrival(ARTICLE, None, "file:1"), own_page=True)
    second = replace(arrival(ARTICLE, None, "file:2"), own_page=True)
    assert [entry.slug for entry in bring(first, second).entries] == ["a-title", "a-title-2"]

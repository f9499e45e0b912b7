"""Versions of one story are one entry: which version it shows, and where it links to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from feedpub.builder.matching import ExistingEntries, ExtractedItem, story_of_entry
from feedpub.builder.merge import MergeResult, merge_items
from feedpub.builder.similar import StoryIndex
from feedpub.core.models import Alias, AliasKind, Article, Entry, Item, StoryLink
from tests.support.agency import AGENCY_TEXT, OTHER_TEXT

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
FULLER_TEXT = f"{AGENCY_TEXT}\nThe coast guard will publish its report on the accident next month."
SHORTER_TEXT = AGENCY_TEXT.rpartition("\n")[0]
COURIER = "https://courier.example/ferry"
HERALD = "https://herald.example/ferry"
POST = "https://post.example/ferry"
TITLES = {COURIER: "Ferry runs aground", HERALD: "Ferry on sandbank", POST: "Ferry stranded"}
SITES = {COURIER: "The Courier", HERALD: "The Herald", POST: "The Post"}


def version(url: str, text: str = AGENCY_TEXT, *, complete: bool = True) -> ExtractedItem:
    """Return a version of the story as a source lists it; each site has a source."""
    title = TITLES[url]
    article = Article(
        url=url,
        title=title,
        published=NOW - timedelta(hours=1),
        text=text,
        html=text,
        site=SITES[url],
        complete=complete,
    )
    key = url.removeprefix("https://")
    return ExtractedItem(Item(url, title=title), article, (key,), rank=0, source=SITES[url])


def merge(*items: ExtractedItem, existing: ExistingEntries, now: datetime = NOW) -> MergeResult:
    return merge_items("f", "https://feeds.example/", existing, items, now)


def empty() -> ExistingEntries:
    return ExistingEntries(sources=set(SITES.values()), stories=StoryIndex(NOW))


def after(merged: MergeResult, *, sources: set[str] | None = None) -> ExistingEntries:
    """Return what the next run finds."""
    entries = {entry.id: entry for entry in merged.entries}
    return ExistingEntries(
        aliases=dict(merged.aliases),
        entries=entries,
        update_times={entry.updated for entry in entries.values()},
        sources=set(SITES.values()) if sources is None else sources,
        stories=StoryIndex(LATER, map(story_of_entry, entries.values())),
    )


def only(merged: MergeResult) -> Entry:
    (entry,) = merged.entries
    return entry


def shown(entry: Entry) -> tuple[str, str, list[str]]:
    return entry.url, entry.title, [link.url for link in entry.also_at]


def test_copies_of_one_run_are_one_entry() -> None:
    merged = merge(version(COURIER), version(HERALD), version(POST), existing=empty())
    entry = only(merged)
    assert merged.new == 1
    assert (entry.url, entry.title) == (COURIER, TITLES[COURIER])
    assert entry.also_at == (StoryLink(HERALD, "The Herald"), StoryLink(POST, "The Post"))
    assert merged.aliases["courier.example/ferry"] == Alias(entry.id)
    assert merged.aliases["herald.example/ferry"] == Alias(entry.id, AliasKind.SIMILAR)
    assert merged.ids == (entry.id, "", "")


def test_copy_of_a_later_run_changes_links_only() -> None:
    first = merge(version(COURIER), existing=empty())
    second = merge(version(HERALD), existing=after(first), now=LATER)
    assert (second.new, second.updated) == (0, 0)
    assert only(second) == replace(only(first), also_at=(StoryLink(HERALD, "The Herald"),))


def test_fullest_version_is_shown_under_the_first_id() -> None:
    first = merge(version(COURIER), existing=empty())
    second = merge(version(HERALD, f"{FULLER_TEXT}\n{FULLER_TEXT[-300:]}"), existing=after(first))
    before, entry = only(first), only(second)
    assert shown(entry) == (HERALD, TITLES[HERALD], [COURIER])
    assert (entry.id, entry.published) == (before.id, before.published)
    assert entry.updated > before.updated
    assert entry.source == "The Herald"
    assert entry.also_at == (StoryLink(COURIER, "The Courier"),)


def test_fullest_version_of_one_run_is_no_update() -> None:
    merged = merge(version(COURIER, SHORTER_TEXT), version(HERALD), existing=empty())
    entry = only(merged)
    assert shown(entry) == (HERALD, TITLES[HERALD], [COURIER])
    assert (merged.new, merged.updated) == (1, 0)
    assert entry.updated == entry.published
    assert merged.ids == (entry.id, entry.id)


def test_complete_version_replaces_a_teaser() -> None:
    first = merge(version(COURIER, complete=False), existing=empty())
    second = merge(version(HERALD, SHORTER_TEXT), existing=after(first), now=LATER)
    assert shown(only(second))[0] == HERALD


def test_teaser_never_replaces_the_complete_version() -> None:
    first = merge(version(COURIER, SHORTER_TEXT), existing=empty())
    second = merge(version(HERALD, complete=False), existing=after(first), now=LATER)
    assert shown(only(second)) == (COURIER, TITLES[COURIER], [HERALD])


def test_versions_do_not_take_turns() -> None:
    """A version that is read again changes nothing if another one is shown."""
    existing = after(merge(version(COURIER, SHORTER_TEXT), version(HERALD), existing=empty()))
    for _ in range(2):
        merged = merge(
            version(COURIER, SHORTER_TEXT.replace("early", "before dawn")),
            version(HERALD),
            existing=existing,
            now=LATER,
        )
        assert merged.entries == ()


def test_shown_version_is_corrected_by_its_own_source() -> None:
    first = merge(version(COURIER, SHORTER_TEXT), version(HERALD), existing=empty())
    corrected = version(HERALD, AGENCY_TEXT.replace("third accident", "fourth accident"))
    second = merge(corrected, existing=after(first), now=LATER)
    assert second.updated == 1
    assert "fourth accident" in only(second).text
    assert shown(only(second)) == (HERALD, TITLES[HERALD], [COURIER])


def test_first_version_is_shown_again_if_it_grows() -> None:
    first = merge(version(COURIER, SHORTER_TEXT), version(HERALD), existing=empty())
    grown = version(COURIER, f"{AGENCY_TEXT}\n{OTHER_TEXT[:400]}")
    second = merge(grown, existing=after(first), now=LATER)
    assert shown(only(second)) == (COURIER, TITLES[COURIER], [HERALD])


def test_copy_takes_over_if_the_source_of_the_shown_version_was_removed() -> None:
    first = merge(version(COURIER), version(HERALD), existing=empty())
    existing = after(first, sources={"The Herald"})
    second = merge(version(HERALD), existing=existing, now=LATER)
    assert shown(only(second)) == (HERALD, TITLES[HERALD], [COURIER])


def test_address_that_gets_another_article_is_another_entry() -> None:
    first = merge(version(COURIER), version(HERALD), existing=empty())
    second = merge(version(HERALD, OTHER_TEXT), existing=after(first), now=LATER)
    assert second.new == 1
    old, new = sorted(second.entries, key=lambda entry: entry.url)
    assert shown(old) == (COURIER, TITLES[COURIER], [])
    assert shown(new) == (HERALD, TITLES[HERALD], [])
    assert second.aliases["herald.example/ferry"] == Alias(new.id)


def test_saved_article_and_item_without_address_are_entries_of_their_own() -> None:
    saved = version(HERALD)
    saved = replace(saved, item=replace(saved.item, path="/saved/ferry.html"))
    unlinked = replace(version(POST), item=Item(None), own_page=True, stem="ferry")
    assert merge(version(COURIER), saved, unlinked, existing=empty()).new == 3


def test_without_an_index_each_version_is_an_entry() -> None:
    existing = ExistingEntries(sources=set(SITES.values()))
    assert merge(version(COURIER), version(HERALD), existing=existing).new == 2

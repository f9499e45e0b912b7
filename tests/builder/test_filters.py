"""Which articles a feed takes."""

import pytest

from feedpub.builder.filters import FilterFacts, matching_filter
from feedpub.config import FeedConfig, Filters, FolderSource

STORY = FilterFacts(
    "https://example.org/sport/final",
    "The final was a draw",
    ("Sport",),
    "Nobody won, nobody lost.",
)


def feed(include: Filters | None = None, exclude: Filters | None = None) -> FeedConfig:
    source = FolderSource(type="folder", path="/articles")  # type: ignore[arg-type]
    return FeedConfig(
        name="f",
        title="F",
        source=(source,),
        include=include or Filters(),
        exclude=exclude or Filters(),
    )


def test_a_feed_without_rules_takes_everything() -> None:
    """Rules are there to leave out."""
    assert matching_filter(feed(), STORY) is None


@pytest.mark.parametrize(
    "rules",
    [
        Filters(title=("final",)),
        Filters(url=("/sport/",)),
        Filters(url=("https://example.org/*/final",)),
        Filters(category=("sport",)),
        Filters(text=("nobody won",)),
        Filters(text=("re:n.body",)),
        Filters(title=("election", "final")),
    ],
)
def test_each_kind_of_rule_leaves_out_and_lets_in(rules: Filters) -> None:
    """Excluded when one pattern matches; among the included when one does."""
    assert matching_filter(feed(exclude=rules), STORY) is not None
    assert matching_filter(feed(include=rules), STORY) is None


def test_what_no_include_pattern_matches_is_left_out() -> None:
    """All kinds that are given must match."""
    assert (
        matching_filter(feed(include=Filters(title=("election",))), STORY)
        == "its title is not among those included"
    )
    assert (
        matching_filter(feed(include=Filters(title=("final",), category=("politics",))), STORY)
        is not None
    )


def test_exclude_goes_before_include() -> None:
    """What is named as unwanted is unwanted."""
    both = feed(include=Filters(title=("final",)), exclude=Filters(text=("lost",)))
    assert matching_filter(both, STORY) == "excluded by text 'lost'"


def test_nothing_is_left_out_for_what_is_not_known_yet() -> None:
    """Before the page is read there is no text to judge."""
    rules = Filters(text=("election",), title=("election",), category=("politics",))
    assert matching_filter(feed(include=rules), FilterFacts("https://example.org/a")) is None

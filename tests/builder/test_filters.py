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


def test_feed_without_filters_admits_everything() -> None:
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
def test_each_setting_excludes_and_includes(rules: Filters) -> None:
    assert matching_filter(feed(exclude=rules), STORY) is not None
    assert matching_filter(feed(include=rules), STORY) is None


def test_every_include_setting_must_match() -> None:
    assert (
        matching_filter(feed(include=Filters(title=("election",))), STORY)
        == "its title is not among those included"
    )
    assert (
        matching_filter(feed(include=Filters(title=("final",), category=("politics",))), STORY)
        is not None
    )


def test_exclude_takes_precedence_over_include() -> None:
    both = feed(include=Filters(title=("final",)), exclude=Filters(text=("lost",)))
    assert matching_filter(both, STORY) == "excluded by text 'lost'"


def test_unknown_facts_exclude_nothing() -> None:
    rules = Filters(text=("election",), title=("election",), category=("politics",))
    assert matching_filter(feed(include=rules), FilterFacts("https://example.org/a")) is None

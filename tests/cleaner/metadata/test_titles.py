import pytest

from feedpub.cleaner.metadata import titles
from feedpub.cleaner.metadata.titles import Title, TitleCandidate

QUAY = "https://www.quayrecord.example/2024/pier"


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Council keeps the pier | Quay Record", "Council keeps the pier"),
        ("Council keeps the pier - Quay Record", "Council keeps the pier"),
        ("Council keeps the pier – Quay Record", "Council keeps the pier"),
        ("Council keeps the pier — Quay Record", "Council keeps the pier"),
        ("Council keeps the pier » Quay Record", "Council keeps the pier"),
        ("Council keeps the pier · Quay Record", "Council keeps the pier"),
        ("Council keeps the pier : Quay Record", "Council keeps the pier"),
        ("Council keeps the pier :: Quay Record", "Council keeps the pier"),
        ("Council keeps the pier|Quay Record", "Council keeps the pier"),
        ("Council keeps the pier_Quay Record", "Council keeps the pier"),
        ("Council keeps the pier--Quay Record", "Council keeps the pier"),
        ("码头得以保留\uff5cQuay Record", "码头得以保留"),
        ("Quay Record | Council keeps the pier", "Council keeps the pier"),
        ("Quay Record: Council keeps the pier", "Council keeps the pier"),
        ("Quay Record - Council keeps the pier", "Council keeps the pier"),
        ("QUAY RECORD | Council keeps the pier | quay-record", "Council keeps the pier"),
        ("Council keeps the pier | quayrecord.example", "Council keeps the pier"),
        ("Council keeps the pier | News | Quay Record", "Council keeps the pier | News"),
        ("Council keeps the pier | Quay Record | Your paper", "Council keeps the pier"),
        ("  Council   keeps\nthe pier | Quay Record ", "Council keeps the pier"),
        ("Council keeps the pier", "Council keeps the pier"),
        ("Pier: the long way home", "Pier: the long way home"),
        ("Pier - the long way home", "Pier - the long way home"),
        ("BUDGET 3.0 | Pier gets millions", "BUDGET 3.0 | Pier gets millions"),
        ("The Quay Record editor resigns", "The Quay Record editor resigns"),
        ("Well-known pier at 24/7 risk", "Well-known pier at 24/7 risk"),
        ("Council keeps the pier | Other Paper", "Council keeps the pier | Other Paper"),
        ("Quay Record", "Quay Record"),
        ("", ""),
    ],
)
def test_site_name_is_cut_off_either_end(title: str, bare: str) -> None:
    assert titles.without_site(title, {"quayrecord", "quayrecordexample"}) == bare


@pytest.mark.parametrize(
    ("headlines", "stated", "title"),
    [
        (
            ["Council keeps the pier"],
            ["Council keeps the pier | Quay Record"],
            "Council keeps the pier",
        ),
        (
            ["Council keeps the old pier"],
            ["Why the pier was kept, and how"],
            "Council keeps the old pier",
        ),
        (["Quay Record"], ["Council keeps the pier"], "Council keeps the pier"),
        (
            ["Quay Record", "Council keeps the pier"],
            ["Council keeps the pier"],
            "Council keeps the pier",
        ),
        (["News", "Council keeps the pier"], ["Council keeps the pier"], "Council keeps the pier"),
        (["Council keeps the pier", "More"], ["Council saves the pier"], "Council keeps the pier"),
        (
            ["More pier news", "The pier is kept"],
            ["The pier is kept after all"],
            "The pier is kept",
        ),
        ([""], ["Council keeps the pier"], "Council keeps the pier"),
        ([], ["Council keeps the pier | Quay Record"], "Council keeps the pier"),
        ([], ["Council keeps the pier | Local news"], "Council keeps the pier"),
        (
            [],
            ["Local | Council keeps the pier for good"],
            "Local | Council keeps the pier for good",
        ),
        ([], ["Council keeps the pier - Local news"], "Council keeps the pier - Local news"),
        (["Council keeps the pier"], [], "Council keeps the pier"),
        (["Menu", "Pier"], [], "Menu"),
        (["Menu"], ["Council keeps the pier"], "Council keeps the pier"),
        (["x" * 400], ["Council keeps the pier"], "Council keeps the pier"),
        (
            ["The old pier stays where it is", "Your region"],
            ["Quay news today"],
            "The old pier stays where it is",
        ),
        (
            ["The old pier stays where it is"] * 2,
            ["Quay news today"],
            "The old pier stays where it is",
        ),
        (["A message from our old editor:"], ["Council keeps the pier"], "Council keeps the pier"),
        (
            ["The pier"],
            ["The pier | History, plans, photographs, opening hours and prices"],
            "The pier",
        ),
        (["Pier kept"], ["Council news from all the coast | Pier kept"], "Pier kept"),
        (
            ["Council keeps the pier – Quay Record"],
            ["Council keeps the pier"],
            "Council keeps the pier",
        ),
        ([], [], ""),
    ],
)
def test_visible_headline_that_agrees_with_head_is_the_title(
    headlines: list[str], stated: list[str], title: str
) -> None:
    visible = [TitleCandidate(text) for text in headlines]
    assert titles.choose_title(visible, stated, site=["Quay Record"], url=QUAY).text == title


@pytest.mark.parametrize(
    ("headline", "stated", "title"),
    [
        ("Opinion Why the pier must stay", ["Why the pier must stay"], "Why the pier must stay"),
        ("Politics | Why the pier must stay", ["Why the pier must stay"], "Why the pier must stay"),
        (
            "Opinion: Why the pier must stay",
            ["Opinion: Why the pier must stay"],
            "Opinion: Why the pier must stay",
        ),
        ("Pier from below", ["Kenya: Pier from below"], "Kenya: Pier from below"),
        ("Pier from below", ["Pier from below", "Kenya: Pier from below"], "Pier from below"),
        ("Pier from below", ["Pier from below, and more: a report"], "Pier from below"),
        ("War – «The pier stays»", ["Storm: «The pier stays»"], "«The pier stays»"),
        ("Jan The pier stays 12 2024", ["The pier stays"], "The pier stays"),
        (
            "The old pier stays in use Posted on May 1, 2024 by mq",
            ["The old pier stays in use"],
            "The old pier stays in use",
        ),
        (
            "The pier stays and so does the mole",
            ["The pier stays"],
            "The pier stays and so does the mole",
        ),
        (
            "A very long kicker of many words Pier stays put",
            ["Pier stays put"],
            "A very long kicker of many words Pier stays put",
        ),
    ],
)
def test_kicker_is_part_of_the_title_if_the_head_has_it(
    headline: str, stated: list[str], title: str
) -> None:
    assert titles.choose_title([TitleCandidate(headline)], stated).text == title


def test_h2_is_the_title_if_it_agrees_with_head() -> None:
    found = titles.choose_title(
        [TitleCandidate("Our blog"), TitleCandidate("Council keeps the pier", 2)],
        ["Council keeps the pier"],
        url=QUAY,
    )
    assert found == Title("Council keeps the pier", 1, sure=True)


def test_h2_that_only_resembles_the_title_is_a_subhead() -> None:
    found = titles.choose_title(
        [TitleCandidate("What the pier costs the council", 2)], ["Council keeps the pier"]
    )
    assert found == Title("Council keeps the pier")

"""Recipes that a page has only in its data."""

import json

import pytest

from feedpub import extract

URL = "https://example.org/leeks"
STORY = (
    "Leeks are what is left when the garden gives up, and brown butter forgives them everything. "
    "I first made this on a Tuesday when there was nothing else in the house but leeks."
)
INGREDIENTS = ["4 leeks", "60 g butter &amp; salt"]
STEPS = ["Halve the leeks.", "Brown the butter."]


def text(recipe: dict[str, object], card: str = "") -> list[str]:
    data = json.dumps({"@type": "Recipe", "name": "Leeks", **recipe})
    page = (
        f"<title>Leeks</title><script type='application/ld+json'>{data}</script>"
        f"<article><h1>Leeks</h1><p>{STORY}</p>{card}</article>"
    )
    return extract(page, URL).text.splitlines()


@pytest.mark.parametrize(
    "steps",
    [
        STEPS,
        "\n".join(STEPS),
        [{"@type": "HowToStep", "name": "Step", "text": step} for step in STEPS],
        [
            {"@type": "HowToSection", "name": "Pan", "itemListElement": [{"text": STEPS[0]}]},
            STEPS[1],
        ],
    ],
    ids=["list", "text", "steps", "sections"],
)
def test_recipe_that_scripts_draw_is_part_of_the_article(steps: object) -> None:
    found = text({"recipeIngredient": INGREDIENTS, "recipeInstructions": steps})
    assert found == [STORY, "4 leeks", "60 g butter & salt", *STEPS]


def test_recipe_that_the_page_shows_is_not_repeated() -> None:
    items = "".join(f"<li>{line}</li>" for line in INGREDIENTS)
    card = f"<h2>Ingredients</h2><ul>{items}</ul><p>Halve the leeks.</p><p>Brown the butter.</p>"
    found = text({"recipeIngredient": INGREDIENTS, "recipeInstructions": STEPS}, card)
    assert [found.count(line) for line in ("4 leeks", *STEPS)] == [1, 1, 1]


def test_recipe_without_ingredients_adds_nothing() -> None:
    assert text({"recipeInstructions": STEPS}) == [STORY]

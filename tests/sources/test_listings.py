"""Find articles on listing pages by structure alone: one folder per kind of page, in listings/.

Each has a page.html and an expected.toml with the reason (`why`) and the page's `url`. It lists
every [[article]] in order with its fields, or has the error message as `nothing`.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from feedpub.core.errors import NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources.listing_page import items_in

LISTINGS = Path(__file__).parent / "listings"


def expected_listing(name: str) -> dict[str, Any]:
    return tomllib.loads((LISTINGS / name / "expected.toml").read_text("utf-8"))


def page(name: str) -> Page:
    return Page(
        expected_listing(name)["url"],
        (LISTINGS / name / "page.html").read_bytes(),
        "text/html",
        "utf-8",
    )


def known_values(item: Item, names: dict[str, Any]) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in names}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


NAMES = sorted(path.parent.name for path in LISTINGS.glob("*/expected.toml"))


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("nothing-")])
def test_articles_of_a_listing_are_found(name: str) -> None:
    """Each is found once, in the page's order, with title, date, author, teaser and image."""
    items = items_in(page(name))
    articles = expected_listing(name)["article"]
    assert [item.url for item in items] == [article["url"] for article in articles]
    for item, article in zip(items, articles, strict=True):
        assert known_values(item, article) == article


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("nothing-")])
def test_page_without_a_listing_is_an_error(name: str) -> None:
    """It names the page, the attempts, and the next step."""
    with pytest.raises(
        NoContentError, match=re.escape(expected_listing(name)["nothing"])
    ) as failure:
        items_in(page(name))
    assert failure.value.url == expected_listing(name)["url"]

"""Error, challenge, consent and login pages."""

import pytest

from feedpub.cleaner.interstitials import load_interstitials


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("404", "this is an error page, not an article"),
        ("Page not found | Harbour Courier", "this is an error page, not an article"),
        ("Error 404 – Page Not Found", "this is an error page, not an article"),
        ("500 Internal Server Error", "this is an error page, not an article"),
        ("410 Gone", "this is an error page, not an article"),
        ("Gone", None),
        ("404 not found errors, explained", None),
        ("Oops! That's a pity", "this is an error page, not an article"),
        ("Страница не найдена", "this is an error page, not an article"),
        ("ページが見つかりません - みなと新報", "this is an error page, not an article"),
        ("Just a moment...", "this is a page that asks whether one is human, not an article"),
        (
            "Before you continue",
            "this is a page that asks for consent, not an article: set cookies",
        ),
        ("Log in - Courier", "login page: set cookies or auth"),
        ("A page not found in any book", None),
        ("Forbidden fruit is cheaper this year", None),
        ("The ferry sails again", None),
        ("", None),
    ],
)
def test_interstitial_is_recognised_by_a_part_of_its_title(title: str, message: str | None) -> None:
    assert load_interstitials().find([title], 20) == message


def test_page_with_much_text_is_not_an_interstitial() -> None:
    assert load_interstitials().find(["Page not found"], 400) is None

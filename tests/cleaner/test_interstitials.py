"""Error, challenge, consent and login pages."""

import pytest

from feedpub.cleaner.interstitials import load_interstitials


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("404", "an error page"),
        ("Page not found | Harbour Courier", "an error page"),
        ("Error 404 – Page Not Found", "an error page"),
        ("500 Internal Server Error", "an error page"),
        ("410 Gone", "an error page"),
        ("Gone", None),
        ("404 not found errors, explained", None),
        ("Oops! That's a pity", "an error page"),
        ("Страница не найдена", "an error page"),
        ("ページが見つかりません - みなと新報", "an error page"),
        ("Just a moment...", "a page that asks whether one is human"),
        ("Before you continue", "a page that asks for consent"),
        ("Log in - Courier", "a page that asks to log in"),
        ("A page not found in any book", None),
        ("Forbidden fruit is cheaper this year", None),
        ("The ferry sails again", None),
        ("", None),
    ],
)
def test_interstitial_is_recognised_by_a_part_of_its_title(title: str, kind: str | None) -> None:
    assert load_interstitials().find([title], 20) == kind


def test_page_with_much_text_is_not_an_interstitial() -> None:
    assert load_interstitials().find(["Page not found"], 400) is None

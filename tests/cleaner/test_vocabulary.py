"""Names and texts taken apart, and what their terms weigh."""

import pytest

from feedpub.cleaner.layout import Block
from feedpub.cleaner.vocabulary import (
    Vocabulary,
    link_terms,
    split_words,
    terms_in_names,
    terms_in_text,
)


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("p", {"<p"}),
        ("div|entry-content", {"<div", "entry-content", "entry", "content"}),
        ("div|ArticleBody x2", {"<div", "articlebody", "article", "body", "x0"}),
        ("li|menu-item-1234|main", {"<li", "menu-item-0", "menu", "item", "main"}),
        ("div|" + "a" * 60, {"<div"}),
        ("div|a one b one", {"<div", "one", "a", "b"}),
    ],
)
def test_a_name_has_the_terms_it_is_made_of(name: str, terms: set[str]) -> None:
    """Its tag, each class, and the parts of each; numbers are all the same."""
    assert terms <= set(terms_in_names(name)) <= terms | {"0", "x"}


def test_a_short_text_has_its_words_and_itself_as_terms() -> None:
    """And how it begins and ends."""
    terms = terms_in_text(Block(0, "", []), split_words("Read 12 more pages"))
    assert {"=read 0 more pages", "^read", "pages$", "read", "0 more"} <= set(terms)


def test_of_the_shortest_texts_the_whole_says_enough() -> None:
    """Menus are full of them."""
    assert set(terms_in_text(Block(0, "", []), split_words("Read more"))) == {
        "read",
        "more",
        "=read more",
    }


def test_a_long_text_is_known_by_its_ends() -> None:
    """Its middle says nothing about whether it is an article's, and pairs of words matter where there are few."""
    terms = terms_in_text(Block(0, "", []), [f"w{n}" for n in range(50)])
    assert {"^w0 w1 w2", "w49$", "w3", "w48"} <= set(terms)
    assert {"w30", "w3 w4"}.isdisjoint(terms)


@pytest.mark.parametrize(
    ("link", "terms"),
    [
        ("/tag/faro", ["//", "/tag", "/faro"]),
        ("https://www.facebook.com/sharer.php?u=x", ["//facebook.com", "/sharer.php"]),
        ("#comments", ["/#"]),
        ("mailto:a@example.org", ["/mailto:"]),
        ("http://[broken", ["//[broken"]),
        ("whatsapp://send?text=x", ["/whatsapp:"]),
        ("/2026/03/story-12", ["//", "/0", "/0", "/story-0"]),
    ],
)
def test_a_link_has_its_host_and_path_as_terms(link: str, terms: list[str]) -> None:
    """Numbers are all the same."""
    assert link_terms(link) == terms


def test_a_name_weighs_by_where_it_stands() -> None:
    """The box itself, the box around it, or further out; unknown terms weigh nothing."""
    known = Vocabulary({"story": (1.0, 2.0, 3.0), "<div": (0.5, 0.0, 0.0)}, {"more$": -2.0})
    assert known.name("div|story other") == (1.5, 2.0, 3.0)
    assert known.name("p|unknown") == (0.0, 0.0, 0.0)
    assert known.text(["read", "more$"]) == -2.0

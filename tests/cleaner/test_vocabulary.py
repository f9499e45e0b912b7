"""Terms of names, texts and links, and their weights."""

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
def test_name_is_split_into_terms(name: str, terms: set[str]) -> None:
    assert terms <= set(terms_in_names(name)) <= terms | {"0", "x"}


def test_short_text_has_words_pairs_and_itself_as_terms() -> None:
    terms = terms_in_text(Block(0, "", []), split_words("Read 12 more pages"))
    assert {"=read 0 more pages", "^read", "pages$", "read", "0 more"} <= set(terms)


def test_tiny_text_has_its_words_and_itself_as_terms() -> None:
    assert set(terms_in_text(Block(0, "", []), split_words("Read more"))) == {
        "read",
        "more",
        "=read more",
    }


def test_long_text_has_the_terms_of_its_ends() -> None:
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
def test_link_has_host_and_path_terms(link: str, terms: list[str]) -> None:
    assert link_terms(link) == terms


def test_name_has_a_weight_for_each_position() -> None:
    known = Vocabulary({"story": (1.0, 2.0, 3.0), "<div": (0.5, 0.0, 0.0)}, {"more$": -2.0})
    assert known.name("div|story other") == (1.5, 2.0, 3.0)
    assert known.name("p|unknown") == (0.0, 0.0, 0.0)
    assert known.text(["read", "more$"]) == -2.0

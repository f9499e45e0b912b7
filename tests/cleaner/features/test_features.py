import numpy as np
import pytest

from feedpub.cleaner.features import NAMES, measure_features
from feedpub.cleaner.features.table import Column
from feedpub.cleaner.metadata.elements import collect_elements
from feedpub.cleaner.segment import segment
from feedpub.cleaner.vocabulary import Vocabulary, head_hints, tokenize_page
from feedpub.core.html import parse_html

PROSE = (
    "The ferry left at ten past six with forty cars, a lorry full of milk and most of "
    "the school on deck. "
)
PAGE = f"""<title>The ferry sails</title><meta name="description" content="Forty cars on deck">
<body><nav><ul><li><a href="/a">Home</a><li><a href="/b">News</a>\
<li><a href="/c">Sport</a></ul></nav>
<main><h1>The ferry sails</h1>
<div class="story"><p>{PROSE * 2}</p><p>{PROSE}</p><h2>Below</h2><p>{PROSE}</p></div></main>
<footer>Imprint</footer></body>"""


def measure_blocks(page: str, vocabulary: Vocabulary | None = None) -> dict[str, Column]:
    tree = parse_html(page)
    rows = measure_features(
        tokenize_page(segment(tree), head_hints(collect_elements(tree))), vocabulary or Vocabulary()
    )
    return dict(zip(NAMES, rows.astype(float), strict=True))


def test_every_feature_is_finite_for_every_block() -> None:
    columns = measure_blocks(PAGE)
    assert {len(column) for column in columns.values()} == {9}
    assert all(np.isfinite(column).all() for column in columns.values())


def test_feature_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize(
    "page", ["<p>one", "<p>one<p>two", "<a href=x>all a link</a>", '<img src="a.jpg">']
)
def test_smallest_pages_can_be_measured(page: str) -> None:
    assert all(np.isfinite(column).all() for column in measure_blocks(page).values())


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("words", [1, 1, 1, 3, 44, 22, 1, 22, 1]),
        ("density", [1, 1, 1, 0, 0, 0, 0, 0, 0]),
        ("inside MAIN", [0, 0, 0, 1, 1, 1, 1, 1, 0]),
        ("inside HEADING", [0, 0, 0, 1, 0, 0, 1, 0, 0]),
        ("after top", [0, 0, 0, 0, 0, 0, 0, 0, 1 / 9]),
        ("group count", [3, 3, 3, 1, 3, 3, 1, 3, 1]),
        ("to heading", [99, 99, 99, 0, 1, 2, 0, 1, 2]),
        ("to h1", [99, 99, 99, 0, 1, 2, 3, 4, 5]),
        ("title in block", [0, 0, 0, 1, 2 / 3, 2 / 3, 0, 2 / 3, 0]),
        ("repeats", [1, 1, 1, 1, 1, 2, 1, 2, 1]),
    ],
)
def test_features_have_the_values_that_their_names_promise(
    feature: str, expected: list[float]
) -> None:
    assert measure_blocks(PAGE)[feature].tolist() == pytest.approx(expected)


def test_learned_names_apply_to_content() -> None:
    columns = measure_blocks(PAGE, Vocabulary({"story": (5.0, 3.0, 1.0)}, {"=below": -1.0}))
    assert columns["name parent"].tolist() == [0, 0, 0, 0, 3, 3, 3, 3, 0]
    assert columns["word weight"].tolist() == [0, 0, 0, 0, 0, 0, -1, 0, 0]


def test_words_of_navigation_have_no_weight() -> None:
    columns = measure_blocks(PAGE, Vocabulary({}, {"=home": -1.0, "=imprint": -2.0}))
    assert not columns["word weight"].any()


def test_features_of_neighbours_are_zero_beyond_the_page() -> None:
    columns = measure_blocks(PAGE, Vocabulary({}, {"=below": -1.0}))
    assert columns["word weight at +1"].tolist() == [0, 0, 0, 0, 0, -1, 0, 0, 0]
    assert columns["word weight at -1"].tolist() == [0, 0, 0, 0, 0, 0, 0, -1, 0]


def test_ideographs_count_as_half_words() -> None:
    assert measure_blocks("<p>港の入り口に立つ時計台の鐘が</p>")["words"].tolist() == [8]

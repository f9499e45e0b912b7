"""Parts of an article that stay although they look like boilerplate."""

import numpy as np
import pytest

from feedpub import extract
from feedpub.cleaner.page import PageContext
from feedpub.cleaner.page_furniture import find_list_items
from feedpub.cleaner.segment import segment
from feedpub.cleaner.vocabulary import Vocabulary
from feedpub.core.html import parse_html

PROSE = (
    "The ferry left at ten past six with forty cars, a lorry full of milk and most of the "
    "school on deck. "
)
PAGE = """<title>The ferry sails</title><body><div class="page"><h1>The ferry sails</h1>{above}
<div class="story"><p>{prose}{prose}</p><p>{prose}</p><p>{prose}{prose}</p></div>{below}
<div class="x9">{teaser}</div></div></body>"""
TEASER = (
    '<p><a href="/a">The school has a new roof</a></p><p><a href="/b">Milk is dearer again</a></p>'
    * 3
)


def text(above: str = "", below: str = "") -> str:
    return extract(
        PAGE.format(above=above, below=below, prose=PROSE, teaser=TEASER), "https://example.org/a"
    ).text


@pytest.mark.parametrize(
    "correction",
    [
        (
            "Correction: An earlier version of this story gave the wrong year for the ferry. It "
            "was 2019."
        ),
        (
            "In einer früheren Version dieses Artikels hieß es, die Fähre fahre um sieben. Das "
            "ist falsch."
        ),
        "Rectificatif : le bac a été construit en 2019, et non en 2018 comme nous l'avons écrit.",
        "訂正：フェリーの建造年は二〇一八年ではなく二〇一九年でした。おわびして訂正します。",
    ],
)
def test_correction_above_or_below_the_article_stays(correction: str) -> None:
    assert correction in text(below=f'<p class="note small"><em>{correction}</em></p>')
    assert correction in text(above=f'<p class="note small"><em>{correction}</em></p>')


def test_heading_below_the_title_stays() -> None:
    subtitle = "Forty cars, a lorry and most of the school crossed the sound at dawn"
    assert text(above=f"<h2>{subtitle}</h2>").startswith(subtitle)


def test_block_with_a_standfirst_class_stays() -> None:
    sentence = "All of them were late for school, and nobody was sorry."
    assert text(above=f'<div class="chapo">{sentence}</div>').startswith(sentence)


def test_item_stays_if_most_of_its_list_stays() -> None:
    layout = segment(
        parse_html(
            "<ul><li>Tie the boat<li>Sign up for tides<li>Wait for the horn<li><a "
            "href='/x'>Shop</a></ul>"
        )
    )
    scores = np.array([0.9, 0.3, 0.8, 0.3])
    case = PageContext(layout, scores, Vocabulary())
    assert list(find_list_items(case, [True, False, True, True])) == [1]
    assert list(find_list_items(case, [True, True, True, False])) == []
    assert list(find_list_items(case, [True, False, False, False])) == []


def test_abstract_of_a_paper_stays() -> None:
    page = (
        "<title>On the drift of buoys</title><main><h1>On the drift of buoys</h1>"
        '<div class="box footer"><blockquote class="abstract mathjax">Equation (7) had the wrong '
        "sign.</blockquote></div><table><tr><td>Comments:<td>9 pages, 4 figures<tr><td>Subjects:"
        "<td>Atmospheric and Oceanic Physics<tr><td>Cite as:<td>2609.00412</table></main>"
    )
    assert "Equation (7)" in extract(page, "https://example.org/a").text


def test_table_in_a_figure_of_the_text_stays_whole() -> None:
    rows = "".join(
        f"<tr><td>{day} December</td><td>closed from {day} pm</td></tr>" for day in (3, 8)
    )
    table = f"<table><tr><th>Date</th><th>Lane</th></tr>{rows}</table>"
    figure = f'<figure class="wp-block-table">{table}</figure>'
    story = f"<p>{PROSE}{PROSE}</p><p>{PROSE}</p>{figure}"
    page = PAGE.format(above="", below="", prose=PROSE, teaser=TEASER)
    page = page.replace('<div class="story">', f'<div class="story">{story}')
    assert "closed from 8 pm" in extract(page, "https://example.org/a").text
    outside = PAGE.format(above=f"<nav>{figure}</nav>", below="", prose=PROSE, teaser=TEASER)
    assert "closed from 8 pm" not in extract(outside, "https://example.org/a").text


def test_table_with_a_header_stays_among_paragraphs_that_stay() -> None:
    prose = (
        "The footbridge over the creek will close for about six weeks, because two of its beams "
        "have rotted where they meet the bank, and the county has agreed to pay for oak. "
    )
    rows = "".join(
        f"<tr><td>{day} December</td><td>closed from {day} pm</td></tr>" for day in (3, 9)
    )
    table = f"<figure><table><tr><th>Date</th><th>Lane</th></tr>{rows}</table></figure>"
    text = f"<p>{prose}</p><p>{prose}</p><h2>At night</h2>{table}"
    page = f"<html><body><article><h1>Footbridge</h1><div>{text}</div></article></body></html>"
    found = extract(page, "https://example.org/footbridge")
    assert "<td>closed from 9 pm</td>" in found.html

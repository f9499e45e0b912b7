"""Repeated texts: boilerplate, or an article's own."""

import numpy as np
import pytest

from feedpub import extract
from feedpub.cleaner.page import PageContext
from feedpub.cleaner.segment import segment
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.cleaner.site_template import (
    count_letters,
    find_outside_usual_boxes,
    find_site_names,
    find_site_repeats,
)
from feedpub.cleaner.vocabulary import Vocabulary
from feedpub.core.html import parse_html
from feedpub.core.text import pluralize

NUMBERS = [
    f"{first}{second}"
    for first in ("ash", "birch", "elm", "oak")
    for second in ("bury", "dale", "ford", "ham")
]
APPEAL = (
    "Nobody owns this paper but those who pay for the ink: throw a coin into the hat, and we "
    "print another night."
)
LONG = f"{APPEAL} {APPEAL.replace('paper', 'sheet').replace('coin', 'button')}"
HTTP = "https://e.org/"


def own(number: int, part: str) -> str:
    """Return a paragraph that is on one page only."""
    name = NUMBERS[number % 16] + part
    return (
        f"<p>Story {name} began when {name} ferries met {name} carts on the quay, and all but "
        f"{name} looked on.</p>"
    )


def page(number: int, *, above: str = "", between: str = "", below: str = "") -> str:
    text = [own(number, part) for part in "abcd"]
    return f"{above}{''.join(text[:3])}{between}{text[3]}{below}"


def removed_texts(html: str, memory: SiteMemory) -> dict[str, str]:
    """Return the repeated texts of a new page, each with its reason."""
    layout = segment(parse_html(html))
    case = PageContext(
        layout, np.full(len(layout.blocks), 0.9), Vocabulary(), memory=memory, url=HTTP
    )
    return {layout.blocks[index].text: reason for index, reason in find_site_repeats(case)}


def memory(
    pages: int, *, on: int | None = None, above: str = "", between: str = "", below: str = ""
) -> SiteMemory:
    """Return a memory of pages, the first `on` of which have a text in one of three places."""
    learned = SiteMemory()
    for number in range(pages):
        has = on is None or number < on
        places = {"above": above, "between": between, "below": below}
        learned.learn(
            page(number, **{place: html for place, html in places.items() if has}),
            f"{HTTP}{number}",
        )
    return learned


@pytest.mark.parametrize(
    ("place", "text", "pages", "on", "goes"),
    [
        ("below", APPEAL, 10, 9, True),
        ("below", APPEAL, 10, 2, True),
        ("below", APPEAL, 10, 1, False),
        ("below", APPEAL, 1, 1, True),
        ("below", LONG, 1, 1, False),
        ("below", LONG, 10, 2, False),
        ("below", LONG, 10, 3, True),
        ("between", APPEAL, 10, 9, True),
        ("between", LONG, 10, 3, True),
        ("between", LONG, 10, 1, False),
        ("between", LONG, 2, 2, False),
        ("between", LONG, 15, 2, False),
        ("above", LONG, 10, 6, True),
        ("above", LONG, 10, 4, False),
    ],
)
def test_number_of_pages_for_removal_depends_on_the_position(
    place: str,
    text: str,
    pages: int,
    on: int,
    goes: bool,  # noqa: FBT001
) -> None:
    html = f"<p>{text}</p>"
    found = removed_texts(page(15, **{place: html}), memory(pages, on=on, **{place: html}))
    assert found == (
        {text: f"on {on} of {pluralize(pages, 'other page')} of this site"} if goes else {}
    )


def test_correction_on_two_pages_stays() -> None:
    notice = "<p>In an earlier version the name of the lock keeper was wrong.</p>"
    assert removed_texts(page(15, below=notice), memory(10, on=1, below=notice)) == {}
    assert removed_texts(page(15, between=notice), memory(10, on=1, between=notice)) == {}


def test_introduction_of_a_series_stays() -> None:
    intro = f"<div class=series><p>{LONG}</p></div>"
    assert removed_texts(page(15, above=intro), memory(12, on=4, above=intro)) == {}


@pytest.mark.parametrize(
    "label", ["<h3>Pros</h3>", "<h2>What we know so far</h2>", "<p><b>Verdict</b></p>"]
)
def test_repeated_heading_above_own_text_stays(label: str) -> None:
    assert removed_texts(page(15, between=label), memory(10, between=label)) == {}


def test_repeated_heading_is_removed_with_its_box() -> None:
    box = f"<h3>A letter a week</h3><p>{APPEAL}</p>"
    assert set(removed_texts(page(15, between=box), memory(10, between=box))) == {
        "A letter a week",
        APPEAL,
    }
    assert set(removed_texts(page(15, below=box), memory(10, below=box))) == {
        "A letter a week",
        APPEAL,
    }
    assert set(
        removed_texts(page(15, below="<h3>The end</h3>"), memory(10, below="<h3>The end</h3>"))
    ) == {"The end"}


def test_label_stays_up_to_half_of_all_pages() -> None:
    label = "<p>Reklamazio</p>"
    assert removed_texts(page(15, between=label), memory(10, on=4, between=label)) == {}
    assert set(removed_texts(page(15, between=label), memory(10, on=9, between=label))) == {
        "Reklamazio"
    }


def test_repeated_table_cell_stays() -> None:
    table = "<table><tr><td>Yes</td><td>$ 12.00</td></tr></table><p>* * *</p>"
    assert removed_texts(page(15, between=table), memory(10, between=table)) == {}


def test_rare_text_in_a_box_of_repeats_is_removed() -> None:
    learned = SiteMemory()
    texts = [
        APPEAL.replace("ink", colour)
        for colour in ("red ink", "blue ink", "gold", "light", "paper")
    ]
    for number in range(10):
        box = f"<div class=x1><p>{texts[number % 5]}</p></div>"
        learned.learn(page(number, between=box), f"{HTTP}{number}")
    assert set(
        removed_texts(page(15, between=f"<div class=x1><p>{texts[0]}</p></div>"), learned)
    ) == {texts[0]}
    assert removed_texts(page(15, between=f"<p>{texts[0]}</p>"), learned) == {}, (
        "among an article's paragraphs"
    )
    new = f"<div class=x1><p>{APPEAL.replace('ink', 'bread')}</p></div>"
    assert removed_texts(page(15, between=new), learned) == {}, (
        "a text that is on no other page stays"
    )


def test_link_line_is_removed_by_its_repeated_lead_in() -> None:
    lines = [
        f'<p>On the shelf: <a href="/{n}">The tale of {name} herons and a ferry</a></p>'
        for n, name in enumerate(NUMBERS)
    ]
    learned = SiteMemory()
    for number in range(5):
        learned.learn(page(number, between=lines[number]), f"{HTTP}{number}")
    (reason,) = removed_texts(page(15, between=lines[15]), learned).values()
    assert reason == "a line with a link like those on 5 of 5 other pages of this site"
    assert (
        removed_texts(page(15, between='<p>A <a href="/x">miller</a> wrote this</p>'), learned)
        == {}
    )


def test_copy_of_the_same_article_is_ignored() -> None:
    below = f"<p>{APPEAL}</p>"
    learned = memory(6, below=below)
    for copy in ("print", "amp"):
        learned.learn(page(15, below=below), f"{HTTP}{copy}")
    assert removed_texts(page(15, below=below), learned) == {
        APPEAL: "on 6 of 6 other pages of this site"
    }
    alone = SiteMemory()
    alone.learn(page(15, below=below), f"{HTTP}print")
    assert removed_texts(page(15, below=below), alone) == {}


def test_page_without_own_text_is_unchanged() -> None:
    learned = SiteMemory()
    for copy in range(4):
        learned.learn(page(15), f"{HTTP}{copy}")
    assert removed_texts(page(15), learned) == {}


def test_redesign_is_learned_within_a_few_pages() -> None:
    learned = memory(20, between=f"<p>{APPEAL}</p>")
    new = f"<section class=n><p>{LONG}</p></section>"
    for number in range(20, 26):
        learned.learn(
            page(number, between=new).replace("quay", f"pier {'x' * number}"), f"{HTTP}{number}"
        )
    assert set(removed_texts(page(15, between=new).replace("quay", "lake"), learned)) == {LONG}


@pytest.mark.parametrize(
    ("text", "size"), [("four", 4), ("水が静か", 12), ("물이 고요", 15), ("σιγή", 4)]
)
def test_dense_characters_count_three_times(text: str, size: int) -> None:
    assert count_letters(text) == size


def test_doubtful_block_outside_the_usual_boxes_is_removed() -> None:
    learned = SiteMemory()
    for number in range(2):
        learned.learn(f"<div class=s>{page(number)}</div>", f"{HTTP}{number}")
    html = (
        f"<div class=s>{page(15)}</div><h2>Heading</h2><ul><li>One "
        f"item</ul><p>Doubtful.</p><p>Sure.</p>"
    )
    layout = segment(parse_html(html))
    scores = [0.9] * 4 + [0.55] * 3 + [0.9]
    case = PageContext(layout, np.array(scores), Vocabulary(), memory=learned, url=HTTP)
    assert dict(find_outside_usual_boxes(case)) == {
        6: "outside the part of the page that holds this site's articles"
    }
    new = segment(parse_html(page(15).replace("<p>", "<p class=new>") + "<p>Doubtful.</p>"))
    assert (
        dict(
            find_outside_usual_boxes(
                PageContext(new, np.full(5, 0.55), Vocabulary(), memory=learned, url=HTTP)
            )
        )
        == {}
    )
    assert (
        dict(find_outside_usual_boxes(PageContext(new, np.full(5, 0.55), Vocabulary(), url=HTTP)))
        == {}
    )


def test_site_name_is_the_shared_end_of_titles() -> None:
    learned = SiteMemory()
    for number, section in enumerate(("Sport", "World", "Work", "Sport", "World", "Art")):
        learned.learn(
            f"<title>{NUMBERS[number]} – {section} | The Quay</title>{own(number, 'a')}",
            f"{HTTP}{number}",
        )
        found = list(find_site_names(learned, "Something else – World | The Quay", None))
        assert found == (["The Quay"] if number else [])
    assert list(find_site_names(learned, "Something else – World | The Pier", None)) == []
    assert list(find_site_names(learned, "The Quay | Something else", None)) == [], (
        "it ends titles here"
    )


def test_learned_site_name_is_removed_from_the_title() -> None:
    learned = SiteMemory()
    for number in range(4):
        learned.learn(
            f"<title>Evening post: {NUMBERS[number]} – A Quay of One's Own and of Others</title>",
            f"{HTTP}{number}",
        )
    html = f"<title>Boats are dear this year – A Quay of One's Own and of Others</title>{page(15)}"
    assert (
        extract(html, HTTP).title == "Boats are dear this year – A Quay of One's Own and of Others"
    )
    article = extract(html, HTTP, memory=learned)
    assert (article.title, article.site) == (
        "Boats are dear this year",
        "A Quay of One's Own and of Others",
    )

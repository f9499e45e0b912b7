"""Which repeats are boilerplate and which are an article's own."""

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
APPEAL = "Nobody owns this paper but those who pay for the ink: throw a coin into the hat, and we print another night."
LONG = f"{APPEAL} {APPEAL.replace('paper', 'sheet').replace('coin', 'button')}"
HTTP = "https://e.org/"


def own(number: int, part: str) -> str:
    """A paragraph that stands on one page only."""
    name = NUMBERS[number % 16] + part
    return f"<p>Story {name} began when {name} ferries met {name} carts on the quay, and all but {name} looked on.</p>"


def page(number: int, *, above: str = "", between: str = "", below: str = "") -> str:
    text = [own(number, part) for part in "abcd"]
    return f"{above}{''.join(text[:3])}{between}{text[3]}{below}"


def gone(html: str, memory: SiteMemory) -> dict[str, str]:
    """Text → reason, of what repeats on a new page."""
    layout = segment(parse_html(html))
    case = PageContext(
        layout, np.full(len(layout.blocks), 0.9), Vocabulary(), memory=memory, url=HTTP
    )
    return {layout.blocks[index].text: reason for index, reason in find_site_repeats(case)}


def memory(
    pages: int, *, on: int | None = None, above: str = "", between: str = "", below: str = ""
) -> SiteMemory:
    """Of a site's pages, the first `on` of which have something in one of three places."""
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
def test_where_a_repeat_stands_decides(
    place: str,
    text: str,
    pages: int,
    on: int,
    goes: bool,  # noqa: FBT001
) -> None:
    """Two pages below an article, three for a paragraph.

    Three and a fifth between paragraphs, half of all above.
    """
    html = f"<p>{text}</p>"
    found = gone(page(15, **{place: html}), memory(pages, on=on, **{place: html}))
    assert found == (
        {text: f"on {on} of {pluralize(pages, 'other page')} of this site"} if goes else {}
    )


def test_a_correction_on_two_pages_stays() -> None:
    """So does a quotation in two articles."""
    notice = "<p>In an earlier version the name of the lock keeper was wrong.</p>"
    assert gone(page(15, below=notice), memory(10, on=1, below=notice)) == {}
    assert gone(page(15, between=notice), memory(10, on=1, between=notice)) == {}


def test_the_introduction_of_a_series_stays() -> None:
    """Prose at the head of four articles of twelve, even in a box of its own."""
    intro = f"<div class=series><p>{LONG}</p></div>"
    assert gone(page(15, above=intro), memory(12, on=4, above=intro)) == {}


@pytest.mark.parametrize(
    "label", ["<h3>Pros</h3>", "<h2>What we know so far</h2>", "<p><b>Verdict</b></p>"]
)
def test_headings_stay_above_what_is_the_articles_own(label: str) -> None:
    """On every page, if need be; and so do bold lines."""
    assert gone(page(15, between=label), memory(10, between=label)) == {}


def test_a_heading_goes_with_the_box_that_it_heads() -> None:
    """And where nothing of the article follows it."""
    box = f"<h3>A letter a week</h3><p>{APPEAL}</p>"
    assert set(gone(page(15, between=box), memory(10, between=box))) == {"A letter a week", APPEAL}
    assert set(gone(page(15, below=box), memory(10, below=box))) == {"A letter a week", APPEAL}
    assert set(gone(page(15, below="<h3>The end</h3>"), memory(10, below="<h3>The end</h3>"))) == {
        "The end"
    }


def test_plain_labels_stay_up_to_half_of_all_pages() -> None:
    """“Questions:” is the article's, “Advertisement” in a language that nobody knows is on nearly all."""
    label = "<p>Reklamazio</p>"
    assert gone(page(15, between=label), memory(10, on=4, between=label)) == {}
    assert set(gone(page(15, between=label), memory(10, on=9, between=label))) == {"Reklamazio"}


def test_cells_and_figures_stay() -> None:
    """“Yes” and “$ 12” stand in every table."""
    table = "<table><tr><td>Yes</td><td>$ 12.00</td></tr></table><p>* * *</p>"
    assert gone(page(15, between=table), memory(10, between=table)) == {}


def test_a_box_where_everything_repeats_is_told_by_its_kind() -> None:
    """A box with changing appeals, each of which is rare, goes as one that is on all pages."""
    learned = SiteMemory()
    texts = [
        APPEAL.replace("ink", colour)
        for colour in ("red ink", "blue ink", "gold", "light", "paper")
    ]
    for number in range(10):
        box = f"<div class=x1><p>{texts[number % 5]}</p></div>"
        learned.learn(page(number, between=box), f"{HTTP}{number}")
    assert set(gone(page(15, between=f"<div class=x1><p>{texts[0]}</p></div>"), learned)) == {
        texts[0]
    }
    assert gone(page(15, between=f"<p>{texts[0]}</p>"), learned) == {}, (
        "among an article's paragraphs"
    )
    new = f"<div class=x1><p>{APPEAL.replace('ink', 'bread')}</p></div>"
    assert gone(page(15, between=new), learned) == {}, "what was never seen stays"


def test_a_line_with_a_link_goes_by_what_stands_beside_it() -> None:
    """Wherever the link leads; a sentence that has a link is another thing."""
    lines = [
        f'<p>On the shelf: <a href="/{n}">The tale of {name} herons and a ferry</a></p>'
        for n, name in enumerate(NUMBERS)
    ]
    learned = SiteMemory()
    for number in range(5):
        learned.learn(page(number, between=lines[number]), f"{HTTP}{number}")
    (reason,) = gone(page(15, between=lines[15]), learned).values()
    assert reason == "a line with a link like those on 5 of 5 other pages of this site"
    assert gone(page(15, between='<p>A <a href="/x">miller</a> wrote this</p>'), learned) == {}


def test_the_same_article_elsewhere_says_nothing() -> None:
    """Its paragraphs stay, and what is around them still goes."""
    below = f"<p>{APPEAL}</p>"
    learned = memory(6, below=below)
    for copy in ("print", "amp"):
        learned.learn(page(15, below=below), f"{HTTP}{copy}")
    assert gone(page(15, below=below), learned) == {APPEAL: "on 6 of 6 other pages of this site"}
    alone = SiteMemory()
    alone.learn(page(15, below=below), f"{HTTP}print")
    assert gone(page(15, below=below), alone) == {}


def test_nothing_goes_where_nothing_is_the_pages_own() -> None:
    """A page of which all was seen says nothing about what is boilerplate."""
    learned = SiteMemory()
    for copy in range(4):
        learned.learn(page(15), f"{HTTP}{copy}")
    assert gone(page(15), learned) == {}


def test_a_redesign_is_learned_in_a_few_pages() -> None:
    """Old pages do not keep the new design's boxes in."""
    learned = memory(20, between=f"<p>{APPEAL}</p>")
    new = f"<section class=n><p>{LONG}</p></section>"
    for number in range(20, 26):
        learned.learn(
            page(number, between=new).replace("quay", f"pier {'x' * number}"), f"{HTTP}{number}"
        )
    assert set(gone(page(15, between=new).replace("quay", "lake"), learned)) == {LONG}


@pytest.mark.parametrize(
    ("text", "size"), [("four", 4), ("水が静か", 12), ("물이 고요", 15), ("σιγή", 4)]
)
def test_scripts_say_different_amounts(text: str, size: int) -> None:
    """A character of Chinese, Japanese or Korean counts three times."""
    assert count_letters(text) == size


def test_doubtful_blocks_go_where_no_article_stands() -> None:
    """As other pages show.

    Headings, lists and what is beyond doubt stay, and so does a page of another design.
    """
    learned = SiteMemory()
    for number in range(2):
        learned.learn(f"<div class=s>{page(number)}</div>", f"{HTTP}{number}")
    html = f"<div class=s>{page(15)}</div><h2>Heading</h2><ul><li>One item</ul><p>Doubtful.</p><p>Sure.</p>"
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


def test_a_sites_name_is_what_its_titles_share() -> None:
    """At either end; a section is no name, and one other page is too few to tell."""
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


def test_the_name_is_cut_off_titles() -> None:
    """Where the page itself does not say what its site is called."""
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

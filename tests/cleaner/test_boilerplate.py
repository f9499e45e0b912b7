"""What goes, and the words in which it is told."""

import numpy as np
import pytest

from feedpub.cleaner.boilerplate import decide_removals
from feedpub.cleaner.page import PageContext
from feedpub.cleaner.segment import segment
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.cleaner.vocabulary import Vocabulary
from feedpub.core.html import parse_html

PROSE = (
    "The ferry left at ten past six with forty cars, a lorry full of milk and most of the school on deck, and "
    * 3
)
DENSE = (
    "港の入り口に立つ時計台の鐘が、二十年ぶりに鳴った。町の人たちは窓を開け、船は汽笛で答えた。" * 3
)
WORDS = Vocabulary(
    {"promo": (-1.0, -1.0, -0.5), "story": (1.0, 1.0, 1.0), "p-0": (-9.0, 0.0, 0.0)},
    {"in stock": -2.0},
)


def reasons(page: PageContext) -> dict[int, str]:
    return {index: decision.reason for index, decision in decide_removals(page).items()}


def why(page: str, score: float | list[float] = 0.9, **known: object) -> dict[int, str]:
    layout = segment(parse_html(page))
    scores = np.array(score) if isinstance(score, list) else np.full(len(layout.blocks), score)
    return reasons(PageContext(layout, scores, WORDS, **known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<nav><p>Somewhere else", "navigation"),
        ("<footer><p>Imprint of the house", "in a footer"),
        ("<aside><p>By the way", "in an aside"),
        ("<form><p>Fill in", "part of a form"),
        ("<p hidden>Not shown", "hidden"),
        ('<p><a href="/x">All of it a link</a>', "links 100 %"),
        ('<div class="promo"><p>Buy this', "looks like boilerplate (class promo)"),
        ("<p>Only 3 left in stock", "reads like boilerplate (“in stock”)"),
        ('<div class="story"><p>Nothing telling', "not like an article's text (score 0.08)"),
    ],
)
def test_what_scores_low_goes_for_the_clearest_reason(page: str, reason: str) -> None:
    """Where it stands, what it links to, what it is called, what it says, or else its place and score."""
    assert why(page, 0.08) == {0: reason}


def test_what_scores_high_stays() -> None:
    """Wherever it stands."""
    assert why(f"<aside><p>{PROSE}") == {}


def test_a_stock_phrase_goes() -> None:
    """A whole block, named with its language."""
    assert why(f"<p>{PROSE}<p>Advertisement<p>{PROSE}")[1].startswith("phrase 'Advertisement'")


def test_a_subhead_that_is_a_phrase_stays_with_its_prose() -> None:
    """An article about newsletters has one."""
    assert why(f"<h2>Newsletter</h2><p>{PROSE}", 0.7) == {}


def test_a_phrase_alone_removes_nothing_that_everything_else_speaks_for() -> None:
    """A line can be a phrase by accident."""
    assert why("<p>Advertisement", 0.99) == {}


def test_what_stands_below_a_related_heading_goes_with_it() -> None:
    """Up to the next paragraph of prose."""
    page = f'<h3>You may also like</h3><p><a href="/a">A story</a></p><p><a href="/b">Another</a></p><p>{PROSE}</p>'
    found = why(page)
    assert set(found) == {0, 1, 2}
    assert found[1].startswith("below the phrase 'You may also like'")


def test_the_title_is_not_repeated() -> None:
    """However it is written."""
    assert why(f"<h1>A FERRY, sails!</h1><p>{PROSE}", title="A ferry sails") == {0: "the title"}


def test_a_heading_goes_with_all_that_is_below_it() -> None:
    """One with another heading below it, or with something that stays, is the article's."""
    first = f"<h2>a b</h2><h3>c d</h3><p>{PROSE}</p><h3>e f</h3><p>gone</p><p>gone</p>"
    page = f"{first}<h3>g h</h3><p>gone</p><p>{PROSE}</p>"
    found = why(page, [0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.9])
    assert set(found) == {3, 4, 5, 7}
    assert found[3] == "heading of what was taken out"


def test_a_standfirst_stays() -> None:
    """Its class tells, it stands above the body, and the score leaves it possible."""
    lead = "Nine months late, the ferry sails"
    page = f'<p class="lead">{lead}</p><p>{lead}</p><p>{PROSE}</p><p class="lead">{lead}</p>'
    assert set(why(page, [0.3, 0.3, 0.9, 0.3])) == {1, 3}
    assert set(why(page, [0.1, 0.3, 0.9, 0.3])) == {0, 1, 3}


def test_what_is_called_comments_goes_where_there_is_an_article() -> None:
    """A forum has nothing else."""
    comments = f'<ol class="commentlist"><li class="comment"><p>{PROSE}</p></li></ol>'
    assert why(f"<p>{PROSE}</p><p>{PROSE}</p>{comments}") == {
        2: "readers' comments (class comment)"
    }
    assert why(f"<p>Short.</p>{comments}") == {}


def test_who_wrote_it_goes() -> None:
    """An author's box reads like prose, and its name tells."""
    box = f'<div class="author-box x"><h4>Ines</h4><p>{PROSE}</p></div>'
    assert set(why(f"<p>{PROSE}</p><p>{PROSE}</p>{box}").values()) == {
        "about the author (class author-box)"
    }


def test_a_pull_quote_goes_where_the_text_has_it() -> None:
    """A quotation from elsewhere stays."""
    quote = "a lorry full of milk and most of the school"
    other = "<blockquote><p>Nobody has said this before me."
    page = f"<p>{PROSE}</p><blockquote><p>“{quote.capitalize()}”</p></blockquote>{other}"
    assert why(page) == {1: "a quotation that repeats the text"}
    assert why(f'<p>{PROSE}</p><div class="pull-quote">{quote}</div>') == {
        1: "a quotation that repeats the text"
    }


def test_hardly_anything_scores_high() -> None:
    """Where a page has no better blocks, the best that it has are taken."""
    page = f"<p>{PROSE}</p><p>{PROSE}</p><p>{PROSE}</p>"
    assert set(why(page, [0.4, 0.3, 0.1])) == {2}
    assert set(why(page, [0.1, 0.1, 0.1])) == {0, 1, 2}


def test_credit_lines_go() -> None:
    """A box or an inline element that holds nothing else; prose never."""
    tree = parse_html(
        f"<div id=a>By me</div><p><i id=b>2 May</i></p><p><i id=c>short</i> {PROSE}</p><div id=d>{PROSE}</div>"
    )
    layout = segment(tree)
    lines = frozenset(tree.xpath("//*[@id]"))
    assert reasons(PageContext(layout, np.full(4, 0.9), WORDS, credits=lines)) == {
        0: "byline or date",
        1: "byline or date",
    }


def test_a_label_may_stand_on_every_page() -> None:
    """“Pros” and “Cons” are part of each review."""
    memory = SiteMemory()
    for number in range(5):
        memory.learn(
            f"<h3>Pros</h3><p>Read in nine countries</p><p>{'y' * number} is a word</p>",
            f"https://e.org/{number}",
        )
    page = f"<h3>Pros</h3><p>{PROSE}</p><p>Read in nine countries</p>"
    assert why(page, memory=memory) == {2: "on 5 of 5 other pages of this site"}


def test_an_articles_own_paragraph_may_stand_on_two_pages() -> None:
    """A correction, a series: prose needs more pages than one to go."""
    memory = SiteMemory()
    memory.learn(f"<p>{PROSE}</p>", "https://e.org/1")
    other = PROSE.replace("ferry", "train").replace("milk", "coal")
    page = f"<p>{PROSE}</p><p>{other}</p><p>{other} again</p>"
    assert why(page, memory=memory) == {}
    memory.learn(f"<p>{PROSE}</p><p>more</p>", "https://e.org/2")
    assert why(page, memory=memory) == {0: "on 2 of 2 other pages of this site"}


@pytest.mark.parametrize(
    ("html", "prose"),
    [
        (f"<p>{PROSE}", True),
        ("<p>Short.", False),
        (f"<a href=x>{PROSE}", False),
        (f"<p>{DENSE}", True),
    ],
)
def test_prose_is_long_and_not_a_link(html: str, prose: bool) -> None:  # noqa: FBT001 -- an example's outcome
    """What no phrase may take out; scripts without spaces say as much with fewer characters."""
    assert PageContext(segment(parse_html(html)), np.array([0.9]), WORDS).is_prose(0) is prose


def test_reasons_tell_where_a_block_stands() -> None:
    """Above the article, below it, or between its paragraphs."""
    page = f"<p>one</p><p>{PROSE}</p><p>two</p><p>{PROSE}</p><p>three</p>"
    assert why(page, [0.1, 0.9, 0.1, 0.9, 0.1]) == {
        0: "above the article (score 0.10)",
        2: "between paragraphs, but unlike them (score 0.10)",
        4: "below the article (score 0.10)",
    }


def test_names_about_looks_are_no_reason() -> None:
    """“p-4” is a width."""
    assert why('<div class="p-4"><p>Nothing telling', 0.08) == {
        0: "not like an article's text (score 0.08)"
    }


@pytest.mark.parametrize("heading", ["Comments", "About the author"])
def test_a_box_below_the_article_goes_with_its_heading(heading: str) -> None:
    """Whatever the box is called, and however much what is in it reads like prose."""
    page = (
        f"<p>{PROSE}</p><p>{PROSE}</p><div><img src='a.jpg'><h4>{heading}</h4><p>{PROSE}</p></div>"
    )
    found = why(page)
    assert set(found) == {2, 3, 4}
    assert found[4] == f"below the phrase '{heading}' (en)"
    assert why(f"{page}<p>{PROSE}</p>") == {}, "a box with an article behind it is a part of it"


@pytest.mark.parametrize(
    "page",
    [
        "<p>“Accept all”</p>",
        f"<p>{PROSE}, such as these:</p><ul><li>Accept all</li><li>Sign in</li></ul>",
        "<h2>Advertisement</h2><p>is a word that nobody reads and everybody sees, says a man who has counted them",
    ],
)
def test_what_an_article_says_about_phrases_stays(page: str) -> None:
    """In quotation marks, in a list that a sentence introduces, as a subhead."""
    assert why(f"<p>{PROSE}</p>{page}") == {}


def test_a_byline_of_several_parts_goes() -> None:
    """Each part is too little of the line; together they are all of it."""
    tree = parse_html("<div><i id=a>By Ines</i> <i id=b>2 May 2026</i> <i>4 min</i></div>")
    lines = frozenset(tree.xpath("//*[@id]"))
    assert reasons(PageContext(segment(tree), np.full(1, 0.9), WORDS, credits=lines)) == {
        0: "byline or date"
    }


@pytest.mark.parametrize("score", [0.3, 0.1])
def test_footnotes_stay(score: float) -> None:
    """What a mark in the text links to belongs to the article, unless the score rules it out."""
    page = f'<p>{PROSE}<a href="#n1">1</a></p><p>{PROSE}<a href="#top">all of it</a></p><p id="n1">In 1931.</p>'
    assert set(why(page, [0.9, 0.9, score])) == (set() if score > 0.2 else {2})

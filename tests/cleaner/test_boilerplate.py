"""The decision about blocks, and its reasons."""

import numpy as np
import pytest

from feedpub.cleaner.boilerplate import decide_removals
from feedpub.cleaner.page import PageContext
from feedpub.cleaner.segment import segment
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.cleaner.vocabulary import Vocabulary
from feedpub.core.html import parse_html

PROSE = (
    "The ferry left at ten past six with forty cars, a lorry full of milk and most of the "
    "school on deck, and "
) * 3
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
def test_low_score_block_has_the_clearest_reason(page: str, reason: str) -> None:
    assert why(page, 0.08) == {0: reason}


def test_high_score_block_stays_in_an_aside() -> None:
    assert why(f"<aside><p>{PROSE}") == {}


def test_known_phrase_is_removed() -> None:
    assert why(f"<p>{PROSE}<p>Advertisement<p>{PROSE}")[1].startswith("phrase 'Advertisement'")


def test_subhead_above_prose_stays_even_if_it_is_a_known_phrase() -> None:
    assert why(f"<h2>Newsletter</h2><p>{PROSE}", 0.7) == {}


def test_known_phrase_with_a_sure_score_stays() -> None:
    assert why("<p>Advertisement", 0.99) == {}


def test_related_heading_is_removed_with_its_links_up_to_the_next_prose() -> None:
    page = (
        f'<h3>You may also like</h3><p><a href="/a">A story</a></p><p><a '
        f'href="/b">Another</a></p><p>{PROSE}</p>'
    )
    found = why(page)
    assert set(found) == {0, 1, 2}
    assert found[1].startswith("below the phrase 'You may also like'")


def test_repeated_title_is_removed_ignoring_case_and_punctuation() -> None:
    assert why(f"<h1>A FERRY, sails!</h1><p>{PROSE}", title="A ferry sails") == {0: "the title"}


def test_heading_is_removed_if_all_blocks_below_it_are() -> None:
    first = f"<h2>a b</h2><h3>c d</h3><p>{PROSE}</p><h3>e f</h3><p>gone</p><p>gone</p>"
    page = f"{first}<h3>g h</h3><p>gone</p><p>{PROSE}</p>"
    found = why(page, [0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.9])
    assert set(found) == {3, 4, 5, 7}
    assert found[3] == "heading of what was taken out"


def test_standfirst_above_the_body_stays_with_a_medium_score() -> None:
    lead = "Nine months late, the ferry sails"
    page = f'<p class="lead">{lead}</p><p>{lead}</p><p>{PROSE}</p><p class="lead">{lead}</p>'
    assert set(why(page, [0.3, 0.3, 0.9, 0.3])) == {1, 3}
    assert set(why(page, [0.1, 0.3, 0.9, 0.3])) == {0, 1, 3}


def test_comments_are_removed_below_an_article_and_stay_in_a_forum() -> None:
    comments = f'<ol class="commentlist"><li class="comment"><p>{PROSE}</p></li></ol>'
    assert why(f"<p>{PROSE}</p><p>{PROSE}</p>{comments}") == {
        2: "readers' comments (class comment)"
    }
    assert why(f"<p>Short.</p>{comments}") == {}


def test_author_box_is_removed() -> None:
    box = f'<div class="author-box x"><h4>Ines</h4><p>{PROSE}</p></div>'
    assert set(why(f"<p>{PROSE}</p><p>{PROSE}</p>{box}").values()) == {
        "about the author (class author-box)"
    }


def test_pull_quote_that_repeats_the_text_is_removed() -> None:
    quote = "a lorry full of milk and most of the school"
    other = "<blockquote><p>Nobody has said this before me."
    page = f"<p>{PROSE}</p><blockquote><p>“{quote.capitalize()}”</p></blockquote>{other}"
    assert why(page) == {1: "a quotation that repeats the text"}
    assert why(f'<p>{PROSE}</p><div class="pull-quote">{quote}</div>') == {
        1: "a quotation that repeats the text"
    }


def test_best_blocks_are_kept_on_a_page_with_low_scores() -> None:
    page = f"<p>{PROSE}</p><p>{PROSE}</p><p>{PROSE}</p>"
    assert set(why(page, [0.4, 0.3, 0.1])) == {2}
    assert set(why(page, [0.1, 0.1, 0.1])) == {0, 1, 2}


def test_byline_and_date_are_removed_unless_they_are_prose() -> None:
    tree = parse_html(
        f"<div id=a>By me</div><p><i id=b>2 May</i></p><p><i id=c>short</i> {PROSE}</p><div "
        f"id=d>{PROSE}</div>"
    )
    layout = segment(tree)
    lines = frozenset(tree.xpath("//*[@id]"))
    assert reasons(PageContext(layout, np.full(4, 0.9), WORDS, credits=lines)) == {
        0: "byline or date",
        1: "byline or date",
    }


def test_repeated_label_stays_and_repeated_line_is_removed() -> None:
    memory = SiteMemory()
    for number in range(5):
        memory.learn(
            f"<h3>Pros</h3><p>Read in nine countries</p><p>{'y' * number} is a word</p>",
            f"https://e.org/{number}",
        )
    page = f"<h3>Pros</h3><p>{PROSE}</p><p>Read in nine countries</p>"
    assert why(page, memory=memory) == {2: "on 5 of 5 other pages of this site"}


def test_paragraph_on_one_other_page_stays_and_on_two_is_removed() -> None:
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
def test_block_is_prose_if_it_is_long_and_not_a_link(html: str, prose: bool) -> None:  # noqa: FBT001 -- an example's outcome
    assert PageContext(segment(parse_html(html)), np.array([0.9]), WORDS).is_prose(0) is prose


def test_reason_without_evidence_is_the_position() -> None:
    page = f"<p>one</p><p>{PROSE}</p><p>two</p><p>{PROSE}</p><p>three</p>"
    assert why(page, [0.1, 0.9, 0.1, 0.9, 0.1]) == {
        0: "above the article (score 0.10)",
        2: "between paragraphs, but unlike them (score 0.10)",
        4: "below the article (score 0.10)",
    }


def test_presentational_class_is_not_a_reason() -> None:
    assert why('<div class="p-4"><p>Nothing telling', 0.08) == {
        0: "not like an article's text (score 0.08)"
    }


@pytest.mark.parametrize("heading", ["Comments", "About the author"])
def test_box_below_the_article_is_removed_with_its_known_heading(heading: str) -> None:
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
        (
            "<h2>Advertisement</h2><p>is a word that nobody reads and everybody sees, says a "
            "man who has counted them"
        ),
    ],
)
def test_phrase_that_the_article_mentions_stays(page: str) -> None:
    assert why(f"<p>{PROSE}</p>{page}") == {}


def test_byline_of_several_elements_is_removed() -> None:
    tree = parse_html("<div><i id=a>By Ines</i> <i id=b>2 May 2026</i> <i>4 min</i></div>")
    lines = frozenset(tree.xpath("//*[@id]"))
    assert reasons(PageContext(segment(tree), np.full(1, 0.9), WORDS, credits=lines)) == {
        0: "byline or date"
    }


@pytest.mark.parametrize("score", [0.3, 0.1])
def test_footnote_stays_unless_its_score_is_very_low(score: float) -> None:
    page = (
        f'<p>{PROSE}<a href="#n1">1</a></p><p>{PROSE}<a href="#top">all of it</a></p><p '
        f'id="n1">In 1931.</p>'
    )
    assert set(why(page, [0.9, 0.9, score])) == (set() if score > 0.2 else {2})


def test_linked_picture_of_a_phrase_goes() -> None:
    page = f'<p>{PROSE}</p><a href="/"><img src="b.gif" alt="{{}}"></a>'
    assert why(page.format("Back"))[1] == "picture of the phrase 'Back' (en)"
    assert 1 not in why(page.format("The boiler on its lorry"))
    assert 1 not in why(f'<p>{PROSE}</p><img src="b.gif" alt="Back">')

"""One article of several pages."""

from feedpub.cleaner import join_pages
from feedpub.core.models import Article, Removed

LONG = (
    "A sentence that is long enough that it stands on two pages of an article by no chance at "
    "all, ever."
)


def page(*paragraphs: str, removed: tuple[Removed, ...] = ()) -> Article:
    html = "".join(f"<p>{text}</p>\n" for text in paragraphs)
    return Article(
        title="The loom",
        html=html,
        text="\n".join(paragraphs),
        summary=paragraphs[0],
        removed=removed,
    )


def test_joined_article_has_all_texts_in_order() -> None:
    article = join_pages([page("One.", removed=(Removed("x", "y"),)), page("Two."), page("Three.")])
    assert article.text == "One.\nTwo.\nThree."
    assert article.html == "<p>One.</p>\n<p>Two.</p>\n<p>Three.</p>\n"
    assert (article.summary, article.removed, article.complete) == (
        "One.",
        (Removed("x", "y"),),
        True,
    )


def test_text_that_pages_repeat_is_kept_once() -> None:
    first = page("The lead.", "One.", LONG, "A note.")
    article = join_pages(
        [
            first,
            page("The lead.", "Two.", LONG, "Two and a half.", "A note."),
            page("The lead.", "One."),
        ]
    )
    assert article.text.split("\n") == [
        "The lead.",
        "One.",
        LONG,
        "A note.",
        "Two.",
        "Two and a half.",
    ]
    assert article.html.count("<p>") == 6


def test_short_text_inside_a_page_may_repeat() -> None:
    article = join_pages([page("One.", "* * *", "Two."), page("Three.", "* * *", "Four.")])
    assert article.text == "One.\n* * *\nTwo.\nThree.\n* * *\nFour."


def test_note_takes_the_place_of_a_missing_page() -> None:
    article = join_pages([page("One."), "Page <2> is missing.", page("Three.")])
    assert article.text == "One.\nPage <2> is missing.\nThree."
    assert "<p>One.</p>\n<p><em>Page &lt;2&gt; is missing.</em></p>\n<p>Three.</p>" in article.html
    assert not article.complete


def test_right_to_left_pages_are_joined_into_one_box() -> None:
    first, second = (
        Article(title="x", html=f'<div dir="rtl">\n<p>{text}</p>\n</div>\n', text=text)
        for text in ("אחת.", "שתיים.")
    )
    assert (
        join_pages([first, second]).html == '<div dir="rtl">\n<p>אחת.</p>\n<p>שתיים.</p>\n</div>\n'
    )


def test_single_page_is_unchanged() -> None:
    article = page("One.")
    assert join_pages([article]) is article

"""One article of several pages."""

from feedpub.cleaner import join_pages
from feedpub.core.models import Article, Removed

LONG = "A sentence that is long enough that it stands on two pages of an article by no chance at all, ever."


def page(*paragraphs: str, removed: tuple[Removed, ...] = ()) -> Article:
    html = "".join(f"<p>{text}</p>\n" for text in paragraphs)
    return Article(
        title="The loom",
        html=html,
        text="\n".join(paragraphs),
        summary=paragraphs[0],
        removed=removed,
    )


def test_pages_stand_in_their_order() -> None:
    """What the first says of itself counts; what was removed is told of all."""
    article = join_pages([page("One.", removed=(Removed("x", "y"),)), page("Two."), page("Three.")])
    assert article.text == "One.\nTwo.\nThree."
    assert article.html == "<p>One.</p>\n<p>Two.</p>\n<p>Three.</p>\n"
    assert (article.summary, article.removed, article.complete) == (
        "One.",
        (Removed("x", "y"),),
        True,
    )


def test_what_each_page_repeats_is_said_once() -> None:
    """A lead above, a note below; and at length also in between."""
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


def test_short_words_may_come_again() -> None:
    """In the middle of a page: three stars, a refrain."""
    article = join_pages([page("One.", "* * *", "Two."), page("Three.", "* * *", "Four.")])
    assert article.text == "One.\n* * *\nTwo.\nThree.\n* * *\nFour."


def test_a_missing_page_is_said_in_its_place() -> None:
    """And the article is not complete."""
    article = join_pages([page("One."), "Page <2> is missing.", page("Three.")])
    assert article.text == "One.\nPage <2> is missing.\nThree."
    assert "<p>One.</p>\n<p><em>Page &lt;2&gt; is missing.</em></p>\n<p>Three.</p>" in article.html
    assert not article.complete


def test_pages_that_are_read_from_the_right() -> None:
    """The box around the text says so once."""
    first, second = (
        Article(title="x", html=f'<div dir="rtl">\n<p>{text}</p>\n</div>\n', text=text)
        for text in ("אחת.", "שתיים.")
    )
    assert (
        join_pages([first, second]).html == '<div dir="rtl">\n<p>אחת.</p>\n<p>שתיים.</p>\n</div>\n'
    )


def test_one_page_stays_as_it_is() -> None:
    """To the byte."""
    article = page("One.")
    assert join_pages([article]) is article

"""Choose an article's content among those of its page and its source."""

from dataclasses import replace

import pytest

from feedpub.cleaner.choose import SHORT_PAGE, choose_content
from feedpub.cleaner.extract import extract_fragment
from feedpub.core.errors import NoContentError
from feedpub.core.models import Article

URL = "https://example.org/news/lamp"
WORDS = "The lamp of the harbour is lit again since Monday after a storm broke it in May last year."
LONG = "".join(f"<p>{WORDS} Paragraph {number} adds its own detail.</p>" for number in range(12))


def article(html: str, title: str = "") -> Article:
    return extract_fragment(html, URL, title=title)


def choose(page: str, own: str) -> Article:
    return choose_content(article(page), article(own))


def test_page_that_contains_the_teaser_is_chosen() -> None:
    chosen = choose(LONG, f"<p>{WORDS}</p>")
    assert chosen.html == article(LONG).html
    assert chosen.content_reason == "the page: it has all of the source's own content"


def test_teaser_that_an_editor_wrote_does_not_replace_the_page() -> None:
    chosen = choose(LONG, "<p>A keeper tells how light came back to our coast.</p>")
    assert chosen.html == article(LONG).html
    assert chosen.content_reason == "the page: the source has only a teaser of 10 words"


def test_full_text_is_chosen_if_the_page_has_only_a_teaser() -> None:
    chosen = choose(f"<p>{WORDS}</p>", LONG)
    assert chosen.html == article(LONG).html
    assert chosen.complete
    assert chosen.content_reason.startswith("the source's own content: the page lacks ")
    assert " words of it" in chosen.content_reason


@pytest.mark.parametrize(
    "boilerplate",
    [
        "<p>The post <a href='/news/lamp'>Lamp lit</a> appeared first on <a href='/'>Bay</a>.</p>",
        "<p><a href='/news/lamp'>Read more</a></p>",
        "<p><a href='https://example.org/news/lamp?utm_source=rss'>Continue reading…</a></p>",
        "<p><a href='/news/lamp#comments'>3 comments</a></p>",
        '<img src="https://stats.example/pixel.gif" width="1" height="1">',
    ],
)
def test_boilerplate_is_no_content_that_the_page_lacks(boilerplate: str) -> None:
    page = article(LONG, "Lamp lit")
    chosen = choose_content(page, article(LONG + boilerplate, "Lamp lit"))
    assert chosen.html == page.html
    assert chosen.content_reason == "the page: it has all of the source's own content"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("<p>See <a href='https://other.example/a'>the report</a>.</p>", "1 link"),
        ("<p><img src='/storm.jpg' alt='The storm'></p>", "1 picture"),
        ("<pre>lamp --on\nlamp --off</pre>", "1 block of code"),
        ("<h2>The storm</h2><p>See the report.</p>", "1 heading"),
    ],
)
def test_content_with_more_than_the_page_is_chosen(more: str, reason: str) -> None:
    page = f"{LONG}<p>See the report.</p>"
    chosen = choose(page, f"{LONG}<p>See the report.</p>{more}")
    assert chosen.html == article(f"{LONG}<p>See the report.</p>{more}").html
    assert reason in chosen.content_reason


def test_teaser_with_a_thumbnail_does_not_replace_the_page() -> None:
    chosen = choose(LONG, f"<p><img src='/small.jpg' alt=''>{WORDS}</p>")
    assert chosen.html == article(LONG).html


def test_post_replaces_a_page_with_other_words() -> None:
    """A page of a social network can have nothing but the alternative text of the picture."""
    post = (
        "<p>Our lighthouse is open on Sunday, and there is cake. Bring a friend, the stairs are "
        "steep and the view is long.</p>"
    )
    chosen = choose(
        "<p>A white tower on a cliff under a dark sky with two gulls above it.</p>", post
    )
    assert chosen.text.startswith("Our lighthouse is open")


def test_comment_on_a_linked_article_is_kept() -> None:
    """The item of a link blog links to an article of another site."""
    comment = (
        "<p>A fine story by <a href='https://other.example/keeper'>the keeper</a>. I grew up "
        "below that lamp, and I never knew who lit it each evening.</p>"
    )
    assert choose(LONG, comment).text.startswith("A fine story")


def test_list_of_links_does_not_replace_the_page() -> None:
    links = "".join(f"<li><a href='https://x.example/{n}'>Other paper {n}</a></li>" for n in "abc")
    assert choose(LONG, f"<ol>{links}</ol>").html == article(LONG).html


def test_captioned_picture_replaces_a_short_page() -> None:
    """Around a web comic, its page has only news of the site."""
    comic = "<img src='/comics/12.png' alt='Two gulls talk' title='They do not know it is Monday.'>"
    chosen = choose(f"<p><img src='/comics/12.png'></p><p>{WORDS}</p>", comic)
    assert "They do not know it is Monday." in chosen.html
    assert WORDS not in chosen.html
    assert chosen.content_reason == "the source's own content: the page lacks 7 words of it"


def test_commit_message_is_no_teaser_of_its_page() -> None:
    page = f"<p>2 changed files with 7 additions and 3 deletions.</p><p>{WORDS}</p>"
    assert choose(page, "<pre>Bump lxml from 6.1.0 to 6.1.1</pre>").text.startswith("Bump lxml")


def test_picture_is_added_to_a_short_page_without_one() -> None:
    chosen = choose(f"<p>{WORDS}</p>", "<img src='/comics/12.png' alt='Two gulls talk'>")
    assert chosen.html.startswith('<p><img src="https://example.org/comics/12.png"')
    assert WORDS in chosen.html
    assert chosen.content_reason == "the page, with the picture of the source's own content"


def test_page_without_content_is_replaced() -> None:
    bare = Article(
        url=URL, title="Lamp", complete=False, content_reason="title and link alone: it is empty"
    )
    chosen = choose_content(bare, article("<p>The pool is closed on day 1.</p>"))
    assert (chosen.title, chosen.text, chosen.complete) == (
        "Lamp",
        "The pool is closed on day 1.",
        True,
    )
    assert chosen.content_reason == "the source's own content: it is empty"


def test_page_alone_has_no_reason() -> None:
    page = article(LONG)
    assert choose_content(page, None) == page
    assert not choose_content(page, None).content_reason


# --- the source's own content ---


def test_title_of_a_picture_becomes_its_caption() -> None:
    found = article('<img src="/c.png" title="The joke is in the tooltip." alt="Two gulls">')
    assert found.html == (
        '<figure><img src="https://example.org/c.png" alt="Two gulls">'
        "<figcaption>The joke is in the tooltip.</figcaption>\n</figure>\n"
    )


@pytest.mark.parametrize(
    "picture",
    [
        '<img src="/c.png" title="IMG_2034" alt="Two gulls">',
        f'<img src="/c.png" title="{WORDS}" alt="">',
        '<img src="/c.png" title="Two gulls in flight" alt="Two gulls in flight">',
    ],
)
def test_title_of_a_picture_that_tells_nothing_new_is_no_caption(picture: str) -> None:
    assert "figcaption" not in article(f"{LONG}<p>{picture}</p>").html


def test_picture_alone_and_video_alone_are_content() -> None:
    assert "<img" in article("<p><img src='/a.jpg' alt='A gull'></p>").html
    assert (
        "youtube"
        in article("<iframe src='https://www.youtube.com/embed/abcdefghijk'></iframe>").html
    )
    assert "/talk.mp3" in article("<audio src='/talk.mp3' controls></audio>").html


def test_links_alone_are_content() -> None:
    found = article('<a href="https://other.example/a">[link]</a> <a href="/c/7">[comments]</a>')
    assert found.text == "[link] [comments]"
    with pytest.raises(NoContentError):
        article('<p><a href="/news/lamp">Read more</a></p>')


def test_links_alone_do_not_replace_a_page() -> None:
    comments = '<a href="https://news.example/item?id=7">Comments</a>'
    assert choose(LONG, comments).html == article(LONG).html
    short = replace(article("<p>The pool is closed on day 1.</p>"), content_reason=SHORT_PAGE)
    assert choose_content(short, article(comments)).html == short.html

"""The posts of forums."""

import pytest

from feedpub.cleaner.extract import extract
from feedpub.core.models import Article

URL = "https://forum.example.org/viewtopic.php?t=7"
QUESTION = "My bread knife no longer cuts tomatoes, and my stones are all flat. Which one is right?"
ANSWER = "None of those. A tapered ceramic rod, one gullet at a time."
LAST = "I wrap wet sandpaper around a pencil."


def phpbb(author: str, text: str) -> str:
    return (
        f'<div class="post has-profile"><dl class="postprofile"><dt><a class="username">'
        f"{author}"
        '</a></dt><dd class="profile-posts"><strong>Posts:</strong> 12</dd></dl>'
        '<div class="postbody">'
        f'<h3><a href="#p1">Re: Bread knife</a></h3><p class="author">by <a>{author}</a> » <time '
        f'datetime="2025-10-14">Tue Oct 14</time></p><div class="content">{text}</div>'
        '<div class="signature">Sharp enough is a place, not a number.</div></div></div>'
    )


def microdata(author: str, text: str) -> str:
    return (
        '<div itemscope itemtype="http://schema.org/Comment"><div><span itemprop="author">'
        f'<span itemprop="name">{author}</span></span> <time>May 7</time></div>'
        f'<div itemprop="text"><p>{text}</p></div><div><span>3 Likes</span></div></div>'
    )


def article(posts: str, above: str = "", place: str = "") -> Article:
    navigation = '<nav><a href="/">Board index</a> <a href="/faq">FAQ</a></nav>'
    return extract(
        f"<html><head><title>Bread knife - The Edge Forum</title></head><body>{navigation}{above}"
        f"<h2>Bread knife</h2>{posts}<footer>Powered by a forum</footer></body></html>",
        URL + place,
    )


POSTS = (("hazel", QUESTION), ("marten", ANSWER), ("ostler", LAST))


@pytest.mark.parametrize("markup", [phpbb, microdata])
def test_replies_stay_with_their_authors_and_without_counters(markup: object) -> None:
    assert callable(markup)
    found = article("".join(markup(author, text) for author, text in POSTS))
    lines = found.text.split("\n")
    assert [line for line in lines if line in (QUESTION, ANSWER, LAST)] == [QUESTION, ANSWER, LAST]
    assert any("marten" in line for line in lines)
    assert any("ostler" in line for line in lines)
    for text in ("Sharp enough", "Posts:", "3 Likes", "Board index"):
        assert text not in found.text


def test_topic_without_a_reply_is_its_post() -> None:
    assert article(phpbb("hazel", QUESTION)).text == QUESTION


def test_quotations_in_replies_stay() -> None:
    quoted = f"<blockquote><div>{QUESTION}</div></blockquote>{ANSWER}"
    found = article(phpbb("hazel", QUESTION) + phpbb("marten", quoted))
    assert "<blockquote>" in found.html


def test_comments_of_an_article_go() -> None:
    prose = (
        "The cutler of the old town sharpened knives on the quay for forty years, and nobody ever "
        "saw him use a stone that was not flat. "
    )
    above = f"<article><h1>The cutler</h1>{f'<p>{prose * 2}</p>' * 4}</article>"
    comments = "".join(microdata(author, text) for author, text in POSTS)
    found = article("", f'<div class="post">{above}{comments}</div>')
    assert "The cutler of the old town" in found.text
    assert ANSWER not in found.text


def test_address_of_a_reply_gives_the_reply_with_its_author() -> None:
    posts = "".join(
        f'<div id="p{number}">{phpbb(author, text)}</div>'
        for number, (author, text) in enumerate(POSTS, 1)
    )
    found = article(posts, place="#p2")
    assert (found.text, found.authors) == (ANSWER, ("marten",))
    assert found.url == f"{URL}#p2"


def test_fragment_around_all_posts_gives_the_thread() -> None:
    posts = "".join(phpbb(author, text) for author, text in POSTS)
    found = article(f'<div id="posts">{posts}</div>', place="#posts")
    assert QUESTION in found.text
    assert ANSWER in found.text
    assert found.url == URL

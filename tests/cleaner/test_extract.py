"""The public functions: a page becomes an article, or raises an error."""

import gc
from contextlib import suppress

import pytest

import feedpub
from feedpub import ExtractError, NoContentError, SiteMemory, extract
from feedpub.cleaner.extract import extract_fragment
from feedpub.config import SiteRules

URL = "https://example.org/news/lamp"
FIRST = (
    "The lamp on the market square was lit again on Thursday, nine years after a lorry bent "
    "its post and the council, in the words of its clerk, put the matter on the pile."
)
SECOND = (
    "A smith from the next valley straightened the post for the price of a lunch, and the "
    "school's physics class built the new lantern out of parts that it will not name."
)
THIRD = (
    "The lamp burns from dusk until eleven, because the people in the house behind it want "
    "to sleep. It uses less than the telephone that this was written on, and it can be seen from "
    "the pass."
)
PAGE = f"""<html lang="en"><head><title>Lamp lit again | Valley Voice</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li>
<li><a href="/sport">Sport</a></li></ul></nav>
<article><h1>Lamp lit again</h1><p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p></article>
<div class="related"><h3>You may also like</h3><ul><li><a href="/a">The bench by the river</a></li>
<li><a href="/b">Who painted the bridge?</a></li></ul></div>
<footer><p>© Valley Voice</p></footer></body></html>"""


def test_extract_returns_title_text_and_url() -> None:
    article = extract(PAGE, URL)
    assert article.title == "Lamp lit again"
    assert article.text == f"{FIRST}\n{SECOND}\n{THIRD}"
    assert article.url == URL
    assert article.html.startswith("<p>The lamp on the market square")
    assert article.summary


def test_bytes_and_str_have_the_same_result() -> None:
    assert extract(PAGE.encode(), URL) == extract(PAGE, URL)


def test_removed_blocks_have_reasons_in_page_order() -> None:
    removed = extract(PAGE, URL).removed
    assert [each.text.split("\n")[0] for each in removed][:2] == ["Home", "Lamp lit again"]
    reasons = {text: each.reason for each in removed for text in each.text.split("\n")}
    assert reasons["Lamp lit again"] == "the title"
    assert reasons["You may also like"].startswith("phrase 'You may also like'")
    assert reasons["Home"] == "links 100 %"
    assert all(reasons.values())


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("", id="empty"),
        pytest.param("<html><body></body></html>", id="blank"),
        pytest.param("<body><script>render()</script><div id=root></div>", id="script-only"),
        pytest.param(
            "<body><ul>" + '<li><a href="/a">A headline of a story</a>' * 30 + "</ul>",
            id="links-only",
        ),
        pytest.param("<title>404</title><h1>Page not found</h1><p>Sorry.</p>", id="error-page"),
        pytest.param("<p>Loading …</p>", id="loading"),
    ],
)
def test_page_without_an_article_raises_no_content_error(page: str) -> None:
    with pytest.raises(NoContentError) as caught:
        extract(page, URL)
    assert caught.value.url == URL
    assert caught.value.reason


def test_page_beyond_the_limits_raises_extract_error() -> None:
    with pytest.raises(ExtractError, match="deeply"):
        extract("<div>" * 9000, URL)


def test_content_rule_without_a_match_is_skipped() -> None:
    assert extract(PAGE, URL, rules=SiteRules(content=".gone")).text == extract(PAGE, URL).text


def test_content_rule_takes_precedence_over_the_model() -> None:
    notice = "Short notice: no bread today, said the baker of the village, and closed."
    page = f"<body><div class=x><p>{FIRST}</p></div><div class=y><p>{notice}</p></div>"
    assert extract(page, URL, rules=SiteRules(content=".y")).text.startswith("Short notice")


def test_remove_rules_are_applied_first() -> None:
    article = extract(PAGE, URL, rules=SiteRules(remove=("h1", "text:A smith")))
    assert article.text == f"{FIRST}\n{THIRD}"
    assert {"rule remove 'h1'", "rule remove 'text:A smith'"} <= {
        each.reason for each in article.removed
    }


def test_memory_removes_text_that_repeats_on_other_pages() -> None:
    notice = (
        "The Valley Voice is printed on paper from the valley and read by everyone who lives in "
        "it, and by two others."
    )
    page = PAGE.replace(f"<p>{SECOND}", f"<p>{notice}</p><p>{SECOND}")
    memory = SiteMemory()
    for number in range(3):
        memory.learn(
            f"<p>Another story, number {'x' * number}.</p><p>{notice}</p>",
            f"https://example.org/{number}",
        )
    assert notice in extract(page, URL).text
    article = extract(page, URL, memory=memory)
    assert article.text == extract(PAGE, URL).text
    assert "on 3 of 3 other pages of this site" in {each.reason for each in article.removed}


def test_memory_of_the_same_article_removes_nothing() -> None:
    memory = SiteMemory()
    for url in (URL, URL + "?print", URL + "?amp"):
        memory.learn(PAGE, url)
    assert extract(PAGE, URL, memory=memory).text == extract(PAGE, URL).text


def test_relative_addresses_are_resolved_against_url_or_base() -> None:
    page = PAGE.replace("A smith", '<a href="smith">A smith</a>')
    assert 'href="https://example.org/news/smith"' in extract(page, URL).html
    based = page.replace("<title>", '<base href="https://cdn.example/x/"><title>')
    assert 'href="https://cdn.example/x/smith"' in extract(based, URL).html
    broken = page.replace("<title>", '<base href="http://[x"><title>')
    assert extract(broken, URL).html == extract(page, URL).html


def test_extract_fragment_removes_only_title_and_phrases() -> None:
    html = f"<h1>Lamp lit again</h1><p>{FIRST}</p><p>Short.</p><p>Read more</p><script>x()</script>"
    article = extract_fragment(html, URL, title="Lamp lit again")
    assert (article.title, article.text) == ("Lamp lit again", f"{FIRST}\nShort.")


def test_code_of_a_fragment_is_not_its_title() -> None:
    article = extract_fragment("<pre>Remove a dead branch</pre>", URL, title="Remove a dead branch")
    assert article.text == "Remove a dead branch"


def test_fragment_keeps_the_notes_that_link_to_another_site() -> None:
    note = "submitted by <a href='/user/ann'>ann</a> <a href='{}'>[link]</a>"
    comments = '<a href="https://talk.example/item?id=1">Comments</a>'
    story = note.format("https://press.example/tides")
    assert extract_fragment(f"<p>{story}</p>", URL).text == "submitted by ann [link]"
    assert extract_fragment(comments, URL).html.count("https://talk.example/item?id=1") == 1
    for html in (note.format(URL), '<a href="/item?id=1">Comments</a>'):
        assert extract_fragment(f"<p>{FIRST}</p><p>{html}</p>", URL).text == FIRST


@pytest.mark.parametrize("html", ["", "  ", "<p></p>", "<!-- x -->"])
def test_empty_fragment_raises_no_content_error(html: str) -> None:
    with pytest.raises(NoContentError):
        extract_fragment(html, URL)


def test_short_page_has_its_document_and_no_other_articles() -> None:
    page = (
        "<title>Minutes</title><main><h1>Minutes</h1>"
        '<div><a href="/minutes.pdf">minutes</a><a href="/minutes.pdf" download>Download</a></div>'
        "<div><h3>Related</h3><div><h4>The bus shelter has a door</h4></div></div></main>"
        "<p>Hall</p><p>Council</p><p>Roads</p>"
    )
    link = '<a href="https://example.org/minutes.pdf">'
    article = extract(page, URL)
    assert article.html.strip() == f"<p>{link}minutes</a> {link}Download</a></p>"


def test_footer_of_a_page_of_scripts_is_no_content() -> None:
    page = (
        '<title>Live</title><meta property="og:title" content="Storm tide live">'
        "<div id=x></div><script>x()</script><p>Sign in</p>"
        "<div id=footer>About Press Copyright Contact Creators Terms of use</div>"
    )
    with pytest.raises(NoContentError):
        extract(page, URL)


def test_public_names_are_exactly_these() -> None:
    assert all(getattr(feedpub, name) for name in feedpub.__all__)
    assert dir(feedpub) == feedpub.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = feedpub.nothing


def test_invalid_url_raises_extract_error() -> None:
    with pytest.raises(ExtractError, match="not a web address"):
        extract("<p>Any page</p>", "http://[bad")


def test_garbage_collection_setting_is_restored() -> None:
    for page in ("<p>" + "word " * 50, "<p>"):
        with suppress(NoContentError):
            extract(page)
        assert gc.isenabled()
    gc.disable()
    try:
        extract("<p>" + "word " * 50)
        assert not gc.isenabled()
    finally:
        gc.enable()

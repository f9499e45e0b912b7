"""Items of a page that selectors of the config choose."""

import pytest

from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources.items.read import ItemSelectors, items_on_page

URL = "https://mill.example/changes"
PAGE = """<html lang="en"><head><title>Changes</title></head><body>
<nav><a href="/">Home</a></nav>
<main><h1>Changes</h1>
<section class="release" id="v2"><h2>Version 2 <a class="permalink" href="#v2">¶</a></h2>
 <p class="when"><time datetime="2025-05-02T15:01:05+02:00">2 May</time></p>
 <div class="body"><p>The wheel turns <a href="/docs/back">backwards</a>.</p>
  <p><img src="/img/wheel.jpg" alt="The wheel"></p></div></section>
<section class="release" id="v1"><h2>Version 1</h2>
 <p class="when"><time datetime="2025-01-01T08:00:00Z">1 January</time></p>
 <div class="body"><p>The first one.</p></div></section>
</main></body></html>"""


def read(body: str, **selectors: str) -> tuple[Item, ...]:
    page = Page(URL, body.encode(), "text/html", "utf-8")
    return items_on_page(page, ItemSelectors(**selectors))


def test_item_selector_alone_finds_the_other_fields() -> None:
    first, second = read(PAGE, item="section.release")
    assert (first.title, first.url, first.guid) == ("Version 2", f"{URL}#v2", "#v2")
    assert first.published is not None
    assert first.published.isoformat() == "2025-05-02T13:01:05+00:00"
    assert 'href="https://mill.example/docs/back"' in first.html
    assert "Version 2" not in first.html
    assert "2 May" not in first.html
    assert first.image == "https://mill.example/img/wheel.jpg"
    assert (second.title, second.url) == ("Version 1", f"{URL}#v1")


def test_each_field_has_a_selector() -> None:
    selectors = {
        "item": "xpath://section",
        "title": "xpath:.//h2/text()",
        "link": "xpath:.//a[@class='permalink']/@href",
        "date": "xpath:.//time/@datetime",
        "content": ".body p:first-child",
        "image": "xpath:.//img/@src",
    }
    first, second = read(PAGE, **selectors)
    assert (first.title, first.url) == ("Version 2", f"{URL}#v2")
    assert first.published is not None
    assert first.published.isoformat() == "2025-05-02T13:01:05+00:00"
    assert "backwards" in first.html
    assert "<img" not in first.html
    assert first.image == "https://mill.example/img/wheel.jpg"
    assert second.url is None  # its selector matches nothing


@pytest.mark.parametrize("item", ["h2", ".heading"])
def test_selected_heading_stands_for_its_section(item: str) -> None:
    """Renderers of Markdown put neither the title nor the text of a section into an element."""
    body = """<main><div class="heading"><h2 id="b">B</h2></div><p>About b.</p><h3>More</h3>
    <p>Of b.</p><div class="heading"><h2 id="a">A</h2></div><p>About a.</p>
    <footer>Imprint</footer></main>"""
    first, second = read(body, item=item)
    assert (first.title, first.url) == ("B", f"{URL}#b")
    assert "About b." in first.html
    assert "<h3>More</h3>" in first.html
    assert "About a" not in first.html
    assert "About a." in second.html
    assert "Imprint" not in second.html


def test_link_of_a_table_of_contents_stands_for_the_section() -> None:
    body = """<p><a class="toc" href="#b">B</a></p><p><a class="toc" href="#a">A</a></p>
    <h2 id="b">Version B</h2><p>About b.</p><h2 id="a">Version A</h2><p>About a.</p>"""
    first, second = read(body, item="a.toc")
    assert (first.title, first.url) == ("Version B", f"{URL}#b")
    assert first.html == "<p>About b.</p>"
    assert "About a." in second.html


def test_row_of_a_table_becomes_paragraphs_with_the_labels_of_its_columns() -> None:
    body = """<table><tr><th>Day</th><th>Event</th><th>Place</th></tr>
    <tr class="e"><td>2 May 2025</td><td><a href="/e/1">Flea market</a></td><td>Old mill</td></tr>
    <tr class="e"><td>9 May 2025</td><td>General assembly</td><td><b>Town</b> hall</td></tr></table>
    """
    second, first = read(body, item="tr.e")  # the oldest row is on top
    assert (first.title, first.url) == ("Flea market", "https://mill.example/e/1")
    assert first.html == "<p><strong>Place:</strong> Old mill</p>"
    assert (second.title, second.url) == ("General assembly", None)
    assert second.html == "<p><strong>Place:</strong> <b>Town</b> hall</p>"
    assert second.published is not None
    assert second.published.isoformat() == "2025-05-09T00:00:00+00:00"


def test_term_with_its_definitions_is_an_item() -> None:
    body = """<dl><dt id="two">Two</dt><dd>Is even.</dd><dd>And prime.</dd>
    <dt id="one">One</dt><dd>Is odd.</dd></dl>"""
    first, second = read(body, item="dt")
    assert (first.title, first.url) == ("Two", f"{URL}#two")
    assert "Is even." in first.html
    assert "And prime." in first.html
    assert (second.title, second.html) == ("One", "<dd>Is odd.</dd>")


def test_frames_and_formulas_are_content() -> None:
    body = """<article><h2>One</h2><iframe src="https://video.example/1"></iframe>
    <script type="math/tex">x^2</script><script>alert(1)</script></article>"""
    (item,) = read(body, item="article")
    assert "https://video.example/1" in item.html
    assert "x^2" in item.html
    assert "alert" not in item.html


def test_link_of_a_title_to_another_site_counts_less_than_an_anchor() -> None:
    body = '<p class="n" id="n7"><a class="title" href="https://other.example/x">Seen</a> there</p>'
    (item,) = read(body, item=".n", title="a")
    assert (item.title, item.url) == ("Seen", f"{URL}#n7")
    (item,) = read(body.replace('id="n7"', ""), item=".n", title="a")
    assert item.url == "https://other.example/x"


def test_read_more_link_to_the_item_itself_is_left_out() -> None:
    body = """<article><h2><a href="/a">Title of a</a></h2><p>Words.</p>
    <p class="more"><a href="/a">Read more</a></p></article>"""
    (item,) = read(body, item="article")
    assert item.html.strip() == "<p>Words.</p>"


# --- identity ---


def notice(text: str, title: str = "", date: str = "") -> str:
    heading = f"<h3>{title}</h3>" if title else ""
    return f'<div class="n">{heading}<time>{date}</time><p>{text}</p></div>'


def guids(*notices: str) -> list[str]:
    return [item.guid for item in read("".join(notices), item=".n")]


def test_item_without_a_link_is_known_by_title_and_date() -> None:
    before = guids(notice("Closed.", "Pool", "2025-05-02"), notice("Open.", "Pool", "2025-05-01"))
    after = guids(
        notice("Closed again.", "Pool", "2025-05-03"),
        notice("Closed, we are sorry.", "Pool", "2025-05-02"),
        notice("Open.", "Pool", "2025-05-01"),
    )
    assert after[1:] == before
    assert len(set(after)) == 3


def test_items_alike_in_title_stay_the_same_if_others_are_added_above() -> None:
    before = guids(notice("One.", "Notice"))
    later = guids(notice("Two.", "Notice"), notice("One.", "Notice"))
    last = guids(notice("Three.", "Notice"), notice("Two.", "Notice"), notice("One.", "Notice"))
    assert later[1:] == before
    assert last[1:] == later


def test_item_without_title_and_anchor_is_known_by_its_content() -> None:
    before = guids(notice("One."), notice("Two."))
    assert guids(notice("Three."), notice("One."), notice("Two."))[1:] == before


def test_anchors_that_are_numbered_from_the_top_identify_nothing() -> None:
    """They change with each new item: the first one is always #item-1."""
    body = "".join(f'<div class="n" id="item-{n}"><h3>Title {4 - n}</h3></div>' for n in (1, 2, 3))
    assert [item.url for item in read(body, item=".n")] == [None, None, None]
    body = "".join(f'<div class="n" id="item-{n}"><h3>Title {n}</h3></div>' for n in (3, 2, 1))
    assert [item.url for item in read(body, item=".n")] == [f"{URL}#item-{n}" for n in (3, 2, 1)]


def test_version_changes_with_the_content() -> None:
    (before,) = read(notice("One.", "Title"), item=".n")
    (same,) = read(notice("One.", "Title"), item=".n")
    (after,) = read(notice("One!", "Title"), item=".n")
    assert before.version == same.version
    assert before.version != after.version


# --- errors ---


@pytest.mark.parametrize(
    ("selectors", "reason"),
    [
        ({"item": ".gone"}, 'item = ".gone" matches nothing in the page; left out, 2 items'),
        ({"item": "xpath://p[count(string(.)) = 1]"}, "item = .* cannot be evaluated on this page"),
        (
            {"item": "section", "date": "xpath:p[count(string(.)) = 1]"},
            "date = .* cannot be evaluated on an item",
        ),
    ],
)
def test_selector_that_fails_is_named(selectors: dict[str, str], reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        read(PAGE, **selectors)


def test_error_page_is_no_list_of_items() -> None:
    body = "<html><head><title>404 Not Found</title></head><body><h2>Gone</h2></body></html>"
    with pytest.raises(NoContentError, match="the site answered with an error page"):
        read(body)


def test_selected_link_may_be_the_same_in_all_items() -> None:
    """Repeated links are left out only if nothing in the items is selected."""
    item = (
        '<div class="e"><h3>Walk {n}</h3><p>Bring boots.</p><p><a href="/join">Join</a></p></div>'
    )
    body = "".join(item.format(n=number) for number in range(4))
    assert {each.url for each in read(body, item=".e", link="a")} == {"https://mill.example/join"}
    assert not any("/join" in each.html for each in read(body, item=".e"))

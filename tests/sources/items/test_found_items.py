"""Items that are found on a page without a selector."""

import time
from contextlib import suppress

import pytest

from feedpub.core.errors import NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources.items.read import items_on_page

URL = "https://town.example/page"
TEXTS = (
    "The bridge over the mill race is closed until further notice, please use the ford.",
    "The library opens at ten on Saturdays, and it closes at noon as it always did.",
    "Rubbish is collected on Tuesday in this week because Monday is a holiday.",
)
DATES = ("3 May 2025", "28 April 2025", "2 April 2025")
DAYS = ("2025-05-03", "2025-04-28", "2025-04-02")
AROUND = """<html lang="{lang}"><head><title>Page</title></head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/a">About us</a></li></ul></nav></header>
<main><h1>Notices of the town</h1><p>Welcome to the notices, which we keep up to date.</p>{list}
</main><aside><h3>Latest</h3><ul><li><time>2025-06-01</time><a href="/x">Something else</a></li>
<li><time>2025-05-30</time><a href="/y">Quite another thing</a></li></ul></aside>
<footer><p>Copyright 2025. All rights reserved.</p><a href="/imprint">Imprint</a></footer>
</body></html>"""


def find(markup: str, lang: str = "en") -> tuple[Item, ...]:
    body = AROUND.replace("{lang}", lang).replace("{list}", markup)
    return items_on_page(Page(URL, body.encode(), "text/html", "utf-8"))


def repeat(pattern: str) -> str:
    """Return a pattern for each text: {text}, {date}, {day}, {up} counts up, {down} down."""
    parts = []
    for number, (text, date, day) in enumerate(zip(TEXTS, DATES, DAYS, strict=True)):
        values = {"text": text, "date": date, "day": day, "up": number, "down": 9 - number}
        parts.append(pattern.format(**values))
    return "".join(parts)


@pytest.mark.parametrize(
    "markup",
    [
        repeat("<p><b>{date}</b><br>{text}</p>"),
        repeat("<p><b>{date}</b> - {text}</p>"),
        f"<ul>{repeat('<li><strong>{day}</strong>: {text}</li>')}</ul>",
        f"<ul>{repeat('<li>{day}: {text}</li>')}</ul>",
        f"<dl>{repeat('<dt>{date}</dt><dd>{text}</dd>')}</dl>",
        repeat("<p>{date}</p><p>{text}</p><hr>"),
        repeat('<div class="n"><p class="date">{date}</p><p>{text}</p></div>'),
        repeat("<font size=2><b>{date}</b></font><br>{text}<br><br>"),
        repeat("<b>{date}</b><br>{text}<br><br>"),
        "<h2>May 2025</h2><ul>"
        + repeat("<li><b>{date}</b> {text}</li>").replace("<li>", "</ul><h2>April</h2><ul><li>", 1)
        + "</ul>",
    ],
)
def test_dated_notices_without_titles(markup: str) -> None:
    """Each is published with its date, which is not a part of its text."""
    items = find(markup)
    assert [item.title for item in items] == ["", "", ""]
    assert [str(item.published)[:10] for item in items] == list(DAYS)
    for item, text, date, day in zip(items, TEXTS, DATES, DAYS, strict=True):
        assert text in item.html
        assert date not in item.html
        assert day not in item.html


@pytest.mark.parametrize(
    "markup",
    [
        repeat("<h2>Title {up}</h2><p><em>Released: {date}</em></p><p>{text}</p>"),
        repeat("<h4>Title {up}</h4><p class='meta'>Posted {day}</p><p>{text}</p>"),
        repeat(
            '<section id="v{down}"><h2>Title {up}</h2><time>{day}</time><p>{text}</p></section>'
        ),
        repeat("<details><summary>Title {up} <time>{day}</time></summary><p>{text}</p></details>"),
        f"<ul>{repeat('<li><h4>Title {up}</h4><time>{day}</time><p>{text}</p></li>')}</ul>",
        repeat(
            "<div class='day'><h3>{date}</h3><div class='n'><h4>Title {up}</h4>{text}</div></div>"
        ),
        f"<table>{repeat('<tr><td>{date}</td><th>Title {up}</th><td>{text}</td></tr>')}</table>",
    ],
)
def test_dated_items_with_titles(markup: str) -> None:
    items = find(markup)
    assert [item.title for item in items] == ["Title 0", "Title 1", "Title 2"]
    assert [str(item.published)[:10] for item in items] == list(DAYS)
    for item, text, date in zip(items, TEXTS, DATES, strict=True):
        assert text in item.html
        assert "Title" not in item.html
        assert date not in item.html


def test_sections_of_a_changelog_keep_their_subheadings() -> None:
    items = find(
        repeat("<h2>[1.{down}.0] - {day}</h2><h3>Added</h3><p>{text}</p><h3>Fixed</h3><p>Bug.</p>")
    )
    assert items[0].title == "[1.9.0] - 2025-05-03"
    assert "<h3>Added</h3>" in items[0].html
    assert "<h3>Fixed</h3>" in items[0].html
    assert str(items[0].published) == "2025-05-03 00:00:00+00:00"


def test_versions_with_anchors_need_no_dates() -> None:
    """Docusaurus and other generators of documentation write changelogs as plain pages."""
    items = find(
        repeat(
            '<h2 id="v{down}">v2.{down}.0<a class="hash-link" href="#v{down}">&#8203;</a></h2>'
            '<h3 id="f{up}">Features<a class="hash-link" href="#f{up}">#</a></h3><p>{text}</p>'
        )
    )
    assert [item.title for item in items] == ["v2.9.0", "v2.8.0", "v2.7.0"]
    assert [item.url for item in items] == [f"{URL}#v{n}" for n in (9, 8, 7)]
    assert ">Features</h3>" in items[0].html
    assert items[0].published is None


def test_releases_in_boxes_with_a_page_each() -> None:
    items = find(
        repeat(
            '<section><div class="box"><relative-time datetime="{day}T10:00:03Z">3 days ago'
            '</relative-time><h2><a href="/releases/v{down}">Release {down}</a></h2>'
            '<div class="body"><h2>News</h2><p>{text}</p></div></div></section>'
        )
    )
    assert [item.title for item in items] == ["Release 9", "Release 8", "Release 7"]
    assert items[0].url == "https://town.example/releases/v9"
    assert str(items[0].published) == "2025-05-03 10:00:03+00:00"
    assert "<h2>News</h2>" in items[0].html


def test_dates_above_several_items() -> None:
    """A status page lists its incidents by day; days without one are not items."""
    day = '<div class="day"><div class="date">{}</div>{}</div>'
    incident = (
        '<div class="incident"><div class="title"><a href="/i/{}">{}</a></div><div class="update">'
        "<strong>Resolved</strong> - {}</div></div>"
    )
    two = incident.format(3, "Three", TEXTS[0]) + incident.format(2, "Two", TEXTS[1])
    items = find(
        day.format(DATES[0], two)
        + day.format("1 May 2025", "<p>No incidents reported.</p>")
        + day.format(DATES[1], incident.format(1, "One", TEXTS[2]))
    )
    assert [item.title for item in items] == ["Three", "Two", "One"]
    assert [item.url for item in items] == [f"https://town.example/i/{n}" for n in (3, 2, 1)]
    assert [str(item.published)[:10] for item in items] == [DAYS[0], DAYS[0], DAYS[1]]
    assert "<strong>Resolved</strong>" in items[0].html


def test_terms_with_a_date_and_a_link() -> None:
    """Many Japanese sites list their news like this."""
    rows = "".join(
        f'<dt>2025年5月{n}日</dt><dd><a href="/n/{n}">お知らせ番号{n}の件について</a></dd>'
        for n in (3, 2, 1)
    )
    items = find(f"<dl>{rows}</dl>", "ja")
    assert items[0].title == "お知らせ番号3の件について"
    assert items[0].url == "https://town.example/n/3"
    assert str(items[0].published)[:10] == "2025-05-03"


@pytest.mark.parametrize(("lang", "expected"), [("en-US", "2025-05-03"), ("en-GB", "2025-03-05")])
def test_language_decides_about_numeric_dates(lang: str, expected: str) -> None:
    rows = "".join(
        f'<div class="n"><p class="d">{date}</p><p>{text}</p></div>'
        for date, text in zip(("05/03/2025", "04/03/2025", "03/03/2025"), TEXTS, strict=True)
    )
    assert str(find(rows, lang)[0].published)[:10] == expected


@pytest.mark.parametrize(
    "markup",
    [
        "<p>Only some words, and nothing that is listed.</p>",
        repeat("<h2>Question {up}?</h2><p>{text}</p>"),
        "<table><tr><td>gate</td><td>sluice</td></tr><tr><td>a</td><td>b</td></tr></table>",
    ],
)
def test_page_without_dates_and_anchors_has_no_items(markup: str) -> None:
    body = f"<html><body><main><h1>Page</h1>{markup}</main></body></html>"
    with pytest.raises(NoContentError, match="no items found in the page: tried sections"):
        items_on_page(Page(URL, body.encode(), "text/html", "utf-8"))


@pytest.mark.parametrize(
    "body",
    [
        "<p>words 1 2</p>" * 40_000,
        "<b>2 May 2024</b><br>text<br>" * 10_000,
        "<h2>V 1</h2><p>2 May 2024</p><p>text</p>" * 10_000,
        ("<div class=a><h2>A</h2>" * 200 + "</div>" * 200) * 20,
    ],
    ids=["paragraphs", "lines", "sections", "nested"],
)
def test_large_page_is_read_in_a_few_seconds(body: str) -> None:
    began = time.process_time()
    with suppress(NoContentError):
        items_on_page(Page(URL, body.encode(), "text/html", "utf-8"), limit=50)
    assert time.process_time() - began < 15


def test_terms_that_are_times_do_not_name_the_programmes_of_a_week() -> None:
    """Each day has a list of its own below its date; the times stay in the text."""
    day = """<h2>{date}</h2><dl><dt>12.00 Uhr</dt><dd><strong>Noon</strong><br>Weather.</dd>
    <dt>7:30 – 8:00 pm</dt><dd><b><a href="/talk{day}">Talk</a></b><br>{text}</dd></dl>"""
    items = find(repeat(day))
    assert [
        (item.title, item.published and item.published.date().isoformat()) for item in items
    ] == [(title, day) for day in DAYS for title in ("Noon", "Talk")]
    assert [item.url for item in items][1] == "https://town.example/talk2025-05-03"
    assert "12.00 Uhr" in items[0].html
    assert "<strong>" not in items[0].html


def test_newest_item_comes_first_if_the_oldest_one_is_on_top() -> None:
    """Items of one day are in the page's order otherwise."""
    days = ("2 April 2025", "2 April 2025", "3 May 2025")
    rows = [f"<li><b>{day}</b> {text}</li>" for day, text in zip(days, TEXTS, strict=True)]
    found = [item.html for item in find(f"<ul>{''.join(rows)}</ul>")]
    assert [text in html for text, html in zip(TEXTS[::-1], found, strict=True)] == [True] * 3


POST = """<div class="post"><img src="/avatar.jpg"><div><a href="/channel">Channel</a></div>
<a href="/v{up}"><video src="/v{up}.mp4"></video><time>0:14</time></a>
<a href="/p/{up}?single" style="width:9px;background-image:url('/photo{up}.jpg')"><span></span></a>
<div class="words">{text}
<i style="background-image:url(/emoji.png)"><b>⚓️</b></i></div>
<div class="foot">{up}K views <a href="/p/{up}"><time
datetime="{day}T07:10:31Z">07:10</time></a></div></div>"""


def test_repeated_names_and_avatars_are_no_part_of_posts() -> None:
    """The link of the date is that of the post, and its background is a picture."""
    for number, item in enumerate(find(repeat(POST))):
        assert (item.title, item.url) == ("", f"https://town.example/p/{number}")
        assert item.image == f"https://town.example/photo{number}.jpg"
        assert f'src="https://town.example/photo{number}.jpg"' in item.html
        assert TEXTS[number] in item.html
        assert not any(
            words in item.html for words in ("avatar", "Channel", "views", "07:10", "0:14")
        )

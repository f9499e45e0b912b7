import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from feedpub.builder import render_atom, render_rss
from feedpub.core.models import Enclosure, Entry, Feed
from tests.support.feeds import NOW, entry, feed

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}


def rss(case: Feed) -> etree._Element:
    return etree.fromstring(render_rss(case))[0]


def atom(case: Feed) -> etree._Element:
    return etree.fromstring(render_atom(case))


def texts(node: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in node.findall(path, NS)]


def attributes(node: etree._Element, path: str) -> list[dict[str, str]]:
    return [{str(k): str(v) for k, v in found.attrib.items()} for found in node.findall(path, NS)]


def test_entries_keep_their_order() -> None:
    case = feed(entry(1), entry(2), entry(3))
    assert (
        texts(rss(case), "item/title")
        == texts(atom(case), "a:entry/a:title")
        == ["Article 1", "Article 2", "Article 3"]
    )


def test_rss_channel_links_to_itself_and_its_page() -> None:
    channel = rss(feed(entry()))
    assert texts(channel, "link") == ["https://example.org/news"]
    assert attributes(channel, "a:link") == [
        {"href": "https://feeds.example.org/news.rss", "rel": "self", "type": "application/rss+xml"}
    ]


def test_atom_feed_links_to_itself_and_its_page() -> None:
    root = atom(feed(entry()))
    assert texts(root, "a:id") == ["https://feeds.example.org/news.atom"]
    assert attributes(root, "a:link") == [
        {
            "href": "https://feeds.example.org/news.atom",
            "rel": "self",
            "type": "application/atom+xml",
        },
        {"href": "https://example.org/news", "rel": "alternate", "type": "text/html"},
    ]


@pytest.mark.parametrize(
    ("changes", "is_archive", "links"),
    [
        ({}, False, {"self": "news"}),
        ({"previous": 3}, False, {"self": "news", "prev-archive": "news-archive-3"}),
        ({"archive": 1}, True, {"self": "news-archive-1", "current": "news"}),
        (
            {"archive": 3, "previous": 2},
            True,
            {"self": "news-archive-3", "current": "news", "prev-archive": "news-archive-2"},
        ),
    ],
)
def test_documents_link_to_previous_archives(
    changes: dict[str, int], links: dict[str, str], *, is_archive: bool
) -> None:
    case = feed(entry(), **changes)
    for suffix, root in (("rss", rss(case)), ("atom", atom(case))):
        found = {
            link["rel"]: link for link in attributes(root, "a:link") if link["rel"] != "alternate"
        }
        assert {rel: link["href"] for rel, link in found.items()} == {
            rel: f"https://feeds.example.org/{stem}.{suffix}" for rel, stem in links.items()
        }
        assert {link["type"] for link in found.values()} == {f"application/{suffix}+xml"}
        assert len(root.findall("{http://purl.org/syndication/history/1.0}archive")) == is_archive
    assert texts(atom(case), "a:id") == ["https://feeds.example.org/news.atom"]


def test_hubs_are_listed_once() -> None:
    case = feed(
        entry(),
        hubs=(
            "https://hub.example.org/",
            "https://Hub.example.org/",
            "https://hub.example.net/?a&b",
        ),
    )
    for root in (rss(case), atom(case)):
        assert [link for link in attributes(root, "a:link") if link["rel"] == "hub"] == [
            {"href": "https://hub.example.org/", "rel": "hub"},
            {"href": "https://hub.example.net/?a&b", "rel": "hub"},
        ]


@pytest.mark.parametrize(
    ("changes", "summary_only", "description", "content"),
    [
        (
            {},
            False,
            ["What article 1 is about."],
            ["<p>What article 1 is about.</p><p>And the rest of it.</p>"],
        ),
        ({"summary": ""}, False, ["<p>What article 1 is about.</p><p>And the rest of it.</p>"], []),
        ({"summary": "All.", "text": "All.", "html": "<p>All.</p>"}, False, ["<p>All.</p>"], []),
        ({"html": "", "text": ""}, False, ["What article 1 is about."], []),
        ({"summary": "All.", "text": "All.", "html": ""}, False, ["All."], []),
        ({"summary": "1 < 2 & 3"}, True, ["1 &lt; 2 &amp; 3"], []),
        ({"summary": ""}, True, [], []),
    ],
)
def test_rss_description_is_the_summary_else_the_text(
    changes: dict[str, Any],
    summary_only: bool,  # noqa: FBT001 -- a column of the table
    description: list[str],
    content: list[str],
) -> None:
    channel = rss(feed(entry(**changes), summary_only=summary_only))
    assert texts(channel, "item/description") == description
    assert texts(channel, "item/content:encoded") == content


@pytest.mark.parametrize(
    ("changes", "summary_only", "summary", "content"),
    [
        (
            {"summary": "1 < 2"},
            False,
            ["1 < 2"],
            ["<p>What article 1 is about.</p><p>And the rest of it.</p>"],
        ),
        ({"summary": ""}, False, [], ["<p>What article 1 is about.</p><p>And the rest of it.</p>"]),
        ({"summary": "All.", "text": "All.", "html": "<p>All.</p>"}, False, [], ["<p>All.</p>"]),
        ({}, True, ["What article 1 is about."], []),
        ({"summary": ""}, True, ["Article 1"], []),
    ],
)
def test_atom_has_a_plain_summary_and_html_content(
    changes: dict[str, Any],
    summary_only: bool,  # noqa: FBT001 -- a column of the table
    summary: list[str],
    content: list[str],
) -> None:
    root = atom(feed(entry(**changes), summary_only=summary_only))
    assert texts(root, "a:entry/a:summary") == summary
    assert texts(root, "a:entry/a:content") == content
    assert attributes(root, "a:entry/a:content") == [{"type": "html"}] * len(content)


def test_plain_texts_cannot_be_taken_for_markup() -> None:
    case = feed(entry(title="AT&T <b>", categories=("R&D",)), title="Q&A </p>")
    for body in (render_rss(case), render_atom(case)):
        assert "AT&#x26;T &#x3C;\N{WORD JOINER}b&gt;</title>".encode() in body
        assert "Q&#x26;A &#x3C;\N{WORD JOINER}/p&gt;</title>".encode() in body
    assert b"<category>R&#x26;D</category>" in render_rss(case)
    assert (
        texts(rss(case), "item/title")
        == texts(atom(case), "a:entry/a:title")
        == ["AT&T <\N{WORD JOINER}b>"]
    )


def test_guid_is_the_id_and_not_a_permalink() -> None:
    assert attributes(rss(feed(entry())), "item/guid") == [{"isPermaLink": "false"}]
    assert texts(rss(feed(entry())), "item/guid") == ["tag:feeds.example.org,2025-11-20:news/1"]


def test_dates_are_those_of_the_entries() -> None:
    case = feed(entry(updated=NOW - timedelta(minutes=5)), entry(2))
    channel, root = rss(case), atom(case)
    assert texts(channel, "lastBuildDate") == ["Fri, 21 Nov 2025 11:55:00 +0000"]
    assert texts(channel, "item/pubDate") == [
        "Fri, 21 Nov 2025 11:00:00 +0000",
        "Fri, 21 Nov 2025 10:00:00 +0000",
    ]
    assert texts(channel, "item/a:updated") == ["2025-11-21T11:55:00+00:00"]
    assert texts(root, "a:updated") == ["2025-11-21T11:55:00+00:00"]
    assert texts(root, "a:entry/a:updated") == [
        "2025-11-21T11:55:00+00:00",
        "2025-11-21T10:00:00+00:00",
    ]
    assert texts(root, "a:entry/a:published") == [
        "2025-11-21T11:00:00+00:00",
        "2025-11-21T10:00:00+00:00",
    ]


def test_feed_without_entries_has_no_build_date() -> None:
    channel = rss(feed())
    assert texts(channel, "title") == ["News"]
    assert texts(channel, "lastBuildDate") == []


def test_authors_without_email_are_kept() -> None:
    case = feed(entry(authors=("Mara Lindqvist", "Tom Adeyemi")))
    assert texts(rss(case), "item/dc:creator") == ["Mara Lindqvist", "Tom Adeyemi"]
    assert texts(atom(case), "a:entry/a:author/a:name") == ["Mara Lindqvist", "Tom Adeyemi"]
    assert texts(atom(case), "a:author/a:name") == []


@pytest.mark.parametrize(
    ("author", "editor", "creator", "name", "email"),
    [
        (
            "Jane Roe <jane@example.org>",
            ["jane@example.org (Jane Roe)"],
            [],
            ["Jane Roe"],
            ["jane@example.org"],
        ),
        ("jane@example.org", ["jane@example.org (News)"], [], ["News"], ["jane@example.org"]),
        ("Jane Roe", [], ["Jane Roe"], ["Jane Roe"], []),
        (None, [], [], ["News"], []),
    ],
)
def test_feed_has_an_author_if_an_entry_has_none(
    author: str | None, editor: list[str], creator: list[str], name: list[str], email: list[str]
) -> None:
    case = feed(entry(authors=()), author=author)
    assert texts(rss(case), "managingEditor") == editor
    assert texts(rss(case), "dc:creator") == creator
    assert texts(atom(case), "a:author/a:name") == name
    assert texts(atom(case), "a:author/a:email") == email


ENCLOSURES = (
    Enclosure(
        "http://localhost/episode.mp3", "audio/mpeg", 9
    ),  # no dot in the host: nothing for RSS's own element
    Enclosure("https://example.org/a.mp3", "audio/mpeg", 123),
    Enclosure("https://example.org/b.pdf", "application/pdf"),
)


def test_rss_has_one_enclosure_and_the_others_as_media() -> None:
    item = rss(feed(entry(enclosures=ENCLOSURES))).find("item")
    assert item is not None
    assert attributes(item, "enclosure") == [
        {"url": "https://example.org/a.mp3", "length": "123", "type": "audio/mpeg"}
    ]
    assert attributes(item, "media:content") == [
        {
            "url": "http://localhost/episode.mp3",
            "type": "audio/mpeg",
            "fileSize": "9",
            "medium": "audio",
        },
        {"url": "https://example.org/b.pdf", "type": "application/pdf"},
    ]


def test_atom_links_every_enclosure() -> None:
    links = attributes(atom(feed(entry(enclosures=ENCLOSURES))), "a:entry/a:link")
    assert links == [
        {"href": "https://example.org/articles/1"},
        {
            "rel": "enclosure",
            "href": "http://localhost/episode.mp3",
            "type": "audio/mpeg",
            "length": "9",
        },
        {
            "rel": "enclosure",
            "href": "https://example.org/a.mp3",
            "type": "audio/mpeg",
            "length": "123",
        },
        {"rel": "enclosure", "href": "https://example.org/b.pdf", "type": "application/pdf"},
    ]


@pytest.mark.parametrize(
    ("enclosures", "media"),
    [
        ((), [{"url": "https://example.org/i.jpg", "medium": "image"}]),
        ((Enclosure("https://example.org/i.jpg", "image/jpeg", 5),), []),
    ],
)
def test_lead_image_is_media_content_once(
    enclosures: tuple[Enclosure, ...], media: list[dict[str, str]]
) -> None:
    case = feed(entry(image="https://example.org/i.jpg", enclosures=enclosures))
    item, found = rss(case).find("item"), atom(case).find("a:entry", NS)
    assert item is not None
    assert found is not None
    for node in (item, found):
        assert attributes(node, "media:content") == media
        assert attributes(node, "media:thumbnail") == [{"url": "https://example.org/i.jpg"}]


@pytest.mark.parametrize(
    ("ttl", "period", "frequency"),
    [
        (1, "hourly", "60"),
        (30, "hourly", "2"),
        (45, "hourly", "1"),
        (60, "hourly", "1"),
        (61, "daily", "23"),
        (360, "daily", "4"),
        (1440, "daily", "1"),
        (10_080, "weekly", "1"),
        (10**7, "yearly", "1"),
    ],
)
def test_interval_is_written_as_ttl_and_update_period(
    ttl: int, period: str, frequency: str
) -> None:
    channel = rss(feed(ttl=ttl))
    assert texts(channel, "ttl") == [str(ttl)]
    assert texts(channel, "sy:updatePeriod") == [period]
    assert texts(channel, "sy:updateFrequency") == [frequency]


@pytest.mark.parametrize("ttl", [None, 0])
def test_feed_without_interval_has_no_ttl(ttl: int | None) -> None:
    channel = rss(feed(ttl=ttl))
    assert (
        texts(channel, "ttl")
        == texts(channel, "sy:updatePeriod")
        == texts(channel, "sy:updateFrequency")
        == []
    )


@pytest.mark.parametrize(
    ("icon", "in_rss"), [("https://example.org/i.png", True), ("https://example.org/i.svg", False)]
)
def test_icon_is_written_if_the_format_supports_it(icon: str, in_rss: bool) -> None:  # noqa: FBT001 -- a column of the table
    case = feed(entry(), icon=icon)
    assert texts(atom(case), "a:icon") == [icon]
    expected = [icon, "News", "https://example.org/news"] if in_rss else []
    assert [str(child.text) for child in rss(case).iterfind("image/*")] == expected


def test_language_of_entry_is_written_if_it_differs() -> None:
    case = feed(entry(1, language="en"), entry(2, language="de_at"), language="en")
    assert texts(rss(case), "language") == ["en"]
    assert texts(rss(case), "item/dc:language") == ["de-AT"]
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    root = atom(case)
    assert [node.get(lang) for node in (root, *root.findall("a:entry", NS))] == [
        "en",
        None,
        "de-AT",
    ]


def test_saved_article_links_to_its_own_page() -> None:
    case = feed(entry(url="", slug="own"))
    assert texts(rss(case), "item/link") == ["https://feeds.example.org/news/own.html"]
    assert attributes(atom(case), "a:entry/a:link") == [
        {"href": "https://feeds.example.org/news/own.html"}
    ]


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_invalid_texts_of_one_entry_do_not_affect_others(render: Callable[[Feed], bytes]) -> None:
    bad: Entry = entry(
        2,
        title="\x00\ud800",
        html="<p>\x1b[0m]]>\ufffe</p>",
        authors=("\x00",),
        categories=("\ud800",),
    )
    root = etree.fromstring(render(feed(entry(1), bad, entry(3))))
    assert len(root.findall(".//item") or root.findall("a:entry", NS)) == 3


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_rendering_does_not_switch_the_locale(render: Callable[[Feed], bytes]) -> None:
    called = set()
    sys.setprofile(lambda frame, _event, _arg: called.add(frame.f_code.co_name))
    try:
        render(feed(entry(1), entry(2)))
    finally:
        sys.setprofile(None)
    assert "rss_entry" in called or "atom_entry" in called
    assert not called & {"setlocale", "formatRFC2822"}

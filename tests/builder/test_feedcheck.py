"""Test the checker that stands for the W3C validator."""

import json

import pytest
from lxml import etree

from tests.builder import full
from tests.support.feedcheck import CHECKS, opml
from tests.support.feeds import NOW

CLEAN = {name: body.decode() for name, body in full.documents().items() if "html" not in name}


def complaints(name: str, document: str) -> list[str]:
    suffix = name.rpartition(".")[2]
    if suffix == "opml":
        return opml.check(document.encode("utf-8"), now=NOW)
    return CHECKS[suffix](document.encode("utf-8"), now=NOW)


@pytest.mark.parametrize("name", sorted(CLEAN))
def test_valid_document_has_no_complaint(name: str) -> None:
    assert complaints(name, CLEAN[name]) == []


RSS = [
    ('version="2.0">', 'version="0.92">', "root is"),
    ("<link>https://news.example/harbour</link>", "", "lacks <link>"),
    ("<link>https://news.example/harbour</link>", "<link>/harbour</link>", "not a full URI"),
    ('rel="self"', 'rel="alternate"', "no atom:link to itself"),
    ("application/rss+xml", "application/json", "not of type"),
    ("<ttl>30</ttl>", "<ttl>0</ttl>", "not a positive integer"),
    ("<ttl>30</ttl>", "<ttl>30</ttl><ttl>30</ttl>", "twice"),
    ("<ttl>30</ttl>", '<ttl unit="m">30</ttl>', "not known"),
    ("<language>en-GB", "<language>jp", "not a language"),
    ("Thu, 20 Nov 2025 16:05:00 +0000", "Fri, 20 Nov 2025 16:05:00 +0000", "not an RFC 822 date"),
    ("Thu, 20 Nov 2025 16:05:00 +0000", "2025-11-20T16:05:00Z", "not an RFC 822 date"),
    ("Thu, 20 Nov 2025 16:05:00 +0000", "Mon, 20 Nov 2028 16:05:00 +0000", "implausible"),
    ("Thu, 20 Nov 2025 16:05:00 +0000", "Sun, 20 Nov 1988 16:05:00 +0000", "implausible"),
    ("jane@news.example (Jane Roe)", "Jane Roe", "not an address with a name"),
    ("<sy:updatePeriod>hourly", "<sy:updatePeriod>Hourly", "not a period"),
    ("sy:updatePeriod", "sy:UpdatePeriod", "not known"),
    ("sy:", "syn:", "prefix"),
    ("icon.png", "icon.svg", "not a GIF"),
    ("<url>https://news.example/icon.png</url>", "", "lacks <url>"),
    ("<title>Ferries &#x26; fares: are 3 &#x3C; 4 crossings enough?</title>", "", "lacks <title>"),
    (
        "Ferries &#x26; fares: are 3 &#x3C; 4",
        "Ferries &amp;amp; fares: are 3",
        "may be taken for HTML",
    ),
    ("Ferries &#x26; fares", "Ferries &#x3C;/b>", "looks like HTML"),
    ("Ferries &#x26; fares", "Ferries \x93fares\x94", "bad character"),
    ("Ferries &#x26; fares", " Ferries", "white space around"),
    ('isPermaLink="false"', 'isPermaLink="true"', "permanent link"),
    (
        ">tag:feeds.example.org,2025-11-19:harbour/77aa01<",
        ">tag:feeds.example.org,2025-11-20:harbour/4c2f9a<",
        "guid twice",
    ),
    (">tag:feeds.example.org,2025-11-19:harbour/77aa01<", ">12345<", "not unique enough"),
    ("<category>Harbour</category>", "<category/>", "is blank"),
    ("<category>Harbour</category>", "<comments>https://news.example/c</comments>", "not known"),
    ("<category>Harbour</category>", "<author>Mara</author>", "not known"),
    ('length="14200000"', 'length="big"', "not a size"),
    ('length="14200000"', "", "lacks length"),
    ('type="audio/mpeg"', 'type="audio"', "not a media type"),
    (
        "https://news.example/audio/ferries.mp3",
        "http://localhost/ferries.mp3",
        "not an address on the web",
    ),
    ('medium="image"', 'medium="picture"', "not a medium"),
    ("&lt;p&gt;After", "&lt;script&gt;x&lt;/script&gt;&lt;p&gt;After", "element <script>"),
    ("&lt;p&gt;After", '&lt;p onclick="x"&gt;After', "attribute onclick"),
    ("&lt;p&gt;After", '&lt;p style="x"&gt;After', "attribute style"),
    ("&lt;p&gt;After", "&lt;!-- x --&gt;&lt;p&gt;After", "comment"),
    ("&lt;p&gt;After", "&lt;p&gt;&lt;p&gt;&lt;/b&gt;After", "not HTML"),
    ("&lt;p&gt;After", "&lt;my-widget&gt;&lt;/my-widget&gt;&lt;p&gt;After", "element <my-widget>"),
    ('href="https://news.example/quay"', 'href="/quay"', "relative address"),
    ('href="https://news.example/quay"', 'href="#quay"', "relative address"),
    ('href="https://news.example/quay"', 'href="javascript:x"', "script in HTML"),
]
ATOM = [
    ('xmlns="http://www.w3.org/2005/Atom"', 'xmlns="http://purl.org/atom/ns#"', "RELAX NG"),
    ("<id>https://feeds.example.org/harbour.atom</id>", "", "RELAX NG"),
    (
        "<id>https://feeds.example.org/harbour.atom</id>",
        "<id>https://Feeds.example.org/%7eharbour</id>",
        "not canonical",
    ),
    ("<id>https://feeds.example.org/harbour.atom</id>", "<id>harbour</id>", "not a full URI"),
    ("tag:feeds.example.org,2025-11-17:", "tag:feeds.example.org:", "not a tag URI"),
    ("<updated>2025-11-20T16:05:00+00:00</updated>", "<updated>2025-11-20</updated>", "RELAX NG"),
    (
        "<updated>2025-11-18T08:05:00+00:00</updated>",
        "<updated>2025-11-20T16:05:00+00:00</updated>",
        "updated twice",
    ),
    (
        "<updated>2025-11-18T08:05:00+00:00</updated>",
        "<updated>2035-11-20T16:05:00+00:00</updated>",
        "implausible",
    ),
    (
        ">tag:feeds.example.org,2025-11-19:harbour/77aa01<",
        ">tag:feeds.example.org,2025-11-20:harbour/4c2f9a<",
        "id twice",
    ),
    ('rel="self"', 'rel="alternate"', "no link to itself"),
    ('rel="self"', 'rel="me"', "relation 'me'"),
    ('rel="self" type="application/atom+xml"', 'rel="self" type="text/html"', "not of type"),
    (
        'rel="enclosure" href="https://news.example/video/ferries.mp4" type="video/mp4"',
        'href="https://news.example/v"',
        "two alternates",
    ),
    ('type="text">Ferries', 'type="html">Ferries', "not plain text"),
    ('type="html">', 'type="CDATA">', "RELAX NG"),
    ('<content type="html">', '<content type="text/html">', "is not HTML by"),
    ("<name>Mara Lindqvist</name>", "", "RELAX NG"),
    (
        "<name>Mara Lindqvist</name>",
        "<name>Mara &lt;mara@news.example&gt;</name>",
        "an address where a name",
    ),
    ("<email>jane@news.example</email>", "<email>jane</email>", "RELAX NG"),
    ('term="Harbour"', 'term=""', "is blank"),
    ("<generator>feedpub</generator>", "<generator/>", "is blank"),
    ('xml:lang="en-GB"', 'xml:lang="english"', "not a language"),
    ("<published>2025-11-20T14:05:00+00:00</published>", "<pubDate>x</pubDate>", "RELAX NG"),
    ("&lt;p&gt;After", "&lt;object&gt;&lt;/object&gt;&lt;p&gt;After", "element <object>"),
]
JSON = [
    ("https://jsonfeed.org/version/1.1", "https://jsonfeed.org/version/1", "$.version"),
    ('"title": "Harbour & quay"', '"titel": "x"', "title"),
    (
        '"home_page_url": "https://news.example/harbour"',
        '"home_page_url": "/harbour"',
        "home_page_url",
    ),
    ("2025-11-20T14:05:00+00:00", "20 Nov 2025", "date_published"),
    ("2025-11-20T14:05:00+00:00", "2035-11-20T14:05:00+00:00", "implausible"),
    ("2025-11-19:harbour/77aa01", "2025-11-20:harbour/4c2f9a", "id twice"),
    ('"content_html": "<p>No', '"x": "<p>No', "not valid under any"),
    ("<p>No summary", "<embed><p>No summary", "element <embed>"),
    ('"language": "de"', '"language": "cz"', "not a language"),
    ("Mara Lindqvist", "Mara \\u0000", "bad character"),
    ('"mime_type": "audio/mpeg"', '"mime_type": "audio"', "mime_type"),
]
OPML = [
    ('version="2.0"', 'version="3"', "root is"),
    ("<title>Feeds</title>", "", "lacks <title>"),
    ('type="rss"', 'type="atom"', "type 'atom'"),
    ('text="Harbour &amp; quay"', "", "lacks text"),
    ('xmlUrl="https://feeds.example.org/harbour.rss"', 'xmlUrl="harbour.rss"', "not a full URI"),
    ("<dateModified>Thu,", "<dateModified>Wed,", "not an RFC 822 date"),
    ('language="ar"', 'lang="ar"', "not known"),
]
ARCHIVE = [
    ("<fh:archive/>", "<fh:archive>yes</fh:archive>", "is not empty"),
    ("<fh:archive/>", '<fh:archive n="2"/>', "not known"),
    ("<fh:archive/>", "<fh:archive/><fh:archive/>", "twice"),
    ("fh:", "history:", "prefix"),
    ('rel="current"', 'rel="via"', "without a link to the live document"),
    ('rel="current"', 'rel="prev-archive"', "prev-archive twice"),
    ('rel="prev-archive"', 'rel="hub"', "an archive with a hub"),
    ("harbour-archive-1", "harbour-archive-2", "prev-archive is the document itself"),
]
ATOM_ARCHIVE = [
    *ARCHIVE,
    (
        '<link href="https://news.example/harbour/note"',
        '<link rel="current" href="https://news.example/n"',
        "relation",
    ),
]
JSON_ARCHIVE = [
    ("harbour-archive-1.json", "harbour-archive-2.json", "the next document is itself"),
    ("https://feeds.example.org/harbour-archive-1.json", "harbour-archive-1.json", "next_url"),
]
FAULTS = {
    "harbour.rss": RSS,
    "harbour.atom": ATOM,
    "harbour.json": JSON,
    "feeds.opml": OPML,
    "harbour-archive-2.rss": ARCHIVE,
    "harbour-archive-2.atom": ATOM_ARCHIVE,
    "harbour-archive-2.json": JSON_ARCHIVE,
}
CASES = [(name, *case) for name, cases in FAULTS.items() for case in cases]


@pytest.mark.parametrize(("name", "good", "bad", "complaint"), CASES)
def test_fault_is_reported(name: str, good: str, bad: str, complaint: str) -> None:
    document = CLEAN[name]
    assert good in document
    try:
        found = complaints(name, document.replace(good, bad))
    except (etree.XMLSyntaxError, json.JSONDecodeError) as error:
        found = [f"not well-formed: {error}"]
    assert any(complaint in line for line in found), found

"""Read feeds of every format, and reject other documents."""

from datetime import UTC, datetime

import pytest

from feedpub.config import FeedSource
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Enclosure, Item, Page
from feedpub.core.urls import MAX_URL_CHARS
from feedpub.sources import read_source
from feedpub.sources.feed import parse_items
from tests.sources.library import Library

URL = "https://press.example/feeds/all"
MAY = datetime(2024, 5, 17, 10, 30, tzinfo=UTC)

NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/'
    'content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:feedburner="http://rssnamespace.org/'
    'feedburner/ext/1.0" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


def items(
    body: bytes | str, *, limit: int = 50, content_type: str = "application/xml"
) -> tuple[Item, ...]:
    body = body.encode() if isinstance(body, str) else body
    return parse_items(Page(URL, body, content_type), limit=limit)


def rss(entry: str, channel: str = "<link>https://press.example/en/</link>") -> str:
    return (
        f'<rss version="2.0" {NAMESPACES}><channel><title>Press</title>{channel}<item>{entry}'
        f"</item></channel></rss>"
    )


def atom(entry: str, feed: str = "", attributes: str = "") -> str:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>Press</title><id>'
        f"tag:press.example,2024:1</id>"
        f"{feed}<entry>{entry}</entry></feed>"
    )


FORMATS = {
    "rss-0.91": """<?xml version="1.0"?>
    <!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
        "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>
        <title>P</title>
        <item><title>The quay</title><link>https://press.example/quay</link></item></channel></rss>""",
    "rss-2.0": rss("<title>The quay</title><link>https://press.example/quay</link>"),
    "rdf": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
        <channel><title>P</title></channel>
        <item rdf:about="https://press.example/quay"><title>The quay</title><link>https://press.example/quay</link></item>
        </rdf:RDF>""",
    "atom-1.0": atom(
        '<title>The quay</title><link href="https://press.example/quay"/><id>tag:x</id>'
    ),
    "atom-0.3": """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>P</title><entry>
    <title>The quay</title>
        <link rel="alternate" type="text/html" href="https://press.example/quay"/></entry></feed>""",
    "json-feed-1.0": """{"version": "https://jsonfeed.org/version/1", "title": "P",
        "items": [{"id": "1", "url": "https://press.example/quay", "title": "The quay"}]}""",
    "behind-a-warning": "\nWarning: mysql_connect() is deprecated\n<?xml version='1.0'?>"
    + rss("<title>The quay</title><link>https://press.example/quay</link>"),
    "not-well-formed": rss(
        "<title>The quay</title><link>https://press.example/quay</link><description>a & b <br></x>"
    ),
}


@pytest.mark.parametrize("body", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    "content_type", ["application/rss+xml", "text/html", "text/plain", "application/json", ""]
)
def test_format_is_detected_despite_the_content_type(body: str, content_type: str) -> None:
    """Servers send any content type; the bytes decide."""
    assert [(i.title, i.url) for i in items(body, content_type=content_type)] == [
        ("The quay", "https://press.example/quay")
    ]


RSS = rss("<title>The quay</title><link>https://press.example/quay</link>")
_QUAY = "<title>The quay</title><link>https://press.example/quay</link>"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XHTML = '<div xmlns="http://www.w3.org/1999/xhtml"><h1>The quay</h1><p>All of it.</p></div>'

ROOTS = {
    "rdf-under-another-prefix": f"""<r:RDF xmlns:r="{_RDF}" xmlns="http://purl.org/rss/1.0/">
        <channel r:about="/"><title>P</title></channel><item r:about="/quay">{_QUAY}</item>
        </r:RDF>""",
    "rdf-without-prefix": f"""<RDF xmlns="{_RDF}" xmlns:s="http://purl.org/rss/1.0/">
        <s:item><s:title>The quay</s:title><s:link>https://press.example/quay</s:link></s:item></RDF>""",
    "rss-0.90": f"""<rdf xmlns="{_RDF}"><item xmlns="http://my.netscape.com/rdf/simple/0.9/">{_QUAY}</item></rdf>""",
    "rss-0.92-in-capitals": """<RSS VERSION="0.92"><CHANNEL><ITEM><TITLE>The quay</TITLE>
        <LINK>https://press.example/quay</LINK></ITEM></CHANNEL></RSS>""",
    "rss-2.0-under-a-prefix": """<x:rss xmlns:x="http://backend.userland.com/rss2" version="2.0">
    <x:channel><x:item>
        <x:title>The quay</x:title><x:link>https://press.example/quay</x:link></x:item></x:channel></x:rss>""",
    "channel-without-rss": f"<channel><title>P</title><link>https://press.example/</link><item>"
    f"{_QUAY}</item></channel>",
    "channel-definition": """<CHANNEL HREF="https://press.example/"><TITLE>P</TITLE>
        <ITEM HREF="https://press.example/quay"><TITLE>The quay</TITLE><ABSTRACT>All.</ABSTRACT>
        </ITEM></CHANNEL>""",
    "atom-under-another-prefix": f"""<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>P</a:title><a:entry>
        <a:title>The quay</a:title><a:link href="https://press.example/quay"/><a:id>tag:x</a:id>
        <a:content type="xhtml">{_XHTML}</a:content></a:entry></a:feed>""",
    "atom-entry": f"""<entry xmlns="http://www.w3.org/2005/Atom"><title>The quay</title>
        <link href="https://press.example/quay"/><id>tag:x</id>
        <content type="xhtml">{_XHTML}</content></entry>""",
    "atom-0.3-under-a-prefix": f"""<old:feed xmlns:old="http://purl.org/atom/ns#" version="0.3">
    <old:entry>
        <old:title>The quay</old:title><old:link rel="alternate" href="https://press.example/quay"/>
        <old:content type="application/xhtml+xml" mode="xml">{_XHTML}</old:content></old:entry>
        </old:feed>""",
    "an-unknown-root": f"<ticker><head><title>P</title></head><item>{_QUAY}</item></ticker>",
    "no-root": f"<title>P</title><item>{_QUAY}</item>",
}
_LICENCE = "<!-- Permission is granted, free of charge, to read <p>this</p> & <b>more</b>. -->"

PROLOGS = {
    "a-comment-of-5-kb": f"<?xml version='1.0'?><!-- {_LICENCE[5:-4] * 80} -->",
    "a-comment-of-200-kb": f"<!-- {'word ' * 40_000} -->",
    "200-comments": _LICENCE * 200,
    "style-sheets": "<?xml version='1.0'?>"
    + "<?xml-stylesheet href='/feed.xsl' type='text/xsl'?>\n" * 100,
    "a-document-type": '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://'
    'my.netscape.example/rss-0.91.dtd">',
    "40-kb-of-entities": f"<!DOCTYPE rss [{'<!ENTITY deg SYSTEM>' * 2000}]>{_LICENCE}",
    "comment-then-document-type": f"<?xml version='1.0'?>{_LICENCE}<!doctype rss [<!ENTITY a 'b'>"
    f" ]  >{_LICENCE}",
    "white-space": " \n\t" * 10_000,
    "a-byte-order-mark": "\ufeff<?xml version='1.0' encoding='utf-8'?>",
}
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig")
CONTENT_TYPES = ("application/xml", "text/html", "text/plain", "")


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("body", ROOTS.values(), ids=ROOTS)
def test_feed_is_read_with_any_namespace_prefix(body: str, content_type: str) -> None:
    """XHTML in an entry does not make it an HTML page."""
    assert [(i.title, i.url) for i in items(body, content_type=content_type)] == [
        ("The quay", "https://press.example/quay")
    ]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize(
    "root", ["rss-2.0", "rdf-under-another-prefix", "atom-under-another-prefix"]
)
@pytest.mark.parametrize("prolog", PROLOGS.values(), ids=PROLOGS)
def test_feed_is_read_after_any_prolog(prolog: str, root: str, content_type: str) -> None:
    """Comments, instructions and a document type may be long."""
    body = prolog + (FORMATS | ROOTS)[root]
    assert [(i.title, i.url) for i in items(body, content_type=content_type)] == [
        ("The quay", "https://press.example/quay")
    ]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_feed_is_read_in_any_encoding(encoding: str, content_type: str) -> None:
    """A byte order mark or its first bytes identify it."""
    body = f"<?xml version='1.0' encoding='{encoding}'?>{RSS}".encode(encoding)
    assert [item.title for item in items(body, content_type=content_type)] == ["The quay"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize(
    "body",
    [
        f"<html><body><p>Our feed:</p><item>{_QUAY}</item></body></html>",
        f"<!-- Press --><!DOCTYPE html><title>P</title><item>{_QUAY}</item>",
        (
            f'<?xml version="1.0"?><x:html xmlns:x="http://www.w3.org/1999/xhtml"><item>{_QUAY}</'
            f"item></x:html>"
        ),
        "<div><p>Our <a href='/feed'>feed</a></p></div>",
    ],
)
def test_page_is_not_a_feed(body: str, content_type: str) -> None:
    """Its root or document type is HTML, or it has no entries."""
    with pytest.raises(ExtractError, match="found an HTML page"):
        items(body, content_type=content_type)


def test_a_document_type_in_an_entry_is_text() -> None:
    """Declarations count only before the root."""
    entry = (
        "<link>/a</link><description><![CDATA[Write <!DOCTYPE html> first, then <html>.]]></"
        "description>"
    )
    (item,) = items(rss(f"<title>A</title>{entry}"))
    assert "first, then" in item.summary


def test_rss_entry_has_all_fields() -> None:
    """They are title, authors, dates, categories, enclosure, image, description and content."""
    entry = """<title>The quay &amp;amp; the &lt;em&gt;sea&lt;/em&gt;</title><link>https://press.example/quay</link>
        <guid isPermaLink="false">77</guid><pubDate>Fri, 17 May 2024 12:30:00 +0200</pubDate>
        <dc:creator>Ines Adler</dc:creator><dc:creator>Tom Reyes</dc:creator>
        <category>Harbour</category><category>Town</category>
        <category>Harbour</category>
        <enclosure url="https://press.example/quay.mp3" type="audio/mpeg" length="1234"/>
        <media:content url="https://press.example/quay.jpg" medium="image"/>
        <description>What the town plans.</description>
        <content:encoded><![CDATA[<p>All of it. <a href="more">More</a></p>]]></content:encoded>"""
    (item,) = items(rss(entry, "<link>https://press.example/en/</link><language>en-GB</language>"))
    assert item == Item(
        url="https://press.example/quay",
        title="The quay & the sea",
        authors=("Ines Adler", "Tom Reyes"),
        published=MAY,
        summary="What the town plans.",
        html='<p>All of it. <a href="https://press.example/more">More</a></p>',
        categories=("Harbour", "Town"),
        enclosures=(Enclosure("https://press.example/quay.mp3", "audio/mpeg", 1234),),
        image="https://press.example/quay.jpg",
        language="en-GB",
        version="The quay & the sea",
        guid="77",
        source_name="Press",
        source_url="https://press.example/en/",
    )


def test_atom_entry_has_all_fields() -> None:
    """They include its base, its language and both dates. The version changes with `updated`."""
    entry = """<title type="html">A &amp;lt; B &lt;b&gt;again&lt;/b&gt;</title><link href="quay"/>
    <id>tag:x</id>
        <published>2024-05-17T10:30:00Z</published><updated>2024-05-18T08:00:00Z</updated>
        <author><name>Ines Adler</name></author><category term="harbour" label="Harbour"/>
        <link rel="enclosure" href="quay.mp3" type="audio/mpeg" length="12"/>
        <summary>What the town plans.</summary>
        <content type="xhtml" xml:base="deep/">
        <div xmlns="http://www.w3.org/1999/xhtml"><p><img src="a.png"/></p></div>
        </content>"""
    (item,) = items(atom(entry, attributes='xml:base="https://base.example/x/" xml:lang="de"'))
    assert item == Item(
        url="https://base.example/x/quay",
        title="A < B again",
        authors=("Ines Adler",),
        published=MAY,
        updated=datetime(2024, 5, 18, 8, tzinfo=UTC),
        summary="What the town plans.",
        html='<p><img src="https://base.example/x/deep/a.png"></p>',
        categories=("Harbour",),
        enclosures=(Enclosure("https://base.example/x/quay.mp3", "audio/mpeg", 12),),
        language="de",
        version="2024-05-18T08:00:00+00:00 A < B again",
        guid="tag:x",
        source_name="Press",
    )


def test_json_feed_item_has_all_fields() -> None:
    """JSON Feed 1.1 has the feed's language and attachments."""
    (item,) = items("""{"version": "https://jsonfeed.org/version/1.1", "language": "fr", "items": [{
        "id": 7, "url": "/quai", "title": "Le quai",
        "content_html": "<p><a href='plan'>Plan</a></p>",
        "summary": "Ce que la ville prévoit.",
        "image": "/quai.jpg", "date_published": "2024-05-17T12:30:00+02:00",
        "date_modified": "2024-05-18T08:00:00Z",
        "authors": [{"name": "Ines Adler"}, {"name": "Tom Reyes"}], "tags": ["Port", "Ville"],
        "attachments": [{"url": "/quai.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12}]}]}""")
    assert item == Item(
        url="https://press.example/quai",
        title="Le quai",
        authors=("Ines Adler", "Tom Reyes"),
        published=MAY,
        updated=datetime(2024, 5, 18, 8, tzinfo=UTC),
        summary="Ce que la ville prévoit.",
        html='<p><a href="https://press.example/plan">Plan</a></p>',
        categories=("Port", "Ville"),
        enclosures=(Enclosure("https://press.example/quai.mp3", "audio/mpeg", 12),),
        image="https://press.example/quai.jpg",
        language="fr",
        version="2024-05-18T08:00:00+00:00 Le quai",
        guid="7",
    )


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("<link>/quay</link>", "https://press.example/quay"),
        ("<link>quay</link>", "https://press.example/en/quay"),
        (
            (
                "<link>https://proxy.example/1</link><feedburner:origLink>https://press.example/1</"
                "feedburner:origLink>"
            ),
            "https://press.example/1",
        ),
        ("<guid>https://press.example/2</guid>", "https://press.example/2"),
        (
            '<guid isPermaLink="false">https://press.example/?p=3</guid>',
            "https://press.example/?p=3",
        ),
        ("<link>https://press.example/log#v3</link>", "https://press.example/log#v3"),
        (
            f"<link>https://press.example/{'a' * 10_000}</link>",
            f"https://press.example/{'a' * 10_000}"[: MAX_URL_CHARS + 1],
        ),
    ],
)
def test_an_entry_leads_to_its_article(entry: str, url: str) -> None:
    assert [item.url for item in items(rss(f"<title>T</title>{entry}"))] == [url]


def test_relative_atom_links_use_the_feed_url() -> None:
    """There is no xml:base."""
    feed = atom(
        '<title>T</title><link href="../quay"/>', feed='<link href="https://press.example/en/"/>'
    )
    assert [item.url for item in items(feed)] == ["https://press.example/quay"]


@pytest.mark.parametrize(
    ("stated", "authors"),
    [
        ("nobody@gallery.example (Ines Adler)", ("Ines Adler",)),
        ("ines@gallery.photography (Ines (I.) Adler)", ("Ines (I.) Adler",)),
        ("ines@press.info (Ines)", ("Ines",)),
        ("ines@gallery.museum", ()),
        ("Ines Adler", ("Ines Adler",)),
    ],
)
def test_rss_author_is_the_name_without_the_mail_address(
    stated: str, authors: tuple[str, ...]
) -> None:
    (item,) = items(rss(f"<title>T</title><link>/a</link><author>{stated}</author>"))
    assert item.authors == authors


def test_atom_entry_without_author_has_the_author_of_the_feed() -> None:
    """RFC 4287 requires it."""
    (item,) = items(
        atom('<title>T</title><link href="/a"/>', feed="<author><name>Ines Adler</name></author>")
    )
    assert item.authors == ("Ines Adler",)


def test_long_description_is_the_content() -> None:
    """Many feeds put the article there. A short one is a summary, in which markup is allowed."""
    long = "<p>" + "The town has plans for the quay. " * 30 + "</p>"
    (item,) = items(
        rss(f"<title>T</title><link>/a</link><description><![CDATA[{long}]]></description>")
    )
    assert (item.summary, item.html) == ("", long)
    (item,) = items(
        rss(
            "<title>T</title><link>/a</link><description>&lt;p&gt;In &lt;b&gt;short&lt;/b&gt;"
            ".&lt;/p&gt;</description>"
        )
    )
    assert (item.summary, item.html) == ("In short.", "<p>In <b>short</b>.</p>")


def test_summary_equal_to_the_content_is_dropped() -> None:
    """Some feeds give the same text twice."""
    (item,) = items(
        rss(
            "<title>T</title><link>/a</link><description>All.</description><content:encoded>&lt;"
            "p&gt;All.&lt;/p&gt;</content:encoded>"
        )
    )
    assert (item.summary, item.html) == ("", "<p>All.</p>")


def test_plain_text_content_becomes_paragraphs() -> None:
    """Atom's text content and JSON Feed's content_text are escaped."""
    (item,) = items(
        atom(
            '<title>T</title><link href="/a"/><content type="text">One &lt; two.\n\nThree.</'
            "content>"
        )
    )
    assert item.html == "<p>One &lt; two.</p><p>Three.</p>"
    (item,) = items('{"items": [{"url": "/a", "content_text": "One < two.\\n\\nThree."}]}')
    assert item.html == "<p>One &lt; two.</p><p>Three.</p>"


def test_entries_are_sorted_by_date_if_all_have_one() -> None:
    """Otherwise, the limit would drop the newest of a feed that begins with its oldest entry."""
    days = [
        f"<item><title>{d}</title><link>/{d}</link><pubDate>0{d} May 2024 00:00:00 GMT</pubDate>"
        f"</item>"
        for d in (1, 3, 2)
    ]
    body = f'<rss version="2.0"><channel>{"".join(days)}</channel></rss>'
    assert [item.title for item in items(body, limit=2)] == ["3", "2"]
    undated = body.replace("<pubDate>03 May 2024 00:00:00 GMT</pubDate>", "")
    assert [item.title for item in items(undated)] == ["1", "3", "2"]


def test_only_entries_without_any_content_are_left_out() -> None:
    body = rss("<title>A</title></item><item><title>B</title><link>/b</link>")
    assert [item.title for item in items(body)] == ["A", "B"]
    reason = "none of the feed's 1 entry has a link, a title or a text"
    with pytest.raises(NoContentError, match=reason):
        items(rss("<guid>relative</guid>"))


@pytest.mark.parametrize(
    "body",
    [
        '<rss version="2.0"><channel><title>P</title></channel></rss>',
        '{"version": "x", "items": []}',
    ],
)
def test_feed_without_entries_is_reported(body: str) -> None:
    """Its entries may be gone, or the address may be wrong."""
    with pytest.raises(NoContentError, match="the feed has no entries"):
        items(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the feed is empty"),
        (
            "<html><head><title>Press</title></head><body><p>Hi</p></body></html>",
            'found an HTML page; use type = "page"',
        ),
        ('<urlset xmlns="x"><url/></urlset>', 'found a sitemap; use type = "sitemap"'),
        ("%PDF-1.4", "found a PDF"),
        ("Just words.", "found a text that is not one"),
        ("<?xml version='1.0'?><catalogue><book/></catalogue>", "found a text that is not one"),
        ('{"name": "feedpub"}', 'found JSON without "items"'),
        ('{"items": [', "found broken JSON"),
        ("[" * 100_000, "found broken JSON"),
    ],
)
def test_error_names_the_kind_of_other_document(body: str, reason: str) -> None:
    """It has advice, if there is any."""
    with pytest.raises(ExtractError, match=reason) as failure:
        items(body)
    assert failure.value.url == URL


def test_page_instead_of_a_feed_names_its_feeds() -> None:
    """They are advertised by `<link rel=alternate>`."""
    page = """<html><head><title>Press</title>
    <link rel="alternate" type="application/rss+xml" href="/rss.xml">
        <link rel="alternate" type="application/atom+xml" href="https://press.example/atom.xml">
        <link rel="alternate" hreflang="de" href="/de/"></head><body><p>Hi</p></body></html>"""
    with pytest.raises(
        ExtractError,
        match=r"it names https://press.example/rss.xml and https://press.example/atom.xml as its",
    ):
        items(page, content_type="text/html")


def test_feed_is_requested_once() -> None:
    library = Library().add(URL, FORMATS["rss-2.0"], "application/rss+xml")
    assert len(read_source(FeedSource(type="feed", url=URL), library, limit=9)) == 1
    assert library.requested == [URL]


def test_feed_is_read_in_its_declared_encoding() -> None:
    """The XML declaration counts, unless the bytes contradict it."""
    body = '<?xml version="1.0" encoding="iso-8859-1"?>' + rss(
        "<title>Ölmühle</title><link>/a</link>"
    )
    assert items(body.encode("latin-1"))[0].title == "Ölmühle"
    page = Page(
        URL, rss("<title>Ölmühle</title><link>/a</link>").encode(), "text/xml", "iso-8859-1"
    )
    assert parse_items(page, limit=1)[0].title == "Ölmühle"


HOSTILE = {
    "billion-laughs": '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
    + rss("<title>&a9;</title><link>/a</link>"),
    "two-document-types": f"<!DOCTYPE r><!DOCTYPE r [<!ENTITY a '{'lol' * 9999}'>]>"
    + rss("<title>&a;</title><link>/a</link>"),
    "document-type-behind-20-kb": f"<!-- {'x' * 20_000} --><!DOCTYPE r [<!ENTITY a "
    f"'{'lol' * 9999}'>]>" + rss("<title>&a;</title><link>/a</link>"),
    "external-entity": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    + rss("<title>&x;</title><link>/a</link>"),
    "control-char": rss("<title>A \x01\x0b B</title><link>/a</link>"),
    "ufffe": rss("<title>A \ufffe B</title><link>/a</link>"),
    "cdata-end-in-text": rss("<title>A ]]> B</title><link>/a</link>"),
    "undefined-entity": rss("<title>A &nbsp;&foo; B</title><link>/a</link>"),
    "depth-1000": rss("<title>A</title><link>/a</link>" + "<x>" * 1000 + "</x>" * 1000),
    "deep-content": rss(
        f"<title>A</title><link>/a</link><description>{'&lt;div&gt;' * 10_000}&lt;img src='/x'></"
        f"description>"
    ),
    "nul": rss("<title>A\0B</title><link>/a</link>"),
    "lone-surrogate": '{"items": [{"url": "/a", "title": "A \\ud800 B", "content_text": '
    '"\\udfff"}]}',
    "wrong-types": '{"items": [1, null, {"url": {"a": 1}}, {"url": "/a", "title": ["x"], "tags": '
    '"t", "author": 1,'
    ' "authors": [1],'
    ' "attachments": [{"url": 5}, 7, {"url": "/f", "size_in_bytes": -1}], "date_published": 5, '
    '"image": []}]}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_feed_gives_plain_items(body: str) -> None:
    """No entity is expanded, no file is read, no control character remains."""
    (item,) = items(body)
    assert item.url == "https://press.example/a"
    text = f"{item.title}{item.summary}"
    assert len(text) < 200
    assert text.isprintable()
    assert "lollol" not in text


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Feb 2023 00:00:00 GMT",
        "Fri, 31 Dec 9999 00:00:00 GMT",
        "1" * 5000,
        "2024-05-17T00:00:00+99:99",
        "",
        "yesterday",
        "0",
    ],
    ids=["feb-31", "year-9999", "digits-5000", "offset-9999", "none", "word", "zero"],
)
def test_invalid_date_is_none(date: str) -> None:
    """The entry is kept without a date."""
    (item,) = items(rss(f"<title>A</title><link>/a</link><pubDate>{date}</pubDate>"))
    assert item.published is None
    (item,) = items(
        atom(
            f'<title>A</title><link href="/a"/><published>{date}</published><updated>{date}</'
            f"updated>"
        )
    )
    assert (item.published, item.updated) == (None, None)


@pytest.mark.parametrize("length", ["9" * 400, "-5", "many", ""])
def test_enclosure_with_invalid_length_has_length_0(length: str) -> None:
    (item,) = items(
        rss(
            f'<title>A</title><link>/a</link><enclosure url="/a.mp3" type="audio/mpeg" '
            f'length="{length}"/>'
        )
    )
    assert item.enclosures == (Enclosure("https://press.example/a.mp3", "audio/mpeg", 0),)


@pytest.mark.parametrize(
    ("written", "tag"), [("de_AT", "de-AT"), ("EN", "en"), ("english", None), ("&#x41;", None)]
)
def test_language_is_a_valid_tag_or_none(written: str, tag: str | None) -> None:
    """Feeds write other values, too."""
    (item,) = items(rss("<link>https://press.example/a</link>", f"<language>{written}</language>"))
    assert item.language == tag


def test_dates_in_other_languages_are_read() -> None:
    """Greek, Hungarian and Korean feeds use them."""
    (item,) = items(
        rss("<title>A</title><link>/a</link><pubDate>Παρ, 17 Μαϊ 2024 10:30:00 GMT</pubDate>")
    )
    assert item.published == MAY

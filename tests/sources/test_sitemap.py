"""A sitemap as a source.

Its kinds, which files of an index are read, and which addresses are taken.
"""

import gzip
from datetime import UTC, datetime

import pytest

from feedpub.config import SitemapSource
from feedpub.core.errors import ExtractError, FetchError, NoContentError
from feedpub.core.models import Item
from feedpub.sources import read_source
from tests.sources.library import Library

HOST = "https://tide.example"
URL = f"{HOST}/sitemap.xml"
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*entries: str) -> str:
    """Return a urlset of entries like "/a 2024-05-01": a path, and perhaps a lastmod."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><urlset {XMLNS}>'
        f"{''.join(_node('url', e) for e in entries)}</urlset>"
    )


def index(*entries: str) -> str:
    """Return an index of sitemaps, written as `urlset`."""
    return f"<sitemapindex {XMLNS}>{''.join(_node('sitemap', e) for e in entries)}</sitemapindex>"


def _node(tag: str, entry: str) -> str:
    path, _, modified = entry.partition(" ")
    lastmod = f"<lastmod>{modified}</lastmod>" if modified else ""
    return f"<{tag}><loc>\n  {HOST}{path}\n</loc>{lastmod}</{tag}>"


def source(include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> SitemapSource:
    return SitemapSource(type="sitemap", url=URL, include=include, exclude=exclude)


def items(
    body: str | bytes, asked: SitemapSource | None = None, limit: int = 50
) -> tuple[Item, ...]:
    return read_source(asked or source(), Library().add(URL, body, "text/xml"), limit=limit)


def paths(found: tuple[Item, ...]) -> list[str]:
    return [(item.url or "").removeprefix(HOST) for item in found]


def test_articles_stand_by_lastmod_and_undated_ones_last() -> None:
    """Undated ones, and those of one moment, keep the sitemap's order."""
    body = urlset(
        "/b",
        "/old 2023-01-01",
        "/new 2024-05-01T10:00:00+02:00",
        "/same 2024-05-01T08:00:00Z",
        "/a",
    )
    assert paths(items(body)) == ["/new", "/same", "/old", "/b", "/a"]


def test_lastmod_is_when_an_article_changed_and_its_version() -> None:
    """It says nothing of when the article was published."""
    (item,) = items(urlset("/a 2024-05-01T10:00:00+02:00"))
    assert item == Item(
        url=f"{HOST}/a",
        updated=datetime(2024, 5, 1, 8, tzinfo=UTC),
        version="2024-05-01T10:00:00+02:00",
    )


def test_a_news_sitemap_gives_title_date_keywords_and_language() -> None:
    """Its first picture is taken; translations that stand beside an address are passed over."""
    (item,) = (
        items(f"""<urlset {XMLNS} xmlns:n="http://www.google.com/schemas/sitemap-news/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"
      xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url>
      <image:image><image:loc>{HOST}/a.jpg</image:loc><image:title>A picture</image:title>
      </image:image>
      <xhtml:link rel="alternate" hreflang="de" href="{HOST}/de/a"/><loc>{HOST}/a</loc>
      <lastmod>2024-05-02</lastmod>
      <n:news><n:publication><n:name>Tide</n:name><n:language>en</n:language></n:publication>
      <n:publication_date>2024-05-01T10:00:00+02:00</n:publication_date>
      <n:title>Quay &amp; sea</n:title>
      <n:keywords>Harbour, Town,, Harbour</n:keywords></n:news></url></urlset>""")
    )
    assert item == Item(
        url=f"{HOST}/a",
        title="Quay & sea",
        published=datetime(2024, 5, 1, 8, tzinfo=UTC),
        updated=datetime(2024, 5, 2, tzinfo=UTC),
        categories=("Harbour", "Town"),
        language="en",
        image=f"{HOST}/a.jpg",
        version="2024-05-02 Quay & sea",
    )


@pytest.mark.parametrize(
    "body",
    [
        urlset("/a", "/b"),
        urlset("/a", "/b").replace(XMLNS, ""),
        urlset("/a", "/b").replace(XMLNS, 'xmlns="https://www.google.com/schemas/sitemap/0.84"'),
        (
            f'<s:urlset xmlns:s="x"><s:url><s:loc>{HOST}/a</s:loc></s:url>'
            "<s:url><s:loc>/b</s:loc></s:url></s:urlset>"
        ),
        (
            f"<!-- mine --><urlset><url><loc><![CDATA[{HOST}/a]]></loc></url>"
            f"<url><loc>{HOST}/b</loc></url></urlset>"
        ),
        f"{HOST}/a\n{HOST}/b\n",
        f"\ufeff{HOST}/a\r\n\r\n{HOST}/b",
        gzip.compress(urlset("/a", "/b").encode(), mtime=0),
        gzip.compress(f"{HOST}/a\n{HOST}/b\n".encode(), mtime=0),
        urlset("/a", "/b").encode("utf-16"),
    ],
)
def test_every_kind_of_sitemap_is_read(body: str | bytes) -> None:
    """XML with any namespace or none, plain text, gzipped or not."""
    assert paths(items(body)) == ["/a", "/b"]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ({}, ["/news/b", "/news/a", "/sport/c"]),
        ({"include": ("/news/*",)}, ["/news/b", "/news/a"]),
        ({"include": ("/news/",), "exclude": ("re:/b$",)}, ["/news/a"]),
        ({"exclude": ("*/sport/*", "*/b")}, ["/news/a"]),
        ({"include": ("/tag/",)}, ["/tag/sea"]),
    ],
)
def test_patterns_say_which_addresses_are_taken(
    patterns: dict[str, tuple[str, ...]], left: list[str]
) -> None:
    """Home pages never are.

    Archives by tag and pages like /about only where a pattern includes them.
    """
    body = urlset(
        "/", "", "/news/a", "/news/b 2024-01-01", "/sport/c", "/tag/sea", "/about", "/news/a"
    )
    assert paths(items(body, source(**patterns))) == left


def test_where_only_archives_are_left_they_are_taken() -> None:
    """A site may well call its articles tags."""
    assert paths(items(urlset("/tag/sea", "/tag/land"))) == ["/tag/sea", "/tag/land"]


def test_an_index_is_read_as_far_as_it_takes() -> None:
    """The sitemap that changed last comes first.

    Older ones are not asked for once nothing in them can be newer.
    """
    library = (
        Library()
        .add(URL, index("/1.xml 2024-01-31", "/3.xml.gz 2024-03-31", "/2.xml 2024-02-28", "/0.xml"))
        .add(
            f"{HOST}/3.xml.gz",
            gzip.compress(urlset("/march 2024-03-31", "/february 2024-02-02").encode(), mtime=0),
        )
        .add(f"{HOST}/2.xml", urlset("/leap 2024-02-28"))
        .add(f"{HOST}/1.xml", urlset("/january 2024-01-31"))
    )
    assert paths(read_source(source(), library, limit=2)) == ["/march", "/leap"]
    assert library.asked == [URL, f"{HOST}/3.xml.gz", f"{HOST}/2.xml"]


def test_sitemaps_without_dates_are_read_until_there_are_enough() -> None:
    """Where nothing has a date, the index's order is all there is."""
    library = Library().add(URL, index("/1.xml", "/2.xml", "/3.xml"))
    for n in (1, 2, 3):
        library.add(f"{HOST}/{n}.xml", urlset(f"/{n}a", f"/{n}b"))
    assert paths(read_source(source(), library, limit=3)) == ["/1a", "/1b", "/2a"]
    assert library.asked[1:] == [f"{HOST}/1.xml", f"{HOST}/2.xml"]


def test_undated_sitemaps_of_dated_articles_are_all_read() -> None:
    """The newest article may stand in the last of them."""
    library = Library().add(URL, index("/1.xml", "/2.xml"))
    library.add(f"{HOST}/1.xml", urlset("/old 2015-01-01")).add(
        f"{HOST}/2.xml", urlset("/new 2024-01-01")
    )
    assert paths(read_source(source(), library, limit=1)) == ["/new"]


def test_an_index_in_an_index_is_read_and_a_circle_ends() -> None:
    """Though the protocol has neither."""
    library = Library().add(URL, index("/inner.xml", "/sitemap.xml"))
    library.add(f"{HOST}/inner.xml", index("/a.xml", "/inner.xml")).add(
        f"{HOST}/a.xml", urlset("/a")
    )
    assert paths(read_source(source(), library, limit=9)) == ["/a"]
    assert library.asked == [URL, f"{HOST}/inner.xml", f"{HOST}/a.xml"]


def test_an_endless_index_is_read_to_a_bound() -> None:
    """Fifty files a look, however many there are."""
    library = Library().add(URL, index(*(f"/{n}.xml" for n in range(500))))
    for n in range(500):
        library.add(f"{HOST}/{n}.xml", urlset(f"/{n} 2024-01-01"))
    assert len(read_source(source(), library, limit=1000)) == 49
    assert len(library.asked) == 50


def test_one_sitemap_that_fails_does_not_lose_the_others() -> None:
    """What came is listed."""
    library = Library().add(URL, index("/gone.xml 2024-05-01", "/broken.xml.gz", "/a.xml"))
    library.add(f"{HOST}/broken.xml.gz", b"\x1f\x8bnot gzip").add(f"{HOST}/a.xml", urlset("/a"))
    assert paths(read_source(source(), library, limit=9)) == ["/a"]


def test_an_index_of_which_nothing_comes_fails_with_the_first_reason() -> None:
    """Nothing listed is a failure, not an empty list."""
    with pytest.raises(FetchError, match=r"1\.xml: HTTP status 404"):
        read_source(source(), Library().add(URL, index("/1.xml", "/2.xml")), limit=9)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the sitemap is empty"),
        ("<html><head><title>Gone</title></head></html>", "expected a sitemap, found an HTML page"),
        ('<rss version="2.0"><channel/></rss>', 'found a feed; use type = "feed"'),
        ("No addresses here.", "found plain text without addresses"),
        ("{}", "found JSON"),
        (urlset(), "the sitemap has no entries"),
        (index(), "the sitemap has no entries"),
        ("<?xml version='1.0'?><urlset", "the sitemap"),
        (gzip.compress(urlset("/a").encode(), mtime=0)[:-9], "the gzipped sitemap is cut off"),
        (b"\x1f\x8b\x08\x00broken-gzip-data", "the gzipped sitemap is broken"),
    ],
)
def test_what_is_no_sitemap_is_named(body: str | bytes, reason: str) -> None:
    """With the address, and what came instead."""
    with pytest.raises(ExtractError, match=reason) as failure:
        items(body)
    assert failure.value.url == URL


def test_patterns_that_leave_nothing_say_so() -> None:
    """A pattern with a slip must not look like a site without news."""
    with pytest.raises(
        NoContentError, match="`include` and `exclude` leave none of the sitemap's 2 addresses"
    ):
        items(urlset("/a", "/b"), source(include=("/artikel/*",)))


def test_a_gzip_bomb_is_refused() -> None:
    """What unpacks to more than a sitemap may have is not unpacked whole."""
    with pytest.raises(ExtractError, match="larger than 50 MB when unpacked"):
        items(gzip.compress(b" " * 60_000_000, mtime=0))


HOSTILE = {
    "billion-laughs": '<!DOCTYPE l [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + f"]><urlset><url><loc>{HOST}/&a9;</loc></url><url><loc>{HOST}/a</loc></url></urlset>",
    "external-entity": '<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    f"<urlset><url><loc>{HOST}/a</loc><lastmod>&x;</lastmod></url></urlset>",
    "control-char": f"<urlset><url><loc>{HOST}/a</loc><lastmod>\x01</lastmod></url></urlset>",
    "undefined-entity": f"<urlset><url><loc>{HOST}/a</loc><lastmod>&nbsp;</lastmod></url></urlset>",
    "ampersand": f"<urlset><url><loc>{HOST}/a</loc></url><url><loc>ftp://x/?a=1&b=2</loc></url></"
    f"urlset>",
    "depth-1000": f"<urlset><url><loc>{HOST}/a</loc></url>{'<x>' * 1000}{'</x>' * 1000}</urlset>",
    "cut": f"<urlset><url><loc>{HOST}/a</loc></url><url><loc>{HOST}/b",
    "schemes": f"<urlset><url><loc>javascript:1</loc></url><url><loc>{HOST}/a</loc></url><url>"
    f"<loc/></url></urlset>",
    "dates": f"<urlset><url><loc>{HOST}/a</loc><lastmod>2023-02-31</lastmod></url></urlset>",
    "year-9999": f"<urlset><url><loc>{HOST}/a</loc><lastmod>9999-01-01</lastmod></url></urlset>",
    "digits-5000": f"<urlset><url><loc>{HOST}/a</loc><lastmod>{'1' * 5000}</lastmod></url></"
    f"urlset>",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_sitemaps_end_in_plain_items(body: str) -> None:
    """No entity is expanded, no file is read; what can be read is."""
    found = items(body)
    assert f"{HOST}/a" in [item.url for item in found]
    assert len(found) <= 2
    assert all(item.updated is None and "lol" not in (item.url or "") for item in found)


@pytest.mark.slow
def test_a_full_sitemap_is_read() -> None:
    """Fifty thousand addresses, as many as one file may have."""
    found = items(
        urlset(*(f"/{n} 2024-01-{n % 28 + 1:02}T10:00:00+00:00" for n in range(50_000))), limit=3
    )
    assert paths(found) == ["/27", "/55", "/83"]

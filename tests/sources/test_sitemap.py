"""Read sitemaps: their kinds, the files of an index, and the selected addresses."""

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
    body: str | bytes, requested_source: SitemapSource | None = None, limit: int = 50
) -> tuple[Item, ...]:
    return read_source(
        requested_source or source(), Library().add(URL, body, "text/xml"), limit=limit
    )


def paths(found: tuple[Item, ...]) -> list[str]:
    return [(item.url or "").removeprefix(HOST) for item in found]


def test_articles_are_sorted_by_lastmod() -> None:
    """Undated ones come last. Equal ones keep the sitemap's order."""
    body = urlset(
        "/b",
        "/old 2023-01-01",
        "/new 2024-05-01T10:00:00+02:00",
        "/same 2024-05-01T08:00:00Z",
        "/a",
    )
    assert paths(items(body)) == ["/new", "/same", "/old", "/b", "/a"]


def test_lastmod_is_the_update_time_and_the_version() -> None:
    """It is not the publication date."""
    (item,) = items(urlset("/a 2024-05-01T10:00:00+02:00"))
    assert item == Item(
        url=f"{HOST}/a",
        updated=datetime(2024, 5, 1, 8, tzinfo=UTC),
        version="2024-05-01T10:00:00+02:00",
    )


def test_news_sitemap_has_title_date_keywords_and_language() -> None:
    """Its first picture is the article's; translations are ignored."""
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
        source_name="Tide",
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
def test_patterns_select_addresses(patterns: dict[str, tuple[str, ...]], left: list[str]) -> None:
    """Home pages are never selected. Tag archives and pages like /about need an include pattern."""
    body = urlset(
        "/", "", "/news/a", "/news/b 2024-01-01", "/sport/c", "/tag/sea", "/about", "/news/a"
    )
    assert paths(items(body, source(**patterns))) == left


def test_archives_are_selected_if_there_is_nothing_else() -> None:
    """A site may call its articles tags."""
    assert paths(items(urlset("/tag/sea", "/tag/land"))) == ["/tag/sea", "/tag/land"]


def test_index_is_read_until_older_files_cannot_matter() -> None:
    """The file that changed last comes first."""
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
    assert library.requested == [URL, f"{HOST}/3.xml.gz", f"{HOST}/2.xml"]


def test_undated_sitemaps_are_read_until_the_limit() -> None:
    """Without dates, the order of the index counts."""
    library = Library().add(URL, index("/1.xml", "/2.xml", "/3.xml"))
    for n in (1, 2, 3):
        library.add(f"{HOST}/{n}.xml", urlset(f"/{n}a", f"/{n}b"))
    assert paths(read_source(source(), library, limit=3)) == ["/1a", "/1b", "/2a"]
    assert library.requested[1:] == [f"{HOST}/1.xml", f"{HOST}/2.xml"]


def test_undated_sitemaps_of_dated_articles_are_all_read() -> None:
    """The newest article may be in the last one."""
    library = Library().add(URL, index("/1.xml", "/2.xml"))
    library.add(f"{HOST}/1.xml", urlset("/old 2015-01-01")).add(
        f"{HOST}/2.xml", urlset("/new 2024-01-01")
    )
    assert paths(read_source(source(), library, limit=1)) == ["/new"]


def test_nested_index_is_read_and_a_cycle_ends() -> None:
    """The protocol allows neither."""
    library = Library().add(URL, index("/inner.xml", "/sitemap.xml"))
    library.add(f"{HOST}/inner.xml", index("/a.xml", "/inner.xml")).add(
        f"{HOST}/a.xml", urlset("/a")
    )
    assert paths(read_source(source(), library, limit=9)) == ["/a"]
    assert library.requested == [URL, f"{HOST}/inner.xml", f"{HOST}/a.xml"]


def test_endless_index_is_read_up_to_a_limit() -> None:
    """A run reads fifty files at most."""
    library = Library().add(URL, index(*(f"/{n}.xml" for n in range(500))))
    for n in range(500):
        library.add(f"{HOST}/{n}.xml", urlset(f"/{n} 2024-01-01"))
    assert len(read_source(source(), library, limit=1000)) == 49
    assert len(library.requested) == 50


def test_failed_sitemap_does_not_affect_the_others() -> None:
    library = Library().add(URL, index("/gone.xml 2024-05-01", "/broken.xml.gz", "/a.xml"))
    library.add(f"{HOST}/broken.xml.gz", b"\x1f\x8bnot gzip").add(f"{HOST}/a.xml", urlset("/a"))
    assert paths(read_source(source(), library, limit=9)) == ["/a"]


def test_index_without_a_readable_file_has_the_first_error() -> None:
    """It is a failure, not an empty list."""
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
def test_error_names_the_kind_of_other_document(body: str | bytes, reason: str) -> None:
    """It has the address."""
    with pytest.raises(ExtractError, match=reason) as failure:
        items(body)
    assert failure.value.url == URL


def test_patterns_without_a_match_are_an_error() -> None:
    """A typing error must not look like a site without news."""
    with pytest.raises(
        NoContentError, match="`include` and `exclude` leave none of the sitemap's 2 addresses"
    ):
        items(urlset("/a", "/b"), source(include=("/artikel/*",)))


def test_gzip_bomb_is_refused() -> None:
    """Decompression stops at the maximum size of a sitemap."""
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
def test_hostile_sitemap_gives_plain_items(body: str) -> None:
    """No entity is expanded, no file is read; the readable part is used."""
    found = items(body)
    assert f"{HOST}/a" in [item.url for item in found]
    assert len(found) <= 2
    assert all(item.updated is None and "lol" not in (item.url or "") for item in found)


@pytest.mark.slow
def test_full_sitemap_is_read() -> None:
    """It has 50,000 addresses, the maximum of one file."""
    found = items(
        urlset(*(f"/{n} 2024-01-{n % 28 + 1:02}T10:00:00+00:00" for n in range(50_000))), limit=3
    )
    assert paths(found) == ["/27", "/55", "/83"]

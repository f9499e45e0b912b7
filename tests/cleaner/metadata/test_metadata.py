import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from lxml.html import HtmlElement, document_fromstring

from feedpub.cleaner import metadata
from feedpub.cleaner.metadata import Metadata
from feedpub.core import languages

URL = "https://www.quay.example/2024/01/12/pier"
PROSE = (
    "The council voted on Monday to keep the old pier, after a debate that lasted until "
    "midnight and in which nearly "
    "everybody spoke. Work begins in spring, and the harbour master expects boats before "
    "the summer."
)
DAY = datetime(2024, 1, 12, tzinfo=UTC)


def page(
    head: str = "", above: str = "", below: str = "", body: str = "", lang: str = "en"
) -> HtmlElement:
    """Return a page with a headline and the given HTML above and below it."""
    return document_fromstring(
        f'<html lang="{lang}"><head>{head}</head><body><header>{above}</header>'
        "<main><h1>Council keeps the pier</h1>"
        f"{below}<p>{PROSE}</p><p>{PROSE}</p><p>{PROSE}</p>{body}</main></body></html>",
    )


def read(
    head: str = "", above: str = "", below: str = "", body: str = "", lang: str = "en"
) -> Metadata:
    return metadata.read_metadata(page(head, above, below, body, lang), URL)


def ld(**fields: Any) -> str:
    data = {"@type": "NewsArticle", "headline": "Council keeps the pier", **fields}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


# --- the order of trust ---


@pytest.mark.parametrize(
    ("head", "below", "authors"),
    [
        (ld(author="Ana One") + meta("author", "Bea Two"), "<p>By Cem Three</p>", ("Ana One",)),
        (meta("author", "Bea Two"), "<p>By Cem Three</p>", ("Bea Two",)),
        (meta("author", "Quay Staff"), "<p>By Cem Three</p>", ("Cem Three",)),
        (meta("author", "admin"), "<p>By Cem Three</p>", ("Cem Three",)),
        (
            meta("og:site_name", "Quay") + meta("author", "Quay"),
            "<p>By Cem Three</p>",
            ("Cem Three",),
        ),
        (ld(author={"@type": "Organization", "name": "AP"}), "<p>By Cem Three</p>", ("Cem Three",)),
        (ld(author={"@type": "Organization", "name": "AP"}), "", ("AP",)),
        (meta("author", "admin"), "", ("admin",)),
        (
            "",
            '<div itemprop="author" itemscope><span itemprop="name">Dee Four</span></div>',
            ("Dee Four",),
        ),
        ("", "", ()),
    ],
)
def test_authors_come_from_most_trusted_origin_with_a_person(
    head: str, below: str, authors: tuple[str, ...]
) -> None:
    assert read(head, below=below).authors == authors


@pytest.mark.parametrize(
    ("head", "below", "published"),
    [
        (
            ld(datePublished="2024-01-12T10:00:00Z") + meta("date", "2024-01-10"),
            "",
            "2024-01-12T10:00:00+00:00",
        ),
        (
            meta("article:published_time", "2024-01-12T10:00:00+02:00"),
            "",
            "2024-01-12T10:00:00+02:00",
        ),
        (meta("dc.date", "2024-01-12"), "", "2024-01-12T00:00:00+00:00"),
        (meta("x-page-publish-datetime", "2024-01-12"), "", "2024-01-12T00:00:00+00:00"),
        ("", '<time datetime="2024-01-12T10:00:00Z">Friday</time>', "2024-01-12T10:00:00+00:00"),
        (
            "",
            '<span itemprop="datePublished" content="2024-01-12">Friday</span>',
            "2024-01-12T00:00:00+00:00",
        ),
        ("", "<p>Published 12 January 2024</p>", "2024-01-12T00:00:00+00:00"),
        (
            "",
            '<div class="meta">By Marta Quill <span>12 January 2024</span></div>',
            "2024-01-12T00:00:00+00:00",
        ),
        ("", "", "2024-01-12T00:00:00+00:00"),
        (
            ld(datePublished="0001-01-01") + meta("date", "2024-01-10"),
            "",
            "2024-01-10T00:00:00+00:00",
        ),
    ],
)
def test_date_comes_from_most_trusted_origin(head: str, below: str, published: str) -> None:
    found = read(head, below=below).published
    assert found is not None
    assert found.isoformat() == published


@pytest.mark.parametrize(
    ("stated", "shown", "hours"),
    [
        ("2024-01-13T01:48:19Z", "<p>January 12, 2024 at 8:48 p.m.</p>", -5),
        ("2024-01-12T18:30:00Z", "<p>January 13, 2024, 5.30am</p>", 11),
        ("2024-01-12T18:30:00Z", "<p>January 13, 2024</p>", 6),
        ("2024-01-13T02:41:00Z", "<p>January 12, 2024</p>", -3),
        ("2024-01-13T00:00:00Z", "<p>January 12, 2024</p>", -1),
        ("2024-01-12T18:30:00-05:00", "<p>January 13, 2024</p>", -5),
        ("2024-01-12T18:30:00Z", "<p>January 12, 2024, 6.44pm</p>", 0),
        ("2024-01-12T18:30:00Z", "<p>January 12, 2024</p>", 0),
        ("2024-01-12T18:30:00+03:00", "<p>January 12, 2024, 10.30am</p>", 3),
        ("2024-01-12T18:30:00", "<p>January 12, 2024, 10.30am</p>", 0),
        ("2024-01-12T18:30:00", '<time datetime="2024-01-12T18:30:00+02:00">x</time>', 2),
    ],
)
def test_utc_date_is_converted_to_the_visible_time_zone(
    stated: str, shown: str, hours: int
) -> None:
    published = read(meta("article:published_time", stated), below=shown).published
    assert published is not None
    assert published.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("stated", "below", "published"),
    [
        ("2025-06-24", "<p>Jan 12, 2024</p>", "2024-01-12T00:00:00+00:00"),
        (
            "2024-01-14T22:00:00Z",
            "<p>Published on 12 January 2024</p>",
            "2024-01-12T00:00:00+00:00",
        ),
        ("2024-01-13T09:00:00-05:00", "<p>12 January 2024</p>", "2024-01-13T09:00:00-05:00"),
        ("2024-01-12T10:00:00Z", "<p>15 January 2024</p>", "2024-01-12T10:00:00+00:00"),
        ("2025-06-24", "<p>Updated 12 January 2024</p>", "2025-06-24T00:00:00+00:00"),
        (
            "2025-06-24",
            "<p>The pier was opened by the old harbour master on 12 January 2024.</p>",
            "2025-06-24T00:00:00+00:00",
        ),
        (
            "2025-06-24",
            "<table><tr><td>12 January 2024</td></tr></table>",
            "2025-06-24T00:00:00+00:00",
        ),
        ("2025-06-24", "<aside><p>12 January 2024</p></aside>", "2025-06-24T00:00:00+00:00"),
        (
            "2025-06-24",
            "<div class='related-posts'><p>12 January 2024</p></div>",
            "2025-06-24T00:00:00+00:00",
        ),
        ("2025-06-24", "<p class='text-navy'>12 January 2024</p>", "2024-01-12T00:00:00+00:00"),
    ],
)
def test_visible_date_is_used_if_stated_ones_are_later(
    stated: str, below: str, published: str
) -> None:
    found = metadata.read_metadata(
        page(ld(datePublished=stated), below=below), "https://quay.example/pier"
    ).published
    assert found is not None
    assert found.isoformat() == published


def test_later_visible_date_may_be_an_update() -> None:
    found = read(
        ld(datePublished="2024-01-12T10:00:00Z", dateModified="2024-02-12T10:00:00Z"),
        below="<p>12 Feb 2024</p>",
    )
    assert found.published == datetime(2024, 1, 12, 10, tzinfo=UTC)
    assert found.updated == datetime(2024, 2, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "shown", "day"),
    [
        ("https://quay.example/2024/october/03/pier", "03/10/2024", (2024, 10, 3)),
        ("https://quay.example/pier", "03/10/2024", (2024, 3, 10)),
        ("https://quay.co.uk/pier", "03/10/2024", (2024, 10, 3)),
        ("https://quay.com.au/pier", "03/10/2024", (2024, 10, 3)),
    ],
)
def test_url_resolves_ambiguous_day_and_month(
    url: str, shown: str, day: tuple[int, int, int]
) -> None:
    published = metadata.read_metadata(page(below=f"<p>{shown}</p>"), url).published
    assert published == datetime(*day, tzinfo=UTC)


def test_visible_date_selects_one_of_two_stated_dates() -> None:
    head = ld(datePublished="2022-07-04T10:00:00Z") + meta(
        "article:published_time", "2024-01-12T10:00:00Z"
    )
    assert read(head, below="<p>Jan 12, 2024</p>").published == datetime(
        2024, 1, 12, 10, tzinfo=UTC
    )
    assert read(head).published == datetime(2022, 7, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "modified", "updated"),
    [
        ("2024-01-12T10:00:00Z", "2024-01-13T10:00:00Z", datetime(2024, 1, 13, 10, tzinfo=UTC)),
        ("2024-01-12T10:00:00Z", "2024-01-12T10:00:00Z", None),
        ("2024-01-12T10:00:00Z", "2024-01-11T10:00:00Z", None),
        (
            "2024-01-12T10:00:00+05:00",
            "2024-01-12T09:00:00+01:00",
            datetime(2024, 1, 12, 8, tzinfo=UTC),
        ),
        ("2024-01-12T10:00:00Z", "soon", None),
    ],
)
def test_updated_is_set_only_if_it_is_later(
    published: str, modified: str, updated: datetime | None
) -> None:
    found = read(
        meta("article:published_time", published) + meta("article:modified_time", modified)
    )
    assert found.updated == updated


def test_unlisted_meta_names_are_classified_by_their_words() -> None:
    found = read(
        meta("x-publish-date", "2024-01-12")
        + meta("x-modified-time", "2024-01-14")
        + meta("x-date", "2020-01-01")
    )
    assert (found.published, found.updated) == (DAY, datetime(2024, 1, 14, tzinfo=UTC))


def test_update_is_used_as_publication_only_without_another_date() -> None:
    both = read(below="<p>Published: 10 January 2024</p><p>Updated: 12 January 2024</p>")
    assert (both.published, both.updated) == (datetime(2024, 1, 10, tzinfo=UTC), DAY)
    tree = page(below="<p>Last updated: 12 January 2024</p>")
    assert metadata.read_metadata(tree, "https://quay.example/pier").published == DAY


# --- visible bylines and datelines ---


@pytest.mark.parametrize(
    ("lang", "below", "authors"),
    [
        ("en", "<p>By Marta Quill</p>", ("Marta Quill",)),
        (
            "en",
            "<p>By <a href='/m'>Marta Quill</a> and <a href='/t'>Tom Adeyemi</a></p>",
            ("Marta Quill", "Tom Adeyemi"),
        ),
        (
            "en",
            "<div><span>By</span> <b>Marta Quill</b>, <b>Tom Adeyemi</b></div>",
            ("Marta Quill", "Tom Adeyemi"),
        ),
        ("en", "<div>By<!-- --> <a>Marta Quill</a></div>", ("Marta Quill",)),
        (
            "en",
            "<div class='byline'>By<span>Marta Quill</span><span>Senior Reporter</span></div>",
            ("Marta Quill",),
        ),
        ("en", "<a class='article-author' href='/x'>Marta Quill</a>", ("Marta Quill",)),
        ("en", "<a rel='author' href='/x'>Marta Quill</a>", ("Marta Quill",)),
        ("en", "<a href='/authors/marta-quill'>Marta Quill</a>", ("Marta Quill",)),
        ("en", "<p>By Marta Quill | 12 January 2024</p>", ("Marta Quill",)),
        ("en", "<div id='author'>Marta Quill</div>", ("Marta Quill",)),
        (
            "de",
            (
                "<div class='autoren'><span class='n'>Anna Groß</span> <span class='n'>Jan "
                "Maier</span></div>"
            ),
            ("Anna Groß", "Jan Maier"),
        ),
        ("de", "<p>Von <b>Anna Groß</b> und <b>Jan Maier</b></p>", ("Anna Groß", "Jan Maier")),
        ("fr", "<p>Par <b>Anne Lefèvre</b></p>", ("Anne Lefèvre",)),
        ("es", "<p>Por <a>Ana Ruiz</a></p>", ("Ana Ruiz",)),
        ("it", "<p>di Anna Russo</p>", ("Anna Russo",)),
        ("pt-BR", "<p>Por Ana Souza</p>", ("Ana Souza",)),
        ("nl", "<p>Door: Anna de Vries</p>", ("Anna de Vries",)),
        ("sv", "<p>Text: Anna Berg</p>", ("Anna Berg",)),
        ("pl", "<p>Autor: Anna Nowak</p>", ("Anna Nowak",)),
        ("ru", "<p>Автор: <span>Анна Белова</span></p>", ("Анна Белова",)),
        ("tr", "<p>Yazan: Ayşe Kaya</p>", ("Ayşe Kaya",)),
        ("id", "<p>Oleh: Dewi Sari</p>", ("Dewi Sari",)),
        ("zh", "<p>文/张三</p>", ("张三",)),
        ("ja", "<p>文：山田太郎</p>", ("山田太郎",)),
        ("en", "<div><span>Written by</span> <b>Marta</b></div>", ("Marta",)),
        ("en", "<div>By <a href='/u'>mquill</a></div>", ("mquill",)),
        ("en", "<div>By <a href='/u'>Dr. Marta Quill</a></div>", ("Dr. Marta Quill",)),
        (
            "en",
            "<div class='elementor-widget'><h4 class='author-box__name'>Marta Quill</h4></div>",
            ("Marta Quill",),
        ),
        ("en", "<aside class='post-author'>Marta Quill</aside>", ("Marta Quill",)),
        ("en", "<div class='author-card'><b>Marta Quill</b></div>", ("Marta Quill",)),
        ("en", "<aside><span class='post-author'>Marta Quill</span></aside>", ()),
        ("en", "<p>By <b>AFP</b></p>", ()),
        ("en", "<p>By the numbers</p>", ()),
        ("en", "<aside class='related'><span class='author'>Tom Adeyemi</span></aside>", ()),
        ("en", "<div class='comments'><span class='author'>Tom Adeyemi</span></div>", ()),
        ("en", "<a href='/authors/all'>Learn More</a>", ()),
        ("en", "<div class='byline'>Council keeps pier and harbour</div>", ()),
    ],
)
def test_byline_below_headline_is_found(lang: str, below: str, authors: tuple[str, ...]) -> None:
    assert read(below=below, lang=lang).authors == authors


def test_byline_nearest_to_headline_is_used() -> None:
    teaser = "<div class='x'><h3>Town clock</h3><p class='byline'>By Tom Adeyemi</p></div>"
    assert read(below="<p class='byline'>By Marta Quill</p>", body=teaser * 3).authors == (
        "Marta Quill",
    )


def test_byline_at_the_end_is_found_if_there_is_no_other() -> None:
    tree = page(body="<p>Written by Marta Quill</p><p>Published: <b>12 January 2024</b></p>")
    found = metadata.read_metadata(tree, "https://quay.example/pier")
    assert (found.authors, found.published) == (("Marta Quill",), DAY)


def test_date_at_the_top_is_found_if_there_is_no_other() -> None:
    tree = document_fromstring(
        f"<body><b>The pier</b> 12 January 2024<p>{PROSE}</p><p>1 May 1999</p></body>"
    )
    assert metadata.read_metadata(tree, "https://quay.example/pier").published == DAY
    tree = document_fromstring(f"<body><b>The pier</b><p>{PROSE}</p><p>1 May 1999</p></body>")
    assert metadata.read_metadata(tree, "https://quay.example/pier").published is None


def test_only_date_is_that_of_the_update() -> None:
    tree = page(body="<p>Last updated: 12 January 2024. Webmaster: Len</p>")
    found = metadata.read_metadata(tree, "https://quay.example/pier")
    assert (found.published, found.updated) == (DAY, DAY)


def test_day_on_which_the_author_joined_is_no_date_of_the_article() -> None:
    profile = "<dl><dd><b>Joined:</b> Mon Mar 04, 2019 7:11 pm</dd></dl>"
    url = "https://forum.example/viewtopic.php?t=7"
    assert metadata.read_metadata(page(below=profile), url).published is None
    dated = page(below=f'{profile}<time datetime="2024-01-12">Friday</time>')
    assert metadata.read_metadata(dated, url).published == DAY


def test_mail_in_an_archive_has_its_sender_and_time() -> None:
    below = (
        '<b>Release robot</b> <a href="mailto:list@example.net">robot at example.net</a><br>'
        "<i>Fri Jan 12 06:30:00 UTC 2024</i>"
        "<pre>On Thu, 11 Jan 2024 at 11:14, Jon &lt;<a>jon at example.org</a>&gt; wrote:</pre>"
    )
    found = metadata.read_metadata(page(below=below), "https://lists.example/000412.html")
    assert found.authors == ("Release robot",)
    assert found.published == datetime(2024, 1, 12, 6, 30, tzinfo=UTC)


def test_date_in_a_quotation_of_a_mail_is_not_the_articles() -> None:
    below = "<pre>On Thu, 11 Jan 2024 at 11:14, Jon &lt;<a>jon at example.org</a>&gt; wrote:</pre>"
    found = metadata.read_metadata(page(below=below), "https://lists.example/000412.html")
    assert found.published is None


def test_empty_time_element_with_attribute_is_read() -> None:
    found = metadata.read_metadata(
        page(below='<time datetime="2024-01-12"></time>'), "https://quay.example/pier"
    )
    assert found.published == DAY


def test_date_above_headline_is_found() -> None:
    tree = page(above="<div>12 January 2024</div>")
    main = tree.find(".//main")
    assert main is not None
    main.insert(0, document_fromstring("<p>12 January 2024</p>").find(".//p"))
    assert metadata.read_metadata(tree, "https://quay.example/pier").published == DAY


@pytest.mark.parametrize(
    ("below", "body"),
    [
        (
            "",
            '<article><footer class="post-footer"><time>January 12, 2024</time></footer></article>',
        ),
        (
            "",
            (
                '<p class="t1"><a href="/author/ana-one">Ana One</a></p><p class="t2">January '
                "12, 2024</p>"
            ),
        ),
        ("", "<div>Post time: 01-12-2024</div>"),
        ("", """<div data-page='{"article": {"datePublished": "2024-01-12T00:00:00Z"}}'></div>"""),
        (
            "",
            r"""<script>self.push([1, "{\"datePublished\":\"2024-01-12T00:00:00Z\"}"])</script>""",
        ),
    ],
    ids=["article's footer", "after its author", "post time", "attribute", "script's text"],
)
def test_date_is_found_by_position_or_in_scripts(below: str, body: str) -> None:
    assert (
        metadata.read_metadata(page(below=below, body=body), "https://quay.example/pier").published
        == DAY
    )


def test_date_in_page_footer_is_ignored() -> None:
    tree = page(body='<div class="footer"><time>January 12, 2024</time></div>')
    assert metadata.read_metadata(tree, "https://quay.example/pier").published is None


def test_stated_date_selects_one_of_several_visible_dates() -> None:
    shown = "<p>Submitted 4 January 2024</p><p>12 January 2024</p>"
    tree = page(meta("citation_date", "2024-01-12"), below=shown)
    assert metadata.read_metadata(tree, "https://quay.example/pier").published == DAY


@pytest.mark.parametrize(
    ("below", "lines"),
    [
        ("<p>By Marta Quill</p>", ["By Marta Quill"]),
        ("<p>By Marta Quill</p><p>12 January 2024</p>", ["12 January 2024", "By Marta Quill"]),
        ('<time datetime="2024-01-12">12 January 2024</time>', ["12 January 2024"]),
        (f'<div class="author-and-text">By Marta Quill <p>{PROSE}</p></div>', []),
        (
            (
                "<p>On 12 January 2024 the council met in the old hall to talk about nothing "
                "but the pier again</p>"
            ),
            [],
        ),
    ],
)
def test_byline_elements_contain_no_prose(below: str, lines: list[str]) -> None:
    found = [
        " ".join(element.text_content().split()) for element in read(below=below).byline_elements
    ]
    assert sorted(set(found)) == lines


# --- title ---


@pytest.mark.parametrize(
    ("html", "title"),
    [
        (
            "<title>Council keeps the pier | Quay</title><h1>Council keeps the pier</h1>",
            "Council keeps the pier",
        ),
        ("<title>Council keeps the pier | Quay</title>", "Council keeps the pier"),
        ("<title>x</title><h1>Council<br>keeps <b>the</b> pier</h1>", "Council keeps the pier"),
        ("<title>Keeping | Manual</title><h1>Keeping<a href='#keeping'>¶</a></h1>", "Keeping"),
        ("<title>The pier stays | Quay</title><div class=h>The pier stays</div>", "The pier stays"),
        ("<svg><title>Logo</title></svg><title>The pier stays</title>", "The pier stays"),
        (
            (
                "<title>Quay Diary: The pier stays</title><h1><a href='/'>Quay "
                "Diary</a></h1><h3>The pier stays</h3>"
            ),
            "The pier stays",
        ),
        ("<p>nothing</p>", ""),
    ],
)
def test_title_is_the_visible_headline_else_the_stated_one(html: str, title: str) -> None:
    assert (
        metadata.read_metadata(
            document_fromstring(f"<html><body>{html}</body></html>"), "https://quay.example/p"
        ).title
        == title
    )


# --- language ---


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("de_DE", "de-DE"),
        ("de_DE.UTF-8", "de-DE"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("sr-Latn", "sr-Latn"),
        ("es-419", "es-419"),
        (" pt-br ", "pt-BR"),
        ("en, de", "en"),
        ("utf-8", None),
        ("und", None),
        ("english", None),
        ("x", None),
        ("", None),
    ],
)
def test_language_tags_are_normalised(tag: str, language: str | None) -> None:
    assert languages.normalize_language(tag) == language


@pytest.mark.parametrize(
    ("html", "language"),
    [
        (f'<html lang="de"><body><p>{PROSE}</p></body></html>', "de"),
        (
            (
                f'<html><head><meta property="og:locale" '
                f'content="fr_FR"></head><body><p>{PROSE}</p></body></html>'
            ),
            "fr-FR",
        ),
        (
            f'<html lang=""><head>{ld(inLanguage="it")}</head><body><p>{PROSE}</p></body></html>',
            "it",
        ),
        (f"<html><body><p>{PROSE}</p></body></html>", "en"),
        ("<html><body><p>Pier</p></body></html>", None),
    ],
)
def test_language_is_declared_else_detected(html: str, language: str | None) -> None:
    assert metadata.read_metadata(document_fromstring(html)).language == language


# --- addresses ---


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://quay.example/pier", "https://quay.example/pier"),
        ("https://m.quay.example/pier", "https://m.quay.example/pier"),
        ("/pier", "https://www.quay.example/pier"),
        ("pier?id=3", "https://www.quay.example/2024/01/12/pier?id=3"),
        ("https://other.example/pier", None),
        ("https://quay.example/", None),
        ("/", None),
        ("javascript:void(0)", None),
        ("mailto:x@quay.example", None),
        ("https://[broken/pier", None),
        ("https://www.quay.example:99999/pier", None),
        ("https://www.quay.example:https/pier", None),
    ],
)
def test_canonical_url_must_be_on_the_same_site(address: str, found: str | None) -> None:
    assert read(f'<link rel="canonical" href="{address}">').canonical == found


def test_canonical_url_is_used_if_url_is_unknown() -> None:
    tree = page('<meta property="og:url" content="https://quay.example/pier">')
    assert metadata.read_metadata(tree).canonical == "https://quay.example/pier"


@pytest.mark.parametrize(
    ("head", "body", "image"),
    [
        ('<meta property="og:image" content="/a.jpg">', "", "https://www.quay.example/a.jpg"),
        (
            (
                '<meta property="og:image" content="/logo.png"><meta name="twitter:image" '
                'content="/a.jpg">'
            ),
            "",
            "https://www.quay.example/a.jpg",
        ),
        ('<meta property="og:image" content="data:image/png;base64,x">', "", None),
        ('<meta property="og:image" content="/default-share.png">', "", None),
        (ld(image={"url": "https://cdn.example/b.jpg"}), "", "https://cdn.example/b.jpg"),
        ('<link rel="image_src" href="/c.jpg">', "", "https://www.quay.example/c.jpg"),
        ("", '<img src="/d.jpg" width="640">', "https://www.quay.example/d.jpg"),
        ("", '<img src="/d.jpg" width="64"><img src="/e.jpg" width="100%">', None),
        ("", '<aside><img src="/d.jpg" width="640"></aside>', None),
        (
            '<base href="https://static.example/x/"><meta property="og:image" content="a.jpg">',
            "",
            "https://static.example/x/a.jpg",
        ),
    ],
)
def test_lead_image_is_the_stated_one_else_the_first_large_one(
    head: str, body: str, image: str | None
) -> None:
    assert read(head, body=body).image == image


@pytest.mark.parametrize(
    ("head", "body", "size"),
    [
        (
            meta("og:image", "/a.jpg")
            + meta("og:image:width", "1200")
            + meta("og:image:height", "630"),
            "",
            (1200, 630),
        ),
        (
            meta("og:image:width", "1200")
            + meta("og:image:height", "630")
            + meta("og:image", "/a.jpg"),
            "",
            (1200, 630),
        ),
        (
            meta("og:image", "/a.jpg")
            + meta("og:image", "/b.jpg")
            + meta("og:image:width", "9")
            + meta("og:image:height", "9"),
            "",
            None,
        ),
        (
            meta("og:image", "/a.jpg")
            + meta("og:image:secure_url", "https://www.quay.example/a.jpg")
            + meta("og:image:width", "1200px")
            + meta("og:image:height", "630.0"),
            "",
            (1200, 630),
        ),
        (ld(image={"url": "/a.jpg", "width": 1200, "height": 630}), "", (1200, 630)),
        (ld(image=[{"url": "/a.jpg", "width": "1200", "height": {"value": 630}}]), "", (1200, 630)),
        (
            meta("og:image", "/a.jpg") + ld(image={"url": "/a.jpg", "width": 1200, "height": 630}),
            "",
            (1200, 630),
        ),
        (
            meta("og:image", "/a.jpg") + ld(image={"url": "/b.jpg", "width": 1200, "height": 630}),
            "",
            None,
        ),
        (meta("og:image", "/a.jpg"), '<img src="/a.jpg" width="640" height="480">', (640, 480)),
        (meta("og:image", "/a.jpg"), '<img src="/a.jpg" width="100%" height="480">', None),
        (meta("og:image", "/a.jpg"), '<img src="/x/a.jpg" width="640" height="480">', None),
        (
            meta("og:image", "/a.jpg") + meta("og:image:width", "0") + meta("og:image:height", "0"),
            "",
            None,
        ),
        (
            "",
            (
                '<b itemprop=image><img src="/a.jpg"><meta itemprop=width content=8><meta '
                "itemprop=height content=6></b>"
            ),
            (8, 6),
        ),
        ("", "", None),
    ],
)
def test_lead_image_size_is_the_stated_one(
    head: str, body: str, size: tuple[int, int] | None
) -> None:
    assert read(head, body=body).image_size == size


# --- the rest ---


@pytest.mark.parametrize(
    ("head", "description"),
    [
        (
            meta("description", "It stays.")
            + meta("og:description", "It stays, says the council."),
            "It stays, says the council.",
        ),
        (
            meta("og:description", "It stays, says the…")
            + meta("description", "It stays, says the council."),
            "It stays, says the council.",
        ),
        (meta("og:description", "It stays, says the..."), "It stays, says the..."),
        (ld(description="It stays."), "It stays."),
        ("", None),
    ],
)
def test_description_is_the_first_that_is_not_cut_off(head: str, description: str | None) -> None:
    assert read(head).description == description


def test_categories_are_distinct_sections_and_tags() -> None:
    head = (
        meta("og:site_name", "Quay")
        + meta("article:section", "Local")
        + meta("keywords", "pier, Timber,local,Quay," + "x" * 80)
        + meta("article:tag", "pier")
        + meta("news_keywords", ",".join(f"tag{n}" for n in range(30)))
    )
    found = read(head).categories
    assert found[:2] == ("Local", "pier")
    assert len(found) == 12
    assert "Quay" not in found


def test_site_name_is_the_stated_one() -> None:
    assert read(meta("og:site_name", "Quay") + ld(publisher={"name": "Quay Ltd"})).site == "Quay"
    assert read(ld(publisher={"name": "Quay Ltd"})).site == "Quay Ltd"
    assert read().site is None


@pytest.mark.parametrize(
    "kind",
    ["https://schema.org/Comment", "https://schema.org/Product", "https://schema.org/VideoObject"],
)
def test_microdata_of_comments_is_ignored(kind: str) -> None:
    comment = f'<div itemscope itemtype="{kind}"><b itemprop="author">Tom Adeyemi</b></div>'
    assert read(body=comment).authors == ()


def test_microdata_gives_headline_dates_author_and_image() -> None:
    below = (
        '<article itemscope itemtype="http://schema.org/NewsArticle"><meta '
        'itemprop="headline" content="Pier kept">'
        '<time itemprop="datePublished" datetime="2024-01-11T10:00:00+01:00">x</time>'
        '<div itemprop="author" itemscope><span itemprop="name">Dee Four</span></div>'
        '<div itemprop="image" itemscope><img src="/a.jpg"></div><span '
        'itemprop="articleSection">Local</span></article>'
    )
    found = read(below=below)
    assert found.published == datetime(2024, 1, 11, 10, tzinfo=timezone(timedelta(hours=1)))
    assert found.authors == ("Dee Four",)
    assert found.image == "https://www.quay.example/a.jpg"
    assert found.categories == ("Local",)


def test_end_of_a_huge_page_is_not_searched() -> None:
    many = "<p itemprop='author'>Pier</p><h2>Pier</h2>" * 3000
    assert read(body=many + "<p>Written by Marta Quill</p>").authors == ("Pier",)
    assert read(body="<p>Pier</p>" * 3000 + "<p>Written by Marta Quill</p>").authors == ()
    assert read(body="<p>Pier</p>" * 300 + "<p>Written by Marta Quill</p>").authors == (
        "Marta Quill",
    )


@pytest.mark.parametrize(
    "html", ["<p>x</p>", "<html></html>", "<html><head><title></title></head></html>", "<br>"]
)
def test_page_without_metadata_gives_nothing(html: str) -> None:
    found = metadata.read_metadata(document_fromstring(html))
    assert (found.title, found.authors, found.published, found.image, found.canonical) == (
        "",
        (),
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "dateline",
    [
        '<p><time datetime="2026-08-11T15:01:05+02:00">11 August 2026</time></p>',
        '<p>Posted on <time datetime="2026-08-11T15:01:05+02:00">11 August</time> by Jane Roe</p>',
        '<relative-time datetime="2026-08-11T15:01:05+02:00">Aug 11, 2026</relative-time>',
        '<abbr class="published" title="2026-08-11T15:01:05+02:00">11 August</abbr>',
        '<span data-datetime="2026-08-11T15:01:05+02:00" class="date">11 August 2026</span>',
    ],
)
def test_machine_readable_date_is_read_to_the_second(dateline: str) -> None:
    url = "https://town.example/notices/1"
    published = metadata.read_metadata(page(below=dateline), url).published
    assert published == datetime(2026, 8, 11, 13, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "below", "rights"),
    [
        ('<link rel="license" href="https://cc.example/by">', "", "https://cc.example/by"),
        ("", '<p><a rel="license" href="/by">CC BY</a></p>', "https://www.quay.example/by"),
        ('<meta name="copyright" content="© 2024 The Quay">', "", "© 2024 The Quay"),
        (
            '<meta name="copyright" content="© 2024 The Quay">',
            '<a rel="license" href="https://cc.example/by">CC BY</a>',
            "https://cc.example/by",
        ),
        ("", "", ""),
    ],
)
def test_licence_of_the_page_is_read(head: str, below: str, rights: str) -> None:
    assert read(head=head, below=below).rights == rights


def test_licence_in_the_data_of_the_page_is_read() -> None:
    data = {"@type": "NewsArticle", "headline": "x", "license": "https://cc.example/by-sa"}
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    assert read(head=script).rights == "https://cc.example/by-sa"

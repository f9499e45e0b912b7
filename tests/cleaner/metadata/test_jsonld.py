"""JSON-LD in the shapes that sites give it."""

import json
from typing import Any

import pytest

from feedpub.cleaner.metadata import jsonld
from feedpub.cleaner.metadata.facts import Facts

URL = "https://example.org/2024/pier"
ARTICLE: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Council keeps the pier",
    "datePublished": "2024-01-12T10:30:00+01:00",
    "dateModified": "2024-01-13T08:00:00+01:00",
    "author": {"@type": "Person", "name": "Marta Quill"},
    "publisher": {"@type": "Organization", "name": "Quay Record"},
}


def read(*values: Any, title: str = "") -> Facts:
    return jsonld.read_jsonld([json.dumps(value) for value in values], URL, title)


@pytest.mark.parametrize(
    "shape",
    [
        ARTICLE,
        [ARTICLE],
        [[ARTICLE]],
        {
            "@context": "https://schema.org",
            "@graph": [{"@type": "WebSite", "name": "Quay Record"}, ARTICLE],
        },
        {"@graph": {"nested": [ARTICLE]}},
        {**ARTICLE, "@type": ["Thing", "NewsArticle"]},
        {**ARTICLE, "@type": "https://schema.org/NewsArticle"},
        {**ARTICLE, "@type": "schema:BlogPosting"},
        {**ARTICLE, "@type": "ReportageNewsArticle"},
        {**ARTICLE, "@type": "liveblogposting"},
        {"@type": "WebPage", "name": "Page", "mainEntity": ARTICLE},
        [{"@type": "BreadcrumbList", "itemListElement": [{"name": "Home"}]}, ARTICLE],
        [{"@type": "Organization", "name": "Quay Record"}, ARTICLE],
    ],
)
def test_the_article_is_found_in_any_shape(shape: Any) -> None:
    """Objects, arrays, graphs, types as lists and addresses."""
    facts = read(shape)
    assert facts.titles[0] == "Council keeps the pier"
    assert facts.published == ["2024-01-12T10:30:00+01:00"]
    assert facts.updated == ["2024-01-13T08:00:00+01:00"]
    assert facts.authors == ["Marta Quill"]
    assert "Quay Record" in facts.publishers


@pytest.mark.parametrize(
    ("author", "people", "organisations"),
    [
        ("Marta Quill", ["Marta Quill"], []),
        ({"name": "Marta Quill"}, ["Marta Quill"], []),
        ({"@type": "Person", "name": ["Marta Quill"]}, ["Marta Quill"], []),
        (["Marta Quill", {"name": "Tom Adeyemi"}], ["Marta Quill", "Tom Adeyemi"], []),
        (
            [{"@type": "Person", "name": "Marta Quill"}, {"@type": "Organization", "name": "AP"}],
            ["Marta Quill"],
            ["AP"],
        ),
        ({"@type": ["NewsMediaOrganization"], "name": "AP"}, [], ["AP"]),
        ({"@type": "Person", "url": "https://example.org/marta"}, [], []),
        ({"@type": "Person", "name": ""}, [], []),
        ({"@type": "Person", "name": "Marta &amp; Tom"}, ["Marta & Tom"], []),
        (None, [], []),
        ([], [], []),
        (7, ["7"], []),
        (True, [], []),
    ],
)
def test_authors_in_any_shape(author: Any, people: list[str], organisations: list[str]) -> None:
    """People and organisations apart."""
    facts = read({**ARTICLE, "author": author})
    assert (facts.authors, facts.organisations) == (people, organisations)


def test_references_within_a_graph_are_followed() -> None:
    """An author by @id, as Yoast writes them."""
    facts = read(
        {
            "@graph": [
                {**ARTICLE, "author": {"@id": "#marta"}, "publisher": {"@id": "#quay"}},
                {"@id": "#marta", "@type": "Person", "name": "Marta Quill"},
                {"@id": "#quay", "@type": "Organization", "name": "Quay Record"},
            ],
        },
    )
    assert facts.authors == ["Marta Quill"]
    assert facts.publishers == ["Quay Record"]


@pytest.mark.parametrize(
    ("other", "title"),
    [
        ({**ARTICLE, "headline": "Town clock", "url": "https://example.org/clock"}, ""),
        (
            {**ARTICLE, "headline": "Town clock", "mainEntityOfPage": "https://example.org/clock"},
            "",
        ),
        ({**ARTICLE, "headline": "Town clock"}, "Council keeps the pier | Quay Record"),
        ({"@type": "NewsArticle", "headline": "Town clock"}, ""),
        (
            {"@type": "NewsArticle", "name": "Town clock", "author": "A", "datePublished": "2020"},
            "",
        ),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_of_several_articles_the_pages_own_counts(
    other: dict[str, Any],
    title: str,
    first: bool,  # noqa: FBT001
) -> None:
    """By its address, by the page's title, by how much is said of it."""
    own = {**ARTICLE, "url": URL}
    facts = read(*((other, own) if first else (own, other)), title=title)
    assert facts.titles[0] == "Council keeps the pier"


@pytest.mark.parametrize(
    "place", ["itemListElement", "hasPart", "comment", "citation", "isPartOf", "review"]
)
def test_what_describes_other_things_is_left_out(place: str) -> None:
    """Lists, comments and parts hold articles that are not this one."""
    assert read({"@type": "ItemList", place: [ARTICLE]}).titles == []


def test_a_web_page_stands_in_where_there_is_no_article() -> None:
    """Better its date than none."""
    facts = read(
        {"@type": "WebPage", "name": "Council keeps the pier", "datePublished": "2024-01-12"}
    )
    assert (facts.titles, facts.published) == (["Council keeps the pier"], ["2024-01-12"])


@pytest.mark.parametrize(
    "script",
    [
        "<!--\n%s\n-->",
        "/*<![CDATA[*/%s/*]]>*/",
        "//<![CDATA[\n%s\n//]]>",
        "<![CDATA[%s]]>",
        "%s;",
        "  \n%s\n  ",
        "%s\n%s",
        "%s,\n%s",
    ],
)
def test_json_in_wrappings(script: str) -> None:
    """Comments, CDATA, semicolons, several values."""
    text = script.replace("%s", json.dumps(ARTICLE))
    assert jsonld.read_jsonld([text]).titles[0] == "Council keeps the pier"


@pytest.mark.parametrize(
    "broken",
    [
        '{"@type": "NewsArticle", "headline": "Council keeps the pier",}',
        '[{"@type": "NewsArticle", "headline": "Council keeps the pier"},]',
        '{"@type": "NewsArticle", "headline": "Council keeps the pier", "description": "a\nb\tc"}',
        '{"@type": "NewsArticle", "headline": "Council keeps the pier", "description": "it\\\'s"}',
        "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;headline&quot;: &quot;Council keeps the pier&quot;}",
    ],
)
def test_json_that_is_not_quite_json_is_read(broken: str) -> None:
    """Last commas, raw line breaks, wrong escapes, escaped quotes."""
    assert jsonld.read_jsonld([broken]).titles == ["Council keeps the pier"]


@pytest.mark.parametrize(
    "script",
    ["", "{", "null", "3", '"text"', "[]", "{}", "var x = 3;", '{"@type": null}', "[" * 3000],
)
def test_what_cannot_be_read_says_nothing(script: str) -> None:
    """And does no harm to the other scripts."""
    assert jsonld.read_jsonld([script]) == Facts()
    assert jsonld.read_jsonld([script, json.dumps(ARTICLE)]).authors == ["Marta Quill"]


@pytest.mark.parametrize(
    ("key", "value", "field", "found"),
    [
        ("image", "https://example.org/a.jpg", "images", ["https://example.org/a.jpg"]),
        (
            "image",
            {"@type": "ImageObject", "url": "https://example.org/a.jpg"},
            "images",
            ["https://example.org/a.jpg"],
        ),
        (
            "image",
            {"contentUrl": "https://example.org/a.jpg"},
            "images",
            ["https://example.org/a.jpg"],
        ),
        ("image", ["/a.jpg", {"url": "/b.jpg"}], "images", ["/a.jpg", "/b.jpg"]),
        ("thumbnailUrl", "/t.jpg", "images", ["/t.jpg"]),
        ("keywords", "pier, timber", "tags", ["pier, timber"]),
        ("keywords", ["pier", "timber"], "tags", ["pier", "timber"]),
        ("articleSection", ["Local", "News"], "sections", ["Local", "News"]),
        ("inLanguage", {"@type": "Language", "name": "en"}, "languages", ["en"]),
        ("description", "It &quot;stays&quot;.", "descriptions", ['It "stays".']),
        ("url", URL, "addresses", [URL]),
        ("mainEntityOfPage", {"@type": "WebPage", "@id": URL}, "addresses", [URL]),
    ],
)
def test_the_other_fields(key: str, value: Any, field: str, found: list[str]) -> None:
    """As texts, in the order of the data."""
    assert getattr(read({**ARTICLE, key: value}), field) == found

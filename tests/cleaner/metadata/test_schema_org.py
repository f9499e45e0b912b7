import json
from typing import Any

import pytest

from feedpub.cleaner.metadata import schema_org
from feedpub.cleaner.metadata.elements import Facts

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
    return schema_org.read_jsonld([json.dumps(value) for value in values], URL, title)


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
def test_article_is_found_in_any_structure(shape: Any) -> None:
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
def test_authors_are_persons_or_organisations(
    author: Any, people: list[str], organisations: list[str]
) -> None:
    facts = read({**ARTICLE, "author": author})
    assert (facts.authors, facts.organisations) == (people, organisations)


def test_references_are_resolved() -> None:
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
def test_own_article_is_chosen_among_several(
    other: dict[str, Any],
    title: str,
    first: bool,  # noqa: FBT001
) -> None:
    own = {**ARTICLE, "url": URL}
    facts = read(*((other, own) if first else (own, other)), title=title)
    assert facts.titles[0] == "Council keeps the pier"


@pytest.mark.parametrize(
    "place", ["itemListElement", "hasPart", "comment", "citation", "isPartOf", "review"]
)
def test_related_objects_are_ignored(place: str) -> None:
    assert read({"@type": "ItemList", place: [ARTICLE]}).titles == []


def test_web_page_is_read_if_there_is_no_article() -> None:
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
def test_wrapped_json_is_read(script: str) -> None:
    text = script.replace("%s", json.dumps(ARTICLE))
    assert schema_org.read_jsonld([text]).titles[0] == "Council keeps the pier"


@pytest.mark.parametrize(
    "broken",
    [
        '{"@type": "NewsArticle", "headline": "Council keeps the pier",}',
        '[{"@type": "NewsArticle", "headline": "Council keeps the pier"},]',
        '{"@type": "NewsArticle", "headline": "Council keeps the pier", "description": "a\nb\tc"}',
        '{"@type": "NewsArticle", "headline": "Council keeps the pier", "description": "it\\\'s"}',
        (
            "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;headline&quot;: &quot;Council "
            "keeps the pier&quot;}"
        ),
    ],
)
def test_slightly_invalid_json_is_read(broken: str) -> None:
    assert schema_org.read_jsonld([broken]).titles == ["Council keeps the pier"]


@pytest.mark.parametrize(
    "script",
    ["", "{", "null", "3", '"text"', "[]", "{}", "var x = 3;", '{"@type": null}', "[" * 3000],
)
def test_unreadable_script_is_ignored(script: str) -> None:
    assert schema_org.read_jsonld([script]) == Facts()
    assert schema_org.read_jsonld([script, json.dumps(ARTICLE)]).authors == ["Marta Quill"]


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
def test_other_fields_are_read_in_order(key: str, value: Any, field: str, found: list[str]) -> None:
    assert getattr(read({**ARTICLE, key: value}), field) == found

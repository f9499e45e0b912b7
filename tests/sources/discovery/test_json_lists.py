"""Lists of entries in JSON whose fields have any names."""

import json
from typing import Any

import pytest

from feedpub.core.models import Page
from feedpub.sources.discovery.json_lists import find_json_lists

URL = "https://quay.example/api/news"
TEXT = "The ferry is late because of the fog, and nobody knows for how long it will stay."


def page(data: Any, url: str = URL) -> Page:
    return Page(url, json.dumps(data).encode(), "application/json")


def test_usual_names_need_no_expressions() -> None:
    rows = [
        {"title": f"Ferry {n} is late", "url": f"/news/{n}", "date": "2026-11-02", "content": TEXT}
        for n in range(3)
    ]
    (found,) = find_json_lists(page({"data": {"posts": rows}}))
    assert found.settings == {"items": "data.posts[]"}
    urls = [item.url for item in found.items]
    assert urls == [f"https://quay.example/news/{n}" for n in range(3)]


def test_fields_are_recognised_by_their_values() -> None:
    rows = [
        {
            "nid": str(n),
            "attributes": {
                "betreff": f"Fähre {n} verspätet",
                "stand": f"2026-11-0{n + 1}T08:00:00Z",
                "inhalt": TEXT,
                "bild": {"quelle": f"/bilder/{n}.jpg"},
            },
            "pfad": f"/meldungen/{n}",
        }
        for n in range(3)
    ]
    (found,) = find_json_lists(page({"meldungen": rows, "links": {"next": "/api/news?page=2"}}))
    assert found.settings == {
        "items": "meldungen[]",
        "title": "attributes.betreff",
        "content": "attributes.inhalt",
        "link": "pfad",
        "date": "attributes.stand",
        "image": "attributes.bild.quelle",
        "next": "links.next",
    }
    assert found.items[0].title == "Fähre 0 verspätet"


def test_most_complete_list_comes_first() -> None:
    menu = [{"label": name, "href": f"/{name}"} for name in ("news", "about", "help")]
    posts = [
        {"headline": f"Ferry {n} is late", "href": f"/n/{n}", "text": TEXT, "at": 1_790_000_000 + n}
        for n in range(3)
    ]
    found = find_json_lists(page({"menu": menu, "posts": posts}))
    assert [each.settings["items"] for each in found] == ["posts[]", "menu[]"]
    assert found[0].settings["date"] == "at"


def test_script_of_a_page_is_named_by_a_selector() -> None:
    rows = [{"name": f"Ferry {n} is late", "slug": f"ferry-{n}", "text": TEXT} for n in range(3)]
    script = json.dumps({"props": {"rows": [row | {"date": "2026-11-02"} for row in rows]}})
    html = f'<html><script type="application/json" id="__DATA__">{script}</script></html>'
    (found,) = find_json_lists(Page("https://quay.example/news", html.encode(), "text/html"))
    assert found.settings == {"script": "#__DATA__", "items": "props.rows[]"}
    assert found.slug_field == "slug"


@pytest.mark.parametrize(
    "data",
    [
        {"status": "ok"},
        {"prices": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        [],
        "text",
        {"deep": {"list": [[{"title": "x"}]]}},
    ],
)
def test_other_json_has_no_list(data: Any) -> None:
    assert find_json_lists(page(data)) == ()

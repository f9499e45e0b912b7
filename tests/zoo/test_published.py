"""Check that the comparison finds each kind of difference."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.kind import NOW, Build, Expected, Kind, load_kind
from tests.zoo.published import compare

DATE = datetime(2026, 11, 20, 15, 0, 14, tzinfo=UTC)
HTML = (
    '<p>High water at <b>noon</b>.</p><p><img src="https://a.example/1.png"> '
    '<a href="https://a.example/map">Map</a></p>'
)
RIGHT = Expected(
    title="Tides",
    url="https://a.example/tides",
    date=DATE,
    text=("High water at noon. Map",),
    lacks=("Low water",),
    html=("<b>noon</b>",),
    lacks_html=("<script",),
    pictures=("https://a.example/1.png",),
    links=("https://a.example/map",),
    enclosures=("https://a.example/1.mp3",),
    authors=("Fenna",),
    elements={"dc:creator": "Fenna"},
)


def write_documents(folder: Path, *titles: str) -> None:
    """Write the three documents, with an entry for each title ("" for none in JSON)."""
    items, entries, objects = "", "", []
    for title in titles:
        shown = title or "High water"
        html, stamp = escape(HTML), DATE.isoformat()
        items += (
            f"<item><title>{shown}</title><link>https://a.example/tides</link>"
            f"<pubDate>Fri, 20 Nov 2026 15:00:14 +0000</pubDate><dc:creator>Fenna</dc:creator>"
            f'<description>{html}</description><enclosure url="https://a.example/1.mp3" '
            'length="1" type="audio/mpeg"/></item>'
        )
        entries += (
            f"<entry><id>a</id><title>{shown}</title><published>{stamp}</published>"
            f'<link href="https://a.example/tides"/><author><name>Fenna</name></author>'
            '<link rel="enclosure" href="https://a.example/1.mp3"/>'
            f'<content type="html">{html}</content></entry>'
        )
        item: dict[str, Any] = {"title": title} if title else {}
        item |= {"id": "a", "url": "https://a.example/tides", "date_published": stamp}
        item |= {"content_html": HTML, "authors": [{"name": "Fenna"}]}
        objects.append(item | {"attachments": [{"url": "https://a.example/1.mp3"}]})
    rss = f'<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>{items}</channel></rss>'
    (folder / "zoo.rss").write_text(rss, "utf-8")
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
    (folder / "zoo.atom").write_text(atom, "utf-8")
    (folder / "zoo.json").write_text(json.dumps({"items": objects}), "utf-8")


def find_differences(folder: Path, *expected: Expected, **more: Any) -> list[str]:
    kind = Kind("A test", {}, expected, **more)
    return compare(Build(kind, folder, (), (NOW,))).differences


def test_published_entry_as_expected_has_no_difference(tmp_path: Path) -> None:
    write_documents(tmp_path, "Tides")
    assert find_differences(tmp_path, RIGHT) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": "Waves"}, 'entry 1: title is "Tides", expected "Waves"'),
        ({"url": "https://a.example/x"}, 'entry 1: url is "https://a.example/tides"'),
        ({"date": DATE.replace(second=0)}, "entry 1: date is 2026-11-20T15:00:14Z, expected 20"),
        ({"date": date(2026, 11, 21)}, "entry 1: date is 2026-11-20T15:00:14Z, expected 2026-11-2"),
        ({"date": None}, "entry 1: date is 2026-11-20T15:00:14Z, expected that of a build"),
        ({"text": ("Low water",)}, 'entry 1: text lacks "Low water"'),
        ({"lacks": ("High water",)}, 'entry 1: text has "High water"'),
        ({"html": ("<i>",)}, "entry 1: HTML lacks <i>"),
        ({"lacks_html": ("<b>",)}, "entry 1: HTML has <b>"),
        ({"pictures": ("https://a.example/2.png",)}, "entry 1: pictures lack https://a.example/2"),
        ({"links": ("https://a.example/x",)}, "entry 1: links lack https://a.example/x"),
        ({"enclosures": ("https://a.example/2.mp3",)}, "entry 1: enclosures lack https://a.exam"),
        ({"authors": ("Otto",)}, "entry 1: authors lack Otto; they are ['Fenna']"),
        ({"elements": {"dc:creator": "Otto"}}, "entry 1: dc:creator is ['Fenna'], expected Otto"),
        ({"untitled": True}, 'entry 1: title is "Tides", expected none (json)'),
    ],
)
def test_difference_is_reported(tmp_path: Path, change: Mapping[str, Any], sentence: str) -> None:
    write_documents(tmp_path, "Tides")
    (difference,) = find_differences(tmp_path, replace(RIGHT, **change))
    assert difference.startswith(sentence)


def test_post_without_a_title_begins_with_its_text(tmp_path: Path) -> None:
    write_documents(tmp_path, "")
    assert find_differences(tmp_path, replace(RIGHT, title=None, untitled=True)) == []


def test_one_size_of_a_picture_suffices(tmp_path: Path) -> None:
    write_documents(tmp_path, "Tides")
    sizes = "https://a.example/2.png https://a.example/1.png"
    assert find_differences(tmp_path, replace(RIGHT, pictures=(sizes,))) == []


def test_number_and_order_of_entries_are_compared(tmp_path: Path) -> None:
    write_documents(tmp_path, "Tides", "Waves")
    first, second = (replace(RIGHT, title=title, url=None) for title in ("Tides", "Waves"))
    assert find_differences(tmp_path, first, second) == []
    assert find_differences(tmp_path, first)[0] == "2 entries are published, expected 1"
    (difference,) = find_differences(tmp_path, second, first)
    assert difference.startswith("the order is ['Waves ")


def test_missing_document_has_no_entries(tmp_path: Path) -> None:
    write_documents(tmp_path, "Tides")
    (tmp_path / "zoo.atom").unlink()
    assert "0 entries are published, expected 1 (atom)" in find_differences(tmp_path, RIGHT)


def test_expected_failure_must_be_reported(tmp_path: Path) -> None:
    write_documents(tmp_path, "Tides")
    (difference,) = find_differences(tmp_path, RIGHT, failures=("login",))
    assert difference == 'no failure says "login" (run)'


def test_unknown_key_of_an_entry_is_an_error() -> None:
    with pytest.raises(TypeError, match="tittle"):
        load_kind('description = "A"\n[feed]\n[[entries]]\ntittle = "B"\n')

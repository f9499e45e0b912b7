"""Articles saved in a folder."""

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import BASE, FAILED, PNG, Home, hash_files
from tests.support.newsroom import feed, story, title
from tests.support.shared import shared_data

pytestmark = pytest.mark.slow


def test_seed_article_is_extracted_without_trailing_lines(home: Home) -> None:
    (seed,) = (file for file in shared_data("seeds").iterdir() if file.name.startswith("000_"))
    home.save("talks.txt", seed.read_bytes())
    home.configure(feed("world", "folder articles"))
    home.build()
    (item,) = home.items()
    assert item["title"] == "US and NATO ready for new talks with Russia"
    assert [author["name"] for author in item["authors"]] == ["time news"]
    html = item["content_html"]
    wanted = (
        "The US and NATO are ready to hold a new meeting with Russia",
        "positions from which they can hit the territory of other parties to the agreement.",
        "“Diplomatic Marathon”",
        "Crisis over Ukraine and Russia’s demands",
    )
    assert [text for text in wanted if text not in html] == []
    trailing = (
        "See also",
        "You may also like",
        "Leave a Comment",
        "by time news",
        "News from Germany",
    )
    assert [text for text in trailing if text in html] == []


def test_saved_article_without_url_gets_a_page_with_its_image(home: Home) -> None:
    home.save("pier.png", PNG)
    home.save(
        "pier.md",
        (
            "# The pier opens\n\nBy Jane Doe\n\n![The pier](pier.png)\n\n"
            f"{'The new pier opened on Monday. ' * 20}\n"
        ),
    )
    home.configure(feed("world", "folder articles"))
    home.build()
    (item,) = home.items()
    assert item["title"] == "The pier opens"
    assert item["url"].startswith(f"{BASE}world/")
    page = home.feeds / item["url"].removeprefix(BASE)
    assert "The new pier opened on Monday." in page.read_text("utf-8")
    assert PNG in [file.read_bytes() for file in (home.feeds / "world").rglob("*.png")]
    assert f"{BASE}world/" in item["content_html"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "The pier opens\n\nby Jane Doe\n\n{text}\n"),
        ("a.md", "---\ntitle: The pier opens\nauthor: Jane Doe\ndate: 2026-11-02\n---\n\n{text}\n"),
        (
            "a.html",
            (
                "<html><head><title>The pier opens</title><meta name='author' "
                "content='Jane Doe'></head>"
                "<body><article><h1>The pier opens</h1><p>{text}</p></article></body></html>"
            ),
        ),
        (
            "sub/deep/a.htm",
            (
                "<html><body><article><h1>The pier opens</h1><p>By Jane "
                "Doe</p><p>{text}</p></article></body></html>"
            ),
        ),
    ],
)
def test_saved_articles_can_be_text_markdown_or_html(home: Home, name: str, content: str) -> None:
    text = "The new pier opened on Monday, and everybody came to see the first boats. " * 8
    home.save(name, content.replace("{text}", text))
    home.configure(feed("world", "folder articles"))
    home.build()
    (item,) = home.items()
    assert item["title"] == "The pier opens"
    assert [author["name"] for author in item["authors"]] == ["Jane Doe"]
    assert "The new pier opened on Monday" in item["content_html"]


def test_second_build_of_a_folder_changes_no_byte(home: Home) -> None:
    for n in STORIES:
        home.save(f"{n}.html", story(n))
    home.configure(feed("world", "folder articles"))
    home.build()
    before = home.read_published()
    home.build()
    assert hash_files(home.read_published()) == hash_files(before)


def test_glob_selects_files(home: Home) -> None:
    home.save("a.html", story(1))
    home.save(
        "b.txt",
        "Another story\n\n" + "It is written in plain text, and it is long enough to be one. " * 8,
    )
    home.configure(feed("world", "folder articles") + 'glob = "*.html"\n')
    home.build()
    assert [item["title"] for item in home.items()] == [title(1)]


def test_empty_folder_is_a_failed_source(home: Home) -> None:
    (home.root / "config" / "articles").mkdir(parents=True)
    home.configure(feed("world", "folder articles"))
    assert "articles" in home.build(status=FAILED)

"""Published files, as configured."""

import stat

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import BASE, Home
from tests.support.newsroom import feed, listing, path, story, title
from tests.support.site import Site

pytestmark = pytest.mark.slow

FORMATS = ("rss", "atom", "json")


def test_each_feed_has_three_documents_and_a_page(newsroom: Site, home: Home) -> None:
    """All files have mode 0644, and there are no others but the index and the OPML file."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    files = [file for file in home.feeds.rglob("*") if file.is_file()]
    wanted = {"world.rss", "world.atom", "world.json", "world.html", "index.html", "feeds.opml"}
    assert wanted <= {file.name for file in files}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o644}
    assert not [file for file in files if "tmp" in file.name]


@pytest.mark.parametrize("form", FORMATS)
def test_only_configured_formats_are_written_and_linked(
    newsroom: Site, home: Home, form: str
) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}", more=f'formats = ["{form}"]'))
    home.build()
    assert [other for other in FORMATS if (home.feeds / f"world.{other}").exists()] == [form]
    page = (home.feeds / "world.html").read_text("utf-8")
    assert [other for other in FORMATS if f"world.{other}" in page] == [form]


def test_pages_link_feeds_and_entries_without_scripts(newsroom: Site, home: Home) -> None:
    home.configure(
        feed("a", f"page {newsroom.url('/news')}"), feed("b", f"feed {newsroom.url('/rss')}")
    )
    home.build()
    page = (home.feeds / "a.html").read_text("utf-8")
    assert all(
        text in page
        for text in ("The a feed", "a.rss", "a.atom", "a.json", title(5), newsroom.url(path(5)))
    )
    assert "<script" not in page
    index = (home.feeds / "index.html").read_text("utf-8")
    assert "The a feed" in index
    assert "The b feed" in index
    opml = (home.feeds / "feeds.opml").read_text("utf-8")
    assert f"{BASE}a." in opml
    assert f"{BASE}b." in opml


def test_limit_keeps_the_newest_entries(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}", more="limit = 2"))
    home.build()
    assert [item["title"] for item in home.items()] == [title(5), title(4)]


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ('[feed.include]\ntitle = ["matter 3"]\n', [3]),
        ('[feed.exclude]\ntitle = ["matter 3"]\n', [5, 4, 2, 1]),
        ('[feed.exclude]\nurl = ["*matter-5"]\n', [4, 3, 2, 1]),
        ('[feed.include]\ntext = ["2 hundred"]\n', [2]),
    ],
)
def test_include_and_exclude_match_title_url_and_text(
    newsroom: Site, home: Home, rule: str, numbers: list[int]
) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}") + rule)
    home.build()
    assert [item["title"] for item in home.items()] == [title(n) for n in numbers]


def test_site_rules_remove_by_selector_and_by_text(newsroom: Site, home: Home) -> None:
    promo = (
        '<aside class="promo"><p>Our partner sells boats at very good prices this week '
        "only.</p></aside>"
    )
    newsroom[path(5)] = story(
        5, extra=f"{promo}<p>Sponsored by the boat builders of the coast.</p>"
    )
    rules = '[feed.rules]\nremove = ["aside.promo", "text:Sponsored by"]\n'
    home.configure(feed("world", f"page {newsroom.url('/news')}") + rules)
    home.build()
    html = home.items()[0]["content_html"]
    assert "Our partner sells boats" not in html
    assert "Sponsored by" not in html
    assert "The harbour master hopes" in html


def test_content_summary_publishes_no_full_text(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}", more='content = "summary"'))
    home.build()
    for form in FORMATS:
        assert (
            b"The harbour master hopes that the first boats"
            not in (home.feeds / f"world.{form}").read_bytes()
        )
    assert [item["url"] for item in home.items()] == [newsroom.url(path(n)) for n in STORIES]


DESCRIPTION = (
    "Eleven years after the storm, the harbour gets a pier again, and the fishermen get "
    "their mornings back."
)


@pytest.mark.parametrize("mode", ["auto", "lead", "extract", "none"])
def test_summary_is_made_as_configured(newsroom: Site, home: Home, mode: str) -> None:
    meta = f'<meta name="description" content="{DESCRIPTION}">'
    newsroom[path(5)] = story(5).replace("</head>", f"{meta}</head>")
    newsroom["/news"] = listing([5])
    home.configure(feed("world", f"page {newsroom.url('/news')}", more=f'summary = "{mode}"'))
    home.build()
    summary = home.items()[0].get("summary", "")
    text = "The council of the harbour town met on Monday evening"
    assert (summary == DESCRIPTION) == (mode == "auto")
    assert summary.startswith(text) or mode != "lead"
    assert bool(summary) == (mode != "none")
    assert title(5) not in summary
    assert "Jane Doe" not in summary


def test_site_slogan_is_not_used_as_a_summary(newsroom: Site, home: Home) -> None:
    meta = (
        '<meta name="description" content="Harbour Times: the latest news, weather and sport '
        'from all the coasts.">'
    )
    newsroom[path(5)] = story(5).replace("</head>", f"{meta}</head>")
    newsroom["/news"] = listing([5])
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build()
    assert home.items()[0]["summary"].startswith(
        "The council of the harbour town met on Monday evening"
    )

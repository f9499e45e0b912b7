"""The commands build, status, check and clean, and their options."""

import json

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import FAILED, OK, Home, hash_files
from tests.support.newsroom import feed, open_newsroom, path, story, title
from tests.support.site import Site

pytestmark = pytest.mark.slow

GOOD = feed("good", "folder articles")


def test_build_with_names_leaves_other_feeds_alone(newsroom: Site, home: Home) -> None:
    home.configure(
        feed("a", f"page {newsroom.url('/news')}"), feed("b", f"feed {newsroom.url('/rss')}")
    )
    home.build("b")
    assert not (home.feeds / "a.rss").exists()
    assert (home.feeds / "b.rss").exists()
    assert "/news" not in newsroom.paths()


def test_build_dry_run_writes_nothing_before_and_after_a_build(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build("--dry-run")
    assert home.read_published() == {}
    home.build()
    before = home.read_published()
    open_newsroom(newsroom, [6, *STORIES])
    home.build("--dry-run")
    assert hash_files(home.read_published()) == hash_files(before)
    home.build()
    assert home.items()[0]["title"] == title(6)


def test_build_json_prints_one_document_and_nothing_else(newsroom: Site, home: Home) -> None:
    home.configure(
        feed("world", f"page {newsroom.url('/news')}"),
        feed("bad", f"page {newsroom.url('/nowhere')}"),
    )
    done = home.run("build", "--json")
    assert done.returncode == FAILED
    output = json.dumps(json.loads(done.stdout))
    assert "world" in output
    assert newsroom.url("/nowhere") in output


def test_build_table_has_counts_and_reasons(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    output = home.build().lower()
    assert all(word in output for word in ("world", "new", "updated", "kept", "skipped", "failed"))
    assert "5" in output


def test_status_lists_every_feed_and_the_reasons_of_failures(newsroom: Site, home: Home) -> None:
    home.configure(
        feed("world", f"page {newsroom.url('/news')}"),
        feed("bad", f"page {newsroom.url('/nowhere')}"),
    )
    home.build(status=FAILED)
    done = home.run("status")
    assert "world" in done.stdout
    assert "bad" in done.stdout


def test_check_of_a_valid_config_writes_nothing(home: Home) -> None:
    home.configure(GOOD)
    assert home.run("check").returncode == OK
    assert home.read_published() == {}


def test_check_lists_files_of_feeds_that_left_the_config(newsroom: Site, home: Home) -> None:
    home.configure(
        feed("old", f"page {newsroom.url('/news')}"), feed("new", f"page {newsroom.url('/news')}")
    )
    home.build()
    home.configure(feed("new", f"page {newsroom.url('/news')}"))
    home.build()
    assert (home.feeds / "old.rss").exists()
    assert "old" in home.run("check").stdout


def test_clean_prints_the_text_of_an_article(home: Home) -> None:
    home.configure(GOOD)
    home.save("pier.html", story(1))
    done = home.run("clean", str(home.config.parent / "articles" / "pier.html"))
    assert done.returncode == OK
    assert "The harbour master hopes" in done.stdout
    assert "You may also like" not in done.stdout
    assert "<p>" not in done.stdout


def test_clean_fetches_a_url(newsroom: Site, home: Home) -> None:
    home.configure(GOOD)
    done = home.run("clean", newsroom.url(path(1)))
    assert done.returncode == OK, done.stderr
    assert "The harbour master hopes" in done.stdout


def test_clean_prints_html_and_json(home: Home) -> None:
    home.configure(GOOD)
    home.save("pier.html", story(1))
    file = str(home.config.parent / "articles" / "pier.html")
    assert "<p>" in home.run("clean", file, "--html").stdout
    known = json.loads(home.run("clean", file, "--json").stdout)
    assert known["title"] == title(1)
    assert list(known["authors"]) == ["Jane Doe"]


def test_clean_explain_names_removed_blocks_and_reasons(home: Home) -> None:
    home.configure(GOOD)
    home.save("pier.html", story(1))
    done = home.run("clean", str(home.config.parent / "articles" / "pier.html"), "--explain")
    assert "You may also like" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "content", ["", "<html><body><nav><a href='/'>Home</a></nav></body></html>"]
)
def test_clean_exits_with_1_if_there_is_no_article(home: Home, content: str) -> None:
    home.configure(GOOD)
    home.save("empty.html", content)
    done = home.run("clean", str(home.config.parent / "articles" / "empty.html"))
    assert done.returncode == FAILED
    assert "empty.html" in done.stdout + done.stderr


def test_clean_uses_the_site_memory_of_a_build(newsroom: Site, home: Home) -> None:
    """Text that repeats on a site is neither in its entries nor in the output."""
    box = (
        "Mur tavelo flugas vendrede: kvar rakontoj kaj unu desegno, ĝis via propra skatolo "
        "sub la pordo."
    )
    for n in (*STORIES, 6):
        newsroom[path(n)] = story(n).replace("<p>Work begins", f"<p>{box}</p><p>Work begins")
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    before = home.run("clean", newsroom.url(path(6)))
    assert box in before.stdout
    home.build()
    assert all(box not in item["content_html"] for item in home.items())
    after = home.run("clean", newsroom.url(path(6)), "--explain")
    assert f"  - {box} — on 5 of 5 other pages of this site" in after.stdout.splitlines()
    assert box not in after.stdout.replace(f"  - {box}", "")
    assert home.run("status").returncode == OK

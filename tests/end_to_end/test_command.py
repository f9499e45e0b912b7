"""The command and its options."""

import json

import pytest

from tests.end_to_end.conftest import STORIES
from tests.support.home import FAILED, OK, Home, digest
from tests.support.newsroom import feed, open_newsroom, path, story, title
from tests.support.site import Site

pytestmark = pytest.mark.slow

GOOD = feed("good", "folder articles")


def test_only_the_named_feeds_are_built(newsroom: Site, home: Home) -> None:
    """`build NAME` leaves the others alone."""
    home.configure(
        feed("a", f"page {newsroom.url('/news')}"), feed("b", f"feed {newsroom.url('/rss')}")
    )
    home.build("b")
    assert not (home.feeds / "a.rss").exists()
    assert (home.feeds / "b.rss").exists()
    assert "/news" not in newsroom.paths()


def test_a_rehearsal_writes_nothing(newsroom: Site, home: Home) -> None:
    """`--dry-run` reads and reports; nothing is published, before or after a real build."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    home.build("--dry-run")
    assert home.published() == {}
    home.build()
    before = home.published()
    open_newsroom(newsroom, [6, *STORIES])
    home.build("--dry-run")
    assert digest(home.published()) == digest(before)
    home.build()
    assert home.items()[0]["title"] == title(6)


def test_the_outcome_as_json_is_one_document(newsroom: Site, home: Home) -> None:
    """`build --json` prints a JSON document and nothing else, whether feeds fail or not."""
    home.configure(
        feed("world", f"page {newsroom.url('/news')}"),
        feed("bad", f"page {newsroom.url('/nowhere')}"),
    )
    done = home.run("build", "--json")
    assert done.returncode == FAILED
    said = json.dumps(json.loads(done.stdout))
    assert "world" in said
    assert newsroom.url("/nowhere") in said


def test_the_closing_table_counts_and_gives_reasons(newsroom: Site, home: Home) -> None:
    """New, updated, kept, skipped and failed are told for each feed."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    said = home.build().lower()
    assert all(word in said for word in ("world", "new", "updated", "kept", "skipped", "failed"))
    assert "5" in said


def test_status_tells_how_each_feed_is(newsroom: Site, home: Home) -> None:
    """Every feed of the config is named, and the reason why one is ill."""
    home.configure(
        feed("world", f"page {newsroom.url('/news')}"),
        feed("bad", f"page {newsroom.url('/nowhere')}"),
    )
    home.build(status=FAILED)
    done = home.run("status")
    assert "world" in done.stdout
    assert "bad" in done.stdout


def test_check_finds_a_good_config_in_order(home: Home) -> None:
    """Status 0, and nothing is written."""
    home.configure(GOOD)
    assert home.run("check").returncode == OK
    assert home.published() == {}


def test_check_names_the_files_of_a_feed_that_left_the_config(newsroom: Site, home: Home) -> None:
    """Its files are kept; `check` tells of them."""
    home.configure(
        feed("old", f"page {newsroom.url('/news')}"), feed("new", f"page {newsroom.url('/news')}")
    )
    home.build()
    home.configure(feed("new", f"page {newsroom.url('/news')}"))
    home.build()
    assert (home.feeds / "old.rss").exists()
    assert "old" in home.run("check").stdout


def test_clean_shows_an_articles_text(home: Home) -> None:
    """The article without what is around it."""
    home.configure(GOOD)
    home.save("pier.html", story(1))
    done = home.run("clean", str(home.config.parent / "articles" / "pier.html"))
    assert done.returncode == OK
    assert "The harbour master hopes" in done.stdout
    assert "You may also like" not in done.stdout
    assert "<p>" not in done.stdout


def test_clean_reads_an_address(newsroom: Site, home: Home) -> None:
    """A page on the network is cleaned as well."""
    home.configure(GOOD)
    done = home.run("clean", newsroom.url(path(1)))
    assert done.returncode == OK, done.stderr
    assert "The harbour master hopes" in done.stdout


def test_clean_gives_html_and_json(home: Home) -> None:
    """`--html` keeps the paragraphs, `--json` tells everything that is known."""
    home.configure(GOOD)
    home.save("pier.html", story(1))
    file = str(home.config.parent / "articles" / "pier.html")
    assert "<p>" in home.run("clean", file, "--html").stdout
    known = json.loads(home.run("clean", file, "--json").stdout)
    assert known["title"] == title(1)
    assert list(known["authors"]) == ["Jane Doe"]


def test_clean_explains_what_was_removed(home: Home) -> None:
    """`--explain` names a block that went and why."""
    home.configure(GOOD)
    home.save("pier.html", story(1))
    done = home.run("clean", str(home.config.parent / "articles" / "pier.html"), "--explain")
    assert "You may also like" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "content", ["", "<html><body><nav><a href='/'>Home</a></nav></body></html>"]
)
def test_clean_says_when_there_is_no_article(home: Home, content: str) -> None:
    """Status 1, and the file is named."""
    home.configure(GOOD)
    home.save("empty.html", content)
    done = home.run("clean", str(home.config.parent / "articles" / "empty.html"))
    assert done.returncode == FAILED
    assert "empty.html" in done.stdout + done.stderr


def test_clean_knows_what_a_build_has_learned(newsroom: Site, home: Home) -> None:
    """What repeats over a site, in nobody's language, is in no entry and not in the article that `clean` prints."""
    box = "Mur tavelo flugas vendrede: kvar rakontoj kaj unu desegno, ĝis via propra skatolo sub la pordo."
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

"""`feedpub add`: from a URL to a feed that builds."""

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedpub import cli as command
from feedpub.config import load_config
from tests.support.newsroom import configure, feed, listing, open_newsroom, path, title
from tests.support.site import Site

NUMBERS = [5, 4, 3, 2, 1]


def config_path(folder: Path) -> Path:
    return folder / "config" / "feedpub.toml"


def run(folder: Path, *arguments: str) -> Result:
    """Run the command in this process, with the config of a folder."""
    return CliRunner().invoke(command.cli, ["-c", str(config_path(folder)), *arguments])


@pytest.fixture
def news(site: Site, tmp_path: Path) -> str:
    """Return the URL of a page with a feed. The config allows loopback and has no feed."""
    open_newsroom(site, NUMBERS)
    site["/news"] = listing(NUMBERS).replace(
        "</head>", '<link rel="alternate" type="application/rss+xml" href="/rss"></head>'
    )
    configure(tmp_path)
    return site.url("/news")


def test_add_with_yes_writes_the_first_candidate_which_builds(
    news: str, site: Site, tmp_path: Path
) -> None:
    done = run(tmp_path, "add", news, "--yes")
    assert done.exit_code == 0
    assert f"fetching {news}\n" in done.stderr
    assert "requested 6 addresses" in done.stderr
    assert "named by the page; teasers only; 3 of 3 pages could be read" in done.stdout
    assert (
        f"{title(5)}\n  2026-11-05 08:00 UTC+01:00 · Jane Doe · 100 words\n  The council of"
        in done.stdout
    )
    assert "  removed: You may also like (phrase 'You may also like' (en))" in done.stdout
    assert done.stdout.endswith("next: feedpub build harbour-times\n")
    (new,) = load_config(config_path(tmp_path)).feed
    assert (new.name, new.title, new.link) == ("harbour-times", "Harbour Times", news)
    assert new.source[0].model_dump()["url"] == site.url("/rss")
    assert run(tmp_path, "build", "harbour-times").exit_code == 0
    assert title(3) in (tmp_path / "feeds" / "harbour-times.rss").read_text("utf-8")


def test_add_without_a_terminal_shows_the_feed_and_writes_nothing(
    news: str, tmp_path: Path
) -> None:
    before = config_path(tmp_path).read_bytes()
    done = run(tmp_path, "add", news)
    assert done.exit_code == 1
    assert '[[feed.source]]\ntype = "feed"' in done.stdout
    assert done.stderr.endswith("feedpub: nothing was written; --yes writes without asking\n")
    assert config_path(tmp_path).read_bytes() == before


def test_add_dry_run_prints_only_the_picked_candidate(news: str, tmp_path: Path) -> None:
    before = config_path(tmp_path).read_bytes()
    done = run(tmp_path, "add", news, "--dry-run", "--yes", "--pick", "2", "--name", "quay")
    block = (
        '[[feed]]\nname = "quay"\ntitle = "Harbour Times"\n\n[[feed.source]]\n'
        f'type = "page"\nurl = "{news}"\n'
    )
    assert (done.exit_code, done.stdout) == (0, block)
    assert config_path(tmp_path).read_bytes() == before


def test_add_json_prints_one_document(news: str, tmp_path: Path) -> None:
    done = run(tmp_path, "add", news, "--json", "--yes")
    document = json.loads(done.stdout)
    assert [(each["number"], each["kind"], each["entries"]) for each in document["candidates"]] == [
        (1, "feed", 5),
        (2, "page", 5),
        (3, "sitemap", 5),
    ]
    assert [article["title"] for article in document["articles"]] == [title(5), title(4), title(3)]
    assert any(
        "You may also like" in removed["text"] for removed in document["articles"][0]["removed"]
    )
    assert (document["picked"], document["name"], document["written"], done.exit_code) == (
        1,
        "harbour-times",
        True,
        0,
    )
    assert config_path(tmp_path).read_text("utf-8").endswith(document["block"])


def test_add_refuses_a_source_that_is_configured_already(
    news: str, site: Site, tmp_path: Path
) -> None:
    configure(tmp_path, feed("old", f"page {news}"))
    done = run(tmp_path, "add", news, "--yes")
    assert done.exit_code == 1
    assert "is a source of the feed old already" in str(done.exception)
    assert site.requests == []
    configure(tmp_path, feed("old", f"feed {site.url('/rss')}"))
    assert "/rss is a source of the feed old already" in str(
        run(tmp_path, "add", news, "--yes").exception
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ftp://127.0.0.1/"], "not a web address"),
        (["http://me:secret@127.0.0.1/"], "contains a user name"),
        (["http://127.0.0.1/", "--name", "No Name"], "not a name"),
        (["http://127.0.0.1/", "--name", "index"], "reserved for feedpub"),
    ],
)
def test_invalid_url_or_name_is_refused_before_any_request(
    site: Site, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    configure(tmp_path)
    assert reason in str(run(tmp_path, "add", *arguments).exception)
    assert site.requests == []


def test_pick_beyond_the_last_candidate_is_a_usage_error(news: str, tmp_path: Path) -> None:
    done = run(tmp_path, "add", news, "--yes", "--pick", "9")
    assert (done.exit_code, "there are 3 candidates" in done.stderr) == (2, True)


def test_add_shows_why_an_article_cannot_be_read(news: str, site: Site, tmp_path: Path) -> None:
    del site.routes[path(4)]
    shown = run(tmp_path, "add", news).stdout
    assert f"{site.url(path(4))}\n  could not be read: HTTP 404" in shown
    assert "2 of 3 pages could be read" in shown
    document = json.loads(run(tmp_path, "add", news, "--json").stdout)
    assert document["articles"][1]["reason"].startswith("HTTP 404")


def on_a_terminal(
    folder: Path, *arguments: str, answers: list[str], prompt: bytes = b"[y]: "
) -> tuple[int, str]:
    """Run the command on a pseudo-terminal and type an answer at each prompt."""
    import pty  # noqa: PLC0415 -- not on Windows

    shown, typed = bytearray(), iter(answers)
    prompts = 0

    def read(descriptor: int) -> bytes:
        nonlocal prompts
        data = os.read(descriptor, 4096)
        shown.extend(data)
        if shown.count(prompt) > prompts:
            prompts += 1
            os.write(descriptor, next(typed).encode() + b"\n")
        return data

    status = pty.spawn(
        [sys.executable, "-m", "feedpub", "-c", str(config_path(folder)), *arguments], read
    )
    return os.waitstatus_to_exitcode(status), shown.decode()


@pytest.mark.slow
def test_add_on_a_terminal_asks_and_accepts_another_number(news: str, tmp_path: Path) -> None:
    status, shown = on_a_terminal(tmp_path, "add", news, answers=["2", "y"])
    assert (status, shown.count("Write this to"), "added harbour-times to" in shown) == (
        0,
        2,
        True,
    )
    assert load_config(config_path(tmp_path)).feed[0].source[0].model_dump()["type"] == "page"


@pytest.mark.slow
def test_answer_no_writes_nothing(news: str, tmp_path: Path) -> None:
    before = config_path(tmp_path).read_bytes()
    status, shown = on_a_terminal(tmp_path, "add", news, answers=["n"])
    assert (status, "nothing was written" in shown) == (1, True)
    assert config_path(tmp_path).read_bytes() == before


def test_add_without_a_config_allows_only_public_addresses(
    news: str, site: Site, tmp_path: Path
) -> None:
    config_path(tmp_path).unlink()
    assert "only public ones are fetched" in str(run(tmp_path, "add", news, "--yes").exception)
    assert not config_path(tmp_path).exists()
    assert site.paths() == []

"""`feedpub add`, from an address to a feed that can be built."""

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


def config_of(folder: Path) -> Path:
    return folder / "config" / "feedpub.toml"


def run(folder: Path, *arguments: str) -> Result:
    """The command in this process, with the config of a folder."""
    return CliRunner().invoke(command.cli, ["-c", str(config_of(folder)), *arguments])


@pytest.fixture
def news(site: Site, tmp_path: Path) -> str:
    """The address of a page that names a feed; the config allows loopback and has no feed."""
    open_newsroom(site, NUMBERS)
    site["/news"] = listing(NUMBERS).replace(
        "</head>", '<link rel="alternate" type="application/rss+xml" href="/rss"></head>'
    )
    configure(tmp_path)
    return site.url("/news")


def test_yes_writes_the_first_candidate_and_it_can_be_built(
    news: str, site: Site, tmp_path: Path
) -> None:
    """What was found is shown all the same; the next step is named, and works."""
    done = run(tmp_path, "add", news, "--yes")
    assert done.exit_code == 0
    assert f"looking at {news}\n" in done.stderr
    assert "looked at 6 addresses" in done.stderr
    assert "named by the page; teasers only; 3 of 3 pages could be read" in done.stdout
    assert (
        f"{title(5)}\n  2026-11-05 08:00 UTC+01:00 · Jane Doe · 100 words\n  The council of"
        in done.stdout
    )
    assert "  removed: You may also like (phrase 'You may also like' (en))" in done.stdout
    assert done.stdout.endswith("next: feedpub build harbour-times\n")
    (new,) = load_config(config_of(tmp_path)).feed
    assert (new.name, new.title, new.link) == ("harbour-times", "Harbour Times", news)
    assert new.source[0].model_dump()["url"] == site.url("/rss")
    assert run(tmp_path, "build", "harbour-times").exit_code == 0
    assert title(3) in (tmp_path / "feeds" / "harbour-times.rss").read_text("utf-8")


def test_where_nobody_can_be_asked_nothing_is_written(news: str, tmp_path: Path) -> None:
    """The block is shown, the way out is named, and the status says so."""
    before = config_of(tmp_path).read_bytes()
    done = run(tmp_path, "add", news)
    assert done.exit_code == 1
    assert '[[feed.source]]\ntype = "feed"' in done.stdout
    assert done.stderr.endswith("feedpub: nothing was written; --yes writes without asking\n")
    assert config_of(tmp_path).read_bytes() == before


def test_a_dry_run_prints_the_block_alone(news: str, tmp_path: Path) -> None:
    """To be put into the config by hand; of another candidate, under another name."""
    before = config_of(tmp_path).read_bytes()
    done = run(tmp_path, "add", news, "--dry-run", "--yes", "--pick", "2", "--name", "quay")
    block = f'[[feed]]\nname = "quay"\ntitle = "Harbour Times"\n\n[[feed.source]]\ntype = "page"\nurl = "{news}"\n'
    assert (done.exit_code, done.stdout) == (0, block)
    assert config_of(tmp_path).read_bytes() == before


def test_json_is_one_document(news: str, tmp_path: Path) -> None:
    """All candidates, the articles and what was removed, the block, and whether it was written."""
    done = run(tmp_path, "add", news, "--json", "--yes")
    told = json.loads(done.stdout)
    assert [(each["number"], each["kind"], each["entries"]) for each in told["candidates"]] == [
        (1, "feed", 5),
        (2, "page", 5),
        (3, "sitemap", 5),
    ]
    assert [article["title"] for article in told["articles"]] == [title(5), title(4), title(3)]
    assert any("You may also like" in removed["text"] for removed in told["articles"][0]["removed"])
    assert (told["picked"], told["name"], told["written"], done.exit_code) == (
        1,
        "harbour-times",
        True,
        0,
    )
    assert config_of(tmp_path).read_text("utf-8").endswith(told["block"])


def test_what_is_there_already_is_said_at_once(news: str, site: Site, tmp_path: Path) -> None:
    """The address itself before anything is asked for, a candidate's when it is picked."""
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
def test_what_cannot_be_written_is_not_looked_for(
    site: Site, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    """A wrong address, a wrong name."""
    configure(tmp_path)
    assert reason in str(run(tmp_path, "add", *arguments).exception)
    assert site.requests == []


def test_a_number_that_no_candidate_has_is_a_mistake(news: str, tmp_path: Path) -> None:
    """With how many there are."""
    done = run(tmp_path, "add", news, "--yes", "--pick", "9")
    assert (done.exit_code, "there are 3 candidates" in done.stderr) == (2, True)


def test_an_article_that_cannot_be_read_is_named(news: str, site: Site, tmp_path: Path) -> None:
    """With the reason, in its place."""
    del site.routes[path(4)]
    shown = run(tmp_path, "add", news).stdout
    assert f"{site.url(path(4))}\n  could not be read: HTTP 404" in shown
    assert "2 of 3 pages could be read" in shown
    told = json.loads(run(tmp_path, "add", news, "--json").stdout)
    assert told["articles"][1]["reason"].startswith("HTTP 404")


def on_a_terminal(
    folder: Path, *arguments: str, answers: list[str], prompt: bytes = b"[y]: "
) -> tuple[int, str]:
    """The command as a process of its own on a terminal; an answer is typed each time it asks."""
    import pty  # noqa: PLC0415 -- where there are terminals

    shown, typed = bytearray(), iter(answers)
    asked = 0

    def read(descriptor: int) -> bytes:
        nonlocal asked
        data = os.read(descriptor, 4096)
        shown.extend(data)
        if shown.count(prompt) > asked:
            asked += 1
            os.write(descriptor, next(typed).encode() + b"\n")
        return data

    status = pty.spawn(
        [sys.executable, "-m", "feedpub", "-c", str(config_of(folder)), *arguments], read
    )
    return os.waitstatus_to_exitcode(status), shown.decode()


@pytest.mark.slow
def test_on_a_terminal_it_asks(news: str, tmp_path: Path) -> None:
    """The number of another candidate shows that one, and asks again; y writes it."""
    status, shown = on_a_terminal(tmp_path, "add", news, answers=["2", "y"])
    assert (status, shown.count("Write this to"), "is in" in shown) == (0, 2, True)
    assert load_config(config_of(tmp_path)).feed[0].source[0].model_dump()["type"] == "page"


@pytest.mark.slow
def test_no_writes_nothing(news: str, tmp_path: Path) -> None:
    """And the status says so."""
    before = config_of(tmp_path).read_bytes()
    status, shown = on_a_terminal(tmp_path, "add", news, answers=["n"])
    assert (status, "nothing was written" in shown) == (1, True)
    assert config_of(tmp_path).read_bytes() == before


def test_without_a_config_the_network_is_public(news: str, site: Site, tmp_path: Path) -> None:
    """The defaults count: this machine is refused, and no config is made for what was not found."""
    config_of(tmp_path).unlink()
    assert "only public ones are fetched" in str(run(tmp_path, "add", news, "--yes").exception)
    assert not config_of(tmp_path).exists()
    assert site.paths() == []

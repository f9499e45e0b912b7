"""`feedpub add`: from a URL to a feed that builds."""

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedpub import cli as command
from feedpub.config import load_config
from tests.support.newsroom import (
    configure,
    feed,
    listing,
    open_newsroom,
    path,
    rss,
    story,
    title,
)
from tests.support.site import Route, Site

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
    assert "the source's own content; its page could not be read: HTTP 404" in shown
    assert "2 of 3 pages could be read" in shown
    picked = run(tmp_path, "add", news, "--type", "page").stdout
    assert f"{site.url(path(4))}\n  could not be read: HTTP 404" in picked
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


CHANGELOG = """<!doctype html><html lang="en"><head><title>Changelog | Quayside</title></head><body>
<h1>Changelog</h1>
<h2 id="v14">1.4 - 2026-11-04</h2><p>Watch <a href="/issues/9">mode</a> rebuilds at once.</p>
<h2 id="v13">1.3 - 2026-10-02</h2><p>An empty file no longer loops.</p>
<h2 id="v12">1.2 - 2026-08-21</h2><p>Patterns may be mirrored.</p></body></html>"""


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], {"type": "items"}),
        (["--item", "h2"], {"type": "items", "item": "h2"}),
        (["--type", "page", "--links", "p a"], {"type": "page", "links": "p a"}),
    ],
)
def test_add_writes_the_selectors_that_build(
    site: Site, tmp_path: Path, arguments: list[str], settings: dict[str, str]
) -> None:
    site["/changelog"] = CHANGELOG
    site["/issues/9"] = open_issue()
    configure(tmp_path)
    done = run(tmp_path, "add", site.url("/changelog"), "--yes", *arguments)
    assert done.exit_code == 0, done.output
    (new,) = load_config(config_path(tmp_path)).feed
    assert settings.items() <= new.source[0].model_dump().items()
    assert (new.name, new.title) == ("quayside", "Changelog | Quayside")
    assert run(tmp_path, "build").exit_code == 0
    published = (tmp_path / "feeds" / "quayside.rss").read_text("utf-8")
    expected = "rebuilds at once" if settings["type"] == "items" else "The tide came in"
    assert expected in published


def open_issue() -> str:
    return (
        "<html><head><title>Issue 9</title></head><body><article><h1>Watch mode is slow</h1><p>"
        + "The tide came in, and the watcher saw every wave of it as a change. " * 5
        + "</p></article></body></html>"
    )


def test_add_without_fetching_writes_fetch_false(news: str, site: Site, tmp_path: Path) -> None:
    done = run(tmp_path, "add", news, "--yes", "--no-fetch")
    assert done.exit_code == 0
    (new,) = load_config(config_path(tmp_path)).feed
    assert new.source[0].model_dump()["fetch"] is False
    assert path(5) not in site.paths()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--links", "a", "--item", "li"], "exclude each other"),
        (["--links", "a", "--type", "feed"], "for sources of type page, not feed"),
        (["--links", "a["], "--links"),
        (["--type", "folder"], "--type"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(
    news: str, site: Site, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    done = run(tmp_path, "add", news, *arguments)
    assert (done.exit_code, reason in done.stderr) == (2, True)
    assert site.requests == []


def test_add_with_yes_writes_no_source_that_it_could_not_read(site: Site, tmp_path: Path) -> None:
    """The failure may be about this moment only. --pick overrides it."""
    open_newsroom(site, NUMBERS)
    for number in NUMBERS:
        site[path(number)] = Route(b"", status=500)
    for gone in ("/rss", "/sitemap.xml"):
        del site.routes[gone]
    configure(tmp_path)
    done = run(tmp_path, "add", site.url("/news"), "--yes")
    assert done.exit_code == 1
    assert "none of its articles could be read: HTTP 500" in done.stderr
    assert "--pick 1 adds it anyway" in done.stderr
    assert run(tmp_path, "add", site.url("/news"), "--yes", "--pick", "1").exit_code == 0


def test_add_warns_of_a_paywall(news: str, site: Site, tmp_path: Path) -> None:
    data = '<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>'
    site[path(5)] = story(5).replace("</head>", f"{data}</head>")
    done = run(tmp_path, "add", news, "--yes")
    assert "note: 1 of 3 pages are not free" in done.stderr
    assert "set cookies on the source" in done.stderr


def test_add_suggests_http_if_https_fails(site: Site, tmp_path: Path) -> None:
    open_newsroom(site, NUMBERS)
    configure(tmp_path)
    plain = site.url("/news")
    error = run(tmp_path, "add", plain.replace("http:", "https:"), "--yes").exception
    assert f"{plain} answers, without encryption: try feedpub add {plain}" in str(error)


def test_feed_is_named_after_its_site_in_ascii(site: Site, tmp_path: Path) -> None:
    """The tagline is neither part of the name nor of the title."""
    open_newsroom(site, NUMBERS)
    feed_ = rss(site, NUMBERS)
    title_ = "Новая гавань — порт".encode()
    site["/rss"] = Route(feed_.body.replace(b"Harbour Times", title_), feed_.content_type)
    configure(tmp_path)
    assert run(tmp_path, "add", site.url("/rss"), "--yes").exit_code == 0
    (new,) = load_config(config_path(tmp_path)).feed
    assert (new.name, new.title) == ("novaya-gavan", "Новая гавань")


def test_add_publishes_a_feed_alone_if_its_pages_are_forbidden(site: Site, tmp_path: Path) -> None:
    """Requests that fail for ever are not sent."""
    open_newsroom(site, NUMBERS)
    for number in NUMBERS:
        site[path(number)] = Route(b"", status=403)
    configure(tmp_path)
    done = run(tmp_path, "add", site.url("/rss"), "--yes")
    assert done.exit_code == 0
    assert "note: the entries' own pages cannot be read (HTTP 403" in done.stderr
    (new,) = load_config(config_path(tmp_path)).feed
    assert new.source[0].model_dump()["fetch"] is False

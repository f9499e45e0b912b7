"""Configs with errors, and how the config is found."""

import pytest

from tests.support.home import REFUSED, Home, hash_files
from tests.support.newsroom import feed, story

pytestmark = pytest.mark.slow


GOOD = feed("good", "folder articles")
BAD = {
    "an unknown key": (GOOD + 'colour = "red"\n', "colour"),
    "a wrong type": (feed("good", "folder articles", more='limit = "many"'), "limit"),
    "a name twice": (GOOD + GOOD, "good"),
    "a reserved name": (feed("index", "folder articles"), "index"),
    "an archive's name": (feed("good-archive-1", "folder articles"), "good-archive-1"),
    "a name that is not a file stem": (feed("../evil", "folder articles"), "../evil"),
    "an unknown kind of source": (feed("good", "gopher articles"), "gopher"),
    "a missing title": (
        '[[feed]]\nname = "good"\n[[feed.source]]\ntype = "folder"\npath = "articles"\n',
        "title",
    ),
    "an unknown format": (feed("good", "folder articles", more='formats = ["rss", "pdf"]'), "pdf"),
    "no TOML": ("[[feed\n", "feedpub.toml"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_invalid_config_exits_with_2_and_builds_nothing(home: Home, mistake: str) -> None:
    text, named = BAD[mistake]
    home.save("pier.html", story(1))
    home.configure(text)
    done = home.run("build")
    output = done.stdout + done.stderr
    assert done.returncode == REFUSED, output
    assert named in output
    assert "feedpub.toml" in output
    assert home.read_published() == {}


def test_published_files_stay_if_the_config_becomes_invalid(home: Home) -> None:
    home.save("pier.html", story(1))
    home.configure(GOOD)
    home.build()
    before = home.read_published()
    home.save("pier.html", story(2))
    home.configure(GOOD + 'colour = "red"\n')
    assert home.run("build").returncode == home.run("check").returncode == REFUSED
    assert hash_files(home.read_published()) == hash_files(before)


def test_all_config_errors_are_reported_with_their_lines(home: Home) -> None:
    home.configure(feed("index", "folder articles", more='limit = "many"\ncolour = "red"'))
    done = home.run("check")
    output = done.stdout + done.stderr
    assert done.returncode == REFUSED
    assert all(word in output for word in ("index", "limit", "colour"))
    lines = home.config.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("colour"))
    assert f"{number}" in output


def test_config_option_takes_precedence_over_the_environment(home: Home) -> None:
    home.configure(GOOD)
    other = home.root / "other.toml"
    other.write_text("[feedpub]\ncolour = 'red'\n", "utf-8")
    done = home.run("-c", str(other), "check")
    assert done.returncode == REFUSED
    assert "other.toml" in done.stdout + done.stderr


def test_missing_config_exits_with_2_and_its_path(home: Home) -> None:
    done = home.run("build")
    assert done.returncode == REFUSED
    assert "feedpub.toml" in done.stdout + done.stderr


def test_build_of_an_unknown_feed_builds_nothing(home: Home) -> None:
    home.configure(GOOD)
    done = home.run("build", "nothing")
    assert done.returncode == REFUSED
    assert "nothing" in done.stdout + done.stderr

"""A config that cannot be used changes nothing."""

import pytest

from tests.support.home import REFUSED, Home, digest
from tests.support.newsroom import feed, story

pytestmark = pytest.mark.slow


GOOD = feed("good", "folder articles")
BAD = {
    "an unknown key": (GOOD + 'colour = "red"\n', "colour"),
    "a wrong type": (feed("good", "folder articles", more='limit = "many"'), "limit"),
    "a name twice": (GOOD + GOOD, "good"),
    "a reserved name": (feed("index", "folder articles"), "index"),
    "an archive's name": (feed("good-archive-1", "folder articles"), "good-archive-1"),
    "a name that is no file stem": (feed("../evil", "folder articles"), "../evil"),
    "an unknown kind of source": (feed("good", "gopher articles"), "gopher"),
    "a missing title": (
        '[[feed]]\nname = "good"\n[[feed.source]]\ntype = "folder"\npath = "articles"\n',
        "title",
    ),
    "an unknown format": (feed("good", "folder articles", more='formats = ["rss", "pdf"]'), "pdf"),
    "no TOML": ("[[feed\n", "feedpub.toml"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_config_that_cannot_be_used_is_refused(home: Home, mistake: str) -> None:
    """Exit status 2, the file and the mistake named, and nothing built."""
    text, named = BAD[mistake]
    home.save("pier.html", story(1))
    home.configure(text)
    done = home.run("build")
    said = done.stdout + done.stderr
    assert done.returncode == REFUSED, said
    assert named in said
    assert "feedpub.toml" in said
    assert home.published() == {}


def test_what_was_published_stays_when_the_config_breaks(home: Home) -> None:
    """No byte changes, whether it is built or checked."""
    home.save("pier.html", story(1))
    home.configure(GOOD)
    home.build()
    before = home.published()
    home.save("pier.html", story(2))
    home.configure(GOOD + 'colour = "red"\n')
    assert home.run("build").returncode == home.run("check").returncode == REFUSED
    assert digest(home.published()) == digest(before)


def test_all_mistakes_are_told_at_once(home: Home) -> None:
    """With the line of each."""
    home.configure(feed("index", "folder articles", more='limit = "many"\ncolour = "red"'))
    done = home.run("check")
    said = done.stdout + done.stderr
    assert done.returncode == REFUSED
    assert all(word in said for word in ("index", "limit", "colour"))
    lines = home.config.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("colour"))
    assert f"{number}" in said


def test_the_config_may_be_named_on_the_command_line(home: Home) -> None:
    """`-c FILE` comes before what the environment says."""
    home.configure(GOOD)
    other = home.root / "other.toml"
    other.write_text("[feedpub]\ncolour = 'red'\n", "utf-8")
    done = home.run("-c", str(other), "check")
    assert done.returncode == REFUSED
    assert "other.toml" in done.stdout + done.stderr


def test_a_missing_config_is_an_error_of_the_config(home: Home) -> None:
    """Status 2, and the file is named."""
    done = home.run("build")
    assert done.returncode == REFUSED
    assert "feedpub.toml" in done.stdout + done.stderr


def test_an_unknown_feed_is_refused(home: Home) -> None:
    """`build NAME` with a name that the config does not have builds nothing."""
    home.configure(GOOD)
    done = home.run("build", "nothing")
    assert done.returncode == REFUSED
    assert "nothing" in done.stdout + done.stderr

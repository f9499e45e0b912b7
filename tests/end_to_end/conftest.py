"""What every test from outside begins with."""

from pathlib import Path

import pytest

from tests.support.home import Home
from tests.support.newsroom import open_newsroom
from tests.support.site import Site

STORIES = [5, 4, 3, 2, 1]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder for a config, and the command to be run on it."""
    return Home(tmp_path)


@pytest.fixture
def newsroom(site: Site) -> Site:
    """A news site of five stories, to be read by listing, feed and sitemap."""
    open_newsroom(site, STORIES)
    return site

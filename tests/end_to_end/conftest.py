"""Fixtures of the end-to-end tests."""

from pathlib import Path

import pytest

from tests.support.home import Home
from tests.support.newsroom import open_newsroom
from tests.support.site import Site

STORIES = [5, 4, 3, 2, 1]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a folder for a config, to run the command on."""
    return Home(tmp_path)


@pytest.fixture
def newsroom(site: Site) -> Site:
    """Run a news site with five stories, a listing, a feed and a sitemap."""
    open_newsroom(site, STORIES)
    return site

"""Lengths of time as people say them."""

from datetime import timedelta

import pytest

from feedpub.core.humanize import format_age, format_relative
from tests.support.overviews import NOW


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "just now"), (59, "just now"), (60, "1 minute ago"), (7199, "1 hour ago"), (7200, "2 hours ago"),
     (3 * 86400, "3 days ago"), (-5, "just now")],
)  # fmt: skip
def test_how_long_ago(seconds: int, told: str) -> None:
    """In the largest unit that says something."""
    assert format_age(NOW - timedelta(seconds=seconds), NOW) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-120, "2 minutes ago"), (0, "just now"), (30, "in less than a minute"), (1440, "in 24 minutes"),
     (86400, "in 1 day")],
)  # fmt: skip
def test_past_and_future(seconds: int, told: str) -> None:
    """A moment on either side of now."""
    assert format_relative(NOW + timedelta(seconds=seconds), NOW) == told

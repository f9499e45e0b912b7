"""Times are formatted relative to now."""

from datetime import timedelta

import pytest

from feedpub.core.humanize import format_age, format_relative
from tests.support.overviews import NOW


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (7200, "2 hours ago"),
        (3 * 86400, "3 days ago"),
    ],
)
def test_age_is_in_the_largest_unit_that_fits(seconds: int, expected: str) -> None:
    assert format_age(NOW - timedelta(seconds=seconds), NOW) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-120, "2 minutes ago"),
        (0, "just now"),
        (30, "in less than a minute"),
        (1440, "in 24 minutes"),
        (86400, "in 1 day"),
    ],
)
def test_relative_time_can_be_past_or_future(seconds: int, expected: str) -> None:
    assert format_relative(NOW + timedelta(seconds=seconds), NOW) == expected

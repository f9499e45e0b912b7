"""A small chart of bars."""

from feedpub.web.status_page import chart_bars


def test_bars_are_as_high_as_their_share() -> None:
    """Of the highest, which fills the chart.

    What is not nothing can be seen; nothing is not drawn.
    """
    assert chart_bars([0, 8, 4, 1000]) == (15, 32, "M4 32v-2h3V32zM8 32v-2h3V32zM12 32v-32h3V32z")
    assert chart_bars([1, 2]) == (7, 32, "M0 32v-16h3V32zM4 32v-32h3V32z")


def test_nothing_to_draw() -> None:
    """Is an empty chart of the same size."""
    assert chart_bars([0, 0]) == (7, 32, "")

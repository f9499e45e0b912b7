"""A small chart of bars."""

from feedpub.web.status_page import chart_bars


def test_bar_heights_are_proportional_with_a_visible_minimum() -> None:
    assert chart_bars([0, 8, 4, 1000]) == (15, 32, "M4 32v-2h3V32zM8 32v-2h3V32zM12 32v-32h3V32z")
    assert chart_bars([1, 2]) == (7, 32, "M0 32v-16h3V32zM4 32v-32h3V32z")


def test_chart_without_entries_has_the_same_size() -> None:
    assert chart_bars([0, 0]) == (7, 32, "")

"""A small chart of bars, drawn as one path."""

from collections.abc import Sequence

HEIGHT = 32
STEP, BAR = 4, 3  # from bar to bar, and the width of one
_LEAST = 2.0  # of a bar that is not nothing


def bars(counts: Sequence[int]) -> tuple[int, int, str]:
    """The width and height of the chart, and its path: one bar a number, the highest as high as the chart."""
    highest = max(counts, default=0)
    path = "".join(_bar(place * STEP, count / highest) for place, count in enumerate(counts) if count)
    return len(counts) * STEP - (STEP - BAR), HEIGHT, path


def _bar(left: int, share: float) -> str:
    height = max(share * HEIGHT, _LEAST)
    return f"M{left} {HEIGHT}v-{height:.4g}h{BAR}V{HEIGHT}z"

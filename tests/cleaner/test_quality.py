"""The cleaner over the public benchmarks' development pages: better than readability-lxml, and never worse than it was.

The model has seen these pages, so the figures flatter it; what it does on unknown sites,
`train_blocks` prints.
"""

from collections.abc import Iterator
from itertools import islice

import pytest

from feedpub.cleaner import extract
from feedpub.core.errors import ExtractError
from tests.benchmarks.bench import leaked, metrics
from tests.benchmarks.examples import Row, rows
from tests.support.shared import shared

READABILITY = {"wcxb-articles": 0.892, "newspaper": 0.874, "fundus": 0.880}
FLOORS = {"wcxb-articles": 0.960, "newspaper": 0.950, "fundus": 0.965}
MUST, LEAKED = 0.945, 0.050  # of the sample


SAMPLE = 3  # every third page tells as much; `python -m tests.benchmarks.compare` reads them all


def sample(name: str) -> Iterator[Row]:
    return islice(rows(shared("bench/extraction") / "data", name), 0, None, SAMPLE)


def text(row: Row) -> str:
    try:
        return extract(row.html, row.url).text
    except ExtractError:
        return ""


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOORS)
def test_articles_are_found(name: str) -> None:
    """By the benchmark's own F1 over runs of four words."""
    measure = metrics(shared("bench/extraction"))
    counts = [measure.shingle_counts(text(row), row.text) for row in sample(name)]
    found = measure.shingle_f1(counts)["f1"]
    assert found > READABILITY[name]
    assert found >= FLOORS[name]


@pytest.mark.slow
def test_boilerplate_does_not_leak() -> None:
    """Over pages in many languages of which some wanted and some unwanted segments are known."""
    measure = metrics(shared("bench/extraction"))
    pages = sample("trafilatura")
    found = leaked([measure.segments(text(row), row.must, row.must_not) for row in pages])
    assert found["must"] >= MUST
    assert found["leaked"] <= LEAKED

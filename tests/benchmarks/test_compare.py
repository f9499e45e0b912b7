"""The comparison's own parts: what is shown must be what was measured."""

from types import ModuleType

import pytest

from tests.benchmarks.bench import metrics
from tests.benchmarks.compare import Scores, score, speed, table
from tests.benchmarks.examples import Row
from tests.benchmarks.extractors import OURS, PARSE, Found, installed, missing
from tests.benchmarks.one_page import page
from tests.benchmarks.plain_text import cleaned
from tests.benchmarks.stages import STAGES, stages
from tests.support.shared import shared

ROW = Row(
    id="1",
    dataset="newspaper",
    kind="article",
    site="record.example",
    url="https://record.example/pier",
    html=page(20),
    title="The pier stays",
    text="the old pier stays where it is",
    must=(),
    must_not=(),
    authors=("Marta Quill",),
    date="2025-10-14",
)


def test_a_generated_page_is_an_article() -> None:
    """Its paragraphs and nothing around them."""
    found = installed()[OURS](page(30), "https://record.example/pier")
    assert (len(found.text.split("\n")), found.title) == (30, "The pier stays")


def test_what_is_not_installed_is_left_out() -> None:
    """Only feedpub and the parser are always there."""
    assert {OURS, PARSE} <= installed().keys()
    assert not installed().keys() & set(missing())


def test_a_page_counts_where_the_truth_is_known() -> None:
    """Each field by the benchmarks' own measures."""
    scores = Scores()
    said = Found(
        "the old pier stays where it is",
        "The Pier Stays",
        ("Marta Quill", "Tom Wick"),
        "2025-10-14",
    )
    score(ROW, said, scores, _metrics())
    assert (scores.words, scores.titles, scores.dates, scores.segments) == ([1.0], [1.0], [1.0], [])
    assert scores.authors == [pytest.approx(2 / 3)]


def test_who_finds_nothing_scores_nothing() -> None:
    """It raises no error either."""
    scores = Scores()
    score(ROW, Found(), scores, _metrics())
    assert (scores.words, scores.titles, scores.authors, scores.dates) == (
        [0.0],
        [0.0],
        [0.0],
        [0.0],
    )


def test_time_is_told_as_means_and_shares() -> None:
    """Over all pages, in trafilatura's and in those of a bare parse."""
    found = {"a": {OURS: Scores(milliseconds=[2, 4]), PARSE: Scores(milliseconds=[1, 2])}}
    lines = {line[0]: line[1:] for line in speed(found, [OURS, PARSE])}
    assert list(lines["CPU ms a page, mean"]) == ["3.0", "1.5"]
    assert list(lines["mean, in those of lxml parse"]) == ["2.00", "1.00"]


def test_stages_are_those_of_the_story() -> None:
    """Every stage is timed, and what is left belongs to none."""
    told = {stage: share for stage, _, share in stages([ROW])}
    assert told.keys() == {*STAGES, "the rest", "all"}
    assert told["all"] == "100 %"


def test_a_table_is_markdown() -> None:
    """A head, a rule, and a line a row."""
    assert (
        table(["time", "ours"], [["ms", "3.0"]]) == "| time | ours |\n| --- | --- |\n| ms | 3.0 |"
    )


def test_a_text_without_an_article_is_cleaned_to_nothing() -> None:
    """It counts as nothing found."""
    assert cleaned("Share\n\nFacebook") == ""


def _metrics() -> ModuleType:
    return metrics(shared("bench/extraction"))

"""Check the parts of the comparison: the tables must show the measured values."""

from types import ModuleType

import pytest

from tests.benchmarks.bench import metrics
from tests.benchmarks.compare import Scores, score, speed, table
from tests.benchmarks.examples import Row
from tests.benchmarks.extractors import OURS, PARSE, Found, installed_extractors, missing_extractors
from tests.benchmarks.one_page import page
from tests.benchmarks.plain_text import clean_text
from tests.benchmarks.stages import STAGES, stages
from tests.support.shared import shared_data

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


def test_generated_page_is_extracted_without_menu_and_footer() -> None:
    found = installed_extractors()[OURS](page(30), "https://record.example/pier")
    assert (len(found.text.split("\n")), found.title) == (30, "The pier stays")


def test_missing_extractors_are_left_out() -> None:
    assert {OURS, PARSE} <= installed_extractors().keys()
    assert not installed_extractors().keys() & set(missing_extractors())


def test_fields_with_known_values_are_scored() -> None:
    scores = Scores()
    found = Found(
        "the old pier stays where it is",
        "The Pier Stays",
        ("Marta Quill", "Tom Wick"),
        "2025-10-14",
    )
    score(ROW, found, scores, _metrics())
    assert (scores.words, scores.titles, scores.dates, scores.segments) == ([1.0], [1.0], [1.0], [])
    assert scores.authors == [pytest.approx(2 / 3)]


def test_empty_result_scores_zero() -> None:
    scores = Scores()
    score(ROW, Found(), scores, _metrics())
    assert (scores.words, scores.titles, scores.authors, scores.dates) == (
        [0.0],
        [0.0],
        [0.0],
        [0.0],
    )


def test_time_is_shown_as_means_and_ratios() -> None:
    found = {"a": {OURS: Scores(milliseconds=[2, 4]), PARSE: Scores(milliseconds=[1, 2])}}
    lines = {line[0]: line[1:] for line in speed(found, [OURS, PARSE])}
    assert list(lines["CPU ms a page, mean"]) == ["3.0", "1.5"]
    assert list(lines["mean, in those of lxml parse"]) == ["2.00", "1.00"]


def test_every_stage_is_timed() -> None:
    shares = {stage: share for stage, _, share in stages([ROW])}
    assert shares.keys() == {*STAGES, "the rest", "all"}
    assert shares["all"] == "100 %"


def test_table_is_markdown() -> None:
    assert (
        table(["time", "ours"], [["ms", "3.0"]]) == "| time | ours |\n| --- | --- |\n| ms | 3.0 |"
    )


def test_text_without_an_article_is_cleaned_to_nothing() -> None:
    assert clean_text("Share\n\nFacebook") == ""


def _metrics() -> ModuleType:
    return metrics(shared_data("bench/extraction"))

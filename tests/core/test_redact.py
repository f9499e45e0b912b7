"""The problems of a run are safe to show."""

import pytest

from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.core.redact import redact_result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ann:pw@example.org/a", "https://example.org/a"),
        ("https://example.org/a?api_key=T0KEN&n=1", "https://example.org/a?api_key=…&n=1"),
        ("the page is gone\nfor good", "the page is gone for good"),
        ("\x1b[2Jnothing \x9b31m here", "\ufffd[2Jnothing \ufffd31m here"),
        ("stra\u202eight", "stra\ufffdight"),
    ],
)
def test_problem_has_no_secret_and_no_terminal_command(text: str, expected: str) -> None:
    result = RunResult("world", RunStatus.FAILED, problems=(Failure(text, text, fatal=True),))
    (problem,) = redact_result(result).problems
    assert (problem.where, problem.reason) == (expected, expected)


def test_problem_is_cut() -> None:
    result = RunResult(
        "world",
        RunStatus.FAILED,
        problems=(Failure("https://example.org/" + "a" * 8000, "?" * 60_000),),
    )
    (problem,) = redact_result(result).problems
    assert (len(problem.where), len(problem.reason)) == (500, 1000)

"""What everybody may read of an outcome."""

import pytest

from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.core.redact import redact_result


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("https://ann:pw@example.org/a", "https://example.org/a"),
        ("https://example.org/a?api_key=T0KEN&n=1", "https://example.org/a?api_key=…&n=1"),
        ("the page is gone\nfor good", "the page is gone for good"),
        ("\x1b[2Jnothing \x9b31m here", "\ufffd[2Jnothing \ufffd31m here"),
        ("stra\u202eight", "stra\ufffdight"),
    ],
)
def test_problems_hold_no_secret_and_no_command(said: str, told: str) -> None:
    """In the place as in the reason, which both may be a server's words."""
    outcome = RunResult("world", RunStatus.FAILED, problems=(Failure(said, said, fatal=True),))
    (problem,) = redact_result(outcome).problems
    assert (problem.where, problem.reason) == (told, told)


def test_problems_are_short() -> None:
    """An address or a reason may hold what a server said."""
    outcome = RunResult(
        "world",
        RunStatus.FAILED,
        problems=(Failure("https://example.org/" + "a" * 8000, "?" * 60_000),),
    )
    (problem,) = redact_result(outcome).problems
    assert (len(problem.where), len(problem.reason)) == (500, 1000)

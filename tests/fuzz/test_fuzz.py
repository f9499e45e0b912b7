"""Check every reader: it raises only feedpub's own errors, ends soon, and returns valid results.

A million inputs each are for `python -m tests.fuzz all --inputs 1000000`; these tests try only as
many as fit into a minute.
"""

import random
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import fuzz
from tests.fuzz.findings import REGRESSIONS, failure_signature, signature, smallest
from tests.fuzz.mutation import mutate
from tests.fuzz.target import MARKUP, SEPARATOR, Effort, Target
from tests.fuzz.targets import TARGETS

KEPT = sorted(path for path in REGRESSIONS.rglob("*") if path.is_file())
EXAMPLES, SHORT_RUN = 60, 500
REPEATED = 1 << 13  # bytes of one word over and over

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_former_findings_are_read(path: Path) -> None:
    TARGETS[path.parent.name].check(path.read_bytes())


@every_target
def test_seeds_are_read(target: Target) -> None:
    assert target.seeds()
    for seed in target.seeds():
        target.check(seed)


@every_target
def test_inputs_from_the_grammar_are_read(target: Target) -> None:
    """Combine words, halves of words and bytes in any order, in up to three fields."""
    word = st.sampled_from(target.words)
    part = (
        word
        | st.binary(max_size=6)
        | st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
    repeated = st.builds(lambda some, times: some * times, part, st.integers(1, 50))
    field = st.lists(part | repeated, max_size=12).map(b"".join)
    seed = st.sampled_from(target.seeds())

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(field | seed, min_size=1, max_size=3).map(SEPARATOR.join))
    def read(data: bytes) -> None:
        target.check(data[: target.longest])

    read()


@every_target
def test_changed_inputs_are_read(target: Target) -> None:
    """Leave out, double, move and repeat parts of an input."""
    seeds = target.seeds()
    for number in range(EXAMPLES):
        dice = random.Random(number)  # noqa: S311 -- inputs, not secrets
        target.check(mutate(target, dice.choice(seeds), target.longest, number))


@pytest.mark.slow
@every_target
def test_repetition_is_read_in_time(target: Target) -> None:
    """Check that the time grows only with the size.

    Repeat a word of the grammar thousands of times, alone and in the place of each field.
    """
    for word in target.words:
        many = word * (REPEATED // len(word))
        for data in (many, SEPARATOR + many, SEPARATOR * 2 + many, b"x" + many + b"x"):
            target.check(data)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed here")
@pytest.mark.parametrize("name", ["page", "text", "feed", "sitemap", "config", "dates", "urls"])
def test_a_short_run_finds_nothing(name: str, tmp_path: Path) -> None:
    """Let coverage guide the run, which is the same for the same code."""
    total = fuzz(TARGETS[name], Effort(SHORT_RUN), kept=tmp_path)
    assert total.inputs >= SHORT_RUN
    assert total.after >= total.before > 0
    assert not total.found, total.found


def picky(data: bytes) -> None:
    """Raise an error for one word within a tag."""
    if b"bad" in data and b"<p>" in data:
        raise KeyError(len(data))


def test_a_finding_is_named_by_its_place_and_made_small() -> None:
    target = Target("picky", picky, "html", MARKUP, 100)
    data = b"<div>some <p>of this is <b>bad</b></p></div>" * 5
    assert failure_signature(target, data) == "keyerror-in-test-fuzz-picky"
    assert smallest(target, data) in (b"<p>bad", b"bad<p>")
    assert failure_signature(target, b"<p>good") is None


def test_findings_that_differ_in_a_number_are_one() -> None:
    first, second = (
        AssertionError(f"took {seconds} s for 12{seconds} bytes") for seconds in (2, 3)
    )
    assert [_raise_and_sign(error) for error in (first, second)] == [
        "took-s-for-bytes-in-test-fuzz-raise-and-sign"
    ] * 2


def _raise_and_sign(error: Exception) -> str:
    try:
        raise error
    except AssertionError as caught:
        return signature(caught)


def test_a_mutation_follows_from_its_seed() -> None:
    target, seed = TARGETS["page"], TARGETS["page"].seeds()[0]
    mutations = [mutate(target, seed, 4096, number) for number in range(50)]
    assert mutations == [mutate(target, seed, 4096, number) for number in range(50)]
    assert len(set(mutations)) > 40
    assert all(len(data) <= 4096 for data in mutations)

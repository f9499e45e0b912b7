"""Check each bad input of the catalogue against the oracle."""

import re
from collections.abc import Iterator

import pytest

from tests.catalogue.case import Theatre
from tests.catalogue.cases import CASES, GROUPS
from tests.catalogue.names import NAMES
from tests.catalogue.stage import Stage
from tests.support.shared import shared_data


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with Stage.open(tmp_path_factory.mktemp("catalogue")) as stage:
        yield Theatre(stage)


MARKED = [
    pytest.param(name, id=name, marks=[pytest.mark.slow] if CASES[name].slow else [])
    for name in CASES
]


@pytest.mark.parametrize("name", MARKED)
def test_bad_input_meets_the_oracle(theatre: Theatre, name: str) -> None:
    case = CASES[name]
    if reason := case.needs():
        pytest.skip(reason)
    played = theatre.play(case)
    assert not played.faults, "\n".join(played.faults)


@pytest.mark.parametrize("group", NAMES)
def test_every_listed_name_is_a_case_of_its_group(group: str) -> None:
    assert set(NAMES[group]) <= {case.name for case in GROUPS[group]}


def test_case_names_are_unique() -> None:
    assert sum(map(len, GROUPS.values())) == len(CASES)


def test_listed_names_match_the_guide() -> None:
    text = shared_data("guide/reliability.md").read_text("utf-8")
    section = text.partition("## Catalogue")[2].partition("\n## ")[0]
    for group, names in re.findall(r"^- (\w+): (.+)$", section, re.MULTILINE):
        assert tuple(names.partition(";")[0].split()) == NAMES[group]

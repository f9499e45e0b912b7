"""Check that each kind of source gives the entries that a person expects."""

from pathlib import Path

import pytest

from tests.zoo.kind import build_kind, names
from tests.zoo.published import compare, reported


@pytest.mark.parametrize("name", names())
def test_kind_gives_the_expected_entries(name: str, tmp_path: Path) -> None:
    build = build_kind(name, tmp_path)
    differences = compare(build).differences
    assert not differences, "\n".join([*differences, *reported(build)])

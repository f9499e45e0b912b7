"""Compare the documents of a feed that has everything with those in full/."""

import pytest

from tests.builder import full

NAMES = sorted(full.documents())


@pytest.mark.parametrize("name", NAMES)
def test_document_is_the_expected_one(name: str) -> None:
    assert full.documents()[name].decode() == (full.FOLDER / name).read_text("utf-8")


def test_every_expected_document_is_rendered() -> None:
    files = [
        path.relative_to(full.FOLDER).as_posix()
        for path in full.FOLDER.rglob("*")
        if path.is_file()
    ]
    assert sorted(files) == NAMES

"""A feed that has everything, rendered: the expected documents lie in full/."""

import pytest

from tests.builder import full

NAMES = sorted(full.documents())


@pytest.mark.parametrize("name", NAMES)
def test_document_is_the_expected_one(name: str) -> None:
    """Byte for byte, on every machine and at every time.

    `python -m tests.builder.full` shows and takes changes.
    """
    assert full.documents()[name].decode() == (full.FOLDER / name).read_text("utf-8")


def test_no_expected_document_is_left_over() -> None:
    """Each file of the folder is one that is rendered."""
    files = [
        path.relative_to(full.FOLDER).as_posix()
        for path in full.FOLDER.rglob("*")
        if path.is_file()
    ]
    assert sorted(files) == NAMES

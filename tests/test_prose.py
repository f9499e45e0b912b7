"""Docstrings, comments, messages and the manual use the field's own words.

`python -m tests.support.prose [PATH ...]` lists the offences of a package while you rewrite it.
"""

from pathlib import Path

import pytest

from tests.support import prose
from tests.support.prose import CHECKED, ROOT, RULES, Rule, check, read_prose

SHOWN = 40


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_prose_avoids_a_denied_word(rule: Rule) -> None:
    offences = list(check([ROOT / name for name in CHECKED], [rule]))
    shown = "\n".join(map(str, offences[:SHOWN]))
    assert not offences, f"{len(offences)} offences; write: {rule.instead}\n{shown}"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.py", '"""Return it, none where nobody asks."""\n'),
        ("a.py", "x = 1  # none where nobody asks\n"),
        ("a.py", "x = 1\n# none where\n# nobody asks\n"),
        ("a.py", 'print("there is none where nobody asks")\n'),
        ("a.py", 'print(f"there is {x} where nobody asks")\n'),
        ("a.md", "# Title\n\nThere is none\nwhere nobody asks.\n"),
        ("a.html", "<p>There is none <b>where nobody</b> asks.</p>"),
        ("a.toml", "every = 1  # none where nobody asks\n"),
    ],
)
def test_denied_word_is_found_in_each_kind_of_prose(tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / name
    path.write_text(source, "utf-8")
    assert {"nobody", "where"} <= {offence.rule.name for offence in check([path])}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.py", 'nobody = "nobody"\n'),
        ("a.py", 'PATTERN = r"where nobody (?:is|was) here"\n'),
        ("a.md", "Run `nobody` there:\n\n```sh\nnobody where\n```\n"),
        ("a.html", "<style>.nobody { color: red }</style>"),
        ("a.toml", 'words = ["nobody", "somebody else"]\n'),
    ],
)
def test_code_is_not_prose(tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / name
    path.write_text(source, "utf-8")
    assert not list(check([path]))


def test_strings_of_tests_are_sample_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only docstrings, comments and assertion messages of tests are prose."""
    monkeypatch.setattr(prose, "TESTS", tmp_path)
    (tmp_path / "a.html").write_text("<p>Then nobody came.</p>", "utf-8")
    (tmp_path / "test_a.py").write_text(
        '"""Do it again and again."""\n'
        'TEXT = "Then nobody came."\n'
        "# For the whole page.\n"
        'assert TEXT, f"{TEXT} is told there"\n',
        "utf-8",
    )
    assert [(offence.line, offence.rule.name) for offence in check([tmp_path])] == [
        (4, "tell"),
        (3, "whole"),
    ]


def test_offence_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('"""Do it.\n\nFor the\nwhole page.\n"""\n', "utf-8")
    (offence,) = check([path])
    assert str(offence).startswith(f"{path}:4: ")


def test_package_has_prose() -> None:
    assert len(read_prose(ROOT / "feedpub")) > 1000

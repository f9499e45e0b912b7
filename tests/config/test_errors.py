"""Each problem of a config has a message: the line, the key, the mistake, and what to write.

The cases are in problems/: a file contains its subject, the text above every case, and the cases.
A line that begins with "!" is an expected message. "…" at its end replaces the text of another
library, and {folder} is the folder above the config's.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.config import load_config
from feedpub.core.errors import ConfigError
from tests.config.support import problems


def cases() -> Iterator[object]:
    for path in sorted(Path(__file__).with_name("problems").glob("*.txt")):
        _, above, below = path.read_text("utf-8").split("\n=====\n")
        for case in below.strip().split("\n\n"):
            lines = case.split("\n")
            snippet = "\n".join(line for line in lines if not line.startswith("!"))
            messages = [line.removeprefix("! ") for line in lines if line.startswith("!")]
            yield pytest.param(f"{above}\n{snippet}", messages, id=f"{path.stem}: {snippet}")


@pytest.mark.parametrize(("toml", "expected"), list(cases()))
def test_each_problem_is_reported_on_its_line_without_secrets(
    tmp_path: Path, toml: str, expected: list[str]
) -> None:
    found = [line.replace(str(tmp_path), "{folder}") for line in problems(tmp_path, toml)]
    assert len(found) == len(expected)
    for line, wanted in zip(found, expected, strict=True):
        if wanted.endswith("…"):
            assert line.startswith(wanted.removesuffix("…"))
        else:
            assert line == wanted
        assert "hunter2" not in line


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """Otherwise a correction would reveal further problems."""
    toml = """\
[feedpub]
request_dealy = "1s"
output = 5

[[feed]]
name = "World"
evry = "30m"
source = [{ type = "page", url = "example.org" }, { type = "pages" }]

[[feed]]
name = "status"
title = "Status"
every = "10s"
cron = "* * *"
[[feed.source]]
type = "folder"
path = "a"
[[feed.source]]
type = "folder"
path = "a"
[feed.rules]
remove = ["text:", "a >> b"]
"""
    lines = [line.partition(":")[0] for line in problems(tmp_path, toml)]
    assert lines == ["2", "3", "5", "6", "7", "8", "8", "11", "13", "14", "14", "20", "22", "22"]


def test_default_output_that_contains_the_config_is_a_problem(tmp_path: Path) -> None:
    """The default is used because the table is invalid."""
    path = tmp_path / "feeds" / "feedpub.toml"
    path.parent.mkdir()
    path.write_text('feedpub = "x"')
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    assert str(raised.value).split("\n") == [
        f"{path}:1: feedpub: must be one table, headed [feedpub]",
        (
            f"{path}:1: feedpub: output: contains this config, which would be published; "
            'write for example "../feeds"'
        ),
    ]


def test_long_value_is_cut_in_the_message(tmp_path: Path) -> None:
    source = 'source = [{ type = "folder", path = "a" }]'
    toml = f'[[feed]]\nname = "{"W" * 300}"\ntitle = "World"\n{source}'
    (problem,) = problems(tmp_path, toml)
    assert problem.startswith(
        f'2: feed "{"W" * 60}…": name: "{"W" * 60}…" is not a name; did you mean "{"w" * 100}"?'
    )

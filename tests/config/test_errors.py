"""What can be wrong in a config, and what is said about it: the line, where, what, and what to write instead.

The cases are the files under problems/: first what the file is about, then what stands above every
case, then the cases. A line that begins with "!" is what must be said; "…" at its end stands for
the words of another library, and {folder} for the folder above the config's.
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
            said = [line.removeprefix("! ") for line in lines if line.startswith("!")]
            yield pytest.param(f"{above}\n{snippet}", said, id=f"{path.stem}: {snippet}")


@pytest.mark.parametrize(("toml", "expected"), list(cases()))
def test_is_said(tmp_path: Path, toml: str, expected: list[str]) -> None:
    """Every problem of the file, each in its line, and nothing else; never a secret."""
    found = [line.replace(str(tmp_path), "{folder}") for line in problems(tmp_path, toml)]
    assert len(found) == len(expected)
    for line, wanted in zip(found, expected, strict=True):
        assert line.startswith(wanted.removesuffix("…")) if wanted.endswith("…") else line == wanted
        assert "hunter2" not in line


def test_all_at_once(tmp_path: Path) -> None:
    """One look at the list is enough to mend the file.

    Nothing shows up only after something else is well.
    """
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


def test_a_config_in_the_folder_that_it_publishes(tmp_path: Path) -> None:
    """The default of a setting can be wrong too, even where its table is no table."""
    path = tmp_path / "feeds" / "feedpub.toml"
    path.parent.mkdir()
    path.write_text('feedpub = "x"')
    with pytest.raises(ConfigError) as raised:
        load_config(path, {})
    assert str(raised.value).split("\n") == [
        f"{path}:1: feedpub: must be one table, headed [feedpub]",
        f'{path}:1: feedpub: output: contains this config, which would be published; write for example "../feeds"',
    ]


def test_a_long_value_is_cut_where_it_is_shown(tmp_path: Path) -> None:
    """A message stays readable whatever stands in the file."""
    toml = f'[[feed]]\nname = "{"W" * 300}"\ntitle = "World"\nsource = [{{ type = "folder", path = "a" }}]'
    (problem,) = problems(tmp_path, toml)
    assert problem.startswith(
        f'2: feed "{"W" * 60}…": name: "{"W" * 60}…" is not a name; did you mean "{"w" * 100}"?'
    )

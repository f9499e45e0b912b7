"""What the command line says to somebody who does not know it, or mistypes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from feedpub.cli import cli
from feedpub.cli.terminal import make_console


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command by the words that name it, those in groups too."""
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def feedpub(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a shell would run it."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("FEEDPUB_")}
    root = str(Path(__file__).parents[1])
    return subprocess.run(  # noqa: S603 -- ours
        [sys.executable, "-m", "feedpub", *arguments],
        cwd=folder,
        env=given | {"PYTHONPATH": root} | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", sorted(commands(cli)), ids=" ".join)
def test_each_command_has_examples(path: tuple[str, ...]) -> None:
    """That begin with the command, and its exit status."""
    shown = CliRunner().invoke(cli, [*path, "--help"]).stdout
    examples = shown.split("Examples:")[1].split("Exit status:")[0]
    assert " ".join(("feedpub", *path)) in examples or "-c" in examples


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["biuld"], "Did you mean 'build'?"),
        (["imprt", "x.opml"], "'import'"),
        (["export", "ompl"], "Did you mean 'opml'?"),
        (["build", "--dryrun"], "Did you mean '--dry-run'?"),
        (["import", "--from", "freshrs", "x"], "'freshrss'"),
    ],
)
def test_a_misspelt_word_gets_the_one_that_was_meant(typed: list[str], meant: str) -> None:
    """And status 2."""
    result = CliRunner().invoke(cli, typed)
    assert (result.exit_code, meant in result.stderr) == (2, True), result.stderr


def test_without_a_config_the_next_step_is_named(tmp_path: Path) -> None:
    """How one is made, by commands."""
    done = feedpub("build", folder=tmp_path)
    assert done.returncode == 2
    assert "config/feedpub.toml: no such file; `feedpub add URL` and `feedpub import FILE` make one" in done.stderr


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('[[feed]]\nname = "world"\ntitle = "W"\nsource = [{ type = "folder", path = "a" }]\n', "did you mean world?"),
        ("", "the config has none: `feedpub add URL` makes one"),
    ],
)
def test_a_feed_that_is_not_there(tmp_path: Path, config: str, said: str) -> None:
    """The nearest name, or how to make one."""
    (tmp_path / "feedpub.toml").write_text(config, "utf-8")
    result = CliRunner().invoke(cli, ["-c", str(tmp_path / "feedpub.toml"), "build", "wrold"])
    assert f"no feed is named wrold; {said}" in str(result.exception)


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -o"), ("zsh", "#compdef feedpub"), ("fish", "complete ")]
)
def test_the_script_of_each_shell(shell: str, word: str) -> None:
    """As click makes it; it asks the command itself by a variable."""
    result = CliRunner().invoke(cli, ["completion", shell])
    assert (result.exit_code, word in result.stdout, "_FEEDPUB_COMPLETE" in result.stdout) == (0, True, True)


def test_a_shell_gets_its_words(tmp_path: Path) -> None:
    """As the script asks for them."""
    asked = {"_FEEDPUB_COMPLETE": "bash_complete", "COMP_WORDS": "feedpub ex", "COMP_CWORD": "1"}
    assert feedpub(folder=tmp_path, environment=asked).stdout == "plain,export\n"


@pytest.mark.parametrize(("variable", "coloured"), [("", True), ("1", False)])
def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch, variable: str, coloured: bool) -> None:  # noqa: FBT001
    """Also where colours are asked for (no-color.org): an empty variable asks for nothing."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", variable)
    console: Console = make_console()
    with console.capture() as captured:
        console.print("[red]late[/red]")
    assert ("\x1b[31m" in captured.get()) is coloured

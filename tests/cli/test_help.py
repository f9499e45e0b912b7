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


@pytest.mark.parametrize("path", sorted(commands(cli)), ids=" ".join)
def test_each_command_takes_the_config_after_its_name(path: tuple[str, ...]) -> None:
    """Its help says so, once."""
    shown = CliRunner().invoke(cli, [*path, "--help"]).stdout
    assert shown.count("-c, --config PATH") == 1


@pytest.mark.parametrize(
    "typed",
    [
        ["-c", "{good}", "check"],
        ["check", "-c", "{good}"],
        ["check", "--config={good}"],
        ["-c", "{bad}", "check", "-c", "{good}"],
        ["check", "-c", "{bad}", "-c", "{good}"],
        ["export", "-c", "{good}", "opml", "--sources"],
        ["export", "opml", "--sources", "-c", "{good}"],
        ["-c", "{bad}", "export", "-c", "{bad}", "opml", "--sources", "-c", "{good}"],
    ],
    ids=" ".join,
)
def test_the_config_may_be_named_before_and_after_the_command(
    tmp_path: Path, typed: list[str]
) -> None:
    """The later one counts where several are named."""
    files = {"good": tmp_path / "good.toml", "bad": tmp_path / "bad.toml"}
    files["good"].write_text("", "utf-8")
    files["bad"].write_text("no config", "utf-8")
    result = CliRunner().invoke(cli, [word.format(**files) for word in typed])
    assert (result.exit_code, result.exception) == (0, None), result.stderr


def test_the_first_config_is_not_read_where_a_later_one_is_named(tmp_path: Path) -> None:
    """A config that does not exist is named by the command that needs it."""
    result = CliRunner().invoke(
        cli, ["-c", str(tmp_path / "a.toml"), "build", "-c", str(tmp_path / "b.toml")]
    )
    assert "b.toml: no such file" in str(result.exception)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("feedpub build --c", "plain,--config\n"),
        ("feedpub state copy --c", "plain,--config\n"),
        ("feedpub build -c ", "file,\n"),
        ("feedpub -c x.toml bui", "plain,build\n"),
    ],
)
def test_a_shell_completes_the_config_after_the_command(
    tmp_path: Path, typed: str, words: str
) -> None:
    """The option by its name, and files behind it."""
    asked = {
        "_FEEDPUB_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    assert feedpub(folder=tmp_path, environment=asked).stdout == words


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
    assert (
        "config/feedpub.toml: no such file; `feedpub add URL` or `feedpub import FILE` creates one"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            '[[feed]]\nname = "world"\ntitle = "W"\nsource = [{ type = "folder", path = "a" }]\n',
            "did you mean world?",
        ),
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
    assert (result.exit_code, word in result.stdout, "_FEEDPUB_COMPLETE" in result.stdout) == (
        0,
        True,
        True,
    )


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

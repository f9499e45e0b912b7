"""Help texts, completion, and messages for mistyped commands."""

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
    """Yield the full name of each command, including subcommands, as words."""
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def feedpub(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as a shell does."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("FEEDPUB_")}
    root = str(Path(__file__).parents[1])
    return subprocess.run(  # noqa: S603 -- feedpub itself
        [sys.executable, "-m", "feedpub", *arguments],
        cwd=folder,
        env=given | {"PYTHONPATH": root} | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", sorted(commands(cli)), ids=" ".join)
def test_help_of_each_command_has_examples(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*path, "--help"]).stdout
    examples = shown.split("Examples:")[1].split("Exit status:")[0]
    assert " ".join(("feedpub", *path)) in examples or "-c" in examples


@pytest.mark.parametrize("path", sorted(commands(cli)), ids=" ".join)
def test_each_command_accepts_the_config_after_its_name(path: tuple[str, ...]) -> None:
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
def test_last_config_option_takes_precedence(tmp_path: Path, typed: list[str]) -> None:
    files = {"good": tmp_path / "good.toml", "bad": tmp_path / "bad.toml"}
    files["good"].write_text("", "utf-8")
    files["bad"].write_text("no config", "utf-8")
    result = CliRunner().invoke(cli, [word.format(**files) for word in typed])
    assert (result.exit_code, result.exception) == (0, None), result.stderr


def test_only_the_last_config_is_read(tmp_path: Path) -> None:
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
def test_completion_offers_the_config_option_and_files(
    tmp_path: Path, typed: str, words: str
) -> None:
    completion = {
        "_FEEDPUB_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    assert feedpub(folder=tmp_path, environment=completion).stdout == words


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
def test_misspelt_word_gets_a_suggestion(typed: list[str], meant: str) -> None:
    result = CliRunner().invoke(cli, typed)
    assert (result.exit_code, meant in result.stderr) == (2, True), result.stderr


def test_missing_config_names_the_commands_that_create_one(tmp_path: Path) -> None:
    done = feedpub("build", folder=tmp_path)
    assert done.returncode == 2
    assert (
        "config/feedpub.toml: no such file; `feedpub add URL` or `feedpub import FILE` creates one"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            '[[feed]]\nname = "world"\ntitle = "W"\nsource = [{ type = "folder", path = "a" }]\n',
            "did you mean world?",
        ),
        ("", "the config has none: `feedpub add URL` makes one"),
    ],
)
def test_unknown_feed_gets_a_suggestion_or_the_next_step(
    tmp_path: Path, config: str, message: str
) -> None:
    (tmp_path / "feedpub.toml").write_text(config, "utf-8")
    result = CliRunner().invoke(cli, ["-c", str(tmp_path / "feedpub.toml"), "build", "wrold"])
    assert f"no feed is named wrold; {message}" in str(result.exception)


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -o"), ("zsh", "#compdef feedpub"), ("fish", "complete ")]
)
def test_completion_prints_the_script_of_each_shell(shell: str, word: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])
    assert (result.exit_code, word in result.stdout, "_FEEDPUB_COMPLETE" in result.stdout) == (
        0,
        True,
        True,
    )


def test_completion_offers_commands(tmp_path: Path) -> None:
    completion = {
        "_FEEDPUB_COMPLETE": "bash_complete",
        "COMP_WORDS": "feedpub ex",
        "COMP_CWORD": "1",
    }
    assert feedpub(folder=tmp_path, environment=completion).stdout == "plain,export\n"


@pytest.mark.parametrize(("variable", "coloured"), [("", True), ("1", False)])
def test_no_color_disables_colours(
    monkeypatch: pytest.MonkeyPatch, variable: str, *, coloured: bool
) -> None:
    """See no-color.org: an empty variable does not disable colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", variable)
    console: Console = make_console()
    with console.capture() as captured:
        console.print("[red]late[/red]")
    assert ("\x1b[31m" in captured.get()) is coloured

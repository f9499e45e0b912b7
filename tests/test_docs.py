"""README is the manual.

Whatever can be written or typed stands in it, and what it shows is what happens.
"""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from feedpub.cli import cli
from tests.support.settings import tables
from tests.systemd import boot

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_every_setting_is_documented() -> None:
    """In the table of its heading, as the config knows it.

    `python -m tests.support.settings` refreshes them.
    """
    assert tables() in README


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_documented(name: str) -> None:
    """With each of its options; those that all commands take are named above the table."""
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `feedpub {name}")]
    own = [option for option in options(cli.commands[name]) if option not in options(cli)]
    assert [option for option in own if option not in row] == []
    assert "`-c FILE` (or `--config`)" in README


def options(command: click.Command) -> list[str]:
    """The first name of each option."""
    return [
        parameter.opts[0] for parameter in command.params if isinstance(parameter, click.Option)
    ]


def test_links_and_pictures_lead_somewhere() -> None:
    """All that point into the repository."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_shown_example_is_what_the_command_prints() -> None:
    """The tour's session, run now."""
    session = re.search(r"```text\n\$ feedpub (clean [^\n]+)\n(.*?)```", README, re.DOTALL)
    assert session is not None
    command = [sys.executable, "-m", "feedpub", *session[1].split()]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 -- ours
    shown = [line.removesuffix("…") for line in session[2].strip().splitlines() if line]
    assert [line for line in shown if line not in printed] == []


def test_the_rooms_of_the_house_are_listed() -> None:
    """Each module and package at the top of feedpub/ stands in the table of how it works."""
    for path in (ROOT / "feedpub").iterdir():
        if path.suffix == ".py" or (path.is_dir() and (path / "__init__.py").exists()):
            assert path.name.removesuffix(".py") in README or path.name.startswith("__"), path.name


@pytest.mark.parametrize(
    "commands", [boot.INSTALL, boot.UPGRADE, boot.STATUS, boot.BACK_UP, boot.RESTORE, boot.REMOVE]
)
def test_the_commands_for_systemd_are_those_that_were_run(commands: str) -> None:
    """In a system that was booted for them."""
    assert commands.strip() in README


def test_the_ci_runs_the_commands_of_the_manual() -> None:
    """Both of them, to the letter."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    section = README.split("## Two commands")[1].split("\n## ")[0]
    commands = re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL)
    assert len(commands) == 2
    assert [command for command in commands if command not in script] == []

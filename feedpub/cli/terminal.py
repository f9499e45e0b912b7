"""How commands speak: on a terminal, to a program, and when they fail."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console


def fail(message: str, *, status: int) -> NoReturn:
    """End the command with a message and an exit status."""
    from feedpub.fetch import discreet

    for line in discreet(message).splitlines():
        click.echo(f"feedpub: {line}", err=True)
    sys.exit(status)


def tell_of_damage(state: Path | str) -> None:
    """Name the damaged files of a state that were set aside: they take room, and nobody needs them for long."""
    from feedpub.store import Store

    for file in Store.lying_aside(state):
        click.echo(f"note: {file} is a damaged state that was set aside: delete it when nobody needs it any more")


def can_ask() -> bool:
    """Whether somebody sits at a terminal who could answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def make_console() -> "Console":
    """A console as wide as the terminal; 120 columns for programs."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def counted(number: int, noun: str, several: str = "") -> str:
    """1 file, 2 files; with a plural that is not made by an s: 2 addresses."""
    return f"{number} {noun if number == 1 else several or f'{noun}s'}"

"""How commands speak: on a terminal, to a program, and when they fail."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from feedpub.cli.streams import escape_json, output_encoding

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


def echo_json(value: object) -> None:
    """Print a value as one JSON document, with escapes if standard output is not in UTF-8."""
    from feedpub.report import to_json

    document = to_json(value)
    click.echo(document if output_encoding().lower().startswith("utf") else escape_json(document))


def can_ask() -> bool:
    """Whether somebody sits at a terminal who could answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def make_console() -> "Console":
    """A console as wide as the terminal; 120 columns for programs."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)

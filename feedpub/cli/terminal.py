"""How commands speak: on a terminal, to a program, and when they fail.

The one way to standard output and standard error: what pages, feeds and servers say commands no terminal here.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from feedpub.characters import without_commands
from feedpub.cli.streams import escape_json, output_encoding

if TYPE_CHECKING:
    from rich.console import Console


def echo(text: str | bytes, *, err: bool = False, nl: bool = True) -> None:
    """Print a text, without what commands a terminal.

    Args:
        text: may be anybody's; bytes, which are a document of our own, are printed as they are.
        err: print to standard error.
        nl: end the line.
    """
    click.echo(text if isinstance(text, bytes) else without_commands(text), err=err, nl=nl)


def fail(message: str, *, status: int) -> NoReturn:
    """End the command with a message and an exit status."""
    from feedpub.fetch import discreet

    for line in discreet(message).splitlines():
        echo(f"feedpub: {line}", err=True)
    sys.exit(status)


def tell_of_damage(state: Path | str) -> None:
    """Name the damaged files of a state that were set aside: they take room, and nobody needs them for long."""
    from feedpub.store import Store

    for file in Store.lying_aside(state):
        echo(f"note: {file} is a damaged state that was set aside: delete it when nobody needs it any more")


def echo_json(value: object) -> None:
    """Print a value as one JSON document, with escapes if standard output is not in UTF-8."""
    from feedpub.report import to_json

    document = to_json(value)
    echo(document if output_encoding().lower().startswith("utf") else escape_json(document))


def can_ask() -> bool:
    """Whether somebody sits at a terminal who could answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def make_console(*, stderr: bool = False) -> "Console":
    """Return a console as wide as the terminal, or 120 columns for programs; it prints as `echo` does."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class SafeConsole(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else without_commands(text), style, control)

    return SafeConsole(width=None if stderr or sys.stdout.isatty() else 120, stderr=stderr)

"""Standard output and error of any encoding.

What it lacks is replaced, so that no command fails over a title.
"""

import codecs
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from feedpub.core.text import strip_terminal_commands

_ERRORS = "feedpub-replace"  # the name of our error handler
_ASCII = "feedpub-ascii"  # click would write UTF-8 to a stream whose encoding is called "ascii"
_SUBSTITUTES = str.maketrans(  # no double quotation mark among them: it would end a string of JSON
    {
        "…": "...",
        "—": "-",
        "–": "-",
        "·": "-",
        "→": "->",
        "“": "'",
        "”": "'",
        "‘": "'",
        "’": "'",
        "\xa0": " ",
    }
)


def make_streams_lenient() -> None:
    """Let standard output and error write any text.

    Our own signs as ASCII, other characters as JSON escapes.
    """
    codecs.register_error(_ERRORS, _replace)
    codecs.register(_find_codec)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where it is closed
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if is_ascii else None, errors=_ERRORS)


def output_encoding() -> str:
    """Return the encoding of standard output; UTF-8 if it is closed, or keeps text as it is."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def escape_json(document: str) -> str:
    """Return a JSON document in ASCII.

    All its characters beyond stand in strings, where JSON has escapes.
    """
    return "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in document)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(_SUBSTITUTES)
    return escape_json(lacking), error.end


def _find_codec(name: str) -> codecs.CodecInfo | None:
    """Return the codec of ASCII under our name.

    Python asks with hyphens or underscores, as its version has it.
    """
    if name.replace("_", "-") != _ASCII:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(*known, known.incrementalencoder, known.incrementaldecoder, name=_ASCII)


# SECTION: Ctrl-C and SIGTERM end any command within seconds, with one word and 128 plus the
# signal's number.
#
# Commands that work until they are told to end, such as `feedpub run`, replace these handlers by
# their own.

_GRACE_SECONDS = (
    2.0  # for what is under way: a run that is cut off changes nothing, so nothing is lost
)
_SAID = {signal.SIGINT: "Interrupted.", signal.SIGTERM: "Terminated."}
_SHOW_CURSOR = "\x1b[?25h"  # which bars hide


class Interrupted(SystemExit):
    """Ends the command from wherever the main thread is. No Exception: it must not pass for a feed that failed.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = signal.Signals(number)


def handle_interrupts() -> None:
    """Raise Interrupted in the main thread on SIGINT and SIGTERM, unless whoever started this process ignores them."""
    for number in _SAID:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def end_interrupted(number: signal.Signals) -> None:
    """Say what happened and end the process at once.

    Threads that still wait for a server would hold it up.
    """
    is_terminal = os.isatty(sys.__stderr__.fileno()) if sys.__stderr__ else False
    start = f"{_SHOW_CURSOR}\n" if is_terminal else ""  # below the ^C that the terminal shows
    os.write(2, f"{start}{_SAID[number]}\n".encode("ascii"))
    os._exit(128 + number)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _SAID:
        signal.signal(each, signal.SIG_DFL)  # a second one ends the process without any delay
    signal.signal(signal.SIGALRM, lambda _number, _frame: end_interrupted(signal.Signals(number)))
    signal.setitimer(signal.ITIMER_REAL, _GRACE_SECONDS)
    raise Interrupted(number)


# SECTION: How commands speak: on a terminal, to a program, and when they fail.
#
# The one way to standard output and standard error: what pages, feeds and servers say commands no
# terminal here.

if TYPE_CHECKING:
    from rich.console import Console


def echo(text: str | bytes, *, err: bool = False, nl: bool = True) -> None:
    """Print a text, without what commands a terminal.

    Args:
        text: may be anybody's; bytes, which are a document of our own, are printed as they are.
        err: print to standard error.
        nl: end the line.
    """
    click.echo(text if isinstance(text, bytes) else strip_terminal_commands(text), err=err, nl=nl)


def exit_with_error(message: str, *, status: int) -> NoReturn:
    """End the command with a message and an exit status."""
    from feedpub.core.redact import redact

    for line in redact(message).splitlines():
        echo(f"feedpub: {line}", err=True)
    sys.exit(status)


def warn_quarantined(state: Path | str) -> None:
    """Name the damaged files of a state that were set aside.

    They take room, and nobody needs them for long.
    """
    from feedpub.store import Store

    for file in Store.quarantined_files(state):
        echo(
            f"note: {file} is a damaged state that was set aside: delete it when nobody needs it any more"
        )


def echo_json(value: object) -> None:
    """Print a value as one JSON document, with escapes if standard output is not in UTF-8."""
    from feedpub.cli.output import results_as_json

    document = results_as_json(value)
    echo(document if output_encoding().lower().startswith("utf") else escape_json(document))


def is_interactive() -> bool:
    """Whether somebody sits at a terminal who could answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def make_console(*, stderr: bool = False) -> "Console":
    """Return a console as wide as the terminal, or 120 columns for programs.

    It prints as `echo` does.
    """
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class SafeConsole(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else strip_terminal_commands(text), style, control)

    return SafeConsole(width=None if stderr or sys.stdout.isatty() else 120, stderr=stderr)


# SECTION: How far commands are that read many articles, or move many rows.

if TYPE_CHECKING:
    from rich.progress import TaskID

    from feedpub.config.edit import Track
    from feedpub.pipeline.context import ProgressCallback


@contextmanager
def progress_bar() -> "Iterator[ProgressCallback]":
    """A bar a feed on standard error, gone at the end."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("articles"),
    )
    with Progress(*columns, console=make_console(stderr=True), transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def show(feed: str, done: int, total: int) -> None:
            if feed not in tasks:
                tasks[feed] = shown.add_task(feed, total=total)
            shown.update(tasks[feed], completed=done, total=total)

        yield show


@contextmanager
def progress_counter() -> Iterator[Callable[[str, int], object]]:
    """A line on standard error that counts up under changing names, gone at the end."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        TextColumn("row {task.completed:,.0f}"),
    )
    with Progress(*columns, console=make_console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda name, done: shown.update(task, description=name, completed=done)


@contextmanager
def loop_progress() -> "Iterator[Track]":
    """Show a bar a loop on standard error, gone at the end; nothing where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("feeds"),
    )
    console = make_console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as shown:
        yield lambda items, what: shown.track(items, description=what)

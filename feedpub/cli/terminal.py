"""Write to the terminal: encodings, interrupts, messages and progress bars.

Commands print through this module only. It removes control characters from all text, so that pages
and servers cannot control the user's terminal.
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

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from feedpub.config.edit import Track
    from feedpub.pipeline.context import ProgressCallback

_PIPE_COLUMNS = 120  # the width of tables if standard output is not a terminal

# --- encodings ---

_ERROR_HANDLER = "feedpub-replace"
_ASCII_CODEC = "feedpub-ascii"  # click writes UTF-8 to a stream whose encoding is named "ascii"
_ASCII_SUBSTITUTES = str.maketrans(  # without a double quote, which would end a JSON string
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
    """Let standard output and standard error accept any text in any encoding.

    Typographic characters that the encoding lacks become ASCII, others JSON escapes. No command
    fails because of a title.
    """
    codecs.register_error(_ERROR_HANDLER, _replace_unencodable)
    codecs.register(_find_ascii_codec)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None replaces a closed stream
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII_CODEC if is_ascii else None, errors=_ERROR_HANDLER)


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return escape_json(text.translate(_ASCII_SUBSTITUTES)), error.end


def _find_ascii_codec(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != _ASCII_CODEC:  # depends on the version of Python
        return None
    codec = codecs.lookup("ascii")
    return codecs.CodecInfo(
        *codec, codec.incrementalencoder, codec.incrementaldecoder, name=_ASCII_CODEC
    )


def output_encoding() -> str:
    """Return the encoding of standard output, or UTF-8 if it has none."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def escape_json(document: str) -> str:
    """Return a JSON document in ASCII. Only its strings can have other characters."""
    return "".join(char if char.isascii() else json.dumps(char)[1:-1] for char in document)


# --- interrupts ---

_GRACE_SECONDS = 2.0  # for work in progress; an aborted run changes nothing, so none is lost
_INTERRUPT_MESSAGES = {signal.SIGINT: "Interrupted.", signal.SIGTERM: "Terminated."}
_interrupt_hint: list[str] = []
_SHOW_CURSOR = "\x1b[?25h"  # progress bars hide it


class Interrupted(SystemExit):
    """A signal that ends the command.

    Not an Exception, because the failure handling of feeds must not catch it.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = signal.Signals(number)


def handle_interrupts() -> None:
    """Raise Interrupted in the main thread on SIGINT and SIGTERM, unless they are ignored.

    Commands that serve, such as `feedpub run`, install handlers of their own.
    """
    for number in _INTERRUPT_MESSAGES:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def set_interrupt_hint(hint: str) -> None:
    """Set what an interrupt prints below its message, such as how to continue."""
    _interrupt_hint[:] = [hint]


def end_interrupted(number: signal.Signals) -> NoReturn:
    """Print the signal's message and end the process with status 128 + number.

    Do not wait for threads, which can be blocked by a slow server.
    """
    is_terminal = os.isatty(sys.__stderr__.fileno()) if sys.__stderr__ else False
    start = f"{_SHOW_CURSOR}\n" if is_terminal else ""  # the terminal has shown ^C on this line
    message = "\n".join([_INTERRUPT_MESSAGES[number], *_interrupt_hint])
    os.write(2, f"{start}{message}\n".encode("ascii", "backslashreplace"))
    os._exit(128 + number)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _INTERRUPT_MESSAGES:
        signal.signal(each, signal.SIG_DFL)  # a second signal ends the process at once
    signal.signal(signal.SIGALRM, lambda _number, _frame: end_interrupted(signal.Signals(number)))
    signal.setitimer(signal.ITIMER_REAL, _GRACE_SECONDS)
    raise Interrupted(number)


# --- messages ---


def echo(text: str | bytes, *, err: bool = False, nl: bool = True) -> None:
    """Print a text without its control characters.

    Args:
        text: Text from any source, or bytes: a document of feedpub's own, printed unchanged.
        err: Print to standard error.
        nl: End the line.
    """
    click.echo(text if isinstance(text, bytes) else strip_terminal_commands(text), err=err, nl=nl)


def echo_json(value: object) -> None:
    """Print a value as one JSON document, in ASCII if standard output is not UTF-8."""
    from feedpub.cli.output import results_as_json

    document = results_as_json(value)
    echo(document if output_encoding().lower().startswith("utf") else escape_json(document))


def exit_with_error(message: str, *, status: int) -> NoReturn:
    """Print a message to standard error and exit with a status."""
    from feedpub.core.redact import redact

    for line in redact(message).splitlines():
        echo(f"feedpub: {line}", err=True)
    sys.exit(status)


def warn_quarantined(state: Path | str) -> None:
    """List the quarantined files of a damaged state, which use disk space."""
    from feedpub.store import find_quarantined_files

    for file in find_quarantined_files(state):
        echo(f"note: {file} is a damaged state; delete it when you no longer need it")


def is_interactive() -> bool:
    """Return True if the command can ask the user a question."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def make_console(*, stderr: bool = False) -> "Console":
    """Return a console that removes control characters, as `echo` does."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class SafeConsole(Console):
        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else strip_terminal_commands(text), style, control)

    is_pipe = not (stderr or sys.stdout.isatty())
    return SafeConsole(width=_PIPE_COLUMNS if is_pipe else None, stderr=stderr)


def print_line(console: "Console", line: str) -> None:
    """Print a line literally: without markup, colours and line breaks of rich."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)


# --- progress on standard error; it disappears at the end ---


@contextmanager
def progress_bar(noun: str = "articles") -> "Iterator[ProgressCallback]":
    """Show a bar for each feed, with the number of its articles, or of other things."""
    with _open_progress(noun) as progress:
        tasks: dict[str, TaskID] = {}

        def show(feed: str, done: int, total: int) -> None:
            if feed not in tasks:
                tasks[feed] = progress.add_task(feed, total=total)
            progress.update(tasks[feed], completed=done, total=total)

        yield show


@contextmanager
def track_loops() -> "Iterator[Track]":
    """Show a bar for each loop over feeds. Show nothing if standard error is not a terminal."""
    with _open_progress("feeds", disable=not sys.stderr.isatty()) as progress:
        yield lambda items, description: progress.track(items, description=description)


@contextmanager
def progress_counter() -> Iterator[Callable[[str, int], object]]:
    """Show one line with a name and a number of rows."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        TextColumn("row {task.completed:,.0f}"),
    )
    with Progress(*columns, console=make_console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda name, done: progress.update(task, description=name, completed=done)


def _open_progress(noun: str, *, disable: bool = False) -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(noun),
        console=make_console(stderr=True),
        transient=True,
        disable=disable,
    )

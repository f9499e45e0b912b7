"""How far commands are that read many articles, or move many rows."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from feedpub.cli.terminal import make_console

if TYPE_CHECKING:
    from rich.progress import TaskID

    from feedpub.config.writing import Track
    from feedpub.tools import Progress


@contextmanager
def bar() -> "Iterator[Progress]":
    """A bar a feed on standard error, gone at the end."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("articles"))
    with Progress(*columns, console=make_console(stderr=True), transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def show(feed: str, done: int, total: int) -> None:
            if feed not in tasks:
                tasks[feed] = shown.add_task(feed, total=total)
            shown.update(tasks[feed], completed=done, total=total)

        yield show


@contextmanager
def counter() -> Iterator[Callable[[str, int], object]]:
    """A line on standard error that counts up under changing names, gone at the end."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn("line"), TextColumn("{task.description}"), TextColumn("row {task.completed:,.0f}"))
    with Progress(*columns, console=make_console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda name, done: shown.update(task, description=name, completed=done)


@contextmanager
def loops() -> "Iterator[Track]":
    """Show a bar a loop on standard error, gone at the end; nothing where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("feeds"))
    console = make_console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as shown:
        yield lambda items, what: shown.track(items, description=what)

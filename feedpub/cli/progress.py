"""How far commands are that read many articles."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

    from feedpub.tools import Progress


@contextmanager
def bar() -> "Iterator[Progress]":
    """A bar a feed on standard error, gone at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("articles"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def show(feed: str, done: int, total: int) -> None:
            if feed not in tasks:
                tasks[feed] = shown.add_task(feed, total=total)
            shown.update(tasks[feed], completed=done, total=total)

        yield show

"""What a run asks of whoever works on fetched pages for it; and the simplest answer, which isolates nothing."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Isolation(Protocol):
    """Who calls functions on what was fetched. Called from several threads."""

    def call(self, address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function returns; it and all that goes in and out can be pickled.

        Args:
            address: what it is called on, for the errors.
            function: of a module, known by its name there.
            args: for the function.
            kwargs: for the function.

        Raises:
            SourceError: the function has raised it.
            OverrunError: it took too much time or memory, or ended the process that it ran in.
            WorkerError: there is no process for it.
        """
        ...

    def for_run(self) -> "Isolation":
        """The same for one run of a feed: of runs that wait, the one goes first that has had the least time."""
        ...


class InProcess:
    """Calls functions where it is called itself: for tests, and for whoever trusts the pages."""

    def call(self, _address: str | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    def for_run(self) -> "InProcess":
        return self

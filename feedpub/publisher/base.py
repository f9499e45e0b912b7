"""What can be done with what is published, wherever it lies, and how that is tried without writing."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol


def no_check() -> None:
    """Nothing has to be made certain of before files are written."""


class Output(Protocol):
    """The one writer of the output. Thread-safe. Every method raises PublishError."""

    def publish(
        self, files: Mapping[str, bytes], *, certain: Callable[[], None] = no_check
    ) -> tuple[str, ...]:
        """Write what differs from what is there, in the order given: a file comes after those that it links to.

        Args:
            files: bytes by name, relative to the output: "world.rss", "world/some-story.html".
            certain: called when it is known what is there, and before any of it changes; where it
                raises, none does.

        Returns:
            The names that were written.

        Raises:
            PublishError: a name leads out of the output, or a file cannot be written; nor is any
                after it.
        """

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """The names of the files that `publish` would write."""

    def read(self, name: str) -> bytes | None:
        """The bytes published under a name; None where there is no such file."""

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that no file has; none is read."""

    def list_names(self, start: str = "") -> tuple[str, ...]:
        """The names of all published files that begin with a text, sorted.

        Hidden ones are not among them.
        """


class DryRunOutput(Output):
    """Compares with what is published and writes nothing.

    Args:
        publisher: knows what is published.
    """

    def __init__(self, publisher: Output) -> None:
        self._publisher = publisher

    def publish(
        self,
        files: Mapping[str, bytes],
        *,
        certain: Callable[[], None] = no_check,  # noqa: ARG002 -- nothing is written that has to be certain
    ) -> tuple[str, ...]:
        """The names of the files that would be written."""
        return self.find_changed(files)

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        return self._publisher.find_changed(files)

    def read(self, name: str) -> bytes | None:
        return self._publisher.read(name)

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        return self._publisher.find_missing(names)

    def list_names(self, start: str = "") -> tuple[str, ...]:
        return self._publisher.list_names(start)

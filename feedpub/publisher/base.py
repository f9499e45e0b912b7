"""Define the interface of an output, and a dry run of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol


def no_check() -> None:
    """Do nothing before files are replaced."""


class Output(Protocol):
    """The place where feeds are published. Thread-safe; every method raises PublishError.

    Attributes:
        has_marks: True if each file is stored with a mark, by which it is recognised without
            reading it, because that takes a request.
    """

    has_marks: bool

    def publish(
        self, files: Mapping[str, bytes], *, before_commit: Callable[[], None] = no_check
    ) -> tuple[str, ...]:
        """Write the files that differ from the published ones, in the given order.

        A file must come after the files that it links to.

        Args:
            files: bytes by name, relative to the output: "world.rss", "world/some-story.html".
            before_commit: called once, after the published files were compared and before the first
                one changes. If it raises, no file changes.

        Returns:
            The names of the written files.

        Raises:
            PublishError: a name leads out of the output, or a file cannot be written; no later file
                is written either.
        """

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """Return the names of the files that `publish` would write."""

    def read(self, name: str) -> bytes | None:
        """Return the published bytes of a file; None if there is no such file."""

    def make_mark(self, name: str, body: bytes) -> str:
        """Return the mark of a file, a digest; "" if the output has no marks."""

    def find_marks(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the mark of each published file, for some names, without reading any file."""

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names under which no file is published, without reading any file."""

    def list_names(self, start: str = "") -> tuple[str, ...]:
        """Return the sorted names of all published files that begin with a text.

        Hidden files are not included.
        """


class DryRunOutput(Output):
    """Compares files with the published ones and writes nothing.

    Args:
        output: the output to compare with.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self.has_marks = output.has_marks

    def publish(
        self,
        files: Mapping[str, bytes],
        *,
        before_commit: Callable[[], None] = no_check,  # noqa: ARG002 -- nothing is committed
    ) -> tuple[str, ...]:
        """Return the names of the files that would be written."""
        return self.find_changed(files)

    def find_changed(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        return self._output.find_changed(files)

    def read(self, name: str) -> bytes | None:
        return self._output.read(name)

    def make_mark(self, name: str, body: bytes) -> str:
        return self._output.make_mark(name, body)

    def find_marks(self, names: Iterable[str]) -> Mapping[str, str]:
        return self._output.find_marks(names)

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        return self._output.find_missing(names)

    def list_names(self, start: str = "") -> tuple[str, ...]:
        return self._output.list_names(start)

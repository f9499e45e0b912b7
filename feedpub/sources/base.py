"""Define how sources get documents."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from feedpub.core.models import Page
from feedpub.fetch import Mailbox

P = ParamSpec("P")
T = TypeVar("T")


class DocumentReader(Protocol):
    """Gets documents from the network, a store or a test, and parses them here or elsewhere."""

    def read(
        self, url: str, parse: Callable[Concatenate[Page, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the result of `parse` for the document at a URL.

        It may run in another process: the function, its arguments and its result can be pickled.

        Raises:
            FetchError: the document cannot be fetched.
            ExtractError: the function raised it, or exceeded a limit.
        """
        ...

    def call(
        self, address: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the result of a function that parses what was read.

        It may run in another process, as in `read`.

        Args:
            address: the URL or path of the input, for errors.
            function: a function at the top level of a module.
            args: positional arguments of the function.
            kwargs: keyword arguments of the function.

        Raises:
            ExtractError: the function raised it, or exceeded a limit.
        """
        ...

    def open_mailbox(self, url: str) -> AbstractContextManager[Mailbox]:
        """Open a mailbox on an IMAP server, read-only.

        Raises:
            FetchError: it cannot be opened.
        """
        ...

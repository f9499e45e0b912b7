"""Define how sources get documents."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from feedpub.core.models import Page

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

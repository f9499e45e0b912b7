"""What a source asks of the world: documents, by their address, read by functions of its own."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from feedpub.core.models import Page

P = ParamSpec("P")
T = TypeVar("T")


class DocumentReader(Protocol):
    """Where sources get documents from, the network, a store, a test.

    And where these are read, here or elsewhere.
    """

    def read(
        self, url: str, parse: Callable[Concatenate[Page, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a function makes of the document at an address; it and all that goes in and out can be pickled.

        Raises:
            FetchError: there is no such document.
            ExtractError: the function has raised it, or the document was too much for it.
        """
        ...

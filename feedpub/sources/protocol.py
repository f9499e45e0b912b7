"""What a source asks of the world: documents, by their address."""

from typing import Protocol

from feedpub.model import Page


class Documents(Protocol):
    """Where sources get documents from: the network, a store, a test."""

    def get(self, url: str) -> Page:
        """The document at an address. Raises FetchError."""
        ...

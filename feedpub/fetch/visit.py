"""A page that was fetched, and the one way to what its scripts ask for: the gate, narrower than for the page itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from feedpub.fetch.answer import Answer
from feedpub.model import Page


class _Ask(Protocol):
    def __call__(self, url: str, headers: Mapping[str, str], left: float, most: int) -> tuple[Answer, str]: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """A page, with what it may ask for. Thread-safe.

    Its requests are GETs. They obey robots.txt and a Retry-After, wait for their turn but not for a pause, and reach
    public addresses and the page's own server, whatever else the config allows. Each is the page's, not the config's:
    headers, cookies and credentials of the config go with it only from a page of their own site, to that site.

    Attributes:
        page: as it was fetched.
        close: ends the way; closes its connections.
    """

    page: Page
    _ask: _Ask
    close: Callable[[], None]

    def part(self, url: str, headers: Mapping[str, str], *, left: float, most: int) -> tuple[Answer, str]:
        """What is at an address that the page asks for, after redirects, and where that is.

        Args:
            url: http or https.
            headers: what the page sends with it; they follow no redirect to another server.
            left: seconds that there are for it.
            most: bytes that it may have.

        Raises:
            RefusedError, PostponedError, FetchError: as for a page.
        """
        return self._ask(url, headers, left, most)

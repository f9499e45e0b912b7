"""What the site asks of the process that it runs in."""

from typing import Protocol

from feedpub.overview import Overview


class Console(Protocol):
    """The process that the site runs in. Its methods may take their time; they are called in threads."""

    def overview(self) -> Overview:
        """How everything is now. Raises StoreError."""

    def run_now(self, feed: str) -> bool:
        """Look at all sources of a feed now; False where it is unknown, waits or runs."""

    def token(self) -> str | None:
        """What must be known to have a feed run; None where nobody can. Raises ConfigError."""

"""What the site asks of the process that it runs in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from feedpub import overview
from feedpub.config import Config, resolve
from feedpub.overview import Overview
from feedpub.store import Store


class Console(Protocol):
    """The process that the site runs in. Its methods may take their time; they are called in threads.

    Attributes:
        runs_feeds: False if it only publishes.
    """

    runs_feeds: bool

    def overview(self, *, brief: bool = False) -> Overview:
        """How everything is now; or only as much as shows whether all is well. Raises StoreError."""

    def run_now(self, feed: str) -> bool:
        """Look at all sources of a feed now; False where it is unknown, waits or runs."""

    def token(self) -> str | None:
        """What must be known to have a feed run, and to ask from elsewhere; None if nobody can. Raises ConfigError."""


@dataclass(frozen=True, slots=True)
class Showcase:
    """A process that only publishes: it tells how everything was when others last looked, and runs nothing."""

    config: Config
    store: Store
    runs_feeds = False

    def overview(self, *, brief: bool = False) -> Overview:
        return overview.of(self.config, self.store, datetime.now(UTC), brief=brief)

    def run_now(self, feed: str) -> bool:  # noqa: ARG002 -- none can
        return False

    def token(self) -> str | None:
        token = self.config.http.admin_token
        return resolve(token) if token else None

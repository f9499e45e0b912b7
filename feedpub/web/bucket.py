"""The published files in a bucket, as they were known some seconds ago: no reader's request becomes one of ours."""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from feedpub.config import Bucket, Storage
from feedpub.errors import PublishError
from feedpub.publisher.bucket import plain, published_below
from feedpub.publisher.objects import Objects, Stored
from feedpub.web.files import FolderShelf, Shelf, Signature

OFTEN = 5.0  # seconds between two lists of the bucket, as long as anybody asks
_log = logging.getLogger(__name__)


class BucketShelf(Shelf):
    """The objects of a bucket. What this process reads is known at once; what others write, with the next list."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: Mapping[str, Signature] | None = None
        self._listed = -OFTEN
        self._lock = threading.Lock()

    @property
    def fresh(self) -> bool:
        """Whether the last list is young enough."""
        return self._known is not None and time.monotonic() - self._listed < OFTEN

    def catch_up(self) -> None:
        """List the bucket where it is time to; where that fails, what was known is what holds."""
        with self._lock:
            if self.fresh:
                return
            now = time.monotonic()
            try:
                self._known = {name: _signature(stored) for name, stored in published_below(self._objects)}
            except PublishError as error:
                if self._known is None:
                    raise
                _log.warning("what is published now is not known: %s", error)
            self._listed = now

    def look(self, name: str) -> Signature | None:
        return self._known.get(name) if self._known else None

    def read(self, name: str) -> tuple[bytes, Signature] | None:
        found = self._objects.read(name)
        signature = _signature(found[1]) if found else None
        with self._lock:
            others = {other: version for other, version in (self._known or {}).items() if other != name}
            if self._known is not None:
                self._known = others | ({name: signature} if signature else {})
        if found is None or signature is None:
            return None
        return plain(f"{self._objects.bucket}/{name}", *found), signature


def open_shelf(output: Path | Bucket, storage: Storage) -> Shelf:
    """What is served of the output.

    Raises:
        PublishError: the output is a bucket, and what it needs is not installed.
        ConfigError: a secret cannot be had.
    """
    return FolderShelf(output) if isinstance(output, Path) else BucketShelf(Objects(output, storage))


def _signature(stored: Stored) -> Signature:
    return Signature(stored.etag, stored.size, int(stored.modified.timestamp()) * 1_000_000_000)

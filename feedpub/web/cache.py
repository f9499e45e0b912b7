"""The published files as they go over the wire: compressed once for each version, and kept in memory up to a bound.

What was asked for longest ago goes first; it is made again when somebody asks for it.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from feedpub.publisher.names import OutputFile
from feedpub.web import negotiation
from feedpub.web.backends import FileBackend, Signature
from feedpub.web.http import Headers
from feedpub.web.negotiation import http_date

MAX_CACHE_BYTES = 64 << 20  # bytes of all copies together
STAT_CACHE_SECONDS = 1.0  # seconds for which a file that was looked at is taken to be unchanged
_SECOND = 1_000_000_000  # nanoseconds


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """One version of a file in one coding.

    Attributes:
        signature: of the file that it was made from.
        etag: in its quotes.
        modified: when the file was written, in seconds since 1970.
        headers: all that do not depend on when and by whom it is asked for.
    """

    signature: Signature
    body: bytes
    etag: bytes
    modified: int
    headers: Headers


class ResponseCache:
    """Copies of published files. Thread-safe.

    Args:
        shelf: where they lie.
        describe: a file and its content → the headers that are its own.
        budget: how many bytes are kept.
    """

    def __init__(
        self,
        shelf: FileBackend,
        describe: Callable[[OutputFile, bytes], Headers],
        budget: int = MAX_CACHE_BYTES,
    ) -> None:
        self._shelf = shelf
        self._describe = describe
        self._budget = budget
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], CachedResponse] = OrderedDict()
        self._size = 0
        self._looked: dict[str, tuple[float, Signature]] = {}  # name → when, and what was there

    def signature(self, name: str) -> Signature | None:
        """The file's signature, a second old at most.

        None where there is no such file. Raises OSError.
        """
        now = time.monotonic()
        looked = self._looked.get(name)
        if looked and now - looked[0] < STAT_CACHE_SECONDS:
            return looked[1]
        return self._saw(name, self._shelf.stat(name), now)

    def lookup(self, name: str, coding: str, signature: Signature) -> CachedResponse | None:
        """The copy of that version, if it is there already."""
        with self._lock:
            copy = self._kept.get((name, coding))
            if copy is None or copy.signature != signature:
                return None
            self._kept.move_to_end((name, coding))
            return copy

    def build(self, file: OutputFile, coding: str) -> CachedResponse | None:
        """Read a file as it is now, compress it and keep the copy.

        None where there is none. Raises as `read` does.
        """
        now = time.monotonic()
        found = self._shelf.read(file.name)
        self._saw(file.name, found[1] if found else None, now)
        if found is None:
            return None
        copy = self._copy(file, coding, *found)
        self._keep((file.name, coding), copy)
        return copy

    def _copy(
        self, file: OutputFile, coding: str, content: bytes, signature: Signature
    ) -> CachedResponse:
        body = negotiation.compress(content, coding)
        suffix = "" if coding == negotiation.IDENTITY_CODING else f"-{coding}"
        etag = f'"{hashlib.sha256(content).hexdigest()[:24]}{suffix}"'.encode()
        modified = signature.modified // _SECOND
        own = [
            (b"content-length", str(len(body)).encode()),
            (b"etag", etag),
            (b"last-modified", http_date(modified)),
        ]
        if suffix:
            own.append((b"content-encoding", coding.encode()))
        return CachedResponse(
            signature, body, etag, modified, (*own, *self._describe(file, content))
        )

    def _saw(self, name: str, signature: Signature | None, now: float) -> Signature | None:
        if signature is None:
            self._looked.pop(name, None)
        else:
            self._looked[name] = (now, signature)
        return signature

    def _keep(self, key: tuple[str, str], copy: CachedResponse) -> None:
        with self._lock:
            self._drop(key)
            self._kept[key] = copy
            self._size += len(copy.body)
            while self._size > self._budget:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, str]) -> None:
        if old := self._kept.pop(key, None):
            self._size -= len(old.body)

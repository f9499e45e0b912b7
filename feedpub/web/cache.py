"""Cache published files as responses, and when each feed runs next.

Each version of a file is compressed once per coding, at the first request for it. If the cache
exceeds its limit, the least recently used response is dropped. It is built again on the next
request.

The times of the next runs are cached so that a request for a feed does not wait for the state.
"""

import asyncio
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from feedpub.core.errors import FeedpubError
from feedpub.publisher.names import OutputFile
from feedpub.web import negotiation
from feedpub.web.backends import FileBackend, Signature
from feedpub.web.http import Headers
from feedpub.web.negotiation import http_date

MAX_CACHE_BYTES = 64 << 20
STAT_CACHE_SECONDS = 1.0
_NANOSECONDS = 1_000_000_000
_log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
MAX_WAIT_SECONDS = 0.5  # that a request waits for the state
MIN_REST_FACTOR = 20  # the times stay in use for that many times the duration of a reload


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """One version of a file in one coding.

    Attributes:
        signature: Of the file's version.
        etag: With its quotes.
        modified: When the file was written, in seconds since 1970.
        headers: All headers that do not depend on the request.
    """

    signature: Signature
    body: bytes
    etag: bytes
    modified: int
    headers: Headers


class ResponseCache:
    """Responses for published files. Thread-safe.

    Args:
        backend: Reads the files.
        make_headers: Returns a file's own headers, from the file and its content.
        max_bytes: Limit of all bodies together.
    """

    def __init__(
        self,
        backend: FileBackend,
        make_headers: Callable[[OutputFile, bytes], Headers],
        max_bytes: int = MAX_CACHE_BYTES,
    ) -> None:
        self._backend = backend
        self._make_headers = make_headers
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._responses: OrderedDict[tuple[str, str], CachedResponse] = OrderedDict()
        self._size = 0
        # By name: when the file was inspected, and its signature
        self._signatures: dict[str, tuple[float, Signature]] = {}

    def signature(self, name: str) -> Signature | None:
        """Return a file's signature, at most a second old; None if there is no such file.

        Raises:
            OSError: The file cannot be inspected.
        """
        now = time.monotonic()
        cached = self._signatures.get(name)
        if cached and now - cached[0] < STAT_CACHE_SECONDS:
            return cached[1]
        signature = self._backend.stat(name)
        self._save_signature(name, signature, now)
        return signature

    def note_written(self, names: Collection[str]) -> None:
        """Inspect files again at the next request: this process has just written them."""
        self._backend.note_written(names)
        for name in names:
            self._signatures.pop(name, None)

    def lookup(self, name: str, coding: str, signature: Signature) -> CachedResponse | None:
        """Return the cached response for a file's version, if there is one."""
        with self._lock:
            cached = self._responses.get((name, coding))
            if cached is None or cached.signature != signature:
                return None
            self._responses.move_to_end((name, coding))
            return cached

    def build(self, file: OutputFile, coding: str) -> CachedResponse | None:
        """Read a file's current version, compress it, and cache the response.

        Returns:
            None if the file does not exist.

        Raises:
            OSError, PublishError: The file cannot be read.
        """
        now = time.monotonic()
        found = self._backend.read(file.name)
        self._save_signature(file.name, found[1] if found else None, now)
        if found is None:
            return None
        response = self._make_response(file, coding, *found)
        self._add((file.name, coding), response)
        return response

    def _make_response(
        self, file: OutputFile, coding: str, content: bytes, signature: Signature
    ) -> CachedResponse:
        body = negotiation.compress(content, coding)
        suffix = "" if coding == negotiation.IDENTITY_CODING else f"-{coding}"
        etag = f'"{hashlib.sha256(content).hexdigest()[:24]}{suffix}"'.encode()
        modified = signature.modified // _NANOSECONDS
        headers = [
            (b"content-length", str(len(body)).encode()),
            (b"etag", etag),
            (b"last-modified", http_date(modified)),
        ]
        if suffix:
            headers.append((b"content-encoding", coding.encode()))
        headers += self._make_headers(file, content)
        return CachedResponse(signature, body, etag, modified, tuple(headers))

    def _save_signature(self, name: str, signature: Signature | None, now: float) -> None:
        if signature is None:
            self._signatures.pop(name, None)
        else:
            self._signatures[name] = (now, signature)

    def _add(self, key: tuple[str, str], response: CachedResponse) -> None:
        with self._lock:
            self._drop(key)
            self._responses[key] = response
            self._size += len(response.body)
            while self._size > self._max_bytes:
                self._drop(next(iter(self._responses)))

    def _drop(self, key: tuple[str, str]) -> None:
        if old := self._responses.pop(key, None):
            self._size -= len(old.body)


class NextRunCache:
    """The next run of each feed.

    Args:
        load: Returns each feed's next run. Called in a separate thread, except the first time.
    """

    def __init__(self, load: Callable[[], Mapping[str, datetime]]) -> None:
        self._load = load
        self._times: Mapping[str, float] = {}  # by feed, in seconds since 1970
        self._first: float | None = None  # of these
        self._last_load = 0.0
        self._load_seconds = 0.0
        self._has_changed = False
        self.reload()

    @property
    def is_fresh(self) -> bool:
        """Return True if the cache is recent enough."""
        age = time.monotonic() - self._last_load
        if self._has_changed:  # thousands of runs may end at once
            return age < min(MIN_REST_FACTOR * self._load_seconds, REFRESH_SECONDS)
        return age < REFRESH_SECONDS

    def seconds_until_run(self, feed: str | None) -> float | None:
        """Return the time until a feed's next run, or the first of all; None if unknown."""
        due = self._times.get(feed) if feed else self._first
        return None if due is None else due - time.time()

    async def refresh(self) -> None:
        """Reload the cache if it is outdated. Do not wait long for a busy state."""
        if not self.is_fresh:
            self._last_load = time.monotonic()  # so that concurrent requests do not reload too
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(self.reload), MAX_WAIT_SECONDS)

    def reload(self) -> None:
        """Reload the cache now. Thread-safe."""
        self._last_load = began = time.monotonic()
        self._has_changed = False
        try:
            runs = self._load()
        except FeedpubError as error:  # the old times are still a good estimate
            _log.warning("cannot read when feeds run next: %s", error)
        else:
            self._times = {feed: next_run.timestamp() for feed, next_run in runs.items()}
            self._first = min(self._times.values(), default=None)
        self._load_seconds = time.monotonic() - began

    def invalidate(self) -> None:
        """Reload the cache before the next request, because a run has ended."""
        self._has_changed = True

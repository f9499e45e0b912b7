"""Whether a file has changed: looked at now and then, and believed when it has stood still for one look."""

from pathlib import Path

_Signature = tuple[int, int, int] | None


class Watch:
    """Looks at one file, also where it is replaced or is a symbolic link that leads elsewhere now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._last = self._signature()

    def changed(self) -> bool:
        """True once after the file has become another, and has not changed since the last call: it is written whole."""
        now = self._signature()
        still = now == self._last
        self._last = now
        if not still or now == self._known:
            return False
        self._known = now
        return now is not None  # gone: an editor is about to put the new one there

    def _signature(self) -> _Signature:
        try:
            about = self._path.stat()
        except OSError:
            return None
        return about.st_ino, about.st_mtime_ns, about.st_size

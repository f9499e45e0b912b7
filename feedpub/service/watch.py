"""Whether files have changed: looked at now and then, and believed when they have stood still for one look."""

from collections.abc import Callable, Sequence
from pathlib import Path

from feedpub.config import Config
from feedpub.rules import site_files

_Signature = tuple[int, int, int] | None


class Watch:
    """Looks at some files, also where they are replaced or are symbolic links that lead elsewhere now.

    Args:
        files: names them, anew at each look; the first must be there, and others may come and go.
    """

    def __init__(self, files: Callable[[], Sequence[Path]]) -> None:
        self.files = files
        self._known = self._last = self._signatures()

    def changed(self) -> bool:
        """True once after they have become others, and have not changed since the last call: they are written whole."""
        now = self._signatures()
        still = now == self._last
        self._last = now
        if not still or now == self._known:
            return False
        self._known = now
        return next(iter(now.values())) is not None  # gone: an editor is about to put the new one there

    def _signatures(self) -> dict[Path, _Signature]:
        return {path: _signature(path) for path in self.files()}


def read_files(config: Config, path: Path) -> Callable[[], Sequence[Path]]:
    """The files that a reload reads: the config and our own rules, as they lie there when it is called."""
    return lambda: (path, *site_files(config.rules.sites))


def _signature(path: Path) -> _Signature:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns, about.st_size

"""Whether files have changed.

Looked at now and then, and believed when they have stood still for one look.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from feedpub.cleaner.rules import site_rule_files
from feedpub.config import Config, config_files
from feedpub.core.errors import ConfigError

EVERY = 2.0  # seconds between two looks, longer where there are very many files
SHARE = 50  # looks take one of so many parts of the time
_Signature = tuple[int, int, int] | None
_FileStamp = tuple[bool, int]
"""Whether the first file is there; and a digest of all, of which there may be ten thousand."""


class FileWatcher:
    """Looks at some files, also where they are replaced or are symbolic links that lead elsewhere now.

    Args:
        files: names them, anew at each look; the first must be there, and others may come and go.
    """

    def __init__(self, files: Callable[[], Sequence[Path]]) -> None:
        self.files = files
        self._known = self._last = self._look()
        self._next = time.monotonic() + EVERY

    def poll(self) -> bool:
        """Whether they have changed, as `changed` says it.

        False, too, when it is not yet time to look again.
        """
        began = time.monotonic()
        if began < self._next:
            return False
        changed = self.has_changed()
        now = time.monotonic()
        self._next = now + max(EVERY, SHARE * (now - began))
        return changed

    def has_changed(self) -> bool:
        """True once after they have become others, and have not changed since the last call.

        They are written whole.
        """
        now = self._look()
        still = now == self._last
        self._last = now
        if not still or now == self._known:
            return False
        self._known = now
        return now[0]  # gone: an editor is about to put the new one there

    def _look(self) -> _FileStamp:
        paths = self.files()
        signatures = [_signature(path) for path in paths]
        return signatures[0] is not None, hash((*map(str, paths), *signatures))


def read_file_stamps(config: Config, path: Path) -> Callable[[], Sequence[Path]]:
    """The files that a reload reads.

    Those of the config and our own rules, as they lie there when it is called.
    """

    def read() -> Sequence[Path]:
        try:
            return (*config_files(path), *site_rule_files(config.rules.sites))
        except (
            ConfigError
        ):  # the folder of feeds cannot be read; a reload says so, and what is in force stays
            return (path, *site_rule_files(config.rules.sites))

    return read


def _signature(path: Path) -> _Signature:
    try:
        about = os.stat(path)  # noqa: PTH116 -- of ten thousand files
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns, about.st_size

"""Detect changed files by polling, reload the config, and apply what can change at runtime."""

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from feedpub import config as configuration
from feedpub.cleaner.rules import SiteRuleSet, open_rules, site_rule_files
from feedpub.config import Config, config_files
from feedpub.core.errors import ConfigError, FeedpubError
from feedpub.core.log import fields

POLL_SECONDS = 2.0  # longer if there are thousands of files
_MAX_CPU_SHARE = 1 / 50  # of the time, for polling
_Snapshot: TypeAlias = tuple[bool, int]
"""True if the first file exists; and a hash of all files, of which there may be ten thousand."""
_log = logging.getLogger(__name__)


class FileWatcher:
    """Polls files, which may be replaced or be symbolic links.

    A change counts once two polls in a row find the same, so that a file which is being written is
    not read.

    Args:
        files: returns the paths at each poll. The first file must exist, the others may not.
    """

    def __init__(self, files: Callable[[], Sequence[Path]]) -> None:
        self.files = files
        self._known = self._last = self._take_snapshot()
        self._next = time.monotonic() + POLL_SECONDS

    def poll(self) -> bool:
        """Return True if the files have changed; False also if it is too early to poll again."""
        started = time.monotonic()
        if started < self._next:
            return False
        changed = self.has_changed()
        now = time.monotonic()
        self._next = now + max(POLL_SECONDS, (now - started) / _MAX_CPU_SHARE)
        return changed

    def has_changed(self) -> bool:
        """Return True once after the files have changed and the next call found no new change."""
        snapshot = self._take_snapshot()
        is_stable = snapshot == self._last
        self._last = snapshot
        if not is_stable or snapshot == self._known:
            return False
        self._known = snapshot
        return snapshot[0]  # if it is missing, an editor is about to replace it

    def _take_snapshot(self) -> _Snapshot:
        paths = self.files()
        stamps = [_stat(path) for path in paths]
        return stamps[0] is not None, hash((*map(str, paths), *stamps))


def watched_files(config: Config, path: Path) -> Callable[[], Sequence[Path]]:
    """Return a function that lists the files which a reload reads: the config and site rules."""

    def list_files() -> Sequence[Path]:
        rules = site_rule_files(config.rules.sites)
        try:
            return (*config_files(path), *rules)
        except ConfigError:  # feeds.d cannot be read; a reload reports that
            return (path, *rules)

    return list_files


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 -- faster, for ten thousand files
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def reload_config(path: Path) -> tuple[Config, SiteRuleSet] | str:
    """Return the config in a file and its site rules; the error's text if they are not valid.

    The error is also logged.
    """
    try:
        config = configuration.load_config(path)
        return config, open_rules(config.rules)
    except FeedpubError as error:
        for line in str(error).splitlines():
            _log.error("reload", extra=fields(outcome="refused", reason=line))
        return str(error)


def apply_reloadable(
    before: Config, wanted: Config, fixed: Sequence[str], warning: str, *, changed: bool = False
) -> Config:
    """Return a new config with the old values of the settings that only a restart can change.

    Log a warning if one of those was changed.

    Args:
        before: the current config.
        wanted: the new config.
        fixed: names of settings of [feedpub] that keep their values. [s3] keeps its values too.
        warning: the text of the warning.
        changed: True if another setting was changed that needs a restart.
    """
    old_values = {name: getattr(before.feedpub, name) for name in fixed}
    new_values = {name: getattr(wanted.feedpub, name) for name in fixed}
    if changed or before.s3 != wanted.s3 or old_values != new_values:
        _log.warning("reload", extra=fields(outcome="partly", reason=warning))
    settings = wanted.feedpub.model_copy(update=old_values)
    return wanted.model_copy(update={"feedpub": settings, "s3": before.s3})

"""Reload the config, and apply what a running process can change."""

import logging
from collections.abc import Sequence
from pathlib import Path

from feedpub import config as configuration
from feedpub.cleaner.rules import SiteRuleSet, open_rules
from feedpub.config import Config
from feedpub.core.errors import FeedpubError
from feedpub.core.log import fields

_log = logging.getLogger(__name__)


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

"""A config that changed while the process runs.

Read again, and taken as far as a running process can.
"""

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
    """The config in a file as it stands there now, and the rules that it names; what is wrong, where it cannot be used.

    What is wrong is told in the log, too.
    """
    try:
        config = configuration.load_config(path)
        return config, open_rules(config.rules)
    except FeedpubError as error:
        for line in str(error).splitlines():
            _log.error("reload", extra=fields(outcome="refused", reason=line))
        return str(error)


def apply_reloadable(
    before: Config, wanted: Config, fixed: Sequence[str], told: str, *, changed: bool = False
) -> Config:
    """The config that is wanted, but for what only a new process can change; that is told in the log.

    Args:
        before: in force until now.
        wanted: as the file has it.
        fixed: the settings of [feedpub] that stay as they were; [s3] stays, too.
        told: a sentence about all that stays.
        changed: whether anything else changed that stays.
    """
    stays = {name: getattr(before.feedpub, name) for name in fixed}
    if (
        changed
        or before.s3 != wanted.s3
        or stays != {name: getattr(wanted.feedpub, name) for name in fixed}
    ):
        _log.warning("reload", extra=fields(outcome="partly", reason=told))
    settings = wanted.feedpub.model_copy(update=stays)
    return wanted.model_copy(update={"feedpub": settings, "s3": before.s3})

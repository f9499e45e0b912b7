"""What commands work with, made from the config."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedpub.config import Config, FeedConfig
    from feedpub.pipeline.context import RunContext
    from feedpub.scheduler.queue import FeedQueue


def load_config(path: Path | None) -> "Config":
    """The config at a path, or where it is looked for. Raises ConfigError."""
    from feedpub import config as config_module
    from feedpub.config import find_config

    return config_module.load_config(find_config(path, os.environ))


def load_or_default(config_path: Path | None) -> "Config":
    """The config; the defaults where there is none: one article needs none."""
    from feedpub import config as config_module
    from feedpub.config import DEFAULT_NAME, Config, find_config

    path = find_config(config_path, os.environ)
    return config_module.load_config(path) if path != DEFAULT_NAME or path.exists() else Config()


def load_if_exists(path: Path) -> "Config | None":
    """The config in a file.

    None where there is none yet: some commands make it. Raises ConfigError.
    """
    from feedpub import config as config_module

    return config_module.load_config(path) if path.exists() else None


def select_feeds(config: "Config", names: Sequence[str]) -> "list[FeedConfig]":
    """The named feeds in the config's order, or all.

    Raises ConfigError for a name that is not there.
    """
    from feedpub.core.errors import ConfigError

    known = config.feed.names
    if unknown := [name for name in names if name not in known]:
        close = get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        has = (
            f"the config has: {', '.join(known)}"
            if known
            else "the config has none: `feedpub add URL` makes one"
        )
        raise ConfigError(f"no feed is named {', '.join(unknown)}; {hint}{has}")
    return [feed for feed in config.feed if not names or feed.name in names]


@contextmanager
def open_context(
    config: "Config", *, dry_run: bool = False, pages_of: Collection[str] | None = None
) -> "Iterator[RunContext]":
    """The collaborators of a run; a dry one works on a copy of the state and compares instead of writing.

    A state that is damaged is built anew; a dry run leaves it where it is.

    Args:
        config: whose.
        dry_run: whether it is one.
        pages_of: the feeds whose kept pages a dry run needs; left out, all.
    """
    from feedpub.cleaner.rules import open_rules
    from feedpub.fetch.browser import Browser
    from feedpub.pipeline.context import RunContext, open_fetcher, open_pool
    from feedpub.pipeline.recovery import open_store
    from feedpub.publisher import DryRunOutput, open_output

    settings = config.feedpub
    rules = open_rules(config.rules)
    publisher = open_output(settings.output, config.s3)
    publisher = DryRunOutput(publisher) if dry_run else publisher
    with (
        open_pool() as isolation,
        Browser(settings.browser_path) as browser,
        open_store(config, publisher, copy=dry_run, pages_of=pages_of) as store,
        open_fetcher(settings, store) as fetcher,
    ):
        isolation.prestart()
        yield RunContext(
            settings,
            store,
            fetcher,
            publisher,
            executor=isolation,
            browser=browser,
            site_rules=rules,
        )


@contextmanager
def open_queue(config: "Config") -> "Iterator[FeedQueue | None]":
    """Where feeds wait for workers.

    None where this process does the work itself. Raises StoreError.
    """
    from feedpub.config import state_location
    from feedpub.core.errors import StoreError

    if not config.feedpub.queue:
        yield None
        return
    try:
        from feedpub.scheduler.queue import FeedQueue
    except ImportError as error:
        raise StoreError(f"the queue needs pip install 'feedpub[postgres]': {error}") from error

    with FeedQueue(str(state_location(config.feedpub.state))) as line:
        yield line

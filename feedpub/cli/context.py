"""Load the config and open the collaborators that commands work with."""

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
    """Load the config from a path, or from the default location.

    Raises:
        ConfigError: The file does not exist or is not valid.
    """
    from feedpub import config

    return config.load_config(config.find_config(path, os.environ))


def load_or_default(path: Path | None) -> "Config":
    """Load the config, or return the default settings if there is no config file.

    Raises:
        ConfigError: The file is not valid, or the given path does not exist.
    """
    from feedpub import config

    path = config.find_config(path, os.environ)
    if path == config.DEFAULT_NAME and not path.exists():
        return config.Config()
    return config.load_config(path)


def load_if_exists(path: Path) -> "Config | None":
    """Load a config file. Return None if it does not exist.

    Raises:
        ConfigError: The file is not valid.
    """
    from feedpub import config

    return config.load_config(path) if path.exists() else None


def select_feeds(config: "Config", names: Sequence[str]) -> "list[FeedConfig]":
    """Return the named feeds in the order of the config, or all feeds if no name is given.

    Raises:
        ConfigError: The config has no feed of that name.
    """
    from feedpub.core.errors import ConfigError

    known = config.feed.names
    unknown = [name for name in names if name not in known]
    if unknown:
        close = get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        has = "the config has none: `feedpub add URL` makes one"
        if known:
            has = f"the config has: {', '.join(known)}"
        raise ConfigError(f"no feed is named {', '.join(unknown)}; {hint}{has}")
    return [feed for feed in config.feed if not names or feed.name in names]


@contextmanager
def open_context(
    config: "Config", *, dry_run: bool = False, pages_of: Collection[str] | None = None
) -> "Iterator[RunContext]":
    """Open the collaborators of a run, and close them at the end.

    A damaged state is rebuilt, except in a dry run.

    Args:
        config: The config to run.
        dry_run: Work on a copy of the state, and compare files instead of writing them.
        pages_of: Names of the feeds whose stored pages a dry run needs. None copies all pages.
    """
    from feedpub.cleaner.rules import open_rules
    from feedpub.fetch.browser import Browser
    from feedpub.pipeline.context import RunContext, open_fetcher, open_pool
    from feedpub.pipeline.recovery import open_store
    from feedpub.publisher import DryRunOutput, open_output

    settings = config.feedpub
    site_rules = open_rules(config.rules)
    output = open_output(settings.output, config.s3)
    if dry_run:
        output = DryRunOutput(output)
    with (
        open_pool() as executor,
        Browser(settings.browser_path) as browser,
        open_store(config, output, copy=dry_run, pages_of=pages_of) as store,
        open_fetcher(settings, store) as fetcher,
    ):
        yield RunContext(
            settings,
            store,
            fetcher,
            output,
            executor=executor,
            browser=browser,
            site_rules=site_rules,
        )


@contextmanager
def open_queue(config: "Config") -> "Iterator[FeedQueue | None]":
    """Open the queue of feeds for workers. Yield None if the config does not enable it.

    Raises:
        StoreError: The queue's library is missing, or the database cannot be used.
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

    with FeedQueue(str(state_location(config.feedpub.state))) as queue:
        yield queue

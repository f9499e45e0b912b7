"""`feedpub worker`: runs what a service puts into the queue."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import open_line, open_tools

if TYPE_CHECKING:
    from feedpub.logs import Form


@click.command()
@click.option(
    "--at-once", type=click.IntRange(1, 64), default=8, show_default=True, help="Number of feeds to run at once."
)
@click.option("--log", "form", type=click.Choice(["text", "json"]), default="text", help="The format of the log.")
@click.option("-v", "--verbose", is_flag=True, help="Log debug details, too.")
@click.pass_obj
def worker(config_path: Path | None, at_once: int, *, form: "Form", verbose: bool) -> None:
    """Run the feeds that `feedpub run` puts into the queue.

    Start as many workers as you like. The command runs until it gets SIGINT or SIGTERM.

    \b
    Examples:
      feedpub worker                 eight feeds at once
      feedpub worker --at-once 2     two at once
      kill -HUP PID                  apply the changed config now

    Exit status: 0 after a signal, 1 if it cannot start or continue, 2 if the config has an error.
    """
    from feedpub import config as configuration
    from feedpub.errors import ConfigError
    from feedpub.logs import log_to

    path = configuration.find_config(config_path, os.environ)
    config = configuration.load(path)
    if not config.feedpub.queue:
        raise ConfigError(f"{path}: workers need a queue: write queue = true under [feedpub], and see `state` there")
    log_to(form=form, detail=verbose)
    with open_tools(config) as tools:
        with open_line(config):  # its tables are made, whoever comes first
            from feedpub.service.worker import FeedWorker
        made = FeedWorker(config, path.absolute(), tools, at_once)
        status = made.work()
        if made.left_behind:  # threads that hang would keep the interpreter from ending
            os._exit(status)
    sys.exit(status)

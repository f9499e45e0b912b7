"""`feedpub run`: the service."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import open_context, open_queue
from feedpub.cli.serve import listen_option, open_sockets, print_addresses

if TYPE_CHECKING:
    from feedpub.core.log import LogFormat


@click.command()
@listen_option
@click.option(
    "--log",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="The format of the log.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log debug details, too.")
@click.pass_obj
def run(config_path: Path | None, listen: str | None, *, form: "LogFormat", verbose: bool) -> None:
    """Run each feed when it is due, and publish all feeds over HTTP.

    The command runs until it gets SIGINT or SIGTERM.

    \b
    Examples:
      feedpub run                            with the address of the config
      feedpub run --listen 127.0.0.1:9000    at another address
      kill -HUP PID                          apply the changed config now

    Exit status: 0 after a signal, 1 if it cannot start or continue, 2 if the config has an error.
    """
    from feedpub import config as configuration
    from feedpub.core.log import configure_logging
    from feedpub.service import Service, service_lock

    path = configuration.find_config(config_path, os.environ)
    config = configuration.load_config(path)
    configure_logging(form=form, detail=verbose)
    state = configuration.state_location(config.feedpub.state)
    with (
        service_lock(state, shared=config.feedpub.queue),
        open_context(config) as tools,
        open_queue(config) as line,
    ):
        sockets = open_sockets(config, listen)
        print_addresses(sockets)
        service = Service(config, path.absolute(), tools, sockets, line)
        status = service.run()
        if service.has_stuck_threads:  # threads that hang would keep the interpreter from ending
            os._exit(status)
    sys.exit(status)


# SECTION: `feedpub worker`: runs what a service puts into the queue.

if TYPE_CHECKING:
    from feedpub.core.log import LogFormat


@click.command()
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Number of feeds to run at once.",
)
@click.option(
    "--log",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="The format of the log.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log debug details, too.")
@click.pass_obj
def worker(config_path: Path | None, at_once: int, *, form: "LogFormat", verbose: bool) -> None:
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
    from feedpub.core.errors import ConfigError
    from feedpub.core.log import configure_logging

    path = configuration.find_config(config_path, os.environ)
    config = configuration.load_config(path)
    if not config.feedpub.queue:
        raise ConfigError(
            f"{path}: workers need a queue: write queue = true under [feedpub], and see `state` there"
        )
    configure_logging(form=form, detail=verbose)
    with open_context(config) as tools:
        with open_queue(config):  # its tables are made, whoever comes first
            from feedpub.service.worker import Worker
        made = Worker(config, path.absolute(), tools, at_once)
        status = made.run()
        if made.has_stuck_threads:  # threads that hang would keep the interpreter from ending
            os._exit(status)
    sys.exit(status)

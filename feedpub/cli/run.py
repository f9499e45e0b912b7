"""`feedpub run` and `feedpub worker`: run feeds when they are due."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedpub.cli.context import open_context, open_queue
from feedpub.cli.serve import listen_option, open_sockets, print_addresses

if TYPE_CHECKING:
    from feedpub.core.log import LogFormat
    from feedpub.service import Service
    from feedpub.service.worker import Worker


def _log_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --log and --verbose to a command."""
    log = click.option(
        "--log",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        help="The format of the log.",
    )
    verbose = click.option("-v", "--verbose", is_flag=True, help="Log debug details, too.")
    return log(verbose(command))


@click.command()
@listen_option
@_log_options
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
    location = configuration.state_location(config.feedpub.state)
    with (
        service_lock(location, shared=config.feedpub.queue),
        open_context(config) as context,
        open_queue(config) as queue,
    ):
        sockets = open_sockets(config, listen)
        print_addresses(sockets)
        status = _run_to_end(Service(config, path.absolute(), context, sockets, queue))
    sys.exit(status)


@click.command()
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Number of feeds to run at once.",
)
@_log_options
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
        raise ConfigError(f"{path}: workers need a queue: set queue = true under [feedpub]")
    configure_logging(form=form, detail=verbose)
    with open_context(config) as context:
        with open_queue(config):  # creates the tables if the service has not started yet
            pass
        from feedpub.service.worker import Worker  # needs the queue's library

        status = _run_to_end(Worker(config, path.absolute(), context, at_once))
    sys.exit(status)


def _run_to_end(service: "Service | Worker") -> int:
    """Run a service and return its exit status. End the process at once if threads are stuck."""
    status = service.run()
    if service.has_stuck_threads:  # the interpreter would wait for them
        os._exit(status)
    return status

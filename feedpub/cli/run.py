"""`feedpub run`: the service."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import open_line, open_tools
from feedpub.cli.listening import listen_option, open_sockets, tell_where

if TYPE_CHECKING:
    from feedpub.logs import Form


@click.command()
@listen_option
@click.option("--log", "form", type=click.Choice(["text", "json"]), default="text", help="The format of the log.")
@click.option("-v", "--verbose", is_flag=True, help="Log debug details, too.")
@click.pass_obj
def run(config_path: Path | None, listen: str | None, *, form: "Form", verbose: bool) -> None:
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
    from feedpub.logs import log_to
    from feedpub.service import Service, service_lock

    path = configuration.find_config(config_path, os.environ)
    config = configuration.load(path)
    log_to(form=form, detail=verbose)
    state = configuration.place_of(config.feedpub.state)
    with (
        service_lock(state, shared=config.feedpub.queue),
        open_tools(config) as tools,
        open_line(config) as line,
    ):
        sockets = open_sockets(config, listen)
        tell_where(sockets)
        service = Service(config, path.absolute(), tools, sockets, line)
        status = service.run()
        if service.left_behind:  # threads that hang would keep the interpreter from ending
            os._exit(status)
    sys.exit(status)

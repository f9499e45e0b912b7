"""`feedpub serve`: publish over HTTP what is built; and the sockets of all commands that serve."""

import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_config
from feedpub.cli.terminal import echo, exit_with_error

if TYPE_CHECKING:
    from socket import socket

    from feedpub.config import Config
    from feedpub.web import Server

_log = logging.getLogger(__name__)

_SHUTDOWN_SECONDS = 3.0  # for responses in progress


def _check_address(
    _context: click.Context, _option: click.Parameter, address: str | None
) -> str | None:
    from feedpub.config import parse_listen_address

    try:
        return None if address is None else parse_listen_address(address)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


listen_option = click.option(
    "--listen",
    metavar="ADDRESS",
    callback=_check_address,
    help="The address to listen on. Default: `listen` of [http] in the config.",
)


@click.command()
@listen_option
@click.pass_obj
def serve(config_path: Path | None, listen: str | None) -> None:
    """Publish over HTTP what `feedpub build` has written.

    No feed is run. The command runs until it gets SIGINT or SIGTERM. A damaged state is not
    changed: feeds are served anyway, and the status after `feedpub build` has rebuilt the state.

    \b
    Examples:
      feedpub build && feedpub serve
      feedpub serve --listen 127.0.0.1:9000

    Exit status: 0 after a signal, 1 if it cannot start or continue, 2 if the config has an error.
    """
    from feedpub.config import state_location
    from feedpub.core.errors import CorruptStateError
    from feedpub.core.log import configure_logging, fields
    from feedpub.store import Store
    from feedpub.web import FeedApp, ReadOnlyControl, Server, open_backend

    config = load_config(config_path)
    configure_logging()
    settings = config.feedpub
    backend = open_backend(settings.output, config.s3)
    with Store.lazy(state_location(settings.state)) as store:
        try:
            store.connect()
        except CorruptStateError as error:
            _log.warning(
                "state_damaged", extra=fields(reason=str(error), outcome="feeds are served")
            )
        sockets = open_sockets(config, listen)
        app = FeedApp(
            backend,
            ReadOnlyControl(config, store),
            settings.websub_hubs,
            settings.base_url,
            store.schedule.next_times,
            hosts=config.http.hosts,
        )
        server = Server(app, sockets)
        print_addresses(sockets)
        stopped = Event()
        stop_on_signals(stopped)
        server.start()
        wait_until_stopped(stopped, server, _SHUTDOWN_SECONDS)


def open_sockets(config: "Config", listen: str | None) -> "list[socket]":
    """Open the sockets to serve on.

    Sockets that systemd passes take precedence over --listen, and --listen over the config.
    """
    from feedpub.web.sockets import inherited_sockets, open_socket

    return inherited_sockets() or [open_socket(listen or config.http.listen)]


def print_addresses(sockets: "Sequence[socket]") -> None:
    """Print the URL of the feeds for each socket."""
    from feedpub.web.sockets import socket_address

    for each in sockets:
        echo(f"Feeds are published at {socket_address(each)}: open it to subscribe.")
    sys.stdout.flush()


def stop_on_signals(stopped: Event) -> None:
    """Set an event on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())


def wait_until_stopped(stopped: Event, server: "Server", shutdown_seconds: float) -> None:
    """Wait for an event, then stop a server. Exit with status 1 if the server fails before.

    Args:
        stopped: The event.
        server: A started server.
        shutdown_seconds: How long responses in progress can take.
    """
    while not stopped.wait(1):
        if not server.alive:
            exit_with_error("the server stopped unexpectedly; see the log", status=1)
    server.stop(shutdown_seconds)

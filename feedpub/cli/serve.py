"""Where commands that serve listen."""

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

_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from socket import socket

    from feedpub.config import Config
    from feedpub.web import Server


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """An address to listen at, as the config takes it too."""
    from feedpub.config import parse_listen_address

    try:
        return None if value is None else parse_listen_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


listen_option = click.option(
    "--listen",
    metavar="ADDRESS",
    callback=_address,
    help="The address to listen on. Default: `listen` of [http] in the config.",
)


def open_sockets(config: "Config", listen: str | None) -> "list[socket]":
    """Where to serve.

    On what systemd hands over, else at the address given, else at the config's.
    """
    from feedpub.web.sockets import inherited_sockets, open_socket

    return inherited_sockets() or [open_socket(listen or config.http.listen)]


def print_addresses(listening: "Sequence[socket]") -> None:
    """Say where the feeds are, at once."""
    from feedpub.web.sockets import socket_address

    for each in listening:
        echo(f"Feeds are published at {socket_address(each)}: open it to subscribe.")
    sys.stdout.flush()


def stop_on_signals(ended: Event) -> None:
    """Let SIGTERM and SIGINT set an event."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())


def wait_for(ended: Event, server: "Server", farewell: float) -> None:
    """Leave a server to its work until an event is set; fails where it ends by itself.

    Args:
        ended: the event.
        server: is started already.
        farewell: seconds for answers under way.
    """
    while not ended.wait(1):
        if not server.alive:
            exit_with_error("the server has ended by itself; the log says why", status=1)
    server.stop(farewell)


# SECTION: `feedpub serve`: what is published, over HTTP.

_FAREWELL = 3.0  # seconds for answers under way when a server is to end


@click.command()
@listen_option
@click.pass_obj
def serve(config_path: Path | None, listen: str | None) -> None:
    """Publish over HTTP what `feedpub build` has written.

    No feed is run. The command runs until it gets SIGINT or SIGTERM. A damaged state is not changed: feeds are served
    anyway, and the status after `feedpub build` has rebuilt the state.

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
    shelf = open_backend(settings.output, config.s3)
    with Store.lazy(state_location(settings.state)) as store:
        try:
            store.connect()
        except CorruptStateError as error:
            _log.warning(
                "state_damaged", extra=fields(reason=str(error), outcome="feeds are served")
            )
        sockets = open_sockets(config, listen)
        showcase = ReadOnlyControl(config, store)
        plans, hosts = store.schedule.load, config.http.hosts
        site = FeedApp(shelf, showcase, settings.websub_hubs, settings.base_url, plans, hosts=hosts)
        server = Server(site, sockets)
        print_addresses(sockets)
        ended = Event()
        stop_on_signals(ended)
        server.start()
        wait_for(ended, server, _FAREWELL)

"""Where commands that serve listen."""

import signal
import sys
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

import click

from feedpub.cli.terminal import echo, fail

if TYPE_CHECKING:
    from socket import socket

    from feedpub.config import Config
    from feedpub.web import Server


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """An address to listen at, as the config takes it too."""
    from feedpub.config import listen_address

    try:
        return None if value is None else listen_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


listen_option = click.option(
    "--listen",
    metavar="ADDRESS",
    callback=_address,
    help="The address to listen on. Default: `listen` of [http] in the config.",
)


def open_sockets(config: "Config", listen: str | None) -> "list[socket]":
    """Where to serve: on what systemd hands over, else at the address given, else at the config's."""
    from feedpub.web import sockets

    return sockets.inherited() or [sockets.listen(listen or config.http.listen)]


def tell_where(listening: "Sequence[socket]") -> None:
    """Say where the feeds are, at once."""
    from feedpub.web import sockets

    for each in listening:
        echo(f"Feeds are published at {sockets.shown(each)}: open it to subscribe.")
    sys.stdout.flush()


def end_on_signals(ended: Event) -> None:
    """Let SIGTERM and SIGINT set an event."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())


def wait_until(ended: Event, server: "Server", farewell: float) -> None:
    """Leave a server to its work until an event is set; fails where it ends by itself.

    Args:
        ended: the event.
        server: is started already.
        farewell: seconds for answers under way.
    """
    while not ended.wait(1):
        if not server.alive:
            fail("the server has ended by itself; the log says why", status=1)
    server.stop(farewell)

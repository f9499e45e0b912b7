"""Where commands that serve listen."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from socket import socket

    from feedpub.config import Config


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """An address to listen at, as the config takes it too."""
    from feedpub.config import listen_address

    try:
        return None if value is None else listen_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


listen_option = click.option(
    "--listen", metavar="ADDRESS", callback=_address, help="Where to serve; else what the config says under [http]."
)


def open_sockets(config: "Config", listen: str | None) -> "list[socket]":
    """Where to serve: on what systemd hands over, else at the address given, else at the config's."""
    from feedpub.web import sockets

    return sockets.inherited() or [sockets.listen(listen or config.http.listen)]


def tell_where(listening: "Sequence[socket]") -> None:
    """Say where the feeds are, at once."""
    from feedpub.web import sockets

    for each in listening:
        click.echo(f"Feeds are published at {sockets.shown(each)}: open it to subscribe.")
    sys.stdout.flush()

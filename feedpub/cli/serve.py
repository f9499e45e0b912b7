"""`feedpub serve`: what is published, over HTTP."""

import logging
from pathlib import Path
from threading import Event

import click

from feedpub.cli.collaborators import load_config
from feedpub.cli.listening import end_on_signals, listen_option, open_sockets, tell_where, wait_until

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
    from feedpub.config import place_of
    from feedpub.errors import DamagedError
    from feedpub.logs import event, log_to
    from feedpub.store import Store
    from feedpub.web import Server, Showcase, Site, open_shelf

    config = load_config(config_path)
    log_to()
    settings = config.feedpub
    shelf = open_shelf(settings.output, config.s3)
    with Store.at(place_of(settings.state)) as store:
        try:
            store.connect()
        except DamagedError as error:
            event("state_damaged", level=logging.WARNING, reason=str(error), outcome="feeds are served")
        sockets = open_sockets(config, listen)
        showcase = Showcase(config, store)
        plans, hosts = store.schedule.load, config.http.hosts
        site = Site(shelf, showcase, settings.websub_hubs, settings.base_url, plans, hosts=hosts)
        server = Server(site, sockets)
        tell_where(sockets)
        ended = Event()
        end_on_signals(ended)
        server.start()
        wait_until(ended, server, _FAREWELL)

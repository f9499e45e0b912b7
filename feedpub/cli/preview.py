"""`feedpub preview`: show pages next to their articles, and try rules on them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_or_default, open_context
from feedpub.cli.serve import stop_on_signals, wait_until_stopped
from feedpub.cli.terminal import echo, exit_with_error
from feedpub.core.urls import is_web_url

if TYPE_CHECKING:
    from feedpub.config import Config
    from feedpub.pipeline.context import RunContext
    from feedpub.web.preview import PreviewSession

_SHUTDOWN_SECONDS = 5.0  # for responses in progress


@click.command()
@click.argument("target", metavar="NAME|URL|FILE")
@click.option("--open", "opens", is_flag=True, help="Open the preview in the browser.")
@click.pass_obj
def preview(config_path: Path | None, target: str, *, opens: bool) -> None:
    """Show pages next to their articles, and try new rules on them.

    NAME shows the stored articles of a feed, URL a page on the web, FILE a saved page. The preview
    is available on this machine only, at the address that the command prints. Stop it with Ctrl-C,
    or with Done on the page.

    \b
    Examples:
      feedpub preview world
      feedpub preview https://example.org/news/story --open
      feedpub preview saved/story.html

    Exit status: 0, 1 if there is nothing to show, 2 if the config has an error.
    """
    from feedpub.core.errors import SourceError
    from feedpub.core.log import configure_logging
    from feedpub.web import Server
    from feedpub.web.preview import PreviewServer
    from feedpub.web.sockets import open_socket

    configure_logging(sys.stderr, quiet=True)
    config = load_or_default(config_path)
    with open_context(config, dry_run=True) as context:
        try:
            session = _open_session(config, target, context)
        except SourceError as error:
            exit_with_error(str(error), status=1)
        listening = open_socket("127.0.0.1:0")
        app = PreviewServer(session, listening.getsockname()[1])
        server = Server(app, [listening])
        stop_on_signals(app.done)
        server.start()
        echo(f"Preview at {app.url} (press Ctrl-C to stop)")
        sys.stdout.flush()
        if opens:
            click.launch(app.url)
        wait_until_stopped(app.done, server, _SHUTDOWN_SECONDS)


def _open_session(config: "Config", target: str, context: "RunContext") -> "PreviewSession":
    """Load the pages of a feed, or the page at a URL or in a file.

    Raises:
        SourceError: The page cannot be read.
    """
    from feedpub.web.preview import (
        PreviewSession,
        page_from_address,
        page_from_file,
        pages_of_feed,
        pages_of_site,
    )

    feed = config.feed.get(target)
    if feed is not None:
        pages = pages_of_feed(feed, context)
        if not pages:
            message = f"{target}: no page is stored; `feedpub build` stores them (see keep_pages)"
            exit_with_error(message, status=1)
        return PreviewSession(pages, context, config.rules.sites, pages)
    if is_web_url(target):
        page = page_from_address(target, context)
    elif Path(target).exists():
        page = page_from_file(Path(target), context)
    else:
        feeds = ", ".join(config.feed.names) or "no feeds"
        message = f"{target}: not a feed, a URL or a file; the config has: {feeds}"
        exit_with_error(message, status=2)
    related = pages_of_site(page.url, config.feed, context)
    return PreviewSession([page], context, config.rules.sites, related)

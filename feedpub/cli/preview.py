"""`feedpub preview`.

Look at what the cleaner does to pages, and make rules by pointing at what is wrong.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_or_default, open_context
from feedpub.cli.serve import stop_on_signals, wait_for
from feedpub.cli.terminal import echo, exit_with_error

if TYPE_CHECKING:
    from feedpub.config import Config
    from feedpub.pipeline.context import RunContext
    from feedpub.web.preview import PreviewSession

_FAREWELL = 5.0  # seconds for answers under way


@click.command()
@click.argument("target", metavar="NAME|URL|FILE")
@click.option("--open", "opens", is_flag=True, help="Open the preview in the browser.")
@click.pass_obj
def preview(config_path: Path | None, target: str, *, opens: bool) -> None:
    """Show pages next to their articles, and try new rules on them.

    NAME shows the stored articles of a feed, URL a page on the web, FILE a saved page. The preview is available on
    this machine only, at the address that the command prints. Stop it with Ctrl-C, or with Done on the page.

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
    with open_context(config, dry_run=True) as tools:
        try:
            desk = _desk(config, target, tools)
        except SourceError as error:
            exit_with_error(str(error), status=1)
        listening = open_socket("127.0.0.1:0")
        bureau = PreviewServer(desk, listening.getsockname()[1])
        server = Server(bureau, [listening])
        stop_on_signals(bureau.done)
        server.start()
        echo(f"Preview at {bureau.url} until ctrl-c.")
        sys.stdout.flush()
        if opens:
            click.launch(bureau.url)
        wait_for(bureau.done, server, _FAREWELL)


def _desk(config: "Config", target: str, tools: "RunContext") -> "PreviewSession":
    """What is to be looked at. Raises SourceError."""
    from feedpub.web.preview import (
        PreviewSession,
        page_from_address,
        page_from_file,
        pages_of_feed,
        pages_of_site,
    )

    feed = config.feed.get(target)
    if feed is not None:
        subjects = pages_of_feed(feed, tools)
        if not subjects:
            exit_with_error(
                f"{target}: no page of its articles is kept; `feedpub build` keeps them (keep_pages)",
                status=1,
            )
        return PreviewSession(subjects, tools, config.rules.sites, subjects)
    if target.startswith(("http://", "https://")):
        subject = page_from_address(target, tools)
    elif Path(target).exists():
        subject = page_from_file(Path(target), tools)
    else:
        known = ", ".join(config.feed.names) or "none"
        exit_with_error(
            f"{target}: no address, no file, and no feed; the config has: {known}", status=2
        )
    return PreviewSession(
        [subject], tools, config.rules.sites, pages_of_site(subject.url, config.feed, tools)
    )

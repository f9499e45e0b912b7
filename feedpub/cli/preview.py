"""`feedpub preview`: look at what the cleaner does to pages, and make rules by pointing at what is wrong."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import load_or_default, open_tools
from feedpub.cli.listening import end_on_signals, wait_until
from feedpub.cli.terminal import echo, fail

if TYPE_CHECKING:
    from feedpub.config import Config
    from feedpub.preview import Desk
    from feedpub.tools import Tools

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
    from feedpub.errors import SourceError
    from feedpub.logs import log_to
    from feedpub.preview import Bureau
    from feedpub.web import Server
    from feedpub.web.sockets import listen

    log_to(sys.stderr, quiet=True)
    config = load_or_default(config_path)
    with open_tools(config, dry_run=True) as tools:
        try:
            desk = _desk(config, target, tools)
        except SourceError as error:
            fail(str(error), status=1)
        listening = listen("127.0.0.1:0")
        bureau = Bureau(desk, listening.getsockname()[1])
        server = Server(bureau, [listening])
        end_on_signals(bureau.done)
        server.start()
        echo(f"Preview at {bureau.url} until ctrl-c.")
        sys.stdout.flush()
        if opens:
            click.launch(bureau.url)
        wait_until(bureau.done, server, _FAREWELL)


def _desk(config: "Config", target: str, tools: "Tools") -> "Desk":
    """What is to be looked at. Raises SourceError."""
    from feedpub.preview import Desk, from_address, from_file, of_feed, of_site

    feed = config.feed.named(target)
    if feed is not None:
        subjects = of_feed(feed, tools)
        if not subjects:
            fail(f"{target}: no page of its articles is kept; `feedpub build` keeps them (keep_pages)", status=1)
        return Desk(subjects, tools, config.rules.sites, subjects)
    if target.startswith(("http://", "https://")):
        subject = from_address(target, tools)
    elif Path(target).exists():
        subject = from_file(Path(target), tools)
    else:
        known = ", ".join(config.feed.names) or "none"
        fail(f"{target}: no address, no file, and no feed; the config has: {known}", status=2)
    return Desk([subject], tools, config.rules.sites, of_site(subject.url, config.feed, tools))

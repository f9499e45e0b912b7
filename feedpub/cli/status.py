"""`feedpub status`: show the state of each feed."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from feedpub.cli.context import load_config
from feedpub.cli.terminal import echo_json, make_console, print_line, warn_quarantined


@click.command()
@click.option("--all", "show_all", is_flag=True, help="Show all feeds, however many there are.")
@click.option("--json", "as_json", is_flag=True, help="Print the status as one JSON document.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Also show why recent entries have their content."
)
@click.pass_obj
def status(config_path: Path | None, *, show_all: bool, as_json: bool, verbose: bool) -> None:
    """Show the state of each feed and of its sources.

    Of more than 200 feeds, the worst are shown. --all and --json show all.

    \b
    Examples:
      feedpub status
      feedpub status --all
      feedpub status -v
      feedpub status --json | jq '.feeds[].name'

    Exit status: 0, or 1 if a feed is broken.
    """
    from feedpub.cli import output
    from feedpub.config import state_location
    from feedpub.core.errors import ConfigError
    from feedpub.store import Store
    from feedpub.web.status import (
        PAGE_FEEDS,
        FeedQuery,
        Health,
        StatusBoard,
        collect_status,
        describe_counts,
    )

    try:
        config = load_config(config_path)
    except ConfigError as error:
        raise ConfigError(
            f"{error}\nA running service continues with the config that it loaded before."
        ) from None
    location = state_location(config.feedpub.state)
    number = len(config.feed)
    shows_worst = number > PAGE_FEEDS and not show_all and not as_json
    with Store.open(location) as store:
        if shows_worst:
            board = StatusBoard(config, store)
            selection = board.overview(datetime.now(UTC), None, max_age_seconds=0.0).select(
                FeedQuery()
            )
            counts = selection.counts
            service = collect_status(config, store, datetime.now(UTC), feeds=selection.names)
        else:
            service = collect_status(config, store, datetime.now(UTC))
            counts = service.counts
        shown = [feed.name for feed in service.feeds]
        choices = list(output.content_lines(shown, store)) if verbose else []
    if as_json:
        echo_json(service)
    else:
        console = make_console()
        summary = describe_counts(counts)
        if shows_worst:
            console.print(f"{summary}\n", highlight=False)
        console.print(output.status_table(service))
        for line in output.status_lines(service):
            print_line(console, line)
        for line in choices:
            print_line(console, line)
        if shows_worst:
            summary = f"Shown are the {len(shown)} worst of {number:,} feeds; --all shows all."
        console.print(summary, highlight=False)
        warn_quarantined(location)
    sys.exit(1 if counts.get(Health.BROKEN) else 0)

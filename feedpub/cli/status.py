"""`feedpub status`: show the state of each feed."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_config
from feedpub.cli.terminal import echo_json, make_console, print_line, warn_quarantined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feedpub.config import Config
    from feedpub.store import Store
    from feedpub.web.status import Health, ServiceStatus


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
    from feedpub.web.status import Health, describe_counts

    try:
        config = load_config(config_path)
    except ConfigError as error:
        raise ConfigError(
            f"{error}\nA running service continues with the config that it loaded before."
        ) from None
    location = state_location(config.feedpub.state)
    with Store.open(location) as store:
        service, counts = _read_status(config, store, complete=show_all or as_json)
        names = [feed.name for feed in service.feeds]
        choices = list(output.content_lines(names, store)) if verbose else []
    if as_json:
        echo_json(service)
    else:
        console = make_console()
        summary = describe_counts(counts)
        if len(names) < len(config.feed):
            console.print(f"{summary}\n", highlight=False)
            total = f"{len(config.feed):,} feeds"
            summary = f"Shown are the {len(names)} worst of {total}; --all shows all."
        console.print(output.status_table(service))
        for line in (*output.status_lines(service), *choices):
            print_line(console, line)
        console.print(summary, highlight=False)
        warn_quarantined(location)
    sys.exit(1 if counts.get(Health.BROKEN) else 0)


def _read_status(
    config: "Config", store: "Store", *, complete: bool
) -> "tuple[ServiceStatus, Mapping[Health, int]]":
    """Return the status of all feeds, or of the worst of many, and the number of all by health."""
    from feedpub.web.status import FeedQuery, StatusBoard, collect_status, overview

    now = datetime.now(UTC)
    if complete or len(config.feed) <= overview.PAGE_FEEDS:
        service = collect_status(config, store, now)
        return service, service.counts
    board = StatusBoard(config, store)
    selection = board.overview(now, None, max_age_seconds=0.0).select(FeedQuery())
    return collect_status(config, store, now, feeds=selection.names), selection.counts

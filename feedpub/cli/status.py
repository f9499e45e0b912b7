"""`feedpub status`: show the state of each feed."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from feedpub.cli.context import load_config
from feedpub.cli.terminal import echo_json, make_console, print_line, warn_quarantined


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as one JSON document.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Also show why recent entries have their content."
)
@click.pass_obj
def status(config_path: Path | None, *, as_json: bool, verbose: bool) -> None:
    """Show the state of each feed and of its sources.

    \b
    Examples:
      feedpub status
      feedpub status -v
      feedpub status --json | jq '.feeds[].name'

    Exit status: 0, or 1 if a feed is broken.
    """
    from feedpub.cli import output
    from feedpub.config import state_location
    from feedpub.core.errors import ConfigError
    from feedpub.store import Store
    from feedpub.web.status import Health, collect_status

    try:
        config = load_config(config_path)
    except ConfigError as error:
        raise ConfigError(
            f"{error}\nA running service continues with the config that it loaded before."
        ) from None
    location = state_location(config.feedpub.state)
    with Store.open(location) as store:
        service = collect_status(config, store, datetime.now(UTC))
        choices = list(output.content_lines(config, store)) if verbose else []
    if as_json:
        echo_json(service)
    else:
        console = make_console()
        console.print(output.status_table(service))
        for line in output.status_lines(service):
            print_line(console, line)
        for line in choices:
            print_line(console, line)
        console.print(service.summary, highlight=False)
        warn_quarantined(location)
    sys.exit(1 if service.count(Health.BROKEN) else 0)

"""`feedpub status`: how is each feed?"""

import sys
from pathlib import Path

import click

from feedpub.cli.collaborators import load_config
from feedpub.cli.terminal import echo_json, make_console, tell_of_damage


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as one JSON document.")
@click.pass_obj
def status(config_path: Path | None, *, as_json: bool) -> None:
    """Show the state of each feed and of its sources.

    \b
    Examples:
      feedpub status
      feedpub status --json | jq '.feeds[].name'

    Exit status: 0, or 1 if a feed is broken.
    """
    from feedpub import overview, report
    from feedpub.config import place_of
    from feedpub.errors import ConfigError
    from feedpub.store import Store
    from feedpub.tools import utc_now

    try:
        config = load_config(config_path)
    except ConfigError as error:
        raise ConfigError(f"{error}\nA service that is running goes on with the config that it took before.") from None
    place = place_of(config.feedpub.state)
    with Store.open(place) as store:
        seen = overview.of(config, store, utc_now())
    if as_json:
        echo_json(seen)
    else:
        console = make_console()
        console.print(report.status_table(seen))
        for line in report.status_lines(seen):
            console.print(line, soft_wrap=True, markup=False, highlight=False)
        console.print(seen.summary, highlight=False)
        tell_of_damage(place)
    sys.exit(1 if seen.count(overview.Health.BROKEN) else 0)

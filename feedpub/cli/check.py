"""`feedpub check`: is the config in order?"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import load_config
from feedpub.cli.terminal import counted

if TYPE_CHECKING:
    from feedpub.config import Config


@click.command()
@click.option("--schema", is_flag=True, help="Print the config's JSON Schema for editors.")
@click.pass_obj
def check(config_path: Path | None, *, schema: bool) -> None:
    """Check the config and name what needs a hand; nothing is fetched or written.

    Exit status: 0 when the config can be used, 2 when not.
    """
    from feedpub import config as configuration

    if schema:
        click.echo(configuration.json_schema(), nl=False)
        return
    config = load_config(config_path)
    sources = sum(len(feed.source) for feed in config.feed)
    click.echo(f"The config is in order: {counted(len(config.feed), 'feed')}, {counted(sources, 'source')}.")
    path = configuration.find_config(config_path, os.environ)
    for warning in (*configuration.warnings(config, path), *_leftovers(config)):
        click.echo(f"note: {warning}")


def _leftovers(config: "Config") -> list[str]:
    """Published files of feeds that are no longer in the config: they are kept, and named."""
    from feedpub.publisher import Publisher

    known = {feed.name for feed in config.feed} | {"index", "feeds", "health"}
    names = Publisher(config.feedpub.output).names()
    gone = sorted({name for path in names if (name := path.split("/")[0].split(".")[0]) not in known})
    return [
        f"{config.feedpub.output} still has the files of {name!r}, which is not in the config: "
        "delete them when nobody reads them any more"
        for name in gone
    ]

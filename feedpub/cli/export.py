"""`feedpub export`: what feedpub knows, for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_config
from feedpub.cli.terminal import echo

if TYPE_CHECKING:
    from feedpub.config import Config


@click.group()
def export() -> None:
    """Write feeds or sources in a format of other programs.

    \b
    Examples:
      feedpub export opml                          the feeds, for any reader
      feedpub export opml --sources > leave.opml   their sources, so that you can leave again

    Exit status: 0, or 1 when nothing is published yet, or 2 when the config cannot be used.
    """


@export.command()
@click.option(
    "--feeds", "what", flag_value="feeds", default=True, help="The published feeds (the default)."
)
@click.option("--sources", "what", flag_value="sources", help="What the feeds are made from.")
@click.pass_obj
def opml(config_path: Path | None, what: str) -> None:
    """Print OPML: the published feeds, as feeds.opml has them, or their sources.

    Pages with `links` get the attributes by which FreshRSS scrapes them. What OPML cannot say is told on standard
    error. Secrets are never in it.

    \b
    Examples:
      feedpub export opml > feeds.opml
      feedpub export opml --sources > sources.opml

    Exit status: 0, or 1 when nothing is published yet, or 2 when the config cannot be used.
    """
    from feedpub.builder import render_source_opml, unsupported_settings
    from feedpub.core.redact import redact

    config = load_config(config_path)
    if what == "feeds":
        echo(_published(config, "feeds.opml"), nl=False)
        return
    echo(render_source_opml(config.feed), nl=False)
    for note in unsupported_settings(config.feed):
        echo(f"note: {redact(note)}", err=True)


def _published(config: "Config", name: str) -> bytes:
    from feedpub.core.errors import PublishError
    from feedpub.publisher import open_output

    output = config.feedpub.output
    body = open_output(output, config.s3).read(name)
    if body is None:
        raise PublishError(
            f"{output}/{name}: no such file: nothing is published yet; `feedpub build` does it, and --sources needs no "
            "build"
        )
    return body

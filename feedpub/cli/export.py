"""`feedpub export`: print feeds or sources for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_config
from feedpub.cli.terminal import echo

if TYPE_CHECKING:
    from feedpub.config import Config


@click.group()
def export() -> None:
    """Export feeds or sources for other programs.

    \b
    Examples:
      feedpub export opml                          the feeds, for any reader
      feedpub export opml --sources > leave.opml   their sources, for other programs

    Exit status: 0, 1 if nothing is published yet, 2 if the config has an error.
    """


@export.command()
@click.option(
    "--feeds",
    "what",
    flag_value="feeds",
    default=True,
    help="Export the published feeds (the default).",
)
@click.option("--sources", "what", flag_value="sources", help="Export the feeds' sources.")
@click.pass_obj
def opml(config_path: Path | None, what: str) -> None:
    """Print OPML: the published feeds, or their sources.

    Pages with `links` have the attributes that FreshRSS uses for scraping. Settings that OPML
    cannot express are reported on standard error. Secrets are not exported.

    \b
    Examples:
      feedpub export opml > feeds.opml
      feedpub export opml --sources > sources.opml

    Exit status: 0, 1 if nothing is published yet, 2 if the config has an error.
    """
    from feedpub.builder import render_source_opml, unsupported_settings
    from feedpub.core.redact import redact

    config = load_config(config_path)
    if what == "feeds":
        echo(_read_published(config, "feeds.opml"), nl=False)
        return
    echo(render_source_opml(config.feed), nl=False)
    for note in unsupported_settings(config.feed):
        echo(f"note: {redact(note)}", err=True)


def _read_published(config: "Config", name: str) -> bytes:
    from feedpub.core.errors import PublishError
    from feedpub.publisher import open_output

    output = config.feedpub.output
    body = open_output(output, config.s3).read(name)
    if body is None:
        raise PublishError(
            f"{output}/{name}: no such file: nothing is published yet; run `feedpub build`, "
            "or export the sources with --sources"
        )
    return body

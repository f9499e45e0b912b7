"""Parse the command line and run its commands. Only this package prints.

Each command is a module of its name; `completion` is in `help`. The exit status is 0 on success, 1
if a feed or an article failed, and 2 if the command line or the config has an error.

Modules of this package import click at the top, and everything heavier inside functions:
`feedpub --help` and shell completion must not load libraries that they do not use.
"""

from pathlib import Path

import click

from feedpub.cli.add import add
from feedpub.cli.backfill import backfill
from feedpub.cli.build import build
from feedpub.cli.check import check
from feedpub.cli.clean import clean
from feedpub.cli.export import export
from feedpub.cli.help import completion, show_help
from feedpub.cli.import_ import import_feeds
from feedpub.cli.preview import preview
from feedpub.cli.reclean import reclean
from feedpub.cli.repair import repair
from feedpub.cli.run import run, worker
from feedpub.cli.serve import serve
from feedpub.cli.state import state
from feedpub.cli.status import status
from feedpub.cli.terminal import (
    Interrupted,
    end_interrupted,
    exit_with_error,
    handle_interrupts,
    make_streams_lenient,
)


def _remember_config(context: click.Context, _option: click.Parameter, path: Path | None) -> None:
    """Pass the config's path to the command and its subcommands, which can replace it."""
    if path is not None:
        context.obj = path


_config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    expose_value=False,
    callback=_remember_config,
    help=(
        "The config file. Default: $FEEDPUB_CONFIG, else feedpub.toml in $CONFIGURATION_DIRECTORY "
        "or config/."
    ),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="feedpub")
def cli() -> None:
    """Publish clean full-text feeds of sites, feeds, sitemaps and folders.

    \b
    First steps:
      feedpub add URL   find the feeds and article lists of a site, and add one
      feedpub check     check the config
      feedpub build     read all sources and write the feeds
      feedpub status    show the state of each feed
      feedpub help      show the manual
    """


_COMMANDS = (
    add,
    backfill,
    build,
    check,
    clean,
    completion,
    export,
    show_help,
    import_feeds,
    preview,
    reclean,
    repair,
    run,
    serve,
    state,
    status,
    worker,
)
for _command in _COMMANDS:
    cli.add_command(_command)


def _add_config_option(command: click.Command) -> None:
    """Add --config to a command and all its subcommands, so that it can follow any name."""
    _config_option(command)
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            _add_config_option(subcommand)


_add_config_option(cli)


def main() -> None:
    """Run the command line. Report an error of feedpub as one message, without a traceback."""
    handle_interrupts()
    make_streams_lenient()
    from feedpub.core.errors import ConfigError, FeedpubError

    try:
        cli(prog_name="feedpub")
    except Interrupted as interrupted:
        end_interrupted(interrupted.number)
    except ConfigError as error:
        exit_with_error(str(error), status=2)
    except FeedpubError as error:
        exit_with_error(str(error), status=1)

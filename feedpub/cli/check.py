"""`feedpub check`: is the config in order, and do the rules of sites do what they should?"""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import load_config
from feedpub.cli.terminal import echo, tell_of_damage
from feedpub.cli.trying import try_rules
from feedpub.counting import counted

if TYPE_CHECKING:
    from feedpub.config import Config
    from feedpub.rules import RuleBook

_ARCHIVE = re.compile(r"-archive-[1-9]\d*$")  # a feed's own, beside its live document


@click.command()
@click.argument("hosts", nargs=-1, metavar="[HOST]...")
@click.option("--schema", is_flag=True, help="Print the config's JSON Schema.")
@click.option(
    "--rules", "on_rules", is_flag=True, help="Test the rules of all sites, or of the given hosts, on their pages."
)
@click.option(
    "--pages",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --rules: a folder of saved pages, identified by canonical link or by name.",
)
@click.option("--fetch", "fetches", is_flag=True, help="With --rules: fetch the pages that are not saved.")
@click.pass_obj
def check(  # noqa: PLR0913 -- one for each option
    config_path: Path | None,
    hosts: tuple[str, ...],
    *,
    schema: bool,
    on_rules: bool,
    folder: Path | None,
    fetches: bool,
) -> None:
    """Check the config, or test site rules.

    Nothing is written, and nothing is fetched without --fetch.

    \b
    Examples:
      feedpub check                                    check the config
      feedpub check --schema > feedpub.schema.json     write its JSON Schema, for editors
      feedpub check --rules --pages saved              test all site rules on saved pages
      feedpub check --rules --fetch example.org        test one site's rules on its current pages

    Exit status: 0 if the config is valid, 1 if a rule test failed, 2 if the config has an error.
    """
    from feedpub import config as configuration
    from feedpub.rules import open_rules
    from feedpub.store import Store

    if not on_rules and (hosts or folder or fetches):
        raise click.UsageError("hosts, --pages and --fetch are for the rules of sites: write --rules, too")
    if schema:
        echo(configuration.json_schema(), nl=False)
        return
    config = load_config(config_path)
    place = configuration.place_of(config.feedpub.state)
    book = open_rules(config.rules)
    if on_rules:
        sys.exit(0 if try_rules(config, book, hosts, folder, fetches=fetches) else 1)
    sources = sum(len(feed.source) for feed in config.feed)
    path = configuration.find_config(config_path, os.environ)
    files = len(configuration.files(path))
    said = f"{counted(len(config.feed), 'feed')}, {counted(sources, 'source')}"
    echo(f"The config is in order: {said}{f', in {files} files' if files > 1 else ''}.")
    notes = (
        *configuration.warnings(config, path),
        *_browser(config),
        *_storage(config),
        *_leftovers(config),
        *_about_rules(book),
        *Store.exposures(place),
    )
    for warning in notes:
        echo(f"note: {warning}")
    tell_of_damage(place)


def _about_rules(book: "RuleBook") -> list[str]:
    """How many lines of other people's rules cannot be used; each of ours is an error before that."""
    files = list(book.files())
    problems = sum(len(rules.problems) for _, rules in files)
    if book.ftr and not files:
        return [f"there is no rule file in {book.ftr}: is it a checkout of ftr-site-config?"]
    if not problems:
        return []
    said = f"{counted(problems, 'line')} in {counted(len(files), 'file')} of {book.ftr} cannot be used and"
    return [f"{said} {'is' if problems == 1 else 'are'} left out; feedpub check --rules names them"]


def _browser(config: "Config") -> list[str]:
    """What is missing for the pages that are to be rendered, where there are any."""
    from feedpub.gathering import is_rendered
    from feedpub.render import missing

    wanted = any(is_rendered(source) for feed in config.feed for source in feed.source)
    lacking = missing(config.feedpub.browser_path) if wanted else None
    return [lacking] if lacking else []


def _storage(config: "Config") -> list[str]:
    """What is missing for a bucket as output; nothing is fetched."""
    from feedpub.errors import ConfigError, PublishError
    from feedpub.publisher import open_publisher

    try:
        open_publisher(config.feedpub.output, config.s3)
    except (ConfigError, PublishError) as error:
        return [str(error)]
    return []


def _leftovers(config: "Config") -> list[str]:
    """Published files of feeds that are no longer in the config: they are kept, and named; a bucket is not asked."""
    from feedpub.publisher import FolderPublisher

    if not isinstance(config.feedpub.output, Path):
        return []
    known = config.feed.names | {"index", "feeds", "health"}
    stems = {path.split("/")[0].split(".")[0] for path in FolderPublisher(config.feedpub.output).names()}
    gone = sorted({_ARCHIVE.sub("", stem) for stem in stems if stem not in known} - known)
    return [
        f"{config.feedpub.output} still has the files of {name!r}, which is not in the config: "
        "delete them when nobody reads them any more"
        for name in gone
    ]

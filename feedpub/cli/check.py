"""What `feedpub check --rules` does.

The rules of sites, tried on the pages that their files name.
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_config
from feedpub.cli.terminal import echo, make_console, warn_quarantined
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from feedpub.cleaner.pagination import PageSequence
    from feedpub.cleaner.rules import SiteRuleSet
    from feedpub.cleaner.rules.testing import RuleTestResult
    from feedpub.config import Config
    from feedpub.core.process_pool import Executor

    Finder = Callable[[str], PageSequence | None]


def try_site_rules(
    config: "Config",
    book: "SiteRuleSet",
    hosts: Sequence[str],
    folder: Path | None,
    *,
    fetches: bool,
) -> bool:
    """Try all rules whose pages are at hand and show what came of it; whether none of them failed.

    Args:
        config: for how pages are fetched.
        book: the rules.
        hosts: the only ones that are tried; all where there are none.
        folder: of saved pages.
        fetches: fetch what is not there.
    """
    from feedpub.cleaner.rules import testing
    from feedpub.cli import output
    from feedpub.pipeline.context import open_pool

    for problem in testing.rule_issues(book, hosts):
        echo(f"note: {problem}")
    with (
        open_pool() as isolation,
        _finder(config, book, folder, isolation, fetches=fetches) as find,
    ):
        trials = [
            testing.run_rule_test(sample, book, find, isolation)
            for sample in testing.select_rule_tests(book, hosts)
        ]
    shown = [each for each in trials if hosts or each.status != "no page"]
    if shown:
        make_console().print(output.rule_test_table(shown))
    echo(_summary(trials))
    return not any(each.status == "failed" for each in trials)


@contextmanager
def _finder(
    config: "Config",
    book: "SiteRuleSet",
    folder: Path | None,
    isolation: "Executor",
    *,
    fetches: bool,
) -> "Iterator[Finder]":
    """What finds the pages of an address.

    Among saved ones, else on the network where that is wanted.
    """
    from feedpub.cleaner.articles import fetch_pages
    from feedpub.cleaner.rules import testing
    from feedpub.pipeline.context import open_fetcher

    saved = testing.saved_pages(folder) if folder else {}
    if not fetches:
        yield lambda url: testing.saved_page(url, saved)
        return
    with open_fetcher(config.feedpub) as fetcher:
        yield (
            lambda url: testing.saved_page(url, saved) or fetch_pages(url, fetcher, book, isolation)
        )


def _summary(trials: "Sequence[RuleTestResult]") -> str:
    found = Counter(each.status for each in trials)
    if not trials:
        return "No rules name a page to be tried on."
    at_hand = f"{pluralize(len(trials) - found['no page'], 'page')} tried: {found['ok']} ok, {found['failed']} failed"
    missing = found["no page"]
    hint = f"; {pluralize(missing, 'page')} not at hand (--pages names a folder, --fetch asks the sites)"
    return f"{at_hand}{hint if missing else ''}."


# SECTION: `feedpub check`: is the config in order, and do the rules of sites do what they should?

if TYPE_CHECKING:
    from feedpub.cleaner.rules import SiteRuleSet
    from feedpub.config import Config

_ARCHIVE = re.compile(r"-archive-[1-9]\d*$")  # a feed's own, beside its live document


@click.command()
@click.argument("hosts", nargs=-1, metavar="[HOST]...")
@click.option("--schema", is_flag=True, help="Print the config's JSON Schema.")
@click.option(
    "--rules",
    "on_rules",
    is_flag=True,
    help="Test the rules of all sites, or of the given hosts, on their pages.",
)
@click.option(
    "--pages",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --rules: a folder of saved pages, identified by canonical link or by name.",
)
@click.option(
    "--fetch", "fetches", is_flag=True, help="With --rules: fetch the pages that are not saved."
)
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
    from feedpub.cleaner.rules import open_rules
    from feedpub.store import Store

    if not on_rules and (hosts or folder or fetches):
        raise click.UsageError(
            "hosts, --pages and --fetch are for the rules of sites: write --rules, too"
        )
    if schema:
        echo(configuration.json_schema(), nl=False)
        return
    config = load_config(config_path)
    place = configuration.state_location(config.feedpub.state)
    book = open_rules(config.rules)
    if on_rules:
        sys.exit(0 if try_site_rules(config, book, hosts, folder, fetches=fetches) else 1)
    sources = sum(len(feed.source) for feed in config.feed)
    path = configuration.find_config(config_path, os.environ)
    files = len(configuration.config_files(path))
    said = f"{pluralize(len(config.feed), 'feed')}, {pluralize(sources, 'source')}"
    echo(f"The config is in order: {said}{f', in {files} files' if files > 1 else ''}.")
    notes = (
        *configuration.find_warnings(config, path),
        *_browser(config),
        *_storage(config),
        *_leftovers(config),
        *_about_rules(book),
        *Store.exposures(place),
    )
    for warning in notes:
        echo(f"note: {warning}")
    warn_quarantined(place)


def _about_rules(book: "SiteRuleSet") -> list[str]:
    """How many lines of other people's rules cannot be used.

    Each of ours is an error before that.
    """
    files = list(book.files())
    problems = sum(len(rules.issues) for _, rules in files)
    if book.ftr and not files:
        return [f"there is no rule file in {book.ftr}: is it a checkout of ftr-site-config?"]
    if not problems:
        return []
    said = f"{pluralize(problems, 'line')} in {pluralize(len(files), 'file')} of {book.ftr} cannot be used and"
    return [f"{said} {'is' if problems == 1 else 'are'} left out; feedpub check --rules names them"]


def _browser(config: "Config") -> list[str]:
    """What is missing for the pages that are to be rendered, where there are any."""
    from feedpub.fetch.browser import why_unavailable
    from feedpub.pipeline.collect import is_rendered

    wanted = any(is_rendered(source) for feed in config.feed for source in feed.source)
    lacking = why_unavailable(config.feedpub.browser_path) if wanted else None
    return [lacking] if lacking else []


def _storage(config: "Config") -> list[str]:
    """What is missing for a bucket as output; nothing is fetched."""
    from feedpub.core.errors import ConfigError, PublishError
    from feedpub.publisher import open_output

    try:
        open_output(config.feedpub.output, config.s3)
    except (ConfigError, PublishError) as error:
        return [str(error)]
    return []


def _leftovers(config: "Config") -> list[str]:
    """Published files of feeds that are no longer in the config.

    They are kept, and named; a bucket is not asked.
    """
    from feedpub.publisher import FolderOutput

    if not isinstance(config.feedpub.output, Path):
        return []
    known = config.feed.names | {"index", "feeds", "health"}
    stems = {
        path.split("/")[0].split(".")[0]
        for path in FolderOutput(config.feedpub.output).list_names()
    }
    gone = sorted({_ARCHIVE.sub("", stem) for stem in stems if stem not in known} - known)
    return [
        f"{config.feedpub.output} still has the files of {name!r}, which is not in the config: "
        "delete them when nobody reads them any more"
        for name in gone
    ]

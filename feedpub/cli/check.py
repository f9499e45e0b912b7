"""`feedpub check`: check the config, or test the rules of sites."""

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
    from feedpub.cleaner.rules.testing import RuleTestStatus
    from feedpub.config import Config
    from feedpub.core.process_pool import Executor

    FindPage = Callable[[str], PageSequence | None]

_ARCHIVE_SUFFIX = re.compile(r"-archive-[1-9]\d*$")
_FILES_OF_NO_FEED = {"index", "feeds", "health"}


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
def check(  # noqa: PLR0913 -- one parameter for each option
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

    if not on_rules and (hosts or folder or fetches):
        raise click.UsageError("HOST, --pages and --fetch require --rules.")
    if schema:
        echo(configuration.json_schema(), nl=False)
        return
    config = load_config(config_path)
    site_rules = open_rules(config.rules)
    if on_rules:
        is_ok = _test_rules(config, site_rules, hosts, folder, fetches=fetches)
        sys.exit(0 if is_ok else 1)
    path = configuration.find_config(config_path, os.environ)
    feeds = pluralize(len(config.feed), "feed")
    sources = pluralize(sum(len(feed.source) for feed in config.feed), "source")
    files = len(configuration.config_files(path))
    more = f", in {files} files" if files > 1 else ""
    echo(f"The config is valid: {feeds}, {sources}{more}.")
    for warning in _find_warnings(config, path, site_rules):
        echo(f"note: {warning}")
    warn_quarantined(configuration.state_location(config.feedpub.state))


def _find_warnings(config: "Config", path: Path, site_rules: "SiteRuleSet") -> "Iterator[str]":
    """Yield a warning for each setting that is valid but probably not intended."""
    from feedpub.config import find_warnings, state_location
    from feedpub.store import find_exposures

    yield from find_warnings(config, path)
    yield from _check_browser(config)
    yield from _check_output(config)
    yield from _find_leftover_files(config)
    yield from _check_ftr_rules(site_rules)
    yield from find_exposures(state_location(config.feedpub.state))


def _check_browser(config: "Config") -> "Iterator[str]":
    from feedpub.config.sources import is_rendered

    sources = [source for feed in config.feed for source in feed.source]
    if any(map(is_rendered, sources)):
        from feedpub.fetch.browser import why_unavailable

        reason = why_unavailable(config.feedpub.browser_path)
        if reason:
            yield reason


def _check_output(config: "Config") -> "Iterator[str]":
    """Check that the output can be opened: S3 needs a library and credentials."""
    from feedpub.core.errors import ConfigError, PublishError
    from feedpub.publisher import open_output

    try:
        open_output(config.feedpub.output, config.s3)
    except (ConfigError, PublishError) as error:
        yield str(error)


def _find_leftover_files(config: "Config") -> "Iterator[str]":
    """Find published files of feeds that left the config. S3 is not searched."""
    from feedpub.publisher import FolderOutput

    output = config.feedpub.output
    if not isinstance(output, Path):
        return
    known = config.feed.names | _FILES_OF_NO_FEED
    removed: set[str] = set()
    for path in FolderOutput(output).list_names():
        stem = path.split("/")[0].split(".")[0]
        feed = _ARCHIVE_SUFFIX.sub("", stem)
        if stem not in known and feed not in known:
            removed.add(feed)
    for name in sorted(removed):
        yield (
            f"{output} still has the files of {name!r}, which is not in the config; "
            "delete them when no reader uses them any more"
        )


def _check_ftr_rules(site_rules: "SiteRuleSet") -> "Iterator[str]":
    """Count the unusable lines of ftr-site-config. In own rule files, they are config errors."""
    files = list(site_rules.files())
    if site_rules.ftr and not files:
        yield f"there is no rule file in {site_rules.ftr}: is it a checkout of ftr-site-config?"
    count = sum(len(rules.issues) for _, rules in files)
    if count:
        lines, verb = pluralize(count, "line"), "is" if count == 1 else "are"
        yield (
            f"{lines} in {pluralize(len(files), 'file')} of {site_rules.ftr} cannot be used and "
            f"{verb} left out; `feedpub check --rules` lists them"
        )


def _test_rules(
    config: "Config",
    site_rules: "SiteRuleSet",
    hosts: Sequence[str],
    folder: Path | None,
    *,
    fetches: bool,
) -> bool:
    """Test rules on the pages that their files name, and print the results.

    Args:
        config: The settings for requests.
        site_rules: The rules.
        hosts: Test the rules of these hosts only; empty tests all.
        folder: The folder of saved pages.
        fetches: Fetch pages that are not saved.

    Returns:
        True if no test failed.
    """
    from feedpub.cleaner.rules import testing
    from feedpub.cli import output
    from feedpub.pipeline.context import open_pool

    for issue in testing.rule_issues(site_rules, hosts):
        echo(f"note: {issue}")
    with (
        open_pool() as executor,
        _page_finder(config, site_rules, folder, executor, fetches=fetches) as find_page,
    ):
        results = [
            testing.run_rule_test(test, site_rules, find_page, executor)
            for test in testing.select_rule_tests(site_rules, hosts)
        ]
    shown = [result for result in results if hosts or result.status != "no page"]
    if shown:
        make_console().print(output.rule_test_table(shown))
    counts = Counter([result.status for result in results])
    echo(_summarize(counts))
    return not counts["failed"]


@contextmanager
def _page_finder(
    config: "Config",
    site_rules: "SiteRuleSet",
    folder: Path | None,
    executor: "Executor",
    *,
    fetches: bool,
) -> "Iterator[FindPage]":
    """Yield a function that returns the saved page of a URL, or fetches it if that is allowed."""
    from feedpub.cleaner.articles import fetch_pages
    from feedpub.cleaner.rules import testing
    from feedpub.pipeline.context import open_fetcher

    saved = testing.saved_pages(folder) if folder else {}
    if not fetches:
        yield lambda url: testing.saved_page(url, saved)
        return
    with open_fetcher(config.feedpub) as fetcher:

        def find_page(url: str) -> "PageSequence | None":
            page = testing.saved_page(url, saved)
            return page or fetch_pages(url, fetcher, site_rules, executor)

        yield find_page


def _summarize(counts: "Counter[RuleTestStatus]") -> str:
    if not counts:
        return "No rules name a test page."
    tried = pluralize(counts["ok"] + counts["failed"], "page")
    summary = f"{tried} tried: {counts['ok']} ok, {counts['failed']} failed"
    if missing := counts["no page"]:
        summary += f"; {pluralize(missing, 'page')} not at hand (use --pages FOLDER or --fetch)"
    return f"{summary}."

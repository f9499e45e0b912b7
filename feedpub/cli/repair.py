"""`feedpub repair`: find the articles of a redesigned page, and update the config."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedpub.cli.context import load_config, open_context, select_feeds
from feedpub.cli.terminal import (
    echo,
    echo_json,
    exit_with_error,
    is_interactive,
    make_console,
    print_line,
)
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from rich.console import Console

    from feedpub.config import ConfigPatch, FeedConfig
    from feedpub.pipeline.collect import SourceResult
    from feedpub.pipeline.context import RunContext
    from feedpub.pipeline.repair.candidates import ArticlePreview
    from feedpub.pipeline.repair.propose import SearchResult
    from feedpub.store import Proposal

_TIMEOUT_SECONDS = 180.0  # for each feed
_HEADER_STYLES = {"+++": "bold", "---": "bold", "@@ ": "cyan"}
_LINE_STYLES = {"+": "green", "-": "red"}
_ADVICE = (
    "to repair it by hand, set `links` to a selector of the article links, or `url` to the new "
    "address of the list; `feedpub add URL --dry-run` shows what a site offers"
)


@dataclass(frozen=True, slots=True)
class _Repair:
    """The result for one source.

    Attributes:
        feed: The feed's name.
        source: The source's address.
        reason: Why the source fails; "" if it works.
        message: Why no change is proposed; "" if one is.
        proposal: The proposed change.
        articles: The first articles that the change finds.
        patch: The change of the config file.
        is_written: True if the config file has been changed.
    """

    feed: str
    source: str
    reason: str
    message: str
    proposal: "Proposal | None"
    articles: "tuple[ArticlePreview, ...]"
    patch: "ConfigPatch | None"
    is_written: bool = False

    @property
    def ok(self) -> bool:
        """True if the source works, or will with the changed config."""
        return self.is_written or not self.reason


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--all", "everything", is_flag=True, help="Include sources that can be read.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON document; do not ask."
)
@click.pass_obj
def repair(  # noqa: PLR0913 -- one parameter for each option
    config_path: Path | None,
    names: tuple[str, ...],
    *,
    yes: bool,
    dry_run: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """Update the config for pages that changed.

    The command fetches each listing page that cannot be read, of the named feeds or of all feeds.
    It searches the page and its site for the known articles, shows the change of the config that
    finds them again, and asks. Comments in the config stay.

    \b
    Examples:
      feedpub repair world
      feedpub repair world --dry-run
      feedpub repair --yes && feedpub build

    Exit status: 0, 1 if a failing source was not repaired, 2 if the config has an error.
    """
    from feedpub.config import find_config
    from feedpub.core.log import configure_logging

    configure_logging(sys.stderr, quiet=True)
    path = find_config(config_path)
    config = load_config(config_path)
    feeds = select_feeds(config, names)
    asks = not (as_json or yes or dry_run) and is_interactive()
    done: list[_Repair] = []
    # the state is a copy: the service makes its own observations
    with open_context(config, dry_run=True, pages_of=()) as context:
        for result in _repair_feeds(feeds, path, context, everything=everything):
            if not as_json:
                _print_repair(make_console(), result)
            if dry_run:
                done.append(result)
            else:
                done.append(_write_if_wanted(result, yes=yes, asks=asks))
    if as_json:
        echo_json({"sources": [_repair_as_json(result) for result in done]})
    else:
        _print_next_step(done, dry_run=dry_run)
    is_ok = all(result.ok or (dry_run and result.patch) for result in done)
    sys.exit(0 if is_ok else 1)


def _confirm(path: Path) -> bool:
    return click.confirm(f"Write this to {path}?", default=True)


def _write_if_wanted(repair: _Repair, *, yes: bool, asks: bool) -> _Repair:
    """Change the config file for a proposed repair, if the user agrees."""
    if repair.patch is None:
        return repair
    is_wanted = yes or (asks and _confirm(repair.patch.path))
    if not is_wanted:
        return repair
    repair.patch.apply()
    return replace(repair, is_written=True)


def _repair_feeds(
    feeds: "Sequence[FeedConfig]", path: Path, context: "RunContext", *, everything: bool
) -> "Iterator[_Repair]":
    """Search a repair for each failing source, or for each source."""
    from feedpub.config.sources import source_key
    from feedpub.core.budget import RunBudget
    from feedpub.pipeline.run import check_sources

    for feed in feeds:
        keys = {source_key(source) for source in feed.source}
        if not everything:
            states = context.store.sources(feed.name)
            keys &= {state.key for state in states if state.failure is not None}
        budget = RunBudget(_TIMEOUT_SECONDS)
        fetcher = context.fetcher.for_run(feed.name, budget.remaining)
        feed_context = replace(context, budget=budget, fetcher=fetcher)
        for listing in check_sources(feed, feed_context, keys):
            yield _repair_source(feed, listing, path, feed_context)


def _repair_source(
    feed: "FeedConfig", listing: "SourceResult", path: Path, context: "RunContext"
) -> _Repair:
    from feedpub.config import patch_source
    from feedpub.core.redact import redact

    found = _search(feed, listing, context)
    patch = None
    if found.proposal:
        changes = {change.key: change.after for change in found.proposal.changes}
        patch = patch_source(path, feed.name, listing.source, changes)
    return _Repair(
        feed=feed.name,
        source=redact(listing.key),
        reason=redact(listing.failure.reason) if listing.failure else "",
        message=redact(found.message),
        proposal=found.proposal,
        articles=found.articles,
        patch=patch,
    )


def _search(feed: "FeedConfig", listing: "SourceResult", context: "RunContext") -> "SearchResult":
    from feedpub.pipeline.repair.propose import SearchResult, search_repair

    if listing.failure is None:
        articles = pluralize(len(listing.items), "article")
        return SearchResult(message=f"the source works: {articles}")
    if not listing.failure.firm:
        return SearchResult(message="the failure may be temporary, so no change is proposed")
    return search_repair(feed, listing, context)


def _print_repair(console: "Console", repair: _Repair) -> None:
    from rich.text import Text

    from feedpub.notify.alert_text import describe_proposal

    print_line(console, f"{repair.feed}: {repair.source}: {repair.reason or repair.message}")
    if repair.reason and repair.message:
        print_line(console, f"  {repair.message}")
        print_line(console, f"  {_ADVICE}")
    if repair.proposal:
        print_line(console, f"  {describe_proposal(repair.proposal).evidence}:")
        for article in repair.articles:
            print_line(console, f"    {'known' if article.known else 'new  '}  {article.title}")
    if repair.patch:
        for line in repair.patch.diff.splitlines():
            style = _HEADER_STYLES.get(line[:3]) or _LINE_STYLES.get(line[:1], "")
            console.print(Text(line, style), soft_wrap=True)


def _repair_as_json(repair: _Repair) -> dict[str, Any]:
    from feedpub.notify.alert_text import describe_proposal

    return {
        "feed": repair.feed,
        "source": repair.source,
        "reason": repair.reason,
        "said": repair.message,
        "proposal": describe_proposal(repair.proposal) if repair.proposal else None,
        "articles": repair.articles,
        "diff": repair.patch.diff if repair.patch else "",
        "written": repair.is_written,
    }


def _print_next_step(done: Sequence[_Repair], *, dry_run: bool) -> None:
    if not done:
        echo("nothing to repair: no source fails (--all checks every source)")
        return
    written: dict[str, None] = {}  # an ordered set of feeds
    has_unwritten = False
    for result in done:
        if result.is_written:
            written[result.feed] = None
        elif result.patch:
            has_unwritten = True
    if written:
        echo(
            f"next: feedpub build {' '.join(written)}; "
            "a running service reloads the config automatically"
        )
    if has_unwritten and not dry_run:
        exit_with_error("not everything was written; --yes writes without asking", status=1)

"""What `feedpub repair` found, on a terminal and for programs."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedpub.cli.context import load_config, open_context, select_feeds
from feedpub.cli.terminal import echo, echo_json, exit_with_error, is_interactive, make_console
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from rich.console import Console

    from feedpub.config import ConfigPatch
    from feedpub.pipeline.repair.candidates import ArticlePreview
    from feedpub.store import Proposal

_COLOURS = {"+++": "bold", "---": "bold", "@@ ": "cyan"}
_SIGNS = {"+": "green", "-": "red"}
_ADVICE = (
    "by hand: `links` takes a CSS selector of the article links, `url` the address where the list is now; "
    "feedpub add URL --dry-run shows what a site has"
)


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What was found about one source.

    Attributes:
        feed, source: which.
        reason: why it fails; "" where it does not.
        said: why there is nothing to change; "" where there is.
        proposal: the change,
        articles: the first articles that it brings,
        patch: and the config with it.
        written: the config has it.
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
        """True where it can be read, or will be."""
        return self.is_written or not self.reason


def print_repair(console: "Console", repair: RepairResult) -> None:
    """Why it fails, what is proposed and why, the articles, and the diff."""
    from rich.text import Text

    from feedpub.notify.alert_text import describe_proposal

    lines = [f"{repair.feed}: {repair.source}: {repair.reason or repair.message}"]
    if repair.reason and repair.message:
        lines += [f"  {repair.message}", f"  {_ADVICE}"]
    if repair.proposal:
        lines.append(f"  {describe_proposal(repair.proposal).evidence}:")
        lines += [
            f"    {'known' if article.known else 'new  '}  {article.title}"
            for article in repair.articles
        ]
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    for line in repair.patch.diff.splitlines() if repair.patch else ():
        console.print(
            Text(line, _COLOURS.get(line[:3]) or _SIGNS.get(line[:1], "")), soft_wrap=True
        )


def repair_as_json(repair: RepairResult) -> dict[str, Any]:
    """The same for programs."""
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


# SECTION: `feedpub repair`: find the articles of a page again that has changed, and change the
# config accordingly.

if TYPE_CHECKING:
    from feedpub.config import ConfigPatch, FeedConfig
    from feedpub.pipeline.collect import SourceResult
    from feedpub.pipeline.context import RunContext
    from feedpub.pipeline.repair.propose import SearchResult
    from feedpub.store import Proposal

_DEADLINE = 180.0  # seconds for each feed


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--all", "everything", is_flag=True, help="Include sources that can be read.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON document; do not ask."
)
@click.pass_obj
def repair(  # noqa: PLR0913 -- a command's options
    config_path: Path | None,
    names: tuple[str, ...],
    *,
    yes: bool,
    dry_run: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """Update the config for pages that changed.

    The command fetches each listing page that cannot be read, of the named feeds or of all feeds. It searches the page
    and its site for the known articles, shows the change of the config that finds them again, and asks. Comments in the
    config stay.

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
    loaded = load_config(config_path)
    asks = not (as_json or yes or dry_run) and is_interactive()
    done: list[RepairResult] = []
    # a copy of the state: what is found there is not for the service
    with open_context(loaded, dry_run=True, pages_of=()) as tools:
        for found in _looked_at(select_feeds(loaded, names), path, tools, everything=everything):
            if not as_json:
                print_repair(make_console(), found)
            written = (
                found.patch is not None
                and (yes or (asks and _agreed(found.patch.path)))
                and not dry_run
            )
            done.append(_written(found) if written else found)
    if as_json:
        echo_json({"sources": [repair_as_json(each) for each in done]})
    else:
        _close(done, dry_run=dry_run)
    sys.exit(0 if all(each.ok or (dry_run and each.patch) for each in done) else 1)


def _looked_at(
    feeds: "Sequence[FeedConfig]", path: Path, tools: "RunContext", *, everything: bool
) -> "Iterator[RepairResult]":
    """What is found about each source that fails, or about all, one after another."""
    from feedpub.config.sources import source_key
    from feedpub.core.budget import RunBudget
    from feedpub.pipeline import anomalies
    from feedpub.pipeline.collect import list_sources

    for feed in feeds:
        failing = {
            state.key for state in tools.store.sources(feed.name) if state.failure is not None
        }
        keys = {
            source_key(source)
            for source in feed.source
            if everything or source_key(source) in failing
        }
        lease = RunBudget(_DEADLINE)
        look = replace(
            tools, budget=lease, fetcher=tools.fetcher.for_run(feed.name, lease.remaining)
        )
        for reading in anomalies.check_listings(feed, list_sources(feed, look, keys), look):
            yield _repair(feed, reading, path, look)


def _repair(
    feed: "FeedConfig", reading: "SourceResult", path: Path, tools: "RunContext"
) -> "RepairResult":
    from feedpub.core.redact import redact

    found, problem = _finding(feed, reading, tools), reading.failure
    return RepairResult(
        feed=feed.name,
        source=redact(reading.key),
        reason=redact(problem.reason) if problem else "",
        message=redact(found.message),
        proposal=found.proposal,
        articles=found.articles,
        patch=_patch(found.proposal, feed, reading, path) if found.proposal else None,
    )


def _finding(feed: "FeedConfig", reading: "SourceResult", tools: "RunContext") -> "SearchResult":
    from feedpub.pipeline.repair.propose import SearchResult, search_repair

    if reading.failure is None:
        return SearchResult(message=f"it can be read: {pluralize(len(reading.items), 'article')}")
    if not reading.failure.firm:
        return SearchResult(
            message="that may pass by itself: there is nothing to change in the config"
        )
    return search_repair(feed, reading, tools)


def _patch(
    proposal: "Proposal", feed: "FeedConfig", reading: "SourceResult", path: Path
) -> "ConfigPatch":
    """The change of the config as it stands in the file now. Raises ConfigError."""
    from feedpub.config import patch_source

    changes = {change.key: change.after for change in proposal.changes}
    return patch_source(path, feed.name, reading.source, changes)


def _agreed(path: Path) -> bool:
    return click.confirm(f"Write this to {path}?", default=True)


def _written(found: "RepairResult") -> "RepairResult":
    """The repair, written into the config as it is by now: another may have been before."""
    assert found.patch  # noqa: S101 -- only what has one is written
    found.patch.apply()
    return replace(found, is_written=True)


def _close(done: "Sequence[RepairResult]", *, dry_run: bool) -> None:
    """What is next."""
    if not done:
        echo("nothing to repair: no source fails; --all looks at all of them")
        return
    written = list(dict.fromkeys(each.feed for each in done if each.is_written))
    if written:
        echo(
            f"next: feedpub build {' '.join(written)}; a service that is running takes the config by itself"
        )
    if not dry_run and any(each.patch and not each.is_written for each in done):
        exit_with_error("not everything was written; --yes writes without asking", status=1)

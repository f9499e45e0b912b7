"""`feedpub repair`: find the articles of a page again that has changed, and change the config accordingly."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import chosen, load_config, open_tools
from feedpub.cli.terminal import can_ask, echo, echo_json, fail, make_console
from feedpub.counting import counted

if TYPE_CHECKING:
    from feedpub.cli.repaired import Repair
    from feedpub.config import FeedConfig, Patch
    from feedpub.gathering import Reading
    from feedpub.repairing.propose import Finding
    from feedpub.store import Proposal
    from feedpub.tools import Tools

_DEADLINE = 180.0  # seconds for each feed


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--all", "everything", is_flag=True, help="Include sources that can be read.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document; do not ask.")
@click.pass_obj
def repair(  # noqa: PLR0913 -- a command's options
    config_path: Path | None, names: tuple[str, ...], *, yes: bool, dry_run: bool, everything: bool, as_json: bool
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
    from feedpub import config
    from feedpub.cli import repaired
    from feedpub.logs import log_to

    log_to(sys.stderr, quiet=True)
    path = config.find_config(config_path)
    loaded = load_config(config_path)
    asks = not (as_json or yes or dry_run) and can_ask()
    done: list[Repair] = []
    # a copy of the state: what is found there is not for the service
    with open_tools(loaded, dry_run=True, pages_of=()) as tools:
        for found in _looked_at(chosen(loaded, names), path, tools, everything=everything):
            if not as_json:
                repaired.show(make_console(), found)
            written = found.patch is not None and (yes or (asks and _agreed(found.patch.path))) and not dry_run
            done.append(_written(found) if written else found)
    if as_json:
        echo_json({"sources": [repaired.as_data(each) for each in done]})
    else:
        _close(done, dry_run=dry_run)
    sys.exit(0 if all(each.ok or (dry_run and each.patch) for each in done) else 1)


def _looked_at(feeds: "Sequence[FeedConfig]", path: Path, tools: "Tools", *, everything: bool) -> "Iterator[Repair]":
    """What is found about each source that fails, or about all, one after another."""
    from feedpub import looking
    from feedpub.gathering import gather, source_key
    from feedpub.lease import Lease

    for feed in feeds:
        failing = {state.key for state in tools.store.sources(feed.name) if state.failure is not None}
        keys = {source_key(source) for source in feed.source if everything or source_key(source) in failing}
        lease = Lease(_DEADLINE)
        look = replace(tools, lease=lease, fetcher=tools.fetcher.on_behalf(feed.name, lease.left))
        for reading in looking.at_listings(feed, gather(feed, look, keys), look):
            yield _repair(feed, reading, path, look)


def _repair(feed: "FeedConfig", reading: "Reading", path: Path, tools: "Tools") -> "Repair":
    from feedpub.cli.repaired import Repair
    from feedpub.fetch import discreet

    found, problem = _finding(feed, reading, tools), reading.problem
    return Repair(
        feed=feed.name,
        source=discreet(reading.key),
        reason=discreet(problem.reason) if problem else "",
        said=discreet(found.said),
        proposal=found.proposal,
        articles=found.articles,
        patch=_patch(found.proposal, feed, reading, path) if found.proposal else None,
    )


def _finding(feed: "FeedConfig", reading: "Reading", tools: "Tools") -> "Finding":
    from feedpub.repairing.propose import Finding, look

    if reading.problem is None:
        return Finding(said=f"it can be read: {counted(len(reading.items), 'article')}")
    if not reading.problem.firm:
        return Finding(said="that may pass by itself: there is nothing to change in the config")
    return look(feed, reading, tools)


def _patch(proposal: "Proposal", feed: "FeedConfig", reading: "Reading", path: Path) -> "Patch":
    """The change of the config as it stands in the file now. Raises ConfigError."""
    from feedpub import config

    changes = {change.key: change.after for change in proposal.changes}
    return config.patched(path, feed.name, reading.source, changes)


def _agreed(path: Path) -> bool:
    return click.confirm(f"Write this to {path}?", default=True)


def _written(found: "Repair") -> "Repair":
    """The repair, written into the config as it is by now: another may have been before."""
    assert found.patch  # noqa: S101 -- only what has one is written
    found.patch.apply()
    return replace(found, written=True)


def _close(done: "Sequence[Repair]", *, dry_run: bool) -> None:
    """What is next."""
    if not done:
        echo("nothing to repair: no source fails; --all looks at all of them")
        return
    written = list(dict.fromkeys(each.feed for each in done if each.written))
    if written:
        echo(f"next: feedpub build {' '.join(written)}; a service that is running takes the config by itself")
    if not dry_run and any(each.patch and not each.written for each in done):
        fail("not everything was written; --yes writes without asking", status=1)

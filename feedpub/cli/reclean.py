"""`feedpub reclean`: apply the rules and the cleaner of today to entries that are there already."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedpub.cli.collaborators import chosen, load_config, open_tools
from feedpub.cli.progress import bar
from feedpub.cli.terminal import can_ask, echo_json, make_console
from feedpub.counting import counted

if TYPE_CHECKING:
    from feedpub.config import Config, FeedConfig
    from feedpub.recleaning import Recleaning
    from feedpub.tools import Tools


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--diff", is_flag=True, help="Show what would change in each entry; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as one JSON document.")
@click.option("--force", is_flag=True, help="Apply every result, even if an entry loses its title or most of its text.")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.pass_obj
def reclean(  # noqa: PLR0913 -- its options, by name
    config_path: Path | None, names: tuple[str, ...], *, diff: bool, as_json: bool, force: bool, yes: bool
) -> None:
    """Rebuild entries with changed rules or a new version.

    The entries of the named feeds, or of all feeds, are rebuilt from their stored pages (see `keep_pages`). Nothing is
    fetched. The entries keep their ids and dates.

    \b
    Examples:
      feedpub reclean --diff           show what would change
      feedpub reclean world            rebuild the entries and publish the feed
      feedpub reclean world --force    also apply results that lose most of their text

    Exit status: 0, 1 if an entry could not be rebuilt or was held back, 2 if the config has an error.
    """
    from feedpub.cli import recleaned
    from feedpub.logs import log_to

    log_to(sys.stderr, quiet=True)
    config = load_config(config_path)
    feeds = chosen(config, names)
    asks = not (as_json or yes) and can_ask()
    done: list[Recleaning] = []
    data: list[dict[str, Any]] = []
    with open_tools(config, dry_run=diff, pages_of=names or None) as tools:
        planned = _planned(feeds, tools, force=force)
        for feed in planned if diff else _carried_out(config, planned, tools, asks=asks):
            if diff and not as_json:
                _show_diff(feed)
            data += [recleaned.as_data(feed)] if as_json else []
            done.append(recleaned.brief(feed))
    _show(done, data, config, as_json=as_json, diff=diff)
    sys.exit(0 if all(feed.ok for feed in done) else 1)


def _planned(feeds: "Sequence[FeedConfig]", tools: "Tools", *, force: bool) -> "Iterator[Recleaning]":
    """What becomes of the entries of each feed, one feed after another; a bar on a terminal."""
    from feedpub import recleaning

    for feed in feeds:
        if not sys.stderr.isatty():
            yield recleaning.plan(feed, tools, force=force)
            continue
        with bar() as progress:
            plan = recleaning.plan(feed, replace(tools, progress=progress), force=force)
        yield plan


def _carried_out(
    config: "Config", planned: "Iterator[Recleaning]", tools: "Tools", *, asks: bool
) -> "Iterator[Recleaning]":
    """The same, each once it was agreed to and carried out; the page about all feeds follows them."""
    from feedpub import messages, pipeline, recleaning

    feeds = {feed.name: feed for feed in config.feed}
    written = False
    try:
        for plan in planned:
            if not asks or _agreed(plan):
                done = recleaning.carry_out(feeds[plan.feed], plan, tools)
                written = written or bool(done.written)
                yield done
        if written:
            pipeline.finish(config, tools)
    finally:  # where the files of one feed cannot be written, too
        messages.deliver(config, tools)


def _agreed(plan: "Recleaning") -> bool:
    """Whether a plan that changes something is wanted."""
    from feedpub.recleaning import Verdict

    changed = len(plan.of(Verdict.CHANGED))
    question = f"{plan.feed}: {changed} of {counted(len(plan.entries), 'entry', 'entries')} would change. Change them?"
    return not changed or click.confirm(question)


def _show_diff(feed: "Recleaning") -> None:
    from feedpub.cli import recleaned

    console = make_console()
    for entry in feed.entries:
        for line in recleaned.diff(feed.feed, entry):
            console.print(line, soft_wrap=True)


def _show(
    done: "Sequence[Recleaning]", data: list[dict[str, Any]], config: "Config", *, as_json: bool, diff: bool
) -> None:
    from feedpub.cli import recleaned

    if as_json:
        echo_json({"ok": all(feed.ok for feed in done), "feeds": data})
        return
    console = make_console()
    console.print(recleaned.table(done))
    for feed in done:
        for line in recleaned.problem_lines(feed):
            console.print(line, soft_wrap=True, markup=False, highlight=False)
    written = sum(len(feed.written) for feed in done)
    last = "nothing was written" if diff else f"{counted(written, 'file')} written to {config.feedpub.output}"
    console.print(last, soft_wrap=True, highlight=False)

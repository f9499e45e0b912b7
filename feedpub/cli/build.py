"""`feedpub build`: regenerate feeds now."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import chosen, load_config, open_tools
from feedpub.cli.interrupts import Interrupted
from feedpub.cli.progress import bar
from feedpub.cli.terminal import echo, echo_json, make_console
from feedpub.counting import counted
from feedpub.errors import FeedpubError

if TYPE_CHECKING:
    from feedpub.config import Config, FeedConfig
    from feedpub.model import Outcome
    from feedpub.tools import Progress, Tools

_FEEDS_AT_ONCE = 4


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Read the sources and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.pass_obj
def build(config_path: Path | None, names: tuple[str, ...], *, dry_run: bool, as_json: bool) -> None:
    """Run the named feeds, or all feeds, now.

    \b
    Examples:
      feedpub build              every feed of the config
      feedpub build world        only this one
      feedpub build --dry-run    show what would change

    Exit status: 0, 1 if a feed or one of its sources failed, 2 if the config has an error.
    """
    from feedpub.logs import log_to
    from feedpub.mending import mended

    log_to(sys.stderr, quiet=True)
    config = load_config(config_path)
    feeds = chosen(config, names)
    with open_tools(config, dry_run=dry_run, pages_of=()) as tools:
        outcomes = mended(lambda: _built(config, feeds, tools, quiet=as_json, dry_run=dry_run), config, tools)
    _show_outcomes(outcomes, config, as_json=as_json, dry_run=dry_run)
    sys.exit(0 if all(outcome.ok for outcome in outcomes) else 1)


def _built(
    config: "Config", feeds: "Sequence[FeedConfig]", tools: "Tools", *, quiet: bool, dry_run: bool
) -> "list[Outcome]":
    """Regenerate feeds and tell others what there is to tell; outcomes in the config's order."""
    from feedpub import messages
    from feedpub.lease import this_process

    try:
        return _build(config, feeds, tools, quiet=quiet)
    finally:  # where the files cannot be written, too
        with suppress(FeedpubError):  # the outcomes have said so already
            tools.store.marks.release(this_process())
        if not dry_run:
            messages.deliver(config, tools)


def _build(config: "Config", feeds: "Sequence[FeedConfig]", tools: "Tools", *, quiet: bool) -> "list[Outcome]":
    """Regenerate feeds, a few at once, telling how far they are; outcomes in the config's order."""
    from dataclasses import replace

    from feedpub import alerts, pipeline
    from feedpub.lease import Lease
    from feedpub.scheduler.planning import plan_beside_service

    def look(feed: "FeedConfig") -> "Outcome":
        return pipeline.publish(feed, replace(told, lease=Lease(config.feedpub.run_timeout.total_seconds())))

    outcomes: dict[str, Outcome] = {}
    suspects = _suspects(config, tools)
    with _progress(quiet=quiet) as (progress, finished), ThreadPoolExecutor(_FEEDS_AT_ONCE) as pool:
        told = replace(tools, progress=progress)
        ordinary = [pool.submit(look, feed) for feed in feeds if feed.name not in suspects]
        last = sorted((feed for feed in feeds if feed.name in suspects), key=lambda feed: suspects[feed.name])
        alone = (look(feed) for feed in last)
        try:
            for outcome in chain((future.result() for future in as_completed(ordinary)), alone):
                outcomes[outcome.feed] = outcome
                finished(outcome)
        except Interrupted:  # no other feed begins
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for feed in feeds:
        _note(feed, outcomes[feed.name], config, tools)
        plan_beside_service(feed, tools)
    alerts.left(config, tools)
    pipeline.finish(config, tools)
    return [outcomes[feed.name] for feed in feeds]


def _suspects(config: "Config", tools: "Tools") -> "Mapping[str, int]":
    """Return feed → how many processes in a row died in the middle of its run; log them: they are run last, alone."""
    from feedpub.lease import died_of, is_running
    from feedpub.logs import event

    tools.store.marks.find_crashes(config.feed.names, is_running)
    suspects = tools.store.marks.suspects()
    for name, crashes in suspects.items():
        event("run_crashed", level=logging.WARNING, feed=name, times=crashes, outcome=died_of(crashes))
    return suspects


def _note(feed: "FeedConfig", outcome: "Outcome", config: "Config", tools: "Tools") -> None:
    """Note what broke and what is well again; what cannot be kept is told at once."""
    from feedpub import alerts
    from feedpub.errors import DamagedError, StoreError

    try:
        alerts.after_run(feed, outcome, config.alerts, tools)
    except DamagedError:
        raise
    except StoreError as error:
        alerts.without_state(feed.name, error, config, tools.clock())
        raise


@contextmanager
def _progress(*, quiet: bool) -> "Iterator[tuple[Progress, Callable[[Outcome], None]]]":
    """What is told of articles read and of feeds finished: a bar on a terminal, a line a feed elsewhere."""
    from feedpub import report
    from feedpub.tools import silent

    if quiet:
        yield silent, lambda _: None
    elif not sys.stderr.isatty():
        yield silent, lambda outcome: echo(report.outcome_line(outcome), err=True)
    else:
        with bar() as progress:
            yield progress, lambda _: None


def _show_outcomes(outcomes: "list[Outcome]", config: "Config", *, as_json: bool, dry_run: bool) -> None:
    from feedpub import report

    if as_json:
        echo_json({"ok": all(outcome.ok for outcome in outcomes), "feeds": outcomes})
        return
    console = make_console()
    console.print(report.outcome_table(outcomes))
    for outcome in outcomes:
        for problem in outcome.problems:
            console.print(report.problem_line(outcome.feed, problem), soft_wrap=True, markup=False, highlight=False)
    written = sum(len(outcome.written) for outcome in outcomes)
    verb = "would be written to" if dry_run else "written to"
    console.print(f"{counted(written, 'file')} {verb} {config.feedpub.output}", soft_wrap=True, highlight=False)

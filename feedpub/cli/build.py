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

from feedpub.cli.context import load_config, open_context, select_feeds
from feedpub.cli.terminal import Interrupted, echo, echo_json, make_console, progress_bar
from feedpub.core.errors import FeedpubError
from feedpub.core.text import pluralize

_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from feedpub.config import Config, FeedConfig
    from feedpub.core.models import RunResult
    from feedpub.pipeline.context import ProgressCallback, RunContext

_FEEDS_AT_ONCE = 4


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Read the sources and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.pass_obj
def build(
    config_path: Path | None, names: tuple[str, ...], *, dry_run: bool, as_json: bool
) -> None:
    """Run the named feeds, or all feeds, now.

    \b
    Examples:
      feedpub build              every feed of the config
      feedpub build world        only this one
      feedpub build --dry-run    show what would change

    Exit status: 0, 1 if a feed or one of its sources failed, 2 if the config has an error.
    """
    from feedpub.core.log import configure_logging
    from feedpub.pipeline.recovery import with_recovery

    configure_logging(sys.stderr, quiet=True)
    config = load_config(config_path)
    feeds = select_feeds(config, names)
    with open_context(config, dry_run=dry_run, pages_of=()) as tools:
        outcomes = with_recovery(
            lambda: _built(config, feeds, tools, quiet=as_json, dry_run=dry_run), config, tools
        )
    _show_outcomes(outcomes, config, as_json=as_json, dry_run=dry_run)
    sys.exit(0 if all(outcome.ok for outcome in outcomes) else 1)


def _built(
    config: "Config",
    feeds: "Sequence[FeedConfig]",
    tools: "RunContext",
    *,
    quiet: bool,
    dry_run: bool,
) -> "list[RunResult]":
    """Regenerate feeds and tell others what there is to tell; outcomes in the config's order."""
    from feedpub import notify
    from feedpub.core.budget import current_process_name

    try:
        return _build(config, feeds, tools, quiet=quiet)
    finally:  # where the files cannot be written, too
        with suppress(FeedpubError):  # the outcomes have said so already
            tools.store.run_marks.release(current_process_name())
        if not dry_run:
            notify.deliver_due(config, tools.store, tools.clock)


def _build(
    config: "Config", feeds: "Sequence[FeedConfig]", tools: "RunContext", *, quiet: bool
) -> "list[RunResult]":
    """Regenerate feeds, a few at once, telling how far they are; outcomes in the config's order."""
    from dataclasses import replace

    from feedpub.core.budget import RunBudget
    from feedpub.notify.alerts import close_removed_feeds
    from feedpub.pipeline import run
    from feedpub.scheduler.next_check import plan_after_manual_run

    def look(feed: "FeedConfig") -> "RunResult":
        return run.run_feed(
            feed, replace(told, budget=RunBudget(config.feedpub.run_timeout.total_seconds()))
        )

    outcomes: dict[str, RunResult] = {}
    suspects = _suspects(config, tools)
    with _progress(quiet=quiet) as (progress, finished), ThreadPoolExecutor(_FEEDS_AT_ONCE) as pool:
        told = replace(tools, progress=progress)
        ordinary = [pool.submit(look, feed) for feed in feeds if feed.name not in suspects]
        last = sorted(
            (feed for feed in feeds if feed.name in suspects), key=lambda feed: suspects[feed.name]
        )
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
        plan_after_manual_run(feed, tools)
    close_removed_feeds(config, tools.store, tools.clock())
    run.finish_build(config, tools)
    return [outcomes[feed.name] for feed in feeds]


def _suspects(config: "Config", tools: "RunContext") -> "Mapping[str, int]":
    """Return feed → how many processes in a row died in the middle of its run.

    Log them: they are run last, alone.
    """
    from feedpub.core.budget import describe_crashes, is_process_alive
    from feedpub.core.log import fields

    tools.store.run_marks.find_crashes(config.feed.names, is_process_alive)
    suspects = tools.store.run_marks.suspects()
    for name, crashes in suspects.items():
        _log.warning(
            "run_crashed", extra=fields(feed=name, times=crashes, outcome=describe_crashes(crashes))
        )
    return suspects


def _note(feed: "FeedConfig", outcome: "RunResult", config: "Config", tools: "RunContext") -> None:
    """Note what broke and what is well again; what cannot be kept is told at once."""
    from feedpub.core.errors import CorruptStateError, StoreError
    from feedpub.notify.alerts import alert_state_unavailable, record_incidents

    try:
        record_incidents(feed, outcome, config.alerts, tools.store, tools.clock())
    except CorruptStateError:
        raise
    except StoreError as error:
        alert_state_unavailable(feed.name, error, config, tools.clock())
        raise


@contextmanager
def _progress(*, quiet: bool) -> "Iterator[tuple[ProgressCallback, Callable[[RunResult], None]]]":
    """What is told of articles read and of feeds finished.

    A bar on a terminal, a line a feed elsewhere.
    """
    from feedpub.cli import output
    from feedpub.pipeline.context import no_progress

    if quiet:
        yield no_progress, lambda _: None
    elif not sys.stderr.isatty():
        yield no_progress, lambda outcome: echo(output.format_result(outcome), err=True)
    else:
        with progress_bar() as progress:
            yield progress, lambda _: None


def _show_outcomes(
    outcomes: "list[RunResult]", config: "Config", *, as_json: bool, dry_run: bool
) -> None:
    from feedpub.cli import output

    if as_json:
        echo_json({"ok": all(outcome.ok for outcome in outcomes), "feeds": outcomes})
        return
    console = make_console()
    console.print(output.result_table(outcomes))
    for outcome in outcomes:
        for problem in outcome.problems:
            console.print(
                output.format_failure(outcome.feed, problem),
                soft_wrap=True,
                markup=False,
                highlight=False,
            )
    written = sum(len(outcome.written) for outcome in outcomes)
    verb = "would be written to" if dry_run else "written to"
    console.print(
        f"{pluralize(written, 'file')} {verb} {config.feedpub.output}",
        soft_wrap=True,
        highlight=False,
    )

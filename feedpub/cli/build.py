"""`feedpub build`: run feeds now."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_config, open_context, select_feeds
from feedpub.cli.terminal import (
    Interrupted,
    echo,
    echo_json,
    make_console,
    print_line,
    progress_bar,
)
from feedpub.core.errors import FeedpubError
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from feedpub.config import Config, FeedConfig
    from feedpub.core.models import RunResult
    from feedpub.pipeline.context import ProgressCallback, RunContext

_log = logging.getLogger(__name__)

_MAX_CONCURRENT_FEEDS = 4


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Read the sources and write nothing.")
@click.option("--retry", is_flag=True, help="Request pages that could not be read now.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.pass_obj
def build(
    config_path: Path | None, names: tuple[str, ...], *, dry_run: bool, retry: bool, as_json: bool
) -> None:
    """Run the named feeds, or all feeds, now.

    \b
    Examples:
      feedpub build              every feed of the config
      feedpub build world        only this one
      feedpub build --dry-run    show what would change
      feedpub build --retry      also request pages whose next try is later

    Exit status: 0, 1 if a feed or one of its sources failed, 2 if the config has an error.
    """
    from feedpub.core.log import configure_logging
    from feedpub.pipeline.recovery import with_recovery

    configure_logging(sys.stderr, quiet=True)
    config = load_config(config_path)
    feeds = select_feeds(config, names)
    with open_context(config, dry_run=dry_run, pages_of=()) as opened:
        context = replace(opened, retry=retry)

        def build_feeds() -> "list[RunResult]":
            return _build_feeds(config, feeds, context, quiet=as_json, dry_run=dry_run)

        results = with_recovery(build_feeds, config, context)
    is_ok = all(result.ok for result in results)
    if as_json:
        echo_json({"ok": is_ok, "feeds": results})
    else:
        _print_results(results, config, dry_run=dry_run)
    sys.exit(0 if is_ok else 1)


def _build_feeds(
    config: "Config",
    feeds: "Sequence[FeedConfig]",
    context: "RunContext",
    *,
    quiet: bool,
    dry_run: bool,
) -> "list[RunResult]":
    """Run the feeds, record incidents and send alerts. Return results in the config's order."""
    from feedpub import notify
    from feedpub.core.budget import current_process_name
    from feedpub.notify.alerts import close_removed_feeds
    from feedpub.pipeline import run
    from feedpub.scheduler.next_check import plan_after_manual_run

    try:
        results = _run_feeds(config, feeds, context, quiet=quiet)
        has_news = any(result.written for result in results.values())
        for feed in feeds:
            has_news |= _record_incidents(feed, results[feed.name], config, context)
            plan_after_manual_run(feed, context)
        has_news |= close_removed_feeds(config, context.store, context.clock())
        if len(feeds) == len(config.feed):
            run.finish_build(config, context)
        else:
            run.finish_named_build(config, feeds, context, has_news=has_news)
        return [results[feed.name] for feed in feeds]
    finally:  # also if the files cannot be written
        with suppress(FeedpubError):  # the results have reported an unusable state already
            context.store.run_marks.release(current_process_name())
        if not dry_run:
            notify.deliver_due(config, context.store, context.clock)


def _run_feeds(
    config: "Config", feeds: "Sequence[FeedConfig]", context: "RunContext", *, quiet: bool
) -> "dict[str, RunResult]":
    """Run a few feeds at once, and those that crashed a process alone, at the end."""
    from feedpub.core.budget import RunBudget
    from feedpub.pipeline import run

    crashes = _find_crashes(config, context)
    suspects = [feed for feed in feeds if feed.name in crashes]
    suspects.sort(key=lambda feed: crashes[feed.name])
    timeout_seconds = config.feedpub.run_timeout.total_seconds()
    results: dict[str, RunResult] = {}
    with (
        _show_progress(quiet=quiet) as (progress, on_finished),
        ThreadPoolExecutor(_MAX_CONCURRENT_FEEDS) as pool,
    ):

        def run_feed(feed: "FeedConfig") -> "RunResult":
            budget = RunBudget(timeout_seconds)
            return run.run_feed(feed, replace(context, progress=progress, budget=budget))

        futures = [pool.submit(run_feed, feed) for feed in feeds if feed.name not in crashes]
        concurrent = map(Future.result, as_completed(futures))
        try:
            for result in chain(concurrent, map(run_feed, suspects)):
                results[result.feed] = result
                on_finished(result)
        except Interrupted:
            pool.shutdown(wait=False, cancel_futures=True)  # start no other feed
            raise
    return results


def _find_crashes(config: "Config", context: "RunContext") -> "Mapping[str, int]":
    """Return the feeds whose last runs ended with a crash, and the number of crashes in a row."""
    from feedpub.core.budget import describe_crashes, is_process_alive
    from feedpub.core.log import fields

    context.store.run_marks.find_crashes(config.feed.names, is_process_alive)
    crashes = context.store.run_marks.suspects()
    for name, times in crashes.items():
        _log.warning(
            "run_crashed", extra=fields(feed=name, times=times, outcome=describe_crashes(times))
        )
    return crashes


def _record_incidents(
    feed: "FeedConfig", result: "RunResult", config: "Config", context: "RunContext"
) -> bool:
    """Record what broke or recovered; return True if something did."""
    from feedpub.core.errors import CorruptStateError, StoreError
    from feedpub.notify.alerts import alert_state_unavailable, record_incidents

    try:
        return record_incidents(feed, result, config.alerts, context.store, context.clock())
    except CorruptStateError:
        raise
    except StoreError as error:  # the alert cannot be stored, so send it now
        alert_state_unavailable(feed.name, error, config, context.clock())
        raise


@contextmanager
def _show_progress(
    *, quiet: bool
) -> "Iterator[tuple[ProgressCallback, Callable[[RunResult], None]]]":
    """Yield the callbacks for read articles and for finished feeds.

    They show bars on a terminal, and print one line for each feed otherwise.
    """
    from feedpub.cli import output
    from feedpub.pipeline.context import no_progress

    if quiet:
        yield no_progress, lambda _: None
    elif not sys.stderr.isatty():
        yield no_progress, lambda result: echo(output.format_result(result), err=True)
    else:
        with progress_bar() as progress:
            yield progress, lambda _: None


def _print_results(results: "Sequence[RunResult]", config: "Config", *, dry_run: bool) -> None:
    from feedpub.cli import output

    console = make_console()
    console.print(output.result_table(results))
    for result in results:
        for failure in result.problems:
            print_line(console, output.format_failure(result.feed, failure))
    files = pluralize(sum(len(result.written) for result in results), "file")
    verb = "would be written" if dry_run else "written"
    console.print(f"{files} {verb} to {config.feedpub.output}", soft_wrap=True, highlight=False)

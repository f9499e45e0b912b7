"""`feedpub backfill`: fill the archives of a feed with older entries."""

import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_config, open_context, select_feeds
from feedpub.cli.terminal import echo, exit_with_error, progress_bar, set_interrupt_hint
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feedpub.config import FeedConfig
    from feedpub.pipeline.backfill import BackfillResult
    from feedpub.pipeline.context import ProgressCallback, RunContext

_MAX_PAGES = 200
_MAX_FAILURES_SHOWN = 5
_WAYS = {"listing": "page by page", "sitemap": "by the sitemap"}


@click.command()
@click.argument("name")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    required=True,
    help="The date of the oldest entry to add, such as 2024-01-31.",
)
@click.option(
    "--max-pages",
    type=click.IntRange(1, 100_000),
    metavar="NUMBER",
    default=_MAX_PAGES,
    show_default=True,
    help="How many pages this call requests, listings and articles together.",
)
@click.pass_obj
def backfill(config_path: Path | None, name: str, *, until: datetime, max_pages: int) -> None:
    """Fill the archives of the feed NAME with older entries.

    The command reads the past of each source: the further pages of a listing, a feed or an API,
    the posts of a WordPress site, or else the site's sitemap. New entries keep their own dates and
    go into archives. The live document gets no entry, and no alert is sent.

    Requests are sent one after another, with the pause that `request_delay` and the site's
    Crawl-delay state, so one call with 200 pages takes several minutes. Ctrl-C stops it. The next
    call continues where the last one ended, so it can be called every night until it is done.

    \b
    Examples:
      feedpub backfill world --until 2024-01-01
      feedpub backfill world --until 2024-01-01 --max-pages 50

    Exit status: 0, 1 if a source could not be read, 2 if the command line or the config has an
    error, 130 after Ctrl-C.
    """
    from feedpub.core.log import configure_logging
    from feedpub.pipeline.backfill import backfill_feed
    from feedpub.pipeline.recovery import with_recovery

    configure_logging(sys.stderr, quiet=True)
    config = load_config(config_path)
    (feed,) = select_feeds(config, [name])
    oldest = until.replace(tzinfo=UTC)
    with open_context(config, pages_of=()) as context:
        if not context.store.sources(name):
            exit_with_error(
                f"{name} was never built; build it first: feedpub build {name}", status=1
            )
        again = f"feedpub backfill {name} --until {until:%Y-%m-%d}"

        def run() -> "list[BackfillResult]":
            with _show_progress(context) as progress:
                return backfill_feed(feed, oldest, max_pages, replace(context, progress=progress))

        set_interrupt_hint(f"{name}: entries so far are stored; continue with: {again}")
        results = with_recovery(run, config, context)
        _print_results(feed, results, again)
    failed = any(failure.fatal for result in results for failure in result.failures)
    sys.exit(1 if failed else 0)


@contextmanager
def _show_progress(context: "RunContext") -> "Iterator[ProgressCallback]":
    """Yield a callback that shows how many pages were requested, on a terminal."""
    if not sys.stderr.isatty():
        yield context.progress
        return
    with progress_bar("pages") as progress:
        yield progress


def _print_results(feed: "FeedConfig", results: "Sequence[BackfillResult]", again: str) -> None:
    for result in results:
        echo(_describe_result(feed.name, result))
        for failure in result.failures[:_MAX_FAILURES_SHOWN]:
            echo(f"  {failure.where}: {failure.reason}")
        more = len(result.failures) - _MAX_FAILURES_SHOWN
        if more > 0:
            echo(f"  and {more} more that could not be read")
    if all(result.is_done for result in results):
        echo("done: there is nothing more to add")
    else:
        echo(f"not done; continue with: {again}")


def _describe_result(name: str, result: "BackfillResult") -> str:
    from feedpub.core.redact import redact

    added = pluralize(result.added, "entry", "entries")
    reach = f" back to {result.oldest:%Y-%m-%d}" if result.oldest else ""
    requests = pluralize(result.requests, "page")
    way = _WAYS[result.way]
    return f"{name}: {added} added{reach}, {requests} requested, {way}: {redact(result.source)}"

"""`feedpub reclean`: apply changed rules or a new cleaner to existing entries."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedpub.cli.context import load_config, open_context, select_feeds
from feedpub.cli.terminal import (
    echo_json,
    is_interactive,
    make_console,
    print_line,
    progress_bar,
)
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from feedpub.config import Config, FeedConfig
    from feedpub.core.diff import Difference
    from feedpub.pipeline.context import RunContext
    from feedpub.pipeline.reprocess import ReprocessedEntry, ReprocessPlan

_LINE_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--diff", is_flag=True, help="Show what would change in each entry; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as one JSON document.")
@click.option(
    "--force",
    is_flag=True,
    help="Apply every result, even if an entry loses its title or most of its text.",
)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.pass_obj
def reclean(  # noqa: PLR0913 -- one parameter for each option
    config_path: Path | None,
    names: tuple[str, ...],
    *,
    diff: bool,
    as_json: bool,
    force: bool,
    yes: bool,
) -> None:
    """Rebuild entries with changed rules or a new version.

    The entries of the named feeds, or of all feeds, are rebuilt from their stored pages (see
    `keep_pages`). Nothing is fetched. The entries keep their ids and dates.

    \b
    Examples:
      feedpub reclean --diff           show what would change
      feedpub reclean world            rebuild the entries and publish the feed
      feedpub reclean world --force    also apply results that lose most of their text

    Exit status: 0, 1 if an entry could not be rebuilt or was held back, 2 if the config has an
    error.
    """
    from feedpub.core.log import configure_logging

    configure_logging(sys.stderr, quiet=True)
    config = load_config(config_path)
    feeds = select_feeds(config, names)
    asks = not (as_json or yes) and is_interactive()
    done: list[ReprocessPlan] = []
    documents: list[dict[str, Any]] = []
    with open_context(config, dry_run=diff, pages_of=names or None) as context:
        plans = _make_plans(feeds, context, force=force)
        if not diff:
            plans = _apply_plans(config, plans, context, asks=asks)
        for plan in plans:
            if as_json:
                documents.append(plan_as_json(plan))
            elif diff:
                _print_diff(plan)
            done.append(drop_texts(plan))
    is_ok = all(plan.ok for plan in done)
    if as_json:
        echo_json({"ok": is_ok, "feeds": documents})
    else:
        _print_plans(done, config, diff=diff)
    sys.exit(0 if is_ok else 1)


def _make_plans(
    feeds: "Sequence[FeedConfig]", context: "RunContext", *, force: bool
) -> "Iterator[ReprocessPlan]":
    """Rebuild the entries of one feed after another, with a progress bar on a terminal."""
    from feedpub.pipeline.reprocess import plan_reprocess

    for feed in feeds:
        if sys.stderr.isatty():
            with progress_bar() as progress:
                plan = plan_reprocess(feed, replace(context, progress=progress), force=force)
        else:
            plan = plan_reprocess(feed, context, force=force)
        yield plan


def _apply_plans(
    config: "Config", plans: "Iterable[ReprocessPlan]", context: "RunContext", *, asks: bool
) -> "Iterator[ReprocessPlan]":
    """Save and publish each plan that the user confirms, then write the index."""
    from feedpub import notify
    from feedpub.pipeline import reprocess, run

    feeds = {feed.name: feed for feed in config.feed}
    has_written = False
    try:
        for plan in plans:
            if asks and not _confirm(plan):
                continue
            done = reprocess.apply_plan(feeds[plan.feed], plan, context)
            has_written = has_written or bool(done.written)
            yield done
        if has_written:
            run.finish_build(config, context)
    finally:  # also if the files of a feed cannot be written
        notify.deliver_due(config, context.store, context.clock)


def _confirm(plan: "ReprocessPlan") -> bool:
    from feedpub.pipeline.reprocess import ReprocessVerdict

    changed = len(plan.with_status(ReprocessVerdict.CHANGED))
    entries = pluralize(len(plan.entries), "entry", "entries")
    question = f"{plan.feed}: {changed} of {entries} would change. Write the changes?"
    return not changed or click.confirm(question)


def _print_diff(plan: "ReprocessPlan") -> None:
    console = make_console()
    for entry in plan.entries:
        for line in diff_lines(plan.feed, entry):
            console.print(line, soft_wrap=True)


def _print_plans(plans: "Sequence[ReprocessPlan]", config: "Config", *, diff: bool) -> None:
    console = make_console()
    console.print(plan_table(plans))
    for plan in plans:
        for line in problem_lines(plan):
            print_line(console, line)
    files = pluralize(sum(len(plan.written) for plan in plans), "file")
    summary = "nothing was written" if diff else f"{files} written to {config.feedpub.output}"
    console.print(summary, soft_wrap=True, highlight=False)


def plan_table(plans: "Iterable[ReprocessPlan]") -> "Table":
    """Return a table of the feeds: the numbers of stored pages and of results."""
    from rich.markup import escape
    from rich.table import Table

    from feedpub.pipeline.reprocess import ReprocessVerdict

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("feed")
    for name in ("pages kept", *ReprocessVerdict, "not kept"):
        table.add_column(name, justify="right")
    for plan in plans:
        counts = [len(plan.with_status(verdict)) for verdict in ReprocessVerdict]
        numbers = (len(plan.entries), *counts, plan.without_snapshot)
        table.add_row(escape(plan.feed), *map(str, numbers))
    return table


def problem_lines(plan: "ReprocessPlan") -> Iterator[str]:
    """Describe each entry that could not be rebuilt or was held back."""
    from feedpub.pipeline.reprocess import ReprocessVerdict

    for verdict in (ReprocessVerdict.FAILED, ReprocessVerdict.HELD):
        for entry in plan.with_status(verdict):
            name = entry.before.url or entry.before.title
            yield f"{plan.feed}: {verdict}: {name}: {entry.reason}"


def diff_lines(feed: str, entry: "ReprocessedEntry") -> "Iterator[Text]":
    """Render the changes of an entry, one line each. An unchanged entry has none."""
    from rich.text import Text

    from feedpub.core.diff import diff_facts, diff_markup, diff_text
    from feedpub.pipeline.reprocess import ReprocessVerdict

    before, after = entry.before, entry.after
    if after is None or entry.status == ReprocessVerdict.SAME:
        return
    is_held = entry.status == ReprocessVerdict.HELD
    note = f" ({entry.status}: {entry.reason})" if is_held else ""
    yield Text(f"{feed}: {before.title}{note}", "bold")
    lines = [before.url] if before.url else []
    for fact in diff_facts(before, after):
        lines += fact.lines
    lines += diff_text(before, after) or diff_markup(before, after)
    for line in lines:
        yield Text(line, _LINE_STYLES.get(line[:1], ""))
    yield Text("")


def plan_as_json(plan: "ReprocessPlan") -> dict[str, Any]:
    """Return a feed's results as JSON. Unchanged entries are only counted."""
    from feedpub.pipeline.reprocess import ReprocessVerdict

    document: dict[str, Any] = {
        "feed": plan.feed,
        "ok": plan.ok,
        "pages_kept": len(plan.entries),
    }
    for verdict in ReprocessVerdict:
        document[verdict.replace(" ", "_")] = len(plan.with_status(verdict))
    changed = [entry for entry in plan.entries if entry.status != ReprocessVerdict.SAME]
    return {
        **document,
        "not_kept": plan.without_snapshot,
        "written": plan.written,
        "entries": [_entry_as_json(entry) for entry in changed],
    }


def _entry_as_json(entry: "ReprocessedEntry") -> dict[str, Any]:
    from feedpub.core.diff import diff_facts, diff_markup, diff_text

    before, after = entry.before, entry.after
    facts: Sequence[Difference] = ()
    text: Sequence[str] = ()
    markup: Sequence[str] = ()
    if after:
        facts = diff_facts(before, after)
        text, markup = diff_text(before, after), diff_markup(before, after)
    return {
        "id": before.id,
        "url": before.url,
        "title": before.title,
        "verdict": entry.status,
        "reason": entry.reason,
        "facts": facts,
        "text": text,
        "markup": markup,
    }


def drop_texts(plan: "ReprocessPlan") -> "ReprocessPlan":
    """Return a plan without the texts of its entries, so that many plans fit into memory."""
    entries = []
    for entry in plan.entries:
        before = replace(entry.before, html="", text="")
        entries.append(replace(entry, before=before, after=None))
    return replace(plan, entries=tuple(entries))

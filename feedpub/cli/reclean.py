"""`feedpub reclean`: apply the rules and the cleaner of today to entries that are there already."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedpub.cli.context import load_config, open_context, select_feeds
from feedpub.cli.terminal import echo_json, is_interactive, make_console, progress_bar
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from feedpub.config import Config, FeedConfig
    from feedpub.core.diff import Difference
    from feedpub.pipeline.context import RunContext
    from feedpub.pipeline.reprocess import ReprocessedEntry, ReprocessPlan


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
def reclean(  # noqa: PLR0913 -- its options, by name
    config_path: Path | None,
    names: tuple[str, ...],
    *,
    diff: bool,
    as_json: bool,
    force: bool,
    yes: bool,
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
    from feedpub.core.log import configure_logging

    configure_logging(sys.stderr, quiet=True)
    config = load_config(config_path)
    feeds = select_feeds(config, names)
    asks = not (as_json or yes) and is_interactive()
    done: list[ReprocessPlan] = []
    data: list[dict[str, Any]] = []
    with open_context(config, dry_run=diff, pages_of=names or None) as tools:
        planned = _planned(feeds, tools, force=force)
        for feed in planned if diff else _carried_out(config, planned, tools, asks=asks):
            if diff and not as_json:
                _show_diff(feed)
            data += [plan_as_json(feed)] if as_json else []
            done.append(shorten_line(feed))
    _show(done, data, config, as_json=as_json, diff=diff)
    sys.exit(0 if all(feed.ok for feed in done) else 1)


def _planned(
    feeds: "Sequence[FeedConfig]", tools: "RunContext", *, force: bool
) -> "Iterator[ReprocessPlan]":
    """What becomes of the entries of each feed, one feed after another; a bar on a terminal."""
    from feedpub.pipeline import reprocess

    for feed in feeds:
        if not sys.stderr.isatty():
            yield reprocess.plan_reprocess(feed, tools, force=force)
            continue
        with progress_bar() as progress:
            plan = reprocess.plan_reprocess(feed, replace(tools, progress=progress), force=force)
        yield plan


def _carried_out(
    config: "Config", planned: "Iterator[ReprocessPlan]", tools: "RunContext", *, asks: bool
) -> "Iterator[ReprocessPlan]":
    """The same, each once it was agreed to and carried out.

    The page about all feeds follows them.
    """
    from feedpub import notify
    from feedpub.pipeline import reprocess, run

    feeds = {feed.name: feed for feed in config.feed}
    written = False
    try:
        for plan in planned:
            if not asks or _agreed(plan):
                done = reprocess.apply_plan(feeds[plan.feed], plan, tools)
                written = written or bool(done.written)
                yield done
        if written:
            run.finish_build(config, tools)
    finally:  # where the files of one feed cannot be written, too
        notify.deliver_due(config, tools.store, tools.clock)


def _agreed(plan: "ReprocessPlan") -> bool:
    """Whether a plan that changes something is wanted."""
    from feedpub.pipeline.reprocess import ReprocessVerdict

    changed = len(plan.with_status(ReprocessVerdict.CHANGED))
    question = f"{plan.feed}: {changed} of {pluralize(len(plan.entries), 'entry', 'entries')} would change. Change them?"
    return not changed or click.confirm(question)


def _show_diff(feed: "ReprocessPlan") -> None:

    console = make_console()
    for entry in feed.entries:
        for line in diff_lines(feed.feed, entry):
            console.print(line, soft_wrap=True)


def _show(
    done: "Sequence[ReprocessPlan]",
    data: list[dict[str, Any]],
    config: "Config",
    *,
    as_json: bool,
    diff: bool,
) -> None:

    if as_json:
        echo_json({"ok": all(feed.ok for feed in done), "feeds": data})
        return
    console = make_console()
    console.print(plan_table(done))
    for feed in done:
        for line in problem_lines(feed):
            console.print(line, soft_wrap=True, markup=False, highlight=False)
    written = sum(len(feed.written) for feed in done)
    last = (
        "nothing was written"
        if diff
        else f"{pluralize(written, 'file')} written to {config.feedpub.output}"
    )
    console.print(last, soft_wrap=True, highlight=False)


# SECTION: What became of entries that were made anew, as words for people and data for programs.
#
# Nothing but the command asks for it, which loads it when it is run.

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_VERDICTS = ("changed", "same", "failed", "held back")  # as they are counted


def plan_table(feeds: "Iterable[ReprocessPlan]") -> "Table":
    """The closing table: how many pages are kept of each feed, and what came of them."""
    from rich.markup import escape
    from rich.table import Table

    from feedpub.pipeline.reprocess import ReprocessVerdict

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("feed")
    for name in ("pages kept", *_VERDICTS, "not kept"):
        shown.add_column(name, justify="right")
    for feed in feeds:
        counts = (
            len(feed.entries),
            *(len(feed.with_status(ReprocessVerdict(verdict))) for verdict in _VERDICTS),
            feed.without_snapshot,
        )
        shown.add_row(escape(feed.feed), *map(str, counts))
    return shown


def problem_lines(feed: "ReprocessPlan") -> Iterator[str]:
    """What could not be made anew or was held back, and why, a line each."""
    from feedpub.pipeline.reprocess import ReprocessVerdict

    for verdict in (ReprocessVerdict.FAILED, ReprocessVerdict.HELD):
        for entry in feed.with_status(verdict):
            yield f"{feed.feed}: {verdict}: {entry.before.url or entry.before.title}: {entry.reason}"


def diff_lines(feed: str, entry: "ReprocessedEntry") -> "Iterator[Text]":
    """What differs in an entry, a line each, coloured; nothing where it has no other state."""
    from rich.text import Text

    from feedpub.core import diff
    from feedpub.pipeline.reprocess import ReprocessVerdict

    if entry.after is None or entry.status == ReprocessVerdict.SAME:
        return
    held = f" ({entry.status}: {entry.reason})" if entry.status == ReprocessVerdict.HELD else ""
    yield Text(f"{feed}: {entry.before.title}{held}", "bold")
    yield from (_line(line) for line in ([entry.before.url] if entry.before.url else []))
    for fact in diff.diff_facts(entry.before, entry.after):
        yield from map(_line, fact.lines)
    text = diff.diff_text(entry.before, entry.after)
    yield from map(_line, text or diff.diff_markup(entry.before, entry.after))
    yield Text("")


def plan_as_json(feed: "ReprocessPlan") -> dict[str, Any]:
    """All of it for programs; of entries that are the same, only how many there are."""
    from feedpub.pipeline.reprocess import ReprocessVerdict

    counts = {
        verdict.replace(" ", "_"): len(feed.with_status(ReprocessVerdict(verdict)))
        for verdict in _VERDICTS
    }
    told = [_entry(entry) for entry in feed.entries if entry.status != ReprocessVerdict.SAME]
    head = {"feed": feed.feed, "ok": feed.ok, "pages_kept": len(feed.entries)}
    return (
        head
        | counts
        | {"not_kept": feed.without_snapshot, "written": feed.written, "entries": told}
    )


def shorten_line(feed: "ReprocessPlan") -> "ReprocessPlan":
    """The same without the texts: of hundreds of feeds they need not be held until all are done."""
    entries = (
        replace(e, before=replace(e.before, html="", text=""), after=None) for e in feed.entries
    )
    return replace(feed, entries=tuple(entries))


def _entry(entry: "ReprocessedEntry") -> dict[str, Any]:
    from feedpub.core import diff

    before, after = entry.before, entry.after
    head = {
        "id": before.id,
        "url": before.url,
        "title": before.title,
        "verdict": entry.status,
        "reason": entry.reason,
    }
    facts: Sequence[Difference] = diff.diff_facts(before, after) if after else ()
    text: Sequence[str] = diff.diff_text(before, after) if after else ()
    markup: Sequence[str] = diff.diff_markup(before, after) if after else ()
    return head | {"facts": facts, "text": text, "markup": markup}


def _line(line: str) -> "Text":
    from rich.text import Text

    return Text(line, _STYLES.get(line[:1], ""))

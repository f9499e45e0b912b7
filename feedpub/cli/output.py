"""Outcomes, states and articles as words for people and data for programs. Prints nothing."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from feedpub.cleaner.rules.testing import RuleTestResult
from feedpub.core.humanize import format_age, format_relative
from feedpub.core.models import Article, Failure, RunResult, RunStatus
from feedpub.core.text import escape_commands, pluralize
from feedpub.web.status import FeedStatus, Health, ServiceStatus, SourceStatus

_COLOURS = {
    RunStatus.UPDATED: "green",
    RunStatus.UNCHANGED: "green",
    RunStatus.PARTIAL: "yellow",
    RunStatus.FAILED: "red",
}
_HEALTH_COLOURS = {Health.HEALTHY: "green", Health.LATE: "yellow", Health.BROKEN: "red"}
_WORDS = {
    RunStatus.UPDATED: "updated",
    RunStatus.UNCHANGED: "unchanged",
    RunStatus.PARTIAL: "a source failed",
    RunStatus.FAILED: "failed",
}


def results_as_json(value: Any) -> str:
    """Any of our dataclasses, or a structure of them, as an indented JSON document."""
    return escape_commands(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path | Enum):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def format_result(outcome: RunResult) -> str:
    """One line about a regeneration: "world: updated, 3 new, 47 kept (2.1 s)"."""
    counts = [f"{getattr(outcome, name)} {name}" for name in _COUNTS if getattr(outcome, name)]
    return (
        f"{outcome.feed}: {', '.join([_WORDS[outcome.status], *counts])} ({outcome.seconds:.1f} s)"
    )


_MAX_PROBLEMS = 5  # with single articles of a feed that are listed
_COUNTS = ("new", "updated", "kept", "skipped", "failed")


def result_table(outcomes: Iterable[RunResult]) -> Table:
    """The closing table of a build."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("feed")
    table.add_column("outcome")
    for name in _COUNTS:
        table.add_column(name, justify="right")
    for outcome in outcomes:
        status = f"[{_COLOURS[outcome.status]}]{_WORDS[outcome.status]}[/]"
        table.add_row(
            escape(outcome.feed), status, *(str(getattr(outcome, name)) for name in _COUNTS)
        )
    return table


def rule_test_table(trials: Iterable[RuleTestResult]) -> Table:
    """What came of rules that were tried: the file, the page, how it went."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("file", "page", "result"):
        table.add_column(name, overflow="fold")
    for trial in trials:
        place = f"{trial.test.file}:{trial.test.line}"
        result = "[green]ok[/]" if trial.status == "ok" else f"[red]{escape(trial.message)}[/]"
        table.add_row(escape(place), escape(trial.test.url), result)
    return table


def format_failure(feed: str, problem: Failure) -> str:
    """What went wrong, where: the feed, the address or file, the reason."""
    kind = "source failed" if problem.fatal else "article"
    return f"{feed}: {kind}: {problem.where}: {problem.reason}"


def article_text(article: Article) -> str:
    """An article for reading in a terminal: title, byline and date, then its paragraphs."""
    return "\n".join(
        [*_head(article), "", *("\n\n".join(article.text.split("\n")).split("\n")), ""]
    )


def _head(article: Article) -> list[str]:
    when = f"{article.published:%Y-%m-%d %H:%M %Z}" if article.published else ""
    byline = " · ".join(
        part for part in (", ".join(article.authors), when, article.site or "") if part
    )
    return [line for line in (article.title, byline) if line]


def render_removals(article: Article) -> Iterator[Text]:
    """The same with all that was removed in its place, struck through, each with its reason."""
    yield from map(Text, _head(article))
    lines, above = article.text.split("\n"), 0
    for removed in article.removed:
        after = max(above, removed.after or 0)
        yield from _staying(lines[above:after])
        if after > above or removed is article.removed[0]:
            yield Text()
        above = after
        said = Text(_shortened(removed.text), "strike dim red")
        yield Text.assemble("  - ", said, (f" — {removed.reason}", "red"))
    yield from _staying(lines[above:])
    if not article.removed:
        yield from (Text(), Text("  nothing was removed"))


def _staying(lines: Sequence[str]) -> Iterator[Text]:
    """Lines of an article, each below an empty one."""
    for line in lines:
        yield from (Text(), Text(line))


def _shortened(text: str, length: int = 160) -> str:
    line = " / ".join(" ".join(each.split()) for each in text.split("\n"))
    return line if len(line) <= length else f"{line[: length - 1]}…"


def status_table(overview: ServiceStatus) -> Table:
    """Every feed at a glance."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("feed", "state", "entries", "newest", "last look", "next look"):
        table.add_column(name, justify="right" if name == "entries" else "left")
    for feed in overview.feeds:
        told = (
            format_relative(moment, overview.now) if moment else ""
            for moment in (feed.newest, feed.last_run)
        )
        due = _due(feed.next_run, overview.now) if feed.next_run else ""
        table.add_row(escape(feed.name), _state(feed), str(feed.entries), *told, due)
    return table


def _due(moment: datetime, now: datetime) -> str:
    """When something that was planned comes, or should have come."""
    return (
        f"was due {format_relative(moment, now)}" if moment <= now else format_relative(moment, now)
    )


def _state(feed: FeedStatus) -> str:
    word = (
        "never built" if feed.last_run is None and feed.health == Health.LATE else feed.health.value
    )
    return f"[{_HEALTH_COLOURS[feed.health]}]{word}[/]"


def status_lines(overview: ServiceStatus) -> Iterator[str]:
    """What is wrong with feeds and their sources, and when sources are looked at next, a line each."""
    for feed in overview.feeds:
        if feed.last_run is not None:  # else nothing is wrong with it yet
            yield from (f"{feed.name}: {reason}" for reason in feed.reasons)
            yield from _article_lines(feed)
    for feed in overview.feeds:
        for source in feed.sources:
            yield from _source_lines(feed, source, overview.now)


def _article_lines(feed: FeedStatus) -> Iterator[str]:
    """Name what went wrong with single articles in the last run, the first few of them."""
    problems = [
        problem for problem in (feed.outcome.problems if feed.outcome else ()) if not problem.fatal
    ]
    yield from (format_failure(feed.name, problem) for problem in problems[:_MAX_PROBLEMS])
    left = len(problems) - _MAX_PROBLEMS
    if left > 0:
        yield f"{feed.name}: {pluralize(left, 'more problem')}, which `feedpub status --json` lists"


def _source_lines(feed: FeedStatus, source: SourceStatus, now: datetime) -> Iterator[str]:
    """What is to be said of a source, and what is proposed for it.

    Nothing where that is nothing.
    """
    parts = [_failure(source, now)] if source.health == Health.BROKEN else []
    if source.next_look:
        parts.append(f"{source.why}; next look {_due(source.next_look, now)}")
    if parts:
        yield f"{feed.name}: {source.address}: {'; '.join(parts)}"
    if source.proposal:
        yield f"{feed.name}: proposed: {source.proposal}"


def _failure(source: SourceStatus, now: datetime) -> str:
    """Since when it fails, why, and when it was read last."""
    since = f"failing since {format_age(source.since, now)}" if source.since else "failing"
    if source.last_success is None:
        return f"{since}: {source.reason}; never read"
    return f"{since}: {source.reason}; last read {format_age(source.last_success, now)}, {pluralize(source.items, 'article')}"

"""Render results, status and articles: as text for a terminal, and as JSON. Nothing is printed."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from feedpub.builder.titles import display_title
from feedpub.core.models import Article, Failure, RunResult, RunStatus
from feedpub.core.text import escape_commands, format_age, format_relative, pluralize
from feedpub.web.status import FeedStatus, Health, ServiceStatus, SourceStatus

if TYPE_CHECKING:
    from feedpub.cleaner.rules.testing import RuleTestResult
    from feedpub.store import Store

_STATUS_COLOURS = {
    RunStatus.UPDATED: "green",
    RunStatus.UNCHANGED: "green",
    RunStatus.PARTIAL: "yellow",
    RunStatus.FAILED: "red",
}
_STATUS_WORDS = {
    RunStatus.UPDATED: "updated",
    RunStatus.UNCHANGED: "unchanged",
    RunStatus.PARTIAL: "partial",
    RunStatus.FAILED: "failed",
}
_HEALTH_COLOURS = {
    Health.HEALTHY: "green",
    Health.PARTIAL: "yellow",
    Health.LATE: "yellow",
    Health.BROKEN: "red",
}
_COUNTS = ("new", "updated", "kept", "skipped", "failed")
_MAX_ARTICLE_FAILURES = 5
_MAX_ENTRIES_EXPLAINED = 20  # of each feed
_MAX_REMOVED_CHARS = 160


def results_as_json(value: Any) -> str:
    """Return a value as an indented JSON document. Dataclasses become objects."""
    document = json.dumps(value, default=_as_json_value, ensure_ascii=False, indent=2)
    return escape_commands(document)


def _as_json_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path | Enum):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


# --- runs ---


def format_result(result: RunResult) -> str:
    """Describe a run on one line: "world: updated, 3 new, 47 kept (2.1 s)"."""
    parts = [_describe_status(result)]
    for name in _COUNTS:
        count = getattr(result, name)
        if count:
            parts.append(f"{count} {name}")
    return f"{result.feed}: {', '.join(parts)} ({result.seconds:.1f} s)"


def _describe_status(result: RunResult) -> str:
    has_failed_source = result.status == RunStatus.PARTIAL and not result.ok
    return "a source failed" if has_failed_source else _STATUS_WORDS[result.status]


def result_table(results: Iterable[RunResult]) -> Table:
    """Return a table of the runs, one row for each feed."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("feed")
    table.add_column("outcome")
    for name in _COUNTS:
        table.add_column(name, justify="right")
    for result in results:
        status = f"[{_STATUS_COLOURS[result.status]}]{_describe_status(result)}[/]"
        counts = [str(getattr(result, name)) for name in _COUNTS]
        table.add_row(escape(result.feed), status, *counts)
    return table


def format_failure(feed: str, failure: Failure) -> str:
    """Describe a failure on one line: feed, URL or file, reason."""
    kind = "source failed" if failure.fatal else "article"
    return f"{feed}: {kind}: {failure.where}: {failure.reason}"


def rule_test_table(results: "Iterable[RuleTestResult]") -> Table:
    """Return a table of rule tests: the rule's line, the page and the result."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("file", "page", "result"):
        table.add_column(name, overflow="fold")
    for result in results:
        line = f"{result.test.file}:{result.test.line}"
        is_ok = result.status == "ok"
        message = "[green]ok[/]" if is_ok else f"[red]{escape(result.message)}[/]"
        table.add_row(escape(line), escape(result.test.url), message)
    return table


# --- articles ---


def article_text(article: Article) -> str:
    """Return an article as plain text: title, byline and date, then its paragraphs."""
    paragraphs = article.text.replace("\n", "\n\n")
    return "\n".join([*_article_head(article), "", paragraphs, ""])


def render_removals(article: Article) -> Iterator[Text]:
    """Render an article with its removed blocks in place, struck through, with the reasons."""
    yield from map(Text, _article_head(article))
    if article.content_reason:
        yield Text(f"content: {article.content_reason}", "dim")
    lines = article.text.split("\n")
    shown = 0
    for number, removed in enumerate(article.removed):
        end = max(shown, removed.after or 0)
        yield from _render_paragraphs(lines[shown:end])
        if end > shown or number == 0:
            yield Text()
        shown = end
        text = Text(_shorten_removed(removed.text), "strike dim red")
        yield Text.assemble("  - ", text, (f" — {removed.reason}", "red"))
    yield from _render_paragraphs(lines[shown:])
    if not article.removed:
        yield Text()
        yield Text("  nothing was removed")


def _article_head(article: Article) -> list[str]:
    authors = ", ".join(article.authors)
    date = f"{article.published:%Y-%m-%d %H:%M %Z}" if article.published else ""
    byline = " · ".join(filter(None, (authors, date, article.site)))
    return [line for line in (article.title, byline) if line]


def _render_paragraphs(lines: Sequence[str]) -> Iterator[Text]:
    for line in lines:
        yield Text()
        yield Text(line)


def _shorten_removed(text: str) -> str:
    line = " / ".join(" ".join(part.split()) for part in text.split("\n"))
    return line if len(line) <= _MAX_REMOVED_CHARS else f"{line[: _MAX_REMOVED_CHARS - 1]}…"


# --- status ---


def status_table(status: ServiceStatus) -> Table:
    """Return a table with the state of each feed."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("feed", "state", "entries", "newest", "last run", "next run"):
        table.add_column(name, justify="right" if name == "entries" else "left")
    for feed in status.feeds:
        table.add_row(
            escape(feed.name),
            _format_health(feed),
            str(feed.entries),
            format_relative(feed.newest, status.now) if feed.newest else "",
            format_relative(feed.last_run, status.now) if feed.last_run else "",
            _format_due(feed.next_run, status.now) if feed.next_run else "",
        )
    return table


def status_lines(status: ServiceStatus) -> Iterator[str]:
    """Yield the problems of all feeds, then the problems and next checks of their sources."""
    for feed in status.feeds:
        if feed.last_run is not None:  # the table shows "never built" for the others
            for reason in feed.reasons:
                yield f"{feed.name}: {reason}"
            yield from _article_lines(feed)
    for feed in status.feeds:
        for source in feed.sources:
            yield from _source_lines(feed, source, status.now)


def content_lines(feeds: Iterable[str], store: "Store") -> Iterator[str]:
    """Yield why the newest entries of feeds have their content, if there was a choice."""
    for feed in feeds:
        for entry in store.entries(feed, _MAX_ENTRIES_EXPLAINED):
            if entry.content_reason:
                yield f"{feed}: {display_title(entry)}: {entry.content_reason}"


def _format_health(feed: FeedStatus) -> str:
    is_new = feed.last_run is None and feed.health == Health.LATE
    word = "never built" if is_new else feed.health.value
    return f"[{_HEALTH_COLOURS[feed.health]}]{word}[/]"


def _format_due(moment: datetime, now: datetime) -> str:
    relative = format_relative(moment, now)
    return f"was due {relative}" if moment <= now else relative


def _article_lines(feed: FeedStatus) -> Iterator[str]:
    """Describe the first failures of articles in the last run, and count the others."""
    if feed.outcome is None:
        return
    failures = [failure for failure in feed.outcome.problems if not failure.fatal]
    failures.sort(key=lambda failure: not failure.unread)
    for failure in failures[:_MAX_ARTICLE_FAILURES]:
        yield format_failure(feed.name, failure)
    more = len(failures) - _MAX_ARTICLE_FAILURES
    if more > 0:
        yield f"{feed.name}: {pluralize(more, 'more problem')}, which `feedpub status --json` lists"


def _source_lines(feed: FeedStatus, source: SourceStatus, now: datetime) -> Iterator[str]:
    """Describe a source's failure, its next check and the proposed repair."""
    parts = []
    if source.health == Health.BROKEN:
        parts.append(_format_source_failure(source, now))
    if source.next_look:
        parts.append(f"{source.why}; next check {_format_due(source.next_look, now)}")
    if parts:
        yield f"{feed.name}: {source.address}: {'; '.join(parts)}"
    if source.proposal:
        yield f"{feed.name}: proposed: {source.proposal}"


def _format_source_failure(source: SourceStatus, now: datetime) -> str:
    start = f"started failing {format_age(source.since, now)}" if source.since else "failing"
    if source.last_success is None:
        return f"{start}: {source.reason}; never read"
    articles = pluralize(source.items, "article")
    return f"{start}: {source.reason}; last read {format_age(source.last_success, now)}, {articles}"

"""Render metrics in the Prometheus text format 0.0.4."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from feedpub.fetch import RequestCounts
from feedpub.web.status import FeedRow, Health, Overview, SourceRow

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Sample = tuple[str, float | None]
"""Labels as they are written, and a value."""
_LiveEntries = Mapping[str, tuple[int, datetime | None]]
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with one sample for each set of labels. Unknown values are left out."""

    name: str
    help: str
    samples: Iterable[_Sample]
    kind: Literal["gauge", "counter"] = "gauge"

    def render(self) -> str:
        """Return the metric's lines; "" if it has no value."""
        lines = [
            f"{self.name}{labels} {_format_number(value)}\n"
            for labels, value in self.samples
            if value is not None
        ]
        if not lines:
            return ""
        return f"# HELP {self.name} {self.help}\n# TYPE {self.name} {self.kind}\n{''.join(lines)}"


def render_metrics(overview: Overview, entries: _LiveEntries) -> Iterator[str]:
    """Yield the text of each metric. The text about thousands of feeds is large.

    Args:
        overview: The health of all feeds.
        entries: The number of entries in each feed's live document, and the newest one's date.
    """
    rows = tuple(overview.rows.values())
    requests: RequestCounts = overview.running.requests if overview.running else {}
    metrics = (
        _service_metrics(overview),
        _feed_metrics(rows, entries, requests),
        _source_metrics(rows),
    )
    for group in metrics:
        for metric in group:
            if text := metric.render():
                yield text


def _service_metrics(overview: Overview) -> Iterator[Metric]:
    process = overview.running
    yield Metric(
        "feedpub_build_info",
        "The version of feedpub, as a label.",
        [(_format_labels(version=version("feedpub")), 1)],
    )
    yield Metric(
        "feedpub_feeds",
        "Number of feeds in each state.",
        [(_format_labels(state=health), overview.counts.get(health, 0)) for health in Health],
    )
    if process is None:
        return
    yield Metric(
        "process_start_time_seconds",
        "When the service started.",
        [("", process.started.timestamp())],
    )
    yield Metric(
        "feedpub_scheduler_heartbeat_timestamp_seconds",
        "Time of the scheduler's last heartbeat.",
        [("", process.heartbeat.timestamp())],
    )
    yield Metric(
        "feedpub_config_last_reload_successful",
        "1 if the current config file is in use, 0 if it has an error.",
        [("", process.config_problem is None)],
    )


def _feed_metrics(
    rows: Iterable[FeedRow], entries: _LiveEntries, requests: RequestCounts
) -> Iterator[Metric]:
    labelled = [(_format_labels(feed=row.name), row) for row in rows]

    def gauge(name: str, help_text: str, value: Callable[[FeedRow], float | None]) -> Metric:
        samples = ((labels, value(row)) for labels, row in labelled)
        return Metric(f"feedpub_feed_{name}", help_text, samples)

    yield _feed_states(row for _, row in labelled)
    yield gauge(
        "last_run_timestamp_seconds", "Start of the feed's last run.", lambda row: row.last_run
    )
    yield gauge(
        "last_success_timestamp_seconds",
        "Start of the feed's last successful run.",
        lambda row: row.last_success,
    )
    yield gauge(
        "next_run_timestamp_seconds",
        "Start of the feed's next scheduled run.",
        lambda row: row.next_run,
    )
    yield gauge(
        "last_run_duration_seconds", "Duration of the feed's last run.", lambda row: row.seconds
    )
    yield gauge("running", "1 while the feed is running.", lambda row: row.is_busy)
    yield gauge("run_stuck", "1 while a run of the feed is stuck.", lambda row: row.is_stuck)
    yield gauge(
        "entries",
        "Entries in the feed's live document.",
        lambda row: entries[row.name][0] if row.name in entries else 0,
    )
    yield gauge(
        "newest_entry_timestamp_seconds",
        "Publication date of the feed's newest entry.",
        lambda row: _newest(entries, row.name),
    )
    yield gauge(
        "last_run_failed_articles",
        "Articles that the feed's last run could not read.",
        lambda row: row.failed,
    )
    yield gauge(
        "unread_items",
        "Listed items that are missing in the feed or incomplete in it.",
        lambda row: row.unread,
    )
    yield _feed_requests(requests, {row.name for _, row in labelled})


def _newest(entries: _LiveEntries, feed: str) -> float | None:
    newest = entries[feed][1] if feed in entries else None
    return newest.timestamp() if newest else None


def _feed_states(rows: Iterable[FeedRow]) -> Metric:
    states = [(health, _escape(health)) for health in Health]
    samples = (
        (f'{{feed="{_escape(row.name)}",state="{state}"}}', row.health is health)
        for row in rows
        for health, state in states
    )
    return Metric(
        "feedpub_feed_state", "1 for the feed's current state, 0 for the others.", samples
    )


def _feed_requests(requests: RequestCounts, feeds: set[str]) -> Metric:
    samples = (
        (_format_labels(feed=feed, status=http_status), count)
        for (feed, http_status), count in requests.items()
        if feed in feeds
    )
    return Metric(
        "feedpub_feed_requests_total",
        "HTTP requests sent for the feed, by response status; "
        "error if there was no complete response.",
        samples,
        kind="counter",
    )


def _source_metrics(rows: Iterable[FeedRow]) -> Iterator[Metric]:
    labelled = [
        (_format_labels(feed=row.name, source=source.address), source)
        for row in rows
        for source in row.sources
    ]

    def gauge(name: str, help_text: str, value: Callable[[SourceRow], float | None]) -> Metric:
        samples = ((labels, value(source)) for labels, source in labelled)
        return Metric(f"feedpub_source_{name}", help_text, samples)

    yield gauge("up", "1 if the source is healthy.", lambda source: source.health is Health.HEALTHY)
    yield gauge(
        "last_check_timestamp_seconds",
        "Time of the source's last check.",
        lambda source: source.last_look,
    )
    yield gauge(
        "last_success_timestamp_seconds",
        "Time of the source's last successful check.",
        lambda source: source.last_success,
    )
    yield gauge(
        "next_check_timestamp_seconds",
        "Time of the source's next check.",
        lambda source: source.next_look,
    )
    yield gauge(
        "consecutive_failures",
        "Failed checks of the source in a row.",
        lambda source: source.failures,
    )
    yield gauge(
        "items",
        "Items that the source listed at its last successful check.",
        lambda source: source.items if source.last_success else None,
    )


def _format_labels(**labels: str) -> str:
    pairs = [f'{name}="{_escape(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}"


def _escape(value: str) -> str:
    return value.translate(_ESCAPES)


def _format_number(value: float) -> str:
    if isinstance(value, int):
        return str(int(value))  # also for True and False
    return str(int(value)) if value.is_integer() else repr(value)

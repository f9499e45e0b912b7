"""Render metrics in the Prometheus text format 0.0.4."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from typing import Literal

from feedpub.fetch import RequestCounts
from feedpub.web.status import FeedRow, Health, Overview, SourceRow

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LiveEntries = Mapping[str, tuple[int, int | None]]
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_MUST_ESCAPE = re.compile(r'[\\\n"]')
_PART_SAMPLES = 5000  # in one part of the text, which limits the memory


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with one sample for each set of labels. Unknown values are left out.

    Attributes:
        labels: Of each sample, as they are written.
        values: Of each sample; None if it is unknown.
    """

    name: str
    help: str
    labels: Sequence[str]
    values: Sequence[float | None]
    kind: Literal["gauge", "counter"] = "gauge"

    def render(self) -> Iterator[str]:
        """Yield the metric's text in parts; nothing if it has no value."""
        head = f"# HELP {self.name} {self.help}\n# TYPE {self.name} {self.kind}\n"
        name = self.name
        for start in range(0, len(self.values), _PART_SAMPLES):
            end = start + _PART_SAMPLES
            part = zip(self.labels[start:end], self.values[start:end], strict=True)
            lines = [f"{name}{labels} {value}\n" for labels, value in part if value is not None]
            if lines:
                yield head + "".join(lines)
                head = ""


def render_metrics(overview: Overview, entries: _LiveEntries) -> Iterator[str]:
    """Yield the text in parts. The text about thousands of feeds is large.

    Args:
        overview: The health of all feeds.
        entries: The number of entries in each feed's live document, and the newest one's date in
            seconds since 1970.
    """
    rows = tuple(overview.rows.values())
    requests: RequestCounts = overview.running.requests if overview.running else {}
    yield from _render(_service_metrics(overview))
    yield from _render(_feed_metrics(rows, entries, requests))
    yield from _render(_source_metrics(rows))


def _render(metrics: Iterable[Metric]) -> Iterator[str]:
    return chain.from_iterable(metric.render() for metric in metrics)


def _service_metrics(overview: Overview) -> Iterator[Metric]:
    def metric(name: str, help_text: str, value: float) -> Metric:
        return Metric(name, help_text, [""], [_shorten(value)])

    yield Metric(
        "feedpub_build_info",
        "The version of feedpub, as a label.",
        [f'{{version="{_escape(version("feedpub"))}"}}'],
        [1],
    )
    yield Metric(
        "feedpub_feeds",
        "Number of feeds in each state.",
        [f'{{state="{health}"}}' for health in Health],
        [overview.counts.get(health, 0) for health in Health],
    )
    process = overview.running
    if process is None:
        return
    yield metric(
        "process_start_time_seconds", "When the service started.", process.started.timestamp()
    )
    yield metric(
        "feedpub_scheduler_heartbeat_timestamp_seconds",
        "Time of the scheduler's last heartbeat.",
        process.heartbeat.timestamp(),
    )
    yield metric(
        "feedpub_config_last_reload_successful",
        "1 if the current config file is in use, 0 if it has an error.",
        int(process.config_problem is None),
    )


def _feed_metrics(
    rows: Sequence[FeedRow], entries: _LiveEntries, requests: RequestCounts
) -> Iterator[Metric]:
    labels = [f'{{feed="{row.name}"}}' for row in rows]
    unknown = (0, None)

    def gauge(name: str, help_text: str, values: Sequence[float | None]) -> Metric:
        return Metric(f"feedpub_feed_{name}", help_text, labels, values)

    yield _feed_states(rows)
    yield gauge(
        "last_run_timestamp_seconds",
        "Start of the feed's last run.",
        [row.last_run for row in rows],
    )
    yield gauge(
        "last_success_timestamp_seconds",
        "Start of the feed's last successful run.",
        [row.last_success for row in rows],
    )
    yield gauge(
        "next_run_timestamp_seconds",
        "Start of the feed's next scheduled run.",
        [row.next_run for row in rows],
    )
    yield gauge(
        "last_run_duration_seconds",
        "Duration of the feed's last run.",
        [None if row.seconds is None else _shorten(row.seconds) for row in rows],
    )
    yield gauge("running", "1 while the feed is running.", [int(row.is_busy) for row in rows])
    yield gauge(
        "run_stuck",
        "1 while a run of the feed is stuck.",
        [int(row.is_stuck) for row in rows],
    )
    yield gauge(
        "entries",
        "Entries in the feed's live document.",
        [entries.get(row.name, unknown)[0] for row in rows],
    )
    yield gauge(
        "newest_entry_timestamp_seconds",
        "Publication date of the feed's newest entry.",
        [entries.get(row.name, unknown)[1] for row in rows],
    )
    yield gauge(
        "last_run_failed_articles",
        "Articles that the feed's last run could not read.",
        [row.failed for row in rows],
    )
    yield gauge(
        "unread_items",
        "Listed items that are missing in the feed or incomplete in it.",
        [row.unread for row in rows],
    )
    yield _feed_requests(requests, {row.name for row in rows})


def _feed_states(rows: Sequence[FeedRow]) -> Metric:
    states = [(state, f'",state="{state}"}}') for state in Health]
    return Metric(
        "feedpub_feed_state",
        "1 for the feed's current state, 0 for the others.",
        [f'{{feed="{row.name}{label}' for row in rows for _, label in states],
        [int(row.health is state) for row in rows for state, _ in states],
    )


def _feed_requests(requests: RequestCounts, feeds: Collection[str]) -> Metric:
    shown = [(key, count) for key, count in requests.items() if key[0] in feeds]
    return Metric(
        "feedpub_feed_requests_total",
        "HTTP requests sent for the feed, by response status; "
        "error if there was no complete response.",
        [f'{{feed="{feed}",status="{http_status}"}}' for (feed, http_status), _ in shown],
        [count for _, count in shown],
        kind="counter",
    )


def _source_metrics(rows: Iterable[FeedRow]) -> Iterator[Metric]:
    labels: list[str] = []
    sources: list[SourceRow] = []
    for row in rows:
        sources += row.sources
        for source in row.sources:
            labels.append(f'{{feed="{row.name}",source="{_escape(source.address)}"}}')  # noqa: PERF401 -- simpler

    def gauge(name: str, help_text: str, values: Sequence[float | None]) -> Metric:
        return Metric(f"feedpub_source_{name}", help_text, labels, values)

    yield gauge(
        "up",
        "1 if the source is healthy.",
        [int(source.health is Health.HEALTHY) for source in sources],
    )
    yield gauge(
        "last_check_timestamp_seconds",
        "Time of the source's last check.",
        [source.last_look for source in sources],
    )
    yield gauge(
        "last_success_timestamp_seconds",
        "Time of the source's last successful check.",
        [source.last_success for source in sources],
    )
    yield gauge(
        "next_check_timestamp_seconds",
        "Time of the source's next check.",
        [source.next_look for source in sources],
    )
    yield gauge(
        "consecutive_failures",
        "Failed checks of the source in a row.",
        [source.failures for source in sources],
    )
    yield gauge(
        "items",
        "Items that the source listed at its last successful check.",
        [source.items if source.last_success else None for source in sources],
    )


def _escape(value: str) -> str:
    """Escape the value of a label. Names, states and HTTP statuses need no escape."""
    return value.translate(_ESCAPES) if _MUST_ESCAPE.search(value) else value


def _shorten(value: float) -> float:
    """Return a whole number as an integer, which has no fraction in the text."""
    return int(value) if float(value).is_integer() else value

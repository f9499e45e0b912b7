"""Render metrics in the Prometheus text format 0.0.4."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from feedpub.web.status import FeedStatus, Health, ServiceStatus, SourceStatus

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Value = float | datetime | None
_Sample = tuple[Mapping[str, str], _Value]
"""Labels and a value."""
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with one sample for each set of labels. Unknown values are left out."""

    name: str
    help: str
    samples: Iterable[_Sample]
    kind: Literal["gauge", "counter"] = "gauge"

    def lines(self) -> Iterator[str]:
        """Yield the metric's lines; none if it has no value."""
        known = [(labels, value) for labels, value in self.samples if value is not None]
        if known:
            yield f"# HELP {self.name} {self.help}"
            yield f"# TYPE {self.name} {self.kind}"
        for labels, value in known:
            yield f"{self.name}{_format_labels(labels)} {_format_number(value)}"


def render_metrics(status: ServiceStatus) -> str:
    """Return all metrics as text."""
    lines: list[str] = []
    for metric in (*_service_metrics(status), *_feed_metrics(status), *_source_metrics(status)):
        lines += metric.lines()
    return "\n".join([*lines, ""])


def _service_metrics(status: ServiceStatus) -> Iterator[Metric]:
    process = status.running
    yield Metric(
        "feedpub_build_info",
        "The version of feedpub, as a label.",
        [({"version": version("feedpub")}, 1)],
    )
    yield Metric(
        "feedpub_feeds",
        "Number of feeds in each state.",
        [({"state": health}, status.count(health)) for health in Health],
    )
    if process is None:
        return
    yield Metric("process_start_time_seconds", "When the service started.", [({}, process.started)])
    yield Metric(
        "feedpub_scheduler_heartbeat_timestamp_seconds",
        "Time of the scheduler's last heartbeat.",
        [({}, process.heartbeat)],
    )
    yield Metric(
        "feedpub_config_last_reload_successful",
        "1 if the current config file is in use, 0 if it has an error.",
        [({}, float(process.config_problem is None))],
    )


def _feed_metrics(status: ServiceStatus) -> Iterator[Metric]:
    def gauge(name: str, help_text: str, value: Callable[[FeedStatus], _Value]) -> Metric:
        samples = [({"feed": feed.name}, value(feed)) for feed in status.feeds]
        return Metric(f"feedpub_feed_{name}", help_text, samples)

    yield _feed_states(status.feeds)
    yield gauge(
        "last_run_timestamp_seconds", "Start of the feed's last run.", lambda feed: feed.last_run
    )
    yield gauge(
        "last_success_timestamp_seconds",
        "Start of the feed's last successful run.",
        lambda feed: feed.last_success,
    )
    yield gauge(
        "next_run_timestamp_seconds",
        "Start of the feed's next scheduled run.",
        lambda feed: feed.next_run,
    )
    yield gauge(
        "last_run_duration_seconds",
        "Duration of the feed's last run.",
        lambda feed: feed.outcome.seconds if feed.outcome else None,
    )
    yield gauge(
        "running", "1 while the feed is running.", lambda feed: float(feed.busy is not None)
    )
    yield gauge(
        "run_stuck",
        "1 while a run of the feed is stuck.",
        lambda feed: float(feed.hung is not None),
    )
    yield gauge("entries", "Entries in the feed's live document.", lambda feed: feed.entries)
    yield gauge(
        "newest_entry_timestamp_seconds",
        "Publication date of the feed's newest entry.",
        lambda feed: feed.newest,
    )
    yield gauge(
        "last_run_failed_articles",
        "Articles that the feed's last run could not read.",
        lambda feed: feed.outcome.failed if feed.outcome else None,
    )
    yield gauge(
        "unread_items",
        "Listed items that are missing in the feed or incomplete in it.",
        lambda feed: len(feed.outcome.unread) if feed.outcome else None,
    )
    yield _feed_requests(status.feeds)


def _feed_states(feeds: Iterable[FeedStatus]) -> Metric:
    samples: list[_Sample] = []
    for feed in feeds:
        for health in Health:
            labels = {"feed": feed.name, "state": health.value}
            samples.append((labels, float(feed.health is health)))
    return Metric(
        "feedpub_feed_state", "1 for the feed's current state, 0 for the others.", samples
    )


def _feed_requests(feeds: Iterable[FeedStatus]) -> Metric:
    samples: list[_Sample] = []
    for feed in feeds:
        for http_status, count in feed.requests.items():
            samples.append(({"feed": feed.name, "status": http_status}, count))
    return Metric(
        "feedpub_feed_requests_total",
        "HTTP requests sent for the feed, by response status; "
        "error if there was no complete response.",
        samples,
        kind="counter",
    )


def _source_metrics(status: ServiceStatus) -> Iterator[Metric]:
    def gauge(name: str, help_text: str, value: Callable[[SourceStatus], _Value]) -> Metric:
        samples: list[_Sample] = []
        for feed in status.feeds:
            for source in feed.sources:
                labels = {"feed": feed.name, "source": source.address}
                samples.append((labels, value(source)))
        return Metric(f"feedpub_source_{name}", help_text, samples)

    yield gauge(
        "up", "1 if the source is healthy.", lambda source: float(source.health is Health.HEALTHY)
    )
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


def _format_labels(labels: Mapping[str, str]) -> str:
    pairs = [f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _format_number(value: float | datetime) -> str:
    number = value.timestamp() if isinstance(value, datetime) else float(value)
    return str(int(number)) if number.is_integer() else repr(number)

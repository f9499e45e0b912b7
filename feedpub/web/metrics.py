"""The figures for Prometheus, in its text format 0.0.4."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from feedpub.web.status import FeedStatus, Health, ServiceStatus, SourceStatus

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Value = float | datetime | None
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure, for each set of labels once; values that are not known are left out."""

    name: str
    help: str
    samples: Iterable[tuple[Mapping[str, str], _Value]]
    kind: Literal["gauge", "counter"] = "gauge"

    def lines(self) -> Iterator[str]:
        """Its lines in the format; none where it has no value."""
        told = [
            f"{self.name}{_labels(labels)} {_number(value)}"
            for labels, value in self.samples
            if value is not None
        ]
        if told:
            yield f"# HELP {self.name} {self.help}"
            yield f"# TYPE {self.name} {self.kind}"
            yield from told


def render_metrics(overview: ServiceStatus) -> str:
    """All figures."""
    metrics = (*_service(overview), *_feeds(overview), *_sources(overview))
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())


def _service(overview: ServiceStatus) -> Iterator[Metric]:
    running = overview.running
    yield Metric(
        "feedpub_build_info",
        "The version of feedpub, as a label.",
        [({"version": version("feedpub")}, 1)],
    )
    yield Metric(
        "feedpub_feeds",
        "Number of feeds in each state.",
        [({"state": health}, overview.count(health)) for health in Health],
    )
    if running is None:
        return
    yield Metric("process_start_time_seconds", "When the service started.", [({}, running.started)])
    yield Metric(
        "feedpub_scheduler_heartbeat_timestamp_seconds",
        "Time of the scheduler's last heartbeat.",
        [({}, running.heartbeat)],
    )
    yield Metric(
        "feedpub_config_last_reload_successful",
        "1 if the current config file is in use, 0 if it has an error.",
        [({}, float(running.config_problem is None))],
    )


def _feeds(overview: ServiceStatus) -> Iterator[Metric]:
    def each(name: str, explained: str, value: Callable[[FeedStatus], _Value]) -> Metric:
        return Metric(
            f"feedpub_feed_{name}",
            explained,
            [({"feed": feed.name}, value(feed)) for feed in overview.feeds],
        )

    yield Metric(
        "feedpub_feed_state",
        "1 for the feed's current state, 0 for the others.",
        [
            ({"feed": feed.name, "state": health}, float(feed.health is health))
            for feed in overview.feeds
            for health in Health
        ],
    )
    yield each(
        "last_run_timestamp_seconds", "Start of the feed's last run.", lambda feed: feed.last_run
    )
    yield each(
        "last_success_timestamp_seconds",
        "Start of the feed's last successful run.",
        lambda feed: feed.last_success,
    )
    yield each(
        "next_run_timestamp_seconds",
        "Start of the feed's next scheduled run.",
        lambda feed: feed.next_run,
    )
    yield each(
        "last_run_duration_seconds",
        "Duration of the feed's last run.",
        lambda feed: feed.outcome.seconds if feed.outcome else None,
    )
    yield each("running", "1 while the feed is running.", lambda feed: float(feed.busy is not None))
    yield each(
        "run_stuck",
        "1 while a run of the feed is stuck.",
        lambda feed: float(feed.hung is not None),
    )
    yield each("entries", "Entries in the feed's live document.", lambda feed: feed.entries)
    yield each(
        "newest_entry_timestamp_seconds",
        "Publication date of the feed's newest entry.",
        lambda feed: feed.newest,
    )
    yield each(
        "last_run_failed_articles",
        "Articles that the feed's last run could not read.",
        lambda feed: feed.outcome.failed if feed.outcome else None,
    )
    yield Metric(
        "feedpub_feed_requests_total",
        "HTTP requests sent for the feed, by response status; error if there was no complete response.",
        [
            ({"feed": feed.name, "status": status}, count)
            for feed in overview.feeds
            for status, count in feed.requests.items()
        ],
        kind="counter",
    )


def _sources(overview: ServiceStatus) -> Iterator[Metric]:
    def each(name: str, explained: str, value: Callable[[SourceStatus], _Value]) -> Metric:
        samples = [
            ({"feed": feed.name, "source": source.address}, value(source))
            for feed in overview.feeds
            for source in feed.sources
        ]
        return Metric(f"feedpub_source_{name}", explained, samples)

    yield each(
        "up", "1 if the source is healthy.", lambda source: float(source.health is Health.HEALTHY)
    )
    yield each(
        "last_check_timestamp_seconds",
        "Time of the source's last check.",
        lambda source: source.last_look,
    )
    yield each(
        "last_success_timestamp_seconds",
        "Time of the source's last successful check.",
        lambda source: source.last_success,
    )
    yield each(
        "next_check_timestamp_seconds",
        "Time of the source's next check.",
        lambda source: source.next_look,
    )
    yield each(
        "consecutive_failures",
        "Failed checks of the source in a row.",
        lambda source: source.failures,
    )
    yield each(
        "items",
        "Items that the source listed at its last successful check.",
        lambda source: source.items if source.last_success else None,
    )


def _labels(labels: Mapping[str, str]) -> str:
    told = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _number(value: float | datetime) -> str:
    number = value.timestamp() if isinstance(value, datetime) else float(value)
    return str(int(number)) if number.is_integer() else repr(number)

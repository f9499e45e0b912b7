"""The figures for Prometheus, in its text format 0.0.4."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from feedpub.overview import FeedOverview, Health, Overview, SourceOverview

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

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
        told = [f"{self.name}{_labels(labels)} {_number(value)}" for labels, value in self.samples if value is not None]
        if told:
            yield f"# HELP {self.name} {self.help}"
            yield f"# TYPE {self.name} {self.kind}"
            yield from told


def text(overview: Overview) -> str:
    """All figures."""
    metrics = (*_service(overview), *_feeds(overview), *_sources(overview))
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())


def _service(overview: Overview) -> Iterator[Metric]:
    running = overview.running
    yield Metric("feedpub_info", "The version of feedpub.", [({"version": version("feedpub")}, 1)])
    yield Metric(
        "feedpub_feeds",
        "Feeds by how they are.",
        [({"state": health}, overview.count(health)) for health in Health],
    )
    if running is None:
        return
    yield Metric("feedpub_start_timestamp_seconds", "When the service started.", [({}, running.started)])
    yield Metric(
        "feedpub_scheduler_heartbeat_timestamp_seconds",
        "When the scheduler last showed that it lives.",
        [({}, running.heartbeat)],
    )
    yield Metric(
        "feedpub_config_in_force",
        "1 where the config file as it stands is in force, 0 where something is wrong with it.",
        [({}, float(running.config_problem is None))],
    )


def _feeds(overview: Overview) -> Iterator[Metric]:
    def each(name: str, explained: str, value: Callable[[FeedOverview], _Value]) -> Metric:
        return Metric(
            f"feedpub_feed_{name}", explained, [({"feed": feed.name}, value(feed)) for feed in overview.feeds]
        )

    yield Metric(
        "feedpub_feed_state",
        "1 for the state that a feed is in, 0 for the others.",
        [
            ({"feed": feed.name, "state": health}, float(feed.health is health))
            for feed in overview.feeds
            for health in Health
        ],
    )
    yield each("last_run_timestamp_seconds", "When a feed's last run began.", lambda feed: feed.last_run)
    yield each(
        "last_success_timestamp_seconds",
        "When the last run of a feed began that published what there was.",
        lambda feed: feed.last_success,
    )
    yield each("next_run_timestamp_seconds", "When a feed runs next.", lambda feed: feed.next_run)
    yield each(
        "run_duration_seconds",
        "How long a feed's last run took.",
        lambda feed: feed.outcome.seconds if feed.outcome else None,
    )
    yield each("running", "1 while a feed is being looked at.", lambda feed: float(feed.busy is not None))
    yield each("hanging", "1 while a run of a feed is lost.", lambda feed: float(feed.hung is not None))
    yield each("entries", "How many entries are in a feed's live document.", lambda feed: feed.entries)
    yield each("newest_entry_timestamp_seconds", "When a feed's newest entry was published.", lambda feed: feed.newest)
    yield each(
        "failed_articles",
        "How many articles could not be read in a feed's last run.",
        lambda feed: feed.outcome.failed if feed.outcome else None,
    )
    yield Metric(
        "feedpub_feed_requests_total",
        "HTTP requests sent for a feed, by the status of the answer; none where no whole answer came.",
        [
            ({"feed": feed.name, "status": status}, count)
            for feed in overview.feeds
            for status, count in feed.requests.items()
        ],
        kind="counter",
    )


def _sources(overview: Overview) -> Iterator[Metric]:
    def each(name: str, explained: str, value: Callable[[SourceOverview], _Value]) -> Metric:
        samples = [
            ({"feed": feed.name, "source": source.address}, value(source))
            for feed in overview.feeds
            for source in feed.sources
        ]
        return Metric(f"feedpub_source_{name}", explained, samples)

    yield each("healthy", "1 where a source is healthy.", lambda source: float(source.health is Health.HEALTHY))
    yield each("last_look_timestamp_seconds", "When a source was last asked.", lambda source: source.last_look)
    yield each(
        "last_success_timestamp_seconds", "When a source could last be read.", lambda source: source.last_success
    )
    yield each("next_look_timestamp_seconds", "When a source is asked next.", lambda source: source.next_look)
    yield each("failures", "How often a source failed in a row.", lambda source: source.failures)
    yield each(
        "articles",
        "How many articles a source listed when it could last be read.",
        lambda source: source.items if source.last_success else None,
    )


def _labels(labels: Mapping[str, str]) -> str:
    told = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{told}}}" if told else ""


def _number(value: float | datetime) -> str:
    number = value.timestamp() if isinstance(value, datetime) else float(value)
    return str(int(number)) if number.is_integer() else repr(number)

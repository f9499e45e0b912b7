"""Render the status page: feeds and their sources as HTML without scripts or other files."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from feedpub.builder import html
from feedpub.core.languages import translations_for
from feedpub.core.models import RunResult
from feedpub.core.text import format_relative, pluralize
from feedpub.web.status import (
    SHOWN_DAYS,
    FeedQuery,
    FeedSelection,
    FeedStatus,
    Health,
    ServiceStatus,
    SourceStatus,
    describe_counts,
)

if TYPE_CHECKING:
    from jinja2 import Environment

CHART_HEIGHT = 32
BAR_STEP, BAR_WIDTH = 4, 3  # the step is from one bar to the next
_MIN_BAR_HEIGHT = 2.0  # so that a small number is visible

_PACKAGE = "feedpub.web"
_MIN_FILTERED_FEEDS = 20  # a page with fewer feeds is searched by eye
_MAX_PROBLEMS = 10  # of each feed
_COUNTS = ("new", "updated", "kept", "skipped", "failed")
_MARKS = {Health.BROKEN: "×", Health.LATE: "!", Health.PARTIAL: "◐", Health.HEALTHY: "✓"}


def render_status_page(status: ServiceStatus, selection: FeedSelection, *, can_run: bool) -> str:
    """Return the status page.

    Args:
        status: The status of the service and of the selected feeds.
        selection: The feeds to show, in order, and the number of all feeds.
        can_run: A token is configured, so that a user who has it can run feeds from the page.
    """
    by_health: dict[Health, list[FeedStatus]] = {}
    for health in Health:
        feeds = [feed for feed in status.feeds if feed.health is health]
        if feeds:
            by_health[health] = feeds
    stylesheet = html.load_stylesheet(_PACKAGE, "status.css")
    template = _environment().get_template("status.html")
    total = sum(selection.counts.values())
    return template.render(
        now=status.now,
        process=status.running,
        by_health=by_health,
        selection=selection,
        query=selection.query,
        total=total,
        has_filters=total > _MIN_FILTERED_FEEDS or selection.query != FeedQuery(),
        can_run=can_run,
        words=translations_for("en"),
        policy=html.content_security_policy(stylesheet, forms=True),
    )


@cache
def _environment() -> "Environment":
    environment = html.jinja_environment(_PACKAGE, ["status.css"])
    environment.globals.update(
        format_relative=format_relative,
        pluralize=pluralize,
        chart_bars=chart_bars,
        mark=_MARKS.get,
        result_counts=_result_counts,
        describe_chart=_describe_chart,
        article_failures=_article_failures,
        sorted_by_health=_sorted_by_health,
        describe_counts=describe_counts,
        healths=tuple(Health),
        status_url=_status_url,
    )
    environment.filters.update(moment=_format_time, day=_format_day)
    return environment


def _status_url(query: FeedQuery, **changes: object) -> str:
    """Return the relative URL of a query with some changes. Without a page it is the first one."""
    query = replace(query, **{"page": 1, **changes})  # type: ignore[arg-type]
    values = {"state": query.state or "", "q": query.text}
    if query.page > 1:
        values["page"] = str(query.page)
    parameters = urlencode({name: value for name, value in values.items() if value})
    return f"status?{parameters}" if parameters else "status"


def chart_bars(counts: Sequence[int]) -> tuple[int, int, str]:
    """Return width, height and SVG path of a bar chart. The highest bar has the full height."""
    highest = max(counts, default=0)
    bars = []
    for place, count in enumerate(counts):
        if count:
            height = max(count / highest * CHART_HEIGHT, _MIN_BAR_HEIGHT)
            left = place * BAR_STEP
            bars.append(f"M{left} {CHART_HEIGHT}v-{height:.4g}h{BAR_WIDTH}V{CHART_HEIGHT}z")
    width = len(counts) * BAR_STEP - (BAR_STEP - BAR_WIDTH)
    return width, CHART_HEIGHT, "".join(bars)


def _format_time(moment: datetime) -> str:
    return f"{moment:%-d %B %Y, %H:%M} {moment.tzname()}"


def _format_day(moment: datetime) -> str:
    return f"{moment:%-d %B}"


def _result_counts(result: RunResult) -> list[str]:
    """Return a run's article counts: "3 new", "47 kept"."""
    return [f"{getattr(result, name)} {name}" for name in _COUNTS if getattr(result, name)]


def _describe_chart(feed: FeedStatus, now: datetime) -> str:
    """Describe the chart in words, for screen readers."""
    first, last = _format_day(now - timedelta(days=SHOWN_DAYS - 1)), _format_day(now)
    return (
        f"Entries published per day, {first} to {last}: {sum(feed.days)} in total, "
        f"at most {max(feed.days)} a day"
    )


def _sorted_by_health(sources: Sequence[SourceStatus]) -> list[SourceStatus]:
    """Sort sources, the worst first."""
    order = tuple(Health)
    return sorted(sources, key=lambda source: order.index(source.health))


def _article_failures(result: RunResult | None) -> list[str]:
    """Return the last run's failures of single articles, one line each."""
    if result is None:
        return []
    failures = [failure for failure in result.problems if not failure.fatal]
    failures.sort(key=lambda failure: not failure.unread)
    lines = [f"{failure.where}: {failure.reason}" for failure in failures[:_MAX_PROBLEMS]]
    if len(failures) > _MAX_PROBLEMS:
        lines.append(f"and {len(failures) - _MAX_PROBLEMS} more")
    return lines

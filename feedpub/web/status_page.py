"""A small chart of bars, drawn as one path."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import islice

from jinja2 import Environment

from feedpub.builder import html
from feedpub.core.humanize import format_relative
from feedpub.core.i18n import translations_for
from feedpub.core.models import RunResult
from feedpub.core.text import pluralize
from feedpub.web.status import SHOWN_DAYS, FeedStatus, Health, ServiceStatus, SourceStatus

CHART_HEIGHT = 32
STEP, BAR = 4, 3  # from bar to bar, and the width of one
_LEAST = 2.0  # of a bar that is not nothing


def chart_bars(counts: Sequence[int]) -> tuple[int, int, str]:
    """The width and height of the chart, and its path.

    One bar a number, the highest as high as the chart.
    """
    highest = max(counts, default=0)
    path = "".join(
        _bar(place * STEP, count / highest) for place, count in enumerate(counts) if count
    )
    return len(counts) * STEP - (STEP - BAR), CHART_HEIGHT, path


def _bar(left: int, share: float) -> str:
    height = max(share * CHART_HEIGHT, _LEAST)
    return f"M{left} {CHART_HEIGHT}v-{height:.4g}h{BAR}V{CHART_HEIGHT}z"


# SECTION: The status page: every feed and source at a glance. HTML without scripts, whole in
# itself.

_PACKAGE = "feedpub.web"
_PROBLEMS_SHOWN = 10  # of each feed
_COUNTS = ("new", "updated", "kept", "skipped", "failed")
_MARKS = {Health.BROKEN: "×", Health.LATE: "!", Health.HEALTHY: "✓"}


def render_status_page(overview: ServiceStatus, *, token_needed: bool) -> str:
    """The page.

    Args:
        overview: how everything is.
        token_needed: a token is set, so that whoever knows it can have a feed looked at now.
    """
    by_health = {
        health: [feed for feed in overview.feeds if feed.health is health] for health in Health
    }
    return (
        _environment()
        .get_template("status.html")
        .render(
            overview=overview,
            now=overview.now,
            running=overview.running,
            by_health={health: feeds for health, feeds in by_health.items() if feeds},
            token_needed=token_needed,
            words=translations_for("en"),
            policy=_policy(),
        )
    )


@cache
def _environment() -> Environment:
    environment = html.jinja_environment(_PACKAGE, ["status.css"])
    environment.globals.update(
        relative=format_relative,
        counted=pluralize,
        bars=chart_bars,
        mark=_MARKS.get,
        counts=_counts,
        days_told=_days_told,
        problems=_problems,
        worst_first=_worst_first,
    )
    environment.filters.update(moment=_moment, day=_day)
    return environment


@cache
def _policy() -> str:
    return html.content_security_policy(html.load_stylesheet(_PACKAGE, "status.css"), forms=True)


def _moment(moment: datetime) -> str:
    """A moment for people, to the minute."""
    return f"{moment:%-d %B %Y, %H:%M} {moment.tzname()}"


def _day(moment: datetime) -> str:
    return f"{moment:%-d %B}"


def _counts(outcome: RunResult) -> list[str]:
    """What became of the articles of a run: "3 new", "47 kept"."""
    return [f"{getattr(outcome, name)} {name}" for name in _COUNTS if getattr(outcome, name)]


def _days_told(feed: FeedStatus, now: datetime) -> str:
    """What the chart shows, in words."""
    first, last = _day(now - timedelta(days=SHOWN_DAYS - 1)), _day(now)
    return f"Entries published a day, {first} to {last}: {sum(feed.days)} in all, at most {max(feed.days)} a day"


def _worst_first(sources: Sequence[SourceStatus]) -> list[SourceStatus]:
    order = tuple(Health)
    return sorted(sources, key=lambda source: order.index(source.health))


def _problems(outcome: RunResult | None) -> list[str]:
    """What went wrong with single articles in the last run, a line each."""
    if outcome is None:
        return []
    single = [
        f"{problem.where}: {problem.reason}" for problem in outcome.problems if not problem.fatal
    ]
    more = len(single) - _PROBLEMS_SHOWN
    return [*islice(single, _PROBLEMS_SHOWN), *([f"and {more} more"] if more > 0 else [])]

"""The status page: every feed and source at a glance. HTML without scripts, whole in itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import islice

from jinja2 import Environment

from feedpub.builder import look
from feedpub.builder.words import words_for
from feedpub.counting import counted
from feedpub.model import Outcome
from feedpub.overview import DAYS, FeedOverview, Health, Overview, SourceOverview, relative
from feedpub.web.chart import bars

_PACKAGE = "feedpub.web"
_PROBLEMS_SHOWN = 10  # of each feed
_COUNTS = ("new", "updated", "kept", "skipped", "failed")
_MARKS = {Health.BROKEN: "×", Health.LATE: "!", Health.HEALTHY: "✓"}


def page(overview: Overview, *, token_needed: bool) -> str:
    """The page.

    Args:
        overview: how everything is.
        token_needed: a token is set, so that whoever knows it can have a feed looked at now.
    """
    by_health = {health: [feed for feed in overview.feeds if feed.health is health] for health in Health}
    return (
        _environment()
        .get_template("status.html")
        .render(
            overview=overview,
            now=overview.now,
            running=overview.running,
            by_health={health: feeds for health, feeds in by_health.items() if feeds},
            token_needed=token_needed,
            words=words_for("en"),
            policy=_policy(),
        )
    )


@cache
def _environment() -> Environment:
    environment = look.environment(_PACKAGE, ["status.css"])
    environment.globals.update(
        relative=relative,
        counted=counted,
        bars=bars,
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
    return look.policy(look.style(_PACKAGE, "status.css"), forms=True)


def _moment(moment: datetime) -> str:
    """A moment for people, to the minute."""
    return f"{moment:%-d %B %Y, %H:%M} {moment.tzname()}"


def _day(moment: datetime) -> str:
    return f"{moment:%-d %B}"


def _counts(outcome: Outcome) -> list[str]:
    """What became of the articles of a run: "3 new", "47 kept"."""
    return [f"{getattr(outcome, name)} {name}" for name in _COUNTS if getattr(outcome, name)]


def _days_told(feed: FeedOverview, now: datetime) -> str:
    """What the chart shows, in words."""
    first, last = _day(now - timedelta(days=DAYS - 1)), _day(now)
    return f"Entries published a day, {first} to {last}: {sum(feed.days)} in all, at most {max(feed.days)} a day"


def _worst_first(sources: Sequence[SourceOverview]) -> list[SourceOverview]:
    order = tuple(Health)
    return sorted(sources, key=lambda source: order.index(source.health))


def _problems(outcome: Outcome | None) -> list[str]:
    """What went wrong with single articles in the last run, a line each."""
    if outcome is None:
        return []
    single = [f"{problem.where}: {problem.reason}" for problem in outcome.problems if not problem.fatal]
    more = len(single) - _PROBLEMS_SHOWN
    return [*islice(single, _PROBLEMS_SHOWN), *([f"and {more} more"] if more > 0 else [])]

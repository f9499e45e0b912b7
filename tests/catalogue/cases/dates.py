"""Missing and impossible dates of a feed's entries.

The new story is published with a plausible date.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from tests.catalogue.case import Case
from tests.catalogue.cases.rights import first_seen, has_date
from tests.catalogue.press import NEW, OLD, moment, rss, rss_item, story
from tests.catalogue.stage import FEED, Stage
from tests.support.newsroom import path
from tests.support.site import Route


def _feed(date: str, stage: Stage) -> None:
    """Serve a feed with this date for the new story, whose page has none."""
    items = [rss_item(stage.site, NEW, date=date), *(rss_item(stage.site, n) for n in OLD)]
    stage.site["/rss"] = Route(rss(items).encode(), "application/rss+xml")
    stage.site[path(NEW)] = story(NEW, date="")


def _day(n: int = NEW) -> str:
    return f"{moment(n):%d %b %Y}"


def _near(date: datetime) -> bool:
    """Check that a date is the intended day, within a time zone's difference."""
    return abs(date - moment(NEW)) < timedelta(days=1, hours=1)


_TOMORROW = (datetime.now(UTC) + timedelta(days=400)).strftime("%d %b %Y %H:%M:%S +0000")
_TEXTS = {
    "none": "",
    "feb-31": f"31 Feb {moment(NEW):%Y} 08:00:00 +0000",
    "year-9999": "01 Jan 9999 08:00:00 +0000",
    "offset-9999": f"{_day()} 08:00:00 +9999",
    "digits-5000": "9" * 5000,
    "future": _TOMORROW,
    # --- further cases ---
    "year-0": "01 Jan 0000 08:00:00 +0000",
    "year-1": "0001-01-01T00:00:00Z",
    "epoch": "Thu, 01 Jan 1970 00:00:00 GMT",
    "minus-one": "-1",
    "words": "last Tuesday, shortly after tea",
    "markup": "&lt;b&gt;today&lt;/b&gt;",
    "month-13": f"{moment(NEW):%Y}-13-01T08:00:00Z",
    "second-60": f"{moment(NEW):%Y-%m-%d}T23:59:60Z",
    "hour-25": f"{moment(NEW):%Y-%m}-01T25:61:61Z",
}
_MEANT = {
    "naive": f"{moment(NEW):%Y-%m-%dT%H:%M:%S}",
    "zone-unknown": f"{_day()} 08:00:00 XYZT",
    "other-language": f"{moment(NEW):%d}. {moment(NEW):%m}. {moment(NEW):%Y} 08:00",
}

CASES = (
    *(
        Case(name, partial(_feed, text), right=has_date(like=first_seen), start=FEED)
        for name, text in _TEXTS.items()
    ),
    *(
        Case(name, partial(_feed, text), right=has_date(like=_near), start=FEED)
        for name, text in _MEANT.items()
    ),
)

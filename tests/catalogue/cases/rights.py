"""Checks of the published files.

Each raises AssertionError if its condition does not hold.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from feedpub.core.field_limits import MAX_TITLE_CHARS
from tests.catalogue.press import NOW, OLD
from tests.catalogue.stage import Stage
from tests.support.newsroom import title

Right = Callable[[Stage], None]

_ACTIVE = re.compile(
    r"<(?:script|iframe|object|embed|style|form|input|svg|math|base|meta|link|frame|template"
    r"|noscript)\b|<[^>]+\son\w+\s*="
    r"|(?:href|src|action|srcset|poster)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text)",
    re.IGNORECASE,
)


def has_news(stage: Stage) -> None:
    """Publish the new story in full, and change no other entry."""
    keeps_the_old(stage)
    new = stage.new()
    assert new["title"] == title(max(NOW))
    assert "The harbour master hopes" in new["content_html"], new


def has_news_among_others(stage: Stage) -> None:
    """Publish the new story in full, next to others of which only the headline can be read."""
    keeps_the_old(stage)
    (new,) = (item for item in stage.items() if item["title"] == title(max(NOW)))
    assert "The harbour master hopes" in new["content_html"], new


def has_headline(stage: Stage) -> None:
    """Publish the new story as far as the listing has it, and change no other entry."""
    keeps_the_old(stage)
    new = stage.new()
    assert new["title"] == title(max(NOW))
    assert "The harbour master hopes" not in new.get("content_html", ""), new


def keeps_the_old(stage: Stage) -> None:
    """Keep all earlier entries once each, with their ids and texts."""
    known = {item["id"]: item for item in json.loads(stage.marks["before"]["world.json"])["items"]}
    now = [item for item in stage.items() if item["id"] in known]
    assert {item["id"] for item in now} == set(known), "entries are missing"
    changed = [item["title"] for item in now if item != known[item["id"]]]
    assert not changed, f"entries changed: {changed}"
    assert len({item["url"] for item in stage.items()}) == len(stage.items()), (
        "an article is published twice"
    )


def short(stage: Stage) -> None:
    """Publish the new story with a title of one or two lines."""
    keeps_the_old(stage)
    new = stage.new()
    assert new["title"].startswith(title(max(NOW))[:40]), new["title"][:100]
    assert len(new["title"]) <= MAX_TITLE_CHARS, len(new["title"])
    assert "The harbour master hopes" in new["content_html"], new


def contains(*texts: str, without: str = "") -> Right:
    """Return a check that the new story contains these texts and no match of a pattern."""

    def right(stage: Stage) -> None:
        """Publish the new story with the text that its page shows."""
        keeps_the_old(stage)
        new = stage.new()
        shown = f"{new['title']}\n{new['content_html']}"
        for text in texts:
            assert text in shown, f"{text!r} is not in {shown[:1500]!r}"
        if without:
            found = re.search(without, shown)
            assert not found, f"{found and found[0]!r} is in {shown[:1500]!r}"

    return right


def harmless(stage: Stage) -> None:
    """Publish the new story without active content in any document."""
    keeps_the_old(stage)
    for name in ("world.rss", "world.atom", "world.json"):
        assert "alert(" not in _attributes((stage.home.feeds / name).read_text("utf-8")), name
    new = stage.new()
    found = _ACTIVE.search(new["content_html"])
    assert not found, f"{found and found[0]!r} is in {new['content_html']!r}"
    assert "The harbour master hopes" in new["content_html"], new["content_html"]


def _attributes(document: str) -> str:
    """Return all tags of a document, including those of its HTML, without the text between them."""
    plain = document.replace("&lt;", "<").replace("&gt;", ">").replace("\\u003c", "<")
    return "".join(re.findall(r"<[a-zA-Z][^<>]*>", plain))


def has_date(*, like: Callable[[datetime], bool] = lambda _: True) -> Right:
    """Return a check that the new story's date is plausible and satisfies a predicate."""

    def right(stage: Stage) -> None:
        """Publish the new story with a plausible date."""
        has_news(stage)
        date = datetime.fromisoformat(stage.new()["date_published"])
        assert date.tzinfo, f"{date} has no time zone"
        assert (
            datetime(1990, 1, 1, tzinfo=UTC) < date <= datetime.now(UTC) + timedelta(minutes=1)
        ), date
        assert like(date), date

    return right


def first_seen(date: datetime) -> bool:
    """Check that a date is the time of the run."""
    return abs(datetime.now(UTC) - date) < timedelta(minutes=5)


def same_entries(stage: Stage) -> None:
    """Keep all entries once each, and add none."""
    keeps_the_old(stage)
    assert len(stage.items()) == len(OLD), [item["url"] for item in stage.items()]

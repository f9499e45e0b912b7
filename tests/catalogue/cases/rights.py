"""What may be right about what is published.

Each looks at it, and raises AssertionError where it is not so.
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
    r"<(?:script|iframe|object|embed|style|form|input|svg|math|base|meta|link|frame|template|noscript)\b"
    r"|<[^>]+\son\w+\s*=|(?:href|src|action|srcset|poster)\s*=\s*[\"']?\s*(?:javascript|vbscript|data:text)",
    re.IGNORECASE,
)


def has_news(stage: Stage) -> None:
    """The new story is published, whole; of the others nothing changed."""
    keeps_the_old(stage)
    new = stage.new()
    assert new["title"] == title(max(NOW))
    assert "The harbour master hopes" in new["content_html"], new


def keeps_the_old(stage: Stage) -> None:
    """The entries from before are there, with their ids and texts, once each."""
    known = {item["id"]: item for item in json.loads(stage.marks["before"]["world.json"])["items"]}
    now = [item for item in stage.items() if item["id"] in known]
    assert {item["id"] for item in now} == set(known), "entries are lost"
    changed = [item["title"] for item in now if item != known[item["id"]]]
    assert not changed, f"{changed} changed"
    assert len({item["url"] for item in stage.items()}) == len(stage.items()), (
        "an article is there twice"
    )


def short(stage: Stage) -> None:
    """The new story is published, with a title of a line or two."""
    keeps_the_old(stage)
    new = stage.new()
    assert new["title"].startswith(title(max(NOW))[:40]), new["title"][:100]
    assert len(new["title"]) <= MAX_TITLE_CHARS, len(new["title"])
    assert "The harbour master hopes" in new["content_html"], new


def says(*texts: str, without: str = "") -> Right:
    """The new story holds these texts, and nothing of what a pattern stands for."""

    def right(stage: Stage) -> None:
        """The new story is published, with what people read on its page."""
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
    """The new story is published, and nothing in any document could do anything in a reader's browser."""
    keeps_the_old(stage)
    for name in ("world.rss", "world.atom", "world.json"):
        assert "alert(" not in _attributes((stage.home.feeds / name).read_text("utf-8")), name
    new = stage.new()
    found = _ACTIVE.search(new["content_html"])
    assert not found, f"{found and found[0]!r} is in {new['content_html']!r}"
    assert "The harbour master hopes" in new["content_html"], new["content_html"]


def _attributes(document: str) -> str:
    """All tags of a document, those of the HTML in it too, without the text between them."""
    plain = document.replace("&lt;", "<").replace("&gt;", ">").replace("\\u003c", "<")
    return "".join(re.findall(r"<[a-zA-Z][^<>]*>", plain))


def dated(*, like: Callable[[datetime], bool] = lambda _: True) -> Right:
    """The new story has a date: not later than now, not before the web, and such as is wanted."""

    def right(stage: Stage) -> None:
        """The new story is published, with a date that can be."""
        has_news(stage)
        date = datetime.fromisoformat(stage.new()["date_published"])
        assert date.tzinfo, f"{date} has no zone"
        assert (
            datetime(1990, 1, 1, tzinfo=UTC) < date <= datetime.now(UTC) + timedelta(minutes=1)
        ), date
        assert like(date), date

    return right


def first_seen(date: datetime) -> bool:
    """It is the moment of the look."""
    return abs(datetime.now(UTC) - date) < timedelta(minutes=5)


def same_entries(stage: Stage) -> None:
    """No entry is there twice, none is lost, none is new."""
    keeps_the_old(stage)
    assert len(stage.items()) == len(OLD), [item["url"] for item in stage.items()]

"""The status page: content, safety and accessibility."""

import re
from itertools import pairwise, product

import pytest
from lxml import html

from feedpub.core.models import Failure, RunResult, RunStatus
from feedpub.web.status import FeedQuery, Health, ServiceStatus, overview
from tests.support.overviews import (
    ALL_FEEDS,
    DAYS,
    HOUR,
    NOW,
    failing_source,
    feed_status,
    process_status,
    removal_stat,
    render_status_page,
    service_in_every_state,
    service_status,
    source_status,
)


def page(
    seen: ServiceStatus, query: FeedQuery = ALL_FEEDS, *, can_run: bool = False
) -> html.HtmlElement:
    return html.document_fromstring(render_status_page(seen, query, can_run=can_run))


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_page_starts_with_the_summary() -> None:
    seen = page(service_in_every_state())
    assert text(seen.find(".//p[@class='lead']")) == "12 feeds: 6 healthy, 2 late, 4 broken"
    assert seen.findtext(".//title") == "12 feeds: 6 healthy, 2 late, 4 broken · Status"


def test_feeds_are_grouped_by_health_with_broken_first() -> None:
    seen = page(service_in_every_state())
    assert [text(heading) for heading in seen.iter("h2")][1:] == [
        "Broken (4)",
        "Late (2)",
        "Healthy (6)",
    ]
    states = [text(badge).split()[-1] for badge in seen.cssselect("h3 .badge")]
    assert states == ["broken"] * 4 + ["late"] * 2 + ["healthy"] * 6


def test_each_feed_has_an_anchor_with_its_facts() -> None:
    seen = page(service_in_every_state())
    assert len(seen.cssselect("article")) == 12
    links = [a.get("href") for a in seen.get_element_by_id("world").iter("a")]
    assert links == ["world.html", "world.html", "world.rss", "world.atom", "world.json"]
    assert not seen.get_element_by_id("new").cssselect("a[href]")


def test_source_shows_its_last_and_next_check_with_reason() -> None:
    (item,) = page(service_status(feed_status())).cssselect(".sources li")
    assert text(item) == (
        "✓ healthy https://news.example.org/feed feed last check 6 minutes ago 20 articles "
        "publishes about 9 a day, mostly 7–18 h UTC; next check in 24 minutes"
    )
    look = item.findall(".//time")[0]
    assert (look.get("datetime"), look.get("title")) == (
        "2026-11-25T09:54:00+00:00",
        "25 November 2026, 09:54 UTC",
    )


def test_broken_source_shows_its_failure() -> None:
    seen = page(
        service_status(
            feed_status(
                health=Health.BROKEN, sources=(source_status(), failing_source(why="every 5m"))
            )
        )
    )
    assert [item.get("class") for item in seen.cssselect(".sources li")] == ["broken", "healthy"]
    source_text = text(seen.cssselect(".sources li")[0])
    assert "HTTP 404: the page is gone" in source_text
    assert "failing since 3 hours ago, 4 times in a row" in source_text
    assert "last read 2 days ago, 20 articles" in source_text


def test_late_and_stuck_feeds_show_their_reason() -> None:
    seen = page(service_in_every_state())
    assert "its run was due 3 hours ago" in text(seen.get_element_by_id("late"))
    assert "Next run was due 3 hours ago" in text(seen.get_element_by_id("late"))
    assert "a stuck run was cancelled 20 minutes ago" in text(seen.get_element_by_id("hung"))
    assert "running, started 2 minutes ago" in text(seen.get_element_by_id("busy"))


def test_failed_articles_are_listed_up_to_a_limit() -> None:
    (details,) = page(service_in_every_state()).get_element_by_id("unread").cssselect("details")
    items = [text(item) for item in details.iter("li")]
    assert items[0].endswith("HTTP 500: the server has an error")
    assert (len(items), items[-1]) == (11, "and 10 more")


def test_unread_items_of_a_partial_feed_are_shown_first() -> None:
    unread = Failure("https://x.org/a", "HTTP 403: access is forbidden", unread=True)
    other = Failure("https://x.org/b", "the recheck failed")
    outcome = RunResult("world", RunStatus.PARTIAL, problems=(other, unread))
    reasons = ("1 listed item is unread or incomplete",)
    feed = feed_status(health=Health.PARTIAL, outcome=outcome, reasons=reasons)
    seen = page(service_status(feed)).get_element_by_id("world")
    assert text(seen.find(".//h3")).endswith("◐ partial")
    assert reasons[0] in text(seen)
    (details,) = seen.cssselect("details")
    assert details.get("open") is not None
    assert [text(item) for item in details.iter("li")] == [
        "https://x.org/a: HTTP 403: access is forbidden",
        "https://x.org/b: the recheck failed",
    ]


def test_recent_removals_are_listed_with_reason_and_count() -> None:
    (details,) = page(service_status(feed_status(removals=(removal_stat(),)))).cssselect(
        "article details"
    )
    assert text(details.find(".//li")) == (
        "new since 24 November: Subscribe to our newsletter – "
        "looks like boilerplate (class newsletter); 14 times, last 1 hour ago"
    )


def test_chart_has_a_text_alternative() -> None:
    (chart,) = page(service_status(feed_status())).cssselect("svg")
    assert chart.get("role") == "img"
    assert chart.get("aria-labelledby") == chart.find("title").get("id")
    title = "Entries published per day, 27 October to 25 November: 191 in total, at most 14 a day"
    assert chart.findtext("title") == title
    assert chart.find("path").get("d").count("M") == sum(map(bool, DAYS))


def test_config_error_is_shown_first() -> None:
    seen = page(
        service_status(feed_status(), running=process_status(config_problem="feedpub.toml:3: no"))
    )
    assert next(text(heading) for heading in seen.iter("h2")) == "The changed config is not in use"
    assert text(seen.find(".//pre")) == "feedpub.toml:3: no"


@pytest.mark.parametrize(
    ("status", "state_text"),
    [
        (service_status(feed_status()), "service started 12 days ago scheduler alive"),
        (
            service_status(feed_status(), running=process_status(heartbeat=NOW - HOUR)),
            "scheduler not responding since 1 hour ago",
        ),
        (service_status(feed_status(), running=None), "this process runs no feeds"),
        (service_status(), "The config has no feed yet."),
    ],
)
def test_header_shows_the_state_of_the_service(status: ServiceStatus, state_text: str) -> None:
    assert state_text in text(page(status).find("body"))


def test_run_now_form_asks_for_the_token() -> None:
    seen = page(service_in_every_state(), can_run=True)
    forms = seen.cssselect("form")
    assert {(form.get("method"), form.get("action")) for form in forms} == {("post", "run")}
    assert [form.fields["feed"] for form in forms] == [
        a.get("id") for a in seen.cssselect("article")
    ]
    assert all(form.inputs["token"].type == "password" for form in forms)
    assert len({button.get("aria-label") for button in seen.iter("button")}) == 12


def test_page_without_token_explains_how_to_set_one() -> None:
    seen = page(service_in_every_state())
    assert not seen.cssselect("form")
    assert "set admin_token under [http] in the config" in text(seen.find(".//p[@class='hint']"))


def test_hostile_texts_are_escaped() -> None:
    evil = '"><script>alert(1)</script>'
    hostile = feed_status(
        title=evil,
        health=Health.BROKEN,
        reasons=(evil,),
        sources=(failing_source(evil, reason=evil, why=evil),),
        removals=(removal_stat(evil, reason=evil),),
    )
    written = render_status_page(
        service_status(hostile, running=process_status(config_problem=evil)), can_run=True
    )
    assert "<script" not in written
    assert not re.search(r'\sstyle="|\son\w+=', written)
    seen = html.document_fromstring(written)
    addresses = [element.get(name, "") for element in seen.iter() for name in ("src", "href")]
    assert [
        address for address in addresses if "//" in address and not address.startswith("data:")
    ] == []
    policy = seen.cssselect("meta[http-equiv]")[0].get("content", "")
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy


def test_ids_are_unique_and_all_label_references_resolve() -> None:
    seen = page(
        service_status(*(feed_status(name) for name in ("feeds", "config", "healthy", "world"))),
        can_run=True,
    )
    ids = [element.get("id") for element in seen.cssselect("[id]")]
    assert len(ids) == len(set(ids))
    assert {
        element.get("aria-labelledby") for element in seen.cssselect("[aria-labelledby]")
    } <= set(ids)
    assert seen.cssselect("a.skip")[0].get("href") == "#" + seen.cssselect("main")[0].get("id")


def test_all_controls_are_reachable_by_keyboard() -> None:
    seen = page(service_in_every_state(), can_run=True)
    reached = [
        e.tag
        for e in seen.cssselect("a[href], summary, input:not([type=hidden]), button, pre[tabindex]")
    ]
    assert set(reached) == {"a", "summary", "input", "button", "pre"}
    assert seen.cssselect("a[href]")[0].get("class") == "skip"
    assert {e.get("tabindex") for e in seen.cssselect("[tabindex]")} == {"0", "-1"}


def test_heading_levels_are_not_skipped() -> None:
    levels = [
        int(heading.tag[1])
        for heading in page(service_in_every_state()).cssselect("h1, h2, h3, h4")
    ]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def colours(scheme: str) -> dict[str, str]:
    """Return the named colours of a scheme in the page's stylesheet."""
    style = (
        render_status_page(service_status(), can_run=False).split("<style>")[1].split("</style>")[0]
    )
    named: dict[str, str] = {}
    for place, rules in re.findall(r"(@media [^{]*\{\s*)?:root \{(.*?)\}", style, re.DOTALL):
        if not place or (scheme in place and "print" not in place):
            named |= dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", rules))
    return named


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_enough_contrast(scheme: str) -> None:
    named = colours(scheme)
    pairs = [
        *product(("ink", "soft", "accent", "good", "warn", "bad"), ("paper", "card")),
        ("paper", "accent"),
    ]
    for front, back in pairs:
        dark, light = sorted((luminance(named[front]), luminance(named[back])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)


# --- many feeds ---


def many_feeds(number: int = 30) -> ServiceStatus:
    feeds = [feed_status(f"feed-{n:02}") for n in range(number - 2)]
    late = feed_status("late", health=Health.LATE, reasons=("its run was due 3 hours ago",))
    return service_status(*feeds, late, feed_status("gone", health=Health.BROKEN))


def links(seen: html.HtmlElement, nav: str) -> dict[str, str]:
    """Return text → address of the links in a navigation."""
    return {text(a): a.get("href") for a in seen.cssselect(f"nav.{nav} a")}


def test_states_are_counted_and_link_to_their_feeds() -> None:
    seen = page(many_feeds(), FeedQuery(text="a&b"))
    assert links(seen, "filters") == {
        "all 30": "status?q=a%26b",
        "× broken 1": "status?state=broken&q=a%26b",
        "! late 1": "status?state=late&q=a%26b",
        "✓ healthy 28": "status?state=healthy&q=a%26b",
    }
    assert text(seen.find(".//main")) == "No feed matches. Show all feeds"


def test_search_keeps_the_state_and_shows_the_text() -> None:
    seen = page(many_feeds(), FeedQuery(Health.HEALTHY, 'feed-0"'))
    (form,) = seen.cssselect("form[role=search]")
    assert (form.get("action"), form.get("method")) == ("status", None)
    assert dict(form.fields) == {"state": "healthy", "q": 'feed-0"'}
    assert [text(a) for a in seen.cssselect("nav.filters [aria-current]")] == ["✓ healthy 28"]


def test_few_feeds_have_neither_filters_nor_pages() -> None:
    seen = page(service_in_every_state())
    assert not seen.cssselect("form, nav.filters, nav.pages")
    assert page(service_in_every_state(), FeedQuery(text="late")).cssselect("form[role=search]")


def test_pages_link_to_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "PAGE_FEEDS", 10)
    first, second, last = (page(many_feeds(), FeedQuery(page=n)) for n in (1, 2, 3))
    assert [len(seen.cssselect("article")) for seen in (first, second, last)] == [10, 10, 10]
    assert links(first, "pages") == {"Next →": "status?page=2"}
    assert links(second, "pages") == {"← Previous": "status", "Next →": "status?page=3"}
    assert links(last, "pages") == {"← Previous": "status?page=2"}
    assert text(second.cssselect("nav.pages span")[0]) == "page 2 of 3"
    assert text(second.cssselect("main .hint")[0]) == "Feeds 11 to 20 of 30, the worst first."
    assert [text(heading) for heading in first.iter("h2")] == [
        "Broken (1)",
        "Late (1)",
        "Healthy (28)",
    ]
    (refresh,) = [a for a in second.iter("a") if text(a) == "refresh"]
    assert refresh.get("href") == "status?page=2"

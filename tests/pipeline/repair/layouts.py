"""One listing page before and after various redesigns. Each page is written by a function."""

import json
from collections.abc import Callable, Sequence

ADDRESS = "https://harbour.example/news"
STORIES = range(12, 0, -1)  # newest first
NEWER = range(16, 12, -1)
OLD_LINKS = ".card h2 a"  # in the config


def path(n: int) -> str:
    return f"/news/council-decides-on-matter-{n}"


def title(n: int) -> str:
    return f"Council decides on matter {n} of the harbour"


def day(n: int) -> str:
    return f"2026-11-{n:02d}T08:00:00Z"


def page(body: str, head: str = "", name: str = "Harbour Times") -> str:
    """Return a page with a menu, a box of popular articles and a footer around the list."""
    menu = "".join(
        f'<li><a href="/{each}">{each.title()}</a></li>'
        for each in ("town", "sport", "about", "contact")
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{name}</title>{head}</head><body>'
        f"<nav><ul>{menu}</ul></nav>{body}<footer><p><a href='/imprint'>Imprint of the "
        f"Harbour Times</a></p></footer>"
        "</body></html>"
    )


def most_read(numbers: Sequence[int]) -> str:
    links = "".join(f'<li><a href="{path(n)}">{title(n)}</a></li>' for n in numbers)
    return f'<aside class="sidebar"><h3>Most read</h3><ol>{links}</ol></aside>'


def card(n: int, kind: str = "card", heading: str = '<h2 class="title">{}</h2>') -> str:
    link = f'<a href="{path(n)}">{title(n)}</a>'
    return (
        f'<div class="{kind}">{heading.format(link)}<time datetime="{day(n)}">{n} November</time>'
        f"<p>Matter {n} was decided after a long debate in the hall.</p></div>"
    )


def old() -> str:
    cards = "".join(map(card, STORIES))
    return page(f'<main><div class="stories">{cards}</div>{most_read([9, 5, 3, 1])}</main>')


def other_names() -> str:
    cards = "".join(card(n, "story-item", '<h2 class="headline">{}</h2>') for n in STORIES)
    return page(f'<main><div class="river">{cards}</div>{most_read([9, 5, 3, 1])}</main>')


def names_of_a_tool() -> str:
    cards = "".join(card(n, "css-1x7qab", '<h2 class="sc-9k2 bXyZq">{}</h2>') for n in STORIES)
    return page(f'<main><div class="css-77a">{cards}</div>{most_read([9, 5, 3, 1])}</main>')


def another_rank() -> str:
    cards = "".join(card(n, heading="<h3>{}</h3>") for n in STORIES)
    return page(f'<main><div class="stories">{cards}</div>{most_read([9, 5, 3, 1])}</main>')


def article_elements() -> str:
    cards = "".join(
        (
            f'<article><header><a href="{path(n)}">{title(n)}</a></header><p>Matter {n} was '
            f"decided.</p></article>"
        )
        for n in STORIES
    )
    return page(f"<main>{cards}{most_read([9, 5, 3, 1])}</main>")


def a_table() -> str:
    rows = "".join(
        f'<tr><td>{n} Nov 2026</td><td><a href="{path(n)}">{title(n)}</a></td></tr>'
        for n in STORIES
    )
    return page(f"<main><table>{rows}</table>{most_read([9, 5, 3, 1])}</main>")


def bare_links() -> str:
    links = "".join(f'<li><a href="{path(n)}">{title(n)}</a></li>' for n in STORIES)
    return page(
        f'<main><h1>All news</h1><ul class="all">{links}</ul></main>{most_read([9, 5, 3, 1])}'
    )


def linked_cards() -> str:
    cards = "".join(
        (
            f'<a class="tile" href="{path(n)}"><img src="/p/{n}.jpg" alt=""><h4>{title(n)}</h4>'
            f"<p>Matter {n}.</p></a>"
        )
        for n in STORIES
    )
    return page(f'<main><section class="tiles">{cards}</section>{most_read([9, 5, 3, 1])}</main>')


def a_lead_story() -> str:
    first, *others = STORIES
    lead = (
        f'<section class="lead"><h1><a href="{path(first)}">{title(first)}</a></h1><p>The hall '
        f"was full.</p></section>"
    )
    return page(
        f'<main>{lead}<div class="grid">{"".join(card(n, "small") for n in others)}</div></main>'
    )


def a_second_list() -> str:
    """Return the list next to another of the same shape, longer and dated."""
    cards = "".join(card(n, "piece") for n in STORIES)
    others = "".join(
        f'<div class="piece"><h2 class="title"><a '
        f'href="/events/an-evening-of-songs-and-boats-{n}">An evening of songs '
        f'and boats, number {n}</a></h2><time datetime="{day(n)}">{n} November</time>'
        f"<p>Come at eight.</p></div>"
        for n in range(1, 15)
    )
    return page(
        f'<main><section id="reports">{cards}</section><section '
        f'id="programme">{others}</section></main>'
    )


def definitions() -> str:
    terms = "".join(
        f'<dt><a href="{path(n)}">{title(n)}</a></dt><dd>It was decided in the hall.</dd>'
        for n in STORIES
    )
    return page(f"<main><dl>{terms}</dl>{most_read([9, 5, 3, 1])}</main>")


def other_addresses() -> str:
    """Return new class names and new addresses."""
    return other_names().replace("/news/council-", "/2026/reports/council-")


def a_week_later() -> str:
    """Return new class names and four newer articles."""
    cards = "".join(card(n, "story-item", "<h3>{}</h3>") for n in [*NEWER, *STORIES][:12])
    return page(f'<main><div class="river">{cards}</div>{most_read([9, 5, 3, 1])}</main>')


def a_longer_list() -> str:
    """Return new class names and the entire archive."""
    cards = "".join(card(n, "story-item", "<h3>{}</h3>") for n in STORIES)
    archive = "".join(
        f'<div class="story-item"><h3><a '
        f'href="/news/council-decides-on-affair-{n}">Council decides on affair {n} of '
        f"the town</a></h3><p>Affair {n} was decided after a debate in the hall.</p></div>"
        for n in range(1, 21)
    )
    return page(f'<main><div class="river">{cards}{archive}</div></main>')


def data_alone() -> str:
    items = [
        {"@type": "NewsArticle", "url": f"https://harbour.example{path(n)}", "headline": title(n)}
        for n in STORIES
    ]
    data = json.dumps({"@context": "https://schema.org", "@graph": items})
    return page('<div id="app"></div>', f'<script type="application/ld+json">{data}</script>')


def state_alone() -> str:
    posts = [
        {"title": title(n), "url": path(n), "date": day(n), "summary": "It was decided."}
        for n in STORIES
    ]
    state = json.dumps({"props": {"posts": posts}})
    return page('<div id="app"></div>', f'<script type="application/json">{state}</script>')


def consent() -> str:
    return page(
        "<main><h1>Before you continue</h1><p><a href='/ok'>Accept what we do with your "
        "data</a></p></main>"
    )


def menu_alone() -> str:
    return page("<main><p>The list is being rebuilt. Please come back tomorrow.</p></main>")


def most_read_alone() -> str:
    return page(f"<main><p>The list is being rebuilt.</p></main>{most_read([9, 5, 3, 1])}")


def foreign_list() -> str:
    return (
        other_names()
        .replace("council-decides-on", "weather-report-about")
        .replace("Council decides", "It rains")
    )


def two_left() -> str:
    return page(f"<main>{card(12, 'piece')}{card(11, 'piece')}</main>")


Layout = Callable[[], str]
REPAIRED: Sequence[Layout] = (
    other_names,
    names_of_a_tool,
    another_rank,
    article_elements,
    a_table,
    bare_links,
    linked_cards,
    a_lead_story,
    a_second_list,
    definitions,
    other_addresses,
    a_week_later,
    a_longer_list,
    data_alone,
    state_alone,
)
LEFT: Sequence[Layout] = (consent, menu_alone, most_read_alone, foreign_list, two_left)

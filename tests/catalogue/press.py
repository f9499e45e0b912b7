"""The content of a stage's sites: stories, and the sources that list them.

Each story is dated one day after the one before it.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tests.support.newsroom import PARAGRAPHS, path, title
from tests.support.site import Route, Site

OLD = (5, 4, 3, 2, 1)
NEW = 6
NOW = (NEW, *OLD)
_TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # also after midnight
_HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>'
_MENU = (
    '<nav><a href="/">Home</a> <a href="/about">About us</a> <a href="/contact">Contact</a></nav>'
)


def moment(n: int) -> datetime:
    """Return the publication time of story `n`: one a day, the thirtieth today."""
    return _TODAY - timedelta(days=30 - n, hours=-7)


def body(n: int) -> str:
    """Return the text of story `n` as HTML."""
    return "".join(f"<p>{paragraph.format(n=n)}</p>" for paragraph in PARAGRAPHS)


def story(n: int, *, text: str | None = None, head: str = "", date: str | None = None) -> str:
    """Return the page of story `n`, with a news site's usual surroundings."""
    date = moment(n).isoformat() if date is None else date
    dated = f'<meta property="article:published_time" content="{date}">' if date else ""
    return (
        f"{_HEAD}{title(n)} | Harbour Times</title>{dated}{head}</head>"
        f"<body><header>{_MENU}</header><main><article><h1>{title(n)}</h1>"
        f"{body(n) if text is None else text}</article></main>"
        "<footer><p>Copyright Harbour Times</p></footer></body></html>"
    )


def listing(numbers: Iterable[int], *, links: str = "{path}", more: str = "") -> str:
    """Return a page that lists the stories; `links` formats the path into an address."""
    cards = "".join(
        f'<div class="card"><h2><a href="{links.format(path=path(n))}">{title(n)}</a></h2>'
        f'<time datetime="{moment(n).isoformat()}">{moment(n):%d %B}</time>'
        f"<p>Matter {n} was decided after a debate.</p></div>"
        for n in numbers
    )
    return (
        f"{_HEAD}Harbour Times</title></head><body>{_MENU}<main>{cards}</main>{more}</body></html>"
    )


def rss_item(
    site: Site, n: int, *, link: str | None = None, date: str | None = None, more: str = ""
) -> str:
    """Return a feed entry that has only the story's title, link and date."""
    date = f"{moment(n):%d %b %Y %H:%M:%S} +0000" if date is None else date
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    address = link or site.url(path(n))
    return f"<item><title>{title(n)}</title><link>{address}</link>{dated}{more}</item>"


def rss(items: Sequence[str], *, prolog: str = "", channel: str = "") -> str:
    """Return an RSS feed of these items."""
    head = (
        "<title>Harbour Times</title><link>https://example.org/</link>"
        "<description>News</description>"
    )
    return f'{prolog}<rss version="2.0"><channel>{head}{channel}{"".join(items)}</channel></rss>'


def json_feed(site: Site, numbers: Iterable[int]) -> str:
    """Return a JSON Feed of the stories."""
    items = [
        {
            "id": site.url(path(n)),
            "url": site.url(path(n)),
            "title": title(n),
            "date_published": moment(n).isoformat(),
        }
        for n in numbers
    ]
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "Harbour Times", "items": items}
    )


def sitemap(site: Site, numbers: Iterable[int], *, more: str = "") -> str:
    """Return a sitemap of the stories."""
    urls = "".join(
        f"<url><loc>{site.url(path(n))}</loc><lastmod>{moment(n):%Y-%m-%d}</lastmod></url>"
        for n in numbers
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}{more}</urlset>'


def publish(site: Site, numbers: Sequence[int]) -> None:
    """Replace a site's content with these stories and all sources that list them."""
    site.routes.clear()
    site.clear_requests()
    for n in numbers:
        site[path(n)] = story(n)
    site["/news"] = listing(numbers)
    site["/rss"] = Route(rss([rss_item(site, n) for n in numbers]).encode(), "application/rss+xml")
    site["/feed.json"] = Route(json_feed(site, numbers).encode(), "application/feed+json")
    site["/sitemap.xml"] = Route(sitemap(site, numbers).encode(), "application/xml")


def text_story(n: int) -> str:
    """Return story `n` as a text file."""
    text = "\n\n".join(paragraph.format(n=n) for paragraph in PARAGRAPHS)
    return f"{title(n)}\n\nPublished {moment(n):%d %B %Y}\n\n{text}\n"

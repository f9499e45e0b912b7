"""What the sites of a stage publish.

Stories, and the ways to them. Dated by the days before today.
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
    """When the n-th story was published: one a day, the thirtieth today."""
    return _TODAY - timedelta(days=30 - n, hours=-7)


def body(n: int) -> str:
    """The text of the n-th story, as HTML."""
    return "".join(f"<p>{paragraph.format(n=n)}</p>" for paragraph in PARAGRAPHS)


def story(n: int, *, text: str | None = None, head: str = "", date: str | None = None) -> str:
    """The page of the n-th story, with what a news site puts around one."""
    date = moment(n).isoformat() if date is None else date
    dated = f'<meta property="article:published_time" content="{date}">' if date else ""
    return (
        f"{_HEAD}{title(n)} | Harbour Times</title>{dated}{head}</head><body><header>{_MENU}</header>"
        f"<main><article><h1>{title(n)}</h1>{body(n) if text is None else text}</article></main>"
        "<footer><p>Copyright Harbour Times</p></footer></body></html>"
    )


def listing(numbers: Iterable[int], *, links: str = "{path}", more: str = "") -> str:
    """The page that lists the stories; `links` makes an address of a path."""
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
    """An entry of a feed that says nothing of the story but where it is, and when it was published."""
    date = f"{moment(n):%d %b %Y %H:%M:%S} +0000" if date is None else date
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return f"<item><title>{title(n)}</title><link>{link or site.url(path(n))}</link>{dated}{more}</item>"


def rss(items: Sequence[str], *, prolog: str = "", channel: str = "") -> str:
    """A feed of these items."""
    head = "<title>Harbour Times</title><link>https://example.org/</link><description>News</description>"
    return f'{prolog}<rss version="2.0"><channel>{head}{channel}{"".join(items)}</channel></rss>'


def json_feed(site: Site, numbers: Iterable[int]) -> str:
    """The same as a JSON Feed."""
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
    """The same as a sitemap."""
    urls = "".join(
        f"<url><loc>{site.url(path(n))}</loc><lastmod>{moment(n):%Y-%m-%d}</lastmod></url>"
        for n in numbers
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}{more}</urlset>'


def publish(site: Site, numbers: Sequence[int]) -> None:
    """Put the stories, and all ways to them, on a site that has nothing else."""
    site.routes.clear()
    site.forget()
    for n in numbers:
        site[path(n)] = story(n)
    site["/news"] = listing(numbers)
    site["/rss"] = Route(rss([rss_item(site, n) for n in numbers]).encode(), "application/rss+xml")
    site["/feed.json"] = Route(json_feed(site, numbers).encode(), "application/feed+json")
    site["/sitemap.xml"] = Route(sitemap(site, numbers).encode(), "application/xml")


def saved(n: int) -> str:
    """The n-th story as a file."""
    text = "\n\n".join(paragraph.format(n=n) for paragraph in PARAGRAPHS)
    return f"{title(n)}\n\nPublished {moment(n):%d %B %Y}\n\n{text}\n"

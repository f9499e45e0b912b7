"""Serve the hostile feeds of a soak test.

Scenes of the catalogue, and inputs that once stalled the main process.
"""

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.catalogue.answers import OK, Answer, raw, redirect, with_length
from tests.catalogue.cases import CASES
from tests.catalogue.press import listing, publish, rss, rss_item, story
from tests.catalogue.stage import Stage
from tests.support.newsroom import feed, path
from tests.support.site import Route, Site, running_site

CATALOGUE_CASES = (
    *("refused", "reset-midbody", "ssh-banner", "binary-noise", "tls-plain"),  # network
    *("redirect-to-private",),  # ssrf
    *(
        "gzip-bomb",
        "endless-header",
        "header-200k",
        "headers-500",
        "redirect-loop",
        "endless-continue",
    ),  # http
    *("utf16", "lone-surrogate", "mid-character-cut"),  # encoding
    *(
        "depth-100k",
        "text-11mb",
        "siblings-1m",
        "attributes-60k",
        "svg-math-mxss",
        "links-50k-in-article",
    ),  # html
    *(
        "billion-laughs",
        "quadratic-blowup",
        "feed-5k-entries",
        "sitemap-bomb",
        "sitemap-50k",
        "json-depth-100k",
    ),  # xml
    *("digits-5000", "year-9999", "feb-31"),  # dates
    *("long-10k", "session-token"),  # urls
    *("consent-wall", "all-redated", "error-page-200"),  # semantics
    *("fifty-articles-hang",),  # process
    *(
        "blackhole",
        "drip-body",
        "drip-headers",
        "no-word",
    ),  # all servers that never end, each with a site of its own
)
"""The cases of the catalogue that take part."""

_BYTES = 19_000_000
_PADDING = gzip.compress(b"x" * _BYTES)
_PAGES = 5


@dataclass(frozen=True, slots=True)
class HostileFeed:
    """A hostile feed.

    Attributes:
        name: of the feed and of its defect.
        config: its TOML text.
        renew: called with the number of each minute, to publish something new with the same
            defect.
    """

    name: str
    config: str
    advance: Callable[[int], object] = lambda _: None


def hostile_feeds(root: Path, stack: ExitStack, names: Sequence[str] = ()) -> list[HostileFeed]:
    """Start the sites of the hostile feeds.

    Args:
        root: a folder for their files.
        stack: closes them.
        names: the feeds to start; all if empty.
    """
    stalls = {name: scene for name, scene in STALLS.items() if not names or name in names}
    feeds = [
        _stalling_feed(name, scene, number, stack)
        for number, (name, scene) in enumerate(stalls.items(), start=1)
    ]
    for name in CATALOGUE_CASES:
        if not names or name in names:
            feeds += _catalogue_feeds(name, root, stack, known=[each.name for each in feeds])
    return feeds


def _catalogue_feeds(
    name: str, root: Path, stack: ExitStack, known: Sequence[str]
) -> Iterator[HostileFeed]:
    """Yield the feeds of a case, on a stage of its own.

    Yield the feeds of cases that are played together only once.
    """
    case = CASES[name]
    if case.shared and name in known:
        return
    (root / name).mkdir()
    stage = Stage(root / name, stack)
    case.start.prepare(stage)
    for site in (stage.site, stage.secure, stage.beside):
        publish(site, tuple(range(max(case.start.numbers) + 1, 0, -1)))
    case.scene(stage)
    for text in case.start.feeds(stage):
        own = text.partition('name = "')[2].partition('"')[0]
        yield HostileFeed(
            own if case.shared else name,
            text.replace(f'"{own}"', f'"{name}"') if not case.shared else text,
        )


def _stalling_feed(
    name: str, scene: Callable[[Site, int], object], number: int, stack: ExitStack
) -> HostileFeed:
    site = stack.enter_context(running_site(f"127.77.3.{number}"))

    def renew(minute: int) -> None:
        scene(site, 6 + minute % 20)

    renew(0)
    every = 'every = "1m"\nrecheck = false'
    kind = "feed" if name == "dead-links-8k" else "page"
    return HostileFeed(name, feed(name, f"{kind} {site.url('/news')}", more=every), renew)


# --- inputs that once stalled the main process ---


def _new_article_each_minute(answer: Callable[[int], Answer | str]) -> Callable[[Site, int], None]:
    """Serve a new article each minute with the given answer."""

    def scene(site: Site, number: int) -> None:
        publish(site, tuple(range(number, 0, -1)))
        site[path(number)] = answer(number)

    return scene


def _new_listing_each_minute(answer: Callable[[str], Answer]) -> Callable[[Site, int], None]:
    """Serve a listing with a new article each minute."""

    def scene(site: Site, number: int) -> None:
        numbers = tuple(range(number, 0, -1))
        publish(site, numbers)
        site["/news"] = answer(listing(numbers))

    return scene


def _long_content_type(number: int) -> Answer:
    body = story(number).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + b"?" * 60_000
    return raw(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def _dead_links(site: Site, number: int) -> None:
    """Serve fifty entries with long addresses, each dead, and none of them known."""
    links = [site.url(f"/{number}/{n}?token={'a' * 2000}&next={'%2F' * 1900}") for n in range(50)]
    items = "".join(
        f"<item><title>Matter {number}.{n}</title><link>{link.replace('&', '&amp;')}</link></item>"
        for n, link in enumerate(links)
    )
    site["/news"] = Route(rss([items]).encode(), "application/rss+xml")


def _long_pages(site: Site, number: int) -> None:
    """Publish some new articles, each of the maximum page length, and small when compressed."""
    numbers = tuple(range(number + _PAGES, 0, -1))
    publish(site, numbers)
    for n in numbers[:_PAGES]:
        site[path(n)] = with_length(_PADDING, "Content-Encoding: gzip")


def _long_robots(site: Site, number: int) -> None:
    publish(site, tuple(range(number, 0, -1)))
    site["/robots.txt"] = with_length(_PADDING, "Content-Encoding: gzip")


def _early_hints(page: str) -> Answer:
    body = page.encode()
    head = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + OK
    return raw(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def _long_titles(site: Site, number: int) -> None:
    """Publish a new article with a title of two megabytes."""
    publish(site, tuple(range(number, 0, -1)))
    long = f"Matter {number} " + "is decided " * 180_000
    site[path(number)] = (
        story(number).replace("<title>", f"<title>{long}").replace("<h1>", f"<h1>{long}")
    )


def _long_feed_title(site: Site, number: int) -> None:
    item = rss_item(site, number).replace("<title>", f"<title>{'word ' * 400_000}")
    site["/news"] = Route(rss([item]).encode(), "application/rss+xml")
    site[path(number)] = story(number)


STALLS: dict[str, Callable[[Site, int], object]] = {
    "content-type-60k": _new_article_each_minute(_long_content_type),
    "dead-links-8k": _dead_links,
    "etag-20k": _new_listing_each_minute(lambda page: with_length(page, f'ETag: "{"e" * 20_000}"')),
    "etag-control-character": _new_listing_each_minute(
        lambda page: with_length(page, 'ETag: "a\x07b"')
    ),
    "title-2mb": _long_titles,
    "feed-title-2mb": _long_feed_title,
    "location-brackets": _new_article_each_minute(lambda _: redirect("http://[" + "?" * 60_000)),
    "pages-19mb": _long_pages,
    "robots-19mb": _long_robots,
    "early-hints": _new_listing_each_minute(_early_hints),
}

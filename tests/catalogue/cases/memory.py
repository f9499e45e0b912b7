"""Sites that in total send far more than fits into memory, although each respects its limit."""

import gzip
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from tests.catalogue.answers import answer, with_length
from tests.catalogue.case import Case, Scene
from tests.catalogue.cases.rights import has_news_among_others
from tests.catalogue.press import NOW, body, rss, rss_item, story
from tests.catalogue.stage import Stage, Start
from tests.support.newsroom import feed, path
from tests.support.site import Route, Site

_HOSTS, _PAGES = 8, range(101, 141)
_ORIGINS = range(201, 251)
_MB = 1_000_000
_MANY = Start(
    "many", lambda stage: [feed("world", f"feed {stage.site.url('/rss')}", more="limit = 100\n")]
)


@cache
def _gzip_page(size: float, text: str) -> bytes:
    """Return a gzipped page of `size` bytes."""
    whole = story(1, text=body(1) + text * int(size / len(text)))
    return gzip.compress(whole.encode())


def _list(stage: Stage, numbers: Sequence[int], hosts: Sequence[Site]) -> None:
    """Serve a feed that lists its own stories and these of other hosts."""
    items = [rss_item(stage.site, n) for n in NOW]
    items += [rss_item(hosts[n % len(hosts)], n, date="") for n in numbers]
    stage.site["/rss"] = Route(rss(items).encode(), "application/rss+xml")


def _large_pages(size: float, text: str, stage: Stage) -> None:
    """Serve forty large pages on eight hosts; each is about 20 kB when compressed."""
    hosts = [stage.own_site(f"large-{n}") for n in range(_HOSTS)]
    for n in _PAGES:
        hosts[n % _HOSTS][path(n)] = with_length(_gzip_page(size, text), "Content-Encoding: gzip")
    _list(stage, _PAGES, hosts)


def _robots(rules: str, stage: Stage) -> None:
    """Serve this robots.txt on fifty origins whose pages are gone."""
    hosts = [stage.own_site(f"robots-{n}") for n in range(len(_ORIGINS))]
    content = gzip.compress(f"User-agent: *\n{rules}".encode())
    for n in _ORIGINS:
        host = hosts[n % len(hosts)]
        host["/robots.txt"] = answer(
            "200 OK", content, "Content-Encoding: gzip", "Content-Type: text/plain"
        )
        host[path(n)] = answer("410 Gone")
    _list(stage, _ORIGINS, hosts)


def crowd(name: str, scene: Scene, reason: str, **more: Any) -> Case:
    """Return a case with many other hosts; the feed's own story is published in any case."""
    return Case(
        name,
        scene,
        reason,
        has_news_among_others,
        start=_MANY,
        seconds=60.0,
        megabytes=500.0,
        **more,
    )


CASES = (
    crowd(
        "forty-pages-of-19mb",
        partial(_large_pages, 19.5 * _MB, "<!-- nothing -->"),
        "larger than 8000000 bytes",
    ),
    crowd("fifty-robots-of-19mb", partial(_robots, "# nothing here\n" * 1_270_000), "HTTP 410"),
    crowd(
        "fifty-robots-of-30k-rules",
        partial(_robots, "".join(f"Disallow: /{n:x}\n" for n in range(31_000))),
        "HTTP 410",
        slow=True,
    ),
)
# The largest pages allowed. Reading all of them takes minutes, so only the benchmark uses them.
LARGEST = (
    crowd("forty-pages-of-7mb", partial(_large_pages, 7.5 * _MB, "word "), ""),
    crowd(
        "forty-pages-of-3mb-of-paragraphs",
        partial(_large_pages, 3.5 * _MB, "<p>one and another ship</p>"),
        "",
    ),
)

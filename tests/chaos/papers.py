"""Serve papers that publish all the time: new articles, and corrections of the latest ones.

Each paper has an address of its own. Each article has a number, each correction makes a new
version, and the time of each publication is recorded.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from tests.chaos.network import site_address
from tests.support.newsroom import PARAGRAPHS
from tests.support.site import Route, Site, running_site

MAX_LISTED = 40  # articles in a paper's feed: more than are published while everything is broken
PAUSE_SECONDS = (8.0, 24.0)  # seconds between two articles of a paper
CORRECTION_PROBABILITY = 0.3  # how often an article comes with a correction of one of the last


@dataclass(frozen=True)
class Article:
    """The newest version of an article.

    Its moment is the monotonic time of its first publication.
    """

    number: int
    version: int
    date: datetime
    monotonic_time: float

    @property
    def title(self) -> str:
        """Return the title, which contains the number and the version."""
        return f"Matter {self.number} of the harbour in version {self.version}"


@dataclass
class Paper:
    """A paper.

    Attributes:
        full_pages: articles have pages, which are fetched; otherwise the feed contains the full
            text.
    """

    name: str
    site: Site
    full_pages: bool
    articles: dict[int, Article] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the address of its feed."""
        return self.site.url("/rss")

    def link(self, number: int) -> str:
        """Return the address of an article."""
        return self.site.url(f"/{number}")

    def publish(self, chance: random.Random) -> None:
        """Publish an article, and now and then correct one of the latest."""
        number = len(self.articles) + 1
        self._serve_article(
            Article(number, 1, datetime.now(UTC).replace(microsecond=0), time.monotonic())
        )
        if chance.random() < CORRECTION_PROBABILITY:
            old = self.articles[max(1, number - chance.randint(0, 5))]
            self._serve_article(Article(old.number, old.version + 1, old.date, old.monotonic_time))
        self.site["/rss"] = Route(self._rss().encode(), "application/rss+xml")

    def config(self) -> str:
        """Return its feed in feedpub's config."""
        return (
            f'[[feed]]\nname = "{self.name}"\ntitle = "{self.name}"\nevery = "1m"\n'
            "limit = 15\n[[feed.source]]\n"
            f'type = "feed"\nurl = "{self.url}"\nfetch = {str(self.full_pages).lower()}\n'
        )

    def _serve_article(self, article: Article) -> None:
        self.articles[article.number] = article
        body = "".join(f"<p>{text}</p>" for text in _text(article))
        self.site[f"/{article.number}"] = (
            f'<!doctype html><html lang="en"><head><title>{article.title}</title>'
            f'<meta property="article:published_time" content="{article.date.isoformat()}"></head>'
            f"<body><main><article><h1>{article.title}</h1>{body}</article></main></body></html>"
        )

    def _rss(self) -> str:
        last = sorted(self.articles.values(), key=lambda article: -article.number)[:MAX_LISTED]
        items = "".join(
            f"<item><title>{article.title}</title><link>{self.link(article.number)}</link>"
            f"<description>{' '.join(_text(article))}</description>"
            f"<pubDate>{format_datetime(article.date)}</pubDate></item>"
            for article in last
        )
        link = self.site.url()
        head = f"<title>{self.name}</title><link>{link}</link><description>News</description>"
        return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'


def _text(article: Article) -> list[str]:
    return [
        *(paragraph.format(n=article.number) for paragraph in PARAGRAPHS),
        f"Version {article.version}.",
    ]


class Publishers:
    """All papers; a thread for each publishes until it is stopped."""

    def __init__(self, papers: list[Paper], seed: int) -> None:
        self.papers = papers
        self._seed = seed
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._publish_until_stopped, args=(paper,), daemon=True)
            for paper in papers
        ]

    def start(self) -> None:
        """Publish the first article of each paper, and start to publish more."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop publishing."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _publish_until_stopped(self, paper: Paper) -> None:
        chance = random.Random(f"{self._seed} {paper.name}")  # noqa: S311 -- editions, not secrets
        while not self._stopped.is_set():
            paper.publish(chance)
            self._stopped.wait(chance.uniform(*PAUSE_SECONDS))


@contextmanager
def running_publishers(count: int, seed: int) -> Iterator[Publishers]:
    """Return n papers; every third has pages to fetch."""
    with ExitStack() as stack:
        sites = [stack.enter_context(running_site(site_address(number))) for number in range(count)]
        papers = [
            Paper(f"paper{number}", site, number % 3 == 2) for number, site in enumerate(sites)
        ]
        press = Publishers(papers, seed)
        press.start()
        stack.callback(press.stop)
        yield press

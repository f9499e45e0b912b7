"""Run papers that publish new articles and corrections, each at an address of its own.

Each article has a number, each correction makes it another version, and when each was published is
remembered.
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

LISTED = 40  # articles in a paper's feed: more than are published while everything is broken
PAUSE = (8.0, 24.0)  # seconds between two articles of a paper
CORRECTED = 0.3  # how often an article comes with a correction of one of the last


@dataclass(frozen=True)
class Article:
    """One article in its newest version.

    The moment is the monotonic clock's, when it was first published.
    """

    number: int
    version: int
    date: datetime
    moment: float

    @property
    def title(self) -> str:
        """What it is called, from which number and version are read again."""
        return f"Matter {self.number} of the harbour in version {self.version}"


@dataclass
class Paper:
    """One paper.

    Attributes:
        whole: articles have pages, which are read; else all there is stands in its feed.
    """

    name: str
    site: Site
    whole: bool
    articles: dict[int, Article] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Of its feed."""
        return self.site.url("/rss")

    def link(self, number: int) -> str:
        """Of an article."""
        return self.site.url(f"/{number}")

    def publish(self, chance: random.Random) -> None:
        """Bring out an article, and correct one of the last now and then."""
        number = len(self.articles) + 1
        self._put(Article(number, 1, datetime.now(UTC).replace(microsecond=0), time.monotonic()))
        if chance.random() < CORRECTED:
            old = self.articles[max(1, number - chance.randint(0, 5))]
            self._put(Article(old.number, old.version + 1, old.date, old.moment))
        self.site["/rss"] = Route(self._rss().encode(), "application/rss+xml")

    def config(self) -> str:
        """Its feed in feedpub's config."""
        return (
            f'[[feed]]\nname = "{self.name}"\ntitle = "{self.name}"\nevery = "1m"\n'
            f"limit = 15\n[[feed.source]]\n"
            f'type = "feed"\nurl = "{self.url}"\nfetch = {str(self.whole).lower()}\n'
        )

    def _put(self, article: Article) -> None:
        self.articles[article.number] = article
        body = "".join(f"<p>{text}</p>" for text in _text(article))
        self.site[f"/{article.number}"] = (
            f'<!doctype html><html lang="en"><head><title>{article.title}</title>'
            f'<meta property="article:published_time" content="{article.date.isoformat()}"></head>'
            f"<body><main><article><h1>{article.title}</h1>{body}</article></main></body></html>"
        )

    def _rss(self) -> str:
        last = sorted(self.articles.values(), key=lambda article: -article.number)[:LISTED]
        items = "".join(
            f"<item><title>{article.title}</title><link>{self.link(article.number)}</link>"
            f"<description>{' '.join(_text(article))}</description>"
            f"<pubDate>{format_datetime(article.date)}</pubDate></item>"
            for article in last
        )
        head = (
            f"<title>{self.name}</title><link>{self.site.url()}</link><description>News</"
            f"description>"
        )
        return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'


def _text(article: Article) -> list[str]:
    return [
        *(paragraph.format(n=article.number) for paragraph in PARAGRAPHS),
        f"Version {article.version}.",
    ]


class Press:
    """All papers, in a thread each that publishes until it is told to stop."""

    def __init__(self, papers: list[Paper], seed: int) -> None:
        self.papers = papers
        self._seed = seed
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._print, args=(paper,), daemon=True) for paper in papers
        ]

    def start(self) -> None:
        """Bring out the first article of each, and more from now on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Publish nothing more."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _print(self, paper: Paper) -> None:
        chance = random.Random(f"{self._seed} {paper.name}")  # noqa: S311 -- editions, not secrets
        while not self._stopped.is_set():
            paper.publish(chance)
            self._stopped.wait(chance.uniform(*PAUSE))


@contextmanager
def running_press(count: int, seed: int) -> Iterator[Press]:
    """So many papers; every third has pages that are read, too."""
    with ExitStack() as stack:
        sites = [stack.enter_context(running_site(site_address(number))) for number in range(count)]
        papers = [
            Paper(f"paper{number}", site, number % 3 == 2) for number, site in enumerate(sites)
        ]
        press = Press(papers, seed)
        press.start()
        stack.callback(press.stop)
        yield press

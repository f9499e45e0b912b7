"""A small news site that changes: its articles, their list, and its current faults.

Every article has a unique name in its title and in each paragraph, and a word for each version of
its text. So a published entry identifies its article and the version of its copy. The rest is drawn
from a vocabulary: no two articles are alike.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Literal

from tests.support.site import Route, Site

Kind = Literal["listing", "feed", "sitemap"]
KINDS: tuple[Kind, ...] = ("listing", "feed", "sitemap")
TOPICS = ("harbour", "railway", "library", "theatre")
PARAGRAPHS, SENTENCES = 4, 3
_SYLLABLES = [consonant + vowel for consonant in "bdfglmnprst" for vowel in "aeiou"]
_VOCABULARY = """
bridge morning letter window garden winter council market teacher bottle mountain river engine
kitchen shoulder village copper island doctor lantern meadow pocket ribbon saddle timber valley
walnut anchor basket candle dragon elbow feather glacier hammer insect jacket kettle ladder mirror
needle orchard pepper quarry rabbit signal tunnel umbrella violin wagon yellow castle donkey
evening forest ginger hollow iron jungle kingdom lemon marble nation ocean planet queen rocket
silver tiger uncle velvet water zebra artist button camera dinner early famous gentle happy inside
jolly kind local modern narrow open quiet rapid simple tired usual vivid warm young answer borrow
carry decide enter follow gather hope invite join keep listen move notice offer paint quote reach
settle travel unite visit watch yield build climb drive explain finish grow hold improve jump know
laugh measure need order plant rest share teach understand vote walk
"""
_WORDS = _VOCABULARY.split()
_NAME = re.compile(r"\bzq([a-z]+)\b", re.IGNORECASE)
_VERSION = re.compile(r"\bzv([a-jl-z]+)k([a-jl-z]+)\b", re.IGNORECASE)


def _syllables(number: int) -> str:
    first, rest = number % len(_SYLLABLES), number // len(_SYLLABLES)
    return (_syllables(rest) if rest else "") + _SYLLABLES[first]


def _number(syllables: str) -> int:
    pairs = (syllables[i : i + 2] for i in range(0, len(syllables), 2))
    total = 0
    for pair in pairs:
        total = total * len(_SYLLABLES) + _SYLLABLES.index(pair)
    return total


def unique_name(number: int) -> str:
    """Return the unique name of an article."""
    return f"Zq{_syllables(number)}"


def articles_in(text: str) -> set[int]:
    """Return the numbers of the articles that a text names."""
    return {_number(name.lower()) for name in _NAME.findall(text)}


def versions_in(text: str) -> set[tuple[int, int]]:
    """Return the pairs of article and version that a text names."""
    return {(_number(a.lower()), _number(b.lower())) for a, b in _VERSION.findall(text)}


@dataclass
class Article:
    """One article.

    Attributes:
        number: its permanent number.
        topic: a word of its title, which filters use.
        published: its declared date; None if it declares none.
        updated: the declared time of its last change.
        slug: the last part of its present address.
        slugs: all slugs so far.
        follows: its old addresses redirect to the present one.
        guid: its guid in the feed.
        titles: the number of titles so far.
        versions: the number of texts so far.
        announced: the version that its source announces.
        status: the HTTP status of its page: 200, or 404 or 410 if it is gone.
        fault: the current fault of its page: "500", "cut", "empty" or nothing.
    """

    number: int
    topic: str
    published: datetime | None
    updated: datetime
    slug: str
    guid: str
    slugs: list[str] = field(default_factory=list)
    redirects: bool = True
    titles: int = 1
    versions: int = 1
    announced: int = 1
    status: int = 200
    fault: str = ""

    @property
    def is_readable(self) -> bool:
        return self.status == 200 and not self.fault

    @property
    def title(self) -> str:
        words = random.Random(f"title {self.number}").sample(_WORDS, 4)  # noqa: S311 -- the same every time
        changed = random.Random(f"title {self.number} {self.titles}").choice(_WORDS)  # noqa: S311
        return " ".join(
            [
                unique_name(self.number),
                self.topic,
                *words,
                "and" if self.titles > 1 else "",
                changed,
            ]
        ).strip()

    def paragraphs(self) -> list[str]:
        """Return its present text; a new version has one different sentence."""
        chosen = random.Random(f"text {self.number}")  # noqa: S311
        texts = [[self._sentence(chosen) for _ in range(SENTENCES)] for _ in range(PARAGRAPHS)]
        texts[1][1] = self._version_sentence(self.versions)
        for sentences in texts:
            sentences[0] = f"{unique_name(self.number)} {sentences[0].lower()}"
        return [" ".join(sentences) for sentences in texts]

    def teaser(self) -> str:
        """Return its description in the feed."""
        return f"{unique_name(self.number)} {self._version_sentence(self.announced).lower()}"

    def _version_sentence(self, version: int) -> str:
        chosen = random.Random(f"version {self.number} {version}")  # noqa: S311
        word = f"zv{_syllables(self.number)}k{_syllables(version)}"
        return f"{self._sentence(chosen)[:-1]} {word} {chosen.choice(_WORDS)}."

    def _sentence(self, chosen: random.Random) -> str:
        return f"{' '.join(chosen.choices(_WORDS, k=chosen.randint(8, 12)))}.".capitalize()


class NewsSite:
    """The site and its list.

    Attributes:
        kind: the form of its list.
        articles: all its articles so far, by number.
        order: the numbers of the listed articles, in their order.
        fault: the list's current fault: "500", "404", "cut", "page", "empty" or nothing.
        canonical: the address that pages declare: "own", "none", or, wrongly, "home" or "list".
        atom: its feed is Atom, not RSS.
    """

    def __init__(self, site: Site, kind: Kind) -> None:
        self._site = site
        self.kind = kind
        self.articles: dict[int, Article] = {}
        self.order: list[int] = []
        self.fault = ""
        self.canonical = "own"
        self.atom = True

    @property
    def source(self) -> str:
        """The address of the list."""
        return self._site.url("/news")

    def listed_articles(self) -> list[Article]:
        return [self.articles[number] for number in self.order]

    def write_article(self, published: datetime | None, now: datetime, topic: str) -> Article:
        """Add an article at the top of the list."""
        number = len(self.articles) + 1
        slug = f"{unique_name(number).lower()}-{_WORDS[number % len(_WORDS)]}-story"
        article = Article(
            number, topic, published, now, slug, f"tag:paper.example,2026:{number}", [slug]
        )
        self.articles[number] = article
        self.order.insert(0, number)
        return article

    def serve(self) -> None:
        """Serve the present state of everything."""
        for article in self.articles.values():
            self._serve_article(article)
        self._site["/news"] = _faulty_route(self.fault, self._list())
        self._site["/"] = _page("The Paper", "", "<main><p>Welcome.</p></main>")

    def _serve_article(self, article: Article) -> None:
        place = _path(article.slug)
        for slug in article.slugs[:-1]:
            follows = article.redirects and article.status == 200
            moved = Route(status=301, headers={"Location": self._site.url(place)}, validators=False)
            self._site[_path(slug)] = (
                moved if follows else Route(b"gone", status=404, validators=False)
            )
        if article.status != 200:
            self._site[place] = Route(b"<h1>Gone</h1>", status=article.status, validators=False)
        else:
            self._site[place] = _faulty_route(
                article.fault, Route(self._article_page(article).encode())
            )

    def _article_page(self, article: Article) -> str:
        canonical = {"own": _path(article.slug), "home": "/", "list": "/news"}.get(self.canonical)
        head = f'<link rel="canonical" href="{self._site.url(canonical)}">' if canonical else ""
        if article.published:
            date = article.published.isoformat()
            head += f'<meta property="article:published_time" content="{date}">'
        body = "".join(f"<p>{paragraph}</p>" for paragraph in article.paragraphs())
        return _page(
            article.title, head, f"<main><article><h1>{article.title}</h1>{body}</article></main>"
        )

    def _list(self) -> Route:
        make = {"listing": self._listing, "feed": self._feed, "sitemap": self._sitemap}[self.kind]
        return make()

    def _listing(self) -> Route:
        cards = "".join(
            f'<div class="card"><h2><a href="{_path(article.slug)}">{article.title}</a></h2>'
            f"{_time(article.published)}<p>{article.teaser()}</p></div>"
            for article in self.listed_articles()
        )
        return Route(_page("The Paper", "", f"<main>{cards}</main>").encode())

    def _feed(self) -> Route:
        items = "".join(map(self._entry if self.atom else self._item, self.listed_articles()))
        home = self._site.url()
        if self.atom:
            head = f'<title>The Paper</title><id>{home}</id><link href="{home}"/>'
            text = f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{items}</feed>'
            return Route(text.encode(), "application/atom+xml")
        head = f"<title>The Paper</title><link>{home}</link><description>News</description>"
        return Route(
            f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode(),
            "application/rss+xml",
        )

    def _entry(self, article: Article) -> str:
        date = (
            f"<published>{article.published.isoformat()}</published>" if article.published else ""
        )
        return (
            f"<entry><title>{article.title}</title>"
            f'<link href="{self._site.url(_path(article.slug))}"/>'
            f"<id>{article.guid}</id>{date}<updated>{article.updated.isoformat()}</updated>"
            f"<summary>{article.teaser()}</summary></entry>"
        )

    def _item(self, article: Article) -> str:
        date = (
            f"<pubDate>{format_datetime(article.published)}</pubDate>" if article.published else ""
        )
        return (
            f"<item><title>{article.title}</title><link>{self._site.url(_path(article.slug))}</link>"
            f'<guid isPermaLink="false">{article.guid}</guid>{date}'
            f"<description>{article.teaser()}</description></item>"
        )

    def _sitemap(self) -> Route:
        urls = "".join(
            f"<url><loc>{self._site.url(_path(article.slug))}</loc>"
            f"<lastmod>{article.updated.isoformat()}</lastmod></url>"
            for article in self.listed_articles()
        )
        text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
        return Route(text.encode(), "application/xml")


def _path(slug: str) -> str:
    return f"/news/{slug}"


def _time(moment: datetime | None) -> str:
    return f'<time datetime="{moment.isoformat()}">{moment:%d %B}</time>' if moment else ""


def _page(title: str, head: str, body: str) -> str:
    navigation = (
        '<header><nav><a href="/">Home</a> <a href="/about">About</a> '
        '<a href="/contact">Contact</a></nav></header>'
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head>'
        f"<body>{navigation}{body}<footer><p>Copyright The Paper</p></footer></body></html>"
    )


_FAULTY_RESPONSES: Mapping[str, Route] = {
    "500": Route(b"oops", status=500, validators=False),
    "404": Route(b"<h1>Not found</h1>", status=404, validators=False),
    "empty": Route(b"", validators=False),
    "page": Route(
        _page("Page not found", "", "<h1>Page not found</h1><p>Sorry.</p>").encode(),
        validators=False,
    ),
}


def _faulty_route(fault: str, route: Route) -> "Route | _TruncatedResponse":
    """Return the response that a fault puts in place of a route."""
    if fault == "cut":
        return _TruncatedResponse(route)
    return _FAULTY_RESPONSES[fault] if fault else route


@dataclass(frozen=True)
class _TruncatedResponse:
    """A response that ends after half of the body."""

    route: Route

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        body = self.route.body
        request.send_response(200)
        request.send_header("Content-Type", self.route.content_type)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: len(body) // 2])
        request.close_connection = True

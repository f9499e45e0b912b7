"""A newspaper whose content changes: each edition adds and corrects stories, and saves some.

Its current content is known, so that the published files can be compared with it.
"""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from feedpub.core.article_keys import url_key
from tests.support.home import PNG
from tests.support.newsroom import PARAGRAPHS
from tests.support.site import Route, Site

MAX_LISTED = 5  # stories
FIRST_DATE = datetime(2024, 1, 1, tzinfo=UTC)
TOKEN = "a token"

CONFIG = """\
[feedpub]
allow_private = ["127.0.0.0/8"]
request_delay = "0s"
base_url = "https://feeds.example.net/"

[http]
admin_token = "{token}"

[[feed]]
name = "world"
title = "The world"
limit = 6
[[feed.source]]
type = "feed"
url = "{rss}"

[[feed]]
name = "saved"
title = "Saved"
limit = 4
[[feed.source]]
type = "folder"
path = "articles"
"""


class Paper:
    """The newspaper: a site and a folder of saved articles.

    Attributes:
        titles: feed → name of an article → its current title.
    """

    def __init__(self, site: Site, home: Path, seed: int) -> None:
        self._site = site
        self._folder = home / "config" / "articles"
        self._random = random.Random(seed)  # noqa: S311 -- editions, not secrets
        self._versions: dict[int, int] = {}
        self._saved = 0
        self.titles: dict[str, dict[str, str]] = {"world": {}, "saved": {}}
        self._folder.mkdir(parents=True)
        self.config = home / "config" / "feedpub.toml"
        self.config.write_text(CONFIG.format(token=TOKEN, rss=site.url("/rss")), "utf-8")
        (self._folder / "picture.png").write_bytes(PNG)

    def publish_edition(self) -> None:
        """Publish one or two new stories, correct a recent one, and sometimes save one."""
        for _ in range(self._random.randint(1, 2)):
            self._write(len(self._versions) + 1)
        self._write(self._random.choice(self.listed_numbers))
        if self._random.random() < 0.4 or not self._saved:
            self._save()
        self._site["/rss"] = self._rss()

    @property
    def listed_numbers(self) -> list[int]:
        """The stories in its feed, newest first."""
        return sorted(self._versions, reverse=True)[:MAX_LISTED]

    def current_titles(self, feed: str) -> dict[str, str]:
        """Return the titles, by name, of the articles that a feed's source lists now."""
        titles = self.titles[feed]
        return (
            titles
            if feed == "saved"
            else {name: titles[name] for name in map(self._name, self.listed_numbers)}
        )

    def _name(self, number: int) -> str:
        return url_key(self._site.url(f"/{number}"))

    def _write(self, number: int) -> None:
        version = self._versions[number] = self._versions.get(number, 0) + 1
        title = f"Matter {number} of the harbour in version {version}"
        date = FIRST_DATE + timedelta(hours=number)
        text = "".join(
            f"<p>{paragraph.format(n=number)}</p>"
            for paragraph in (*PARAGRAPHS, f"Version {version}.")
        )
        self._site[f"/{number}"] = (
            f'<!doctype html><html lang="en"><head><title>{title}</title>'
            f'<meta property="article:published_time" content="{date.isoformat()}"></head>'
            f"<body><main><article><h1>{title}</h1>{text}</article></main></body></html>"
        )
        self.titles["world"][self._name(number)] = title

    def _save(self) -> None:
        self._saved += 1
        title = f"Letter {self._saved} to the editor"
        text = "\n\n".join(paragraph.format(n=self._saved) for paragraph in PARAGRAPHS)
        date = FIRST_DATE + timedelta(days=self._saved)
        head = f"---\ntitle: {title}\ndate: {date.isoformat()}\n---\n"
        file = self._folder / f"{date:%Y-%m-%d}.md"
        file.write_text(f"{head}{text}\n\n![A picture](picture.png)\n", "utf-8")
        self.titles["saved"][f"letter-{self._saved}-to-the-editor.html"] = title

    def _rss(self) -> Route:
        items = "".join(
            f"<item><title>{self.titles['world'][self._name(n)]}</title>"
            f"<link>{self._site.url(f'/{n}')}</link>"
            f"<pubDate>{format_datetime(FIRST_DATE + timedelta(hours=n))}</pubDate></item>"
            for n in self.listed_numbers
        )
        head = (
            f"<title>The paper</title><link>{self._site.url()}</link>"
            "<description>News</description>"
        )
        return Route(
            f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode(),
            "application/rss+xml",
        )

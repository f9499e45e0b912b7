"""Make the states of earlier schema versions again, each by the code that wrote such states.

    python -m tests.store.make_states [STATE ...]

Each commit is taken from the history into a temporary folder. There `feedpub build` runs twice and
`feedpub run` once, with a site on loopback and a folder of articles; the site changes in between.
The database becomes `tests/store/states/STATE.sql.gz`.

The first commits need a package that feedpub no longer depends on: install `protego` into a folder
of its own and name that folder in PYTHONPATH.
"""

import gzip
import hashlib
import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
STATES = Path(__file__).with_name("states")
COMMITS = {
    "0001": "899dc27",
    "0002": "24d79ac",
    "0003": "93181e3",
    "0004": "eca0f2f",
    "0005": "0a522bd",
    "0005-branch": "09f2567",  # its version 0005 is what others know as 0006
    "0006": "a5dc464",
    "0007": "89f3a67",
    "0008": "5dfd524",  # made on a branch: without what 0007 adds
    "0009": "fcb72f7",  # made on a branch: without what 0007 and 0008 add
    "0010": "268944d",
    "0010-branch": "c882192",  # without what 0007, 0008 and 0009 add
    "0011": "8ed1947",
    "0012": "0060a387",
}
PORT = 8765  # below the ports that systems give to outgoing connections
SECONDS_FOR_A_FREE_PORT = 60.0
SECONDS_OF_SERVICE = 10.0
BUILDS_FOR_A_HISTORY = 13  # from 0006 on, sources with one are first asked if anything changed

FIRST, SECOND = range(1, 7), range(3, 9)  # the articles that are listed at each build
LIMIT = 4  # fewer than are known: the others go into archives
FEEDS = ("list", "rss", "map", "shelf", "broken")
CONFIG = """\
[[feed]]
name = "list"
title = "A list"
limit = {limit}
{more}
[[feed.source]]
type = "page"
url = "{site}/list"

[[feed]]
name = "rss"
title = "A feed"
limit = {limit}
{more}
[[feed.source]]
type = "feed"
url = "{site}/rss"

[[feed]]
name = "map"
title = "A sitemap"
limit = {limit}
{more}
[[feed.source]]
type = "sitemap"
url = "{site}/map"

[feed.exclude]
title = ["number 7"]

[[feed]]
name = "shelf"
title = "A folder"
limit = {limit}
{more}
[[feed.source]]
type = "folder"
path = "articles"

[[feed]]
name = "broken"
title = "A list that disappears"
{more}
[[feed.source]]
type = "page"
url = "{site}/broken"
"""
SETTINGS = """\
[feedpub]
output = "../feeds"
state = "../state"
base_url = "https://feeds.example.org/"
allow_private = ["127.0.0.0/8"]
delay = "0s"
"""
SERVICE = """\
hubs = ["{site}/hub"]

[http]
listen = "{host}:8766"

[alerts]
webhook = "{site}/hook"

"""
TOPICS = ("pier", "ferry", "market", "bridge", "school", "library", "orchard", "theatre", "tunnel")


class Site:
    """A site at a fixed address, since states and their ids hold it.

    Attributes:
        requests: the paths that were requested, except for robots.txt.
    """

    def __init__(self, host: str) -> None:
        self.address = f"http://{host}:{PORT}"
        self.pages: dict[str, tuple[str, str]] = {}
        self.requests: list[str] = []
        self._server = _bind(host)
        self._server.site = self

    def publish(self, articles: range, *, is_broken: bool = False) -> None:
        """List these articles everywhere, instead of those before.

        Args:
            articles: their numbers.
            is_broken: whether the list of the feed `broken` has moved to another address.
        """
        self.pages = {f"/{feed}/{n}": ("text/html", page(n)) for feed in FEEDS for n in articles}
        self.pages["/list"] = ("text/html", listing("list", articles))
        self.pages["/rss"] = ("application/rss+xml", rss(self.address, articles))
        self.pages["/map"] = ("application/xml", sitemap(self.address, articles))
        self.pages["/"] = ("text/html", '<title>Harbour Times</title><a href="/news">News</a>')
        place = "/news" if is_broken else "/broken"
        self.pages[place] = ("text/html", listing("broken", articles))

    @contextmanager
    def running(self) -> Iterator["Site"]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site


def _bind(host: str) -> _Server:
    """Bind the port, after the same test of another checkout if that runs at the moment."""
    deadline = time.monotonic() + SECONDS_FOR_A_FREE_PORT
    while True:
        try:
            return _Server((host, PORT), _Handler)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        if self.path != "/robots.txt":
            site.requests.append(self.path)
        content_type, text = site.pages.get(self.path, ("", ""))
        etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
        is_known = self.headers.get("If-None-Match") == etag
        self.send_response(404 if not text else 304 if is_known else 200)
        if text:
            self.send_header("ETag", etag)
            self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.end_headers()
        if not is_known:
            self.wfile.write(text.encode())

    def do_POST(self) -> None:
        self.send_error(500)

    def log_message(self, *args: object) -> None:
        pass


def feeds(address: str, more: str) -> str:
    """Return the feeds of the config, all with some more settings."""
    return CONFIG.format(site=address, limit=LIMIT, more=more)


def headline(n: int) -> str:
    return f"The town opens its new {TOPICS[n % len(TOPICS)]} number {n}"


def date(n: int) -> str:
    return f"2026-11-{n:02}"


def paragraphs(n: int) -> list[str]:
    """Return three paragraphs that have little in common with those of other articles."""
    topic = TOPICS[n % len(TOPICS)]
    words = [f"{topic}{n}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    return [
        f"The {topic} opened on Monday: {' '.join(words[:9])}, the mayor said to all who came.",
        f"Visitors saw {' '.join(words[9:18])}, and a café that was open until the evening.",
        f"On Sundays {' '.join(words[18:])}, which costs nothing, and children come with a ball.",
    ]


def page(n: int) -> str:
    """Return the page of an article."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs(n))
    return (
        f'<!doctype html><html lang="en"><head><title>{headline(n)} | Harbour Times</title>'
        f'<meta property="article:published_time" content="{date(n)}T08:00:00+01:00"></head>'
        '<body><header><nav><a href="/">Home</a> <a href="/about">About</a></nav></header>'
        f'<main><article><h1>{headline(n)}</h1><p class="byline">By Jane Doe</p>{body}</article>'
        "</main><footer><p>Copyright 2026 Harbour Times</p></footer></body></html>"
    )


def listing(folder: str, articles: range) -> str:
    """Return a page that lists articles."""
    cards = "".join(
        f'<div class="card"><h2><a href="/{folder}/{n}">{headline(n)}</a></h2>'
        f'<time datetime="{date(n)}T08:00:00+01:00">{n} November</time>'
        f"<p>All about number {n} and the people who made it.</p></div>"
        for n in reversed(articles)
    )
    return (
        '<!doctype html><html lang="en"><head><title>Harbour Times</title></head><body>'
        '<nav><a href="/">Home</a> <a href="/about">About us</a></nav>'
        f"<main>{cards}</main></body></html>"
    )


def rss(address: str, articles: range) -> str:
    """Return a truncated feed of articles."""
    items = "".join(
        f"<item><title>{headline(n)}</title><link>{address}/rss/{n}</link>"
        f'<guid isPermaLink="false">number-{n}</guid><description>A teaser, cut sh…</description>'
        f"<pubDate>{n:02} Nov 2026 08:00:00 +0100</pubDate></item>"
        for n in reversed(articles)
    )
    head = f"<title>Harbour Times</title><link>{address}</link><description>News</description>"
    return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'


def sitemap(address: str, articles: range) -> str:
    """Return a sitemap of articles."""
    urls = ""
    for n in reversed(articles):
        urls += f"<url><loc>{address}/map/{n}</loc><lastmod>{date(n)}</lastmod></url>"
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'


def write_articles(folder: Path, articles: range) -> None:
    """Save articles as files, instead of those before, for the source that is a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for n in articles:
        text = "\n\n".join([f"# {headline(n)}", *paragraphs(n)])
        (folder / f"{date(n)}-number-{n}.md").write_text(f"{text}\n", "utf-8")


def loopback_host(state: str) -> str:
    """Return the loopback address that the site of a state has to itself."""
    return f"127.11.30.{[*COMMITS].index(state) + 1}"


def make_state(state: str, folder: Path) -> Path:
    """Let the code of a state's commit build twice and run as a service; return its database."""
    code = folder / "code"
    archive = ["git", "-C", str(REPOSITORY), "archive", COMMITS[state], "feedpub"]
    packed = subprocess.run(archive, check=True, capture_output=True).stdout  # noqa: S603
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(code, filter="data")
    config = folder / "config" / "feedpub.toml"
    config.parent.mkdir()
    with Site(loopback_host(state)).running() as site:
        has_service = state != "0001"
        text = SETTINGS
        if has_service:
            text += SERVICE.format(site=site.address, host=loopback_host(state))
        text += feeds(site.address, "recheck = false" if has_service else "")
        if state >= "0011":  # then these keys got their present names
            text = text.replace("\ndelay =", "\nrequest_delay =").replace(
                "\nhubs =", "\nwebsub_hubs ="
            )
        config.write_text(text, "utf-8")
        for articles in (FIRST, *[SECOND] * (1 if state < "0006" else BUILDS_FOR_A_HISTORY)):
            site.publish(articles, is_broken=articles is SECOND)
            write_articles(config.parent / "articles", articles)
            _run(code, config, "build")
            time.sleep(1.1)  # states count in whole seconds
        if has_service:
            _serve_for_a_while(code, config)
    return folder / "state" / "feedpub.sqlite"


def _run(code: Path, config: Path, command: str) -> None:
    arguments = _command(config, command)
    result = subprocess.run(arguments, check=False, cwd=code, env=_environment(code))  # noqa: S603
    if result.returncode not in (0, 1):  # 1: a source failed, as one of ours does
        sys.exit(f"feedpub {command} ended with {result.returncode}")


def _serve_for_a_while(code: Path, config: Path) -> None:
    arguments = _command(config, "run")
    service = subprocess.Popen(arguments, cwd=code, env=_environment(code))  # noqa: S603
    time.sleep(SECONDS_OF_SERVICE)
    service.send_signal(signal.SIGTERM)
    service.wait(timeout=60)


def _command(config: Path, command: str) -> list[str]:
    return [sys.executable, "-m", "feedpub", "-c", str(config), command]


def _environment(code: Path) -> dict[str, str]:
    paths = [str(code), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def dump(database: Path) -> str:
    """Return a database as SQL."""
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())


def main() -> None:
    for state in sys.argv[1:] or COMMITS:
        folder = Path(tempfile.mkdtemp(prefix="feedpub-state-"))
        database = make_state(state, folder)
        date = datetime.now(UTC).isoformat(timespec="seconds")
        sql = dump(database).replace(str(folder), "/srv/feedpub")
        text = f"-- {COMMITS[state]} {date}\n{sql}\n"
        (STATES / f"{state}.sql.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

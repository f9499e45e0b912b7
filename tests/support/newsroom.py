"""A small news site on loopback, and the collaborators that read it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from feedpub.cleaner.rules import open_rules
from feedpub.config import Config, load_config
from feedpub.fetch import Fetcher
from feedpub.pipeline.context import RunContext
from feedpub.publisher import open_output
from feedpub.store import Store
from tests.support.clock import FakeClock
from tests.support.site import Route, Site
from tests.support.states import state_folder

PARAGRAPHS = """\
The council of the harbour town met on Monday evening to talk about matter {n}, and after two \
hours of debate it decided to build a new pier for the fishing boats that had been waiting since \
the spring.
Nobody had expected so many people. The hall holds {n} hundred, the caretaker said, and every \
chair was taken by the time the mayor opened the meeting and read out the letters.
Work begins in {n} weeks. The harbour master hopes that the first boats will land there before \
the summer, if the timber comes in time and the weather holds.""".splitlines()


def title(n: int) -> str:
    """Return the headline of the n-th story."""
    return f"Council decides on matter {n} of the harbour"


def path(n: int) -> str:
    """Return the path of the n-th story."""
    return f"/news/council-decides-on-matter-{n}"


def story(n: int, *, extra: str = "") -> str:
    """Return the page of the n-th story, with the usual boilerplate of a news site."""
    body = "".join(f"<p>{paragraph.format(n=n)}</p>" for paragraph in PARAGRAPHS)
    return (
        f'<!doctype html><html lang="en"><head><title>{title(n)} | Harbour Times</title>'
        '<meta property="og:site_name" content="Harbour Times">'
        '<meta property="article:published_time" '
        f'content="2026-11-{n:02d}T08:00:00+01:00"></head><body>'
        '<header><nav><a href="/">Home</a> <a href="/about">About</a> <a '
        'href="/contact">Contact</a></nav></header>'
        f'<main><article><h1>{title(n)}</h1><p class="byline">By Jane Doe</p>{body}{extra}'
        '<h2>You may also like</h2><ul><li><a href="/x">Slow clock</a></li><li><a '
        'href="/y">Warm hour</a></li></ul>'
        "</article></main><footer><p>Copyright 2026 Harbour Times</p></footer></body></html>"
    )


def listing(numbers: list[int]) -> str:
    """Return the page that lists the stories."""
    cards = "".join(
        f'<div class="card"><h2><a href="{path(n)}">{title(n)}</a></h2>'
        f'<time datetime="2026-11-{n:02d}T08:00:00+01:00">{n} November</time>'
        f"<p>Matter {n} was decided after a debate.</p></div>"
        for n in numbers
    )
    head = '<!doctype html><html lang="en"><head><title>Harbour Times</title></head>'
    navigation = (
        '<nav><a href="/">Home</a> <a href="/about">About us</a> <a '
        'href="/contact">Contact</a></nav>'
    )
    return f"{head}<body>{navigation}<main>{cards}</main></body></html>"


def rss(site: Site, numbers: list[int], description: str = "A teaser, cut sh…") -> Route:
    """Return a truncated feed of the stories."""
    items = "".join(
        f"<item><title>{title(n)}</title><link>{site.url(path(n))}</link>"
        f"<pubDate>{n:02d} Nov 2026 08:00:00 "
        f"+0100</pubDate><description>{description}</description></item>"
        for n in numbers
    )
    head = f"<title>Harbour Times</title><link>{site.url()}</link><description>News</description>"
    return Route(
        f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode(), "application/rss+xml"
    )


def sitemap(site: Site, numbers: list[int]) -> Route:
    """Return a sitemap of the stories."""
    urls = "".join(
        f"<url><loc>{site.url(path(n))}</loc><lastmod>2026-11-{n:02d}</lastmod></url>"
        for n in numbers
    )
    body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    return Route(body.encode(), "application/xml")


def open_newsroom(site: Site, numbers: list[int]) -> None:
    """Add the stories to a site, with a listing, a feed and a sitemap."""
    for n in numbers:
        site[path(n)] = story(n)
    site["/news"] = listing(numbers)
    site["/rss"] = rss(site, numbers)
    site["/sitemap.xml"] = sitemap(site, numbers)


def configure(folder: Path, *feeds: str, settings: str = "") -> Config:
    """Write a config file and load it; `feeds` are `[[feed]]` tables in TOML."""
    file = folder / "config" / "feedpub.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    head = f'[feedpub]\nallow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\n{settings}\n'
    file.write_text(head + "\n".join(feeds), "utf-8")
    return load_config(file)


def output_folder(config: Config) -> Path:
    """Return the output folder of a config."""
    assert isinstance(config.feedpub.output, Path)
    return config.feedpub.output


def feed(name: str, *sources: str, more: str = "") -> str:
    """Return the TOML of a feed. Sources are "type url", or the path of a folder."""
    tables = []
    for source in sources:
        kind, _, place = source.partition(" ")
        key = "path" if kind == "folder" else "url"
        tables.append(f'[[feed.source]]\ntype = "{kind}"\n{key} = "{place}"\n')
    return f'[[feed]]\nname = "{name}"\ntitle = "The {name} feed"\n{more}\n' + "\n".join(tables)


@contextmanager
def open_context(
    config: Config, clock: FakeClock | None = None, kept: Store | None = None
) -> Iterator[RunContext]:
    """Open the collaborators of a run.

    `kept` is an open store; without it, the store of the config is opened.
    """
    settings = config.feedpub
    clock = clock or FakeClock()
    with (
        nullcontext(kept) if kept else Store.open(state_folder(settings)) as store,
        Fetcher(
            delay=0, allow_private=settings.allow_private, robots=store.robots_cache, clock=clock
        ) as fetcher,
    ):
        publisher = open_output(settings.output, config.s3)
        yield RunContext(
            settings, store, fetcher, publisher, clock.now, site_rules=open_rules(config.rules)
        )

"""Each article is one entry, whatever sites do with addresses, and none is lost in another."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine

from feedpub.config import Config
from feedpub.core.article_keys import former_url_key
from feedpub.core.models import RunResult
from feedpub.pipeline import run
from feedpub.store import migrations
from feedpub.store.files import FILE_NAME
from feedpub.store.schema_repair import FORMER_NAMES
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, open_context, output_folder
from tests.support.site import Route, Site, running_site
from tests.support.states import state_folder

HOUR = 3600
EVIL, EVIL_NEIGHBOUR = "An evil article about nothing", "An evil article of this house"
TOPICS = (
    "pier",
    "ferry",
    "market",
    "bridge",
    "school",
    "library",
    "orchard",
    "theatre",
    "stadium",
    "tunnel",
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def other() -> Iterator[Site]:
    """Return a site of another owner."""
    with running_site("127.0.0.2") as running:
        yield running


def headline(n: int) -> str:
    return f"The town opens its new {TOPICS[n % len(TOPICS)]} number {n}"


def text(n: int) -> list[str]:
    """Return three paragraphs that have little in common with those of other articles."""
    word = TOPICS[n % len(TOPICS)]
    words = [f"{word}{n}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    return [
        (
            f"The {word} opened on Monday: {' '.join(words[:9])}, "
            f"{' '.join(reversed(words[:9]))}, the mayor said."
        ),
        (
            f"Visitors saw {' '.join(words[9:18])}, {' '.join(reversed(words[9:18]))}, and a "
            f"café until the evening."
        ),
        (
            f"On Sundays {' '.join(words[18:])}, {' '.join(reversed(words[18:]))}, which costs "
            f"nothing there."
        ),
    ]


def article(n: int, head: str = "", name: str = "") -> str:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in text(n))
    title = name or headline(n)
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>'
        f"<main><article><h1>{title}</h1>"
        f"{paragraphs}</article></main></body></html>"
    )


def listing(places: dict[str, str]) -> str:
    """Return a page that lists articles: address → headline."""
    cards = "".join(
        (
            f'<div class="card"><h2><a href="{place}">{name}</a></h2><p>What happened, in '
            f"short.</p></div>"
        )
        for place, name in places.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><title>Town</title></head><body>'
        f"<main>{cards}</main></body></html>"
    )


def put_articles(
    site: Site, numbers: list[int], head: str = "", where: str = "/town/{}.html"
) -> None:
    """Put articles and their listing on a site, each with an element in its head."""
    for n in numbers:
        site[where.format(n)] = article(n, head)
    site["/list"] = listing({where.format(n): headline(n) for n in numbers})


def rss(*items: str) -> Route:
    body = (
        f'<rss version="2.0"><channel><title>Town</title>'
        f"<link>/</link>{''.join(items)}</channel></rss>"
    )
    return Route(body.encode(), "application/rss+xml")


def item(n: int, **parts: str) -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in text(n))
    inner = {"title": headline(n), "description": f"<![CDATA[{body}]]>"} | parts
    elements = "".join(
        f"<{name}>{value}</{name}>" for name, value in inner.items() if name != "enclosure"
    )
    return f"<item>{elements}{parts.get('enclosure', '')}</item>"


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as context:
        (outcome,) = [run.run_feed(each, context) for each in config.feed]
        run.finish_build(config, context)
    return outcome


def entries(config: Config) -> list[dict[str, Any]]:
    return list(json.loads((output_folder(config) / "f.json").read_bytes())["items"])


def by_title(config: Config) -> dict[str, dict[str, Any]]:
    return {each["title"]: each for each in entries(config)}


def redirect(to: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(301)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


# --- canonical links ---


@pytest.mark.parametrize(
    "tag", ['<link rel="canonical" href="{}">', '<meta property="og:url" content="{}">']
)
@pytest.mark.parametrize("claimed", ["/list", "/", "/town/page.html", "/town/1.html"])
def test_canonical_link_shared_by_all_articles_is_ignored(
    site: Site, tmp_path: Path, clock: FakeClock, tag: str, claimed: str
) -> None:
    """A common mistake of templates: the link is that of the listing, home page or one article."""
    put_articles(site, [1, 2, 3, 4, 5], tag.format(site.url(claimed)))
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    assert build(config, clock).new == 5
    assert {each["url"] for each in entries(config)} == {
        site.url(f"/town/{n}.html") for n in (1, 2, 3, 4, 5)
    }


def test_shared_canonical_link_of_successive_articles_is_ignored(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    head = f'<link rel="canonical" href="{site.url("/town/page.html")}">'
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    for last in (3, 4, 5, 6):
        put_articles(site, list(range(1, last + 1)), head if last > 3 else "")
        build(config, clock)
        clock.pass_time(HOUR)
    assert len({each["id"] for each in entries(config)}) == 6
    assert {each["title"] for each in entries(config)} == {headline(n) for n in range(1, 7)}


def test_canonical_link_confirmed_by_the_text_unites_addresses(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    head = f'<link rel="canonical" href="{site.url("/town/1.html")}">'
    put_articles(site, [1, 2, 3])
    site["/amp/1"] = article(1, head)
    site["/list"] = listing(
        {"/amp/1": headline(1), "/town/1.html": headline(1), "/town/2.html": headline(2)}
    )
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    assert build(config, clock).new == 2
    assert sorted(each["url"] for each in entries(config)) == [
        site.url("/town/1.html"),
        site.url("/town/2.html"),
    ]


# --- takeovers ---


def test_canonical_link_cannot_take_over_another_entry(
    site: Site, other: Site, tmp_path: Path, clock: FakeClock
) -> None:
    put_articles(site, [1, 2, 3])
    config = configure(
        tmp_path, feed("f", f"page {site.url('/list')}", f"page {other.url('/list')}")
    )
    put_articles(other, [7, 8, 9])
    build(config, clock)
    before = by_title(config)
    for n in (7, 8, 9):
        other[f"/evil/{n}"] = article(
            n + 10, f'<link rel="canonical" href="{site.url("/town/1.html")}">', EVIL
        )
    site["/evil"] = article(
        4, f'<link rel="canonical" href="{site.url("/town/2.html")}">', EVIL_NEIGHBOUR
    )
    other["/list"] = listing(
        {f"/town/{n}.html": headline(n) for n in (7, 8, 9)} | {"/evil/7": EVIL}
    )
    site["/list"] = listing(
        {f"/town/{n}.html": headline(n) for n in (1, 2, 3)} | {"/evil": EVIL_NEIGHBOUR}
    )
    clock.pass_time(HOUR)
    build(config, clock)
    after = by_title(config)
    assert {name: after[name] for name in before} == before
    assert {after[EVIL]["url"], after[EVIL_NEIGHBOUR]["url"]} == {
        other.url("/evil/7"),
        site.url("/evil"),
    }


def test_redirect_cannot_take_over_another_sources_entry(
    site: Site, other: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/rss"] = rss(
        item(1, link=site.url("/town/1.html")), item(2, link=site.url("/town/2.html"))
    )
    put_articles(site, [1, 2])
    other["/rss"] = rss(item(7, link=other.url("/a/7")))
    other["/a/7"] = article(7)
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}", f"feed {other.url('/rss')}"))
    build(config, clock)
    before = by_title(config)
    other["/go"] = redirect(site.url("/town/1.html"))
    evil = item(9, title="Buy now", author="evil@example.org (Evil)", link=other.url("/go"))
    other["/rss"] = rss(evil, item(7, link=other.url("/a/7")))
    clock.pass_time(HOUR)
    build(config, clock)
    now = by_title(config)
    new = now.pop("Buy now")
    assert now == before
    assert new["url"] == other.url("/go")


def test_article_at_a_claimed_address_becomes_its_own_entry(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    put_articles(site, [1, 2])
    site["/claim"] = article(5, f'<link rel="canonical" href="{site.url("/town/3.html")}">')
    first = {f"/town/{n}.html": headline(n) for n in (1, 2)} | {"/claim": headline(5)}
    site["/list"] = listing(first)
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    build(config, clock)
    site["/town/3.html"] = article(3)
    site["/list"] = listing({"/town/3.html": headline(3)} | first)
    clock.pass_time(HOUR)
    assert build(config, clock).new == 1
    assert {headline(3), headline(5)} <= by_title(config).keys()
    assert by_title(config)[headline(3)]["url"] == site.url("/town/3.html")


def test_source_that_lists_an_address_owns_an_entry_created_by_redirect(
    site: Site, other: Site, tmp_path: Path, clock: FakeClock
) -> None:
    put_articles(site, [1, 2])
    site["/rss"] = rss(item(2, link=site.url("/town/2.html")))
    other["/go"] = redirect(site.url("/town/1.html"))
    other["/rss"] = rss(item(1, title="You will not believe this", link=other.url("/go")))
    config = configure(tmp_path, feed("f", f"feed {other.url('/rss')}", f"feed {site.url('/rss')}"))
    build(config, clock)
    assert "You will not believe this" in by_title(config)
    site["/rss"] = rss(
        item(1, link=site.url("/town/1.html")), item(2, link=site.url("/town/2.html"))
    )
    clock.pass_time(HOUR)
    build(config, clock)
    other["/rss"] = rss(item(1, title="You will never believe this", link=other.url("/go")))
    clock.pass_time(HOUR)
    build(config, clock)
    assert by_title(config).keys() == {headline(1), headline(2)}


# --- articles that move ---


@pytest.mark.parametrize("new", ["A better headline", headline(1)])
@pytest.mark.parametrize("kind", ["page", "sitemap"])
def test_changed_slug_with_a_redirect_keeps_the_entry(
    site: Site, tmp_path: Path, clock: FakeClock, kind: str, new: str
) -> None:
    put_articles(site, [1, 2, 3, 4])

    def put_lists(places: dict[str, str]) -> None:
        site["/list"] = listing(places)
        urls = "".join(f"<url><loc>{site.url(place)}</loc></url>" for place in places)
        body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
        site["/map.xml"] = Route(body.encode(), "application/xml")

    places = {f"/town/{n}.html": headline(n) for n in (1, 2, 3, 4)}
    put_lists(places)
    config = configure(
        tmp_path, feed("f", f"{kind} {site.url('/list' if kind == 'page' else '/map.xml')}")
    )
    build(config, clock)
    before = {each["id"] for each in entries(config)}
    site["/town/1.html"] = redirect(site.url("/town/renamed.html"))
    site["/town/renamed.html"] = article(1, name=new)
    del places["/town/1.html"]
    put_lists({"/town/renamed.html": new} | places)
    clock.pass_time(100 * HOUR)
    build(config, clock)
    assert {each["id"] for each in entries(config)} == before
    assert by_title(config)[new]["url"] == site.url("/town/renamed.html")


def test_moved_article_without_a_redirect_is_known_by_title_and_text(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    put_articles(site, [1, 2, 3, 4])
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    build(config, clock)
    before = {each["id"] for each in entries(config)}
    del site["/town/1.html"]
    site["/moved/1.html"] = article(1)
    site["/list"] = listing(
        {"/moved/1.html": headline(1)} | {f"/town/{n}.html": headline(n) for n in (2, 3, 4)}
    )
    clock.pass_time(HOUR)
    build(config, clock)
    assert {each["id"] for each in entries(config)} == before


def test_identical_daily_columns_are_separate_entries(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    put_articles(site, [1, 2, 3])
    site["/daily/1"] = site["/daily/2"] = article(9, name="Opening hours")
    rest = {f"/town/{n}.html": headline(n) for n in (1, 2, 3)}
    site["/list"] = listing({"/daily/1": "Opening hours"} | rest)
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    build(config, clock)
    site["/list"] = listing({"/daily/2": "Opening hours"} | rest)
    clock.pass_time(24 * HOUR)
    assert build(config, clock).new == 1
    assert [each["title"] for each in entries(config)].count("Opening hours") == 2


def test_guid_keeps_the_entry_if_link_and_title_change(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    put_articles(site, [1, 2])
    second = item(2, link=site.url("/town/2.html"), guid="b")
    site["/rss"] = rss(item(1, link=site.url("/town/1.html"), guid="a"), second)
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    build(config, clock)
    before = {each["id"] for each in entries(config)}
    site["/town/renamed.html"] = article(1, name="A better headline")
    renamed = item(1, title="A better headline", link=site.url("/town/renamed.html"), guid="a")
    site["/rss"] = rss(renamed, second)
    clock.pass_time(HOUR)
    build(config, clock)
    assert {each["id"] for each in entries(config)} == before
    assert by_title(config)["A better headline"]["url"] == site.url("/town/renamed.html")


def test_busy_site_that_moves_to_another_host_duplicates_nothing(
    site: Site, other: Site, tmp_path: Path, clock: FakeClock
) -> None:
    numbers = list(range(10, 0, -1))
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    put_articles(site, numbers)
    build(config, clock)
    for n in range(11, 17):
        numbers = [n, *numbers[:9]]
        put_articles(site, numbers)
        clock.pass_time(2 * HOUR)
        build(config, clock)
    put_articles(other, numbers)
    for n in (17, 18, 19):
        numbers = [n, *numbers[:9]]
        put_articles(other, numbers)
        site["/list"] = listing({other.url(f"/town/{n}.html"): headline(n) for n in numbers})
        clock.pass_time(10 * HOUR)
        build(config, clock)
    titles = [each["title"] for each in entries(config)]
    assert sorted(titles) == sorted({headline(n) for n in range(1, 20)})


# --- addresses ---


def test_encoded_slash_differs_from_a_slash(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    places = {"/wiki/a%2Fb": headline(1), "/wiki/a/b": headline(2), "/wiki/c": headline(3)}
    for n, place in enumerate(places, 1):
        site[place] = article(n)
    site["/list"] = listing(places)
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    assert build(config, clock).new == 3
    assert {each["url"]: each["title"] for each in entries(config)} == {
        site.url(place): name for place, name in places.items()
    }


@pytest.mark.parametrize("where", ["/archive/{}", "/show?title={}"])
def test_addresses_in_windows_1251_are_requested_byte_for_byte(
    site: Site, tmp_path: Path, clock: FakeClock, where: str
) -> None:
    places = {
        where.format(quote(word.encode("windows-1251"))): headline(n)
        for n, word in enumerate(["мост", "порт", "сад", "дом"])
    }
    for n, place in enumerate(places):
        site[place] = article(n)
    site["/list"] = listing(places)
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    assert build(config, clock).new == 4
    assert set(site.paths()) == {"/list", *places}
    assert {each["url"] for each in entries(config)} == {site.url(place) for place in places}


@pytest.mark.parametrize("name", ["sid", "session", "at_id", "pk_article", "ns_id", "wt_page"])
def test_tracking_parameter_that_distinguishes_articles_is_kept(
    site: Site, tmp_path: Path, clock: FakeClock, name: str
) -> None:
    numbers = range(1, 11)
    put_articles(site, list(numbers), where=f"/news.php?file=article&{name}={{}}")
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    assert build(config, clock).new == 10
    assert {each["url"] for each in entries(config)} == {
        site.url(f"/news.php?file=article&{name}={n}") for n in numbers
    }


def test_session_id_that_distinguishes_articles_is_kept(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """A session id that changes at each check does not distinguish articles."""
    places = {f"/show?session={n:032x}": headline(n) for n in (1, 2, 3)}
    for n, place in enumerate(places, 1):
        site[place] = article(n)
    site["/list"] = listing(places)
    config = configure(tmp_path, feed("f", f"page {site.url('/list')}"))
    assert build(config, clock).new == 3
    assert {each["url"] for each in entries(config)} == {site.url(place) for place in places}


# --- feeds ---


def test_episodes_with_one_link_are_distinguished_by_guid(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/show"] = article(99)
    site["/rss"] = rss(*(item(n, link=site.url("/show"), guid=f"episode-{n}") for n in range(1, 6)))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    assert build(config, clock).new == 5
    assert all(
        text(n)[0][:40] in by_title(config)[headline(n)]["content_html"] for n in range(1, 6)
    )
    before = entries(config)
    site["/rss"] = rss(*(item(n, link=site.url("/show"), guid=f"episode-{n}") for n in range(2, 7)))
    clock.pass_time(HOUR)
    assert build(config, clock).new == 1
    assert {each["id"] for each in before} < {each["id"] for each in entries(config)}


def test_successive_episodes_with_one_link_are_separate_entries(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    site["/show"] = article(99)
    for n in (1, 2, 3):
        date = f"{20 + n} Nov 2026 08:00:00 +0000"
        site["/rss"] = rss(item(n, link=site.url("/show"), guid=f"episode-{n}", pubDate=date))
        build(config, clock)
        clock.pass_time(24 * HOUR)
    assert {each["title"] for each in entries(config)} == {headline(n) for n in (1, 2, 3)}


@pytest.mark.parametrize("sign", ["guid", "enclosure", "text"])
def test_items_without_a_link_have_pages_and_keep_their_entries(
    site: Site, tmp_path: Path, clock: FakeClock, sign: str
) -> None:
    def unlinked(n: int) -> str:
        enclosure = f'<enclosure url="{site.url(f"/{n}.mp3")}" type="audio/mpeg" length="1"/>'
        return item(
            n,
            **{"guid": {"guid": f"urn:{n}"}, "enclosure": {"enclosure": enclosure}, "text": {}}[
                sign
            ],
        )

    site["/rss"] = rss(*map(unlinked, range(1, 6)))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    assert build(config, clock).new == 5
    before = entries(config)
    for each in before:
        page = each["url"].removeprefix(config.feedpub.base_url)
        assert each["title"] in (output_folder(config) / page).read_text("utf-8")
    site["/rss"] = rss(*map(unlinked, range(2, 7)))
    clock.pass_time(HOUR)
    assert build(config, clock).new == 1
    assert {each["id"] for each in before} < {each["id"] for each in entries(config)}


def test_items_that_differ_only_in_the_fragment_are_separate_entries(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/log"] = article(99)
    site["/rss"] = rss(*(item(n, link=site.url(f"/log#v{n}")) for n in range(1, 6)))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    assert build(config, clock).new == 5
    assert {each["url"] for each in entries(config)} == {
        site.url(f"/log#v{n}") for n in range(1, 6)
    }


def test_guid_shared_by_all_items_is_ignored(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    put_articles(site, [1, 2, 3, 4])
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    for numbers in ([1], [2], [3, 4]):
        site["/rss"] = rss(
            *(
                item(
                    n,
                    link=site.url(f"/town/{n}.html"),
                    guid="town",
                    pubDate=f"{10 + n} Nov 2026 08:00:00 +0000",
                )
                for n in numbers
            )
        )
        build(config, clock)
        clock.pass_time(HOUR)
    assert by_title(config).keys() == {headline(n) for n in (1, 2, 3, 4)}


def test_equal_guids_of_two_feeds_are_unrelated(
    site: Site, other: Site, tmp_path: Path, clock: FakeClock
) -> None:
    for n, place in enumerate((site, other), 1):
        put_articles(place, [n])
        place["/rss"] = rss(item(n, link=place.url(f"/town/{n}.html"), guid="1"))
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}", f"feed {other.url('/rss')}"))
    assert build(config, clock).new == 2


def test_changed_guid_keeps_the_entry_if_link_and_text_stay(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    put_articles(site, [1, 2])
    config = configure(tmp_path, feed("f", f"feed {site.url('/rss')}"))
    for guid in ("old", "new"):
        site["/rss"] = rss(
            *(item(n, link=site.url(f"/town/{n}.html"), guid=f"{guid}-{n}") for n in (1, 2))
        )
        build(config, clock)
        clock.pass_time(HOUR)
    assert len(entries(config)) == 2


# --- upgrades ---


def as_version_6_had_it(folder: Path) -> None:
    """Rewrite a state with the tables and keys of schema version 0006."""
    new, old = folder / FILE_NAME, folder / "old.sqlite"
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        migrations.upgrade_tables(connection, "0006")
    engine.dispose()
    with closing(sqlite3.connect(old)) as database, database:
        database.execute("ATTACH ? AS new", (str(new),))
        tables = [
            name
            for (name,) in database.execute(
                "SELECT name FROM main.sqlite_master WHERE type = 'table'"
            )
        ]
        present_names = {former: present for present, former in FORMER_NAMES.items()}
        for table in set(tables) - {"alembic_version", "aliases", "seen"}:
            present = present_names.get(table, table)
            columns = ", ".join(
                row[1] for row in database.execute(f"PRAGMA main.table_info({table})")
            )
            database.execute(
                f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{present}"  # noqa: S608
            )
        for feed, key, entry, url in database.execute(
            "SELECT a.feed, a.key, a.entry, e.url FROM new.aliases a JOIN new.entries e ON "
            "e.id = a.entry"
            " WHERE a.kind = 'own' AND a.key NOT LIKE 'guid:%'"
        ).fetchall():
            former = former_url_key(url)
            database.execute(
                "INSERT OR REPLACE INTO main.aliases VALUES (?, ?, ?)", (feed, former, entry)
            )
            columns = ", ".join(
                row[1]
                for row in database.execute("PRAGMA main.table_info(seen)")
                if row[1] != "key"
            )
            database.execute(
                f"INSERT INTO main.seen (key, {columns})"  # noqa: S608
                f" SELECT ?, {columns} FROM new.item_states WHERE feed = ? AND key = ?",
                (former, feed, key),
            )
    for file in folder.glob(f"{FILE_NAME}*"):
        file.unlink()
    old.rename(new)


@pytest.mark.parametrize("kind", ["page", "feed"])
def test_state_of_schema_version_6_keeps_its_ids(
    site: Site, tmp_path: Path, clock: FakeClock, kind: str
) -> None:
    """No entry is duplicated, and no article is fetched again, although keys have changed."""
    places = {
        "/town/1.html": 1,
        "/wiki/a%2Fb": 2,
        "/show?at_id=5": 3,
        "/old/%EC%EE": 4,
        "/x?sid=77": 5,
    }
    for place, n in places.items():
        site[place] = article(n)
    site["/list"] = listing({place: headline(n) for place, n in places.items()})
    site["/rss"] = rss(
        *(item(n, link=site.url(place), guid=f"g{n}") for place, n in places.items())
    )
    source = site.url("/list" if kind == "page" else "/rss")
    config = configure(tmp_path, feed("f", f"{kind} {source}", more="recheck = false"))
    assert build(config, clock).new == 5
    before = {each["id"]: each for each in entries(config)}
    as_version_6_had_it(state_folder(config.feedpub))
    site.clear_requests()
    clock.pass_time(24 * HOUR)
    build(config, clock)
    # Later versions publish an entry's origin, which is read together with its article.
    known = [{**each, "_feedpub": before[each["id"]]["_feedpub"]} for each in entries(config)]
    assert {each["id"]: each for each in known} == before
    assert site.paths() == ["/list" if kind == "page" else "/rss"]

"""`feedpub add`: from the address of a site to a feed in the config."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from rich.markup import escape
from rich.table import Table

from feedpub.cli.context import load_if_exists
from feedpub.cli.terminal import echo, echo_json, exit_with_error, is_interactive, make_console
from feedpub.core.text import count_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feedpub.config import NewFeed
    from feedpub.sources.discovery import ArticleSample, Discovery, DiscoverySession

_DEADLINE = 180.0  # seconds for all of it; with polite pauses it mostly takes half a minute
_LONGEST_TITLE = 80  # characters
_LONGEST_STEM = 40  # characters; a longer title makes no good name


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of the candidates, by its number, as a feed of the config, and what came of its articles."""

    number: int
    new: "NewFeed"
    tried: "Sequence[ArticleSample]"


@click.command()
@click.argument("url")
@click.option("--name", help="The feed's name. Default: derived from the site's name.")
@click.option(
    "--pick", type=click.IntRange(1), default=1, help="Use the candidate with this number."
)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON document; do not ask."
)
@click.option("--dry-run", is_flag=True, help="Print the addition to the config and write nothing.")
@click.pass_obj
def add(  # noqa: PLR0913 -- a command's options
    config_path: Path | None,
    url: str,
    name: str | None,
    pick: int,
    *,
    yes: bool,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Add a feed of a site to the config.

    The command looks for feeds, sitemaps, WordPress posts and article lists at URL. It ranks them by the completeness
    and the age of their entries, reads three articles, shows the result, and asks. The rest of the config stays as it
    is, with its comments.

    \b
    Examples:
      feedpub add https://example.org/news
      feedpub add example.org --pick 2 --name example
      feedpub add https://example.org/news --yes && feedpub build

    Exit status: 0, 1 if nothing was found or written, 2 if the command line or the config has an error.
    """
    from feedpub.config import add_feed, find_config

    path = find_config(config_path)
    url = url if "://" in url else f"https://{url}"
    _check(url, path, name)
    with _looking(path) as looks:
        discovery = _discover(url, looks)

        def choose(number: int) -> _Choice:
            return _chosen(discovery, number, path, name, looks)

        choice, wanted = choose(pick), yes
        if not (as_json or dry_run):
            choice, wanted = _settled(choice, choose, discovery, path, yes=yes)
    written = wanted and not dry_run
    if written:
        add_feed(path, choice.new)
    if as_json:
        told = discovery_as_json(discovery, choice.number, choice.tried)
        echo_json(
            {**told, "name": choice.new.name, "block": choice.new.as_toml(), "written": written}
        )
    elif dry_run:
        echo(choice.new.as_toml(), nl=False)
    elif written:
        echo(f"{choice.new.name} is in {path} now; next: feedpub build {choice.new.name}")
    if not (written or dry_run):
        asked = is_interactive() and not as_json
        exit_with_error(
            "nothing was written" if asked else "nothing was written; --yes writes without asking",
            status=1,
        )


def _check(url: str, path: Path, name: str | None) -> None:
    """Whether it could be written at all, before anybody is asked for anything.

    Raises ConfigError.
    """
    from feedpub.config import (
        NewFeed,
        check_web_address,
        ensure_not_configured,
        unique_name,
        with_new_feed,
    )
    from feedpub.core.errors import ConfigError

    try:
        check_web_address(url)
    except ValueError as error:
        raise ConfigError(f"URL: {error}") from error
    ensure_not_configured(path, url)
    with_new_feed(path, NewFeed(name or unique_name("feed", _names(path)), "x", "page", url))


def _names(path: Path) -> set[str]:
    known = load_if_exists(path)
    return {feed.name for feed in known.feed} if known else set()


@contextmanager
def _looking(path: Path) -> "Iterator[DiscoverySession]":
    """The network and the workers, as the config has them.

    Each address is told on standard error.
    """
    from feedpub.config import GlobalSettings
    from feedpub.core.budget import RunBudget
    from feedpub.pipeline.context import open_fetcher, open_pool
    from feedpub.sources.discovery import DiscoverySession

    lease = RunBudget(_DEADLINE)
    known = load_if_exists(path)
    settings = known.feedpub if known else GlobalSettings()  # a first feed makes the file
    with open_pool() as isolation, open_fetcher(settings) as fetcher:
        isolation.prestart()
        gate = fetcher.for_run("", lease.remaining)
        yield DiscoverySession(
            gate, isolation, lease, on_progress=lambda url: echo(f"looking at {url}", err=True)
        )


def _discover(url: str, looks: "DiscoverySession") -> "Discovery":
    from feedpub.pipeline.context import utc_now
    from feedpub.sources.discovery import discover_sources

    discovery = discover_sources(url, looks, utc_now())
    echo(f"looked at {pluralize(len(looks.requested), 'address', 'addresses')}", err=True)
    return discovery


def _chosen(
    discovery: "Discovery", number: int, path: Path, name: str | None, looks: "DiscoverySession"
) -> _Choice:
    """The candidate of a number, its articles read.

    Raises ConfigError where it is in the config already.
    """
    from feedpub.config import NewFeed, ensure_not_configured, unique_name
    from feedpub.core.redact import redact
    from feedpub.sources.discovery import try_articles

    if number > (last := len(discovery.candidates)):
        there = f"there {'is' if last == 1 else 'are'} {pluralize(last, 'candidate')}"
        raise click.BadParameter(there, param_hint="--pick")
    candidate = discovery.candidates[number - 1].candidate
    ensure_not_configured(path, candidate.url)
    title = (candidate.title or discovery.title)[:_LONGEST_TITLE].strip()
    host = (urlsplit(discovery.url).hostname or "").removeprefix("www.")
    stem = title if len(title) <= _LONGEST_STEM and title.isascii() else host
    is_home = (
        discovery.is_page and candidate.kind != "page" and discovery.url == redact(discovery.url)
    )
    new = NewFeed(
        name=name or unique_name(stem, _names(path)),
        title=title or host,
        kind=candidate.kind,
        url=candidate.url,
        link=discovery.url if is_home else None,
        settings=candidate.settings,
    )
    return _Choice(number, new, try_articles(candidate, discovery.samples, looks))


def _settled(
    choice: _Choice,
    choose: Callable[[int], _Choice],
    discovery: "Discovery",
    path: Path,
    *,
    yes: bool,
) -> tuple[_Choice, bool]:
    """What people want after they have seen it: which candidate, and whether it is written."""
    from feedpub.pipeline.context import utc_now

    while True:
        print_discovery(make_console(), discovery, choice.number, choice.tried, utc_now())
        echo(choice.new.as_toml())
        if yes or not is_interactive():
            return choice, yes
        answer = _answer(path, len(discovery.candidates))
        if isinstance(answer, bool):
            return choice, answer
        choice = choose(answer)


def _answer(path: Path, count: int) -> bool | int:
    """Yes, no, or the number of another candidate."""
    numbers = [str(number) for number in range(1, count + 1)]
    others = ", or the number of another" if count > 1 else ""
    answer: str = click.prompt(
        f"Write this to {path}? y, n{others}",
        type=click.Choice(["y", "n", *numbers]),
        default="y",
        show_choices=False,
    )
    return int(answer) if answer in numbers else answer == "y"


# SECTION: What `feedpub add` found, on a terminal and for programs.

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from feedpub.sources.discovery import ArticleSample, Discovery, RankedCandidate

_BEGINNING = 200  # characters of an article
_MOST_REMOVED = 5  # that are shown of one article


def print_discovery(
    console: "Console",
    discovery: "Discovery",
    pick: int,
    tried: "Sequence[ArticleSample]",
    now: "datetime",
) -> None:
    """The candidates as a numbered table, then the articles of the one that is picked."""
    console.print(_table(discovery.candidates, pick, now))
    for each in tried:
        console.print()
        for line in _lines(each):
            console.print(line, markup=False, highlight=False)
    console.print()


def discovery_as_json(
    discovery: "Discovery", pick: int, tried: "Sequence[ArticleSample]"
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "url": discovery.url,
        "candidates": [
            _described(number, each) for number, each in enumerate(discovery.candidates, 1)
        ],
        "picked": pick,
        "articles": [_tried(each) for each in tried],
    }


def _table(candidates: "Sequence[RankedCandidate]", pick: int, now: "datetime") -> Table:
    from feedpub.core.humanize import format_relative
    from feedpub.core.redact import redact

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in ("kind", "entries", "newest", "address, and what speaks for and against it"):
        table.add_column(name, justify="right" if name == "entries" else "left", overflow="fold")
    for number, each in enumerate(candidates, 1):
        candidate = each.candidate
        newest = format_relative(each.newest, now) if each.newest else ""
        about = f"{escape(redact(candidate.url))}\n[dim]{escape('; '.join(each.evidence))}[/]"
        style = "bold" if number == pick else ""
        table.add_row(
            f"{number}.", candidate.kind, str(len(candidate.items)), newest, about, style=style
        )
    return table


def _lines(tried: "ArticleSample") -> list[str]:
    """One article as a reader would get it; or why it could not be read."""
    article = tried.article
    if article is None:
        return [tried.url, f"  could not be read: {tried.reason}"]
    when = f"{article.published:%Y-%m-%d %H:%M %Z}" if article.published else "no date"
    who = ", ".join(article.authors) or "no author"
    removed = [
        f"  removed: {_one_line(each.text, 60)} ({each.reason})"
        for each in article.removed[:_MOST_REMOVED]
    ]
    more = len(article.removed) - len(removed)
    return [
        article.title or tried.url,
        f"  {when} · {who} · {pluralize(count_words(article.text), 'word')}",
        f"  {_one_line(article.text, _BEGINNING)}",
        *removed,
        *([f"  and {more} more removed"] if more > 0 else ()),
    ]


def _one_line(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def _described(number: int, ranked: "RankedCandidate") -> dict[str, Any]:
    candidate = ranked.candidate
    return {
        "number": number,
        "kind": candidate.kind,
        "url": candidate.url,
        "entries": len(candidate.items),
        "whole": candidate.is_full_text,
        "newest": ranked.newest,
        "score": ranked.score,
        "evidence": list(ranked.evidence),
        "settings": dict(candidate.settings),
    }


def _tried(tried: "ArticleSample") -> dict[str, Any]:
    article = tried.article
    if article is None:
        return {"url": tried.url, "reason": tried.reason}
    return {
        "url": tried.url,
        "title": article.title,
        "published": article.published,
        "authors": list(article.authors),
        "words": count_words(article.text),
        "beginning": _one_line(article.text, _BEGINNING),
        "removed": [{"reason": each.reason, "text": each.text} for each in article.removed],
    }

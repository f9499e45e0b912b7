"""`feedpub add`: find the sources of a site and add one to the config."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedpub.cli.context import load_if_exists
from feedpub.cli.terminal import echo, echo_json, exit_with_error, is_interactive, make_console
from feedpub.core.text import count_words, pluralize

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console
    from rich.table import Table

    from feedpub.config import NewFeed
    from feedpub.sources.discovery import (
        ArticleSample,
        Discovery,
        DiscoverySession,
        RankedCandidate,
    )

_TIMEOUT_SECONDS = 180.0  # for all requests; they usually take 30 seconds
_MAX_TITLE_CHARS = 80
_MAX_NAME_CHARS = 40  # the host makes a better name than a longer title
_EXCERPT_CHARS = 200
_REMOVED_TEXT_CHARS = 60
_MAX_REMOVED_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Choice:
    """A candidate that can be added.

    Attributes:
        number: Its number in the list.
        feed: The feed that it becomes.
        samples: Its newest articles.
    """

    number: int
    feed: "NewFeed"
    samples: "Sequence[ArticleSample]"


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
def add(  # noqa: PLR0913 -- one parameter for each option
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

    The command looks for feeds, sitemaps, WordPress posts and article lists at URL. It ranks them
    by the completeness and the age of their entries, reads three articles, shows the result, and
    asks. The rest of the config stays as it is, with its comments.

    \b
    Examples:
      feedpub add https://example.org/news
      feedpub add example.org --pick 2 --name example
      feedpub add https://example.org/news --yes && feedpub build

    Exit status: 0, 1 if nothing was found or written, 2 if the command line or the config has an
    error.
    """
    from feedpub.config import add_feed, find_config
    from feedpub.pipeline.context import utc_now
    from feedpub.sources.discovery import discover_sources

    path = find_config(config_path)
    if "://" not in url:
        url = f"https://{url}"
    _check_arguments(url, path, name)
    with _open_session(path) as session:
        discovery = discover_sources(url, session, utc_now())
        requested = pluralize(len(session.requested), "address", "addresses")
        echo(f"requested {requested}", err=True)

        def choose(number: int) -> _Choice:
            return _choose(discovery, number, path, name, session)

        choice, confirmed = choose(pick), yes
        if not (as_json or dry_run):
            choice, confirmed = _confirm(choice, choose, discovery, path, yes=yes)
    written = confirmed and not dry_run
    if written:
        add_feed(path, choice.feed)
    block = choice.feed.as_toml()
    if as_json:
        document = _discovery_as_json(discovery, choice)
        echo_json({**document, "name": choice.feed.name, "block": block, "written": written})
    elif dry_run:
        echo(block, nl=False)
    elif written:
        echo(f"added {choice.feed.name} to {path}; next: feedpub build {choice.feed.name}")
    if not (written or dry_run):
        was_asked = is_interactive() and not as_json
        hint = "" if was_asked else "; --yes writes without asking"
        exit_with_error(f"nothing was written{hint}", status=1)


def _check_arguments(url: str, path: Path, name: str | None) -> None:
    """Check the address and the name before any request.

    Raises:
        ConfigError: The config has an error, or cannot take such a feed.
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
    with_new_feed(path, NewFeed(name or unique_name("feed", _feed_names(path)), "x", "page", url))


def _feed_names(path: Path) -> set[str]:
    config = load_if_exists(path)
    return {feed.name for feed in config.feed} if config else set()


@contextmanager
def _open_session(path: Path) -> "Iterator[DiscoverySession]":
    """Open a session with the config's network settings. It prints each address it requests."""
    from feedpub.config import GlobalSettings
    from feedpub.core.budget import RunBudget
    from feedpub.pipeline.context import open_fetcher, open_pool
    from feedpub.sources.discovery import DiscoverySession

    budget = RunBudget(_TIMEOUT_SECONDS)
    config = load_if_exists(path)
    settings = config.feedpub if config else GlobalSettings()
    with open_pool() as executor, open_fetcher(settings) as fetcher:
        executor.prestart()
        yield DiscoverySession(
            fetcher.for_run("", budget.remaining),
            executor,
            budget,
            on_progress=lambda url: echo(f"fetching {url}", err=True),
        )


def _choose(
    discovery: "Discovery", number: int, path: Path, name: str | None, session: "DiscoverySession"
) -> _Choice:
    """Read the articles of a candidate and make a feed of it.

    Raises:
        ConfigError: The candidate is a source of a feed already.
        click.BadParameter: No candidate has this number.
    """
    from feedpub.config import NewFeed, ensure_not_configured, unique_name
    from feedpub.core.redact import redact
    from feedpub.core.urls import bare_host_from_url
    from feedpub.sources.discovery import try_articles

    count = len(discovery.candidates)
    if number > count:
        verb = "is" if count == 1 else "are"
        raise click.BadParameter(
            f"there {verb} {pluralize(count, 'candidate')}", param_hint="--pick"
        )
    candidate = discovery.candidates[number - 1].candidate
    ensure_not_configured(path, candidate.url)
    title = (candidate.title or discovery.title)[:_MAX_TITLE_CHARS].strip()
    host = bare_host_from_url(discovery.url)
    has_short_title = len(title) <= _MAX_NAME_CHARS and title.isascii()
    is_public = discovery.url == redact(discovery.url)
    has_home_page = discovery.is_page and candidate.kind != "page" and is_public
    feed = NewFeed(
        name=name or unique_name(title if has_short_title else host, _feed_names(path)),
        title=title or host,
        kind=candidate.kind,
        url=candidate.url,
        link=discovery.url if has_home_page else None,
        settings=candidate.settings,
    )
    return _Choice(number, feed, try_articles(candidate, discovery.samples, session))


def _confirm(
    choice: _Choice,
    choose: Callable[[int], _Choice],
    discovery: "Discovery",
    path: Path,
    *,
    yes: bool,
) -> tuple[_Choice, bool]:
    """Show the choice and ask until the user accepts one. Return it, and whether to write it."""
    while True:
        _print_discovery(make_console(), discovery, choice)
        echo(choice.feed.as_toml())
        if yes or not is_interactive():
            return choice, yes
        answer = _ask(path, len(discovery.candidates))
        if isinstance(answer, bool):
            return choice, answer
        choice = choose(answer)


def _ask(path: Path, count: int) -> bool | int:
    """Ask for confirmation. Return True, False, or the number of another candidate."""
    numbers = [str(number) for number in range(1, count + 1)]
    others = ", or the number of another" if count > 1 else ""
    answer: str = click.prompt(
        f"Write this to {path}? y, n{others}",
        type=click.Choice(["y", "n", *numbers]),
        default="y",
        show_choices=False,
    )
    return int(answer) if answer in numbers else answer == "y"


def _print_discovery(console: "Console", discovery: "Discovery", choice: _Choice) -> None:
    from feedpub.pipeline.context import utc_now

    console.print(_candidate_table(discovery.candidates, choice.number, utc_now()))
    for sample in choice.samples:
        console.print()
        for line in _sample_lines(sample):
            console.print(line, markup=False, highlight=False)
    console.print()


def _candidate_table(
    candidates: "Sequence[RankedCandidate]", picked: int, now: "datetime"
) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    from feedpub.core.redact import redact
    from feedpub.core.text import format_relative

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "type", "entries", "newest", "address and evidence"):
        table.add_column(name, justify="right" if name == "entries" else "left", overflow="fold")
    for number, ranked in enumerate(candidates, 1):
        candidate = ranked.candidate
        evidence = escape("; ".join(ranked.evidence))
        table.add_row(
            f"{number}.",
            candidate.kind,
            str(len(candidate.items)),
            format_relative(ranked.newest, now) if ranked.newest else "",
            f"{escape(redact(candidate.url))}\n[dim]{evidence}[/]",
            style="bold" if number == picked else "",
        )
    return table


def _sample_lines(sample: "ArticleSample") -> list[str]:
    """Describe an article: title, metadata, excerpt and removed blocks; or the failure."""
    article = sample.article
    if article is None:
        return [sample.url, f"  could not be read: {sample.reason}"]
    date = f"{article.published:%Y-%m-%d %H:%M %Z}" if article.published else "no date"
    authors = ", ".join(article.authors) or "no author"
    lines = [
        article.title or sample.url,
        f"  {date} · {authors} · {pluralize(count_words(article.text), 'word')}",
        f"  {_shorten(article.text, _EXCERPT_CHARS)}",
    ]
    lines += [
        f"  removed: {_shorten(removed.text, _REMOVED_TEXT_CHARS)} ({removed.reason})"
        for removed in article.removed[:_MAX_REMOVED_SHOWN]
    ]
    more = len(article.removed) - _MAX_REMOVED_SHOWN
    if more > 0:
        lines.append(f"  and {more} more removed")
    return lines


def _shorten(text: str, max_chars: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= max_chars else f"{line[: max_chars - 1].rstrip()}…"


def _discovery_as_json(discovery: "Discovery", choice: _Choice) -> dict[str, Any]:
    candidates = enumerate(discovery.candidates, 1)
    return {
        "url": discovery.url,
        "candidates": [_candidate_as_json(number, ranked) for number, ranked in candidates],
        "picked": choice.number,
        "articles": [_sample_as_json(sample) for sample in choice.samples],
    }


def _candidate_as_json(number: int, ranked: "RankedCandidate") -> dict[str, Any]:
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


def _sample_as_json(sample: "ArticleSample") -> dict[str, Any]:
    article = sample.article
    if article is None:
        return {"url": sample.url, "reason": sample.reason}
    return {
        "url": sample.url,
        "title": article.title,
        "published": article.published,
        "authors": list(article.authors),
        "words": count_words(article.text),
        "beginning": _shorten(article.text, _EXCERPT_CHARS),
        "removed": [{"reason": each.reason, "text": each.text} for each in article.removed],
    }

"""`feedpub add`: find the sources of a site and add one to the config."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from feedpub.cli.context import load_if_exists
from feedpub.cli.terminal import echo, echo_json, exit_with_error, is_interactive, make_console
from feedpub.core.text import count_words, pluralize

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console
    from rich.table import Table

    from feedpub.config import NewFeed
    from feedpub.core.models import Article
    from feedpub.sources.discovery import (
        ArticleSample,
        Candidate,
        Discovery,
        DiscoveryOptions,
        DiscoverySession,
        RankedCandidate,
    )

_TIMEOUT_SECONDS = 180.0  # for all requests; they usually take 30 seconds
_MAX_TITLE_CHARS = 80
_MAX_NAME_CHARS = 40  # the host makes a better name than a longer title
_KINDS = ("page", "feed", "sitemap", "items", "json")
_TAGLINE_MARKS = "|-\N{EN DASH}\N{EM DASH}\u00b7\u2022\u00bb"
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

    @property
    def is_readable(self) -> bool:
        """Return True if an article could be read, or at least its title and link."""
        return any(sample.article for sample in self.samples)


@click.command()
@click.argument("url")
@click.option("--name", help="The feed's name. Default: derived from the site's name.")
@click.option("--pick", type=click.IntRange(1), help="Use the candidate with this number.")
@click.option(
    "--type", "kind", type=click.Choice(_KINDS), help="Look for this type of source only."
)
@click.option("--links", metavar="SELECTOR", help="Selector of the article links on the page.")
@click.option("--item", metavar="SELECTOR", help="Selector of the entries that are on the page.")
@click.option("--render", is_flag=True, help="Run the scripts of the page in a browser.")
@click.option("--no-fetch", is_flag=True, help="Do not fetch the articles' own pages.")
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
    *,
    pick: int | None,
    kind: str | None,
    links: str | None,
    item: str | None,
    render: bool,
    no_fetch: bool,
    yes: bool,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Add a feed of a site to the config.

    The command looks for feeds, sitemaps, WordPress posts, JSON, lists of articles and entries that
    are on the page at URL. A page that shows nothing without its scripts is rendered, if there is
    a browser. The command ranks what it finds by the completeness and the age of the entries, reads
    three of them, shows the result, and asks. The rest of the config stays as it is, with its
    comments.

    SELECTOR is a CSS selector, or an XPath expression after xpath:.

    \b
    Examples:
      feedpub add https://example.org/news
      feedpub add example.org --pick 2 --name example
      feedpub add https://example.org/news --yes && feedpub build
      feedpub add https://example.org/changelog --item section.release
      feedpub add https://example.org/app --render --links "main h2 a"

    Exit status: 0, 1 if nothing was found or written, 2 if the command line or the config has an
    error.
    """
    from feedpub.config import add_feed, find_config
    from feedpub.core.clock import utc_now
    from feedpub.sources.discovery import discover_sources

    path = find_config(config_path)
    if "://" not in url:
        url = f"https://{url}"
    _check_arguments(url, path, name)
    options = _read_options(kind, links, item, render=render, fetch=not no_fetch)
    with _open_session(path, options) as session:
        discovery = discover_sources(url, session, utc_now(), options)

        def choose(number: int) -> _Choice:
            return _choose(discovery, number, path, name, session)

        choice, confirmed = choose(pick or 1), yes
        requested = pluralize(len(session.requested), "address", "addresses")
        echo(f"requested {requested}", err=True)
        if not (as_json or dry_run):
            choice, confirmed = _confirm(choice, choose, discovery, path, yes=yes)
    for note in _notes(discovery, choice):
        echo(f"note: {note}", err=True)
    is_accepted = choice.is_readable or pick is not None or not yes
    written = confirmed and is_accepted and not dry_run
    if written:
        add_feed(path, choice.feed)
    name, block = choice.feed.name, choice.feed.as_toml()
    if as_json:
        document = _discovery_as_json(discovery, choice)
        echo_json({**document, "name": name, "block": block, "written": written})
    elif dry_run:
        echo(block, nl=False)
    elif written:
        echo(f"added {name} to {path}; next: feedpub build {name}")
    if not (written or dry_run):
        _exit_unwritten(choice, is_accepted=is_accepted, as_json=as_json)


def _read_options(
    kind: str | None, links: str | None, item: str | None, *, render: bool, fetch: bool
) -> "DiscoveryOptions":
    """Check the options about the source against each other, and return them."""
    from feedpub.config import check_selector_syntax
    from feedpub.sources.discovery import DiscoveryOptions

    for option, selector, own_kind in (("--links", links, "page"), ("--item", item, "items")):
        if selector is None:
            continue
        if kind not in (None, own_kind):
            raise click.UsageError(f"{option} is for sources of type {own_kind}, not {kind}")
        if mistake := check_selector_syntax(selector):
            raise click.BadParameter(mistake, param_hint=option)
    if links and item:
        raise click.UsageError("--links and --item exclude each other: a source has one of them")
    return DiscoveryOptions(
        kind=kind,  # type: ignore[arg-type]  # click has checked it
        links=links,
        item=item,
        render=render,
        fetch=fetch,
    )


def _exit_unwritten(choice: _Choice, *, is_accepted: bool, as_json: bool) -> NoReturn:
    """Print why nothing was written, and exit."""
    if not is_accepted:
        reason = next((f": {s.reason}" for s in choice.samples if s.reason), "")
        hint = f"; none of its articles could be read{reason}"
        hint += f"; --pick {choice.number} adds it anyway"
    else:
        was_asked = is_interactive() and not as_json
        hint = "" if was_asked else "; --yes writes without asking"
    exit_with_error(f"nothing was written{hint}", status=1)


def _notes(discovery: "Discovery", choice: _Choice) -> "Iterator[str]":
    """Yield the facts that the user has to know about the choice."""
    yield from discovery.notes
    paid = sum(sample.is_paid for sample in choice.samples)
    if paid:
        yield (
            f"{paid} of {pluralize(len(choice.samples), 'page')} are not free: they state "
            "isAccessibleForFree = false, so entries may end at a paywall; if you have a "
            "subscription, set cookies on the source"
        )
    candidate = discovery.candidates[choice.number - 1].candidate
    pages = [discovery.samples[url] for url in candidate.urls if url in discovery.samples]
    if pages and not candidate.fetches_articles and all(page.reason for page in pages):
        yield (
            f"the entries' own pages cannot be read ({pages[0].reason}), so the feed has only the "
            "source's own content"
        )


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
def _open_session(path: Path, options: "DiscoveryOptions") -> "Iterator[DiscoverySession]":
    """Open a session with the config's network settings. It prints each address it requests."""
    from feedpub.config import GlobalSettings
    from feedpub.core.budget import RunBudget
    from feedpub.fetch.browser import Browser, why_unavailable
    from feedpub.pipeline.context import open_fetcher, open_pool
    from feedpub.sources.discovery import DiscoverySession

    budget = RunBudget(_TIMEOUT_SECONDS)
    config = load_if_exists(path)
    settings = config.feedpub if config else GlobalSettings()
    has_browser = options.render or why_unavailable(settings.browser_path) is None
    with (
        open_pool() as executor,
        Browser(settings.browser_path) as browser,
        open_fetcher(settings) as fetcher,
    ):
        executor.prestart()
        yield DiscoverySession(
            fetcher.for_run("", budget.remaining),
            executor,
            budget,
            on_progress=lambda url: echo(f"fetching {url}", err=True),
            browser=browser if has_browser else None,
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
    host = bare_host_from_url(discovery.url)
    site, title = _name_and_title(discovery, candidate)
    is_public = discovery.url == redact(discovery.url)
    is_other_document = candidate.kind in ("feed", "sitemap")
    has_home_page = discovery.is_page and is_other_document and is_public
    feed = NewFeed(
        name=name or unique_name(site or host, _feed_names(path)),
        title=title or host,
        kind=candidate.kind,
        url=candidate.url,
        link=discovery.url if has_home_page else None,
        settings=candidate.settings,
    )
    return _Choice(number, feed, try_articles(candidate, discovery.samples, session))


def _name_and_title(discovery: "Discovery", candidate: "Candidate") -> tuple[str, str]:
    """Return the site's name, and the title of a feed: the name, or that of a part of the site.

    The name is "" if it is unknown, too long, or mostly in a script that has no ASCII letters.
    """
    from feedpub.core.transliterate import transliterate
    from feedpub.sources.discovery import without_tagline

    title = (candidate.title or discovery.title).strip()
    site = discovery.site_name or without_tagline(title, discovery.url)
    rest = title.removeprefix(site).strip()
    if title.startswith(site) and (discovery.site_name or rest[:1] in _TAGLINE_MARKS):
        title = site
    written = transliterate(site)
    is_usable = len(site) <= _MAX_NAME_CHARS and sum(map(str.isalnum, written)) * 2 >= len(site)
    return site if is_usable else "", title[:_MAX_TITLE_CHARS].strip()


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
    from feedpub.core.clock import utc_now

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
    text = _shorten(article.text, _EXCERPT_CHARS) or _describe_media(article)
    date = f"{article.published:%Y-%m-%d %H:%M %Z}" if article.published else "no date"
    authors = ", ".join(article.authors) or "no author"
    lines = [
        article.title or sample.url,
        f"  {date} · {authors} · {pluralize(count_words(article.text), 'word')}",
        f"  {text}",
    ]
    if sample.reason:
        lines.append(f"  the source's own content; its page could not be read: {sample.reason}")
    lines += [
        f"  removed: {_shorten(removed.text, _REMOVED_TEXT_CHARS)} ({removed.reason})"
        for removed in article.removed[:_MAX_REMOVED_SHOWN]
    ]
    more = len(article.removed) - _MAX_REMOVED_SHOWN
    if more > 0:
        lines.append(f"  and {more} more removed")
    return lines


def _describe_media(article: "Article") -> str:
    """Describe the content of an entry without words."""
    for tag, words in (("<img", "a picture"), ("<video", "a video"), ("<audio", "an audio file")):
        if tag in article.html:
            return f"({words}, without words)"
    return "(only the title and the link)"


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
        "reason": sample.reason,
        "is_paid": sample.is_paid,
        "title": article.title,
        "published": article.published,
        "authors": list(article.authors),
        "words": count_words(article.text),
        "beginning": _shorten(article.text, _EXCERPT_CHARS),
        "removed": [{"reason": each.reason, "text": each.text} for each in article.removed],
    }

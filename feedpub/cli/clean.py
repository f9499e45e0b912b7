"""`feedpub clean`: the article in one file, or at one address."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_or_default
from feedpub.cli.terminal import echo, echo_json, exit_with_error, make_console, output_encoding

if TYPE_CHECKING:
    from feedpub.core.models import Article
    from feedpub.core.process_pool import Executor


@click.command()
@click.argument("target", metavar="FILE|URL")
@click.option("--html", "form", flag_value="html", help="Print the article as HTML.")
@click.option(
    "--json", "form", flag_value="json", help="Print the article and its metadata as JSON."
)
@click.option(
    "--explain", is_flag=True, help="Show each removed block in its place, with the reason."
)
@click.pass_obj
def clean(config_path: Path | None, target: str, form: str | None, *, explain: bool) -> None:
    """Print the article at a URL or in a file.

    \b
    Examples:
      feedpub clean https://example.org/news/story
      feedpub clean saved/story.html --explain
      curl -s https://example.org/story | feedpub clean - --html

    Exit status: 0, or 1 if there is no article.
    """
    from feedpub.cli import output
    from feedpub.core.errors import SourceError
    from feedpub.pipeline.context import open_pool

    try:
        with open_pool() as isolation:
            isolation.prestart()
            article = _article(config_path, target, isolation)
    except SourceError as error:
        exit_with_error(str(error), status=1)
    if form == "json":
        echo_json(article)
    elif form == "html":
        encoding = output_encoding()
        echo(article.html.encode(encoding, "xmlcharrefreplace").decode(encoding))
    elif not explain:
        echo(output.article_text(article), nl=False)
    if explain and form != "json":  # the JSON has it anyway
        console = make_console()
        for line in output.render_removals(article):
            console.print(line, soft_wrap=True)


def _article(config_path: Path | None, target: str, isolation: "Executor") -> "Article":
    """The article in a file, in what comes in by "-", or at an address. Raises SourceError."""
    from feedpub.cleaner import extract_saved
    from feedpub.core.errors import ExtractError

    if target.startswith(("http://", "https://")):
        return _fetched(config_path, target, isolation)
    try:
        body = sys.stdin.buffer.read() if target == "-" else Path(target).read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", target) from error
    name = "-.html" if target == "-" else target
    return isolation.call(target, extract_saved, body, name)


def _fetched(config_path: Path | None, url: str, isolation: "Executor") -> "Article":
    from feedpub.cleaner.articles import article_from_pages, fetch_pages
    from feedpub.cleaner.rules import open_rules
    from feedpub.config import state_location
    from feedpub.core.redact import redact
    from feedpub.pipeline.context import open_fetcher

    config = load_or_default(config_path)
    settings, book = config.feedpub, open_rules(config.rules)
    with open_fetcher(settings) as fetcher:
        pages = fetch_pages(url, fetcher, book, isolation)
    rules = book.rules_for(pages.url)
    place = state_location(settings.state)
    if isinstance(place, Path) and not place.exists():
        found = isolation.call(url, article_from_pages, pages, rules)
    else:
        memory = _memory(place, pages.url)
        found = isolation.call(url, article_from_pages, pages, rules, memory)
    if found.gap:
        echo(f"feedpub: {redact(f'{url}: {found.gap}')}", err=True)
    return found.article


def _memory(place: Path | str, url: str) -> bytes:
    """What was learned of an address's site; nothing where the state is damaged, which is said."""
    from feedpub.core.errors import CorruptStateError
    from feedpub.pipeline.site_memory import LearningSite, memory_key
    from feedpub.store import Store

    try:
        with Store.open(place, copy=isinstance(place, Path)) as store:
            return LearningSite(memory_key(url), store).memory
    except CorruptStateError as error:
        echo(f"feedpub: nothing is known of the site: {error}", err=True)
        return b""

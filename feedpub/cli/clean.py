"""`feedpub clean`: print the article in a file or at a URL."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_or_default
from feedpub.cli.terminal import echo, echo_json, exit_with_error, make_console, output_encoding
from feedpub.core.urls import is_web_url

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
        with open_pool() as executor:
            executor.prestart()
            article = _load_article(config_path, target, executor)
    except SourceError as error:
        exit_with_error(str(error), status=1)
    if form == "json":
        echo_json(article)
    elif form == "html":
        encoding = output_encoding()
        echo(article.html.encode(encoding, "xmlcharrefreplace").decode(encoding))
    elif not explain:
        echo(output.article_text(article), nl=False)
    if explain and form != "json":  # the JSON document has the removed blocks
        console = make_console()
        for line in output.render_removals(article):
            console.print(line, soft_wrap=True)


def _load_article(config_path: Path | None, target: str, executor: "Executor") -> "Article":
    """Return the article at a URL, in a file, or in standard input ("-").

    Raises:
        SourceError: There is no article, or it cannot be read.
    """
    from feedpub.cleaner.articles import read_document
    from feedpub.cleaner.saved_files import extract_saved
    from feedpub.core.document_types import document_type_of_page
    from feedpub.core.errors import ExtractError
    from feedpub.core.models import Page

    if is_web_url(target):
        return _fetch_article(config_path, target, executor)
    try:
        body = sys.stdin.buffer.read() if target == "-" else Path(target).read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", target) from error
    if document_type_of_page(document := Page(target, body)):
        return executor.call(target, read_document, document)
    name = "-.html" if target == "-" else target
    return executor.call(target, extract_saved, body, name)


def _fetch_article(config_path: Path | None, url: str, executor: "Executor") -> "Article":
    from feedpub.cleaner.articles import article_from_pages, fetch_pages
    from feedpub.cleaner.rules import open_rules
    from feedpub.config import state_location
    from feedpub.core.redact import redact
    from feedpub.pipeline.context import open_fetcher

    config = load_or_default(config_path)
    site_rules = open_rules(config.rules)
    with open_fetcher(config.feedpub) as fetcher:
        pages = fetch_pages(url, fetcher, site_rules, executor)
    memory = _load_site_memory(state_location(config.feedpub.state), pages.url)
    rules = site_rules.rules_for(pages.url)
    found = executor.call(url, article_from_pages, pages, rules, memory)
    if found.gap:
        echo(f"feedpub: {redact(f'{url}: {found.gap}')}", err=True)
    return found.article


def _load_site_memory(location: Path | str, url: str) -> bytes:
    """Return the site memory for a URL. Return an empty one if there is no usable state."""
    from feedpub.core.errors import CorruptStateError
    from feedpub.pipeline.site_memory import LearningSite, memory_key
    from feedpub.store import Store

    if isinstance(location, Path) and not location.exists():
        return b""
    try:
        with Store.open(location, copy=isinstance(location, Path)) as store:
            return LearningSite(store.site_memory(memory_key(url)) or b"").memory
    except CorruptStateError as error:
        echo(f"feedpub: the site memory is not used: {error}", err=True)
        return b""

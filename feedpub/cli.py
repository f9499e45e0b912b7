"""The command line: reads options, makes the collaborators, shows what happened. The only module that prints.

Exit status: 0 when all is well, 1 when a feed failed or an article could not be read, 2 when the command or the config
cannot be used.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, NoReturn

import click

# Everything else is imported where it is used: `feedpub --help` must not wait for libraries that it does not need.
if TYPE_CHECKING:
    from socket import socket

    from rich.console import Console
    from rich.progress import TaskID

    from feedpub.config import Config, FeedConfig, Settings
    from feedpub.fetch import Fetcher
    from feedpub.isolation import Isolation
    from feedpub.logs import Form
    from feedpub.model import Article, Outcome
    from feedpub.store import Store
    from feedpub.tools import Progress, Tools
    from feedpub.web import Server

_FEEDS_AT_ONCE = 4
_FAREWELL = 3.0  # seconds for answers under way when a server is to end


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="feedpub")
@click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="The config file; else $FEEDPUB_CONFIG, else feedpub.toml in $CONFIGURATION_DIRECTORY or config/.",
)
@click.pass_context
def cli(context: click.Context, config_path: Path | None) -> None:
    """Publish clean full-text feeds from the sources you point it at.

    \b
    Begin with:
      feedpub check     is the config in order?
      feedpub build     read all sources and write the feeds
      feedpub status    how is each feed?
    """
    context.obj = config_path


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Read and decide as always, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON document.")
@click.pass_obj
def build(config_path: Path | None, names: tuple[str, ...], *, dry_run: bool, as_json: bool) -> None:
    """Regenerate the named feeds, or all of them, now.

    \b
    Examples:
      feedpub build              every feed of the config
      feedpub build world        only this one
      feedpub build --dry-run    what would change?

    Exit status: 0, or 1 if a feed or one of its sources failed, or 2 if the config cannot be used.
    """
    from feedpub import messages
    from feedpub.logs import log_to

    log_to(sys.stderr, quiet=True)
    config = _config(config_path)
    feeds = _chosen(config, names)
    with _tools(config, dry_run=dry_run) as tools:
        try:
            outcomes = _build(config, feeds, tools, quiet=as_json)
        finally:  # where the files cannot be written, too
            if not dry_run:
                messages.deliver(config, tools)
    _show_outcomes(outcomes, config, as_json=as_json, dry_run=dry_run)
    sys.exit(0 if all(outcome.ok for outcome in outcomes) else 1)


@cli.command()
@click.option("--schema", is_flag=True, help="Print the config's JSON Schema for editors.")
@click.pass_obj
def check(config_path: Path | None, *, schema: bool) -> None:
    """Check the config and name what needs a hand; nothing is fetched or written.

    Exit status: 0 when the config can be used, 2 when not.
    """
    from feedpub import config as configuration

    if schema:
        click.echo(configuration.json_schema(), nl=False)
        return
    config = _config(config_path)
    sources = sum(len(feed.source) for feed in config.feed)
    click.echo(f"The config is in order: {_counted(len(config.feed), 'feed')}, {_counted(sources, 'source')}.")
    path = configuration.find_config(config_path, os.environ)
    for warning in (*configuration.warnings(config, path), *_leftovers(config)):
        click.echo(f"note: {warning}")


@cli.command()
@click.argument("target", metavar="FILE|URL")
@click.option("--html", "form", flag_value="html", help="The article's HTML.")
@click.option("--json", "form", flag_value="json", help="Everything that is known of the article, as JSON.")
@click.option("--explain", is_flag=True, help="List what was removed, and why.")
@click.pass_obj
def clean(config_path: Path | None, target: str, form: str | None, *, explain: bool) -> None:
    """Print the article that is in a file or at an address, without what is around it.

    \b
    Examples:
      feedpub clean https://example.org/news/story
      feedpub clean saved/story.html --explain
      curl -s https://example.org/story | feedpub clean - --html

    Exit status: 0, or 1 when there is no article to be had.
    """
    from feedpub import report
    from feedpub.errors import SourceError
    from feedpub.tools import workers

    try:
        with workers() as isolation:
            isolation.prestart()
            article = _article(config_path, target, isolation)
    except SourceError as error:
        _fail(str(error), status=1)
    if form == "json":
        click.echo(report.to_json(article))
    elif form == "html":
        click.echo(article.html)
    else:
        click.echo(report.article_text(article), nl=False)
    if explain and form != "json":  # the JSON has it anyway
        click.echo("\nRemoved:")
        for line in report.removals(article):
            click.echo(f"  {line}")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
@click.pass_obj
def status(config_path: Path | None, *, as_json: bool) -> None:
    """Show how each feed is: entries, last and next look, and what is wrong with its sources.

    Exit status: 0 when no feed is broken, 1 when one is.
    """
    from feedpub import overview, report
    from feedpub.errors import ConfigError
    from feedpub.store import Store
    from feedpub.tools import utc_now

    try:
        config = _config(config_path)
    except ConfigError as error:
        raise ConfigError(f"{error}\nA service that is running goes on with the config that it took before.") from None
    with Store.open(config.feedpub.state) as store:
        seen = overview.of(config, store, utc_now())
    if as_json:
        click.echo(report.to_json(seen))
    else:
        console = _console()
        console.print(report.status_table(seen))
        for line in report.status_lines(seen):
            console.print(line, soft_wrap=True, markup=False, highlight=False)
        console.print(seen.summary, highlight=False)
    sys.exit(1 if seen.count(overview.Health.BROKEN) else 0)


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """An address to listen at, as the config takes it too."""
    from feedpub.config import listen_address

    try:
        return None if value is None else listen_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_listen = click.option(
    "--listen", metavar="ADDRESS", callback=_address, help="Where to serve; else what the config says under [http]."
)


@cli.command()
@_listen
@click.option("--log", "form", type=click.Choice(["text", "json"]), default="text", help="How the log is written.")
@click.option("-v", "--verbose", is_flag=True, help="Log debug detail too.")
@click.pass_obj
def run(config_path: Path | None, listen: str | None, *, form: "Form", verbose: bool) -> None:
    """Regenerate each feed when it is due and publish all over HTTP, until told to end.

    \b
    Examples:
      feedpub run                            with what the config says
      feedpub run --listen 127.0.0.1:9000    served elsewhere
      kill -HUP <its pid>                    take the changed config now

    Exit status: 0 when it was told to end, 1 when it cannot run or go on, 2 when the config cannot be used.
    """
    from feedpub import config as configuration
    from feedpub.logs import log_to
    from feedpub.service import Service, service_lock

    path = configuration.find_config(config_path, os.environ)
    config = configuration.load(path)
    log_to(form=form, detail=verbose)
    with service_lock(config.feedpub.state), _tools(config) as tools:
        sockets = _sockets(config, listen)
        _tell_where(sockets)
        service = Service(config, path.absolute(), tools, sockets)
        status = service.run()
        if service.left_behind:  # threads that hang would keep the interpreter from ending
            os._exit(status)
    sys.exit(status)


@cli.command()
@_listen
@click.pass_obj
def serve(config_path: Path | None, listen: str | None) -> None:
    """Publish over HTTP what `feedpub build` has written, until told to end; nothing is regenerated.

    Exit status: 0 when it was told to end, 1 when it cannot serve, 2 when the config cannot be used.
    """
    from feedpub.logs import log_to
    from feedpub.store import Store
    from feedpub.web import Server, Showcase, Site

    config = _config(config_path)
    log_to()
    settings = config.feedpub
    with Store.open(settings.state) as store:
        sockets = _sockets(config, listen)
        showcase = Showcase(config, store)
        site = Site(settings.output, showcase, settings.hubs, settings.base_url, store.schedule.load)
        server = Server(site, sockets)
        _tell_where(sockets)
        _serve_until_told(server)


def main() -> None:
    """Run the command line; errors of ours end it with one message and a status."""
    from feedpub.errors import ConfigError, FeedpubError

    try:
        cli(prog_name="feedpub")
    except ConfigError as error:
        _fail(str(error), status=2)
    except FeedpubError as error:
        _fail(str(error), status=1)


def _fail(message: str, *, status: int) -> NoReturn:
    from feedpub.fetch import discreet

    for line in discreet(message).splitlines():
        click.echo(f"feedpub: {line}", err=True)
    sys.exit(status)


def _config(path: Path | None) -> "Config":
    from feedpub import config

    return config.load(config.find_config(path, os.environ))


def _chosen(config: "Config", names: Sequence[str]) -> "list[FeedConfig]":
    """The named feeds in the config's order, or all. Raises ConfigError for a name that is not there."""
    from feedpub.errors import ConfigError

    known = [feed.name for feed in config.feed]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"no feed is named {', '.join(unknown)}; the config has: {', '.join(known) or 'none'}")
    return [feed for feed in config.feed if not names or feed.name in names]


@contextmanager
def _tools(config: "Config", *, dry_run: bool = False) -> "Iterator[Tools]":
    """The collaborators of a run; a dry one works on a copy of the state and compares instead of writing."""
    from feedpub.publisher import Publisher, Rehearsal
    from feedpub.store import Store
    from feedpub.tools import Tools, workers

    settings = config.feedpub
    publisher = Rehearsal(settings.output) if dry_run else Publisher(settings.output)
    with (
        workers() as isolation,
        Store.open(settings.state, copy=dry_run) as store,
        _fetcher(settings, store) as fetcher,
    ):
        isolation.prestart()
        yield Tools(settings, store, fetcher, publisher, isolation=isolation)


def _sockets(config: "Config", listen: str | None) -> "list[socket]":
    """Where to serve: on what systemd hands over, else at the address given, else at the config's."""
    from feedpub.web import sockets

    return sockets.inherited() or [sockets.listen(listen or config.http.listen)]


def _tell_where(listening: "Sequence[socket]") -> None:
    from feedpub.web import sockets

    for each in listening:
        click.echo(f"Feeds are published at {sockets.shown(each)}: open it to subscribe.")
    sys.stdout.flush()


def _serve_until_told(server: "Server") -> None:
    """Serve until SIGTERM or SIGINT; fails where the server ends by itself."""
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    server.start()
    while not ended.wait(1):
        if not server.alive:
            _fail("the server has ended by itself; the log says why", status=1)
    server.stop(_FAREWELL)


def _build(config: "Config", feeds: "Sequence[FeedConfig]", tools: "Tools", *, quiet: bool) -> "list[Outcome]":
    """Regenerate feeds, a few at once, telling how far they are; outcomes in the config's order."""
    from dataclasses import replace

    from feedpub import alerts, pipeline
    from feedpub.lease import Lease
    from feedpub.scheduler.planning import plan_beside_service

    def look(feed: "FeedConfig") -> "Outcome":
        return pipeline.publish(feed, replace(told, lease=Lease(config.feedpub.deadline.total_seconds())))

    outcomes: dict[str, Outcome] = {}
    with _progress(quiet=quiet) as (progress, finished), ThreadPoolExecutor(_FEEDS_AT_ONCE) as pool:
        told = replace(tools, progress=progress)
        for future in as_completed([pool.submit(look, feed) for feed in feeds]):
            outcome = future.result()
            outcomes[outcome.feed] = outcome
            finished(outcome)
    for feed in feeds:
        _note(feed, outcomes[feed.name], config, tools)
        plan_beside_service(feed, tools)
    alerts.left(config, tools)
    pipeline.finish(config, tools)
    return [outcomes[feed.name] for feed in feeds]


def _note(feed: "FeedConfig", outcome: "Outcome", config: "Config", tools: "Tools") -> None:
    """Note what broke and what is well again; what cannot be kept is told at once."""
    from feedpub import alerts
    from feedpub.errors import StoreError

    try:
        alerts.after_run(feed, outcome, config.alerts, tools)
    except StoreError as error:
        alerts.without_state(feed.name, error, config, tools.clock())
        raise


def _fetcher(settings: "Settings", store: "Store | None" = None) -> "Fetcher":
    from feedpub.fetch import Fetcher

    return Fetcher(
        contact=settings.contact,
        delay=settings.delay.total_seconds(),
        allow_private=settings.allow_private,
        robots=store.robots if store else None,
    )


@contextmanager
def _progress(*, quiet: bool) -> "Iterator[tuple[Progress, Callable[[Outcome], None]]]":
    """What is told of articles read and of feeds finished: a bar on a terminal, a line a feed elsewhere."""
    from feedpub import report
    from feedpub.tools import silent

    if quiet:
        yield silent, lambda _: None
    elif not sys.stderr.isatty():
        yield silent, lambda outcome: click.echo(report.outcome_line(outcome), err=True)
    else:
        with _bar() as progress:
            yield progress, lambda _: None


@contextmanager
def _bar() -> "Iterator[Progress]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("articles"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(feed: str, done: int, total: int) -> None:
            if feed not in tasks:
                tasks[feed] = bar.add_task(feed, total=total)
            bar.update(tasks[feed], completed=done, total=total)

        yield show


def _show_outcomes(outcomes: "list[Outcome]", config: "Config", *, as_json: bool, dry_run: bool) -> None:
    from feedpub import report

    if as_json:
        click.echo(report.to_json({"ok": all(outcome.ok for outcome in outcomes), "feeds": outcomes}))
        return
    console = _console()
    console.print(report.outcome_table(outcomes))
    for outcome in outcomes:
        for problem in outcome.problems:
            console.print(report.problem_line(outcome.feed, problem), soft_wrap=True, markup=False, highlight=False)
    written = sum(len(outcome.written) for outcome in outcomes)
    verb = "would be written to" if dry_run else "written to"
    console.print(f"{_counted(written, 'file')} {verb} {config.feedpub.output}", soft_wrap=True, highlight=False)


def _leftovers(config: "Config") -> list[str]:
    """Published files of feeds that are no longer in the config: they are kept, and named."""
    from feedpub.publisher import Publisher

    known = {feed.name for feed in config.feed} | {"index", "feeds", "health"}
    names = Publisher(config.feedpub.output).names()
    gone = sorted({name for path in names if (name := path.split("/")[0].split(".")[0]) not in known})
    return [
        f"{config.feedpub.output} still has the files of {name!r}, which is not in the config: "
        "delete them when nobody reads them any more"
        for name in gone
    ]


def _article(config_path: Path | None, target: str, isolation: "Isolation") -> "Article":
    """The article in a file, in what comes in by "-", or at an address. Raises SourceError."""
    from feedpub import cleaner
    from feedpub.errors import ExtractError

    if target.startswith(("http://", "https://")):
        return _fetched(config_path, target, isolation)
    try:
        body = sys.stdin.buffer.read() if target == "-" else Path(target).read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", target) from error
    name = "-.html" if target == "-" else target
    return isolation.call(target, cleaner.extract_saved, body, name)


def _fetched(config_path: Path | None, url: str, isolation: "Isolation") -> "Article":
    from feedpub import articles
    from feedpub.learning import Site, site_of
    from feedpub.store import Store

    settings = _settings(config_path)
    with _fetcher(settings) as fetcher:
        page = articles.page_at(url, fetcher)
    if not settings.state.exists():
        return isolation.call(url, articles.from_page, page)
    with Store.open(settings.state, copy=True) as store:
        memory = Site(site_of(page.url), store).memory
        return isolation.call(url, articles.from_page, page, memory=memory)


def _settings(config_path: Path | None) -> "Settings":
    """The config's settings; the defaults where there is no config: one article can be cleaned without."""
    from feedpub import config

    path = config.find_config(config_path, os.environ)
    return config.load(path).feedpub if path != config.DEFAULT or path.exists() else config.Settings()


def _console() -> "Console":
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 120)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

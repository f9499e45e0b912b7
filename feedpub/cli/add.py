"""`feedpub add`: from the address of a site to a feed in the config."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from feedpub.cli.collaborators import load_present
from feedpub.cli.terminal import can_ask, echo, echo_json, fail, make_console
from feedpub.counting import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feedpub.config import NewFeed
    from feedpub.discovery import Discovery, Looks, Tried

_DEADLINE = 180.0  # seconds for all of it; with polite pauses it mostly takes half a minute
_LONGEST_TITLE = 80  # characters
_LONGEST_STEM = 40  # characters; a longer title makes no good name


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of the candidates, by its number, as a feed of the config, and what came of its articles."""

    number: int
    new: "NewFeed"
    tried: "Sequence[Tried]"


@click.command()
@click.argument("url")
@click.option("--name", help="The feed's name. Default: derived from the site's name.")
@click.option("--pick", type=click.IntRange(1), default=1, help="Use the candidate with this number.")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document; do not ask.")
@click.option("--dry-run", is_flag=True, help="Print the addition to the config and write nothing.")
@click.pass_obj
def add(  # noqa: PLR0913 -- a command's options
    config_path: Path | None, url: str, name: str | None, pick: int, *, yes: bool, as_json: bool, dry_run: bool
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
    from feedpub import config
    from feedpub.cli import found

    path = config.find_config(config_path)
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
        config.add(path, choice.new)
    if as_json:
        told = found.document(discovery, choice.number, choice.tried)
        echo_json({**told, "name": choice.new.name, "block": choice.new.block(), "written": written})
    elif dry_run:
        echo(choice.new.block(), nl=False)
    elif written:
        echo(f"{choice.new.name} is in {path} now; next: feedpub build {choice.new.name}")
    if not (written or dry_run):
        asked = can_ask() and not as_json
        fail("nothing was written" if asked else "nothing was written; --yes writes without asking", status=1)


def _check(url: str, path: Path, name: str | None) -> None:
    """Whether it could be written at all, before anybody is asked for anything. Raises ConfigError."""
    from feedpub import config
    from feedpub.errors import ConfigError

    try:
        config.web_address(url)
    except ValueError as error:
        raise ConfigError(f"URL: {error}") from error
    config.refuse_known(path, url)
    config.with_feed(path, config.NewFeed(name or config.free_name("feed", _names(path)), "x", "page", url))


def _names(path: Path) -> set[str]:
    known = load_present(path)
    return {feed.name for feed in known.feed} if known else set()


@contextmanager
def _looking(path: Path) -> "Iterator[Looks]":
    """The network and the workers, as the config has them; each address is told on standard error."""
    from feedpub import config
    from feedpub.discovery import Looks
    from feedpub.lease import Lease
    from feedpub.tools import fetcher_for, workers

    lease = Lease(_DEADLINE)
    known = load_present(path)
    settings = known.feedpub if known else config.Settings()  # a first feed makes the file
    with workers() as isolation, fetcher_for(settings) as fetcher:
        isolation.prestart()
        gate = fetcher.on_behalf("", lease.left)
        yield Looks(gate, isolation, lease, tell=lambda url: echo(f"looking at {url}", err=True))


def _discover(url: str, looks: "Looks") -> "Discovery":
    from feedpub.discovery import discover
    from feedpub.tools import utc_now

    discovery = discover(url, looks, utc_now())
    echo(f"looked at {counted(len(looks.asked), 'address', 'addresses')}", err=True)
    return discovery


def _chosen(discovery: "Discovery", number: int, path: Path, name: str | None, looks: "Looks") -> _Choice:
    """The candidate of a number, its articles read. Raises ConfigError where it is in the config already."""
    from feedpub import config
    from feedpub.discovery import try_articles
    from feedpub.fetch import discreet

    if number > (last := len(discovery.candidates)):
        there = f"there {'is' if last == 1 else 'are'} {counted(last, 'candidate')}"
        raise click.BadParameter(there, param_hint="--pick")
    candidate = discovery.candidates[number - 1].candidate
    config.refuse_known(path, candidate.url)
    title = (candidate.title or discovery.title)[:_LONGEST_TITLE].strip()
    host = (urlsplit(discovery.url).hostname or "").removeprefix("www.")
    stem = title if len(title) <= _LONGEST_STEM and title.isascii() else host
    is_home = discovery.is_page and candidate.kind != "page" and discovery.url == discreet(discovery.url)
    new = config.NewFeed(
        name=name or config.free_name(stem, _names(path)),
        title=title or host,
        kind=candidate.kind,
        url=candidate.url,
        link=discovery.url if is_home else None,
        settings=candidate.settings,
    )
    return _Choice(number, new, try_articles(candidate, discovery.tried, looks))


def _settled(
    choice: _Choice, choose: Callable[[int], _Choice], discovery: "Discovery", path: Path, *, yes: bool
) -> tuple[_Choice, bool]:
    """What people want after they have seen it: which candidate, and whether it is written."""
    from feedpub.cli import found
    from feedpub.tools import utc_now

    while True:
        found.show(make_console(), discovery, choice.number, choice.tried, utc_now())
        echo(choice.new.block())
        if yes or not can_ask():
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

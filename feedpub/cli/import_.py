"""`feedpub import`: feeds from the files of other programs."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.collaborators import load_present
from feedpub.cli.progress import loops
from feedpub.cli.terminal import echo, echo_json, make_console
from feedpub.counting import counted

if TYPE_CHECKING:
    from rich.console import Console

    from feedpub.config.writing import Track
    from feedpub.importing import Arrivals, FeedDraft, Imported, Loss, SiteDraft

_KINDS = ("opml", "html2rss", "rsspls", "rss-bridge", "freshrss")  # importing.KINDS, which takes longer to ask

MAX_SHOWN = 200  # lines of each list


@click.command("import")
@click.argument("targets", nargs=-1, required=True, metavar="FILE|URL...")
@click.option("--from", "kind", type=click.Choice(_KINDS), help="The format of the files. Default: detected.")
@click.option("-y", "--yes", "yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document; write only with --yes.")
@click.pass_obj
def import_feeds(  # noqa: PLR0913 -- click gives each option by its name
    config_path: Path | None, targets: tuple[str, ...], kind: str | None, *, yes: bool, dry_run: bool, as_json: bool
) -> None:
    """Import feeds from other programs.

    FILE is OPML of any reader, OPML of FreshRSS with its scraping settings, a config of html2rss (YAML) or rsspls
    (TOML), or a list of RSS-Bridge addresses. URL is an address of RSS-Bridge's CSS selector bridge. Nothing is
    fetched. New feeds are appended to the config; rules for articles are written to sites/HOST.toml next to it.
    The command lists what it cannot import.

    \b
    Examples:
      feedpub import subscriptions.opml
      feedpub import html2rss/*.yml --dry-run
      feedpub import 'https://bridge.example.org/?action=display&bridge=CssSelectorBridge&home_page=...'
      ssh server cat feeds.toml | feedpub import - --from rsspls --yes

    Exit status: 0, 1 if a file cannot be imported or nothing was written, 2 if the config has an error.
    """
    from feedpub.config import writing

    if "-" in targets and not (yes or dry_run or as_json):
        raise click.UsageError("Standard input is the file, so nothing can be asked: add --yes or --dry-run.")
    with loops() as track:
        plan = _plan(config_path, _read(targets, kind, track))
        tables = [draft.table(name) for name, draft in plan.arrivals.new]
        text = writing.with_feeds(plan.path, tables, track=track) if tables else ""
    if as_json:
        _show_json(plan, written=yes and not dry_run)
    else:
        _show(plan, make_console())
    if dry_run or not plan.writes or (as_json and not yes):
        return
    if not yes:
        click.confirm(f"Write this to {plan.path}?", abort=True)
    if text:
        writing.save(plan.path, text)
    for path, site in plan.sites:
        writing.save(path, site.text())
    if not as_json:
        echo(f"{counted(len(plan.arrivals.new), 'feed')} added to {plan.path}; `feedpub build` reads them.")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written.

    Attributes:
        path: of the config.
        sites: files of rules to be made.
    """

    path: Path
    arrivals: "Arrivals"
    losses: "tuple[Loss, ...]"
    sites: "tuple[tuple[Path, SiteDraft], ...]"

    @property
    def writes(self) -> bool:
        return bool(self.arrivals.new or self.sites)


def _read(targets: Sequence[str], kind: str | None, track: "Track") -> "Imported":
    """Everything in all files. Raises ForeignError that names each one that cannot be taken."""
    from feedpub.errors import ForeignError
    from feedpub.importing import joined

    found, wrong = [], []
    for target in targets:
        try:
            found.append(_imported(target, kind, track))
        except ForeignError as error:
            wrong.append(str(error))
    if wrong:
        raise ForeignError("\n".join([*wrong, *(["Nothing was imported."] if len(targets) > 1 else [])]))
    return joined(found)


def _imported(target: str, kind: str | None, track: "Track") -> "Imported":
    from feedpub import importing
    from feedpub.errors import ForeignError

    if target.startswith(("http://", "https://")):
        return importing.read_address(target)
    try:
        body = sys.stdin.buffer.read() if target == "-" else Path(target).read_bytes()
    except IsADirectoryError:
        raise ForeignError(f"{target}: a folder; name the files in it, as in {target.rstrip('/')}/*") from None
    except OSError as error:
        raise ForeignError(f"{target}: cannot be read: {error.strerror}") from error
    return importing.read(body, "standard input" if target == "-" else target, kind, track)


def _plan(config_path: Path | None, imported: "Imported") -> _Plan:
    from feedpub import config as configuration
    from feedpub.importing import Loss, arrivals

    path = configuration.find_config(config_path)
    known = load_present(path)
    folder = known.rules.sites if known else path.parent / "sites"
    losses = list(imported.losses)
    sites = []
    for site in imported.sites:
        file = folder / f"{site.host}.toml"
        if file.exists():
            losses.append(Loss(site.where, site.said(), f"{file} is there already; put what is needed into it"))
        else:
            sites.append((file, site))
    return _Plan(path, arrivals(imported.feeds, known or configuration.Config()), tuple(losses), tuple(sites))


def _show(plan: _Plan, console: "Console") -> None:
    _table(console, f"To be added to {plan.path}:", plan.arrivals.new)
    _table(console, "Already there:", plan.arrivals.known)
    _lines(console, "Rules for articles, to be written:", (f"{path}: {site.said()}" for path, site in plan.sites))
    _lines(console, "Not carried over:", (str(loss) for loss in plan.losses if loss.matters))
    _lines(console, "Not needed here:", _grouped(loss for loss in plan.losses if not loss.matters))
    if not plan.arrivals.new:
        console.print("No feed is new.")


def _table(console: "Console", heading: str, feeds: "Sequence[tuple[str, FeedDraft]]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from feedpub.fetch import discreet

    if not feeds:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("feed", "type", "address", "links", "from"):
        table.add_column(column, overflow="fold")
    for name, draft in feeds[:MAX_SHOWN]:
        links = draft.links or ("by structure" if draft.type == "page" else "")
        table.add_row(*map(escape, (name, draft.type, discreet(draft.url), links, draft.where)))
    console.print(heading, style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(table)
    _tell_of_more(console, feeds)
    console.print()


def _tell_of_more(console: "Console", listed: Sequence[object]) -> None:
    if len(listed) > MAX_SHOWN:
        console.print(f"and {len(listed) - MAX_SHOWN:,} more; --json names them all", highlight=False)


def _lines(console: "Console", heading: str, lines: Iterable[str]) -> None:
    from feedpub.fetch import discreet

    lines = list(lines)
    if not lines:
        return
    console.print(heading, style="bold")
    for line in lines[:MAX_SHOWN]:
        console.print(f"  {discreet(line)}", soft_wrap=True, markup=False, highlight=False)
    _tell_of_more(console, lines)
    console.print()


def _grouped(losses: "Iterable[Loss]") -> list[str]:
    """One line for what is said of many places in the same words."""
    places: dict[str, list[str]] = {}
    for loss in losses:
        places.setdefault(f"{loss.what}: {loss.instead}", []).append(loss.where)
    more = {said: f" and {len(where) - 1} more" if len(where) > 1 else "" for said, where in places.items()}
    return [f"{where[0]}{more[said]}: {said}" for said, where in places.items()]


def _show_json(plan: _Plan, *, written: bool) -> None:

    document = {
        "config": plan.path,
        "written": written and plan.writes,
        "new": [{"name": name, "feed": draft} for name, draft in plan.arrivals.new],
        "known": [{"name": name, "feed": draft} for name, draft in plan.arrivals.known],
        "sites": [{"file": path, "rules": dict(site.settings)} for path, site in plan.sites],
        "losses": plan.losses,
    }
    echo_json(document)

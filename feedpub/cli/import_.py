"""`feedpub import`: feeds from the files of other programs."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_if_exists
from feedpub.cli.terminal import echo, echo_json, loop_progress, make_console
from feedpub.core.text import pluralize

if TYPE_CHECKING:
    from rich.console import Console

    from feedpub.cli.importers import Imported, ImportedFeed, ImportedSite, ImportPlan, Unsupported
    from feedpub.config.edit import Change

_KINDS = (
    "opml",
    "html2rss",
    "rsspls",
    "rss-bridge",
    "freshrss",
)  # importing.KINDS, which takes longer to ask

MAX_SHOWN = 200  # lines of each list


@click.command("import")
@click.argument("targets", nargs=-1, required=True, metavar="FILE|URL...")
@click.option(
    "--from", "kind", type=click.Choice(_KINDS), help="The format of the files. Default: detected."
)
@click.option("-y", "--yes", "yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the result as one JSON document; write only with --yes.",
)
@click.pass_obj
def import_feeds(  # noqa: PLR0913 -- click gives each option by its name
    config_path: Path | None,
    targets: tuple[str, ...],
    kind: str | None,
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
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
    from feedpub.config import edit

    if "-" in targets and not (yes or dry_run or as_json):
        raise click.UsageError(
            "Standard input is the file, so nothing can be asked: add --yes or --dry-run."
        )
    with loop_progress() as track:
        plan = _plan(config_path, _read(targets, kind, track))
        tables = [draft.as_toml_table(name) for name, draft in plan.imports.new]
        text = edit.with_new_feeds(plan.path, tables, track=track) if tables else ""
    if as_json:
        _show_json(plan, written=yes and not dry_run)
    else:
        _show(plan, make_console())
    if dry_run or not plan.changes_files or (as_json and not yes):
        return
    if not yes:
        click.confirm(f"Write this to {plan.path}?", abort=True)
    if text:
        edit.save_config(plan.path, text)
    for path, site in plan.sites:
        edit.save_config(path, site.text())
    if not as_json:
        echo(
            f"{pluralize(len(plan.imports.new), 'feed')} added to {plan.path}; `feedpub build` reads them."
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written.

    Attributes:
        path: of the config.
        sites: files of rules to be made.
    """

    path: Path
    imports: "ImportPlan"
    unsupported: "tuple[Unsupported, ...]"
    sites: "tuple[tuple[Path, ImportedSite], ...]"

    @property
    def changes_files(self) -> bool:
        return bool(self.imports.new or self.sites)


def _read(targets: Sequence[str], kind: str | None, track: "Change") -> "Imported":
    """Everything in all files. Raises ImportFileError that names each one that cannot be taken."""
    from feedpub.cli.importers import combine_imports
    from feedpub.core.errors import ImportFileError

    found, wrong = [], []
    for target in targets:
        try:
            found.append(_imported(target, kind, track))
        except ImportFileError as error:
            wrong.append(str(error))
    if wrong:
        raise ImportFileError(
            "\n".join([*wrong, *(["Nothing was imported."] if len(targets) > 1 else [])])
        )
    return combine_imports(found)


def _imported(target: str, kind: str | None, track: "Change") -> "Imported":
    from feedpub.cli import importers
    from feedpub.core.errors import ImportFileError

    if target.startswith(("http://", "https://")):
        return importers.parse_import_address(target)
    try:
        body = sys.stdin.buffer.read() if target == "-" else Path(target).read_bytes()
    except IsADirectoryError:
        raise ImportFileError(
            f"{target}: a folder; name the files in it, as in {target.rstrip('/')}/*"
        ) from None
    except OSError as error:
        raise ImportFileError(f"{target}: cannot be read: {error.strerror}") from error
    return importers.parse_import(body, "standard input" if target == "-" else target, kind, track)


def _plan(config_path: Path | None, imported: "Imported") -> _Plan:
    from feedpub import config as configuration
    from feedpub.cli.importers import Unsupported, plan_import

    path = configuration.find_config(config_path)
    known = load_if_exists(path)
    folder = known.rules.sites if known else path.parent / "sites"
    losses = list(imported.unsupported)
    sites = []
    for site in imported.sites:
        file = folder / f"{site.host}.toml"
        if file.exists():
            losses.append(
                Unsupported(
                    site.location,
                    site.describe(),
                    f"{file} is there already; put what is needed into it",
                )
            )
        else:
            sites.append((file, site))
    return _Plan(
        path,
        plan_import(imported.feeds, known or configuration.Config()),
        tuple(losses),
        tuple(sites),
    )


def _show(plan: _Plan, console: "Console") -> None:
    _table(console, f"To be added to {plan.path}:", plan.imports.new)
    _table(console, "Already there:", plan.imports.already_configured)
    _lines(
        console,
        "Rules for articles, to be written:",
        (f"{path}: {site.describe()}" for path, site in plan.sites),
    )
    _lines(
        console, "Not carried over:", (str(loss) for loss in plan.unsupported if loss.is_important)
    )
    _lines(
        console,
        "Not needed here:",
        _grouped(loss for loss in plan.unsupported if not loss.is_important),
    )
    if not plan.imports.new:
        console.print("No feed is new.")


def _table(console: "Console", heading: str, feeds: "Sequence[tuple[str, ImportedFeed]]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from feedpub.core.redact import redact

    if not feeds:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("feed", "type", "address", "links", "from"):
        table.add_column(column, overflow="fold")
    for name, draft in feeds[:MAX_SHOWN]:
        links = draft.links or ("by structure" if draft.type == "page" else "")
        table.add_row(*map(escape, (name, draft.type, redact(draft.url), links, draft.location)))
    console.print(heading, style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(table)
    _tell_of_more(console, feeds)
    console.print()


def _tell_of_more(console: "Console", listed: Sequence[object]) -> None:
    if len(listed) > MAX_SHOWN:
        console.print(
            f"and {len(listed) - MAX_SHOWN:,} more; --json names them all", highlight=False
        )


def _lines(console: "Console", heading: str, lines: Iterable[str]) -> None:
    from feedpub.core.redact import redact

    lines = list(lines)
    if not lines:
        return
    console.print(heading, style="bold")
    for line in lines[:MAX_SHOWN]:
        console.print(f"  {redact(line)}", soft_wrap=True, markup=False, highlight=False)
    _tell_of_more(console, lines)
    console.print()


def _grouped(losses: "Iterable[Unsupported]") -> list[str]:
    """One line for what is said of many places in the same words."""
    places: dict[str, list[str]] = {}
    for loss in losses:
        places.setdefault(f"{loss.what}: {loss.hint}", []).append(loss.location)
    more = {
        said: f" and {len(where) - 1} more" if len(where) > 1 else ""
        for said, where in places.items()
    }
    return [f"{where[0]}{more[said]}: {said}" for said, where in places.items()]


def _show_json(plan: _Plan, *, written: bool) -> None:

    document = {
        "config": plan.path,
        "written": written and plan.changes_files,
        "new": [{"name": name, "feed": draft.as_json()} for name, draft in plan.imports.new],
        "known": [
            {"name": name, "feed": draft.as_json()}
            for name, draft in plan.imports.already_configured
        ],
        "sites": [{"file": path, "rules": dict(site.settings)} for path, site in plan.sites],
        "losses": [loss.as_json() for loss in plan.unsupported],
    }
    echo_json(document)

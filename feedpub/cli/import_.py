"""`feedpub import`: add feeds from the files of other programs to the config."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedpub.cli.context import load_if_exists
from feedpub.cli.terminal import echo, echo_json, make_console, print_line, track_loops
from feedpub.core.text import pluralize
from feedpub.core.urls import is_web_url

if TYPE_CHECKING:
    from rich.console import Console

    from feedpub.cli.importers import Imported, ImportedFeed, ImportedSite, ImportPlan, Unsupported
    from feedpub.config.edit import Track

MAX_SHOWN = 200  # lines of each list
_FORMATS = ("opml", "html2rss", "rsspls", "rss-bridge", "freshrss")  # importers.FORMATS is slow


@dataclass(frozen=True, slots=True)
class _Plan:
    """The changes to write.

    Attributes:
        path: The config file.
        config_text: Its text with the new feeds; "" if there is none.
        imports: The feeds.
        unsupported: Everything that cannot be imported.
        sites: The rule files to create.
    """

    path: Path
    config_text: str
    imports: "ImportPlan"
    unsupported: "Sequence[Unsupported]"
    sites: "Sequence[tuple[Path, ImportedSite]]"

    @property
    def changes_files(self) -> bool:
        return bool(self.imports.new or self.sites)


@click.command("import")
@click.argument("targets", nargs=-1, required=True, metavar="FILE|URL...")
@click.option(
    "--from",
    "kind",
    type=click.Choice(_FORMATS),
    help="The format of the files. Default: detected.",
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
def import_feeds(  # noqa: PLR0913 -- one parameter for each option
    config_path: Path | None,
    targets: tuple[str, ...],
    kind: str | None,
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import feeds from other programs.

    FILE is OPML of any reader, OPML of FreshRSS with its scraping settings, a config of html2rss
    (YAML) or rsspls (TOML), or a list of RSS-Bridge addresses. URL is an address of RSS-Bridge's
    CSS selector bridge. Nothing is fetched. New feeds are appended to the config; rules for
    articles are written to sites/HOST.toml next to it. The command lists what it cannot import.

    \b
    Examples:
      feedpub import subscriptions.opml
      feedpub import html2rss/*.yml --dry-run
      feedpub import 'https://bridge.example.org/?bridge=CssSelectorBridge&home_page=...'
      ssh server cat feeds.toml | feedpub import - --from rsspls --yes

    Exit status: 0, 1 if a file cannot be imported or nothing was written, 2 if the config has an
    error.
    """
    if "-" in targets and not (yes or dry_run or as_json):
        raise click.UsageError(
            "The command cannot ask while it reads standard input; add --yes or --dry-run."
        )
    with track_loops() as track:
        plan = _make_plan(config_path, _read_targets(targets, kind, track), track)
    if as_json:
        _print_json(plan, written=yes and not dry_run)
    else:
        _print_plan(plan)
    may_write = yes or not as_json
    if dry_run or not may_write or not plan.changes_files:
        return
    if not yes:
        click.confirm(f"Write this to {plan.path}?", abort=True)
    _write_files(plan)
    if not as_json:
        added = pluralize(len(plan.imports.new), "feed")
        echo(f"{added} added to {plan.path}; next: feedpub build")


def _read_targets(targets: Sequence[str], kind: str | None, track: "Track") -> "Imported":
    """Read all files and addresses.

    Raises:
        ImportFileError: Some cannot be read. The message lists all of them.
    """
    from feedpub.cli.importers import combine_imports
    from feedpub.core.errors import ImportFileError

    imported, errors = [], []
    for target in targets:
        try:
            imported.append(_read_target(target, kind, track))
        except ImportFileError as error:
            errors.append(str(error))
    if errors:
        if len(targets) > 1:
            errors.append("Nothing was imported.")
        raise ImportFileError("\n".join(errors))
    return combine_imports(imported)


def _read_target(target: str, kind: str | None, track: "Track") -> "Imported":
    from feedpub.cli import importers
    from feedpub.core.errors import ImportFileError

    if is_web_url(target):
        return importers.parse_import_address(target)
    if target == "-":
        return importers.parse_import(sys.stdin.buffer.read(), "standard input", kind, track)
    try:
        body = Path(target).read_bytes()
    except IsADirectoryError:
        raise ImportFileError(
            f"{target}: a folder; name the files in it, as in {target.rstrip('/')}/*"
        ) from None
    except OSError as error:
        raise ImportFileError(f"{target}: cannot be read: {error.strerror}") from error
    return importers.parse_import(body, target, kind, track)


def _make_plan(config_path: Path | None, imported: "Imported", track: "Track") -> _Plan:
    from feedpub import config as configuration
    from feedpub.cli.importers import Unsupported, plan_import
    from feedpub.config import edit

    path = configuration.find_config(config_path)
    config = load_if_exists(path)
    folder = config.rules.sites if config else path.parent / "sites"
    unsupported = list(imported.unsupported)
    sites = []
    for site in imported.sites:
        file = folder / f"{site.host}.toml"
        if file.exists():
            hint = f"{file} is there already; add what you need by hand"
            unsupported.append(Unsupported(site.location, site.describe(), hint))
        else:
            sites.append((file, site))
    imports = plan_import(imported.feeds, config or configuration.Config())
    text = ""
    if imports.new:
        tables = [feed.as_toml_table(name) for name, feed in imports.new]
        text = edit.with_new_feeds(path, tables, track=track)
    return _Plan(path, text, imports, unsupported, sites)


def _write_files(plan: _Plan) -> None:
    from feedpub.config import edit

    if plan.config_text:
        edit.save_config(plan.path, plan.config_text)
    for path, site in plan.sites:
        edit.save_config(path, site.text())


def _print_plan(plan: _Plan) -> None:
    console = make_console()
    _print_table(console, f"To be added to {plan.path}:", plan.imports.new)
    _print_table(console, "Already there:", plan.imports.already_configured)
    rules = [f"{path}: {site.describe()}" for path, site in plan.sites]
    _print_list(console, "Rules for articles, to be written:", rules)
    important: list[str] = []
    unimportant: list[Unsupported] = []
    for each in plan.unsupported:
        if each.is_important:
            important.append(str(each))
        else:
            unimportant.append(each)
    _print_list(console, "Not carried over:", important)
    _print_list(console, "Not needed here:", _group_by_text(unimportant))
    if not plan.imports.new:
        console.print("No feed is new.")


def _print_table(
    console: "Console", heading: str, feeds: "Sequence[tuple[str, ImportedFeed]]"
) -> None:
    from rich.markup import escape
    from rich.table import Table

    from feedpub.core.redact import redact

    if not feeds:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("feed", "type", "address", "links", "from"):
        table.add_column(column, overflow="fold")
    for name, feed in feeds[:MAX_SHOWN]:
        cells = (name, feed.type, redact(feed.url), _describe_items(feed), feed.location)
        table.add_row(*map(escape, cells))
    console.print(heading, style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(table)
    _print_more(console, len(feeds))
    console.print()


def _describe_items(feed: "ImportedFeed") -> str:
    """Return the selector of a source's links or items."""
    selectors = dict(feed.selectors)
    found = feed.links or selectors.get("item") or selectors.get("items", "")
    return "by structure" if not found and feed.type != "feed" else found


def _print_list(console: "Console", heading: str, lines: Sequence[str]) -> None:
    from feedpub.core.redact import redact

    if not lines:
        return
    console.print(heading, style="bold")
    for line in lines[:MAX_SHOWN]:
        print_line(console, f"  {redact(line)}")
    _print_more(console, len(lines))
    console.print()


def _print_more(console: "Console", count: int) -> None:
    more = count - MAX_SHOWN
    if more > 0:
        console.print(f"and {more:,} more; --json names them all", highlight=False)


def _group_by_text(unsupported: "Sequence[Unsupported]") -> list[str]:
    """Describe settings that differ only in their location on one line."""
    locations: dict[str, list[str]] = {}
    for each in unsupported:
        locations.setdefault(f"{each.what}: {each.hint}", []).append(each.location)
    lines = []
    for text, places in locations.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        lines.append(f"{places[0]}{more}: {text}")
    return lines


def _print_json(plan: _Plan, *, written: bool) -> None:
    sites = [{"file": path, "rules": dict(site.settings)} for path, site in plan.sites]
    echo_json(
        {
            "config": plan.path,
            "written": written and plan.changes_files,
            "new": _feeds_as_json(plan.imports.new),
            "known": _feeds_as_json(plan.imports.already_configured),
            "sites": sites,
            "losses": [each.as_json() for each in plan.unsupported],
        }
    )


def _feeds_as_json(feeds: "Sequence[tuple[str, ImportedFeed]]") -> list[dict[str, object]]:
    return [{"name": name, "feed": feed.as_json()} for name, feed in feeds]

"""Build every kind of source, or those with the given names, and print a table.

With names, it also prints the differences. The exit status is 1 if a kind fails.
"""

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from feedpub.core.errors import FeedpubError
from tests.zoo.kind import build_kind, names
from tests.zoo.published import FORMATS, SUBJECTS, Comparison, compare, reported

_WIDTH = 140  # characters of the table in a file


def main(arguments: Sequence[str] | None = None) -> int:
    """Build kinds and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a kind (default: all)")
    parser.add_argument("--keep", action="store_true", help="keep the folders of the builds")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(names()):
        parser.error(f"no kind is named {', '.join(sorted(unknown))}")
    logging.getLogger("feedpub").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="feedpub-zoo-"))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, soft_wrap=True)
    table, notes = _table(), []
    passed, chosen = 0, options.names or names()
    for name in chosen:
        comparison, problems = _try(name, folder / name)
        is_good = not comparison.differences
        passed += is_good
        table.add_row(name, *_cells(comparison), "[green]✓" if is_good else "[red]✗")
        notes += [f"{name}: {sentence}" for sentence in [*comparison.differences, *problems]]
    console.print(table)
    console.print(f"{passed} of {len(chosen)} kinds give every entry as expected")
    if options.names:
        console.print("\n".join(notes), markup=False, highlight=False)
    if options.keep:
        console.print(f"The folders are in {folder}", highlight=False)
    else:
        shutil.rmtree(folder)
    return 0 if passed == len(chosen) else 1


def _table() -> Table:
    table = Table("kind", "entries", *SUBJECTS, "", box=None)
    for column in table.columns:
        column.no_wrap = True
    return table


def _try(name: str, folder: Path) -> tuple[Comparison, list[str]]:
    """Return the comparison of a kind, and the failures that its runs report."""
    try:
        build = build_kind(name, folder)
    except FeedpubError as error:
        failed = Comparison(0)
        failed.expect("run", "run", f"feedpub stops: {error}", holds=False)
        return failed, []
    return compare(build), reported(build)


def _cells(comparison: Comparison) -> list[str]:
    found = {comparison.found.get(form, 0) for form in FORMATS}
    counts = "/".join(map(str, sorted(found)))
    cells = [f"{comparison.expected}/{counts}" + _mark(comparison.count_failed("entries"))]
    for subject in SUBJECTS:
        held, failed = comparison.held[subject], comparison.count_failed(subject)
        cells.append(f"{held}✓{_mark(failed)}" if held or failed else "")
    return cells


def _mark(failed: int) -> str:
    return f" [red]{failed}✗[/]" if failed else ""


if __name__ == "__main__":
    sys.exit(main())

"""Measure how readable a package's code is, with the same figures for any installed package.

    python -m tests.benchmarks.code_metrics feedpub httpx structlog reader
    python -m tests.benchmarks.code_metrics --by-package
    python -m tests.benchmarks.code_metrics --worst 20

PACKAGE is an importable name or a folder. Vendored code (`_vendor`) is left out. The command needs
the extra `bench` (radon) and ruff.

- Modules are the files of a package without its `__init__.py` files; their lines include blank
  ones. Shares of lines and figures per 1,000 lines refer to lines that are not blank.
- A function's length is radon's: the line of `def` up to the line on which its last statement or
  expression begins, docstring included. Functions are functions and methods; one that is nested in
  another belongs to it.
- Branches are radon's cyclomatic complexity: one a function, plus one each `if`, `elif`,
  conditional expression, `for`, `while`, `except`, `assert`, `case`, `and`, `or`, comprehension and
  `if` in a comprehension. radon does not add those of nested functions.
- A private function is a function at module level whose name starts with one underscore. It is
  used once if its module mentions it once in addition to its definition.
- D401 counts docstrings of functions whose first line is not in the imperative mood (by ruff).
"""

import argparse
import ast
import json
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from radon.complexity import cc_visit

SMALL_MODULE_LINES = 50
MAX_LINE_CHARS = 100
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Function:
    """The size of one function."""

    name: str
    path: Path
    line: int
    lines: int
    branches: int


@dataclass(frozen=True)
class Module:
    """The counts of one file."""

    path: Path
    lines: int
    code_lines: int
    long_lines: int
    comprehensions: int
    private_functions: int
    used_once: int
    docstrings: int
    functions: tuple[Function, ...]


def measure_module(source: str, path: Path) -> Module:
    """Count what one file contains."""
    lines = source.splitlines()
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    top_level = [node.name for node in tree.body if isinstance(node, _FUNCTIONS)]
    private = [name for name in top_level if name[0] == "_" and name[:2] != "__"]
    mentions = Counter(node.id for node in nodes if isinstance(node, ast.Name))
    mentions.update(node.attr for node in nodes if isinstance(node, ast.Attribute))
    definitions = [node for node in nodes if isinstance(node, _FUNCTIONS)]
    return Module(
        path=path,
        lines=len(lines),
        code_lines=sum(bool(line.strip()) for line in lines),
        long_lines=sum(len(line) > MAX_LINE_CHARS for line in lines),
        comprehensions=sum(isinstance(node, _COMPREHENSIONS) for node in nodes),
        private_functions=len(private),
        used_once=sum(mentions[name] == 1 for name in private),
        docstrings=sum(ast.get_docstring(node) is not None for node in definitions),
        functions=_functions(source, path),
    )


def _functions(source: str, path: Path) -> tuple[Function, ...]:
    found = []
    for block in cc_visit(source):
        if block.letter != "C":  # a class: its methods are blocks of their own
            lines = block.endline - block.lineno + 1
            name = block.fullname
            found.append(Function(name, path, block.lineno, lines, block.complexity))
    return tuple(found)


def measure_package(folder: Path) -> list[Module]:
    """Measure every file below a folder, but for vendored code."""
    paths = sorted(folder.rglob("*.py"))
    own = [path for path in paths if "_vendor" not in path.relative_to(folder).parts]
    return [measure_module(path.read_text("utf-8"), path) for path in own]


def count_d401(folder: Path) -> Counter[Path]:
    """Count the docstrings of each file that ruff's D401 objects to."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero"]
    options = ["--select", "D401", "--ignore-noqa", "--output-format", "json"]
    options += ["--config", "exclude = []"]  # by default ruff skips site-packages
    result = subprocess.run(  # noqa: S603 - our own arguments
        [*command, *options, str(folder)], check=True, capture_output=True, text=True
    )
    return Counter(Path(offence["filename"]).resolve() for offence in json.loads(result.stdout))


def summarize(modules: Sequence[Module], d401: Counter[Path]) -> dict[str, str]:
    """Return each figure of a group of files, by its name."""
    named = [module for module in modules if module.path.name != "__init__.py"]
    functions = [function for module in modules for function in module.functions]
    code_lines = _total(modules, lambda module: module.code_lines)
    small = _total(named, lambda module: module.lines < SMALL_MODULE_LINES)
    lengths = [function.lines for function in functions]
    branches = sum(function.branches for function in functions)
    long_lines = _total(modules, lambda module: module.long_lines)
    comprehensions = _total(modules, lambda module: module.comprehensions)
    used_once = _total(modules, lambda module: module.used_once)
    private = _total(modules, lambda module: module.private_functions)
    offences = _total(modules, lambda module: d401[module.path.resolve()])
    docstrings = _total(modules, lambda module: module.docstrings)
    return {
        "modules": str(len(named)),
        f"< {SMALL_MODULE_LINES} lines": str(small),
        "lines": str(code_lines),
        "functions": str(len(functions)),
        "median": f"{statistics.median(lengths or [0]):g}",
        "p90": f"{percentile(lengths, 90)}",
        "branches/100": _rate(100 * branches, sum(lengths)),
        "compr./1000": _rate(1000 * comprehensions, code_lines),
        f"> {MAX_LINE_CHARS} chars %": _rate(100 * long_lines, code_lines),
        "used once": f"{used_once} of {private}",
        "D401": f"{offences} of {docstrings}",
    }


def _total(modules: Iterable[Module], count: Callable[[Module], int]) -> int:
    return sum(map(count, modules))


def _rate(part: float, whole: int) -> str:
    return f"{part / whole:.1f}" if whole else "-"


def percentile(values: Sequence[int], percent: int) -> int:
    """Return the smallest value that at least the given share of all values does not exceed."""
    if not values:
        return 0
    position = -(-len(values) * percent // 100)
    return sorted(values)[position - 1]


def group_by_package(modules: Iterable[Module], folder: Path) -> dict[str, list[Module]]:
    """Group files by the folder directly below the package; top-level files form one group."""
    groups: dict[str, list[Module]] = {}
    for module in modules:
        parts = module.path.relative_to(folder).parts
        groups.setdefault(parts[0] if len(parts) > 1 else "(top level)", []).append(module)
    return dict(sorted(groups.items()))


def find_folder(package: str) -> Path:
    """Return the folder of an importable package, or the folder that was named."""
    if Path(package).is_dir() and "/" in package:
        return Path(package)
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"no package {package}: install it, or name its folder")
    return Path(spec.submodule_search_locations[0])


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of which the first is the heading; all columns but the first align right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *cells[1:]]))


def print_comparison(packages: Sequence[str]) -> None:
    """Print a column for each package."""
    columns = []
    for package in packages:
        folder = find_folder(package)
        columns.append(summarize(measure_package(folder), count_d401(folder)))
    rows = [["", *packages]]
    rows += [[name, *(column[name] for column in columns)] for name in columns[0]]
    print_table(rows)


def print_by_package(package: str) -> None:
    """Print a row for each folder directly below a package."""
    folder = find_folder(package)
    d401 = count_d401(folder)
    rows = []
    modules = measure_package(folder)
    for name, group in {**group_by_package(modules, folder), "all": modules}.items():
        figures = summarize(group, d401)
        rows.append([name, *figures.values()])
    print_table([["", *figures], *rows])


def print_worst(package: str, number: int) -> None:
    """Print the functions that have the most branches, and the longest ones."""
    folder = find_folder(package)
    functions = [each for module in measure_package(folder) for each in module.functions]
    by_branches = sorted(functions, key=lambda each: each.branches, reverse=True)
    by_lines = sorted(functions, key=lambda each: each.lines, reverse=True)
    for title, worst in (("Most branches", by_branches), ("Longest", by_lines)):
        rows = [["", "branches", "lines"]]
        for function in worst[:number]:
            location = f"{function.path.relative_to(folder.parent)}:{function.line}"
            row = [f"{location} {function.name}", str(function.branches), str(function.lines)]
            rows.append(row)
        print(f"{title} ({package}):")
        print_table(rows)
        print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", default=["feedpub"])
    parser.add_argument("--by-package", action="store_true", help="a row for each subpackage")
    parser.add_argument("--worst", type=int, metavar="N", help="list the N largest functions")
    options = parser.parse_args()
    if options.worst:
        for package in options.packages:
            print_worst(package, options.worst)
    elif options.by_package:
        for package in options.packages:
            print_by_package(package)
    else:
        print_comparison(options.packages)


if __name__ == "__main__":
    main()

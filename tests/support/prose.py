"""Find prose of the project that breaks the rules of prose.toml.

`python -m tests.support.prose [PATH ...]` lists the offences, and counts them by package and rule.
Without a path it reads the package, the manual, README, the example config and the systemd units.
In tests it reads docstrings, comments and assertion messages; other strings are sample texts.
"""

import argparse
import ast
import io
import re
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECKED = ("feedpub", "README.md", "config", "systemd")
EXAMPLES = ROOT / "config" / "articles"
TESTS = ROOT / "tests"


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that prose must not match.

    Attributes:
        name: identifies the rule in a test's id.
        pattern: a regular expression; a space in it matches any run of white space.
        instead: the words to use.
    """

    name: str
    pattern: str
    instead: str

    def find(self, text: str) -> Iterator[re.Match[str]]:
        """Yield each match in a text."""
        return _compile(self.pattern).finditer(text)


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """Compile a pattern whose spaces match white space; one character in assertions."""
    spaced = re.sub(
        r"(\(\?<[!=][^)]*\))| ",
        lambda found: (found[1] or "").replace(" ", r"\s") or r"\s+",
        pattern,
    )
    return re.compile(spaced, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prose:
    """A piece of prose and the line that it begins on."""

    path: Path
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Offence:
    """A match of a rule."""

    path: Path
    line: int
    rule: Rule
    excerpt: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.excerpt} [{self.rule.name}: {self.rule.instead}]"


def _load_rules() -> Sequence[Rule]:
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return tuple(
        Rule(name, "|".join(table["patterns"]), table["instead"]) for name, table in tables.items()
    )


RULES = _load_rules()


def check(paths: Iterable[Path], rules: Sequence[Rule] = RULES) -> Iterator[Offence]:
    """Yield each match of the rules in the prose of the given files and folders."""
    for path in paths:
        for prose in read_prose(path):
            for rule in rules:
                for match in rule.find(prose.text):
                    line = prose.line + prose.text.count("\n", 0, match.start())
                    yield Offence(prose.path, line, rule, _excerpt(prose.text, match))


def _excerpt(text: str, match: re.Match[str]) -> str:
    start, end = (
        max(match.start() - 25, 0),
        min(max(match.end(), match.start() + 30) + 25, match.start() + 90),
    )
    return " ".join(text[start:end].split())


@cache
def read_prose(path: Path) -> Sequence[Prose]:
    """Return the prose in a file, or in all files of a folder."""
    if path.is_dir():
        return [
            prose
            for file in sorted(path.rglob("*"))
            if file.is_file()
            for prose in read_prose(file)
        ]
    is_test = path.is_relative_to(TESTS)
    if path.is_relative_to(EXAMPLES) or (is_test and path.suffix == ".html"):
        return []
    reader = {
        ".py": _read_test if is_test else _read_python,
        ".md": _read_markdown,
        ".html": _read_template,
        ".toml": _read_comments,
        ".service": _read_comments,
        ".timer": _read_comments,
        ".conf": _read_comments,
    }.get(path.suffix)
    if reader is None:
        return []
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return [
        Prose(shown, line, text) for line, text in reader(path.read_text("utf-8")) if text.strip()
    ]


def _read_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of docstrings, comments and messages."""
    tree = ast.parse(source)
    docstrings = set(_find_docstrings(tree))
    for docstring in docstrings:
        yield docstring.lineno, str(docstring.value)
    for node, text in _find_strings(tree):
        if node not in docstrings and _is_message(text):
            yield node.lineno, text
    yield from _read_python_comments(source)


def _read_test(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of docstrings, comments and assertion messages."""
    tree = ast.parse(source)
    for docstring in _find_docstrings(tree):
        yield docstring.lineno, str(docstring.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg:
            for string, text in _find_strings(node.msg):
                yield string.lineno, text
    yield from _read_python_comments(source)


def _find_docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield strings that are statements, such as docstrings of attributes."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.value


def _find_strings(tree: ast.AST) -> Iterator[tuple[ast.Constant | ast.JoinedStr, str]]:
    """Yield each string with its text. An f-string is one text, without the texts inside it."""
    parts = {
        piece
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for piece in ast.walk(node)
        if piece is not node
    }
    for node in ast.walk(tree):
        if node in parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node, _literal_text(node)


def _literal_text(node: ast.JoinedStr) -> str:
    pieces = [piece.value if isinstance(piece, ast.Constant) else "…" for piece in node.values]
    return "".join(map(str, pieces))


def _is_message(text: str) -> bool:
    """Return True if a string has words in a row, and is not a regular expression."""
    is_pattern = any(sign in text for sign in ("(?", r"\s", r"\b", "[^", "::"))
    return bool(re.search(r"[A-Za-z…]+,? [a-z…]+ [a-z…]+", text)) and not is_pattern


def _read_python_comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield comments; those on consecutive lines as one text."""
    start, block, last = 0, "", -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        text = re.sub(
            r"^#+ ?(?:noqa\b[^-]*|type: ignore\S*|fmt: \w+|pragma: \w+.*)?(?:-- )?",
            "",
            token.string,
        )
        row = token.start[0]
        alone = not token.line[: token.start[1]].strip()
        if alone and row == last + 1:
            block += f"\n{text}"
        else:
            yield start, block
            start, block = row, text
        last = row if alone else -1
    yield start, block


def _read_comments(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.search(r"(?:^|\s)#:? (?P<text>.*)", line):
            yield number, found["text"]


def _read_markdown(text: str) -> Iterator[tuple[int, str]]:
    """Yield paragraphs, without code, addresses, headings and HTML comments."""
    for pattern in (r"^```.*?^```[ \t]*$", r"^~~~.*?^~~~[ \t]*$", r"<!--.*?-->", r"^#+ .*?$"):
        text = re.sub(pattern, _blank, text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`+[^`]*`+|\]\([^)\s]*\)|https?://\S+", _blank_word, text)
    line = 1
    for block in re.split(r"(\n\s*\n|\n(?=\s*(?:[-*|>]|\d+\.) ))", text):
        if block.strip():
            yield line, block.lstrip("\n")
        line += block.count("\n")


def _read_template(text: str) -> Iterator[tuple[int, str]]:
    """Yield the text of a Jinja template, and its comments."""
    for pattern in (
        r"<(style|script)\b.*?</\1>",
        r"\{%.*?%\}",
        r"\{\{.*?\}\}",
        r"<[^>]*>",
        r"\{#|#\}",
    ):
        text = re.sub(pattern, _blank, text, flags=re.DOTALL | re.IGNORECASE)
    yield 1, text


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _blank_word(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "_", match[0])


def main() -> None:
    """Print the offences, and how many there are."""
    parser = argparse.ArgumentParser(description="List prose that the deny-list forbids.")
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        help="files and folders; all that is checked if none is given",
    )
    parser.add_argument("--count", action="store_true", help="print the counts alone")
    options = parser.parse_args()
    paths = [path.resolve() for path in options.paths] or [ROOT / name for name in CHECKED]
    offences = list(check(paths))
    if not options.count:
        for offence in offences:
            print(offence)
        print()
    for title, counts in (
        ("rule", Counter(offence.rule.name for offence in offences)),
        ("package", Counter("/".join(offence.path.parts[:2]) for offence in offences)),
    ):
        print(f"{title:30} offences")
        for name, count in counts.most_common():
            print(f"{name:30} {count:8}")
        print()
    print(f"{len(offences)} offences")


if __name__ == "__main__":
    main()

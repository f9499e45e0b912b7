"""Find the line of each key in a TOML file.

tomllib has parsed the text before, so nothing is validated here.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from itertools import count

KeyPath = tuple[str | int, ...]
"""The position of a value in the document: ("feed", 0, "source", 1, "url")."""

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_KEY = re.compile(r'"(?:\\.|[^"\\])*+(?:"|\Z)|\'[^\']*\'|[\w-]+')
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)|\'\'\'.*?(?:\'{3,5}|\Z)|"(?:\\.|[^"\\])*+(?:"|\Z)|\'[^\']*(?:\'|\Z)',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class TomlLines:
    """The lines of every table, key and element of a document, counted from 1."""

    def __init__(self, text: str) -> None:
        self._lines = _Scanner(text).scan()

    def line_of(self, path: KeyPath) -> int:
        """Return the line of a path or of its innermost part that the document has; otherwise 1."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1


class _Scanner:
    """Scans a text once, statement by statement."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}  # the index of the latest table in each array

    def scan(self) -> dict[KeyPath, int]:
        """Return the line of each path."""
        table: KeyPath = ()
        while self._peek():
            if self._peek() == "[":
                table = self._scan_header()
            else:
                self._scan_pair(table)
        return self._lines

    def _peek(self) -> str:
        """Return the next character after blanks and comments; "" at the end."""
        self._take(_BLANK)
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        """Return the text that a pattern matches here, or one character, and move behind it."""
        found = pattern.match(self._text, self._at)
        token = found.group() if found else self._text[self._at : self._at + 1]
        self._at += len(token)
        return token

    def _record(self, path: KeyPath, line: int | None = None) -> None:
        """Record the line of a path and of its parents, unless they have one."""
        for depth in range(1, len(path) + 1):
            self._lines.setdefault(path[:depth], line or self._current_line())

    def _current_line(self) -> int:
        return bisect_left(self._breaks, self._at) + 1

    def _scan_header(self) -> KeyPath:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        line = self._current_line()
        self._at += brackets
        keys = self._scan_keys()
        self._at += brackets
        table = (*self._resolve((), keys[:-1]), keys[-1])
        if brackets == len("[["):
            self._arrays[table] = self._arrays.get(table, -1) + 1
        table = self._resolve(table[:-1], table[-1:])
        self._record(table, line)
        return table

    def _resolve(self, table: KeyPath, keys: KeyPath) -> KeyPath:
        """Return the path of keys below a table, through the latest table of each array."""
        for key in keys:
            table = (*table, key)
            if table in self._arrays:
                table = (*table, self._arrays[table])
        return table

    def _scan_keys(self) -> KeyPath:
        keys = [self._scan_key()]
        while self._peek() == ".":
            self._at += 1
            keys.append(self._scan_key())
        return tuple(keys)

    def _scan_key(self) -> str:
        self._take(_BLANK)
        token = self._take(_KEY)
        if token[0] in "\"'":
            return next(iter(tomllib.loads(f"{token} = 0")))
        return token

    def _scan_pair(self, table: KeyPath) -> None:
        line = self._current_line()
        path = (*table, *self._scan_keys())
        self._record(path, line)
        self._at += len("=")
        self._scan_value(path)

    def _scan_value(self, path: KeyPath) -> None:
        match self._peek():
            case "[":
                for index in self._iter_members("]"):
                    self._record((*path, index))
                    self._scan_value((*path, index))
            case "{":
                for _ in self._iter_members("}"):
                    self._scan_pair(path)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_SCALAR)

    def _iter_members(self, end: str) -> Iterator[int]:
        """Move to each member of an array or inline table, yield its index, then move past it."""
        self._at += 1
        for index in count():
            if self._peek() in (end, ""):
                break
            yield index
            if self._peek() == ",":
                self._at += 1
        self._at += 1

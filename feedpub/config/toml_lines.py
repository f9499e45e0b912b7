"""On which line of a TOML file a key stands. Owns the scan for positions; tomllib owns what a document means.

The text has been parsed by tomllib before: nothing is checked here.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from itertools import count

KeyPath = tuple[str | int, ...]
"""Where a value stands in the document: ("feed", 0, "source", 1, "url")."""

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
        self._lines = _Scanner(text).document()

    def line_of(self, path: KeyPath) -> int:
        """The line of a path, or of the innermost part of it that the document has.

        1 where it has none.
        """
        return next(
            (self._lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._lines), 1
        )


class _Scanner:
    """One walk over the text, statement by statement."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}  # arrays of tables: the index of the latest table

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._peek():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _peek(self) -> str:
        """The next character that is neither blank nor comment; "" at the end."""
        self._take(_BLANK)
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        token = found.group() if found else self._text[self._at : self._at + 1]
        self._at += len(token)
        return token

    def _note(self, path: KeyPath, line: int | None = None) -> None:
        """Remember where a path and the tables around it were first seen."""
        for depth in range(1, len(path) + 1):
            self._lines.setdefault(path[:depth], line or self._line())

    def _line(self) -> int:
        return bisect_left(self._breaks, self._at) + 1

    def _header(self) -> KeyPath:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        line = self._line()
        self._at += brackets
        keys = self._keys()
        self._at += brackets
        table = (*self._within((), keys[:-1]), keys[-1])
        if brackets == len("[["):
            self._arrays[table] = self._arrays.get(table, -1) + 1
        table = self._within(table[:-1], table[-1:])
        self._note(table, line)
        return table

    def _within(self, table: KeyPath, keys: KeyPath) -> KeyPath:
        """`keys` below `table`, by way of the latest table of each array of tables."""
        for key in keys:
            table = (*table, key)
            if table in self._arrays:
                table = (*table, self._arrays[table])
        return table

    def _keys(self) -> KeyPath:
        keys = [self._key()]
        while self._peek() == ".":
            self._at += 1
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> str:
        self._take(_BLANK)
        token = self._take(_KEY)
        return next(iter(tomllib.loads(f"{token} = 0"))) if token[0] in "\"'" else token

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = (*table, *self._keys())
        self._note(path, line)
        self._at += len("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        match self._peek():
            case "[":
                for index in self._members("]"):
                    self._note((*path, index))
                    self._value((*path, index))
            case "{":
                for _ in self._members("}"):
                    self._pair(path)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_SCALAR)

    def _members(self, end: str) -> Iterator[int]:
        """Stands before each member of an array or inline table in turn, then behind its end."""
        self._at += 1
        for index in count():
            if self._peek() in (end, ""):
                break
            yield index
            if self._peek() == ",":
                self._at += 1
        self._at += 1

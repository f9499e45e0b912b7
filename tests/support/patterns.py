"""Every regular expression of the package, and strings of its own alphabet that make a slow one slow."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any

import feedpub

Compiled = re.Pattern[str] | re.Pattern[bytes]

_PARSER: Any = re._parser  # type: ignore[attr-defined]  # there is no public parser of patterns
_MOST_CHARACTERS = 9  # of a pattern's alphabet that are tried alone and in pairs
_MOST_BRANCHES = 4  # of an alternative that are followed
_MOST_SAMPLES = 12  # texts that a part of a pattern matches
_CANDIDATES = "a A0_ \n-.?<>=\"'/:;,&%@#()[]{}|+*~!$^`\\\t\x00\x80é中\u2013\u00a0"
_OUTSIDE = "\x01"  # ends a text: nearly no pattern matches it
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def patterns() -> dict[str, Compiled]:
    """Return every compiled pattern of the package by where it is: "builder.prepare._MEDIA_TYPE"."""
    found: dict[Compiled, str] = {}
    for module in _modules():
        for name, value in vars(module).items():
            for place, pattern in _inside(value, f"{module.__name__.partition('.')[2]}.{name}", module.__name__, set()):
                found.setdefault(pattern, place)
        for place, pattern in _written(module):
            found.setdefault(pattern, place)
    return {place: pattern for pattern, place in found.items()}


def _modules() -> Iterator[Any]:
    for info in pkgutil.walk_packages(feedpub.__path__, "feedpub."):
        if not info.name.endswith("__main__") and not info.name.startswith("feedpub.migrations"):
            yield importlib.import_module(info.name)


def _inside(value: Any, place: str, module: str, seen: set[int]) -> Iterator[tuple[str, Compiled]]:
    """Find patterns in a value: in containers, classes, instances, defaults, and what a cached reader returns."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield place, value
        return
    parts: Mapping[str, Any] = {}
    if isinstance(value, Mapping):
        parts = {f"[{key!r}]": part for key, part in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        parts = {f"[{number}]": part for number, part in enumerate(value)}
    elif isinstance(value, partial):
        parts = {f"({number})": part for number, part in enumerate((*value.args, *value.keywords.values()))}
    elif isinstance(value, type):
        if value.__module__ == module:
            parts = {f".{name}": part for name, part in vars(value).items()}
    elif is_dataclass(value):
        parts = {f".{field.name}": getattr(value, field.name, None) for field in fields(value)}
    elif callable(value) and getattr(value, "__module__", None) == module:
        plain = inspect.unwrap(value)
        defaults = (*(getattr(plain, "__defaults__", None) or ()), *(getattr(plain, "__kwdefaults__", None) or {}).values())
        parts = {f"({number})": part for number, part in enumerate(defaults)}
        if hasattr(value, "cache_info") and not inspect.signature(plain).parameters:
            parts = {**parts, "()": value()}
    for name, part in parts.items():
        yield from _inside(part, place + name, module, seen)


def _written(module: Any) -> Iterator[tuple[str, Compiled]]:
    """Find the patterns that stand as plain texts in calls such as `re.search("[0-9]", text)`."""
    path = Path(module.__file__)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) == "re"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            flags = [ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.Attribute) and part.attr.isupper()]
            combined = 0
            for flag in set(flags):
                combined |= getattr(re, flag.rpartition(".")[2])
            yield f"{module.__name__.partition('.')[2]}:{node.lineno}", re.compile(node.args[0].value, combined)


class _Alphabet:
    """The characters that a pattern tells apart, one for each set of its parts that match it."""

    def __init__(self, pattern: Compiled) -> None:
        self.tree = _PARSER.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        flags = self.tree.state.flags
        self._bytes = isinstance(pattern.pattern, bytes)
        self._ignores_case = bool(flags & re.IGNORECASE)
        self.letters: list[str] = []
        leaves = list(_leaves(self.tree))
        repeated = {id(leaf) for leaf, often in leaves if often}
        literals = [chr(arg) for (op, arg), _ in leaves if str(op) == "LITERAL"]
        ranges = [chr(low) for (op, arg), _ in leaves if str(op) == "IN" for kind, low in _members(arg) if kind]
        known: set[tuple[bool, ...]] = set()
        ranked: list[tuple[int, str]] = []
        for letter in dict.fromkeys([*_CANDIDATES, *literals, *ranges]):
            if self._bytes and ord(letter) > 255:
                continue
            sign = tuple(self.fits(leaf, letter) for leaf, _ in leaves)
            if sign not in known:
                known.add(sign)
                hits = sum(2 if id(leaf) in repeated else 1 for (leaf, _), hit in zip(leaves, sign, strict=True) if hit)
                ranked.append((-hits, letter))
        self.letters = [letter for _, letter in sorted(ranked, key=lambda pair: pair[0])]

    def fits(self, leaf: Any, letter: str) -> bool:
        op, arg = leaf
        code = ord(letter)
        name = str(op)
        if name == "ANY":
            return letter != "\n"
        if name in ("LITERAL", "NOT_LITERAL"):
            same = code == arg or (self._ignores_case and letter.lower() == chr(arg).lower())
            return same == (name == "LITERAL")
        negated = bool(arg) and str(arg[0][0]) == "NEGATE"
        return any(_belongs(member, letter, ignore_case=self._ignores_case) for member in arg) != negated

    def sample(self, leaf: Any) -> str:
        """Return a character that a leaf matches."""
        op, arg = leaf
        if str(op) == "LITERAL":
            return chr(arg)
        pool = [*self.letters, *_CANDIDATES]
        pool += [chr(low) for _, low in _members(arg)] if str(op) == "IN" else []
        return next((letter for letter in pool if self.fits(leaf, letter) and not (self._bytes and ord(letter) > 255)), "")


def _members(arg: Any) -> Iterator[tuple[bool, int]]:
    for kind, value in arg:
        if str(kind) == "LITERAL":
            yield True, value
        elif str(kind) == "RANGE":
            yield True, value[0]


def _belongs(member: Any, letter: str, *, ignore_case: bool) -> bool:
    kind, value = str(member[0]), member[1]
    code = ord(letter)
    if kind == "LITERAL":
        return code == value or (ignore_case and letter.lower() == chr(value).lower())
    if kind == "RANGE":
        return any(value[0] <= ord(form) <= value[1] for form in {letter, *((letter.lower(), letter.upper()) if ignore_case else ())} if len(form) == 1)
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        inside = {
            "DIGIT": letter.isdecimal(),
            "SPACE": letter.isspace(),
            "WORD": letter.isalnum() or letter == "_",
        }
        return not inside[name[4:]] if name.startswith("NOT_") else inside[name]
    return False


def _leaves(tree: Any, *, often: bool = False) -> Iterator[tuple[Any, bool]]:
    """Every single-character part, and whether it is inside a repetition without a small bound."""
    for op, arg in tree:
        name = str(op)
        if name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            yield (op, arg), often
        else:
            for inner, more in _inner(name, arg):
                yield from _leaves(inner, often=often or more)


def _inner(name: str, arg: Any) -> Iterator[tuple[Any, bool]]:
    """The parts of a compound one, and whether they are repeated."""
    if name in _REPEATS:
        yield arg[2], arg[1] > 3
    elif name == "BRANCH":
        for branch in arg[1]:
            yield branch, False
    elif name == "SUBPATTERN":
        yield arg[3], False
    elif name in ("ASSERT", "ASSERT_NOT"):
        yield arg[1], False
    elif name == "ATOMIC_GROUP":
        yield arg, False
    elif name == "GROUPREF_EXISTS":
        for branch in arg[1:]:
            if branch is not None:
                yield branch, False


def _samples(tree: Any, alphabet: _Alphabet) -> list[str]:
    """Some short texts that a part of a pattern matches, or nearly."""
    texts = [""]
    for op, arg in tree:
        texts = list(islice(dict.fromkeys(a + b for b in _choices(str(op), (op, arg), alphabet) for a in texts), _MOST_SAMPLES))
    return texts


def _choices(name: str, node: Any, alphabet: _Alphabet) -> list[str]:
    arg = node[1]
    if name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
        return [alphabet.sample(node)]
    if name in _REPEATS:
        body = _samples(arg[2], alphabet)
        least = [text * max(arg[0], 1) for text in body[:_MOST_BRANCHES]]
        return least if arg[0] else [*least, ""]
    if name == "BRANCH":
        return [text for branch in arg[1][:_MOST_BRANCHES] for text in _samples(branch, alphabet)[:2]]
    if name == "SUBPATTERN":
        return _samples(arg[3], alphabet)
    if name == "ATOMIC_GROUP":
        return _samples(arg, alphabet)
    return [""]


def _repetitions(tree: Any, alphabet: _Alphabet, before: str = "") -> Iterator[tuple[str, str]]:
    """What is repeated without a small bound, with a text that the pattern matches up to there."""
    for op, arg in tree:
        name = str(op)
        if name in _REPEATS and arg[1] > 3:
            for body in _samples(arg[2], alphabet)[:_MOST_BRANCHES]:
                yield before, body
        if name in ("ASSERT", "ASSERT_NOT") and arg[0] < 0:
            continue
        for inner, _ in _inner(name, arg):
            yield from _repetitions(inner, alphabet, before)
        before += _choices(name, (op, arg), alphabet)[0] if _choices(name, (op, arg), alphabet) else ""


def attacks(pattern: Compiled) -> list[tuple[str, str, str]]:
    """Return (before, unit, after): texts to repeat, in an order that tries the likely ones first."""
    alphabet = _Alphabet(pattern)
    letters = alphabet.letters[:_MOST_CHARACTERS]
    found: dict[tuple[str, str, str], None] = {}
    repetitions = list(dict.fromkeys(_repetitions(alphabet.tree, alphabet)))
    for before, body in repetitions[:_MOST_SAMPLES]:
        found[(before, body, _OUTSIDE)] = None
        found[("", before + body, _OUTSIDE)] = None
        found[("", before, _OUTSIDE)] = None
    for text in _samples(alphabet.tree, alphabet)[:_MOST_BRANCHES]:
        found[("", text, _OUTSIDE)] = None
    for letter in letters:
        found[("", letter, _OUTSIDE)] = None
    for one, other in product(letters, repeat=2):
        if one != other:
            found[("", one + other, _OUTSIDE)] = None
    return [attack for attack in found if attack[1]]
